"""The summaries at coarser and coarser resolution that a bigWig file carries for browsers."""

from __future__ import annotations

import tempfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.formats.tracks.bigwig_trees import BLOCK

MOST_LEVELS = 10
FACTOR = 4
"""Bases of a level's summaries over those of the level below."""
ITEMS_IN_FIRST = 16
"""Values in a summary of the first level: summaries of 32 bytes then take half the room of values."""
RECORDS = 512
"""Summaries in a block."""
LEVEL = 4
"""Effort of compression: a third of the time of zlib's default, and files a few per cent larger."""
_IN_MEMORY = 1 << 22

_PLACE = [("contig", "<u4"), ("start", "<u4"), ("end", "<u4"), ("covered", "<u4")]
_IN_FILE = np.dtype([*_PLACE, *((name, "<f4") for name in ("least", "most", "sum", "squares"))])
SUMMARY = np.dtype([*_PLACE, *((name, "<f8") for name in ("least", "most", "sum", "squares"))])
RECORD_BYTES = _IN_FILE.itemsize

Rows = NDArray[Any]


def block_edges(contigs: NDArray[np.int32], most: int) -> Ints:
    """Return where blocks of up to `most` rows of one contig begin and end: int64 (blocks + 1,)."""
    firsts = np.flatnonzero(np.concatenate([[True], contigs[1:] != contigs[:-1]]))
    sizes = np.diff(firsts, append=len(contigs))
    blocks = -(-sizes // most)
    rank = np.arange(int(blocks.sum())) - np.repeat(np.cumsum(blocks) - blocks, blocks)
    return np.append(np.repeat(firsts, blocks) + most * rank, len(contigs))


def summaries(
    contigs: NDArray[np.int32], starts: Ints, ends: Ints, values: NDArray[np.float32], reduction: int
) -> Rows:
    """Return a summary (dtype `SUMMARY`) for each stretch of `reduction` bases in which values start."""
    widths = ends - starts
    rows = np.empty(len(values), dtype=SUMMARY)
    rows["contig"], rows["start"], rows["end"], rows["covered"] = contigs, starts, ends, widths
    rows["least"] = rows["most"] = values
    rows["sum"] = rows["least"] * widths
    rows["squares"] = rows["least"] * rows["sum"]
    return _joined(rows, _firsts(rows, reduction))


def _firsts(rows: Rows, reduction: int) -> Ints:
    """Return the first row of each stretch of a contig."""
    bins, contigs = rows["start"] // reduction, rows["contig"]
    return np.flatnonzero(np.concatenate([[True], (bins[1:] != bins[:-1]) | (contigs[1:] != contigs[:-1])]))


def _joined(rows: Rows, firsts: Ints) -> Rows:
    """Join rows group by group."""
    out = rows[firsts]
    out["end"] = rows["end"][np.append(firsts[1:], len(rows)) - 1]
    for name in ("covered", "sum", "squares"):
        out[name] = np.add.reduceat(rows[name], firsts)
    out["least"] = np.minimum.reduceat(rows["least"], firsts)
    out["most"] = np.maximum.reduceat(rows["most"], firsts)
    return out


class ZoomLevel:
    """Summaries of one resolution, kept in a nameless file until the values are all written.

    Parameters
    ----------
    reduction
        Bases of a summary.
    folder
        Where the file lies once it is large.
    above
        The next coarser level.
    """

    def __init__(self, reduction: int, folder: str, above: ZoomLevel | None) -> None:
        self.reduction = reduction
        self.spool = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=folder)  # noqa: SIM115  see close
        self.blocks: list[tuple[int, ...]] = []
        self.count = 0
        self._above = above
        self._open = np.empty(0, dtype=SUMMARY)  # of a stretch that may go on
        self._full = np.empty(0, dtype=SUMMARY)  # joined, too few for a block
        self._coarsest: list[Rows] = []

    def take(self, rows: Rows, *, contig_ends: bool) -> None:
        """Take in summaries of finer stretches, in order: of one contig, or of several that end with them."""
        rows = np.concatenate([self._open, rows])
        firsts = _firsts(rows, self.reduction) if len(rows) else np.empty(0, np.int64)
        closed = len(rows) if contig_ends or not len(rows) else int(firsts[-1])
        self._open = rows[closed:]
        if closed:
            joined = _joined(rows[:closed], firsts if contig_ends else firsts[:-1])
            self._full = np.concatenate([self._full, joined])
            self._write(contig_ends)
        else:
            joined = rows[:0]
        if self._above is not None:
            self._above.take(joined, contig_ends=contig_ends)
        elif closed:
            self._coarsest.append(joined)

    def _write(self, everything: bool) -> None:
        """Write full blocks, or all there is."""
        ready = len(self._full) if everything else len(self._full) // RECORDS * RECORDS
        if not ready:
            return
        rows = self._full[:ready]
        self._full = self._full[ready:]
        edges, packed = block_edges(rows["contig"], RECORDS), rows.astype(_IN_FILE)
        firsts, ends = edges[:-1], edges[1:]
        columns = (rows["contig"][firsts], rows["start"][firsts], rows["end"][ends - 1], firsts, ends)
        for contig, start, end, first, last in zip(*(column.tolist() for column in columns), strict=True):
            data = zlib.compress(packed[first:last].tobytes(), LEVEL)
            self.blocks.append((contig, start, contig, end, self.spool.tell(), len(data)))
            self.spool.write(data)
        self.count += ready

    def close(self) -> None:
        """Remove the level's file."""
        self.spool.close()

    @property
    def totals(self) -> Rows:
        """All summaries of the coarsest level, dtype `SUMMARY`."""
        return np.concatenate(self._coarsest)

    def placed_blocks(self, offset: int) -> Rows:
        """Return the blocks as they lie once the level's file begins at byte `offset` of another."""
        blocks = np.array(self.blocks, dtype=BLOCK)
        blocks["offset"] += np.uint64(offset)
        return blocks
