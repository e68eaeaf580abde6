import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.kernels import _dispatch
from seqnet.kernels.tails import extend, extend_numpy, grid_tail, grid_tail_numpy

pytestmark = pytest.mark.usefixtures("kernels")
LETTERS = np.array([0.4, 0.1, 0.2, 0.3])


ALL = 10**9


def naive_extend(sums, weights, column, letters, limit):
    """Every pair, sorted; exactly equal sums as one."""
    pairs = sorted(
        (s + c, place, letter, w * letters[letter])
        for place, (s, w) in enumerate(zip(sums, weights, strict=True))
        for letter, c in enumerate(column)
        if s + c <= limit
    )
    found = {}
    for total, _, _, weight in pairs:
        found[total] = found.get(total, 0.0) + weight
    return list(found), list(found.values())


quarters = st.integers(0, 40).map(lambda i: i / 4)
columns = st.lists(st.one_of(quarters, st.just(float("inf"))), min_size=4, max_size=4)


@given(
    st.lists(quarters, min_size=1, max_size=40, unique=True),
    columns,
    quarters,
    st.integers(0, 99),
    st.one_of(st.just(ALL), st.integers(0, 60)),
)
def test_extending_equals_the_loop_to_the_bit(sums, column, limit, seed, most):
    sums = np.sort(np.array(sums))
    weights = np.random.default_rng(seed).random(len(sums))
    found = extend(sums, weights, np.array(column), LETTERS, limit, 1e-9, most)
    expected = naive_extend(sums.tolist(), weights.tolist(), column, LETTERS.tolist(), limit)
    assert [part.tolist() for part in found] == [list(part)[:most] for part in expected]


def test_sums_within_the_tie_of_the_one_before_are_one():
    sums, weights = extend(
        np.array([0.0, 1.0]), np.ones(2), np.array([0, 1 + 1e-10, 2, 2]), np.ones(4), 9, 1e-9, ALL
    )
    assert sums.tolist() == [0, 1, 2, 3]
    assert weights.tolist() == [1, 2, 3, 2]


@given(st.lists(st.lists(st.integers(-1, 30), min_size=4, max_size=4), max_size=5), st.integers(1, 60))
def test_the_grid_equals_listing_every_word(shifts, bins):
    chances = {0: 1.0}
    for column in shifts:
        grown = {}
        for total, weight in chances.items():
            for shift, letter in zip(column, LETTERS.tolist(), strict=True):
                if shift >= 0:
                    grown[total + shift] = grown.get(total + shift, 0.0) + weight * letter
        chances = grown
    expected = [sum(w for total, w in chances.items() if total <= k) for k in range(bins)]
    rows = np.array(shifts, dtype=np.int64).reshape(-1, 4)
    assert grid_tail(rows, LETTERS, bins) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 1000), st.integers(1, 12), st.integers(1, 500))
def test_both_kernels_agree_to_the_bit(seed, width, bins):
    generator = np.random.default_rng(seed)
    shifts = generator.integers(-1, bins, (width, 4))
    assert np.array_equal(grid_tail(shifts, LETTERS, bins), grid_tail_numpy(shifts, LETTERS, bins))
    sums = np.sort(generator.normal(0, 3, bins))
    weights, column = generator.random(bins), generator.random(4)
    for most in (ALL, bins):
        ours = extend(sums, weights, column, LETTERS, 2.0, 1e-3, most)
        other = extend_numpy(sums, weights, column, LETTERS, 2.0, 1e-3, most)
        for part, its in zip(ours, other, strict=True):
            assert np.array_equal(part, its)


def test_the_last_sum_that_is_kept_has_all_of_its_weight():
    sums, weights = extend(np.zeros(1), np.ones(1), np.array([0.0, 1, 1, 2]), LETTERS, 9, 0, 2)
    assert sums.tolist() == [0, 1]
    assert weights.tolist() == [0.4, 0.1 + 0.2]


def test_wrong_sizes_are_refused_by_the_compiled_kernel():
    compiled = _dispatch.compiled()
    if compiled is None:
        pytest.skip("numpy kernels")
    one, four, eight = np.zeros(1), np.zeros(4), np.zeros(8)
    with pytest.raises(ValueError, match="weights has 32 bytes; expected 8"):
        compiled.extend(one, four, four, four, 1.0, 0.0, four, four)
    with pytest.raises(ValueError, match="out_weights has 32 bytes; expected 64"):
        compiled.extend(one, one, four, four, 1.0, 0.0, eight, four)
    with pytest.raises(ValueError, match="scratch has 8 bytes; expected 32"):
        compiled.grid_tail(np.zeros(4, np.int64), four, four, one)
    with pytest.raises(ValueError, match="letters has 8 bytes; expected 32"):
        compiled.grid_tail(np.zeros(4, np.int64), one, four, four)
    with pytest.raises(ValueError, match="at least one value"):
        compiled.grid_tail(np.zeros(4, np.int64), four, np.zeros(0), np.zeros(0))
