"""Classes that are not equally frequent, balanced by drawing or by weighing."""

from __future__ import annotations

import numpy as np

from seqnet.aliases import Floats


def class_odds(targets: Floats) -> Floats:
    """Return odds (n,) under which both classes of a task are drawn as often.

    A row's odds are the mean, over its known tasks, of 1 / (2 x the share of its class); rows
    without a known task are never drawn.

    Parameters
    ----------
    targets
        (n, T) of 0 and 1, NaN where unknown.
    """
    known = ~np.isnan(targets)
    positive = known & (targets > 0)
    counts = known.sum(axis=0)
    shares = positive.sum(axis=0) / np.maximum(counts, 1)
    with np.errstate(divide="ignore"):
        inverse = np.where(positive, 0.5 / shares, 0.5 / (1 - shares))
    total = np.where(known, inverse, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(known.sum(axis=1), 1))


def positive_weights(targets: Floats) -> Floats:
    """Return, per task, negatives over positives: float64 (T,); 1 for a task of one class.

    Multiplied with the losses of positives, both classes weigh the same.
    """
    positives = np.nansum(targets > 0, axis=0).astype(np.float64)
    negatives = (~np.isnan(targets)).sum(axis=0) - positives
    both = (positives > 0) & (negatives > 0)
    return np.where(both, negatives / np.maximum(positives, 1), 1.0)
