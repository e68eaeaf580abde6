"""Sequences of regions, taken from a genome in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.aliases import Codes
from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import AMBIGUOUS, reverse_complement
from seqnet.genome.intervals import Intervals, rows_by_contig
from seqnet.genome.sequence import Bases, EncodedSequence, Genome, no_sequences

Value = TypeVar("Value", bound=np.generic)

_FEW = 16
"""Rows of a contig up to which they are sliced one by one."""


def extract_windows(genome: Genome, intervals: Intervals, *, stranded: bool = False) -> Codes:
    """Return the codes of intervals of one width, uint8 (n, width).

    Parameters
    ----------
    intervals
        Must lie inside the genome's contigs and share one width.
    stranded
        Whether intervals on the minus strand are read as its reverse complement.
    """
    codes: Codes = gather_windows(genome.codes, intervals, np.dtype(np.uint8))
    if stranded:
        minus = intervals.strand < 0
        codes[minus] = reverse_complement(codes[minus])
    return codes


def gather_windows(
    values: Mapping[str, NDArray[Value]], intervals: Intervals, kind: np.dtype[Value]
) -> NDArray[Value]:
    """Return what each contig's array, of type `kind`, holds under intervals of one width: (n, width).

    Parameters
    ----------
    values
        Contig name to an array of a value per base.
    intervals
        Must lie inside the contigs and share one width.
    """
    n = len(intervals)
    width = int(intervals.end[0] - intervals.start[0]) if n else 0
    windows = np.empty((n, width), dtype=kind)
    starts = intervals.start.tolist()
    few: list[int] = []
    slices: list[NDArray[Value]] = []
    for index, rows in rows_by_contig(intervals):
        array = values[intervals.contigs[index]]
        if len(rows) > _FEW:
            windows[rows] = sliding_window_view(array, width)[intervals.start[rows]]
            continue
        some = rows.tolist()  # a view of windows costs more than a few slices
        few += some
        slices += [array[starts[row] : starts[row] + width] for row in some]
    if few:
        windows[few] = np.concatenate(slices).reshape(len(few), width)
    return windows


def extract_sequences(
    genome: Bases, intervals: Intervals, names: Sequence[str], *, stranded: bool = False
) -> list[EncodedSequence]:
    """Return the codes of intervals of any widths, named; `stranded` as in `extract_windows`."""
    contigs = intervals.contig_names()
    rows = zip(names, contigs, intervals.start.tolist(), intervals.end.tolist(), strict=True)
    sequences = [EncodedSequence(name, genome.stretch(c, start, end)) for name, c, start, end in rows]
    if stranded:
        for row in np.flatnonzero(intervals.strand < 0).tolist():
            sequences[row] = EncodedSequence(sequences[row].name, reverse_complement(sequences[row].codes))
    return sequences


def stack_sequences(sequences: Sequence[EncodedSequence], source: str) -> Codes:
    """Put sequences of one length into one array, uint8 (n, length).

    Raises
    ------
    SeqnetError
        If there are none, or lengths differ; `source` names the file.
    """
    if not sequences:
        raise no_sequences(source)
    length = len(sequences[0].codes)
    for sequence in sequences:
        if len(sequence.codes) != length:
            raise SeqnetError(
                f"{source}: {sequence.name} has {len(sequence.codes)} bases where "
                f"{sequences[0].name} has {length}; all sequences must have one length"
            )
    return np.stack([sequence.codes for sequence in sequences])


def padded_stretch(codes: Codes, start: int, end: int) -> Codes:
    """Return a contig's bases from `start` to before `end`, ambiguous outside it: uint8 (end - start,)."""
    inside = codes[max(0, start) : max(0, end)]
    if len(inside) == end - start:
        return inside
    stretch = np.full(end - start, AMBIGUOUS, dtype=np.uint8)
    stretch[max(0, -start) : max(0, -start) + len(inside)] = inside
    return stretch
