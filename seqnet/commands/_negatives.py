"""Reading positives, drawing negatives for them and saying what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import numpy as np

from seqnet.aliases import Bools, Floats
from seqnet.commands._console import note, warn
from seqnet.commands._load import cut_regions
from seqnet.datasets.negatives import gc_negatives
from seqnet.datasets.shuffles import shuffled_records
from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.bed import read_bed
from seqnet.formats.fasta import read_sequences
from seqnet.genome.extract import extract_sequences
from seqnet.genome.intervals import Intervals, make_intervals
from seqnet.genome.joins import check_distinct, coordinates
from seqnet.genome.regions import Center, OnBad, Regions, concatenate_regions, make_regions
from seqnet.genome.sequence import EncodedSequence, Genome

PEAK_SUFFIXES = (
    ".gz",
    ".bgz",
    ".bed",
    ".bb",
    ".bigBed",
    ".narrowPeak",
    ".broadPeak",
    ".txt",
    ".fa",
    ".fasta",
    ".fna",
)


def task_name(path: str) -> str:
    """Return a task's name: the file's, without folder and suffixes; ``positive`` for stdin."""
    name = "positive" if path == "-" else PurePath(path).name
    while name.endswith(PEAK_SUFFIXES):
        name = name[: name.rindex(".")]
    return name


def read_excluded(paths: Sequence[str], genome: Genome) -> list[Regions]:
    """Read intervals to stay away from; those on other contigs do not matter."""
    tables = [read_bed(path) for path in paths]
    return [table.take(table.intervals.contig_index_in(list(genome.codes)) >= 0) for table in tables]


def positive_rows(regions: Regions) -> Bools:
    """Tell which rows are positive for a task: bool (n,); all of them in a table without tasks."""
    if not regions.tasks:
        return np.ones(len(regions), dtype=bool)
    found = (np.nan_to_num(regions.targets) != 0).any(axis=1)
    if not found.any():
        raise SeqnetError(f"{regions.source}: no row is positive for a task; negatives have nothing to match")
    return np.asarray(found)


def draw_negatives(
    positives: Regions,
    genome: Genome,
    lower: Mapping[str, Bools] | None,
    excluded: Sequence[Intervals],
    *,
    ratio: float,
    margin: int | None,
    seed: int,
) -> Regions:
    """Draw genomic negatives, and say how well they match and whether there were too few."""
    drawn = gc_negatives(
        positives,
        genome,
        excluded,
        ratio=ratio,
        margin=positives.width() if margin is None else margin,
        seed=seed,
        lower=lower,
    )
    found = len(drawn.regions)
    if found < drawn.wanted:
        warn(f"only {found} of {drawn.wanted} negatives found (see --margin and the ratio)")
    if drawn.distances:
        apart = ", ".join(f"{what} {value:.3f}" for what, value in drawn.distances.items())
        note(f"{found} negatives; largest difference of distribution functions to the positives: {apart}")
    if drawn.loose:
        warn(f"{drawn.loose} negatives match by GC content alone")
    return drawn.regions


@dataclass(frozen=True)
class Cut:
    """How positives are read: the options of ``negatives``."""

    on_bad: OnBad
    tasks: list[str] | None
    width: int | None
    center: Center
    restricted: bool


def read_positives(path: str, genome: Genome, cut: Cut) -> Regions:
    """Read a labelled table, or BED as the positives of one task; cut to one width if so asked."""
    regions = read_bed(path, tasks=cut.tasks, labelled=True)
    regions = cut_regions(
        regions, genome, cut.on_bad, restricted=cut.restricted, width=cut.width, center=cut.center
    )
    if not regions.tasks:
        regions = _of_one_task(_distinct(regions, rename=bool(cut.width)))
    check_distinct(regions)
    if len(set(regions.names)) < len(regions):
        raise FormatError(regions.source, "two rows have one name; names must be unique")
    return regions


def _of_one_task(regions: Regions) -> Regions:
    """Label rows without tasks as the positives of one task, named after their file."""
    task = task_name(regions.source)
    note(f"{regions.source}: has no tasks; its {len(regions)} rows are the positives of {task!r}")
    return regions.with_targets([task], np.ones((len(regions), 1)))


def _distinct(regions: Regions, *, rename: bool) -> Regions:
    """Leave out rows of a BED file that repeat a place; name rows by place if names repeat or so asked."""
    first: dict[object, int] = {}
    for row, place in enumerate(coordinates(regions)):
        first.setdefault(place, row)
    if len(first) < len(regions):
        note(f"{regions.source}: {len(regions) - len(first)} rows repeat a place and are left out")
        regions = regions.take(np.array(list(first.values())))
    if rename or len(set(regions.names)) < len(regions):
        loci = [regions.intervals.locus(row) for row in range(len(regions))]
        regions = replace(regions, names=np.array(loci, dtype=object))
    return regions


def add_genomic(
    regions: Regions,
    genome: Genome,
    lower: Mapping[str, Bools] | None,
    exclude: Sequence[str],
    *,
    ratio: float,
    margin: int | None,
    seed: int,
    only: bool,
) -> Regions:
    """Return the rows and the negatives drawn for the positive ones, or these alone."""
    away = [regions.intervals, *(table.intervals for table in read_excluded(exclude, genome))]
    positives = regions.take(positive_rows(regions))
    drawn = draw_negatives(positives, genome, lower, away, ratio=ratio, margin=margin, seed=seed)
    return drawn if only else concatenate_regions([regions, drawn])


def read_sequence_positives(path: str) -> tuple[list[EncodedSequence], Regions]:
    """Read FASTA as the positives of one task: the records, and a table of them, each its own contig."""
    records = list(read_sequences(path))
    if not records:
        raise SeqnetError(f"{path}: holds no sequences")
    return records, _of_one_task(replace(_table_of(records), source=path))


def region_sequences(genome: Genome, regions: Regions) -> list[EncodedSequence]:
    """Return the sequences of regions as read on their strand."""
    return extract_sequences(genome, regions.intervals, regions.names.tolist(), stranded=True)


def _table_of(records: Sequence[EncodedSequence]) -> Regions:
    """Return a table whose rows are whole records, each on the contig of its name."""
    names = [record.name for record in records]
    ends = [len(record.codes) for record in records]
    return make_regions(make_intervals(names, [0] * len(names), ends), names=names)


def add_shuffles(
    records: list[EncodedSequence], regions: Regions, *, k: int, ratio: float, seed: int, only: bool
) -> tuple[list[EncodedSequence], Regions]:
    """Return the records and shuffles of the positive ones, or these alone, and a table of them.

    The table's contigs are the records, so that the FASTA is its genome.
    """
    positive = np.flatnonzero(positive_rows(regions))
    shuffles = shuffled_records([records[row] for row in positive.tolist()], ratio=ratio, k=k, seed=seed)
    if shuffles.unchanged:
        warn(f"{shuffles.unchanged} of {len(shuffles.records)} shuffles equal their sequence")
    origins = positive[np.array(shuffles.origins, dtype=np.int64)]
    negatives = _labelled_as(
        shuffles.records, regions.take(origins), np.zeros((len(origins), len(regions.tasks)))
    )
    note(f"{len(shuffles.records)} shuffles of {len(positive)} sequences")
    if only:
        return shuffles.records, negatives
    rows = _labelled_as(records, regions, regions.targets)
    return [*records, *shuffles.records], concatenate_regions([rows, negatives])


def _labelled_as(records: Sequence[EncodedSequence], origins: Regions, targets: Floats) -> Regions:
    """Return the table of records with their origins' tasks and splits."""
    table = _table_of(records).with_splits(origins.splits)
    return replace(table.with_targets(origins.tasks, targets), scores=origins.scores)
