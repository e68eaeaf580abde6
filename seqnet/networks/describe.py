"""What a network is made of: shapes, parameters and receptive fields, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import torch
from torch import nn

from seqnet.networks.fast.sliding_window import sliding_window
from seqnet.networks.layer_options import A_LIST, OPTIONS
from seqnet.networks.layers import LAYERS, Shape, build_layers
from seqnet.networks.modules import BiLstm, GlobalPool, Parallel, Residual, Siamese, SmootherMix, Towers
from seqnet.networks.outline import LayerRow, layer_text
from seqnet.networks.presets import Layers

_Step: TypeAlias = tuple[int | None, int]
"""The width of a window, None for all positions, and its stride."""


def describe_network(layers: Layers, shape: Shape, tasks: int) -> list[LayerRow]:
    """Describe the input, every layer, the output layer, and the total; builds no weights.

    Raises
    ------
    SeqnetError
        As `build_layers` does.
    """
    with torch.device("meta"):
        built = build_layers(layers, shape, tasks)
    rows = [LayerRow("input", *shape, 0, None if shape.length is None else 1)]
    steps: list[_Step] = []
    for layer in built:
        steps += _steps(layer.module)
        seen = None if shape.length is None else int(min(_field(steps), shape.length))
        rows.append(LayerRow(layer_text(layer.row), *layer.shape, count_parameters(layer.module), seen))
    total = sum(row.parameters for row in rows)
    return [*rows, LayerRow("total", None, None, total, rows[-1].receptive_field)]


def count_parameters(module: nn.Module) -> int:
    """Return how many numbers are learnt."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def layers_without_rule(layers: Layers, kind: Literal["rescale", "edits"]) -> list[str]:
    """Return the names of an architecture's layers that have no rule of a kind, each once, in order.

    Examples
    --------
    >>> layers_without_rule([{"layer": "conv", "filters": 8, "width": 5}, {"layer": "bilstm"}], "rescale")
    ['bilstm']
    """
    names: dict[str, None] = {}
    for row in layers:
        name = row["layer"]
        if name in LAYERS and getattr(LAYERS[name], kind) in ("none", "whole"):  # building refuses others
            names[name] = None
        for option, value in row.items():
            if OPTIONS.get(option) is A_LIST and isinstance(value, list):
                names |= dict.fromkeys(layers_without_rule(value, kind))
    return list(names)


def _field(steps: Sequence[_Step]) -> float:
    """Return how many positions windows see that follow on another; infinity for all there are."""
    field, jump = 1.0, 1
    for width, stride in steps:
        field += math.inf if width is None else (width - 1) * jump
        jump *= stride
    return field


def _steps(module: nn.Module) -> Iterator[_Step]:
    """Yield the width (None for all positions) and stride of every window inside a module."""
    if isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        window = sliding_window(module)
        yield window.span, window.stride
    elif isinstance(module, GlobalPool | nn.Flatten | BiLstm) and getattr(module, "start_dim", 1) == 1:
        yield None, 1
    elif isinstance(module, SmootherMix):
        yield 2 * module.reach + 1, 1
        yield from _steps(module.layers)
    elif isinstance(module, Residual | Siamese):
        yield from _steps(module.block)
    elif isinstance(module, Towers | Parallel):
        yield from max((list(_steps(chain)) for chain in module.children()), key=_field)
    elif isinstance(module, nn.Sequential):
        for part in module:
            yield from _steps(part)
