import math

import pytest
import torch

from seqnet.errors import SeqnetError
from seqnet.networks.describe import describe_network
from seqnet.networks.fast.conv_base import WideConv
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import LAYERS, Shape, build_network, output_length
from seqnet.networks.modules import (
    ACTIVATIONS,
    BiLstm,
    Dropout,
    Exponential,
    GlobalPool,
    Maxout,
    Residual,
    Siamese,
    Taper,
    Towers,
)


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
    module, shape = LAYERS["conv"].make(Shape(4, length), **{k: v for k, v in row.items() if k != "layer"})
    out = module(torch.zeros(1, 4, 1, length))
    assert shape == Shape(2, out.shape[-1])
    assert shape.length == output_length(length, width, stride, 2 * padding, dilation)


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize(("length", "width", "stride"), [(10, 3, None), (11, 4, 2), (9, 3, 3), (5, 5, 1)])
def test_pooling_shapes(length, width, stride, partial):
    module, shape = LAYERS["max_pool"].make(Shape(1, length), width=width, stride=stride, partial=partial)
    assert module(torch.zeros(1, 1, 1, length)).shape[-1] == shape.length


def test_same_padding_keeps_the_length_for_even_and_odd_widths():
    for width in (1, 4, 15):
        module, shape = LAYERS["conv"].make(Shape(4, 30), filters=3, width=width)
        assert module(torch.zeros(2, 4, 1, 30)).shape == (2, 3, 1, 30)
        assert shape == Shape(3, 30)


def test_a_filter_bank_shares_its_weights_over_positions():
    # K filters of width F on four bases: K F 4 weights and K biases, whatever the length
    for length in (20, 200):
        module, _ = LAYERS["conv"].make(Shape(4, length), filters=6, width=9)
        assert parameters(module) == 6 * 9 * 4 + 6


def test_dilation_means_nothing_to_a_filter_of_one_position():
    # torch 2.13 can crash of it on short padded rows
    network = build_network(parse_layers("conv 6x1 dilation=2 padding=2, flatten"), Shape(4, 1), 1)
    plain = build_network(parse_layers("conv 6x1 padding=2, flatten"), Shape(4, 1), 1)
    plain.load_state_dict(network.state_dict())
    assert network[0].dilation == (1, 1)
    x = torch.randn(8, 4, 1, 1)
    assert torch.equal(network(x), plain(x))


def test_global_pooling_equals_the_loop():
    x = torch.randn(2, 3, 1, 5)
    assert torch.equal(GlobalPool("max")(x), x[:, :, 0].max(dim=-1).values)
    torch.testing.assert_close(GlobalPool("average")(x), x[:, :, 0].mean(dim=-1))
    assert GlobalPool("max_average")(x).shape == (2, 6)


def test_a_taper_multiplies_by_gaussians_around_the_middle():
    x = torch.randn(2, 3, 1, 8).contiguous(memory_format=torch.channels_last)
    taper = Taper(3, 8, 1, 4)
    tapered = taper(x)
    for channel, deviation in enumerate([1, 2, 4]):
        for place in range(8):
            factor = math.exp(-((place - 3.5) ** 2) / (2 * deviation**2))
            torch.testing.assert_close(tapered[:, channel, 0, place], factor * x[:, channel, 0, place])
    assert torch.equal(taper(x.flip(3)).flip(3), tapered), "both strands are tapered alike"
    assert tapered.stride() == x.stride()


def test_a_taper_stays_normal_far_from_the_middle_and_learns():
    taper = Taper(1, 1001, 2, 2)
    factors = taper.factors().detach()
    assert float(factors.min()) >= torch.finfo(torch.float32).tiny
    taper(torch.ones(1, 1, 1, 1001)).sum().backward()
    expected = math.sqrt(2 * math.pi) * 2  # of the area under a Gaussian, by the logarithm of its deviation
    assert float(taper.log_deviation.grad) == pytest.approx(expected, rel=1e-3)


