from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.intervals import make_intervals
from seqnet.genome.signals.alignments import (
    Alignments,
    ReadFilter,
    cut_spans,
    extended,
    five_prime_ends,
    fragment_spans,
    inside_contigs,
    read_spans,
)
from seqnet.genome.signals.coverage import Pileup, total, without_zeros

LENGTHS = (60, 41)
rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 40), st.integers(1, 20), st.sampled_from([1, -1, 0])),
    max_size=30,
)


def intervals_of(rows):
    names = [("a", "b")[contig] for contig, *_ in rows]
    starts = [start for _, start, _, _ in rows]
    found = make_intervals(["a", "b", *names], [0, 0, *starts], [1, 1, *(s + n for _, s, n, _ in rows)],
                           [0, 0, *(strand for *_, strand in rows)])  # fmt: skip
    return found.take(np.arange(2, len(found)))


def by_contig(runs):
    """Return starts, ends and values of each contig."""
    edges = np.append(0, np.cumsum(runs.sizes)).tolist()
    return {
        contig: tuple(column[begin:end] for column in runs[2:])
        for contig, begin, end in zip(runs.contigs.tolist(), edges[:-1], edges[1:], strict=True)
    }


@given(rows, st.sampled_from([1, 2, 7, 100]), st.booleans(), st.sampled_from([1, 70, 1000]))
def test_depth_is_counted_base_by_base(rows, width, means, slots):
    lengths = (LENGTHS[0], 0, LENGTHS[1], 50)  # one contig has no base, one no span
    inside, _, _ = inside_contigs(intervals_of(rows), LENGTHS)
    inside = replace(inside, contigs=("a", "-", "b", "c"), contig=inside.contig * 2)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("seqnet.genome.signals.coverage._GROUP_SLOTS", slots)
        pileup = Pileup(lengths)
    half = len(inside) // 2
    pileup.add(inside.take(np.arange(half)))
    pileup.add(inside.take(np.arange(half, len(inside))))
    assert len(pileup.groups) == {1: 4, 70: 3, 1000: 1}[slots]
    found = {}
    for group in range(len(pileup.groups)):
        runs = pileup.close(group, width, means=means)
        found |= by_contig(runs)
        values = np.concatenate([np.repeat(value, end - start) for start, end, value in by_contig(runs).values()]
                                or [np.empty(0)])  # fmt: skip
        np.testing.assert_allclose(total(runs), values.sum())
        apart = by_contig(without_zeros(runs))
        for contig, columns in by_contig(runs).items():
            for column, expected in zip(apart[contig], columns, strict=True):
                assert np.array_equal(column, expected[columns[2] != 0])
    assert sorted(found) == [0, 2, 3]
    for contig, (start, end, value) in found.items():
        length = lengths[contig]
        depth = np.zeros(length)
        for number, first, size, _ in rows:
            if 2 * number == contig:
                depth[first : first + size] += 1
        bins = [depth[i : i + width] for i in range(0, length, width)]
        expected = np.concatenate([np.full(len(b), b.mean() if means else b.sum()) for b in bins])
        np.testing.assert_allclose(np.repeat(value, end - start), expected if width > 1 else depth)
        assert (start[0], end[-1]) == (0, length)
        assert np.array_equal(start[1:], end[:-1])
        assert (value[1:] != value[:-1]).all()


@pytest.mark.parametrize("width", [1, 2])
def test_contigs_that_are_not_chosen_are_left_out(width):
    everything, some = Pileup((5, 5, 5, 5)), Pileup((5, 5, 5, 5), (False, True, False, True))
    for pileup in (everything, some):
        pileup.add(
            make_intervals(["a", "b", "c", "d", "b"], [0] * 5, [1, 3, 5, 5, 4]).take(np.array([1, 3, 4]))
        )
    expected, found = (by_contig(pileup.close(0, width)) for pileup in (everything, some))
    assert (list(expected), list(found)) == ([0, 1, 2, 3], [1, 3])
    for contig, columns in found.items():
        for column, same in zip(columns, expected[contig], strict=True):
            assert np.array_equal(column, same)


def test_intervals_are_cut_at_ends_and_counted():
    intervals = make_intervals(["a", "a", "a", "b"], [-5, 55, 70, -9], [5, 65, 80, -1])
    kept, outside, cut = inside_contigs(intervals, LENGTHS)
    assert (kept.start.tolist(), kept.end.tolist(), outside, cut) == ([0, 55], [5, 60], 2, 2)


@given(rows)
def test_cuts_are_the_first_bases_of_strands(rows):
    found = five_prime_ends(intervals_of(rows), (4, -5))
    expected = []
    for contig, start, size, strand in rows:
        if strand >= 0:
            expected.append((contig, start + 4, 1))
        if strand <= 0:
            expected.append((contig, start + size - 1 - 5, -1))
    cuts = found.intervals
    columns = (cuts.contig, cuts.start, cuts.strand)
    assert sorted(zip(*(column.tolist() for column in columns), strict=True)) == sorted(expected)
    assert (cuts.end - cuts.start == 1).all()
    assert found.counted == len(expected)


def alignments(flags, *, quality=None, template=None):
    n = len(flags)
    start = np.arange(n) * 100
    zeros = np.zeros(n, np.int64)
    return Alignments(
        ("a",), np.zeros(n, np.int32), start, start + 30, np.array(flags),
        zeros + 60 if quality is None else np.array(quality),
        zeros if template is None else np.array(template),
        np.repeat(np.arange(n), 2), np.repeat(start, 2) + np.tile([0, 20], n),
        np.repeat(start, 2) + np.tile([10, 30], n),
    )  # fmt: skip


def test_reads_are_chosen_by_flags_and_quality():
    reads = alignments([0, 4, 1024, 3, 1, 16], quality=[30, 60, 60, 60, 60, 29])
    assert ReadFilter(30, 1024, 0).keep(reads).tolist() == [True, False, False, True, True, False]
    assert ReadFilter(0, 0, 3).keep(reads).tolist() == [False, False, False, True, False, False]


def test_fragments_are_pairs_once_on_the_strand_of_their_first_read():
    # left mate first and forward; left mate second; right mate; a pair that is not proper; a single read
    flags = [1 | 2 | 32 | 64, 1 | 2 | 32 | 128, 1 | 2 | 16 | 128, 1 | 32 | 64, 16]
    reads = alignments(flags, template=[150, 160, -150, 170, 0])
    everything = np.ones(5, dtype=bool)
    found = fragment_spans(reads, everything)
    assert found.counted == 2
    assert found.intervals.start.tolist() == [0, 100]
    assert found.intervals.end.tolist() == [150, 260]
    assert found.intervals.strand.tolist() == [1, -1]
    longer = fragment_spans(reads, everything, extend=200)
    assert longer.counted == 3
    assert (longer.intervals.start[-1], longer.intervals.end[-1]) == (230, 430)


def test_reads_are_their_blocks_or_a_length_from_their_5_prime_end():
    reads = alignments([0, 16])
    kept = np.array([False, True])
    blocks = read_spans(reads, kept)
    assert (blocks.counted, blocks.intervals.start.tolist()) == (1, [100, 120])
    assert blocks.intervals.end.tolist() == [110, 130]
    whole = read_spans(reads, np.ones(2, dtype=bool), extend=50).intervals
    assert list(zip(whole.start.tolist(), whole.end.tolist(), strict=True)) == [(0, 50), (80, 130)]
    assert cut_spans(reads, kept, (4, -5)).intervals.start.tolist() == [124]
    assert len(extended(whole, 5)) == 2
