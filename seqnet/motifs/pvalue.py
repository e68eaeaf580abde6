"""P-values of motif scores, never below the true ones.

A window's *deficit* is how far its score lies below the motif's maximum: a sum of one deficit >= 0
per column. Its tail probability P(S >= s) is the chance of a deficit no larger. Three steps give
it (after Staden 1989; Touzet and Varre 2007):

1. The words of smallest deficit are enumerated, so the steep end of the tail is exact.
2. Beyond them dynamic programming over deficits rounded *down* to a grid gives an upper bound.
3. The same table read at a deficit lowered by the largest possible rounding gives a lower bound;
   the grid is refined until the two agree to the asked relative bound.

Scores within `TIE` bits of each other count as equal, since float64 sums of the same columns in
another order differ in their last bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from seqnet.aliases import Floats

TIE = 1e-9
RELATIVE_BOUND = 1e-3
MAX_WORDS = 1 << 16
MAX_BINS = 1 << 20
_COARSE_BINS = 1 << 12


@dataclass(frozen=True, eq=False)
class ScoreDistribution:
    """The upper tail of a motif's score under a background.

    Parameters
    ----------
    maximum
        The highest score, bits.
    word_deficits, word_tail
        float64 (m,): deficits of enumerated words, ascending, and P(deficit <= each).
    word_limit
        Up to this deficit every word was enumerated.
    bin_width, bin_tail
        Grid step in bits, and float64 (bins,): upper bounds of P(deficit < (k + 1) steps).
    bound
        Largest relative difference of upper and lower bound anywhere in the table.
    """

    maximum: float
    word_deficits: Floats
    word_tail: Floats
    word_limit: float
    bin_width: float
    bin_tail: Floats
    bound: float

    def p_value(self, scores: Floats) -> Floats:
        """Return upper bounds of P(S >= s), float64 (n,); beyond the table's reach, 1."""
        deficits = self.maximum - np.asarray(scores, dtype=np.float64) + TIE
        rank = np.searchsorted(self.word_deficits, deficits, side="right")
        exact = np.concatenate([[0.0], self.word_tail])[rank]
        bins = np.clip(deficits / self.bin_width, 0, len(self.bin_tail)).astype(np.int64)
        upper = np.append(self.bin_tail, 1.0)[bins]
        return np.where(deficits <= self.word_limit, exact, upper)

    def threshold(self, p_value: float) -> float:
        """Return the lowest score whose p-value is at most `p_value`; inf if there is none."""
        reached = np.searchsorted(self.word_deficits, self.word_deficits + TIE, side="right") - 1
        allowed = np.flatnonzero(self.word_tail[reached] <= p_value)
        bins = int(np.searchsorted(self.bin_tail, p_value, side="right"))
        if bins and bins * self.bin_width - 2 * TIE > self.word_limit:
            return self.maximum - bins * self.bin_width + 2 * TIE
        if not len(allowed):
            return inf
        return float(self.maximum - self.word_deficits[allowed[-1]] - TIE / 2)


def deficits_of(scores: Floats) -> tuple[Floats, float]:
    """Return the deficits of (w, 4) from each column's best letter, and the maximum score."""
    best = scores.max(axis=1, keepdims=True)
    if not np.isfinite(best).all():
        raise ValueError("a motif column has no letter with a finite score")
    return best - scores, float(best.sum())


def tail_distribution(
    scores: Floats,
    background: Floats,
    *,
    p_value: float | None = None,
    score: float | None = None,
    relative_bound: float = RELATIVE_BOUND,
) -> ScoreDistribution:
    """Tabulate the upper tail down to a p-value or a score (the whole range without either).

    Parameters
    ----------
    scores
        float64 (w, 4), bits, -inf allowed.
    background
        float64 (4,): base frequencies of the strand that is scored.
    relative_bound
        How far upper and lower bound may differ; the grid stops at `MAX_BINS` steps, so read the
        attained one from the result.
    """
    deficits, maximum = deficits_of(scores)
    full = float(np.where(np.isfinite(deficits), deficits, 0).max(axis=1).sum()) + 4 * TIE
    reach = full
    if score is not None:
        reach = min(full, max(0.0, maximum - score) + 4 * TIE)
    elif p_value is not None:
        reach = _reach(deficits, background, full, p_value)
    words, weights, limit = enumerate_words(deficits, background, reach)
    step, bins, bound = 1.0, np.empty(0), 0.0
    if limit < reach:
        step, bins, bound = _grid(deficits, background, reach, limit, relative_bound)
    return ScoreDistribution(maximum, words, np.cumsum(weights), limit, step, bins, bound)


