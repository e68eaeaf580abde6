"""Transforms of blocks against discrete Fourier transforms written out in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.kernels.layers import blocks
from seqnet.networks.fast.overlap_save import Blocks, transforms


@pytest.fixture(autouse=True)
def _compiled():
    if not blocks.runs_here(8):
        pytest.skip("the transforms are not compiled for this processor")


cuts = st.tuples(st.integers(1, 24), st.integers(1, 40)).map(lambda pair: Blocks(*pair))
channels = st.one_of(st.integers(1, 40), st.sampled_from([48, 300]))


def values(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


@given(cuts, st.integers(1, 4), channels)
def test_spectra_are_those_of_the_definition(cut, count, width):
    x = values((count - 1) * cut.kept + cut.size + 2, width)  # what lies behind is left alone
    found = np.full((count, cut.rank, width), np.nan, dtype=np.float32)
    blocks.spectra(x, cut.size, cut.kept, blocks.tables(cut.size).forward, found)
    for block, rows in enumerate(found):
        begin = block * cut.kept
        spectrum = np.fft.rfft(x[begin : begin + cut.size].astype(np.float64), axis=0)
        expected = []
        for frequency, value in enumerate(spectrum):
            single = frequency in (0, cut.size / 2)
            expected += [value.real] if single else [value.real + value.imag, value.real, value.imag]
        np.testing.assert_allclose(rows, expected, rtol=0, atol=1e-6 * cut.size)


@given(cuts, st.integers(1, 4), st.integers(0, 3), channels)
def test_outputs_are_those_of_the_definition(cut, count, first, width):
    products = values(cut.rank, first + count + 1, width)
    found = np.full((count, cut.kept, width), np.nan, dtype=np.float32)
    blocks.outputs(products, first, cut.size, blocks.tables(cut.size).inverse, found)
    _, inverse = transforms(cut)
    for block, rows in enumerate(found):
        np.testing.assert_allclose(rows, inverse @ products[:, first + block], rtol=0, atol=1e-6)


def test_the_largest_blocks():
    for size in (blocks.LARGEST - 1, blocks.LARGEST):
        x = values(size, 3)
        found = np.empty((1, Blocks(1, size).rank, 3), dtype=np.float32)
        blocks.spectra(x, size, size, blocks.tables(size).forward, found)
        np.testing.assert_allclose(found[0, 0], x.sum(0), atol=1e-4)
    assert not blocks.runs_here(blocks.LARGEST + 1)


def test_sizes_that_do_not_fit_are_refused():
    table = blocks.tables(10)
    x, out, products = values(17, 2), np.empty((2, 14, 2), np.float32), values(14, 3, 2)
    blocks.spectra(x, 10, 7, table.forward, out)
    with pytest.raises(ValueError, match="all positions"):
        blocks.spectra(x[:-1], 10, 7, table.forward, out)
    with pytest.raises(ValueError, match="out has"):
        blocks.spectra(x, 10, 7, table.forward, out[:, 1:].copy())
    with pytest.raises(ValueError, match="table has"):
        blocks.spectra(x, 10, 7, table.forward[1:], out)
    with pytest.raises(ValueError, match="cannot be transformed"):
        blocks.spectra(x, 10, 11, table.forward, out)
    with pytest.raises(ValueError, match="among those"):
        blocks.outputs(products, 2, 10, table.inverse, np.empty((2, 7, 2), np.float32))
    with pytest.raises(ValueError, match="products has"):
        blocks.outputs(products[1:], 0, 10, table.inverse, np.empty((2, 7, 2), np.float32))
