"""Wide convolutions by overlap-save: block by block through a Fourier transform, in fewer multiplications.

A block of N = M + F - 1 positions gives M outputs of a filter of F positions: the product of two spectra
is a circular correlation of N positions, whose first M are those of the plain one (Stockham 1966,
doi:10.1145/1464182.1464209). A product of complex numbers takes three real ones (Karatsuba and Ofman
1962), so that a pair of channels costs about 3 N / 2M multiplications per output in place of F.

Spectra of real blocks are short enough that they are computed by a matrix, in the layout that is at
hand (by `kernels.layers.blocks` where that runs); N is any number. Errors are relative to the largest
value of a block, not to each output.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import DTypeLike, NDArray
from torch import Tensor, nn
from torch.nn import functional

from seqnet.aliases import Floats
from seqnet.kernels.layers import blocks as kernels
from seqnet.networks.fast.conv_base import TOUCH, Convolution, unfilled

_AT_ONCE, _PIECE = 96, 32
"""About how many blocks go through the products at a time, enough for the weights to be read seldom; at
most so many of them from one place, so that they can be shared out evenly. Twice as many take more
memory and are no faster."""
MOST_KEPT = 64
"""Outputs of a block: longer blocks save little more, and their weights fill the caches."""
_PRODUCT, _TRANSFORM, _MOVED = 1.4, 1.0, 6 * TOUCH
"""What a multiplication and a value cost in these many small matrices, in multiplications of a plain
convolution, as measured; and by how much blocks must be cheaper."""
_LEAST_GAIN = 1.2


@dataclass(frozen=True)
class Blocks:
    """How a convolution is cut.

    Parameters
    ----------
    span
        F, the filters' positions.
    kept
        M, the outputs of each block.
    """

    span: int
    kept: int

    @property
    def size(self) -> int:
        """N, the positions of a block."""
        return self.span + self.kept - 1

    @property
    def rank(self) -> int:
        """Real products that a block takes for each pair of channels."""
        return 3 * ((self.size - 1) // 2) + 1 + (self.size % 2 == 0)

    def work(self, channels: int, filters: int, length: int) -> float:
        """Return what `length` outputs cost, in multiplications of a plain convolution."""
        products = self.rank * channels * filters
        transforms = self.rank * (self.size * channels + self.kept * filters)
        moved = self.rank * (channels + filters)
        block = _PRODUCT * products + _TRANSFORM * transforms + _MOVED * moved
        return -(-length // self.kept) * block

    def least_work(self, channels: int, filters: int, length: int) -> float:
        """Return what `length` outputs cost in blocks, or at once where that is cheaper."""
        plain = float(self.span * channels * filters * length)
        return plain if length < self.kept else min(plain, self.work(channels, filters, length))


def best_blocks(span: int, channels: int, filters: int, length: int) -> Blocks | None:
    """Return the cheapest cut of a convolution with `length` outputs; None where it is cheaper uncut."""
    cuts = [Blocks(span, kept) for kept in range(2, min(length, MOST_KEPT) + 1)]
    best = min(cuts, key=lambda cut: cut.work(channels, filters, length), default=None)
    plain = span * channels * filters * length
    if best is None or _LEAST_GAIN * best.work(channels, filters, length) > plain:
        return None
    return best


def transforms(blocks: Blocks) -> tuple[Floats, Floats]:
    """Return the matrices that lead to the products and back.

    With a + ib the spectrum of a block and c + id that of a filter, conjugated, the products are
    c (a + b), a (d - c) and b (c + d); the first less the third is the real part of the spectra's
    product, the first and the second together its imaginary part.

    Returns
    -------
    forward
        float64 (rank, N): a block to the block's factors of the products.
    inverse
        float64 (M, rank): products to outputs.
    """
    places, kept = np.arange(blocks.size), np.arange(blocks.kept)
    forward, inverse = [], []
    for frequency in range(blocks.size // 2 + 1):
        angle = 2 * np.pi * frequency / blocks.size
        real, imaginary = np.cos(angle * places), -np.sin(angle * places)
        if frequency in (0, blocks.size / 2):  # has no imaginary part, nor a mirror image
            forward.append(real)
            inverse.append(np.cos(angle * kept) / blocks.size)
            continue
        cosine, sine = 2 / blocks.size * np.cos(angle * kept), 2 / blocks.size * np.sin(angle * kept)
        forward += [real + imaginary, real, imaginary]
        inverse += [cosine - sine, -sine, -cosine]
    return np.array(forward), np.array(inverse).T


def filter_factors(weight: Floats, blocks: Blocks, dtype: DTypeLike = np.float64) -> NDArray[np.floating]:
    """Return the filters' factors of the products, float64 (K, C, F) to (rank, K, C) of a type."""
    factors = np.empty((blocks.rank, *weight.shape[:2]), dtype)
    for number, filter_weights in enumerate(weight):  # one by one: complex numbers of all take much room
        spectrum = np.fft.rfft(filter_weights.astype(np.float64), blocks.size, axis=1).conj()
        place = 0
        for frequency in range(spectrum.shape[1]):
            c, d = spectrum[:, frequency].real, spectrum[:, frequency].imag
            parts = [c] if frequency in (0, blocks.size / 2) else [c, d - c, c + d]
            factors[place : place + len(parts), number] = parts
            place += len(parts)
    return factors


