import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.datasets.merging import merge_centers


def reference(peaks, count, distance):
    """Merge by looking at every adjacent pair again after each merge."""
    rows = [[center, {task}] for center, task in sorted(peaks)]
    while True:
        gaps = [(rows[i + 1][0] - rows[i][0], rows[i][0], i) for i in range(len(rows) - 1)]
        gaps = [gap for gap in gaps if gap[0] <= distance]
        if not gaps:
            break
        _, _, i = min(gaps)
        (a, first), (b, second) = rows[i], rows[i + 1]
        wa, wb = 1 + len(first), 1 + len(second)
        middle = int(np.floor((wa * a + wb * b) / (wa + wb) + 0.5))
        rows[i : i + 2] = [[middle, first | second]]
    return [(center, sorted(active)) for center, active in rows]


peaks = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 3)), max_size=30)


@given(peaks, st.integers(-1, 60))
def test_merging_equals_the_obvious_loop(found, distance):
    merged = merge_centers(
        np.array([c for c, _ in found], dtype=np.int64),
        np.array([t for _, t in found], dtype=np.int64),
        4,
        distance,
    )
    rows = [
        (c, np.flatnonzero(a).tolist()) for c, a in zip(merged.centers.tolist(), merged.activity, strict=True)
    ]
    assert rows == reference(found, 4, distance)


@given(peaks, st.integers(0, 60))
def test_merged_centres_lie_further_apart_than_the_distance(found, distance):
    merged = merge_centers(
        np.array([c for c, _ in found], int), np.array([t for _, t in found], int), 4, distance
    )
    assert (np.diff(merged.centers) > distance).all()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([(100, 0), (110, 1)], [(105, [0, 1])]),
        # 100 and 110 merge to 105 (one task, weight 2), then with 140 (weight 2) to 122.5, up
        ([(100, 0), (110, 0), (140, 1)], [(123, [0, 1])]),
        # 100 and 110 merge to 105 (two tasks, weight 3), then with 145 (weight 2) to 121
        ([(100, 0), (110, 1), (145, 1)], [(121, [0, 1])]),
        ([(100, 0), (150, 0)], [(100, [0]), (150, [0])]),
    ],
)
def test_by_hand(found, expected):
    merged = merge_centers(np.array([c for c, _ in found]), np.array([t for _, t in found]), 2, 40)
    rows = [
        (c, np.flatnonzero(a).tolist()) for c, a in zip(merged.centers.tolist(), merged.activity, strict=True)
    ]
    assert rows == expected
