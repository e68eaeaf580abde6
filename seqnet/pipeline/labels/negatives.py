"""The step ``negatives``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from seqnet.aliases import Bools, Floats
from seqnet.datasets.shuffles import shuffled_records
from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.files.header import header_for, provenance
from seqnet.formats.files.opening import open_output
from seqnet.formats.regions.bed import read_bed, write_regions
from seqnet.formats.sequences.fasta import write_fasta
from seqnet.genome.extract import extract_sequences
from seqnet.genome.intervals import make_intervals
from seqnet.genome.joins import check_distinct, coordinates
from seqnet.genome.regions import Regions, concatenate_regions, make_regions
from seqnet.genome.sequence import EncodedSequence, Genome
from seqnet.genome.splitting.stretches import header_entries
from seqnet.pipeline.calls import takes
from seqnet.pipeline.inputs.genome import cut_regions, load_masked_genome, read_records
from seqnet.pipeline.inputs.splits import known_stretches
from seqnet.pipeline.labels.drawing import draw_negatives, read_excluded, task_name
from seqnet.pipeline.labels.request import NegativesRequest
from seqnet.pipeline.outputs import expect_writable
from seqnet.reporting import note, warn


@dataclass(frozen=True, eq=False)
class NegativesResult:
    """Positives and negatives, and how many there are.

    Parameters
    ----------
    regions
        The labelled rows, positives first; of shuffles, each row is a whole sequence.
    sequences
        The sequences of positives and shuffles, in the order of `regions`; None without shuffles.
    counts
        ``positives``: rows that are positive for a task; ``wanted`` and ``negatives``: negatives requested
        and drawn; ``loose``: windows that match a positive by GC content alone; ``unchanged``: shuffles that
        equal their sequence.
    distances
        ``GC`` and, where the genome is soft-masked, ``masked``: the largest difference between the
        distribution functions of the positives' share and of the negatives'; nothing for shuffles.
    """

    regions: Regions
    sequences: list[EncodedSequence] | None
    counts: Mapping[str, int]
    distances: Mapping[str, float] = field(default_factory=dict)


@takes(NegativesRequest)
def negatives(request: NegativesRequest) -> NegativesResult:
    """Add negatives to positives: windows of the genome that match them, or their shuffles.

    Parameters
    ----------
    request
        The fields of `NegativesRequest`, which are the arguments of this function.

    Returns
    -------
    The rows, and with `k` the sequences; they are written too where an output is given.

    Raises
    ------
    SeqnetError
        If a file cannot be read, no row is positive, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> drawn = seqnet.negatives("regions.bed", "genome.fa", ratio=5, only=True)  # doctest: +SKIP
    >>> drawn.counts["negatives"], drawn.distances["GC"]  # doctest: +SKIP
    >>> seqnet.negatives("bound.fa", k=2, output="both.fa").counts["unchanged"]  # doctest: +SKIP
    """
    expect_writable(request.output, request.labels_out)
    header = header_for(request.header, provenance("negatives", request.entries()))
    return _genomic(request, header) if request.k is None else _shuffles(request, request.k, header)


def _genomic(request: NegativesRequest, header: dict[str, str] | None) -> NegativesResult:
    """Draw windows of the genome, and write them behind the regions that they match."""
    genome, lower = load_masked_genome(request.genome, request.chroms)
    regions = _read_regions(request, genome)
    away = [regions.intervals, *(table.intervals for table in read_excluded(request.exclude, genome))]
    positives = regions.take(_positive_rows(regions))
    drawn = draw_negatives(
        positives, genome, lower, away, ratio=request.ratio, margin=request.margin, seed=request.seed,
        stretches=known_stretches(regions), anywhere=bool(request.chroms),
    )  # fmt: skip
    table = drawn.regions if request.only else concatenate_regions([regions, drawn.regions])
    if request.output is not None:
        entries = header | header_entries(regions.header) if header else header
        with open_output(request.output) as stream:
            write_regions(stream, table, entries)
    counts = {
        "positives": len(positives), "wanted": drawn.wanted, "negatives": len(drawn.regions),
        "loose": drawn.loose, "unchanged": 0,
    }  # fmt: skip
    return NegativesResult(table, None, counts, drawn.distances)


def _shuffles(request: NegativesRequest, k: int, header: dict[str, str] | None) -> NegativesResult:
    """Shuffle the positives, and write sequences and shuffles, and the labels of both where wanted.

    The table's contigs are the records, so that the FASTA is its genome.
    """
    records, regions = _sequences(request)
    positive = np.flatnonzero(_positive_rows(regions))
    drawn = shuffled_records(
        [records[row] for row in positive.tolist()], ratio=request.ratio, k=k, seed=request.seed
    )
    if drawn.unchanged:
        warn(f"{drawn.unchanged} of {len(drawn.records)} shuffles equal their sequence")
    note(f"{len(drawn.records)} shuffles of {len(positive)} sequences")
    origins = regions.take(positive[np.array(drawn.origins, dtype=np.int64)])
    table = _labelled_as(drawn.records, origins, np.zeros((len(origins), len(regions.tasks))))
    sequences = drawn.records
    if not request.only:
        table = concatenate_regions([_labelled_as(records, regions, regions.targets), table])
        sequences = [*records, *drawn.records]
    if request.output is not None:
        with open_output(request.output) as stream:
            write_fasta(stream, sequences)
    if request.labels_out is not None:
        with open_output(request.labels_out) as side:
            write_regions(side, table, header)
    n = len(drawn.records)
    counts = {
        "positives": len(positive), "wanted": n, "negatives": n, "loose": 0, "unchanged": drawn.unchanged,
    }  # fmt: skip
    return NegativesResult(table, sequences, counts)


def _sequences(request: NegativesRequest) -> tuple[list[EncodedSequence], Regions]:
    """Return sequences to shuffle, of FASTA or of regions as read on their strand, and their table."""
    if request.genome is not None:
        genome, _lower = load_masked_genome(request.genome, request.chroms)
        regions = _read_regions(request, genome)
        names = regions.names.tolist()
        return extract_sequences(genome, regions.intervals, names, stranded=True), regions
    records = read_records(request.positives)
    return records, _of_one_task(replace(_table_of(records), source=request.positives))


def _positive_rows(regions: Regions) -> Bools:
    """Tell which rows are positive for a task: bool (n,); all of them in a table without tasks."""
    if not regions.tasks:
        return np.ones(len(regions), dtype=bool)
    positive = (np.nan_to_num(regions.targets) != 0).any(axis=1)
    if not positive.any():
        raise SeqnetError(f"{regions.source}: no row is positive for a task; negatives have nothing to match")
    return np.asarray(positive)


def _read_regions(request: NegativesRequest, genome: Genome) -> Regions:
    """Read a labelled table, or BED as the positives of one task; cut to one width where requested."""
    center = None if request.width is None else request.center
    regions = cut_regions(
        read_bed(request.positives, tasks=request.tasks, labelled=True, center=center),
        genome, request.on_bad,
        restricted=bool(request.chroms), width=request.width, center=request.center,
    )  # fmt: skip
    if not regions.tasks:
        regions = _of_one_task(_distinct(regions, rename=bool(request.width)))
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
    """Leave out rows of a BED file that repeat a place; name rows by place if names repeat or on request."""
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


def _table_of(records: Sequence[EncodedSequence]) -> Regions:
    """Return a table whose rows are whole records, each on the contig of its name."""
    names = [record.name for record in records]
    ends = [len(record.codes) for record in records]
    return make_regions(make_intervals(names, [0] * len(names), ends), names=names)


def _labelled_as(records: Sequence[EncodedSequence], origins: Regions, targets: Floats) -> Regions:
    """Return the table of records with their origins' tasks and splits."""
    table = _table_of(records).with_splits(origins.splits)
    return replace(table.with_targets(origins.tasks, targets), scores=origins.scores)
