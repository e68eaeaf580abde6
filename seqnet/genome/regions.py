"""Region tables: intervals with names, scores, splits and targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Floats, Ints
from seqnet.errors import FormatError, SeqnetError
from seqnet.genome.contig_names import unknown_contig
from seqnet.genome.intervals import Intervals, around, concatenate, inside

Center: TypeAlias = Literal["auto", "summit", "midpoint"]
OnBad: TypeAlias = Literal["error", "skip", "clip"]
UNKNOWN = "."
"""How a table writes what is not known."""


@dataclass(frozen=True)
class Regions:
    """n user-given regions; with tasks, the labelled-regions table.

    Parameters
    ----------
    intervals
        Where they lie.
    names, scores, splits
        object (n,): text as in the file; ``.`` where there is none.
    tasks
        T task names.
    targets
        float64 (n, T): 0, 1 or a number; NaN where unknown.
    summits
        int64 (n,): offset of the summit from the start, -1 where there is none.
    lines
        int64 (n,): 1-based line of each row in `source`, 0 for rows that were made.
    source
        The file, for messages.
    header
        Key to value of the file's ``##key=value`` lines.
    """

    intervals: Intervals
    names: NDArray[np.object_]
    scores: NDArray[np.object_]
    splits: NDArray[np.object_]
    tasks: tuple[str, ...]
    targets: Floats
    summits: Ints
    lines: Ints
    source: str = "the regions"
    header: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of regions."""
        return len(self.intervals)

    def take(self, index: Ints | Bools) -> Regions:
        """Select rows by position or by mask."""
        return replace(
            self,
            intervals=self.intervals.take(index),
            names=self.names[index],
            scores=self.scores[index],
            splits=self.splits[index],
            targets=self.targets[index],
            summits=self.summits[index],
            lines=self.lines[index],
        )

    def with_splits(self, splits: NDArray[np.object_]) -> Regions:
        """Replace the splits, object (n,)."""
        return replace(self, splits=splits)

    def with_targets(self, tasks: Sequence[str], targets: Floats) -> Regions:
        """Replace task names and targets, float64 (n, T)."""
        return replace(self, tasks=tuple(tasks), targets=targets)

    def width(self) -> int:
        """Return the width in bases that all regions share.

        Raises
        ------
        FormatError
            Naming the first row that differs.
        """
        widths = self.intervals.end - self.intervals.start
        if not len(widths):
            raise SeqnetError(f"{self.source}: holds no regions")
        odd = np.flatnonzero(widths != widths[0])
        if len(odd):
            row = int(odd[0])
            raise FormatError(
                self.source,
                f"{self.intervals.locus(row)} is {widths[row]} bases wide where the first region has "
                f"{widths[0]}; all regions must have one width",
                int(self.lines[row]) or None,
            )
        return int(widths[0])


def make_regions(
    intervals: Intervals,
    *,
    names: Sequence[str] | None = None,
    tasks: Sequence[str] = (),
    targets: Floats | None = None,
    splits: Sequence[str] | NDArray[np.object_] | None = None,
) -> Regions:
    """Build a table in memory; names default to ``contig:start-end``."""
    n = len(intervals)
    if names is None:
        names = [intervals.locus(row) for row in range(n)]
    unknown = np.full(n, UNKNOWN, dtype=object)
    return Regions(
        intervals,
        np.array(names, dtype=object).reshape(n),
        unknown,
        unknown if splits is None else np.array(splits, dtype=object).reshape(n),
        tuple(tasks),
        np.empty((n, len(tasks))) if targets is None else targets,
        np.full(n, -1, dtype=np.int64),
        np.zeros(n, dtype=np.int64),
    )


