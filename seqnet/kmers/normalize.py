"""From counts to the values that settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.kmers.columns import Columns
from seqnet.kmers.settings import MOST_Z_FEATURES, KmerSettings

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

EXACT = 1 << 24
"""Up to this float32 holds every whole number."""


def is_known(settings: KmerSettings) -> bool:
    """Tell whether values can be computed row by row: all but z without its constants."""
    return settings.normalize != "z" or bool(settings.mean)


def require_few_columns(columns: Columns) -> None:
    """Raise ValueError if z-scores would fill too large a table."""
    if columns.features > MOST_Z_FEATURES:
        raise ValueError(
            f"z leaves no value zero: {columns.features} features are too many; at most {MOST_Z_FEATURES}"
        )


def normalized(counts: csr_matrix, settings: KmerSettings, columns: Columns) -> csr_matrix:
    """Return the values of counts, both CSR (n, d); float32, or float64 where counts pass `EXACT`.

    Parameters
    ----------
    settings
        Under z they hold its constants.
    """
    from scipy.sparse import csr_matrix

    how = settings.normalize
    large = bool(len(counts.data)) and int(counts.data.max()) > EXACT
    values = counts.data.astype(np.float64 if large else np.float32)
    if how == "sqrt":
        values = np.sqrt(values)
    elif how == "log":
        values = np.log1p(values)
    elif how == "frequency":
        values = (values / _totals(counts, columns)).astype(values.dtype)
    elif how == "z":
        dense = (counts.toarray() - np.array(settings.mean)) / np.array(settings.deviation)
        return csr_matrix(dense.astype(np.float32))
    return csr_matrix((values, counts.indices, counts.indptr), shape=counts.shape)


def _totals(counts: csr_matrix, columns: Columns) -> np.ndarray:
    """Return, for each count, the total of its row and pattern, float64 (nnz,)."""
    patterns = len(columns.starts) - 1
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    pattern = np.searchsorted(columns.starts, counts.indices, side="right") - 1
    key = rows * patterns + pattern
    totals: np.ndarray = np.bincount(key, weights=counts.data)[key]
    return totals


def with_constants(counts: csr_matrix, settings: KmerSettings) -> KmerSettings:
    """Return the settings with mean and standard deviation (of n) of each column of counts."""
    n = max(1, counts.shape[0])
    exact = counts.astype(np.float64)
    mean = np.asarray(exact.sum(axis=0)).ravel() / n
    exact.data **= 2
    squares = np.asarray(exact.sum(axis=0)).ravel() / n
    # whole numbers: the sums are exact, so a constant column has a variance of exactly 0, or of rounding
    variance = np.maximum(squares - mean**2, 0.0)
    deviation = np.where(variance > 1e-12 * squares, np.sqrt(variance), 1.0)
    return settings._replace(mean=tuple(mean.tolist()), deviation=tuple(deviation.tolist()))
