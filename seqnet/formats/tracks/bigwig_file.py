"""The bytes of a bigWig file, written front to back but for the header.

Layout: Kent et al. 2010, Bioinformatics 26:2204, supplementary tables 5 to 19. Which bytes come out
depends on the values alone, not on the pieces in which they were added.
"""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.formats.tracks.bigwig_trees import BLOCK, blocks_tree, names_tree
from seqnet.formats.tracks.bigwig_zooms import (
    FACTOR,
    ITEMS_IN_FIRST,
    LEVEL,
    MOST_LEVELS,
    RECORD_BYTES,
    RECORDS,
    SUMMARY,
    ZoomLevel,
    block_edges,
    summaries,
)

_MAGIC, _VERSION = 0x888FFC26, 4
_HEADER = struct.Struct("<IHHQQQHHQQIQ")
_ZOOM = struct.Struct("<IIQQ")
_TOTALS = struct.Struct("<Qdddd")
_COUNT = struct.Struct("<Q")
_SECTION = struct.Struct("<IIIIIBBH")
_RUNS, _VARIABLE, _FIXED = 1, 2, 3
_RUN = np.dtype([("start", "<u4"), ("end", "<u4"), ("value", "<f4")])
_STEP = np.dtype([("start", "<u4"), ("value", "<f4")])
ITEMS = 1024
"""Values in a block."""
_BATCH = 64 * ITEMS
"""Values that are collected before blocks are made of them."""
_BUFFER = max(_SECTION.size + ITEMS * _RUN.itemsize, RECORDS * RECORD_BYTES)
"""The most bytes of a block, decompressed."""

_TOTALS_AT = _HEADER.size + MOST_LEVELS * _ZOOM.size
_NAMES_AT = _TOTALS_AT + _TOTALS.size

Values = NDArray[np.float32]
Numbers = NDArray[np.int32]
"""Of contigs."""


