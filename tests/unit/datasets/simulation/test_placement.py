from collections import Counter
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from seqnet.datasets.simulation.placement import Room, arrange, draw_strands, draw_subsets


def rng(seed=0):
    return np.random.default_rng(seed)


def test_all_subsets_are_equally_likely():
    drawn = Counter(map(tuple, draw_subsets(np.full(30_000, 6), 3, rng()).tolist()))
    assert sorted(drawn) == sorted(combinations(range(6), 3))
    assert chisquare(list(drawn.values())).pvalue > 1e-3


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.data())
def test_sites_lie_in_the_room_in_order_without_overlap(rows, data):
    counts = np.array(rows)
    total = int(counts.sum())
    widths = np.array(data.draw(st.lists(st.integers(1, 9), min_size=total, max_size=total)), int)
    room = Room(data.draw(st.integers(0, 5)), 36)
    starts = arrange(counts, widths, room, rng(data.draw(st.integers(0, 99))))
    place = 0
    for count in counts.tolist():
        end = room.start
        for start, width in zip(starts[place : place + count], widths[place : place + count], strict=True):
            assert start >= end
            end = start + width
        assert end <= room.start + room.length
        place += count


def test_all_arrangements_are_equally_likely():
    n = 40_000
    starts = arrange(np.full(n, 2), np.tile([2, 3], n), Room(0, 9), rng()).reshape(n, 2)
    drawn = Counter(map(tuple, starts.tolist()))
    expected = {(a, b) for a in range(8) for b in range(7) if b >= a + 2}
    assert set(drawn) == expected
    assert len(expected) == comb(4 + 2, 2)
    assert chisquare(list(drawn.values())).pvalue > 1e-3


def test_sites_may_fill_the_room():
    assert arrange(np.array([3, 0, 1]), np.array([2, 3, 1, 6]), Room(4, 6), rng()).tolist() == [4, 6, 9, 4]


@pytest.mark.parametrize(("length", "width", "room"), [(10, 4, (3, 4)), (11, 4, (3, 4)), (10, 10, (0, 10))])
def test_the_centre_is_in_the_middle(length, width, room):
    assert Room.center(length, width) == room


def test_both_strands_are_drawn():
    strands = draw_strands(10_000, rng())
    assert sorted(set(strands.tolist())) == [-1, 1]
    assert abs(strands.mean()) < 0.04
