"""Sequences of regions, taken from a genome in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from seqnet.aliases import Codes
from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import AMBIGUOUS, reverse_complement
from seqnet.genome.intervals import Intervals
from seqnet.genome.sequence import Bases, EncodedSequence, Genome


def extract_windows(genome: Genome, intervals: Intervals, *, stranded: bool = False) -> Codes:
    """Return the codes of intervals of one width, uint8 (n, width).

    Parameters
    ----------
    intervals
        Must lie inside the genome's contigs and share one width.
    stranded
        Whether intervals on the minus strand are read as its reverse complement.
    """
    n = len(intervals)
    width = int(intervals.end[0] - intervals.start[0]) if n else 0
    codes = np.empty((n, width), dtype=np.uint8)
    for index, name in enumerate(intervals.contigs):
        rows = np.flatnonzero(intervals.contig == index)
        if len(rows):
            codes[rows] = sliding_window_view(genome.codes[name], width)[intervals.start[rows]]
    if stranded:
        minus = intervals.strand < 0
        codes[minus] = reverse_complement(codes[minus])
    return codes


def extract_sequences(
    genome: Bases, intervals: Intervals, names: Sequence[str], *, stranded: bool = False
) -> list[EncodedSequence]:
    """Return the codes of intervals of any widths, named; `stranded` as in `extract_windows`."""
    contigs = intervals.contig_names()
    rows = zip(names, contigs, intervals.start.tolist(), intervals.end.tolist(), strict=True)
    found = [EncodedSequence(name, genome.stretch(c, start, end)) for name, c, start, end in rows]
    if stranded:
        for row in np.flatnonzero(intervals.strand < 0).tolist():
            found[row] = EncodedSequence(found[row].name, reverse_complement(found[row].codes))
    return found


def stack_sequences(sequences: Sequence[EncodedSequence], source: str) -> Codes:
    """Put sequences of one length into one array, uint8 (n, length).

    Raises
    ------
    SeqnetError
        If there are none, or lengths differ; `source` names the file.
    """
    if not sequences:
        raise SeqnetError(f"{source}: holds no sequences")
    length = len(sequences[0].codes)
    for sequence in sequences:
        if len(sequence.codes) != length:
            raise SeqnetError(
                f"{source}: {sequence.name} has {len(sequence.codes)} bases where "
                f"{sequences[0].name} has {length}; all sequences must have one length"
            )
    return np.stack([sequence.codes for sequence in sequences])


def padded_windows(codes: Codes, starts: Sequence[int] | np.ndarray, width: int) -> Codes:
    """Return windows of one contig that may pass its ends, ambiguous there: uint8 (n, width)."""
    begins = np.asarray(starts, dtype=np.int64)
    padding = np.full(width, AMBIGUOUS, dtype=np.uint8)
    padded = np.concatenate([padding, codes, padding])
    return sliding_window_view(padded, width)[np.clip(begins + width, 0, len(codes) + width)]


def padded_stretch(codes: Codes, start: int, end: int) -> Codes:
    """Return a contig's bases from `start` to before `end`, ambiguous outside it: uint8 (end - start,)."""
    inside = codes[max(0, start) : max(0, end)]
    if len(inside) == end - start:
        return inside
    stretch = np.full(end - start, AMBIGUOUS, dtype=np.uint8)
    stretch[max(0, -start) : max(0, -start) + len(inside)] = inside
    return stretch
