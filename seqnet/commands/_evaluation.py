"""The whole judgement of one set of predictions, and its JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

import seqnet
from seqnet.commands._evaluate_data import Labels, Predictions, shared_tasks
from seqnet.errors import SeqnetError
from seqnet.training.metrics.binary import BinaryMetrics
from seqnet.training.metrics.bootstrap import LEVEL, RESAMPLES, Interval
from seqnet.training.metrics.cautions import Circumstances, cautions, undefined_metrics
from seqnet.training.metrics.judging import (
    Judgement,
    Question,
    Resampling,
    against_kind,
    difference,
    judge,
    negative_kinds,
)
from seqnet.training.metrics.names import HEADLINES, METRICS, TaskType
from seqnet.training.metrics.ranking import choose_threshold

if TYPE_CHECKING:
    from seqnet.aliases import Bools, Floats, Ints, Progress


@dataclass(frozen=True, eq=False)
class Baseline:
    """Other predictions of the same rows.

    Parameters
    ----------
    judgement
        Of the tasks that both have.
    differences
        Headline metric to how much higher the model's mean is, and the interval of that.
    """

    name: str
    judgement: Judgement
    differences: dict[str, tuple[float | None, Interval | None]]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything that was found out.

    Parameters
    ----------
    name, labels, split
        What was judged, by which labels, and which rows of them.
    targets, values
        float64 (n, T): what was judged.
    judgement
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
    judgement: Judgement
    thresholds_from: str
    training_base_rates: dict[str, float]
    block_size: int | None
    negatives: dict[str, tuple[int, Judgement]] = field(default_factory=dict)
    baselines: list[Baseline] = field(default_factory=list)
    tiles: list[BinaryMetrics] = field(default_factory=list)
    tile_contigs: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    model: dict[str, Any] | None = None
    ablations: list[Baseline] = field(default_factory=list)
    """Predictions of the same model without one of its inputs."""
    undenoised: list[Baseline] = field(default_factory=list)
    """The inputs of a model that denoises, as they are; they stand among the baselines too."""

    def content(self) -> dict[str, Any]:
        """Return the JSON object, as docs/evaluate.md describes it."""
        found = self.judgement
        return {
            "version": seqnet.__version__,
            "command": "evaluate",
            "predictions": self.name,
            "labels": self.labels,
            "split": self.split,
            "task_type": found.kind,
            "rows": len(self.targets),
            "metrics": _rows(found),
            "undefined": undefined_metrics(found),
            "intervals": {
                "level": LEVEL,
                "resamples": RESAMPLES,
                "block_size": self.block_size,
                "blocks": found.blocks,
                "rows": found.intervals,
            },
            "thresholds_from": self.thresholds_from or None,
            "training_base_rates": self.training_base_rates or None,
            "negatives": [
                {"kind": kind, "rows": n, "metrics": _rows(judged)}
                for kind, (n, judged) in self.negatives.items()
            ],
            "baselines": [_beside(baseline) for baseline in self.baselines],
            "ablations": [_beside(ablation) for ablation in self.ablations],
            "tiles": [row._asdict() for row in self.tiles] or None,
            "tile_contigs": self.tile_contigs or None,
            "confusion": None if found.confusion is None else found.confusion.astype(int).tolist(),
            "warnings": self.warnings,
        }


def _beside(other: Baseline) -> dict[str, Any]:
    """Return other predictions as JSON shows them."""
    return {
        "name": other.name,
        "metrics": _rows(other.judgement),
        "difference": {
            metric: {"value": value, "interval": interval}
            for metric, (value, interval) in other.differences.items()
        },
    }


def _rows(found: Judgement) -> list[dict[str, Any]]:
    """Return a judgement's rows with their names; counts as whole numbers."""
    return [
        {"task": name, **{metric: _whole(value) for metric, value in row.items()}}
        for name, row in zip(found.names, found.rows, strict=True)
    ]


def _whole(value: float | None) -> float | int | None:
    """Return whole floats as integers, as JSON shows counts."""
    return int(value) if value is not None and value == int(value) and abs(value) > 1 else value


