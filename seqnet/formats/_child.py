"""A child process in which a library touches a file, so that its crash is an error of that file."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from contextlib import suppress
from typing import Any, BinaryIO, cast

from numpy.typing import NDArray

from seqnet.errors import FormatError

PATIENCE = 60.0
"""Seconds after which a request about a file being read is given up: the file is damaged."""
_PIPE_BYTES = 1 << 20


class Child:
    """A process that answers requests about one file: a JSON line each way, and a payload back.

    Parameters
    ----------
    module
        What runs in it.
    path
        The file, for messages.
    library
        What may crash, for messages.
    arguments
        Of the module.
    stdin
        Where the child reads instead of requests.
    """

    def __init__(
        self, module: str, path: str, library: str, *arguments: str, stdin: BinaryIO | None = None
    ) -> None:
        self._path = path
        self._library = library
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answers = cast("BinaryIO", self._process.stdout)
        _widen(self._answers)

    def about(self, path: str) -> None:
        """Name another file in messages from here on."""
        self._path = path

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
        try:
            requests.write(json.dumps({"op": op, **request}).encode() + b"\n")
            requests.flush()
        except BrokenPipeError:
            raise self._crash() from None
        return self.answer(patience)

    def answer(self, patience: float | None = PATIENCE) -> dict[str, Any]:
        """Wait for the next answer."""
        if not select.select([self._answers], [], [], patience)[0]:
            raise FormatError(self._path, f"{self._library} does not come to an end with this file")
        line = self._answers.readline()
        if not line.endswith(b"\n"):
            raise self._crash()
        decoded: dict[str, Any] = json.loads(line)
        if "error" in decoded:
            raise FormatError(self._path, decoded["error"])
        return decoded

    def receive(self, into: NDArray[Any]) -> None:
        """Fill an array with the payload that follows an answer."""
        view = memoryview(cast("Any", into)).cast("B")
        if cast("Any", self._answers).readinto(view) < len(view):
            raise self._crash()

    def _crash(self) -> FormatError:
        """Return the error of a child that is gone."""
        code = self._process.wait()
        return FormatError(self._path, f"{self._library} crashed on this file (status {code})")

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
