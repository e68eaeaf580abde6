"""Edits of single bases change sums over words as counting the edited window again does."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.kernels import _dispatch
from seqnet.kernels.kmers import WordRules, hashed
from seqnet.kernels.word_edits import (
    Edits,
    WordFunction,
    columns_at,
    edit_words,
    edit_words_numpy,
    word_covers,
)
from seqnet.kmers.columns import make_columns
from seqnet.kmers.settings import KmerSettings

PATTERNS = [
    ("11",), ("111111",), ("1",), ("101", "1101", "11"), ("1101011", "11100111"),
    ("1111111111", "111", "10101", "1111"),
]  # fmt: skip


def by_loop(codes, function):
    """The function of one window, by counting its words in a dictionary, group by group: (T,)."""
    rules, total = function.rules, np.zeros(function.weights.shape[1])
    groups = {}
    for mask, base, start in zip(
        *(part.tolist() for part in (rules.masks, rules.bases, rules.starts)), strict=True
    ):
        counts = groups.setdefault(0 if function.hash_bits else base, Counter())
        span = mask.bit_length()
        for end in range(span - 1, len(codes)):
            letters = [int(codes[end - bit]) for bit in reversed(range(span)) if mask >> bit & 1]
            if max(letters) > 3:
                continue
            word = int("".join(map(str, letters)), 4)
            column = base + (word if start < 0 else int(rules.tables[start + word]))
            if function.hash_bits:
                column = int(hashed(np.array([column]), function.hash_bits)[0])
            counts[column] += 1
    for counts in groups.values():
        words = max(1, sum(counts.values())) if function.shares else 1
        for column, count in counts.items():
            value = function.values[count] if len(function.values) else count
            total += function.weights[column] * value / words
    return total


def some_function(patterns, strands, kind, tasks, length, hash_bits=0, seed=0):
    columns = make_columns(KmerSettings(patterns, strands, hash_bits=hash_bits))
    most = len(columns.rules.masks) * length + 1
    values = np.sqrt(np.arange(most)) if kind == "roots" else np.empty(0)
    weights = np.random.default_rng(seed).normal(size=(columns.features, tasks))
    return WordFunction(columns.rules, columns.features, hash_bits, weights, values, kind == "shares")


def some_windows(rng, rows, length, letters):
    """Windows of few letters, so that words occur often, some of them ambiguous."""
    windows = rng.choice(np.array(letters, np.uint8), (rows, length))
    windows[rng.random(windows.shape) < 0.04] = rng.choice([4, 255])
    counts = rng.integers(0, 6, rows)
    ends = np.concatenate([[0], np.cumsum(counts)])
    places = rng.integers(0, length, ends[-1])
    return windows, Edits(ends, places, rng.integers(0, 5, ends[-1]).astype(np.uint8))


@given(
    st.integers(0, 2**32), st.sampled_from(PATTERNS), st.sampled_from(["both", "forward"]),
    st.sampled_from(["counts", "roots", "shares"]), st.integers(1, 3), st.integers(1, 40),
    st.sampled_from([(0, 1, 2, 3), (0, 3), (1, 2), (2,)]), st.sampled_from([0, 2, 6]),
)  # fmt: skip
def test_wholes_and_changes_are_those_of_counting_again(
    seed, patterns, strands, kind, tasks, length, letters, bits
):
    rng = np.random.default_rng(seed)
    function = some_function(patterns, strands, kind, tasks, length, bits, seed)
    windows, edits = some_windows(rng, int(rng.integers(0, 4)), length, letters)
    expected = [by_loop(window, function) for window in windows]
    covered = function._replace(covers=word_covers(function))
    changes = []
    for row, window in enumerate(windows):
        for edit in range(edits.ends[row], edits.ends[row + 1]):
            edited = window.copy()
            edited[edits.places[edit]] = edits.letters[edit]
            changes.append(by_loop(edited, function) - expected[row])
    for compute, own in ((edit_words, function), (edit_words, covered), (edit_words_numpy, function)):
        found = compute(windows, edits, own)
        np.testing.assert_allclose(found.wholes, np.reshape(expected, (-1, tasks)), atol=1e-11)
        np.testing.assert_allclose(found.changes, np.reshape(changes, (-1, tasks)), atol=1e-11)


def test_an_edit_that_changes_no_count_changes_nothing():
    function = some_function(("1111",), "both", "counts", 1, 4)
    palindrome = np.array([[0, 1, 2, 3], [0, 0, 3, 3]], np.uint8)  # ACGT; AATT
    # ACGT -> ACGT (the same base); AATT -> AATT read from the other strand stays the same word
    edits = Edits(np.array([0, 1, 2]), np.array([3, 1]), np.array([3, 0], np.uint8))
    assert (edit_words(palindrome, edits, function).changes == 0).all()
    word = np.array([[0, 1, 1, 1]], np.uint8)  # ACCC and GGGT share a column
    other = np.array([[2, 2, 2, 3]], np.uint8)
    none = Edits(np.array([0, 0]), np.empty(0, np.int64), np.empty(0, np.uint8))
    assert edit_words(word, none, function).wholes == edit_words(other, none, function).wholes


def test_results_depend_on_a_window_and_an_edit_alone():
    rng = np.random.default_rng(3)
    function = some_function(("11011", "111"), "both", "roots", 2, 30)
    windows, edits = some_windows(rng, 20, 30, (0, 1, 2, 3))
    whole = edit_words(windows, edits, function)
    for row in (0, 7, 19):
        for edit in range(edits.ends[row], edits.ends[row + 1]):
            one = Edits(np.array([0, 1]), edits.places[edit : edit + 1], edits.letters[edit : edit + 1])
            found = edit_words(windows[row : row + 1], one, function)
            assert found.wholes.tolist() == whole.wholes[row : row + 1].tolist()
            assert found.changes.tolist() == whole.changes[edit : edit + 1].tolist()


def test_a_cover_has_the_weights_of_all_rules_that_read_some_of_its_bases():
    function = some_function(("1011", "11", "1", "1111111111"), "forward", "counts", 1, 12)
    covers = word_covers(function)
    assert covers.masks.tolist() == [0b1011]  # ten bases are too many for a table, alone or with others
    weights = function.weights[:, 0]
    for word in range(64):
        rules = zip(function.rules.bases.tolist(), (64, 16, 4), strict=False)
        assert covers.sums[word] == sum(weights[base + word % words] for base, words in rules)


def test_covers_of_many_patterns_take_little_memory_and_the_rest_is_read_by_itself():
    patterns = tuple(f"1{'1' * n}{'0' * m}{'1' * (7 - n)}" for n in range(7) for m in range(1, 5))
    function = some_function(patterns, "forward", "counts", 1, 30)
    covers = word_covers(function)
    assert (len(covers.masks), len(covers.sums)) == (16, 1 << 20)
    windows, edits = some_windows(np.random.default_rng(0), 5, 30, (0, 1, 2, 3))
    found, plain = (edit_words(windows, edits, f) for f in (function._replace(covers=covers), function))
    np.testing.assert_allclose(found.wholes, plain.wholes, atol=1e-11)
    np.testing.assert_array_equal(found.changes, plain.changes)


def test_columns_are_those_of_the_words_that_end_at_a_base():
    rules = make_columns(KmerSettings(("11",), "forward")).rules
    assert columns_at(np.array([0, 1, 4, 3, 3], np.uint8), rules, 16, 0).tolist() == [[-1, 1, -1, -1, 15]]
    assert columns_at(np.array([0], np.uint8), rules, 16, 0).tolist() == [[-1]]


def rules_of(mask=0b11, base=0, table=(), start=-1):
    numbers = np.array(table, np.int32)
    return WordRules(np.array([mask], np.uint32), np.array([base]), numbers, np.array([start]))


@pytest.mark.parametrize("rules", [rules_of(base=1), rules_of(base=20), rules_of(table=[-1] * 16, start=0)])
@pytest.mark.parametrize("values", [np.empty(0), np.arange(9.0)])
def test_a_word_without_a_column_is_an_error(kernels, rules, values):
    function = WordFunction(rules, 16, 0, np.zeros((16, 1)), values, False)
    edits = Edits(np.array([0, 1]), np.array([2]), np.array([3], np.uint8))
    for codes in ([3, 3, 0], [0, 3, 0]):  # in the window, or by its edit
        with pytest.raises(ValueError, match="columns below features"):
            edit_words(np.array([codes], np.uint8), edits, function)


GOOD = {
    "codes": bytes(8), "width": 4, "ends": np.array([0, 1, 3]), "places": np.array([3, 0, 1]),
    "letters": bytes([1, 2, 3]), "masks": np.array([3], np.uint32), "bases": np.array([0]),
    "tables": np.empty(0, np.int32), "starts": np.array([-1]), "features": 16, "hash_bits": 0,
    "weights": np.ones((16, 2)), "values": np.arange(5.0), "shares": False,
    "covers": np.array([5], np.uint32), "cover_sums": np.zeros(16), "changes": np.empty((3, 2)),
    "wholes": np.empty((2, 2)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 0}, "of a wrong size"),
        ({"width": 3}, "codes has 8 bytes; expected 6"),
        ({"ends": np.empty(0, np.int64)}, "of a wrong size"),
        ({"ends": np.array([0, 1, 4])}, "offsets must ascend"),
        ({"ends": np.array([0, 2, 1])}, "offsets must ascend"),
        ({"ends": np.array([1, 2, 3])}, "all belong to one"),
        ({"ends": np.array([0, 1, 2])}, "all belong to one"),
        ({"places": np.array([4, 0, 1])}, "lie within their windows"),
        ({"places": np.array([-1, 0, 1])}, "lie within their windows"),
        ({"places": np.array([0, 1])}, "places has 16 bytes; expected 24"),
        ({"masks": np.zeros(1, np.uint32)}, "masks must have 1 to 12 bits"),
        ({"starts": np.array([0])}, "starts must be of whole tables"),
        ({"features": 0}, "of a wrong number"),
        ({"features": 2**31}, "of a wrong number"),
        ({"hash_bits": 3}, "of a wrong number"),
        ({"weights": np.ones(33)}, "weights has 264 bytes; expected 256"),
        ({"values": np.arange(4.0)}, "reach the largest count"),
        ({"values": np.arange(1.0, 9.0)}, "begin with 0"),
        ({"values": bytes(41)}, "values has 41 bytes"),
        ({"covers": np.zeros(1, np.uint32)}, "masks must have 1 to 12 bits"),
        ({"cover_sums": np.zeros(15)}, "of whole tables"),
        ({"covers": np.array([5, 1], np.uint32)}, "of whole tables"),
        ({"changes": np.empty((2, 2))}, "changes has 32 bytes; expected 48"),
        ({"wholes": np.empty((3, 2))}, "wholes has 48 bytes; expected 32"),
        ({"bases": np.array([16])}, "columns below features"),
    ],
)
def test_the_border_checks_every_size(changes, message):
    compiled = _dispatch.compiled()
    if compiled is None:
        pytest.skip("no compiled kernels")
    compiled.edit_words(*GOOD.values())
    with pytest.raises(ValueError, match=message):
        compiled.edit_words(*{**GOOD, **changes}.values())
