"""Maxima of sums of table rows against a plain loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.kernels import _dispatch
from seqnet.kernels.layers.word_maxima import ENTRIES, WORD, Pool, word_maxima, word_maxima_with


@st.composite
def jobs(draw):
    """Words, tables, starts and a pool, and how many maxima fit each row."""
    rows, filters, count = draw(st.integers(1, 3)), draw(st.integers(1, 20)), draw(st.integers(0, 6))
    bases, span, stride = draw(st.integers(1, 10)), draw(st.integers(1, 11)), draw(st.integers(1, 5))
    reach = WORD * (bases - 1) + span + max(0, count - 1) * stride
    length = reach + draw(st.integers(0, 5))
    start = st.tuples(st.integers(0, rows - 1), st.integers(0, length - reach))
    starts = np.array(draw(st.lists(start, max_size=6)), dtype=np.int64).reshape(-1, 2)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    words = rng.integers(0, ENTRIES, (rows, length), dtype=np.uint8)
    # few values, so that there are equal maxima, and zeros of both signs
    tables = rng.choice(np.array([-1.5, -0.0, 0.0, 0.1, 1e-8, 3], np.float32), (bases * ENTRIES, filters))
    return words, tables, starts, Pool(span, stride, draw(st.sampled_from([0.0, -np.inf, 0.25]))), count


def looped(words, tables, starts, pool, count):
    """Every maximum by itself."""
    out = np.empty((len(starts), count, tables.shape[1]), np.float32)
    for number, (row, begin) in enumerate(starts):
        for place in range(count):
            most = np.full(tables.shape[1], pool.floor, np.float32)
            for first in range(begin + place * pool.stride, begin + place * pool.stride + pool.span):
                total = np.zeros(tables.shape[1], np.float32)
                for word in range(len(tables) // ENTRIES):
                    total += tables[ENTRIES * word + int(words[row, first + WORD * word])]
                most = np.where(total > most, total, most)
            out[number, place] = most
    return out


@given(jobs())
def test_maxima_equal_the_loop(job):
    words, tables, starts, pool, _ = job
    expected = looped(*job)
    row, begin = starts.T.copy()
    for kind in _dispatch.available():
        out = np.full(expected.shape, np.nan, np.float32)
        word_maxima_with(kind, words, tables, row, begin, pool, out)
        assert out.tobytes() == expected.tobytes()


def filled(*, words=None, tables=1, row=(0,), begin=(0,), pool=(2, 3), shape=(1, 2, 4)):
    """Sums of one word over a row of 5 positions: two maxima of two, which are 3 apart."""
    out = np.empty(shape, np.float32)
    word_maxima(
        np.zeros((1, 5), np.uint8) if words is None else words,
        np.ones((tables * ENTRIES, 4), np.float32),
        np.array(row, np.int64),
        np.array(begin, np.int64),
        Pool(*pool, 0.0),
        out,
    )
    return out


def test_what_just_fits(kernels):
    assert (filled() == 1).all()
    assert filled(row=(), begin=(), shape=(0, 2, 4)).size == 0
    assert filled(begin=(9,), shape=(1, 0, 4)).size == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"row": (1,)}, {"row": (-1,)}, {"begin": (1,)}, {"begin": (-1,)}, {"begin": (2**62,)}, {"tables": 2},
        {"pool": (3, 3)}, {"pool": (2, 4)}, {"pool": (6, 1), "shape": (1, 1, 4)}, {"shape": (1, 3, 4)},
    ],
    ids=str,
)  # fmt: skip
def test_maxima_outside_the_rows_are_refused(kernels, changed):
    with pytest.raises(ValueError, match="within the rows of words"):
        filled(**changed)


@pytest.mark.parametrize("pool", [(0, 3), (2, 0), (-1, 3), (2, -1)], ids=str)
def test_pools_of_nothing_are_refused(kernels, pool):
    with pytest.raises(ValueError, match="must be positive"):
        filled(pool=pool)


def test_sizes_and_words_that_do_not_fit_are_refused(kernels):
    for changed in ({"shape": (1, 2, 5)}, {"row": (0, 0)}, {"begin": (0, 0)}, {"tables": 0}):
        with pytest.raises(ValueError, match="expected"):
            filled(**changed)
    with pytest.raises(ValueError, match="below 125"):
        filled(words=np.full((1, 5), ENTRIES, np.uint8))
    with pytest.raises(ValueError, match="must be positive"):
        filled(words=np.zeros((0, 5), np.uint8))
