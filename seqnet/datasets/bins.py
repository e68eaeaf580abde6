"""Labelled tiles of the genome, as DeepSEA and FactorNet take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Bools, Floats, Ints
from seqnet.datasets.labels import NO_AMBIGUOUS, AmbiguousLabels, Labelled, region_names
from seqnet.genome.intervals import (
    Intervals,
    batches,
    common_axis,
    concatenate,
    count_overlaps,
    inside,
    union,
    with_contigs,
)
from seqnet.genome.regions import Regions, make_regions

_BATCH = 1 << 20
"""Tiles of whole contigs that are labelled at a time; a contig may have more."""


@dataclass(frozen=True)
class TileRule:
    """Which tiles are labelled, and how.

    Parameters
    ----------
    size, step
        Bases of a tile, and from one to the next.
    min_overlap
        Share of a tile that peaks of a task must cover to make it positive.
    width
        Bases of the window around each tile that becomes the row.
    everything
        Whether tiles without a positive task are kept.
    """

    size: int
    step: int
    min_overlap: float
    width: int
    everything: bool = False


def label_bins(
    peaks: Mapping[str, Regions],
    lengths: Mapping[str, int],
    tiling: TileRule,
    *,
    blacklist: Intervals | None = None,
    ambiguous: AmbiguousLabels = NO_AMBIGUOUS,
) -> Labelled:
    """Label tiles of every contig by the peaks of T tasks that cover them.

    A tile is 1 for a task whose peaks cover `min_overlap` of it, unknown for one whose peaks cover
    less (a flank), and 0 for the others. `Labelled.merged` counts tiles positive for several tasks,
    `Labelled.skipped` positive ones whose window passes a contig's end.

    Parameters
    ----------
    peaks
        Task name to its peaks, all of which lie inside the contigs.
    lengths
        Contig names and lengths; the rows come in their order.
    blacklist
        Tiles that touch it are left out.
    ambiguous
        What else makes targets unknown.
    """
    contigs, tasks = list(lengths), list(peaks)
    merged = [union(with_contigs(p.intervals, contigs)) for p in peaks.values()]
    parts, targets = [], []
    sizes = np.array(list(lengths.values()), dtype=np.int64)
    counts = np.maximum(0, (sizes - tiling.size) // tiling.step + 1)
    for begin, end in batches(counts, _BATCH):
        tiles = _tiles(contigs, begin, counts[begin:end], tiling)
        if blacklist is not None:
            tiles = tiles.take(count_overlaps(tiles, blacklist) == 0)
        labels = _labels(tiles, [_on_contigs(own, begin, end) for own in merged], tiling)
        keep = _chosen(labels, tiling)
        tiles, known = tiles.take(keep), labels[keep].astype(np.float64)
        known[known < 0] = np.nan
        ambiguous.apply(tiles, tasks, known, "both")
        parts.append(tiles)
        targets.append(known)
    return _rows(
        concatenate(parts), np.concatenate(targets), tasks, lengths, tiling, sum(map(len, peaks.values()))
    )


def _rows(
    tiles: Intervals,
    targets: Floats,
    tasks: Sequence[str],
    lengths: Mapping[str, int],
    tiling: TileRule,
    peaks: int,
) -> Labelled:
    """Return the tiles' windows as a table."""
    start = tiles.start - (tiling.width - tiling.size) // 2
    windows = Intervals(tiles.contigs, tiles.contig, start, start + tiling.width, tiles.strand)
    keep = inside(windows, lengths)
    windows, targets = windows.take(keep), targets[keep]
    regions = make_regions(windows, names=region_names(windows), tasks=tasks, targets=targets)
    several = int(((targets == 1).sum(axis=1) > 1).sum())
    return Labelled(regions, peaks, several, int((~keep).sum()))


def _tiles(contigs: Sequence[str], first: int, counts: Ints, tiling: TileRule) -> Intervals:
    """Return the tiles of consecutive contigs, `counts` of each from number `first` on, all whole."""
    n = int(counts.sum())
    contig = np.repeat(np.arange(first, first + len(counts), dtype=np.int32), counts)
    rank = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
    start = tiling.step * rank
    return Intervals(tuple(contigs), contig, start, start + tiling.size, np.zeros(n, np.int8))


def _on_contigs(peaks: Intervals, first: int, end: int) -> Intervals:
    """Return those of sorted intervals that lie on the contigs from number `first` to before `end`."""
    begin, stop = np.searchsorted(peaks.contig, [first, end]).tolist()
    return peaks.take(np.arange(begin, stop))


def _labels(tiles: Intervals, peaks: Sequence[Intervals], tiling: TileRule) -> np.ndarray:
    """Return int8 (tiles, T): 1, 0, or -1 for a flank."""
    labels = np.zeros((len(tiles), len(peaks)), dtype=np.int8)
    for column, own in enumerate(peaks):
        axis = common_axis(tiles.start, tiles.end, own.start, own.end)
        starts, ends = axis.of(own.contig, own.start), axis.of(own.contig, own.end)
        covered = _covered(starts, ends, axis.of(tiles.contig, tiles.end))
        covered -= _covered(starts, ends, axis.of(tiles.contig, tiles.start))
        labels[:, column] = np.where(covered >= tiling.min_overlap * tiling.size, 1, -1)
        labels[covered == 0, column] = 0
    return labels


def _covered(starts: Ints, ends: Ints, places: Ints) -> Ints:
    """Count the bases before each place that disjoint sorted intervals cover: int64 (n,)."""
    total = np.concatenate([[0], np.cumsum(ends - starts)])
    begun = np.searchsorted(starts, places, side="left")
    last_end = np.concatenate([[np.iinfo(np.int64).min // 2], ends])[begun]
    return np.asarray(total[begun] - np.maximum(0, last_end - places))


def _chosen(labels: np.ndarray, tiling: TileRule) -> Bools:
    """Tell which tiles become rows."""
    if tiling.everything:
        return np.ones(len(labels), dtype=bool)
    return np.asarray((labels == 1).any(axis=1))
