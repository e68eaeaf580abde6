"""Linear models with an L2 penalty: truncated Newton steps, as in LIBLINEAR (Lin, Weng & Keerthi 2008)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.aliases import Floats
from seqnet.linear.losses import Expansion, LinearLoss

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

TOLERANCE = 1e-6
"""Of the gradient's norm, in units of its norm at zero weights."""
_MOST_STEPS = 100
_MOST_PRODUCTS = 500
"""Of the conjugate gradient method, each step."""
_ENOUGH = 1e-4
"""A step has to gain this share of what the slope promises (Armijo)."""


class Solution(NamedTuple):
    """Weights and biases of outputs ``x @ weights + bias``."""

    weights: Floats
    """float64 (d,) or (d, T)."""
    bias: Floats
    """float64 () or (T,)."""


class Matrix(NamedTuple):
    """Features with their transpose, whose products are quicker by rows."""

    rows: csr_matrix
    """CSR float32 (n, d)."""
    columns: csr_matrix
    """CSR float32 (d, n)."""

    @staticmethod
    def of(features: csr_matrix) -> Matrix:
        """Transpose features."""
        rows = features.astype(np.float32, copy=False)
        return Matrix(rows, rows.T.tocsr())


def minimise(
    features: Matrix,
    targets: Floats,
    loss: LinearLoss,
    strength: float,
    start: Solution | None = None,
    tolerance: float = TOLERANCE,
) -> Solution:
    """Minimise ``strength * sum(loss) + |weights|^2 / 2``; biases are not penalised.

    Directions are found in float32, which halves the time of the products; gradients and steps are
    float64, so that the solution is as exact as without.

    Parameters
    ----------
    targets
        float64 (n,) or (n, T).
    strength
        C: the weight of the data against that of the penalty.
    start
        Where to begin; zeros when None.
    tolerance
        Of the gradient's norm, in units of its norm at zero weights.
    """
    here = _zeros(features, targets) if start is None else start
    outputs = features.rows @ here.weights + here.bias
    around = loss(outputs, targets)
    flat = loss(np.zeros_like(targets), targets)
    smallest = tolerance * _norm(_gradient(features, _zeros(features, targets), flat, strength))
    for _ in range(_MOST_STEPS):
        gradient = _gradient(features, here, around, strength)
        if _norm(gradient) <= smallest:
            break
        direction, change = _direction(features, gradient, around, strength)
        length = _step_length(here, gradient, direction, (outputs, change), (loss, targets, strength), around)
        if length == 0:  # nothing is left but rounding
            break
        here = Solution(here.weights + length * direction.weights, here.bias + length * direction.bias)
        outputs = outputs + length * change
        around = loss(outputs, targets)
    return here


def _zeros(features: Matrix, targets: Floats) -> Solution:
    """Return the solution of no features."""
    return Solution(np.zeros((features.rows.shape[1], *targets.shape[1:])), np.zeros(targets.shape[1:]))


def _gradient(features: Matrix, here: Solution, around: Expansion, strength: float) -> Solution:
    """Return the gradient by weights and by biases."""
    slopes = strength * around.slopes
    return Solution(features.columns @ slopes + here.weights, slopes.sum(axis=0))


def _norm(vector: Solution) -> float:
    """Return the Euclidean norm."""
    return float(np.sqrt(_dot(vector, vector)))


def _dot(one: Solution, other: Solution) -> float:
    """Return the inner product."""
    return float(np.vdot(one.weights, other.weights) + np.vdot(one.bias, other.bias))


def _direction(
    features: Matrix, gradient: Solution, around: Expansion, strength: float
) -> tuple[Solution, Floats]:
    """Solve the Newton equations by conjugate gradients, roughly far from the solution and well near it.

    Returns
    -------
    The direction, and the change of the outputs that it makes, float64.
    """
    size = _norm(gradient)
    weights, bias = (-part / size for part in gradient)  # so that float32 neither overflows nor underflows
    residual = Solution(weights.astype(np.float32), np.asarray(bias))
    scale = 1 / max(float(np.sum(strength * around.curvature(np.ones_like(around.slopes)))), 1e-12)
    if bias.ndim:  # ones for all classes change no softmax: its curvature is that of one at a time
        scale = 1 / max(strength * len(around.values) / bias.size, 1e-12)
    found = Solution(np.zeros_like(residual.weights), np.zeros_like(bias))
    along = Solution(residual.weights, residual.bias * scale)
    product = _dot(residual, along)
    goal = product * min(0.05, np.sqrt(size)) ** 2
    for _ in range(_MOST_PRODUCTS):
        change = features.rows @ along.weights + along.bias
        curved = strength * around.curvature(change)
        image = Solution(features.columns @ curved.astype(np.float32) + along.weights, curved.sum(axis=0))
        share = product / _dot(along, image)
        found = _moved(found, share, along)
        residual = _moved(residual, -share, image)
        scaled = Solution(residual.weights, residual.bias * scale)
        before, product = product, _dot(residual, scaled)
        if product <= goal:
            break
        along = _moved(scaled, product / before, along)
    direction = Solution(found.weights.astype(np.float64) * size, found.bias * size)
    return direction, features.rows @ direction.weights + direction.bias


def _moved(vector: Solution, share: float, by: Solution) -> Solution:
    """Return ``vector + share * by``, in the weights' own precision."""
    return Solution(
        vector.weights + by.weights.dtype.type(share) * by.weights, np.asarray(vector.bias + share * by.bias)
    )


def _step_length(
    here: Solution,
    gradient: Solution,
    direction: Solution,
    moving: tuple[Floats, Floats],
    problem: tuple[LinearLoss, Floats, float],
    around: Expansion,
) -> float:
    """Halve the step until it gains enough; 0 if no step gains.

    Parameters
    ----------
    moving
        The outputs, and their change over the whole step.
    problem
        Loss, targets, strength.
    """
    loss, targets, strength = problem
    slope = _dot(gradient, direction)
    linear = float(np.vdot(here.weights, direction.weights))
    square = float(np.vdot(direction.weights, direction.weights))
    length = 1.0
    while length > 1e-10:
        # row by row, because the difference of two sums is nothing but rounding near the solution
        gained = loss(moving[0] + length * moving[1], targets).values - around.values
        if strength * gained.sum() + length * (linear + length * square / 2) <= _ENOUGH * length * slope:
            return length
        length /= 2
    return 0.0
