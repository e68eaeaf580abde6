"""Labelled regions from the peaks of many tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from seqnet.aliases import Bools, Floats, Ints
from seqnet.datasets.merging import merge_centers
from seqnet.genome.intervals import (
    Axis,
    Intervals,
    around,
    batches,
    common_axis,
    concatenate,
    count_overlaps,
    inside,
    with_contigs,
)
from seqnet.genome.regions import Center, Regions, centers, make_regions

LARGEST_MERGE_DISTANCE = 400
_BATCH = 1 << 16
"""Peaks of whole contigs that are merged at a time; a contig may have more."""
Strands: TypeAlias = Literal["both", "column"]
"""Whether peaks on both strands are the same, or only those on one."""


@dataclass(frozen=True)
class Labelled:
    """Labelled regions, and what became of the peaks.

    Parameters
    ----------
    regions
        The table, in genome order.
    peaks
        How many peaks went in.
    merged
        How many rows hold more than one peak.
    skipped
        How many windows passed a contig's end and were left out.
    """

    regions: Regions
    peaks: int
    merged: int
    skipped: int


@dataclass(frozen=True)
class AmbiguousLabels:
    """What makes targets unknown, in addition to the peaks themselves.

    Parameters
    ----------
    relaxed
        Task name to intervals under which the task is unknown unless it is positive.
    absent
        Tasks that nothing is known of.
    """

    relaxed: Mapping[str, Intervals]
    absent: Collection[str] = ()

    def apply(self, regions: Intervals, tasks: Sequence[str], targets: Floats, strands: Strands) -> None:
        """Make targets (n, T) of `regions` unknown, in place."""
        for column, task in enumerate(tasks):
            if task in self.absent:
                targets[:, column] = np.nan
            elif task in self.relaxed:
                touched = overlapped(regions, self.relaxed[task], strands)
                targets[touched & (targets[:, column] == 0), column] = np.nan


NO_AMBIGUOUS = AmbiguousLabels({})


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
    strands: Strands = "both",
    ambiguous: AmbiguousLabels = NO_AMBIGUOUS,
) -> Labelled:
    """Turn peaks of T tasks into regions of one width with targets 1, 0 or unknown.

    A region is 1 for the tasks whose peaks were merged into it. It is unknown for a task with
    another peak over its central third, so that near-identical rows never contradict each other,
    and where labels are ambiguous. Everything else is 0.

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
    strands
        Under ``column`` peaks merge on each strand apart, and rows keep the strand; a peak of the
        other strand then says nothing about a row.
    ambiguous
        What else makes targets unknown.
    """
    distance = default_merge_distance(width) if merge_distance is None else merge_distance
    contigs = list(lengths)
    every = [with_contigs(p.intervals, contigs) for p in peaks.values()]
    middles = [centers(p, center) for p in peaks.values()]
    intervals, targets, counts = _merge_contigs(every, middles, contigs, distance, width, strands)
    keep = inside(intervals, lengths)
    intervals, targets = intervals.take(keep), targets[keep]
    middle = _central_third(intervals)
    for task, own in enumerate(every):
        targets[overlapped(middle, own, strands) & (targets[:, task] == 0), task] = np.nan
    ambiguous.apply(intervals, list(peaks), targets, strands)
    regions = make_regions(intervals, names=region_names(intervals), tasks=list(peaks), targets=targets)
    return Labelled(regions, sum(map(len, every)), int((counts[keep] > 1).sum()), int((~keep).sum()))


def region_names(intervals: Intervals) -> list[str]:
    """Return ``contig:start-end`` of each row, with the strand behind it where there is one."""
    signs = {1: "(+)", -1: "(-)", 0: ""}
    return [intervals.locus(row) + signs[strand] for row, strand in enumerate(intervals.strand.tolist())]


def overlapped(regions: Intervals, peaks: Intervals, strands: Strands) -> Bools:
    """Tell which regions share a base with a peak (on their strand, or one without): bool (n,)."""
    if strands == "both":
        return count_overlaps(regions, peaks) > 0
    touched = np.zeros(len(regions), dtype=bool)
    for strand in np.unique(regions.strand).tolist():
        rows = np.flatnonzero(regions.strand == strand)
        own = peaks if strand == 0 else peaks.take((peaks.strand == strand) | (peaks.strand == 0))
        touched[rows] = count_overlaps(regions.take(rows), own) > 0
    return touched


def _merge_contigs(
    peaks: Sequence[Intervals],
    middles: Sequence[Ints],
    contigs: Sequence[str],
    distance: int,
    width: int,
    strands: Strands,
) -> tuple[Intervals, Floats, Ints]:
    """Merge the peaks of all tasks; return windows, targets 0 or 1, and the peaks in each."""
    task = np.concatenate([np.full(len(p), i) for i, p in enumerate(peaks)])
    every = concatenate(peaks)
    strand = every.strand if strands == "column" else np.zeros(len(every), np.int8)
    center = np.concatenate(middles)
    keys, group = np.unique(every.contig.astype(np.int64) * 3 + strand + 1, return_inverse=True)
    axis = common_axis(center)
    distance = min(distance, axis.span)  # further apart than all centres is as good as endless
    apart = Axis(axis.low, axis.span + max(0, distance))  # so that no two groups can merge
    place = apart.of(group, center)
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(np.bincount(group, minlength=len(keys)))
    parts = [
        merge_centers(place[rows], task[rows], len(peaks), distance)
        for rows in np.split(order, [ends[last - 1] for _, last in batches(np.diff(ends, prepend=0), _BATCH)])
        if len(rows)
    ]
    merged = np.concatenate([part.centers for part in parts])
    own, middle = np.divmod(merged, apart.span)
    contig, sign = np.divmod(keys[own], 3)
    middle += apart.low
    points = Intervals(
        tuple(contigs), contig.astype(np.int32), middle, middle + 1, (sign - 1).astype(np.int8)
    )
    windows = around(points, middle, width)
    order = np.lexsort((windows.strand, windows.start, windows.contig))
    activity = np.concatenate([part.activity for part in parts])[order].astype(np.float64)
    return windows.take(order), activity, np.concatenate([part.counts for part in parts])[order]


def _central_third(intervals: Intervals) -> Intervals:
    """Return the middle of each interval."""
    third = (intervals.end - intervals.start) // 3
    return Intervals(
        intervals.contigs,
        intervals.contig,
        intervals.start + third,
        intervals.end - third,
        intervals.strand,
    )
