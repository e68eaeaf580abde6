"""Maxima of windows of rows against the loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.kernels import _dispatch
from seqnet.kernels.layers.maxima import maxima, maxima_with


@given(
    st.integers(1, 6), st.integers(1, 5), st.integers(0, 7), st.integers(1, 40), st.integers(0, 3),
    st.floats(0, 0.2), st.integers(0, 99),
)  # fmt: skip
def test_windows_equal_the_loop(span, stride, count, columns, spare, share, seed):
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(max(0, count - 1) * stride + span + spare, columns)).astype(np.float32)
    rows[generator.random(rows.shape) < share] = generator.choice([np.nan, np.inf, -np.inf])
    expected = [[rows[i * stride : i * stride + span, k].max() for k in range(columns)] for i in range(count)]
    for kind in _dispatch.available():
        found = np.empty((count, columns), dtype=np.float32)
        maxima_with(kind, rows, span, stride, found)
        np.testing.assert_array_equal(found, np.reshape(expected, found.shape))


def test_windows_of_rows_that_are_not_there_are_refused(kernels):
    rows = np.zeros((10, 3), dtype=np.float32)
    maxima(rows, 4, 3, np.empty((3, 3), dtype=np.float32))
    for span, stride, count in ((4, 3, 4), (11, 1, 1), (0, 1, 1), (1, 0, 1)):
        with pytest.raises(ValueError, match="whole rows that are there"):
            maxima(rows, span, stride, np.empty((count, 3), dtype=np.float32))
