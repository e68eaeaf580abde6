"""Denoised tracks in the units of the deep tracks, kept within what those are known to reach."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Json, Reals
from seqnet.genome.signals.tracks import Signal

Singles = NDArray[np.float32]
BEYOND = 1.5
"""How many times the largest training value an output may be.

Networks learn on the asinh scale, where a small error far above all training values is a factor of ten
or more once it is undone.
"""
_RANGE = "range"


class Range(NamedTuple):
    """The least and the largest value of a deep track's bins in the training windows."""

    least: float
    largest: float

    @staticmethod
    def of(values: Reals) -> Range:
        """Return the range of values, of which at least one is known; NaN is unknown."""
        return Range(float(np.nanmin(values)), float(np.nanmax(values)))

    @property
    def limits(self) -> tuple[float, float]:
        """What outputs are bounded to; they have no sign that the training values do not have."""
        return min(0.0, BEYOND * self.least), max(0.0, BEYOND * self.largest)


def stored_output(signal: Signal, bounds: Range) -> Json:
    """Return a deep track as a model's header holds it, under ``outputs``."""
    return {**signal.stored(), _RANGE: list(bounds)}


def restored_range(entry: Json) -> Range | None:
    """Return the range of an entry of ``outputs``; None for models of 0.1.0, which have none.

    Raises
    ------
    ValueError
        If it is no range.
    """
    bounds = entry.get(_RANGE)
    if bounds is None:
        return None
    numbers = isinstance(bounds, list) and all(type(value) in (int, float) for value in bounds)
    if (
        not numbers
        or len(bounds) != len(Range._fields)
        or not all(map(isfinite, bounds))
        or bounds[0] > bounds[1]
    ):
        raise ValueError(f"the range of {entry['name']} is {bounds!r}; expected two numbers, the lower first")
    return Range(*map(float, bounds))


class TrackUnits:
    """Turns outputs of a network into values of deep tracks, and counts those that it bounds.

    Parameters
    ----------
    signals
        S tracks: how each was normalised.
    ranges
        S: what bounds each; None bounds nothing.
    """

    def __init__(self, signals: Sequence[Signal], ranges: Sequence[Range | None]) -> None:
        self._signals, self._ranges = tuple(signals), tuple(ranges)
        self._above = np.zeros(len(self._signals), dtype=np.int64)
        self._below = np.zeros(len(self._signals), dtype=np.int64)
        self._bins = 0

    def values(self, outputs: Singles) -> Singles:
        """Return outputs (m, S) in the units of the tracks, float32; what is no finite number stays."""
        columns = [self._column(number, outputs[:, number]) for number in range(len(self._signals))]
        self._bins += len(outputs)
        return np.stack(columns, axis=1)

    def _column(self, number: int, outputs: Singles) -> Singles:
        """Return one track's values."""
        with np.errstate(over="ignore"):  # an output that is too large for a number is bounded
            values = self._signals[number].constants.undo(outputs)
        known = self._ranges[number]
        if known is None:
            return values
        low, high = (_towards_zero(limit) for limit in known.limits)
        finite = np.isfinite(outputs)
        above, below = finite & (values > high), finite & (values < low)
        self._above[number] += np.count_nonzero(above)
        self._below[number] += np.count_nonzero(below)
        return np.where(above, high, np.where(below, low, values)) + np.float32(0)

    def said(self) -> list[tuple[bool, str]]:
        """Return what was bounded: whether it is a reason for doubt, and a sentence."""
        sentences = []
        for number, (signal, known) in enumerate(zip(self._signals, self._ranges, strict=True)):
            if known is None:
                continue
            low, high = known.limits
            for count, limit, where in (
                (self._above[number], high, "above"),
                (self._below[number], low, "below"),
            ):
                if count:
                    text = f"{signal.name}: {count} of {self._bins} bins were {where} {limit:g}"
                    reason = f" ({BEYOND:g} times the furthest training value)" if limit else ""
                    sentences.append((bool(limit), f"{text}{reason} and are set to it"))
        return sentences


def _towards_zero(limit: float) -> np.float32:
    """Return a limit as float32, rounded towards zero, so that no bounded value exceeds it."""
    single = np.float32(limit)
    return single if abs(float(single)) <= abs(limit) else np.nextafter(single, np.float32(0))
