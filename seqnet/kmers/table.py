"""The k-mer table: sequences by words, and the settings that made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Integers
from seqnet.errors import SeqnetError
from seqnet.kmers.columns import feature_names
from seqnet.kmers.rows import SparseRows
from seqnet.kmers.settings import KmerSettings

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class KmerTable:
    """n sequences by d features.

    Parameters
    ----------
    names
        n row names.
    features
        Fixed-width unicode (d,): the word of each column.
    matrix
        CSR (n, d), float32, or float64 where a count is too large for that.
    settings
        What made it.
    """

    names: list[str]
    features: NDArray[np.str_]
    matrix: csr_matrix
    settings: KmerSettings


def make_table(
    names: Sequence[str],
    features: NDArray[np.str_],
    parts: tuple[NDArray[np.number], Integers, Integers],
    settings: KmerSettings,
) -> KmerTable:
    """Build a table from CSR parts (data, indices, indptr), checking that they fit together.

    Raises
    ------
    ValueError
        If they do not.
    """
    data, indices, indptr = parts
    matrix = SparseRows(data, indices, indptr.astype(np.int64, copy=False), len(features)).matrix()
    matrix.check_format(full_check=True)
    if not np.isfinite(matrix.data).all():
        raise ValueError("a value is not finite")
    if settings.mean and not len(settings.mean) == len(settings.deviation) == len(features):
        raise ValueError("the constants of z are not one for each feature")
    return KmerTable(list(names), features, matrix, settings)


def ordered(table: KmerTable) -> csr_matrix:
    """Return a table's values with its columns in the order of its settings, found by name: CSR (n, d).

    Raises
    ------
    SeqnetError
        Naming the first column that is missing.
    """
    expected = feature_names(table.settings)
    if np.array_equal(table.features, expected):
        return table.matrix
    place = {name: column for column, name in enumerate(table.features.tolist())}
    missing = [name for name in expected.tolist() if name not in place]
    if missing:
        kind = "table of motif scores" if table.settings.names else "k-mer table"
        raise SeqnetError(f"the {kind} lacks {len(missing)} of {len(expected)} features, {missing[0]} first")
    return table.matrix[:, [place[name] for name in expected.tolist()]]
