"""The page about networks against the tables that it describes."""

import re
from pathlib import Path

from seqnet.networks.grammar import parse_layers
from seqnet.networks.layer_options import OPTIONS
from seqnet.networks.layers import LAYERS
from seqnet.networks.modules import ACTIVATIONS
from seqnet.networks.outline import layers_text
from seqnet.networks.presets import PRESETS

PAGE = (Path(__file__).parents[3] / "docs" / "networks.md").read_text()


def test_every_layer_activation_and_preset_is_described():
    named = set(re.findall(r"`(\w+)", PAGE))
    assert set(LAYERS) - {"activation"} <= named
    assert set(ACTIVATIONS) <= named
    assert set(PRESETS) <= named


def test_options_in_the_page_exist():
    options = set(re.findall(r"`(\w+)=", PAGE)) | set(re.findall(r" (\w+)=", PAGE))
    assert options <= set(OPTIONS) | {"layer"}
    assert {"stride", "dilation", "groups", "padding", "partial", "per_position", "width", "bias"} <= options


def test_the_preset_stands_there_as_it_is():
    text = PAGE.split("## The preset `default`")[1].split("```")[1]
    block = "residual(batch_norm, relu, conv 128x3{}, dropout 0.1)"
    for dilation in (2, 4):
        text = text.replace(f"the same with dilation={dilation}", block.format(f" dilation={dilation}"))
    text = text.replace(block.format(""), block.format(" dilation=1"))
    assert parse_layers(" ".join(text.split())) == parse_layers(layers_text(PRESETS["default"].layers))
