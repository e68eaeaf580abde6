"""Numbers as text: the shortest that reads back equal, and probabilities of any smallness."""

from __future__ import annotations

from math import exp, floor, log
from typing import TYPE_CHECKING

from seqnet.errors import FormatError, shorten
from seqnet.numerals import LARGEST, LARGEST_INTEGER, OutOfRangeError, parse_label, parse_real, parse_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNKNOWN = "."
_SHORT = 10
"""Digits of numbers that may not fit 32 bits."""
_LOG_SMALLEST = -700.0
"""Natural logarithm below which float64 loses digits, with some room."""


def format_number(value: float) -> str:
    """Write a float64: ``.`` for NaN, whole numbers without a point."""
    if value != value:
        return UNKNOWN
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def parse_target(text: str, task: str, path: str, line: int) -> float:
    """Read a target or a prediction, as `parse_label` does.

    Raises
    ------
    FormatError
        Naming the task and what was found, if it is none.
    """
    try:
        return parse_label(text)
    except ValueError:
        message = f"{task} is {shorten(text)}; expected a number or {UNKNOWN}"
        raise FormatError(path, message, line) from None


def parse_field(text: str, what: str, path: str, line: int | None, expected: str = "a number") -> float:
    """Read a finite number.

    Parameters
    ----------
    what
        What the number is, for a message.
    expected
        The expected text, for a message.

    Raises
    ------
    FormatError
        Naming what was found.
    """
    try:
        return parse_real(text)
    except ValueError:
        raise FormatError(path, f"{what} is {shorten(text)}; expected {expected}", line) from None


def parse_coordinate(text: str, what: str, path: str, line: int) -> int:
    """Read a coordinate or a length of a contig: a whole number, possibly negative, of 32 bits.

    Raises
    ------
    FormatError
        Naming what was found.
    """
    if text.isdigit() and text.isascii() and len(text) < _SHORT:
        return int(text)
    return _whole_field(text, what, path, line, -LARGEST, LARGEST, "beyond any chromosome")


def parse_count(text: str, what: str, path: str, line: int) -> int:
    """Read a whole number of 0 or more.

    Raises
    ------
    FormatError
        Naming what was found.
    """
    return _whole_field(text, what, path, line, 0, LARGEST_INTEGER, "which no count can be")


def _whole_field(text: str, what: str, path: str, line: int, least: int, most: int, outside: str) -> int:
    """Read a whole number of a range; `outside` is the message about others."""
    try:
        return parse_whole(text.strip(" "), least, most)
    except OutOfRangeError:
        raise FormatError(path, f"{what} is {shorten(text)}, {outside}", line) from None
    except ValueError:
        raise FormatError(path, f"{what} is {shorten(text)}; expected a whole number", line) from None


def format_singles(values: NDArray[np.float32]) -> list[list[str]]:
    """Write finite float32 values (n, m), whole numbers without a point."""
    texts: list[list[str]] = values.astype(str).tolist()
    return [[text.removesuffix(".0") for text in row] for row in texts]


def format_doubles(values: NDArray[np.float64]) -> list[list[str]]:
    """Write finite float64 values (n, m) with fifteen significant digits."""
    return [[f"{value:.15g}" for value in row] for row in values.tolist()]


def format_log_probability(log_p: float) -> str:
    """Write exp(log_p) with six significant digits, also where it is below the smallest float64."""
    if log_p > _LOG_SMALLEST:
        return f"{exp(log_p):.6g}"
    exponent = floor(log_p / log(10))
    mantissa, shift = f"{exp(log_p - exponent * log(10)):.5e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{exponent + int(shift)}"
