"""Values of a bigWig file that has many contigs, found by the number of a contig instead of its name.

The bigWig library looks through all names, one after another, whenever a contig is looked up: with
50,000 contigs that takes longer than reading the values. Here the index is read once. Layout: Kent et
al. 2010, Bioinformatics 26:2204, supplementary tables 5 to 17.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.formats.tracks.track_checksum import contig_summaries, value_bits

_MAGIC = 0x888FFC26
_INDEX_MAGIC = 0x2468ACE0
_HEADER, _INDEX, _NODE, _SECTION = "IHHQQQHHQQI", "IIQIIIIQII", "BBH", "IIIIIBBH"
_EXTENT = ("contig", "start", "last_contig", "end")
_RUNS, _VARIABLE, _FIXED = 1, 2, 3
_COLUMNS = {_RUNS: 3, _VARIABLE: 2, _FIXED: 1}
_SECTION_BYTES = struct.calcsize("<" + _SECTION)
_FEW, _FEW_RUNS = 4, 64
"""So few blocks are all read, and so few runs are laid out one by one."""

Values = NDArray[np.float32]


class ValueRuns(NamedTuple):
    """Intervals with values, (n,) each."""

    starts: Ints
    ends: Ints
    values: Values


class BlockIndex:
    """The blocks of a file, held open.

    Parameters
    ----------
    contigs
        How many the file has.

    Raises
    ------
    ValueError
        If it has another layout than a bigWig file's, or an index in which blocks are not in order.
    """

    def __init__(self, path: str, contigs: int) -> None:
        self._file = os.open(path, os.O_RDONLY)
        try:
            self._size = os.fstat(self._file).st_size
            self._order = "<" if self._bytes(0, 4) == struct.pack("<I", _MAGIC) else ">"
            head = self._read(_HEADER, 0)
            self._room = int(head[-1])
            index_at = int(head[5])
            if head[0] != _MAGIC or self._read(_INDEX, index_at)[0] != _INDEX_MAGIC:
                raise ValueError("it has another layout")
            blocks = self._leaves(index_at + struct.calcsize(self._order + _INDEX))
            own, starts = blocks["contig"], blocks["start"]
            later = (own[1:] > own[:-1]) | ((own[1:] == own[:-1]) & (starts[1:] >= starts[:-1]))
            if not later.all() or not np.array_equal(own, blocks["last_contig"]):
                raise ValueError("its blocks are not in order")
            self._blocks = blocks
            self._edges = np.searchsorted(own, np.arange(contigs + 1))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Be done with the file."""
        os.close(self._file)

    def runs(self, contig: int, start: int, end: int) -> ValueRuns:
        """Return what blocks of a contig hold, at least those that touch an interval, in file order."""
        begin, stop = self._edges[contig : contig + 2].tolist()
        own = self._blocks[begin:stop]
        if len(own) > _FEW:
            own = own[(own["start"] < end) & (own["end"] > start)]
        parts = [self._block(contig, offset, size) for *_, offset, size in own.tolist()]
        if len(parts) == 1:
            return parts[0]
        return ValueRuns(*(np.concatenate(columns) for columns in zip(_NOTHING, *parts, strict=True)))

    def values(self, contig: int, start: int, end: int) -> Values:
        """Return one value per base, float32 (end - start,), NaN where there is none."""
        runs = self.runs(contig, start, end)
        dense = np.full(end - start, np.nan, dtype=np.float32)
        begins, ends = np.maximum(runs.starts - start, 0), np.minimum(runs.ends, end) - start
        if len(begins) > _FEW_RUNS and np.all(begins[1:] >= ends[:-1]) and np.all(ends >= begins):
            sizes = ends - begins
            moved = np.repeat(begins - (np.cumsum(sizes) - sizes), sizes)
            dense[np.arange(len(moved)) + moved] = np.repeat(runs.values, sizes)
            return dense
        for begin, stop, value in zip(begins.tolist(), ends.tolist(), runs.values.tolist(), strict=True):
            dense[begin : max(begin, stop)] = value
        return dense

    def values_of(self, contigs: Ints, starts: Ints, ends: Ints) -> Values:
        """Return what `values` does for each of n intervals, one behind the other.

        Blocks of all intervals are laid out together: it costs little more than to unpack them.

        Raises
        ------
        ValueError
            If a block is damaged; or if values of a contig overlap or are not sorted, which `values` takes.
        """
        owner, rows = self._touching(contigs, starts, ends)
        runs, sizes = self._laid_out(contigs[owner], rows)
        owner = np.repeat(owner, sizes)
        offsets = np.cumsum(ends - starts) - (ends - starts)
        moved = (offsets - starts)[owner]
        begins = np.maximum(runs.starts, starts[owner]) + moved
        stops = np.minimum(runs.ends, ends[owner]) + moved
        there = begins < stops
        return _dense(begins[there], stops[there], runs.values[there], int((ends - starts).sum()))

    def _touching(self, contigs: Ints, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
        """Return the blocks that `runs` reads for each interval: number of the interval, row of the block."""
        first, counts = self._edges[contigs], self._edges[contigs + 1] - self._edges[contigs]
        owner = np.repeat(np.arange(len(contigs)), counts)
        rows = np.arange(len(owner)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
        blocks = self._blocks[rows]
        touches = (blocks["start"] < ends[owner]) & (blocks["end"] > starts[owner])
        needed = touches | (counts <= _FEW)[owner]
        return owner[needed], rows[needed]

    def _laid_out(self, contigs: Ints, rows: Ints) -> tuple[ValueRuns, Ints]:
        """Return what blocks hold, each of the contig of that number, and the number of runs of each."""
        blocks = self._blocks[rows]
        places = zip(blocks["offset"].tolist(), blocks["size"].tolist(), strict=True)
        data = [self._unpacked(offset, size) for offset, size in places]
        lengths = np.fromiter(map(len, data), np.int64, len(data))
        at = (np.cumsum(lengths) - lengths) // 4 + _SECTION_BYTES // 4
        if (lengths % 4).any() or (lengths < _SECTION_BYTES).any():
            raise ValueError("a block is damaged")
        names = ("contig", "start", "end", "step", "span", "kind", "unused", "count")
        kinds = [self._order + code for code in ("u4", "u4", "u4", "u4", "u4", "u1", "u1", "u2")]
        head_type = np.dtype(list(zip(names, kinds, strict=True)))
        heads = np.frombuffer(b"".join(part[:_SECTION_BYTES] for part in data), head_type)
        columns = np.array([0, 3, 2, 1])[heads["kind"] * (heads["kind"] <= _FIXED)]
        counts = heads["count"].astype(np.int64)
        wrong = (heads["contig"] != contigs) | (columns == 0)
        if wrong.any() or (_SECTION_BYTES + 4 * columns * counts > lengths).any():
            raise ValueError("a block is damaged")
        words = np.frombuffer(b"".join(data), self._order + "u4")
        return _runs(words, at, heads, columns, counts), counts

    def summaries(self, contigs: Sequence[int], lengths: Sequence[int]) -> list[tuple[int, int]]:
        """Return what `TrackChecksum.summary` is for some contigs, whose runs are sorted and apart."""
        numbers, sizes = np.array(contigs, np.int64), np.array(lengths, np.int64)
        owner, rows = self._touching(numbers, np.zeros_like(sizes), sizes)
        runs, counts = self._laid_out(numbers[owner], rows)
        of_each = np.bincount(owner, counts, len(numbers)).astype(np.int64)
        return contig_summaries(runs.starts, runs.ends, value_bits(runs.values), of_each, sizes)

    def _leaves(self, root: int) -> NDArray[np.void]:
        """Return all blocks, level after level of the index."""
        kinds = [(name, self._order + "u4") for name in _EXTENT] + [("offset", self._order + "u8")]
        branch, leaf = np.dtype(kinds), np.dtype([*kinds, ("size", self._order + "u8")])
        leaves = [np.empty(0, dtype=leaf)]
        level, seen = [root], 0
        while level:
            below: list[int] = []
            for place in level:
                is_leaf, _, count = self._read(_NODE, place)
                kind = leaf if is_leaf else branch
                rows = np.frombuffer(self._bytes(place + 4, count * kind.itemsize), dtype=kind)
                leaves.extend([rows] * bool(is_leaf))
                below.extend([] if is_leaf else rows["offset"].tolist())
            seen += len(level)
            if 4 * seen > self._size:
                raise ValueError("its index is damaged")
            level = below
        return np.concatenate(leaves)

    def _block(self, contig: int, offset: int, size: int) -> ValueRuns:
        """Return what a block holds."""
        data = self._unpacked(offset, size)
        own, start, _, step, span, kind, _, count = struct.unpack_from(self._order + _SECTION, data)
        columns = _COLUMNS.get(kind)
        if own != contig or columns is None:
            raise ValueError("a block is damaged")
        at = struct.calcsize(self._order + _SECTION)
        words = np.frombuffer(data, self._order + "u4", count * columns, at).reshape(count, columns)
        values = np.ascontiguousarray(words[:, -1]).view(self._order + "f4").astype(np.float32, copy=False)
        if kind == _FIXED:
            starts = np.arange(start, start + count * step, step) if step else np.full(count, start)
        else:
            starts = words[:, 0].astype(np.int64)
        return ValueRuns(starts, words[:, 1].astype(np.int64) if kind == _RUNS else starts + span, values)

    def _unpacked(self, offset: int, size: int) -> bytes:
        """Return the bytes of a block as they were before they were compressed."""
        data = self._bytes(offset, size)
        if not self._room:
            return data
        unpacked = zlib.decompressobj()
        data = unpacked.decompress(data, self._room)
        if not unpacked.eof:
            raise ValueError("a block is damaged")
        return data

    def _read(self, fields: str, place: int) -> tuple[int, ...]:
        """Return numbers at a place of the file."""
        layout = struct.Struct(self._order + fields)
        return layout.unpack(self._bytes(place, layout.size))

    def _bytes(self, place: int, size: int) -> bytes:
        """Return bytes at a place of the file, all of them."""
        if not 0 <= place <= place + size <= self._size:
            raise ValueError("it is cut off")
        return os.pread(self._file, size, place)


_NOTHING = ValueRuns(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


def _runs(
    words: NDArray[np.uint32], at: Ints, heads: NDArray[np.void], columns: Ints, counts: Ints
) -> ValueRuns:
    """Return the runs of blocks whose values begin at words `at`, `columns` words for each of `counts`."""
    block = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(block)) - np.repeat(np.cumsum(counts) - counts, counts)
    wide, kind = columns[block], heads["kind"][block]
    place = at[block] + wide * rank
    last = words[place + wide - 1]
    values = last.view(last.dtype.str.replace("u", "f")).astype(np.float32, copy=False)
    start, step, span = (heads[name].astype(np.int64)[block] for name in ("start", "step", "span"))
    starts = np.where(kind == _FIXED, start + step * rank, words[place])
    ends = np.where(kind == _RUNS, words[place + (kind == _RUNS)], starts + span)
    return ValueRuns(starts, ends, values)


def _dense(begins: Ints, ends: Ints, values: Values, size: int) -> Values:
    """Return runs as one value per base, float32 (size,), NaN between them; they must be sorted and apart."""
    edges = np.zeros(2 * len(values) + 2, dtype=np.int64)
    edges[1:-1:2], edges[2:-1:2], edges[-1] = begins, ends, size
    sizes = np.diff(edges)
    if (sizes < 0).any():
        raise ValueError("its values overlap")
    filled = np.full(len(sizes), np.nan, dtype=np.float32)
    filled[1::2] = values
    return np.repeat(filled, sizes)
