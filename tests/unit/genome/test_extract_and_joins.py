import numpy as np
import pytest

from seqnet.errors import FormatError, SeqnetError
from seqnet.genome.alphabet import decode, encode_text
from seqnet.genome.extract import extract_sequences, extract_windows, stack_sequences
from seqnet.genome.intervals import make_intervals
from seqnet.genome.joins import check_distinct, coordinates, join_rows
from seqnet.genome.regions import make_regions
from seqnet.genome.sequence import EncodedSequence, Genome

GENOME = Genome({"a": encode_text("AACCGGTT"), "b": encode_text("ACGTN")})


def test_windows_come_in_row_order_and_as_their_strand_reads():
    table = make_intervals(["b", "a", "a"], [0, 0, 5], [3, 3, 8], [0, 1, -1])
    assert [decode(c) for c in extract_windows(GENOME, table)] == ["ACG", "AAC", "GTT"]
    assert [decode(c) for c in extract_windows(GENOME, table, stranded=True)] == ["ACG", "AAC", "AAC"]
    assert extract_windows(GENOME, make_intervals([], [], [])).shape == (0, 0)


def test_sequences_of_any_width():
    table = make_intervals(["b", "a"], [1, 0], [5, 2])
    found = extract_sequences(GENOME, table, ["x", "y"])
    assert [(name, decode(codes)) for name, codes in found] == [("x", "CGTN"), ("y", "AA")]


def test_stacking_needs_one_length():
    ok = [EncodedSequence("x", encode_text("AC")), EncodedSequence("y", encode_text("GT"))]
    assert stack_sequences(ok, "s.fa").tolist() == [[0, 1], [2, 3]]
    with pytest.raises(SeqnetError, match=r"s\.fa: z has 3 bases where x has 2"):
        stack_sequences([*ok, EncodedSequence("z", encode_text("ACG"))], "s.fa")
    with pytest.raises(SeqnetError, match="holds no sequences"):
        stack_sequences([], "s.fa")


def test_joins_go_by_key_never_by_order():
    assert join_rows(["x", "z"], ["z", "y", "x"], "labels", "scores").tolist() == [2, 0]
    with pytest.raises(SeqnetError, match="scores has no row for q of labels"):
        join_rows(["q"], ["x"], "labels", "scores")
    with pytest.raises(SeqnetError, match="scores has two rows for x"):
        join_rows(["x"], ["x", "x"], "labels", "scores")
    with pytest.raises(SeqnetError, match=r"no row for a:1-2\(-\)"):
        join_rows([("a", 1, 2, -1)], [], "labels", "scores")


def test_two_rows_of_one_place_are_refused():
    table = make_regions(make_intervals(["a", "a", "a"], [0, 0, 0], [5, 5, 5], [0, 1, 0]))
    assert coordinates(table)[1] == ("a", 0, 5, 1)
    check_distinct(table.take(np.array([0, 1])))
    with pytest.raises(FormatError, match="a second row for a:0-5"):
        check_distinct(table)
