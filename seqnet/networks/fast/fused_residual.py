"""Residual blocks of a norm, a relu and a convolution of three taps that are computed in one pass."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from seqnet.kernels.layers.residual import PANEL, ResidualBlock, matrices, residual_rows, residual_runs_here
from seqnet.networks.fast.conv_base import TOUCH, channels_first, channels_last, unfilled
from seqnet.networks.modules import Residual

_TAPS = 3
_PRODUCTS = 2
"""Products of a position and a channel: four for two positions."""


class FusedResidual(Residual):
    """A residual block whose layers are applied together; in another type than float32, one after another.

    Parameters
    ----------
    of
        In evaluation mode; its layers are shared.
    fused
        What `fused_block` returns for it.
    """

    def __init__(self, of: Residual, fused: ResidualBlock) -> None:
        super().__init__(of.block)
        self.fused = fused

    def forward(self, x: Tensor) -> Tensor:
        """Return x + block(x), of (n, C, 1, L)."""
        if not is_fusible(x):
            return super().forward(x)
        return channels_first(residual_along(self.fused, channels_last(x)))


def residual_along(block: ResidualBlock, rows: Tensor) -> Tensor:
    """Return what a block makes of (n, L, C), which `is_fusible`."""
    rows = rows.contiguous()
    out = unfilled(rows, *rows.shape)
    if rows.numel():
        residual_rows(block, rows.numpy(), out.numpy())
    return out


def residual_work(channels: int, positions: int) -> float:
    """Return what so many positions of a block cost, in multiplications of a plain convolution."""
    return float(positions * channels * (_PRODUCTS * channels + 2 * TOUCH))


def is_fusible(x: Tensor) -> bool:
    """Return whether the kernel takes such values here."""
    return x.dtype == torch.float32 and x.device.type == "cpu" and not torch.is_autocast_enabled("cpu")


def takes_edits(x: Tensor) -> bool:
    """Return whether the kernel for a relu takes edits with so many channels, (..., C), here."""
    return is_fusible(x) and x.shape[-1] % PANEL == 0 and residual_runs_here()


def fused_block(block: Residual) -> ResidualBlock | None:
    """Return a residual block as the kernel takes it; None for one that it does not take, or not here."""
    layers = [layer for layer in block.block.children() if not isinstance(layer, nn.Identity | nn.Dropout)]
    match layers:
        case [nn.BatchNorm2d() as norm, nn.ReLU(), nn.Conv2d() as convolution]:
            fits = block.shortcut is None and _is_of_three_taps(convolution) and residual_runs_here()
            return _fused(norm, convolution) if fits else None
    return None


def _is_of_three_taps(convolution: nn.Conv2d) -> bool:
    """Return whether a convolution has three taps and keeps its input's shape, channels that fill panels."""
    return (
        type(convolution) is nn.Conv2d
        and convolution.kernel_size == (1, _TAPS)
        and convolution.stride == (1, 1)
        and convolution.groups == 1
        and convolution.padding == (0, convolution.dilation[1])
        and convolution.in_channels == convolution.out_channels
        and convolution.in_channels % PANEL == 0
        and convolution.weight.dtype == torch.float32
        and convolution.weight.device.type == "cpu"
    )


def _fused(norm: nn.BatchNorm2d, convolution: nn.Conv2d) -> ResidualBlock:
    """Return the two layers' weights as the kernel takes them, computed in float64."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean, variance, weight, bias = (
        values.detach().numpy().astype(np.float64)
        for values in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    )
    scale = weight / np.sqrt(variance + norm.eps)
    of_filters = np.zeros(len(scale)) if convolution.bias is None else convolution.bias.detach().numpy()
    return ResidualBlock(
        scale.astype(np.float32),
        (bias - mean * scale).astype(np.float32),
        matrices(convolution.weight.detach()[:, :, 0].numpy().astype(np.float64)),
        of_filters.astype(np.float32),
        int(convolution.dilation[1]),
    )
