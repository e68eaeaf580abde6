"""Reading the peak files of ``label``, one task each, and leaving out what does not count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Bools
from seqnet.datasets.labels import AmbiguousLabels
from seqnet.datasets.targets import check_task_names
from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats.regions.bed import COLUMNS, read_bed
from seqnet.formats.regions.samples import Dropped, Sample, read_samples
from seqnet.genome.contig_names import require_one_style
from seqnet.genome.intervals import Intervals, concatenate, count_overlaps
from seqnet.genome.regions import Center, OnBad, Regions
from seqnet.genome.sequence import Genome
from seqnet.pipeline.inputs.genome import fit_to_genome, say_centers
from seqnet.pipeline.labels.drawing import read_excluded, task_name
from seqnet.reporting import note, warn


@dataclass(frozen=True)
class Rules:
    """Which peaks count.

    Parameters
    ----------
    genome
        Its contigs are those that were chosen.
    restricted
        Whether peaks on other contigs are left out; otherwise they are an error.
    on_bad
        How to handle peaks that do not lie inside their contig.
    min_score
        Smallest score of a peak that counts, where the sample does not set one.
    blacklist
        Peaks that touch these are left out.
    center
        What the centre of a peak is; None where centres do not matter.
    """

    genome: Genome
    restricted: bool
    on_bad: OnBad
    min_score: float | None
    blacklist: Intervals | None
    center: Center | None


@dataclass(frozen=True)
class Peaks:
    """The peaks of every task.

    Parameters
    ----------
    tasks
        Task name to the peaks that count.
    dropped
        Those that do not.
    ambiguous
        What makes targets unknown.
    every
        All intervals read that lie on the genome, for negatives to stay away from.
    """

    tasks: dict[str, Regions]
    dropped: list[Dropped]
    ambiguous: AmbiguousLabels
    every: list[Intervals]


def choose_samples(paths: Sequence[str], samples: str | None, ambiguous: Sequence[str]) -> list[Sample]:
    """Return the samples that arguments and options name; one from stdin when there is none.

    Raises
    ------
    UsageError
        If there are two ways to name them, two make one task, or --ambiguous names none.
    """
    if paths and samples is not None:
        raise UsageError("give peak files or --samples, not both")
    own = [Sample(task_name(path), path) for path in paths or ("-",)]
    samples_named = own if samples is None else read_samples(samples)
    tasks = [sample.task for sample in samples_named]
    for task in tasks:
        if tasks.count(task) > 1:
            raise UsageError(f"two peak files make a task {task!r}; rename one, or name tasks by --samples")
        if task in COLUMNS:
            raise UsageError(f"a task cannot be named {task!r}, like a column of the table; see --samples")
    _require_names(tasks, "see --samples")
    relaxed = dict(_pair(text, "--ambiguous") for text in ambiguous)
    unknown = [task for task in relaxed if task not in tasks]
    if unknown:
        raise UsageError(
            f"--ambiguous {unknown[0]}=...: there is no such task; there are {', '.join(tasks[:5])}"
        )
    return [
        Sample(s.task, s.path, s.min_score, relaxed.get(s.task, s.relaxed)) for s in samples_named
    ]  # fmt: skip


def _require_names(tasks: Sequence[str], hint: str) -> None:
    """Refuse tasks that could not be columns of the table."""
    try:
        check_task_names(tasks)
    except ValueError as error:
        raise UsageError(f"{error} ({hint})") from error


def _pair(text: str, option: str) -> tuple[str, str]:
    """Read ``NAME=FILE``."""
    name, separator, path = text.partition("=")
    if not (name and separator and path):
        raise UsageError(f"{option} {text!r}: expected NAME=FILE")
    return name, path


def read_signals(options: Sequence[str], tasks: Sequence[str]) -> dict[str, str]:
    """Return the tracks by name that --signal options give."""
    signals: dict[str, str] = {}
    for name, path in (_pair(text, "--signal") for text in options):
        if name in signals or name in tasks:
            raise UsageError(f"--signal {name}=...: there is a task {name!r} already")
        signals[name] = path
    _require_names(list(signals), "see --signal NAME=FILE")
    return signals


def read_peaks(samples: Sequence[Sample], rules: Rules) -> Peaks:
    """Read every file; say which tasks have no peaks.

    Raises
    ------
    SeqnetError
        If no task has a peak that counts.
    """
    tasks: dict[str, Regions] = {}
    dropped: list[Dropped] = []
    relaxed: dict[str, Intervals] = {}
    every: list[Intervals] = []
    absent = [sample.task for sample in samples if sample.path is None]
    for sample in samples:
        if sample.path is not None:
            inside, lost = _read_inside(sample.task, sample.path, rules, rules.center)
            every.append(inside.intervals)
            tasks[sample.task], more = _choose(inside, sample, rules)
            dropped += [*lost, *more]
            if not len(tasks[sample.task]):
                warn(f"{sample.path}: holds no peaks that count; {sample.task} has no positives")
        if sample.relaxed is not None:
            relaxed[sample.task] = _read_inside(sample.task, sample.relaxed, rules, None)[0].intervals
            every.append(relaxed[sample.task])
    if not any(map(len, tasks.values())):
        shown = ", ".join(str(sample.path) for sample in samples if sample.path is not None)
        raise SeqnetError(f"{shown or 'the samples'}: no peaks that count on the genome's contigs")
    some = next(iter(tasks.values()))
    for task in absent:
        tasks[task] = some.take(np.empty(0, np.int64))
    if absent:
        note(f"{len(absent)} tasks without a file are unknown everywhere: {', '.join(absent[:5])}")
    ordered = {sample.task: tasks[sample.task] for sample in samples}
    return Peaks(
        ordered, [part for part in dropped if len(part.peaks)], AmbiguousLabels(relaxed, absent), every
    )


def _read_inside(task: str, path: str, rules: Rules, center: Center | None) -> tuple[Regions, list[Dropped]]:
    """Read the peaks of a file that lie inside the genome; return them and the others."""
    peaks = read_bed(path, center=center)
    lost = []
    if rules.restricted:
        require_one_style(path, peaks.intervals.contigs, rules.genome.source, rules.genome.codes)
        chosen = peaks.intervals.contig_index_in(list(rules.genome.codes)) >= 0
        lost.append(Dropped(task, "contig not chosen", peaks.take(~chosen)))
        peaks = peaks.take(chosen)
    if not len(peaks):
        return peaks, lost
    fitted = fit_to_genome(peaks, rules.genome, rules.on_bad)
    if center is not None:
        say_centers(fitted, center)
    lost.append(Dropped(task, "outside the genome", peaks.take(~np.isin(peaks.lines, fitted.lines))))
    return fitted, lost


def _choose(peaks: Regions, sample: Sample, rules: Rules) -> tuple[Regions, list[Dropped]]:
    """Return the peaks of a task that count, and the others."""
    low = _below(peaks, rules.min_score if sample.min_score is None else sample.min_score)
    black = np.zeros(len(peaks), dtype=bool)
    if rules.blacklist is not None:
        black = count_overlaps(peaks.intervals, rules.blacklist) > 0
    dropped = [
        Dropped(sample.task, "score too low", peaks.take(low)),
        Dropped(sample.task, "on the blacklist", peaks.take(black & ~low)),
    ]
    return peaks.take(~(low | black)), dropped


def _below(peaks: Regions, smallest: float | None) -> Bools:
    """Tell which peaks have too low a score: bool (n,)."""
    if smallest is None:
        return np.zeros(len(peaks), dtype=bool)
    low = np.empty(len(peaks), dtype=bool)
    for row, text in enumerate(peaks.scores):
        try:
            low[row] = not float(text) >= smallest
        except ValueError:
            message = f"score is {text!r}; a smallest score needs a number in column 5"
            raise FormatError(peaks.source, message, int(peaks.lines[row])) from None
    return low


def read_blacklist(paths: Sequence[str], genome: Genome) -> Intervals | None:
    """Read intervals to leave out; those on other contigs do not matter."""
    tables = read_excluded(paths, genome)
    return concatenate([table.intervals for table in tables]) if tables else None


def say_dropped(dropped: Sequence[Dropped]) -> None:
    """Report the number of peaks that do not count, and why."""
    for reason in dict.fromkeys(part.reason for part in dropped):
        count = sum(len(part.peaks) for part in dropped if part.reason == reason)
        note(f"{count} peaks dropped: {reason}")
