"""Numbers written as text: plain decimal digits, finite, and inside a range.

Python's own `int` and `float` also read ``1_000``, ``nan``, ``infinity`` and the digits of other scripts,
and give integers of any size. No format and no option means those.
"""

from __future__ import annotations

import re
from math import inf, isfinite, nan

from seqnet.errors import shorten

LARGEST = 2**31 - 1
"""Largest coordinate, length and count: what BAM, bigWig and 32-bit indices hold."""
LARGEST_INTEGER = 2**63 - 1
"""Largest integer of 64 bits with a sign."""
LARGEST_SINGLE = 1e30
"""Largest number for arithmetic in float32, with room for squares of a few."""
_SHOWN_DIGITS = 20
"""Digits up to which the bound of a range is written out."""
_WHOLE = re.compile(r"[+-]?[0-9]+")
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class OutOfRangeError(ValueError):
    """A number is outside its range.

    Parameters
    ----------
    above
        Whether it is too large.
    """

    def __init__(self, text: str, bound: float, *, above: bool) -> None:
        size, end = ("large", "most") if above else ("small", "least")
        shown = str(int(bound)) if isfinite(bound) and bound == int(bound) else str(bound)
        shown = f"{bound:g}" if len(shown) > _SHOWN_DIGITS else shown
        super().__init__(f"{shorten(text)} is too {size}; expected {shown} at {end}")
        self.above = above


def parse_whole(text: str, least: int = -LARGEST_INTEGER, most: int = LARGEST_INTEGER) -> int:
    """Read a whole number of a range.

    Examples
    --------
    >>> parse_whole("12"), parse_whole("-3")
    (12, -3)

    Raises
    ------
    ValueError
        Saying what was found and what was expected, for one line of a message.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{shorten(text)} is not a whole number")
    digits = text.lstrip("+-").lstrip("0")
    # Python refuses to read thousands of digits
    value = int(text) if len(digits) < 40 else (-1 if text.startswith("-") else 1) * 10**40
    if value > most:
        raise OutOfRangeError(text, most, above=True)
    if value < least:
        raise OutOfRangeError(text, least, above=False)
    return value


def parse_real(text: str) -> float:
    """Read a finite number.

    Examples
    --------
    >>> parse_real("-2.5e3")
    -2500.0

    Raises
    ------
    ValueError
        Saying what was found and what was expected, for one line of a message.
    """
    value = float(text) if _REAL.fullmatch(text) else inf
    if not isfinite(value):
        raise ValueError(f"{shorten(text)} is not a finite number")
    return value


def plain(text: str) -> bool:
    """Return whether Python reads a number in a text as `parse_real` does, but for its being finite."""
    return "_" not in text and text.isascii()


def is_whole(text: str) -> bool:
    """Return whether a text is decimal digits alone."""
    return text.isascii() and text.isdigit()


UNKNOWN_WORDS = frozenset({"", ".", "na", "n/a", "nan", "null"})
"""Words for an unknown value in tables of seqnet, pandas, polars, R and spreadsheets, in lower case."""
_TRUTH = {"true": 1.0, "false": 0.0}


def is_unknown(text: str) -> bool:
    """Return whether a cell of a table means an unknown value."""
    return text.strip().lower() in UNKNOWN_WORDS


def parse_label(text: str) -> float:
    """Read a target of a table: a finite number, ``True`` or ``False`` as 1 or 0, NaN where it is unknown.

    Examples
    --------
    >>> parse_label("0.5"), parse_label("TRUE"), parse_label("NA")
    (0.5, 1.0, nan)

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if is_unknown(text):
        return nan
    truth = _TRUTH.get(text.strip().lower())
    return parse_real(text.strip()) if truth is None else truth


def parse_part(text: str) -> tuple[int, int]:
    """Read the number of a part, from 1 on, and the number of parts.

    Examples
    --------
    >>> parse_part("2/8")
    (2, 8)

    Raises
    ------
    ValueError
        As of `parse_whole`.
    """
    number, slash, count = text.partition("/")
    try:
        if not slash:
            raise ValueError(f"{shorten(text)} has no /")
        of = parse_whole(count, 1, LARGEST)
        return parse_whole(number, 1, of), of
    except ValueError as error:
        raise ValueError(f"{error} (expected K/N, part K of N, such as 2/8)") from None
