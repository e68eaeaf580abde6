import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import FormatError
from seqnet.formats.files.numbers import format_number, format_singles
from seqnet.formats.regions.bed import read_bed, write_regions
from seqnet.genome.intervals import make_intervals
from seqnet.genome.regions import make_regions


def read(tmp_path, text, **options):
    path = tmp_path / "x.bed"
    path.write_bytes(text.encode())
    return read_bed(str(path), **options)


def test_bed_of_three_to_twelve_columns(tmp_path):
    table = read(
        tmp_path,
        "track name=x\nbrowser position chr1\n# a comment\n"
        "chr1\t10\t20\nchr2 5 9\r\nchr1\t1\t2\tpeak\t7\t-\n"
        "chr1\t1\t9\tn\t0\t+\t1\t2\t0,0,0\t2\t1,1\t0,4\n",
    )
    assert table.names.tolist() == ["chr1:10-20", "chr2:5-9", "peak", "n"]
    assert table.intervals.strand.tolist() == [0, 0, -1, 1]
    assert table.scores.tolist() == [".", ".", "7", "0"]
    assert table.lines.tolist() == [4, 5, 6, 7]
    assert table.summits.tolist() == [-1] * 4
    assert table.tasks == ()


def test_narrow_peak_summits(tmp_path):
    table = read(
        tmp_path,
        "chr1\t10\t50\tp\t900\t.\t12.5\t-1\t3\t17\n"
        "chr1\t10\t50\tp\t900\t.\t12.5\t-1\t3\t-1\n"
        "chr1\t10\t50\tp\t900\t.\tx\ty\tz\tw\n",  # ten columns, but no narrowPeak
    )
    assert table.summits.tolist() == [17, -1, -1]


LABELLED = "##genome=g.fa\n#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tA\tB\n"
ROWS = "c\t0\t5\tx\t.\t+\ttrain\t1\t.\nc\t9\t14\ty\t3\t.\t.\t0\t2.5\n"


def test_the_labelled_regions_table(tmp_path):
    table = read(tmp_path, LABELLED + ROWS)
    assert table.tasks == ("A", "B")
    np.testing.assert_array_equal(table.targets, [[1, np.nan], [0, 2.5]])
    assert table.splits.tolist() == ["train", "."]
    assert table.header == {"genome": "g.fa"}
    # what cat of two tables gives
    assert len(read(tmp_path, (LABELLED + ROWS) * 2)) == 4
    # a table that lost its header
    assert read(tmp_path, ROWS, tasks=["A", "B"]).tasks == ("A", "B")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr1\t10\n", r"x\.bed:1: expected at least 3 columns, found 2 columns"),
        ("chr1\n", "found 1 column$"),
        ("chr1\ta\t20\n", r"x\.bed:1: start is 'a'; expected a whole number"),
        ("chr1\t1\t2.5\n", r"end is '2\.5'"),
        ("chr1\t1\t99999999999\n", "beyond any chromosome"),
        ("chr1\t1\t2\tn\t0\t*\n", r"strand is '\*'; expected \+, - or \."),
        (LABELLED + "c\t0\t5\tx\t.\t+\ttrain\t1\n", r"x\.bed:3: expected 9 columns \(2 tasks\), found 8"),
        (LABELLED + "c\t0\t5\tx\t.\t+\tdev\t1\t0\n", "split is 'dev'"),
        (LABELLED + "c\t0\t5\tx\t.\t+\ttrain\t1\tyes\n", "B is 'yes'; expected a number or ."),
        (LABELLED + "c\t0\t5\tx\t.\t+\ttrain\tinf\t1\n", "A is 'inf'"),
        (LABELLED + ROWS + LABELLED.replace("\tB", "\tC"), r"x\.bed:6: a second column line that differs"),
        (LABELLED.replace("\tB", "\tA"), "two columns of one name"),
        ("a\0b", "is not a text file"),
    ],
)
def test_errors_name_file_and_line(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text)


targets = st.one_of(st.just(float("nan")), st.sampled_from([0.0, 1.0]), st.floats(-1e9, 1e9))
rows = st.lists(
    st.tuples(
        st.sampled_from(["chr1", "II"]),
        st.integers(0, 10**9),
        st.integers(1, 10**6),
        st.sampled_from([1, -1, 0]),
        st.sampled_from(["train", "valid", "test", "."]),
        st.lists(targets, min_size=2, max_size=2),
    ),
    max_size=8,
)


@given(rows, st.booleans())
def test_reading_undoes_writing(tmp_path, found, with_header):
    table = make_regions(
        make_intervals(
            [r[0] for r in found], [r[1] for r in found], [r[1] + r[2] for r in found], [r[3] for r in found]
        ),
        tasks=["A", "B"],
        splits=[r[4] for r in found],
        targets=np.array([r[5] for r in found], dtype=float).reshape(len(found), 2),
    )
    buffer = io.BytesIO()
    write_regions(buffer, table, {"k": "v=w"} if with_header else None)
    again = read(tmp_path, buffer.getvalue().decode(), tasks=None if with_header else ["A", "B"])
    for name in ("start", "end", "strand"):
        assert np.array_equal(getattr(again.intervals, name), getattr(table.intervals, name))
    assert again.intervals.contig_names().tolist() == table.intervals.contig_names().tolist()
    assert again.names.tolist() == table.names.tolist()
    assert again.splits.tolist() == table.splits.tolist()
    np.testing.assert_array_equal(again.targets, table.targets)  # to the bit
    assert again.header == ({"k": "v=w"} if with_header else {})


def test_numbers_are_written_short():
    assert [format_number(v) for v in (0.0, 1.0, -3.0, 0.1, 1e300, float("nan"))] == [
        "0",
        "1",
        "-3",
        "0.1",
        "1e+300",
        ".",
    ]
    singles = np.array([[0.1, 2.0, 1e-7]], dtype=np.float32)
    assert format_singles(singles) == [["0.1", "2", "1e-07"]]


@pytest.mark.parametrize(
    ("row", "lost"),
    [
        ("train\t0\t1", True),
        (".\t0\t.", True),  # label without splits
        (".\t0.25", True),
        (".\t.", False),
        ("5.5\t-1\t-1\t30", False),  # narrowPeak
        ("0\t9\t255,0,0\t1\t9,\t0,", False),  # BED12
    ],
)
def test_rows_of_a_table_without_its_column_line(tmp_path, row, lost):
    text = f"chr1\t0\t9\tx\t0\t+\t{row}\n"
    assert len(read(tmp_path, text)) == 1
    if lost:
        with pytest.raises(FormatError, match=r"x\.bed:1: looks like .* give --tasks"):
            read(tmp_path, text, labelled=True)
    else:
        assert len(read(tmp_path, text, labelled=True)) == 1
