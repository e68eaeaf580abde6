"""How good predictions are: auROC, auPRC and what chance would give."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqnet.aliases import Floats


class BinaryMetrics(NamedTuple):
    """The judgement of one task; None where a metric is undefined (a task of one class)."""

    task: str
    n: float | None
    """Rows with a known target."""
    positives: float | None
    base_rate: float | None
    """Share of positives: the auPRC of chance."""
    auroc: float | None
    auprc: float | None


def binary_metrics(task: str, targets: Floats, predictions: Floats) -> BinaryMetrics:
    """Judge one task.

    Parameters
    ----------
    targets
        float64 (n,): 0, 1, or NaN where unknown.
    predictions
        float64 (n,): higher means more likely 1.

    Raises
    ------
    ValueError
        If a target is neither 0, 1 nor unknown, or a prediction is missing where the target is
        known.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    known = ~np.isnan(targets)
    truth, scores = targets[known], predictions[known]
    if not np.isin(truth, (0.0, 1.0)).all():
        raise ValueError(f"{task} has targets other than 0 and 1; binary metrics need those")
    if np.isnan(scores).any():
        raise ValueError(f"{task} has rows without a prediction")
    n, positives = len(truth), int(truth.sum())
    rate = positives / n if n else None
    if positives in (0, n):
        return BinaryMetrics(task, n, positives, rate, None, None)
    auroc = float(roc_auc_score(truth, scores))
    return BinaryMetrics(task, n, positives, rate, auroc, float(average_precision_score(truth, scores)))


def mean_metrics(rows: list[BinaryMetrics]) -> BinaryMetrics:
    """Average every column over the tasks where it is defined."""
    columns = list(zip(*rows, strict=True))[1:]
    known = [[value for value in column if value is not None] for column in columns]
    return BinaryMetrics("mean", *(float(np.mean(values)) if values else None for values in known))


def task_metrics(tasks: tuple[str, ...], targets: Floats, predictions: Floats) -> list[BinaryMetrics]:
    """Judge every task of (n, T) arrays; beyond one task, their mean stands last."""
    rows = [
        binary_metrics(task, targets[:, column], predictions[:, column]) for column, task in enumerate(tasks)
    ]
    return [*rows, mean_metrics(rows)] if len(rows) > 1 else rows
