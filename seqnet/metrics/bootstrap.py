"""Intervals by resampling blocks of the genome.

Neighbouring regions are not independent, so whole blocks are drawn, with replacement (Künsch 1989);
the interval is the middle 95 % of the metric over the draws (Efron's percentile method).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints

RESAMPLES = 200
FEWEST_BLOCKS = 30
"""With fewer, an interval would be too narrow and is not given."""
BLOCK_SIZE = 1_000_000
LEVEL = 0.95
_MOST_UNDEFINED = 0.05
"""Share of resamples in which a metric may be undefined."""

Interval = tuple[float, float]


def genome_blocks(contig: NDArray[np.integer], start: Ints, end: Ints, size: int = BLOCK_SIZE) -> Ints:
    """Return the block of each region, int64 (n,), numbered from 0: `size` bases of a contig.

    A region belongs where its midpoint lies.
    """
    place = np.stack([contig.astype(np.int64), (start + end) // 2 // size], axis=1)
    return np.unique(place, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def named_blocks(groups: Sequence[str]) -> Ints:
    """Return the block of each row, int64 (n,), from the name of its group."""
    return np.unique(np.array(groups, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)


def draws(blocks: int, seed: int, resamples: int = RESAMPLES) -> NDArray[np.float32]:
    """Return how often each block is drawn, (resamples, blocks); each row sums to `blocks`."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(blocks, np.full(blocks, 1 / blocks), size=resamples).astype(np.float32)


def interval(resampled: Floats, level: float = LEVEL) -> Interval | None:
    """Return the middle `level` of a metric over resamples, float64 (R,), NaN where undefined.

    None where more than one resample in twenty is undefined.
    """
    known = resampled[~np.isnan(resampled)]
    if len(known) < (1 - _MOST_UNDEFINED) * len(resampled) or not len(known):
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_over_tasks(resampled: Floats) -> Floats:
    """Average (R, T, M) over the tasks where a metric is defined, NaN where none is: (R, M)."""
    known = ~np.isnan(resampled)
    count = known.sum(axis=1)
    total: Floats = np.where(known, resampled, 0.0).sum(axis=1)
    mean: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean
