"""The request of an evaluation, and which of its fields contradict each other; standard library only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from seqnet.errors import UsageError
from seqnet.pipeline.inputs.request import SignalFile, SignalMissing, SignalSource
from seqnet.pipeline.outputs import expect_page

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.kmers.table import KmerTable
    from seqnet.networks.model import Model
    from seqnet.pipeline.prediction.results import PredictionTable

_NOT_DENOISED = (
    "labels", "regions", "genome", "features", "sequences", "table", "ablate", "baselines", "tiles",
    "threshold", "peak_width",
)  # fmt: skip
"""Fields that have no sense for denoised tracks."""


@dataclass(frozen=True)
class EvaluateRequest:
    """Which predictions to evaluate against which labels; the fields are the options of ``seqnet evaluate``.

    Parameters
    ----------
    predictions
        A file that ``predict`` wrote, or a `PredictionTable`; with `compare` two JSON files or more, which
        ``evaluate`` or ``train`` wrote.
    labels, regions
        Labelled regions or a table of names; `regions` with `model` and `genome`.
    sequences
        FASTA, joined to `labels` by name, for `model`.
    table, sequence_column, target_columns
        TSV or CSV with columns of targets in place of `labels`; of sequences, too, for `model`.
    name_column, split_column, group_column
        Its other columns; rows are named ``row1``, ``row2``, ... without one of names.
    output
        Where the metrics go; None returns them alone.
    model
        Predict with this model file, or `Model`, instead of reading predictions. Of several the first is
        evaluated, and the others are baselines of the same rows.
    signals, target_tracks
        Names and bigWigs: the tracks that the model reads, and the deep ones that it should make of them.
    baselines
        Other predictions of the same rows: names and files, or ``NAME=FILE``.
    split
        Rows to evaluate; None for test.
    patterns
        What ``discover`` wrote as JSON, for the report.
    threads
        0 for all processors.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    predictions: str | PredictionTable | tuple[str, ...] = ()
    labels: str | None = None
    output: str | None = None
    model: str | Model | tuple[str | Model, ...] = ()
    regions: str | None = None
    genome: str | None = None
    features: str | KmerTable | None = None
    sequences: str | None = None
    table: str | None = None
    sequence_column: str | None = None
    target_columns: tuple[str, ...] = ()
    name_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    signals: Mapping[str, str] | tuple[SignalFile, ...] = ()
    signal_missing: SignalMissing | None = None
    cache_dir: str | None = None
    target_tracks: Mapping[str, str] | tuple[SignalFile, ...] = ()
    ablate: bool = False
    ablate_with: Literal["mean", "zero"] = "mean"
    baselines: Mapping[str, str] | tuple[str, ...] = ()
    split: Literal["train", "valid", "test", "all"] | None = None
    task_type: Literal["binary", "regression", "counts", "multiclass"] | None = None
    threshold: float | None = None
    intervals: Literal["mean", "tasks", "none"] = "mean"
    block_size: int | None = None
    seed: int = 0
    tiles: str | None = None
    peaks: str | None = None
    peak_width: int | None = None
    tile: int = 50
    chroms: tuple[str, ...] = ()
    json_path: str | None = None
    report: str | None = None
    title: str | None = None
    training_log: str | None = None
    patterns: str | None = None
    mqc: str | None = None
    compare: bool = False
    header: HeaderMode = "columns"
    device: str = "auto"
    threads: int = 0

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        expect_page(self.report)
        if self.compare:
            if len(self.files) < 2:
                raise UsageError("--compare takes two JSON files or more")
            return
        if self.patterns is not None and self.report is None:
            raise UsageError("--patterns needs --report, which shows them")
        if len(self.files) > 1:
            raise UsageError("one file of PREDICTIONS at a time; --baseline and --compare add others")
        if self.target_tracks:
            self._check_denoised()
        else:
            self._check_sources()
            self._check_peaks()

    @property
    def files(self) -> tuple[str | PredictionTable, ...]:
        """The predictions, one by one."""
        predictions = self.predictions
        each = predictions if isinstance(predictions, tuple | list) else (predictions,)
        return tuple(os.fspath(one) if isinstance(one, os.PathLike) else one for one in each)

    @property
    def models(self) -> tuple[str | Model, ...]:
        """The models, one by one; the first is the one that is evaluated."""
        if self.model is None:  # as Python users may write
            return ()
        return tuple(self.model) if isinstance(self.model, tuple | list) else (self.model,)

    @property
    def tracks(self) -> SignalSource:
        """The signal tracks, as given."""
        return SignalSource.of(self.signals, self.signal_missing, self.cache_dir)

    @property
    def evaluated_split(self) -> str:
        """The split to evaluate."""
        return self.split or "test"

    @property
    def named_baselines(self) -> list[tuple[str, str]]:
        """Name and file of each baseline."""
        if isinstance(self.baselines, Mapping):
            return list(self.baselines.items())
        return [_named_file(text) for text in self.baselines]

    def _check_sources(self) -> None:
        """Refuse sources of predictions and labels that do not go together."""
        self.tracks.check()
        if self.ablate and not self.signals:
            raise UsageError("--ablate needs --model and --signal: there is one input otherwise")
        if self.ablate and len(self.models) > 1:
            raise UsageError("--ablate is for one model; run it for each")
        self._check_table()
        if len(self.models) > 1 and "-" in (self.genome, self.features, self.sequences):
            raise UsageError("several models read their input once each; give a file in place of -")
        labelled = self.labels is not None or self.table is not None
        if not self.models:
            self._check_predictions(labelled)
            return
        if self.table is not None or self.sequences is not None:
            beside = (self.regions, self.genome, self.features, self.signals, self.files)
            if any(beside) or not labelled:
                raise UsageError("--model goes with --sequences and --labels, or with --table alone")
            return
        located = bool(self.genome or (self.regions and self.signals))
        sources = (bool(self.labels), bool(self.regions), located, bool(self.features))
        if self.files or sources not in ((False, True, True, False), (True, False, False, True)):
            raise UsageError(
                "--model goes with --regions, which hold the labels, and --genome, with --features or "
                "--sequences and --labels, or with --table"
            )

    def _check_predictions(self, labelled: bool) -> None:
        """Refuse predictions without labels, and inputs that only models read."""
        inputs = {"--regions": self.regions, "--genome": self.genome, "--features": self.features,
                  "--sequences": self.sequences, "--signal": self.signals}  # fmt: skip
        needless = [option for option, value in inputs.items() if value]
        if labelled and needless and self.files:
            raise UsageError(f"{needless[0]} is for --model; PREDICTIONS need --labels or --table alone")
        if not labelled or needless:
            models = [path for path in self.files if isinstance(path, str) and path.endswith(".safetensors")]
            hint = f"; {models[0]} is a model, which --model takes" if models else ""
            raise UsageError(
                f"give PREDICTIONS with --labels or --table, or --model with labelled data{hint}"
            )

    def _check_table(self) -> None:
        """Refuse columns without a table, and a table without its columns."""
        columns = (
            self.sequence_column, self.target_columns, self.name_column, self.split_column, self.group_column,
        )  # fmt: skip
        if self.table is None:
            if any(columns):
                raise UsageError("--sequence-column, --target and the other columns are for --table")
            return
        if self.labels is not None:
            raise UsageError("--table holds the labels; leave out --labels")
        if not self.target_columns:
            raise UsageError("--table needs --target, the column to evaluate by")
        if (self.sequence_column is None) != (not self.models):
            raise UsageError("--table needs --sequence-column with --model, and with --model alone")

    def _check_peaks(self) -> None:
        """Refuse options of peaks and tiles without peaks, and baselines without a name."""
        if self.peak_width is not None and self.peaks is None:
            raise UsageError("--peak-width goes with --peaks")
        if self.tiles is not None and self.peaks is None:
            raise UsageError("--tiles needs --peaks, which label them")
        _ = self.named_baselines

    def _check_denoised(self) -> None:
        """Refuse what has no sense for denoised tracks."""
        if len(self.models) != 1 or self.files or not self.signals:
            raise UsageError("--target-track goes with one --model and --signal, and no predictions")
        for name in _NOT_DENOISED:
            if getattr(self, name):
                option = name.removesuffix("s") if name == "baselines" else name.replace("_", "-")
                raise UsageError(f"--{option} does not go with --target-track")
        if self.task_type not in (None, "regression"):
            raise UsageError("denoised tracks are evaluated as a regression")


def _named_file(text: str) -> tuple[str, str]:
    """Split ``NAME=FILE``; a UsageError where it is none."""
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise UsageError(f"--baseline {text!r}: expected NAME=FILE")
    return name, path
