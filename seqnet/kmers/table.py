"""The k-mer table: sequences by k-mers, and the settings that made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class KmerSettings(NamedTuple):
    """How sequences became features; stored with tables and models."""

    k: int = 6
    strands: str = "both"
    """``both`` counts a k-mer and its reverse complement as one, ``forward`` apart."""
    normalize: str = "counts"
    """``counts``, ``frequency`` (of the sequence's k-mers) or ``sqrt`` (of counts)."""


STRANDS = ("both", "forward")
NORMALIZATIONS = ("counts", "frequency", "sqrt")


def checked_settings(k: object, strands: object, normalize: object) -> KmerSettings:
    """Return settings read from a file.

    Raises
    ------
    ValueError
        If one is not what it may be.
    """
    settings = KmerSettings(int(str(k)), str(strands), str(normalize))
    if settings.k < 1 or settings.strands not in STRANDS or settings.normalize not in NORMALIZATIONS:
        raise ValueError(f"unknown settings k={k} strands={strands} normalize={normalize}")
    return settings


@dataclass(frozen=True, eq=False)
class KmerTable:
    """n sequences by d features.

    Parameters
    ----------
    names
        n row names.
    features
        d k-mers, in column order.
    matrix
        CSR float32 (n, d).
    settings
        What made it.
    """

    names: list[str]
    features: list[str]
    matrix: csr_matrix
    settings: KmerSettings


def make_table(
    names: Sequence[str],
    features: Sequence[str],
    parts: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
    settings: KmerSettings,
) -> KmerTable:
    """Build a table from CSR parts (data, indices, indptr), checking that they fit together.

    Raises
    ------
    ValueError
        If they do not.
    """
    from scipy.sparse import csr_matrix

    data, indices, indptr = parts
    matrix = csr_matrix((data, indices, indptr), shape=(len(names), len(features)))
    matrix.check_format(full_check=True)
    if not np.isfinite(matrix.data).all():
        raise ValueError("a value is not finite")
    return KmerTable(list(names), list(features), matrix, settings)
