"""Metrics of a network on the validation examples, by the type of its tasks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seqnet.aliases import Floats, Reals
from seqnet.kernels.ties import rank_keys
from seqnet.metrics import task_metrics
from seqnet.metrics.registry import ASINH
from seqnet.metrics.regression import correlation, explained

Figures = dict[str, float | None]
"""Name of a metric to its value; None where it is undefined."""


def _binary(tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Return auROC and auPRC, averaged over tasks."""
    summary = task_metrics(tasks, targets, outputs)[-1]
    return {"auroc": summary.auroc, "auprc": summary.auprc}


def _multiclass(tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Return the share of rows whose class has the highest output, and auROC averaged over classes."""
    known = ~np.isnan(targets).any(axis=1)
    right = rank_keys(outputs[known]).argmax(axis=1) == targets[known].argmax(axis=1)
    accuracy = float(right.mean()) if len(right) else None
    return {"accuracy": accuracy, "auroc": task_metrics(tasks, targets, outputs)[-1].auroc}


def _numbers(_tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Return the correlation (Pearson) and the share of variance explained, averaged over tasks."""
    pairs = [(t[~np.isnan(t)], o[~np.isnan(t)]) for t, o in zip(targets.T, outputs.T, strict=True)]
    known = [(t, o, np.ones(len(t))) for t, o in pairs if len(t)]
    return {
        "pearson": _mean([correlation(*pair) for pair in known]),
        "r2": _mean([explained(*pair) for pair in known]),
    }


def _counts(tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Return the metrics of rates, whose logarithms the outputs are."""
    return _numbers(tasks, targets, np.exp(outputs))


def _signals(tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Return the metrics of denoised signals on the scale that they are learnt on, named after it."""
    return {f"{ASINH}{name}": value for name, value in _numbers(tasks, targets, outputs).items()}


def _signals_and_peaks(tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Return the metrics of denoised signals and, last, of their peaks."""
    peaks = _binary(tasks[-1:], targets[:, -1:], outputs[:, -1:])
    return {**_signals(tasks[:-1], targets[:, :-1], outputs[:, :-1]), **peaks}


def _rates_and_peaks(tasks: tuple[str, ...], targets: Floats, outputs: Floats) -> Figures:
    """Return the metrics of signals that are learnt in their units and, last, of their peaks."""
    peaks = _binary(tasks[-1:], targets[:, -1:], outputs[:, -1:])
    return {**_numbers(tasks[:-1], targets[:, :-1], outputs[:, :-1]), **peaks}


def _mean(values: list[float | None]) -> float | None:
    """Return the mean of those that are defined, None of nothing."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


EVALUATORS: dict[str, Callable[[tuple[str, ...], Floats, Floats], Figures]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _numbers,
    "counts": _counts,
    "denoising": _signals,
    "denoising_peaks": _signals_and_peaks,
    "rates": _numbers,
    "rates_peaks": _rates_and_peaks,
}


def evaluate_outputs(
    task_type: str,
    tasks: tuple[str, ...],
    targets: Reals,
    outputs: Reals,
) -> Figures:
    """Return the figures of a task type.

    Parameters
    ----------
    targets
        (n, T) or (n, T, L), NaN where unknown.
    outputs
        Of the same shape: the network's own, before sigmoid or softmax, in the units of the targets.
    """
    if targets.ndim == 3:  # every position is a row
        targets, outputs = (np.moveaxis(a, 1, 2).reshape(-1, a.shape[1]) for a in (targets, outputs))
    return EVALUATORS[task_type](tasks, targets.astype(np.float64), outputs.astype(np.float64))
