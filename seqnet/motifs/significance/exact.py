"""Exact p-values by meeting in the middle: no bound, no promise of speed."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from seqnet.aliases import Floats, Ints
from seqnet.kernels.ties import TIE
from seqnet.motifs.background import Background
from seqnet.motifs.significance.pvalue import GUARD, SAME, deficits_of, lowest_of

WIDEST = 20
_BISECTIONS = 60


@dataclass(frozen=True, eq=False)
class ExactDistribution:
    """The whole tail as two lists of half words.

    P(deficit <= d) is the sum, over the first halves, of their probability times that of the
    second halves whose deficit fits into what is left.

    Parameters
    ----------
    maximum, lowest
        The highest and the lowest score, bits.
    halves
        For each context of the background: deficits and probabilities of the first halves that
        end in it, ascending deficits of the second halves, and their cumulative probabilities
        after that context (one longer, beginning with 0).
    full
        A deficit beyond that of every word.
    """

    maximum: float
    lowest: float
    halves: tuple[tuple[Floats, Floats, Floats, Floats], ...]
    full: float
    bound: float = 1e-9

    def p_value(self, scores: Floats) -> Floats:
        """Return P(S >= s), scores within `TIE` of each other counting as equal; float64 (n,)."""
        distinct, place = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
        tails = np.array([self._tail(self.maximum - score + TIE) for score in distinct.tolist()])
        return tails[place].reshape(np.shape(scores))

    def _tail(self, deficit: float) -> float:
        """Return P(deficit <= d)."""
        total = 0.0
        for sums, weights, others, cumulative in self.halves:
            rank = np.searchsorted(others, deficit - sums, side="right")
            total += float(weights @ cumulative[rank])
        return min(total, 1.0)

    def down_to(self, score: float) -> ExactDistribution:  # noqa: ARG002
        """Return all of it: half words serve every score."""
        return self

    def threshold(self, p_value: float) -> float:
        """Return the lowest score whose p-value is at most `p_value`; inf if there is none."""
        if p_value >= 1:
            return self.lowest
        most = p_value * (1 + SAME)
        if self._tail(GUARD) > most:
            return inf
        low, high = 0.0, self.full
        if self._tail(high + GUARD) <= most:
            low = high
        for _ in range(_BISECTIONS if low < high else 0):
            middle = (low + high) / 2
            low, high = (middle, high) if self._tail(middle + GUARD) <= most else (low, middle)
        return self.maximum - self._largest_deficit(low + TIE / 2) - TIE / 2

    def _largest_deficit(self, limit: float) -> float:
        """Return the largest deficit of any word that is at most `limit`."""
        largest = 0.0
        for sums, _, others, _ in self.halves:
            rank = np.searchsorted(others, limit - sums, side="right")
            some = rank > 0
            largest = max(largest, float((sums[some] + others[rank[some] - 1]).max(initial=0.0)))
        return largest


def exact_distribution(scores: Floats, background: Background) -> ExactDistribution:
    """Split a motif in two and list the words of each half.

    Parameters
    ----------
    scores
        float64 (w, 4), w up to `WIDEST`.

    Raises
    ------
    ValueError
        If the motif is wider.
    """
    if len(scores) > WIDEST:
        raise ValueError(f"exact p-values go up to a width of {WIDEST}; the motif has {len(scores)}")
    deficits, maximum = deficits_of(scores)
    middle = len(deficits) // 2
    contexts = 4 ** min(middle, background.order)
    first_sums, first_weights, first_context = _words(deficits[:middle], background, 0, 0)
    halves = []
    for context in range(contexts):
        own = first_context % contexts == context
        sums, weights, _ = _words(deficits[middle:], background, middle, context)
        order = np.argsort(sums, kind="stable")
        cumulative = np.concatenate([[0.0], np.cumsum(weights[order])])
        halves.append((first_sums[own], first_weights[own], sums[order], cumulative))
    full = float(np.where(np.isfinite(deficits), deficits, 0).max(axis=1).sum())
    return ExactDistribution(maximum, lowest_of(scores), tuple(halves), full)


def _words(
    deficits: Floats, background: Background, before: int, context: int
) -> tuple[Floats, Floats, Ints]:
    """List every word of some columns with a finite deficit: its deficit, probability and number.

    Parameters
    ----------
    before
        How many letters of the window lie before these columns.
    context
        Their last letters as a number, as many as the background's order reaches back.
    """
    sums, weights = np.zeros(1), np.ones(1)
    words = np.array([context], dtype=np.int64)
    for position, column in enumerate(deficits, before):
        chances = background.conditional(position)
        weights = (weights[:, None] * chances[words % len(chances)]).ravel()
        sums = (sums[:, None] + column).ravel()
        words = (4 * words[:, None] + np.arange(4)).ravel()
        finite = np.isfinite(sums)
        sums, weights, words = sums[finite], weights[finite], words[finite]
    return sums, weights, words
