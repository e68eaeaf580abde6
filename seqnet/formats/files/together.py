"""The outputs of a command: all of them appear, or none does.

A complete output waits under its temporary name until the block of `outputs_together` ends. Then all are
renamed, the main file last, so that its presence means that the others are there. If a name cannot be
given, the files that had theirs already are put back as they were. Runs that write several
outputs into one folder give names one run after the other, so that their outputs do not mix.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeAlias

from seqnet.errors import UsageError

TEMPORARY = ".seqnet-tmp"
"""How the names of temporary files end."""
_MOST_LOCKED = 512
"""Waiting files that keep their lock, and so a descriptor each; a process may have some thousands."""

Identity: TypeAlias = "tuple[int, int] | str"


class Waiting(Protocol):
    """A complete file under its temporary name."""

    named: str
    """The output as the user named it."""
    target: Path
    path: str
    """Where it lies now."""

    def release(self) -> None:
        """Close it, and so give up its lock."""

    def remove(self) -> None:
        """Remove it, if it still lies there."""


def identity(path: str) -> Identity | None:
    """Return what two names of one file have in common; None for devices such as /dev/null.

    Parameters
    ----------
    path
        A file, which need not exist; ``-`` is standard output.
    """
    try:
        state = os.fstat(1) if path == "-" else os.stat(path)
    except OSError:
        target = Path(path).resolve()
        if not target.exists():
            return str(target)
        state = target.stat()  # by way of a folder that does not exist: missing/../file
    if stat.S_ISCHR(state.st_mode):
        return path if path == "-" else None
    return state.st_dev, state.st_ino


class OutputSet:
    """The outputs of one command.

    Parameters
    ----------
    main
        The file whose name is given last.
    inputs
        Files that no output may replace: identity to name.
    """

    def __init__(self, main: str | None, inputs: Mapping[Identity, str]) -> None:
        self._main = None if main is None else Path(main).resolve()
        self._inputs = inputs
        self._claimed: dict[Path, str] = {}
        self._waiting: list[Waiting] = []
        self.afterwards: list[Callable[[], None]] = []

    def claim(self, named: str, target: Path) -> None:
        """Note that a file is about to be written.

        Raises
        ------
        UsageError
            If another output has the same target, or an input lies there.
        """
        if target in self._claimed:
            raise UsageError(f"two outputs would be written to one file: {self._claimed[target]} and {named}")
        claimed = identity(str(target))
        if claimed is not None and claimed in self._inputs:
            raise UsageError(f"{named} would replace the input {self._inputs[claimed]}; give another name")
        self._claimed[target] = named

    def give_up(self, target: Path) -> None:
        """Forget about a file that could not be completed."""
        del self._claimed[target]

    def take(self, output: Waiting) -> None:
        """Take charge of a complete file."""
        self._waiting.append(output)
        if len(self._waiting) > _MOST_LOCKED:
            output.release()

    def discard(self) -> None:
        """Remove all files."""
        for output in self._waiting:
            output.remove()
            output.release()

    def publish(self) -> None:
        """Give all files their names, then do what waits for that."""
        ordered = sorted(self._waiting, key=lambda output: output.target == self._main)
        with _turn([output.target.parent for output in ordered] if len(ordered) > 1 else []):
            self._rename_all(ordered)
        self.discard()
        for action in self.afterwards:
            action()

    def _rename_all(self, ordered: list[Waiting]) -> None:
        """Give all files their names, or none."""
        old = _OldFiles()
        try:
            if len(ordered) > 1:
                for output in ordered:
                    old.keep(output.target)
            for output in ordered:
                _rename(output)
        except BaseException:  # a signal too
            for output in ordered:
                if not os.path.lexists(output.path):
                    old.put_back(output.target)
            self.discard()
            raise
        finally:
            old.remove()


@contextmanager
def _turn(folders: Iterable[Path]) -> Iterator[None]:
    """Wait for other runs that give names in these folders; no effect where folders cannot be locked."""
    with ExitStack() as stack:
        for folder in sorted(set(folders)):  # in one order for all, so that no two wait for each other
            with suppress(OSError):
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _rename(output: Waiting) -> None:
    """Give a file its name."""
    try:
        os.replace(output.path, output.target)
    except OSError as error:
        error.filename, error.filename2 = output.named, None
        raise


class _OldFiles:
    """Second names of the files that are about to be replaced, so that they can be put back."""

    def __init__(self) -> None:
        self._names: dict[Path, str | None] = {}

    def keep(self, target: Path) -> None:
        """Give a file a second name; some file systems cannot, and then it is not put back."""
        if not os.path.lexists(target):
            self._names[target] = None
            return
        name = str(target.with_name(f".{target.name}.{os.urandom(4).hex()}{TEMPORARY}"))
        with suppress(OSError):
            os.link(target, name)
            self._names[target] = name

    def put_back(self, target: Path) -> None:
        """Undo a replacement."""
        if target not in self._names:
            return
        name = self._names.pop(target)
        with suppress(OSError):
            if name is None:
                target.unlink()
            else:
                os.replace(name, target)

    def remove(self) -> None:
        """Remove the second names."""
        for name in self._names.values():
            if name is not None:
                Path(name).unlink(missing_ok=True)


_current: OutputSet | None = None


def current_outputs() -> OutputSet | None:
    """Return the outputs that appear together now, None where each appears by itself."""
    return _current


@contextmanager
def outputs_together(main: str | None = None, inputs: Mapping[Identity, str] | None = None) -> Iterator[None]:
    """Let all outputs that are written in the block appear when it ends without an error.

    Parameters
    ----------
    main
        The file whose name is given last.
    inputs
        Files that no output may replace: identity to name.
    """
    global _current  # a process runs one command; threads of it share its outputs
    before, _current = _current, OutputSet(main, inputs or {})
    outputs = _current
    try:
        yield
        outputs.publish()
    except BaseException:
        outputs.discard()
        raise
    finally:
        _current = before


def after_outputs(action: Callable[[], None]) -> None:
    """Do something once the outputs have their names: at once where they have them already."""
    if _current is None:
        action()
    else:
        _current.afterwards.append(action)


def refuse_shared_paths(outputs: Mapping[str, str | None]) -> None:
    """Refuse two outputs that are one file.

    Parameters
    ----------
    outputs
        Option to path; None where it is not given.

    Raises
    ------
    UsageError
        Naming both options.
    """
    seen: dict[object, str] = {}
    for option, path in outputs.items():
        same = None if path is None else identity(path)
        if same is not None and seen.setdefault(same, option) != option:
            where = "standard output" if path == "-" else path
            raise UsageError(f"{seen[same]} and {option} would both be written to {where}")
