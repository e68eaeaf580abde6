"""Sequences that share a long run stay together; the oracle compares every pair of windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.splitting.near_duplicates import near_duplicates


def components(codes, run, common):
    """Return group numbers from the words that sequences share, pair by pair."""
    words = []
    for row in codes:
        own = [tuple(row[i : i + run]) for i in range(len(row) - run + 1)]
        own = {word for word in own if AMBIGUOUS not in word}
        words.append({min(word, tuple(3 - base for base in word[::-1])) for word in own})
    everywhere = [word for row in words for word in row]
    common_words = {word for word in everywhere if everywhere.count(word) > max(2, common * len(codes))}
    group = list(range(len(codes)))
    for i, one in enumerate(words):
        for j, other in enumerate(words):
            if i < j and (one & other) - common_words:
                group = [group[i] if label == group[j] else label for label in group]
    return np.unique(group, return_inverse=True)[1]


def same_partition(one, other):
    return len(set(zip(one.tolist(), other.tolist(), strict=True))) == len(set(one)) == len(set(other))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_groups_are_those_of_shared_runs(seed):
    generator = np.random.default_rng(seed)
    long = generator.integers(0, 4, 120).astype(np.uint8)
    rows = []
    for _ in range(12):
        start = int(generator.integers(0, 80))
        piece = long[start : start + 40] if generator.random() < 0.5 else generator.integers(0, 4, 40)
        piece = np.array(piece, dtype=np.uint8)
        if generator.random() < 0.3:
            piece = 3 - piece[::-1]
        if generator.random() < 0.3:
            piece[generator.integers(0, 40)] = AMBIGUOUS
        rows.append(piece)
    codes = np.array(rows)
    assert same_partition(near_duplicates(codes), components(codes, 16, 0.2))


@pytest.mark.parametrize("length", [60, 200])
def test_alleles_tiles_and_reverse_complements_stay_together(length):
    generator = np.random.default_rng(1)
    base = generator.integers(0, 4, (40, length)).astype(np.uint8)
    base[:, : length // 6] = base[0, : length // 6]  # an adapter, which says nothing
    allele = base.copy()
    allele[:, length // 2] ^= 1
    half = length // 2
    tile = np.concatenate([base[:, half:], generator.integers(0, 4, (40, half)).astype(np.uint8)], axis=1)
    groups = near_duplicates(np.concatenate([base, allele, tile, 3 - base[:, ::-1]])).reshape(4, 40)
    assert len(np.unique(groups[0])) == 40
    assert (groups == groups[0]).all()


def test_sequences_shorter_than_a_run_are_alone():
    assert near_duplicates(np.zeros((3, 9), np.uint8)).tolist() == [0, 1, 2]
