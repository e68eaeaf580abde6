"""Means of signal tracks over windows, which k-mer models read; without torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqnet.aliases import Bools, Reals
from seqnet.genome.intervals import Intervals
from seqnet.genome.signals.tracks import DenseTrack
from seqnet.kernels.gather import Places, Singles, gather_values

_WINDOWS_AT_ONCE = 1 << 10


def means_of(
    values: Sequence[Reals],
    places: Places,
    width: int,
    partners: Sequence[int],
    minus: Bools | None = None,
) -> Singles:
    """Return the mean of each track over each window, float32 (n, S); tracks are 0 off the contigs.

    Parameters
    ----------
    values
        float32 or float16 (length,) each, of one layout.
    places
        Where the n windows lie in them.
    width
        Bases per window.
    partners
        For each track the one that takes its place in windows on the minus strand.
    minus
        bool (n,): windows on the minus strand; None for none.
    """
    n = len(places.start)
    turned = np.zeros(n, dtype=bool) if minus is None else minus
    found = np.empty((n, len(values)), dtype=np.float32)
    for begin in range(0, n, _WINDOWS_AT_ONCE):
        some = slice(begin, begin + _WINDOWS_AT_ONCE)
        chosen, flipped = places.take(some), turned[some]
        means = np.empty((len(flipped), len(values)))
        for number, track in enumerate(values):
            window = np.empty((len(flipped), width, 1), dtype=np.float32)
            gather_values(track, chosen, flipped, 0, window)
            means[:, number] = window[:, :, 0].mean(axis=1, dtype=np.float64)
        found[some] = np.where(flipped[:, None], means[:, list(partners)], means)
    return found


def track_means(
    tracks: Sequence[DenseTrack],
    intervals: Intervals,
    partners: Sequence[int],
    *,
    stranded: bool = False,
) -> Singles:
    """Return the mean of each track, normalised beforehand, over intervals of one width, float32 (n, S).

    Parameters
    ----------
    tracks
        At least one; all of one layout.
    intervals
        They may pass the ends of contigs.
    partners
        For each track the one that takes its place in windows on the minus strand.
    stranded
        Whether windows on the minus strand have the tracks of a pair in the other order.

    Raises
    ------
    SeqnetError
        If a base that is needed was not read.
    """
    width = int(intervals.end[0] - intervals.start[0]) if len(intervals) else 0
    values = tuple(track.values for track in tracks)
    minus = intervals.strand < 0 if stranded else None
    return means_of(values, tracks[0].layout.places(intervals), width, partners, minus)
