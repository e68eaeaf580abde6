"""Convolutions and pools as windows that slide along positions."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, cast

from torch import nn

Pooling: TypeAlias = nn.MaxPool2d | nn.AvgPool2d


class SlidingWindow(NamedTuple):
    """The positions that each output of a layer is computed from."""

    span: int
    """Positions from the first to the last of one output."""
    stride: int
    """Positions from one output's first to the next one's."""
    padding: int = 0
    """Zeros at either end."""


def sliding_window(layer: nn.Conv2d | Pooling) -> SlidingWindow:
    """Return the window of a convolution or an unpadded pool along the last axis.

    Examples
    --------
    >>> sliding_window(nn.Conv2d(4, 8, (1, 5), padding=(0, 2), dilation=(1, 3)))
    SlidingWindow(span=13, stride=1, padding=2)
    """
    (_, width), (_, stride) = cast("tuple[tuple[int, int], ...]", (layer.kernel_size, layer.stride))
    if isinstance(layer, nn.Conv2d):
        return SlidingWindow(layer.dilation[1] * (width - 1) + 1, stride, int(layer.padding[1]))
    return SlidingWindow(width, stride)
