"""Counts, probabilities and scores of a motif as three types, so that none is taken for another."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import floor, inf, log2
from typing import Literal, TypeAlias

import numpy as np

from seqnet.aliases import Floats
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.pseudocounts import DEFAULT, DEFAULT_NSITES, total_pseudocount

Spread: TypeAlias = Literal["background", "uniform"]
Alphabet: TypeAlias = Literal["DNA", "RNA"]
DNA: Alphabet = "DNA"
RNA: Alphabet = "RNA"
_WHOLE = 1e-12
"""Relative distance from a whole number at which a product of probability and sites is one."""
FIMO_RULE = "fimo-preset"
_FIMO_RANGE = 1000
"""Largest whole-number score of a column in FIMO's arithmetic."""
_FIMO_PSEUDOCOUNT = 0.1


@dataclass(frozen=True)
class MotifInfo:
    """What travels with a motif from format to format.

    Parameters
    ----------
    name, alt_name
        Identifier and alternate name.
    nsites
        True number of sites, possibly fractional; None where the file does not say.
    evalue, url
        As text, empty where there is none.
    threshold
        The score that its file says makes a hit, in bits; None where there is none.
    alphabet
        What the motif binds, as its file's letters say.
    one_strand
        Whether the motif was found on the given strand alone, according to its file.
    """

    name: str
    alt_name: str = ""
    nsites: float | None = None
    evalue: str = ""
    url: str = ""
    threshold: float | None = None
    alphabet: Alphabet = DNA
    one_strand: bool = False


