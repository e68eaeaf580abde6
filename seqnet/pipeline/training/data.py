"""What train learns from: labelled rows, typed, split, with their sequences or features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from seqnet.datasets.checks import check_regions, check_sequences
from seqnet.datasets.leakage import WORD, OnLeak, default_policy, find_leakage, without_leaks
from seqnet.datasets.padded import PaddedSequences, shuffle_padded
from seqnet.datasets.targets import check_targets, check_task_names, infer_task_type
from seqnet.errors import SeqnetError, UsageError
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.kmers.counting import count_codes
from seqnet.kmers.table import ordered
from seqnet.pipeline.inputs.signals import Signals, training_signals, with_means
from seqnet.pipeline.training.rows import Rows, expect_tasks, read_rows
from seqnet.pipeline.training.sources import LabelledRegions, RowSource
from seqnet.pipeline.training.splits import split_rows
from seqnet.reporting import detail, note, wants_details, warn

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from seqnet.aliases import Bools, Codes, Floats, Ints
    from seqnet.genome.sequence import Genome
    from seqnet.genome.splitting.stretches import Stretches
    from seqnet.kmers.settings import KmerSettings
    from seqnet.pipeline.training.request import LabelledRequest

MOST_SAID = 3
"""Findings of one kind, each about another task, that are said one by one."""


@dataclass(frozen=True, eq=False)
class Sequences:
    """The sequences of the rows.

    Parameters
    ----------
    codes
        uint8 (n, width).
    padded
        Whether some are shorter than the rows, which are padded.
    fresh
        Negatives among the training rows that are drawn again each epoch; None for none.
    genome
        What they were taken from, where rows have coordinates.
    """

    codes: Codes
    padded: bool = False
    fresh: FreshNegatives | None = None
    genome: Genome | None = None


@dataclass(frozen=True, eq=False)
class Features:
    """The k-mers of the rows, and the means of tracks over them.

    Parameters
    ----------
    matrix
        CSR (n, d).
    settings
        What was counted.
    sequences
        What it was counted in; None for a table of k-mers.
    signals
        The tracks, whose means are the last columns; None for none.
    """

    matrix: csr_matrix
    settings: KmerSettings
    sequences: Sequences | None = None
    signals: Signals | None = None


@dataclass(frozen=True, eq=False)
class SignalWindows:
    """The windows of tracks at the rows, alone or with sequences as further channels."""

    signals: Signals
    sequences: Sequences | None = None


Material: TypeAlias = Sequences | Features | SignalWindows
"""What a model reads of the rows."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Labelled rows, and what a model reads of them.

    Parameters
    ----------
    regions
        Labels and splits; rows without coordinates lie on a contig of their own name.
    located
        Whether rows have coordinates.
    task_type
        Row of ``networks.heads.TASK_TYPES``.
    material
        Sequences, features or windows of tracks.
    digests
        Contig to digest of the genome, where there was one.
    files
        The input files.
    weights
        float64 (n,): of each row in the loss; None for ones.
    stretches
        The stretches of the genome that are held out, where rows were split by stretches.
    """

    regions: Regions
    located: bool
    task_type: str
    material: Material
    digests: dict[str, str]
    files: tuple[str, ...]
    weights: Floats | None = None
    stretches: Stretches | None = None

    @property
    def sequences(self) -> Sequences | None:
        """The sequences, where they are at hand."""
        return self.material if isinstance(self.material, Sequences) else self.material.sequences

    @property
    def codes(self) -> Codes | None:
        """The sequences as uint8 (n, width), where they are at hand."""
        return None if self.sequences is None else self.sequences.codes

    @property
    def signals(self) -> Signals | None:
        """The tracks; None for none."""
        return None if isinstance(self.material, Sequences) else self.material.signals

    @property
    def features(self) -> csr_matrix | None:
        """The features, CSR (n, d), of models that read features."""
        return self.material.matrix if isinstance(self.material, Features) else None

    @property
    def settings(self) -> KmerSettings | None:
        """What the features are, of models that read features."""
        return self.material.settings if isinstance(self.material, Features) else None

    def rows(self, split: str) -> Ints:
        """Return the row numbers of a split, int64."""
        return np.flatnonzero(self.regions.splits == split)

    @property
    def targets(self) -> Floats:
        """float64 (n, T), NaN where unknown."""
        return self.regions.targets

    def weights_of(self, rows: Ints) -> Floats | None:
        """Return the weights of some rows, float64; None for ones."""
        return None if self.weights is None else self.weights[rows]

    @property
    def width(self) -> int | None:
        """Bases of a row; None for features of rows without coordinates."""
        if self.codes is not None:
            return int(self.codes.shape[1])
        return self.regions.width() if self.located else None


@dataclass(frozen=True, eq=False)
class FreshNegatives:
    """The training rows, some of which are shuffles of others.

    Parameters
    ----------
    codes
        uint8 (n, L): all training rows, in order.
    negatives
        bool (n,): which of them are shuffled again each epoch.
    padded
        Their sequences, in order.
    seed
        Of the shuffles.
    """

    codes: Codes
    negatives: Bools
    padded: PaddedSequences
    seed: int

    def epoch(self, number: int) -> Codes:
        """Return the rows of an epoch, from 1: equal numbers give equal rows."""
        codes = self.codes.copy()
        codes[self.negatives] = shuffle_padded(self.padded, self.seed, number).codes
        return codes


def load_training_data(
    request: LabelledRequest, *, kmers: KmerSettings | None, strands: str, jitter: int = 0
) -> TrainingData:
    """Read rows, find their type, and split them.

    Parameters
    ----------
    kmers
        How sequences are featurised; None leaves them sequences.
    strands
        ``column`` reads regions on the strand their column says.
    jitter
        Bases by which windows of signal tracks will be moved.
    """
    source, seed = request.source, request.seed
    rows = read_rows(source, request.task_type, strands == "column", seed)
    expect_tasks(rows.regions)
    kind = _typed(rows.regions, request.task_type)
    split = split_rows(rows, request.splits, seed)
    regions = split.regions
    _check_learnable(regions, kind, rows.weights)
    _say_findings(regions, rows.codes)
    if rows.codes is not None:
        apart = split.stretches is not None
        regions = _without_leaking_rows(regions, rows.codes, request.on_leak, apart=apart)
    if kmers is not None and request.track_source.signals and rows.codes is None:
        raise UsageError("k-mers with the tracks of --signal need --genome")
    material = _material(source, rows, regions, kmers, jitter=jitter, stranded=strands == "column", seed=seed)
    digests = {} if rows.genome is None else rows.genome.digests()
    return TrainingData(
        regions, rows.located, kind, material, digests, rows.files, rows.weights, split.stretches
    )


def _material(
    source: RowSource,
    rows: Rows,
    regions: Regions,
    kmers: KmerSettings | None,
    *,
    jitter: int,
    stranded: bool,
    seed: int,
) -> Material:
    """Return what the model reads of the rows: k-mers, where they are counted or were read, or the rest."""
    signals = _signals(source, rows, regions, jitter)
    sequences = None
    if rows.padded is not None:
        fresh = _fresh(rows, regions, seed) if kmers is None else None
        sequences = Sequences(rows.padded.codes, not rows.padded.inside.all(), fresh, rows.genome)
    if rows.features is not None:
        return Features(ordered(rows.features), rows.features.settings)
    if kmers is not None and sequences is not None:
        matrix = count_codes(sequences.codes, kmers)
        if signals is not None:
            matrix = with_means(matrix, signals, regions.intervals, stranded=stranded)
        return Features(matrix, kmers, sequences, signals)
    if signals is not None:
        return SignalWindows(signals, sequences)
    assert sequences is not None
    return sequences


def _signals(source: RowSource, rows: Rows, regions: Regions, jitter: int) -> Signals | None:
    """Read the tracks, normalised by the training rows."""
    if not isinstance(source, LabelledRegions) or not source.tracks.signals or rows.lengths is None:
        return None
    train = np.flatnonzero(regions.splits == "train")
    return training_signals(source.tracks, source.fit, regions.intervals, train, rows.lengths, jitter)


def _typed(regions: Regions, task_type: str | None) -> str:
    """Return the type of the targets, which they are checked against."""
    kind = task_type or infer_task_type(regions.targets)
    if task_type is None:
        note(f"task type: {kind} (see --task-type)")
    try:
        check_task_names(regions.tasks)
        check_targets(regions.targets, kind)
    except ValueError as error:
        raise SeqnetError(f"{regions.source}: {error}") from error
    return kind


def _fresh(rows: Rows, regions: Regions, seed: int) -> FreshNegatives | None:
    """Return the training rows whose shuffles are drawn again each epoch, where there are any."""
    if rows.shuffled is None or rows.padded is None:
        return None
    train = np.flatnonzero(regions.splits == "train")
    negatives = np.asarray(rows.shuffled[train], dtype=bool)
    return FreshNegatives(rows.padded.codes[train], negatives, rows.padded.take(train[negatives]), seed)


def _check_learnable(regions: Regions, task_type: str, weights: Floats | None) -> None:
    """Refuse targets of which none varies among the training rows that have a weight."""
    counted = regions.splits == "train"
    if weights is not None:
        counted = counted & (weights > 0)
        for split, purpose in (("train", "training"), ("valid", "validation")):
            if not weights[regions.splits == split].any():
                raise SeqnetError(f"{regions.source}: every {purpose} row has weight 0")
    trained = regions.targets[counted]
    constant = [len(np.unique(column[~np.isnan(column)])) < 2 for column in trained.T]
    if all(constant):
        what = "one class only" if task_type in ("binary", "multiclass") else "one value only"
        raise SeqnetError(f"{regions.source}: every task has {what} among the training rows")


def _say_findings(regions: Regions, codes: Codes | None) -> None:
    """Report what is odd about labelled rows: warnings always, notes with ``-v``.

    Of a kind that many tasks have, the first is said and the others are counted; ``-v`` says all.

    Parameters
    ----------
    codes
        uint8 (n, width), where sequences are at hand.
    """
    findings = check_regions(regions)
    if codes is not None:
        findings += check_sequences(regions, codes)
    kinds: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        kinds.setdefault((finding.level, finding.what), []).append(finding.message)
    for (level, what), messages in kinds.items():
        tell = detail if level == "note" else warn
        shown = len(messages) if wants_details() or len(messages) <= MOST_SAID else 1
        for message in messages[:shown]:
            tell(f"{what}: {message}")
        if len(messages) > shown:
            tell(f"{what}: {len(messages) - shown} more tasks like this one (-v or seqnet check tells)")


def _without_leaking_rows(
    regions: Regions, codes: Codes, policy: OnLeak | None, *, apart: bool = False
) -> Regions:
    """Keep training rows that equal a held-out row out of training, as the policy says.

    Dropped rows stay in the table, with no split. Training rows that share a long word with a held-out
    row are counted and stay.

    Parameters
    ----------
    codes
        uint8 (n, width).
    policy
        None takes the default of the kind of split.
    apart
        Whether whole stretches of the genome are held out, as whole chromosomes are.

    Raises
    ------
    SeqnetError
        Under ``error``, naming two such rows.
    """
    leaks = find_leakage(regions.splits, codes)
    if len(leaks.shared.train) > len(leaks.equal.train):
        some = len(np.setdiff1d(leaks.shared.train, leaks.equal.train))
        warn(f"{some} training rows share {WORD} bases or more with a held-out row")
    if not len(leaks.equal.train):
        return regions
    chosen = policy or default_policy(apart or _by_chromosome(regions))
    keep = without_leaks(regions, leaks.equal, chosen)
    if chosen == "warn":
        warn(f"{len(leaks.equal.train)} training rows equal a held-out row and stay (see --on-leak)")
        return regions
    note(f"{int((~keep).sum())} training rows that equal a held-out row are left out")
    splits = regions.splits.copy()
    splits[~keep] = UNKNOWN
    return regions.with_splits(splits)


def _by_chromosome(regions: Regions) -> bool:
    """Return whether every contig is in one split, and some split has several rows of a contig."""
    contig = regions.intervals.contig
    first = np.full(len(regions.intervals.contigs), "", dtype=object)
    first[contig[::-1]] = regions.splits[::-1]
    return len(np.unique(contig)) < len(contig) and bool((regions.splits == first[contig]).all())
