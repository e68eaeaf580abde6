"""How many spans cover each base: pile-ups of one contig, and the runs of equal depth in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.genome.intervals import Intervals


class Runs(NamedTuple):
    """Stretches of equal value along a contig from its first base to its last."""

    start: Ints
    end: Ints
    value: Floats


class Pileup:
    """The depth of spans along contigs, kept as its changes from base to base.

    A contig takes four bytes a base from its first span until it is closed.

    Parameters
    ----------
    lengths
        Of the contigs, by their number.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        self._lengths = lengths
        self._changes: dict[int, NDArray[np.int32]] = {}

    def add(self, intervals: Intervals) -> None:
        """Count intervals, which lie inside their contigs."""
        for contig in np.unique(intervals.contig).tolist():
            rows = intervals.contig == contig
            changes = self._changes.get(contig)
            if changes is None:
                changes = self._changes[contig] = np.zeros(self._lengths[contig] + 1, np.int32)
            np.add.at(changes, intervals.start[rows], 1)
            np.subtract.at(changes, intervals.end[rows], 1)

    def close(self, contig: int, width: int = 1, *, means: bool = True) -> Runs:
        """Return the depth along a contig and forget it.

        Parameters
        ----------
        width
            Bases of a bin; the last may be shorter.
        means
            Whether the value of a bin is the mean of its bases, or their sum.
        """
        changes = self._changes.pop(contig, None)
        length = self._lengths[contig]
        if changes is None:
            return Runs(np.zeros(1, np.int64), np.array([length]), np.zeros(1))
        if width == 1:
            edges = np.flatnonzero(changes[:length])
            starts = edges if len(edges) and edges[0] == 0 else np.concatenate([[0], edges])
            values = np.cumsum(changes[starts], dtype=np.int64).astype(np.float64)
            return Runs(starts, np.append(starts[1:], length), values)
        return _binned(np.cumsum(changes[:length], dtype=np.int64), width, means=means)


def _binned(depth: Ints, width: int, *, means: bool) -> Runs:
    """Return runs of equal bins."""
    edges = np.arange(0, len(depth), width)
    ends = np.append(edges[1:], len(depth))
    values = np.add.reduceat(depth, edges).astype(np.float64)
    if means:
        values /= ends - edges
    firsts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    starts = edges[firsts]
    return Runs(starts, np.append(starts[1:], len(depth)), values[firsts])


def total(runs: Runs) -> float:
    """Return the sum of the values of all bases."""
    return float(((runs.end - runs.start) * runs.value).sum())


def without_zeros(runs: Runs) -> Runs:
    """Leave out the runs of zero."""
    kept = runs.value != 0
    return Runs(runs.start[kept], runs.end[kept], runs.value[kept])
