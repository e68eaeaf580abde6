"""Motif scores along sequences, and the windows that reach a threshold.

The score of a window is the float64 sum of s[i, x_i] over the motif's columns in order. On the
minus strand the window is read as its reverse complement, the columns still summed in the motif's
order; so a site scores the same, to the bit, on whichever strand it lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints
from seqnet.genome.sequence import SequenceBlock, overlap_blocks
from seqnet.kernels.screen import Found, Screen, find, prepare
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
        Score distribution under the background as each strand reads it, down to the threshold.
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
    kept = plus.down_to(thresholds[0])
    return Scanner(pssm, thresholds, (kept, kept if minus is plus else minus.down_to(thresholds[1])))


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


def screen_of(scanners: Sequence[Scanner]) -> Screen:
    """Prepare the search for all scanners' thresholds at once."""
    thresholds = np.array([scanner.thresholds for scanner in scanners]).reshape(-1, 2)
    return prepare([scanner.pssm.scores for scanner in scanners], thresholds)


def block_hits(block: SequenceBlock, scanners: Sequence[Scanner], screen: Screen | None = None) -> Hits:
    """Find the hits of all scanners that start on a block's own bases.

    Parameters
    ----------
    screen
        What `screen_of` made of the scanners, where many blocks share it.
    """
    starts = own_starts(block, overlap_of(scanners))
    found = find(screen or screen_of(scanners), block.codes, starts)
    p_values = _p_values(found, scanners)
    return Hits(block.offset + found.start, found.motif, found.strand, found.score, p_values)


def _p_values(found: Found, scanners: Sequence[Scanner]) -> Floats:
    """Return the p-value of each hit, float64 (n,), one score distribution after the other."""
    p_values = np.empty(len(found.score))
    if not len(p_values):
        return p_values
    order = np.argsort(found.motif, kind="stable")
    motifs = found.motif[order]
    begins = [0, *(np.flatnonzero(np.diff(motifs)) + 1).tolist(), len(order)]
    for begin, end in pairwise(begins):
        rows = order[begin:end]
        plus, minus = scanners[motifs[begin]].distributions
        if plus is minus:
            p_values[rows] = plus.p_value(found.score[rows])
            continue
        for tail, sign in ((plus, 1), (minus, -1)):
            own = rows[found.strand[rows] == sign]
            p_values[own] = tail.p_value(found.score[own])
    return p_values


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
    screen = screen_of(scanners)
    overlapped = overlap_blocks(blocks, overlap_of(scanners))
    return ordered_map(lambda b: BlockHits(b, block_hits(b, scanners, screen)), overlapped, threads)


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


def best_scores(codes: Codes, pssm: Pssm) -> Floats:
    """Return the score of each sequence's best window on either strand, -inf without a window.

    Parameters
    ----------
    codes
        uint8 (n, L).

    Returns
    -------
    float64 (n,), bits.
    """
    n, length = codes.shape
    offsets = np.arange(n + 1, dtype=np.int64) * length
    found = summarise(np.ascontiguousarray(codes).reshape(-1), offsets, pssm.scores, np.full(2, np.inf))
    return np.where(found.start < 0, -np.inf, found.score)
