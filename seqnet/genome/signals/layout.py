"""Stretches of many contigs in one array, and where intervals lie in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Codes, Ints
from seqnet.errors import SeqnetError
from seqnet.genome.contig_names import unknown_contig
from seqnet.genome.intervals import Intervals, make_intervals, union
from seqnet.genome.sequence import Genome
from seqnet.kernels.gather import Places


@dataclass(frozen=True)
class Layout:
    """Disjoint stretches of contigs, one behind the other in an array.

    Parameters
    ----------
    pieces
        The k stretches, sorted by contig index and start.
    offsets
        int64 (k + 1,): index in the array at which each begins; the last is the array's length.
    lengths
        Contig name to length in bases of all contigs, those without a stretch too.
    """

    pieces: Intervals
    offsets: Ints
    lengths: dict[str, int]

    def __len__(self) -> int:
        """Return the length of the array."""
        return int(self.offsets[-1])

    def places(self, intervals: Intervals, reach: int = 0) -> Places:
        """Return where intervals lie in the array; what is outside the contigs is out of bounds.

        Parameters
        ----------
        intervals
            They may pass the ends of contigs.
        reach
            Bases by which they may be moved afterwards.

        Raises
        ------
        SeqnetError
            If a base that is on a contig is in no stretch; the message names the interval.
        """
        contig = intervals.contig_index_in(self.pieces.contigs).astype(np.int64)
        limit = self._contig_lengths()[contig] if len(self.lengths) else np.zeros(len(contig), np.int64)
        first = np.clip(intervals.start - reach, 0, np.maximum(limit - 1, 0))
        last = np.clip(intervals.end + reach, 0, limit)
        piece = self._piece_of(contig, first)
        known = (contig >= 0) & (piece >= 0)
        safe = np.where(known, piece, 0)
        if len(self.pieces):
            known &= (self.pieces.contig[safe] == contig) & (self.pieces.start[safe] <= first)
            known &= last <= self.pieces.end[safe]
        if not known.all():
            raise SeqnetError(f"{intervals.locus(int(np.flatnonzero(~known)[0]))} was not read")
        low = self.offsets[safe]
        return Places(low + intervals.start - self.pieces.start[safe], low, self.offsets[safe + 1])

    def _contig_lengths(self) -> Ints:
        """Return the length of each contig, int64."""
        return np.array([self.lengths[name] for name in self.pieces.contigs], dtype=np.int64)

    def _piece_of(self, contig: Ints, position: Ints) -> Ints:
        """Return the last piece that begins at or before each position, whatever its contig; -1 for none."""
        far = max(self.lengths.values(), default=0) + 1
        begins = self.pieces.contig.astype(np.int64) * far + self.pieces.start
        return np.searchsorted(begins, contig * far + position, side="right").astype(np.int64) - 1


def _lay_out(pieces: Intervals, lengths: Mapping[str, int]) -> Layout:
    """Put sorted stretches one behind the other."""
    sizes = np.cumsum(pieces.end - pieces.start, dtype=np.int64)
    return Layout(pieces, np.concatenate([np.zeros(1, np.int64), sizes]), dict(lengths))


def whole_contigs(lengths: Mapping[str, int]) -> Layout:
    """Lay out contigs whole, in their order."""
    ends = list(lengths.values())
    return _lay_out(make_intervals(list(lengths), [0] * len(ends), ends), lengths)


def needed_stretches(intervals: Intervals, lengths: Mapping[str, int], reach: int = 0) -> Layout:
    """Lay out only what intervals cover, widened by `reach` bases on both sides and cut to the contigs.

    Raises
    ------
    SeqnetError
        If an interval is on no known contig.
    """
    contigs = tuple(lengths)
    contig = intervals.contig_index_in(contigs)
    if (contig < 0).any():
        row = int(np.flatnonzero(contig < 0)[0])
        name = intervals.contigs[intervals.contig[row]]
        raise SeqnetError(unknown_contig("regions", name, "the genome", lengths))
    limit = np.array(list(lengths.values()), dtype=np.int64)[contig] if len(contig) else np.empty(0, np.int64)
    start, end = np.clip(intervals.start - reach, 0, limit), np.clip(intervals.end + reach, 0, limit)
    # a window beyond a contig's end has no base, but a place: that of the contig's last one
    start = np.minimum(start, np.maximum(limit - 1, 0))
    widened = replace(intervals, contigs=contigs, contig=contig, start=start, end=np.maximum(end, start + 1))
    return _lay_out(union(widened), lengths)


class PackedGenome(NamedTuple):
    """The codes of all contigs in one array."""

    codes: Codes
    """uint8 (length of the layout,)."""
    layout: Layout


def pack_genome(genome: Genome) -> PackedGenome:
    """Put the contigs of a genome one behind the other."""
    parts = [*genome.codes.values(), np.empty(0, np.uint8)]
    return PackedGenome(np.concatenate(parts), whole_contigs(genome.lengths))
