"""Motif scores along sequences, and the windows that reach a threshold.

The score of a window is the float64 sum of s[i, x_i] over the motif's columns in order. On the
minus strand the window is read as its reverse complement, the columns still summed in the motif's
order; so a site scores the same, to the bit, on whichever strand it lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints
from seqnet.genome.sequence import SequenceBlock, overlap_blocks
from seqnet.kernels.windows import summarise, track
from seqnet.motifs.background import Background
from seqnet.motifs.exact import exact_distribution
from seqnet.motifs.matrix import Pssm, reverse_complement_matrix
from seqnet.motifs.pvalue import Tail, tail_distribution
from seqnet.parallel import ordered_map


def window_scores(codes: Codes, scores: Floats) -> Floats:
    """Score every window on the forward strand.

    Parameters
    ----------
    codes
        uint8 (..., length).
    scores
        float64 (w, 4), bits.

    Returns
    -------
    float64 (..., length - w + 1), empty if the sequence is shorter than the motif; NaN for windows
    that hold an ambiguous base.
    """
    return _sum_columns(codes, scores, range(len(scores)))


def reverse_window_scores(codes: Codes, scores: Floats) -> Floats:
    """Score every window on the reverse strand; shapes as in `window_scores`."""
    return _sum_columns(codes, scores[:, ::-1], range(len(scores) - 1, -1, -1))


def both_strand_scores(codes: Codes, scores: Floats) -> tuple[Floats, Floats]:
    """Return `window_scores` and `reverse_window_scores`."""
    return window_scores(codes, scores), reverse_window_scores(codes, scores)


def _sum_columns(codes: Codes, scores: Floats, offsets: range) -> Floats:
    """Add up column j's score of the letter at offset j of each window, columns in order."""
    places = codes.shape[-1] - len(scores) + 1
    if places < 1:
        return np.empty((*codes.shape[:-1], 0))
    table = np.full((len(scores), 5), np.nan)
    table[:, :4] = scores
    total = np.zeros((*codes.shape[:-1], places))
    for column, offset in zip(table, offsets, strict=True):
        total += column[codes[..., offset : offset + places]]
    return total


@dataclass(frozen=True, eq=False)
class Scanner:
    """A PSSM with a threshold per strand.

    Parameters
    ----------
    pssm
        The matrix.
    thresholds
        Lowest score that is a hit on + and on -, bits.
    distributions
        Score distribution under the background as each strand reads it.
    """

    pssm: Pssm
    thresholds: tuple[float, float]
    distributions: tuple[Tail, Tail]

    @property
    def reachable(self) -> bool:
        """Whether any window can be a hit."""
        return any(
            threshold <= distribution.maximum
            for threshold, distribution in zip(self.thresholds, self.distributions, strict=True)
        )

    @property
    def bound(self) -> float:
        """Largest relative error of a p-value."""
        return max(distribution.bound for distribution in self.distributions)


def make_scanner(
    pssm: Pssm,
    *,
    p_value: float | None = None,
    score: float | None = None,
    null: Background | None = None,
    exact: bool = False,
) -> Scanner:
    """Prepare a PSSM for scanning at a p-value or at a score in bits (exactly one of them).

    Parameters
    ----------
    null
        The background of the p-values, of any order; the PSSM's own when None.
    exact
        Whether p-values are exact instead of bounded (widths up to 20).
    """
    if (p_value is None) == (score is None):
        raise ValueError("give a p-value or a score")
    background = null or pssm.background

    def tail(scores: Floats) -> Tail:
        if exact:
            return exact_distribution(scores, background)
        return tail_distribution(scores, background, p_value=p_value, score=score)

    plus = minus = tail(pssm.scores)
    if not background.symmetric:
        minus = tail(reverse_complement_matrix(pssm.scores))
    if p_value is None:
        assert score is not None
        thresholds = (score, score)
    else:
        thresholds = (plus.threshold(p_value), minus.threshold(p_value))
    return Scanner(pssm, thresholds, (plus, minus))


class Hits(NamedTuple):
    """Hits as columns, sorted by start, end, motif and strand (+ first)."""

    start: Ints
    """int64 (n,): 0-based first base in the record."""
    motif: NDArray[np.int32]
    """int32 (n,): which scanner."""
    strand: NDArray[np.int8]
    """int8 (n,): 1 or -1."""
    score: Floats
    """float64 (n,), bits."""
    p_value: Floats
    """float64 (n,)."""


