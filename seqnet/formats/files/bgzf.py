"""Bytes of a file at given places, plain or in BGZF blocks."""

from __future__ import annotations

import bisect
import os
import struct
import zlib
from typing import BinaryIO, Protocol

GZIP = b"\x1f\x8b"
_HEAD = struct.Struct("<4sIBBHHHH")
"""A block's first 18 bytes: magic, time, flags, system, length of extra, subfield, its length, size - 1."""
_MAGIC = b"\x1f\x8b\x08\x04"
_SUBFIELD = int.from_bytes(b"BC", "little")


class PlacedBytes(Protocol):
    """Bytes that can be read anywhere."""

    @property
    def size(self) -> int:
        """Bytes in all, decompressed."""

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to before `end`; fewer where they end earlier."""


class PlainBytes:
    """The bytes of a file that is not compressed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._descriptor = stream.fileno()
        self.size = os.fstat(self._descriptor).st_size

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to before `end`; fewer where they end earlier."""
        parts = []
        while start < end and (part := os.pread(self._descriptor, end - start, start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts)


class BgzfBytes:
    """The decompressed bytes of a BGZF file, one block in memory at a time.

    The blocks are found by following them from the first to the last, which reads some bytes of each;
    a table of them next to the file (``.gzi``) can be wrong, and is not needed.

    Raises
    ------
    ValueError
        If the file is not a chain of whole BGZF blocks; later, if a block is damaged.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._file = PlainBytes(stream)
        self._places, self._starts = [0], [0]
        while self._places[-1] < self._file.size:
            place, length = self._block_at(self._places[-1])
            self._places.append(place)
            self._starts.append(self._starts[-1] + length)
        self.size = self._starts[-1]
        self._known: tuple[int, bytes] = (-1, b"")

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to before `end`; fewer where they end earlier."""
        parts, end = [], min(end, self.size)
        while start < end:
            number = bisect.bisect_right(self._starts, start) - 1
            begin = start - self._starts[number]
            part = self._block(number)[begin : begin + end - start]
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def _block_at(self, place: int) -> tuple[int, int]:
        """Return where the block at `place` ends, and its decompressed length."""
        head = self._file.read(place, place + _HEAD.size)
        if len(head) < _HEAD.size:
            raise ValueError("its last BGZF block is cut off")
        magic, _, _, _, extra, subfield, length, size = _HEAD.unpack(head)
        if (magic, extra, subfield, length) != (_MAGIC, 6, _SUBFIELD, 2):
            raise ValueError("it is not made of BGZF blocks")
        end = place + size + 1
        if size + 1 < _HEAD.size + 8 or end > self._file.size:
            raise ValueError("its last BGZF block is cut off")
        return end, int.from_bytes(self._file.read(end - 4, end), "little")

    def _block(self, number: int) -> bytes:
        """Decompress one block."""
        if self._known[0] != number:
            compressed = self._file.read(self._places[number], self._places[number + 1])
            try:
                data = zlib.decompress(compressed, zlib.MAX_WBITS | 16)
            except zlib.error as error:
                raise ValueError("a BGZF block is damaged") from error
            if len(data) != self._starts[number + 1] - self._starts[number]:
                raise ValueError("a BGZF block is damaged")
            self._known = (number, data)
        return self._known[1]
