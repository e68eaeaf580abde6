"""Opening files: '-', compression by content, outputs that appear whole or not at all."""

from __future__ import annotations

import fcntl
import io
import os
import secrets
import select
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from seqnet.errors import FormatError, UsageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

BUFFER = 1 << 20
LONGEST_LINE = 1 << 26
"""No text format has a line of 64 MiB; a longer one is refused rather than held in memory."""
STANDARD = "-"
_BOM = b"\xef\xbb\xbf"


# ---- reading ---------------------------------------------------------------------------------


class _Decompressed(io.RawIOBase):
    """A decompressing stream whose errors name the file.

    Parameters
    ----------
    stream
        What decompresses.
    path
        The file, for messages.
    damage
        What `stream` raises at damaged data beside `EOFError` and `OSError`.
    """

    def __init__(self, stream: BinaryIO, path: str, damage: type[Exception]) -> None:
        super().__init__()
        self._stream = stream
        self._path = path
        self._errors = (EOFError, OSError, damage)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._stream.read(len(view))
        except self._errors as error:
            raise FormatError(self._path, f"damaged compressed file: {_what_is_wrong(error)}") from error
        view[: len(data)] = data
        return len(data)


def _what_is_wrong(error: Exception) -> str:
    """Say in one line what a decompressor met, in the same words for every library."""
    if isinstance(error, EOFError):
        return "ends in the middle of its compressed data"
    text = " ".join(str(error).split())
    return "its data do not fit their checksum" if text.startswith("CRC check failed") else text


def _gunzip(stream: BinaryIO) -> tuple[BinaryIO, type[Exception]]:
    """Decompress gzip (and so BGZF), with isal where it is installed."""
    library, damage = _gzip_library()
    return cast("BinaryIO", library.GzipFile(fileobj=stream)), damage


def _gzip_library() -> tuple[Any, type[Exception]]:
    """Return the module that decompresses gzip, and what it raises at damaged data."""
    try:
        from isal import igzip, igzip_lib
    except ImportError:
        import gzip

        return gzip, zlib.error
    return igzip, cast("type[Exception]", igzip_lib.IsalError)


def _bunzip2(stream: BinaryIO) -> tuple[BinaryIO, type[Exception]]:
    import bz2

    return cast("BinaryIO", bz2.BZ2File(stream)), OSError


def _unxz(stream: BinaryIO) -> tuple[BinaryIO, type[Exception]]:
    import lzma

    return cast("BinaryIO", lzma.LZMAFile(stream)), lzma.LZMAError


_DECOMPRESSORS = {b"\x1f\x8b": _gunzip, b"BZh": _bunzip2, b"\xfd7zXZ\x00": _unxz}


@contextmanager
def open_input(path: str) -> Iterator[io.BufferedReader]:
    """Open a file or ``-`` for reading bytes, decompressed by what it holds.

    Raises
    ------
    UsageError
        If standard input is a terminal.
    FormatError
        While reading, if compressed data are damaged.
    """
    with open_raw(path) as stream:
        yield decompressed(stream, path)


@contextmanager
def open_raw(path: str) -> Iterator[io.BufferedReader]:
    """Open a file or ``-`` for reading bytes as they are.

    Raises
    ------
    UsageError
        If standard input is a terminal.
    """
    if path == STANDARD:
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError("no input: standard input is a terminal; name a file or pipe data in")
        yield cast("io.BufferedReader", sys.stdin.buffer)
        return
    with Path(path).open("rb", buffering=BUFFER) as stream:
        yield cast("io.BufferedReader", stream)


def decompressed(stream: io.BufferedReader, path: str) -> io.BufferedReader:
    """Return the stream, or a decompressing one if its first bytes say so."""
    start = stream.peek(8)[:8]
    for magic, opener in _DECOMPRESSORS.items():
        if start.startswith(magic):
            opened, damage = opener(stream)
            return io.BufferedReader(_Decompressed(opened, path, damage), BUFFER)
    return stream


def numbered_lines(stream: io.BufferedReader, path: str) -> Iterator[tuple[int, str]]:
    """Yield (1-based number, text) of each line, without line end or byte order mark.

    Bytes that are not UTF-8 survive as surrogates, so that writing them back changes nothing.

    Raises
    ------
    FormatError
        At a NUL byte or an endless line: the file is not text.
    """
    for number, raw in enumerate(iter(partial(stream.readline, LONGEST_LINE), b""), 1):
        if b"\0" in raw or len(raw) == LONGEST_LINE:
            raise FormatError(path, "is not a text file", number)
        line = raw.removeprefix(_BOM) if number == 1 else raw
        yield number, line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """Encode text for output as `numbered_lines` decoded it."""
    return text.encode("utf-8", "surrogateescape")


def chunks_as_they_come(stream: io.BufferedReader, size: int) -> Iterator[bytes]:
    """Yield what a stream holds in pieces of up to `size` bytes, without waiting for full ones.

    A pipe that pauses gives what it has; files and fast pipes give whole pieces.
    """
    while chunk := stream.read1(size):
        parts, have = [chunk], len(chunk)
        while have < size and _more_at_once(stream) and (chunk := stream.read1(size - have)):
            parts.append(chunk)
            have += len(chunk)
        yield parts[0] if len(parts) == 1 else b"".join(parts)


def _more_at_once(stream: io.BufferedReader) -> bool:
    """Tell whether a read would not have to wait; unknown, as of decompressed streams, is yes."""
    try:
        return bool(select.select([stream], [], [], 0)[0])
    except (OSError, ValueError):
        return True


# ---- writing ---------------------------------------------------------------------------------


