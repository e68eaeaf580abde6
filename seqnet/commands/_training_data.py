"""What train learns from: labelled rows, typed, split, with their sequences or features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seqnet.commands._console import note
from seqnet.commands._load import apply_splits
from seqnet.commands._signals import Signals, training_signals, with_means
from seqnet.commands._training_checks import say_findings, without_leaking_rows
from seqnet.commands._training_rows import Rows, read_rows
from seqnet.commands._training_sources import Source
from seqnet.datasets.padded import PaddedSequences, shuffle_padded
from seqnet.datasets.targets import check_targets, infer_task_type
from seqnet.errors import SeqnetError, UsageError
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.genome.splits import by_fraction, leakage_groups
from seqnet.kmers.counting import count_codes
from seqnet.kmers.table import ordered

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from seqnet.aliases import Bools, Codes, Floats, Ints
    from seqnet.datasets.leakage import OnLeak
    from seqnet.genome.sequence import Genome
    from seqnet.kmers.settings import KmerSettings

DEFAULT_VALID_FRACTION = 0.1


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Labelled rows with their sequences or features.

    Parameters
    ----------
    regions
        Labels and splits; rows without coordinates lie on a contig of their own name.
    located
        Whether rows have coordinates.
    task_type
        Row of ``networks.heads.TASK_TYPES``.
    codes
        uint8 (n, width), where sequences are at hand.
    features
        CSR (n, d), where the model is fed features.
    settings
        What made the features.
    digests
        Contig to digest of the genome, where there was one.
    files
        The input files.
    fresh
        Negatives among the training rows that are drawn anew each epoch; None for none.
    genome
        What rows were taken from, where they have coordinates and sequences.
    padded
        Whether some sequences are shorter than the rows, which are padded.
    signals
        Tracks that the model reads, the windows of the rows and what they may be moved by; None for none.
    weights
        float64 (n,): of each row in the loss; None for ones.
    """

    regions: Regions
    located: bool
    task_type: str
    codes: Codes | None
    features: csr_matrix | None
    settings: KmerSettings | None
    digests: dict[str, str]
    files: tuple[str, ...]
    fresh: FreshNegatives | None = None
    genome: Genome | None = None
    padded: bool = False
    signals: Signals | None = None
    weights: Floats | None = None

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
        bool (n,): which of them are shuffled anew.
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
    source: Source,
    splits: dict[str, Any],
    *,
    task_type: str | None,
    kmers: KmerSettings | None,
    strands: str,
    seed: int,
    on_leak: OnLeak | None = None,
    jitter: int = 0,
) -> TrainingData:
    """Read rows, tell their type, and split them.

    Parameters
    ----------
    splits
        The options of `split_options`.
    task_type
        Row of ``networks.heads.TASK_TYPES``; None where the values tell.
    kmers
        How sequences are featurised; None leaves them sequences.
    strands
        ``column`` reads regions on the strand their column says.
    on_leak
        What becomes of training rows that equal a held-out row; None where the kind of split tells.
    jitter
        Bases by which windows of signal tracks will be moved.
    """
    rows = read_rows(source, task_type, strands == "column", seed)
    if not rows.regions.tasks:
        raise SeqnetError(
            f"{rows.regions.source}: holds no tasks; expected a labelled-regions table (see seqnet label)"
        )
    kind = _typed(rows.regions, task_type)
    regions = _split(rows, splits, seed)
    _check_learnable(regions, kind, rows.weights)
    say_findings(regions, rows.codes)
    if rows.codes is not None:
        regions = without_leaking_rows(regions, rows.codes, on_leak)
    if kmers is not None and source.tracks.signals and rows.codes is None:
        raise UsageError("k-mers stand beside the tracks of --signal: give --genome")
    features, settings = _features(rows, kmers)
    signals = _signals(source, rows, regions, jitter)
    if features is not None and signals is not None:
        features = with_means(features, signals, regions.intervals, stranded=strands == "column")
    fresh = None if features is not None else _fresh(rows, regions, seed)
    digests = {} if rows.genome is None else rows.genome.digests()
    padded = rows.padded is not None and not rows.padded.inside.all()
    return TrainingData(
        regions, rows.located, kind, rows.codes, features, settings, digests, rows.files, fresh, rows.genome,
        padded, signals, rows.weights,
    )  # fmt: skip


