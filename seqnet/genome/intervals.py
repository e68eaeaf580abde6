"""Interval arithmetic on columns: 0-based half-open intervals on named contigs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqnet.aliases import Bools, Integers, Ints

STRANDS = {"+": 1, "-": -1, ".": 0}
"""Strand signs as files write them, and the numbers that encode them."""
STRAND_SIGNS = {number: sign for sign, number in STRANDS.items()}


@dataclass(frozen=True)
class Intervals:
    """n intervals as columns.

    Parameters
    ----------
    contigs
        Distinct contig names, in order of first appearance.
    contig
        int32 (n,): index into `contigs`.
    start, end
        int64 (n,): 0-based half-open bounds in bases.
    strand
        int8 (n,): 1, -1, or 0 where there is none.
    """

    contigs: tuple[str, ...]
    contig: NDArray[np.int32]
    start: Ints
    end: Ints
    strand: NDArray[np.int8]

    def __len__(self) -> int:
        """Return the number of intervals."""
        return len(self.contig)

    def take(self, index: Ints | Bools) -> Intervals:
        """Select rows by position or by mask."""
        return Intervals(
            self.contigs, self.contig[index], self.start[index], self.end[index], self.strand[index]
        )

    def contig_names(self) -> NDArray[np.object_]:
        """Return the contig name of every row, object (n,)."""
        return np.array(self.contigs, dtype=object)[self.contig]

    def locus(self, row: int) -> str:
        """Return one row as ``contig:start-end``, 0-based half-open."""
        return f"{self.contigs[self.contig[row]]}:{self.start[row]}-{self.end[row]}"

    def contig_index_in(self, contigs: Sequence[str]) -> NDArray[np.int32]:
        """Return each row's index into another list of contig names, -1 where it is not there."""
        if tuple(contigs) == self.contigs:
            return self.contig
        return self._renumbered({name: i for i, name in enumerate(contigs)})

    def _renumbered(self, position: Mapping[str, int]) -> NDArray[np.int32]:
        """Return each row's number by the name of its contig, -1 where it is not there."""
        table = np.array([position.get(name, -1) for name in self.contigs], dtype=np.int32)
        return table[self.contig] if len(table) else np.empty(0, np.int32)


def make_intervals(
    contig_names: Sequence[str],
    start: ArrayLike,
    end: ArrayLike,
    strand: ArrayLike | None = None,
) -> Intervals:
    """Build intervals from one contig name a row; `strand` defaults to none."""
    index: dict[str, int] = {}
    contig = [index.setdefault(name, len(index)) for name in contig_names]
    strands = np.zeros(len(contig), np.int8) if strand is None else np.asarray(strand, np.int8)
    return Intervals(
        tuple(index),
        np.array(contig, dtype=np.int32),
        np.asarray(start, dtype=np.int64).reshape(-1),
        np.asarray(end, dtype=np.int64).reshape(-1),
        strands.reshape(-1),
    )


def concatenate(parts: Sequence[Intervals]) -> Intervals:
    """Put intervals one after another, contigs in order of first appearance."""
    contigs = tuple(dict.fromkeys(name for part in parts for name in part.contigs))
    if not parts:
        return make_intervals([], [], [])
    position = {name: i for i, name in enumerate(contigs)}  # once, as there may be a part a contig
    return Intervals(
        contigs,
        np.concatenate([part._renumbered(position) for part in parts]),
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate([part.strand for part in parts]),
    )


def with_contigs(intervals: Intervals, contigs: Sequence[str]) -> Intervals:
    """Renumber the contigs as `contigs` does, which must hold every contig that is used."""
    return Intervals(
        tuple(contigs),
        intervals.contig_index_in(contigs),
        intervals.start,
        intervals.end,
        intervals.strand,
    )


def sort_order(intervals: Intervals) -> Ints:
    """Return the stable order by contig index, start and end."""
    return np.lexsort((intervals.end, intervals.start, intervals.contig))


def rows_by_contig(intervals: Intervals) -> Iterator[tuple[int, Ints]]:
    """Yield the index and the rows, ascending, of each contig that has rows.

    One sort finds them all: a search for every contig takes contigs × rows.
    """
    yield from rows_by_number(intervals.contig)


