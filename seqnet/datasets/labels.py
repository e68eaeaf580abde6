"""Labelled regions from peak files, one task each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Floats, Ints
from seqnet.datasets.merging import merge_centers
from seqnet.genome.intervals import (
    Intervals,
    around,
    concatenate,
    count_overlaps,
    inside,
    with_contigs,
)
from seqnet.genome.regions import Center, Regions, centers, make_regions

LARGEST_MERGE_DISTANCE = 400


@dataclass(frozen=True)
class Labelled:
    """Labelled regions, and what became of the peaks.

    Parameters
    ----------
    regions
        The table, in genome order.
    peaks
        How many peaks went in.
    skipped
        How many merged windows passed a contig's end and were left out.
    """

    regions: Regions
    peaks: int
    skipped: int


def default_merge_distance(width: int) -> int:
    """Return min(400, width / 3), whole bases."""
    return min(LARGEST_MERGE_DISTANCE, width // 3)


def label_peaks(
    peaks: Mapping[str, Regions],
    lengths: Mapping[str, int],
    width: int,
    *,
    center: Center = "auto",
    merge_distance: int | None = None,
) -> Labelled:
    """Turn peaks of T tasks into regions of one width with targets 1, 0 or unknown.

    A region is 1 for the tasks whose peaks were merged into it. It is unknown for a task with
    another peak over its central third, so that near-identical rows never contradict each other.
    Everything else is 0.

    Parameters
    ----------
    peaks
        Task name to its peaks, all of which lie inside the contigs.
    lengths
        Contig names and lengths; the rows come in their order.
    width
        Bases per region.
    center
        What a peak's centre is.
    merge_distance
        Centres this close are merged; `default_merge_distance` when None.
    """
    distance = default_merge_distance(width) if merge_distance is None else merge_distance
    contigs = list(lengths)
    every = [with_contigs(p.intervals, contigs) for p in peaks.values()]
    middles = [centers(p, center) for p in peaks.values()]
    intervals, targets = _merge_contigs(every, middles, contigs, distance, width)
    keep = inside(intervals, lengths)
    intervals, targets = intervals.take(keep), targets[keep]
    _mark_unknown(intervals, targets, every)
    regions = make_regions(intervals, tasks=list(peaks), targets=targets)
    return Labelled(regions, sum(map(len, every)), int((~keep).sum()))


def _merge_contigs(
    peaks: Sequence[Intervals],
    middles: Sequence[Ints],
    contigs: Sequence[str],
    distance: int,
    width: int,
) -> tuple[Intervals, Floats]:
    """Merge the peaks of all tasks contig by contig; return windows and targets 0 or 1."""
    task = np.concatenate([np.full(len(p), i) for i, p in enumerate(peaks)])
    contig = np.concatenate([p.contig for p in peaks])
    center = np.concatenate(middles)
    parts, targets = [], []
    for index in range(len(contigs)):
        here = contig == index
        merged = merge_centers(center[here], task[here], len(peaks), distance)
        n = len(merged.centers)
        points = Intervals(
            tuple(contigs),
            np.full(n, index, np.int32),
            merged.centers,
            merged.centers + 1,
            np.zeros(n, np.int8),
        )
        parts.append(around(points, merged.centers, width))
        targets.append(merged.activity.astype(np.float64))
    return concatenate(parts), np.concatenate(targets)


def _mark_unknown(intervals: Intervals, targets: Floats, peaks: Sequence[Intervals]) -> None:
    """Make targets of 0 unknown where a peak of the task lies over the central third."""
    third = (intervals.end - intervals.start) // 3
    middle = Intervals(
        intervals.contigs,
        intervals.contig,
        intervals.start + third,
        intervals.end - third,
        intervals.strand,
    )
    for task, own in enumerate(peaks):
        touched = count_overlaps(middle, own) > 0
        targets[touched & (targets[:, task] == 0), task] = np.nan
