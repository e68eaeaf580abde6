"""Signal tracks in bins, a value for each bin of a contig: its mean, or that of the base in its middle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from seqnet.aliases import Floats
from seqnet.genome.intervals import Intervals, batches, in_stretches, make_intervals
from seqnet.genome.signals.layout import Layout, whole_contigs
from seqnet.genome.signals.tracks import STEP, DenseTrack, Missing, TrackGaps, TrackSource, load_track


def bin_counts(lengths: Mapping[str, int], step: int) -> dict[str, int]:
    """Return the number of bins of each contig; the last may be shorter than the others.

    Examples
    --------
    >>> bin_counts({"a": 50, "b": 51}, 25)
    {'a': 2, 'b': 3}
    """
    return {name: -(-length // step) for name, length in lengths.items()}


def load_binned(
    name: str, source: TrackSource, lengths: Mapping[str, int], step: int, missing: Missing | None = None
) -> DenseTrack:
    """Read the mean of every bin of whole contigs.

    Parameters
    ----------
    name
        How the track is called in messages.
    source
        The file.
    lengths
        Contig name to length in bases.
    step
        Bases per bin; a contig's last bin is the mean of those that are left.
    missing
        What bases without a value count as, see `load_track`.

    Returns
    -------
    track
        Its layout's places are bins, not bases.

    Raises
    ------
    SeqnetError
        As `load_track` does.
    """
    layout = whole_contigs(bin_counts(lengths, step))
    values = np.empty(len(layout), dtype=np.float32)
    gaps, absent = 0, []
    for (contig, length), offset in zip(lengths.items(), layout.offsets.tolist(), strict=False):
        stretch = max(1, STEP // step) * step
        for start in range(0, length, stretch):
            end = min(length, start + stretch)
            piece = _stretch(contig, start, end, length)
            read = load_track(name, source, piece, missing=missing)
            first = offset + start // step
            means = _means(read.values.astype(np.float64), step)
            values[first : first + len(means)] = means
            gaps += read.found.gaps
        absent += [contig] if contig not in source.lengths else []
    return DenseTrack(name, values, layout, TrackGaps(gaps, tuple(absent)))


def _stretch(contig: str, start: int, end: int, length: int) -> Layout:
    """Return the layout of one stretch of a contig."""
    pieces = make_intervals([contig], [start], [end])
    return Layout(pieces, np.array([0, end - start], dtype=np.int64), {contig: length})


def _means(values: Floats, step: int) -> Floats:
    """Return the mean of each bin, the last of what is left."""
    whole = len(values) // step * step
    means = values[:whole].reshape(-1, step).mean(axis=1)
    return np.append(means, values[whole:].mean()) if whole < len(values) else means


def windows_along(counts: Mapping[str, int], width: int) -> Intervals:
    """Return windows of `width` bins side by side along every contig; the last may pass its end."""
    names, starts = [], []
    for name, count in counts.items():
        begin = list(range(0, count, width))
        names += [name] * len(begin)
        starts += begin
    start = np.array(starts, dtype=np.int64)
    return make_intervals(names, start, start + width)


def tile_middles(lengths: Mapping[str, int], step: int) -> Intervals:
    """Return the middle base of each tile of `step` bases of whole contigs; the last tile may be shorter.

    Examples
    --------
    >>> tile_middles({"a": 10, "b": 1}, 4).start.tolist()
    [2, 6, 9, 0]
    """
    tiles = in_stretches(lengths, step)
    last = np.array(list(lengths.values()), dtype=np.int64)[tiles.contig] - 1
    start = np.minimum(tiles.start + step // 2, last)
    return replace(tiles, start=start, end=start + 1)


def values_at(middles: Intervals, source: TrackSource, step: int) -> Floats:
    """Return a track's value at each of `tile_middles`, float64 (n,), NaN at gaps.

    The contigs are read whole, many short ones in one call.
    """
    lengths = {name: source.lengths[name] for name in middles.contigs}
    pieces = in_stretches(lengths, max(STEP // step, 1) * step)
    sizes, names = pieces.end - pieces.start, pieces.contig_names().tolist()
    edges = np.concatenate([[0], np.cumsum(-(-sizes // step))])
    result = np.empty(len(middles))
    for begin, end in batches(sizes, STEP):
        values = source.values_of(names[begin:end], pieces.start[begin:end], pieces.end[begin:end])
        moved = np.cumsum(sizes[begin:end]) - pieces.end[begin:end]
        rows = slice(edges[begin], edges[end])
        result[rows] = values[middles.start[rows] + np.repeat(moved, np.diff(edges[begin : end + 1]))]
    return result
