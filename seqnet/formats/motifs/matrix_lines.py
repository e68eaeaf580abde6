"""Lines of motif matrices as numbers, and the layout of matrices under headers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

SNIFFED_LINES = 200
"""How many lines that are not blank a format is recognised by."""
SUM_ERROR, SUM_WARNING, SUM_EXACT = 0.1, 0.01, 1e-9
"""How far a row of probabilities may be from 1: refused, said, left alone."""


def numbers(text: str) -> list[float] | None:
    """Return the numbers of a line, None for any other line."""
    if "_" in text or not text.isascii():
        return None  # float() would read 1_000 and the digits of other scripts
    try:
        return [float(word) for word in text.split()] or None
    except ValueError:
        return None


# ---- which way headed matrices lie -----------------------------------------------------------

_LETTER = re.compile(r"([ACGTURYSWKMBDHVN])(?=[\s\[|])\s*([\[|]?)", re.IGNORECASE)
Layout: TypeAlias = Literal["base", "position", "either", "neither"]


class Row(NamedTuple):
    """A row of a matrix."""

    letter: str
    """The letter before the numbers, upper case; empty where there is none."""
    marked: bool
    """Whether there is a bracket or bar before the numbers."""
    values: list[float] | None
    """None where what follows is not numbers alone."""


def headed_row(line: str) -> Row:
    """Read numbers that a letter, a bracket or a bar may precede."""
    text = line.strip()
    match = _LETTER.match(text)
    rest = text[match.end() :] if match else text.removeprefix("[")
    letter = match[1].upper().replace("U", "T") if match else ""
    marked = bool(match[2]) if match else text.startswith("[")
    return Row(letter, marked, numbers(rest.removesuffix("]")))


def layout(start: Sequence[str]) -> Layout:
    """Return whether matrices under ``>`` headers have a row per base or per position.

    The first whole matrix that is not four rows of four decides, so that a broken one does not; else the
    first record with rows of one kind; ``either`` if there is none.
    """
    lines = [line for line in start if not line.startswith("#")]
    if len(lines) < 2 or not lines[0].startswith(">"):
        return "neither"
    heads = [place for place, line in enumerate(lines) if line.startswith(">")]
    layouts: list[Layout] = []
    for head, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        rows = [headed_row(line) for line in lines[head + 1 : end]]
        if whole := _whole_layout(rows):
            return whole
        cut = end == len(lines) and len(start) >= SNIFFED_LINES
        if rows:
            layouts.append(_record_layout(rows, cut=cut))
    order: tuple[Layout, ...] = ("position", "either", "base")  # "base" is what odd rows pass for, too
    return next((one for one in order if one in layouts), "neither")


def _whole_layout(rows: Sequence[Row]) -> Literal["base", "position"] | None:
    """Return how a matrix without any fault lies, None for all else."""
    widths = {len(row.values or ()) for row in rows}
    letters = [row.letter for row in rows]
    if len(widths) != 1 or widths == {0}:
        return None
    sided = widths != {4} or letters[0] or rows[0].marked
    if sided and len(rows) == 4 and letters in ([*"ACGT"], [""] * 4):
        return "base"
    return "position" if widths == {4} and len(rows) > 4 and not any(row.marked for row in rows) else None


def _record_layout(rows: Sequence[Row], *, cut: bool) -> Layout:
    """Tell the layout of one record, `cut` where more rows may follow."""
    first = rows[0]
    if first.marked:
        return "base"
    if first.values is None:
        return "neither"
    by_base = len(rows) == 4 and [row.letter for row in rows] == [*"ACGT"]
    if by_base or len(first.values) != 4:
        return "base"
    return "position" if len(rows) > 4 or (len(rows) < 4 and not cut) or first.letter else "either"
