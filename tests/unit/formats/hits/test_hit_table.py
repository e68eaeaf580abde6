import io

import pytest

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.hits.hit_formats import HIT_COLUMNS
from seqnet.formats.hits.hit_table import common_header, merged_rows, open_hit_tables, read_tests, write_tests

HEAD = "##seqnet=1\n##p-value=0.1\n#" + "\t".join(HIT_COLUMNS) + "\n"


def row(chrom, start, p="0.01", score="1.5"):
    return f"{chrom}\t{start}\t{start + 5}\tm\t200\t+\t{score}\t{p}\t.\tACGTA\t."


@pytest.fixture
def table(tmp_path):
    def make(name, *rows, head=HEAD):
        path = tmp_path / name
        path.write_text(head + "".join(f"{line}\n" for line in rows))
        return str(path)

    return make


def merged(*paths):
    with open_hit_tables(paths) as tables:
        return [line for batch in merged_rows(tables) for line in batch], [t.header for t in tables]


def test_tables_come_one_after_the_other(table):
    first, second = [row("b", 3), row("b", 9), row("a", 1)], [row("c", 0)]
    lines, headers = merged(table("x", *first), table("y"), table("z", *second))
    assert lines == first + second
    assert headers == [{"seqnet": "1", "p-value": "0.1"}] * 3


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("a", 1), "a\t1"], "x:5: expected 11 columns, found 2"),
        ([row("a", 1).replace("\t6\t", "\tsix\t")], "x:4: end is 'six'; expected a whole number"),
        ([row("a", 1, p="1.5")], "x:4: the p-value is '1.5'; expected a number from 0 to 1"),
        ([row("a", 1, p="nan")], "x:4: the p-value is 'nan'; expected a number from 0 to 1"),
        ([row("a", 1, score="nan")], "x:4: log_odds is 'nan'; expected a number"),
        ([row("a", 10**19)], "x:4: start is '10000000000000000000', beyond any chromosome"),
        ([row("a", 9), row("a", 8)], "x:5: hits on a are not sorted by start and end"),
        ([row("a", 9), row("b", 8), row("a", 10)], "x:6: hits on a again, after"),
    ],
)  # fmt: skip
def test_bad_rows_are_errors_with_their_line(table, rows, message):
    with pytest.raises(FormatError, match=message):
        merged(table("x", *rows))


def test_a_sequence_in_two_files_is_an_error_naming_both(table):
    with pytest.raises(FormatError, match=r"y:4: hits on a again, after .*x; merge scans of whole sequences"):
        merged(table("x", row("a", 1)), table("y", row("a", 5)))


@pytest.mark.parametrize("head", ["", "#chrom\tstart\n", "##gff-version 3\n", "##seqnet=1\n", "hello\n"])
def test_what_is_no_scan_is_an_error(table, head):
    with pytest.raises(FormatError, match=r"x.*(column line|header of 'seqnet scan')"):
        merged(table("x", head=head))


def test_headers_must_agree_but_for_what_is_ignored():
    one, other = {"a": "1", "q": "2"}, {"a": "1", "q": "3", "z": "4"}
    assert common_header([("x", one), ("y", one)], ["q"]) == {"a": "1"}
    with pytest.raises(SeqnetError, match=r"x has no z, y has z=4; they are not one scan's"):
        common_header([("x", one), ("y", other)], ["q"])
    with pytest.raises(SeqnetError, match=r"x has q=2, y has q=3"):
        common_header([("x", one), ("y", other)], ["z"])


def test_tests_are_read_as_written(tmp_path):
    buffer = io.BytesIO()
    write_tests(buffer, {"a": 12, "b c": 0}, {"a": 3}, {"seqnet": "1"})
    path = tmp_path / "t.tsv"
    path.write_bytes(buffer.getvalue())
    assert read_tests(str(path)) == ({"seqnet": "1"}, {"a": 12, "b c": 0}, {"a": 3, "b c": 0})
    path.write_bytes(buffer.getvalue() + b"a\t-1\t2\n")
    with pytest.raises(FormatError, match=r"t.tsv:5: windows is '-1', which no count can be"):
        read_tests(str(path))
