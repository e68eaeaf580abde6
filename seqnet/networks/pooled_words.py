"""The first convolution, over bases, and the maxima behind it in one pass, which keeps no sums."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from seqnet.kernels.word_maxima import Pool, word_maxima
from seqnet.networks.base_words import BaseWords

_ADDITION, _COMPARISON, _POSITION = 3, 1, 300
"""What adding one value of a table costs, comparing one, and a position of the walk, in multiplications."""


class PooledWords(BaseWords):
    """A convolution of one-hot bases, the pool of maxima behind it and, if told so, the relu behind that.

    It stands for all of them as a strided convolution as wide as what the pool sees.

    Parameters
    ----------
    of
        4 channels, (1, F), float32.
    pool
        Unpadded; a last window that is not full does not count.
    relu
        Whether maxima below 0 become 0.
    """

    def __init__(self, of: nn.Conv2d, pool: nn.MaxPool2d, relu: bool) -> None:
        super().__init__(of)
        (_, span), (_, stride) = cast("tuple[tuple[int, int], ...]", (pool.kernel_size, pool.stride))
        self.kernel_size, self.stride = (1, self.span + span - 1), (1, stride)
        self._pool = Pool(span, stride, 0.0 if relu else -math.inf)

    def work(self, length: int, phases: int = 1) -> float:
        """Return what `length` maxima of each of so many phases cost, which share their sums."""
        span, stride, _ = self._pool
        positions = (length - 1) * stride + span if length else 0
        summed = _ADDITION * self._words * self.out_channels + _POSITION
        return positions * summed + phases * length * _COMPARISON * span * self.out_channels

    def unpadded(self, x: Tensor) -> Tensor:
        """Map (n, 4, 1, L) to (n, K, 1, L')."""
        length = (x.shape[3] - self.kernel_size[1]) // self.stride[1] + 1
        found = self.along(x.squeeze(2).mT, [(number, 0) for number in range(len(x))], length)
        return found.unsqueeze(1).permute(0, 3, 1, 2)

    def along(self, rows: Tensor, starts: list[tuple[int, int]], count: int) -> Tensor:
        """Map (n, L, 4) along chosen rows, each from its start on: (len(starts), count, K)."""
        row, begin = np.array(starts, dtype=np.int64).reshape(-1, 2).T.copy()
        found = torch.empty(len(starts), count, self.out_channels)
        words = self.words(rows).to(torch.uint8)
        word_maxima(words.numpy(), self._tables.numpy(), row, begin, self._pool, found.numpy())
        return found
