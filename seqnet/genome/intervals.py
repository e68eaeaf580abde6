"""Interval arithmetic on columns: 0-based half-open intervals on named contigs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqnet.aliases import Bools, Ints

STRANDS = {"+": 1, "-": -1, ".": 0}
"""Strand signs as files write them, and the numbers that stand for them."""
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
        position = {name: i for i, name in enumerate(contigs)}
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
    return Intervals(
        contigs,
        np.concatenate([part.contig_index_in(contigs) for part in parts]),
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


def count_overlaps(query: Intervals, target: Intervals) -> Ints:
    """Count, for each query interval, the target intervals that share at least one base with it.

    A target overlaps unless it starts at or after the query's end or ends at or before its start,
    so the count is a difference of two ranks. Strands do not matter. Returns int64 (n,).
    """
    counts = np.zeros(len(query), dtype=np.int64)
    target_contig = target.contig_index_in(query.contigs)
    for index in range(len(query.contigs)):
        rows = np.flatnonzero(query.contig == index)
        here = target_contig == index
        starts, ends = np.sort(target.start[here]), np.sort(target.end[here])
        begun = np.searchsorted(starts, query.end[rows], side="left")
        ended = np.searchsorted(ends, query.start[rows], side="right")
        counts[rows] = begun - ended
    return counts


def cluster_overlaps(intervals: Intervals) -> Ints:
    """Enumerate the groups of intervals connected by shared bases: int64 (n,), 0-based ids."""
    order = sort_order(intervals)
    contig, start, end = intervals.contig[order], intervals.start[order], intervals.end[order]
    new = np.ones(len(order), dtype=bool)
    for index in np.unique(contig):
        rows = np.flatnonzero(contig == index)
        reach = np.maximum.accumulate(end[rows])
        new[rows[1:]] = start[rows][1:] >= reach[:-1]
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
