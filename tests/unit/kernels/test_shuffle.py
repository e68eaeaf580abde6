from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from seqnet.kernels import _dispatch
from seqnet.kernels.shuffle import LARGEST_K, shuffle_numpy, shuffle_rows, shuffle_sequences

pytestmark = pytest.mark.usefixtures("kernels")


def klets(row, k):
    return Counter(tuple(row[i : i + k]) for i in range(len(row) - k + 1))


def offsets_of(rows):
    return np.cumsum([0, *map(len, rows)]).astype(np.int64)


def joined(rows):
    return np.array([code for row in rows for code in row], dtype=np.uint8)


def shuffled(rows, seed, k, streams=None):
    offsets = offsets_of(rows)
    streams = None if streams is None else np.array(streams, dtype=np.int64)
    flat = shuffle_sequences(joined(rows), offsets, seed, k, streams).tolist()
    return [flat[a:b] for a, b in pairwise(offsets)]


rows_of_codes = st.lists(st.lists(st.integers(0, 4), max_size=40), max_size=8)
seeds = st.integers(0, 2**64 - 1)


@given(rows_of_codes, seeds, st.integers(1, LARGEST_K))
def test_every_klet_and_both_ends_stay(rows, seed, k):
    for row, other in zip(rows, shuffled(rows, seed, k), strict=True):
        for shorter in range(1, k + 1):
            assert klets(row, shorter) == klets(other, shorter)
        assert other[: k - 1] == row[: k - 1]
        assert other[len(row) - k + 1 :] == row[len(row) - k + 1 :]


def test_counts_of_ten_thousand_random_sequences_are_exact(kernels):
    n = 10_000
    generator = np.random.default_rng(4)
    codes = generator.choice(5, (n, 60), p=[0.3, 0.2, 0.15, 0.3, 0.05]).astype(np.uint8)
    other = shuffle_rows(codes, 9)
    row = np.arange(n)[:, None] * 25

    def counts(table):
        pairs = row + 5 * table[:, :-1].astype(np.int64) + table[:, 1:]
        return np.bincount(pairs.ravel(), minlength=25 * n)

    assert np.array_equal(counts(codes), counts(other))
    assert (codes != other).any(axis=1).mean() > 0.999
    assert len(np.unique(other, axis=0)) == n


@pytest.mark.parametrize(
    ("row", "k"),
    [
        ([0, 0, 1, 2, 3, 1], 1),
        ([0, 1, 0, 2, 0, 1, 1, 2, 0], 2),  # ends where it begins
        ([0, 1, 2, 0, 2, 1, 0, 3], 2),
        ([0, 1, 4, 1, 4, 4, 0, 1], 2),
        ([0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1], 3),
    ],
)
def test_all_shuffles_are_equally_likely(kernels, row, k):
    kept = words_like(row, k)
    draws = 40 * len(kept) if kernels == "numpy" else 400 * len(kept)
    table = np.tile(np.array(row, dtype=np.uint8), (draws, 1))
    found = Counter(map(tuple, shuffle_rows(table, 11, k).tolist()))
    assert set(found) == kept
    assert len(kept) > 3
    assert chisquare([found[word] for word in sorted(kept)]).pvalue > 1e-3


def words_like(row, k):
    """Every sequence with the k-lets of a row and its first k - 1 letters, letter by letter."""
    wanted = klets(row, k)

    def grown(word, left):
        if len(word) == len(row):
            yield tuple(word)
            return
        for letter in set(row):
            new = (*word[len(word) - k + 1 :], letter)
            if left[new]:
                yield from grown([*word, letter], left - Counter([new]))

    return set(grown(row[: k - 1], wanted))


def test_a_row_s_shuffle_depends_on_its_stream_alone():
    generator = np.random.default_rng(1)
    codes = generator.integers(0, 4, (50, 30)).astype(np.uint8)
    whole = shuffle_rows(codes, 3)
    part = np.array([40, 7, 19])
    assert np.array_equal(shuffle_rows(codes[part], 3, rows=part), whole[part])
    assert np.array_equal(whole, shuffle_rows(codes, 3))
    assert not np.array_equal(whole, shuffle_rows(codes, 4))
    same = shuffle_rows(np.tile(codes[:1], (50, 1)), 3)
    assert len(np.unique(same, axis=0)) > 40


@given(rows_of_codes, seeds, st.integers(1, LARGEST_K), st.integers(0, 2**62))
def test_both_kernels_agree_to_the_byte(rows, seed, k, stream):
    streams = np.arange(len(rows), dtype=np.int64) + stream
    ours = shuffle_sequences(joined(rows), offsets_of(rows), seed, k, streams)
    assert np.array_equal(ours, shuffle_numpy(joined(rows), offsets_of(rows), seed, k, streams))


def test_what_is_no_sequence_is_refused(kernels):
    codes = np.array([[0, 1, 5]], dtype=np.uint8)
    with pytest.raises(ValueError, match="codes must be 0 to 4"):
        shuffle_rows(codes, 0)
    with pytest.raises(ValueError, match="k is 9; expected 1 to 8"):
        shuffle_rows(codes[:, :2], 0, 9)
    compiled = _dispatch.compiled()
    if compiled is None:
        return
    ends, one, out = np.array([0, 3], np.int64), np.zeros(1, np.int64), np.zeros(3, np.uint8)
    with pytest.raises(ValueError, match="offsets has 16 bytes; expected 24"):
        compiled.shuffle(out, ends, np.zeros(2, np.int64), 2, 0, out.copy())
    with pytest.raises(ValueError, match="out has 2 bytes; expected 3"):
        compiled.shuffle(out, ends, one, 2, 0, out[:2].copy())
    with pytest.raises(ValueError, match="offsets must ascend within the codes"):
        compiled.shuffle(out, ends + 1, one, 2, 0, out.copy())
    with pytest.raises(ValueError, match="k must be 1 to 8"):
        compiled.shuffle(out, ends, one, 0, 0, out.copy())
