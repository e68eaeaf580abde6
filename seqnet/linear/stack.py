"""Parts of a model added with weights that held-out rows choose (stacking, Wolpert 1992)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from seqnet.aliases import Floats
from seqnet.linear.losses import logistic

_APART = 0.3
"""Weights that differ cost more than equal ones, which few rows had better keep."""
SHRINKAGE = 10.0
"""Weight of the squared distance of a task's weights from the common ones, twice over."""


class Stack(NamedTuple):
    """The combined outputs are ``sum over parts of weights * part + bias``."""

    common: Floats
    """float64 (P,): the weights that all tasks share before each has its own."""
    weights: Floats
    """float64 (T, P), 0 or more."""
    bias: Floats
    """float64 (T,)."""

    def combined(self, parts: Floats) -> Floats:
        """Return the combined outputs of parts (P, n, T), float64 (n, T)."""
        combined: Floats = np.einsum("pnt,tp->nt", parts, self.weights) + self.bias
        return combined


def fit_stack(loss: str, parts: Floats, targets: Floats, shrinkage: float = SHRINKAGE) -> Stack:
    """Find the weights of parts, none negative.

    First one weight per part for all tasks by maximum likelihood, with a bias for each task and a penalty
    that keeps weights alike while rows are few, ``(sum w)^2 / 2 + sum (w - mean w)^2 / .09`` for parts in
    units of their standard deviation. Then each task's own weights, at a penalty of ``shrinkage / 2`` times
    their squared distance from the common ones.

    Parameters
    ----------
    loss
        ``bce`` for outputs that are logits, ``mse`` for numbers of standard deviation about 1.
    parts
        float64 (P, n, T): outputs for the rows, the first part the one that is taken alone where rows say
        nothing.
    targets
        float64 (n, T), NaN where unknown. A task with one known value keeps the common weights.
    """
    count, _, tasks = parts.shape
    varied = [task for task in range(tasks) if len(np.unique(_known(targets[:, task]))) > 1]
    weights, bias = np.zeros((tasks, count)), np.zeros(tasks)
    deviations = _deviations(parts, targets)
    if not varied or not deviations.any():
        weights[:, 0] = 1.0
        return Stack(weights[0].copy(), weights, bias)
    common, biases = _fit_common(loss, parts[:, :, varied], targets[:, varied], deviations)
    weights[:] = common
    for place, task in enumerate(varied):
        weights[task], bias[task] = _fit_task(
            loss, parts[:, :, task], targets[:, task], (common, biases[place]), shrinkage
        )
    return Stack(common, weights, bias)


def _known(values: Floats) -> Floats:
    """Return those that are not NaN."""
    return values[~np.isnan(values)]


def _deviations(parts: Floats, targets: Floats) -> Floats:
    """Return the standard deviation of each part within tasks, (P,), over rows with a known target."""
    known = ~np.isnan(targets)
    return np.array([
        np.sqrt(np.mean([np.var(part[rows, task]) for task, rows in enumerate(known.T) if rows.any()] or [0]))
        for part in parts
    ])  # fmt: skip


def _losses(loss: str, outputs: Floats, targets: Floats) -> tuple[float, Floats]:
    """Return the sum of a loss and its slopes, both without unknown targets."""
    known = ~np.isnan(targets)
    y = np.where(known, targets, 0.0)
    if loss == "bce":
        around = logistic(outputs, y)
        return float((around.values * known).sum()), around.slopes * known
    errors = (outputs - y) * known
    return float((errors**2).sum() / 2), errors


def _fit_common(loss: str, parts: Floats, targets: Floats, deviations: Floats) -> tuple[Floats, Floats]:
    """Return the common weights (P,) and the biases (T,)."""
    used = deviations > 0
    scaled = parts[used] / deviations[used][:, None, None]
    count, tasks = len(scaled), targets.shape[1]

    def value(variables: Floats) -> tuple[float, Floats]:
        own, bias = variables[:count], variables[count:]
        total, slopes = _losses(loss, np.tensordot(own, scaled, 1) + bias, targets)
        apart = own - own.mean()
        total += float(own.sum() ** 2 / 2 + apart @ apart / _APART**2)
        by_own = np.tensordot(scaled, slopes, 2) + own.sum() + 2 * apart / _APART**2
        return total, np.concatenate([by_own, slopes.sum(axis=0)])

    start = np.concatenate([np.full(count, 1 / count), np.zeros(tasks)])
    bounds = [(0, None)] * count + [(None, None)] * tasks
    optimum = minimize(value, start, jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-8}).x  # fmt: skip
    common = np.zeros(len(parts))
    common[used] = optimum[:count] / deviations[used]
    return common, optimum[count:]


def _fit_task(
    loss: str, parts: Floats, targets: Floats, start: tuple[Floats, float], shrinkage: float
) -> tuple[Floats, float]:
    """Return the weights (P,) and the bias of one task; parts are (P, n)."""
    common, bias = start

    def value(variables: Floats) -> tuple[float, Floats]:
        total, slopes = _losses(loss, variables[:-1] @ parts + variables[-1], targets)
        moved = variables[:-1] - common
        total += float(shrinkage * (moved @ moved) / 2)
        return total, np.append(parts @ slopes + shrinkage * moved, slopes.sum())

    bounds = [(0, None)] * len(common) + [(None, None)]
    optimum = minimize(value, np.append(common, bias), jac=True, method="L-BFGS-B", bounds=bounds).x
    return optimum[:-1], float(optimum[-1])
