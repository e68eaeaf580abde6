"""Linear regression: least squares, with and without an L2 penalty, by stable solvers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqnet.aliases import Floats
from seqnet.linear.newton import Solution

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import LinearOperator

_DIRECT_WORK = 2e10
"""Operations up to which the singular values are found, rather than products iterated."""
_TOLERANCE = 1e-10
_MOST_PRODUCTS = 20_000


def least_squares(
    features: csr_matrix,
    targets: Floats,
    penalties: Sequence[float],
    warn: Callable[[str], object] = lambda _text: None,
    row_weights: Floats | None = None,
) -> Iterator[Solution]:
    """Minimise ``|features @ weights + bias - targets|^2 + penalty * |weights|^2``, penalty by penalty.

    Biases are not penalised. Without a penalty the solution is the shortest of those that minimise the
    residual. Small tables are solved by their singular values, large ones by LSMR (Fong & Saunders 2011),
    which never squares the condition number as normal equations do.

    Parameters
    ----------
    features
        CSR (n, d).
    targets
        float64 (n,).
    penalties
        0 or more each.
    warn
        Called with a message where LSMR did not converge.
    row_weights
        float64 (n,), not all 0: what each row's square is multiplied by; None for 1.
    """
    n, d = features.shape
    matrix = features.astype(np.float64)
    each = np.ones(n) if row_weights is None else row_weights
    mean, middle = np.asarray(each @ matrix / each.sum()), float(each @ targets / each.sum())
    roots = np.sqrt(each)
    centred = (targets - middle) * roots
    if 4.0 * n * d * min(n, d) <= _DIRECT_WORK:
        solutions = _by_singular_values((matrix.toarray() - mean) * roots[:, None], centred, penalties)
    else:
        solutions = _by_products(_centred(matrix, mean, roots), centred, penalties, warn)
    for weights in solutions:
        yield Solution(weights, np.asarray(middle - mean @ weights))


def _by_singular_values(matrix: Floats, targets: Floats, penalties: Sequence[float]) -> Iterator[Floats]:
    """Yield the weights for each penalty: V s / (s^2 + penalty) U' y."""
    from scipy.linalg import svd

    left, values, right = svd(matrix, full_matrices=False, overwrite_a=True)
    # directions that are rounding alone, by the rule of numpy.linalg.matrix_rank
    values[values <= values.max(initial=0.0) * max(matrix.shape) * np.finfo(np.float64).eps] = 0.0
    seen = values > 0
    turned = (targets @ left)[seen]
    for penalty in penalties:
        yield np.asarray((values[seen] / (values[seen] ** 2 + penalty) * turned) @ right[seen])


def _by_products(
    matrix: LinearOperator, targets: Floats, penalties: Sequence[float], warn: Callable[[str], object]
) -> Iterator[Floats]:
    """Yield the weights for each penalty."""
    from scipy.sparse.linalg import lsmr

    for penalty in penalties:
        weights, reason, steps = lsmr(
            matrix, targets, damp=np.sqrt(penalty), atol=_TOLERANCE, btol=_TOLERANCE, conlim=0,
            maxiter=_MOST_PRODUCTS,
        )[:3]  # fmt: skip
        if reason == 7:
            warn(f"least squares with a penalty of {penalty:g} has not converged after {steps} steps")
        yield np.asarray(weights)


def _centred(matrix: csr_matrix, mean: Floats, roots: Floats) -> LinearOperator:
    """Return a matrix less its column means, which would make it dense, times roots, as its products."""
    from scipy.sparse.linalg import LinearOperator

    transposed = matrix.T.tocsr()
    return LinearOperator(
        matrix.shape,
        matvec=lambda weights: (matrix @ weights.ravel() - mean @ weights.ravel()) * roots,
        rmatvec=lambda rows: transposed @ (rows.ravel() * roots) - mean * (rows.ravel() @ roots),
        dtype=np.float64,
    )
