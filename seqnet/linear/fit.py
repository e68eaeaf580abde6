"""Linear models of features, their strength chosen on the validation rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.aliases import Floats, Progress, no_progress
from seqnet.linear.least_squares import least_squares
from seqnet.linear.losses import LINEAR_LOSSES, weighted
from seqnet.linear.newton import TOLERANCE, Matrix, Solution, minimise
from seqnet.metrics.binary import binary_metrics

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


class LabelledRows(NamedTuple):
    """Rows to fit or to choose by."""

    features: csr_matrix
    """CSR (n, d)."""
    targets: Floats
    """float64 (n, T), NaN where unknown."""
    weights: Floats | None = None
    """float64 (n,): of each row's loss; None for ones."""


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
    train: LabelledRows | tuple[csr_matrix, Floats],
    valid: LabelledRows | tuple[csr_matrix, Floats],
    strengths: Sequence[float] | None = None,
    progress: Progress = no_progress,
    warn: Callable[[str], object] = lambda _text: None,
    tolerance: float = TOLERANCE,
) -> list[Fitted]:
    """Solve every task, each at the strength that does best on the validation rows.

    The best has the lowest loss; that of `hinge`, whose outputs are no probabilities, the highest auROC.
    BLAS gets one thread: its products here are too short to share, and sums must not depend on threads.

    Parameters
    ----------
    loss
        Row of `STRENGTHS`.
    train, valid
        Features and targets, see `LabelledRows`. Without known validation rows that have a weight the middle
        strength is taken.
    strengths
        To choose from; those of `STRENGTHS` when None. 0, for `mse`, is no penalty.
    progress
        Called with the number of solutions done, strengths times fits in all.
    warn
        Called with a message on what has not converged.
    tolerance
        How far from the optimum to stop, see `minimise`; `mse` is solved exactly.

    Returns
    -------
    One for each task; for `cross_entropy` one in all.
    """
    from threadpoolctl import threadpool_limits

    tried = tuple(STRENGTHS[loss] if strengths is None else strengths)
    fitted, held_out = LabelledRows(*train), LabelledRows(*valid)
    columns: list[int | slice] = [slice(None)] if loss == "cross_entropy" else [*range(train[1].shape[1])]
    with threadpool_limits(1, "blas"):
        return [
            _fit(loss, _known(fitted, column), _known(held_out, column), tried, progress, warn, tolerance)
            for column in columns
        ]


def stacked(fitted: Sequence[Fitted]) -> tuple[Floats, Floats]:
    """Return the weights and biases of all outputs, float64 (T, d) and (T,)."""
    weights = np.concatenate([np.atleast_2d(one.weights.T) for one in fitted])
    return weights, np.concatenate([np.atleast_1d(one.bias) for one in fitted])


def _known(rows: LabelledRows, column: int | slice) -> LabelledRows:
    """Return the rows whose target is known, and that have a weight where rows have weights."""
    targets, weights = rows.targets[:, column], rows.weights
    known = ~np.isnan(targets.sum(axis=tuple(range(1, targets.ndim))))
    if weights is not None:
        known &= weights > 0
    if known.all():
        return LabelledRows(rows.features, targets, weights)
    return LabelledRows(rows.features[known], targets[known], None if weights is None else weights[known])


def _fit(
    loss: str,
    train: LabelledRows,
    valid: LabelledRows,
    strengths: Sequence[float],
    progress: Progress,
    warn: Callable[[str], object],
    tolerance: float,
) -> Fitted:
    """Solve along the strengths and take the best."""
    solutions: list[Fitted] = []
    scores: list[float] = []
    if loss == "mse":
        solved = least_squares(train.features, train.targets, strengths, warn, train.weights)
    else:
        solved = _path(loss, train, strengths, tolerance)
    for strength, solution in zip(strengths, solved, strict=True):
        outputs = valid.features @ solution.weights + solution.bias
        value = mean_loss(loss, outputs, valid.targets, valid.weights)
        solutions.append(Fitted(*solution, strength, value))
        auroc = binary_metrics("", valid.targets, outputs).auroc if loss == "hinge" else None
        scores.append(value if auroc is None else -auroc)
        progress(1)
    if not len(valid.targets):
        return solutions[len(solutions) // 2]
    return solutions[int(np.argmin(scores))]


def _path(loss: str, rows: LabelledRows, strengths: Sequence[float], tolerance: float) -> Iterator[Solution]:
    """Yield the solution at each strength, each begun at the one before."""
    matrix = Matrix.of(rows.features)
    each = LINEAR_LOSSES[loss] if rows.weights is None else weighted(LINEAR_LOSSES[loss], rows.weights)
    solution: Solution | None = None
    for strength in strengths:
        solution = minimise(matrix, rows.targets, each, strength, solution, tolerance)
        yield solution


def mean_loss(loss: str, outputs: Floats, targets: Floats, weights: Floats | None = None) -> float:
    """Return the mean loss of rows, weighted where they have weights, NaN for none."""
    if not len(targets):
        return float("nan")
    values = (outputs - targets) ** 2 if loss == "mse" else LINEAR_LOSSES[loss](outputs, targets).values
    return float(np.average(values, weights=weights))
