"""First convolutions with the pool behind them against torch's layers, one after another."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from seqnet.networks.fast.base_words import BaseWords
from seqnet.networks.fast.pooled_words import PooledWords


def one_hot(codes):
    """(n, 4, 1, L) of codes 0 to 4, 4 for none."""
    return functional.one_hot(codes, 5)[:, :, :4].float().mT.unsqueeze(2)


def apart(layer, pool, relu, x):
    """The three layers in float64."""
    bias = None if layer.bias is None else layer.bias.double()
    summed = functional.conv2d(x.double(), layer.weight.double(), bias, padding=layer.padding)
    maxima = functional.max_pool2d(summed, pool.kernel_size, pool.stride)
    return maxima.relu() if relu else maxima


@st.composite
def layers(draw):
    """A convolution, a pool, whether relu follows, and a length that has at least one maximum."""
    width, padding, span = draw(st.integers(1, 26)), draw(st.integers(0, 5)), draw(st.integers(1, 10))
    filters, bias, relu = draw(st.integers(1, 20)), draw(st.booleans()), draw(st.booleans())
    torch.manual_seed(width)
    layer = nn.Conv2d(4, filters, (1, width), padding=(0, padding), bias=bias)
    pool = nn.MaxPool2d((1, span), (1, draw(st.integers(1, 6))))
    length = max(1, width + span - 1 - 2 * padding) + draw(st.integers(0, 30))
    return layer, pool, relu, length


@given(layers(), st.integers(1, 3))
def test_windows_equal_the_layers(chosen, rows):
    layer, pool, relu, length = chosen
    x = one_hot(torch.randint(0, 5, (rows, length)))
    with torch.inference_mode():
        expected = apart(layer, pool, relu, x)
        pooled = PooledWords(layer, pool, relu)(x)
    assert pooled.dtype == torch.float32
    torch.testing.assert_close(pooled.double(), expected, rtol=0, atol=2e-6)


@given(layers(), st.data())
def test_rows_equal_the_layers_from_each_start_on(chosen, data):
    layer, pool, relu, length = chosen
    length += 5 + 2 * layer.padding[1]
    layer.padding = (0, 0)
    rows = one_hot(torch.randint(0, 5, (2, length)))
    start = st.tuples(st.integers(0, 1), st.integers(0, 5))
    starts = data.draw(st.lists(start, min_size=1, max_size=4))
    with torch.inference_mode():
        along = [apart(layer, pool, relu, rows[row : row + 1, :, :, begin:]) for row, begin in starts]
        count = min(maxima.shape[3] for maxima in along)
        found = PooledWords(layer, pool, relu).along(rows.squeeze(2).mT, starts, count)
    expected = torch.cat([maxima[..., :count] for maxima in along]).squeeze(2).mT
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=2e-6)


def test_phases_share_their_sums():
    """Costs less than the layers apart; more phases cost only their maxima more."""
    layer, pool = nn.Conv2d(4, 300, (1, 19)), nn.MaxPool2d((1, 3), (1, 3))
    pooled = PooledWords(layer, pool, True)
    assert pooled.work(0) == 0
    assert pooled.work(100) < BaseWords(layer).work(300)
    assert pooled.work(100, 3) - pooled.work(100) == 2 * 100 * 3 * 300
