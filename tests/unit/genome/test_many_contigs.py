"""Results on many contigs at once: equal to those of each contig by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.datasets.bins import TileRule, label_bins
from seqnet.datasets.labels import Strands, label_peaks
from seqnet.datasets.merging import merge_centers
from seqnet.datasets.negatives import window_content
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.extract import extract_windows
from seqnet.genome.intervals import (
    Intervals,
    batches,
    cluster_overlaps,
    count_overlaps,
    make_intervals,
    rows_by_contig,
)
from seqnet.genome.regions import make_regions
from seqnet.genome.sequence import Genome

NAMES = ("a", "b", "c", "d")
rows = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(-30, 30), st.integers(0, 20), st.sampled_from([-1, 0, 1])),
    max_size=25,
)


def intervals_of(values: list[tuple[str, int, int, int]]) -> Intervals:
    """Return intervals of (contig, start, width, strand)."""
    starts = [start for _, start, _, _ in values]
    ends = [start + width for _, start, width, _ in values]
    return make_intervals([name for name, *_ in values], starts, ends, [row[3] for row in values])


@given(rows, rows)
def test_overlaps_counted_for_all_contigs_at_once_are_those_of_each_pair(
    query: list[tuple[str, int, int, int]], target: list[tuple[str, int, int, int]]
) -> None:
    found = count_overlaps(intervals_of(query), intervals_of(target))
    for (contig, start, width, _), count in zip(query, found.tolist(), strict=True):
        same = [(begin, size) for other, begin, size, _ in target if other == contig]
        # the difference of ranks, which for intervals with a base is the number that shares one
        begun = sum(begin < start + width for begin, _ in same)
        ended = sum(begin + size <= start for begin, size in same)
        assert count == begun - ended


@given(rows)
def test_clusters_of_all_contigs_at_once_are_those_of_each(values: list[tuple[str, int, int, int]]) -> None:
    intervals = intervals_of(values)
    groups = cluster_overlaps(intervals)
    for contig in range(len(intervals.contigs)):
        own = np.flatnonzero(intervals.contig == contig)
        alone = cluster_overlaps(intervals.take(own))
        assert np.array_equal(alone, groups[own] - groups[own].min())
    of_contig = [set(groups[intervals.contig == c].tolist()) for c in range(len(intervals.contigs))]
    assert sum(map(len, of_contig)) == len(set(groups.tolist()))


@given(rows)
def test_rows_by_contig_are_all_rows_in_order(values: list[tuple[str, int, int, int]]) -> None:
    intervals = intervals_of(values)
    found = dict(rows_by_contig(intervals))
    for contig in range(len(intervals.contigs)):
        assert found[contig].tolist() == np.flatnonzero(intervals.contig == contig).tolist()


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 15))
def test_batches_hold_every_item_once_and_no_more_than_they_may(sizes: list[int], most: int) -> None:
    parts = list(batches(np.array(sizes, dtype=np.int64), most))
    assert [i for begin, end in parts for i in range(begin, end)] == list(range(len(sizes)))
    assert all(sum(sizes[begin:end]) <= most or end - begin == 1 for begin, end in parts)


@given(rows, rows, st.integers(-1, 40), st.sampled_from(["both", "column"]), st.integers(1, 20))
def test_peaks_of_many_contigs_merge_as_those_of_each(
    one: list[tuple[str, int, int, int]],
    two: list[tuple[str, int, int, int]],
    distance: int,
    strands: Strands,
    most: int,
) -> None:
    lengths = dict.fromkeys(NAMES, 1000)
    moved = [
        [(name, start + 100, width, strand) for name, start, width, strand in part] for part in (one, two)
    ]
    peaks = {name: make_regions(intervals_of(part)) for name, part in zip(("x", "y"), moved, strict=True)}
    if not any(map(len, moved)):
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seqnet.datasets.labels._BATCH", most)
        found = label_peaks(peaks, lengths, 9, merge_distance=distance, strands=strands).regions
    expected = []
    for contig in NAMES:
        for sign in (-1, 0, 1):
            own = [
                ((2 * start + width) // 2, task)
                for task, part in enumerate(moved)
                for name, start, width, strand in part
                if name == contig and (strand if strands == "column" else 0) == sign
            ]
            if own:
                centers, tasks = np.array(own).T
                merged = merge_centers(centers, tasks, 2, distance)
                active = [tuple(row) for row in merged.activity.tolist()]
                expected += [(contig, c - 4, sign, a) for c, a in zip(merged.centers, active, strict=True)]
    loci = zip(
        found.intervals.contig_names(),
        found.intervals.start,
        found.intervals.strand,
        found.targets == 1,
        strict=True,
    )
    got = [(name, int(start), int(strand), tuple(row.tolist())) for name, start, strand, row in loci]
    assert sorted(got) == sorted((name, int(start), sign, row) for name, start, sign, row in expected)


@given(rows, rows, st.integers(1, 40))
def test_tiles_of_many_contigs_are_labelled_as_those_of_each(
    values: list[tuple[str, int, int, int]], black: list[tuple[str, int, int, int]], most: int
) -> None:
    lengths = {"a": 40, "b": 7, "c": 3, "d": 61}
    inside = [
        (name, abs(start) % lengths[name], 1 + width % (lengths[name] - abs(start) % lengths[name]), strand)
        for name, start, width, strand in values
    ]
    tiling = TileRule(4, 3, 0.5, 4, everything=True)
    blacklist = intervals_of(black)
    peaks = {"x": make_regions(intervals_of(inside))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seqnet.datasets.bins._BATCH", most)
        found = label_bins(peaks, lengths, tiling, blacklist=blacklist).regions
    got = list(
        zip(found.intervals.contig_names(), found.intervals.start.tolist(), found.targets[:, 0], strict=True)
    )
    expected = []
    for name, length in lengths.items():
        under = np.zeros(length, bool)
        for _, start, width, _ in [row for row in inside if row[0] == name]:
            under[start : start + width] = True
        for start in range(0, length - 3, 3):
            covered = under[start : start + 4].sum()
            label = 0.0 if not covered else 1.0 if covered >= 2 else np.nan
            tile = make_intervals([name], [start], [start + 4])
            if count_overlaps(tile, blacklist)[0] == 0:
                expected.append((name, start, label))
    assert [row[:2] for row in got] == [row[:2] for row in expected]
    assert np.array_equal([row[2] for row in got], [row[2] for row in expected], equal_nan=True)


@pytest.mark.parametrize("per_contig", [1, 3, 40])
def test_windows_of_many_contigs_hold_the_bases_of_each(per_contig: int) -> None:
    generator = np.random.default_rng(3)
    genome = Genome({f"c{i}": generator.integers(0, AMBIGUOUS + 1, 90).astype(np.uint8) for i in range(30)})
    lower = {name: codes > 2 for name, codes in genome.codes.items()}
    contig = generator.permutation(np.repeat(np.arange(30), per_contig))
    start = generator.integers(0, 80, len(contig))
    intervals = make_intervals([f"c{i}" for i in contig.tolist()], start, start + 11)
    slices = [slice(begin, begin + 11) for begin in start.tolist()]
    expected = np.array([genome.codes[n][s] for n, s in zip(intervals.contig_names(), slices, strict=True)])
    assert np.array_equal(extract_windows(genome, intervals), expected)
    content = window_content(genome, intervals, 11, lower)
    assert content.gc.tolist() == ((expected == 1) | (expected == 2)).sum(axis=1).tolist()
    assert content.ambiguous.tolist() == (expected == AMBIGUOUS).sum(axis=1).tolist()
    assert content.masked.tolist() == (expected > 2).sum(axis=1).tolist()
