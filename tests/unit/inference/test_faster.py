"""Networks rewritten for prediction give what they gave before."""

import copy

import pytest
import torch
from torch import nn

from seqnet.inference import rewrite as faster
from seqnet.inference.fold import fold_batch_norms
from seqnet.inference.rewrite import describe_rewrites, speed_up
from seqnet.inference.sharing.plan import plan_trunk, tile_outputs
from seqnet.inference.tiling import Tiling
from seqnet.kernels.layers import residual
from seqnet.networks.fast.base_words import BaseWords
from seqnet.networks.fast.fused_residual import FusedResidual
from seqnet.networks.fast.overlap_save import OverlapSave
from seqnet.networks.fast.pooled_words import PooledWords
from seqnet.networks.fast.window_dense import WindowDense
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.modules import Exponential
from seqnet.networks.presets import PRESETS


@pytest.fixture
def compiled(monkeypatch):
    """What is chosen where the kernels are compiled; their twins compute it where they are not."""
    monkeypatch.setattr(faster, "word_maxima_run_here", lambda: True)


def kinds(network, kind):
    return [module for module in network.modules() if isinstance(module, kind)]


def made(layers, width):
    torch.manual_seed(0)
    return build_network(layers, Shape(4, width), 3).eval()


def letters(rows, width):
    codes = torch.randint(0, 5, (rows, width), generator=torch.Generator().manual_seed(1))
    return nn.functional.one_hot(codes, 5)[:, :, :4].float().unsqueeze(1).permute(0, 3, 1, 2)


def rewritten(layers, width):
    network = made(layers, width)
    other = copy.deepcopy(network)
    fold_batch_norms(other)
    other = speed_up(other, width)
    with torch.inference_mode():
        before, after = (torch.sigmoid(each(letters(5, width))) for each in (network, other))
    assert before.std() > 0
    assert (before - after).abs().max() <= 1e-6
    return other


@pytest.mark.parametrize(
    ("preset", "width", "cut"),
    [("basset", 600, 2), ("deepsea", 300, 2), ("default", 300, 0), ("danq", 200, 0)],
)
def test_presets(preset, width, cut):
    network = rewritten(PRESETS[preset].layers, width)
    assert len(kinds(network, OverlapSave)) == cut
    assert len(kinds(network, BaseWords)) == 1
    assert describe_rewrites(network).count("in blocks of") == cut
    assert " by words of 3 bases" in describe_rewrites(network)


@pytest.mark.parametrize(
    "ending", ["flatten, dense 300, batch_norm, relu", "dense 300", "flatten, maxout 1, dense 300"]
)
def test_a_dense_layer_is_shared_where_windows_are_a_stride_apart(ending):
    network = rewritten(parse_layers(f"conv 200x9 padding=0, relu, max_pool 5, {ending}"), 88)
    shared = kinds(network, WindowDense)
    assert len(shared) == ("maxout" not in ending)
    near, far = (plan_trunk(network, 4, Tiling(88, step, 200)) for step in (5, 44))
    assert [plan.places[plan.shared].length == 1 for plan in (near, far)] == [bool(shared), False]
    stretch = letters(1, near.places[0].count)
    windows = torch.cat([stretch[..., 5 * tile : 5 * tile + 88] for tile in range(200)])
    with torch.inference_mode():
        torch.testing.assert_close(
            tile_outputs(network, near, stretch[0, :, 0].T), network(windows), rtol=0, atol=2e-6
        )


def test_pools_come_before_rising_activations():
    text = "conv 8x1, conv 64x5, relu, max_pool 4, conv 8x3, tanh, max_pool 2, flatten"
    network = rewritten(parse_layers(text), 64)
    assert [type(module) for module in network[2:7]] == [
        nn.MaxPool2d,
        nn.ReLU,
        nn.Conv2d,
        nn.Tanh,
        nn.MaxPool2d,
    ]
    network = rewritten(
        parse_layers("conv 8x1, conv 64x5, exponential, max_pool 4 partial=true, relu, average_pool 2"), 62
    )
    assert [type(module) for module in network[2:4]] == [
        nn.MaxPool2d,
        type(made(parse_layers("exponential"), 9)[0]),
    ]
    assert isinstance(network[5], nn.AvgPool2d)


@pytest.mark.parametrize(
    ("text", "width", "rest"),
    [
        ("conv 64x12 padding=0, batch_norm, relu, max_pool 4, conv 8x3", 50, [nn.Conv2d]),
        ("conv 64x12, max_pool 5 stride=2, conv 8x3", 50, [nn.Conv2d]),
        ("conv 64x11, relu, max_pool 4 partial=true, conv 8x3", 48, [nn.Conv2d]),
        ("conv 3x2, exponential, max_pool 3 partial=true", 48, [Exponential]),
        ("conv 64x11, batch_norm, tanh, max_pool 3", 48, None),
        ("conv 64x11, relu, max_pool 4 partial=true", 50, None),
        ("conv 64x11, relu, average_pool 4", 48, None),
        ("conv 64x11, dropout 0.5, max_pool 4", 48, None),
        ("conv 64x11, relu, conv 8x3", 48, None),
    ],
)
def test_what_a_first_convolution_takes_in(compiled, text, width, rest):
    """Maxima behind it all of which are of full windows, and a relu behind these."""
    network = rewritten(parse_layers(text + ", global_pool average"), width)
    assert len(kinds(network, PooledWords)) == (rest is not None)
    assert len(kinds(network, BaseWords)) == 1
    if rest is not None:
        assert [type(module) for module in network[1 : len(rest) + 1]] == rest


