"""Weights of layers in the forms that edited sequences need, and convolutions by them."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.inference.aligned import AlignedLinear
from seqnet.inference.sharing.edited import Edited, Unedited
from seqnet.kernels.layers.residual import (
    EditWindows,
    Rectified,
    ResidualBlock,
    rectify_edits,
    residual_edits,
)
from seqnet.networks.fast.conv_base import MANY_ROWS, ROWS_EVEN, row_products, unfilled
from seqnet.networks.fast.fused_residual import FusedResidual, fused_block
from seqnet.networks.fast.overlap_save import Blocks, filter_factors, transforms
from seqnet.networks.fast.sliding_window import sliding_window
from seqnet.networks.fast.window_dense import WindowDense
from seqnet.networks.modules import Exponential, Residual

Dense: TypeAlias = nn.Linear | AlignedLinear | WindowDense
"""A dense layer, as it is or in another form."""

_STACKED, _UPRIGHT = -1, -2
_VALUES = 1 << 19
"""Products of taps that are computed at a time, so that they stay in the caches."""
_CHANNELS, _IMAGE = 16, 20480
"""Channels, and values of an image, from which on torch convolves with code made for the processor. The bits
of what its other code computes depend on the place in the image."""
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
        self._fused: dict[Residual, ResidualBlock | None] = {}
        self._behind: set[nn.Module] = set()
        past_exponential = False
        for module in network.modules():
            past_exponential |= isinstance(module, Exponential)
            if past_exponential:
                self._behind.add(module)

    def taps(self, convolution: nn.Conv2d) -> Tensor:
        """Return a convolution's weights position by position: (F, C, K)."""
        if (convolution, 0) not in self._held:
            weight = convolution.weight[:, :, 0].permute(2, 1, 0).contiguous()
            self._held[convolution, 0] = (weight,)
        return self._held[convolution, 0][0]

    def stacked(self, convolution: nn.Conv2d) -> Tensor:
        """Return the same as one matrix, (F K, C)."""
        if (convolution, _STACKED) not in self._held:
            taps = self.taps(convolution).transpose(1, 2).flatten(0, 1)
            self._held[convolution, _STACKED] = (taps.contiguous(),)
        return self._held[convolution, _STACKED][0]

    def upright(self, convolution: nn.Conv2d) -> Tensor:
        """Return a convolution's weights along the first of two axes, (F, C, K, 1), channels last."""
        if (convolution, _UPRIGHT) not in self._held:
            weight = convolution.weight.detach().transpose(2, 3)
            self._held[convolution, _UPRIGHT] = (weight.contiguous(memory_format=torch.channels_last),)
        return self._held[convolution, _UPRIGHT][0]

    def ratio(self, norm: nn.BatchNorm2d) -> Tensor:
        """Return what a batch normalisation multiplies channels by, (C,)."""
        if (norm, 0) not in self._held:
            assert norm.running_var is not None
            self._held[norm, 0] = (norm.weight / torch.sqrt(norm.running_var + norm.eps),)
        return self._held[norm, 0][0]

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

    def fused(self, block: Residual) -> ResidualBlock | None:
        """Return a residual block as a kernel computes it in one pass; None where it does not."""
        if block not in self._fused:
            self._fused[block] = block.fused if isinstance(block, FusedResidual) else fused_block(block)
        return self._fused[block]

    def dense(self, layer: Dense, channels: int) -> Tensor:
        """Return a dense layer's weights position by position: (L, C, units)."""
        if (layer, 0) not in self._held:
            weight = layer.weight.flatten(1)
            weight = weight if isinstance(layer, WindowDense) else weight[:, : layer.in_features]
            weight = weight.view(len(weight), channels, -1).permute(2, 1, 0)
            self._held[layer, 0] = (weight.contiguous(),)
        return self._held[layer, 0][0]


