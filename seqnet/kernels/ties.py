"""When two scores are equal: the one definition, for scans, p-values and rank statistics.

A float64 sum of the same numbers in another order differs in its last bits, and so do a window and its
reverse complement under a palindromic matrix. Scores are therefore rounded to `TIE` before any two of
them, or one and a threshold, are compared; ``ties.h`` has the same for the compiled kernels.
"""

from __future__ import annotations

import numpy as np

from seqnet.aliases import Floats

TIE = 1e-9
"""Scores, bits or log-odds, that round to the same multiple of this are equal."""
_PER_UNIT = 1e9
_LARGEST = 2.0**20
"""From here on float64 is too coarse for the grid; such scores stay as they are."""
_SPARE_BITS = 52


def round_scores(scores: Floats | float) -> Floats:
    """Return scores rounded to multiples of `TIE`, float64 of the same shape; infinities and NaN stay.

    Examples
    --------
    >>> round_scores(np.array([0.1 + 0.2, 0.3, -1e-12])).tolist()
    [0.3, 0.3, 0.0]
    """
    values = np.asarray(scores, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        near = np.rint(values * _PER_UNIT) / _PER_UNIT + 0.0  # no negative zero
    return np.where(np.abs(values) < _LARGEST, near, values)


def share_below(values: Floats, others: Floats) -> Floats:
    """Return 1 where a value is below its counterpart, 0.5 where they are equal, 0 elsewhere, float64.

    Values are equal where they differ by up to `TIE` of the larger.

    Examples
    --------
    >>> share_below(np.array([1.0, 0.1 + 0.2, 3e-12]), np.array([2.0, 0.3, 2e-12])).tolist()
    [1.0, 0.5, 0.0]
    """
    equal = np.isclose(values, others, rtol=TIE, atol=0)
    return np.where(equal, 0.5, np.asarray(values) < others)


def exact_sums(matrix: Floats) -> Floats:
    """Return a matrix whose sums of one value a row are exact in any order, float64 (w, 4).

    Its values are moved to the finest binary grid on which that holds, by no more than 2**-52 of the
    largest sum. The same values in another order then give the same sum, to the bit.

    Parameters
    ----------
    matrix
        float64 (w, 4); -inf stays.
    """
    values = np.asarray(matrix, dtype=np.float64)
    with np.errstate(over="ignore"):
        size = float(np.where(np.isfinite(values), np.abs(values), 0.0).max(axis=1).sum())
    if not 0 < size < _LARGEST:
        return values
    shift = int(np.frexp(size)[1]) - _SPARE_BITS
    return np.asarray(np.ldexp(np.rint(np.ldexp(values, -shift)), shift), dtype=np.float64)


def rank_keys(values: Floats) -> Floats:
    """Return float64 of the same shape that orders values as they are, equal ones alike.

    Values that all lie in 0..1 may be probabilities, of which 1e-12 and 2e-12 differ: they are compared
    by their log-odds, rounded to `TIE`. Others are rounded to `TIE`, or to `TIE` of the largest where
    that is below 1 in size. The order is kept.

    Examples
    --------
    >>> rank_keys(np.array([1e-12, 2e-12, 0.1 + 0.2, 0.3])).round(2).tolist()
    [-27.63, -26.94, -0.85, -0.85]
    """
    values = np.asarray(values, dtype=np.float64)
    finite = values[np.isfinite(values)]
    if len(finite) == values.size and len(finite) and finite.min() >= 0 and finite.max() <= 1:
        with np.errstate(divide="ignore"):
            return round_scores(np.log(values) - np.log1p(-values))
    unit = min(1.0, float(np.abs(finite).max(initial=0.0))) or 1.0
    return round_scores(values / unit)
