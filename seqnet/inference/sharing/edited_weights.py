"""Weights of layers in the forms that edited sequences need."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.networks.fast.overlap_save import Blocks, filter_factors, transforms
from seqnet.networks.fast.sliding_window import sliding_window
from seqnet.networks.modules import Exponential

_PRODUCT, _MOVED = 1.4, 48
"""What a multiplication of spectra and a value of them cost, in multiplications of a plain convolution."""


class EditedWeights:
    """Layers' weights in the forms that edits need, each made once.

    Parameters
    ----------
    network
        In evaluation mode; its weights must not change any more.
    """

    def __init__(self, network: nn.Module) -> None:
        self._held: dict[tuple[nn.Module, int], tuple[Tensor, ...]] = {}
        self._behind: set[nn.Module] = set()
        seen = False
        for module in network.modules():
            seen |= isinstance(module, Exponential)
            if seen:
                self._behind.add(module)

    def taps(self, convolution: nn.Conv2d) -> Tensor:
        """Return a convolution's weights position by position: (F, C, K)."""
        if (convolution, 0) not in self._held:
            weight = convolution.weight[:, :, 0].permute(2, 1, 0).contiguous()
            self._held[convolution, 0] = (weight,)
        return self._held[convolution, 0][0]

    def spectra(self, convolution: nn.Conv2d, width: int) -> tuple[Tensor, ...] | None:
        """Return the transforms there and back, and the filters' factors, for windows of a width.

        None where a product for each position is cheaper, or behind an exponential: errors are relative to
        the largest value of a window.
        """
        size = width + sliding_window(convolution).span - 1
        cut, channels, filters = Blocks(1, size), convolution.in_channels, convolution.out_channels
        plain = width * convolution.kernel_size[1] * channels * filters
        work = cut.rank * (_PRODUCT * channels * filters + _MOVED * (channels + filters))
        if convolution.stride[1] > 1 or convolution in self._behind or work > plain:
            return None
        if (convolution, size) not in self._held:
            self._held[convolution, size] = _spectra(convolution, cut)
        return self._held[convolution, size]

    def dense(self, layer: nn.Linear, channels: int, margin: int) -> Tensor:
        """Return a dense layer's weights, zeros around its positions: (L + 2 margin, C, units)."""
        if (layer, margin) not in self._held:
            weight = layer.weight.view(layer.out_features, channels, -1).permute(2, 1, 0)
            weight = functional.pad(weight, (0, 0, 0, 0, margin, margin)).contiguous()
            self._held[layer, margin] = (weight,)
        return self._held[layer, margin][0]


def _spectra(convolution: nn.Conv2d, cut: Blocks) -> tuple[Tensor, ...]:
    """Return what `EditedWeights.spectra` does."""
    weight = convolution.weight.detach()[:, :, 0].double().cpu().numpy()
    span = sliding_window(convolution).span
    spread = np.zeros((*weight.shape[:2], span))
    spread[..., :: convolution.dilation[1]] = weight
    forward, inverse = transforms(cut)
    parts = forward[:, span - 1 :], inverse, filter_factors(spread, cut).transpose(0, 2, 1)
    return tuple(torch.from_numpy(np.ascontiguousarray(part)).to(convolution.weight) for part in parts)
