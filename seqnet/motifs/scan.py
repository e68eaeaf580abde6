"""Motif scores along sequences, and the windows that reach a threshold.

The score of a window is the float64 sum of s[i, x_i] over the motif's columns in order. On the
minus strand the window is read as its reverse complement, the columns still summed in the motif's
order; so a site scores the same, to the bit, on whichever strand it lies. Before scores are compared,
with each other or with a threshold, they are rounded as `seqnet.kernels.ties` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.sequence import SequenceBlock, overlap_blocks
from seqnet.kernels.screen import Found, Screen, find, prepare
from seqnet.kernels.ties import TIE, exact_sums, round_scores
from seqnet.kernels.windows import Strand, summarise, track
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import Pssm, reverse_complement_matrix
from seqnet.motifs.significance.exact import exact_distribution
from seqnet.motifs.significance.pvalue import Tail, tail_distribution
from seqnet.motifs.strands import KERNEL_STRANDS, Strands
from seqnet.parallel import ordered_map

_TOGETHER = 1 << 17
"""Bases of short records that are searched at a time."""


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
        Lowest score that is a hit on + and on -, bits; inf on a strand that is not scanned.
    distributions
        Score distribution under the background as each strand reads it, down to the threshold.
    strands
        Which are scanned.
    """

    pssm: Pssm
    thresholds: tuple[float, float]
    distributions: tuple[Tail, Tail]
    strands: Strands = "both"

    @property
    def reachable(self) -> bool:
        """Whether any window can be a hit."""
        return any(
            bool(round_scores(threshold) <= round_scores(distribution.maximum))
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
    strands: Strands = "both",
) -> Scanner:
    """Prepare a PSSM for scanning at a p-value or at a score in bits (exactly one of them).

    Parameters
    ----------
    null
        The background of the p-values, of any order; the PSSM's own when None.
    exact
        Whether p-values are exact instead of bounded (widths up to 20).
    strands
        Which are scanned.
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
    tails = (kept, kept if minus is plus else minus.down_to(thresholds[1]))
    if strands != "both":
        thresholds = (thresholds[0], inf) if strands == "forward" else (inf, thresholds[1])
    return Scanner(pssm, thresholds, tails, strands)


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
    """The hits of one block, with the block."""

    block: SequenceBlock
    hits: Hits


def overlap_of(scanners: Sequence[Scanner]) -> int:
    """Return how many bases consecutive blocks must share: the widest motif less one."""
    return max(scanner.pssm.width for scanner in scanners) - 1


def own_starts(block: SequenceBlock, overlap: int) -> int:
    """Return how many window starts of a block are its own; the rest belong to the next block."""
    return len(block.codes) if block.last else len(block.codes) - overlap


def screen_of(scanners: Sequence[Scanner]) -> Screen:
    """Prepare the search for all scanners' thresholds at once, lowered by the largest rounding error."""
    thresholds = _rounded_thresholds(scanners) - TIE
    return prepare([exact_sums(scanner.pssm.scores) for scanner in scanners], thresholds)


def _rounded_thresholds(scanners: Sequence[Scanner]) -> Floats:
    """Return the thresholds that rounded scores are compared with, float64 (scanners, 2)."""
    return round_scores(np.array([scanner.thresholds for scanner in scanners]).reshape(-1, 2))


def block_hits(block: SequenceBlock, scanners: Sequence[Scanner], screen: Screen | None = None) -> Hits:
    """Find the hits of all scanners that start on a block's own bases.

    Parameters
    ----------
    screen
        What `screen_of` made of the scanners, where many blocks share it.
    """
    hits = hits_in(block.codes, own_starts(block, overlap_of(scanners)), scanners, screen)
    return hits._replace(start=block.offset + hits.start)


