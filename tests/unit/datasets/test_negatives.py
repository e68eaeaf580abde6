from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.datasets.negatives import (
    gc_count,
    gc_negatives,
    largest_difference,
    match_levels,
    window_content,
)
from seqnet.errors import SeqnetError
from seqnet.genome.extract import extract_windows
from seqnet.genome.intervals import count_overlaps, make_intervals
from seqnet.genome.regions import make_regions
from seqnet.genome.sequence import Genome

WIDTH = 50


def random_genome(seed=0, length=60_000):
    generator = np.random.default_rng(seed)
    codes = {name: generator.integers(0, 4, length).astype(np.uint8) for name in ("a", "b", "c")}
    codes["a"][10_000:12_000] = 4
    return Genome(codes)


def positives_of(n, splits, seed=1):
    generator = np.random.default_rng(seed)
    contigs = generator.choice(["a", "b", "c"], n).tolist()
    start = generator.integers(13_000, 59_000, n)  # clear of the ambiguous stretch
    table = make_intervals(contigs, start, start + WIDTH)
    return make_regions(
        table, tasks=("T",), targets=np.ones((n, 1)), splits=[splits[c] for c in contigs] if splits else None
    )


def test_negatives_match_gc_avoid_peaks_and_stay_in_their_split():
    genome = random_genome()
    split_of = {"a": "train", "b": "valid", "c": "test"}
    positives = positives_of(200, split_of)
    peak = make_intervals(["a"], [30_000], [31_000])
    drawn = gc_negatives(positives, genome, [peak], ratio=1.5, margin=40, seed=3)
    table = drawn.regions
    assert drawn.wanted == sum(round(1.5 * (positives.splits == s).sum()) for s in split_of.values())
    assert len(table) == drawn.wanted
    # away from everything, and from each other
    wide = make_intervals(
        table.intervals.contig_names().tolist(), table.intervals.start - 40, table.intervals.end + 40
    )
    assert not count_overlaps(wide, positives.intervals).any()
    assert not count_overlaps(wide, peak).any()
    assert (count_overlaps(table.intervals, table.intervals) == 1).all()
    # labels, names, splits
    assert not table.targets.any()
    assert all(name.startswith("neg_gc:") for name in table.names)
    assert [split_of[c] for c in table.intervals.contig_names()] == table.splits.tolist()
    # nothing ambiguous; the distribution of GC is that of the positives, each counted 1.5 times
    codes = extract_windows(genome, table.intervals)
    assert codes.max() < 4
    ours, theirs = gc_count(codes), gc_count(extract_windows(genome, positives.intervals))
    assert abs(ours.mean() - theirs.mean()) < 0.5
    order = np.sort(ours)
    expected = np.quantile(theirs, np.linspace(0, 1, len(order)))
    assert np.abs(order - expected).mean() < 0.7


