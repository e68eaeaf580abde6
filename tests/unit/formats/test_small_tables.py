import io
import json

import numpy as np
import pytest

from seqnet.errors import FormatError
from seqnet.formats.files.header import base_name, header_lines, parse_header_line, provenance
from seqnet.formats.results.metrics import write_json, write_table
from seqnet.formats.results.scores import NamedScores, read_scores
from seqnet.genome.regions import Regions


def test_provenance_lines_round_trip_and_leave_out_what_is_unset():
    entries = provenance("scan", {"a": 1, "b": None, "c": "x=y"})
    assert list(entries) == ["seqnet", "command", "a", "c"]
    lines = header_lines(entries).splitlines()
    assert dict(parse_header_line(line) for line in lines) == entries
    assert parse_header_line("#chrom\tstart=1") is None
    assert (base_name("/a/b.fa"), base_name("-")) == ("b.fa", "stdin")


def test_tables_write_na_for_what_is_undefined():
    rows = "1\tNA\t0.123457\nx\t2\t1e-09\n"
    above = {"##k=v\na\tb\tc\n": {"k": "v"}, "a\tb\tc\n": {}, "": None}
    for lines, header in above.items():
        buffer = io.BytesIO()
        write_table(buffer, ("a", "b", "c"), [(1, None, 0.1234567), ("x", 2.0, 1e-9)], header)
        assert buffer.getvalue().decode() == lines + rows


def test_json_states_its_schema_and_refuses_nan():
    buffer = io.BytesIO()
    write_json(buffer, {"b": 1, "a": None})
    assert list(json.loads(buffer.getvalue())) == ["schema_version", "b", "a"]
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(io.BytesIO(), {"x": float("nan")})


def read(tmp_path, text):
    path = tmp_path / "p.tsv"
    path.write_text(text)
    return read_scores(str(path))


def test_a_second_column_line_in_a_table_of_names_is_the_first_or_an_error(tmp_path):
    path = tmp_path / "p.tsv"
    one = "##task-type=binary\n#name\tA\tB\nx\t1\t0\n"
    path.write_text(one + one.replace("x", "y"))
    table = read_scores(str(path))
    assert isinstance(table, NamedScores)
    assert (table.names, table.values.tolist()) == (["x", "y"], [[1, 0], [1, 0]])
    path.write_text(one + "#name\tB\tA\ny\t0\t1\n")
    with pytest.raises(FormatError, match=r"p\.tsv:4: a second column line that differs from the first"):
        read_scores(str(path))


def test_predictions_with_names_or_coordinates(tmp_path):
    named = read(tmp_path, "##x=1\n#name\tA\tB\nr1\t0.5\t.\nr2\t-3\t1e-4\n")
    assert isinstance(named, NamedScores)
    assert (named.names, named.tasks) == (["r1", "r2"], ("A", "B"))
    np.testing.assert_array_equal(named.values, [[0.5, np.nan], [-3, 1e-4]])
    assert read(tmp_path, "name\tA\nr1\t1\n").names == ["r1"]
    placed = read(tmp_path, "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tA\nc\t0\t5\tr\t.\t.\t.\t0.25\n")
    assert isinstance(placed, Regions)
    assert placed.targets.tolist() == [[0.25]]


def test_cells_are_read_as_other_programs_write_them(tmp_path):
    cells = ["NA", "nan", "NaN", "N/A", "", ".", "null", "True", "false", "TRUE", "1e-3"]
    expected = [np.nan] * 7 + [1, 0, 1, 1e-3]
    tasks = "\t".join(f"t{i}" for i in range(len(cells)))
    named = read(tmp_path, f"name\tsplit\t{tasks}\nr\tValidation\t" + "\t".join(cells) + "\n")
    np.testing.assert_array_equal(named.values, [expected])
    assert named.splits == ["valid"]
    columns = f"#chrom\tstart\tend\tname\tscore\tstrand\tsplit\t{tasks}\n"
    placed = read(tmp_path, columns + "c\t0\t5\tr\t.\t.\ttraining\t" + "\t".join(cells) + "\n")
    np.testing.assert_array_equal(placed.targets, [expected])
    assert placed.splits.tolist() == ["train"]


@pytest.mark.parametrize("placed", [False, True])
def test_names_of_classes_are_a_task_each(tmp_path, placed):
    first = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit" if placed else "#name\tsplit"
    rows = ("up\t.", "down\ttest", "NA\t.", "up\t.")
    text = f"{first}\tclass\n"
    for number, row in enumerate(rows):
        name, split = row.split("\t")
        place = f"c\t{number}\t{number + 1}\tr{number}\t.\t." if placed else f"r{number}"
        text += f"{place}\t{split}\t{name}\n"
    path = tmp_path / "labels.tsv"
    path.write_text(text)
    table = read_scores(str(path), classes=True)
    values = table.targets if isinstance(table, Regions) else table.values
    assert table.tasks == ("down", "up")
    np.testing.assert_array_equal(values, [[0, 1], [1, 0], [np.nan, np.nan], [0, 1]])
    with pytest.raises(FormatError, match="2: class is 'up'; expected a number"):
        read_scores(str(path))
    path.write_text(text.replace("NA", "3"))
    with pytest.raises(FormatError, match="2: class is 'up'; expected a number"):
        read_scores(str(path), classes=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no column line"),
        ("r1\t0.5\n", r"p\.tsv:1: rows without a column line"),
        ("#name\tA\nr1\n", r"p\.tsv:2: expected 2 columns, found 1"),
        ("#name\tA\nr1\tx\n", r"p\.tsv:2: A is 'x'; expected a number or "),
        ("#name\tA\tB\nr1\t1\tinf\n", r"p\.tsv:2: B is 'inf'; expected a number"),
        ("#name\tsplit\tA\nr1\tfourth\t1\n", r"p\.tsv:2: split is 'fourth'; expected train, valid, test or "),
    ],
)
def test_other_tables_are_refused(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text)
