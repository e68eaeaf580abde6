"""Reads and fragments as BED: three columns and more, or BEDPE."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

from seqnet.errors import FormatError
from seqnet.formats._open import numbered_lines
from seqnet.genome.intervals import STRANDS, Intervals, make_intervals

BATCH = 1 << 16
"""Rows of a batch."""
_PAIR_COLUMNS = 6
_LONGEST = 1 << 31


class Fragment(NamedTuple):
    """One row."""

    contig: str
    start: int
    end: int
    strand: int


def read_fragments(stream: io.BufferedReader, path: str) -> Iterator[tuple[Intervals, list[int]]]:
    """Read rows in batches: intervals, and the line of each.

    BEDPE (contig, start and end of both mates, then name, score and two strands) gives the outer span
    of the pair on the strand of the first mate; any other row its own.

    Raises
    ------
    FormatError
        With the line, at anything else; at a pair on two contigs.
    """
    rows: list[Fragment] = []
    lines: list[int] = []
    for number, line in numbered_lines(stream, path):
        if not line or line.startswith(("#", "track", "browser")) or line.isspace():
            continue
        rows.append(_row(line.split("\t"), path, number))
        lines.append(number)
        if len(rows) == BATCH:
            yield _intervals(rows), lines
            rows, lines = [], []
    if rows:
        yield _intervals(rows), lines


def _intervals(rows: list[Fragment]) -> Intervals:
    """Return rows by columns."""
    return make_intervals(*zip(*rows, strict=True))


def _row(fields: list[str], path: str, number: int) -> Fragment:
    """Read one row."""
    if len(fields) < 3:
        raise FormatError(path, f"expected at least 3 columns, found {len(fields)}", number)
    if len(fields) >= _PAIR_COLUMNS and fields[5] not in STRANDS:
        return _pair(fields, path, number)
    start, end = _span(fields, path, number)
    return Fragment(fields[0], start, end, STRANDS[fields[5]] if len(fields) >= _PAIR_COLUMNS else 0)


def _pair(fields: list[str], path: str, number: int) -> Fragment:
    """Read a row of BEDPE."""
    if fields[0] != fields[3]:
        raise FormatError(path, f"a pair on two contigs, {fields[0]} and {fields[3]}", number)
    first, second = _span(fields, path, number), _span(fields[3:], path, number)
    sign = fields[8] if len(fields) > 8 else "."
    if sign not in STRANDS:
        raise FormatError(path, f"strand is {sign!r}; expected +, - or .", number)
    return Fragment(fields[0], min(first[0], second[0]), max(first[1], second[1]), STRANDS[sign])


def _span(fields: list[str], path: str, number: int) -> tuple[int, int]:
    """Read start and end."""
    try:
        start, end = int(fields[1]), int(fields[2])
    except ValueError:
        message = f"start and end are {fields[1]!r} and {fields[2]!r}; expected whole numbers"
        raise FormatError(path, message, number) from None
    if not 0 <= start < end < _LONGEST:
        raise FormatError(path, f"{fields[0]}:{start}-{end} is no stretch of a contig", number)
    return start, end
