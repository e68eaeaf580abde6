"""Types of numeric options: finite, in a range that the command can use, and refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from seqnet.errors import shorten
from seqnet.numerals import LARGEST, OutOfRangeError, parse_part, parse_real, parse_whole
from seqnet.pipeline.ranges import RANGES, Bounds


class Number(click.FloatRange):
    """A finite number, or a whole one, within bounds; help does not show their limit."""

    def __init__(self, bounds: Bounds) -> None:
        super().__init__(bounds.low, bounds.high, bounds.low_open, bounds.high_open)
        self.bounds = bounds
        self.name = "integer range" if bounds.whole else "float range"

    def _describe_range(self) -> str:
        """Return the range for help; nothing where only the limit holds."""
        return "" if self.min is None and self.max is None else super()._describe_range()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the number."""
        if not isinstance(value, str):
            return int(value) if self.bounds.whole else float(value)
        try:
            return self.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def read(self, text: str) -> Any:
        """Read the number from a part of an option's value.

        Raises
        ------
        ValueError
            If it is none, or out of bounds.
        """
        low, high = self.bounds.ends
        try:
            value = parse_whole(text, int(low), int(high)) if self.bounds.whole else parse_real(text)
            if not self.bounds.has(value):
                raise OutOfRangeError(text, high if value >= high else low, above=value >= high)
        except OutOfRangeError as error:
            if (self.max if error.above else self.min) is None:
                raise
            shown = self._describe_range()
            raise ValueError(f"{shorten(text)} is not in the range {shown}") from None
        return value


def number(argument: str) -> Number:
    """Return the type of an option that is a row of `RANGES`."""
    return Number(RANGES[argument])


SEED = number("seed")
"""The type of seeds."""


class Parsed(click.ParamType):  # type: ignore[type-arg]  # generic in newer click
    """Text that a function reads, such as a list of numbers or two with a dash between.

    Parameters
    ----------
    read
        Returns the value; raises ValueError otherwise.
    examples
        Texts that it reads.
    """

    name = "text"

    def __init__(self, read: Callable[[str], Any], *examples: str) -> None:
        self.read = read
        self.examples = examples

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the value."""
        if not isinstance(value, str):
            return value
        try:
            return self.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _score(text: str) -> float | str:
    """Return a threshold in bits; ``file`` as it is."""
    try:
        return text if text == "file" else Number(Bounds(limit=LARGEST)).read(text)
    except ValueError as error:
        raise ValueError(f"{error} (a number of bits, or file)") from None


SCORE = Parsed(_score, "3.5", "file")
"""The type of ``--score``."""


def number_list(argument: str, expected: str, *examples: str) -> Parsed:
    """Return the type of numbers with commas between, each as a row of `RANGES` says, as a list.

    Parameters
    ----------
    expected
        What a message names, such as ``p-values such as 1e-3,1e-4``.
    """
    item = number(argument)

    def read(text: str) -> list[Any]:
        if not text:
            raise ValueError(f"nothing is given; expected {expected}")
        try:
            return [item.read(word) for word in text.split(",")]
        except ValueError as error:
            raise ValueError(f"{error} ({expected})") from None

    return Parsed(read, *examples)


def span(argument: str) -> Parsed:
    """Return the type of ``A-B``, or a single ``A``, each as a row of `RANGES` says, as (low, high)."""
    end = number(argument)

    def read(text: str) -> tuple[Any, Any]:
        first, dash, second = text.partition("-")
        try:
            low = end.read(first)
            high = end.read(second) if dash else low
        except ValueError as error:
            raise ValueError(f"{error} (in {shorten(text)}, which is A-B or one number)") from None
        if high < low:
            raise ValueError(f"{shorten(text)} ends before it begins; expected A-B with A <= B")
        return low, high

    return Parsed(read, "1-2", "1")


def named(read: Callable[[str], Any], expected: str, *examples: str) -> Parsed:
    """Return the type of ``NAME=VALUE``, as (name, value).

    Parameters
    ----------
    expected
        What a message names, such as ``NAME=X, such as alpha=0.98``.
    """

    def pair(text: str) -> tuple[str, Any]:
        name, equals, value = text.rpartition("=")
        if not name or not equals:
            raise ValueError(f"{shorten(text)}: expected {expected}")
        return name, read(value)

    return Parsed(pair, *examples)


PART = Parsed(parse_part, "2/8")
"""The type of ``--part``."""
