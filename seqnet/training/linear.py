"""Linear models of features, their strength chosen on the validation rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.aliases import Floats, Progress, no_progress
from seqnet.training.least_squares import least_squares
from seqnet.training.linear_losses import LINEAR_LOSSES
from seqnet.training.metrics.binary import binary_metrics
from seqnet.training.newton import Matrix, Solution, minimise

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_WEIGHTS_OF_DATA = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
STRENGTHS: dict[str, tuple[float, ...]] = {
    "bce": _WEIGHTS_OF_DATA,
    "hinge": (1e-4, 1e-3, 1e-2),
    "cross_entropy": _WEIGHTS_OF_DATA,
    "poisson": _WEIGHTS_OF_DATA,
    "mse": (1e-1, 1.0, 1e1, 1e2, 1e3, 1e4),
}
"""Values tried: C, the weight of the data, as scikit-learn's; of `mse` the weight of the penalty."""


class Fitted(NamedTuple):
    """The solution of one task, or of all classes together."""

    weights: Floats
    """float64 (d,) or (d, T)."""
    bias: Floats
    """float64 () or (T,)."""
    strength: float
    """The one that was chosen."""
    valid_loss: float
    """Mean loss on the validation rows; NaN where none is known."""


def fit_linear(
    loss: str,
    train: tuple[csr_matrix, Floats],
    valid: tuple[csr_matrix, Floats],
    strengths: Sequence[float] | None = None,
    progress: Progress = no_progress,
    warn: Callable[[str], object] = lambda _text: None,
) -> list[Fitted]:
    """Solve every task, each at the strength that does best on the validation rows.

    The best has the lowest loss; that of `hinge`, whose outputs are no probabilities, the highest auROC.
    BLAS gets one thread: its products here are too short to share, and sums must not depend on threads.

    Parameters
    ----------
    loss
        Row of `STRENGTHS`.
    train, valid
        Features CSR (n, d) and targets float64 (n, T), NaN where unknown. Without known validation rows
        the middle strength is taken.
    strengths
        To choose from; those of `STRENGTHS` when None. 0, for `mse`, is no penalty.
    progress
        Told the number of solutions done, strengths times fits in all.
    warn
        Told what has not converged.

    Returns
    -------
    One for each task; for `cross_entropy` one in all.
    """
    from threadpoolctl import threadpool_limits

    tried = tuple(STRENGTHS[loss] if strengths is None else strengths)
    columns: list[int | slice] = [slice(None)] if loss == "cross_entropy" else [*range(train[1].shape[1])]
    with threadpool_limits(1, "blas"):
        return [
            _fit(loss, _known(train, column), _known(valid, column), tried, progress, warn)
            for column in columns
        ]


def stacked(fitted: Sequence[Fitted]) -> tuple[Floats, Floats]:
    """Return the weights and biases of all outputs, float64 (T, d) and (T,)."""
    weights = np.concatenate([np.atleast_2d(one.weights.T) for one in fitted])
    return weights, np.concatenate([np.atleast_1d(one.bias) for one in fitted])


def _known(rows: tuple[csr_matrix, Floats], column: int | slice) -> tuple[csr_matrix, Floats]:
    """Return the rows whose target is known."""
    targets = rows[1][:, column]
    unknown = np.isnan(targets.sum(axis=tuple(range(1, targets.ndim))))
    return (rows[0][~unknown], targets[~unknown]) if unknown.any() else (rows[0], targets)


def _fit(
    loss: str,
    train: tuple[csr_matrix, Floats],
    valid: tuple[csr_matrix, Floats],
    strengths: Sequence[float],
    progress: Progress,
    warn: Callable[[str], object],
) -> Fitted:
    """Solve along the strengths and take the best."""
    solutions: list[Fitted] = []
    scores: list[float] = []
    solved = least_squares(*train, strengths, warn) if loss == "mse" else _path(loss, *train, strengths)
    for strength, solution in zip(strengths, solved, strict=True):
        outputs = valid[0] @ solution.weights + solution.bias
        value = mean_loss(loss, outputs, valid[1])
        solutions.append(Fitted(*solution, strength, value))
        auroc = binary_metrics("", valid[1], outputs).auroc if loss == "hinge" else None
        scores.append(value if auroc is None else -auroc)
        progress(1)
    if not len(valid[1]):
        return solutions[len(solutions) // 2]
    return solutions[int(np.argmin(scores))]


def _path(loss: str, features: csr_matrix, targets: Floats, strengths: Sequence[float]) -> Iterator[Solution]:
    """Yield the solution at each strength, each begun at the one before."""
    matrix = Matrix.of(features)
    solution: Solution | None = None
    for strength in strengths:
        solution = minimise(matrix, targets, LINEAR_LOSSES[loss], strength, solution)
        yield solution


def mean_loss(loss: str, outputs: Floats, targets: Floats) -> float:
    """Return the mean loss of rows, NaN for none."""
    if not len(targets):
        return float("nan")
    values = (outputs - targets) ** 2 if loss == "mse" else LINEAR_LOSSES[loss](outputs, targets).values
    return float(values.mean())
