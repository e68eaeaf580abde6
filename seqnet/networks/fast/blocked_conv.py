"""Convolutions that are learnt in blocks: `overlap_save` by operations that torch differentiates.

A step takes the products three times, for the outputs and for the gradients of inputs and weights, each time
in blocks. All rows of a batch are cut alike, so that every frequency is one product of the whole batch.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.networks.fast.conv_base import Replacement, is_plain
from seqnet.networks.fast.overlap_save import MOST_KEPT, Blocks, filter_factors, transforms
from seqnet.networks.modules import Exponential

_WEIGHTS = 150
"""Cost of the weights' own spectra, computed again at every step, in blocks."""
_DEARER = 1.2
"""By how much blocks may look dearer than no blocks: `Blocks.work` is about outputs, and torch's gradients of
a plain convolution take longer. Blocks that look as dear as that make a step's convolution a third faster."""


class LearntBlocks(Replacement):
    """A convolution of which a batch is computed in blocks where that is cheaper, and so are its gradients.

    Parameters
    ----------
    of
        C channels, (1, F), on a processor; its weights are shared.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (n, C, 1, L) with its padding, short rows and small batches at once."""
        (rows, channels, _, length), side = x.shape, int(self.padding[1])
        span, filters = self.kernel_size[1], self.out_channels
        cut = best_cut(span, channels, filters, rows, length + 2 * side - span + 1)
        if cut is None:
            return super().forward(x)
        outputs = in_blocks(x.permute(0, 2, 3, 1).squeeze(1), self.weight.squeeze(2), cut, side)
        if self.bias is not None:
            outputs = outputs + self.bias
        return outputs.unsqueeze(1).permute(0, 3, 1, 2)


def learn_in_blocks(network: nn.Module) -> None:
    """Let the convolutions of a network be learnt in blocks where that pays; names and weights stay.

    Those behind an exponential stay as they are: errors of a block are relative to its largest value.

    Parameters
    ----------
    network
        On a processor, computing in float32; changed in place.
    """
    _cut_convolutions(network)


def _cut_convolutions(module: nn.Module) -> bool:
    """Replace the convolutions in a module up to the first exponential; return whether there is one."""
    for name, child in list(module.named_children()):
        if type(child) is nn.Conv2d and is_plain(child):
            setattr(module, name, LearntBlocks(child))
        elif isinstance(child, Exponential) or _cut_convolutions(child):
            return True
    return False


@lru_cache
def best_cut(span: int, channels: int, filters: int, rows: int, length: int) -> Blocks | None:
    """Return the cheapest cut of a batch of so many rows of `length` outputs; None where uncut is cheaper."""

    def work(cut: Blocks) -> float:
        return rows * cut.work(channels, filters, length) + _WEIGHTS * cut.rank * channels * filters

    cuts = [Blocks(span, kept) for kept in range(max(2, span - 1), min(length, MOST_KEPT) + 1)]
    best = min(cuts, key=work, default=None)
    plain = float(span * channels * filters * rows * length)
    return best if best is not None and work(best) < _DEARER * plain else None


def in_blocks(x: Tensor, weight: Tensor, cut: Blocks, side: int = 0) -> Tensor:
    """Correlate (n, L, C), zeros at its sides, with filters (K, C, F), in blocks of at least F - 1 outputs.

    Returns (n, L + 2 side - F + 1, K).
    """
    (rows, length, channels), (filters, _, span) = x.shape, weight.shape
    forward, inverse, of_filters = _matrices(cut, x.dtype)
    outputs = length + 2 * side - span + 1
    count = -(-outputs // cut.kept)
    chunks = functional.pad(x, (0, 0, side, (count + 1) * cut.kept - length - side))
    chunks = chunks.reshape(rows, count + 1, cut.kept, channels)
    blocks = torch.cat([chunks[:, :-1], chunks[:, 1:, : span - 1]], dim=2).flatten(0, 1)
    spectra = torch.bmm(forward.expand(len(blocks), -1, -1), blocks).transpose(0, 1)
    factors = (of_filters @ weight.reshape(-1, span).T).view(cut.rank, filters, channels)
    products = torch.bmm(spectra, factors.transpose(1, 2)).transpose(0, 1)
    found = torch.bmm(inverse.expand(len(blocks), -1, -1), products)
    return found.view(rows, -1, filters)[:, :outputs]


@lru_cache
def _matrices(cut: Blocks, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Return what makes a block's factors, the outputs of products, and a filter's factors."""
    forward, inverse = transforms(cut)
    of_filters = filter_factors(np.eye(cut.span)[:, None], cut)[:, :, 0]
    with torch.inference_mode(False):  # gradients need them, whoever asks first
        first, second, third = (
            torch.from_numpy(np.ascontiguousarray(values)).to(dtype)
            for values in (forward, inverse, of_filters)
        )
    return first, second, third
