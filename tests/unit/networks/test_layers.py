import pytest
import torch

from seqnet.errors import SeqnetError
from seqnet.networks.layers import (
    ACTIVATIONS,
    LAYERS,
    Exponential,
    GlobalPool,
    Shape,
    build_network,
    output_length,
)
from seqnet.networks.presets import PRESETS, dense_layers


def parameters(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("length", [20, 33])
@pytest.mark.parametrize("width", [1, 4, 7])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("dilation", [1, 2])
def test_the_output_length_formula_equals_the_shape_that_comes_out(length, width, stride, padding, dilation):
    row = {
        "layer": "conv",
        "filters": 2,
        "width": width,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    module, shape = LAYERS["conv"](Shape(4, length), **{k: v for k, v in row.items() if k != "layer"})
    out = module(torch.zeros(1, 4, 1, length))
    assert shape == Shape(2, out.shape[-1])
    assert shape.length == output_length(length, width, stride, 2 * padding, dilation)


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize(("length", "width", "stride"), [(10, 3, None), (11, 4, 2), (9, 3, 3), (5, 5, 1)])
def test_pooling_shapes(length, width, stride, partial):
    module, shape = LAYERS["max_pool"](Shape(1, length), width=width, stride=stride, partial=partial)
    assert module(torch.zeros(1, 1, 1, length)).shape[-1] == shape.length


def test_same_padding_keeps_the_length_for_even_and_odd_widths():
    for width in (1, 4, 15):
        module, shape = LAYERS["conv"](Shape(4, 30), filters=3, width=width)
        assert module(torch.zeros(2, 4, 1, 30)).shape == (2, 3, 1, 30)
        assert shape == Shape(3, 30)


def test_a_filter_bank_shares_its_weights_over_positions():
    # K filters of width F on four bases: K F 4 weights and K biases, whatever the length
    for length in (20, 200):
        module, _ = LAYERS["conv"](Shape(4, length), filters=6, width=9)
        assert parameters(module) == 6 * 9 * 4 + 6


def test_global_pooling_equals_the_loop():
    x = torch.randn(2, 3, 1, 5)
    assert torch.equal(GlobalPool("max")(x), x[:, :, 0].max(dim=-1).values)
    torch.testing.assert_close(GlobalPool("average")(x), x[:, :, 0].mean(dim=-1))
    assert GlobalPool("max_average")(x).shape == (2, 6)


def test_the_exponential_does_not_overflow():
    assert torch.isfinite(Exponential()(torch.tensor([1e9, -1e9]))).all()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_builds_and_runs_in_channels_last(name):
    network = build_network(PRESETS[name].layers, Shape(4, 200), 3)
    assert network(torch.zeros(2, 4, 1, 200)).shape == (2, 3)
    assert PRESETS[name].help


def test_the_lecture_network():
    # 3 filters of 4, pool 2, 2 filters of 3 on 10 bases: 10 -> 7 -> 3 -> 1
    network = build_network(PRESETS["lecture"].layers, Shape(4, 10), 1)
    assert parameters(network) == (3 * 4 * 4 + 3) + (2 * 3 * 3 + 2) + (2 + 1)


def test_dense_layers():
    layers = dense_layers([4, 4], 0.0)
    assert parameters(build_network(layers, Shape(3, None), 1)) == (12 + 4) + (16 + 4) + (4 + 1)
    assert [row["layer"] for row in dense_layers([5], 0.2)] == ["dense", "activation", "dropout"]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([{"layer": "convolve"}], "layer 1 is 'convolve'; expected one of conv"),
        ([{"layer": "conv", "filters": 2, "width": 3, "strides": 2}], "layer 1 .conv.: .*strides"),
        ([{"layer": "conv", "filters": 2, "width": 40, "padding": 0}], "conv leaves nothing of 20 positions"),
        ([{"layer": "flatten"}, {"layer": "max_pool", "width": 2}], "max_pool needs positions"),
        ([{"layer": "activation", "name": "step"}], "'step' is no activation"),
        ([{"layer": "residual", "layers": [{"layer": "max_pool", "width": 2}]}], "a residual block turns"),
    ],
)
def test_bad_architectures_name_the_layer(layers, message):
    with pytest.raises(SeqnetError, match=message):
        build_network(layers, Shape(4, 20), 1)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_equal_finite_differences(name):
    torch.manual_seed(0)
    layers = [
        {"layer": "conv", "filters": 3, "width": 3},
        {"layer": "batch_norm"},
        {"layer": "activation", "name": name},
        {"layer": "residual", "layers": [{"layer": "conv", "filters": 3, "width": 2, "dilation": 2}]},
        {"layer": "global_pool", "kind": "max_average"},
        {"layer": "dense", "units": 2},
    ]
    network = build_network(layers, Shape(4, 8), 1).double()
    x = torch.randn(3, 4, 1, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(network, (x,), eps=1e-6, atol=1e-5)
