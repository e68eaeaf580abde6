"""A child process in which a library touches files, so that its crash is an error of that file.

A process that came through one file unharmed serves the next: it takes longer to start than a small file
to be read.
"""

from __future__ import annotations

import atexit
import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, cast

from numpy.typing import NDArray

from seqnet.errors import FormatError

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


@contextmanager
def lent_child(module: str, path: str, library: str) -> Iterator[Child]:
    """Lend a process for a file; parameters as of `Child`. It has to know a request ``close``."""
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

    def ask(self, op: str, patience: float | None = PATIENCE, **request: object) -> dict[str, Any]:
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

    def answer(self, patience: float | None = PATIENCE) -> dict[str, Any]:
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

    def receive(self, into: NDArray[Any]) -> None:
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
        """Tell whether the process has not ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the child."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


def _widen(pipe: BinaryIO) -> None:
    """Let a pipe hold more at a time, where the system can."""
    import fcntl

    with suppress(AttributeError, OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