def test_the_exponential_does_not_overflow():
    assert torch.isfinite(Exponential()(torch.tensor([1e9, -1e9]))).all()


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.75])
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_dropout_drops_at_its_rate_and_scales_up_the_rest(rate, memory):
    torch.manual_seed(3)
    x = (torch.rand(40, 64, 1, 50) + 1).contiguous(memory_format=memory).requires_grad_()
    y = Dropout(rate)(x)
    kept = y != 0
    torch.testing.assert_close(y[kept], x[kept] / (1 - rate), rtol=2e-4, atol=0)  # rates are of 16 bits
    values = x.numel()
    assert abs((values - kept.sum().item()) - rate * values) < 5 * (rate * (1 - rate) * values) ** 0.5
    for axis in (0, 1, 3):  # no part of the input is treated otherwise
        shares = kept.float().mean([other for other in range(4) if other != axis])
        spread = (rate * (1 - rate) * len(shares) / values) ** 0.5
        assert (shares - (1 - rate)).abs().max() < 5 * spread
    y.sum().backward()
    torch.testing.assert_close(x.grad, kept / (1 - rate), rtol=2e-4, atol=0)
    assert y.stride() == x.stride()


def test_dropout_draws_from_the_seed_and_rests_outside_training():
    x = torch.ones(3, 7)  # 21 values of 16 bits do not fill whole words
    drop = Dropout(0.5)
    torch.manual_seed(1)
    first, second = drop(x), drop(x)
    torch.manual_seed(1)
    assert torch.equal(drop(x), first)
    assert not torch.equal(first, second)
    assert torch.equal(drop.eval()(x), x)
    assert torch.equal(Dropout(0)(x), x)
    assert torch.isfinite(Dropout(1 - 1e-9)(x)).all()


def test_maxout_takes_the_largest_of_its_pieces():
    x = torch.randn(2, 6, 1, 5)
    out = Maxout(3)(x)
    assert out.shape == (2, 2, 1, 5)
    assert torch.equal(out[:, 1], torch.maximum(torch.maximum(x[:, 3], x[:, 4]), x[:, 5]))
    assert Maxout(2)(torch.tensor([[1.0, 2.0, 4.0, 3.0]])).tolist() == [[2.0, 4.0]]


def test_a_residual_block_adds_its_input_or_its_shortcut():
    double, triple = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(double.weight, 2)
    torch.nn.init.constant_(triple.weight, 3)
    assert Residual(double)(torch.ones(1, 1)).item() == 3
    assert Residual(double, triple)(torch.ones(1, 1)).item() == 5


def test_siamese_networks_see_both_strands_alike():
    torch.manual_seed(0)
    network = build_network(parse_layers("siamese(conv 3x4, relu, flatten, dense 2)"), Shape(6, 9), 2)
    x = torch.randn(3, 6, 1, 9)
    other = torch.cat([x[:, [3, 2, 1, 0]], x[:, 4:]], 1)[..., torch.arange(8, -1, -1)]
    torch.testing.assert_close(network(x), network(other))
    block = network[0].block
    torch.testing.assert_close(Siamese(block)(x), (block(x) + block(other)) / 2)


