import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import encode_text
from seqnet.genome.extract import padded_stretch
from seqnet.genome.intervals import make_intervals
from seqnet.genome.regions import make_regions
from seqnet.genome.splitting.splits import (
    by_chromosome,
    by_fraction,
    fill_splits,
    leakage_groups,
    match_names,
)
from seqnet.model_inputs.inputs import ragged_inputs
from tests.conftest import strands_of


def test_every_task_gets_positives_in_each_split_where_it_can():
    for seed in range(200):
        generator = np.random.default_rng(seed)
        groups = np.sort(generator.integers(0, 40, 120))
        groups = np.unique(groups, return_inverse=True)[1]
        positives = np.zeros((120, 4), dtype=bool)
        for task, count in enumerate((3, 4, 10, 30)):
            chosen = generator.choice(groups.max() + 1, count, replace=False)
            positives[:, task] = np.isin(groups, chosen)
        splits = by_fraction(groups, 0.1, 0.1, seed, positives)
        plain = by_fraction(groups, 0.1, 0.1, seed)
        for split in ("train", "valid", "test"):
            assert positives[splits == split].any(axis=0).all(), (seed, split)
        for group in range(groups.max() + 1):
            assert len(set(splits[groups == group])) == 1
        if all(positives[plain == split].any(axis=0).all() for split in ("train", "valid", "test")):
            assert (splits == plain).all()


def test_names_match_by_wildcard_in_their_own_order():
    names = ["chr1", "chr2", "chr10", "chrM"]
    assert match_names(["chr1*", "chrM"], names, "x") == ["chr1", "chr10", "chrM"]
    with pytest.raises(SeqnetError, match=r"'chrX' matches nothing in the genome, which has chr1"):
        match_names(["chrX"], names, "the genome")


def test_splitting_by_chromosome():
    table = make_intervals(["a", "b", "c", "a"], [0, 0, 0, 5], [1, 1, 1, 6])
    assert by_chromosome(table, ["b"], ["c"]).tolist() == ["train", "valid", "test", "train"]
    with pytest.raises(SeqnetError, match="b: requested as valid and as test"):
        by_chromosome(table, ["b"], ["b", "c"])


def test_overlapping_equal_and_reverse_complement_rows_share_a_group():
    table = make_intervals(["a"] * 5, [0, 2, 50, 100, 150], [4, 6, 54, 104, 154])
    codes = np.stack([encode_text(s) for s in ("AAAC", "ACCC", "GTTT", "CCGA", "CCGA")])
    # 0 and 1 overlap, 2 is the reverse complement of 0, 3 equals 4
    groups = leakage_groups(table, codes)
    assert [groups[0] == g for g in groups] == [True, True, True, False, False]
    assert groups[3] == groups[4]
    assert leakage_groups(table, None).tolist() == [0, 0, 1, 2, 3]
    assert leakage_groups(None, codes).tolist() == [0, 1, 0, 2, 2]


@given(st.lists(st.text("ACN", min_size=3, max_size=3), max_size=30))
def test_sequences_are_grouped_by_either_strand_as_a_dictionary_would(texts):
    codes = np.array([encode_text(text) for text in texts], np.uint8).reshape(len(texts), 3)
    numbers = {}
    expected = []
    for text in texts:
        key = min(strand.strip("N") for strand in strands_of(text))
        expected.append(numbers.setdefault(key, len(numbers)))
    assert leakage_groups(None, codes).tolist() == expected


def test_an_odd_pad_on_one_side_hides_no_reverse_complement():
    inputs = ragged_inputs([encode_text("AACGT"), encode_text("ACGTT"), encode_text("AACGTG")], 8)
    codes = np.stack([padded_stretch(inputs.bases[low:high], start - low, start - low + 8)
                      for start, low, high in zip(*inputs.places, strict=True)])  # fmt: skip
    assert leakage_groups(None, codes).tolist() == [0, 0, 1]


@given(st.lists(st.integers(0, 8), min_size=1, max_size=60), st.integers(0, 5))
def test_fractions_keep_groups_whole_and_do_not_exceed_their_share(labels, seed):
    groups = np.unique(labels, return_inverse=True)[1]
    splits = by_fraction(groups, 0.3, 0.2, seed)
    assert np.array_equal(splits, by_fraction(groups, 0.3, 0.2, seed))
    for group in set(groups.tolist()):
        assert len(set(splits[groups == group])) == 1
    assert (splits == "valid").mean() <= 0.3 + 1e-9
    assert (splits == "test").mean() <= 0.5 + 1e-9


def test_many_small_groups_get_their_shares():
    splits = by_fraction(np.arange(1000), 0.1, 0.2, 7)
    assert [(splits == s).sum() for s in ("train", "valid", "test")] == [700, 100, 200]


def test_filling_keeps_what_is_known_and_refuses_conflicts():
    table = make_regions(make_intervals(["a", "b"], [0, 0], [1, 1]), splits=["test", "."])
    filled = fill_splits(table, np.array(["test", "valid"], dtype=object))
    assert filled.splits.tolist() == ["test", "valid"]
    with pytest.raises(SeqnetError, match="a:0-1 is 'test' in its split column but 'train' by the options"):
        fill_splits(table, np.array(["train", "valid"], dtype=object))
