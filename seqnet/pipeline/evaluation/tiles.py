"""The genome-wide figure: every tile of the held-out contigs, labelled by peaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.datasets.checks import counted
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.tracks.bigwig import BigWigReader, open_bigwig
from seqnet.genome.contig_names import require_one_style, unknown_contig
from seqnet.genome.intervals import Intervals, around, count_overlaps
from seqnet.genome.regions import Regions, centers
from seqnet.genome.signals.bins import tile_middles, values_at
from seqnet.genome.splitting.splits import SPLITS, match_names
from seqnet.metrics.tiles import Resamples, TileMetrics, mean_tiles, tile_metrics
from seqnet.metrics.warnings import first_names
from seqnet.pipeline.evaluation.held_out import HeldOut
from seqnet.pipeline.outputs import TASK, path_per_name, safe_name
from seqnet.reporting import note, progress_bar, warn

if TYPE_CHECKING:
    from seqnet.aliases import Bools, Floats, Ints
    from seqnet.pipeline.evaluation.data import LabelTable


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
        Contigs to evaluate.
    """

    tracks: str
    peaks: str
    step: int
    peak_width: int | None
    chroms: tuple[str, ...]


class GenomeWide(NamedTuple):
    """Genome-wide figures."""

    rows: list[TileMetrics]
    """Of each task that has a track; beyond one, their mean is last."""
    contigs: list[str]
    """Where the tiles lie."""
    places: str = ""
    """Which tiles were evaluated, in words."""


@dataclass(frozen=True)
class TileRules:
    """How tiles are evaluated.

    Parameters
    ----------
    held
        The places that are held out; None evaluates every tile.
    blocks
        Bases that are resampled together; None for no intervals.
    seed
        Of the resampling.
    """

    held: HeldOut | None = None
    blocks: int | None = None
    seed: int = 0


def evaluate_tiles(options: TileOptions, tasks: Sequence[str], rules: TileRules) -> GenomeWide:
    """Evaluate the tiles of every task that has a track."""
    if TASK not in options.tracks and len(tasks) > 1:
        raise UsageError(f"{len(tasks)} tasks: put '{TASK}' in the name that --tiles gives")
    _expect_own_files("--tiles", options.tracks, tasks)
    there = [task for task in tasks if Path(of_task(options.tracks, task)).exists()]
    if not there:
        raise SeqnetError(f"{options.tracks}: no such file for any of {len(tasks)} tasks")
    if len(there) < len(tasks):
        note(f"--tiles: {len(there)} of {len(tasks)} tasks have a track")
    metrics: list[TileMetrics] = []
    drawn: list[Floats] = []
    gaps = 0
    with progress_bar("tracks", len(there)) as progress:
        for task in there:
            row, resampled, gap = _evaluate_task(options, task, rules)
            metrics.append(row)
            drawn.append(resampled)
            gaps += gap
            progress(1)
    with open_bigwig(of_task(options.tracks, there[0])) as track:
        contigs = _contigs(track, options)
    if gaps:
        note(f"--tiles: {counted(gaps, 'tile')} without a prediction left out")
    places = _say_places(rules.held, metrics, contigs)
    if len(metrics) > 1:
        metrics.append(mean_tiles(metrics, drawn))
    return GenomeWide(metrics, contigs, places)


def _say_places(held: HeldOut | None, rows: Sequence[TileMetrics], contigs: Sequence[str]) -> str:
    """Say which tiles were evaluated, and why a figure is missing; return the first in words."""
    listed = first_names(list(contigs))
    left_out = max(int(row.left_out or 0) for row in rows)
    if held is None or (held.stretches is None and not left_out):
        return f"every tile of {listed}"
    others = " or ".join(name for name in SPLITS if name != held.split)
    if left_out:
        note(f"--tiles: {counted(left_out, 'tile')} left out: their window touches a {others} row")
    empty = [row.task for row in rows if not row.positives]
    if empty:
        warn(
            f"--tiles: {first_names(empty)}: no positive tile is left outside of {others} places, so the "
            "genome-wide figure is NA"
        )
    if held.stretches is not None:
        return f"the tiles of held-out stretches of {listed} (split {held.split!r})"
    return (
        f"the tiles of {listed} whose window touches no {others} row; background tiles are weighted by the "
        f"{held.split} share of the peaks"
    )


