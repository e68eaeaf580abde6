"""A checksum of the values along a contig that does not depend on how they were cut into pieces."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints

Bits = NDArray[np.uint32]
GAP = np.float32("nan").view(np.uint32)
"""What stands for a base without a value."""


def value_bits(values: NDArray[np.float32]) -> Bits:
    """Return the bits of float32 values, those of every NaN alike; a view where there is no NaN."""
    missing = np.isnan(values)
    bits = values.view(np.uint32)
    return np.where(missing, GAP, bits) if missing.any() else bits


class TrackChecksum:
    """Checksums of the places where the value changes along one contig, and of the values there.

    Pieces are added from left to right; what lies between them is a gap.
    """

    def __init__(self) -> None:
        self._places = self._values = 0
        self._state = GAP
        self._end = 0

    def add_steps(self, start: int, bits: Bits, step: int, end: int) -> None:
        """Take in consecutive steps of `step` bases from `start` on, the last cut at `end`."""
        self._gap_before(start)
        before = np.concatenate([[self._state], bits[:-1]])
        changed = np.flatnonzero(bits != before)
        self._take(start + step * changed, bits[changed])
        self._end = end

    def add_runs(self, starts: Ints, ends: Ints, bits: Bits) -> None:
        """Take in sorted intervals that do not overlap: (n,) each."""
        self._gap_before(int(starts[0]))
        places = np.stack([starts, ends], axis=1).reshape(-1)[:-1]
        states = np.stack([bits, np.full_like(bits, GAP)], axis=1).reshape(-1)[:-1]
        kept = np.ones(len(places), dtype=bool)
        kept[1::2] = ends[:-1] < starts[1:]
        places, states = places[kept], states[kept]
        changed = states != np.concatenate([[self._state], states[:-1]])
        self._take(places[changed], states[changed])
        self._end = int(ends[-1])

    def summary(self, length: int) -> tuple[int, int]:
        """Return the checksums, given the contig's length in bases."""
        if self._end < length:
            self._gap_before(length)
        return self._places, self._values

    def _gap_before(self, start: int) -> None:
        """Take in the gap between what was added last and a start."""
        if start > self._end and self._state != GAP:
            self._take(np.array([self._end]), np.array([GAP]))

    def _take(self, places: NDArray[np.integer[Any]], bits: Bits) -> None:
        """Take in changes, all of them real ones."""
        if len(bits):
            self._places = zlib.crc32(places.astype("<u4").data, self._places)
            self._values = zlib.crc32(np.ascontiguousarray(bits).astype("<u4", copy=False).data, self._values)
            self._state = bits[-1]
