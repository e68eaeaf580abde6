"""What is wrong or odd about labelled regions, their sequences, tracks and predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from seqnet.aliases import Bools, Codes, Floats, Ints
from seqnet.datasets.leakage import WORD, find_leakage
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.contig_names import shown_names, style_hint
from seqnet.genome.intervals import Intervals, sort_order
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.genome.splitting.splits import SPLITS

Level: TypeAlias = Literal["error", "warning", "note"]
REGIONS, GENOME = "regions", "genome"
GC_DIFFERENCE = 0.05
"""Difference of mean GC content between the classes of a task that is worth a warning."""
MASKED_DIFFERENCE = 0.1
"""The same of the share of soft-masked bases."""
MOST_AMBIGUOUS = 0.5
"""Share of ambiguous bases from which on a row is worth a warning."""
MOST_TASKS = 3
"""Tasks of one kind of finding that are listed one by one."""
NEAR = 0.5
"""Share of their width by which rows overlap that ought to have the same labels."""


class Finding(NamedTuple):
    """One thing that is wrong, odd or worth knowing."""

    level: Level
    """An error stops training; a warning may spoil it; a note is neither."""
    what: str
    """Its kind, in one word that scripts can rely on."""
    where: str
    """The input, with the first line, row or place of several."""
    message: str


def check_regions(regions: Regions, lengths: Mapping[str, int] | None = None) -> list[Finding]:
    """Check a table of regions on its own and against the lengths of a genome's contigs."""
    findings = _bounds(regions, lengths) + _contigs(regions, lengths)
    for check in (_widths, _order, _names, _duplicates, _near_duplicates, _splits, _tasks, _tasks_by_split):
        findings += check(regions)
    return findings


def place(regions: Regions, row: int) -> str:
    """Return where a row is: its line, or its locus if it has none."""
    line = int(regions.lines[row])
    return f"{REGIONS}:{line}" if line else f"{REGIONS}:{regions.intervals.locus(row)}"


def _about(
    regions: Regions, rows: Bools | Ints, level: Level, what: str, say: Callable[[int, int], str]
) -> list[Finding]:
    """Return one finding about rows, if there are any; `say` turns their number and the first into text."""
    which = np.flatnonzero(rows) if rows.dtype == bool else rows
    if not len(which):
        return []
    return [Finding(level, what, place(regions, int(which[0])), say(len(which), int(which[0])))]


