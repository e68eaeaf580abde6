"""Rows of a k-mer table as CSR parts, light enough to stream: scipy is loaded for whole tables only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Integers, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class SparseRows(NamedTuple):
    """n rows of d columns, CSR; columns ascend within a row."""

    data: NDArray[np.number]
    """The values, (nnz,)."""
    indices: Integers
    """The column of each value, integer (nnz,)."""
    indptr: Ints
    """int64 (n + 1,): row i has the values from ``indptr[i]`` to before ``indptr[i + 1]``."""
    features: int
    """d."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.indptr) - 1, self.features

    def row_numbers(self) -> Ints:
        """Return the row of each value, int64 (nnz,)."""
        return np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))

    def take(self, begin: int, end: int) -> SparseRows:
        """Return the rows from `begin` to before `end`."""
        low, high = int(self.indptr[begin]), int(self.indptr[end])
        indptr = self.indptr[begin : end + 1] - low
        return SparseRows(self.data[low:high], self.indices[low:high], indptr, self.features)

    def dense(self) -> NDArray[np.number]:
        """Return (n, d) with the zeros."""
        whole = np.zeros(self.shape, self.data.dtype)
        whole[self.row_numbers(), self.indices] = self.data
        return whole

    def matrix(self) -> csr_matrix:
        """Return the same values to scipy."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.data, self.indices, self.indptr), shape=self.shape)


class KmerRows(NamedTuple):
    """Some rows of a table."""

    names: list[str]
    matrix: SparseRows
    """(n, d)."""


def widened(features: csr_matrix, columns: NDArray[np.float32]) -> csr_matrix:
    """Return the features of rows with further columns, (n, S), behind them: CSR float32 (n, d + S)."""
    from scipy.sparse import csr_matrix, hstack

    return csr_matrix(hstack([features, csr_matrix(columns)], format="csr", dtype=np.float32))


def sparse_rows(matrix: csr_matrix) -> SparseRows:
    """Return the parts of a matrix whose columns ascend within rows."""
    return SparseRows(matrix.data, matrix.indices, matrix.indptr.astype(np.int64), int(matrix.shape[1]))


def concatenate_rows(parts: list[SparseRows]) -> SparseRows:
    """Put rows one below the other, at least one part of them."""
    if len(parts) == 1:
        return parts[0]
    lengths = np.concatenate([np.diff(part.indptr) for part in parts])
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    data = np.concatenate([part.data for part in parts])
    return SparseRows(data, np.concatenate([part.indices for part in parts]), indptr, parts[0].features)


def added(one: SparseRows, other: SparseRows) -> SparseRows:
    """Return the sum of two single rows of whole numbers."""
    columns, place = np.unique(np.concatenate([one.indices, other.indices]), return_inverse=True)
    values = np.zeros(len(columns), one.data.dtype)
    np.add.at(values, place, np.concatenate([one.data, other.data]))
    indptr = np.array([0, len(columns)], np.int64)
    return SparseRows(values, columns.astype(one.indices.dtype), indptr, one.features)
