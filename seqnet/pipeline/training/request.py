"""The requests of ``train linear``, ``dense`` and ``cnn``, from what they share; standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from seqnet.errors import UsageError
from seqnet.kmers.settings import KmerSettings, chosen_settings
from seqnet.networks.optimisers import DEFAULT_OPTIMISER, OPTIMISERS, OptimiserName
from seqnet.networks.presets import PresetName
from seqnet.networks.schedules import DEFAULT_SCHEDULE, ScheduleName
from seqnet.networks.task_types import MONITORS, TaskType, loss_name
from seqnet.parallel import usable_threads
from seqnet.pipeline.inputs.request import SignalFit, SignalMissing, SignalSource, SplitRequest
from seqnet.pipeline.motifs.request import MotifRules
from seqnet.pipeline.training.sources import (
    LabelledFeatures,
    LabelledRegions,
    LabelledSequences,
    LabelledTable,
    NamedTracks,
    PositiveSequences,
    RowSource,
    check_companions,
    chosen_way,
    signal_files,
)

if TYPE_CHECKING:
    from seqnet.datasets.leakage import OnLeak
    from seqnet.formats.motifs.entries import OnBadMotif, OnDuplicate
    from seqnet.genome.alphabet import LowerCase
    from seqnet.genome.signals.tracks import Scale, Transform


@dataclass(frozen=True, kw_only=True)
class TrainRequest(SplitRequest):
    """What all train commands have: outputs, splits, seed, threads.

    Parameters
    ----------
    output
        The model file; None returns the model and writes nothing.
    metrics, json_path
        Training log and summary. Default: named after the model.
    threads
        0 for all CPUs this process may use.
    """

    output: str | None = None
    metrics: str | None = None
    json_path: str | None = None
    seed: int = 0
    threads: int = 0

    kind: ClassVar[str]
    """What the model's header calls the kind of model."""

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        self.check()

    def check(self) -> None:
        """Refuse fields that contradict each other."""
        if self.output is None and not self.describes:
            for name, path in self.side_paths().items():
                if path is not None:
                    raise UsageError(f"--{name} needs -o: it goes with the model")

    @property
    def describes(self) -> bool:
        """Whether nothing is trained: the network is described."""
        return False

    @property
    def thread_count(self) -> int:
        """The number of threads."""
        return usable_threads(self.threads)

    def side_paths(self) -> dict[str, str | None]:
        """Return the paths of side files by option; None where they are named after the model."""
        return {"metrics": self.metrics, "json": self.json_path}


@dataclass(frozen=True, kw_only=True)
class MotifReader:
    """How motifs of no use are handled."""

    on_bad: OnBadMotif = "error"
    on_duplicate: OnDuplicate = "error"

    @property
    def motif_rules(self) -> MotifRules:
        """The same as readers of motifs take it."""
        return MotifRules(self.on_bad, self.on_duplicate)