def _signals(source: Source, rows: Rows, regions: Regions, jitter: int) -> Signals | None:
    """Read the tracks that were asked for, normalised by the training rows."""
    if not source.tracks.signals or rows.lengths is None:
        return None
    train = np.flatnonzero(regions.splits == "train")
    return training_signals(source.tracks, source.fit, regions.intervals, train, rows.lengths, jitter)


def _typed(regions: Regions, task_type: str | None) -> str:
    """Return the type of the targets, which they are checked against."""
    kind = task_type or infer_task_type(regions.targets)
    if task_type is None:
        note(f"task type: {kind} (see --task-type)")
    try:
        check_targets(regions.targets, kind)
    except ValueError as error:
        raise SeqnetError(f"{regions.source}: {error}") from error
    return kind


def _features(rows: Rows, kmers: KmerSettings | None) -> tuple[csr_matrix | None, KmerSettings | None]:
    """Return the k-mers of the rows and what made them; none where the model reads sequences."""
    if rows.features is not None:
        return ordered(rows.features), rows.features.settings
    if kmers is None or rows.codes is None:
        return None, None
    return count_codes(rows.codes, kmers), kmers


def _fresh(rows: Rows, regions: Regions, seed: int) -> FreshNegatives | None:
    """Return the training rows whose shuffles are drawn anew, where there are any."""
    if rows.shuffled is None or rows.padded is None:
        return None
    train = np.flatnonzero(regions.splits == "train")
    negatives = np.asarray(rows.shuffled[train], dtype=bool)
    return FreshNegatives(rows.padded.codes[train], negatives, rows.padded.take(train[negatives]), seed)


def _split(rows: Rows, options: dict[str, Any], seed: int) -> Regions:
    """Split rows as the options say, and make sure that there are some to train and to validate on."""
    if not rows.located and (options["valid_chroms"] or options["test_chroms"]):
        raise UsageError("--valid-chroms and --test-chroms need rows with coordinates; take --valid-fraction")
    split = apply_splits(rows.regions, rows.codes, linked=rows.linked, seed=seed, **options)
    return _with_validation(split, rows, seed)


def _with_validation(regions: Regions, rows: Rows, seed: int) -> Regions:
    """Draw validation rows where nothing says which they are."""
    splits = regions.splits.copy()
    unknown = splits == UNKNOWN
    if unknown.all():
        groups = leakage_groups(regions.intervals, rows.codes, rows.linked)
        splits = by_fraction(groups, DEFAULT_VALID_FRACTION, 0.0, seed)
        note(f"no split given: {DEFAULT_VALID_FRACTION:.0%} of the rows, at random, validate")
    elif unknown.any():
        note(f"{int(unknown.sum())} rows without a split are trained on")
        splits[unknown] = "train"
    if not (splits == "valid").any() and (splits == "train").any():
        splits = _valid_from_train(regions, splits, rows, seed)
    for split, purpose in (("train", "train"), ("valid", "validate")):
        if not (splits == split).any():
            raise SeqnetError(f"{regions.source}: no rows to {purpose} on (see --valid-chroms)")
    return regions.with_splits(splits)


def _valid_from_train(
    regions: Regions, splits: NDArray[np.object_], rows: Rows, seed: int
) -> NDArray[np.object_]:
    """Take validation rows from the training rows of a table that has a split without them."""
    train = np.flatnonzero(splits == "train")
    codes = None if rows.codes is None else rows.codes[train]
    linked = None if rows.linked is None else rows.linked[train]
    groups = leakage_groups(regions.intervals.take(train), codes, linked)
    drawn = by_fraction(groups, DEFAULT_VALID_FRACTION, 0.0, seed)
    note(f"no rows to validate on: {DEFAULT_VALID_FRACTION:.0%} of the training rows, at random, do")
    splits = splits.copy()
    splits[train] = drawn
    return splits


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