def test_the_memory_reads_both_ways():
    # by the equations: gates i f g o, c = f c + i g, h = o tanh(c)
    torch.manual_seed(0)
    module = BiLstm(3, 2)
    x = torch.randn(1, 3, 1, 4)
    out = module(x)
    assert out.shape == (1, 4, 1, 4)
    for direction, suffix in ((0, ""), (1, "_reverse")):
        weights = {n: p for n, p in module.lstm.named_parameters() if n.endswith("_reverse") == bool(suffix)}
        w, u, b, none = (weights[f"{n}_l0{suffix}"] for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        assert not none.any()
        h, c = torch.zeros(2), torch.zeros(2)
        steps = range(3, -1, -1) if direction else range(4)
        for t in steps:
            i, f, g, o = (w @ x[0, :, 0, t] + u @ h + b).split(2)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            torch.testing.assert_close(out[0, 2 * direction : 2 * direction + 2, 0, t], h)


def test_depthwise_filters_see_one_channel_each():
    module, _ = LAYERS["conv"].make(Shape(4, 20), filters=8, width=5, groups="depthwise")
    assert parameters(module) == 8 * 5 + 8
    module, _ = LAYERS["conv"].make(Shape(4, 20), filters=8, width=5, groups=2, bias=False)
    assert parameters(module) == 8 * 2 * 5


def test_an_output_at_every_position():
    layers = parse_layers("conv 3x5, relu, output per_position=true")
    network = build_network(layers, Shape(2, 11), 2)
    assert network(torch.zeros(4, 2, 1, 11)).shape == (4, 2, 11)
    head = network[-1][0]
    assert head.kernel_size == (1, 1)


def test_an_output_without_bias():
    network = build_network([{"layer": "output", "bias": False}], Shape(7, None), 2)
    assert parameters(network) == 14


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([{"layer": "convolve"}], "layer 1 is 'convolve'; expected one of conv"),
        (["flatten"], "layer 1 is 'flatten'; expected a table with the layer's name"),
        ([{"layer": "residual", "layers": ["batch_norm"]}], "layers 1 is 'batch_norm'; expected a table with"),
        ([{"layer": "output"}, {"layer": "flatten"}], "layer 1 is 'output' .output comes last"),
        ([{"layer": "conv", "filters": 2, "width": 3, "strides": 2}], "layer 1 .conv.: unknown option 'strides'; expected filters, width, stride"),
        ([{"layer": "conv", "filters": 2}], "layer 1 .conv. needs width: a whole number"),
        ([{"layer": "conv", "filters": 0, "width": 3}], "layer 1 .conv.: filters is 0; expected a whole number"),
        ([{"layer": "conv", "filters": True, "width": 3}], "filters is True; expected a whole number"),
        ([{"layer": "conv", "filters": 2, "width": 3, "padding": "some"}], "padding is 'some'; expected same, valid"),
        ([{"layer": "dropout", "rate": 1}], "rate is 1; expected a number from 0 to below 1"),
        ([{"layer": "global_pool", "kind": "min"}], "kind is 'min'; expected max or average or max_average"),
        ([{"layer": "conv", "filters": 2, "width": 40, "padding": 0}], "layer 1: conv leaves nothing of 20 positions"),
        ([{"layer": "conv", "filters": 2, "width": 2, "padding": 30, "dilation": 2, "stride": 60}], "layer 1: conv reads padding alone, none of 20 positions"),
        ([{"layer": "conv", "filters": 5, "width": 4, "groups": "depthwise"}], "4 groups do not divide 4 channels into 5"),
        ([{"layer": "maxout", "pieces": 3}], "maxout of 3 pieces does not divide 4 channels"),
        ([{"layer": "flatten"}, {"layer": "max_pool", "width": 2}], "layer 2: max_pool needs positions"),
        ([{"layer": "flatten"}, {"layer": "output", "per_position": True}], "output needs positions"),
        ([{"layer": "activation", "name": "step"}], "name is 'step'; expected one of relu"),
        ([{"layer": "residual", "layers": []}], "layers is ..; expected a list of layers"),
        ([{"layer": "residual", "layers": [{"layer": "pool"}]}], "layer 1 .residual.: layers 1 is 'pool'"),
        ([{"layer": "residual", "layers": [{"layer": "max_pool", "width": 2}]}], "a residual block turns 4 channels of 20 positions into 4 channels of 10"),
    ],
)  # fmt: skip
def test_bad_architectures_name_the_layer(layers, message):
    with pytest.raises(SeqnetError, match=message):
        build_network(layers, Shape(4, 20), 1)


