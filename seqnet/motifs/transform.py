"""Motifs cut and turned, whatever form they have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from seqnet.aliases import Floats
from seqnet.motifs.information import information
from seqnet.motifs.matrix import Motif, Pfm, Ppm, Pssm, reverse_complement_matrix, to_ppm
from seqnet.motifs.pseudocounts import DEFAULT_NSITES


def map_matrices(motif: Motif, change: Callable[[Floats], Floats]) -> Motif:
    """Apply one change to every matrix of a motif."""
    if isinstance(motif, Pfm):
        return Pfm(motif.info, change(motif.counts))
    if isinstance(motif, Ppm):
        return Ppm(motif.info, change(motif.probabilities))
    ppm = None if motif.ppm is None else Ppm(motif.ppm.info, change(motif.ppm.probabilities))
    return replace(motif, scores=change(motif.scores), ppm=ppm)


def reverse_complemented(motif: Motif) -> Motif:
    """Return the motif as the other strand reads it.

    Raises
    ------
    ValueError
        If it is a PSSM whose background differs between the strands: its scores are of the forward
        strand.
    """
    if isinstance(motif, Pssm) and not motif.background.symmetric:
        raise ValueError(
            f"{motif.info.name} was scored against a background that differs between the strands"
        )
    return map_matrices(motif, reverse_complement_matrix)


def trimmed(motif: Motif, bits: float) -> Motif:
    """Cut flanking positions that hold less than `bits` of information, small samples corrected.

    Raises
    ------
    ValueError
        If no position holds as much, or the motif's probabilities are not known.
    """
    ppm = to_ppm(motif)
    nsites = DEFAULT_NSITES if ppm.info.nsites is None else ppm.info.nsites
    keep = np.flatnonzero(information(ppm.probabilities, nsites) >= bits)
    if not len(keep):
        raise ValueError(f"no position of {motif.info.name} holds {bits:g} bits")
    first, past = int(keep[0]), int(keep[-1]) + 1
    return map_matrices(motif, lambda matrix: matrix[first:past])