class BlockHits(NamedTuple):
    """The hits of one block, beside the block."""

    block: SequenceBlock
    hits: Hits


def overlap_of(scanners: Sequence[Scanner]) -> int:
    """Return how many bases consecutive blocks must share: the widest motif less one."""
    return max(scanner.pssm.width for scanner in scanners) - 1


def own_starts(block: SequenceBlock, overlap: int) -> int:
    """Return how many window starts of a block are its own; the rest belong to the next block."""
    return len(block.codes) if block.last else len(block.codes) - overlap


def block_hits(block: SequenceBlock, scanners: Sequence[Scanner]) -> Hits:
    """Find the hits of all scanners that start on a block's own bases."""
    starts = own_starts(block, overlap_of(scanners))
    parts = [
        _strand_hits(block, scanner, number, strand, starts)
        for number, scanner in enumerate(scanners)
        for strand in (0, 1)
    ]
    hits = Hits._make(np.concatenate(column) for column in zip(*parts, strict=True))
    ends = hits.start + np.array([scanner.pssm.width for scanner in scanners])[hits.motif]
    order = np.lexsort((-hits.strand, hits.motif, ends, hits.start))
    return Hits._make(column[order] for column in hits)


def _strand_hits(block: SequenceBlock, scanner: Scanner, number: int, strand: int, starts: int) -> Hits:
    """Find one scanner's hits on one strand (0 is +, 1 is -)."""
    scores = (window_scores, reverse_window_scores)[strand](block.codes, scanner.pssm.scores)
    places = np.flatnonzero(scores[:starts] >= scanner.thresholds[strand])
    found = scores[places]
    return Hits(
        block.offset + places,
        np.full(len(places), number, dtype=np.int32),
        np.full(len(places), 1 - 2 * strand, dtype=np.int8),
        found,
        scanner.distributions[strand].p_value(found),
    )


def scan_blocks(
    blocks: Iterable[SequenceBlock], scanners: Sequence[Scanner], threads: int = 1
) -> Iterator[BlockHits]:
    """Scan a stream of blocks, each with its hits, in order.

    Parameters
    ----------
    blocks
        Any stream; it is made to overlap here.
    threads
        Blocks scanned at a time; the result does not depend on it.
    """
    overlapped = overlap_blocks(blocks, overlap_of(scanners))
    return ordered_map(lambda b: BlockHits(b, block_hits(b, scanners)), overlapped, threads)


class BlockTrack(NamedTuple):
    """The scores of one block's own window starts, beside the block."""

    block: SequenceBlock
    values: Floats
    """float64 (starts,): the higher of both strands; NaN where the window has no score."""


def track_blocks(blocks: Iterable[SequenceBlock], pssm: Pssm, threads: int = 1) -> Iterator[BlockTrack]:
    """Score every window of a stream of blocks, the higher strand at its first base."""
    overlap = pssm.width - 1

    def work(block: SequenceBlock) -> BlockTrack:
        return BlockTrack(block, track(block.codes, pssm.scores)[: own_starts(block, overlap)])

    return ordered_map(work, overlap_blocks(blocks, overlap), threads)


class BestSites(NamedTuple):
    """The best window of each sequence, and how many reach the threshold."""

    start: Ints
    """int64 (n,): 0-based start in the sequence, -1 where no window has a score."""
    strand: NDArray[np.int8]
    score: Floats
    """float64 (n,): NaN where no window has a score."""
    hits: Ints
    """int64 (n,): windows at or above the threshold, both strands."""


def best_sites(sequences: Sequence[Codes], scanner: Scanner) -> BestSites:
    """Find each sequence's best window: highest score, then leftmost, then + before -."""
    offsets = np.zeros(len(sequences) + 1, dtype=np.int64)
    np.cumsum([len(codes) for codes in sequences], out=offsets[1:])
    codes = np.concatenate(sequences) if len(sequences) else np.empty(0, dtype=np.uint8)
    found = summarise(codes, offsets, scanner.pssm.scores, np.array(scanner.thresholds, dtype=np.float64))
    return BestSites(found.start, found.strand, found.score, found.hits)
