"""The layers of a network as text, and how many numbers each learnt; without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from seqnet.networks.model import FEATURE_TYPES, Model, input_channels
from seqnet.networks.presets import SECOND_CHAINS, Layers, LayerSpec

ARGUMENTS = {
    "conv": ("filters", "width"),
    "max_pool": ("width",),
    "average_pool": ("width",),
    "activation": ("name",),
    "maxout": ("pieces",),
    "dropout": ("rate",),
    "bilstm": ("units",),
    "global_pool": ("kind",),
    "dense": ("units",),
}
"""Layer to the options that the grammar takes without their names, in this order."""
_NOT_LEARNT = ("running_mean", "running_var", "num_batches_tracked", "bias_hh_l0", "bias_hh_l0_reverse")
"""Last part of the names of tensors that no training step changes: of batch norm, and of `modules.BiLstm`."""


class LayerRow(NamedTuple):
    """One line of a network's description."""

    layer: str
    """As the grammar writes it."""
    channels: int | None
    length: int | None
    """Positions that come out; None where there are none any more."""
    parameters: int
    """Numbers that are learnt."""
    receptive_field: int | None
    """Input positions that one output position sees; None for features without positions."""


def layers_text(layers: Layers) -> str:
    """Write an architecture as `networks.grammar.parse_layers` reads it."""
    return ", ".join(map(layer_text, layers))


def layer_text(row: LayerSpec) -> str:
    """Write one layer as `networks.grammar.parse_layers` reads it.

    Examples
    --------
    >>> layer_text({"layer": "conv", "filters": 8, "width": 5, "dilation": 2})
    'conv 8x5 dilation=2'
    """
    name = str(row["layer"])
    arguments = ARGUMENTS.get(name, ())
    options: Mapping[str, object] = row
    first = [_word(options[key]) for key in arguments if key in options]
    skipped = {"layer", "layers", *SECOND_CHAINS, *arguments}
    rest = [f"{key}={_word(value)}" for key, value in options.items() if key not in skipped]
    words = ["x".join(first), *rest] if name != "activation" else [*first]
    text = " ".join(word for word in ([] if name == "activation" else [name]) + words if word)
    if "layers" not in row:
        return text
    inside = layers_text(row["layers"])
    second = "".join(f", {key}({layers_text(row[key])})" for key in SECOND_CHAINS if key in row)
    return f"{text}({inside}{second})"


def _word(value: object) -> str:
    """Write a value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def outline(model: Model) -> list[LayerRow]:
    """Describe the layers of a trained model from its header and tensors.

    The rows are those of `networks.describe.describe_network`, which needs torch, without the channels,
    lengths and receptive fields of hidden layers. The rows of a linear model are complete.
    """
    layers: Layers = list(model.header["architecture"])
    if not layers or layers[-1]["layer"] != "output":
        layers.append({"layer": "output"})
    learnt = dict.fromkeys(map(str, range(len(layers))), 0)
    for name, tensor in model.tensors.items():
        layer, _, rest = name.partition(".")
        if layer in learnt and rest.rpartition(".")[2] not in _NOT_LEARNT:
            learnt[layer] += tensor.size
    counts = [0, *learnt.values(), sum(learnt.values())]
    named = zip(["input", *map(layer_text, layers), "total"], counts, strict=True)
    rows = [LayerRow(text, None, None, count, None) for text, count in named]
    width = None if model.input["type"] in FEATURE_TYPES else model.input["width"]
    seen = None if width is None else 1
    rows[0] = rows[0]._replace(channels=input_channels(model.input), length=width, receptive_field=seen)
    rows[-2] = rows[-2]._replace(channels=len(model.tasks))
    return rows
