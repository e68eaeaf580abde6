import re
from decimal import Decimal, localcontext
from math import isfinite
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import FormatError, shorten
from seqnet.formats.files.numbers import format_log_probability, parse_coordinate
from seqnet.formats.files.opening import open_input
from seqnet.formats.hits.hit_table import read_tests
from seqnet.formats.reads.fragments import read_fragments
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.regions.contig_sizes import read_contig_sizes
from seqnet.formats.regions.samples import read_samples
from seqnet.formats.results.scores import read_scores
from seqnet.formats.sequences.sequence_table import Columns, read_sequence_table
from seqnet.numerals import LARGEST, LARGEST_INTEGER, OutOfRangeError, parse_real, parse_whole


@pytest.mark.parametrize(
    ("log_p", "text"),
    [(0.0, "1"), (-0.6931471805599453, "0.5"), (-9.210340371976182, "0.0001"), (-1500.0, "3.61641e-652")],
)
def test_probabilities_are_written_with_six_digits(log_p, text):
    assert format_log_probability(log_p) == text


@given(st.floats(-1e5, 0))
def test_probabilities_of_any_smallness_read_back(log_p):
    with localcontext() as context:
        context.prec, context.Emin = 30, -(10**6)
        expected = Decimal(log_p).exp()
        assert abs(Decimal(format_log_probability(log_p)) / expected - 1) < Decimal("6e-6")


HUGE = str(10**20)
THOUSANDS = "9" * 5000
"""More digits than Python reads."""


def fragments(path):
    with open_input(path) as stream:
        list(read_fragments(stream, path))


def hit_counts(path):
    assert read_tests(path)


TEST_HEAD = "##seqnet=1\n#motif\twindows\thits\n"
BED_HEAD = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tt\tu\n"
SEQUENCES = Columns("seq", ["y"], weight="w")


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_bed, "c\t{}\t5\n", "x:1: start is {}"),
        (read_bed, "c\t1\t5\nc\t1\t{}\n", "x:2: end is {}"),
        (read_bed, BED_HEAD + "c\t1\t5\tn\t0\t.\ttest\t0\t{}\n", "x:2: u is {}; expected a number or ."),
        (fragments, "c\t{}\t5\n", "x:1: start is {}"),
        (fragments, "c\t1\t{}\n", "x:1: end is {}"),
        (fragments, "c\t1\t5\tc\t{}\t9\t.\t1\t+\t-\n", "x:1: start is {}"),
        (read_contig_sizes, "c\t5\nd\t{}\n", "x:2: "),
        (read_samples, "t\tf.bed\t{}\n", "x:1: min_score is {}; expected a number or ."),
        (hit_counts, TEST_HEAD + "m\t{}\t1\n", "x:3: windows is {}"),
        (hit_counts, TEST_HEAD + "m\t1\t{}\n", "x:3: hits is {}"),
        (lambda path: read_sequence_table(path, SEQUENCES), "seq\ty\tw\nACGT\t1\t{}\n", "x:2: the weight in column w"),
        (read_scores, "name\tt\na\t{}\n", "x:2: t is {}; expected a number or ."),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "number", ["", "nan", "inf", "1e400", HUGE, "-" + HUGE, THOUSANDS, "1_0", "\u0663", "0x1", "one"]
)
def test_numbers_that_no_field_can_hold_are_errors_with_their_line(
    tmp_path, monkeypatch, read, text, message, number
):
    if number in ("", HUGE, "-" + HUGE) and read in (read_samples, read_scores):
        pytest.skip("says nothing, or is a number")
    if number in ("", "nan") and (read in (read_samples, read_scores) or "u is" in message):
        pytest.skip("is unknown")
    if HUGE in number and ("weight" in message or "u is" in message):
        pytest.skip("is a number")
    monkeypatch.chdir(tmp_path)
    Path("x").write_text(text.format(number))
    shown = message.format(shorten(number))
    with pytest.raises(FormatError, match=re.escape(shown)) as failure:
        read("x")
    assert len(str(failure.value)) < 200


def test_more_hits_than_windows_are_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("x").write_text(TEST_HEAD + "m\t3\t4\n")
    with pytest.raises(FormatError, match="x:3: 4 hits in 3 windows of 'm'"):
        read_tests("x")


@given(st.integers(-LARGEST, LARGEST))
def test_coordinates_of_32_bits_are_read(number):
    assert parse_coordinate(str(number), "start", "x", 1) == number


@given(st.integers())
def test_whole_numbers_are_read_inside_their_range_alone(number):
    if -LARGEST_INTEGER <= number <= LARGEST_INTEGER:
        assert parse_whole(str(number)) == number
    else:
        with pytest.raises(OutOfRangeError):
            parse_whole(str(number))


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_finite_numbers_are_read_back_and_no_others(number):
    if isfinite(number):
        assert parse_real(repr(number)) == number
    else:
        with pytest.raises(ValueError, match="is not a finite number"):
            parse_real(repr(number))