def test_equal_seeds_draw_equal_negatives():
    genome, positives = random_genome(), positives_of(50, None)
    first, again, other = (
        gc_negatives(positives, genome, [], ratio=1, margin=10, seed=seed).regions.names.tolist()
        for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other


def test_splits_within_contigs_share_all_tiles():
    genome, positives = random_genome(), positives_of(90, None)
    mixed = positives.with_splits(np.array(["train", "valid", "test"] * 30, dtype=object))
    table = gc_negatives(mixed, genome, [], ratio=1, margin=10, seed=1).regions
    assert Counter(table.splits.tolist()) == {"train": 30, "valid": 30, "test": 30}
    assert (count_overlaps(table.intervals, table.intervals) == 1).all()


def test_too_few_are_said_not_made_up():
    genome = Genome({"a": np.random.default_rng(0).integers(0, 4, 1000).astype(np.uint8)})
    start = np.arange(0, 950, 100)
    positives = make_regions(
        make_intervals(["a"] * 10, start, start + 50), tasks=("T",), targets=np.ones((10, 1))
    )
    drawn = gc_negatives(positives, genome, [], ratio=5, margin=0, seed=0)
    assert drawn.wanted == 50
    assert len(drawn.regions) < 50


def test_windows_longer_than_every_contig_are_an_error():
    positives = make_regions(make_intervals(["a"], [0], [50]), tasks=("T",), targets=np.ones((1, 1)))
    with pytest.raises(SeqnetError, match="no contig is long enough"):
        gc_negatives(positives, Genome({"a": np.zeros(20, np.uint8)}), [], ratio=1, margin=0, seed=0)


levels = st.lists(st.integers(0, 12), max_size=25)


@given(levels, levels, st.integers(0, 4), st.integers(0, 9))
def test_each_level_is_served_from_the_nearest_that_has_offers(wanted, offered, tolerance, seed):
    generator = np.random.default_rng(seed)
    picks, unmet = match_levels(np.array(wanted, int), np.array(offered, int), tolerance, generator)
    assert len(picks) == len(set(picks.tolist()))
    # reference: serve difference 0 first, then 1, ...
    need, have, take = Counter(wanted), Counter(offered), Counter()
    for difference in range(tolerance + 1):
        for shift in dict.fromkeys((difference, -difference)):
            for level in range(14):
                moved = min(need[level], have[level + shift] - take[level + shift])
                need[level] -= moved
                take[level + shift] += moved
    assert Counter(np.array(offered, int)[picks].tolist()) == +take
    assert Counter(unmet.tolist()) == +need


samples = st.lists(st.integers(0, 20), min_size=1, max_size=40)


@given(samples, samples)
def test_the_difference_of_distributions_is_kolmogorov_s(a, b):
    expected = max(abs(sum(x <= v for x in a) / len(a) - sum(x <= v for x in b) / len(b)) for v in a + b)
    assert largest_difference(np.array(a), np.array(b)) == pytest.approx(expected, abs=1e-12)


def test_what_windows_hold_is_counted_as_a_loop_does():
    genome = random_genome(length=5_000)
    genome.codes["a"][:] = np.random.default_rng(3).integers(0, 5, 5_000)
    lower = {name: np.random.default_rng(4).random(5_000) < 0.3 for name in genome.codes}
    table = make_intervals(["a", "c", "a"], [17, 40, 3000], [67, 90, 3050])
    found = window_content(genome, table, WIDTH, lower)
    for row, (name, start) in enumerate([("a", 17), ("c", 40), ("a", 3000)]):
        codes, mask = genome.codes[name][start : start + WIDTH], lower[name][start : start + WIDTH]
        counts = [sum(c in (1, 2) for c in codes), sum(c == 4 for c in codes), sum(map(bool, mask))]
        assert [found.gc[row], found.ambiguous[row], found.masked[row]] == counts
    assert not window_content(genome, table, WIDTH).masked.any()


def test_soft_masked_and_ambiguous_shares_are_matched_too():
    # every other 500 bases are soft-masked; c's second half has a stretch of N in every 130 bases
    genome = random_genome()
    lower = {name: np.arange(60_000) // 500 % 2 == 1 for name in genome.codes}
    for start in range(30_000, 60_000, 130):
        genome.codes["c"][start : start + 12] = 4
    start = np.concatenate([np.arange(500, 13_000, 1000) + 100, np.arange(29_990, 36_490, 650)])
    contigs = ["b"] * 13 + ["c"] * 10
    positives = make_regions(
        make_intervals(contigs, start, start + WIDTH), tasks=("T",), targets=np.ones((23, 1))
    )
    drawn = gc_negatives(positives, genome, [], ratio=2, margin=50, seed=2, lower=lower)
    assert (len(drawn.regions), drawn.wanted) == (46, 46)
    assert drawn.loose <= 4
    found = window_content(genome, drawn.regions.intervals, WIDTH, lower)
    assert (found.masked > WIDTH * 0.9).sum() >= 26
    assert Counter(np.ceil(found.ambiguous / 5).astype(int).tolist())[3] >= 16
    assert drawn.distances["masked"] < 0.1
    assert drawn.distances["GC"] < 0.1
    plain = gc_negatives(positives, genome, [], ratio=2, margin=50, seed=2)
    assert list(plain.distances) == ["GC"]


def test_gc_alone_serves_where_nothing_is_masked_alike_and_is_counted():
    genome = random_genome()
    lower = {name: np.zeros(60_000, bool) for name in genome.codes}
    lower["b"][20_000:20_050] = True
    positives = make_regions(make_intervals(["b"], [20_000], [20_050]), tasks=("T",), targets=np.ones((1, 1)))
    drawn = gc_negatives(positives, genome, [], ratio=1, margin=0, seed=2, lower=lower)
    assert (len(drawn.regions), drawn.loose) == (1, 1)
    assert drawn.distances["masked"] == 1.0


def test_a_skewed_set_is_matched_to_within_a_few_hundredths():
    genome = random_genome()
    generator = np.random.default_rng(8)
    start = generator.integers(13_000, 59_000, 4000)
    table = make_intervals(["a"] * 4000, start, start + WIDTH)
    rich = np.argsort(-gc_count(extract_windows(genome, table)), kind="stable")[:100]
    positives = make_regions(table.take(rich), tasks=("T",), targets=np.ones((100, 1)))
    drawn = gc_negatives(positives, genome, [], ratio=1, margin=0, seed=0)
    assert len(drawn.regions) == 100
    own = gc_count(extract_windows(genome, positives.intervals))
    other = gc_count(extract_windows(genome, drawn.regions.intervals))
    assert drawn.distances["GC"] == largest_difference(own, other)
    everything = window_content(
        genome, make_intervals(["b"] * 1000, np.arange(1000) * 50, np.arange(1000) * 50 + 50), 50
    )
    assert drawn.distances["GC"] < 0.25 < largest_difference(own, everything.gc)
