"""Sums over windows of 2 to the power of their score, against the loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.kernels import _dispatch
from seqnet.kernels.occupancy import make_lookups, read_words, window_sums, word_length


def by_loop(row, scores):
    total = 0.0
    for start in range(len(row) - len(scores) + 1):
        window = row[start : start + len(scores)]
        if max(window) < 4:
            total += 2.0 ** sum(column[base] for column, base in zip(scores, window, strict=True))
    return total


@given(st.integers(1, 32), st.integers(0, 30), st.integers(1, 4), st.floats(0, 0.3), st.integers(0, 99))
def test_sums_equal_the_loop(width, spare, rows, share, seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (rows, width + spare)).astype(np.uint8)
    codes[rng.random(codes.shape) < share] = rng.choice([4, 255])
    scores = rng.normal(size=(width, 4))
    scores[rng.random(scores.shape) < 0.1] = -np.inf
    expected = [by_loop(row.tolist(), scores.tolist()) for row in codes]
    words = read_words(codes, word_length(width))
    for kind in ("numpy", "compiled"):
        with pytest.MonkeyPatch.context() as patch:
            if kind == "numpy":
                patch.setattr(_dispatch, "compiled", lambda: None)
            np.testing.assert_allclose(window_sums(words, make_lookups(scores)), expected, rtol=1e-12)


def test_what_does_not_fit_is_refused():
    words = read_words(np.zeros((2, 12), dtype=np.uint8), 5)
    for width in (4, 13):
        with pytest.raises(ValueError, match="do not fit a motif"):
            window_sums(words, make_lookups(np.zeros((width, 4))))
    with pytest.raises(ValueError, match="at most 100 bits"):
        make_lookups(np.full((6, 4), 101.0))


def test_the_kernel_refuses_words_and_chunks_outside():
    compiled = _dispatch.compiled()
    if compiled is None:
        pytest.skip("kernels were not built")
    words, out = np.zeros((2, 8), dtype=np.uint16), np.zeros(2)
    tables = np.ones((1, 17))
    compiled.occupancy(words, 8, 7, np.array([1]), tables, out)
    assert out.tolist() == [7, 7]
    for wrong in (words + 17, words[:1]):
        with pytest.raises(ValueError, match="words"):
            compiled.occupancy(wrong, 8, 7, np.array([1]), tables, out)
    for places, windows, offset in ((8, 7, 2), (8, 9, 0), (8, 7, -1), (0, 0, 0)):
        with pytest.raises(ValueError, match=r"within their rows|entries of the tables"):
            compiled.occupancy(words, places, windows, np.array([offset]), tables, out)
