from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import EncodedSequence, SequenceRun
from seqnet.kmers import counting
from seqnet.kmers.columns import canonical_map, feature_names, make_columns
from seqnet.kmers.counting import collect_rows, count_codes, count_kmers, count_runs
from seqnet.kmers.settings import GAPPED, KmerSettings, all_patterns, contiguous
from seqnet.kmers.table import KmerTable, ordered
from tests.conftest import strands_of

PATTERNS = st.one_of(
    st.integers(1, 8).map(contiguous),
    st.sampled_from([*GAPPED, "101", "1101", "1011", "10011", "1" + "0" * 30 + "1"]),
)
SEQUENCES = st.lists(st.text("ACGTACGTN", max_size=45), max_size=6)


def gapped(window, pattern):
    """The window's letters, N where the pattern has 0."""
    return "".join(letter if kind == "1" else "N" for letter, kind in zip(window, pattern, strict=True))


def words(sequence, pattern):
    """Every gapped word of a sequence that is clear where it is informative."""
    windows = [sequence[i : i + len(pattern)] for i in range(len(sequence) - len(pattern) + 1)]
    clear = [w for w in windows if all(x != "N" for x, kind in zip(w, pattern, strict=True) if kind == "1")]
    return [gapped(window, pattern) for window in clear]


def oracle(sequence, pattern, strands):
    """Word counts with a Counter of strings."""
    if strands == "forward":
        return Counter(words(sequence, pattern))
    if pattern == pattern[::-1]:
        return Counter(
            min(strands_of(word), key=lambda w: w.replace("N", "")) for word in words(sequence, pattern)
        )
    return Counter(words(sequence, pattern)) + Counter(words(strands_of(sequence)[1], pattern))


def counted(sequences, settings, **options):
    records = [EncodedSequence(f"s{i}", encode_text(s)) for i, s in enumerate(sequences)]
    return count_kmers(records, settings, **options)


def found(table, row):
    """The counts of a row by name."""
    dense = table.matrix[row].toarray().ravel()
    return {str(table.features[i]): int(dense[i]) for i in np.flatnonzero(dense)}


@given(SEQUENCES, st.lists(PATTERNS, min_size=1, max_size=3), st.sampled_from(["both", "forward"]))
def test_counts_equal_a_counter(kernels, sequences, patterns, strands):
    distinct = []
    for pattern in patterns:
        if pattern not in distinct and (pattern[::-1] not in distinct or strands == "forward"):
            distinct.append(pattern)
    table = counted(sequences, KmerSettings(tuple(distinct), strands))
    assert table.matrix.shape == (len(sequences), len(table.features))
    assert len(set(table.features.tolist())) == len(table.features)
    assert table.matrix.has_canonical_format
    for row, sequence in enumerate(sequences):
        total = Counter()
        for pattern in distinct:
            total.update(oracle(sequence, pattern, strands))
        assert found(table, row) == dict(total)


@given(
    SEQUENCES,
    st.lists(PATTERNS, min_size=1, max_size=3, unique_by=lambda p: min(p, p[::-1])),
    st.integers(0, 6),
)
def test_both_strands_have_the_same_features(kernels, sequences, patterns, bits):
    settings = KmerSettings(tuple(patterns), "both", hash_bits=bits)
    forward = counted(sequences, settings).matrix
    reverse = counted([strands_of(s)[1] for s in sequences], settings).matrix
    assert (forward != reverse).nnz == 0


@pytest.mark.parametrize("k", [9, 10, 12])
def test_long_words_are_counted_in_sparse_rows(kernels, k):
    sequences = ["ACGTTGCATGNACGATCGACTTTTTTTTTTTTTTTTTTT" * 2, "A" * k, ""]
    table = counted(sequences, KmerSettings((contiguous(k),)))
    for row, sequence in enumerate(sequences):
        assert found(table, row) == dict(oracle(sequence, contiguous(k), "both"))


def test_the_widest_pattern(kernels):
    pattern = "11111" + "0" * 21 + "111111"
    sequence = "ACGTAGGCTAACCGTANNACGATCAGCATCGACTAGCATCAGCGA"
    table = counted([sequence], KmerSettings((pattern,), "forward"))
    assert found(table, 0) == dict(oracle(sequence, pattern, "forward"))


