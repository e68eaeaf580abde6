"""What is wrong or odd about what is given with labelled regions: tracks, motifs, predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Bools, Ints
from seqnet.datasets.checks import Finding, counted
from seqnet.genome.contig_names import shown_names, style_hint
from seqnet.genome.intervals import Intervals, batches, in_stretches
from seqnet.genome.regions import Regions
from seqnet.genome.signals.tracks import STEP, TrackSource
from seqnet.motifs.information import information
from seqnet.motifs.matrix import Motif, MotifSet, Pfm, to_ppm

LEAST_INFORMATION = 4.0
"""Bits below which a motif hits almost anywhere."""
MOST_MISSING = 0.5
"""Share of the regions without a value from which on that is worth a warning."""


# ---- tracks ----------------------------------------------------------------------------------


@dataclass
class _Tally:
    """What the values of a track were, as far as it was read."""

    bases: int = 0
    gaps: int = 0
    infinite: int = 0
    lowest: float = np.inf
    highest: float = -np.inf
    place: str = ""
    """The first infinite value."""
    covered: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    """int64 (n,): bases of each region that have a value."""


def check_track(
    name: str, source: TrackSource, lengths: Mapping[str, int], regions: Regions | None = None
) -> list[Finding]:
    """Check a signal track against a genome's contigs and against regions.

    Parameters
    ----------
    name
        How the track is called.
    source
        Its values.
    lengths
        Contig name to length in bases.
    """
    where = f"track:{name}"
    findings = _track_contigs(where, source, lengths, regions)
    tally = _Tally(covered=np.zeros(0 if regions is None else len(regions), np.int64))
    there = {name: size for name, size in lengths.items() if size and source.lengths.get(name) == size}
    pieces = in_stretches(there, STEP)
    rows = None if regions is None else _Rows.of(regions.intervals, pieces.contigs)
    for begin, end in batches(pieces.end - pieces.start, STEP):
        some = pieces.take(np.arange(begin, end))
        values = source.values_of(some.contig_names().tolist(), some.start, some.end)
        _take_in(tally, values, some)
        if rows is not None:
            _count_covered(tally, values, some, rows)
    if not tally.bases:
        return findings
    return findings + _values(where, tally) + _coverage(where, tally, regions)


def _track_contigs(
    where: str, source: TrackSource, lengths: Mapping[str, int], regions: Regions | None
) -> list[Finding]:
    """Find contigs that a track lacks or has of another length."""
    findings = []
    absent = [contig for contig in lengths if contig not in source.lengths]
    used = set(lengths) if regions is None else set(regions.intervals.contig_names())
    if absent:
        needed = [contig for contig in absent if contig in used]
        names = shown_names(needed or absent)
        known = shown_names(source.lengths) + style_hint(needed or absent, source.lengths)
        text = (
            f"{counted(len(absent), 'contig')} of the genome not in the track, such as {names}; "
            f"it has {known}"
        )
        findings.append(Finding("error" if needed else "warning", "absent-contig", where, text))
    for contig, length in lengths.items():
        if source.lengths.get(contig, length) != length:
            text = f"{contig} has {source.lengths[contig]} bases, {length} in the genome"
            findings.append(Finding("error", "contig-length", where, text))
    return findings


def _take_in(tally: _Tally, values: np.ndarray, pieces: Intervals) -> None:
    """Take the values of stretches, one behind the other, into a tally."""
    there = ~np.isnan(values)
    finite = values[np.isfinite(values)]
    infinite = np.flatnonzero(np.isinf(values))
    tally.bases += len(values)
    tally.gaps += len(values) - int(there.sum())
    tally.infinite += len(infinite)
    if len(infinite) and not tally.place:
        ends = np.cumsum(pieces.end - pieces.start)
        piece = int(np.searchsorted(ends, infinite[0], side="right"))
        place = int(pieces.end[piece] - (ends[piece] - infinite[0]))
        tally.place = f"{pieces.contigs[pieces.contig[piece]]}:{place}"
    if len(finite):
        tally.lowest = min(tally.lowest, float(finite.min()))
        tally.highest = max(tally.highest, float(finite.max()))


class _Rows(NamedTuple):
    """Regions sorted by contig, (n,) each."""

    number: Ints
    """Of the row in its table."""
    contig: Ints
    start: Ints
    end: Ints

    @staticmethod
    def of(intervals: Intervals, contigs: Sequence[str]) -> _Rows:
        """Sort regions; their contigs become places in a list of names, -1 where it lacks them."""
        contig = intervals.contig_index_in(contigs).astype(np.int64)
        order = np.argsort(contig, kind="stable")
        return _Rows(order, contig[order], intervals.start[order], intervals.end[order])

    def on(self, first: int, last: int) -> _Rows:
        """Return the regions on contigs from number `first` to `last`."""
        low, high = np.searchsorted(self.contig, [first, last + 1]).tolist()
        return _Rows(*(column[low:high] for column in self))


def _count_covered(tally: _Tally, values: np.ndarray, pieces: Intervals, rows: _Rows) -> None:
    """Count the bases of regions that have a value in stretches, one of each of consecutive contigs."""
    before = np.concatenate([[0], np.cumsum(~np.isnan(values))])
    rows = rows.on(int(pieces.contig[0]), int(pieces.contig[-1]))
    piece = rows.contig - pieces.contig[0]
    size, first = (pieces.end - pieces.start)[piece], pieces.start[piece]
    offset = (np.cumsum(pieces.end - pieces.start) - pieces.end)[piece] + first
    begin, end = (np.clip(place - first, 0, size) + offset for place in (rows.start, rows.end))
    tally.covered[rows.number] += before[np.maximum(begin, end)] - before[begin]


def _values(where: str, tally: _Tally) -> list[Finding]:
    """Check the values of a track."""
    findings = []
    if tally.infinite:
        text = f"{counted(tally.infinite, 'infinite value')}, the first at {tally.place}"
        findings.append(Finding("error", "infinite", where, text))
    if tally.gaps == tally.bases:
        findings.append(Finding("error", "empty-track", where, "no value on any contig of the genome"))
    elif tally.lowest == tally.highest:
        text = f"{tally.lowest:g} wherever it has a value"
        findings.append(Finding("warning", "constant-track", where, text))
    elif tally.gaps:
        text = f"{counted(tally.gaps, 'base')} of {tally.bases} without a value (see --signal-missing)"
        findings.append(Finding("note", "gaps", where, text))
    return findings


def _coverage(where: str, tally: _Tally, regions: Regions | None) -> list[Finding]:
    """Check how many regions have values."""
    if regions is None or not len(regions):
        return []
    bare: Bools = tally.covered == 0
    if bare.mean() < MOST_MISSING:
        return []
    text = f"{counted(int(bare.sum()))} of {len(regions)} without any value"
    return [Finding("warning", "uncovered-regions", where, text)]


# ---- motifs ----------------------------------------------------------------------------------


def check_motifs(motifs: MotifSet) -> list[Finding]:
    """Find motifs that share a name, hold little information or have no number of sites."""
    where, findings = "motifs", []
    counts = Counter(motif.info.name for motif in motifs.motifs)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        text = f"{counted(len(twice), 'name')} of several motifs, such as {twice[0]}"
        findings.append(Finding("warning", "duplicate-motif", f"{where}:{twice[0]}", text))
    weak = [(m.info.name, bits) for m in motifs.motifs if (bits := _bits(m)) < LEAST_INFORMATION]
    if weak:
        text = (
            f"{counted(len(weak), 'motif')} of less than {LEAST_INFORMATION:g} bits, such as {weak[0][0]} "
            f"of {weak[0][1]:.2f}: hits almost anywhere"
        )
        findings.append(Finding("warning", "weak-motif", f"{where}:{weak[0][0]}", text))
    unknown = [m.info.name for m in motifs.motifs if m.info.nsites is None and not isinstance(m, Pfm)]
    if unknown:
        text = f"{counted(len(unknown), 'motif')} without a number of sites, such as {unknown[0]}"
        findings.append(Finding("note", "no-nsites", f"{where}:{unknown[0]}", text))
    return findings


def _bits(motif: Motif) -> float:
    """Return the information of a motif in bits, uncorrected for few sites."""
    return float(information(to_ppm(motif).probabilities, 1, "none").sum())


# ---- predictions -----------------------------------------------------------------------------


def check_predictions(predictions: Regions, labels: Regions | None) -> list[Finding]:
    """Check a table of predictions on its own and against the labelled regions."""
    where = "predictions"
    findings = []
    values = predictions.targets
    if not predictions.tasks:
        findings.append(
            Finding("error", "no-tasks", where, "no task columns; expected a table as predict writes")
        )
    elif np.isnan(values).any():
        row = int(np.flatnonzero(np.isnan(values).any(axis=1))[0])
        message = f"{counted(int(np.isnan(values).sum()), 'prediction')} missing"
        findings.append(Finding("error", "missing-prediction", f"{where}:{predictions.lines[row]}", message))
    for task, column in zip(predictions.tasks, values.T, strict=True):
        known = column[~np.isnan(column)]
        if len(known) > 1 and (known == known[0]).all():
            message = f"{task} is {known[0]:g} everywhere"
            findings.append(Finding("warning", "constant-prediction", f"{where}:{task}", message))
    return findings if labels is None else findings + _compare(predictions, labels, where)


def _compare(predictions: Regions, labels: Regions, where: str) -> list[Finding]:
    """Find rows and tasks that only one of both tables has."""
    ours, theirs = (set(_loci(table.intervals)) for table in (predictions, labels))
    findings = []
    for level, extra, message in (
        ("error", ours - theirs, "predicted without a label"),
        ("warning", theirs - ours, "labelled without a prediction"),
    ):
        if extra:
            contig, start, end, _ = min(extra)
            sides = predictions.intervals.contigs, labels.intervals.contigs
            hint = style_hint(*(sides if level == "error" else sides[::-1]))
            text = f"{counted(len(extra))} {message}, such as {contig}:{start}-{end}{hint}"
            findings.append(
                Finding("error" if level == "error" else "warning", "unmatched-rows", where, text)
            )
    for tasks, other, message in (
        (predictions.tasks, labels.tasks, "predicted but not labelled"),
        (labels.tasks, predictions.tasks, "labelled but not predicted"),
    ):
        extra_tasks = [task for task in tasks if task not in other]
        if extra_tasks:
            text = f"{', '.join(extra_tasks[:4])}: {message}"
            findings.append(Finding("warning", "unmatched-tasks", where, text))
    return findings


def _loci(intervals: Intervals) -> Iterable[tuple[str, int, int, int]]:
    """Return (contig, start, end, strand) of each row."""
    columns: Sequence[Sequence[object]] = (
        intervals.contig_names().tolist(), intervals.start.tolist(), intervals.end.tolist(),
        intervals.strand.tolist(),
    )  # fmt: skip
    return zip(*columns, strict=True)
