"""Blocks are assigned so that splits have their share and every task is in each of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.genome.splitting.stratify import assign_blocks

SHARES = np.array([0.8, 0.1, 0.1])


def test_three_blocks_of_a_task_go_one_to_each_split():
    holds = np.zeros((10, 1), dtype=bool)
    holds[[2, 5, 7]] = True
    split = assign_blocks(np.full(10, 5), holds, SHARES, 0)
    assert sorted(split[[2, 5, 7]].tolist()) == [0, 1, 2]
    assert np.bincount(split).tolist() == [8, 1, 1]


def test_equal_blocks_give_the_shares_asked_for():
    split = assign_blocks(np.full(100, 7), np.zeros((100, 0), dtype=bool), np.array([0.7, 0.1, 0.2]), 3)
    assert np.bincount(split).tolist() == [70, 10, 20]


def test_a_block_larger_than_a_share_is_trained_on():
    sizes = np.array([60, 10, 10, 10, 10])
    for seed in range(10):
        split = assign_blocks(sizes, np.zeros((5, 0), dtype=bool), SHARES, seed)
        assert split[0] == 0
        assert sorted(np.bincount(split, sizes).tolist()) == [10, 10, 80]


def test_fewer_blocks_than_splits_are_refused():
    with pytest.raises(ValueError, match="2 blocks for 3 splits"):
        assign_blocks(np.ones(2, np.int64), np.zeros((2, 0), dtype=bool), SHARES, 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(20, 60))
def test_every_task_that_enough_blocks_hold_is_in_each_split(seed, tasks, blocks):
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, 30, blocks)
    holds = generator.random((blocks, tasks)) < 0.25
    split = assign_blocks(sizes, holds, SHARES, seed)
    assert np.array_equal(split, assign_blocks(sizes, holds, SHARES, seed))
    assert set(split.tolist()) == {0, 1, 2}
    for column in holds.T:
        if column.sum() >= 6:  # so many that four tasks never exclude each other
            assert set(split[column].tolist()) == {0, 1, 2}
