"""The work of ``label``: its options, and its steps from peak files to a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Bools
from seqnet.commands._console import note, say, verbosity, warn
from seqnet.commands._load import apply_splits, expand_names, load_masked_genome
from seqnet.commands._negatives import draw_negatives, read_excluded
from seqnet.commands._peaks import (
    Peaks,
    Rules,
    choose_samples,
    read_blacklist,
    read_peaks,
    read_signals,
    say_dropped,
)
from seqnet.datasets.bins import Tiling, label_bins
from seqnet.datasets.labels import Labelled, Strands, label_peaks
from seqnet.datasets.signals import Missing, Statistic, measure
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats._open import open_output
from seqnet.formats.bed import write_regions
from seqnet.formats.bigwig import open_bigwig
from seqnet.formats.header import base_name, provenance
from seqnet.formats.samples import write_dropped
from seqnet.genome.extract import extract_windows
from seqnet.genome.intervals import Intervals, sort_order, with_contigs
from seqnet.genome.regions import UNKNOWN, Center, OnBad, Regions, concatenate_regions
from seqnet.genome.sequence import Genome
from seqnet.genome.splits import SPLITS, match_names

_DEFAULT_WIDTH = 600
_MOST_TASKS = 20
"""The summary lists no more tasks than these, unless ``-v``."""


@dataclass(frozen=True)
class LabelOptions:
    """Every option of the command, by its name."""

    peaks: tuple[str, ...]
    samples: str | None
    genome: str | None
    chroms: tuple[str, ...]
    drop_chroms: tuple[str, ...]
    on_bad: OnBad
    min_score: float | None
    blacklist: tuple[str, ...]
    dropped: str | None
    ambiguous: tuple[str, ...]
    width: int | None
    center: Center
    strands: Strands
    merge_distance: int | None
    bins: int | None
    step: int | None
    min_overlap: float
    all_bins: bool
    signals: tuple[str, ...]
    signal_stat: Statistic
    missing: Missing
    negatives: float
    margin: int | None
    exclude: tuple[str, ...]
    valid_chroms: tuple[str, ...]
    test_chroms: tuple[str, ...]
    valid_fraction: float | None
    test_fraction: float | None
    seed: int
    output: str
    with_header: bool

    @property
    def row_width(self) -> int:
        """Bases per row."""
        return self.width or self.bins or _DEFAULT_WIDTH

    @property
    def tiling(self) -> Tiling | None:
        """The tiles, where those are labelled."""
        if self.bins is None:
            return None
        return Tiling(self.bins, self.step or self.bins, self.min_overlap, self.row_width, self.all_bins)

    def check(self) -> None:
        """Refuse options that contradict each other."""
        if self.bins is None and (self.step is not None or self.all_bins):
            raise UsageError("--step and --all-bins go with --bins")
        if self.bins is not None and (self.merge_distance is not None or self.strands != "both"):
            raise UsageError("--bins merges no peaks: --merge-distance and --strands do not go with it")
        if self.bins is not None and self.row_width < self.bins:
            raise UsageError("--width must not be less than --bins")

    def entries(self) -> dict[str, object]:
        """Return the entries of the header."""
        names = self.peaks or (self.samples or "-",)
        return {
            "peaks": ",".join(map(base_name, names)),
            "genome": base_name(self.genome or ""),
            "width": self.row_width,
            "center": None if self.bins else self.center,
            "strands": None if self.strands == "both" else self.strands,
            "merge-distance": self.merge_distance,
            "bins": self.bins,
            "step": self.bins and (self.step or self.bins),
            "min-overlap": self.bins and f"{self.min_overlap:g}",
            "min-score": None if self.min_score is None else f"{self.min_score:g}",
            "blacklist": ",".join(map(base_name, self.blacklist)) or None,
            "signal-stat": self.signal_stat if self.signals else None,
            "negatives": "0" if self.all_bins else f"{self.negatives:g}",
            "seed": self.seed,
        }


def write_labels(options: LabelOptions) -> None:
    """Do what the command does."""
    samples = choose_samples(options.peaks, options.samples, options.ambiguous)
    signals = read_signals(options.signals, [sample.task for sample in samples])
    with open_output(options.output) as stream:
        genome, lower = load_masked_genome(options.genome, options.chroms)
        genome = _without(genome, options.drop_chroms)
        blacklist = read_blacklist(options.blacklist, genome)
        restricted = bool(options.chroms or options.drop_chroms)
        rules = Rules(genome, restricted, options.on_bad, options.min_score, blacklist)
        peaks = read_peaks(samples, rules)
        say_dropped(peaks.dropped)
        header = provenance("label", options.entries()) if options.with_header else None
        if options.dropped is not None:
            with open_output(options.dropped) as side:
                write_dropped(side, peaks.dropped, header)
        regions = _split(_label(peaks, genome, blacklist, options), genome, options)
        if options.negatives and not options.all_bins:
            away = [*peaks.every, *([] if blacklist is None else [blacklist])]
            away += [table.intervals for table in read_excluded(options.exclude, genome)]
            regions = _with_negatives(regions, genome, lower, away, options)
        regions = _with_signals(regions, signals, options)
        _summarise(regions, peaks)
        write_regions(stream, regions, header)


def _without(genome: Genome, dropped: tuple[str, ...]) -> Genome:
    """Leave contigs out."""
    if not dropped:
        return genome
    gone = set(match_names(expand_names(dropped), list(genome.codes), genome.source))
    return genome.restrict(name for name in genome.codes if name not in gone)


def _label(peaks: Peaks, genome: Genome, blacklist: Intervals | None, options: LabelOptions) -> Regions:
    """Turn peaks into rows, and say what became of them."""
    tiling = options.tiling
    if tiling is None:
        found = label_peaks(
            peaks.tasks,
            genome.lengths,
            options.row_width,
            center=options.center,
            merge_distance=options.merge_distance,
            strands=options.strands,
            doubts=peaks.doubts,
        )
    else:
        found = label_bins(peaks.tasks, genome.lengths, tiling, blacklist=blacklist, doubts=peaks.doubts)
    if found.skipped:
        note(f"{found.skipped} windows of {options.row_width} bases pass a contig's end and were skipped")
    if not len(found.regions):
        raise SeqnetError(_nothing(tiling, options.row_width, genome))
    _say_merged(found, len(peaks.tasks), tiles=tiling is not None)
    return found.regions


def _nothing(tiling: Tiling | None, width: int, genome: Genome) -> str:
    """Return the message where there is no row."""
    if tiling is None:
        return f"no window of {width} bases around a peak lies inside {genome.source}"
    least = tiling.min_overlap * tiling.size
    return f"no tile of {tiling.size} bases has {least:g} of them under peaks (see --min-overlap)"


def _say_merged(found: Labelled, tasks: int, *, tiles: bool) -> None:
    """Say how many rows the peaks became."""
    several = "positive for several tasks" if tiles else "with more than one peak"
    verb = "label" if tiles else "merged into"
    note(
        f"{found.peaks} peaks of {tasks} tasks {verb} {len(found.regions)} regions, {found.merged} {several}"
    )


def _split(regions: Regions, genome: Genome, options: LabelOptions) -> Regions:
    """Assign the splits; sequences are looked at where equal ones must stay together."""
    fractions = options.valid_fraction is not None or options.test_fraction is not None
    return apply_splits(
        regions,
        extract_windows(genome, regions.intervals) if fractions else None,
        valid_chroms=options.valid_chroms,
        test_chroms=options.test_chroms,
        valid_fraction=options.valid_fraction,
        test_fraction=options.test_fraction,
        seed=options.seed,
    )


def _with_negatives(
    regions: Regions,
    genome: Genome,
    lower: Mapping[str, Bools] | None,
    away: list[Intervals],
    options: LabelOptions,
) -> Regions:
    """Add negatives, all in genome order."""
    drawn = draw_negatives(
        regions, genome, lower, away, ratio=options.negatives, margin=options.margin, seed=options.seed
    )
    both = concatenate_regions([regions, drawn])
    return both.take(sort_order(with_contigs(both.intervals, list(genome.codes))))


def _with_signals(regions: Regions, signals: Mapping[str, str], options: LabelOptions) -> Regions:
    """Add a column for each track."""
    columns = [regions.targets]
    for name, path in signals.items():
        with open_bigwig(path) as track:
            try:
                found = measure(
                    regions.intervals,
                    options.row_width,
                    track.values,
                    track.lengths,
                    options.signal_stat,
                    options.missing,
                )
            except SeqnetError as error:
                raise error if str(error).startswith(path) else SeqnetError(f"{path}: {error}") from error
        if found.gaps:
            meaning = "count as 0" if options.missing == "zero" else "do not count"
            note(f"{name}: {found.gaps} bases of the regions have no value and {meaning}")
        columns.append(found.values[:, None])
    return regions.with_targets([*regions.tasks, *signals], np.hstack(columns)) if signals else regions


def _summarise(regions: Regions, peaks: Peaks) -> None:
    """Say how many rows and positives each split has, and which tasks lack some."""
    splits = [split for split in (*SPLITS, UNKNOWN) if (regions.splits == split).any()]
    rows = {split: np.flatnonzero(regions.splits == split) for split in splits}
    note(f"{len(regions)} rows: " + ", ".join(f"{len(rows[split])} {split}" for split in splits))
    tasks = list(peaks.tasks)
    targets = regions.targets[:, : len(tasks)]
    positives = {split: (targets[own] == 1).sum(axis=0).tolist() for split, own in rows.items()}
    unknown = np.isnan(targets).sum(axis=0).tolist()
    shown = tasks if verbosity().verbose else tasks[:_MOST_TASKS]
    say("\t".join(["task", "peaks", *(f"positive_{split}" for split in splits), "unknown"]))
    for column, task in enumerate(shown):
        counts = [positives[split][column] for split in splits]
        say("\t".join(map(str, [task, len(peaks.tasks[task]), *counts, unknown[column]])))
    if len(shown) < len(tasks):
        note(f"{len(tasks) - len(shown)} more tasks (-v lists them)")
    lacking = {
        task: [split for split in splits if not positives[split][column]]
        for column, task in enumerate(tasks)
        if task not in peaks.doubts.absent
    }
    found = [
        f"{task} has no positives in {', '.join(missing)}" for task, missing in lacking.items() if missing
    ]
    for message in found[:_MOST_TASKS]:
        warn(message)
    if len(found) > _MOST_TASKS:
        warn(f"{len(found) - _MOST_TASKS} more tasks have no positives in a split")
