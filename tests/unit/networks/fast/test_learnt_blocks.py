"""Convolutions learnt in blocks against torch's own: outputs, gradients, and which ones they are."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from seqnet.networks.fast import blocked_conv as learnt_blocks
from seqnet.networks.fast.blocked_conv import LearntBlocks, best_cut, in_blocks, learn_in_blocks
from seqnet.networks.fast.overlap_save import Blocks
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network


def correlated(x, weight, side=0):
    return nn.functional.conv1d(x.mT, weight, padding=side).mT


def gradients(compute, *leaves):
    """What comes out, and the gradients of a sum that weighs every output differently."""
    leaves = [leaf.detach().requires_grad_() for leaf in leaves]
    out = compute(*leaves)
    weights = torch.sin(torch.arange(out.numel(), dtype=out.dtype)).view(out.shape)
    (out * weights).sum().backward()
    return [out.detach(), *(leaf.grad for leaf in leaves)]


@given(
    st.integers(1, 3), st.integers(1, 9), st.integers(0, 8), st.integers(0, 40), st.integers(0, 9),
    st.integers(0, 99),
)  # fmt: skip
def test_outputs_and_gradients_are_those_of_the_sum(rows, span, more, longer, side, seed):
    generator = torch.Generator().manual_seed(seed)
    cut = Blocks(span, max(1, span - 1) + more)
    x = torch.randn(rows, span + longer, 2, generator=generator, dtype=torch.float64)
    weight = torch.randn(3, 2, span, generator=generator, dtype=torch.float64)
    expected = gradients(lambda *each: correlated(*each, side), x, weight)
    found = gradients(lambda *each: in_blocks(*each, cut, side), x, weight)
    for got, want in zip(found, expected, strict=True):
        torch.testing.assert_close(got, want, rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    ("channels", "filters", "span", "length"), [(300, 200, 11, 210), (200, 200, 7, 56), (480, 96, 8, 60)]
)
def test_errors_are_as_small_as_those_of_a_plain_convolution(channels, filters, span, length):
    torch.manual_seed(2)
    x = torch.randn(64, length, channels).relu()
    weight = torch.randn(filters, channels, span) * (channels * span) ** -0.5
    cut = best_cut(span, channels, filters, 64, length - span + 1)
    exact = gradients(correlated, x.double(), weight.double())
    plain = gradients(correlated, x, weight)
    blocks = gradients(lambda *each: in_blocks(*each, cut), x, weight)
    for want, ours, theirs in zip(exact, blocks, plain, strict=True):
        errors = [(got.double() - want).square().mean().sqrt() for got in (ours, theirs)]
        assert errors[0] < min(4 * errors[1], 1e-6 * want.std())  # torch's vary with the processor


@pytest.mark.parametrize("padding", [0, 5, 12])
@pytest.mark.parametrize("bias", [False, True])
def test_a_layer_is_the_one_that_it_replaces(padding, bias):
    torch.manual_seed(0)
    layer = nn.Conv2d(96, 64, (1, 11), padding=(0, padding), bias=bias).double()
    blocks = LearntBlocks(layer)
    x = torch.randn(64, 96, 1, 60, dtype=torch.float64).to(memory_format=torch.channels_last)
    assert best_cut(11, 96, 64, 64, 50 + 2 * padding) is not None
    torch.testing.assert_close(blocks(x), layer(x), rtol=0, atol=1e-12)
    assert dict(blocks.named_parameters()) == dict(layer.named_parameters())


def test_blocks_are_taken_where_they_pay():
    for shape in ((11, 300, 200, 64, 200), (7, 200, 200, 64, 50), (8, 480, 960, 64, 53)):
        assert best_cut(*shape).kept >= shape[0] - 1
    for shape in (
        (3, 128, 128, 128, 25),  # narrow
        (15, 4, 128, 128, 101),  # of few channels
        (8, 480, 960, 2, 53),  # the weights' spectra would be most of the work
        (11, 300, 200, 64, 9),  # no block fits
        (127, 300, 200, 64, 500),  # blocks would be long
        (1, 512, 512, 64, 500),
    ):
        assert best_cut(*shape) is None


def test_what_is_not_cut_is_computed_as_ever():
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 32, (1, 15), padding=(0, 7))
    x = torch.randn(64, 4, 1, 50)
    assert torch.equal(LearntBlocks(layer)(x), layer(x))


def kinds(text, width=90, channels=4):
    network = build_network(parse_layers(text), Shape(channels, width), 1)
    names = set(network.state_dict())
    learn_in_blocks(network)
    assert set(network.state_dict()) == names
    return [isinstance(layer, LearntBlocks) for layer in network.modules() if isinstance(layer, nn.Conv2d)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv 4x5, conv 4x4, flatten", [True, True]),
        ("residual(conv 4x5), conv 4x3 stride=2, conv 4x3 dilation=2, conv 4x3 groups=2, flatten",
         [True, False, False, False]),
        ("conv 4x5, residual(conv 4x3, activation exponential), conv 4x5, flatten", [True, True, False]),
        ("conv 4x5, exponential, conv 4x5, flatten", [True, False]),
        ("conv 4x5, output per_position=true width=201", [True, False]),
    ],
)  # fmt: skip
def test_those_that_are_plain_and_not_behind_an_exponential(text, expected):
    assert kinds(text) == expected


def test_twice_is_once():
    network = build_network(parse_layers("conv 4x5, flatten"), Shape(4, 50), 1)
    learn_in_blocks(network)
    once = network[0]
    learn_in_blocks(network)
    assert network[0] is once


def test_matrices_made_without_gradients_serve_those_with():
    learnt_blocks._matrices.cache_clear()
    x, weight = torch.randn(2, 30, 3), torch.randn(4, 3, 5)
    with torch.inference_mode():
        in_blocks(x, weight, Blocks(5, 8))
    assert gradients(lambda *each: in_blocks(*each, Blocks(5, 8)), x, weight)[2].abs().sum() > 0
