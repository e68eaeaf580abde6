"""Named architectures as data: lists of layers, as ``networks.layers`` builds them.

The output layer, one unit per task, is added when a network is built.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

Layers: TypeAlias = list[dict[str, Any]]


class Preset(NamedTuple):
    """A named architecture."""

    layers: Layers
    help: str


def _residual(dilation: int) -> dict[str, Any]:
    """Return one residual block: norm, relu, dilated convolution, dropout, plus its input."""
    return {
        "layer": "residual",
        "layers": [
            {"layer": "batch_norm"},
            {"layer": "activation", "name": "relu"},
            {"layer": "conv", "filters": 128, "width": 3, "dilation": dilation},
            {"layer": "dropout", "rate": 0.1},
        ],
    }


def _basset_block(filters: int, width: int, pool: int) -> Layers:
    """Return one of Basset's convolutional blocks."""
    return [
        {"layer": "conv", "filters": filters, "width": width},
        {"layer": "batch_norm"},
        {"layer": "activation", "name": "relu"},
        {"layer": "max_pool", "width": pool},
    ]


def _basset_dense() -> Layers:
    """Return one of Basset's fully connected blocks."""
    return [
        {"layer": "dense", "units": 1000},
        {"layer": "activation", "name": "relu"},
        {"layer": "dropout", "rate": 0.3},
    ]


PRESETS: dict[str, Preset] = {
    "default": Preset(
        [
            {"layer": "conv", "filters": 128, "width": 15},
            {"layer": "batch_norm"},
            {"layer": "activation", "name": "exponential"},
            {"layer": "max_pool", "width": 4, "partial": True},
            *map(_residual, (1, 2, 4)),
            {"layer": "batch_norm"},
            {"layer": "activation", "name": "relu"},
            {"layer": "global_pool", "kind": "max_average"},
            {"layer": "dropout", "rate": 0.3},
            {"layer": "dense", "units": 64},
            {"layer": "activation", "name": "relu"},
            {"layer": "dropout", "rate": 0.3},
        ],
        "exponential first layer, dilated residual blocks, global pooling",
    ),
    "lecture": Preset(
        [
            {"layer": "conv", "filters": 3, "width": 4, "padding": 0},
            {"layer": "activation", "name": "relu"},
            {"layer": "max_pool", "width": 2},
            {"layer": "conv", "filters": 2, "width": 3, "padding": 0},
            {"layer": "activation", "name": "relu"},
            {"layer": "flatten"},
        ],
        "the lecture's: 3 filters of 4, pool 2, 2 filters of 3",
    ),
    "basset": Preset(
        [
            *_basset_block(300, 19, 3),
            *_basset_block(200, 11, 4),
            *_basset_block(200, 7, 4),
            {"layer": "flatten"},
            *_basset_dense(),
            *_basset_dense(),
        ],
        "Basset (Kelley et al. 2016)",
    ),
}
DEFAULT_PRESET = "default"


def dense_layers(hidden: list[int], dropout: float) -> Layers:
    """Return the fully connected network with hidden layers of these sizes, relu and dropout."""
    layers: Layers = []
    for units in hidden:
        layers += [{"layer": "dense", "units": units}, {"layer": "activation", "name": "relu"}]
        if dropout:
            layers.append({"layer": "dropout", "rate": dropout})
    return layers
