from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from seqnet.datasets.simulation.grammars import Combination, Copies, Pair

WIDTHS = np.array([4, 7, 5])
N = 50


def planned(grammar, length, widths=WIDTHS, n=N, seed=0):
    """The sites of each sequence: (motif, start, end, strand), after what holds for every plan."""
    placed = grammar.plan(n, length, widths, np.random.default_rng(seed))
    rows = [[] for _ in range(n)]
    for sequence, motif, start, strand in zip(*(column.tolist() for column in placed), strict=True):
        rows[sequence].append((motif, start, start + int(widths[motif]), strand))
    assert placed.sequence.tolist() == sorted(placed.sequence.tolist())
    assert set(placed.strand.tolist()) <= {-1, 1}
    for sites in rows:
        bounds = [0, *[edge for _, start, end, _ in sites for edge in (start, end)], length]
        assert bounds == sorted(bounds)  # inside, from left to right, no overlap
    return rows


ranges = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(sorted)
seeds = st.integers(0, 1000)


@given(ranges, st.integers(28, 60), seeds)
def test_copies_hold_that_many_sites_of_one_motif(copies, length, seed):
    for sites in planned(Copies(*copies), length, seed=seed):
        assert copies[0] <= len(sites) <= copies[1]
        assert len({motif for motif, *_ in sites}) <= 1


@given(ranges, st.integers(28, 40), st.integers(0, 60), seeds)
def test_copies_in_the_centre_or_in_the_flanks(copies, center, flank, seed):
    length = center + 2 * flank
    for sites in planned(Copies(*copies, "center", center), length, seed=seed):
        assert copies[0] <= len(sites) <= copies[1]
        assert all(flank <= start and end <= flank + center for _, start, end, _ in sites)
    if flank >= 28:
        for sites in planned(Copies(*copies, "flanks", center), length, seed=seed):
            assert copies[0] <= len(sites) <= copies[1]
            assert all(end <= flank or start >= flank + center for _, start, end, _ in sites)


def test_counts_motifs_and_flanks_are_drawn_evenly():
    rows = planned(Copies(1, 3, "flanks", 20), 100, n=9000)
    assert chisquare(list(Counter(map(len, rows)).values())).pvalue > 1e-3
    assert chisquare(list(Counter(sites[0][0] for sites in rows).values())).pvalue > 1e-3
    left = sum(start < 50 for sites in rows for _, start, _, _ in sites) / sum(map(len, rows))
    assert abs(left - 0.5) < 0.02


@given(st.integers(16, 40), seeds)
def test_combinations_hold_each_motif_once(length, seed):
    for sites in planned(Combination(), length, seed=seed):
        assert sorted(motif for motif, *_ in sites) == [0, 1, 2]
    for sites in planned(Combination((1, 2)), length, seed=seed):
        motifs = [motif for motif, *_ in sites]
        assert 1 <= len(motifs) <= 2
        assert len(set(motifs)) == len(motifs)


def test_combinations_come_in_every_order():
    orders = Counter(tuple(motif for motif, *_ in sites) for sites in planned(Combination(), 60, n=6000))
    assert len(orders) == 6
    assert chisquare(list(orders.values())).pvalue > 1e-3


def in_order(sites):
    (left, _, _, first), (_, _, _, second) = sites
    return first == second == (1 if left == 0 else -1)


@given(ranges, st.booleans(), st.integers(16, 40), seeds)
def test_pairs_hold_the_grammar_or_break_it(spacing, ordered, length, seed):
    low, high = spacing
    for holds in (True, False):
        for sites in planned(Pair(low, high, ordered, holds), length, WIDTHS[:2], seed=seed):
            assert sorted(motif for motif, *_ in sites) == [0, 1]
            gap = sites[1][1] - sites[0][2]
            assert (low <= gap <= high and (in_order(sites) or not ordered)) == holds


def test_pairs_outside_the_grammar_are_all_equally_likely():
    widths = np.array([1, 2])
    rows = planned(Pair(1, 2, ordered=True, holds=False), 7, widths, n=60_000)
    drawn = Counter(tuple((m, a, s) for m, a, _, s in sites) for sites in rows)
    free = 4
    every = sum(8 * (free - gap + 1) for gap in range(free + 1))
    grammatical = sum(2 * (free - gap + 1) for gap in (1, 2))
    assert len(drawn) == every - grammatical
    assert chisquare(list(drawn.values())).pvalue > 1e-3


def test_spacings_are_uniform_and_every_layout_occurs():
    rows = planned(Pair(2, 5), 60, WIDTHS[:2], n=8000)
    assert chisquare(list(Counter(b[1] - a[2] for a, b in rows).values())).pvalue > 1e-3
    layouts = Counter((a[0], a[3], b[3]) for a, b in rows)
    assert len(layouts) == 8
    assert chisquare(list(layouts.values())).pvalue > 1e-3
    fixed = Counter((a[0], a[3], b[3]) for a, b in planned(Pair(2, 5, True), 60, WIDTHS[:2], n=8000))
    assert set(fixed) == {(0, 1, 1), (1, -1, -1)}


@pytest.mark.parametrize(
    ("grammar", "length", "widths", "message"),
    [
        (Copies(1, 3), 20, WIDTHS, "3 sites can need 21 bases; a sequence has 20"),
        (Copies(1, 1), 6, WIDTHS, "a site can need 7 bases; a sequence has 6"),
        (Copies(1, 3, "center", 20), 100, WIDTHS, "3 sites can need 21 bases; the centre has 20"),
        (Copies(1, 3, "flanks", 60), 100, WIDTHS, "3 sites can need 21 bases; a flank has 20"),
        (Copies(1, 1, "center", 101), 100, WIDTHS, "the centre has 101 bases, the whole sequence 100"),
        (Combination(), 15, WIDTHS, "3 sites can need 16 bases; a sequence has 15"),
        (Combination((0, 1)), 50, WIDTHS[:1], "1 motif given; negatives that hold up to 1 need more"),
        (Combination((0, 3)), 50, WIDTHS, "3 motifs given; negatives that hold up to 3 need more"),
        (Pair(1, 2), 50, WIDTHS, "between two motifs, not 3"),
        (Pair(1, 10), 20, WIDTHS[:2], "2 sites with their spacing can need 21 bases"),
        (Pair(0, 9, holds=False), 20, WIDTHS[:2], "0-9 leaves no other"),
    ],
)
def test_what_cannot_be_is_refused(grammar, length, widths, message):
    with pytest.raises(ValueError, match=message):
        grammar.plan(3, length, widths, np.random.default_rng(0))


def test_an_order_alone_can_be_broken_at_any_spacing():
    for sites in planned(Pair(0, 9, ordered=True, holds=False), 20, WIDTHS[:2]):
        assert not in_order(sites)