def _frozen(array: Floats) -> Floats:
    """Return a read-only float64 copy of shape (w, 4)."""
    matrix = np.array(array, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != 4 or not len(matrix):
        raise ValueError(f"a motif matrix has shape (width, 4), not {matrix.shape}")
    matrix.flags.writeable = False
    return matrix


@dataclass(frozen=True, eq=False)
class Pfm:
    """Position frequency matrix: counts, float64 (w, 4), columns A C G T."""

    info: MotifInfo
    counts: Floats

    def __post_init__(self) -> None:
        """Freeze the matrix."""
        object.__setattr__(self, "counts", _frozen(self.counts))

    @property
    def width(self) -> int:
        """Number of positions w."""
        return len(self.counts)

    @property
    def nsites(self) -> float:
        """Number of sites: as stated, else the largest column total."""
        stated = self.info.nsites
        return float(self.counts.sum(axis=1).max()) if stated is None else stated


@dataclass(frozen=True, eq=False)
class Ppm:
    """Position probability matrix (the lecture's PWM): float64 (w, 4), rows sum to 1."""

    info: MotifInfo
    probabilities: Floats

    def __post_init__(self) -> None:
        """Freeze the matrix."""
        object.__setattr__(self, "probabilities", _frozen(self.probabilities))

    @property
    def width(self) -> int:
        """Number of positions w."""
        return len(self.probabilities)


@dataclass(frozen=True, eq=False)
class Pssm:
    """Position-specific scoring matrix: log2(p / background) in bits, float64 (w, 4).

    Parameters
    ----------
    scores
        A zero probability scores -inf.
    background
        The order-0 frequencies that the scores were made with.
    ppm
        The probabilities before pseudocounts, where known.
    pseudocount
        The rule that was used, as text.
    """

    info: MotifInfo
    scores: Floats
    background: Background
    ppm: Ppm | None = None
    pseudocount: str = field(default="")

    def __post_init__(self) -> None:
        """Freeze the matrix."""
        object.__setattr__(self, "scores", _frozen(self.scores))

    @property
    def width(self) -> int:
        """Number of positions w."""
        return len(self.scores)


Motif: TypeAlias = Pfm | Ppm | Pssm
"""What a motif file may hold."""


@dataclass(frozen=True)
class MotifSet:
    """The motifs of a file, in order, and the background it states, if any."""

    motifs: tuple[Motif, ...]
    background: Background | None = None


def to_ppm(motif: Motif) -> Ppm:
    """Return the probabilities of a motif.

    Counts become frequencies (column by column); scores give back the probabilities they were
    made from.

    Raises
    ------
    ValueError
        If a column of counts is empty, or a PSSM came without its probabilities.
    """
    if isinstance(motif, Ppm):
        return motif
    if isinstance(motif, Pfm):
        totals = motif.counts.sum(axis=1, keepdims=True)
        if not (totals > 0).all():
            column = int(np.flatnonzero(totals <= 0)[0]) + 1
            raise ValueError(f"column {column} of {motif.info.name} holds no counts")
        return Ppm(replace(motif.info, nsites=motif.nsites), motif.counts / totals)
    if motif.ppm is None:
        raise ValueError(
            f"{motif.info.name} holds scores without the probabilities they were made from; "
            "start again from its counts or probabilities"
        )
    return motif.ppm


def to_pfm(motif: Motif) -> Pfm:
    """Return the counts of a motif: its own, or probabilities times the number of sites.

    Products this close to a whole number are rounded to it: they were counts before they were divided.
    """
    if isinstance(motif, Pfm):
        return motif
    ppm = to_ppm(motif)
    nsites = DEFAULT_NSITES if ppm.info.nsites is None else ppm.info.nsites
    counts = ppm.probabilities * nsites
    whole = np.rint(counts)
    near = (np.abs(counts - whole) <= _WHOLE * nsites) & (whole > 0)  # a small chance is not none
    return Pfm(replace(ppm.info, nsites=nsites), np.where(near, whole, counts))


def with_pseudocounts(
    pfm: Pfm, rule: str = DEFAULT, background: Background = UNIFORM, spread: Spread = "background"
) -> Ppm:
    """Return p[i, a] = (c[i, a] + k b[a]) / (N_i + k), k the total pseudocount per column.

    Parameters
    ----------
    rule
        A preset of `PSEUDOCOUNTS` or a number as text.
    spread
        Whether b is the background or uniform.
    """
    total = total_pseudocount(rule, pfm.nsites)
    shares = (background if spread == "background" else UNIFORM).frequencies
    totals = pfm.counts.sum(axis=1, keepdims=True) + total
    if not (totals > 0).all():
        column = int(np.flatnonzero(totals <= 0)[0]) + 1
        raise ValueError(f"column {column} of {pfm.info.name} holds no counts and no pseudocount")
    return Ppm(replace(pfm.info, nsites=pfm.nsites), (pfm.counts + total * shares) / totals)


def to_pssm(
    motif: Pfm | Ppm | Pssm,
    background: Background = UNIFORM,
    pseudocount: str = DEFAULT,
    spread: Spread = "background",
) -> Pssm:
    """Return the log-odds scores s[i, a] = log2(p[i, a] / b[a]) in bits.

    Raises
    ------
    ValueError
        If a background frequency is zero, or the probabilities are not known.
    """
    if not (background.frequencies > 0).all():
        raise ValueError("a background frequency is zero; every base needs one above zero")
    ppm = with_pseudocounts(to_pfm(motif), pseudocount, background, spread)
    scores = _log2(ppm.probabilities / background.frequencies)
    return Pssm(ppm.info, scores, background, to_ppm(motif), pseudocount)


def _log2(ratios: Floats) -> Floats:
    """Return log2, -inf at zero, by the C library: numpy's last bit depends on the processor."""
    return np.array([[log2(value) if value > 0 else -inf for value in row] for row in ratios.tolist()])


def fimo_pssm(motif: Motif, background: Background) -> Pssm:
    """Return the scores that FIMO (Grant et al. 2011) reports for windows: whole numbers on a separate grid.

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
    raw = ppm.probabilities * pfm.nsites + _FIMO_PSEUDOCOUNT * both.frequencies
    ratios = raw / (pfm.nsites + _FIMO_PSEUDOCOUNT) / both.frequencies
    logs = np.array([[log2(value) for value in row] for row in ratios.tolist()])
    offset = floor(logs.min())
    scale = floor(_FIMO_RANGE / (logs.max() - offset))
    whole = np.floor((logs - offset) * scale + 0.5)
    return Pssm(pfm.info, whole / scale + offset, both, ppm, FIMO_RULE)


def reverse_complement_matrix(matrix: Floats) -> Floats:
    """Return the matrix (w, 4) of the other strand: positions and letters reversed."""
    return np.ascontiguousarray(matrix[::-1, ::-1])