def counted(n: int, thing: str = "region") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1), counted(2)
    ('1 region', '2 regions')
    """
    return f"{n} {thing}" + "s" * (n != 1)


# ---- rows ------------------------------------------------------------------------------------


def _bounds(regions: Regions, lengths: Mapping[str, int] | None) -> list[Finding]:
    """Find rows that are empty, begin before their contig or pass its end."""
    intervals = regions.intervals
    locus = intervals.locus
    findings = _about(
        regions, intervals.start >= intervals.end, "error", "empty-region",
        lambda n, row: f"{counted(n)} without a base, such as {locus(row)}; expected start < end",
    ) + _about(
        regions, intervals.start < 0, "error", "out-of-range",
        lambda n, row: f"{counted(n)} starting before the contig, such as {locus(row)}",
    )  # fmt: skip
    if lengths is not None:
        limit = np.array([lengths.get(name, np.iinfo(np.int64).max) for name in intervals.contigs])
        beyond = intervals.end > limit[intervals.contig] if len(limit) else np.empty(0, bool)
        findings += _about(
            regions, beyond, "error", "out-of-range",
            lambda n, row: f"{counted(n)} past the end of the contig, such as {locus(row)} of "
            f"{limit[intervals.contig[row]]} bases",
        )  # fmt: skip
    return findings


def _contigs(regions: Regions, lengths: Mapping[str, int] | None) -> list[Finding]:
    """Find contigs that the genome does not have, and report whether only the style of names differs."""
    if lengths is None:
        return []
    unknown = [name for name in regions.intervals.contigs if name not in lengths]
    if not unknown:
        return []
    lost = set(unknown)
    index = [number for number, name in enumerate(regions.intervals.contigs) if name in lost]
    known, names, style = shown_names(lengths), shown_names(unknown), style_hint(unknown, lengths)
    what = "contig-style" if style else "unknown-contig"
    return _about(
        regions, np.isin(regions.intervals.contig, index), "error", what,
        lambda n, _row: f"{counted(n)} on {names}, which the genome does not have; it has {known}{style}",
    )  # fmt: skip


def _widths(regions: Regions) -> list[Finding]:
    """Find rows of another width than most."""
    widths = regions.intervals.end - regions.intervals.start
    values, counts = np.unique(widths, return_counts=True)
    if len(values) < 2:
        return []
    usual = int(values[counts.argmax()])
    return _about(
        regions, widths != usual, "warning", "unequal-widths",
        lambda n, _row: f"{counted(n)} not {usual} bases wide, in a table of {values[0]} to {values[-1]}; "
        "train stops at them without --length, and only rows of the usual width are compared here",
    )  # fmt: skip


def _order(regions: Regions) -> list[Finding]:
    """Notice rows that are not sorted by start within their contig, and contigs in several places."""
    intervals = regions.intervals
    same = intervals.contig[1:] == intervals.contig[:-1]
    back = same & (intervals.start[1:] < intervals.start[:-1])
    again = ~same & (intervals.contig[1:] <= np.maximum.accumulate(intervals.contig)[:-1])
    return _about(
        regions, np.flatnonzero(back | again) + 1, "note", "unsorted",
        lambda n, _row: f"{counted(n)} before the one above; tools that need sorted input will refuse it",
    )  # fmt: skip


def _names(regions: Regions) -> list[Finding]:
    """Find names that occur twice."""
    _, first, counts = np.unique(regions.names.astype(str), return_index=True, return_counts=True)
    twice = np.sort(first[counts > 1])
    return _about(
        regions, twice, "warning", "duplicate-name",
        lambda n, row: f"{counted(n, 'name')} of several rows, such as {regions.names[row]}; tables joined "
        "by name cannot tell those apart",
    )  # fmt: skip


def _keys(intervals: Intervals) -> Ints:
    """Enumerate distinct coordinates (contig, start, end, strand): int64 (n,)."""
    columns = np.stack([intervals.contig, intervals.start, intervals.end, intervals.strand], axis=1)
    return np.unique(columns, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _duplicates(regions: Regions) -> list[Finding]:
    """Find rows with the coordinates of an earlier one, and whether they say the same.

    Training refuses both; regions without tasks are not trained on.
    """
    keys = _keys(regions.intervals)
    order = np.argsort(keys, kind="stable")
    later = order[1:][keys[order][1:] == keys[order][:-1]]
    first = order[np.searchsorted(keys[order], keys[later])]
    ours, theirs = regions.targets[later], regions.targets[first]
    known = ~(np.isnan(ours) | np.isnan(theirs))
    differs = (known & (ours != theirs)).any(axis=1) | (regions.splits[later] != regions.splits[first])
    locus = regions.intervals.locus
    level: Level = "error" if regions.tasks else "warning"
    return _about(
        regions, np.sort(later[~differs]), level, "duplicate",
        lambda n, row: f"{counted(n)} with the coordinates of an earlier one, such as {locus(row)}",
    ) + _about(
        regions, np.sort(later[differs]), "error", "contradiction",
        lambda n, row: f"{counted(n)} with the coordinates of an earlier one and other labels or split, "
        f"such as {locus(row)}",
    )  # fmt: skip


def _near_duplicates(regions: Regions) -> list[Finding]:
    """Find neighbours that overlap by half and have opposite labels or lie in different splits."""
    intervals, targets = regions.intervals, regions.targets
    order = sort_order(intervals)
    one, two = order[:-1], order[1:]
    shared = np.minimum(intervals.end[one], intervals.end[two]) - intervals.start[two]
    width = np.minimum(intervals.end[one] - intervals.start[one], intervals.end[two] - intervals.start[two])
    overlap = (intervals.contig[one] == intervals.contig[two]) & (shared > 0)
    near = overlap & (shared >= NEAR * width) & (_keys(intervals)[one] != _keys(intervals)[two])
    opposite = ((targets[one] - targets[two]) ** 2 == 1) & np.isin(targets[one], (0, 1))
    findings = _near_contradictions(regions, two, near[:, np.newaxis] & opposite)
    apart = overlap & _across(regions.splits[one], regions.splits[two])
    return findings + _about(
        regions, two[apart], "warning", "split-overlap",
        lambda n, row: f"{counted(n)} overlapping a neighbour of another split, such as "
        f"{intervals.locus(row)}",
    )  # fmt: skip


def _near_contradictions(regions: Regions, rows: Ints, opposite: Bools) -> list[Finding]:
    """Find the tasks of which rows are labelled opposite to a neighbour; many are listed in one finding.

    Parameters
    ----------
    opposite
        bool (len(rows), T).
    """
    findings: list[Finding] = []
    counts = opposite.sum(axis=0)
    worst = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    text = "labelled opposite{} to a neighbour that overlaps by half, such as {}"
    if len(worst) > MOST_TASKS:
        which = rows[opposite.any(axis=1)]
        tasks = ", ".join(f"{regions.tasks[column]} ({counts[column]})" for column in worst[:MOST_TASKS])
        rest = text.format(f" for {len(worst)} of {len(regions.tasks)} tasks", _locus(regions, which))
        message = f"{counted(len(which))} {rest}; most for {tasks}"
        return [Finding("warning", "near-contradiction", place(regions, int(which[0])), message)]
    for column in np.sort(worst).tolist():
        which = rows[opposite[:, column]]
        rest = text.format(f" for {regions.tasks[column]}", _locus(regions, which))
        message = f"{counted(len(which))} {rest}"
        findings.append(Finding("warning", "near-contradiction", place(regions, int(which[0])), message))
    return findings


def _locus(regions: Regions, rows: Ints) -> str:
    """Return the first row's locus."""
    return regions.intervals.locus(int(rows[0]))