def _spectra(convolution: nn.Conv2d, cut: Blocks) -> tuple[Tensor, ...]:
    """Return what `EditedWeights.spectra` does."""
    weight = convolution.weight.detach()[:, :, 0].double().cpu().numpy()
    span = sliding_window(convolution).span
    spread = np.zeros((*weight.shape[:2], span))
    spread[..., :: convolution.dilation[1]] = weight
    forward, inverse = transforms(cut)
    factors = filter_factors(spread, cut, convolution.weight.detach().cpu().numpy().dtype)
    parts = forward[:, span - 1 :], inverse, factors.transpose(0, 2, 1)
    return tuple(torch.from_numpy(np.ascontiguousarray(part)).to(convolution.weight) for part in parts)


def convolved_by_taps(convolution: nn.Conv2d, weight: Tensor, x: Tensor, offset: int, width: int) -> Tensor:
    """Convolve differences, zeros around them, by one product for each of the filters' positions.

    Parameters
    ----------
    weight
        (F, C, K).
    x
        (w, b, K, R, C).
    offset
        Where the first output's filter begins in x, negative before it.
    width
        Outputs.
    """
    w, *batch, channels = x.shape
    n, filters = math.prod(batch), convolution.out_channels
    stride, dilation = convolution.stride[1], convolution.dilation[1]
    rows, out = x.reshape(w, n, channels), x.new_zeros(width, n, filters)
    for tap, matrix in enumerate(weight):
        begin = offset + tap * dilation  # of the first output's input; then every stride-th
        first = max(0, -(begin // stride))
        end = min(width, (w - 1 - begin) // stride + 1)
        if first >= end:
            continue
        place = begin + first * stride
        part = rows[place : place + (end - first - 1) * stride + 1 : stride]
        out[first:end].view(-1, filters).addmm_(part.reshape(-1, channels), matrix)
    return out.view(width, *batch, filters)


def convolved_by_stacked_taps(convolution: nn.Conv2d, weight: Tensor, x: Tensor) -> Tensor:
    """Convolve differences (w, b, K, R, C), zeros around them, by one product for all taps of the filters.

    Parameters
    ----------
    weight
        (F K, C).
    """
    w, *batch, channels = x.shape
    n, filters, dilation = math.prod(batch), convolution.out_channels, convolution.dilation[1]
    taps = convolution.kernel_size[1]
    if w == dilation == 1:  # each tap is the output at one position
        of_taps = weight.view(taps, filters, channels).flip(0).transpose(1, 2)
        return torch.matmul(x.reshape(n, channels), of_taps).view(-1, *batch, filters)
    out = x.new_zeros(w + (taps - 1) * dilation, n, filters)
    at_once = max(1, _VALUES // (w * n * filters))
    for begin in range(0, taps, at_once):
        some = weight[begin * filters : (begin + at_once) * filters]
        products = _products(x.reshape(w * n, channels), some).view(w, n, -1, filters)
        for number in range(products.shape[2]):
            place = (taps - 1 - begin - number) * dilation
            out[place : place + w] += products[:, :, number]
    return out.view(-1, *batch, filters)


def _products(rows: Tensor, weight: Tensor) -> Tensor:
    """Return the products of rows (n, C) and weights (K, C)."""
    if rows.device.type != "cpu" or len(rows) < MANY_ROWS or len(rows) % ROWS_EVEN:
        return functional.linear(rows, weight)
    return row_products(rows, weight)


def upright_pays(convolution: nn.Conv2d, x: Tensor) -> bool:
    """Return whether `convolved_upright` is quicker, and the bits of an edit do not depend on its place."""
    if x.device.type != "cpu" or x.dtype != torch.float32 or convolution.stride != (1, 1):
        return False
    return convolution.kernel_size[1] > 1 and x.shape[-1] >= _CHANNELS and x.numel() > _IMAGE


def convolved_upright(convolution: nn.Conv2d, weight: Tensor, x: Tensor) -> Tensor:
    """Convolve differences (w, b, K, R, C), zeros around them, by torch's convolution.

    In memory, w positions of n edits are an image of w rows of n points whose channels come last. Rows of
    padding are skipped, not multiplied, so that no more is computed than the edits reach.

    Parameters
    ----------
    weight
        (F, C, K, 1).
    """
    w, *batch, channels = x.shape
    image = x.contiguous().view(1, w, -1, channels).permute(0, 3, 1, 2)
    dilation = convolution.dilation[1]
    padding = (convolution.kernel_size[1] - 1) * dilation
    products = functional.conv2d(image, weight, None, 1, (padding, 0), (dilation, 1))
    return products.permute(0, 2, 3, 1).reshape(-1, *batch, convolution.out_channels)


def convolved_by_spectra(spectra: tuple[Tensor, ...], x: Tensor) -> Tensor:
    """Convolve differences (w, b, K, R, C), zeros around them, by the products of their spectra."""
    forward, inverse, factors = spectra
    w, *batch, channels = x.shape
    n, filters = math.prod(batch), factors.shape[2]
    products = torch.bmm((forward @ x.reshape(w, -1)).view(-1, n, channels), factors)
    return (inverse @ products.view(len(products), -1)).view(-1, *batch, filters)


def add_dense(weight: Tensor, x: Tensor, start: int, step: int, out: Tensor) -> None:
    """Add what a dense layer makes of differences, one position after another, whose weights are read once.

    Parameters
    ----------
    weight
        (L, C, units).
    x
        (w, b, K, R, C); 0 outside the sequence.
    start, step
        As of `Edited`.
    out
        (K, b R, units).
    """
    (w, _, count, _, channels), units = x.shape, out.shape[2]
    step = max(1, step)
    for position in range(max(0, start), min(len(weight), start + step * (count - 1) + w)):
        first = max(0, -((start + w - 1 - position) // step))  # of the windows that hold it
        end = min(count, (position - start) // step + 1)
        if first >= end:
            continue
        windows = torch.arange(first, end, device=x.device)
        rows = x[position - start - step * windows, :, windows]
        out[first:end].view(-1, units).addmm_(rows.reshape(-1, channels), weight[position])


def convolved_grouped(convolution: nn.Conv2d, x: Tensor, offset: int, width: int) -> Tensor:
    """Do what `convolved_by_taps` does where channels are in groups."""
    w, *batch, channels = x.shape
    window = sliding_window(convolution)
    need = (width - 1) * window.stride + window.span
    rows = x.reshape(w, -1, channels)
    covered = rows.new_zeros(need, *rows.shape[1:])
    first, end = max(0, offset), min(w, offset + need)
    if first < end:  # a stride may pass over the edit
        covered[first - offset : end - offset] = rows[first:end]
    rows, stride, dilation = covered.permute(1, 2, 0).unsqueeze(2), convolution.stride, convolution.dilation
    outputs = functional.conv2d(rows, convolution.weight, None, stride, 0, dilation, convolution.groups)
    return outputs.squeeze(2).permute(2, 0, 1).reshape(width, *batch, -1)


def fused_residual(block: ResidualBlock, edits: Edited) -> Tensor:
    """Return what a residual block makes of edits, as differences: (w + 2 dilation, b, K, R, C)."""
    if edits.scale is not None:
        edits.differences()
    x, unedited = edits.x.contiguous(), edits.windows()[:, :, :, 0]
    w, *batch = x.shape
    out = unfilled(x, w + 2 * block.dilation, *batch)
    windows = EditWindows(edits.start, edits.step, edits.unedited.length)
    residual_edits(block, x.numpy(), unedited.numpy(), windows, edits.differs, out.numpy())
    return out


def rectified(edits: Edited, unedited: Unedited) -> Edited:
    """Return what a relu makes of edits behind a norm, whose differences are scaled in the same pass.

    Parameters
    ----------
    unedited
        What it makes of the unedited sequences.
    """
    assert edits.scale is not None
    x, windows = edits.x.contiguous(), EditWindows(edits.start, edits.step, edits.unedited.length)
    differences = unfilled(x, *x.shape)
    highest, total = unfilled(x, *x.shape[1:]), unfilled(x, *x.shape[1:])
    rectify_edits(
        edits.scale.numpy(), x.numpy(), edits.windows()[:, :, :, 0].numpy(), windows,
        Rectified(differences.numpy(), highest.numpy(), total.numpy()),
    )  # fmt: skip
    result = edits.then(differences, unedited, differs=True)
    result.pooled = highest, total
    return result
