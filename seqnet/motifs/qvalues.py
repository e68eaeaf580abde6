"""False discovery rates of the hits of a scan."""

from __future__ import annotations

import numpy as np

from seqnet.aliases import Floats, Ints


def q_values(p_values: Floats, counts: Ints, tests: int) -> Floats:
    """Return the q-values of Benjamini and Hochberg (1995) from the smallest p-values alone.

    q(p) is the least of tests · p' / rank(p') over reported p' >= p, at most 1. Tests that were not
    reported have larger p-values and could only lower it.

    Parameters
    ----------
    p_values
        float64 (n,): the distinct p-values reported, ascending.
    counts
        int64 (n,): how many tests have each.
    tests
        How many there were in all, reported or not.

    Examples
    --------
    >>> q_values(np.array([0.01, 0.02, 0.04]), np.array([1, 2, 1]), 10).round(4).tolist()
    [0.0667, 0.0667, 0.1]
    """
    steps = tests * p_values / np.cumsum(counts)
    return np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
