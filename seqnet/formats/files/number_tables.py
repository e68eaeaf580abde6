"""Tables of words and numbers that could be taken for a raw matrix but are something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from seqnet.formats.motifs.matrix_lines import SUM_ERROR, numbers

_WORD = re.compile(r"[ACGTU]+", re.IGNORECASE)
_UNEVEN = 20.0
"""Largest total of a matrix's positions over the smallest from which a likeness decides."""

_DIGITS = 40
"""Digits from which a number is taken as beyond all others."""
_FAR = 1000
"""A start from which even a few sorted rows are taken for intervals."""
_MANY = 12
"""Rows that are all intervals by chance in one matrix of 4,000."""


def _rows(lines: Sequence[str]) -> list[list[str]]:
    """Return the words of each line that is no comment."""
    return [line.split() for line in lines if line.strip() and not line.startswith(("#", "track", "browser"))]


def is_background(lines: Sequence[str]) -> bool:
    """Return whether lines are a background: frequencies of the bases that sum to 1, longer words or not."""
    singles: dict[str, float] = {}
    for words in _rows(lines):
        values = numbers(words[1]) if len(words) == 2 else None
        if values is None or not _WORD.fullmatch(words[0]) or not 0 <= values[0] <= 1:
            return False
        if len(words[0]) == 1:
            singles[words[0].upper().replace("U", "T")] = values[0]
    return set(singles) == {*"ACGT"} and abs(sum(singles.values()) - 1) <= SUM_ERROR


def is_contig_sizes(lines: Sequence[str]) -> bool:
    """Return whether lines are names and lengths, or a FASTA index; of numbers alone only if uneven.

    No contig is without a base, whereas a matrix of counts is full of zeros.
    """
    rows = _rows(lines)
    widths = {len(words) for words in rows}
    if not rows or widths not in ({2}, {5}) or not all(_is_count(word) for row in rows for word in row[1:]):
        return False
    if widths == {5} and not all(_whole(words[4]) - _whole(words[3]) in (1, 2) for words in rows):
        return False
    named_once = len({words[0] for words in rows}) == len(rows)
    return named_once and all(_whole(words[1]) for words in rows) and _no_matrix(rows)


def is_regions(lines: Sequence[str]) -> bool:
    """Return whether lines are intervals; of numbers alone only if they are sorted, many, or uneven."""
    rows = _rows(lines)
    if not rows or any(len(row) < 3 or not (_is_count(row[1]) and _is_count(row[2])) for row in rows):
        return False
    if any(_whole(row[1]) >= _whole(row[2]) for row in rows):
        return False
    places = [(row[0], _whole(row[1])) for row in rows]
    many = len(rows) > 4 or _whole(rows[0][1]) >= _FAR
    by_position = many and {len(row) for row in rows} == {4}
    return (by_position and (len(rows) >= _MANY or _ascends(places))) or _no_matrix(rows)


def _is_count(text: str) -> bool:
    """Return whether a text is plain digits."""
    return text.isascii() and text.isdigit()


def _whole(text: str) -> int:
    """Return digits as a number; very long ones, which Python refuses to read, as one beyond all others."""
    return int(text) if len(text) < _DIGITS else 10**_DIGITS


def _ascends(places: Sequence[tuple[str, int]]) -> bool:
    """Return whether starts ascend on each contig, whose rows lie together."""
    contigs = [contig for contig, _ in places]
    together = 1 + sum(one != other for one, other in pairwise(contigs))
    return together == len(set(contigs)) and all(
        one[0] != other[0] or one[1] <= other[1] for one, other in pairwise(places)
    )


def _no_matrix(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether rows are not numbers alone, not four a side, or differ in total as no matrix's do."""
    values = [numbers(" ".join(row)) for row in rows]
    table = [row for row in values if row is not None]
    if len(table) < len(rows):
        return True
    widths = {len(row) for row in table}
    if len(table) != 4 and widths != {4}:
        return True
    by_base = len(table) == 4 and len(widths) == 1
    totals = list(map(sum, zip(*table, strict=True))) if by_base else list(map(sum, table))
    return max(totals) > _UNEVEN * min(totals)
