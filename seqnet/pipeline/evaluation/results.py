"""What an evaluation returns: everything about one set of predictions, its tables and its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.metrics.bootstrap import LEVEL, RESAMPLES, Interval
from seqnet.metrics.evaluate import TaskMetrics
from seqnet.metrics.registry import HEADLINES, METRICS, ROW_COUNTS, TaskType
from seqnet.metrics.tiles import TileMetrics
from seqnet.metrics.warnings import undefined_metrics
from seqnet.networks.model import ModelPart, part_line, stacked_parts
from seqnet.pipeline.tables import ColumnTable
from seqnet.version import __version__

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Json


@dataclass(frozen=True, eq=False)
class Baseline:
    """Other predictions of the same rows.

    Parameters
    ----------
    task_metrics
        Of the tasks that both have.
    differences
        Headline metric to how much higher the model's mean is, and the interval of that.
    """

    name: str
    task_metrics: TaskMetrics
    differences: dict[str, tuple[float | None, Interval | None]]


class PartFigures(NamedTuple):
    """What a part of a model earns alone on the rows evaluated, or all parts together.

    Parameters
    ----------
    figures
        Metric to the mean of tasks.
    """

    name: str
    figures: dict[str, float | None]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything that was found out.

    Parameters
    ----------
    name, labels, split
        What was evaluated, by which labels, and which rows of them.
    targets, values
        float64 (n, T): what was evaluated.
    task_metrics
        Every metric.
    thresholds_from
        Where decision thresholds come from, in words; empty without.
    negatives
        Kind of negative to (number of rows, metrics against that kind alone).
    tiles, tile_contigs
        The genome-wide figures, and the contigs that they are of; empty without.
    """

    name: str
    labels: str
    split: str
    targets: Floats
    values: Floats
    task_metrics: TaskMetrics
    thresholds_from: str
    training_base_rates: dict[str, float]
    block_size: int | None
    negatives: dict[str, tuple[int, TaskMetrics]] = field(default_factory=dict)
    baselines: list[Baseline] = field(default_factory=list)
    tiles: list[TileMetrics] = field(default_factory=list)
    tile_contigs: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    model: Json | None = None
    ablations: list[Baseline] = field(default_factory=list)
    """Predictions of the same model without one of its inputs."""
    undenoised: list[Baseline] = field(default_factory=list)
    """The inputs of a model that denoises, as they are; they are among the baselines too."""
    parts: list[PartFigures] = field(default_factory=list)
    """What each part of the model earns, and last their sum; empty for models without parts."""
    unsplit: bool = False
    """Whether the labels have no split column, so that all rows are evaluated."""
    tile_places: str = ""
    """Which tiles were evaluated, in words."""
    digest: str | None = None
    """SHA-256 of the places, or names, of the rows evaluated."""

    @property
    def by_split(self) -> bool:
        """Whether the rows of one split were evaluated."""
        return not self.unsplit and self.split != "all"

    @property
    def rows_evaluated(self) -> str:
        """Return which rows were evaluated, in words."""
        if self.unsplit:
            return "all rows (no split column)"
        return "all rows" if self.split == "all" else f"split {self.split!r}"

    units: str | None = None
    """What the numbers of a denoised track are, in words; None for others, which have the labels' units."""

    def _part(self, part: PartFigures) -> Json:
        """Return a part as JSON shows it, with what the model's header has of it."""
        stored = {row.name: row for row in stacked_parts(self.model or {})}.get(part.name)
        return {
            "name": part.name, "weight": None if stored is None else stored.weight,
            "valid": {} if stored is None else dict(stored.figures), "rows": part.figures,
        }  # fmt: skip

    def content(self) -> Json:
        """Return the JSON object, as docs/evaluate.md describes it."""
        metrics = self.task_metrics
        return {
            "version": __version__,
            "command": "evaluate",
            "predictions": self.name,
            "labels": self.labels,
            "split": self.split,
            "split_column": not self.unsplit,
            "rows_digest": self.digest,
            "task_type": metrics.kind,
            "units": self.units,
            "rows": len(self.targets),
            "metrics": _rows(metrics),
            "undefined": undefined_metrics(metrics),
            "intervals": {
                "level": LEVEL,
                "resamples": RESAMPLES,
                "block_size": self.block_size,
                "blocks": metrics.blocks,
                "rows": metrics.intervals,
            },
            "thresholds_from": self.thresholds_from or None,
            "training_base_rates": self.training_base_rates or None,
            "negatives": [
                {"kind": kind, "rows": n, "metrics": _rows(figures)}
                for kind, (n, figures) in self.negatives.items()
            ],
            "baselines": [_beside(baseline) for baseline in self.baselines],
            "ablations": [_beside(ablation) for ablation in self.ablations],
            "parts": [self._part(part) for part in self.parts] or None,
            "tiles": [row._asdict() for row in self.tiles] or None,
            "tile_contigs": self.tile_contigs or None,
            "tile_places": self.tile_places or None,
            "confusion": None if metrics.confusion is None else metrics.confusion.astype(int).tolist(),
            "warnings": self.warnings,
        }


