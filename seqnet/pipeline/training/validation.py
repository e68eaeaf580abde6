"""Metrics of a trained model on the validation rows, for its header and for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.metrics import choose_threshold, task_metrics
from seqnet.metrics.monitor import evaluate_outputs
from seqnet.reporting import note

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Json, Reals
    from seqnet.pipeline.training.data import TrainingData


def evaluate_valid(data: TrainingData, outputs: Reals) -> list[Json]:
    """Compute and note the metrics of a model's outputs for the validation rows.

    Parameters
    ----------
    outputs
        (rows, T): before sigmoid, softmax or exp.

    Returns
    -------
    A JSON object per task, and beyond one task their mean last.
    """
    rows = data.rows("valid")
    targets, logits = data.targets[rows], np.asarray(outputs, dtype=np.float64)
    if data.task_type == "binary":
        return evaluate_binary(data, targets, logits)

    figures = evaluate_outputs(data.task_type, data.regions.tasks, targets, logits)
    shown = ", ".join(f"{name} {value:.4f}" for name, value in figures.items() if value is not None)
    note(f"valid ({len(rows)} rows): {shown or 'no metric is defined'}")
    return [{"task": "mean", "n": len(rows), **figures}]


def evaluate_binary(data: TrainingData, targets: Floats, outputs: Floats, name: str = "") -> list[Json]:
    """Compute and note the metrics of tasks of two classes, after the name of the model.

    Parameters
    ----------
    targets, outputs
        (n, T).
    """
    metrics = task_metrics(data.regions.tasks, targets, outputs)
    last = metrics[-1]
    if last.auroc is not None and last.auprc is not None and last.base_rate is not None:
        what = "mean " if len(metrics) > 1 else ""
        whose = f"{name}: " if name else ""
        note(
            f"valid ({len(targets)} rows): {whose}{what}auROC {last.auroc:.4f}, "
            f"{what}auPRC {last.auprc:.4f} at a base rate of {last.base_rate:.4f}"
        )
    return [row._asdict() for row in metrics]


def valid_thresholds(data: TrainingData, outputs: Reals) -> dict[str, float]:
    """Return the probability at which each binary task's F1 on the validation rows is highest.

    Tasks without both classes there, and other types of tasks, have none.
    """
    if data.task_type != "binary":
        return {}
    targets = data.targets[data.rows("valid")]
    probabilities = 1 / (1 + np.exp(-np.asarray(outputs, dtype=np.float64)))
    found = {}
    for column, task in enumerate(data.regions.tasks):
        threshold = choose_threshold(targets[:, column], probabilities[:, column])
        if threshold is not None:
            found[task] = threshold
    return found
