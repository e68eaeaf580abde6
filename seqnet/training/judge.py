"""A network judged on the validation examples, by the type of its tasks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats
from seqnet.training.metrics import task_metrics

Figures = dict[str, float | None]
"""Name of a metric to its value; None where it is undefined."""


def _binary(tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Return auROC and auPRC, averaged over tasks."""
    summary = task_metrics(tasks, targets, outputs)[-1]
    return {"auroc": summary.auroc, "auprc": summary.auprc}


def _multiclass(tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Return the share of rows whose class has the highest output, and auROC averaged over classes."""
    known = ~np.isnan(targets).any(axis=1)
    right = outputs[known].argmax(axis=1) == targets[known].argmax(axis=1)
    accuracy = float(right.mean()) if len(right) else None
    return {"accuracy": accuracy, "auroc": task_metrics(tasks, targets, outputs)[-1].auroc}


def _numbers(_tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Return the correlation (Pearson) and the share of variance explained, averaged over tasks."""
    pairs = [(t[~np.isnan(t)], o[~np.isnan(t)]) for t, o in zip(targets.T, outputs.T, strict=True)]
    varied = [(t, o) for t, o in pairs if len(t) > 1 and np.ptp(t) > 0]
    correlations = [float(np.corrcoef(t, o)[0, 1]) for t, o in varied if np.ptp(o) > 0]
    explained = [1 - float(((t - o) ** 2).mean() / t.var()) for t, o in varied]
    return {"pearson": _mean(correlations), "r2": _mean(explained)}


def _counts(tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Judge rates, whose logarithms the outputs are."""
    return _numbers(tasks, targets, np.exp(outputs))


def _signals_and_peaks(tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Judge denoised signals and, last, their peaks."""
    peaks = _binary(tasks[-1:], targets[:, -1:], outputs[:, -1:])
    return {**_numbers(tasks[:-1], targets[:, :-1], outputs[:, :-1]), **peaks}


def _mean(values: list[float]) -> float | None:
    """Return the mean, None of nothing."""
    return float(np.mean(values)) if values else None


JUDGES: dict[str, Callable[[tuple[str, ...], Floats, Floats], Figures]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _numbers,
    "counts": _counts,
    "denoising": _numbers,
    "denoising_peaks": _signals_and_peaks,
}


def judge(
    task_type: str, tasks: tuple[str, ...], targets: NDArray[np.float32], outputs: NDArray[np.float32]
) -> Figures:
    """Return the figures of a task type.

    Parameters
    ----------
    targets
        float32 (n, T) or (n, T, L), NaN where unknown.
    outputs
        float32 of the same shape: the network's own, before sigmoid or softmax.
    """
    if targets.ndim == 3:  # every position is a row
        targets, outputs = (np.moveaxis(a, 1, 2).reshape(-1, a.shape[1]) for a in (targets, outputs))
    return JUDGES[task_type](tasks, targets.astype(np.float64), outputs.astype(np.float64))
