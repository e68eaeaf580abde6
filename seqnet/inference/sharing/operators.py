"""Layers as windows that slide over positions: what sharing work between overlapping inputs needs to know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.kernels.layers.maxima import maxima
from seqnet.kernels.layers.residual import ResidualBlock
from seqnet.networks.fast.conv_base import channels_first, channels_last, convolution_work, convolved
from seqnet.networks.fast.fused_residual import FusedResidual
from seqnet.networks.fast.pooled_words import PooledWords
from seqnet.networks.fast.sliding_window import Pooling, sliding_window
from seqnet.networks.fast.window_dense import WindowDense
from seqnet.networks.modules import ACTIVATIONS, Maxout, Residual

_NARROW = 4
"""Positions up to which torch's maximum is quicker one position after another, without copies of its rows."""
_PLAIN: tuple[Any, ...] = (nn.BatchNorm2d, nn.Dropout, nn.Identity, *ACTIVATIONS.values())
"""Modules that map each position by itself, all with the same map."""


@dataclass(frozen=True, eq=False)
class Pointwise:
    """A layer that maps every position alone: (n, C, 1, L) to (n, C', 1, L)."""

    module: nn.Module
    divisor: int = 1
    """C over C'."""

    def channels(self, before: int) -> int:
        """Return C'."""
        return before // self.divisor

    def __call__(self, x: Tensor) -> Tensor:
        """Apply it."""
        mapped: Tensor = self.module(x)
        return mapped


