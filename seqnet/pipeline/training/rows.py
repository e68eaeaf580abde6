"""Reading labelled rows, before they are split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from seqnet.datasets.padded import PaddedSequences, pad_sequences, shuffle_padded
from seqnet.errors import SeqnetError
from seqnet.formats.kmers.kmer_table import read_kmer_table
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.results.scores import read_scores
from seqnet.formats.sequences.sequence_table import Columns, read_sequence_table
from seqnet.genome.extract import extract_windows
from seqnet.genome.intervals import make_intervals
from seqnet.genome.joins import check_distinct, join_rows
from seqnet.genome.regions import Regions, make_regions
from seqnet.genome.splitting.near_duplicates import near_duplicates
from seqnet.pipeline.inputs.genome import (
    fit_to_genome,
    load_genome,
    read_records,
    say_unstranded,
    windows_inside,
)
from seqnet.pipeline.inputs.sequence_tables import table_splits, table_targets
from seqnet.pipeline.inputs.signals import track_contigs
from seqnet.pipeline.training.sources import (
    BOUND,
    SHUFFLE,
    LabelledFeatures,
    LabelledRegions,
    LabelledSequences,
    LabelledTable,
    PositiveSequences,
    RowSource,
)
from seqnet.reporting import note, warn

if TYPE_CHECKING:
    from seqnet.aliases import Bools, Codes, Floats, Ints
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.sequence import EncodedSequence, Genome
    from seqnet.kmers.table import KmerTable


LARGEST_SHARE = 0.5
"""Share of a table's rows that one group of nearly equal sequences may hold."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Labelled rows as they were read.

    Parameters
    ----------
    regions
        Labels and splits. Rows without coordinates lie on a contig of their own name.
    located
        Whether they have coordinates.
    padded
        Their sequences, where there are any.
    features
        Their k-mers, where those were read.
    linked
        int64 (n,): rows of equal number stay in one split, as do those `leakage_groups` finds; None for
        none.
    shuffled
        bool (n,): rows whose sequences are shuffles, drawn again each epoch; None for none.
    genome
        The contigs that rows were taken from, where they have coordinates and sequences.
    files
        The input files.
    """

    regions: Regions
    located: bool
    padded: PaddedSequences | None = None
    features: KmerTable | None = None
    linked: Ints | None = None
    shuffled: Bools | None = None
    genome: Genome | None = None
    files: tuple[str, ...] = ()
    lengths: Mapping[str, int] | None = None
    """Contig name to length in bases, where rows have coordinates and places on them are read."""
    weights: Floats | None = None
    """float64 (n,): of each row in the loss; None for ones."""
    extent: Mapping[str, int] | None = None
    """Contig name to length in bases of the whole genome, where it is at hand."""

    @property
    def codes(self) -> Codes | None:
        """The sequences, uint8 (n, L)."""
        return None if self.padded is None else self.padded.codes


def read_rows(source: RowSource, task_type: str | None, stranded: bool, seed: int) -> Rows:
    """Read labelled rows.

    Parameters
    ----------
    task_type
        As requested; None to derive it from the values.
    stranded
        Whether regions on the minus strand are read as its reverse complement.
    seed
        For shuffles.
    """
    if isinstance(source, LabelledFeatures):
        return _from_features(source)
    if isinstance(source, LabelledRegions):
        return _from_regions(source, stranded)
    if isinstance(source, LabelledSequences):
        return _from_sequences(source)
    if isinstance(source, PositiveSequences):
        return _from_positives(source, seed)
    return _from_table(source, task_type)


def _from_features(source: LabelledFeatures) -> Rows:
    """Join a k-mer table with labels by name."""
    table = read_kmer_table(source.features, described=True)
    regions, located = _labels(source.labels, source.tasks)
    rows = join_rows(regions.names.tolist(), table.names, source.labels, source.features, whole=True)
    joined = replace(table, names=regions.names.tolist(), matrix=table.matrix[rows])
    return Rows(regions, located, features=joined, files=(source.features, source.labels))


def expect_tasks(regions: Regions) -> None:
    """Refuse regions without labels, such as peaks, before anything else about them."""
    if not regions.tasks:
        message = "holds no tasks; expected a labelled-regions table (see seqnet label)"
        raise SeqnetError(f"{regions.source}: {message}")


def _from_regions(source: LabelledRegions, stranded: bool) -> Rows:
    """Take the sequences of labelled regions, or, without a genome, their places alone."""
    tracks = [file.path for file in source.tracks.signals]
    genome = None if source.genome is None else load_genome(source.genome, soft_mask=source.soft_mask)
    contigs = track_contigs(tracks[0]) if genome is None else genome
    regions = fit_to_genome(read_bed(source.regions, tasks=source.tasks, labelled=True), contigs)
    expect_tasks(regions)
    check_distinct(regions)
    if stranded:
        say_unstranded(regions)
    if source.length is not None:
        regions = windows_inside(regions, source.length, "midpoint", contigs)
    regions.width()
    used = {name: contigs.lengths[name] for name in regions.intervals.contigs}
    if genome is None:
        files = (source.regions, *tracks)
        return Rows(regions, True, files=files, lengths=used, extent=contigs.lengths)
    codes = extract_windows(genome, regions.intervals, stranded=stranded)
    return Rows(
        regions, True, PaddedSequences(codes, np.ones(codes.shape, dtype=bool), 0),
        genome=genome.restrict(regions.intervals.contigs), lengths=used, extent=contigs.lengths,
        files=(source.regions, str(source.genome), *tracks),
    )  # fmt: skip


def _from_sequences(source: LabelledSequences) -> Rows:
    """Join sequences with labels by name."""
    path = source.sequences
    records = _records(path, source.soft_mask)
    regions, located = _labels(source.labels, source.tasks)
    names = [name for name, _ in records]
    order = join_rows(regions.names.tolist(), names, source.labels, path, whole=True)
    padded = _padded([records[row] for row in order], source.length, path)
    return Rows(regions, located, padded, files=(path, source.labels))


def _from_positives(source: PositiveSequences, seed: int) -> Rows:
    """Take positives, and negatives from a file or by shuffling."""
    path = source.positives
    positives = _records(path, source.soft_mask)
    n = len(positives)
    if source.negatives == SHUFFLE:
        own = _padded(positives, source.length, path)
        other = shuffle_padded(own, seed, 0)
        padded = PaddedSequences(
            np.concatenate([own.codes, other.codes]), np.concatenate([own.inside, other.inside]), own.cropped
        )
        names = [name for name, _ in positives] + [f"neg_shuf:{name}" for name, _ in positives]
        linked, shuffled = np.tile(np.arange(n, dtype=np.int64), 2), np.repeat([False, True], n)
        files: tuple[str, ...] = (path,)
    else:
        negatives = _records(source.negatives, source.soft_mask)
        _compare_lengths(positives, negatives)
        padded = _padded([*positives, *negatives], source.length, path)
        names = [name for name, _ in (*positives, *negatives)]
        linked, shuffled, files = None, None, (path, source.negatives)
    targets = (np.arange(len(names)) < n).astype(np.float64)[:, None]
    regions = _unlocated(names, [BOUND], targets, path)
    return Rows(regions, False, padded, linked=linked, shuffled=shuffled, files=files)


def _compare_lengths(positives: Sequence[EncodedSequence], negatives: Sequence[EncodedSequence]) -> None:
    """Warn when a network could tell the classes apart by their lengths."""
    one, other = (np.median([len(codes) for _, codes in part]) for part in (positives, negatives))
    if abs(one - other) > 0.1 * max(one, other):
        warn(f"positives have {one:g} bases (median), negatives {other:g}: lengths alone tell them apart")


def _from_table(source: LabelledTable, task_type: str | None) -> Rows:
    """Take the rows of a table."""
    path = source.table
    columns = Columns(
        source.sequence_column, source.target_columns, source.name_column, source.split_column,
        source.group_column, source.weight_column,
    )  # fmt: skip
    table = read_sequence_table(path, columns, source.soft_mask)
    tasks, targets = table_targets(table, task_type)
    names = [name for name, _ in table.sequences]
    regions = _unlocated(names, tasks, targets, path)
    if table.splits is not None:
        regions = regions.with_splits(table_splits(table))
    linked = None
    if table.groups is not None:
        linked = np.unique(table.groups, return_inverse=True)[1].astype(np.int64)
    padded = _padded(table.sequences, source.length, path)
    if linked is None and not {"train", "valid"} <= set(regions.splits):
        linked = _near_duplicates(padded, path)
    return Rows(
        replace(regions, lines=table.lines),
        False,
        padded,
        linked=linked,
        files=(path,),
        weights=table.weights,
    )


def _near_duplicates(padded: PaddedSequences, path: str) -> Ints | None:
    """Return which rows of a table hold nearly one sequence, and stay in one split unless a column says more.

    Where most rows are variants of one sequence, splits can only keep equal ones together.
    """
    groups = near_duplicates(padded.codes)
    sizes = np.bincount(groups)
    if len(sizes) == len(groups):
        return None
    if sizes.max() > LARGEST_SHARE * len(groups):
        note(f"{path}: most rows are variants of one sequence; fractions keep equal ones alone together")
        return None
    related = int(sizes[sizes > 1].sum())
    note(
        f"{path}: {related} rows share long stretches with others (alleles, overlapping tiles); fractions "
        "keep them together (--group-column groups otherwise)"
    )
    return groups


def _records(path: str, soft_mask: SoftMask) -> list[EncodedSequence]:
    """Read FASTA whole; no sequence is empty."""
    records = read_records(path, soft_mask)
    for name, codes in records:
        if not len(codes):
            raise SeqnetError(f"{path}: {name} is empty; expected a sequence")
    return records


def _padded(records: Sequence[EncodedSequence], length: int | None, path: str) -> PaddedSequences:
    """Bring sequences to one length, and report what was padded or cut."""
    padded = pad_sequences([codes for _, codes in records], length)
    width = padded.codes.shape[1]
    short = int((~padded.inside).any(axis=1).sum())
    if short:
        note(f"{path}: {short} of {len(records)} sequences padded to {width} bases")
    if padded.cropped:
        note(f"{path}: {padded.cropped} of {len(records)} sequences cropped to {width} bases")
    return padded


def _unlocated(names: Sequence[str], tasks: Sequence[str], targets: Floats, source: str) -> Regions:
    """Return rows without coordinates as regions, each on a contig named after it."""
    earlier: set[str] = set()
    for name in names:
        if name in earlier:
            raise SeqnetError(f"{source}: two rows are named {name!r}; names must be unique")
        earlier.add(name)
    places = make_intervals(names, np.zeros(len(names)), np.ones(len(names)))
    return replace(make_regions(places, names=names, tasks=tasks, targets=targets), source=source)


def _labels(path: str, tasks: Sequence[str] | None) -> tuple[Regions, bool]:
    """Read labels; return them, and whether they have coordinates."""
    hint = "; --tasks names those of a labelled-regions table that lost it"
    labels = read_scores(path, tasks, hint)
    if isinstance(labels, Regions):
        check_distinct(labels)
        return labels, True
    if not labels.names:
        raise SeqnetError(f"{labels.source}: holds no rows")
    regions = _unlocated(labels.names, labels.tasks, labels.values, labels.source)
    return regions.with_splits(np.array(labels.splits, dtype=object)), False
