"""Linear models of many tasks that share their features and one L2 penalty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from seqnet.aliases import Bools, Floats, Progress, no_progress
from seqnet.linear.losses import logistic

SHARED_PENALTIES: dict[str, tuple[float, ...]] = {
    "bce": (0.3, 0.1, 0.03, 0.01, 0.003, 0.001),
    "mse": (3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003),
}
"""Loss to the penalties tried, the strongest first, in units of the mean loss of standardised features."""
GRAM_PENALTIES = (30.0, 10.0, 3.0, 1.0)
"""Penalties tried of models by their Gram matrix, in units of its mean diagonal."""
_STEPS = 60
_WORSE = 2
"""The path ends after so many penalties that are worse than the best before."""


class SharedFit(NamedTuple):
    """The solution at the penalty that does best on the validation rows."""

    weights: Floats
    """float64 (T, d)."""
    bias: Floats
    """float64 (T,)."""
    penalty: float
    valid_loss: float
    """Mean over tasks of the loss on the validation rows, in units of the loss of the training mean."""


def fit_shared(
    loss: str,
    train: tuple[NDArray[np.float32], Floats],
    valid: tuple[NDArray[np.float32], Floats],
    penalties: Sequence[float] | None = None,
    progress: Progress = no_progress,
) -> SharedFit:
    """Minimise the sum over tasks of ``mean(loss) + penalty * |weights|^2 / 2``, biases free.

    ``bce`` is logistic regression, ``mse`` half the squared error. Unknown targets of ``bce`` do not count;
    those of ``mse`` are taken to be the mean, so that one factorisation serves all tasks.

    Parameters
    ----------
    train, valid
        Standardised features, float32 (n, d), and targets, float64 (n, T), NaN where unknown.
    penalties
        In descending order; those of `SHARED_PENALTIES` when None. One for all tasks is taken, by the
        validation rows; without known ones the middle one.
    progress
        Called with the number of solutions done, one for each penalty.
    """
    tried = SHARED_PENALTIES[loss] if penalties is None else tuple(penalties)
    solve = _logistic_path if loss == "bce" else _ridge_path
    fits: list[SharedFit] = []
    with threadpool_limits(1, "blas"):
        for penalty, (weights, bias) in zip(tried, solve(*train, tried), strict=False):
            outputs = valid[0].astype(np.float64) @ weights.T + bias
            fits.append(SharedFit(weights, bias, penalty, relative_loss(loss, outputs, valid[1], train[1])))
            progress(1)
            losses = [fit.valid_loss for fit in fits]
            if len(fits) > _WORSE and min(losses) < min(losses[-_WORSE:]):
                progress(len(tried) - len(fits))
                break
    if np.isnan(fits[0].valid_loss):
        return fits[len(fits) // 2]
    return fits[int(np.argmin(losses))]


def relative_loss(loss: str, outputs: Floats, targets: Floats, train: Floats) -> float:
    """Return the mean over tasks of a loss in units of that of the training mean, NaN where none is known.

    Parameters
    ----------
    outputs, targets
        float64 (n, T), targets NaN where unknown.
    train
        Targets of the training rows, float64 (n, T).
    """
    means = known_means(train)
    ratios = []
    for task, mean in enumerate(means):
        known = ~np.isnan(targets[:, task])
        y, z = targets[known, task], outputs[known, task]
        if not len(y):
            continue
        if loss == "bce":
            base = logistic(np.full(len(y), np.log(mean / (1 - mean))), y).values if 0 < mean < 1 else y * 0
            value = logistic(z, y).values
        else:
            base, value = (y - mean) ** 2, (y - z) ** 2
        if base.mean() > 0:
            ratios.append(value.mean() / base.mean())
    return float(np.mean(ratios)) if ratios else float("nan")


def known_means(targets: Floats) -> Floats:
    """Return the mean of the known targets of each task, float64 (T,); 0 where none is known."""
    known = ~np.isnan(targets)
    means: Floats = np.where(known, targets, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return means


def _centred(targets: Floats) -> tuple[Floats, Floats]:
    """Return targets less their means, unknown ones 0, and the means."""
    means = known_means(targets)
    return np.where(np.isnan(targets), 0.0, targets - means), means


def _ridge_path(
    features: NDArray[np.float32], targets: Floats, penalties: Sequence[float]
) -> Iterator[tuple[Floats, Floats]]:
    """Yield weights and biases of ridge regressions."""
    n, d = features.shape
    middle = features.mean(axis=0, dtype=np.float64)
    x = features - middle
    y, means = _centred(targets)
    gram, products = x.T @ x / n, x.T @ y / n
    for penalty in penalties:
        factor = cho_factor(gram + penalty * np.eye(d), lower=True, overwrite_a=True, check_finite=False)
        weights = cho_solve(factor, products, check_finite=False).T
        yield weights, means - weights @ middle


def _logistic_path(
    features: NDArray[np.float32], targets: Floats, penalties: Sequence[float]
) -> Iterator[tuple[Floats, Floats]]:
    """Yield weights and biases of logistic regressions, each begun at the one before.

    All tasks are solved together by L-BFGS, in variables whose curvature is about 1: those that the Cholesky
    factor of the mean Hessian, taken at the mean of the targets, makes of the weights.
    """
    n, d = features.shape
    tasks = targets.shape[1]
    known = ~np.isnan(targets)
    rates = np.clip(known_means(targets), 0.5 / n, 1 - 0.5 / n)
    curvature = float(np.exp(np.mean(np.log(rates * (1 - rates)))))
    gram = (features.T @ features).astype(np.float64) * (curvature / n)
    weights, bias = np.zeros((d, tasks)), np.log(rates / (1 - rates))
    for penalty in penalties:
        lower = cholesky(gram + penalty * np.eye(d), lower=True)
        problem = _Logistic(features, np.nan_to_num(targets), known, penalty)

        def value(
            variables: Floats, lower: Floats = lower, problem: _Logistic = problem
        ) -> tuple[float, Floats]:
            w = solve_triangular(lower, variables[: d * tasks].reshape(d, tasks), lower=True, trans="T")
            loss, by_weights, by_bias = problem.value(w, variables[d * tasks :])
            turned = solve_triangular(lower, by_weights, lower=True)
            return loss, np.concatenate([turned.reshape(-1), by_bias])

        start = np.concatenate([(lower.T @ weights).reshape(-1), bias])
        optimum = minimize(
            value, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS, "ftol": 1e-8}
        )
        weights = solve_triangular(lower, optimum.x[: d * tasks].reshape(d, tasks), lower=True, trans="T")
        bias = optimum.x[d * tasks :]
        yield weights.T.copy(), bias.copy()


class _Logistic(NamedTuple):
    """The penalised loss of logistic regressions."""

    features: NDArray[np.float32]
    targets: Floats
    known: Bools
    penalty: float

    def value(self, weights: Floats, bias: Floats) -> tuple[float, Floats, Floats]:
        """Return the loss at weights (d, T) and biases (T,), with its gradients."""
        outputs = (self.features @ weights.astype(np.float32)).astype(np.float64) + bias
        signs = 2 * self.targets - 1
        losses = np.logaddexp(0, -signs * outputs)
        counts = np.maximum(self.known.sum(axis=0), 1)
        slopes = signs * np.expm1(-losses) * self.known / counts
        loss = (losses * self.known / counts).sum() + self.penalty * (weights**2).sum() / 2
        by_weights = (self.features.T @ slopes.astype(np.float32)).astype(np.float64) + self.penalty * weights
        return float(loss), by_weights, slopes.sum(axis=0)


def gram_ridge(
    gram: NDArray[np.float32], targets: Floats, penalties: Sequence[float] = GRAM_PENALTIES
) -> Iterator[NDArray[np.float32]]:
    """Yield the dual weights of ridge regressions for all tasks, one factorisation for each penalty.

    The weights of the features are ``features.T @ dual``; with ``means - weights @ mean(features)`` as bias
    they minimise ``|error|^2 + penalty * u * |weights|^2``, u the mean diagonal of the centred Gram matrix.
    Unknown targets are taken to be the mean.

    Parameters
    ----------
    gram
        float32 (n, n): ``features @ features.T`` of the training rows; it is centred in place.
    targets
        float64 (n, T), NaN where unknown.
    """
    n = len(gram)
    means = gram.mean(axis=0, dtype=np.float64)
    gram -= means.astype(np.float32)
    gram -= (means - means.mean()).astype(np.float32)[:, None]
    unit = float(np.trace(gram, dtype=np.float64)) / n or 1.0
    y = _centred(targets)[0].astype(np.float32)
    for penalty in penalties:
        shifted = gram.T.copy(order="F")
        shifted[np.diag_indices(n)] += np.float32(penalty * unit)
        with threadpool_limits(1, "blas"):
            factor = cho_factor(shifted, lower=True, overwrite_a=True, check_finite=False)
            dual = cho_solve(factor, y, check_finite=False)
        yield dual - dual.mean(axis=0)
