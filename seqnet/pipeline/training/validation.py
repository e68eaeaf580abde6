"""Metrics of a trained model on the validation rows, for its header and for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.metrics import choose_threshold, task_metrics
from seqnet.metrics.monitor import evaluate_outputs
from seqnet.networks.model import part_alone
from seqnet.reporting import note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seqnet.aliases import Json, Reals
    from seqnet.pipeline.training.data import TrainingData


def evaluate_valid(data: TrainingData, outputs: Reals, name: str = "") -> list[Json]:
    """Compute and note the metrics of a model's outputs for the validation rows, after its name.

    Parameters
    ----------
    outputs
        (rows, T): before sigmoid, softmax or exp; of a regression in the units of the targets.

    Returns
    -------
    A JSON object per task, and beyond one task their mean last.
    """
    metrics = _metrics(data, outputs)
    summary, rows = metrics[-1], len(data.rows("valid"))
    whose = f"{name}: " if name else ""
    if data.task_type == "binary":
        _say_binary(metrics, rows, whose)
    else:
        shown = ", ".join(
            f"{key} {value:.4f}" for key, value in summary.items() if isinstance(value, float) and key != "n"
        )
        note(f"valid ({rows} rows): {whose}{shown or 'no metric is defined'}")
    return metrics


def _metrics(data: TrainingData, outputs: Reals) -> list[Json]:
    """Compute the metrics of outputs for the validation rows."""
    rows = data.rows("valid")
    targets, logits = data.targets[rows], np.asarray(outputs, dtype=np.float64)
    if data.task_type == "binary":
        return [row._asdict() for row in task_metrics(data.regions.tasks, targets, logits)]
    figures = evaluate_outputs(data.task_type, data.regions.tasks, targets, logits)
    return [{"task": "mean", "n": len(rows), **figures}]


def _say_binary(metrics: Sequence[Json], rows: int, whose: str) -> None:
    """Note the metrics of tasks of two classes, where they are defined."""
    last = metrics[-1]
    if last["auroc"] is not None and last["auprc"] is not None and last["base_rate"] is not None:
        what = "mean " if len(metrics) > 1 else ""
        note(
            f"valid ({rows} rows): {whose}{what}auROC {last['auroc']:.4f}, "
            f"{what}auPRC {last['auprc']:.4f} at a base rate of {last['base_rate']:.4f}"
        )


def part_metrics(data: TrainingData, parts: Mapping[str, Reals]) -> dict[str, list[Json]]:
    """Return the metrics of each part of a model alone, by its name among the baselines.

    Parameters
    ----------
    parts
        Name to outputs for the validation rows, as of `evaluate_valid`.
    """
    return {part_alone(name): _metrics(data, outputs) for name, outputs in parts.items()}


def valid_thresholds(data: TrainingData, outputs: Reals) -> dict[str, float]:
    """Return the probability at which each binary task's F1 on the validation rows is highest.

    Tasks without both classes there, and other types of tasks, have none.
    """
    if data.task_type != "binary":
        return {}
    targets = data.targets[data.rows("valid")]
    probabilities = 1 / (1 + np.exp(-np.asarray(outputs, dtype=np.float64)))
    thresholds = {}
    for column, task in enumerate(data.regions.tasks):
        threshold = choose_threshold(targets[:, column], probabilities[:, column])
        if threshold is not None:
            thresholds[task] = threshold
    return thresholds
