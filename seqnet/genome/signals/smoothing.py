"""Gaussian smoothing of binned tracks, and the linear smoother that is closest to another track.

The smoothed, rescaled input is the simple method that a denoising network has to beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Bools, Floats, Ints, Reals

WIDTHS = (0.0, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.3, 16.0, 22.6, 32.0)
"""Standard deviations to choose from, in bins, about a factor of sqrt(2) apart; 0 does not smooth."""
_CUT = 4.0
"""Standard deviations after which a Gaussian is cut off."""


def gaussian_weights(width: float) -> Floats:
    """Return a Gaussian filter of sum 1: float64 (2 r + 1,), r four standard deviations.

    Parameters
    ----------
    width
        Standard deviation in positions; 0 gives the filter that changes nothing.

    Examples
    --------
    >>> gaussian_weights(0).tolist()
    [1.0]
    >>> gaussian_weights(0.5).round(3).tolist()
    [0.0, 0.106, 0.787, 0.106, 0.0]
    """
    if width == 0:
        return np.ones(1)
    reach = int(_CUT * width + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    return np.asarray(weights / weights.sum())


def smoothed(values: Reals, offsets: Ints, width: float) -> Floats:
    """Smooth every contig of a track by itself; beyond its ends the track counts as 0.

    Parameters
    ----------
    values
        (bins,): contigs one behind the other, without NaN.
    offsets
        int64 (contigs + 1,): the first bin of each, and the number of bins.
    width
        Standard deviation in bins.

    Returns
    -------
    values
        float64 (bins,).
    """
    weights, doubles = gaussian_weights(width), np.asarray(values, dtype=np.float64)
    reach = len(weights) // 2
    parts = [
        np.convolve(doubles[begin:end], weights)[reach : reach + end - begin]
        for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
        if begin < end
    ]
    return np.concatenate([*parts, np.empty(0)])


class Smoother(NamedTuple):
    """A Gaussian filter and a factor."""

    width: float
    """Standard deviation in bins; 0 does not smooth."""
    scale: float

    def apply(self, values: Reals, offsets: Ints) -> Floats:
        """Return the scaled, smoothed track, float64 (bins,); see `smoothed`."""
        return self.scale * smoothed(values, offsets, self.width)


def fit_smoother(
    values: Reals, targets: Reals, offsets: Ints, rows: Bools | None = None, widths: Sequence[float] = WIDTHS
) -> Smoother:
    """Return the smoother that brings a track closest to another, in squared error.

    For each width the factor a is that of least squares through the origin, a = sum(s t) / sum(s s).

    Parameters
    ----------
    values, targets
        (bins,) each: the track to smooth, and the other.
    offsets
        See `smoothed`.
    rows
        bool (bins,): where the error is taken; None for everywhere.
    widths
        Of which the narrowest of equal ones is chosen; ``(0,)`` fits the factor alone.
    """
    mask = np.ones(len(values), dtype=bool) if rows is None else rows
    truth = np.asarray(targets, dtype=np.float64)[mask]
    best, least = Smoother(widths[0], 0.0), np.inf
    for width in widths:
        column = smoothed(values, offsets, width)[mask]
        power = float(column @ column)
        scale = float(column @ truth) / power if power > 0 else 0.0
        error = float(((scale * column - truth) ** 2).sum())
        if error < least:
            best, least = Smoother(width, scale), error
    return best