@contextmanager
def open_output(path: str, finish: Callable[[str], None] | None = None) -> Iterator[BinaryIO]:
    """Open a file or ``-`` for writing bytes, compressed as its suffix says.

    ``.gz`` and ``.bgz`` are written as BGZF, which every gzip reader reads and tabix can index.
    A regular file appears under its name only when the block ends without an error.

    Parameters
    ----------
    finish
        Called with the path of the complete temporary file before it gets its name; regular files
        alone have one.
    """
    if path == STANDARD:
        yield cast("BinaryIO", sys.stdout.buffer)
        sys.stdout.buffer.flush()
    elif written_through(path):
        with io.BufferedWriter(_NamedFile(path, path), BUFFER) as stream, _compressed(stream, path) as out:
            yield out
    else:
        with _Temporary(path) as temporary:
            with _compressed(temporary.stream, path) as out:
                yield out
            if finish is not None:
                temporary.stream.flush()
                finish(temporary.path)
            temporary.commit()


@contextmanager
def output_path(path: str) -> Iterator[str]:
    """Lend a path beside `path` to a library that writes by name; it is renamed when the block ends."""
    if path == STANDARD:
        raise UsageError("this output is binary and needs a file; give one with -o")
    if written_through(path):
        yield path
        return
    with _Temporary(path) as temporary:
        yield temporary.path
        temporary.commit()


def written_through(path: str) -> bool:
    """Tell whether a target exists and is not a regular file (or stands for an open descriptor)."""
    if str(Path(path).absolute()).startswith(("/dev/", "/proc/")):
        return True
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return False


@contextmanager
def temporary_rows(folder: str | None) -> Iterator[BinaryIO]:
    """Lend a nameless file, to be written and read back; it is gone however the block ends.

    Parameters
    ----------
    folder
        Where it takes its space; the system's folder for temporary files when None.
    """
    place = folder or tempfile.gettempdir()
    try:
        descriptor, name = tempfile.mkstemp(dir=place, prefix="seqnet-")
    except OSError as error:
        error.filename = place
        raise
    Path(name).unlink()
    with io.BufferedRandom(_NamedFile(descriptor, place, "w+b"), BUFFER) as stream:
        yield cast("BinaryIO", stream)


class _NamedFile(io.FileIO):
    """A file whose write errors carry its name as the user gave it."""

    def __init__(self, file: str | int, shown: str, mode: str = "wb") -> None:
        super().__init__(file, mode)
        self._shown = shown

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            error.filename = self._shown
            raise


class _KeepOpen(io.BufferedIOBase):
    """Hands writes on and leaves closing to the owner of the stream."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def write(self, data: object, /) -> int:
        return self._stream.write(cast("bytes", data))


@contextmanager
def _compressed(stream: BinaryIO, path: str) -> Iterator[BinaryIO]:
    """Return the stream, or a BGZF writer onto it when the suffix asks for one."""
    if not path.endswith((".gz", ".bgz")):
        yield stream
        return
    from Bio.bgzf import BgzfWriter

    writer: Any = BgzfWriter(fileobj=_KeepOpen(stream), compresslevel=6)  # type: ignore[no-untyped-call]
    yield cast("BinaryIO", _KeepOpen(writer))  # it lacks writelines
    writer.close()


class _Temporary:
    """A locked temporary file beside a target, renamed onto it by `commit` and removed otherwise.

    The lock tells the living from the dead: leftovers of killed runs are unlocked and are swept by
    the next run that writes the same target.
    """

    def __init__(self, target: str) -> None:
        self._named = target
        self._target = Path(target).resolve()
        self._committed = False
        self.path = ""

    def __enter__(self) -> _Temporary:
        try:
            self._sweep()
            self._descriptor = self._create()
            self.stream = io.BufferedWriter(_NamedFile(self._descriptor, self._named), BUFFER)
            with suppress(FileNotFoundError):
                os.fchmod(self._descriptor, stat.S_IMODE(self._target.stat().st_mode))
        except BaseException as error:  # a signal too: nobody else knows of the file yet
            self._remove()
            if isinstance(error, OSError):
                error.filename = self._named
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        if not self._committed:
            self._remove()
        with suppress(OSError):
            self.stream.close()

    def _remove(self) -> None:
        """Remove the file, if there is one."""
        if self.path:
            with suppress(FileNotFoundError):
                Path(self.path).unlink()

    def commit(self) -> None:
        """Make the file complete and give it its name."""
        try:
            self.stream.flush()
            os.fsync(self._descriptor)
            os.replace(self.path, self._target)
        except OSError as error:
            error.filename, error.filename2 = self._named, None
            raise
        self._committed = True

    def _create(self) -> int:
        """Create and lock a fresh temporary file; return its descriptor."""
        while True:
            name = f".{self._target.name}.{secrets.token_hex(4)}.seqnet-tmp"
            self.path = str(self._target.with_name(name))
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            # another run may have swept the file between its creation and its lock
            if locked(descriptor) and os.fstat(descriptor).st_nlink:
                return descriptor
            os.close(descriptor)

    def _sweep(self) -> None:
        """Remove unlocked leftovers of the same target."""
        prefix = f".{self._target.name}."
        for entry in os.scandir(self._target.parent):
            if not (entry.name.startswith(prefix) and entry.name.endswith(".seqnet-tmp")):
                continue
            with suppress(OSError):
                descriptor = os.open(entry.path, os.O_RDWR)
                if locked(descriptor):
                    Path(entry.path).unlink()
                os.close(descriptor)


def locked(descriptor: int) -> bool:
    """Try to take the exclusive lock on an open file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
