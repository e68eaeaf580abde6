"""Tails of score distributions: words in order of their deficit, and sums on a grid."""

from __future__ import annotations

import numpy as np

from seqnet.aliases import Floats, Ints
from seqnet.kernels import _dispatch


def extend(
    sums: Floats, weights: Floats, column: Floats, letters: Floats, limit: float, tie: float, most: int
) -> tuple[Floats, Floats]:
    """Lengthen ascending partial sums by one motif column.

    Parameters
    ----------
    sums, weights
        float64 (n,): ascending sums and the probability of each.
    column, letters
        float64 (4,): deficit and probability of each letter of the new column.
    limit
        Larger sums are left out.
    tie
        A sum within this of the one before counts as equal to it.
    most
        Larger sums than so many are left out too.

    Returns
    -------
    sums, weights
        float64 (m,), ascending, equal sums as one. Weights add up in order of sum, then of the old
        sum's place, then of the letter.
    """
    compiled = _dispatch.compiled()
    if compiled is None:
        return extend_numpy(sums, weights, column, letters, limit, tie, most)
    room = min(4 * len(sums), most)
    out_sums, out_weights = np.empty(room), np.empty(room)
    written = compiled.extend(sums, weights, column, letters, limit, tie, out_sums, out_weights)
    return out_sums[:written], out_weights[:written]


def extend_numpy(
    sums: Floats, weights: Floats, column: Floats, letters: Floats, limit: float, tie: float, most: int
) -> tuple[Floats, Floats]:
    """Do what `extend` does without the compiled kernel."""
    grown = (sums[:, None] + column).ravel()
    keep = np.flatnonzero(grown <= limit)
    order = keep[np.argsort(grown[keep], kind="stable")]
    ordered = grown[order]
    fresh = np.ones(len(ordered), dtype=bool)
    fresh[1:] = np.diff(ordered) > tie
    group = np.cumsum(fresh) - 1
    added = np.bincount(group, weights=(weights[:, None] * letters).ravel()[order])
    return ordered[fresh][:most], np.asarray(added[:most], dtype=np.float64)


def grid_tail(shifts: Ints, letters: Floats, bins: int) -> Floats:
    """Return P(sum of the columns' shifts <= k) for each k, float64 (bins,).

    Parameters
    ----------
    shifts
        int64 (w, 4): what each letter of each column adds; negative for letters left out.
    letters
        float64 (4,): probability of each letter.
    bins
        Length of the result; larger sums do not count.
    """
    compiled = _dispatch.compiled()
    if compiled is None:
        return grid_tail_numpy(shifts, letters, bins)
    tail, scratch = np.empty(bins), np.empty(bins)
    compiled.grid_tail(np.ascontiguousarray(shifts), letters, tail, scratch)
    return tail if len(shifts) else np.ones(bins)


def grid_tail_numpy(shifts: Ints, letters: Floats, bins: int) -> Floats:
    """Do what `grid_tail` does without the compiled kernel."""
    density = np.zeros(bins)
    density[0] = 1.0
    for column in shifts.tolist():
        grown = np.zeros(bins)
        for shift, weight in zip(column, letters.tolist(), strict=True):
            if 0 <= shift < bins:
                grown[shift:] += density[: bins - shift] * weight
        density = grown
    return np.cumsum(density)