@given(
    SEQUENCES.filter(bool),
    st.sets(st.integers(0, 270)),
    st.sampled_from([1, 2]),
    st.integers(0, 40),
    st.integers(0, 100),
)
def test_runs_cut_anywhere_count_as_whole_records(kernels, sequences, cuts, threads, most, longest):
    settings = KmerSettings(("111", "1101", "10001"))
    names = [f"s{number}" for number in range(len(sequences))]
    ends = np.cumsum([len(sequence) for sequence in sequences])
    codes = encode_text("".join(sequences))

    def runs():
        """Cut the codes: a run has the records that end in it, and the beginning of another."""
        begin = first = 0
        for end in sorted({min(cut, len(codes)) for cut in cuts} | {len(codes)}):
            ended = int(np.searchsorted(ends, end, side="right"))
            last = ended and int(ends[ended - 1]) == end
            stop = ended if last else ended + 1
            if stop > first:
                places = np.minimum(ends[first:stop], end) - begin
                yield SequenceRun(names[first:stop], 0, codes[begin:end], places, bool(last))
                begin, first = end, ended

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "WORDS_AT_ONCE", most)
        patch.setattr(counting, "WORDS_OF_A_RECORD", most + longest)
        pieces = collect_rows(count_runs(runs(), settings, threads=threads), settings)
    whole = counted(sequences, settings)
    assert pieces.names == whole.names
    assert pieces.matrix.has_canonical_format
    assert (pieces.matrix != whole.matrix).nnz == 0


def test_the_lecture_table():
    # CS273B lecture 3: columns AGA GAT ATC ... of stranded 3-mers
    table = counted(["AGATC"], KmerSettings(("111",), "forward"))
    assert found(table, 0) == {"AGA": 1, "GAT": 1, "ATC": 1}
    assert len(table.features) == 64


