"""The two halves of a score's tail: words listed one by one, and sums rounded to a grid."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from seqnet.aliases import Floats, Ints
from seqnet.kernels.tails import extend, grid_tail
from seqnet.motifs.background import Background

MAX_WORDS = 1 << 17
_NUDGE = 1e-6
"""Keeps a rounded deficit this share of a step away from the edge below it."""


def enumerate_words(
    deficits: Floats, background: Background, reach: float, tie: float, most: int | None = None
) -> tuple[Floats, Floats, float]:
    """List the words of smallest deficit, those of equal deficit as one.

    A partial word extends to a whole one without further deficit, so dropping all but the `most`
    smallest after each column loses nothing below the smallest deficit dropped.

    Parameters
    ----------
    deficits
        float64 (w, 4).
    reach
        Words of larger deficit are not wanted.
    tie
        Deficits this close to each other are equal.
    most
        Words kept at most; `MAX_WORDS` when None.

    Returns
    -------
    deficits, probabilities, limit
        float64 (m,) ascending, float64 (m,), and the deficit up to which nothing is missing.
    """
    most = MAX_WORDS if most is None else most
    if background.order:
        return _enumerate_markov(deficits, background, reach, tie, most)
    sums, weights, limit = np.zeros(1), np.ones(1), reach
    letters = np.ascontiguousarray(background.frequencies)
    for column in np.ascontiguousarray(deficits):
        sums, weights = extend(sums, weights, column, letters, limit, tie, most + 1)
        if len(sums) > most:
            limit = float(np.nextafter(sums[most], -inf))
            sums, weights = sums[:most], weights[:most]
    return sums, weights, limit


def _enumerate_markov(
    deficits: Floats, background: Background, reach: float, tie: float, most: int
) -> tuple[Floats, Floats, float]:
    """Do what `enumerate_words` does, partial words of equal deficit kept apart by their context."""
    contexts = 4**background.order
    sums, weights, limit = np.zeros(1), np.ones(1), reach
    context = np.zeros(1, dtype=np.int64)
    for position, column in enumerate(deficits):
        chances = background.conditional(position)[context]
        grown = (sums[:, None] + column).ravel()
        keep = np.flatnonzero(grown <= limit)
        context = ((context[:, None] * 4 + np.arange(4)) % contexts).ravel()[keep]
        weights = (weights[:, None] * chances).ravel()[keep]
        sums, weights, context = _merge(grown[keep], weights, context, tie)
        if len(sums) > most:
            limit = float(np.nextafter(np.partition(sums, most)[most], -inf))
            kept = sums <= limit
            sums, weights, context = sums[kept], weights[kept], context[kept]
    sums, weights, _ = _merge(sums, weights, np.zeros_like(context), tie)
    return sums, weights, limit


def _merge(sums: Floats, weights: Floats, context: Ints, tie: float) -> tuple[Floats, Floats, Ints]:
    """Sort by context and sum, and add up the weights of equal sums."""
    order = np.lexsort((sums, context))
    sums, weights, context = sums[order], weights[order], context[order]
    fresh = np.ones(len(sums), dtype=bool)
    fresh[1:] = (np.diff(sums) > tie) | (np.diff(context) != 0)
    added = np.asarray(np.bincount(np.cumsum(fresh) - 1, weights=weights), dtype=np.float64)
    return sums[fresh], added, context[fresh]


@dataclass(frozen=True, eq=False)
class DeficitGrid:
    """Distribution of deficits rounded down to a grid, column by column.

    A word of deficit d has a rounded sum k with ``k <= (d + shift) / step < k + rounding``.

    Parameters
    ----------
    step
        Grid step in bits.
    shift
        Added to every word's deficit, so that the columns' rounding is small.
    rounding
        Steps, at most, between a deficit and its rounded sum, and one more for ties.
    tail
        float64 (steps,): P(rounded sum <= first + k).
    first
        Steps left out before those of `tail`.
    """

    step: float
    shift: float
    rounding: int
    tail: Floats
    first: int = 0

    def between(self, low: float, high: float) -> DeficitGrid:
        """Return the part that is needed for deficits above `low` and up to `high`."""
        places = (np.array([low, high]) + self.shift) / self.step
        begin, end = np.clip(places, 0, len(self.tail) - 1).astype(np.int64).tolist()
        return DeficitGrid(self.step, self.shift, self.rounding, self.tail[begin : end + 1].copy(), begin)

    def upper(self, deficits: Floats) -> Floats:
        """Return upper bounds of P(deficit <= d), float64 (n,); 1 beyond the grid."""
        last = self.first + len(self.tail) - 1
        places = np.clip((deficits + self.shift) / self.step, self.first, last + 1).astype(np.int64)
        return np.where(places > last, 1.0, self.tail[np.minimum(places, last) - self.first])

    def largest_deficit(self, p_value: float) -> float:
        """Return the deficit below which the upper bound is at most `p_value`."""
        steps = self.first + int(np.searchsorted(self.tail, p_value, side="right"))
        return steps * self.step - self.shift

    def attained_bound(self, beyond: float) -> float:
        """Return how far upper and lower bounds differ at most at deficits above `beyond`."""
        first = int((beyond + self.shift) / self.step)
        if first < self.rounding:
            return inf
        upper, lower = self.tail[first:], self.tail[first - self.rounding : len(self.tail) - self.rounding]
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.max(upper / lower - 1))


def grid_distribution(deficits: Floats, background: Background, reach: float, steps: int) -> DeficitGrid:
    """Distribute deficits (w, 4) over a grid of `steps` steps up to `reach`.

    Letters whose own deficit exceeds `reach` are left out, as are the words that hold them.
    """
    step = reach / steps
    scaled = np.where(deficits <= reach, deficits / step, np.nan)
    offset = np.array([_best_offset(column) for column in scaled])
    placed = scaled + offset[:, None]
    floors = np.floor(placed)
    rounding = ceil(np.nanmax(placed - floors, axis=1).sum()) + 1
    shifts = np.where(np.isnan(floors), -1, floors).astype(np.int64)
    bins = steps + int(np.ceil(offset.sum())) + 1
    tail = (_markov_tail if background.order else _plain_tail)(shifts, background, bins)
    return DeficitGrid(step, float(offset.sum()) * step, rounding, np.minimum(tail, 1.0))


def _best_offset(scaled: Floats) -> float:
    """Return what to add to deficits (4,) in grid steps so that rounding down loses least.

    The letters' fractions lie on a circle; cutting it in their widest gap leaves the least rest.
    """
    fractions = np.sort(scaled[~np.isnan(scaled)] % 1)
    gaps = np.diff(np.append(fractions, fractions[0] + 1))
    after = fractions[(int(gaps.argmax()) + 1) % len(fractions)]
    return float((1 - after + _NUDGE) % 1)


def _plain_tail(shifts: Ints, background: Background, bins: int) -> Floats:
    """Return the tail under single frequencies."""
    return grid_tail(shifts, np.ascontiguousarray(background.frequencies), bins)


def _markov_tail(shifts: Ints, background: Background, bins: int) -> Floats:
    """Return the tail under a Markov background: one density per context."""
    contexts = 4**background.order
    density = np.zeros((1, bins))
    density[0, 0] = 1.0
    for position, column in enumerate(shifts.tolist()):
        chances = background.conditional(position)
        grown = np.zeros((min(4 * len(density), contexts), bins))
        following = (4 * np.arange(len(density))[:, None] + np.arange(4)) % len(grown)
        for letter, shift in enumerate(column):
            if 0 <= shift < bins:
                moved = density[:, : bins - shift] * chances[:, letter, None]
                np.add.at(grown[:, shift:], following[:, letter], moved)
        density = grown
    return np.cumsum(density.sum(axis=0))
