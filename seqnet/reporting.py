"""What work reports while it runs: notes, warnings and details through logging, progress through a meter.

Nothing here prints. Messages go to the logger ``seqnet``: warnings at the level WARNING, which Python shows
unless logging is set up otherwise, notes at INFO and details at DEBUG, which it does not. Long work reports
its progress to a meter; a program that shows progress chooses the kind of meter with `metered`. In Python,
``logging.basicConfig(level=logging.INFO)`` shows the notes too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from seqnet.aliases import Progress

LOGGER = logging.getLogger("seqnet")
LINE = "seqnet_line"
"""Attribute of records that are lines of a table, which are shown without a command's name."""


def note(message: str) -> None:
    """Report something the user should know about the data."""
    LOGGER.info("%s", message)


def say(line: str) -> None:
    """Report a line of a table."""
    LOGGER.info("%s", line, extra={LINE: True})


def warn(message: str) -> None:
    """Warn of something that is probably wrong."""
    LOGGER.warning("%s", message)


def detail(message: str) -> None:
    """Report something that is shown on request only."""
    LOGGER.debug("%s", message)


def wants_details() -> bool:
    """Return whether details are shown."""
    return LOGGER.isEnabledFor(logging.DEBUG)


def wants_notes() -> bool:
    """Return whether notes are shown."""
    return LOGGER.isEnabledFor(logging.INFO)


def mute() -> None:
    """Report nothing from here on, as in all processes of a run but the first."""
    LOGGER.setLevel(logging.CRITICAL + 1)


def note_none_left(of: str, limit: float, smallest: float | None) -> None:
    """Note that no result has a q-value up to a limit, and what the smallest is."""
    least = "" if smallest is None else f"; the smallest is {smallest:.3g}"
    note(f"0 of {of} have q \u2264 {limit:g}{least}")


class Meter(Protocol):
    """What long work reports its progress to."""

    def advance(self, done: int) -> None:
        """Count `done` more units."""

    def skip(self, done: int) -> None:
        """Count units that an earlier run did."""

    def say(self, text: str) -> None:
        """Show a text, such as a loss, from the next step on."""

    def stop(self) -> None:
        """End: the work is done, or has failed."""


class SilentMeter:
    """A meter that shows nothing."""

    def advance(self, done: int) -> None:
        """Ignore the units."""

    def skip(self, done: int) -> None:
        """Ignore the units."""

    def say(self, text: str) -> None:
        """Ignore the text."""

    def stop(self) -> None:
        """Do nothing."""


MeterFactory = Callable[[str, int | None], Meter]
"""Makes a meter from the plural of its unit and the number of units, None where it is not known."""


def _silent(_label: str, _total: int | None) -> Meter:
    return SilentMeter()


_FACTORY: ContextVar[MeterFactory] = ContextVar("seqnet_meters", default=_silent)


_WATCHED: ContextVar[bool] = ContextVar("seqnet_watched", default=False)


def is_watched() -> bool:
    """Return whether somebody reads the messages as they come, as on a terminal."""
    return _WATCHED.get()


@contextmanager
def metered(factory: MeterFactory, *, watched: bool = False) -> Iterator[None]:
    """Use meters of one kind for all work inside the block, in this context.

    Parameters
    ----------
    factory
        Called once for each stretch of work.
    watched
        What `is_watched` returns inside the block.
    """
    tokens = _FACTORY.set(factory), _WATCHED.set(watched)
    try:
        yield
    finally:
        _FACTORY.reset(tokens[0])
        _WATCHED.reset(tokens[1])


@contextmanager
def meter(label: str, total: int | None = None) -> Iterator[Meter]:
    """Provide a meter for one stretch of work.

    Parameters
    ----------
    label
        What is counted, in the plural.
    total
        How many there are, where that is known.
    """
    lent = _FACTORY.get()(label, total)
    try:
        yield lent
    finally:
        lent.stop()


@contextmanager
def progress_bar(label: str, total: int | None = None) -> Iterator[Progress]:
    """Provide a callback that counts units; otherwise as `meter`."""
    with meter(label, total) as lent:
        yield lent.advance


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
