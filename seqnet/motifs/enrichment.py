"""Whether a motif is enriched in positive against negative sequences, and central in the positives.

Every sequence enters by its best window and by whether any window is a hit (`seqnet.motifs.scan`).
Probabilities are natural logarithms throughout, so that those below 1e-308 keep their value.
"""

from __future__ import annotations

from math import log2
from typing import NamedTuple

import numpy as np
from scipy.special import betaln, log_ndtr, logsumexp

from seqnet.aliases import Floats, Ints
from seqnet.kernels.ties import round_scores
from seqnet.metrics.ranking import auroc, rank
from seqnet.motifs.scan import BestSites

PSEUDOCOUNT = 0.5
"""Added to the sequences with a hit and to those without, before fractions are compared."""


class Enrichment(NamedTuple):
    """What one motif is in two sets of sequences."""

    n_pos: int
    """Positive sequences."""
    hits_pos: int
    """Positive sequences with at least one hit."""
    n_neg: int
    hits_neg: int
    log2_enrichment: float
    """As `log2_ratio` says."""
    auroc: float
    """As `score_auroc` says."""
    log_p: float
    """Fisher's exact p-value, one-sided, natural logarithm."""
    log_centrality_p: float | None
    """As `log_centrality` says."""
    windowless: int
    """Sequences of both sets without any window that has a score; they count, without a hit."""


def enrichment(positives: BestSites, negatives: BestSites, lengths: Ints, width: int) -> Enrichment:
    """Test one motif for enrichment.

    Parameters
    ----------
    positives, negatives
        The best window and the number of hits of each of n and m sequences, at least one each.
    lengths
        int64 (n,): bases of the positives.
    width
        Columns of the motif.

    Raises
    ------
    ValueError
        If there are no positives or no negatives.
    """
    n_pos, n_neg = len(positives.hits), len(negatives.hits)
    if not n_pos or not n_neg:
        raise ValueError(f"{n_pos} positives and {n_neg} negatives; expected at least one of each")
    hit = positives.hits > 0
    hits_pos, hits_neg = int(hit.sum()), int((negatives.hits > 0).sum())
    return Enrichment(
        n_pos,
        hits_pos,
        n_neg,
        hits_neg,
        log2_ratio(hits_pos, n_pos, hits_neg, n_neg),
        score_auroc(positives.score, negatives.score),
        log_fisher(hits_pos, n_pos, hits_neg, n_neg),
        log_centrality(positives.start[hit], lengths[hit] - width + 1),
        int((positives.start < 0).sum() + (negatives.start < 0).sum()),
    )


def log2_ratio(hits_pos: int, n_pos: int, hits_neg: int, n_neg: int) -> float:
    """Return log2 of (hits_pos + k) / (n_pos + 2k) over the same of the negatives, k = `PSEUDOCOUNT`."""
    k = PSEUDOCOUNT
    return log2((hits_pos + k) / (n_pos + 2 * k)) - log2((hits_neg + k) / (n_neg + 2 * k))


def score_auroc(positives: Floats, negatives: Floats) -> float:
    """Return the chance that a positive scores more than a negative, ties half.

    Scores are compared as `seqnet.kernels.ties` says.

    Parameters
    ----------
    positives, negatives
        Best scores, float64 (n,) and (m,), neither empty; NaN, no window with a score, is as low as
        -inf.
    """
    scores = round_scores(np.concatenate([positives, negatives]))
    truth = np.arange(len(scores)) < len(positives)
    area = auroc(rank(truth, np.where(np.isnan(scores), -np.inf, scores)).curve())
    assert area is not None, "neither set is empty"
    return area


def log_fisher(hits_pos: int, n_pos: int, hits_neg: int, n_neg: int) -> float:
    """Return ln of Fisher's exact p-value, one-sided.

    The chance of `hits_pos` or more hits among the positives, when as many hits as both sets have
    fall on sequences at random: the upper tail of a hypergeometric distribution (Fisher 1922).
    """
    hits = hits_pos + hits_neg
    if hits_pos <= max(0, hits - n_neg):
        return 0.0
    k = np.arange(hits_pos, min(hits, n_pos) + 1, dtype=np.float64)
    terms = _log_choose(n_pos, k) + _log_choose(n_neg, hits - k) - _log_choose(n_pos + n_neg, hits)
    return min(0.0, float(logsumexp(terms)))


def _log_choose(n: int, k: Floats | int) -> Floats:
    """Return ln of the binomial coefficients n over k."""
    values: Floats = -betaln(n - k + 1, k + 1) - np.log(n + 1)
    return values


def log_centrality(starts: Ints, places: Ints) -> float | None:
    """Return ln of the chance that best sites lie as near the centres of their sequences.

    The question is that of CentriMo (Bailey & Machanick 2012, Nucleic Acids Research 40:e128): a
    bound factor's motif lies near the middle of its peaks. CentriMo tries many central regions; here
    every site counts by its rank, as in a one-sample rank test. Under the null a best site lies at
    each of its sequence's m places with equal chance. Its distance from the centre, ``|2 start -
    (m - 1)|`` half bases, has the rank u = (places nearer + half of those as near) / m, of mean 1/2
    and variance (1 - sum t^3 / m^3) / 12 over the groups of t places equally near: one place in the
    middle if m is odd, else pairs. The sum of 1/2 - u over the sequences is referred to the normal
    distribution of its exact variance. Where a sequence's best score occurs twice, the leftmost
    place counts, which makes the test the more careful.

    Parameters
    ----------
    starts
        int64 (n,): 0-based start of the best window of each sequence with a hit.
    places
        int64 (n,): windows of each sequence, m, those that hold an ambiguous base included.

    Returns
    -------
    The one-sided p-value's natural logarithm; None where no site had a choice of places: without
    sequences, and if all have one or two places.
    """
    m = places.astype(np.float64)
    distance = np.abs(2 * starts - (places - 1))
    nearer = np.maximum(distance - 1, 0)
    equal = np.where(distance == 0, 1, 2)
    cubes = 4 * m - 3 * (places % 2)
    variance = float(((1 - cubes / m**3) / 12).sum())
    if variance <= 0:
        return None
    nearness = float((0.5 - (nearer + equal / 2) / m).sum())
    return float(log_ndtr(-nearness / np.sqrt(variance)))
