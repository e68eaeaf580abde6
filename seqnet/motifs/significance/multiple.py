"""Many p-values at once: false discovery rates after Benjamini & Hochberg 1995."""

from __future__ import annotations

import numpy as np

from seqnet.aliases import Floats, Ints


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Return q_(i) = min over j >= i of p_(j) n / j, float64 (n,), in the order of `p_values`."""
    order = np.argsort(p_values, kind="stable")
    return _minima_above(p_values[order] * len(order) / np.arange(1, len(order) + 1), order)


def log_benjamini_hochberg(log_p: Floats) -> Floats:
    """Do what `benjamini_hochberg` does on natural logarithms, where p-values would underflow."""
    order = np.argsort(log_p, kind="stable")
    ranks = np.log(np.arange(1, len(order) + 1))
    return _minima_above(log_p[order] + (ranks[-1:] - ranks), order)


def _minima_above(ratios: Floats, order: Ints) -> Floats:
    """Return the smallest of each of the sorted ratios and those after it, put back into place."""
    q_values = np.empty(len(order))
    q_values[order] = np.minimum.accumulate(ratios[::-1])[::-1]
    return q_values
