"""L2-regularised logistic regression, one task at a time, its strength chosen on validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.aliases import Floats, Progress, no_progress

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

STRENGTHS = tuple(10.0 ** np.arange(-5, 2))
"""Values of C tried: the weight of the data against that of the penalty."""
_MOST_STEPS = 1000


class LinearTask(NamedTuple):
    """The solution of one task."""

    weights: Floats
    """float64 (d,)."""
    bias: float
    strength: float
    """The C that was chosen."""
    valid_loss: float
    """Mean log loss on validation rows; NaN where the task has none."""


def logistic_regression(
    features: csr_matrix, targets: Floats, strength: float, start: Floats | None = None
) -> tuple[Floats, float]:
    """Minimise C sum log(1 + exp(-s x.w - s b)) + |w|^2 / 2, s = +-1; the bias is not penalised.

    Parameters
    ----------
    features
        CSR (n, d).
    targets
        float64 (n,) of 0 and 1.
    strength
        C.
    start
        float64 (d + 1,): weights and bias to begin from.

    Returns
    -------
    weights, bias
        float64 (d,) and a number.
    """
    from scipy.optimize import minimize

    matrix = features.astype(np.float64)
    transposed = matrix.T.tocsr()
    signs = 2 * targets - 1

    def objective(solution: Floats) -> tuple[float, Floats]:
        weights = solution[:-1]
        margins = signs * (matrix @ weights + solution[-1])
        slopes = -signs * _sigmoid(-margins)
        value = strength * float(np.logaddexp(0, -margins).sum()) + weights @ weights / 2
        gradient = np.append(strength * (transposed @ slopes) + weights, strength * slopes.sum())
        return float(value), gradient

    begin = np.zeros(matrix.shape[1] + 1) if start is None else start
    options = {"maxiter": _MOST_STEPS, "maxfun": 4 * _MOST_STEPS, "gtol": 1e-6, "ftol": 1e-14}
    result = minimize(objective, begin, jac=True, method="L-BFGS-B", options=options)
    return result.x[:-1], float(result.x[-1])


def _sigmoid(values: Floats) -> Floats:
    """Return 1 / (1 + exp(-v)) without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -values)))


def log_loss(features: csr_matrix, targets: Floats, weights: Floats, bias: float) -> float:
    """Return the mean log loss of a solution, NaN for no rows."""
    if not len(targets):
        return float("nan")
    margins = (2 * targets - 1) * (features @ weights + bias)
    return float(np.logaddexp(0, -margins).mean())


def fit_linear(
    train: tuple[csr_matrix, Floats],
    valid: tuple[csr_matrix, Floats],
    strengths: tuple[float, ...] = STRENGTHS,
    progress: Progress = no_progress,
) -> list[LinearTask]:
    """Solve every task, each at the strength with the lowest validation loss.

    Parameters
    ----------
    train, valid
        Features CSR (n, d) and targets float64 (n, T), NaN where unknown. A task without known
        validation rows takes the middle strength.
    progress
        Told the number of solutions done, strengths times tasks in all.
    """
    return [
        _fit_task(train[0], train[1][:, task], valid[0], valid[1][:, task], strengths, progress)
        for task in range(train[1].shape[1])
    ]


def _fit_task(
    features: csr_matrix,
    targets: Floats,
    valid_features: csr_matrix,
    valid_targets: Floats,
    strengths: tuple[float, ...],
    progress: Progress,
) -> LinearTask:
    """Solve one task along the strengths, each from the one before."""
    known, valid_known = ~np.isnan(targets), ~np.isnan(valid_targets)
    rows, truth = features[known], targets[known]
    valid_rows, valid_truth = valid_features[valid_known], valid_targets[valid_known]
    solutions: list[LinearTask] = []
    start: Floats | None = None
    for strength in strengths:
        weights, bias = logistic_regression(rows, truth, strength, start)
        start = np.append(weights, bias)
        loss = log_loss(valid_rows, valid_truth, weights, bias)
        solutions.append(LinearTask(weights, bias, strength, loss))
        progress(1)
    if not len(valid_truth):
        return solutions[len(solutions) // 2]
    return min(solutions, key=lambda solution: solution.valid_loss)
