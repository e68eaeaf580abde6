"""Reading the labelled rows that train's options name, before they are split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seqnet.commands._console import note, warn
from seqnet.commands._training_sources import BOUND, SHUFFLE, Source
from seqnet.errors import FormatError, SeqnetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqnet.aliases import Codes, Floats, Ints
    from seqnet.datasets.padded import PaddedSequences
    from seqnet.formats.sequence_table import SequenceTable
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.regions import Regions
    from seqnet.genome.sequence import EncodedSequence, Genome
    from seqnet.kmers.table import KmerTable


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
        int64 (n,): rows of equal number stay in one split, beside what `leakage_groups` finds; None for
        none.
    shuffled
        bool (n,): rows whose sequences are shuffles, drawn anew each epoch; None for none.
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
    shuffled: NDArray[Any] | None = None
    genome: Genome | None = None
    files: tuple[str, ...] = ()
    lengths: Mapping[str, int] | None = None
    """Contig name to length in bases, where rows have coordinates and places on them are read."""
    weights: Floats | None = None
    """float64 (n,): of each row in the loss; None for ones."""

    @property
    def codes(self) -> Codes | None:
        """The sequences, uint8 (n, L)."""
        return None if self.padded is None else self.padded.codes


def read_rows(source: Source, task_type: str | None, stranded: bool, seed: int) -> Rows:
    """Read what the options name.

    Parameters
    ----------
    task_type
        As asked for; None where the values tell.
    stranded
        Whether regions on the minus strand are read as its reverse complement.
    seed
        For shuffles.
    """
    way = source.way()
    if way == "features":
        return _from_features(source)
    if way == "regions":
        return _from_regions(source, stranded)
    if way == "sequences":
        return _from_sequences(source)
    if way == "positives":
        return _from_positives(source, seed)
    return _from_table(source, task_type)


def _from_features(source: Source) -> Rows:
    """Join a k-mer table with labels by name."""
    from seqnet.formats.kmer_table import read_kmer_table
    from seqnet.genome.joins import join_rows

    table = read_kmer_table(str(source.features))
    regions, located = _labels(source)
    rows = join_rows(regions.names.tolist(), table.names, str(source.labels), str(source.features))
    joined = replace(table, names=regions.names.tolist(), matrix=table.matrix[rows])
    return Rows(regions, located, features=joined, files=(str(source.features), str(source.labels)))


def _from_regions(source: Source, stranded: bool) -> Rows:
    """Take the sequences of labelled regions, or, without a genome, their places alone."""
    import numpy as np

    from seqnet.commands._load import fit_to_genome, load_genome
    from seqnet.commands._signals import track_contigs
    from seqnet.datasets.padded import PaddedSequences
    from seqnet.formats.bed import read_bed
    from seqnet.genome.extract import extract_windows
    from seqnet.genome.joins import check_distinct

    tracks = [file.path for file in source.tracks.signals]
    genome = None if source.genome is None else load_genome(source.genome, soft_mask=source.soft_mask)
    contigs = track_contigs(tracks[0]) if genome is None else genome
    regions = fit_to_genome(read_bed(str(source.regions), tasks=source.tasks, labelled=True), contigs)
    check_distinct(regions)
    if source.length is not None:
        regions = _resized(regions, source.length, contigs.lengths)
    regions.width()
    used = {name: contigs.lengths[name] for name in regions.intervals.contigs}
    if genome is None:
        return Rows(regions, True, files=(str(source.regions), *tracks), lengths=used)
    codes = extract_windows(genome, regions.intervals, stranded=stranded)
    return Rows(
        regions, True, PaddedSequences(codes, np.ones(codes.shape, dtype=bool), 0),
        genome=genome.restrict(regions.intervals.contigs), lengths=used,
        files=(str(source.regions), str(source.genome), *tracks),
    )  # fmt: skip


def _resized(regions: Regions, length: int, lengths: dict[str, int]) -> Regions:
    """Widen or narrow regions around their middle; those that would pass a contig's end are left out."""
    from seqnet.genome.regions import windows

    resized, skipped = windows(regions, length, "midpoint", lengths)
    if skipped:
        note(f"{regions.source}: {skipped} windows of {length} bases pass a contig's end and were skipped")
    if not len(resized):
        raise SeqnetError(f"{regions.source}: no window of {length} bases lies inside the genome")
    return resized


def _from_sequences(source: Source) -> Rows:
    """Join sequences with labels by name."""
    from seqnet.genome.joins import join_rows

    path = str(source.sequences)
    records = _records(path, source.soft_mask)
    regions, located = _labels(source)
    order = join_rows(regions.names.tolist(), [name for name, _ in records], str(source.labels), path)
    padded = _padded([records[row] for row in order], source.length, path)
    return Rows(regions, located, padded, files=(path, str(source.labels)))


def _from_positives(source: Source, seed: int) -> Rows:
    """Take positives, and negatives from a file or by shuffling."""
    import numpy as np

    from seqnet.datasets.padded import PaddedSequences, shuffle_padded

    path = str(source.positives)
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
        negatives = _records(str(source.negatives), source.soft_mask)
        _compare_lengths(positives, negatives)
        padded = _padded([*positives, *negatives], source.length, path)
        names = [name for name, _ in (*positives, *negatives)]
        linked, shuffled, files = None, None, (path, str(source.negatives))
    targets = (np.arange(len(names)) < n).astype(np.float64)[:, None]
    regions = _unlocated(names, [BOUND], targets, path)
    return Rows(regions, False, padded, linked=linked, shuffled=shuffled, files=files)


