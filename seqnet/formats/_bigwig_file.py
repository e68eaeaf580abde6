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
from seqnet.formats._bigwig_trees import BLOCK, blocks_tree, names_tree
from seqnet.formats._bigwig_zooms import (
    FACTOR,
    ITEMS_IN_FIRST,
    LEVEL,
    MOST_LEVELS,
    RECORD_BYTES,
    RECORDS,
    SUMMARY,
    ZoomLevel,
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
        none = np.empty(0, np.int64)
        self._waiting: list[tuple[Ints, Ints, Values]] = [(none, none, np.empty(0, np.float32))]
        self._waiting_items = 0
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

    def _end_contig(self) -> None:
        """Write what is left of a contig."""
        if self._waiting_items or self._zooms:
            self._write(contig_ends=True)

    def _write(self, *, contig_ends: bool) -> None:
        """Make blocks of what waits: full ones, or all of it where the contig ends."""
        starts, ends = (np.concatenate([columns[i] for columns in self._waiting]) for i in (0, 1))
        values = np.concatenate([columns[2] for columns in self._waiting])
        ready = len(values) if contig_ends else len(values) // ITEMS * ITEMS
        self._waiting = [(starts[ready:], ends[ready:], values[ready:])]
        self._waiting_items = len(values) - ready
        starts, ends, values = starts[:ready], ends[:ready], values[:ready]
        if ready and not self._zooms:
            self._start_zooms(starts[:_BATCH], ends[:_BATCH])
        blocks = [self._block(starts[i : i + ITEMS], ends[i : i + ITEMS], values[i : i + ITEMS])
                  for i in range(0, ready, ITEMS)]  # fmt: skip
        self._blocks.append(np.array(blocks, dtype=BLOCK))
        parts = [summaries(self._contig, starts[i : i + _BATCH], ends[i : i + _BATCH],
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

    def _block(self, starts: Ints, ends: Ints, values: Values) -> tuple[int, ...]:
        """Write one block; return its row of the index."""
        first, end, count = int(starts[0]), int(ends[-1]), len(values)
        span = int(ends[0]) - first
        if np.any(ends - starts != span):
            kind, step, rows = _RUNS, 0, np.empty(count, dtype=_RUN)
            rows["start"], rows["end"], rows["value"] = starts, ends, values
        elif end - first == span * count:
            kind, step, rows = _FIXED, span, values.astype("<f4", copy=False)
        else:
            kind, step, rows = _VARIABLE, 0, np.empty(count, dtype=_STEP)
            rows["start"], rows["value"] = starts, values
        head = _SECTION.pack(self._contig, first, end, step, span, kind, 0, count)
        data = zlib.compress(head + rows.tobytes(), LEVEL)
        self._stream.write(data)
        row = (self._contig, first, self._contig, end, self._offset, len(data))
        self._offset += len(data)
        return row

    def discard(self) -> None:
        """Remove what is kept beside the file."""
        for zoom in self._zooms:
            zoom.close()

    def finish(self) -> None:
        """Write the rest: the trees, the summaries, the header. Something must have been added."""
        self._end_contig()
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
