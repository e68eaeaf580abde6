"""Seqlets: short stretches of high attribution, with a false discovery rate from shuffled sequences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from seqnet.aliases import Floats, Ints

Singles = NDArray[np.float32]
CORE = 8
"""Bases whose attributions are summed."""
WIDTH = 20
"""Bases of a seqlet."""


class Seqlets(NamedTuple):
    """s stretches of `WIDTH` bases, by row and place."""

    row: Ints
    """int64 (s,): of the attributions."""
    start: Ints
    """int64 (s,): first base, within the row."""
    score: Floats
    """float64 (s,): the sum of attributions over the `CORE` bases in the middle."""
    q_value: Floats
    """float64 (s,): smallest false discovery rate that admits the seqlet."""


def find_seqlets(observed: Singles, null: Singles, fdr: float) -> Seqlets:
    """Return the stretches whose attribution is higher than shuffled sequences explain.

    A stretch is where the sum over `CORE` bases is highest within as many bases on both sides. The false
    discovery rate of a score is (1 + stretches of the null of at least that score) / (stretches of at least
    that score), the null's numbers scaled to as many rows.

    Parameters
    ----------
    observed, null
        float32 (n, L) and (m, L): attributions of the sequences, and of shuffles of them.
    fdr
        Stretches above this false discovery rate are left out.
    """
    row, place, score = _peaks(observed)
    _, _, other = _peaks(null)
    q_value = _q_values(score, other, len(observed) / max(1, len(null)))
    significant = q_value <= fdr
    width = min(WIDTH, observed.shape[1])
    start = np.clip(place + CORE // 2 - width // 2, 0, observed.shape[1] - width)
    return Seqlets(row[significant], start[significant], score[significant], q_value[significant])


def _peaks(observed: Singles) -> tuple[Ints, Ints, Floats]:
    """Return rows, first bases and sums of the windows that no neighbour exceeds, sums above 0.

    Of equal neighbours the first counts. float64 holds sums of float32 without rounding, unless they differ
    by more than eight orders of magnitude.
    """
    summed = np.cumsum(np.pad(observed.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    windows = summed[:, CORE:] - summed[:, :-CORE]
    highest = windows == maximum_filter1d(windows, 2 * CORE + 1, axis=1, mode="nearest")
    before = np.pad(np.cumsum(highest, axis=1), ((0, 0), (CORE + 1, 0)))
    first = before[:, CORE:-1] == before[:, : -CORE - 1]  # none among the CORE windows before
    row, place = np.nonzero(highest & first & (windows > 0))
    return row, place, windows[row, place]


def _q_values(score: Floats, null: Floats, factor: float) -> Floats:
    """Return the smallest false discovery rate at which each score is admitted."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    above = len(null) - np.searchsorted(np.sort(null), ranked, side="left")
    real = np.searchsorted(-ranked, -ranked, side="right")
    rates = np.minimum((1 + factor * above) / np.maximum(real, 1), 1.0)
    q_values = np.empty(len(score))
    q_values[order] = np.minimum.accumulate(rates[::-1])[::-1]
    return q_values
