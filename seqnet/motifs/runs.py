"""Hits along a stream that holds many short records at a time.

A run of whole records is searched as it lies in memory, in one call and without an object for each record;
what crosses from one record into the next is left out. Only records with hits are looked at one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, pairwise
from typing import TypeAlias

import numpy as np

from seqnet.genome.sequence import SequenceBlock, SequenceRun, overlap_blocks
from seqnet.kernels.screen import Screen
from seqnet.motifs.scan import (
    BlockHits,
    Hits,
    Scanner,
    group_blocks,
    hits_in,
    hits_of_blocks,
    overlap_of,
    screen_of,
)
from seqnet.motifs.windows import WindowCounter
from seqnet.parallel import ordered_map

_Piece: TypeAlias = "SequenceRun | list[SequenceBlock]"


def scan_stream(
    stream: Iterable[SequenceRun | SequenceBlock],
    scanners: Sequence[Scanner],
    threads: int = 1,
    *,
    at_once: bool = True,
    counter: WindowCounter | None = None,
) -> Iterator[BlockHits]:
    """Scan a stream of runs and blocks; as `scan_blocks`, but whole records without hits may be left out.

    Without scanners the stream is read to its end, and there are no hits.

    Parameters
    ----------
    stream
        Runs of records, blocks, or both in any order.
    threads
        Runs and blocks scanned at a time; the result does not depend on it.
    at_once
        Whether everything is scanned as soon as it is there; otherwise short blocks wait for others.
    counter
        Counts the windows of the whole stream, of records without hits too.
    """
    if not scanners:
        deque(stream, maxlen=0)  # read for what is wrong with it alone
        return iter(())
    screen = screen_of(scanners)
    # threads look some pieces ahead: where hits are to be seen at once, those must be small
    parted = at_once and threads > 1
    pieces = _pieces(stream, overlap_of(scanners), at_once=at_once, parted=parted)
    if counter is not None:
        pieces = _counted(pieces, counter)

    def work(piece: _Piece) -> list[BlockHits]:
        if isinstance(piece, SequenceRun):
            return _hits_of_run(piece, scanners, screen)
        return hits_of_blocks(piece, scanners, screen)

    return chain.from_iterable(ordered_map(work, pieces, threads))


def _pieces(
    stream: Iterable[SequenceRun | SequenceBlock], overlap: int, *, at_once: bool, parted: bool
) -> Iterator[_Piece]:
    """Yield what is searched in one call: runs of whole records as they are, overlapping blocks of others."""
    for together, some in groupby(stream, lambda item: not parted and _whole(item)):
        if together:
            yield from (item for item in some if isinstance(item, SequenceRun))
            continue
        blocks = overlap_blocks(chain.from_iterable(map(_blocks, some)), overlap)
        yield from ([block] for block in blocks) if at_once else group_blocks(blocks)


def _whole(item: SequenceRun | SequenceBlock) -> bool:
    """Return whether these are several records, each of them whole."""
    return isinstance(item, SequenceRun) and len(item.names) > 1 and item.last and not item.offset


def _blocks(item: SequenceRun | SequenceBlock) -> Iterable[SequenceBlock]:
    """Return the blocks of a run, or the block itself."""
    return item.blocks() if isinstance(item, SequenceRun) else (item,)


def _counted(pieces: Iterable[_Piece], counter: WindowCounter) -> Iterator[_Piece]:
    """Pass pieces on and count their windows."""
    for piece in pieces:
        if isinstance(piece, SequenceRun):
            counter.add_run(piece)
        else:
            for block in piece:
                counter.add(block)
        yield piece


def _hits_of_run(run: SequenceRun, scanners: Sequence[Scanner], screen: Screen) -> list[BlockHits]:
    """Find the hits of a run of whole records; records without any are left out."""
    hits = hits_in(run.codes, len(run.codes), scanners, screen, run.ends)
    if not len(hits.start):
        return []
    records = np.searchsorted(run.ends, hits.start, side="right")
    edges = [0, *(np.flatnonzero(np.diff(records)) + 1).tolist(), len(records)]
    begins = np.concatenate([[0], run.ends[:-1]])
    moved = hits._replace(start=hits.start - begins[records])
    found = []
    for low, high in pairwise(edges):
        record = int(records[low])
        codes = run.codes[int(begins[record]) : int(run.ends[record])]
        own = Hits._make(column[low:high] for column in moved)
        found.append(BlockHits(SequenceBlock(run.names[record], 0, codes, last=True), own))
    return found
