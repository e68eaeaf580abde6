"""The first convolution, over bases, as sums of rows of a table: one addition for each word of bases."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.aliases import Floats
from seqnet.kernels.layers.word_maxima import ENTRIES, WORD
from seqnet.networks.fast.conv_base import Convolution

_LETTERS = 5
"""None (an ambiguous base or padding), and the four bases."""
_ADDITION, _INDEX = 6, 1200
"""What adding one value of a table costs, and what finding the rows of one position."""


def word_tables(weight: Floats) -> Floats:
    """Return what each word adds to the outputs.

    Parameters
    ----------
    weight
        float64 (K, 4, F).

    Returns
    -------
    float64 (ceil(F / 3) 125, K): for the words of the first three positions, of the next three and so on;
    the word of letters a, b, c (0 for none, 1 to 4 for the bases) is at 25 a + 5 b + c.
    """
    filters, _, span = weight.shape
    words = -(-span // WORD)
    by_letter = np.zeros((words * WORD, _LETTERS, filters))
    by_letter[:span, 1:] = weight.transpose(2, 1, 0)
    first, second, third = by_letter.reshape(words, WORD, _LETTERS, filters).transpose(1, 0, 2, 3)
    summed = first[:, :, None, None] + second[:, None, :, None] + third[:, None, None, :]
    return np.ascontiguousarray(summed).reshape(-1, filters)


class BaseWords(Convolution):
    """A convolution of one-hot bases, (n, 4, 1, L) of zeros and at most one 1 at each position.

    Parameters
    ----------
    of
        4 channels, (1, F).
    """

    def __init__(self, of: nn.Conv2d) -> None:
        super().__init__(of)
        tables = word_tables(of.weight.detach()[:, :, 0].cpu().double().numpy())
        self.span = of.kernel_size[1]
        self.words_per_output = -(-of.kernel_size[1] // WORD)
        if of.bias is not None:  # every output has one word of the first positions
            tables[:ENTRIES] += of.bias.detach().cpu().double().numpy()
        self.tables = torch.from_numpy(tables).to(of.weight)

    def work(self, length: int) -> float:
        """Return what a row of `length` outputs costs."""
        return length * (_ADDITION * self.words_per_output * self.out_channels + _INDEX)

    def words(self, x: Tensor) -> Tensor:
        """Return the word at each position of one-hot (n, L, 4), none behind the last: int32 (n, L)."""
        letters = (x @ torch.arange(1, _LETTERS, dtype=x.dtype)).int()
        letters = functional.pad(letters, (0, WORD - 1))
        return (letters[:, :-2] * _LETTERS + letters[:, 1:-1]) * _LETTERS + letters[:, 2:]

    def unpadded(self, x: Tensor) -> Tensor:
        """Sum up the words of (n, 4, 1, L): (n, K, 1, L - F + 1)."""
        n, length = x.shape[0], x.shape[3] - self.span + 1
        words = self.words(x.squeeze(2).mT)
        apart = words.unfold(1, WORD * (self.words_per_output - 1) + 1, 1)[:, :length, ::WORD]
        rows = apart + ENTRIES * torch.arange(self.words_per_output, dtype=torch.int32)
        summed = functional.embedding_bag(
            rows.reshape(n * length, self.words_per_output), self.tables, mode="sum"
        )
        return summed.reshape(n, 1, length, self.out_channels).permute(0, 3, 1, 2)


def words_pay(convolution: nn.Conv2d) -> bool:
    """Return whether a convolution of bases is cheaper by words."""
    words = -(-convolution.kernel_size[1] // WORD)
    return _ADDITION * words * convolution.out_channels + _INDEX < convolution.weight.numel()
