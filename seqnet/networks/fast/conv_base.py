"""Convolutions along positions that are computed in another way than torch's, where that is cheaper."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

ROWS_EVEN, MANY_ROWS = 16, 192
"""What numbers of rows `row_products` takes, and from how many on it is quicker than a matrix product."""
TOUCH = 8
"""What moving a value costs, in multiplications."""
WIDE = 128
"""Positions of a filter from which on a Fourier transform is cheaper, in training too."""


class Replacement(nn.Conv2d):
    """A plain convolution in place of another: neither strided, dilated nor grouped.

    Parameters
    ----------
    of
        (1, F); its weights are shared.
    """

    def __init__(self, of: nn.Conv2d) -> None:
        size, padding = (1, of.kernel_size[1]), (0, int(of.padding[1]))
        super().__init__(of.in_channels, of.out_channels, size, padding=padding, device="meta")
        self.weight, self.bias = of.weight, of.bias


class Convolution(Replacement, ABC):
    """One for prediction, whose weights are as they will be used.

    Its ways override `unpadded` and `work`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Convolve (n, C, 1, L) with its padding."""
        side = int(self.padding[1])
        return self.unpadded(functional.pad(input, (side, side)) if side else input)

    @abstractmethod
    def unpadded(self, x: Tensor) -> Tensor:
        """Convolve (n, C, 1, L) without padding."""

    @abstractmethod
    def work(self, length: int) -> float:
        """Return what a row of `length` outputs costs, in multiplications of a plain convolution."""


class WideConv(nn.Conv2d):
    """A convolution of stride 1 over many positions, by Fourier transforms: (n, C, 1, L) to (n, C', 1, L').

    Its work grows with log(width), where that of the sum itself grows with the width; with 1001
    positions a step of training takes less than a hundredth. Values differ by rounding.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return what `nn.Conv2d` does, in at least float32."""
        width, side = self.kernel_size[1], int(self.padding[1])
        length = x.shape[3]
        size = 1 << (length + width - 2).bit_length()  # nothing wraps round
        weight = self.weight[:, :, 0].to(torch.promote_types(self.weight.dtype, torch.float32))
        signal = torch.fft.rfft(x[:, :, 0].to(weight.dtype), size)
        filters = torch.fft.rfft(weight.flip(2), size)
        summed = torch.fft.irfft(torch.einsum("ncf,ocf->nof", signal, filters), size)
        begin = width - 1 - side
        outputs = summed[:, :, begin : begin + length + 2 * side - width + 1]
        if self.bias is not None:
            outputs = outputs + self.bias[:, None]
        spread: Tensor = outputs.unsqueeze(2)
        return spread


def is_plain(convolution: nn.Conv2d) -> bool:
    """Tell a convolution that is neither strided, dilated nor grouped."""
    return convolution.stride == convolution.dilation == (1, 1) and convolution.groups == 1


def convolution_work(convolution: nn.Conv2d, length: int) -> float:
    """Return what a row of `length` outputs costs, in multiplications."""
    if isinstance(convolution, Convolution):
        return convolution.work(length)
    return float(convolution.weight.numel() * length)


def convolved(convolution: nn.Conv2d, x: Tensor) -> Tensor:
    """Convolve (n, C, 1, L) without the convolution's padding, in its own way."""
    if isinstance(convolution, Convolution):
        return convolution.unpadded(x)
    of = convolution
    return functional.conv2d(x, of.weight, of.bias, of.stride, 0, of.dilation, of.groups)


def channels_first(batch: Tensor) -> Tensor:
    """Return (n, L, C) as (n, C, 1, L), the same memory: channels last."""
    return batch.unsqueeze(1).permute(0, 3, 1, 2)


def channels_last(x: Tensor) -> Tensor:
    """Return (n, C, 1, L) as contiguous (n, L, C)."""
    return x.permute(0, 2, 3, 1).squeeze(1).contiguous()


def unfilled(like: Tensor, *shape: int) -> Tensor:
    """Return an uninitialised array; use it for large arrays that are allocated and freed repeatedly.

    torch aligns its memory blocks, so that a freed block is a few bytes too short for the next array of its
    size. Where freed memory is kept, this can increase the memory of a process by a third.
    """
    if like.device.type != "cpu" or like.dtype != torch.float32:
        return like.new_empty(shape)
    return torch.from_numpy(np.empty(shape, dtype=np.float32))


def row_products(rows: Tensor, weight: Tensor) -> Tensor:
    """Return the products of rows (n, C) and weights (K, C): (n, K).

    They are computed as a convolution of one position, for which torch has code made for the processor at
    hand. Its matrix products are made for those of one maker; on others with vectors of 64 bytes, many rows
    take twice as long. A convolution copies its weights first, so that few rows do not gain.

    Parameters
    ----------
    rows
        n is a multiple of `ROWS_EVEN`.
    """
    apart = channels_first(rows.reshape(ROWS_EVEN, -1, rows.shape[1]))
    return channels_last(functional.conv2d(apart, weight[:, :, None, None])).view(len(rows), -1)
