"""P-values of motif scores, never below the true ones, and the q-values of reported ones.

A window's *deficit* is how far its score lies below the motif's maximum: a sum of one deficit >= 0
per column. Its tail probability P(S >= s) is the chance of a deficit no larger. Three steps give
it (after Staden 1989; Touzet and Varre 2007):

1. The words of smallest deficit are enumerated, so the steep end of the tail is exact.
2. Beyond them dynamic programming over deficits rounded *down* to a grid gives an upper bound.
3. The same table read at a deficit lowered by the largest possible rounding gives a lower bound;
   the grid is refined until the two agree to the requested relative bound.

Scores within `TIE` bits of each other count as equal, and so do probabilities within `SAME` of each
other, since float64 sums of the same numbers in another order differ in their last bits. The background
may be a Markov model of any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf
from typing import Protocol

import numpy as np

from seqnet.aliases import Floats, Ints
from seqnet.kernels.ties import TIE
from seqnet.motifs.background import Background
from seqnet.motifs.significance.tails import DeficitGrid, enumerate_words, grid_distribution

RELATIVE_BOUND = 1e-3
SAME = 1e-9
"""Relative distance of a sum of probabilities from the requested p-value that is rounding."""
GUARD = 4 * TIE
"""No score this close below a threshold has a larger p-value than the requested one."""
MAX_STATES = 1 << 22
"""Most grid steps times contexts of the background."""
_COARSE_STEPS = 1 << 12


class Tail(Protocol):
    """The upper tail of a motif's score under a background."""

    @property
    def maximum(self) -> float:
        """The highest score, bits."""
        ...

    @property
    def bound(self) -> float:
        """Largest relative error of a p-value."""
        ...

    def p_value(self, scores: Floats) -> Floats:
        """Return P(S >= s) of scores float64 (n,), never too low."""
        ...

    def threshold(self, p_value: float) -> float:
        """Return the lowest score whose p-value is at most `p_value`; inf if there is none."""
        ...

    def down_to(self, score: float) -> Tail:
        """Return what is needed of the tail for scores from `score` up."""
        ...


@dataclass(frozen=True, eq=False)
class ScoreDistribution:
    """A tail as enumerated words and a grid beyond them.

    Parameters
    ----------
    maximum, lowest
        The highest and the lowest score, bits.
    word_deficits, word_tail
        float64 (m,): deficits of enumerated words, ascending, and P(deficit <= each).
    word_limit
        Up to this deficit every word was enumerated.
    grid
        Beyond it; None where there is nothing beyond.
    bound
        Largest relative difference of upper and lower bound anywhere in the table.
    """

    maximum: float
    lowest: float
    word_deficits: Floats
    word_tail: Floats
    word_limit: float
    grid: DeficitGrid | None
    bound: float

    def p_value(self, scores: Floats) -> Floats:
        """Return upper bounds of P(S >= s), float64 (n,); beyond the table's reach, 1."""
        deficits = self.maximum - np.asarray(scores, dtype=np.float64) + TIE
        rank = np.searchsorted(self.word_deficits, deficits, side="right")
        exact = np.where(rank > 0, self.word_tail[np.maximum(rank, 1) - 1], 0.0)
        upper = np.ones_like(exact) if self.grid is None else self.grid.upper(deficits)
        return np.where(deficits <= self.word_limit, exact, upper)

    def down_to(self, score: float) -> ScoreDistribution:
        """Return what is needed for the p-values of scores from `score` up; below it they may be 1.

        Of a whole table most may lie below the threshold, and the grid's part beneath the words'
        limit is never read.
        """
        cut = self.maximum - score + 4 * TIE
        words = max(1, int(np.searchsorted(self.word_deficits, cut, side="right")))
        grid = None
        if self.grid is not None and cut > self.word_limit:
            grid = self.grid.between(self.word_limit, cut)
        return ScoreDistribution(
            self.maximum,
            self.lowest,
            self.word_deficits[:words].copy(),
            self.word_tail[:words].copy(),
            min(self.word_limit, cut),
            grid,
            self.bound,
        )

    def threshold(self, p_value: float) -> float:
        """Return the lowest score whose p-value is at most `p_value`; inf if there is none."""
        if p_value >= 1:
            return self.lowest
        most = p_value * (1 + SAME)
        if self.grid is not None:
            reach = self.grid.largest_deficit(most) - GUARD
            if reach > self.word_limit:
                return self.maximum - reach
        reached = np.searchsorted(self.word_deficits, self.word_deficits + GUARD, side="right") - 1
        allowed = np.flatnonzero(self.word_tail[reached] <= most)
        if not len(allowed):
            return inf
        return float(self.maximum - self.word_deficits[allowed[-1]] - TIE / 2)