@dataclass(frozen=True, eq=False)
class Judge:
    """The rows to judge, and how.

    Parameters
    ----------
    rows, valid
        int64: label rows judged, and those that thresholds are chosen on.
    threshold
        For every task, where the user gave one.
    peaks
        bool (n, T) over all labels, for regression.
    resampling
        None for no intervals.
    """

    labels: Labels
    rows: Ints
    valid: Ints
    kind: TaskType
    threshold: float | None
    peaks: Bools | None
    resampling: Resampling | None

    def thresholds(self, predictions: Predictions, tasks: Sequence[str]) -> tuple[dict[str, float], str]:
        """Return each task's threshold, and in words where they come from."""
        if self.kind != "binary":
            return {}, ""
        if self.threshold is not None:
            return dict.fromkeys(tasks, self.threshold), "--threshold"
        if predictions.thresholds:
            return predictions.thresholds, "the model, chosen on its validation rows"
        if not len(self.valid) or len(predictions.rows) < len(self.rows) + len(self.valid):
            return {}, ""
        targets = self.labels.targets[self.valid]
        values = predictions.of(self.valid, tasks)
        targets = np.where(np.isnan(values), np.nan, targets[:, [self.labels.tasks.index(t) for t in tasks]])
        chosen = {task: choose_threshold(targets[:, i], values[:, i]) for i, task in enumerate(tasks)}
        known = {task: value for task, value in chosen.items() if value is not None}
        return known, f"the highest F1 on the {len(self.valid)} rows of split 'valid'" if known else ""

    def judged(
        self, predictions: Predictions, tasks: tuple[str, ...], progress: Progress
    ) -> tuple[Floats, Floats, Judgement, str]:
        """Judge predictions; return targets, values, the judgement and where thresholds come from."""
        columns = [self.labels.tasks.index(task) for task in tasks]
        targets = self.labels.targets[self.rows][:, columns]
        values = predictions.of(self.rows, tasks)
        thresholds, origin = self.thresholds(predictions, tasks)
        peaks = None if self.peaks is None else self.peaks[self.rows][:, columns]
        question = Question(self.kind, thresholds, peaks)
        try:
            found = judge(tasks, targets, values, question, self.resampling, progress)
        except ValueError as error:
            raise SeqnetError(f"{self.labels.source}: {error}") from error
        return targets, values, found, origin

    def by_negatives(
        self, found: Judgement, targets: Floats, values: Floats
    ) -> dict[str, tuple[int, Judgement]]:
        """Judge positives against each kind of negative apart, with the number of its rows."""
        if self.kind != "binary":
            return {}
        names = self.labels.names
        kinds = negative_kinds([names[row] for row in self.rows])
        negative = (targets == 0).any(axis=1)
        there = [kind for kind in sorted(set(kinds.tolist())) if negative[kinds == kind].any()]
        return {
            kind: (
                int((negative & (kinds == kind)).sum()),
                found
                if len(there) == 1
                else judge(found.tasks, against_kind(targets, kinds, kind), values, Question("binary")),
            )
            for kind in there
        }


def compare_baseline(question: Judge, ours: Predictions, theirs: Predictions, progress: Progress) -> Baseline:
    """Judge a baseline, and the model on the tasks that both have."""
    theirs_tasks = shared_tasks(question.labels, theirs)
    tasks = tuple(task for task in theirs_tasks if task in ours.tasks)
    if question.kind == "multiclass" and len(tasks) < len(ours.tasks):
        raise SeqnetError(f"baseline {theirs.name} lacks some of the {len(ours.tasks)} classes")
    if not tasks:
        raise SeqnetError(f"baseline {theirs.name} has none of the tasks judged")
    judgement = question.judged(theirs, tasks, progress)[2]
    reference = question.judged(ours, tasks, progress)[2]
    differences = {metric: difference(reference, judgement, metric) for metric in HEADLINES[question.kind]}
    return Baseline(theirs.name, judgement, differences)


