"""Convolutions along positions that are computed in another way than torch's, where that is cheaper."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn
from torch.nn import functional

ROWS_EVEN, MANY_ROWS = 16, 192
"""What numbers of rows `row_products` takes, and from how many on it is quicker than a matrix product."""
TOUCH = 8
"""What moving a value costs, in multiplications."""


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
