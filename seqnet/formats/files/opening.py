"""Opening files: '-', compression by content, outputs that appear whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from seqnet.errors import FormatError, UsageError
from seqnet.formats.files.lines import raw_lines
from seqnet.formats.files.temporary import BUFFER as BUFFER
from seqnet.formats.files.temporary import NamedFile, Temporary

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_LINE = 1 << 26
"""No text format has a line of 64 MiB; a longer one is refused rather than held in memory."""
STANDARD = "-"
_copies: list[str] = []
"""The file that ``-`` means, while there is one."""
BOM = b"\xef\xbb\xbf"
"""The byte order mark that some editors put first."""


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
        What `stream` raises at damaged data, in addition to `EOFError` and `OSError`.
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
    try:
        from isal import igzip, igzip_lib
    except ImportError:
        import gzip

        return cast("BinaryIO", gzip.GzipFile(fileobj=stream)), zlib.error
    opened = igzip.GzipFile(fileobj=stream)  # type: ignore[no-untyped-call]
    return cast("BinaryIO", opened), cast("type[Exception]", igzip_lib.IsalError)


def _bunzip2(stream: BinaryIO) -> tuple[BinaryIO, type[Exception]]:
    import bz2

    return cast("BinaryIO", bz2.BZ2File(stream)), OSError


def _unxz(stream: BinaryIO) -> tuple[BinaryIO, type[Exception]]:
    import lzma

    return cast("BinaryIO", lzma.LZMAFile(stream)), lzma.LZMAError


_DECOMPRESSORS = {b"\x1f\x8b": _gunzip, b"BZh": _bunzip2, b"\xfd7zXZ\x00": _unxz}


@contextmanager
def open_input(path: str) -> Iterator[io.BufferedReader]:
    """Open a file or ``-`` for reading bytes, decompressed according to its content.

    Raises
    ------
    UsageError
        If standard input is a terminal.
    FormatError
        While reading, if compressed data are damaged.
    """
    with open_raw(path) as stream:
        yield decompressed(stream, path)


def kept_copy(path: str) -> str:
    """Return the file that holds a copy of ``-``, where one is kept; other paths as they are."""
    return _copies[-1] if path == STANDARD and _copies else path


@contextmanager
def copy_of_standard_input(copy: str) -> Iterator[None]:
    """Let ``-`` mean a file that holds its copy while the block runs."""
    _copies.append(copy)
    try:
        yield
    finally:
        _copies.pop()


@contextmanager
def open_raw(path: str) -> Iterator[io.BufferedReader]:
    """Open a file or ``-`` for reading bytes as they are.

    Raises
    ------
    UsageError
        If standard input is a terminal.
    """
    path = kept_copy(path)
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
    """Yield (1-based number, text) of each line, without line end (LF, CRLF, CR) or byte order mark.

    Bytes that are not UTF-8 survive as surrogates, so that writing them back changes nothing.

    Raises
    ------
    FormatError
        At a NUL byte or an endless line: the file is not text.
    """
    for number, raw in enumerate(raw_lines(stream, LONGEST_LINE), 1):
        if b"\0" in raw or len(raw) >= LONGEST_LINE:
            raise FormatError(path, "is not a text file", number)
        line = raw.removeprefix(BOM) if number == 1 else raw
        yield number, line.decode("utf-8", "surrogateescape")


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
    """Return whether a read would not have to wait; unknown, as of decompressed streams, is yes."""
    try:
        return bool(select.select([stream], [], [], 0)[0])
    except (OSError, ValueError):
        return True


# ---- writing ---------------------------------------------------------------------------------


@contextmanager
def open_output(
    path: str, finish: Callable[[str], None] | None = None, *, at_once: bool = False
) -> Iterator[BinaryIO]:
    """Open a file or ``-`` for writing bytes, compressed as its suffix says.

    ``.gz`` and ``.bgz`` are written as BGZF, which every gzip reader reads and tabix can index.
    A regular file appears under its name only when the block ends without an error, and the other
    outputs of the command are complete (`outputs_together`).

    Parameters
    ----------
    finish
        Called with the path of the complete temporary file before it gets its name; regular files
        alone have one.
    at_once
        Let the file appear when the block ends, whatever happens to the command's outputs.
    """
    if path == STANDARD:
        yield cast("BinaryIO", sys.stdout.buffer)
        sys.stdout.buffer.flush()
    elif written_through(path):
        with io.BufferedWriter(NamedFile(path, path), BUFFER) as stream, _compressed(stream, path) as out:
            yield out
    else:
        with Temporary(path, at_once=at_once) as temporary:
            with _compressed(temporary.stream, path) as out:
                yield out
            if finish is not None:
                temporary.stream.flush()
                finish(temporary.path)
            temporary.commit()


@contextmanager
def output_path(path: str) -> Iterator[str]:
    """Yield a path next to `path` to a library that writes by name; it is renamed when the block ends."""
    require_regular(path, "this output")
    with Temporary(path) as temporary:
        yield temporary.path
        temporary.commit()


def require_regular(path: str, what: str) -> None:
    """Refuse standard output, pipes and devices for an output that is not written front to back.

    Parameters
    ----------
    what
        What is to be written, such as "a bigWig".

    Raises
    ------
    UsageError
        If the path is one of them.
    OSError
        If it is a folder.
    """
    if path == STANDARD:
        raise UsageError(f"{what} needs a regular file, not standard output; give one with -o")
    if Path(path).is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if written_through(path):
        raise UsageError(f"{path}: {what} needs a regular file, not a pipe or device")


def written_through(path: str) -> bool:
    """Return whether a target exists and is not a regular file (or names an open descriptor)."""
    if str(Path(path).absolute()).startswith(("/dev/", "/proc/")):
        return True
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return False


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
