"""Windows of layers against the positions that their outputs have gradients for."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from seqnet.networks.fast.pooled_words import PooledWords
from seqnet.networks.fast.sliding_window import SlidingWindow, sliding_window

small = st.integers(1, 6)


def seen(layer):
    """The window of an output of summed channels, and of the next one: positions with a gradient."""
    x = torch.ones(1, 4, 1, 200, requires_grad=True)
    summed = layer(x).sum((0, 1, 2))
    rows = [torch.autograd.grad(summed[place], x, retain_graph=True)[0][0, 0, 0] for place in (0, 20, 21)]
    edge, first, second = (row.nonzero().ravel().tolist() for row in rows)
    stride = second[0] - first[0]
    return SlidingWindow(first[-1] - first[0] + 1, stride, 20 * stride - first[0]), edge


def filled(convolution):
    nn.init.ones_(convolution.weight)
    return convolution


@given(small, small, st.integers(0, 4), st.integers(1, 4))
def test_convolutions(width, stride, padding, dilation):
    layer = filled(nn.Conv2d(4, 2, (1, width), (1, stride), (0, padding), (1, dilation)))
    assert sliding_window(layer) == seen(layer)[0]


@given(small, small)
def test_pools(width, stride):
    expected, edge = seen(nn.AvgPool2d((1, width), (1, stride)))
    assert edge == list(range(width))
    for kind in (nn.AvgPool2d, nn.MaxPool2d):
        assert sliding_window(kind((1, width), (1, stride))) == expected


@given(small, small, st.integers(0, 4), small)
def test_a_convolution_with_its_pool(width, stride, padding, span):
    """Both together have one window; their convolution keeps its own."""
    convolution = filled(nn.Conv2d(4, 2, (1, width), padding=(0, padding)))
    pool = nn.MaxPool2d((1, span), (1, stride))
    pooled = PooledWords(convolution, pool, relu=False)
    averages = nn.AvgPool2d(pool.kernel_size, pool.stride)  # with gradients for all of a window
    assert pooled.window == seen(nn.Sequential(convolution, averages))[0]
    assert sliding_window(pooled.convolution) == sliding_window(convolution)
    assert not isinstance(pooled, nn.Conv2d)