@dataclass(frozen=True, eq=False)
class Sliding(ABC):
    """A layer of outputs that see `span` positions each, `stride` positions apart.

    Parameters
    ----------
    module
        Whose own padding is not used.
    before, after
        Number of zeros before and after the positions.
    partial
        Whether a last window that is not full counts (pools alone).
    """

    module: nn.Module
    span: int
    stride: int
    before: int = 0
    after: int = 0
    partial: bool = False

    def length(self, before: int) -> int:
        """Return the number of positions that come out."""
        spare = before + self.before + self.after - self.span
        if not self.partial:
            return spare // self.stride + 1
        count = -(-spare // self.stride) + 1
        return count - ((count - 1) * self.stride >= before)

    @abstractmethod
    def channels(self, before: int) -> int:
        """Return the channels that come out."""

    @abstractmethod
    def work(self, channels: int, length: int, phases: int = 1) -> float:
        """Return the multiplications (of a pool: comparisons) of `length` positions of each phase."""

    @abstractmethod
    def __call__(self, x: Tensor, *, partial: bool = False) -> Tensor:
        """Apply it to (n, C, 1, L) without padding."""

    def along(self, rows: Tensor, starts: list[tuple[int, int]], count: int) -> Tensor:
        """Apply it to (n, L, C) along chosen rows, each from its start on: (len(starts), count, C')."""
        size = (count - 1) * self.stride + self.span
        return channels_last(self(channels_first(cut_rows(rows, starts, size))))


@dataclass(frozen=True, eq=False)
class SlidingConvolution(Sliding):
    """A convolution, computed in its own way."""

    module: nn.Conv2d

    def channels(self, before: int) -> int:  # noqa: ARG002  all are summed
        """Return the number of filters."""
        return self.module.out_channels

    def work(self, channels: int, length: int, phases: int = 1) -> float:  # noqa: ARG002  of its weights
        """Return the multiplications of `length` positions of each phase."""
        return phases * convolution_work(self.module, length)

    def __call__(self, x: Tensor, *, partial: bool = False) -> Tensor:  # noqa: ARG002  of pools
        """Apply it to (n, C, 1, L) without padding."""
        return convolved(self.module, x)


@dataclass(frozen=True, eq=False)
class SlidingPool(Sliding):
    """A pool of maxima or averages."""

    module: Pooling

    def channels(self, before: int) -> int:
        """Return as many channels."""
        return before

    def work(self, channels: int, length: int, phases: int = 1) -> float:
        """Return the comparisons of `length` positions of each phase."""
        return float(phases * self.span * channels * length)

    def __call__(self, x: Tensor, *, partial: bool = False) -> Tensor:
        """Apply it to (n, C, 1, L)."""
        size, step = (1, self.span), (1, self.stride)
        if isinstance(self.module, nn.MaxPool2d):
            return functional.max_pool2d(x, size, step, ceil_mode=partial)
        return functional.avg_pool2d(x, size, step, ceil_mode=partial)

    def along(self, rows: Tensor, starts: list[tuple[int, int]], count: int) -> Tensor:
        """Apply it to (n, L, C) along chosen rows, each from its start on: (len(starts), count, C)."""
        if isinstance(self.module, nn.MaxPool2d) and (self.span <= _NARROW or _is_compiled(rows)):
            values = rows.new_empty(len(starts), count, rows.shape[2])
            for out, (number, begin) in zip(values, starts, strict=True):
                self._maxima(rows[number, begin:], out)
            return values
        return super().along(rows, starts, count)

    def _maxima(self, row: Tensor, out: Tensor) -> None:
        """Fill in (count, C) with the maxima along (L, C)."""
        if _is_compiled(row) and row.is_contiguous():
            maxima(row.numpy(), self.span, self.stride, out.numpy())
            return
        reach = (len(out) - 1) * self.stride + 1
        each = [row[shift : shift + reach : self.stride] for shift in range(self.span)]
        torch.maximum(each[0], each[-1], out=out)
        for other in each[1:-1]:
            torch.maximum(out, other, out=out)


@dataclass(frozen=True, eq=False)
class SlidingWords(Sliding):
    """A convolution of bases and the pool behind it in one pass, whose phases share their sums."""

    module: PooledWords

    def channels(self, before: int) -> int:  # noqa: ARG002  all are summed
        """Return the number of filters."""
        return self.module.out_channels

    def work(self, channels: int, length: int, phases: int = 1) -> float:  # noqa: ARG002  of all windows
        """Return what `length` positions of each phase cost, in multiplications."""
        return self.module.work(length, phases)

    def __call__(self, x: Tensor, *, partial: bool = False) -> Tensor:  # noqa: ARG002  of pools
        """Apply it to (n, 4, 1, L) without padding."""
        return self.module.unpadded(x)

    def along(self, rows: Tensor, starts: list[tuple[int, int]], count: int) -> Tensor:
        """Apply it to (n, L, 4) along chosen rows, each from its start on: (len(starts), count, C')."""
        return self.module.along(rows, starts, count)


def _is_compiled(rows: Tensor) -> bool:
    """Return whether the kernel takes such values."""
    return rows.dtype == torch.float32 and rows.device.type == "cpu"


@dataclass(frozen=True, eq=False)
class Added:
    """A residual block: the sum of two chains.

    Parameters
    ----------
    fused
        The same as a kernel computes it, where it does.
    """

    block: tuple[Step, ...]
    kept: tuple[Step, ...]
    fused: ResidualBlock | None = None


Step: TypeAlias = Pointwise | Sliding | Added


def steps_of(layers: Iterable[nn.Module]) -> list[Step]:
    """Return the first layers of a network as steps, up to the one that is none."""
    steps: list[Step] = []
    layers = list(layers)
    for layer, after in zip_longest(layers, layers[1:]):
        # flattening moves nothing, and a dense layer made to be shared is a convolution
        flat = isinstance(layer, nn.Flatten) and isinstance(after, WindowDense)
        step = Pointwise(nn.Identity()) if flat else _step(layer)
        if step is None:
            break
        steps.append(step)
    return steps


def flattens(layers: Iterable[nn.Module]) -> bool:
    """Return whether windows have no positions any more after these layers, which are steps."""
    kinds = (nn.Flatten, WindowDense)
    return any(isinstance(inner, kinds) for layer in layers for inner in layer.modules())


def _step(layer: nn.Module) -> Step | None:
    """Return a layer as a step, None if it is not local."""
    if isinstance(layer, _PLAIN):
        return Pointwise(layer)
    if isinstance(layer, Maxout):
        return Pointwise(layer, layer.pieces)
    if isinstance(layer, Residual):
        return _added(layer)
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        window = sliding_window(layer)
        return SlidingPool(layer, window.span, window.stride, partial=layer.ceil_mode)
    return _convolution(layer)


def _added(layer: Residual) -> Added | None:
    """Return a residual block, None if a layer in it is not local."""
    chains = []
    for part in (layer.block, layer.shortcut or nn.Sequential()):
        assert isinstance(part, nn.Sequential)
        steps = steps_of(part)
        if len(steps) < len(part):
            return None
        chains.append(tuple(steps))
    block, kept = chains
    return Added(block, kept, layer.fused if isinstance(layer, FusedResidual) else None)


def _convolution(layer: nn.Module) -> Sliding | None:
    """Return a convolution, which may be padded by a separate layer."""
    before = after = 0
    if isinstance(layer, nn.Sequential) and len(layer) == 2 and isinstance(layer[0], nn.ZeroPad2d):
        before, after = (int(side) for side in layer[0].padding[:2])
        layer = layer[1]
    if isinstance(layer, nn.Sequential) and len(layer) == 2 and isinstance(layer[1], WindowDense):
        layer = layer[1]
    if isinstance(layer, PooledWords):
        span, stride, own = layer.window
        return SlidingWords(layer, span, stride, before + own, after + own)
    if isinstance(layer, nn.Conv2d):
        span, stride, own = sliding_window(layer)
        return SlidingConvolution(layer, span, stride, before + own, after + own)
    return None


def zeros_beside(x: Tensor, before: int, after: int) -> Tensor:
    """Return (n, L, C) with positions of zeros before and after."""
    return functional.pad(x, (0, 0, before, after)) if before or after else x


def joined(parts: list[Tensor]) -> Tensor:
    """Return (n, L, C) parts one after another."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


def cut_rows(rows: Tensor, starts: list[tuple[int, int]], count: int) -> Tensor:
    """Return `count` values of chosen rows, each from its start on: (len(starts), count, C)."""
    begins = {begin for _, begin in starts}
    if [number for number, _ in starts] == list(range(len(rows))) and len(begins) == 1:
        (begin,) = begins
        return rows[:, begin : begin + count]
    return torch.stack([rows[number, begin : begin + count] for number, begin in starts])