class OverlapSave(Convolution):
    """A convolution that is computed in blocks where that is cheaper.

    Parameters
    ----------
    of
        C channels, (1, F).
    blocks
        How it is cut.
    """

    def __init__(self, of: nn.Conv2d, blocks: Blocks) -> None:
        super().__init__(of)
        self.blocks = blocks
        forward, inverse = transforms(blocks)
        weight = of.weight.detach()[:, :, 0].cpu()
        factors = filter_factors(weight.numpy(), blocks, weight.numpy().dtype)
        self._forward, self._inverse, self._factors = (
            torch.from_numpy(values).to(of.weight) for values in (forward, inverse, factors)
        )
        self._tables = kernels.tables(blocks.size) if kernels.runs_here(blocks.size) else None

    def work(self, length: int) -> float:
        """Return what a row of `length` outputs costs, in blocks or not."""
        return self.blocks.least_work(self.in_channels, self.out_channels, length)

    def unpadded(self, x: Tensor) -> Tensor:
        """Convolve (n, C, 1, L), the shortest rows at once."""
        length = x.shape[3] - self.blocks.span + 1
        if length < self.blocks.kept or self.work(length) >= self.weight.numel() * length:
            return functional.conv2d(x, self.weight, self.bias)
        along = x.permute(0, 2, 3, 1).squeeze(1)
        return self._in_blocks(along).unsqueeze(1).permute(0, 3, 1, 2)

    def _in_blocks(self, x: Tensor) -> Tensor:
        """Convolve (n, L, C)."""
        out = unfilled(x, x.shape[0], x.shape[1] - self.blocks.span + 1, self.out_channels)
        for group in _groups(list(_pieces(out.shape[0], out.shape[1], self.blocks.kept))):
            self._convolve(x, out, group)
        return out

    def _convolve(self, x: Tensor, out: Tensor, group: list[_Piece]) -> None:
        """Fill in the outputs of some blocks."""
        size, kept = self.blocks.size, self.blocks.kept
        blocks = sum(piece.blocks for piece in group)
        factors = unfilled(x, blocks, self.blocks.rank, x.shape[2])
        products = unfilled(x, self.blocks.rank, blocks, self.out_channels)
        at = 0
        for piece in group:
            covered = x[piece.row, piece.start : piece.start + (piece.blocks - 1) * kept + size]
            self._transform(covered, factors[at : at + piece.blocks])
            at += piece.blocks
        torch.bmm(factors.transpose(0, 1), self._factors.transpose(1, 2), out=products)
        if self.bias is not None:
            products[0] += size * self.bias  # frequency 0 is the sum over the block
        at = 0
        for piece in group:
            part = out[piece.row, piece.start : piece.start + piece.blocks * kept]
            self._transform_back(products, at, part.view(piece.blocks, kept, -1))
            at += piece.blocks

    def _compiled(self, x: Tensor) -> kernels.Tables | None:
        """Return the compiled transforms' tables, None where they do not take such values."""
        return self._tables if x.dtype == torch.float32 and x.device.type == "cpu" else None

    def _transform(self, x: Tensor, out: Tensor) -> None:
        """Write the factors of blocks, (blocks, rank, C), of the positions that they cover, (L, C)."""
        size, kept = self.blocks.size, self.blocks.kept
        tables = self._compiled(x)
        if tables is not None:
            kernels.spectra(x.contiguous().numpy(), size, kept, tables.forward, out.numpy())
        else:
            windows = x.unfold(0, size, kept).transpose(1, 2)
            torch.bmm(self._forward.expand(len(out), -1, -1), windows, out=out)

    def _transform_back(self, products: Tensor, first: int, out: Tensor) -> None:
        """Write outputs of blocks, (blocks, kept, K), of the products from the first one on, (rank, n, K)."""
        tables = self._compiled(products)
        if tables is not None:
            kernels.outputs(products.numpy(), first, self.blocks.size, tables.inverse, out.numpy())
        else:
            of_blocks = products[:, first : first + len(out)].transpose(0, 1)
            torch.bmm(self._inverse.expand(len(out), -1, -1), of_blocks, out=out)


class _Piece(NamedTuple):
    """Blocks one after another in a row."""

    row: int
    start: int
    blocks: int


def _pieces(rows: int, length: int, kept: int) -> Iterator[_Piece]:
    """Cut rows of so many outputs; the last block of a row overlaps the one before where it must."""
    whole = length // kept
    for row in range(rows):
        for block in range(0, whole, _PIECE):
            yield _Piece(row, block * kept, min(_PIECE, whole - block))
        if whole * kept < length:
            yield _Piece(row, length - kept, 1)


def _groups(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Share out blocks to as few groups as need be, of about one size."""
    blocks = sum(piece.blocks for piece in pieces)
    size = -(-blocks // -(-blocks // _AT_ONCE))
    group: list[_Piece] = []
    taken = 0
    for piece in pieces:
        group.append(piece)
        taken += piece.blocks
        if taken >= size:
            yield group
            group, taken = [], 0
    if group:
        yield group