def concatenate_regions(parts: Sequence[Regions]) -> Regions:
    """Put tables with the same tasks one after another; source and header are the first one's."""
    return replace(
        parts[0],
        intervals=concatenate([part.intervals for part in parts]),
        names=np.concatenate([part.names for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        splits=np.concatenate([part.splits for part in parts]),
        targets=np.concatenate([part.targets for part in parts]),
        summits=np.concatenate([part.summits for part in parts]),
        lines=np.concatenate([part.lines for part in parts]),
    )


def stray_summits(regions: Regions) -> Ints:
    """Return the rows whose summit lies outside them: neither a base of theirs nor -1."""
    widths = regions.intervals.end - regions.intervals.start
    return np.flatnonzero((widths > 0) & ((regions.summits < -1) | (regions.summits >= widths)))


def count_repeats(regions: Regions) -> int:
    """Count the rows with the contig, start, end and strand of an earlier one."""
    intervals = regions.intervals
    order = np.lexsort((intervals.strand, intervals.end, intervals.start, intervals.contig))
    columns = (intervals.contig, intervals.start, intervals.end, intervals.strand)
    same = [column[order][1:] == column[order][:-1] for column in columns]
    return int(np.all(same, axis=0).sum()) if len(regions) else 0


def centers(regions: Regions, how: Center = "auto") -> Ints:
    """Return the centre base of each region, int64 (n,).

    Parameters
    ----------
    how
        ``summit`` (every region must have one), ``midpoint``, or ``auto``: the summit where there
        is one, else the midpoint ``(start + end) // 2``.
    """
    start, end = regions.intervals.start, regions.intervals.end
    midpoint = (start + end) // 2
    if how == "midpoint":
        return midpoint
    has_summit = regions.summits >= 0
    if how == "summit" and not has_summit.all():
        row = int(np.flatnonzero(~has_summit)[0])
        raise FormatError(
            regions.source,
            "has no summit (column 10 of narrowPeak); expected one with --center summit",
            int(regions.lines[row]) or None,
        )
    return np.where(has_summit, start + regions.summits, midpoint)


def windows(regions: Regions, width: int, how: Center, lengths: Mapping[str, int]) -> tuple[Regions, int]:
    """Replace each region by the window of `width` bases around its centre.

    Windows that pass a contig's end are left out.

    Returns
    -------
    regions, skipped
        The windows, and how many were left out.
    """
    widened = around(regions.intervals, centers(regions, how), width)
    keep = inside(widened, lengths)
    kept = replace(regions, intervals=widened, summits=np.full(len(regions), -1, np.int64))
    return kept.take(keep), int((~keep).sum())


@dataclass(frozen=True)
class FittedRegions:
    """Regions inside a genome, and how many were mended or left out."""

    regions: Regions
    skipped: int = 0
    clipped: int = 0


def fit_regions(
    regions: Regions, lengths: Mapping[str, int], genome: str, on_bad: OnBad = "error"
) -> FittedRegions:
    """Make sure that every region lies inside a contig of the genome and is not empty.

    Parameters
    ----------
    lengths
        Contig names and lengths of the genome.
    genome
        Its file, for messages.
    on_bad
        How to handle other regions: an error, left out, or cut to the contig (those that keep
        no base, or have no contig, are left out).

    Raises
    ------
    FormatError
        Under ``error``, naming file, line and both sides; and if no region is left.
    """
    good = inside(regions.intervals, lengths) & (regions.intervals.start < regions.intervals.end)
    if on_bad == "error" and not good.all():
        raise _misfit(regions, int(np.flatnonzero(~good)[0]), lengths, genome)
    clipped = 0
    if on_bad == "clip":
        fitted = _clip(regions, lengths)
        usable = fitted.intervals.start < fitted.intervals.end
        clipped = int((usable & ~good).sum())
        regions, good = fitted, usable
    if not good.any():
        contigs = regions.intervals.contigs
        if contigs and not any(name in lengths for name in contigs):
            raise FormatError(regions.source, unknown_contig("regions", contigs[0], genome, lengths))
        raise FormatError(regions.source, f"no region lies inside {genome}")
    return FittedRegions(regions.take(good), int((~good).sum()), clipped)


def _clip(regions: Regions, lengths: Mapping[str, int]) -> Regions:
    """Cut regions to their contigs; those on unknown contigs become empty."""
    intervals = regions.intervals
    limits = np.array([lengths.get(name, 0) for name in intervals.contigs], dtype=np.int64)
    limit = limits[intervals.contig] if len(limits) else np.empty(0, np.int64)
    start, end = np.clip(intervals.start, 0, limit), np.clip(intervals.end, 0, limit)
    # a summit is counted from the start, which may have moved; one that was cut off is none
    summits = np.where(regions.summits >= 0, regions.summits - (start - intervals.start), -1)
    summits[(summits < 0) | (summits >= end - start)] = -1
    return replace(regions, intervals=replace(intervals, start=start, end=end), summits=summits)


def _misfit(regions: Regions, row: int, lengths: Mapping[str, int], genome: str) -> FormatError:
    """Return the error of a region that does not fit."""
    intervals = regions.intervals
    contig = intervals.contigs[intervals.contig[row]]
    start, end = int(intervals.start[row]), int(intervals.end[row])
    if contig not in lengths:
        message = unknown_contig("regions", contig, genome, lengths)
    elif start >= end:
        message = f"{contig}:{start}-{end} is empty; expected start < end"
    elif start < 0:
        message = f"{contig}:{start}-{end} starts before the contig"
    else:
        message = f"{contig}:{start}-{end} passes the end of {contig}, {lengths[contig]} in {genome}"
    return FormatError(regions.source, message, int(regions.lines[row]) or None)
