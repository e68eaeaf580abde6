"""Hits of patterns in the rows that were explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.formats.hits.bed_hits import hit_levels
from seqnet.motifs.matrix import MotifSet, Pfm
from seqnet.motifs.scan import Hits, Scanner, hits_in
from seqnet.pipeline.explanation.results import Attribution
from seqnet.pipeline.motifs.request import DEFAULT_P_VALUE, Scoring, Threshold
from seqnet.pipeline.motifs.sources import MotifCollection, make_pssms, reachable_scanners
from seqnet.pipeline.tables import ColumnTable


@dataclass(frozen=True, eq=False)
class PatternHitTable(ColumnTable):
    """Where patterns match the bases that were explained.

    Parameters
    ----------
    chrom, start, end
        Where they lie: object, int64 and int64 (h,). For sequences, their names take the contigs' place.
    pattern
        object (h,): the pattern's name.
    score
        int64 (h,): min(1000, -100 log10 of the p-value), as of ``scan``.
    strand
        object (h,).
    log_odds, p_value
        float64 (h,): the score in bits, and its p-value.
    attribution
        float64 (h,): the sum of the attributions of the bases.
    task
        object (h,).
    """

    chrom: NDArray[np.object_]
    start: Ints
    end: Ints
    pattern: NDArray[np.object_]
    score: Ints
    strand: NDArray[np.object_]
    log_odds: Floats
    p_value: Floats
    attribution: Floats
    task: NDArray[np.object_]


def pattern_hits(patterns: Sequence[tuple[Attribution, Sequence[Pfm]]]) -> PatternHitTable:
    """Scan the rows of each task for its patterns, both strands, p-values up to `DEFAULT_P_VALUE`.

    Where regions overlap, a hit is reported once, with the attributions of the region whose centre is
    nearest, as in tracks.

    Parameters
    ----------
    patterns
        The attributions to each task, and its patterns.
    """
    tables = [_hits_of_task(attribution, motifs) for attribution, motifs in patterns if motifs]
    columns = [table.columns().values() for table in tables] or [_nothing().columns().values()]
    chrom, start, end, pattern, score, strand, log_odds, p_value, attribution, task = (
        np.concatenate(each) for each in zip(*columns, strict=True)
    )
    order = np.lexsort((strand.astype(str), pattern.astype(str), end, start, chrom.astype(str)))
    return PatternHitTable(
        chrom[order], start[order], end[order], pattern[order], score[order], strand[order],
        log_odds[order], p_value[order], attribution[order], task[order],
    )  # fmt: skip


def _nothing() -> PatternHitTable:
    """Return a table without rows."""
    text, whole, real = np.empty(0, dtype=object), np.empty(0, dtype=np.int64), np.empty(0)
    return PatternHitTable(text, whole, whole, text, whole, text, real, real, real, text)


def _hits_of_task(attribution: Attribution, motifs: Sequence[Pfm]) -> PatternHitTable:
    """Return the hits of one task's patterns, pattern by pattern."""
    assert attribution.codes is not None
    n, length = attribution.codes.shape
    scored = make_pssms(MotifCollection(MotifSet(tuple(motifs)), "patterns"), Scoring(), keep=False)
    scanners = reachable_scanners(scored, Threshold(p_value=DEFAULT_P_VALUE))
    codes, ends = np.ascontiguousarray(attribution.codes).reshape(-1), length * np.arange(1, n + 1)
    if not scanners:
        return _nothing()
    hits = hits_in(codes, len(codes), scanners, ends=ends)
    sums = np.zeros((n, length + 1))
    np.cumsum(attribution.observed, axis=1, dtype=np.float64, out=sums[:, 1:])
    parts = [_hits_of_pattern(attribution, scanners, hits, number, sums) for number in range(len(scanners))]
    return PatternHitTable(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _hits_of_pattern(
    attribution: Attribution, scanners: Sequence[Scanner], hits: Hits, number: int, sums: Floats
) -> tuple[np.ndarray, ...]:
    """Return the columns of one pattern's hits.

    Parameters
    ----------
    sums
        float64 (n, L + 1): of the attributions before each base.
    """
    motif = scanners[number].pssm
    own = Hits._make(column[hits.motif == number] for column in hits)
    row, first = np.divmod(own.start, sums.shape[1] - 1)
    chrom, start, backward = attribution.places(row, first, motif.width)
    minus = (own.strand < 0) ^ backward
    chosen = np.arange(len(row))
    if attribution.regions is not None:
        intervals = attribution.regions.intervals
        distance = np.abs(2 * start + motif.width - intervals.start[row] - intervals.end[row])
        contig = intervals.contig[row]
        order = np.lexsort((row, distance, minus, start, contig))
        place = np.stack([contig, start, minus])[:, order]
        changes = (np.diff(place, axis=1) != 0).any(axis=0)
        chosen = order[np.append(True, changes)[: len(order)]]
    total = sums[row, first + motif.width] - sums[row, first]
    return tuple(column[chosen] for column in (
        chrom, start, start + motif.width, np.full(len(row), motif.info.name, dtype=object),
        hit_levels(own.p_value), np.where(minus, "-", "+").astype(object), own.score, own.p_value, total,
        np.full(len(row), attribution.task, dtype=object),
    ))  # fmt: skip
