import io

import pytest

from seqnet.errors import FormatError
from seqnet.formats.regions.samples import Dropped, Sample, read_samples, write_dropped
from seqnet.genome.intervals import make_intervals
from seqnet.genome.regions import make_regions


def read(tmp_path, text):
    path = tmp_path / "samples.tsv"
    path.write_text(text)
    return read_samples(str(path))


def test_two_to_four_columns_with_or_without_a_column_line(tmp_path):
    text = (
        "task\tfile\tmin_score\n# a comment\nA\ta.bed\nB\t.\nC\tc.bed\t5\tc.relaxed.bed\nD\td.bed\t.\t.\n\n"
    )
    assert read(tmp_path, text) == [
        Sample("A", "a.bed"),
        Sample("B", None),
        Sample("C", "c.bed", 5.0, "c.relaxed.bed"),
        Sample("D", "d.bed"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "samples.tsv: holds no samples"),
        ("A\n", r"samples.tsv:1: expected 2 to 4 columns .*, found 1"),
        ("A\tb\t1\tc\td\n", "found 5"),
        ("A\ta.bed\nA\tb.bed\n", "samples.tsv:2: a second line for task 'A'"),
        ("A\ta.bed\tlow\n", "samples.tsv:1: min_score is 'low'; expected a number or ."),
        (".\ta.bed\n", "samples.tsv:1: a line without a task's name"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text)


def test_dropped_peaks_keep_their_columns():
    peaks = make_regions(make_intervals(["c", "d"], [1, 5], [4, 9], [1, 0]), names=["x", "y"])
    stream = io.BytesIO()
    write_dropped(stream, [Dropped("A", "score too low", peaks)], {"k": "v"})
    assert stream.getvalue().decode().splitlines() == [
        "##k=v",
        "#chrom\tstart\tend\tname\tscore\tstrand\ttask\treason",
        "c\t1\t4\tx\t.\t+\tA\tscore too low",
        "d\t5\t9\ty\t.\t.\tA\tscore too low",
    ]
