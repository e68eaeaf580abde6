import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alignments import (
    Alignments,
    ReadFilter,
    cut_spans,
    extended,
    five_prime_ends,
    fragment_spans,
    inside_contigs,
    read_spans,
)
from seqnet.genome.coverage import Pileup, total, without_zeros
from seqnet.genome.intervals import make_intervals

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


def spread(runs):
    return np.repeat(runs.value, runs.end - runs.start)


@given(rows, st.sampled_from([1, 2, 7, 100]), st.booleans())
def test_depth_is_counted_base_by_base(rows, width, means):
    inside, _, _ = inside_contigs(intervals_of(rows), LENGTHS)
    pileup = Pileup(LENGTHS)
    half = len(inside) // 2
    pileup.add(inside.take(np.arange(half)))
    pileup.add(inside.take(np.arange(half, len(inside))))
    for contig, length in enumerate(LENGTHS):
        depth = np.zeros(length)
        for number, start, size, _ in rows:
            if number == contig:
                depth[start : start + size] += 1
        bins = [depth[i : i + width] for i in range(0, length, width)]
        expected = np.concatenate([np.full(len(b), b.mean() if means else b.sum()) for b in bins])
        runs = pileup.close(contig, width, means=means)
        np.testing.assert_allclose(spread(runs), expected if width > 1 else depth)
        assert (runs.start[0], runs.end[-1]) == (0, length)
        assert np.array_equal(runs.start[1:], runs.end[:-1])
        assert (runs.value[1:] != runs.value[:-1]).all()
        np.testing.assert_allclose(total(runs), expected.sum())
        assert (without_zeros(runs).value != 0).all()


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