def _compare_lengths(positives: Sequence[EncodedSequence], negatives: Sequence[EncodedSequence]) -> None:
    """Warn when a network could tell the classes apart by their lengths."""
    import numpy as np

    one, other = (np.median([len(codes) for _, codes in part]) for part in (positives, negatives))
    if abs(one - other) > 0.1 * max(one, other):
        warn(f"positives have {one:g} bases (median), negatives {other:g}: lengths alone tell them apart")


def _from_table(source: Source, task_type: str | None) -> Rows:
    """Take the rows of a table."""
    import numpy as np

    from seqnet.formats.sequence_table import Columns, read_sequence_table

    path = str(source.table)
    columns = Columns(
        str(source.sequence_column), source.target_columns, source.name_column, source.split_column,
        source.group_column, source.weight_column,
    )  # fmt: skip
    table = read_sequence_table(path, columns, source.soft_mask)
    tasks, targets = _table_targets(table, task_type)
    names = [name for name, _ in table.sequences]
    regions = _unlocated(names, tasks, targets, path)
    if table.splits is not None:
        regions = regions.with_splits(_known_splits(table))
    linked = None
    if table.groups is not None:
        linked = np.unique(table.groups, return_inverse=True)[1].astype(np.int64)
    padded = _padded(table.sequences, source.length, path)
    return Rows(
        replace(regions, lines=table.lines),
        False,
        padded,
        linked=linked,
        files=(path,),
        weights=table.weights,
    )


def _table_targets(table: SequenceTable, task_type: str | None) -> tuple[Sequence[str], Any]:
    """Return tasks and targets of a table's target columns."""
    import numpy as np

    from seqnet.datasets.targets import class_targets, parse_numbers

    if task_type == "multiclass" and len(table.targets) == 1:
        return class_targets(next(iter(table.targets.values())))
    columns = []
    for name, texts in table.targets.items():
        try:
            columns.append(parse_numbers(texts))
        except ValueError as error:
            position, text = error.args
            message = f"column {name}: {text!r} is no number (see --task-type)"
            raise FormatError(table.source, message, int(table.lines[position])) from error
    return tuple(table.targets), np.stack(columns, axis=1)


SPLIT_WORDS = {
    "train": "train", "training": "train", "valid": "valid", "val": "valid", "validation": "valid",
    "test": "test", ".": ".", "": ".",
}  # fmt: skip
"""Words that tables in the wild use for splits, in lower case."""


def _known_splits(table: SequenceTable) -> NDArray[Any]:
    """Return a table's splits as ours, object (n,)."""
    import numpy as np

    splits = np.empty(len(table.sequences), dtype=object)
    for row, text in enumerate(table.splits or ()):
        if text.lower() not in SPLIT_WORDS:
            message = f"split is {text!r}; expected train, valid, test or ."
            raise FormatError(table.source, message, int(table.lines[row]))
        splits[row] = SPLIT_WORDS[text.lower()]
    return splits


def _records(path: str, soft_mask: SoftMask) -> list[EncodedSequence]:
    """Read FASTA whole; names are unique."""
    from seqnet.formats.fasta import read_sequences

    records = list(read_sequences(path, soft_mask=soft_mask))
    if not records:
        raise SeqnetError(f"{path}: holds no sequences")
    seen: set[str] = set()
    for name, codes in records:
        if name in seen:
            raise SeqnetError(f"{path}: two sequences are named {name!r}; names must be unique")
        if not len(codes):
            raise SeqnetError(f"{path}: {name} is empty; expected a sequence")
        seen.add(name)
    return records


def _padded(records: Sequence[EncodedSequence], length: int | None, path: str) -> PaddedSequences:
    """Bring sequences to one length, and say what that took."""
    from seqnet.datasets.padded import pad_sequences

    padded = pad_sequences([codes for _, codes in records], length)
    width = padded.codes.shape[1]
    short = int((~padded.inside).any(axis=1).sum())
    if short:
        note(f"{path}: {short} of {len(records)} sequences padded to {width} bases")
    if padded.cropped:
        note(f"{path}: {padded.cropped} of {len(records)} sequences cropped to {width} bases")
    return padded


def _unlocated(names: Sequence[str], tasks: Sequence[str], targets: Any, source: str) -> Regions:
    """Return rows without coordinates as regions, each on a contig of its own name."""
    import numpy as np

    from seqnet.genome.intervals import make_intervals
    from seqnet.genome.regions import make_regions

    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SeqnetError(f"{source}: two rows are named {name!r}; names must be unique")
        seen.add(name)
    places = make_intervals(names, np.zeros(len(names)), np.ones(len(names)))
    return replace(make_regions(places, names=names, tasks=tasks, targets=targets), source=source)


def _labels(source: Source) -> tuple[Regions, bool]:
    """Read labels; return them, and whether they have coordinates."""
    import numpy as np

    from seqnet.formats.scores import read_scores
    from seqnet.genome.joins import check_distinct
    from seqnet.genome.regions import Regions

    hint = "; --tasks names those of a labelled-regions table that lost it"
    labels = read_scores(str(source.labels), source.tasks, hint)
    if isinstance(labels, Regions):
        check_distinct(labels)
        return labels, True
    if not labels.names:
        raise SeqnetError(f"{labels.source}: holds no rows")
    regions = _unlocated(labels.names, labels.tasks, labels.values, labels.source)
    return regions.with_splits(np.array(labels.splits, dtype=object)), False
