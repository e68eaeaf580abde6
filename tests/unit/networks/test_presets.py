"""Shapes and parameter counts of the presets against the papers' numbers."""

import numpy as np
import pytest
import torch

from seqnet.networks.describe import describe_network
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model
from seqnet.networks.outline import layers_text, outline
from seqnet.networks.presets import (
    PRESETS,
    dense_layers,
    with_partners,
    with_towers,
    without_bias,
    without_tapers,
)


def described(name, shape, tasks):
    return describe_network(PRESETS[name].layers, shape, tasks)


def shapes(rows, layer):
    """(channels, length) after each layer whose text begins so."""
    return [(row.channels, row.length) for row in rows if row.layer.split()[0] == layer]


@pytest.mark.parametrize("name", [name for name in PRESETS if name not in ("denoise", "coda", "atacworks")])
def test_every_preset_for_sequences_builds_and_runs_in_channels_last(name):
    network = build_network(PRESETS[name].layers, Shape(4, 200), 3)
    assert network(torch.zeros(2, 4, 1, 200)).shape == (2, 3)
    assert PRESETS[name].help
    convolution = next(part for part in network.modules() if isinstance(part, torch.nn.Conv2d))
    assert convolution.weight.is_contiguous(memory_format=torch.channels_last)


def test_the_lecture_network():
    # 3 filters of 4, pool 2, 2 filters of 3 on 10 bases: 10 -> 7 -> 3 -> 1
    rows = described("lecture", Shape(4, 10), 1)
    assert [row.length for row in rows[:7]] == [10, 7, 7, 3, 1, 1, None]
    assert rows[-1].parameters == (3 * 4 * 4 + 3) + (2 * 3 * 3 + 2) + (2 + 1)


def test_the_lecture_s_dense_network_has_32_weights():
    # 3 inputs, two hidden layers of 4, one output: 3x4 + 4x4 + 4x1
    layers = without_bias(dense_layers([4, 4], 0.0))
    assert describe_network(layers, Shape(3, None), 1)[-1].parameters == 32
    assert describe_network(dense_layers([4, 4], 0.0), Shape(3, None), 1)[-1].parameters == 32 + 4 + 4 + 1


@pytest.mark.parametrize("name", PRESETS)
def test_nothing_has_a_bias_without(name):
    network = build_network(without_bias(PRESETS[name].layers), Shape(4, 200), 1)
    kinds = (torch.nn.Conv2d, torch.nn.Linear)
    assert all(part.bias is None for part in network.modules() if isinstance(part, kinds))


def test_dragonn():
    # Koo/Kundaje lab's SequenceDNN: filters, a pool of 35 at stride 35, one dense output
    rows = described("dragonn", Shape(4, 500), 1)
    assert shapes(rows, "conv") == [(10, 486)]
    assert shapes(rows, "max_pool") == [(10, 13)]
    assert rows[-1].parameters == (10 * 15 * 4 + 10) + (130 + 1)


def test_deepbind():
    # detectors of 24 over the sequence padded by 23 on both sides, rectified, their maximum, 32 units
    rows = described("deepbind", Shape(4, 101), 1)
    assert shapes(rows, "conv") == [(16, 101 + 2 * 23 - 24 + 1)]
    assert rows[-1].parameters == (16 * 24 * 4 + 16) + (16 * 32 + 32) + (32 + 1)


def test_basset():
    # Kelley et al. 2016: 600 -> 582/3 -> 184/4 -> 40/4, 200 x 10 = 2000 into the dense layers; 164 cells
    rows = described("basset", Shape(4, 600), 164)
    assert shapes(rows, "conv") == [(300, 582), (200, 184), (200, 40)]
    assert shapes(rows, "max_pool") == [(300, 194), (200, 46), (200, 10)]
    assert shapes(rows, "flatten") == [(2000, None)]
    assert shapes(rows, "dense") == [(1000, None), (1000, None)]
    convolutions = 300 * 19 * 4 + 300 + 200 * 11 * 300 + 200 + 200 * 7 * 200 + 200
    norms = 2 * (300 + 200 + 200 + 1000 + 1000)
    dense = 2000 * 1000 + 1000 + 1000 * 1000 + 1000 + 1000 * 164 + 164
    assert rows[-1].parameters == convolutions + norms + dense == 4_135_064


