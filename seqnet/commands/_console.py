"""What a command shows: messages and progress of `seqnet.reporting` on stderr, and tables on a terminal."""

from __future__ import annotations

import io
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

import click

from seqnet.reporting import LINE, LOGGER, Meter, SilentMeter, human, metered, wants_notes

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_SHOW_AFTER = 1.0
"""Seconds of work before a progress bar appears."""
_QUIET, _VERBOSE = "seqnet.quiet", "seqnet.verbose"
RENAMED = "seqnet.renamed"
"""Key of the warnings about older spellings of options."""


def set_verbosity(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Keep ``-q`` and ``-v``, which may be anywhere on the line, for when the command starts."""
    if value:
        ctx.meta[f"seqnet.{param.name}"] = True


def renamed(ctx: click.Context, message: str) -> None:
    """Keep a warning about an option's older spelling for when the options are read."""
    ctx.meta.setdefault(RENAMED, []).append(message)


@contextmanager
def console(ctx: click.Context) -> Iterator[None]:
    """Show messages and progress on stderr while a command runs, as ``-q`` and ``-v`` say."""
    before = LOGGER.handlers, LOGGER.level, LOGGER.propagate
    LOGGER.handlers, LOGGER.propagate = [_ConsoleHandler(ctx.command_path)], False
    quiet, verbose = ctx.meta.get(_QUIET), ctx.meta.get(_VERBOSE)
    LOGGER.setLevel(logging.CRITICAL + 1 if quiet else logging.DEBUG if verbose else logging.INFO)
    try:
        with metered(_meter, watched=sys.stderr.isatty()):
            yield
    finally:
        for handler in LOGGER.handlers:
            handler.flush()
        LOGGER.handlers, LOGGER.level, LOGGER.propagate = before


def _meter(label: str, total: int | None) -> Meter:
    """Return a bar for a terminal, and nothing for files and pipes or under ``-q``."""
    return ProgressBar(label, total) if sys.stderr.isatty() and wants_notes() else SilentMeter()


class _ConsoleHandler(logging.Handler):
    """Prints messages behind the command's name, each warning once."""

    def __init__(self, command: str) -> None:
        super().__init__()
        self._command = command
        self._said: set[str] = set()
        self._table: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        message = record.getMessage()
        if getattr(record, LINE, False):
            self._table.append(message)
            if not sys.stderr.isatty():
                self.flush()
            return
        self.flush()
        if record.levelno < logging.WARNING:
            click.echo(f"{self._command}: {message}", err=True)
        elif message not in self._said:
            self._said.add(message)
            click.echo(f"{self._command}: warning: {message}", err=True)

    def flush(self) -> None:
        """Print the lines of a table that were kept to be aligned."""
        lines, self._table = self._table, []
        if lines and sys.stderr.isatty():
            _print_tables(lines, sys.stderr)
        else:
            for line in lines:
                click.echo(line, err=True)


@contextmanager
def tables_on_terminal(ctx: click.Context) -> Iterator[None]:
    """Align the tables that a command prints, where its output is a terminal.

    The text is kept until the command has ended; a command that fails prints none of it.
    """
    output = ctx.params.get("output")
    if output != "-" or sys.stdout is None or not sys.stdout.isatty():
        yield
        return
    terminal = sys.stdout
    kept = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="surrogateescape", newline="\n", write_through=True)
    sys.stdout = kept
    try:
        yield
    except click.exceptions.Exit:  # 'check' exits with 1 where there are errors
        sys.stdout = terminal
        _print_tables(_lines(kept), terminal)
        raise
    finally:
        sys.stdout = terminal
    _print_tables(_lines(kept), terminal)


def _lines(stream: io.TextIOWrapper) -> list[str]:
    """Return the lines that were written to memory."""
    data = cast("io.BytesIO", stream.buffer).getvalue()
    return data.decode("utf-8", "replace").splitlines()


def _print_tables(lines: Sequence[str], stream: TextIO) -> None:
    """Print lines on a terminal, tables among them aligned."""
    from seqnet.commands._tables import print_tables  # loads rich

    print_tables(lines, stream)


class ProgressBar:
    """A progress bar that is made when it is first needed."""

    def __init__(self, label: str, total: int | None) -> None:
        self._label, self._total = label, total
        self._done = self._skipped = 0
        self._said = ""
        self._begun = time.monotonic()
        self._rich: tuple[RichProgress, TaskID] | None = None

    def advance(self, done: int) -> None:
        """Count `done` more units."""
        self._done += done
        if self._rich is None and time.monotonic() - self._begun > _SHOW_AFTER:
            self._rich = self._start()
        if self._rich is not None:
            bar, task = self._rich
            bar.update(task, completed=self._done, rate=self._rate(), said=self._said)

    def skip(self, done: int) -> None:
        """Count units that an earlier run did."""
        self._done, self._skipped = self._done + done, self._skipped + done

    def say(self, text: str) -> None:
        """Show a text from the next step on."""
        self._said = text

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