def rows_by_number(numbers: NDArray[np.int32] | Ints) -> Iterator[tuple[int, Ints]]:
    """Yield each number that occurs in a column, ascending, with its rows, ascending."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    firsts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(order) else order
    edges = [*firsts.tolist(), len(order)]
    for index, (begin, end) in zip(ordered[firsts].tolist(), pairwise(edges), strict=True):
        yield index, order[begin:end]


def on_each_contig(intervals: Intervals) -> dict[str, Intervals]:
    """Return the intervals of each contig that has some, as intervals on that contig alone."""
    by_contig = {}
    for index, rows in rows_by_contig(intervals):
        name, zeros = intervals.contigs[index], np.zeros(len(rows), np.int32)
        start, end, strand = intervals.start[rows], intervals.end[rows], intervals.strand[rows]
        by_contig[name] = Intervals((name,), zeros, start, end, strand)
    return by_contig


def sizes_of_kept(sizes: Ints, kept: Bools) -> Ints:
    """Return how many rows of each group are kept: int64, for rows that lie group after group.

    Parameters
    ----------
    sizes
        Rows of each group, int (groups,).
    kept
        Whether each row is kept, bool (rows,).
    """
    before = np.append(0, np.cumsum(kept))
    edges: Ints = before[np.append(0, np.cumsum(sizes))]
    return np.asarray(edges[1:] - edges[:-1], dtype=np.int64)


def batches(sizes: Ints, most: int) -> Iterator[tuple[int, int]]:
    """Part items into consecutive batches whose sizes add up to `most` or less, one item at least.

    Examples
    --------
    >>> list(batches(np.array([3, 4, 9, 1, 1]), 8))
    [(0, 2), (2, 3), (3, 5)]
    """
    ends = np.cumsum(sizes)
    begin, done = 0, 0
    while begin < len(ends):
        end = max(begin + 1, int(np.searchsorted(ends, done + most, side="right")))
        yield begin, end
        begin, done = end, int(ends[end - 1])


def in_stretches(lengths: Mapping[str, int], size: int) -> Intervals:
    """Cut whole contigs into stretches of `size` bases, side by side; a contig's last one may be shorter.

    Examples
    --------
    >>> cut = in_stretches({"a": 5, "b": 2}, 3)
    >>> cut.start.tolist(), cut.end.tolist()
    ([0, 3, 0], [3, 5, 2])
    """
    whole = np.array(list(lengths.values()), dtype=np.int64)
    counts = -(-whole // size)
    contig = np.repeat(np.arange(len(whole), dtype=np.int32), counts)
    start = size * (np.arange(len(contig)) - np.repeat(np.cumsum(counts) - counts, counts))
    end = np.minimum(start + size, whole[contig])
    return Intervals(tuple(lengths), contig, start, end, np.zeros(len(contig), np.int8))


class Axis(NamedTuple):
    """One line of numbers on which the places of all contigs lie, one contig behind the other.

    Comparing such numbers compares contigs first, then places, so that one search serves all contigs.
    """

    low: int
    """The smallest place."""
    span: int
    """From a place on one contig to the same place on the next."""

    def of(self, contig: Integers, place: Ints) -> Ints:
        """Return the number of places on the contigs of those indices: int64 (n,)."""
        return np.asarray(contig.astype(np.int64) * self.span + (place - self.low))


def common_axis(*places: Ints) -> Axis:
    """Return the axis that holds all these places."""
    filled = [part for part in places if len(part)]
    low = min((int(part.min()) for part in filled), default=0)
    high = max((int(part.max()) for part in filled), default=0)
    return Axis(low, high - low + 1)


def count_overlaps(query: Intervals, target: Intervals) -> Ints:
    """Count, for each query interval, the target intervals that share at least one base with it.

    A target overlaps unless it starts at or after the query's end or ends at or before its start,
    so the count is a difference of two ranks. Strands do not matter. Returns int64 (n,).
    """
    contig = target.contig_index_in(query.contigs)
    known = contig >= 0
    contig, start, end = contig[known], target.start[known], target.end[known]
    axis = common_axis(query.start, query.end, start, end)
    starts, ends = np.sort(axis.of(contig, start)), np.sort(axis.of(contig, end))
    begun = np.searchsorted(starts, axis.of(query.contig, query.end), side="left")
    ended = np.searchsorted(ends, axis.of(query.contig, query.start), side="right")
    return np.asarray(begun - ended, dtype=np.int64)


def cluster_overlaps(intervals: Intervals) -> Ints:
    """Enumerate the groups of intervals connected by shared bases: int64 (n,), 0-based ids."""
    order = sort_order(intervals)
    contig = intervals.contig[order]
    axis = common_axis(intervals.start, intervals.end)
    start, end = axis.of(contig, intervals.start[order]), axis.of(contig, intervals.end[order])
    new = np.ones(len(order), dtype=bool)
    new[1:] = start[1:] >= np.maximum.accumulate(end)[:-1]
    groups = np.empty(len(order), dtype=np.int64)
    groups[order] = np.cumsum(new) - 1
    return groups


def union(intervals: Intervals) -> Intervals:
    """Merge overlapping intervals; the result is sorted by contig index and start, without strand."""
    groups = cluster_overlaps(intervals)
    count = int(groups.max()) + 1 if len(groups) else 0
    start = np.full(count, np.iinfo(np.int64).max)
    end = np.zeros(count, dtype=np.int64)
    contig = np.zeros(count, dtype=np.int32)
    np.minimum.at(start, groups, intervals.start)
    np.maximum.at(end, groups, intervals.end)
    contig[groups] = intervals.contig
    return Intervals(intervals.contigs, contig, start, end, np.zeros(count, np.int8))


def around(intervals: Intervals, centers: Ints, width: int) -> Intervals:
    """Return the windows of `width` bases whose base number ``width // 2`` is the centre."""
    start = centers - width // 2
    return Intervals(intervals.contigs, intervals.contig, start, start + width, intervals.strand)


def inside(intervals: Intervals, lengths: Mapping[str, int]) -> Bools:
    """Tell which intervals lie whole on a known contig: bool (n,)."""
    limits = np.array([lengths.get(name, -1) for name in intervals.contigs], dtype=np.int64)
    limit = limits[intervals.contig] if len(limits) else np.empty(0, np.int64)
    return (intervals.start >= 0) & (intervals.end <= limit)
