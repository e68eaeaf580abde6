"""One of several classes per row."""

from __future__ import annotations

import numpy as np

from seqnet.aliases import Floats, Ints
from seqnet.kernels.ties import rank_keys
from seqnet.metrics.binary import BinarySample

_EPSILON = float(np.finfo(np.float64).eps)


def class_rows(targets: Floats) -> Ints:
    """Return the class of each row of one-hot targets, int64 (n,), -1 where unknown.

    Parameters
    ----------
    targets
        (n, C): one 1 and else 0; a row with a NaN is unknown.

    Raises
    ------
    ValueError
        Naming the first row (from 1) that has another number of ones.
    """
    unknown = np.isnan(targets).any(axis=1)
    good = ((targets == 0) | (targets == 1)).all(axis=1) & (targets.sum(axis=1) == 1)
    bad = np.flatnonzero(~good & ~unknown)
    if len(bad):
        raise ValueError(f"row {bad[0] + 1} is not of one class: expected one 1 and else 0")
    return np.where(unknown, -1, np.argmax(np.nan_to_num(targets), axis=1)).astype(np.int64)


class MulticlassSample:
    """Rows of one of C classes, to be evaluated under any weights.

    Parameters
    ----------
    classes
        C names.
    targets
        (n, C) one-hot; a row with a NaN is left out.
    predictions
        (n, C): the highest is the class called, the first of equals.

    Raises
    ------
    ValueError
        If a row is not of one class, or lacks a prediction.
    """

    def __init__(self, classes: tuple[str, ...], targets: Floats, predictions: Floats) -> None:
        truth = class_rows(targets)
        self.known = truth >= 0
        self._truth = truth[self.known]
        scores = predictions[self.known].astype(np.float64)
        self._called = np.argmax(rank_keys(scores), axis=1)
        self.samples = [
            BinarySample(name, targets[self.known, column], predictions[self.known, column], None)
            for column, name in enumerate(classes)
        ]
        sums = scores.sum(axis=1)
        self.probabilities = bool(((scores >= 0).all()) and np.allclose(sums, 1, atol=1e-3))
        chosen = np.clip(scores[np.arange(len(scores)), self._truth], _EPSILON, 1)
        self._loss = -np.log(chosen / sums) if self.probabilities else None

    def confusion(self, weights: Floats | None = None) -> Floats:
        """Return how often each class (row) was called each class (column), float64 (C, C)."""
        size = len(self.samples)
        cells = np.bincount(self._truth * size + self._called, weights, size * size)
        return cells.reshape(size, size).astype(np.float64)

    def values(self, weights: Floats | None = None) -> list[dict[str, float | None]]:
        """Return every metric by name, for each class and then for all of them."""
        cells = self.confusion(weights)
        rows = [self._class_values(column, cells, weights) for column in range(len(self.samples))]
        n = float(cells.sum())
        total: dict[str, float | None] = {name: mean_of([row[name] for row in rows]) for name in rows[0]}
        total["n"] = n
        total["accuracy"] = float(np.trace(cells)) / n if n else None
        if self._loss is not None and n:
            used = np.ones(len(self._loss)) if weights is None else weights
            total["log_loss"] = float(np.dot(self._loss, used) / n)
        return [*rows, total]

    def _class_values(self, column: int, cells: Floats, weights: Floats | None) -> dict[str, float | None]:
        """Return the metrics of one class against the others."""
        values = self.samples[column].values(weights)
        true, called, there = cells[column, column], cells[:, column].sum(), cells[column].sum()
        kept = {name: values[name] for name in ("n", "positives", "base_rate", "auroc", "auprc")}
        return {
            **kept,
            "precision": float(true / called) if called else None,
            "recall": float(true / there) if there else None,
            "f1": float(2 * true / (called + there)) if called + there else None,
            "accuracy": None,
            "log_loss": None,
        }


def mean_of(values: list[float | None]) -> float | None:
    """Average what is defined."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