def test_deepsea():
    # Zhou and Troyanskaya 2015: 320, 480, 960 kernels of 8, pools of 4, 925 units, 919 features
    rows = described("deepsea", Shape(4, 1000), 919)
    assert shapes(rows, "conv") == [(320, 993), (480, 241), (960, 53)]
    assert shapes(rows, "max_pool") == [(320, 248), (480, 60)]
    assert shapes(rows, "flatten") == [(50_880, None)]
    assert rows[-1].parameters == 52_843_119


def test_danq():
    # Quang and Xie 2016: 320 kernels of 26, pool 13, BiLSTM of 320, 925 units, 919 features;
    # their Keras model has 46 926 479 parameters
    rows = described("danq", Shape(4, 1000), 919)
    assert shapes(rows, "conv") == [(320, 975)]
    assert shapes(rows, "max_pool") == [(320, 75)]
    assert shapes(rows, "bilstm") == [(640, 75)]
    assert rows[-1].parameters == 46_926_479


def test_convnext():
    # pool 4 of 15 bases, then blocks of 7 at dilations 1, 2, 4, 8: 18 + 4 (7 - 1) (1 + 2 + 4 + 8) bases
    rows = described("convnext", Shape(4, 1000), 1)
    assert rows[-3].receptive_field == 1000  # after the global pool
    assert [row.receptive_field for row in rows if row.layer.startswith("residual")] == [42, 90, 186, 378]
    block = 96 * 7 + 96 + 2 * 96 + (96 * 192 + 192) + (192 * 96 + 96)
    assert {row.parameters for row in rows if row.layer.startswith("residual")} == {block}
    assert rows[-1].parameters == 96 * 15 * 4 + 96 + 4 * 96 + 4 * block + 192 * 64 + 64 + 64 + 1


def test_legnet():
    # Penzar et al. 2023 as for human reporter assays: stem 64 x 11, blocks of 80, 96, 112 and 128, width 9
    rows = described("legnet", Shape(4, 230), 1)
    assert shapes(rows, "conv") == [(64, 230), (80, 230), (96, 115), (112, 58), (128, 29), (256, 15)]
    assert shapes(rows, "parallel(conv") == [(128, 230), (160, 115), (192, 58), (224, 29)]
    total = 64 * 11 * 4 + 64 + 2 * 64
    for channels, filters in ((64, 80), (80, 96), (96, 112), (112, 128)):
        wide = 4 * channels
        total += channels * wide + wide * 9 + wide * channels + 2 * (wide + wide + channels)
        total += 2 * channels * filters * 9 + 2 * filters
    assert rows[-1].parameters == total + (128 * 256 + 256) + (256 * 256 + 256 + 2 * 256) + 257


@pytest.mark.parametrize("signals", [0, 3])
def test_factornet(signals):
    # Quang and Xie 2019, defaults: 32 motifs of 26 over 4 + B channels, 32 units at each position,
    # pool 13, BiLSTM of 32, 128 units; the two strands share every weight
    rows = described("factornet", Shape(4 + signals, 1000), 1)
    lstm = 2 * 4 * (32 * (32 + 32) + 32)
    expected = 32 * 26 * (4 + signals) + 32 + 32 * 32 + 32 + lstm + 64 * 75 * 128 + 128 + 128 + 1
    assert rows[-1].parameters == expected
    network = build_network(PRESETS["factornet"].layers, Shape(4 + signals, 200), 1).eval()
    x = torch.randn(2, 4 + signals, 1, 200)
    other = torch.cat([x[:, :4].flip(1), x[:, 4:]], 1).flip(3)
    torch.testing.assert_close(network(x), network(other))


def test_coda():
    # Koh et al. 2017: 6 filters of 51 that keep the length, then one filter over 1001 positions
    rows = described("coda", Shape(5, 3000), 1)
    assert shapes(rows, "conv") == [(6, 3000)]
    assert rows[-1].parameters == 6 * 51 * 5 + 6 + 6 * 1001 + 1
    assert rows[-1].receptive_field == 51 + 1001 - 1
    network = build_network(PRESETS["coda"].layers, Shape(5, 1200), 2)
    assert network(torch.zeros(2, 5, 1, 1200)).shape == (2, 2, 1200)


