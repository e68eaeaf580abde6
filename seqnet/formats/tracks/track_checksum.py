"""A checksum of the values along a contig that does not depend on how they were cut into pieces."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Integers, Ints

Bits = NDArray[np.uint32]
GAP = np.float32("nan").view(np.uint32)
"""The bits that mark a base without a value."""
SHORT = 1 << 12
"""So many values or fewer are taken in together with those of other contigs."""
_PARTS = 256


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
        changed = np.flatnonzero(bits[1:] != bits[:-1]) + 1
        if bits[0] != self._state:
            changed = np.insert(changed, 0, 0)
        self._take(start + step * changed, bits[changed])
        self._end = end

    def add_runs(self, starts: Ints, ends: Ints, bits: Bits) -> None:
        """Take in sorted intervals that do not overlap: (n,) each."""
        self._gap_before(int(starts[0]))
        places, states = starts, bits
        apart = ends[:-1] < starts[1:]
        if apart.any():
            gaps = np.flatnonzero(apart)
            places = np.insert(starts, gaps + 1, ends[gaps])
            states = np.insert(bits, gaps + 1, GAP)
        changed = np.empty(len(states), dtype=bool)
        changed[0] = states[0] != self._state
        np.not_equal(states[1:], states[:-1], out=changed[1:])
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

    def _take(self, places: Integers, bits: Bits) -> None:
        """Take in changes, all of them real ones."""
        if len(bits):
            self._places = zlib.crc32(places.astype("<u4").data, self._places)
            self._values = zlib.crc32(np.ascontiguousarray(bits).astype("<u4", copy=False).data, self._values)
            self._state = bits[-1]


def contig_summaries(
    starts: Ints, ends: Ints, bits: Bits, sizes: Ints, lengths: Ints
) -> list[tuple[int, int]]:
    """Return what `TrackChecksum.summary` is for each of many contigs, at the cost of few.

    Parameters
    ----------
    starts, ends, bits
        (n,): sorted intervals that do not overlap, contig after contig.
    sizes
        How many of them each contig has.
    lengths
        Of the contigs, in bases.
    """
    if not len(starts):
        return [(0, 0)] * len(sizes)
    edges = np.append(0, np.cumsum(sizes))
    lasts = edges[1:][sizes > 0] - 1
    apart = np.append(ends[:-1] < starts[1:], True)  # whether a gap or another contig follows
    apart[lasts] = True
    gap_follows = apart.copy()
    gap_follows[lasts] = ends[lasts] < lengths[sizes > 0]
    changed = np.append(True, bits[1:] != bits[:-1])
    behind = np.append(0, np.flatnonzero(apart[:-1]) + 1)
    changed[behind] = bits[behind] != GAP
    kept = np.flatnonzero(changed)
    gaps = np.flatnonzero(gap_follows)
    gaps = gaps[bits[gaps] != GAP]
    at = np.searchsorted(kept, gaps, side="right")
    places = np.insert(starts[kept].astype("<u4"), at, ends[gaps])
    states = np.insert(bits[kept].astype("<u4", copy=False), at, GAP)
    cuts = (np.searchsorted(kept, edges) + np.searchsorted(gaps, edges)).tolist()
    return [(zlib.crc32(places[begin:end].data), zlib.crc32(states[begin:end].data))
            for begin, end in pairwise(cuts)]  # fmt: skip


class Checksums:
    """Checksums of a file's contigs, which are added one after another.

    Those of short contigs are made many at a time.

    Parameters
    ----------
    lengths
        Of the contigs, in bases.
    """

    def __init__(self, lengths: Mapping[str, int]) -> None:
        self._lengths = lengths
        self._found: dict[str, tuple[int, int]] = {}
        self._contig = ""
        self._long: TrackChecksum | None = None
        self._names: list[str] = []  # of what waits, one a part
        self._parts: list[tuple[Ints, Ints, Bits]] = []

    def add_steps(self, contig: str, start: int, bits: Bits, step: int, end: int) -> None:
        """Take in many steps; parameters as of `TrackChecksum.add_steps`."""
        self._of_long(contig).add_steps(start, bits, step, end)

    def add_runs(self, contig: str, starts: Ints, ends: Ints, bits: Bits) -> None:
        """Take in intervals, at least one; parameters as of `TrackChecksum.add_runs`."""
        if len(bits) > SHORT or (self._long is not None and contig == self._contig):
            self._of_long(contig).add_runs(starts, ends, bits)
            return
        self._end_long()
        if len(self._parts) >= _PARTS and contig != self._names[-1]:
            self._flush()
        self._names.append(contig)
        self._parts.append((starts, ends, bits))

    def add_contigs(self, contigs: Sequence[str], sizes: Ints, starts: Ints, ends: Ints, bits: Bits) -> None:
        """Take in whole contigs, other parameters as of `contig_summaries`."""
        lengths = np.array([self._lengths[name] for name in contigs])
        self._end_long()
        summaries = contig_summaries(starts, ends, bits, sizes, lengths)
        self._found.update(zip(contigs, summaries, strict=True))

    def summaries(self) -> dict[str, tuple[int, int]]:
        """Return what `TrackChecksum.summary` is for each contig of which something was added."""
        self._end_long()
        self._flush()
        return self._found

    def _of_long(self, contig: str) -> TrackChecksum:
        """Return the checksum of a contig that is not made with others."""
        if self._long is None or contig != self._contig:
            self._end_long()
            self._contig, self._long = contig, TrackChecksum()
            first = self._names.index(contig) if contig in self._names[-1:] else len(self._names)
            for part in self._parts[first:]:
                self._long.add_runs(*part)
            del self._names[first:], self._parts[first:]
        return self._long

    def _end_long(self) -> None:
        """Note the checksum of a contig that has ended."""
        if self._long is not None:
            self._found[self._contig] = self._long.summary(self._lengths[self._contig])
            self._long = None

    def _flush(self) -> None:
        """Make the checksums of all short contigs that wait."""
        if not self._parts:
            return
        starts, ends, bits = (np.concatenate(columns) for columns in zip(*self._parts, strict=True))
        sizes: dict[str, int] = {}
        for name, part in zip(self._names, self._parts, strict=True):
            sizes[name] = sizes.get(name, 0) + len(part[0])
        lengths = np.array([self._lengths[name] for name in sizes])
        summaries = contig_summaries(starts, ends, bits, np.array(list(sizes.values())), lengths)
        self._found.update(zip(sizes, summaries, strict=True))
        self._names, self._parts = [], []