@pytest.mark.parametrize(
    "text",
    [
        "conv 3x3 stride=2 padding=1, flatten",
        "conv 4x3 dilation=2 groups=depthwise bias=false, flatten",
        "conv 4x3, batch_norm, flatten, batch_norm",
        "max_pool 3 stride=2",
        "max_pool 3 partial=true",
        "average_pool 3 stride=2 partial=true",
        "global_pool max",
        "global_pool average",
        "global_pool max_average, dense 3 bias=false",
        "conv 6x3, maxout 3",
        "residual(conv 4x2 dilation=2, tanh)",
        "residual(conv 3x3, tanh, shortcut(conv 3x1 bias=false))",
        "siamese(conv 3x4, tanh, flatten, dense 2)",
        "bilstm 3, flatten",
        "dropout 0.5, flatten",
        "conv 2x3, output per_position=true",
        *(f"conv 3x3, {name}" for name in ACTIVATIONS),
    ],
)
def test_gradients_equal_finite_differences(text):
    torch.manual_seed(0)
    network = build_network(parse_layers(text), Shape(4, 8), 2).double().eval()
    network[:].train("dropout" not in text)  # norms by their batch; nothing random
    x = torch.randn(3, 4, 1, 8, dtype=torch.float64, requires_grad=True)
    weights = [p for p in network.parameters() if p.requires_grad]

    def outputs(x, *values):
        names = [name for name, p in network.named_parameters() if p.requires_grad]
        return torch.func.functional_call(network, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(outputs, (x, *weights), eps=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_by_their_formulas(name):
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    e = torch.exp
    expected = {
        "relu": x.clamp(min=0),
        "exponential": e(x),
        "sigmoid": 1 / (1 + e(-x)),
        "tanh": (e(x) - e(-x)) / (e(x) + e(-x)),
        "gelu": x * (1 + torch.erf(x / 2**0.5)) / 2,
        "silu": x / (1 + e(-x)),
        "elu": torch.where(x > 0, x, e(x) - 1),
        "leaky_relu": torch.where(x > 0, x, 0.01 * x),
        "prelu": torch.where(x > 0, x, 0.25 * x),
        "softplus": torch.log(1 + e(x)),
    }[name]
    torch.testing.assert_close(ACTIVATIONS[name]().double()(x), expected)


def test_siamese_networks_swap_the_tracks_of_a_pair_of_strands():
    torch.manual_seed(0)
    layers = parse_layers("siamese partners=1-0-2(conv 3x4, relu, flatten, dense 2)")
    network = build_network(layers, Shape(7, 9), 2)
    x = torch.randn(3, 7, 1, 9)
    other = x[:, [3, 2, 1, 0, 5, 4, 6]].flip(3)
    torch.testing.assert_close(network(x), network(other))
    assert not torch.allclose(network(x), network(x[:, [3, 2, 1, 0, 4, 5, 6]].flip(3)))
    with pytest.raises(SeqnetError, match="partners 1-0-2 are not those of 2 tracks"):
        build_network(layers, Shape(6, 9), 2)


def test_towers_read_sequence_and_tracks_apart():
    torch.manual_seed(0)
    layers = parse_layers(
        "towers(conv 3x4, relu, global_pool max, signal(conv 2x5, global_pool average)), dense 4"
    )
    network = build_network(layers, Shape(6, 9), 2)
    towers = network[0]
    assert isinstance(towers, Towers)
    x = torch.randn(3, 6, 1, 9)
    sequence = torch.relu(torch.nn.functional.conv1d(
        torch.nn.functional.pad(x[:, :4, 0], (1, 2)), towers.sequence[0][1].weight[:, :, 0], towers.sequence[0][1].bias
    )).amax(2)  # fmt: skip
    signal = torch.nn.functional.conv1d(
        x[:, 4:, 0], towers.signal[0].weight[:, :, 0], towers.signal[0].bias, padding=2
    ).mean(2)
    torch.testing.assert_close(towers(x), torch.cat([sequence, signal], 1))
    assert parameters(network) == (3 * 4 * 4 + 3) + (2 * 2 * 5 + 2) + (5 * 4 + 4) + (4 * 2 + 2)


@pytest.mark.parametrize(
    ("text", "channels", "message"),
    [
        ("towers(conv 3x4, signal(conv 3x4))", 4, "towers need tracks behind the four bases, not 4 channels"),
        ("towers(conv 3x4, signal(conv 3x4 padding=valid))", 5, "expected as many positions"),
        ("towers(conv 3x4)", 5, "needs signal: a list of layers"),
    ],
)
def test_towers_that_do_not_join_are_named(text, channels, message):
    with pytest.raises((SeqnetError, ValueError), match=message):
        build_network(parse_layers(text), Shape(channels, 9), 1)


def test_parallel_layers_read_the_same_input():
    torch.manual_seed(0)
    network = build_network(
        parse_layers("parallel(global_pool max_average, beside(conv 2x1, max_pool 4 partial=true, flatten))"),
        Shape(4, 9), 3,
    )  # fmt: skip
    x = torch.randn(5, 4, 1, 9)
    convolution = network[0].beside[0]
    mixed = (
        torch.einsum("kc,ncl->nkl", convolution.weight[:, :, 0, 0], x[:, :, 0]) + convolution.bias[:, None]
    )
    segments = torch.stack([mixed[..., begin : begin + 4].amax(2) for begin in (0, 4, 8)], dim=2)
    expected = torch.cat([x.amax((2, 3)), x.mean((2, 3)), segments.flatten(1)], dim=1)
    torch.testing.assert_close(network[0](x), expected)
    assert parameters(network) == (2 * 4 + 2) + 3 * (4 + 4 + 2 * 3 + 1)


def test_parallel_convolutions_keep_their_positions():
    rows = describe_network(
        parse_layers("conv 8x3, parallel(conv 6x3, beside(conv 5x7, conv 2x5)), relu"), Shape(4, 30), 1
    )
    assert (rows[2].channels, rows[2].length, rows[2].receptive_field) == (8, 30, 3 + 6 + 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("parallel(conv 3x4, beside(conv 3x4 padding=valid))",
         "end in 3 channels of 9 positions and in 3 channels of 6 positions; expected as many"),
        ("parallel(global_pool max, beside(conv 3x4))", "expected as many positions"),
        ("parallel(conv 3x4)", "needs beside: a list of layers"),
    ],
)  # fmt: skip
def test_parallel_layers_that_do_not_join_are_named(text, message):
    with pytest.raises((SeqnetError, ValueError), match=message):
        build_network(parse_layers(text), Shape(4, 9), 1)


@pytest.mark.parametrize(("width", "side"), [(131, 65), (140, 0), (200, 7), (1, 0)])
@pytest.mark.parametrize("bias", [True, False])
def test_wide_convolutions_equal_plain_ones(width, side, bias):
    torch.manual_seed(0)
    plain = torch.nn.Conv2d(3, 2, (1, width), padding=(0, side), bias=bias, dtype=torch.float64)
    wide = WideConv(3, 2, (1, width), padding=(0, side), bias=bias, dtype=torch.float64)
    wide.load_state_dict(plain.state_dict())
    x = torch.randn(4, 3, 1, 210, dtype=torch.float64)
    torch.testing.assert_close(wide(x), plain(x))
    for one, other in zip(gradients(wide, x), gradients(plain, x), strict=True):
        torch.testing.assert_close(one, other)
    single = wide.float()(x.float())
    torch.testing.assert_close(single.double(), plain(x), atol=1e-5, rtol=1e-5)
    assert single.dtype == torch.float32


def gradients(module, x):
    """Of the input and of every weight, of a sum that tells all outputs apart."""
    x = x.clone().requires_grad_()
    found = module(x)
    weights = [x, *module.parameters()]
    return torch.autograd.grad((found * torch.arange(found.numel()).reshape(found.shape)).sum(), weights)


def test_wide_outputs_are_wide_convolutions_and_conv_takes_no_kind():
    network = build_network(parse_layers("conv 4x3, output per_position=true width=301"), Shape(2, 400), 3)
    assert isinstance(network[-1][0], WideConv)
    assert network(torch.zeros(1, 2, 1, 400)).shape == (1, 3, 400)
    with pytest.raises(ValueError, match="unknown option 'kind'"):
        parse_layers("conv 4x3 kind=max")
    with pytest.raises(SeqnetError, match="an output has a width where it is per_position alone"):
        build_network(parse_layers("conv 4x3, output width=3"), Shape(2, 400), 3)
