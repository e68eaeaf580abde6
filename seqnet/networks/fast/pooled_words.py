"""The first convolution, over bases, and the maxima behind it in one pass, which keeps no sums."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.kernels.layers.word_maxima import Pool, word_maxima
from seqnet.networks.fast.base_words import BaseWords
from seqnet.networks.fast.conv_base import unfilled
from seqnet.networks.fast.sliding_window import SlidingWindow, sliding_window

_ADDITION, _COMPARISON, _POSITION = 3, 1, 300
"""What adding one value of a table costs, comparing one, and a position of the walk, in multiplications."""


class PooledWords(nn.Module):
    """A convolution of one-hot bases, the pool of maxima behind it and, optionally, the relu behind that.

    Parameters
    ----------
    of
        4 channels, (1, F), float32.
    pool
        Unpadded; a last window that is not full does not count.
    relu
        Whether maxima below 0 become 0.

    Attributes
    ----------
    window
        Of the layers together: the bases that each maximum is computed from.
    """

    def __init__(self, of: nn.Conv2d, pool: nn.MaxPool2d, relu: bool) -> None:
        super().__init__()
        self.convolution = BaseWords(of)
        summed, pooled = sliding_window(of), sliding_window(pool)
        self.window = SlidingWindow(summed.span + pooled.span - 1, pooled.stride, summed.padding)
        self.out_channels = of.out_channels
        self._pool = Pool(pooled.span, pooled.stride, 0.0 if relu else -math.inf)

    def work(self, length: int, phases: int = 1) -> float:
        """Return what `length` maxima of each of so many phases cost, which share their sums."""
        span, stride, _ = self._pool
        positions = (length - 1) * stride + span if length else 0
        summed = _ADDITION * self.convolution.words_per_output * self.out_channels + _POSITION
        return positions * summed + phases * length * _COMPARISON * span * self.out_channels

    def forward(self, input: Tensor) -> Tensor:
        """Map (n, 4, 1, L) to (n, K, 1, L') with the convolution's padding."""
        side = self.window.padding
        return self.unpadded(functional.pad(input, (side, side)) if side else input)

    def unpadded(self, x: Tensor) -> Tensor:
        """Map (n, 4, 1, L) to (n, K, 1, L') without padding."""
        length = (x.shape[3] - self.window.span) // self.window.stride + 1
        outputs = self.along(x.squeeze(2).mT, [(number, 0) for number in range(len(x))], length)
        return outputs.unsqueeze(1).permute(0, 3, 1, 2)

    def along(self, rows: Tensor, starts: list[tuple[int, int]], count: int) -> Tensor:
        """Map (n, L, 4) along chosen rows, each from its start on: (len(starts), count, K)."""
        row, begin = np.array(starts, dtype=np.int64).reshape(-1, 2).T.copy()
        outputs = unfilled(rows, len(starts), count, self.out_channels)
        words = self.convolution.words(rows).to(torch.uint8)
        word_maxima(words.numpy(), self.convolution.tables.numpy(), row, begin, self._pool, outputs.numpy())
        return outputs