@pytest.mark.parametrize("k", [1, 2, 3, 4, 6])
def test_features_are_named_by_the_smaller_strand_in_order(k):
    names = feature_names(KmerSettings((contiguous(k),))).tolist()
    forward = feature_names(KmerSettings((contiguous(k),), "forward")).tolist()
    assert forward == sorted(forward)
    assert names == sorted({min(strands_of(w)) for w in forward})
    assert len(names) == (4**k + (4 ** (k // 2) if k % 2 == 0 else 0)) // 2


def test_canonical_numbers_are_shared_by_both_strands():
    feature, first = canonical_map(5)
    forward = feature_names(KmerSettings(("11111",), "forward")).tolist()
    place = {word: i for i, word in enumerate(forward)}
    for number, word in enumerate(forward):
        other = place[strands_of(word)[1]]
        assert feature[number] == feature[other]
        assert first[feature[number]] == min(number, other)


def test_hashed_counts_are_the_explicit_ones_added_up(kernels):
    sequences = ["ACGATCGACTAGCATCAGCGACGATCGAC", "TTTTTTTT"]
    patterns = tuple(all_patterns(5, 3, "both"))
    explicit = counted(sequences, KmerSettings(patterns))
    hashed = counted(sequences, KmerSettings(patterns, hash_bits=4))
    assert hashed.features.tolist() == [f"hash{i:02d}" for i in range(16)]
    assert hashed.matrix.sum(axis=1).tolist() == explicit.matrix.sum(axis=1).tolist()
    # splitmix64 of its published test vector: state 0 gives 0xe220a8397b1dcdaf first
    from seqnet.kernels.kmers import hashed as hash_of

    assert int(hash_of(np.zeros(1, np.int64), 30)[0]) == 0xE220A8397B1DCDAF >> 34
    moved = np.zeros((2, 16))
    for column, value in enumerate(explicit.matrix.toarray().T):
        moved[:, int(hash_of(np.array([column]), 4)[0])] += value
    assert hashed.matrix.toarray().tolist() == moved.tolist()


@given(
    st.integers(0, 5),
    st.integers(0, 40),
    st.integers(0, 2**32),
    st.sampled_from(["counts", "sqrt", "log", "frequency"]),
)
def test_codes_of_one_length_count_as_records(kernels, n, length, seed, normalize):
    codes = np.random.default_rng(seed).integers(0, 5, (n, length), dtype=np.uint8)
    settings = KmerSettings(("111", "1001"), "both", normalize)
    records = [EncodedSequence(str(i), row) for i, row in enumerate(codes)]
    expected = count_kmers(records, settings).matrix
    for threads in (1, 2):
        matrix = count_codes(codes, settings, threads)
        assert (matrix.shape, matrix.dtype) == (expected.shape, np.float32)
        assert (matrix != expected).nnz == 0


def test_normalisations():
    def dense(normalize, sequences=("AAAC", "N")):
        return counted(sequences, KmerSettings(("1",), "forward", normalize)).matrix.toarray()

    assert dense("counts").tolist() == [[3, 1, 0, 0], [0, 0, 0, 0]]
    assert dense("frequency").tolist() == [[0.75, 0.25, 0, 0], [0, 0, 0, 0]]
    assert dense("sqrt")[0] == pytest.approx(np.sqrt([3, 1, 0, 0]), rel=1e-6)
    assert dense("log")[0] == pytest.approx(np.log([4, 2, 1, 1]), rel=1e-6)
    with pytest.raises(ValueError, match="'cubes' is no normalisation"):
        dense("cubes")


def test_frequencies_are_shares_of_each_pattern():
    table = counted(["AAACG"], KmerSettings(("1", "11"), "forward", "frequency"))
    assert table.matrix[0, :4].toarray().ravel() == pytest.approx([0.6, 0.2, 0.2, 0])
    assert table.matrix[0, 4:].sum() == pytest.approx(1)


def test_z_scores_by_constants_that_the_settings_keep():
    from sklearn.preprocessing import StandardScaler

    train, test = ["AAACGT", "ACGGGT", "TTTACG", "CCCCCC"], ["GGGATC", "AAAAAA"]
    settings = KmerSettings(("11", "1"), "both", "z")
    raw = [counted(s, settings._replace(normalize="counts")).matrix.toarray() for s in (train, test)]
    scaler = StandardScaler().fit(raw[0].astype(np.float64))
    table = counted(train, settings)
    np.testing.assert_allclose(table.matrix.toarray(), scaler.transform(raw[0]), atol=1e-6)
    again = counted(test, table.settings)
    np.testing.assert_allclose(again.matrix.toarray(), scaler.transform(raw[1]), atol=1e-6)
    assert again.settings == table.settings
    codes = np.stack([encode_text(s) for s in test])
    assert (count_codes(codes, table.settings) != again.matrix).nnz == 0


def test_a_constant_column_has_no_scale_of_rounding():
    table = counted(["A" * 7] * 10, KmerSettings(("1",), "forward", "z"))
    assert table.settings.deviation == (1.0,) * 4
    assert table.matrix.nnz == 0


def test_counts_beyond_float32_stay_exact(monkeypatch):
    monkeypatch.setattr("seqnet.kmers.normalize.EXACT", 5)
    assert counted(["A" * 5], KmerSettings(("1",))).matrix.dtype == np.float32
    assert counted(["A" * 6], KmerSettings(("1",))).matrix.dtype == np.float64


def test_rows_beyond_one_batch_stay_in_order(monkeypatch):
    monkeypatch.setattr(counting, "RECORDS_AT_ONCE", 10)
    sequences = ["A" * (1 + i % 7) for i in range(43)]
    done = []
    table = counted(sequences, KmerSettings(("1",), "forward"), progress=done.append)
    assert table.matrix[:, 0].toarray().ravel().tolist() == [1 + i % 7 for i in range(43)]
    assert (table.names[-1], sum(done)) == ("s42", 43)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (KmerSettings(()), "0 patterns; expected 1 to"),
        (KmerSettings(("1" * 13,)), "at most 12 1s in at most 32 bases"),
        (KmerSettings(("1" + "0" * 31 + "1",)), "at most 12 1s in at most 32 bases"),
        (KmerSettings(("0110",)), "pattern '0110': expected 1s and 0s, first and last 1"),
        (KmerSettings(("1x1",)), "pattern '1x1'"),
        (KmerSettings(("",)), "pattern ''"),
        (KmerSettings(("11", "11")), "pattern 11 is given twice"),
        (KmerSettings(("1101", "1011")), "1011 is 1101 read from the other strand"),
        (KmerSettings(("11",), "sideways"), "'sideways' is no strand choice"),
        (KmerSettings(("11",), hash_bits=31), "31 hash bits"),
        (KmerSettings(("1" * 9,), normalize="z"), "z leaves no value zero: 131072 features"),
        (KmerSettings(("1",), normalize="z", mean=(1.0,), deviation=(1.0,)), "1 means for 2 features"),
    ],
)
def test_settings_that_cannot_be_counted_with(settings, message):
    with pytest.raises(ValueError, match=message):
        counted(["ACGT"], settings)


def test_too_many_features_are_refused():
    patterns = tuple(all_patterns(15, 12, "forward"))[:200]
    with pytest.raises(ValueError, match="features are too many; at most 2147483647"):
        make_columns(KmerSettings(patterns, "forward"))


def test_all_patterns():
    assert all_patterns(4, 3, "forward") == ["1101", "1011"]
    assert all_patterns(4, 3, "both") == ["1101"]
    assert all_patterns(2, 2, "both") == ["11"]
    assert len(all_patterns(11, 7, "forward")) == 126
    assert len(all_patterns(11, 7, "both")) == (126 + 6) // 2
    for length, informative in [(3, 1), (3, 4), (1, 1), (0, 0)]:
        with pytest.raises(ValueError, match="no pattern has"):
            all_patterns(length, informative, "both")
    with pytest.raises(ValueError, match="patterns are too many"):
        all_patterns(32, 12, "both")


def test_columns_are_ordered_by_name():
    table = counted(["ACGTAACC"], KmerSettings(("11", "101")))
    order = np.random.default_rng(1).permutation(len(table.features))
    shuffled = KmerTable(table.names, table.features[order], table.matrix[:, order], table.settings)
    assert (ordered(shuffled) != table.matrix).nnz == 0
    assert ordered(table) is table.matrix
