"""Statistics of features, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def column_statistics(matrix: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column, float32 (d,); 1 for constant columns."""
    n = max(1, matrix.shape[0])
    mean = np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel() / n
    squares = np.asarray(matrix.multiply(matrix).sum(axis=0), dtype=np.float64).ravel() / n
    deviation = np.sqrt(np.maximum(squares - mean**2, 0.0))
    scale = np.where(deviation > 1e-6, deviation, 1.0)
    return mean.astype(np.float32), scale.astype(np.float32)