def test_atacworks():
    # Lal et al. 2021: five blocks of three convolutions, 15 filters of 50 dilated by 8, no biases
    rows = described("atacworks", Shape(1, 6000), 1)
    first = 15 * 50 + 2 * 15 * 15 * 50 + 15
    assert rows[-1].parameters == first + 4 * 3 * 15 * 15 * 50 + 15
    assert {row.length for row in rows[:-1]} == {6000}
    assert rows[-1].receptive_field == 1 + 15 * 49 * 8
    network = build_network(PRESETS["atacworks"].layers, Shape(1, 500), 1)
    assert network(torch.zeros(2, 1, 1, 500)).shape == (2, 1, 500)


def test_dense_layers():
    assert [row["layer"] for row in dense_layers([5], 0.2)] == ["dense", "activation", "dropout"]
    assert dense_layers([], 0.2) == []


def test_without_tapers_nothing_else_changes():
    text = "conv 8x3, parallel(global_pool max, beside({})), dense 3"
    tapered = parse_layers(text.format("parallel(taper, global_pool max, beside(conv 2x1, flatten))"))
    assert without_tapers(tapered) == parse_layers(text.format("conv 2x1, flatten"))
    assert without_tapers(PRESETS["basset"].layers) == PRESETS["basset"].layers
    plain = without_tapers(PRESETS["default"].layers)
    names = layers_text(plain)
    assert "taper" in layers_text(PRESETS["default"].layers)
    assert "taper" not in names
    assert "parallel(global_pool max_average, beside(conv 8x1, max_pool 8 partial=true, flatten" in names


@pytest.mark.parametrize("name", ["default", "basset", "deepbind", "dragonn", "danq"])
def test_towers_of_presets_are_two_of_their_trunks(name):
    layers = with_towers(PRESETS[name].layers)
    network = build_network(layers, Shape(4 + 2, 600), 3).eval()
    assert network(torch.zeros(2, 6, 1, 600)).shape == (2, 3)
    tower = layers[0]
    assert tower["layers"] == tower["signal"] == PRESETS[name].layers[: len(tower["layers"])]
    assert [row["layer"] for row in layers[1:]].count("global_pool") == 0
    assert describe_network(layers, Shape(6, 600), 3)[-1].parameters == sum(
        p.numel() for p in network.parameters() if p.requires_grad
    )


def test_towers_go_on_through_parallel_layers_that_keep_positions():
    layers = parse_layers("conv 8x3, parallel(conv 6x3, beside(conv 5x7)), relu, global_pool max, dense 4")
    towers = with_towers(layers)
    assert towers[0]["layers"] == layers[:4]
    assert towers[1:] == layers[4:]


def test_towers_need_layers_that_can_be_told_apart():
    for layers, message in (
        (PRESETS["factornet"].layers, "siamese says itself"),
        (with_towers(PRESETS["basset"].layers), "towers says itself"),
        (dense_layers([5], 0.2), "no layers before the pool"),
    ):
        with pytest.raises(ValueError, match=message):
            with_towers(layers)


def test_partners_stand_in_two_strand_layers_alone():
    layers = PRESETS["factornet"].layers
    assert with_partners(layers, (0, 1)) == layers
    assert with_partners(layers, (1, 0))[0]["partners"] == "1-0"
    assert with_partners(PRESETS["basset"].layers, (1, 0)) == PRESETS["basset"].layers


@pytest.mark.parametrize("name", PRESETS)
def test_the_outline_of_a_trained_network_has_its_layers_and_parameters(name):
    layers, per_position = PRESETS[name].layers, name in ("coda", "atacworks")
    network = build_network(layers, Shape(4, 600), 3)
    spec = {
        "type": "signals" if per_position else "sequence",
        "width": 600,
        "signals": [{}] * 4 * per_position,
    }
    tensors = {key: tensor.numpy() for key, tensor in network.state_dict().items()}
    tensors |= {"input.mean": np.zeros(4), "term.weight": np.zeros(9)}
    rows = outline(Model({"architecture": layers, "tasks": ["a", "b", "c"], "input": spec}, tensors))
    described = describe_network(layers, Shape(4, 600), 3)
    assert [(row.layer, row.parameters) for row in rows] == [(row.layer, row.parameters) for row in described]
    assert rows[0] == described[0]
    assert rows[-2].channels == described[-2].channels


def test_the_outline_of_a_linear_model_is_its_description():
    model = Model(
        {"architecture": [], "tasks": ["a", "b"], "input": {"type": "kmers", "width": 50, "features": 7}},
        {"0.weight": np.zeros((2, 7)), "0.bias": np.zeros(2), "input.scale": np.ones(7)},
    )
    assert outline(model) == describe_network([], Shape(7, None), 2)
