from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import EncodedSequence
from seqnet.kmers.counting import BATCH, canonical_map, count_kmers, feature_names
from seqnet.kmers.table import KmerSettings
from tests.conftest import strands_of


def oracle(sequence, k, strands):
    """k-mer counts with a Counter of strings."""
    words = [sequence[i : i + k] for i in range(len(sequence) - k + 1)]
    words = [word for word in words if "N" not in word]
    return Counter(min(strands_of(word)) if strands == "both" else word for word in words)


def counted(sequences, settings):
    return count_kmers([EncodedSequence(f"s{i}", encode_text(s)) for i, s in enumerate(sequences)], settings)


@given(
    st.lists(st.text("ACGTACGTN", max_size=40), max_size=6),
    st.integers(1, 8),
    st.sampled_from(["both", "forward"]),
)
def test_counts_equal_a_counter(sequences, k, strands):
    table = counted(sequences, KmerSettings(k, strands))
    assert table.matrix.shape == (len(sequences), len(feature_names(table.settings)))
    for row, sequence in enumerate(sequences):
        dense = table.matrix[row].toarray().ravel()
        found = {table.features[i]: int(dense[i]) for i in np.flatnonzero(dense)}
        assert found == dict(oracle(sequence, k, strands))


def test_the_lecture_table():
    # CS273B lecture 3: columns AGA GAT ATC ... of stranded 3-mers
    table = counted(["AGATC"], KmerSettings(3, "forward"))
    dense = table.matrix.toarray()[0]
    assert {table.features[i] for i in np.flatnonzero(dense)} == {"AGA", "GAT", "ATC"}


@pytest.mark.parametrize("k", [1, 2, 3, 4, 6])
def test_features_are_named_by_the_smaller_strand_in_order(k):
    names = feature_names(KmerSettings(k, "both"))
    assert names == sorted({min(strands_of(w)) for w in feature_names(KmerSettings(k, "forward"))})
    assert len(names) == (4**k + (4 ** (k // 2) if k % 2 == 0 else 0)) // 2


def test_canonical_numbers_are_shared_by_both_strands():
    feature, first = canonical_map(5)
    forward = feature_names(KmerSettings(5, "forward"))
    place = {word: i for i, word in enumerate(forward)}
    for number, word in enumerate(forward):
        other = place[strands_of(word)[1]]
        assert feature[number] == feature[other]
        assert first[feature[number]] == min(number, other)


def test_normalisations():
    raw = counted(["AAAC", "N"], KmerSettings(1, "forward")).matrix.toarray()
    assert raw.tolist() == [[3, 1, 0, 0], [0, 0, 0, 0]]
    share = counted(["AAAC", "N"], KmerSettings(1, "forward", "frequency")).matrix.toarray()
    assert share.tolist() == [[0.75, 0.25, 0, 0], [0, 0, 0, 0]]
    root = counted(["AAAC", "N"], KmerSettings(1, "forward", "sqrt")).matrix.toarray()
    assert root[0] == pytest.approx(np.sqrt([3, 1, 0, 0]), rel=1e-6)
    with pytest.raises(ValueError, match="'cubes' is no normalisation"):
        counted(["A"], KmerSettings(1, "forward", "cubes"))


def test_rows_beyond_one_batch_stay_in_order():
    sequences = ["A" * (1 + i % 7) for i in range(BATCH + 3)]
    table = counted(sequences, KmerSettings(1, "forward"))
    assert table.matrix[:, 0].toarray().ravel().tolist() == [1 + i % 7 for i in range(BATCH + 3)]
    assert table.names[-1] == f"s{BATCH + 2}"


@pytest.mark.parametrize("k", [0, 13])
def test_k_has_limits(k):
    with pytest.raises(ValueError, match="expected 1 to 12"):
        counted(["ACGT"], KmerSettings(k))
