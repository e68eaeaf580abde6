"""The step ``label``: from peak files to labelled regions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Bools
from seqnet.datasets.bins import TileRule, label_bins
from seqnet.datasets.checks import counted
from seqnet.datasets.labels import Labelled, label_peaks
from seqnet.datasets.signals import measure
from seqnet.errors import SeqnetError
from seqnet.formats.files.header import header_for, provenance
from seqnet.formats.files.opening import open_output
from seqnet.formats.regions.bed import write_regions
from seqnet.formats.regions.samples import Dropped, write_dropped
from seqnet.formats.tracks.bigwig import open_bigwig
from seqnet.genome.extract import extract_windows
from seqnet.genome.intervals import Intervals, count_overlaps, sort_order, with_contigs
from seqnet.genome.regions import UNKNOWN, Regions, concatenate_regions
from seqnet.genome.sequence import Genome
from seqnet.genome.splitting.splits import SPLITS, match_names
from seqnet.genome.splitting.stretches import Stretches
from seqnet.pipeline.calls import takes
from seqnet.pipeline.inputs.genome import expand_names, load_masked_genome, note_skipped
from seqnet.pipeline.inputs.splits import SplitRows, apply_splits
from seqnet.pipeline.labels.drawing import draw_negatives, read_excluded
from seqnet.pipeline.labels.peaks import (
    Peaks,
    Rules,
    choose_samples,
    read_blacklist,
    read_peaks,
    read_signals,
    say_dropped,
)
from seqnet.pipeline.labels.request import LabelRequest
from seqnet.pipeline.outputs import open_result
from seqnet.reporting import note, say, wants_details, warn

_MOST_TASKS = 20
"""The summary lists no more tasks than these, unless ``-v``."""


@dataclass(frozen=True, eq=False)
class LabelResult:
    """Labelled regions, and how many there are.

    Parameters
    ----------
    regions
        The rows of the table, with targets (n, tasks) and splits.
    peaks
        Task to its peaks.
    rows
        Split to its rows; ``.`` where there is none.
    dropped
        Peaks that were left out, and windows on the blacklist, those of several tasks once for each.
    negatives
        Windows of the genome that were drawn as negatives, which are among the regions.
    """

    regions: Regions
    peaks: Mapping[str, int]
    rows: Mapping[str, int]
    dropped: int
    negatives: int = 0


@takes(LabelRequest)
def label(options: LabelRequest) -> LabelResult:
    """Make labelled regions from peak files.

    Parameters
    ----------
    options
        The fields of `LabelRequest`, which are the arguments of this function.

    Returns
    -------
    The regions; they are written too where an output is given.

    Raises
    ------
    SeqnetError
        If a file cannot be read, no window lies inside the genome, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.label(["REB1.narrowPeak", "ABF1.narrowPeak"], "genome.fa", width=200,
    ...                      test_chroms=["chrXII"])  # doctest: +SKIP
    >>> result.regions.tasks, result.rows  # doctest: +SKIP
    """
    samples = choose_samples(options.peaks, options.samples, options.ambiguous)
    signals = read_signals(options.signals, [sample.task for sample in samples])
    with open_result(options.output) as stream:
        genome, lower = load_masked_genome(options.genome, options.chroms)
        genome = _without(genome, options.drop_chroms)
        blacklist = read_blacklist(options.blacklist, genome)
        restricted = bool(options.chroms or options.drop_chroms)
        center = None if options.bins else options.center
        rules = Rules(genome, restricted, options.on_bad, options.min_score, blacklist, center)
        peaks = read_peaks(samples, rules)
        say_dropped(peaks.dropped)
        header = header_for(options.header, provenance("label", options.entries()))
        labelled, touching = _off_blacklist(_label(peaks, genome, blacklist, options), blacklist)
        dropped = [*peaks.dropped, *touching]
        if options.dropped is not None:
            with open_output(options.dropped) as side:
                write_dropped(side, dropped, header)
        regions, stretches, _ = _split(labelled, genome, options)
        negatives = 0
        if options.negatives and not options.all_bins:
            away = [*peaks.every, *([] if blacklist is None else [blacklist])]
            away += [table.intervals for table in read_excluded(options.exclude, genome)]
            positives = len(regions)
            regions = _with_negatives(regions, genome, lower, away, options, stretches)
            negatives = len(regions) - positives
        regions = _with_signals(regions, signals, options)
        _summarise(regions, peaks)
        if header and stretches is not None:
            header |= stretches.entries()
        write_regions(stream, regions, header)
    rows = Counter(regions.splits.tolist())
    counts = {task: len(spans) for task, spans in peaks.tasks.items()}
    lost = sum(len(part.peaks) for part in dropped)
    return LabelResult(regions, counts, dict(rows), lost, negatives)


def _tiling(options: LabelRequest) -> TileRule | None:
    """Return the tiles, where those are labelled."""
    if options.bins is None:
        return None
    step = options.step or options.bins
    return TileRule(options.bins, step, options.min_overlap, options.row_width, options.all_bins)


def _without(genome: Genome, dropped: Sequence[str]) -> Genome:
    """Leave contigs out."""
    if not dropped:
        return genome
    gone = set(match_names(expand_names(dropped), list(genome.codes), genome.source))
    return genome.restrict(name for name in genome.codes if name not in gone)


def _label(peaks: Peaks, genome: Genome, blacklist: Intervals | None, options: LabelRequest) -> Regions:
    """Turn peaks into rows, and report the number of each outcome."""
    tiling = _tiling(options)
    if tiling is None:
        labelled = label_peaks(
            peaks.tasks,
            genome.lengths,
            options.row_width,
            center=options.center,
            merge_distance=options.merge_distance,
            strands=options.strands,
            ambiguous=peaks.ambiguous,
        )
    else:
        labelled = label_bins(
            peaks.tasks, genome.lengths, tiling, blacklist=blacklist, ambiguous=peaks.ambiguous
        )
    note_skipped(labelled.skipped, options.row_width)
    if not len(labelled.regions):
        raise SeqnetError(_nothing(tiling, options.row_width, genome))
    _say_merged(labelled, len(peaks.tasks), tiles=tiling is not None)
    return labelled.regions


def _off_blacklist(regions: Regions, blacklist: Intervals | None) -> tuple[Regions, list[Dropped]]:
    """Return the rows whose windows keep off the blacklist, and the others by their positive tasks."""
    if blacklist is None:
        return regions, []
    touching = count_overlaps(regions.intervals, blacklist) > 0
    if not touching.any():
        return regions, []
    lost = regions.take(touching)
    note(f"{counted(len(lost), 'window')} dropped: window on the blacklist")
    if touching.all():
        raise SeqnetError("every window touches the blacklist; see --width and --blacklist")
    dropped = [
        Dropped(task, "window on the blacklist", lost.take(lost.targets[:, column] == 1))
        for column, task in enumerate(lost.tasks)
    ]
    return regions.take(~touching), dropped


def _nothing(tiling: TileRule | None, width: int, genome: Genome) -> str:
    """Return the message where there is no row."""
    if tiling is None:
        return f"no window of {width} bases around a peak lies inside {genome.source}"
    least = tiling.min_overlap * tiling.size
    return f"no tile of {tiling.size} bases has {least:g} of them under peaks (see --min-overlap)"


def _say_merged(labelled: Labelled, tasks: int, *, tiles: bool) -> None:
    """Report the number of rows made from the peaks."""
    several = "positive for several tasks" if tiles else "with more than one peak"
    verb = "label" if tiles else "merged into"
    note(
        f"{counted(labelled.peaks, 'peak')} of {counted(tasks, 'task')} {verb} "
        f"{counted(len(labelled.regions))}, {labelled.merged} {several}"
    )


def _split(regions: Regions, genome: Genome, options: LabelRequest) -> SplitRows:
    """Assign the splits; sequences are looked at where equal ones must stay together.

    Rows across the border of two splits are left out.
    """
    codes = extract_windows(genome, regions.intervals) if options.splits.by_fractions else None
    rows = apply_splits(regions, codes, options.splits, seed=options.seed, lengths=genome.lengths)
    return rows if rows.cut is None else rows._replace(regions=rows.regions.take(~rows.cut))


def _with_negatives(
    regions: Regions,
    genome: Genome,
    lower: Mapping[str, Bools] | None,
    away: list[Intervals],
    options: LabelRequest,
    stretches: Stretches | None,
) -> Regions:
    """Add negatives, all in genome order."""
    drawn = draw_negatives(
        regions, genome, lower, away, ratio=options.negatives, margin=options.margin, seed=options.seed,
        stretches=stretches, anywhere=bool(options.chroms),
    )  # fmt: skip
    both = concatenate_regions([regions, drawn.regions])
    return both.take(sort_order(with_contigs(both.intervals, list(genome.codes))))


def _with_signals(regions: Regions, signals: Mapping[str, str], options: LabelRequest) -> Regions:
    """Add a column for each track."""
    columns = [regions.targets]
    for name, path in signals.items():
        with open_bigwig(path) as track:
            try:
                means = measure(
                    regions.intervals,
                    options.row_width,
                    track.values_of,
                    track.lengths,
                    options.signal_stat,
                    options.missing,
                )
            except SeqnetError as error:
                raise error if str(error).startswith(path) else SeqnetError(f"{path}: {error}") from error
        if means.gaps:
            meaning = "count as 0" if options.missing == "zero" else "do not count"
            note(f"{name}: {means.gaps} bases of the regions have no value and {meaning}")
        columns.append(means.values[:, None])
    return regions.with_targets([*regions.tasks, *signals], np.hstack(columns)) if signals else regions


def _summarise(regions: Regions, peaks: Peaks) -> None:
    """Report the rows and positives of each split, and which tasks lack some."""
    splits = [split for split in (*SPLITS, UNKNOWN) if (regions.splits == split).any()]
    rows = {split: np.flatnonzero(regions.splits == split) for split in splits}
    note(f"{len(regions)} rows: " + ", ".join(f"{len(rows[split])} {split}" for split in splits))
    tasks = list(peaks.tasks)
    targets = regions.targets[:, : len(tasks)]
    positives = {split: (targets[own] == 1).sum(axis=0).tolist() for split, own in rows.items()}
    unknown = np.isnan(targets).sum(axis=0).tolist()
    shown = tasks if wants_details() else tasks[:_MOST_TASKS]
    say("\t".join(["task", "peaks", *(f"positive_{split}" for split in splits), "unknown"]))
    for column, task in enumerate(shown):
        counts = [positives[split][column] for split in splits]
        say("\t".join(map(str, [task, len(peaks.tasks[task]), *counts, unknown[column]])))
    if len(shown) < len(tasks):
        note(f"{len(tasks) - len(shown)} more tasks (-v lists them)")
    lacking = {
        task: [split for split in splits if not positives[split][column]]
        for column, task in enumerate(tasks)
        if task not in peaks.ambiguous.absent
    }
    messages = [
        f"{task} has no positives in {', '.join(missing)}" for task, missing in lacking.items() if missing
    ]
    for message in messages[:_MOST_TASKS]:
        warn(message)
    if len(messages) > _MOST_TASKS:
        warn(f"{len(messages) - _MOST_TASKS} more tasks have no positives in a split")
