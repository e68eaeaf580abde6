"""A child process in which a library touches files, so that its crash is an error of that file.

`Child` answers requests about a file; `converting` runs a child that writes it in another format. A process
that came through one file unharmed serves the next: it takes longer to start than a small file to be read.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from numpy.typing import NDArray

from seqnet.aliases import Json
from seqnet.errors import FormatError
from seqnet.formats.files.opening import kept_copy

if TYPE_CHECKING:
    import numpy as np
    from _typeshed import WriteableBuffer

PATIENCE = 60.0
"""Seconds after which a request about a file being read is given up: the file is damaged."""
_CLOSING = 5.0
"""Seconds in which a process has to be done with a file, to serve another."""
_PIPE_BYTES = 1 << 20
_waiting: dict[str, Child] = {}
"""Processes that have no file, at most one of each module."""


def child_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module in a child, which is looked for where this process would.

    The folder that a user happens to be in may hold a ``json.py``; it is only looked through where this
    process does so itself.
    """
    by_name = getattr(sys.modules["__main__"], "__spec__", None) is not None  # python -m seqnet
    here = not sys.flags.safe_path and (by_name or sys.path[:1] == [""])
    return [sys.executable, *([] if here else ["-P"]), "-m", module, *arguments]


def path_in_child(path: str) -> str:
    """Return the name by which a child finds a file: ``/dev/stdin`` and ``/dev/fd/3`` are others there."""
    return os.path.realpath(path)


@contextmanager
def lent_child(module: str, path: str, library: str) -> Iterator[Child]:
    """Yield a process for a file; parameters as of `Child`. It has to know a request ``close``."""
    child = _waiting.pop(module, None)
    if child is None or not child.lives():
        if child is not None:
            child.stop()
        child = Child(module)
    child.path, child.library = path, library
    closed = False
    try:
        yield child
        with suppress(FormatError):
            closed = child.unharmed and not child.ask("close", _CLOSING)
    finally:
        if not (closed and _waiting.setdefault(module, child) is child):
            child.stop()


@atexit.register
def stop_waiting() -> None:
    """End the processes that have no file."""
    while _waiting:
        _waiting.popitem()[1].stop()


class Child:
    """A process that answers requests about a file: a JSON line each way, and a payload back.

    Parameters
    ----------
    module
        What runs in it.
    """

    path = ""
    """The file, for messages."""
    library = ""
    """What may crash, for messages."""
    unharmed = True
    """Whether all requests were answered without an error, and all payloads taken."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            child_command(module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answers = cast("BinaryIO", self._process.stdout)
        _widen(self._answers)

    def ask(self, op: str, patience: float | None = PATIENCE, **request: object) -> Json:
        """Send a request and return the answer.

        Parameters
        ----------
        patience
            Seconds to wait for the answer; None waits for ever.

        Raises
        ------
        FormatError
            If the answer is an error, the child dies, or it takes too long.
        """
        requests = cast("BinaryIO", self._process.stdin)
        self.unharmed = False
        try:
            requests.write(json.dumps({"op": op, **request}).encode() + b"\n")
            requests.flush()
        except BrokenPipeError:
            raise self._crash() from None
        return self.answer(patience)

    def answer(self, patience: float | None = PATIENCE) -> Json:
        """Wait for the next answer."""
        if not select.select([self._answers], [], [], patience)[0]:
            raise FormatError(self.path, f"{self.library} does not come to an end with this file")
        line = self._answers.readline()
        if not line.endswith(b"\n"):
            raise self._crash()
        decoded: dict[str, Any] = json.loads(line)
        if "error" in decoded:
            raise FormatError(self.path, decoded["error"])
        self.unharmed = "bytes" not in decoded
        return decoded

    def receive(self, into: NDArray[np.generic]) -> None:
        """Fill an array with the payload that follows an answer."""
        view = memoryview(cast("Any", into)).cast("B")
        if cast("Any", self._answers).readinto(view) < len(view):
            raise self._crash()
        self.unharmed = True

    def _crash(self) -> FormatError:
        """Return the error of a child that is gone."""
        code = self._process.wait()
        return FormatError(self.path, f"{self.library} crashed on this file (status {code})")

    def lives(self) -> bool:
        """Return whether the process has not ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the child."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


@contextmanager
def named_file(stream: BinaryIO, path: str, *, copied: bool = False) -> Iterator[str]:
    """Yield a path by which a child can read a file: its own, or that of a copy of what a pipe holds.

    Parameters
    ----------
    stream
        The open file.
    copied
        Whether the child needs the bytes of the stream, as of a compressed file, rather than the file's.

    Raises
    ------
    FormatError
        If there is no room for the copy.
    """
    source = kept_copy(path)
    if not copied and source != "-" and Path(source).is_file():
        yield path_in_child(source)
        return
    with tempfile.NamedTemporaryFile(prefix="seqnet-") as copy:
        try:
            shutil.copyfileobj(stream, copy)
            copy.flush()
        except OSError as error:
            folder = tempfile.gettempdir()
            raise FormatError(path, f"cannot be copied to {folder}: {error.strerror}") from error
        yield copy.name


@contextmanager
def converting(
    command: Sequence[str], source: BinaryIO | None, path: str, trouble: str, library: str
) -> Iterator[io.RawIOBase]:
    """Run a child that writes a file in another format, and yield what it writes.

    Parameters
    ----------
    command
        The child, which says in one line of its standard error what is wrong with the file.
    source
        Its standard input; empty when None.
    path
        The file, for messages.
    trouble
        What an error of the library begins with.
    library
        What may crash, for messages.

    Raises
    ------
    FormatError
        At the end of what the child wrote, if it did not end well.
    """
    with tempfile.TemporaryFile() as said:  # no pipe, which a talkative library would fill
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
        feeder = threading.Thread(
            target=_feed, args=(source or io.BytesIO(), cast("BinaryIO", child.stdin)), daemon=True
        )
        feeder.start()
        try:
            yield _Converted(child, said, path, trouble, library)
        finally:
            child.kill()
            child.wait()
            cast("BinaryIO", child.stdout).close()


def _feed(source: BinaryIO, target: BinaryIO) -> None:
    """Copy a stream to a child that may end before it."""
    with suppress(BrokenPipeError), target:
        shutil.copyfileobj(source, target)


class _Converted(io.RawIOBase):
    """What a child writes, and at its end the error with which the child ended; arguments of `converting`."""

    def __init__(
        self, child: subprocess.Popen[bytes], said: BinaryIO, path: str, trouble: str, library: str
    ) -> None:
        super().__init__()
        self._child, self._said = child, said
        self._path, self._trouble, self._library = path, trouble, library

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        count = cast("io.BufferedReader", self._child.stdout).readinto1(buffer)
        if not count and (code := self._child.wait()):
            self._said.seek(0)
            lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
            message = f"{self._library} crashed on this file (status {code})"
            raise FormatError(self._path, f"{self._trouble}{lines[-1]}" if lines and code > 0 else message)
        return count


def _widen(pipe: BinaryIO) -> None:
    """Let a pipe hold more at a time, where the system can."""
    import fcntl

    with suppress(AttributeError, OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