def _across(first: np.ndarray, second: np.ndarray) -> Bools:
    """Tell which pairs of splits are known and differ."""
    return np.asarray((first != second) & (first != UNKNOWN) & (second != UNKNOWN))


# ---- labels ----------------------------------------------------------------------------------


def _splits(regions: Regions) -> list[Finding]:
    """Find splits without rows, where there are splits at all."""
    if (regions.splits == UNKNOWN).all():
        return []
    return [
        Finding("warning", "empty-split", REGIONS, f"no region in {split}")
        for split in SPLITS
        if not (regions.splits == split).any()
    ] + _about(
        regions, regions.splits == UNKNOWN, "note", "no-split",
        lambda n, _row: f"{counted(n)} without a split, in a table that has splits",
    )  # fmt: skip


def _tasks(regions: Regions) -> list[Finding]:
    """Find tasks of one value, or without any."""
    trained = np.isin(regions.splits, ("train", UNKNOWN))
    findings = []
    for task, column in zip(regions.tasks, regions.targets.T, strict=True):
        known = np.unique(column[trained & ~np.isnan(column)])
        if len(known) < 2:
            value = f"is {known[0]:g} in all" if len(known) else "is unknown in all"
            message = f"{task} {value} training regions: there is nothing to learn"
            findings.append(Finding("warning", "constant-task", f"{REGIONS}:{task}", message))
    if findings and len(findings) == len(regions.tasks):
        message = "no task has two values among the training regions"
        findings.append(Finding("error", "constant-tasks", REGIONS, message))
    return findings


