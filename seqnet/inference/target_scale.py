"""Targets of a regression in the units that a network learns them in, and back.

A network starts with outputs around 0 and takes steps of a fixed size: targets of 5e7 or 1e-5 are out of
its reach, and of two tasks the one with the larger numbers would be all that the loss sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqnet.aliases import Floats, Json, Reals
from seqnet.networks.task_types import LOG1P, QUANTILE

KEY = "target_scale"
"""Entry of a model's header."""
_MOST_KNOTS = 257
_ENOUGH = 1e-4
"""Float32 is fine enough where its steps are below so many standard deviations of the targets."""


@dataclass(frozen=True, eq=False)
class TargetScale:
    """How the targets of T tasks are scaled: transformed as the rule says, less a centre, by a deviation.

    Parameters
    ----------
    rule
        Row of ``networks.heads.TARGET_SCALES`` other than ``none``.
    center, deviation
        float64 (T,): of the transformed targets of the training rows.
    knots
        For ``quantile``, of each task some values in ascending order and their normal scores; nothing
        for the other rules.
    """

    rule: str
    center: Floats
    deviation: Floats
    knots: tuple[tuple[Floats, Floats], ...] = ()

    @staticmethod
    def of(header: Json) -> TargetScale | None:
        """Return the scale of a stored model, None where its targets are as they were given."""
        stored = header.get(KEY)
        if stored is None:
            return None
        center, deviation = (np.array(stored[name], dtype=np.float64) for name in ("center", "deviation"))
        pairs = zip(stored.get("values", ()), stored.get("scores", ()), strict=True)
        knots = tuple(
            (np.array(one, dtype=np.float64), np.array(two, dtype=np.float64)) for one, two in pairs
        )
        return TargetScale(stored["rule"], center, deviation, knots)

    def stored(self) -> Json:
        """Return what a model's header holds of it."""
        entry = {"rule": self.rule, "center": self.center.tolist(), "deviation": self.deviation.tolist()}
        if self.knots:
            entry["values"] = [values.tolist() for values, _ in self.knots]
            entry["scores"] = [scores.tolist() for _, scores in self.knots]
        return entry

    def apply(self, targets: Floats) -> Floats:
        """Return targets (n, T) as a network learns them, float64; NaN stays NaN."""
        moved = _transformed(self.rule, targets.astype(np.float64), self.knots)
        return np.asarray((moved - self.center) / self.deviation)

    def undo(self, outputs: Reals) -> Floats:
        """Return a network's outputs (n, T) in the units of the targets, float64."""
        moved = outputs.astype(np.float64) * self.deviation + self.center
        if self.rule == LOG1P:
            with np.errstate(over="ignore"):  # infinite predictions are reported where they are written
                return np.asarray(np.expm1(moved))
        if self.rule == QUANTILE:
            columns = zip(moved.T, self.knots, strict=True)
            return np.stack([np.interp(column, scores, values) for column, (values, scores) in columns], 1)
        return moved

    def predictions(self, outputs: Reals) -> Reals:
        """Return outputs in the units of the targets: float32 where that is fine enough, else float64."""
        values = self.undo(outputs)
        return values.astype(np.float32) if self._singles_suffice else values

    @cached_property
    def _singles_suffice(self) -> bool:
        """Whether float32 is precise enough for the outputs, estimated from the constants alone."""
        single = np.finfo(np.float32)
        below, low, high, above = self.undo(np.array([[-10.0], [-1.0], [1.0], [10.0]]) + 0 * self.center)
        spread, middle = (high - low) / 2, np.maximum(np.abs(low), np.abs(high))
        fine = (single.eps * middle < _ENOUGH * spread) & (spread > single.tiny / _ENOUGH)
        return bool((fine & (np.maximum(np.abs(below), np.abs(above)) < single.max)).all())


def fit_target_scale(rule: str, targets: Floats, weights: Floats | None = None) -> TargetScale | None:
    """Learn the constants from the training rows.

    Unknown targets (NaN) and rows of weight 0 do not count, other rows count as much as they weigh, as
    in scikit-learn's StandardScaler. A task of one value keeps its scale: its centre is that value, its
    deviation 1. Multiplying targets by a power of two multiplies centre and deviation (or the values of
    the knots) by it and changes nothing else, not even by rounding; ``log1p`` has no such property.

    Parameters
    ----------
    rule
        Row of ``networks.heads.TARGET_SCALES``; ``none`` gives None.
    targets
        float64 (n, T), finite or NaN.
    weights
        float64 (n,), 0 or more; None for ones.

    Raises
    ------
    ValueError
        If ``log1p`` meets a target of -1 or less: its column, and the target.
    """
    if rule == "none":
        return None
    check_log1p(rule, targets)
    each = np.ones(len(targets)) if weights is None else weights.astype(np.float64)
    counted = [~np.isnan(column) & (each > 0) for column in targets.T]
    columns = [(column[rows], each[rows]) for column, rows in zip(targets.T, counted, strict=True)]
    knots = tuple(_fit_knots(*column) for column in columns) if rule == QUANTILE else ()
    constants = []
    for number, (values, own) in enumerate(columns):
        moved = _transformed(rule, values[:, None], knots[number : number + 1])[:, 0]
        constants.append(_center_and_deviation(moved, own))
    center, deviation = np.array(constants, dtype=np.float64).reshape(-1, 2).T
    return TargetScale(rule, center, deviation, knots)


def check_log1p(rule: str, targets: Floats) -> None:
    """Refuse targets without a logarithm of 1 more, see `fit_target_scale`."""
    if rule == LOG1P and (targets <= -1).any():
        row, column = (int(place) for place in np.argwhere(targets <= -1)[0])
        raise ValueError(column, float(targets[row, column]))


def _center_and_deviation(values: Floats, weights: Floats) -> tuple[float, float]:
    """Return mean and standard deviation; the value itself and 1 where there is no other.

    Computed in units of a power of two near the largest value: squares neither overflow nor vanish.
    """
    if not len(values):
        return 0.0, 1.0
    if np.ptp(values) == 0:
        return float(values[0]), 1.0
    exponent = int(np.frexp(np.abs(values).max())[1])
    scaled = np.ldexp(values, -exponent)
    mean = float(np.average(scaled, weights=weights))
    deviation = float(np.sqrt(np.average((scaled - mean) ** 2, weights=weights)))
    center, spread = (float(np.ldexp(number, exponent)) for number in (mean, deviation))
    return (center, spread) if spread > 0 else (center, 1.0)


def _fit_knots(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return some values in ascending order, smallest and largest among them, and their normal scores.

    The score of a value is the normal quantile of the share of the weight below it, plus half its weight.
    """
    from scipy.special import ndtri

    if not len(values):
        return np.zeros(1), np.zeros(1)
    known, place = np.unique(values, return_inverse=True)
    own = np.bincount(place, weights=weights)
    below = np.cumsum(own) - own
    scores = ndtri((below + own / 2) / own.sum())
    chosen = np.unique(np.linspace(0, len(known) - 1, min(len(known), _MOST_KNOTS)).round().astype(np.int64))
    return known[chosen], np.asarray(scores[chosen], dtype=np.float64)


def _transformed(rule: str, values: Floats, knots: tuple[tuple[Floats, Floats], ...]) -> Floats:
    """Return values (n, T) before they are centred; beyond the knots those at the end."""
    if rule == LOG1P:
        return np.asarray(np.log1p(values))
    if rule == QUANTILE:
        columns = zip(values.T, knots, strict=True)
        return np.stack([np.interp(column, *pair) for column, pair in columns], axis=1)
    return values
