"""Entropy and information of motif columns (Schneider et al. 1986), and the heights of a logo's letters.

The heights are those of Schneider and Stephens 1990.
"""

from __future__ import annotations

from functools import cache
from math import comb, floor, log, log2
from typing import Literal, TypeAlias

import numpy as np

from seqnet.aliases import Floats
from seqnet.genome.alphabet import BASES, IUPAC
from seqnet.motifs.matrix import Motif, Pssm, to_ppm
from seqnet.motifs.pseudocounts import DEFAULT_NSITES

SmallSample: TypeAlias = Literal["exact", "approx", "none"]
Height: TypeAlias = Literal["information", "probability", "log-odds"]


def entropy(probabilities: Floats) -> Floats:
    """Return H_i = -sum p log2 p of each row of (w, 4), in bits; 0 log 0 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(probabilities > 0, probabilities * np.log2(probabilities), 0.0)
    return np.asarray(-terms.sum(axis=1))


@cache
def _exact_correction(nsites: int) -> float:
    """Return 2 - E[H] over samples of `nsites` letters from uniform bases.

    E[H] is four times the expected -(x/n) log2(x/n) of one letter's binomial count x.
    """
    if nsites == 0:
        return 2.0
    if nsites > 1000:  # beyond this the second-order expansion is exact to 1e-8 bits
        return 3 / (2 * log(2) * nsites) + _second_order(nsites)
    expected = 0.0
    for x in range(1, nsites):
        weight = comb(nsites, x) * 3 ** (nsites - x) / 4**nsites
        expected -= weight * (x / nsites) * log2(x / nsites)
    return 2 - 4 * expected


def _second_order(nsites: float) -> float:
    """Return the next term of the expansion of e_n: (sum 1/p - 1) / (12 n^2) in nats, p = 1/4."""
    return (16 - 1) / (12 * nsites**2 * log(2))


def small_sample_correction(nsites: float, method: SmallSample = "exact") -> float:
    """Return e_n in bits, what the entropy of n sites falls short of the true one on average.

    Parameters
    ----------
    nsites
        Number of sites; the exact value is interpolated linearly between whole numbers.
    method
        ``exact`` (2 - E[H] over multinomial samples), ``approx`` (3 / (2 ln 2 n)), ``none`` (0).

    Examples
    --------
    >>> round(small_sample_correction(5), 4)
    0.5371
    """
    if method == "none":
        return 0.0
    if method == "approx":
        return 3 / (2 * log(2) * nsites)
    lower = floor(nsites)
    share = nsites - lower
    exact = _exact_correction(lower)
    return exact if share == 0 else (1 - share) * exact + share * _exact_correction(lower + 1)


def information(probabilities: Floats, nsites: float, method: SmallSample = "exact") -> Floats:
    """Return R_i = 2 - (H_i + e_n) of each row of (w, 4), in bits, not clipped at zero."""
    return 2 - (entropy(probabilities) + small_sample_correction(nsites, method))


_WORDS = {frozenset(bases): letter for letter, bases in IUPAC.items() if letter != "U"}


def consensus(probabilities: Floats) -> str:
    """Return the IUPAC consensus of (w, 4) by the rules of Cavener (1987).

    One letter above half and twice the next; else two above three quarters together; else N
    (three letters when the fourth never occurs).
    """
    return "".join(_consensus_letter(row) for row in probabilities)


def _consensus_letter(row: Floats) -> str:
    """Return the IUPAC letter of one column (4,)."""
    order = np.argsort(-row, kind="stable")
    first, second, third, fourth = row[order]
    if first > 0.5 and first > 2 * second:
        count = 1
    elif first + second > 0.75:
        count = 2
    elif fourth == 0 and third > 0:
        count = 3
    else:
        count = 4
    return _WORDS[frozenset(BASES[i] for i in order[:count])]


def letter_heights(motif: Motif, kind: Height, method: SmallSample = "exact") -> Floats:
    """Return the height of every letter of a logo, float64 (w, 4).

    Parameters
    ----------
    motif
        Counts, probabilities or, for ``log-odds``, scores.
    kind
        ``information``: p[i, a] max(0, R_i) in bits, R_i = 2 - (H_i + e_n); ``probability``: p[i, a];
        ``log-odds``: the scores in bits, -inf where a letter cannot occur.
    method
        The small-sample correction e_n of ``information``, for the motif's number of sites (20 where it
        is not known).

    Raises
    ------
    ValueError
        If log-odds are requested for a motif without scores, or the others of a PSSM without its
        probabilities.
    """
    if kind == "log-odds":
        return _scores(motif)
    ppm = to_ppm(motif)
    if kind == "probability":
        return ppm.probabilities
    nsites = DEFAULT_NSITES if ppm.info.nsites is None else ppm.info.nsites
    bits = information(ppm.probabilities, nsites, method)
    return np.asarray(ppm.probabilities * np.maximum(bits, 0)[:, None])


def _scores(motif: Motif) -> Floats:
    """Return the scores of a PSSM."""
    if isinstance(motif, Pssm):
        return motif.scores
    raise ValueError(
        f"{motif.info.name} holds no scores, so it has no log-odds logo; score it against a background first"
    )
