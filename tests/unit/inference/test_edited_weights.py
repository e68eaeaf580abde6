"""Convolutions of edits' differences: equal to float64 sums, and each edit's bits independent of its place."""

import numpy as np
import pytest
import torch
from torch import nn

from seqnet.inference.sharing.edited_weights import EditedWeights, convolved_upright, upright_pays

SHAPES = [(16, 5, 3, 4, 1, 400), (128, 128, 3, 10, 4, 64), (33, 20, 8, 3, 2, 300), (300, 24, 11, 7, 1, 48)]
"""Channels, filters, positions of a filter, positions of an edit, dilation, edits."""


def example(channels, filters, taps, width, dilation, edits):
    """A convolution, and differences (w, b, K, R, C)."""
    torch.manual_seed(0)
    convolution = nn.Conv2d(channels, filters, (1, taps), dilation=(1, dilation))
    return convolution, torch.randn(width, edits // 2, 1, 2, channels)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_position_sums_what_the_filters_see(shape):
    convolution, x = example(*shape)
    taps, dilation = shape[2], shape[4]
    with torch.inference_mode():
        assert upright_pays(convolution, x)
        found = convolved_upright(
            convolution, EditedWeights(nn.Sequential(convolution)).upright(convolution), x
        )
    values, weight = x.double().numpy(), convolution.weight[:, :, 0].detach().double().numpy()
    expected = np.zeros((shape[3] + (taps - 1) * dilation, *values.shape[1:4], shape[1]))
    for tap in range(taps):
        first = (taps - 1 - tap) * dilation
        expected[first : first + shape[3]] += np.einsum("wbkrc,fc->wbkrf", values, weight[:, :, tap])
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_edits_have_equal_bits_in_any_memory_layout(shape):
    convolution, x = example(*shape)
    x = x[:, :1, :, :1].expand_as(x)
    weight = EditedWeights(nn.Sequential(convolution)).upright(convolution)
    with torch.inference_mode():
        found = convolved_upright(convolution, weight, x)
        turned = convolved_upright(
            convolution, weight, x.permute(1, 2, 3, 0, 4).contiguous().permute(3, 0, 1, 2, 4)
        )
    assert found.is_contiguous()
    assert torch.equal(found, turned)
    assert torch.equal(found, found[:, :1, :, :1].expand_as(found))


def test_few_channels_and_other_kinds_of_numbers_are_computed_otherwise():
    narrow, x = example(4, 6, 3, 5, 1, 4000)
    assert not upright_pays(narrow, x)
    wide, x = example(*SHAPES[0])
    assert not upright_pays(wide, x.double())
    assert not upright_pays(wide, x[:, :4])
    assert not upright_pays(nn.Conv2d(16, 5, (1, 3), stride=(1, 2)), x)