def _tasks_by_split(regions: Regions) -> list[Finding]:
    """Find binary tasks without positives or negatives in a held-out split."""
    findings = []
    for task, column in zip(regions.tasks, regions.targets.T, strict=True):
        for split in ("valid", "test"):
            known = column[(regions.splits == split) & ~np.isnan(column)]
            if np.isnan(column).all() or not is_binary(column) or not (regions.splits == split).any():
                continue
            for value, kind in ((1, "positives"), (0, "negatives")):
                if not (known == value).any():
                    message = f"{task} has no {kind} in {split}: its metrics there are undefined"
                    findings.append(Finding("warning", f"no-{kind}", f"{REGIONS}:{task}", message))
    return findings


def is_binary(column: Floats) -> bool:
    """Return whether all known values of a task are 0 or 1."""
    return bool(np.isin(column[~np.isnan(column)], (0.0, 1.0)).all())


# ---- sequences -------------------------------------------------------------------------------


def check_sequences(regions: Regions, codes: Codes, masked: Floats | None = None) -> list[Finding]:
    """Check the sequences of rows: ambiguous bases, GC and repeats of the classes.

    Parameters
    ----------
    codes
        uint8 (n, width).
    masked
        float64 (n,): share of soft-masked bases, where it is known.
    """
    width = np.maximum(regions.intervals.end - regions.intervals.start, 1)
    clear = (codes < AMBIGUOUS).sum(axis=1)
    ambiguous = 1 - clear / width
    findings = _about(
        regions, clear == 0, "warning", "no-sequence",
        lambda n, row: f"{counted(n)} of ambiguous bases alone, such as {regions.intervals.locus(row)}; "
        "training keeps them, but nothing can be learnt from them",
    ) + _about(
        regions, (ambiguous >= MOST_AMBIGUOUS) & (clear > 0), "warning", "ambiguous",
        lambda n, row: f"{counted(n)} half or more of ambiguous bases, such as "
        f"{regions.intervals.locus(row)}",
    )  # fmt: skip
    gc = ((codes == 1) | (codes == 2)).sum(axis=1) / np.maximum(clear, 1)
    findings += _imbalance(
        regions, np.where(clear > 0, gc, np.nan), "gc-imbalance", "GC content", GC_DIFFERENCE
    )
    if masked is not None:
        findings += _imbalance(regions, masked, "mask-imbalance", "soft-masked share", MASKED_DIFFERENCE)
    return findings


def _imbalance(regions: Regions, values: Floats, what: str, name: str, most: float) -> list[Finding]:
    """Find binary tasks whose classes differ in the mean of a value."""
    findings = []
    for task, column in zip(regions.tasks, regions.targets.T, strict=True):
        classes = [values[(column == label) & ~np.isnan(values)] for label in (1, 0)]
        if not is_binary(column) or not all(map(len, classes)):
            continue
        positive, negative = (float(v.mean()) for v in classes)
        if abs(positive - negative) > most:
            message = (
                f"mean {name} is {positive:.3f} in the positives of {task}, {negative:.3f} in the others"
            )
            findings.append(Finding("warning", what, f"{REGIONS}:{task}", message))
    return findings


def check_leakage(regions: Regions, codes: Codes) -> list[Finding]:
    """Find training rows that held-out rows give away; see `seqnet.datasets.leakage`."""
    leaks = find_leakage(regions.splits, codes)
    names = regions.names
    findings = _about(
        regions, leaks.equal.train, "error", "leakage",
        lambda n, row: f"{counted(n, 'training region')} with the sequence, on either strand, of a held-out "
        f"one: {names[row]} and {names[leaks.equal.held[0]]}",
    )  # fmt: skip
    part = "" if leaks.sampled == 1 else f" (of one in {leaks.sampled} words looked up)"
    return findings + _about(
        regions, leaks.shared.train, "warning", "shared-words",
        lambda n, row: f"{counted(n, 'training region')} with {WORD} bases in common with a held-out one"
        f"{part}: {names[row]} and {names[leaks.shared.held[0]]}",
    )  # fmt: skip
