"""A trained model judged on the validation rows, for its header and for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seqnet.commands._console import note
from seqnet.training.metrics import choose_threshold, task_metrics

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Json
    from seqnet.commands._training_data import TrainingData


def judge_valid(data: TrainingData, outputs: Any) -> list[Json]:
    """Judge a model's outputs for the validation rows, and say how good they are.

    Parameters
    ----------
    outputs
        (rows, T): before sigmoid, softmax or exp.

    Returns
    -------
    A JSON object per task, and beyond one task their mean last.
    """
    rows = data.rows("valid")
    targets, outputs = data.targets[rows], np.asarray(outputs, dtype=np.float64)
    if data.task_type == "binary":
        return judge_binary(data, targets, outputs)
    from seqnet.training.judge import judge

    figures = judge(
        data.task_type, data.regions.tasks, targets.astype(np.float32), outputs.astype(np.float32)
    )
    shown = ", ".join(f"{name} {value:.4f}" for name, value in figures.items() if value is not None)
    note(f"valid ({len(rows)} rows): {shown or 'no metric is defined'}")
    return [{"task": "mean", "n": len(rows), **figures}]


def judge_binary(data: TrainingData, targets: Floats, outputs: Floats, name: str = "") -> list[Json]:
    """Judge tasks of two classes, and say how good they are, after the name of what is judged.

    Parameters
    ----------
    targets, outputs
        (n, T).
    """
    judged = task_metrics(data.regions.tasks, targets, outputs)
    last = judged[-1]
    if last.auroc is not None and last.auprc is not None and last.base_rate is not None:
        what = "mean " if len(judged) > 1 else ""
        whose = f"{name}: " if name else ""
        note(
            f"valid ({len(targets)} rows): {whose}{what}auROC {last.auroc:.4f}, "
            f"{what}auPRC {last.auprc:.4f} at a base rate of {last.base_rate:.4f}"
        )
    return [row._asdict() for row in judged]


def valid_thresholds(data: TrainingData, outputs: Any) -> dict[str, float]:
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
