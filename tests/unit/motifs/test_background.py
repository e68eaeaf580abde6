from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import SequenceBlock
from seqnet.genome.words import word_name
from seqnet.motifs.background import UNIFORM, Background, count_contexts, counted_background
from tests.conftest import strands_of


def blocks_of(records, size):
    for name, text in enumerate(records):
        codes = encode_text(text)
        starts = range(0, max(1, len(codes)), size)
        for start in starts:
            yield SequenceBlock(str(name), start, codes[start : start + size], start + size >= len(codes))


@given(st.lists(st.text("ACGTACGTN", max_size=30), max_size=4), st.integers(1, 12), st.integers(0, 3))
def test_word_counts_equal_a_counter_however_the_stream_is_cut(records, size, order):
    counts = count_contexts(blocks_of(records, size), order)
    assert len(counts) == order + 1
    for length, table in enumerate(counts, 1):
        expected = Counter(r[i : i + length] for r in records for i in range(len(r) - length + 1))
        found = {word_name(i, length): int(table[i]) for i in np.flatnonzero(table)}
        assert found == {word: n for word, n in expected.items() if "N" not in word}


@given(st.text("ACGT", min_size=30, max_size=60))
def test_symmetric_backgrounds_count_both_strands(text):
    one = count_contexts(blocks_of([text], 7), 1)
    both = count_contexts(blocks_of(strands_of(text), 7), 1)
    try:
        background = counted_background(one, "x", symmetric=True)
    except ValueError:
        return
    assert background.symmetric
    for table, counts in zip(background.tables, both, strict=True):
        assert table == pytest.approx(counts / counts.sum())


def test_words_that_never_occur_are_named():
    counts = count_contexts(blocks_of(["ACGT"], 9), 1)
    with pytest.raises(ValueError, match="AA never occurs"):
        counted_background(counts, "x", symmetric=False)
    smooth = counted_background(counts, "x", symmetric=False, pseudocount=0.5)
    assert smooth.order == 1
    assert smooth.longer[0][0] == pytest.approx(0.5 / (3 + 8))


def test_conditional_chances_are_rows_that_sum_to_one():
    tables = np.random.default_rng(0).dirichlet(np.ones(16))
    background = Background(tables.reshape(4, 4).sum(axis=1), "x", (tables,))
    assert background.conditional(0).tolist() == [background.frequencies.tolist()]
    for letters in (1, 2, 5):
        chances = background.conditional(letters)
        assert chances.shape == (4, 4)
        assert chances.sum(axis=1) == pytest.approx(1)
        assert chances[2, 3] == pytest.approx(tables[11] / tables[8:12].sum())


def test_a_context_that_never_occurs_falls_back_to_single_frequencies():
    joint = np.zeros(16)
    joint[:4] = 0.25
    assert Background(np.full(4, 0.25), "x", (joint,)).conditional(1)[3].tolist() == [0.25] * 4


def test_symmetry_looks_at_every_length():
    assert UNIFORM.symmetric
    joint = np.full(16, 1 / 16)
    assert Background(np.full(4, 0.25), "x", (joint,)).symmetric
    joint[1] += 0.01  # AC, whose reverse complement is GT
    assert not Background(np.full(4, 0.25), "x", (joint,)).symmetric


def test_tables_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match="words of 2 letters are 16"):
        Background(np.full(4, 0.25), "x", (np.ones(4),))
