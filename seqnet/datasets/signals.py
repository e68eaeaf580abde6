"""Targets that are measured: a statistic of a track over each region."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.errors import SeqnetError
from seqnet.genome.contig_names import unknown_contig
from seqnet.genome.intervals import Intervals, batches

Statistic: TypeAlias = Literal["mean", "max", "sum"]
Missing: TypeAlias = Literal["zero", "nan", "error"]
"""What a base without a value counts as: zero, nothing, an error."""
Values: TypeAlias = Callable[[Sequence[str], Ints, Ints], NDArray[np.float32]]
"""Returns the values of the bases of intervals (contigs, starts, ends), one behind the other, NaN at gaps."""
_STRETCH = 1 << 23
"""Bases that are read at a time."""
_CHUNK = 1 << 21
"""Bases of the windows whose statistic is taken at a time."""


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
        Reads the track; one call gets stretches of many contigs.
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
    limits = np.array([lengths.get(name, -1) for name in regions.contigs], dtype=np.int64)
    rows = np.lexsort((regions.start, regions.contig))
    _require_inside(regions.take(rows), limits, lengths, missing)
    rows = rows[limits[regions.contig[rows]] >= 0]
    gaps = width * (len(regions) - len(rows))
    contig, start = regions.contig[rows], regions.start[rows]
    new = (np.diff(contig) != 0) | (np.diff(start // _STRETCH) != 0)
    edges = np.append(np.flatnonzero(np.append(True, new)), len(rows)) if len(rows) else np.zeros(1, np.int64)
    begins, ends = start[edges[:-1]], start[edges[1:] - 1] + width
    for first, last in batches(ends - begins, _STRETCH):
        low, high = begins[first:last], ends[first:last]
        track = values([regions.contigs[i] for i in contig[edges[first:last]].tolist()], low, high)
        moved = np.cumsum(high - low) - high
        some = slice(edges[first], edges[last])
        places = start[some] + np.repeat(moved, np.diff(edges[first : last + 1]))
        result[rows[some]], absent = _statistics(track, places, width, statistic, missing)
        gaps += absent
    if gaps and missing == "error":
        raise SeqnetError(f"{gaps} bases of the regions have no value in the track (see --missing)")
    return Measured(result, gaps)


def _require_inside(regions: Intervals, limits: Ints, lengths: Mapping[str, int], missing: Missing) -> None:
    """Raise at the first contig whose end regions pass, or that the track lacks unless that is allowed.

    Regions are sorted by contig; `limits` holds the length of each contig, -1 for one that the track lacks.
    """
    limit = limits[regions.contig]
    wrong = (limit < 0) if missing != "nan" else np.zeros(len(regions), dtype=bool)
    wrong |= (limit >= 0) & (regions.end > limit)
    if not wrong.any():
        return
    index = int(regions.contig[np.argmax(wrong)])
    contig = regions.contigs[index]
    if limits[index] < 0:
        raise SeqnetError(f"{unknown_contig('regions', contig, 'the track', lengths)} (see --missing)")
    last = int(regions.end[regions.contig == index].max())
    raise SeqnetError(
        f"regions on {contig} reach base {last}; the track has {limits[index]} bases of it (see --missing)"
    )


def _statistics(
    track: NDArray[np.float32], starts: Ints, width: int, statistic: Statistic, missing: Missing
) -> tuple[Floats, int]:
    """Return the statistic of each window, float64 (n,), and the number of bases without a value."""
    windows = sliding_window_view(track, width)
    statistics, gaps = np.empty(len(starts)), 0
    chunk = max(1, _CHUNK // width)
    for begin in range(0, len(starts), chunk):
        part = windows[starts[begin : begin + chunk]].astype(np.float64)
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
        statistics[begin : begin + chunk] = value
    return statistics, gaps
