"""Which of several hits at one place are kept.

Everything here works along the stream that `scan_blocks` gives and does not depend on how it was
cut into blocks: hits that a later block may still decide are carried over with their bases. The
stream's scores are rounded, so that equal ones are equal to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Ints
from seqnet.genome.sequence import SequenceBlock
from seqnet.motifs.scan import BlockHits, Hits, Scanner, overlap_of, own_starts


def select_hits(hits: Hits, index: Ints | Bools) -> Hits:
    """Select hits by position or by mask."""
    return Hits._make(column[index] for column in hits)


def join_hits(parts: Sequence[Hits]) -> Hits:
    """Put hits one after another."""
    return Hits._make(np.concatenate(column) for column in zip(*parts, strict=True))


def better_strands(blocks: Iterable[BlockHits]) -> Iterator[BlockHits]:
    """Of a window that a motif hits on both strands keep the higher score, + at a tie."""
    for block, hits in blocks:
        pairs = np.flatnonzero((np.diff(hits.start) == 0) & (np.diff(hits.motif) == 0))
        keep = np.ones(len(hits.start), dtype=bool)
        keep[np.where(hits.score[pairs] >= hits.score[pairs + 1], pairs + 1, pairs)] = False
        yield BlockHits(block, select_hits(hits, keep))


def best_of_sequences(blocks: Iterable[BlockHits], scanners: Sequence[Scanner]) -> Iterator[BlockHits]:
    """Keep each motif's best hit in each record: highest score, then leftmost, then + before -.

    Each comes at the end of its record as a block of its bases alone.
    """
    best: dict[int, BlockHits] = {}
    for block, hits in blocks:
        for motif in np.unique(hits.motif).tolist():
            rows = np.flatnonzero(hits.motif == motif)
            row = rows[np.argmax(hits.score[rows])]  # the first of equals, as hits are sorted
            old = best.get(motif)
            if old is None or hits.score[row] > old.hits.score[0]:
                best[motif] = _alone(block, hits, row, scanners[motif].pssm.width)
        if block.last:
            yield from sorted(best.values(), key=lambda one: _place(one, scanners))
            best = {}


def _alone(block: SequenceBlock, hits: Hits, row: int, width: int) -> BlockHits:
    """Return one hit with its own bases."""
    start = int(hits.start[row])
    codes = block.codes[start - block.offset :][:width].copy()
    return BlockHits(SequenceBlock(block.name, start, codes, last=True), select_hits(hits, np.array([row])))


def _place(one: BlockHits, scanners: Sequence[Scanner]) -> tuple[int, int, int]:
    """Return what single hits are sorted by: start, end, motif."""
    start, motif = int(one.hits.start[0]), int(one.hits.motif[0])
    return start, start + scanners[motif].pssm.width, motif


class _Open(NamedTuple):
    """Hits of a record that are not written yet, with the bases from the first of them on."""

    offset: int
    """0-based place of the first base."""
    codes: NDArray[np.uint8]
    hits: Hits
    kept: Bools
    """bool (n,): which of them are decided, and kept; the others are undecided."""


def nonoverlapping(blocks: Iterable[BlockHits], scanners: Sequence[Scanner]) -> Iterator[BlockHits]:
    """Keep hits that share no base with a better one that is kept, over all motifs of a record.

    Better is the higher score, then the lower start, then + before -, then the earlier motif.
    """
    widths = np.array([scanner.pssm.width for scanner in scanners], dtype=np.int64)
    overlap = overlap_of(scanners)
    waiting: _Open | None = None
    for block, hits in blocks:
        known = _joined(waiting, block, hits)
        end = block.offset + len(block.codes)
        known_to = end + 1 if block.last else block.offset + own_starts(block, overlap)
        kept, pending = _decide(known, known.hits.start + widths[known.hits.motif], known_to)
        first = int(np.argmax(pending)) if pending.any() else len(pending)
        ready = np.flatnonzero(kept[:first])
        # all that is decided before the first undecided hit can go, under bases that reach back to it
        whole = SequenceBlock(block.name, known.offset, known.codes, block.last)
        yield BlockHits(whole, select_hits(known.hits, ready))
        rest = first + np.flatnonzero((kept | pending)[first:])
        waiting = None if block.last else _rest_of(known, rest, kept, known_to)


def _joined(waiting: _Open | None, block: SequenceBlock, hits: Hits) -> _Open:
    """Put a block's hits behind those that wait."""
    undecided = np.zeros(len(hits.start), dtype=bool)
    if waiting is None:
        return _Open(block.offset, block.codes, hits, undecided)
    own = waiting.codes[: block.offset - waiting.offset]
    return _Open(
        waiting.offset,
        np.concatenate([own, block.codes]),
        join_hits([waiting.hits, hits]),
        np.concatenate([waiting.kept, undecided]),
    )


def _rest_of(known: _Open, rows: Ints, kept: Bools, known_to: int) -> _Open:
    """Return the hits at `rows`, with the bases they and later hits lie on."""
    hits = select_hits(known.hits, rows)
    offset = min([known_to, *hits.start[:1].tolist()])
    return _Open(offset, known.codes[offset - known.offset :], hits, kept[rows])


def _decide(known: _Open, ends: Ints, known_to: int) -> tuple[Bools, Bools]:
    """Tell which hits are kept for certain, and which cannot be decided yet: bool (n,) each.

    From the best hit down: one that meets a kept hit is dropped; one that meets an undecided
    better hit, or reaches beyond `known_to` where hits are yet to come, is undecided; any other is
    kept.
    """
    hits = known.hits
    kept, pending = known.kept.copy(), np.zeros(len(ends), dtype=bool)
    if not len(ends):
        return kept, pending
    base = int(hits.start[0])
    taken, doubtful = np.zeros((2, int(ends.max()) - base), dtype=bool)
    for row in np.flatnonzero(kept).tolist():
        taken[hits.start[row] - base : ends[row] - base] = True
    order = np.lexsort((hits.motif, -hits.strand, hits.start, -hits.score))
    starts, stops = (hits.start - base).tolist(), (ends - base).tolist()
    limit = known_to - base
    for row in order[~kept[order]].tolist():
        start, stop = starts[row], stops[row]
        if taken[start:stop].any():
            continue
        if stop > limit or doubtful[start:stop].any():
            pending[row] = True
            doubtful[start:stop] = True
        else:
            kept[row] = True
            taken[start:stop] = True
    return kept, pending
