"""Rows are split by whole stretches of the genome."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import encode_text
from seqnet.genome.intervals import cluster_overlaps, make_intervals
from seqnet.genome.regions import make_regions
from seqnet.genome.splitting.draws import draw_stretches, row_extent
from seqnet.genome.splitting.splits import sequence_groups
from seqnet.genome.splitting.stretches import Stretches, default_size, held_out_contigs

BOTH = {"valid": 0.1, "test": 0.1}


def rows_at(places, width=10, targets=None, tasks=()):
    names, starts = zip(*places, strict=True)
    starts = np.array(starts)
    return make_regions(make_intervals(names, starts, starts + width), tasks=tasks, targets=targets)


def some_rows(seed, n=200, tasks=3):
    generator = np.random.default_rng(seed)
    places = [(f"c{generator.integers(3)}", int(generator.integers(0, 990))) for _ in range(n)]
    targets = (generator.random((n, tasks)) < 0.3).astype(float)
    return rows_at(places, targets=targets, tasks=[f"t{i}" for i in range(tasks)])


LENGTHS = {"c0": 1000, "c1": 1000, "c2": 1000}


def test_the_size_is_a_fiftieth_of_the_genome_and_at_most_a_megabase():
    assert default_size({"chr20": 7_391_880}, 600) == 147_838
    assert default_size({"chr1": 248_956_422, "chr2": 242_193_529}, 600) == 1_000_000
    assert default_size({"plasmid": 5000}, 600) == 600


def test_stretches_written_by_hand_decide_by_the_middle_base():
    held = {
        "valid": make_intervals(["a"], [100], [200]),
        "test": make_intervals(["a", "b"], [300, 0], [400, 50]),
    }
    stretches = Stretches(100, held)
    rows = make_intervals(["a", "a", "a", "a", "b", "b", "c"], [94, 96, 195, 299, 10, 49, 0], [104, 106, 205, 301, 20, 53, 9])  # fmt: skip
    assert stretches.splits_of(rows).tolist() == ["train", "valid", "train", "test", "test", "train", "train"]
    assert stretches.contain(rows, "test").tolist() == [False, False, False, False, True, False, False]
    assert stretches.contain(rows, "train").tolist() == [False] * 6 + [True]
    assert stretches.fit(rows, stretches.splits_of(rows))
    assert not stretches.fit(rows, np.full(7, "train", dtype=object))
    assert stretches.fit(rows, np.full(7, ".", dtype=object))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"test-stretches": "a:0-10"}, "##split-blocks is ''; expected the bases of a stretch"),
        ({"split-blocks": "-5", "test-stretches": "a:0-10"}, "##split-blocks is '-5'"),
        (
            {"split-blocks": "5", "test-stretches": "a:0-10 b:7"},
            "##test-stretches holds 'b:7'; expected contig",
        ),
        ({"split-blocks": "5", "valid-stretches": "a:10-10"}, "##valid-stretches holds 'a:10-10'"),
        ({"split-blocks": "5", "valid-stretches": "a:0-" + "9" * 30}, "##valid-stretches holds"),
    ],
)
def test_a_header_that_cannot_be_read_is_an_error(header, message):
    with pytest.raises(SeqnetError, match=message.replace("(", r"\(")):
        Stretches.parse(header, "r.bed")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(10, 300))
def test_rows_of_a_stretch_and_overlapping_rows_share_a_split_in_any_order(seed, size):
    rows = some_rows(seed % 1000, n=60)
    drawn = draw_stretches(rows, LENGTHS, size, BOTH, seed=seed)
    places = rows.intervals
    stretch = np.stack([places.contig, (places.start + places.end) // 2 // size], axis=1)
    kept = ~drawn.cut
    groups = np.unique(stretch, axis=0, return_inverse=True)[1].reshape(-1)
    for group in set(groups.tolist()):
        assert len(set(drawn.splits[groups == group])) == 1
    overlaps = cluster_overlaps(places.take(kept))
    for group in set(overlaps.tolist()):
        assert len(set(drawn.splits[kept][overlaps == group])) == 1
    order = np.random.default_rng(seed).permutation(len(rows))
    again = draw_stretches(rows.take(order), dict(reversed(LENGTHS.items())), size, BOTH, seed=seed)
    assert np.array_equal(again.splits, drawn.splits[order])
    assert again.stretches.entries() == drawn.stretches.entries()
    assert drawn.stretches.fit(places, drawn.splits)
    assert Stretches.parse(drawn.stretches.entries(), "x").fit(places, drawn.splits)
    assert Stretches.restored(drawn.stretches.stored()).fit(places, drawn.splits)


@pytest.mark.parametrize("seed", range(8))
def test_each_task_has_positives_in_each_split_and_shares_are_kept(seed):
    rows = some_rows(seed)
    drawn = draw_stretches(rows, LENGTHS, 60, BOTH, seed=seed)
    for column in rows.targets.T:
        for split in ("train", "valid", "test"):
            assert (column[drawn.splits == split] == 1).any()
    assert drawn.lacking == []
    for split in ("valid", "test"):
        assert 0.05 < (drawn.splits == split).mean() < 0.2
        held = drawn.stretches.held[split]
        assert 0.04 < (held.end - held.start).sum() / 3000 < 0.2


def test_another_seed_gives_another_split():
    rows = some_rows(0)
    found = {tuple(draw_stretches(rows, LENGTHS, 60, BOTH, seed=seed).splits) for seed in range(5)}
    assert len(found) == 5


def test_equal_and_reverse_complement_rows_stay_together_across_stretches():
    generator = np.random.default_rng(1)
    codes = generator.integers(0, 4, (40, 10)).astype(np.uint8)
    codes[20:30] = codes[:10]
    codes[30:] = 3 - codes[10:20, ::-1]
    codes[[5, 15]] = encode_text("N" * 10)  # unknown bases equal nothing
    rows = rows_at([("c", 100 * i) for i in range(40)])
    drawn = draw_stretches(rows, {"c": 4000}, 100, BOTH, [sequence_groups(codes)], seed=2)
    for one, other in ((0, 20), (10, 30)):
        for i in range(10):
            assert i == 5 or drawn.splits[one + i] == drawn.splits[other + i]
    assert len(set(sequence_groups(codes)[[5, 15]].tolist())) == 2


def test_a_chain_of_rows_longer_than_a_stretch_is_cut_at_the_borders_alone():
    rows = rows_at([("c", start) for start in range(0, 1990, 5)])  # all rows overlap their neighbours
    drawn = draw_stretches(rows, {"c": 2000}, 100, BOTH, seed=0)
    assert set(drawn.splits) == {"train", "valid", "test"}
    start, end = rows.intervals.start, rows.intervals.end
    assert drawn.cut.any()
    # those cut lie across a multiple of 100, and no other row touches bases of two splits
    assert ((start // 100) != ((end - 1) // 100))[drawn.cut].all()
    owner = {}
    for row in np.flatnonzero(~drawn.cut):
        for base in range(start[row], end[row]):
            assert owner.setdefault(base, drawn.splits[row]) == drawn.splits[row]


def test_rows_in_one_place_cannot_be_split_and_the_message_says_what_to_do():
    rows = rows_at([("c", start) for start in range(0, 500, 20)])
    with pytest.raises(SeqnetError, match="lie in 1 stretch of 1000 bases, too few for train, valid"):
        draw_stretches(rows, {"c": 50_000}, 1000, {"valid": 0.1})


def test_stretches_without_rows_are_shared_out_by_their_bases():
    rows = rows_at([("c", 100 * i) for i in range(10)])
    drawn = draw_stretches(rows, {"c": 1000, "d": 100_000}, 100, {"valid": 0.1, "test": 0.2}, seed=0)
    for split, share in (("valid", 0.1), ("test", 0.2)):
        held = drawn.stretches.held[split]
        assert (held.end - held.start).sum() / 101_000 == pytest.approx(share, abs=0.003)


def test_lengths_by_the_rows_alone():
    assert row_extent(make_intervals(["b", "a", "b"], [0, 5, 40], [10, 9, 50])) == {"b": 50, "a": 9}


def test_new_stretches_leave_those_held_out_before_alone():
    test = held_out_contigs({"test": ["b"]}, {"a": 300, "b": 100})
    drawn = Stretches(100, {"valid": make_intervals(["a", "b"], [100, 0], [200, 100])})
    both = drawn.with_others(test)
    assert both.entries() == {
        "split-blocks": "100",
        "valid-stretches": "a:100-200",
        "test-stretches": "b:0-100",
    }


def test_fractions_of_nothing_hold_nothing_out():
    rows = some_rows(0)
    drawn = draw_stretches(rows, LENGTHS, 60, {"valid": 0.0, "test": 0.0})
    assert set(drawn.splits) == {"train"}
    assert not drawn.cut.any()
    assert drawn.stretches.contain(rows.intervals, "train").all()
    assert not drawn.stretches.contain(rows.intervals, "test").any()
    other = Stretches(60, {"valid": make_intervals(["c0"], [0], [60])})
    assert other.with_others(drawn.stretches).entries() == other.entries()


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(1, 5)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 30), st.integers(1, 6)), min_size=1, max_size=20),
)
def test_intervals_lie_in_a_split_where_one_of_its_stretches_holds_them(stretches, rows):
    names = [f"c{number}" for number in range(5)]
    places, ends = [], {}
    for contig, start, size in sorted(stretches):
        if start > ends.get(contig, -1):  # neighbours would be one stretch
            places.append((names[contig], start, start + size))
            ends[contig] = start + size
    held = Stretches(4, {"valid": make_intervals(*zip(*places, strict=True))})
    intervals = make_intervals(
        [names[contig] for contig, _, _ in rows],
        np.array([start for _, start, _ in rows]),
        np.array([start + size for _, start, size in rows]),
    )
    expected = [
        any(name == names[contig] and begin <= start and start + size <= end for name, begin, end in places)
        for contig, start, size in rows
    ]
    assert held.contain(intervals, "valid").tolist() == expected
