import gzip

import pytest

from seqnet.errors import FormatError
from seqnet.formats.sequences.sequence_table import Columns, read_sequence_table
from seqnet.genome.alphabet import decode

TSV = "name\tseq\tx\tfold\nA\tACGT\t1.5\ttrain\n\nB\tggnn\t.\ttest\n"


def read(tmp_path, text, columns, name="t.tsv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_sequence_table(str(path), columns)


def test_columns_are_found_by_name(tmp_path):
    table = read(tmp_path, TSV, Columns("seq", ["x"], name="name", split="fold"))
    assert [(s.name, decode(s.codes)) for s in table.sequences] == [("A", "ACGT"), ("B", "GGNN")]
    assert (table.targets, table.splits, table.groups) == ({"x": ["1.5", "."]}, ["train", "test"], None)
    assert table.lines.tolist() == [2, 4]


@pytest.mark.parametrize(
    "text", [TSV.replace("\t", ","), TSV.replace("\n", "\r\n"), "\ufeff" + TSV, "#" + TSV]
)
def test_commas_line_ends_marks_and_a_hash_do_not_matter(tmp_path, text):
    table = read(tmp_path, text, Columns("seq", ["x"], name="name"))
    assert [s.name for s in table.sequences] == ["A", "B"]


def test_gzip_is_told_by_content(tmp_path):
    table = read(tmp_path, gzip.compress(TSV.encode()), Columns("seq", ["x"]))
    assert [s.name for s in table.sequences] == ["row1", "row2"]


def test_quoted_commas_stay_in_their_field(tmp_path):
    table = read(tmp_path, 'id,seq,y\n"a,b",ACG,2\n', Columns("seq", ["y"], name="id"))
    assert table.sequences[0].name == "a,b"


def test_numbers_name_the_columns_of_a_table_without_header(tmp_path):
    table = read(tmp_path, "ACGT\t12\nAAAA\t3\n", Columns("1", ["2"]))
    assert table.targets == {"2": ["12", "3"]}
    assert table.lines.tolist() == [1, 2]


def test_a_header_of_numbers_is_a_header(tmp_path):
    table = read(tmp_path, "1\t2\nACGT\t3\n", Columns("1", ["2"]))
    assert table.targets == {"2": ["3"]}


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("", Columns("seq", ["x"]), "is empty"),
        ("seq\tx\n", Columns("seq", ["x"]), "no rows"),
        ("seq\tx\nAC\t1\t2\n", Columns("seq", ["x"]), r":2: expected 2 columns, found 3"),
        ("seq\tx\nAC!\t1\n", Columns("seq", ["x"]), r":2: column seq: '!' is not a nucleotide"),
        ("seq\tx\n\t1\n", Columns("seq", ["x"]), r":2: column seq is empty"),
        ("seq\tx\nAC\t1\n", Columns("sequence", ["x"]), r":1: has no column 'sequence'; it has seq, x"),
        ("seq\tx\tx\nAC\t1\t2\n", Columns("seq", ["x"]), "two columns are named 'x'"),
        ("AC\t1\n", Columns("1", ["3"]), "has no column '3'; it has 2 columns"),
        ("AC\t1\n", Columns("0", ["2"]), "has no column '0'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, columns, message):
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text, columns)
