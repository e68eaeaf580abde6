"""First convolutions by words of bases against plain ones."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from seqnet.networks.fast.base_words import BaseWords, word_tables, words_pay


def one_hot(codes):
    """(n, 4, 1, L) of codes 0 to 4, 4 for none."""
    return nn.functional.one_hot(codes, 5)[:, :, :4].float().mT.unsqueeze(2)


def test_tables_hold_what_each_word_adds():
    weight = np.random.default_rng(0).normal(size=(2, 4, 5))
    tables = word_tables(weight).reshape(2, 5, 5, 5, 2)
    assert np.array_equal(tables[0, 0, 0, 0], [0, 0])
    np.testing.assert_allclose(tables[0, 1, 4, 0], weight[:, 0, 0] + weight[:, 3, 1])
    np.testing.assert_allclose(tables[1, 2, 3, 4], weight[:, 1, 3] + weight[:, 2, 4])


@given(st.integers(1, 12), st.integers(0, 5), st.integers(1, 3), st.integers(0, 30), st.booleans())
def test_words_equal_convolutions(width, padding, rows, more, bias):
    torch.manual_seed(width)
    layer = nn.Conv2d(4, 3, (1, width), padding=(0, padding), bias=bias)
    codes = torch.randint(0, 5, (rows, max(1, width - 2 * padding) + more))
    with torch.inference_mode():
        x = one_hot(codes)
        expected = nn.functional.conv2d(
            x.double(), layer.weight.double(), None if layer.bias is None else layer.bias.double(),
            padding=(0, padding),
        )  # fmt: skip
        torch.testing.assert_close(BaseWords(layer)(x).double(), expected, rtol=0, atol=1e-6)


def test_when_words_pay():
    assert words_pay(nn.Conv2d(4, 300, (1, 19)))
    assert words_pay(nn.Conv2d(4, 128, (1, 15)))
    assert not words_pay(nn.Conv2d(4, 16, (1, 15)))
    assert not words_pay(nn.Conv2d(4, 300, (1, 2)))
    layer = nn.Conv2d(4, 300, (1, 19))
    assert BaseWords(layer).work(10) < 10 * layer.weight.numel()