def enumerate_words(
    deficits: Floats, background: Floats, reach: float, most: int = MAX_WORDS
) -> tuple[Floats, Floats, float]:
    """List the words of smallest deficit, those of equal deficit as one.

    A partial word extends to a whole one without further deficit, so dropping all but the `most`
    smallest after each column loses nothing below the smallest deficit dropped.

    Returns
    -------
    deficits, probabilities, limit
        float64 (m,) ascending, float64 (m,), and the deficit up to which nothing is missing.
    """
    sums, weights = np.zeros(1), np.ones(1)
    limit = reach
    for column in deficits:
        grown = (sums[:, None] + column).ravel()
        keep = np.flatnonzero(grown <= limit)
        keep = keep[np.argsort(grown[keep], kind="stable")]
        sums = grown[keep]
        weights = (weights[:, None] * background).ravel()[keep]
        sums, weights = _merge_equal(sums, weights, TIE / (4 * len(deficits)))
        if len(sums) > most:
            limit = float(np.nextafter(sums[most], -inf))
            sums, weights = sums[:most], weights[:most]
    return sums, weights, limit


def _merge_equal(sums: Floats, weights: Floats, tie: float) -> tuple[Floats, Floats]:
    """Add up the weights of ascending sums that lie within `tie` of a first one."""
    fresh = np.empty(len(sums), dtype=bool)
    fresh[:1] = True
    fresh[1:] = np.diff(sums) > tie
    starts = np.flatnonzero(fresh)
    return sums[starts], np.add.reduceat(weights, starts)


def _grid_tail(deficits: Floats, background: Floats, step: float, bins: int) -> Floats:
    """Return P(sum of deficits, each rounded down to the grid, <= k steps), float64 (bins,)."""
    density = np.zeros(bins)
    density[0] = 1.0
    for column in deficits:
        grown = np.zeros(bins)
        for deficit, weight in zip(column / step, background, strict=True):
            if deficit < bins:
                offset = int(deficit)
                grown[offset:] += density[: bins - offset] * weight
        density = grown
    return np.cumsum(density)


def _reach(deficits: Floats, background: Floats, full: float, p_value: float) -> float:
    """Return a deficit certainly beyond the threshold of `p_value`."""
    step = full / _COARSE_BINS
    tail = _grid_tail(deficits, background, step, _COARSE_BINS)
    # the true P(deficit <= x) is at least the grid's at x less one step per column
    beyond = int(np.searchsorted(tail, p_value, side="right")) + len(deficits) + 1
    return min(full, beyond * step)


def _grid(
    deficits: Floats, background: Floats, reach: float, limit: float, relative_bound: float
) -> tuple[float, Floats, float]:
    """Return step, tail and attained bound of a grid fine enough between `limit` and `reach`."""
    bins = ceil(1.5 * len(deficits) * reach / relative_bound)
    while True:
        bins = min(bins, MAX_BINS)
        step = reach / bins
        tail = _grid_tail(deficits, background, step, bins + 1)
        bound = _attained_bound(deficits / step, tail, int(max(0.0, limit - TIE) / step))
        if bound <= relative_bound or bins == MAX_BINS:
            return step, tail, bound
        bins = ceil(bins * min(8.0, max(1.2, 1.1 * bound / relative_bound)))


def _attained_bound(steps: Floats, tail: Floats, first: int) -> float:
    """Return how far a grid's upper and lower bounds differ at most from bin `first` on.

    Parameters
    ----------
    steps
        float64 (w, 4): deficits in grid steps.
    tail
        float64 (bins,): cumulative probabilities of the rounded sums.
    """
    finite = np.where(np.isfinite(steps), steps, 0.0)
    # the largest total rounding, and one step more for ties
    rounding = ceil((finite - np.floor(finite)).max(axis=1).sum()) + 1
    if first < rounding:
        return inf
    upper, lower = tail[first:], tail[first - rounding : len(tail) - rounding]
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.max(upper / lower - 1))
