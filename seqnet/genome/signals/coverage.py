"""How many spans cover each base: pile-ups of contigs, and the runs of equal depth in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Floats, Ints
from seqnet.genome.intervals import Intervals, batches, rows_by_number, sizes_of_kept

_GROUP_SLOTS = 1 << 17
"""Bases of contigs that are closed together; a longer contig is closed alone."""


class Runs(NamedTuple):
    """Stretches of equal value along whole contigs, each from its first base to its last."""

    contigs: Ints
    """Numbers of the contigs, ascending, int64 (k,)."""
    sizes: Ints
    """Runs of each contig, int64 (k,)."""
    start: Ints
    """0-based, int64 (n,): contig after contig."""
    end: Ints
    value: Floats


class Pileup:
    """The depth of spans along contigs, kept as its changes from base to base.

    Consecutive short contigs share one array and are closed together, so that a genome of many short
    contigs costs little more than one of a few long ones. A group takes four bytes a base from its first
    span until it is closed.

    Parameters
    ----------
    lengths
        Of the contigs, by their number.
    chosen
        Whether each contig is counted; all are by default. Spans lie on those alone.
    """

    def __init__(self, lengths: Sequence[int], chosen: Sequence[bool] | None = None) -> None:
        self._lengths = np.array(lengths, dtype=np.int64)
        self._chosen = self._lengths > 0
        if chosen is not None:
            self._chosen &= np.array(chosen, dtype=bool)
        slots = self._lengths + 1  # one for a change behind the last base
        self.groups = [range(first, last) for first, last in batches(slots, _GROUP_SLOTS)]
        """The numbers of the contigs of each group."""
        self._group = np.repeat(np.arange(len(self.groups)), [len(group) for group in self.groups])
        before = np.cumsum(slots) - slots
        firsts = np.array([group.start for group in self.groups], dtype=np.int64)
        self._slot = before - before[firsts[self._group]]  # of each contig in its group's array
        self._changes: dict[int, NDArray[np.int32]] = {}

    def add(self, intervals: Intervals) -> None:
        """Count intervals, which lie inside their contigs."""
        slots = self._slot[intervals.contig]
        starts, ends = slots + intervals.start, slots + intervals.end
        for number, rows in rows_by_number(self._group[intervals.contig]):
            changes = self._changes.get(number)
            if changes is None:
                group = self.groups[number]
                size = int(self._slot[group[-1]] + self._lengths[group[-1]]) + 1
                changes = self._changes[number] = np.zeros(size, np.int32)
            np.add.at(changes, starts[rows], 1)
            np.subtract.at(changes, ends[rows], 1)

    def close(self, number: int, width: int = 1, *, means: bool = True) -> Runs:
        """Return the depth along the contigs of a group and forget it; contigs without a base are left out.

        Parameters
        ----------
        number
            Of the group.
        width
            Bases of a bin; the last of a contig may be shorter.
        means
            Whether the value of a bin is the mean of its bases, or their sum.
        """
        changes = self._changes.pop(number, None)
        group = self.groups[number]
        contigs = np.arange(group.start, group.stop)
        contigs = contigs[self._chosen[contigs]]
        lengths, slots = self._lengths[contigs], self._slot[contigs]
        if changes is None:
            return Runs(
                contigs, np.ones_like(contigs), np.zeros_like(contigs), lengths, np.zeros(len(contigs))
            )
        if width == 1:
            return Runs(contigs, *_stretches(changes, slots, lengths))
        return Runs(contigs, *_binned(np.cumsum(changes, dtype=np.int64), slots, lengths, width, means=means))


def _stretches(changes: NDArray[np.int32], slots: Ints, lengths: Ints) -> tuple[Ints, Ints, Ints, Floats]:
    """Return sizes, starts, ends and depths of runs, given changes of the depth and each contig's slot."""
    edges = np.stack([slots, slots + lengths], axis=1).reshape(-1)  # first base, and behind the last one
    missing = edges[changes[edges] == 0]
    places = np.flatnonzero(changes)
    places = np.insert(places, np.searchsorted(places, missing), missing)
    ranks = np.searchsorted(places, edges).reshape(-1, 2)
    sizes = ranks[:, 1] - ranks[:, 0]
    is_run = np.ones(len(places), dtype=bool)
    is_run[ranks[:, 1]] = False
    depths = np.cumsum(changes[places], dtype=np.int64)[is_run].astype(np.float64)
    starts, ends = places[is_run], places[1:][is_run[:-1]]
    if len(slots) == 1 and not slots[0]:
        return sizes, starts, ends, depths
    shift = np.repeat(slots, sizes)
    return sizes, starts - shift, ends - shift, depths


def _binned(
    depth: Ints, slots: Ints, lengths: Ints, width: int, *, means: bool
) -> tuple[Ints, Ints, Ints, Floats]:
    """Return sizes, starts, ends and values of runs of equal bins.

    The last bin of a contig takes in the slot behind it, whose depth is 0.
    """
    bins = -(-lengths // width)
    firsts = np.cumsum(bins) - bins
    edges = width * (np.arange(int(bins.sum())) - np.repeat(firsts, bins))
    values = np.add.reduceat(depth, edges + np.repeat(slots, bins)).astype(np.float64)
    if means:
        values /= np.minimum(edges + width, np.repeat(lengths, bins)) - edges
    begins = np.append(True, values[1:] != values[:-1])
    begins[firsts] = True
    sizes = sizes_of_kept(bins, begins)
    starts = edges[begins]
    ends = np.append(starts[1:], 0)
    ends[np.cumsum(sizes) - 1] = lengths
    return sizes, starts, ends, values[begins]


def total(runs: Runs) -> float:
    """Return the sum of the values of all bases."""
    return float(((runs.end - runs.start) * runs.value).sum())


def without_zeros(runs: Runs) -> Runs:
    """Leave out the runs of zero."""
    return _kept(runs, runs.value != 0)


def _kept(runs: Runs, kept: Bools) -> Runs:
    """Leave out runs."""
    sizes = sizes_of_kept(runs.sizes, kept)
    return Runs(runs.contigs, sizes, runs.start[kept], runs.end[kept], runs.value[kept])
