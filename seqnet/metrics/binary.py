"""Binary and multi-label tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Bools, Floats, Ints
from seqnet.metrics.ranking import (
    Ranked,
    auprc,
    auroc,
    calls,
    f1,
    mcc,
    rank,
    recall_at_fdr,
)

CALIBRATION_BINS = 10
_FDRS = {"recall_at_5_fdr": 0.05, "recall_at_10_fdr": 0.1, "recall_at_20_fdr": 0.2}
_EPSILON = float(np.finfo(np.float64).eps)
"""Probabilities are kept this far from 0 and 1 in the log loss, as scikit-learn does."""


class BinaryMetrics(NamedTuple):
    """The main metrics of one task; None where a metric is undefined (a task of one class)."""

    task: str
    n: float | None
    """Rows with a known target."""
    positives: float | None
    base_rate: float | None
    """Share of positives: the auPRC of chance."""
    auroc: float | None
    auprc: float | None


def known_rows(task: str, targets: Floats, predictions: Floats) -> Bools:
    """Return which rows can be evaluated, bool (n,).

    Raises
    ------
    ValueError
        If a prediction is missing where the target is known.
    """
    known = ~np.isnan(targets)
    if np.isnan(predictions[known]).any():
        raise ValueError(f"{task} has rows without a prediction")
    return known


def _truth_and_scores(task: str, targets: Floats, predictions: Floats) -> tuple[Bools, Floats]:
    """Return the rows that can be evaluated, as bool (n,) and float64 (n,)."""
    known = known_rows(task, targets, predictions)
    truth = targets[known]
    if not ((truth == 0) | (truth == 1)).all():
        raise ValueError(f"{task} has targets other than 0 and 1; binary metrics need those")
    return truth == 1, predictions[known].astype(np.float64)


def binary_metrics(task: str, targets: Floats, predictions: Floats) -> BinaryMetrics:
    """Compute the main metrics of one task.

    Parameters
    ----------
    targets
        (n,): 0, 1, or NaN where unknown.
    predictions
        (n,): higher means more likely 1.

    Raises
    ------
    ValueError
        If a target is neither 0, 1 nor unknown, or a prediction is missing where the target is
        known.
    """
    truth, scores = _truth_and_scores(task, targets, predictions)
    n, positives = len(truth), int(truth.sum())
    rate = positives / n if n else None
    curve = rank(truth, scores).curve()
    return BinaryMetrics(task, n, positives, rate, auroc(curve), auprc(curve))


def mean_metrics(rows: list[BinaryMetrics]) -> BinaryMetrics:
    """Average every column over the tasks where it is defined."""
    return BinaryMetrics("mean", *mean_columns(rows))


def mean_columns(rows: Sequence[tuple[str, *tuple[float | None, ...]]]) -> list[float | None]:
    """Return the mean of each column but the first, over the rows where it is defined."""
    columns = list(zip(*rows, strict=True))[1:]
    known = [[value for value in column if value is not None] for column in columns]
    return [float(np.mean(values)) if values else None for values in known]


def task_metrics(tasks: tuple[str, ...], targets: Floats, predictions: Floats) -> list[BinaryMetrics]:
    """Compute the main metrics of every task of (n, T) arrays; beyond one task, their mean is last."""
    rows = [
        binary_metrics(task, targets[:, column], predictions[:, column]) for column, task in enumerate(tasks)
    ]
    return [*rows, mean_metrics(rows)] if len(rows) > 1 else rows


@dataclass(frozen=True, eq=False)
class _Calibration:
    """What calibration needs of each row, float64 (n,) in the rows' order."""

    squared: Floats
    loss: Floats
    residual: Floats
    bin: Ints


class BinarySample:
    """One task's rows, sorted once, to be evaluated under any weights.

    Parameters
    ----------
    targets, predictions
        (n,) as in `binary_metrics`.
    threshold
        A row is called when its score reaches it; None leaves out F1 and MCC.

    Attributes
    ----------
    known
        bool (n,): the rows evaluated.
    probabilities
        Whether all scores lie in 0..1; log loss, Brier and calibration are undefined otherwise.
    """

    def __init__(self, task: str, targets: Floats, predictions: Floats, threshold: float | None) -> None:
        self.known = known_rows(task, targets, predictions)
        self.truth, self.scores = _truth_and_scores(task, targets, predictions)
        self.ranked: Ranked = rank(self.truth, self.scores)
        self._threshold = threshold
        self.probabilities = bool(((self.scores >= 0) & (self.scores <= 1)).all())
        self._calibration = _calibration(self.truth, self.scores) if self.probabilities else None

    def values(self, weights: Floats | None = None) -> dict[str, float | None]:
        """Return every metric by name; `weights` are how often each known row counts, float64 (n,)."""
        curve = self.ranked.curve(weights)
        positives, negatives = (curve.true[-1], curve.false[-1]) if len(self.truth) else (0.0, 0.0)
        n = float(positives + negatives)
        cells = None if self._threshold is None else calls(curve, self._threshold)
        return {
            "n": n,
            "positives": float(positives),
            "base_rate": float(positives) / n if n else None,
            "auroc": auroc(curve),
            "auprc": auprc(curve),
            **{name: recall_at_fdr(curve, fdr) for name, fdr in _FDRS.items()},
            "threshold": self._threshold,
            "f1": None if cells is None else f1(cells),
            "mcc": None if cells is None else mcc(cells),
            **self._calibrated(weights, n),
        }

    def _calibrated(self, weights: Floats | None, n: float) -> dict[str, float | None]:
        """Return log loss, Brier score and expected calibration error."""
        rows = self._calibration
        if rows is None or not n:
            return {"log_loss": None, "brier": None, "ece": None}
        weights = np.ones(len(rows.loss)) if weights is None else weights
        off = np.bincount(rows.bin, rows.residual * weights, CALIBRATION_BINS)
        return {
            "log_loss": float(np.dot(rows.loss, weights) / n),
            "brier": float(np.dot(rows.squared, weights) / n),
            "ece": float(np.abs(off).sum() / n),
        }


def calibration_bins(probabilities: Floats) -> Ints:
    """Return the bin of each probability, int64 (n,): ten of equal width, 1 in the last."""
    return np.minimum((probabilities * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)


def _calibration(truth: Bools, probabilities: Floats) -> _Calibration:
    """Prepare what calibration needs of each row."""
    residual = probabilities - truth
    right = np.clip(np.where(truth, probabilities, 1 - probabilities), _EPSILON, 1 - _EPSILON)
    return _Calibration(residual**2, -np.log(right), residual, calibration_bins(probabilities))