def hits_in(
    codes: Codes,
    starts: int,
    scanners: Sequence[Scanner],
    screen: Screen | None = None,
    ends: Ints | None = None,
) -> Hits:
    """Find the hits of all scanners that start before a base.

    Parameters
    ----------
    codes
        uint8 (length,).
    starts
        How many of the bases, from the first on, a hit may start on.
    screen
        What `screen_of` made of the scanners.
    ends
        int64 (records,): where each of the records ends whose codes lie one behind the other; a hit must
        lie within one. None where the codes are of one record.
    """
    near = find(screen or screen_of(scanners), codes, starts)
    scores = round_scores(near.score)
    reached = scores >= _rounded_thresholds(scanners)[near.motif, (1 - near.strand) // 2]
    if ends is not None:
        stops = near.start + np.array([scanner.pssm.width for scanner in scanners])[near.motif]
        reached &= stops <= ends[np.searchsorted(ends, near.start, side="right")]
    hits = near._replace(score=scores)
    if not reached.all():
        hits = Found._make(column[reached] for column in hits)
    p_values = _p_values(hits, scanners)
    return Hits(hits.start, hits.motif, hits.strand, hits.score, p_values)


def hits_of_blocks(
    blocks: Sequence[SequenceBlock], scanners: Sequence[Scanner], screen: Screen
) -> list[BlockHits]:
    """Find the hits of a group of blocks, in one search where there are several.

    An ambiguous base lies between two of them, so that no window reaches from one into the next.
    """
    if len(blocks) == 1:
        return [BlockHits(blocks[0], block_hits(blocks[0], scanners, screen))]
    sizes = np.array([len(block.codes) for block in blocks])
    begins = np.cumsum(sizes + 1) - sizes - 1
    codes = np.full(int((sizes + 1).sum()), AMBIGUOUS, dtype=np.uint8)
    for begin, block in zip(begins.tolist(), blocks, strict=True):
        codes[begin : begin + len(block.codes)] = block.codes
    hits = hits_in(codes, len(codes), scanners, screen)
    offsets = np.array([block.offset for block in blocks]) - begins
    edges = np.searchsorted(hits.start, begins)
    edges = np.append(edges, len(hits.start))
    moved = hits._replace(start=hits.start + np.repeat(offsets, np.diff(edges)))
    nothing = Hits._make(column[:0] for column in moved)
    return [
        BlockHits(block, Hits._make(column[low:high] for column in moved) if low < high else nothing)
        for block, (low, high) in zip(blocks, pairwise(edges.tolist()), strict=True)
    ]


def group_blocks(blocks: Iterable[SequenceBlock], most: int = _TOGETHER) -> Iterator[list[SequenceBlock]]:
    """Put blocks that end their records together, up to so many bases; each other one is by itself."""
    group: list[SequenceBlock] = []
    bases = 0
    for block in blocks:
        joins = block.last and len(block.codes) <= most
        if group and not (joins and bases + len(block.codes) <= most):
            yield group
            group, bases = [], 0
        if not joins:
            yield [block]
            continue
        group.append(block)
        bases += len(block.codes)
    if group:
        yield group


def _p_values(hits: Found, scanners: Sequence[Scanner]) -> Floats:
    """Return the p-value of each hit, float64 (n,), one score distribution after the other."""
    p_values = np.empty(len(hits.score))
    if not len(p_values):
        return p_values
    order = np.argsort(hits.motif, kind="stable")
    motifs = hits.motif[order]
    begins = [0, *(np.flatnonzero(np.diff(motifs)) + 1).tolist(), len(order)]
    for begin, end in pairwise(begins):
        rows = order[begin:end]
        plus, minus = scanners[motifs[begin]].distributions
        if plus is minus:
            p_values[rows] = plus.p_value(hits.score[rows])
            continue
        for tail, sign in ((plus, 1), (minus, -1)):
            own = rows[hits.strand[rows] == sign]
            p_values[own] = tail.p_value(hits.score[own])
    return p_values


def scan_blocks(
    blocks: Iterable[SequenceBlock], scanners: Sequence[Scanner], threads: int = 1, *, at_once: bool = True
) -> Iterator[BlockHits]:
    """Scan a stream of blocks, each with its hits, in order.

    Parameters
    ----------
    blocks
        Any stream; it is made to overlap here.
    threads
        Blocks scanned at a time; the result does not depend on it.
    at_once
        Whether each block is scanned as soon as it is there; otherwise short ones wait for others,
        which takes less time for many of them. The result does not depend on it.
    """
    screen = screen_of(scanners)
    overlapped = overlap_blocks(blocks, overlap_of(scanners))
    groups = ([block] for block in overlapped) if at_once else group_blocks(overlapped)
    hits = ordered_map(lambda group: hits_of_blocks(group, scanners, screen), groups, threads)
    return chain.from_iterable(hits)


class BlockTrack(NamedTuple):
    """The scores of one block's own window starts, with the block."""

    block: SequenceBlock
    values: Floats
    """float64 (starts,): the higher of the strands read; NaN where the window has no score."""


def track_blocks(
    blocks: Iterable[SequenceBlock], pssm: Pssm, threads: int = 1, strand: Strand = "max"
) -> Iterator[BlockTrack]:
    """Score every window of a stream of blocks at its first base, ``max`` by the higher strand."""
    overlap = pssm.width - 1

    def work(block: SequenceBlock) -> BlockTrack:
        return BlockTrack(block, track(block.codes, pssm.scores, strand)[: own_starts(block, overlap)])

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
    thresholds = np.array(scanner.thresholds, dtype=np.float64)
    matrix = exact_sums(scanner.pssm.scores)
    summary = summarise(codes, offsets, matrix, thresholds, KERNEL_STRANDS[scanner.strands])
    return BestSites(summary.start, summary.strand, summary.score, summary.hits)


def best_scores(codes: Codes, pssm: Pssm, strands: Strands = "both") -> Floats:
    """Return the score of each sequence's best window, -inf without a window.

    Parameters
    ----------
    codes
        uint8 (n, L).
    strands
        Which are read.

    Returns
    -------
    float64 (n,), bits, rounded as `seqnet.kernels.ties` says.
    """
    n, length = codes.shape
    offsets = np.arange(n + 1, dtype=np.int64) * length
    return _best_scores(np.ascontiguousarray(codes).reshape(-1), offsets, pssm, strands)


def sequence_scores(sequences: Sequence[Codes], pssm: Pssm, strands: Strands = "both") -> Floats:
    """Return the score of the best window of each sequence of any length, NaN without a window: float64 (n,).

    Rounded as `best_scores` are.
    """
    offsets = np.cumsum([0, *map(len, sequences)], dtype=np.int64)
    flat = np.concatenate([*sequences, np.empty(0, dtype=np.uint8)])
    scores = _best_scores(flat, offsets, pssm, strands)
    return np.where(np.isneginf(scores), np.nan, scores)


def _best_scores(codes: Codes, offsets: Ints, pssm: Pssm, strands: Strands) -> Floats:
    """Return the score of the best window of each sequence, -inf without a window."""
    never = np.full(2, inf)
    summary = summarise(codes, offsets, exact_sums(pssm.scores), never, KERNEL_STRANDS[strands])
    return np.where(summary.start < 0, -inf, summary.score)


def motif_tracks(
    blocks: Iterable[SequenceBlock], pssms: Sequence[Pssm], strands: Sequence[Strand], threads: int = 1
) -> Iterator[BlockTrack]:
    """Score every window of a stream of blocks by the motif that scores highest there.

    A base has a value if any motif's window that starts on it has a score.

    Parameters
    ----------
    strands
        Which strand's score each motif gives: ``max`` is the higher.
    """
    if len(pssms) == 1:
        yield from track_blocks(blocks, pssms[0], threads, strands[0])
        return
    widths = [pssm.width for pssm in pssms]
    overlap = max(widths) - 1

    def work(block: SequenceBlock) -> BlockTrack:
        starts = min(own_starts(block, overlap), len(block.codes) - min(widths) + 1)
        values = np.full(max(0, starts), np.nan)
        for pssm, strand in zip(pssms, strands, strict=True):
            (whole,) = track_blocks([block._replace(last=True)], pssm, 1, strand)
            scores = whole.values[: len(values)]
            np.fmax(values[: len(scores)], scores, out=values[: len(scores)])
        return BlockTrack(block, values)

    yield from ordered_map(work, overlap_blocks(blocks, overlap), threads)
