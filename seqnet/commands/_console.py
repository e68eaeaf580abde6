"""What a command says on stderr: notes, warnings and progress."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from seqnet.aliases import Progress

_SHOW_AFTER = 1.0
"""Seconds of work before a progress bar appears."""


@dataclass
class Verbosity:
    """How much a command says; lives in the root context."""

    quiet: bool = False
    verbose: bool = False


def verbosity() -> Verbosity:
    """Return the settings of the running command."""
    return click.get_current_context().find_root().ensure_object(Verbosity)


def note(message: str) -> None:
    """Say something the user should know about the data, unless ``-q``."""
    if not verbosity().quiet:
        click.echo(f"{click.get_current_context().command_path}: {message}", err=True)


def say(line: str) -> None:
    """Print a line of a table on stderr, unless ``-q``."""
    if not verbosity().quiet:
        click.echo(line, err=True)


def warn(message: str) -> None:
    """Say something that is probably wrong, unless ``-q``."""
    note(f"warning: {message}")


def detail(message: str) -> None:
    """Say something only under ``-v``."""
    if verbosity().verbose:
        note(message)


class _ConsoleHandler(logging.Handler):
    """Prints the library's log records as notes and warnings, each text once."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        message = record.getMessage()
        if message not in self._said:
            self._said.add(message)
            (warn if record.levelno >= logging.WARNING else note)(message)


def capture_log() -> None:
    """Show what the library logs."""
    logger = logging.getLogger("seqnet")
    logger.handlers = [_ConsoleHandler()]
    logger.setLevel(logging.INFO)
    logger.propagate = False


@contextmanager
def progress_bar(label: str, total: int | None = None) -> Iterator[Progress]:
    """Lend a callback that moves a bar on stderr: only on a terminal, after a second of work."""
    bar = _Bar(label, total)
    try:
        yield bar.advance
    finally:
        bar.stop()


@contextmanager
def training_bar(total: int, label: str = "rows") -> Iterator[TrainingBar]:
    """Lend a bar that can also be told what an earlier run did, and how training goes."""
    bar = TrainingBar(label, total)
    try:
        yield bar
    finally:
        bar.stop()


def human(number: float) -> str:
    """Return a number with three digits and a prefix of the SI.

    Examples
    --------
    >>> human(12_345_678), human(999.7), human(0.25)
    ('12.3M', '1k', '0.25')
    """
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * size:  # what would round to 1000 of the size below
            return f"{number / size:.3g}{prefix}"
    return f"{number:.3g}"


class _Bar:
    """A progress bar that is made when it is first needed."""

    def __init__(self, label: str, total: int | None) -> None:
        self._label, self._total = label, total
        self._done = self._skipped = 0
        self._said = ""
        self._begun = time.monotonic()
        self._rich: tuple[RichProgress, TaskID] | None = None
        self._wanted = sys.stderr.isatty() and not verbosity().quiet

    def advance(self, done: int) -> None:
        """Count `done` more units."""
        self._done += done
        if self._wanted and self._rich is None and time.monotonic() - self._begun > _SHOW_AFTER:
            self._rich = self._start()
        if self._rich is not None:
            bar, task = self._rich
            bar.update(task, completed=self._done, rate=self._rate(), said=self._said)

    def _start(self) -> tuple[RichProgress, TaskID]:
        """Show the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        known = () if self._total is None else (TaskProgressColumn(), TimeRemainingColumn())
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[said]}"),
            *known,
            console=Console(stderr=True),
            transient=True,
        )
        bar.start()
        return bar, bar.add_task(self._label, total=self._total, rate=self._rate(), said=self._said)

    def _rate(self) -> str:
        """Return how many units were done in a second."""
        rate = (self._done - self._skipped) / max(time.monotonic() - self._begun, 1e-9)
        return f"{human(rate)} {self._label}/s"

    def stop(self) -> None:
        """Take the bar away."""
        if self._rich is not None:
            self._rich[0].stop()


class TrainingBar(_Bar):
    """A progress bar that also shows a loss and metrics."""

    def skip(self, done: int) -> None:
        """Count units that an earlier run did."""
        self._done, self._skipped = self._done + done, self._skipped + done

    def say(self, text: str) -> None:
        """Show a text from the next step on."""
        self._said = text