def _beside(other: Baseline) -> Json:
    """Return other predictions as JSON shows them."""
    return {
        "name": other.name,
        "metrics": _rows(other.task_metrics),
        "difference": {
            metric: {"value": value, "interval": interval}
            for metric, (value, interval) in other.differences.items()
        },
    }


def _rows(metrics: TaskMetrics) -> list[Json]:
    """Return the rows of metrics with their names; counts as whole numbers."""
    return [
        {"task": name, **{metric: _whole(value) for metric, value in row.items()}}
        for name, row in zip(metrics.names, metrics.rows, strict=True)
    ]


def _whole(value: float | None) -> float | int | None:
    """Return whole floats as integers, as JSON shows counts."""
    return int(value) if value is not None and value == int(value) and abs(value) > 1 else value


@dataclass(frozen=True, eq=False)
class MetricsTable(ColumnTable):
    """Metrics, a row for each task and, beyond one, their mean last.

    Parameters
    ----------
    task
        object (rows,).
    figures
        Metric to float64 (rows,), NaN where it is undefined; for headline metrics the bounds of their
        95 % intervals as ``METRIC_low`` and ``METRIC_high``.
    """

    task: NDArray[np.object_]
    figures: Mapping[str, Floats]

    @staticmethod
    def of(evaluation: Evaluation) -> MetricsTable:
        """Return the metrics of an evaluation."""
        rows = table_rows(evaluation)
        return MetricsTable(_texts(rows, 0), _figures(table_columns(evaluation.task_metrics), rows, 1))

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns by name: task, the metrics, the bounds of intervals."""
        return {"task": self.task, **self.figures}


@dataclass(frozen=True, eq=False)
class ComparisonTable(ColumnTable):
    """Headline metrics of several evaluations, a row for each task and metric.

    Parameters
    ----------
    task, metric
        object (rows,).
    figures
        Evaluation to float64 (rows,), NaN where undefined; ``difference`` is the last less the first.
    """

    task: NDArray[np.object_]
    metric: NDArray[np.object_]
    figures: Mapping[str, Floats]

    @staticmethod
    def of(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> ComparisonTable:
        """Return rows of task, metric and figures as columns."""
        return ComparisonTable(_texts(rows, 0), _texts(rows, 1), _figures(columns, rows, 2))

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns by name."""
        return {"task": self.task, "metric": self.metric, **self.figures}


def _texts(rows: Sequence[Sequence[object]], column: int) -> NDArray[np.object_]:
    """Return a column of texts."""
    return np.array([row[column] for row in rows], dtype=object)


def _figures(columns: Sequence[str], rows: Sequence[Sequence[object]], first: int) -> dict[str, Floats]:
    """Return the columns from `first` on by name, float64 with NaN for None."""
    values = np.array([row[first:] for row in rows], dtype=np.float64).reshape(len(rows), -1)
    return dict(zip(columns[first:], values.T, strict=True))


@dataclass(frozen=True, eq=False)
class EvaluateResult:
    """What was figures.

    Parameters
    ----------
    metrics
        None with ``compare``.
    evaluation
        Everything that was found; ``evaluation.content()`` is the JSON. None with ``compare``.
    comparison
        The evaluations side by side, with ``compare``; None otherwise.
    warnings
        What to beware of.
    rows
        How many rows were evaluated.
    outputs
        The files written.
    """

    metrics: MetricsTable | None = None
    evaluation: Evaluation | None = None
    comparison: ComparisonTable | None = None
    warnings: tuple[str, ...] = ()
    rows: int = 0
    outputs: tuple[str, ...] = ()


def table_columns(metrics: TaskMetrics) -> list[str]:
    """Return the columns of the metrics table."""
    bounds = [f"{metric}_{side}" for metric in HEADLINES[metrics.kind] for side in ("low", "high")]
    return ["task", *metrics.metrics, *bounds]