def add_warnings(found: Evaluation, trained: Sequence[str], judged: Sequence[str]) -> list[str]:
    """Return the warnings of an evaluation."""
    first = HEADLINES[found.judgement.kind][0]
    return cautions(
        found.judgement,
        Circumstances(
            found.split,
            found.training_base_rates,
            {kind: n for kind, (n, _) in found.negatives.items()},
            trained,
            judged,
            {baseline.name: baseline.differences[first] for baseline in found.baselines},
            found.tile_contigs,
            {
                baseline.name: _where_better(found.judgement, baseline.judgement)
                for baseline in found.baselines
            },
        ),
    )


def _where_better(ours: Judgement, theirs: Judgement) -> tuple[list[tuple[str, float, float]], int]:
    """Return the tasks in which a baseline's first headline metric is higher, and how many both have."""
    metric = HEADLINES[ours.kind][0]
    table = dict(zip(ours.tasks, ours.rows, strict=False))
    pairs = [
        (task, table[task].get(metric), row.get(metric))
        for task, row in zip(theirs.tasks, theirs.rows, strict=False)
    ]
    known = [(task, one, other) for task, one, other in pairs if one is not None and other is not None]
    better = [pair for pair in known if pair[2] > pair[1]]
    return sorted(better, key=lambda pair: pair[1] - pair[2]), len(known)


def table_columns(kind: TaskType) -> list[str]:
    """Return the columns of the metrics table."""
    bounds = [f"{metric}_{side}" for metric in HEADLINES[kind] for side in ("low", "high")]
    return ["task", *METRICS[kind], *bounds]


def table_rows(evaluation: Evaluation) -> list[list[object]]:
    """Return the rows of the metrics table; those of the inputs as they are follow a denoised track's."""
    rows = _judged_rows(evaluation.judgement)
    for other in evaluation.undenoised:
        rows += [[f"{task}: {other.name}", *rest] for task, *rest in _judged_rows(other.judgement)]
    return rows


def _judged_rows(found: Judgement) -> list[list[object]]:
    """Return a judgement's rows, metrics and the bounds of their intervals."""
    table: list[list[object]] = []
    for name, row in zip(found.names, found.rows, strict=True):
        bounds: list[object] = []
        for metric in HEADLINES[found.kind]:
            bounds += found.interval(name, metric) or (None, None)
        table.append([name, *row.values(), *bounds])
    return table


def summary_line(found: Evaluation) -> str:
    """Return the headline metrics as one line of text, with intervals and the genome-wide figures."""
    judged = found.judgement
    name = judged.names[-1]
    parts = []
    for metric in HEADLINES[judged.kind]:
        value, bounds = judged.summary.get(metric), judged.interval(name, metric)
        spread = f" ({bounds[0]:.4f} to {bounds[1]:.4f})" if bounds else ""
        parts.append(f"{METRICS[judged.kind][metric].label} {_shown(value)}{spread}")
    rate = judged.summary.get("base_rate")
    if judged.kind == "binary":
        parts.append(f"base rate {_shown(rate)}")
    if found.tiles:
        wide = found.tiles[-1]
        parts.append(f"genome-wide auPRC {_shown(wide.auprc)} at a base rate of {_shown(wide.base_rate)}")
    return ("mean " if len(judged.rows) > 1 else "") + ", ".join(parts)


def ablation_lines(found: Evaluation) -> list[str]:
    """Return what each input adds to the headline metrics, a line each."""
    kind = found.judgement.kind
    lines = []
    for other in found.ablations:
        parts = []
        for metric, (gain, bounds) in other.differences.items():
            value = _shown(other.judgement.summary.get(metric))
            spread = f", {bounds[0]:+.4f} to {bounds[1]:+.4f}" if bounds else ""
            added = "NA" if gain is None else f"{gain:+.4f}"
            parts.append(f"{METRICS[kind][metric].label} {value} (it adds {added}{spread})")
        lines.append(f"without {other.name}: {', '.join(parts)}")
    return lines


def _shown(value: float | None) -> str:
    """Return a number with four decimals, NA where it is undefined."""
    return "NA" if value is None else f"{value:.4f}"