def lowest_of(scores: Floats) -> float:
    """Return the lowest score of any window, less a tie so that no rounding lies below it, bits."""
    return float(scores.min(axis=1).sum()) - TIE


def deficits_of(scores: Floats) -> tuple[Floats, float]:
    """Return the deficits of (w, 4) from each column's best letter, and the maximum score."""
    best = scores.max(axis=1, keepdims=True)
    if not np.isfinite(best).all():
        raise ValueError("a motif column has no letter with a finite score")
    return best - scores, float(best.sum())


def tail_distribution(
    scores: Floats,
    background: Background,
    *,
    p_value: float | None = None,
    score: float | None = None,
    relative_bound: float = RELATIVE_BOUND,
) -> ScoreDistribution:
    """Tabulate the upper tail down to a p-value or a score (the whole range without either).

    Parameters
    ----------
    scores
        float64 (w, 4), bits, -inf allowed: the matrix as it is laid on the forward strand.
    background
        Of the forward strand.
    relative_bound
        How far upper and lower bound may differ. The grid stops at `MAX_STATES`, so read the
        attained one from the result.
    """
    deficits, maximum = deficits_of(scores)
    reach = _full_reach(deficits)
    if score is not None:
        reach = min(reach, max(0.0, maximum - score) + 4 * TIE)
    elif p_value is not None and p_value < 1:
        reach = _reach(deficits, background, reach, p_value)
    words, weights, limit = enumerate_words(deficits, background, reach, TIE / (4 * len(deficits)))
    grid, bound = None, 0.0
    if limit < reach:
        grid, bound = _fine_grid(deficits, background, reach, limit, relative_bound)
    tail = np.minimum(np.cumsum(weights), 1.0)
    return ScoreDistribution(maximum, lowest_of(scores), words, tail, limit, grid, bound)


def _full_reach(deficits: Floats) -> float:
    """Return a deficit beyond that of every word with a finite score."""
    return float(np.where(np.isfinite(deficits), deficits, 0).max(axis=1).sum()) + 4 * TIE


def _reach(deficits: Floats, background: Background, full: float, p_value: float) -> float:
    """Return a deficit certainly beyond the threshold of `p_value`."""
    grid = grid_distribution(deficits, background, full, max(64, _COARSE_STEPS >> 2 * background.order))
    # the true P(deficit <= x) is at least the grid's at x less the rounding
    beyond = int(np.searchsorted(grid.tail, p_value * (1 + SAME), side="right")) + grid.rounding + 1
    return min(full, beyond * grid.step)


def _fine_grid(
    deficits: Floats, background: Background, reach: float, limit: float, relative_bound: float
) -> tuple[DeficitGrid, float]:
    """Return a grid fine enough between `limit` and `reach`, and the bound it attains."""
    most = MAX_STATES >> 2 * background.order
    steps = min(most, ceil(0.5 * len(deficits) * reach / relative_bound))
    while True:
        grid = grid_distribution(deficits, background, reach, steps)
        bound = grid.attained_bound(max(0.0, limit - TIE))
        if bound <= relative_bound or steps == most:
            return grid, bound
        steps = min(most, ceil(steps * min(8.0, max(1.2, 1.1 * bound / relative_bound))))


def q_values(p_values: Floats, counts: Ints, tests: int) -> Floats:
    """Return the q-values of Benjamini and Hochberg (1995) from the smallest p-values alone.

    q(p) is the least of tests · p' / rank(p') over reported p' >= p, at most 1. Tests that were not
    reported have larger p-values and could only lower it.

    Parameters
    ----------
    p_values
        float64 (n,): the distinct p-values reported, ascending.
    counts
        int64 (n,): how many tests have each.
    tests
        How many there were in all, reported or not.

    Examples
    --------
    >>> q_values(np.array([0.01, 0.02, 0.04]), np.array([1, 2, 1]), 10).round(4).tolist()
    [0.0667, 0.0667, 0.1]
    """
    steps = tests * p_values / np.cumsum(counts)
    return np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
