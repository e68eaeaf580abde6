import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.kernels.ties import TIE, exact_sums, rank_keys, round_scores

numbers = st.floats(-200, 200)


@given(st.lists(st.floats(allow_nan=False), max_size=20))
def test_rounding_keeps_the_order_moves_little_and_is_done_once(values):
    scores = np.sort(np.array(values, dtype=np.float64))
    found = round_scores(scores)
    assert (found[1:] >= found[:-1]).all()
    small = np.abs(scores) < 2**20
    assert (np.abs(found[small] - scores[small]) <= 0.51 * TIE).all()
    np.testing.assert_array_equal(found[~small], scores[~small])
    np.testing.assert_array_equal(round_scores(found), found)
    assert not np.signbit(found[found == 0]).any()


def test_nan_and_infinities_stay():
    np.testing.assert_array_equal(
        round_scores(np.array([np.nan, np.inf, -np.inf])), [np.nan, np.inf, -np.inf]
    )


@given(st.lists(numbers, min_size=1, max_size=7), st.randoms())
def test_exact_sums_do_not_depend_on_the_order_of_columns(column, shuffler):
    matrix = exact_sums(np.array([[value, -np.inf, 0.0, 1.0] for value in column]))
    np.testing.assert_allclose(matrix[:, 0], column, rtol=0, atol=2.0**-50 * 2000)
    assert (matrix[:, 1] == -np.inf).all()
    orders = itertools.islice(itertools.permutations(matrix[:, 0].tolist()), 120)
    sums = set()
    for order in orders:
        total = 0.0
        for value in order:
            total += value
        sums.add(total)
    assert len(sums) == 1


@pytest.mark.parametrize(
    ("values", "equal"),
    [
        ([0.1 + 0.2, 0.3], True),  # of a probability
        ([1e-12, 2e-12], False),  # tiny probabilities differ
        ([1 - 1e-12, 1 - 2e-12], False),
        ([5.0 + 1e-12, 5.0], True),
        ([-5.0, -5.0 - 1e-8], False),
        ([-1e-12, 2e-12], False),  # both tiny: by the larger
        ([1e300, 2e300], False),
    ],
)
def test_what_counts_as_equal_in_ranks(values, equal):
    low, high = rank_keys(np.array(values))
    assert (low == high) == equal


@given(st.lists(st.one_of(numbers, st.floats(0, 1), st.floats(-1e-9, 1e-9)), max_size=30))
def test_keys_are_in_the_order_of_the_values(values):
    scores = np.sort(np.array(values, dtype=np.float64))
    keys = rank_keys(scores)
    assert (keys[1:] >= keys[:-1]).all()
