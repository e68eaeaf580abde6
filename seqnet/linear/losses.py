"""Losses of linear models with their first and second derivatives.

Outputs and targets have shape (n,), or (n, T) for classes of which each row has one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Floats


class Expansion(NamedTuple):
    """A loss around some outputs."""

    values: Floats
    """float64 (n,): the loss of each row."""
    slopes: Floats
    """Its derivatives by the outputs, of their shape."""
    curvature: Callable[[Floats], Floats]
    """From changes of the outputs to those of the slopes, to first order."""


LinearLoss = Callable[[Floats, Floats], Expansion]
"""From outputs and targets, float64 (n,) or (n, T)."""


def logistic(outputs: Floats, targets: Floats) -> Expansion:
    """Binary cross-entropy: log(1 + exp(-s x)), s = +-1 for targets 1 and 0."""
    signs = 2 * targets - 1
    values = np.logaddexp(0, -signs * outputs)
    wrong = -np.expm1(-values)  # the probability of the other class
    return Expansion(values, -signs * wrong, _diagonal(wrong * (1 - wrong)))


def squared_hinge(outputs: Floats, targets: Floats) -> Expansion:
    """Squared hinge: max(0, 1 - s x)^2, s = +-1 for targets 1 and 0 (scikit-learn's LinearSVC)."""
    signs = 2 * targets - 1
    short = np.maximum(0, 1 - signs * outputs)
    return Expansion(short**2, -2 * signs * short, _diagonal(np.where(short > 0, 2.0, 0.0)))


def softmax(outputs: Floats, targets: Floats) -> Expansion:
    """Cross-entropy of the softmax over classes; targets are one-hot."""
    from scipy.special import log_softmax

    logs = log_softmax(outputs, axis=1)
    probabilities = np.exp(logs)

    def curvature(change: Floats) -> Floats:
        weighted = probabilities * change
        return np.asarray(weighted - probabilities * weighted.sum(axis=1, keepdims=True))

    return Expansion(-(targets * logs).sum(axis=1), probabilities - targets, curvature)


def poisson_rates(outputs: Floats, targets: Floats) -> Expansion:
    """Negative log likelihood of counts at log rates, without its constant: exp(x) - y x."""
    with np.errstate(over="ignore"):  # infinite losses are steps too long, which are halved
        rates = np.exp(outputs)
    return Expansion(rates - targets * outputs, rates - targets, _diagonal(rates))


def weighted(loss: LinearLoss, weights: Floats) -> LinearLoss:
    """Return a loss times the weight of each row, float64 (n,)."""

    def times(outputs: Floats, targets: Floats) -> Expansion:
        around = loss(outputs, targets)
        each = weights.reshape(-1, *(1,) * (targets.ndim - 1))
        return Expansion(
            around.values * weights, around.slopes * each, lambda change: around.curvature(change) * each
        )

    return times


def _diagonal(seconds: Floats) -> Callable[[Floats], Floats]:
    """Return the curvature of rows that have one output each."""
    return lambda change: seconds * change


LINEAR_LOSSES: dict[str, LinearLoss] = {
    "bce": logistic,
    "hinge": squared_hinge,
    "cross_entropy": softmax,
    "poisson": poisson_rates,
}
"""Rows of ``networks.heads.LOSS_NAMES`` other than ``mse``, whose solution is direct."""
