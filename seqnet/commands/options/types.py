"""Types of numeric options: finite, in a range that the command can use, and refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from seqnet.errors import shorten
from seqnet.numerals import LARGEST, LARGEST_INTEGER, OutOfRangeError, parse_part, parse_real, parse_whole

LARGEST_SINGLE = 1e30
"""Largest number for arithmetic in float32, with room for squares of a few."""
MOST_RATIO = 1e4
"""Most negatives per positive."""
MOST_THREADS = 4096


class Whole(click.IntRange):
    """A whole number from `min` to `max`.

    Parameters
    ----------
    limit
        The largest value where there is no `max`; help does not show it.
    """

    name = "integer range"

    def __init__(self, min: int | None = None, max: int | None = None, *, limit: int = LARGEST) -> None:
        super().__init__(min, max)
        self.limit = limit

    def _describe_range(self) -> str:
        """Return the range for help; nothing where only the limit holds."""
        return "" if self.min is None and self.max is None else super()._describe_range()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the number."""
        least = -self.limit if self.min is None else int(self.min)
        most = self.limit if self.max is None else int(self.max)
        if not isinstance(value, str):
            return int(value)
        try:
            return parse_whole(value, least, most)
        except OutOfRangeError as error:
            bounded = (self.max if error.above else self.min) is not None
            self.fail(_outside(value, self._describe_range()) if bounded else str(error), param, ctx)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Real(click.FloatRange):
    """A finite number from `min` to `max`.

    Parameters
    ----------
    limit
        The largest size where there is no `min` or `max`; help does not show it.
    """

    name = "float range"

    def __init__(
        self,
        min: float | None = None,
        max: float | None = None,
        min_open: bool = False,
        max_open: bool = False,
        *,
        limit: float = LARGEST_SINGLE,
    ) -> None:
        super().__init__(min, max, min_open, max_open)
        self.limit = limit

    def _describe_range(self) -> str:
        """Return the range for help; nothing where only the limit holds."""
        return "" if self.min is None and self.max is None else super()._describe_range()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number."""
        if not isinstance(value, str):
            return float(value)
        try:
            return self.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def read(self, text: str) -> float:
        """Read the number from a part of an option's value.

        Raises
        ------
        ValueError
            If it is none, or outside the range.
        """
        value = parse_real(text)
        low = -self.limit if self.min is None else self.min
        high = self.limit if self.max is None else self.max
        below = value < low or (self.min_open and value == low)
        above = value > high or (self.max_open and value == high)
        if (self.max if above else self.min) is not None and (below or above):
            raise ValueError(_outside(text, self._describe_range()))
        if below or above:
            raise OutOfRangeError(text, high if above else low, above=above)
        return value


def _outside(text: str, shown: str) -> str:
    """Return what is wrong with a number outside the range that help shows."""
    return f"{shorten(text)} is not in the range {shown}"


SEED = Whole(0, limit=LARGEST_INTEGER)
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
        return text if text == "file" else Real(limit=LARGEST).read(text)
    except ValueError as error:
        raise ValueError(f"{error} (a number of bits, or file)") from None


SCORE = Parsed(_score, "3.5", "file")
"""The type of ``--score``."""


def real_list(item: Real, expected: str, *examples: str) -> Parsed:
    """Return the type of numbers with commas between, as a list.

    Parameters
    ----------
    expected
        What a message names, such as ``p-values such as 1e-3,1e-4``.
    """

    def read(text: str) -> list[float]:
        if not text:
            raise ValueError(f"nothing is given; expected {expected}")
        try:
            return [item.read(word) for word in text.split(",")]
        except ValueError as error:
            raise ValueError(f"{error} ({expected})") from None

    return Parsed(read, *examples)


def whole_list(least: int, most: int, expected: str, *examples: str) -> Parsed:
    """Return the type of whole numbers with commas between, as a list; otherwise as `real_list`."""

    def read(text: str) -> list[int]:
        try:
            return [parse_whole(word, least, most) for word in text.split(",")]
        except ValueError as error:
            raise ValueError(f"{error} ({expected})") from None

    return Parsed(read, *examples)


def whole_span(least: int, most: int = LARGEST) -> Parsed:
    """Return the type of ``A-B``, or a single ``A``, as (low, high)."""

    def read(text: str) -> tuple[int, int]:
        first, dash, second = text.partition("-")
        try:
            low = parse_whole(first, least, most)
            high = parse_whole(second, least, most) if dash else low
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
