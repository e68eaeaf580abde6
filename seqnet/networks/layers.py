"""Layers as rows of a table: each makes a module and says what shape comes out of it.

Signals have shape (n, channels, 1, length), so that the channels-last memory layout applies to
them; after flattening or global pooling features have shape (n, channels).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from seqnet.errors import SeqnetError
from seqnet.networks.presets import Layers


class Shape(NamedTuple):
    """The shape of one example between two layers."""

    channels: int
    length: int | None
    """Positions; None once there are none any more."""


class Exponential(nn.Module):
    """exp(x), cut at exp(8) so that one large activation cannot overflow."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply it elementwise."""
        return torch.exp(x.clamp(max=8))


class GlobalPool(nn.Module):
    """Maximum, average, or both side by side over all positions: (n, C, 1, L) to (n, C or 2C)."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        """Pool over positions."""
        if self.kind == "max":
            return x.amax((2, 3))
        if self.kind == "average":
            return x.mean((2, 3))
        return torch.cat([x.amax((2, 3)), x.mean((2, 3))], dim=1)


class Residual(nn.Module):
    """Adds a block's output to its input."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        """Return x + block(x)."""
        summed: Tensor = x + self.block(x)
        return summed


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "exponential": Exponential,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
}


def output_length(length: int, width: int, stride: int, padded: int, dilation: int = 1) -> int:
    """Return (L - F + 2P) / S + 1 rounded down, F the dilated width, `padded` = 2P of both sides."""
    return (length - ((width - 1) * dilation + 1) + padded) // stride + 1


def _positions(shape: Shape, layer: str) -> int:
    """Return the number of positions, refusing a layer that needs some where there are none."""
    if shape.length is None:
        raise SeqnetError(f"architecture: {layer} needs positions, but comes after flattening or pooling")
    return shape.length


def _checked(length: int, layer: str, before: int) -> int:
    """Refuse a layer that leaves no position."""
    if length < 1:
        raise SeqnetError(f"architecture: {layer} leaves nothing of {before} positions; use longer input")
    return length


def _conv(
    shape: Shape,
    filters: int,
    width: int,
    stride: int = 1,
    padding: int | str = "same",
    dilation: int = 1,
) -> tuple[nn.Module, Shape]:
    """Convolve with `filters` filters of `width` positions.

    Padding is a number of positions, or ``same``: as many as keep the length at stride 1, the odd
    one on the right.
    """
    length = _positions(shape, "conv")
    total = dilation * (width - 1) if padding == "same" else 2 * int(padding)
    left = total // 2
    out = output_length(length, width, stride, total, dilation)
    even = total == 2 * left
    module: nn.Module = nn.Conv2d(
        shape.channels, filters, (1, width), (1, stride), (0, left if even else 0), (1, dilation)
    )
    if not even:
        module = nn.Sequential(nn.ZeroPad2d((left, total - left, 0, 0)), module)
    return module, Shape(filters, _checked(out, "conv", length))


def _max_pool(
    shape: Shape, width: int, stride: int | None = None, partial: bool = False
) -> tuple[nn.Module, Shape]:
    """Take the maximum over `width` positions; `partial` keeps an incomplete last window."""
    length, step = _positions(shape, "max_pool"), stride or width
    out = -(-(length - width) // step) + 1 if partial else output_length(length, width, step, 0)
    module = nn.MaxPool2d((1, width), (1, step), ceil_mode=partial)
    return module, Shape(shape.channels, _checked(out, "max_pool", length))


def _batch_norm(shape: Shape) -> tuple[nn.Module, Shape]:
    """Normalise each channel over the batch."""
    kind = nn.BatchNorm1d if shape.length is None else nn.BatchNorm2d
    return kind(shape.channels), shape


def _activation(shape: Shape, name: str) -> tuple[nn.Module, Shape]:
    """Apply a row of `ACTIVATIONS`."""
    if name not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise SeqnetError(f"architecture: {name!r} is no activation; expected one of {known}")
    return ACTIVATIONS[name](), shape


def _dropout(shape: Shape, rate: float) -> tuple[nn.Module, Shape]:
    """Drop values at `rate` in training."""
    return nn.Dropout(rate), shape


def _residual(shape: Shape, layers: Layers) -> tuple[nn.Module, Shape]:
    """Add a block to its own input, whose shape it must keep."""
    block, out = _chain(layers, shape)
    if out != shape:
        raise SeqnetError(f"architecture: a residual block turns {shape} into {out}")
    return Residual(block), shape


def _global_pool(shape: Shape, kind: str = "max") -> tuple[nn.Module, Shape]:
    """Pool over all positions: ``max``, ``average`` or ``max_average``."""
    _positions(shape, "global_pool")
    return GlobalPool(kind), Shape(shape.channels * (2 if kind == "max_average" else 1), None)


def _flatten(shape: Shape) -> tuple[nn.Module, Shape]:
    """Put all channels and positions side by side."""
    return nn.Flatten(), Shape(shape.channels * _positions(shape, "flatten"), None)


def _dense(shape: Shape, units: int, bias: bool = True) -> tuple[nn.Module, Shape]:
    """Connect all features with all units; flattens what has positions."""
    features = shape.channels * (shape.length or 1)
    linear = nn.Linear(features, units, bias=bias)
    module = linear if shape.length is None else nn.Sequential(nn.Flatten(), linear)
    return module, Shape(units, None)


LAYERS: dict[str, Callable[..., tuple[nn.Module, Shape]]] = {
    "conv": _conv,
    "max_pool": _max_pool,
    "batch_norm": _batch_norm,
    "activation": _activation,
    "dropout": _dropout,
    "residual": _residual,
    "global_pool": _global_pool,
    "flatten": _flatten,
    "dense": _dense,
}


def _chain(layers: Sequence[dict[str, Any]], shape: Shape) -> tuple[nn.Sequential, Shape]:
    """Build layers one after another."""
    modules: list[nn.Module] = []
    for number, row in enumerate(layers, 1):
        options = dict(row)
        name = options.pop("layer", None)
        if name not in LAYERS:
            known = ", ".join(LAYERS)
            raise SeqnetError(f"architecture: layer {number} is {name!r}; expected one of {known}")
        try:
            module, shape = LAYERS[name](shape, **options)
        except TypeError as error:
            raise SeqnetError(f"architecture: layer {number} ({name}): {error}") from error
        modules.append(module)
    return nn.Sequential(*modules), shape


def build_network(layers: Layers, shape: Shape, tasks: int) -> nn.Sequential:
    """Build a network with one output unit (a logit) per task.

    Parameters
    ----------
    layers
        Rows of `LAYERS`: the name under ``layer``, its options beside.
    shape
        The input's: 4 channels and a length for sequences, d channels and None for features.

    Raises
    ------
    SeqnetError
        Naming the layer that is unknown, misspelt, or leaves no positions.
    """
    network, out = _chain(layers, shape)
    network.append(_dense(out, tasks)[0])
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in the stubs
    return network
