"""What a discovery returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.pipeline.tables import ColumnTable

if TYPE_CHECKING:
    from seqnet.attribution.patterns import Pattern
    from seqnet.motifs.matrix import MotifSet
    from seqnet.pipeline.discovery.hits import PatternHitTable


@dataclass(frozen=True, eq=False)
class PatternTable(ColumnTable):
    """The patterns, task by task, those of most seqlets first.

    Parameters
    ----------
    pattern, task
        object (p,): names.
    seqlets
        int64 (p,): how many make the pattern.
    contribution
        float64 (p,): the mean attribution of a seqlet, over the pattern's columns.
    target
        object (p,): the most similar motif of the collection, ``.`` where none is similar.
    q_value
        float64 (p,): of the similarity; NaN for none.
    """

    pattern: NDArray[np.object_]
    task: NDArray[np.object_]
    seqlets: Ints
    contribution: Floats
    target: NDArray[np.object_]
    q_value: Floats


@dataclass(frozen=True, eq=False)
class SeqletTable(ColumnTable):
    """The stretches of high attribution that make patterns.

    Parameters
    ----------
    chrom, start, end
        Where they lie: object, int64 and int64 (s,). For sequences, their names take the contigs' place.
    pattern
        object (s,): the pattern's name.
    score
        float64 (s,): the attribution of the middle bases.
    strand
        object (s,): ``-`` where the pattern is read from the other strand.
    task
        object (s,).
    q_value
        float64 (s,): false discovery rate.
    """

    chrom: NDArray[np.object_]
    start: Ints
    end: Ints
    pattern: NDArray[np.object_]
    score: Floats
    strand: NDArray[np.object_]
    task: NDArray[np.object_]
    q_value: Floats


@dataclass(frozen=True, eq=False)
class DiscoverResult:
    """What was found.

    Parameters
    ----------
    motifs
        The patterns as motifs: counts of the bases of their seqlets.
    table
        A row for each pattern.
    seqlets
        A row for each seqlet of a pattern.
    patterns
        In the order of `motifs`, with their mean contributions.
    hits
        A row for each hit of a pattern; None where they are not wanted.
    """

    motifs: MotifSet
    table: PatternTable
    seqlets: SeqletTable
    patterns: tuple[Pattern, ...]
    hits: PatternHitTable | None = None
