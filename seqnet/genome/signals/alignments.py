"""Aligned reads as columns, and the spans that are counted of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Ints
from seqnet.genome.intervals import Intervals

PAIRED, PROPER, UNMAPPED, REVERSE, MATE_REVERSE, FIRST = 1, 2, 4, 16, 32, 64
"""Flags of an alignment (SAM specification, section 1.4)."""


@dataclass(frozen=True)
class Alignments:
    """n aligned reads of a file, in its order.

    Parameters
    ----------
    contigs
        The contigs of the file.
    contig
        int32 (n,): index into `contigs`, -1 for none.
    start, end
        int64 (n,): the span on the contig, deletions and introns within.
    flag, quality
        int64 (n,): SAM flags and mapping quality.
    template
        int64 (n,): signed length of the fragment, 0 where it is unknown.
    block_row
        int64 (m,): row of each aligned block, ascending.
    block_start, block_end
        int64 (m,): stretches of matched bases (CIGAR M, = and X).
    names
        Name of each read; None where they were not requested.
    """

    contigs: tuple[str, ...]
    contig: NDArray[np.int32]
    start: Ints
    end: Ints
    flag: Ints
    quality: Ints
    template: Ints
    block_row: Ints
    block_start: Ints
    block_end: Ints
    names: Sequence[bytes] | None = None

    def __len__(self) -> int:
        """Return the number of reads."""
        return len(self.contig)

    @property
    def strand(self) -> NDArray[np.int8]:
        """1 or -1 of each read: int8 (n,)."""
        return np.where(self.flag & REVERSE, -1, 1).astype(np.int8)


class Spans(NamedTuple):
    """What is counted of some reads or fragments."""

    intervals: Intervals
    """The stretches that are counted, one or more of each."""
    counted: int
    """Reads, fragments or cuts."""


class ReadFilter(NamedTuple):
    """Which alignments count."""

    least_quality: int
    excluded: int
    included: int

    def keep(self, reads: Alignments) -> Bools:
        """Tell which reads pass: bool (n,). Those without a place never do."""
        flags_fit = ((reads.flag & self.excluded) == 0) & ((reads.flag & self.included) == self.included)
        placed = (reads.contig >= 0) & (reads.flag & UNMAPPED == 0) & (reads.end > reads.start)
        return np.asarray(flags_fit & placed & (reads.quality >= self.least_quality))


def read_spans(reads: Alignments, kept: Bools, extend: int | None = None) -> Spans:
    """Return the matched bases of reads; with `extend`, that many bases from the 5' end on instead.

    Deletions and introns are not covered: the depth of ``samtools depth``, and of
    ``bedtools genomecov -split -ignoreD``.
    """
    if extend is not None:
        return Spans(extended(_whole(reads, kept), extend), int(kept.sum()))
    blocks = kept[reads.block_row]
    rows = reads.block_row[blocks]
    intervals = Intervals(
        reads.contigs, reads.contig[rows], reads.block_start[blocks], reads.block_end[blocks],
        reads.strand[rows],
    )  # fmt: skip
    return Spans(intervals, int(kept.sum()))


def fragment_spans(reads: Alignments, kept: Bools, extend: int | None = None) -> Spans:
    """Return the outer span of each proper pair, on the strand of its first read.

    A pair is taken at its left mate, the one whose fragment length is positive, so it counts once and
    by the filter of that mate. With `extend`, reads without a pair are fragments of that length.
    """
    pairs = kept & ((reads.flag & PROPER) != 0) & (reads.template > 0)
    own, mate = (reads.flag & REVERSE) != 0, (reads.flag & MATE_REVERSE) != 0
    reverse = np.where(reads.flag & FIRST, own, mate)
    strand = np.where(reverse, -1, 1).astype(np.int8)
    whole = Intervals(reads.contigs, reads.contig, reads.start, reads.start + reads.template, strand)
    spans = whole.take(pairs)
    if extend is None:
        return Spans(spans, len(spans))
    singles = kept & ((reads.flag & PAIRED) == 0)
    alone = extended(_whole(reads, singles), extend)
    columns = ("contig", "start", "end", "strand")
    joined = [np.concatenate([getattr(spans, name), getattr(alone, name)]) for name in columns]
    return Spans(Intervals(reads.contigs, *joined), len(joined[0]))


def cut_spans(reads: Alignments, kept: Bools, shift: tuple[int, int]) -> Spans:
    """Return the base at the 5' end of each read, moved by the shift of its strand."""
    return five_prime_ends(_whole(reads, kept), shift)


def five_prime_ends(intervals: Intervals, shift: tuple[int, int]) -> Spans:
    """Return the first base of each interval on its strand, both outer bases where there is none.

    Parameters
    ----------
    shift
        Bases to the right that cuts of the forward and of the reverse strand are moved.
    """
    left, right = intervals.take(intervals.strand >= 0), intervals.take(intervals.strand <= 0)
    starts = np.concatenate([left.start + shift[0], right.end - 1 + shift[1]])
    strands = np.repeat(np.array([1, -1], np.int8), [len(left), len(right)])
    contig = np.concatenate([left.contig, right.contig])
    cuts = Intervals(intervals.contigs, contig, starts, starts + 1, strands)
    return Spans(cuts, len(cuts))


def _whole(reads: Alignments, kept: Bools) -> Intervals:
    """Return the spans of reads."""
    return Intervals(reads.contigs, reads.contig, reads.start, reads.end, reads.strand).take(kept)


def extended(intervals: Intervals, length: int) -> Intervals:
    """Return intervals of a length in bases from the 5' ends of others on; no strand is forward."""
    forward = intervals.strand >= 0
    start = np.where(forward, intervals.start, intervals.end - length)
    return Intervals(intervals.contigs, intervals.contig, start, start + length, intervals.strand)


def inside_contigs(intervals: Intervals, lengths: Sequence[int]) -> tuple[Intervals, int, int]:
    """Cut intervals at the ends of their contigs.

    Parameters
    ----------
    lengths
        Of `intervals.contigs`; -1 for a contig that is unknown.

    Returns
    -------
    The intervals, how many lay whole outside their contigs, and how many were cut.
    """
    limits = np.asarray(lengths, dtype=np.int64)
    limit = limits[intervals.contig]
    start, end = np.maximum(intervals.start, 0), np.minimum(intervals.end, limit)
    there = start < end
    cut = int((there & ((start > intervals.start) | (end < intervals.end))).sum())
    kept = Intervals(intervals.contigs, intervals.contig, start, end, intervals.strand).take(there)
    return kept, int((~there).sum()), cut
