"""Metrics of predictions for label rows: alone, against baselines and each kind of negative; and warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Bools, Floats, Ints, Progress
from seqnet.errors import SeqnetError
from seqnet.metrics.evaluate import (
    Question,
    Resampling,
    TaskMetrics,
    against_kind,
    difference,
    evaluate_tasks,
    negative_kinds,
)
from seqnet.metrics.monitor import evaluate_outputs
from seqnet.metrics.ranking import choose_threshold
from seqnet.metrics.registry import HEADLINES, TaskType
from seqnet.metrics.warnings import Circumstances, cautions, trained_on
from seqnet.networks.model import TOGETHER
from seqnet.pipeline.evaluation.data import LabelTable, Predictions, shared_tasks
from seqnet.pipeline.evaluation.results import Baseline, Evaluation, PartFigures


@dataclass(frozen=True, eq=False)
class RowMetrics:
    """The rows to evaluate, and how.

    Parameters
    ----------
    rows, valid
        int64: label rows evaluated, and those that thresholds are chosen on.
    threshold
        For every task, where the user gave one.
    peaks
        bool (n, T) over all labels, for regression.
    resampling
        None for no intervals.
    """

    labels: LabelTable
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

    def evaluated(
        self, predictions: Predictions, tasks: tuple[str, ...], progress: Progress
    ) -> tuple[Floats, Floats, TaskMetrics, str]:
        """Evaluate predictions; return targets, values, the metrics and where thresholds come from."""
        columns = [self.labels.tasks.index(task) for task in tasks]
        targets = self.labels.targets[self.rows][:, columns]
        values = predictions.of(self.rows, tasks)
        thresholds, origin = self.thresholds(predictions, tasks)
        peaks = None if self.peaks is None else self.peaks[self.rows][:, columns]
        question = Question(self.kind, thresholds, peaks)
        try:
            metrics = evaluate_tasks(tasks, targets, values, question, self.resampling, progress)
        except ValueError as error:
            raise SeqnetError(f"{self.labels.source}: {error}") from error
        return targets, values, metrics, origin

    def of_parts(self, predictions: Predictions, tasks: tuple[str, ...]) -> list[PartFigures]:
        """Evaluate each part of a model alone, and all of them, by metrics that do not depend on scale."""
        if not predictions.parts:
            return []
        targets = self.labels.targets[self.rows][:, [self.labels.tasks.index(task) for task in tasks]]
        alone = {name: replace(predictions, values=own) for name, own in predictions.parts.items()}
        together = {**alone, TOGETHER: predictions}
        return [
            PartFigures(
                name,
                {
                    metric: value
                    for metric, value in evaluate_outputs(
                        self.kind, tasks, targets, part.of(self.rows, tasks)
                    ).items()
                    if metric != "r2"
                },
            )
            for name, part in together.items()
        ]

    def by_negatives(
        self, metrics: TaskMetrics, targets: Floats, values: Floats
    ) -> dict[str, tuple[int, TaskMetrics]]:
        """Evaluate positives against each kind of negative apart, with the number of its rows."""
        if self.kind != "binary":
            return {}
        names = self.labels.names
        kinds = negative_kinds([names[row] for row in self.rows])
        negative = (targets == 0).any(axis=1)
        there = [kind for kind in sorted(set(kinds.tolist())) if negative[kinds == kind].any()]
        return {
            kind: (
                int((negative & (kinds == kind)).sum()),
                metrics
                if len(there) == 1
                else evaluate_tasks(
                    metrics.tasks, against_kind(targets, kinds, kind), values, Question("binary")
                ),
            )
            for kind in there
        }


def compare_baseline(
    question: RowMetrics, ours: Predictions, theirs: Predictions, progress: Progress
) -> Baseline:
    """Evaluate a baseline, and the model on the tasks that both have."""
    theirs_tasks = shared_tasks(question.labels, theirs)
    tasks = tuple(task for task in theirs_tasks if task in ours.tasks)
    if question.kind == "multiclass" and len(tasks) < len(ours.tasks):
        raise SeqnetError(f"baseline {theirs.name} lacks some of the {len(ours.tasks)} classes")
    if not tasks:
        raise SeqnetError(f"baseline {theirs.name} has none of the evaluated tasks")
    task_metrics = question.evaluated(theirs, tasks, progress)[2]
    reference = question.evaluated(ours, tasks, progress)[2]
    differences = {metric: difference(reference, task_metrics, metric) for metric in HEADLINES[question.kind]}
    return Baseline(theirs.name, task_metrics, differences)


class Trained(NamedTuple):
    """What is known of the training rows of the predictions that are evaluated."""

    contigs: Sequence[str]
    evaluated_contigs: Sequence[str]
    rows: int | None
    """Rows evaluated that lie in stretches that were trained on; None if unknown."""
    apart: bool
    """Whether whole stretches are held out, so that training rows on the same contig are no neighbours."""
    tiles_apart: bool
    """Whether the genome-wide figures leave training rows out."""
    carried: int = 0
    """Rows evaluated that the predictions say were trained on."""
    unknown: bool = False
    """Whether rows without coordinates and splits were evaluated with a model, which may know them."""


def add_warnings(evaluation: Evaluation, known: Trained) -> list[str]:
    """Return the warnings of an evaluation."""
    first = HEADLINES[evaluation.task_metrics.kind][0]
    return cautions(
        evaluation.task_metrics,
        Circumstances(
            "." if evaluation.unsplit else evaluation.split,
            evaluation.training_base_rates,
            {kind: n for kind, (n, _) in evaluation.negatives.items()},
            known.contigs,
            known.evaluated_contigs,
            {baseline.name: baseline.differences[first] for baseline in evaluation.baselines},
            evaluation.tile_contigs,
            {
                baseline.name: _where_better(evaluation.task_metrics, baseline.task_metrics)
                for baseline in evaluation.baselines
            },
            trained_rows=known.rows,
            apart=known.apart,
            tiles_apart=known.tiles_apart,
            rows=len(evaluation.targets),
            carried=known.carried,
            may_be_trained=known.unknown,
        ),
    )


def warn_of_others(evaluation: Evaluation, others: Mapping[str, Trained]) -> list[str]:
    """Return warnings of other models that were trained on rows evaluated, but those that the first has too.

    Parameters
    ----------
    others
        Name of a model to what is known of its training rows.
    """
    said = []
    for name, known in others.items():
        around = Circumstances(
            "." if evaluation.unsplit else evaluation.split, trained_contigs=known.contigs,
            evaluated_contigs=known.evaluated_contigs, trained_rows=known.rows, apart=known.apart,
            rows=len(evaluation.targets), may_be_trained=known.unknown,
        )  # fmt: skip
        said += [f"{name}: {text}" for text in trained_on(around) if text not in evaluation.warnings]
    return said


def _where_better(ours: TaskMetrics, theirs: TaskMetrics) -> tuple[list[tuple[str, float, float]], int]:
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
