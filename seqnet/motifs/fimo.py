"""Scores in FIMO's arithmetic (Grant et al. 2011): whole numbers on a separate grid."""

from __future__ import annotations

from math import floor, log2

import numpy as np

from seqnet.motifs.background import Background
from seqnet.motifs.matrix import Motif, Pssm, to_pfm, to_ppm

RANGE = 1000
"""Largest whole-number score of a column."""
PSEUDOCOUNT = 0.1
RULE = "fimo-preset"


def fimo_pssm(motif: Motif, background: Background) -> Pssm:
    """Return the scores that FIMO reports for windows, column by column.

    With f = (p nsites + 0.1 b) / (nsites + 0.1), b averaged over both strands, and l = log2(f / b),
    each l becomes the whole number floor((l - offset) scale + 1/2), where offset = floor(min l) and
    scale = floor(1000 / (max l - offset)); divided by scale and with offset added back per column
    the sum over a window is FIMO's score. P-values of such scores are exact, since there are at
    most 1000 w + 1 distinct ones.

    Raises
    ------
    ValueError
        If a background frequency is zero.
    """
    both = Background((background.frequencies + background.complement) / 2, background.source)
    if not (both.frequencies > 0).all():
        raise ValueError("a background frequency is zero; every base needs one above zero")
    pfm = to_pfm(motif)
    ppm = to_ppm(motif)
    raw = ppm.probabilities * pfm.nsites + PSEUDOCOUNT * both.frequencies
    ratios = raw / (pfm.nsites + PSEUDOCOUNT) / both.frequencies
    logs = np.array([[log2(value) for value in row] for row in ratios.tolist()])
    offset = floor(logs.min())
    scale = floor(RANGE / (logs.max() - offset))
    whole = np.floor((logs - offset) * scale + 0.5)
    return Pssm(pfm.info, whole / scale + offset, both, ppm, RULE)
