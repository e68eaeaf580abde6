"""Reads and fragments as BED: three columns and more, or BEDPE."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

from seqnet.errors import FormatError, shorten
from seqnet.formats.files.numbers import parse_coordinate
from seqnet.formats.files.opening import numbered_lines
from seqnet.genome.intervals import STRANDS, Intervals, make_intervals

BATCH = 1 << 16
"""Rows of a batch."""
_PAIR_COLUMNS = 6


class FragmentRows(NamedTuple):
    """A batch of rows."""

    intervals: Intervals
    lines: list[int]
    """The line of each."""
    unplaced: int
    """Rows among them that were left out: empty ones, pairs on two contigs, unmapped mates."""


class UnplacedError(FormatError):
    """A row that is whole but covers no stretch of a contig."""


class Fragment(NamedTuple):
    """One row."""

    contig: str
    start: int
    end: int
    strand: int


def read_fragments(
    stream: io.BufferedReader, path: str, *, skip_unplaced: bool = False
) -> Iterator[FragmentRows]:
    """Read rows in batches.

    BEDPE (contig, start and end of both mates, then name, score and two strands) gives the outer span
    of the pair on the strand of the first mate; any other row its own.

    Parameters
    ----------
    skip_unplaced
        Whether rows without a stretch (empty ones, pairs on two contigs or with an unmapped mate) are left
        out and counted, or an error.

    Raises
    ------
    FormatError
        With the line, at anything else.
    """
    rows: list[Fragment] = []
    lines: list[int] = []
    unplaced = 0
    for number, line in numbered_lines(stream, path):
        if not line or line.startswith(("#", "track", "browser")) or line.isspace():
            continue
        try:
            rows.append(_row(line.split("\t"), path, number))
            lines.append(number)
        except UnplacedError as error:
            if not skip_unplaced:
                message = f"{error.message} ('--on-bad skip' leaves out such rows)"
                raise FormatError(path, message, number) from error
            unplaced += 1
        if len(rows) == BATCH:
            yield FragmentRows(_intervals(rows), lines, unplaced)
            rows, lines, unplaced = [], [], 0
    if rows or unplaced:
        yield FragmentRows(_intervals(rows), lines, unplaced)


def _intervals(rows: list[Fragment]) -> Intervals:
    """Return rows by columns."""
    return make_intervals(*zip(*rows, strict=True)) if rows else make_intervals([], [], [], [])


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
    if "." in (fields[0], fields[3]):
        raise UnplacedError(path, "a pair with an unmapped mate", number)
    if fields[0] != fields[3]:
        raise UnplacedError(path, f"a pair on two contigs, {fields[0]} and {fields[3]}", number)
    first, second = _span(fields, path, number), _span(fields[3:], path, number)
    sign = fields[8] if len(fields) > 8 else "."
    if sign not in STRANDS:
        raise FormatError(path, f"strand is {shorten(sign)}; expected +, - or .", number)
    return Fragment(fields[0], min(first[0], second[0]), max(first[1], second[1]), STRANDS[sign])


def _span(fields: list[str], path: str, number: int) -> tuple[int, int]:
    """Read start and end."""
    start = parse_coordinate(fields[1], "start", path, number)
    end = parse_coordinate(fields[2], "end", path, number)
    if 0 <= start == end:
        raise UnplacedError(path, f"{fields[0]}:{start}-{end} is empty", number)
    if not 0 <= start < end:
        raise FormatError(path, f"{fields[0]}:{start}-{end} is no stretch of a contig", number)
    return start, end
