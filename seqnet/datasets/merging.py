"""Merging the peaks of many tasks into regions of one width (after Basset's preprocessing)."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Bools, Ints


@dataclass(frozen=True)
class MergedPeaks:
    """Merged peaks of one contig, by centre.

    Parameters
    ----------
    centers
        int64 (m,), ascending.
    activity
        bool (m, T): which tasks have a peak in each.
    counts
        int64 (m,): how many peaks each was made of.
    """

    centers: Ints
    activity: Bools
    counts: Ints


def merge_centers(centers: Ints, tasks: Ints, count: int, distance: int) -> MergedPeaks:
    """Merge the peaks of one contig until no two centres lie within `distance` of each other.

    The closest adjacent pair goes first, the leftmost of equals. A merged centre is the mean of
    both, weighted by 1 + the number of tasks active in each and rounded to the nearest base
    (halves up); its activity is their union.

    Parameters
    ----------
    centers
        int64 (n,): centre base of each peak.
    tasks
        int64 (n,): its task, 0..count-1.
    count
        Number of tasks T.
    distance
        Largest distance in bases at which centres are merged; negative merges nothing.
    """
    order = np.lexsort((tasks, centers))
    chain = _Chain(centers[order].tolist(), tasks[order].tolist())
    chain.merge(distance)
    alive = [i for i, active in enumerate(chain.active) if active]
    activity = np.zeros((len(alive), count), dtype=bool)
    for row, i in enumerate(alive):
        activity[row, list(chain.active[i])] = True
    middles, counts = ([column[i] for i in alive] for column in (chain.center, chain.count))
    return MergedPeaks(np.array(middles, dtype=np.int64), activity, np.array(counts, dtype=np.int64))


class _Chain:
    """Peaks in order of position, linked to their neighbours, with a heap of adjacent pairs."""

    def __init__(self, centers: list[int], tasks: list[int]) -> None:
        n = len(centers)
        self.center = centers
        self.count = [1] * n
        self.active: list[set[int]] = [{task} for task in tasks]  # empty once merged away
        self._before = list(range(-1, n - 1))
        self._after = [*range(1, n), -1] if n else []
        self._heap: list[tuple[int, int, int, int]] = []

    def merge(self, distance: int) -> None:
        """Merge pairs, closest first, until all are further apart."""
        for left, right in enumerate(self._after):
            self._push(left, right, distance)
        while self._heap:
            gap, start, left, right = heapq.heappop(self._heap)
            if self._current(gap, start, left, right):
                self._join(left, right)
                self._push(self._before[left], left, distance)
                self._push(left, self._after[left], distance)

    def _push(self, left: int, right: int, distance: int) -> None:
        """Note a pair of neighbours that lie close enough."""
        if left >= 0 and right >= 0:
            gap = self.center[right] - self.center[left]
            if gap <= distance:
                heapq.heappush(self._heap, (gap, self.center[left], left, right))

    def _current(self, gap: int, start: int, left: int, right: int) -> bool:
        """Return whether a noted pair is unchanged since it was noted."""
        return (
            bool(self.active[left] and self.active[right])
            and self._after[left] == right
            and self.center[left] == start
            and self.center[right] - start == gap
        )

    def _join(self, left: int, right: int) -> None:
        """Merge `right` into `left`."""
        weights = 1 + len(self.active[left]), 1 + len(self.active[right])
        total = sum(weights)
        moved = weights[0] * self.center[left] + weights[1] * self.center[right]
        self.center[left] = (2 * moved + total) // (2 * total)
        self.active[left] |= self.active[right]
        self.active[right] = set()
        self.count[left] += self.count[right]
        self._after[left] = self._after[right]
        if self._after[right] >= 0:
            self._before[self._after[right]] = left
