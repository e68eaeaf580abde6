"""Labelled sequences after two grammars: one of the positives, one of the negatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from seqnet.aliases import Codes, Floats
from seqnet.datasets.simulation.grammars import Grammar
from seqnet.datasets.simulation.letters import draw_background, draw_sites
from seqnet.datasets.simulation.placement import Placed, concatenate_placed
from seqnet.genome.alphabet import reverse_complement
from seqnet.motifs.matrix import Ppm, Pssm

_DIGITS = 4
"""Least number of digits of a sequence's number in its name."""


@dataclass(frozen=True, eq=False)
class ClassPlan:
    """One class of sequences: how many, after which grammar."""

    count: int
    grammar: Grammar


@dataclass(frozen=True, eq=False)
class Simulated:
    """n labelled sequences, positives first, and the sites they hold.

    Parameters
    ----------
    names
        n names, ``pos_0001`` ... and ``neg_0001`` ...
    codes
        uint8 (n, length).
    targets
        float64 (n, 1): 1 for positives, 0 for negatives.
    sites
        Where the sites are.
    """

    names: list[str]
    codes: Codes
    targets: Floats
    sites: Placed


def simulate(
    positives: ClassPlan,
    negatives: ClassPlan,
    motifs: Sequence[Ppm],
    tables: Sequence[Floats],
    length: int,
    generator: Generator,
) -> Simulated:
    """Draw background sequences and put sites into them.

    Parameters
    ----------
    motifs
        What sites are drawn from.
    tables
        The background, as `conditional_tables` returns it.

    Raises
    ------
    ValueError
        If the sites of a grammar cannot fit.
    """
    widths = np.array([motif.width for motif in motifs])
    first = positives.grammar.plan(positives.count, length, widths, generator)
    second = negatives.grammar.plan(negatives.count, length, widths, generator)
    sites = concatenate_placed(first, second, positives.count)
    codes = draw_background(tables, positives.count + negatives.count, length, generator)
    insert_sites(codes, sites, motifs, generator)
    targets = np.repeat([[1.0], [0.0]], [positives.count, negatives.count], axis=0)
    names = [*_names("pos", positives.count), *_names("neg", negatives.count)]
    return Simulated(names, codes, targets, sites)


def _names(kind: str, count: int) -> list[str]:
    """Return the names of one class."""
    digits = max(_DIGITS, len(str(count)))
    return [f"{kind}_{number:0{digits}d}" for number in range(1, count + 1)]


def insert_sites(codes: Codes, sites: Placed, motifs: Sequence[Ppm], generator: Generator) -> None:
    """Draw the letters of sites and write them over sequences (n, length)."""
    for number, motif in enumerate(motifs):
        rows = np.flatnonzero(sites.motif == number)
        drawn = draw_sites(motif, len(rows), generator)
        minus = sites.strand[rows] < 0
        drawn[minus] = reverse_complement(drawn[minus])
        columns = sites.start[rows, None] + np.arange(motif.width)
        codes[sites.sequence[rows, None], columns] = drawn


def letters_of_sites(codes: Codes, sites: Placed, widths: Sequence[int]) -> list[Codes]:
    """Return each site's letters as the sequences (n, length) hold them, 5' to 3' on its own strand."""
    read = []
    rows = zip(*(column.tolist() for column in sites), strict=True)
    for sequence, motif, start, strand in rows:
        letters = codes[sequence, start : start + widths[motif]]
        read.append(letters if strand > 0 else reverse_complement(letters))
    return read


def site_score(letters: Codes, pssm: Pssm) -> float:
    """Return the log-odds score in bits of a site's letters (w,)."""
    return float(pssm.scores[np.arange(len(letters)), letters].sum())