@dataclass(frozen=True, kw_only=True)
class LabelledRequest(TrainRequest):
    """Rows with labels: exactly one of regions, sequences, positives, table and, for k-mers, features.

    Parameters
    ----------
    tasks
        Task names of a table that lost its column line.
    length
        Crop or pad sequences around their centre to this length. Default: the longest.
    task_type
        Row of ``networks.heads.TASK_TYPES``. Default: binary where all values are 0 and 1, else regression.
    """

    regions: str | None = None
    genome: str | None = None
    sequences: str | None = None
    labels: str | None = None
    positives: str | None = None
    negatives: str | None = None
    table: str | None = None
    sequence_column: str | None = None
    target_columns: Sequence[str] = ()
    name_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    weight_column: str | None = None
    length: int | None = None
    tasks: Sequence[str] | None = None
    soft_mask: LowerCase = "ignore"
    task_type: TaskType | None = None
    loss: Literal["bce", "hinge", "cross_entropy", "mse", "poisson"] | None = None
    on_leak: OnLeak | None = None

    def check(self) -> None:
        """Refuse fields that contradict each other, and miss those that are needed."""
        super().check()
        way = chosen_way(self.ways())
        check_companions(way, self, signals=bool(self.track_source.signals))
        if self.task_type is not None:
            self.check_task_type(self.task_type)

    def check_task_type(self, task_type: str) -> None:
        """Refuse what targets of a type do not have.

        Raises
        ------
        UsageError
            Naming the option.
        """
        self.loss_for(task_type)

    def loss_for(self, task_type: str) -> str:
        """Return the loss for targets of a type, row of ``networks.losses.LOSSES``."""
        try:
            return loss_name(task_type, self.loss)
        except ValueError as error:
            raise UsageError(f"--{error}") from error

    def ways(self) -> dict[str, str | None]:
        """Return the ways to give rows, and what each was given."""
        return {"regions": self.regions, "sequences": self.sequences, "positives": self.positives,
                "table": self.table}  # fmt: skip

    @property
    def track_source(self) -> SignalSource:
        """The tracks that are read with the rows."""
        return SignalSource()

    @property
    def track_fit(self) -> SignalFit:
        """How tracks are made comparable."""
        return SignalFit()

    @property
    def source(self) -> RowSource:
        """The rows."""
        if self.regions is not None:
            return LabelledRegions(
                self.regions, self.genome, self.length, self.tasks, self.soft_mask, self.track_source,
                self.track_fit,
            )  # fmt: skip
        if self.sequences is not None:
            return LabelledSequences(
                self.sequences, str(self.labels), self.length, self.tasks, self.soft_mask
            )
        if self.positives is not None:
            return PositiveSequences(self.positives, str(self.negatives), self.length, self.soft_mask)
        return LabelledTable(
            str(self.table), str(self.sequence_column), self.target_columns, self.name_column,
            self.split_column, self.group_column, self.weight_column, self.length, self.soft_mask,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CountedTrainRequest(LabelledRequest):
    """Rows whose k-mers are read: a table of them, or how to count them.

    Parameters
    ----------
    features
        A k-mer table, joined to `labels` by name.
    k, patterns, gapped, gapped_all, hash_bits, strands, normalize
        As of ``kmer-featurize``.
    """

    features: str | None = None
    k: Sequence[int] = ()
    patterns: Sequence[str] = ()
    gapped: bool = False
    gapped_all: tuple[int, int] | None = None
    hash_bits: int | None = None
    strands: Literal["both", "forward", "column"] = "both"
    normalize: Literal["counts", "frequency", "log", "sqrt"] | None = None

    def check(self) -> None:
        """Refuse fields that contradict each other."""
        super().check()
        assert self.kmers

    def ways(self) -> dict[str, str | None]:
        """Return the ways to give rows, and what each was given."""
        return {"features": self.features, **super().ways()}

    @property
    def source(self) -> RowSource:
        """The rows."""
        if self.features is not None:
            return LabelledFeatures(self.features, str(self.labels), self.tasks)
        return super().source

    @property
    def kmers(self) -> KmerSettings:
        """What is counted and how."""
        try:
            return chosen_settings(
                "sqrt", k=self.k, patterns=self.patterns, gapped=self.gapped, gapped_all=self.gapped_all,
                hash_bits=self.hash_bits, strands=self.strands, normalize=self.normalize,
            )  # fmt: skip
        except ValueError as error:
            raise UsageError(str(error)) from error


@dataclass(frozen=True, kw_only=True)
class SignalRequest(TrainRequest):
    """Signal tracks as input.

    Parameters
    ----------
    signals
        Name to bigWig, or files, each as ``[NAME=]BIGWIG``.
    signal_clip, signal_transform, signal_scale
        For all tracks, or by name.
    """

    signals: NamedTracks = ()
    signal_missing: SignalMissing | None = None
    cache_dir: str | None = None
    signal_clip: float | Mapping[str, float] | None = None
    signal_transform: Transform | Mapping[str, Transform] | None = None
    signal_scale: Scale | Mapping[str, Scale] | None = None

    def check(self) -> None:
        """Refuse what goes with tracks where there are none, and names that no track has."""
        super().check()
        source = self.track_source
        source.check()
        self.track_fit.check([file.name for file in source.signals])

    @property
    def track_source(self) -> SignalSource:
        """The tracks that are read."""
        return SignalSource(signal_files(self.signals), self.signal_missing, self.cache_dir)

    @property
    def track_fit(self) -> SignalFit:
        """How the tracks are made comparable."""
        clip, transform, scale = self.signal_clip, self.signal_transform, self.signal_scale
        return SignalFit(
            clip if isinstance(clip, Mapping) else {} if clip is None else {"": clip},
            transform if isinstance(transform, Mapping) else {} if transform is None else {"": transform},
            scale if isinstance(scale, Mapping) else {} if scale is None else {"": scale},
        )


@dataclass(frozen=True, kw_only=True)
class FitRequest(TrainRequest):
    """How a network is built and fitted.

    Parameters
    ----------
    layers, architecture_path
        Layers as text, and as a TOML file.
    epochs, batch_size
        Batches hold rows per step; 0 takes all rows. Defaults: by the number of training rows.
    ema
        Decay of the running average of weights. Default: a sixth of the steps for fewer than 20,000 training
        rows, for regressions and with `motifs`, else none.
    monitor
        What decides which epoch is the best. Default: auPRC where positives are rare, else the loss.
    checkpoint_every
        Steps, or seconds: one of the two.
    dry_run
        Describe the network and train nothing.
    """

    layers: str | None = None
    architecture_path: str | None = None
    no_bias: bool = False
    init: Literal["zeros", "normal", "fan-in", "glorot", "he"] | None = None
    prior_bias: bool = False
    force: bool = False
    dry_run: bool = False
    epochs: int | None = None
    batch_size: int | None = None
    optimiser: OptimiserName = DEFAULT_OPTIMISER
    optimiser_options: Mapping[str, float] | None = None
    learning_rate: float | None = None
    schedule: ScheduleName = DEFAULT_SCHEDULE
    decay_epochs: int = 5
    decay_factor: float = 0.1
    warmup: int = 0
    weight_decay: float = 0.01
    clip: float | None = None
    max_norm: float | None = None
    ema: float | None = None
    monitor: Literal["accuracy", "auprc", "auroc", "loss", "pearson", "r2"] | None = None
    patience: int = 10
    device: str = "auto"
    precision: Literal["auto", "float32", "bf16"] = "auto"
    compile: bool = False
    checkpoint_dir: str | None = None
    checkpoint_every: tuple[int | None, float | None] = (None, 600.0)
    resume: bool = False
    requeue_code: int = 85
    plot: str | None = None

    def check(self) -> None:
        """Refuse fields that contradict each other."""
        named = [option for option, value in self.layer_choices().items() if value is not None]
        if len(named) > 1:
            raise UsageError(f"{' and '.join(named)} exclude each other")
        super().check()
        if self.resume and self.checkpoint_dir is None:
            raise UsageError("--resume needs --checkpoint-dir")
        known = OPTIMISERS[self.optimiser].options
        for name in self.optimiser_options or ():
            if name not in known:
                have = ", ".join(known) or "none"
                raise UsageError(f"--optimiser-option {name}: {self.optimiser} has {have}")

    @property
    def describes(self) -> bool:
        """Whether nothing is trained: the network is described."""
        return self.dry_run

    def layer_choices(self) -> dict[str, object]:
        """Return the options that choose the layers, and what each was given."""
        return {"--layers": self.layers, "--architecture": self.architecture_path}

    def side_paths(self) -> dict[str, str | None]:
        """Return the paths of side files by option; None where they are named after the model."""
        return {**super().side_paths(), "plot": self.plot}


@dataclass(frozen=True, kw_only=True)
class NetworkRequest(SignalRequest, LabelledRequest, FitRequest, MotifReader):
    """A network that learns labels.

    Parameters
    ----------
    strand_pairs
        Tracks of the two strands, which change places in reverse complements.
    baselines, baseline_motifs
        Whether to fit cheap models of the same rows, and whose motifs' best windows to score too.
    ensemble
        Networks to train, of seeds from `seed` on, whose mean is the model.
    """

    strand_pairs: Sequence[tuple[str, str]] = ()
    target_scale: Literal["z", "none", "log1p", "quantile"] | None = None
    class_weights: bool = False
    balance: bool = False
    baselines: bool = False
    baseline_motifs: str | None = None
    ensemble: int = 1

    def check(self) -> None:
        """Refuse fields that contradict each other."""
        super().check()
        if self.baseline_motifs is not None and not self.baselines:
            raise UsageError("--baseline-motifs needs --baselines")
        if self.warmup and self.schedule == "one-cycle":
            raise UsageError("--schedule one-cycle has its own warm-up; leave --warmup out")

    def check_task_type(self, task_type: str) -> None:
        """Refuse what targets of a type do not have; otherwise as of a `LabelledRequest`."""
        if self.monitor is not None and self.monitor not in MONITORS[task_type]:
            fitting = " or ".join(MONITORS[task_type])
            raise UsageError(f"--monitor {self.monitor} is not for {task_type} targets; take {fitting}")
        if task_type != "binary" and (self.class_weights or self.balance):
            raise UsageError("--class-weights and --balance are for binary targets")
        if self.baselines and task_type != "binary":
            raise UsageError(f"--baselines are for binary targets, not for {task_type}")
        if task_type != "regression" and self.target_scale not in (None, "none"):
            scale = self.target_scale
            raise UsageError(f"--target-scale {scale} is for regression targets, not for {task_type}")
        super().check_task_type(task_type)

    @property
    def track_fit(self) -> SignalFit:
        """How the tracks are made comparable."""
        return super().track_fit._replace(strand_pairs=tuple(self.strand_pairs))


@dataclass(frozen=True, kw_only=True)
class TrainLinearRequest(CountedTrainRequest, MotifReader):
    """A linear model of k-mers; the fields are the options of ``seqnet train linear``.

    Parameters
    ----------
    strength
        scikit-learn's C; with the loss mse the weight of the penalty. Default: the best of several on the
        validation rows.
    motifs
        A collection of motifs, which are read in place of k-mers.
    """

    strength: float | None = None
    motifs: str | None = None
    kind: ClassVar[str] = "linear"

    def check(self) -> None:
        """Refuse fields that contradict each other."""
        super().check()
        counted = (
            self.k or self.patterns or self.gapped or self.gapped_all or self.hash_bits or self.normalize
        )
        if self.motifs is not None and (counted or self.features is not None):
            raise UsageError("--motifs takes the place of k-mers: leave their options out")

    def loss_for(self, task_type: str) -> str:
        """Return the loss for targets of a type, which the strength must fit."""
        name = super().loss_for(task_type)
        if self.strength == 0 and name != "mse":
            raise UsageError(
                f"--strength 0 gives the data no weight with --loss {name}; expected more than 0"
            )
        return name


@dataclass(frozen=True, kw_only=True)
class TrainDenseRequest(CountedTrainRequest, NetworkRequest):
    """A fully connected network of k-mers; the fields are the options of ``seqnet train dense``.

    Parameters
    ----------
    hidden, dropout
        Units of the hidden layers, 64 by default, and the dropout after each.
    """

    hidden: Sequence[int] | None = None
    dropout: float = 0.3
    kind: ClassVar[str] = "dense"

    def layer_choices(self) -> dict[str, object]:
        """Return the options that choose the layers, and what each was given."""
        return {"--hidden": self.hidden, **super().layer_choices()}


@dataclass(frozen=True, kw_only=True)
class TrainCnnRequest(NetworkRequest):
    """A convolutional network; the fields are the options of ``seqnet train cnn``.

    Parameters
    ----------
    strands
        ``both``, ``forward``, ``column`` for that of the regions, or ``auto``: a k-mer model chooses both or
        forward by the validation rows. Default: both; auto with `table`.
    jitter
        Bases by which training windows are moved at most.
    mutate
        Share of the bases of training sequences that are replaced by random ones, others in each step.
        Default: .05 with the default preset, binary tasks and up to 2,000 training rows, less for up to
        10,000, otherwise 0.
    kmer_term
        Whether a linear model of gapped k-mers is added. Default: with the default preset for binary targets
        and regressions of sequences.
    motifs
        A collection of motifs, whose occupancies are a linear term.
    denovo_motifs
        Whether motifs for such a term are grown from the words of the k-mer term. Default: with the k-mer
        term of the default preset, if tasks have fewer than 500 positives, unless `motifs` or `init_motifs`
        names a collection.
    """

    preset: PresetName | None = None
    init_motifs: str | None = None
    strands: Literal["auto", "both", "forward", "column"] | None = None
    jitter: int = 0
    mutate: float | None = None
    towers: bool = False
    kmer_term: bool | None = None
    motifs: str | None = None
    denovo_motifs: bool | None = None
    kind: ClassVar[str] = "cnn"

    def layer_choices(self) -> dict[str, object]:
        """Return the options that choose the layers, and what each was given."""
        return {"--preset": self.preset, **super().layer_choices()}