def test_without_compiled_kernels_layers_stay_apart(monkeypatch):
    monkeypatch.setattr(faster, "word_maxima_run_here", lambda: False)
    network = rewritten(parse_layers("conv 64x11, relu, max_pool 4, global_pool max"), 48)
    assert [type(module) for module in network[:3]] == [BaseWords, nn.MaxPool2d, nn.ReLU]


def test_masked_networks_keep_their_layers(compiled):
    layers = parse_layers("conv 64x11, relu, max_pool 4, global_pool max masked=true")
    assert kinds(rewritten(layers, 48), PooledWords) == []


def test_a_new_network_is_of_the_same_kind():
    """A chain keeps its layers, and a network that masks goes on masking."""
    for masked in ("true", "false"):
        text = f"conv 64x11, relu, max_pool 4, global_pool max masked={masked}"
        network = made(parse_layers(text), 48)
        before = list(network)
        after = speed_up(network, 48)
        assert list(network) == before
        assert type(after) is type(network)
        assert not any(module.training for module in after.modules())


def test_rules_pass_over_a_chain_once():
    """An activation falls behind all maxima that follow it; one in front of it stays."""
    text = "conv 8x1 stride=2, relu, exponential, max_pool 2, max_pool 2, global_pool max"
    network = rewritten(parse_layers(text), 48)
    assert [type(module) for module in network[1:5]] == [nn.ReLU, nn.MaxPool2d, nn.MaxPool2d, Exponential]


def test_what_is_no_number_stays_so(compiled):
    network = made(parse_layers("conv 64x11, relu, max_pool 4, global_pool max"), 48)
    with torch.no_grad():
        kinds(network, nn.Conv2d)[0].bias[3] = torch.nan
    network = speed_up(network, 48)
    with torch.inference_mode():
        assert network(letters(2, 48)).isnan().all()


def test_convolutions_behind_an_exponential_are_not_cut():
    """A block's error is relative to its largest value, which may be thousands of times the others."""
    text = "conv 200x9, {}, max_pool 2, conv 200x15, relu, residual(relu, conv 200x15), global_pool max"
    assert len(kinds(rewritten(parse_layers(text.format("relu")), 120), OverlapSave)) == 2
    assert kinds(rewritten(parse_layers(text.format("exponential")), 120), OverlapSave) == []


def test_other_convolutions_stay():
    for options in ("stride=2", "dilation=2", "groups=2"):
        network = rewritten(
            parse_layers(f"conv 200x9, relu, conv 200x15 {options}, relu, global_pool max"), 120
        )
        assert kinds(network, OverlapSave) == []
    assert kinds(rewritten(parse_layers("conv 64x9 stride=2, relu, global_pool max"), 50), BaseWords) == []
    assert kinds(rewritten(parse_layers("siamese(conv 64x9, relu, global_pool max)"), 50), BaseWords) == []


residual_blocks_run = pytest.mark.skipif(
    not residual.residual_runs_here(), reason="blocks are not compiled here"
)


@residual_blocks_run
def test_residual_blocks_are_computed_in_one_pass():
    network = rewritten(PRESETS["default"].layers, 200)
    assert len(kinds(network, FusedResidual)) == 3
    text = "conv 64x5, exponential, residual(batch_norm, relu, conv 64x3 dilation=3), global_pool max"
    assert len(kinds(rewritten(parse_layers(text), 60), FusedResidual)) == 1


@residual_blocks_run
@pytest.mark.parametrize(
    "block",
    [
        "residual(batch_norm, relu, conv 64x5)",
        "residual(batch_norm, gelu, conv 64x3)",
        "residual(batch_norm, relu, conv 64x3 groups=2)",
        "residual(batch_norm, relu, conv 64x3, relu)",
        "residual(relu, conv 64x3)",
        "residual(batch_norm, relu, conv 64x3, shortcut(conv 64x1))",
        "conv 48x1, residual(batch_norm, relu, conv 48x3)",
    ],
)
def test_other_residual_blocks_stay(block):
    network = rewritten(parse_layers(f"conv 64x5, {block}, global_pool max"), 60)
    assert not kinds(network, FusedResidual)


@residual_blocks_run
def test_other_types_go_through_the_layers_of_a_block():
    torch.manual_seed(0)
    network = rewritten(parse_layers("conv 64x5, residual(batch_norm, relu, conv 64x3), global_pool max"), 60)
    (block,) = kinds(network, FusedResidual)
    x = torch.randn(3, 64, 1, 30)
    with torch.inference_mode():
        single = block(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert (block(x) - single).abs().max() > 1e-4  # bf16, as everywhere else
        double = copy.deepcopy(block).double()(x.double())
    torch.testing.assert_close(single.double(), double, rtol=0, atol=3e-6)
