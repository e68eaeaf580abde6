"""Genome-wide figures from tiles, with background tiles weighted and intervals from blocks of the genome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Bools, Floats, Ints
from seqnet.metrics.binary import mean_columns
from seqnet.metrics.bootstrap import FEWEST_BLOCKS, Interval, draws, interval
from seqnet.metrics.ranking import auprc, auroc, rank

_THRESHOLDS = 2048
"""Thresholds whose counts per block are held at a time."""


class TileMetrics(NamedTuple):
    """The metrics of one task's tiles; None where a figure is undefined."""

    task: str
    n: float | None
    """Tiles evaluated."""
    positives: float | None
    base_rate: float | None
    """Share of positives, by weight: the auPRC of chance."""
    auroc: float | None
    auprc: float | None
    """By weight."""
    left_out: float | None = 0
    """Tiles that are not evaluated, because their window touches a row of another split."""
    background_weight: float | None = 1.0
    """Weight of a tile that is not positive: the share of the positive tiles that is evaluated."""
    unweighted_base_rate: float | None = None
    unweighted_auprc: float | None = None
    auprc_low: float | None = None
    auprc_high: float | None = None


@dataclass(frozen=True, eq=False)
class Resamples:
    """Blocks of the genome that are drawn again and again.

    Parameters
    ----------
    block
        int64 (n,): block of each tile, numbered from 0.
    count
        Number of blocks.
    seed
        Of the draws.
    """

    block: Ints
    count: int
    seed: int


def tile_metrics(
    task: str,
    truth: Bools,
    scores: Floats,
    kept: Bools,
    *,
    weighted: bool,
    resamples: Resamples | None = None,
) -> tuple[TileMetrics, Floats]:
    """Evaluate the tiles of a task that are kept.

    Leaving out the tiles of training rows leaves out many positives and little background. Where
    `weighted`, background tiles count by the share of the positives that is kept, so that the base rate
    is that of the genome.

    Parameters
    ----------
    truth, scores
        bool and float64 (n,): every tile with a prediction.
    kept
        bool (n,): those to evaluate.

    Returns
    -------
    figures, resampled
        float64 (R,): the auPRC of each resample, empty without.
    """
    own, every = truth[kept], int(truth.sum())
    positives = int(own.sum())
    weight = positives / every if weighted and every else 1.0
    ranked = rank(own, scores[kept])
    plain = ranked.curve()
    curve = ranked.curve(np.where(own, 1.0, weight)) if weight != 1 else plain
    drawn = np.empty(0)
    if resamples is not None and resamples.count >= FEWEST_BLOCKS and plain.has_both_classes and weight:
        often = draws(resamples.count, resamples.seed).astype(np.float64)
        drawn = resampled_auprc(own, scores[kept], resamples.block[kept], often, weight)
    low, high = tile_interval(drawn) or (None, None)
    n = len(own)
    total = positives + weight * (n - positives)
    metrics = TileMetrics(
        task, n, positives, positives / total if total else None, auroc(plain),
        auprc(curve) if weight else None, int((~kept).sum()), weight, positives / n if n else None,
        auprc(plain), low, high,
    )  # fmt: skip
    return metrics, drawn


def tile_interval(drawn: Floats) -> Interval | None:
    """Return the interval of resampled figures, None without any."""
    return interval(drawn) if len(drawn) else None


def resampled_auprc(truth: Bools, scores: Floats, block: Ints, often: Floats, weight: float) -> Floats:
    """Return the auPRC of each resample of blocks, float64 (R,), NaN where undefined.

    Average precision needs the tiles above each distinct score of a positive alone, so tiles are counted
    once by block and threshold, and a resample is a product of matrices.

    Parameters
    ----------
    truth, scores, block
        bool, float64 and int64 (n,).
    often
        float64 (R, blocks): how often each block is drawn.
    weight
        Of the tiles that are not positive.
    """
    thresholds = np.unique(scores[truth])[::-1]
    blocks, m = often.shape[1], len(thresholds)
    # the first threshold that a score reaches; those that reach none count nowhere
    place = m - np.searchsorted(thresholds[::-1], scores, side="right")
    there = place < m
    order = np.argsort(place[there], kind="stable")
    place, block, truth = place[there][order], block[there][order], truth[there][order]
    true, false, area = np.zeros((len(often), 1)), np.zeros((len(often), 1)), np.zeros(len(often))
    for begin in range(0, m, _THRESHOLDS):
        count = min(_THRESHOLDS, m - begin)
        part = slice(*np.searchsorted(place, [begin, begin + count]).tolist())
        cell = block[part] * count + place[part] - begin
        tables = [
            np.bincount(cell, weights, blocks * count).reshape(blocks, count)
            for weights in (truth[part].astype(np.float64), ~truth[part] * weight)
        ]
        gained = often @ tables[0]
        trues, falses = true + gained.cumsum(axis=1), false + (often @ tables[1]).cumsum(axis=1)
        called = trues + falses
        precision = np.divide(trues, called, out=np.zeros_like(called), where=called > 0)
        area += (gained * precision).sum(axis=1)
        true, false = trues[:, -1:], falses[:, -1:]
    auprc: Floats = np.divide(area, true[:, 0], out=np.full(len(often), np.nan), where=true[:, 0] > 0)
    return auprc


def mean_tiles(rows: list[TileMetrics], drawn: list[Floats]) -> TileMetrics:
    """Average every column over the tasks where it is defined; the interval is that of the mean."""
    low, high = None, None
    if drawn and all(len(one) == len(drawn[0]) and len(one) for one in drawn):
        known = ~np.isnan(np.stack(drawn))
        count = known.sum(axis=0)
        total = np.where(known, np.stack(drawn), 0.0).sum(axis=0)
        mean = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
        low, high = tile_interval(mean) or (None, None)
    return TileMetrics("mean", *mean_columns(rows))._replace(auprc_low=low, auprc_high=high)
