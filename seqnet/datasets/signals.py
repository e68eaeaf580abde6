"""Targets that are measured: a statistic of a track over each region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.errors import SeqnetError
from seqnet.genome.intervals import Intervals

Statistic: TypeAlias = Literal["mean", "max", "sum"]
Missing: TypeAlias = Literal["zero", "nan", "error"]
"""What a base without a value counts as: zero, nothing, an error."""
Values: TypeAlias = Callable[[str, int, int], NDArray[np.float32]]
"""Returns the values of the bases of an interval, NaN where there is none."""
_STRETCH = 1 << 23
"""Bases that are read at a time."""
_CHUNK = 1 << 13
"""Windows whose statistic is taken at a time."""


@dataclass(frozen=True)
class Measured:
    """A statistic of each region, float64 (n,), NaN where unknown; and how many bases had no value."""

    values: Floats
    gaps: int


def measure(
    regions: Intervals,
    width: int,
    values: Values,
    lengths: Mapping[str, int],
    statistic: Statistic,
    missing: Missing,
) -> Measured:
    """Take the statistic of a track over regions of one width.

    Parameters
    ----------
    regions
        n intervals.
    width
        Bases of each.
    values
        The track.
    lengths
        The track's contigs.
    statistic
        Over the bases of a region.
    missing
        ``zero``: a base without a value counts as 0, a contig the track does not have is an error.
        ``nan``: such bases are left out, and a region without any other is unknown. ``error``: both
        are errors.

    Raises
    ------
    SeqnetError
        As `missing` says; or at a region past the end of the track's contig.
    """
    result = np.full(len(regions), np.nan)
    gaps = 0
    for index, contig in enumerate(regions.contigs):
        rows = np.flatnonzero(regions.contig == index)
        if not len(rows):
            continue
        length = lengths.get(contig)
        if length is None and missing == "nan":
            gaps += width * len(rows)
            continue
        last = int(regions.end[rows].max())
        if length is None or last > length:
            has = "lacks it" if length is None else f"has {length} bases of it"
            raise SeqnetError(f"regions on {contig} reach base {last}; the track {has} (see --missing)")
        rows = rows[np.argsort(regions.start[rows], kind="stable")]
        for some in _stretches(rows, regions.start):
            begin, end = int(regions.start[some[0]]), int(regions.start[some[-1]]) + width
            track = values(contig, begin, end)
            result[some], absent = _statistics(track, regions.start[some] - begin, width, statistic, missing)
            gaps += absent
    if gaps and missing == "error":
        raise SeqnetError(f"{gaps} bases of the regions have no value in the track (see --missing)")
    return Measured(result, gaps)


def _stretches(rows: Ints, start: Ints) -> list[Ints]:
    """Part rows in order of start so that each part begins within one stretch."""
    return np.split(rows, np.flatnonzero(np.diff(start[rows] // _STRETCH)) + 1)


def _statistics(
    track: NDArray[np.float32], starts: Ints, width: int, statistic: Statistic, missing: Missing
) -> tuple[Floats, int]:
    """Return the statistic of each window, float64 (n,), and the number of bases without a value."""
    windows = sliding_window_view(track, width)
    found, gaps = np.empty(len(starts)), 0
    for begin in range(0, len(starts), _CHUNK):
        part = windows[starts[begin : begin + _CHUNK]].astype(np.float64)
        absent = np.isnan(part)
        gaps += int(absent.sum())
        known = width - absent.sum(axis=1)
        if statistic == "max":
            part[absent] = -np.inf if missing == "nan" else 0.0
            value = part.max(axis=1)
        else:
            part[absent] = 0.0
            value = part.sum(axis=1)
            if statistic == "mean":
                value /= np.maximum(known, 1) if missing == "nan" else width
        if missing == "nan":
            value[known == 0] = np.nan
        found[begin : begin + _CHUNK] = value
    return found, gaps
