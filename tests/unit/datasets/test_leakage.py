import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.datasets import leakage
from seqnet.datasets.leakage import (
    default_policy,
    equal_rows,
    find_leakage,
    shared_words,
    without_leaks,
    word_hashes,
)
from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import canonical_rows, decode, encode_text
from seqnet.genome.intervals import make_intervals
from seqnet.genome.regions import make_regions
from tests.conftest import strands_of


def stack(texts):
    return np.stack([encode_text(text) for text in texts])


@st.composite
def tables(draw, letters="ACN"):
    width = draw(st.integers(1, 8))
    texts = draw(st.lists(st.text(letters, min_size=width, max_size=width), min_size=1, max_size=14))
    splits = [draw(st.sampled_from(["train", "valid", "test", "."])) for _ in texts]
    return texts, np.array(splits, dtype=object)


@given(tables("ACGTN"))
def test_canonical_rows_are_the_lower_strand(table):
    texts, _ = table
    order = {letter: code for code, letter in enumerate("ACGTN")}
    found = [decode(row) for row in canonical_rows(stack(texts))]
    both = [[strand.lstrip("N").ljust(len(text), "N") for strand in strands_of(text)] for text in texts]
    assert found == [min(strands, key=lambda t: [order[c] for c in t]) for strands in both]


@given(tables())
def test_equal_rows_are_those_of_all_pairs(table):
    texts, splits = table
    held = np.flatnonzero(np.isin(splits, ["valid", "test"]))
    train = np.flatnonzero(np.isin(splits, ["train", "."]))
    found = equal_rows(stack(texts), train, held)
    given_away = {text.strip("N") for h in held for text in strands_of(texts[h])}
    known = [t for t in train if texts[t].strip("N")]  # rows of N alone give nothing away
    assert found.train.tolist() == [t for t in known if texts[t].strip("N") in given_away]
    for t, h in zip(*found, strict=True):
        assert texts[t].strip("N") in [text.strip("N") for text in strands_of(texts[h])]
        assert h in held


@given(tables("ACGN"), st.integers(1, 5), st.sampled_from([1, 3]))
def test_shared_words_are_those_of_all_pairs(table, word, rows_at_a_time):
    texts, splits = table
    held = np.flatnonzero(np.isin(splits, ["valid", "test"]))
    train = np.flatnonzero(np.isin(splits, ["train", "."]))

    def words(text):
        found = {text[i : i + word] for i in range(len(text) - word + 1)}
        return {strand for w in found if "N" not in w for strand in strands_of(w)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leakage, "_ROWS", rows_at_a_time)
        found, sampled = shared_words(stack(texts), train, held, word)
    given_away = {w for h in held for w in words(texts[h])}
    assert sampled == 1
    assert found.train.tolist() == [t for t in train if words(texts[t]) & given_away]
    for t, h in zip(*found, strict=True):
        assert words(texts[t]) & words(texts[h])


def test_hashes_agree_between_strands_and_differ_between_words():
    texts = [decode(row) for row in np.random.default_rng(0).integers(0, 4, (50, 130)).astype(np.uint8)]
    plus, clear = word_hashes(stack(texts), 100)
    minus, _ = word_hashes(stack([strands_of(text)[1] for text in texts]), 100)
    assert plus.shape == (50, 31)
    assert clear.all()
    assert np.array_equal(plus, minus[:, ::-1])
    assert len(np.unique(plus)) == plus.size


def test_a_collision_of_hashes_is_no_leak(monkeypatch):
    """What a hash finds is compared base by base."""
    monkeypatch.setattr(leakage, "_mixed", lambda values: values * np.uint64(0))
    codes = stack(["AACA", "CCCC", "TGTT"])
    train, held = np.array([0, 1]), np.array([2])
    assert equal_rows(codes, train, held).train.tolist() == [0]
    assert shared_words(codes, train, held, 4)[0].train.tolist() == [0]


def test_a_sample_of_the_words_still_finds_long_stretches(monkeypatch):
    monkeypatch.setattr(leakage, "MOST_WORDS", 2000)
    generator = np.random.default_rng(1)
    codes = generator.integers(0, 4, (60, 600)).astype(np.uint8)
    codes[:10, 50:450] = codes[50:60, 100:500]  # 301 words of 100 in common, 3 in 1000 looked up or more
    found, sampled = shared_words(codes, np.arange(50), np.arange(50, 60))
    assert sampled == 1 + 10 * 501 // 2000
    assert found.train.tolist() == list(range(10))
    assert found.held.tolist() == list(range(50, 60))


def make_table():
    intervals = make_intervals(["c"] * 4, [0, 10, 20, 30], [4, 14, 24, 34])
    splits = ["train", ".", "valid", "test"]
    return make_regions(intervals, splits=splits), stack(["AAAC", "CCCC", "GTTT", "CCCC"])


def test_policies():
    regions, codes = make_table()
    found = find_leakage(regions.splits, codes)
    assert [column.tolist() for column in found.equal] == [[0, 1], [2, 3]]
    assert without_leaks(regions, found.equal, "drop").tolist() == [False, False, True, True]
    assert without_leaks(regions, found.equal, "warn").all()
    message = r"c:0-4 of train has the sequence of c:20-24 of valid \(2 such rows\); see --on-leak"
    with pytest.raises(SeqnetError, match=message):
        without_leaks(regions, found.equal, "error")
    none = find_leakage(np.array(["train"] * 4, dtype=object), codes)
    assert without_leaks(regions, none.equal, "error").all()
    assert (default_policy(True), default_policy(False)) == ("drop", "error")
