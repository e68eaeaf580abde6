import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.intervals import (
    around,
    cluster_overlaps,
    concatenate,
    count_overlaps,
    inside,
    make_intervals,
    sort_order,
    union,
    with_contigs,
)

rows = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.integers(1, 12)), max_size=25)


def intervals_of(found):
    return make_intervals([c for c, _, _ in found], [s for _, s, _ in found], [s + w for _, s, w in found])


@given(rows, rows)
def test_counting_overlaps_equals_the_double_loop(first, second):
    expected = [sum(c == d and s < t + v and t < s + w for d, t, v in second) for c, s, w in first]
    assert count_overlaps(intervals_of(first), intervals_of(second)).tolist() == expected


@given(rows)
def test_the_union_has_exactly_the_covered_bases(found):
    def bases(intervals):
        return [
            (name, place)
            for name, start, end in zip(intervals.contig_names(), intervals.start, intervals.end, strict=True)
            for place in range(start, end)
        ]

    merged = bases(union(intervals_of(found)))
    assert len(merged) == len(set(merged))
    assert set(merged) == set(bases(intervals_of(found)))


@given(rows)
def test_clusters_are_the_connected_components(found):
    def reachable(row):
        seen, waiting = {row}, [row]
        while waiting:
            c, s, w = found[waiting.pop()]
            fresh = {j for j, (d, t, v) in enumerate(found) if c == d and s < t + v and t < s + w} - seen
            seen |= fresh
            waiting += fresh
        return seen

    labels = cluster_overlaps(intervals_of(found)).tolist()
    for row in range(len(found)):
        assert {i for i, label in enumerate(labels) if label == labels[row]} == reachable(row)


@given(rows, rows)
def test_concatenating_keeps_every_row(first, second):
    joined = concatenate([intervals_of(first), intervals_of(second)])
    found = zip(joined.contig_names(), joined.start, joined.end - joined.start, strict=True)
    assert list(found) == [*first, *second]


def test_windows_and_whether_they_lie_inside():
    points = make_intervals(["a", "a", "b"], [5, 100, 3], [6, 101, 4])
    found = around(points, np.array([5, 100, 3]), 10)
    assert found.start.tolist() == [0, 95, -2]
    assert (found.end - found.start == 10).all()
    assert inside(found, {"a": 104}).tolist() == [True, False, False]


def test_sorting_follows_the_contig_order_asked_for():
    found = make_intervals(["b", "a", "b"], [3, 9, 1], [4, 10, 2])
    ordered = with_contigs(found, ["a", "b"])
    assert ordered.take(sort_order(ordered)).start.tolist() == [9, 1, 3]
    assert ordered.locus(0) == "b:3-4"
