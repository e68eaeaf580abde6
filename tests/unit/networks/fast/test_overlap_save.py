"""Convolutions in blocks against sums written out, and against torch in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from seqnet.networks.fast.conv_base import convolution_work, convolved
from seqnet.networks.fast.overlap_save import Blocks, OverlapSave, best_blocks, filter_factors, transforms


def convolution(channels, filters, width, *, padding=0, bias=True, dtype=torch.float32):
    layer = nn.Conv2d(channels, filters, (1, width), padding=(0, padding), bias=bias, dtype=dtype)
    nn.init.normal_(layer.weight, std=(channels * width) ** -0.5)
    return layer


def signal(rows, channels, length, *, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, length, channels, generator=generator, dtype=dtype).relu().mT.unsqueeze(2)


@given(st.integers(1, 9), st.integers(1, 12), st.integers(1, 3), st.integers(1, 3))
def test_blocks_are_correlations(span, kept, channels, filters):
    """The bilinear algorithm itself, in float64, against the sum."""
    blocks = Blocks(span, kept)
    generator = np.random.default_rng(span * 100 + kept)
    x, weight = (
        generator.normal(size=(blocks.size, channels)),
        generator.normal(size=(filters, channels, span)),
    )
    forward, inverse = transforms(blocks)
    factors = filter_factors(weight, blocks)
    assert forward.shape == (blocks.rank, blocks.size)
    assert inverse.shape == (kept, blocks.rank)
    assert factors.shape == (blocks.rank, filters, channels)
    products = np.einsum("rkc,rc->rk", factors, forward @ x)
    for place in range(kept):
        for filter_ in range(filters):
            expected = sum(
                weight[filter_, c, k] * x[place + k, c] for c in range(channels) for k in range(span)
            )
            assert (inverse @ products)[place, filter_] == pytest.approx(expected, abs=1e-12)


@given(
    st.integers(1, 4), st.integers(1, 20), st.integers(2, 40), st.integers(0, 3), st.integers(0, 700),
    st.booleans(),
)  # fmt: skip
def test_rows_of_any_length(rows, width, kept, padding, more, bias):
    """In float64, where blocks and torch agree to rounding; the last block overlaps, groups are many."""
    torch.manual_seed(1)
    layer = convolution(3, 2, width, padding=padding, bias=bias, dtype=torch.float64)
    cut = OverlapSave(layer, Blocks(width, kept))
    cut.work = lambda _: -1.0
    x = signal(rows, 3, max(1, width + kept - 1 - 2 * padding) + more, dtype=torch.float64)
    with torch.inference_mode():
        expected = nn.functional.conv1d(x[:, :, 0], layer.weight[:, :, 0], layer.bias, padding=padding)
        torch.testing.assert_close(cut(x)[:, :, 0], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("channels", "filters", "width", "length"), [(300, 200, 11, 194), (200, 200, 7, 46)])
def test_errors_are_no_larger_than_those_of_a_plain_convolution(channels, filters, width, length):
    torch.manual_seed(2)
    layer = convolution(channels, filters, width)
    cut = OverlapSave(layer, best_blocks(width, channels, filters, length - width + 1))
    x = signal(3, channels, length)
    with torch.inference_mode():
        exact = nn.functional.conv2d(x.double(), layer.weight.double(), layer.bias.double())
        plain, blocks = ((found - exact).square().mean().sqrt() for found in (layer(x), cut(x)))
    assert exact.std() > 0.3
    assert blocks < 1.5 * plain < 1e-6


def test_rows_that_are_views_with_steps_between_their_positions():
    layer = convolution(96, 96, 15)
    cut = OverlapSave(layer, Blocks(15, 16))
    every = signal(1, 96, 300)
    thirds = torch.stack([every[0, :, 0, phase : phase + 294 : 3] for phase in range(3)]).unsqueeze(2)
    seen = every.permute(0, 2, 3, 1)[0, 0].as_strided((3, 98, 96), (96, 288, 1))
    with torch.inference_mode():
        apart = cut(seen.unsqueeze(1).permute(0, 3, 1, 2))
        torch.testing.assert_close(apart, layer(thirds), rtol=0, atol=1e-5)


def test_what_is_cut():
    """Wide convolutions of many channels: not narrow ones, few channels or short rows."""
    for shape in ((11, 300, 200, 184), (7, 200, 200, 40), (8, 320, 480, 120), (8, 480, 960, 20)):
        assert best_blocks(*shape) is not None
    for shape in (
        (3, 512, 512, 500),
        (1, 512, 512, 500),
        (19, 4, 300, 600),
        (11, 32, 32, 500),
        (11, 300, 200, 1),
    ):
        assert best_blocks(*shape) is None


def test_rows_shorter_than_a_block_are_computed_at_once():
    layer = convolution(64, 64, 25)
    cut = OverlapSave(layer, Blocks(25, 30))
    x = signal(2, 64, 40)
    with torch.inference_mode():
        assert torch.equal(convolved(cut, x), layer(x))
    assert convolution_work(cut, 16) == convolution_work(layer, 16) == 16 * 64 * 64 * 25
    assert convolution_work(cut, 300) < convolution_work(layer, 300)
