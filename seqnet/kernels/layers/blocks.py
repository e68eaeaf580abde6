"""Transforms of blocks of positions to products and back, for convolutions by overlap-save.

`seqnet.networks.fast.overlap_save` has the formulas, and the order of a spectrum's rows. They run where
processors have fused multiplications; elsewhere the same is a product with a matrix.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.kernels import _dispatch

Singles = NDArray[np.float32]

LARGEST = 190
"""Positions of a block."""
_ROWS = 3
"""Rows of a matrix that lie side by side."""


class Tables(NamedTuple):
    """The matrices of blocks of N positions, n = N // 2 + 1 frequencies.

    Both hold a cosine and a sine for each frequency and place, float32 (ceil(n / 3), n, 6): three rows of
    the cosines side by side, then the same three of the sines.
    """

    forward: Singles
    """Rows are frequencies, columns places."""
    inverse: Singles
    """Rows are places, columns frequencies, weighted by how often each occurs in a spectrum, over N."""


def tables(size: int) -> Tables:
    """Return the matrices of blocks of so many positions."""
    n = size // 2 + 1
    each = np.arange(n)
    angles = 2 * np.pi / size * (np.outer(each, each) % size)
    cosines, sines = np.cos(angles), np.sin(angles)
    weights = np.where((each == 0) | (2 * each == size), 1, 2) / size
    return Tables(_packed(cosines, -sines), _packed(weights * cosines, weights * sines))


def _packed(*matrices: NDArray[np.float64]) -> Singles:
    """Put rows of matrices (n, n) side by side."""
    n = matrices[0].shape[1]
    groups = -(-n // _ROWS)
    rows = np.zeros((groups, len(matrices), _ROWS, n), dtype=np.float32)
    for number, matrix in enumerate(matrices):
        padded = np.zeros((groups * _ROWS, n))
        padded[:n] = matrix
        rows[:, number] = padded.reshape(groups, _ROWS, n)
    return np.ascontiguousarray(rows.reshape(groups, -1, n).transpose(0, 2, 1))


def runs_here(size: int) -> bool:
    """Return whether the transforms of blocks of so many positions are compiled for this processor."""
    kernels = _dispatch.chosen()
    return size <= LARGEST and kernels.module is not None and kernels.module.blocks_run(kernels.kind)


def spectra(x: Singles, size: int, kept: int, table: Singles, out: Singles) -> None:
    """Transform blocks of positions.

    Parameters
    ----------
    x
        float32 (at least (blocks - 1) * kept + size, C), contiguous.
    size
        N, the positions of a block.
    kept
        Positions from the beginning of one block to that of the next.
    table
        ``tables(size).forward``.
    out
        float32 (blocks, rank, C), contiguous.

    Raises
    ------
    ValueError
        If sizes do not fit.
    """
    module, kind = _dispatch.in_force()
    blocks, _, channels = out.shape
    module.block_spectra(kind, x, size, kept, blocks, channels, table, out)


def outputs(products: Singles, first: int, size: int, table: Singles, out: Singles) -> None:
    """Transform products back to what comes out of blocks.

    Parameters
    ----------
    products
        float32 (rank, all blocks, K), contiguous.
    first
        The block to begin with.
    size
        N, the positions of a block.
    table
        ``tables(size).inverse``.
    out
        float32 (blocks, kept, K), contiguous.

    Raises
    ------
    ValueError
        If sizes do not fit.
    """
    module, kind = _dispatch.in_force()
    blocks, kept, filters = out.shape
    module.block_outputs(kind, products, first, products.shape[1], size, blocks, kept, filters, table, out)
