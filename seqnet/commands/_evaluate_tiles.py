"""The genome-wide figure: every tile of the held-out contigs, labelled by peaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.commands._console import note, progress_bar
from seqnet.commands._paths import TASK, safe_name
from seqnet.datasets.checks import counted
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.bed import read_bed
from seqnet.formats.bigwig import BigWigReader, open_bigwig
from seqnet.genome.intervals import Intervals, around, count_overlaps
from seqnet.genome.regions import Regions, centers
from seqnet.genome.splits import match_names
from seqnet.training.metrics.binary import BinaryMetrics, task_metrics

if TYPE_CHECKING:
    from seqnet.aliases import Bools, Floats

_BASES_AT_ONCE = 1 << 24


@dataclass(frozen=True)
class TileOptions:
    """Where tiles and peaks are, and what counts.

    Parameters
    ----------
    tracks, peaks
        bigWig and BED; ``{task}`` in the name where there are several tasks.
    step
        Bases per tile.
    peak_width
        Peaks are windows of this width around their centre; None takes them as they are.
    chroms
        Contigs to judge.
    """

    tracks: str
    peaks: str
    step: int
    peak_width: int | None
    chroms: tuple[str, ...]


class GenomeWide(NamedTuple):
    """Genome-wide figures."""

    rows: list[BinaryMetrics]
    """Of each task that has a track; their mean stands last beyond one."""
    contigs: list[str]
    """Where the tiles lie."""


def judge_tiles(options: TileOptions, tasks: Sequence[str]) -> GenomeWide:
    """Judge the tiles of every task that has a track."""
    if TASK not in options.tracks and len(tasks) > 1:
        raise UsageError(f"{len(tasks)} tasks: put '{TASK}' in the name that --tiles gives")
    there = [task for task in tasks if Path(of_task(options.tracks, task)).exists()]
    if not there:
        raise SeqnetError(f"{options.tracks}: no such file for any of {len(tasks)} tasks")
    if len(there) < len(tasks):
        note(f"--tiles: {len(there)} of {len(tasks)} tasks have a track")
    rows: list[tuple[BinaryMetrics, int]] = []
    with progress_bar("tracks", len(there)) as progress:
        for task in there:
            rows.append(_judge_task(options, task))
            progress(1)
    with open_bigwig(of_task(options.tracks, there[0])) as track:
        contigs = _contigs(track, options)
    found = [row for row, _ in rows]
    gaps = sum(gap for _, gap in rows)
    if gaps:
        note(f"--tiles: {counted(gaps, 'tile')} without a prediction left out")
    if len(found) > 1:
        from seqnet.training.metrics import mean_metrics

        found.append(mean_metrics(found))
    return GenomeWide(found, contigs)


def _contigs(track: BigWigReader, options: TileOptions) -> list[str]:
    """Return the contigs of a track that are judged."""
    return match_names(options.chroms or ("*",), list(track.lengths), options.tracks)


def of_task(path: str, task: str) -> str:
    """Return the path of a task's file, by the name that predict gives it."""
    return path.replace(TASK, safe_name(task))


def _judge_task(options: TileOptions, task: str) -> tuple[BinaryMetrics, int]:
    """Judge the tiles of one task; return also how many have no prediction."""
    path = of_task(options.tracks, task)
    peaks = _peak_intervals(of_task(options.peaks, task), options.peak_width)
    truth, scores = [], []
    with open_bigwig(path) as track:
        for contig in _contigs(track, options):
            values = _tiles(track, contig, options.step)
            middles = _middles(contig, len(values), options.step, track.lengths[contig])
            truth.append((count_overlaps(middles, peaks) > 0).astype(np.float64))
            scores.append(values)
    labels, predictions = np.concatenate(truth), np.concatenate(scores)
    covered = ~np.isnan(predictions)
    if not covered.any():
        raise SeqnetError(f"{path}: no prediction on {', '.join(options.chroms)}")
    judged = task_metrics((task,), labels[covered, None], predictions[covered, None])[0]
    return judged, int((~covered).sum())


def _peak_intervals(path: str, width: int | None) -> Intervals:
    """Read peaks, as they are or as windows around their centres."""
    regions = read_bed(path)
    return regions.intervals if width is None else around(regions.intervals, centers(regions), width)


def _tiles(track: BigWigReader, contig: str, step: int) -> Floats:
    """Return the value at the middle of each tile of a contig, NaN at gaps."""
    length = track.lengths[contig]
    piece = max(_BASES_AT_ONCE // step, 1) * step
    parts = []
    for start in range(0, length, piece):
        values = track.values(contig, start, min(start + piece, length)).astype(np.float64)
        middles = np.minimum(np.arange(0, len(values), step) + step // 2, len(values) - 1)
        parts.append(values[middles])
    return np.concatenate(parts)


def _middles(contig: str, count: int, step: int, length: int) -> Intervals:
    """Return the middle base of each tile."""
    start = np.minimum(np.arange(count, dtype=np.int64) * step + step // 2, length - 1)
    zeros = np.zeros(count, dtype=np.int32)
    return Intervals((contig,), zeros, start, start + 1, zeros.astype(np.int8))


def in_peaks(regions: Regions, path: str, width: int | None) -> Bools:
    """Tell which regions share a base with a peak: bool (n,)."""
    return count_overlaps(regions.intervals, _peak_intervals(path, width)) > 0


def top_rows(targets: Floats, quantile: float = 0.95) -> Bools:
    """Tell which targets lie above a quantile of their task: bool (n, T)."""
    tops = [
        np.quantile(column[~np.isnan(column)], quantile) if (~np.isnan(column)).any() else np.inf
        for column in targets.T
    ]
    return np.asarray(targets > np.array(tops))