def table_rows(evaluation: Evaluation) -> list[list[object]]:
    """Return the rows of the metrics table; those of the inputs as they are follow a denoised track's."""
    rows = _metric_rows(evaluation.task_metrics)
    for other in evaluation.undenoised:
        rows += [[f"{task}: {other.name}", *rest] for task, *rest in _metric_rows(other.task_metrics)]
    return rows


def _metric_rows(metrics: TaskMetrics) -> list[list[object]]:
    """Return the rows of metrics, their columns and the bounds of their intervals."""
    table: list[list[object]] = []
    for name, row in zip(metrics.names, metrics.rows, strict=True):
        bounds: list[object] = []
        for metric in HEADLINES[metrics.kind]:
            bounds += metrics.interval(name, metric) or (None, None)
        table.append([name, *row.values(), *bounds])
    return table


def summary_line(evaluation: Evaluation) -> str:
    """Return the headline metrics as one line of text, with intervals and the genome-wide figures."""
    figures = evaluation.task_metrics
    name = figures.names[-1]
    parts = []
    for metric in HEADLINES[figures.kind]:
        value, bounds = figures.summary.get(metric), figures.interval(name, metric)
        spread = f" ({bounds[0]:.4f} to {bounds[1]:.4f})" if bounds else ""
        parts.append(f"{METRICS[figures.kind][metric].label} {_shown(value)}{spread}")
    rate = figures.summary.get("base_rate")
    if figures.kind == "binary":
        parts.append(f"base rate {_shown(rate)}")
    if evaluation.tiles:
        wide = evaluation.tiles[-1]
        parts.append(_wide_text(wide, evaluation.split))
    return ("mean " if len(figures.rows) > 1 else "") + ", ".join(parts)


def _wide_text(wide: TileMetrics, split: str) -> str:
    """Return the genome-wide figure as text, and the unweighted one where background tiles are weighted."""
    spread = "" if wide.auprc_low is None else f" ({wide.auprc_low:.4f} to {_shown(wide.auprc_high)})"
    text = f"genome-wide auPRC {_shown(wide.auprc)}{spread} at a base rate of {_shown(wide.base_rate)}"
    if wide.background_weight in (None, 1):
        return text
    weight = _shown(wide.background_weight)
    return (
        f"{text} with background tiles weighted by {weight}, the {split} share of the peaks "
        f"(unweighted {_shown(wide.unweighted_auprc)} at {_shown(wide.unweighted_base_rate)})"
    )


def part_lines(evaluation: Evaluation) -> list[str]:
    """Return the weights and figures of a model's parts as a line, where it has several."""
    weights = {part.name: part.weight for part in stacked_parts(evaluation.model or {})}
    parts = [ModelPart(name, weights.get(name), figures) for name, figures in evaluation.parts]
    return [f"parts: {part_line(parts)}"] if parts else []


def ablation_lines(evaluation: Evaluation) -> list[str]:
    """Return what each input adds to the headline metrics, a line each."""
    kind = evaluation.task_metrics.kind
    return [f"without {other.name}: {_gains(other, kind, 'it adds')}" for other in evaluation.ablations]


def baseline_lines(evaluation: Evaluation) -> list[str]:
    """Return the headline metrics of each baseline, and how much higher ours are, a line each."""
    kind = evaluation.task_metrics.kind
    return [
        f"baseline {other.name}: {_gains(other, kind, f'{evaluation.name} differs by')}"
        for other in evaluation.baselines
        if other not in evaluation.undenoised
    ]


def _gains(other: Baseline, kind: TaskType, words: str) -> str:
    """Return the headline metrics of other predictions, each with the difference to it and its interval."""
    parts = []
    for metric, (gain, bounds) in other.differences.items():
        value = _shown(other.task_metrics.summary.get(metric))
        spread = f", {bounds[0]:+.4f} to {bounds[1]:+.4f}" if bounds else ""
        added = "NA" if gain is None else f"{gain:+.4f}"
        parts.append(f"{METRICS[kind][metric].label} {value} ({words} {added}{spread})")
    return ", ".join(parts)


def _shown(value: float | None) -> str:
    """Return a number with four decimals, NA where it is undefined."""
    return "NA" if value is None else f"{value:.4f}"


def figure_text(metric: str, value: float | None) -> str:
    """Return a metric as text: three decimals, or two digits of what those hide; whole counts; NA."""
    if value is None:
        return "NA"
    if metric in ROW_COUNTS:
        return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
    if 0 < abs(value) < 0.0005:  # of small units, or of a whole genome
        return f"{value:.2g}"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"
