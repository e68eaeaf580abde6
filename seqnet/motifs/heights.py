"""How tall each letter of a sequence logo is (Schneider and Stephens 1990)."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from seqnet.aliases import Floats
from seqnet.motifs.information import SmallSample, information
from seqnet.motifs.matrix import Motif, Pssm, to_ppm
from seqnet.motifs.pseudocounts import DEFAULT_NSITES

Height: TypeAlias = Literal["information", "probability", "log-odds"]


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