def _contigs(track: BigWigReader, options: TileOptions) -> list[str]:
    """Return the contigs of a track that are evaluated."""
    return match_names(options.chroms or ("*",), list(track.lengths), options.tracks)


def _expect_own_files(option: str, path: str, tasks: Sequence[str]) -> None:
    """Refuse two tasks whose names give the same file name."""
    if TASK in path:
        path_per_name(path, TASK, tasks, f"{option}: two tasks would be read from")


def of_task(path: str, task: str) -> str:
    """Return the path of a task's file, by the name that predict gives it."""
    return path.replace(TASK, safe_name(task))


def _evaluate_task(options: TileOptions, task: str, rules: TileRules) -> tuple[TileMetrics, Floats, int]:
    """Evaluate the tiles of one task; return the figures, their resamples and the number of gaps."""
    path = of_task(options.tracks, task)
    peaks = _peak_intervals(of_task(options.peaks, task), options.peak_width)
    with open_bigwig(path) as track:
        if peaks.contigs and not any(name in track.lengths for name in peaks.contigs):
            source = of_task(options.peaks, task)
            raise SeqnetError(f"{source}: {unknown_contig('peaks', peaks.contigs[0], path, track.lengths)}")
        tiles = tile_middles({name: track.lengths[name] for name in _contigs(track, options)}, options.step)
        scores = values_at(tiles, track, options.step)
    covered = ~np.isnan(scores)
    if not covered.any():
        raise SeqnetError(f"{path}: no prediction on {', '.join(options.chroms)}")
    truth = count_overlaps(tiles, peaks) > 0
    inside, touching = np.ones(len(tiles), dtype=bool), np.zeros(len(tiles), dtype=bool)
    if rules.held is not None:
        inside, touching = rules.held.evaluated(tiles)
    resamples = None
    if rules.blocks is not None:
        block = np.zeros(len(tiles), dtype=np.int64)
        block[inside] = _blocks(tiles.take(inside), rules.blocks)
        count = int(block[inside].max(initial=-1)) + 1
        resamples = Resamples(block[inside & covered], count, rules.seed)
    rows = inside & covered
    weighted = rules.held is not None and rules.held.stretches is None
    metrics, drawn = tile_metrics(
        task, truth[rows], scores[rows], ~touching[rows], weighted=weighted, resamples=resamples
    )
    return metrics, drawn, int((inside & ~covered).sum())


def _blocks(tiles: Intervals, size: int) -> Ints:
    """Return the block of sorted tiles, numbered from 0 in their order, int64 (n,); without another sort."""
    contig, block = tiles.contig, tiles.start // size
    new = (contig[1:] != contig[:-1]) | (block[1:] != block[:-1])
    return np.concatenate([np.zeros(min(1, len(tiles)), np.int64), np.cumsum(new, dtype=np.int64)])


def _peak_intervals(path: str, width: int | None) -> Intervals:
    """Read peaks, as they are or as windows around their centres."""
    regions = read_bed(path, center=None if width is None else "auto")
    return regions.intervals if width is None else around(regions.intervals, centers(regions), width)


def in_peaks(regions: Regions, path: str, width: int | None) -> Bools:
    """Tell which regions share a base with a peak: bool (n,)."""
    peaks = _peak_intervals(path, width)
    require_one_style(path, peaks.contigs, regions.source, regions.intervals.contigs)
    return count_overlaps(regions.intervals, peaks) > 0


def peak_rows(labels: LabelTable, kind: str, peaks: str | None, width: int | None) -> Bools | None:
    """Return which rows of a regression lie in peaks, as a file says; None without one."""
    if peaks is None or kind not in ("regression", "counts"):
        return None
    table = labels.table
    if not isinstance(table, Regions):
        raise UsageError("--peaks needs labels with coordinates")
    _expect_own_files("--peaks", peaks, labels.tasks)
    return np.stack([in_peaks(table, of_task(peaks, t), width) for t in labels.tasks], axis=1)
