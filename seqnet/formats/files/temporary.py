"""Files under temporary names, next to the file that they will be."""

from __future__ import annotations

import fcntl
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from seqnet.formats.files.together import TEMPORARY, current_outputs

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BUFFER = 1 << 20
"""Bytes read or written at a time."""


@contextmanager
def errors_named(path: str) -> Iterator[None]:
    """Name a file in the system's errors that name none."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or path
        raise


class NamedFile(io.FileIO):
    """A file whose write errors carry its name as the user gave it."""

    def __init__(self, file: str | int, shown: str, mode: str = "wb") -> None:
        super().__init__(file, mode)
        self._shown = shown

    def write(self, data: ReadableBuffer, /) -> int:
        """Write bytes."""
        try:
            return super().write(data)
        except OSError as error:
            error.filename = self._shown
            raise


class Temporary:
    """A locked temporary file next to a target, renamed onto it by `commit` and removed otherwise.

    The lock distinguishes the files of running commands: leftovers of killed runs are unlocked and are
    swept by the next run that writes the same target.

    Parameters
    ----------
    at_once
        Rename it without waiting for the other outputs of the command.
    """

    def __init__(self, target: str, *, at_once: bool = False) -> None:
        self.named = target
        self.target = Path(target).resolve()
        self._together = None if at_once else current_outputs()
        self._complete = False
        self.path = ""

    def __enter__(self) -> Temporary:
        if self._together is not None:
            self._together.claim(self.named, self.target)
        try:
            self._sweep()
            self._descriptor = self._create()
            self.stream = io.BufferedWriter(NamedFile(self._descriptor, self.named), BUFFER)
            with suppress(FileNotFoundError):
                os.fchmod(self._descriptor, stat.S_IMODE(self.target.stat().st_mode))
        except BaseException as error:  # a signal too: nobody else knows of the file yet
            self.remove()
            if isinstance(error, OSError):
                error.filename = self.named
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        if self._complete and self._together is not None:
            return  # it waits for the others
        if not self._complete:
            self.remove()
            if self._together is not None:
                self._together.give_up(self.target)
        self.release()

    def remove(self) -> None:
        """Remove the file, if there is one."""
        if self.path:
            with suppress(FileNotFoundError):
                Path(self.path).unlink()

    def release(self) -> None:
        """Close the file, and so give up its lock."""
        with suppress(OSError):
            self.stream.close()

    def commit(self) -> None:
        """Make the file complete and give it its name, at once or with the other outputs."""
        try:
            self.stream.flush()
            os.fsync(self._descriptor)
            if self._together is None:
                os.replace(self.path, self.target)
        except OSError as error:
            error.filename, error.filename2 = self.named, None
            raise
        if self._together is not None:
            self._together.take(self)
        self._complete = True

    def _create(self) -> int:
        """Create and lock a fresh temporary file; return its descriptor."""
        while True:
            name = f".{self.target.name}.{os.urandom(4).hex()}{TEMPORARY}"
            self.path = str(self.target.with_name(name))
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            # another run may have swept the file between its creation and its lock
            if locked(descriptor) and os.fstat(descriptor).st_nlink:
                return descriptor
            os.close(descriptor)

    def _sweep(self) -> None:
        """Remove unlocked leftovers of the same target."""
        prefix = f".{self.target.name}."
        for entry in os.scandir(self.target.parent):
            if not (entry.name.startswith(prefix) and entry.name.endswith(TEMPORARY)):
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
