"""From counts to the values that settings ask for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Reals
from seqnet.kmers.columns import WordColumns
from seqnet.kmers.rows import SparseRows
from seqnet.kmers.settings import MOST_Z_FEATURES, KmerSettings

EXACT = 1 << 24
"""Up to this float32 holds every whole number."""
_AT_ONCE = 1 << 15


def is_known(settings: KmerSettings) -> bool:
    """Return whether values can be computed row by row: all but z without its constants."""
    return settings.normalize != "z" or bool(settings.mean)


def require_few_columns(columns: WordColumns) -> None:
    """Raise ValueError if z-scores would fill too large a table."""
    if columns.features > MOST_Z_FEATURES:
        raise ValueError(
            f"z leaves no value zero: {columns.features} features are too many; at most {MOST_Z_FEATURES}"
        )


def normalized(counts: SparseRows, settings: KmerSettings, columns: WordColumns) -> SparseRows:
    """Return the values of counts (n, d); float32, or float64 where counts pass `EXACT`.

    Parameters
    ----------
    counts
        Where they are uint32, their memory may become that of the values.
    settings
        Under z they hold its constants.
    """
    how = settings.normalize
    if how == "z":
        return _z_scores(counts, settings)
    totals = _totals(counts, columns) if how == "frequency" else None
    values = _as_floats(counts.data)
    if how == "sqrt":
        np.sqrt(values, out=values)
    elif how == "log":
        np.log1p(values, out=values)
    elif totals is not None:
        values = (values / totals).astype(values.dtype)
    return counts._replace(data=values)


def _as_floats(counts: NDArray[np.number]) -> Reals:
    """Return whole numbers as float32, of uint32 in the same memory, or float64 where they pass `EXACT`."""
    if len(counts) and int(counts.max()) > EXACT:
        return counts.astype(np.float64)
    if counts.dtype != np.uint32 or not counts.flags.writeable:
        return counts.astype(np.float32)
    values = counts.view(np.float32)
    for begin in range(0, len(counts), _AT_ONCE):  # new memory for all of them costs more than counting
        part = slice(begin, begin + _AT_ONCE)
        values[part] = counts[part].astype(np.float32)
    return values


def _z_scores(counts: SparseRows, settings: KmerSettings) -> SparseRows:
    """Return the z-scores of counts; hardly any is 0."""
    dense = (counts.dense() - np.array(settings.mean)) / np.array(settings.deviation)
    scores = dense.astype(np.float32)
    row, column = scores.nonzero()
    indptr = np.searchsorted(row, np.arange(len(scores) + 1)).astype(np.int64)
    return SparseRows(scores[row, column], column.astype(np.int32), indptr, counts.features)


def _totals(counts: SparseRows, columns: WordColumns) -> np.ndarray:
    """Return, for each count, the total of its row and pattern, float64 (nnz,)."""
    patterns = len(columns.starts) - 1
    pattern = np.searchsorted(columns.starts, counts.indices, side="right") - 1
    key = counts.row_numbers() * patterns + pattern
    totals: np.ndarray = np.bincount(key, weights=counts.data)[key]
    return totals


def with_constants(counts: SparseRows, settings: KmerSettings) -> KmerSettings:
    """Return the settings with mean and standard deviation (of n) of each column of counts."""
    n = max(1, counts.shape[0])
    exact = counts.data.astype(np.float64)
    mean = np.bincount(counts.indices, weights=exact, minlength=counts.features) / n
    squares = np.bincount(counts.indices, weights=exact**2, minlength=counts.features) / n
    # whole numbers: the sums are exact, so a constant column has a variance of exactly 0, or of rounding
    variance = np.maximum(squares - mean**2, 0.0)
    deviation = np.where(variance > 1e-12 * squares, np.sqrt(variance), 1.0)
    return settings._replace(mean=tuple(mean.tolist()), deviation=tuple(deviation.tolist()))
