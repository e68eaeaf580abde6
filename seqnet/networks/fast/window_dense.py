"""A dense layer over all positions of a window as a convolution, which overlapping windows share."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.networks.fast.conv_base import Convolution
from seqnet.networks.fast.overlap_save import Blocks, OverlapSave, best_blocks

_WINDOWS = 64
"""Number of windows, one position apart, for which the cost of sharing is estimated."""


class WindowDense(Convolution):
    """A dense layer of windows of C channels and F positions.

    A window alone goes through it as through any dense layer; along a stretch it is a convolution of F
    positions, computed in blocks.

    Parameters
    ----------
    layer
        Of C F features, all positions of the first channel first.
    blocks
        How the convolution is cut.
    """

    def __init__(self, layer: nn.Linear, blocks: Blocks) -> None:
        channels = layer.in_features // blocks.span
        of = nn.Conv2d(channels, layer.out_features, (1, blocks.span), device="meta")
        weight = layer.weight.detach().reshape(layer.out_features, channels, 1, blocks.span)
        of.weight, of.bias = nn.Parameter(weight), layer.bias
        super().__init__(of)
        self.blocks = blocks

    def forward(self, input: Tensor) -> Tensor:
        """Map windows (n, C, 1, F), or (n, C F), to (n, K)."""
        return functional.linear(input.flatten(1), self.weight.flatten(1), self.bias)

    @cached_property
    def _cut(self) -> OverlapSave:
        """The convolution; its spectra take room that windows alone do not need."""
        with torch.inference_mode():
            return OverlapSave(self, self.blocks)

    def unpadded(self, x: Tensor) -> Tensor:
        """Map every window along (n, C, 1, L): (n, K, 1, L - F + 1)."""
        return self._cut.unpadded(x)

    def work(self, length: int) -> float:
        """Return what so many windows a position apart cost."""
        return self.blocks.least_work(self.in_channels, self.out_channels, length)


def window_dense(layer: nn.Linear, channels: int, span: int) -> WindowDense | None:
    """Return a dense layer that overlapping windows can share, None where that never pays."""
    if layer.in_features != channels * span:
        return None
    blocks = best_blocks(span, channels, layer.out_features, _WINDOWS)
    return None if blocks is None else WindowDense(layer, blocks)