class BigWigFile:
    """A bigWig file that is being written to a stream which can seek.

    Parameters
    ----------
    stream
        Empty.
    folder
        Where summaries are kept meanwhile when they are many.
    lengths
        Length of each contig; contigs are written in this order.
    """

    def __init__(self, stream: BinaryIO, folder: Path, lengths: Mapping[str, int]) -> None:
        self._stream = stream
        self._folder = str(folder)
        self._longest = max(lengths.values())
        names = names_tree(lengths, _NAMES_AT)
        self._data_at = _NAMES_AT + len(names)
        stream.write(bytes(_NAMES_AT) + names + bytes(_COUNT.size))
        self._offset = self._data_at + _COUNT.size
        self._contig = 0
        self._waiting: list[tuple[Ints, Ints, Values]] = []
        self._waiting_items = 0
        self._begun = False  # whether some of the contig is written
        self._short: list[tuple[Numbers, Ints, Ints, Values]] = []  # whole contigs that wait
        self._short_items = 0
        self._blocks: list[NDArray[np.void]] = []
        self._zooms: list[ZoomLevel] = []

    def add(self, contig: int, starts: Ints, ends: Ints, values: Values) -> None:
        """Add values of intervals, sorted and apart, of the contig of that number: (n,) each."""
        if contig != self._contig:
            self._end_contig()
            self._contig = contig
        self._waiting.append((starts, ends, values))
        self._waiting_items += len(values)
        if self._waiting_items >= _BATCH:
            self._write(contig_ends=False)

    def add_contigs(self, contigs: Numbers, starts: Ints, ends: Ints, values: Values) -> None:
        """Add all values of several contigs: the number of each value's contig, and as `add`; (n,) each."""
        self._end_contig()
        self._short.append((contigs, starts, ends, values))
        self._short_items += len(values)
        if self._short_items >= _BATCH:
            self._write_short()

    def _end_contig(self) -> None:
        """Write what is left of a contig; one of which nothing is written yet waits for others."""
        if self._begun:
            self._write(contig_ends=True)
        elif self._waiting_items:
            self._short.append((np.full(self._waiting_items, self._contig, dtype=np.int32), *self._taken()))
            self._short_items += self._waiting_items
            if self._short_items >= _BATCH:
                self._write_short()
        self._waiting, self._waiting_items, self._begun = [], 0, False

    def _taken(self) -> tuple[Ints, Ints, Values]:
        """Return what waits of a contig as three columns."""
        starts, ends, values = zip(*self._waiting, strict=True)
        if len(values) == 1:
            return starts[0], ends[0], values[0]
        return np.concatenate(starts), np.concatenate(ends), np.concatenate(values)

    def _write_short(self) -> None:
        """Make blocks and summaries of whole contigs that waited, all at once: it costs little a contig."""
        if not self._short:
            return
        contigs, starts, ends, values = (np.concatenate(parts) for parts in zip(*self._short, strict=True))
        if not self._zooms:
            first = min(_BATCH, int(np.searchsorted(contigs, contigs[0], side="right")))
            self._start_zooms(starts[:first], ends[:first])
        self._put_blocks(contigs, starts, ends, values)
        rows = summaries(contigs, starts, ends, values, self._zooms[0].reduction)
        self._zooms[0].take(rows, contig_ends=True)
        self._short, self._short_items = [], 0

    def _write(self, *, contig_ends: bool) -> None:
        """Make blocks of what waits of a contig: full ones, or all of it where the contig ends."""
        self._write_short()
        self._begun = True
        if not self._waiting:
            self._zooms[0].take(np.empty(0, SUMMARY), contig_ends=contig_ends)
            return
        starts, ends, values = self._taken()
        ready = len(values) if contig_ends else len(values) // ITEMS * ITEMS
        self._waiting = [(starts[ready:], ends[ready:], values[ready:])]
        self._waiting_items = len(values) - ready
        starts, ends, values = starts[:ready], ends[:ready], values[:ready]
        if ready and not self._zooms:
            self._start_zooms(starts[:_BATCH], ends[:_BATCH])
        contigs = np.full(ready, self._contig, dtype=np.int32)
        self._put_blocks(contigs, starts, ends, values)
        parts = [summaries(contigs[i : i + _BATCH], starts[i : i + _BATCH], ends[i : i + _BATCH],
                           values[i : i + _BATCH], self._zooms[0].reduction)
                 for i in range(0, ready, _BATCH)]  # fmt: skip
        self._zooms[0].take(np.concatenate([np.empty(0, SUMMARY), *parts]), contig_ends=contig_ends)

    def _start_zooms(self, starts: Ints, ends: Ints) -> None:
        """Choose the resolutions by the width of the first values."""
        width = max(1, round(float((ends - starts).mean())))
        above = None
        for depth in range(MOST_LEVELS - 1, -1, -1):
            reduction = ITEMS_IN_FIRST * width * FACTOR**depth
            if depth == 0 or reduction < self._longest:
                above = ZoomLevel(reduction, self._folder, above)
                self._zooms.insert(0, above)

    def _put_blocks(self, contigs: Numbers, starts: Ints, ends: Ints, values: Values) -> None:
        """Write blocks of up to `ITEMS` values, each of one contig, and note their rows of the index."""
        if not len(values):
            return
        edges = block_edges(contigs, ITEMS)
        firsts, lasts, counts = edges[:-1], edges[1:] - 1, np.diff(edges)
        spans = ends - starts
        uneven = np.logical_or.reduceat(spans != np.repeat(spans[firsts], counts), firsts)
        close = ends[lasts] - starts[firsts] == spans[firsts] * counts
        kinds = np.where(uneven, _RUNS, np.where(close, _FIXED, _VARIABLE))
        runs = np.empty(len(values), dtype=_RUN)
        runs["start"], runs["end"], runs["value"] = starts, ends, values
        steps, single = runs[["start", "value"]].astype(_STEP), values.astype("<f4", copy=False)
        rows_of = {_RUNS: runs, _VARIABLE: steps, _FIXED: single}
        columns = (contigs[firsts], starts[firsts], ends[lasts], spans[firsts], kinds, firsts, counts)
        blocks = []
        for contig, start, end, span, kind, first, count in zip(*(c.tolist() for c in columns), strict=True):
            step = span if kind == _FIXED else 0
            head = _SECTION.pack(contig, start, end, step, span, kind, 0, count)
            data = zlib.compress(head + rows_of[kind][first : first + count].tobytes(), LEVEL)
            self._stream.write(data)
            blocks.append((contig, start, contig, end, self._offset, len(data)))
            self._offset += len(data)
        self._blocks.append(np.array(blocks, dtype=BLOCK))

    def discard(self) -> None:
        """Remove the temporary files next to the file."""
        for zoom in self._zooms:
            zoom.close()

    def finish(self) -> None:
        """Write the rest: the trees, the summaries, the header. Something must have been added."""
        self._end_contig()
        self._write_short()
        blocks = np.concatenate(self._blocks)
        index_at = self._offset
        self._put(blocks_tree(blocks, index_at, index_at, ITEMS))
        zooms = b"".join(self._put_zoom(zoom) for zoom in self._zooms)
        self._put(struct.pack("<I", _MAGIC))
        self._stream.seek(0)
        sizes = (_MAGIC, _VERSION, len(self._zooms), _HEADER.size + MOST_LEVELS * _ZOOM.size + _TOTALS.size)
        self._stream.write(_HEADER.pack(*sizes, self._data_at, index_at, 0, 0, 0, _TOTALS_AT, _BUFFER, 0))
        self._stream.write(zooms)
        self._stream.seek(_TOTALS_AT)
        self._stream.write(self._totals())
        self._stream.seek(self._data_at)
        self._stream.write(_COUNT.pack(len(blocks)))
        self._stream.flush()

    def _put(self, data: bytes) -> None:
        """Append bytes."""
        self._stream.write(data)
        self._offset += len(data)

    def _put_zoom(self, zoom: ZoomLevel) -> bytes:
        """Append the summaries of one resolution and their tree; return the entry of the header."""
        data_at = self._offset
        self._put(struct.pack("<I", zoom.count))
        blocks = zoom.placed_blocks(self._offset)
        self._offset += zoom.spool.tell()
        zoom.spool.seek(0)
        shutil.copyfileobj(zoom.spool, self._stream)
        index_at = self._offset
        self._put(blocks_tree(blocks, index_at, index_at, RECORDS))
        return _ZOOM.pack(zoom.reduction, 0, data_at, index_at)

    def _totals(self) -> bytes:
        """Return number of bases, least, most, sum and sum of squares of the values."""
        rows = self._zooms[-1].totals
        sums = [float(rows[name].sum()) for name in ("sum", "squares")]
        return _TOTALS.pack(int(rows["covered"].sum()), rows["least"].min(), rows["most"].max(), *sums)
