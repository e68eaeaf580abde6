"""Header lines give back the names that were written, whatever letters they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import FormatError
from seqnet.formats.files.header import (
    escaped,
    header_lines,
    listed_names,
    listed_pairs,
    parse_header_line,
    provenance,
    unescaped,
    written_names,
    written_pairs,
)
from seqnet.formats.results.scores import per_task

# every letter of Unicode, those that divide entries more often, and bytes of a name that is no UTF-8
LETTERS = st.one_of(
    st.sampled_from(list("%,:=#\"' \t\n\r\x0b\x0c\x1c\x85\u2028$_a\udcff")),
    st.characters(exclude_categories=("Cs",)),
)
NAMES = st.text(LETTERS, max_size=12)


def entry(key, value):
    """The one entry of what is written for an option, read as a file is: line by line."""
    text = header_lines(provenance("predict", {key: value}))
    lines = text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape").splitlines()
    assert len(lines) == 3, lines  # version, command and the option, however lines are divided
    return parse_header_line(lines[-1])


@given(NAMES, NAMES)
def test_any_key_and_value_come_back(key, value):
    if key in ("seqnet", "command"):
        return
    read = entry(key, value)
    assert read[0] == key
    assert unescaped(read[1]) == value


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_any_list_of_names_comes_back(names):
    if names == [""]:
        return  # an empty value is a list of none
    assert listed_names(entry("k", tuple(names))[1]) == names


@given(st.dictionaries(NAMES, st.floats(allow_nan=False, allow_infinity=False), max_size=4))
def test_any_names_with_numbers_come_back(numbers):
    pairs = listed_pairs(entry("k", {name: repr(value) for name, value in numbers.items()})[1])
    assert {name: float(text) for name, text in pairs} == numbers


@given(st.dictionaries(NAMES, NAMES, max_size=4))
def test_entries_that_are_copied_from_file_to_file_do_not_change(entries):
    text = header_lines({key: escaped(value) for key, value in entries.items()})
    read = dict(map(parse_header_line, text.splitlines()))
    assert header_lines(read) == text


def test_usual_names_are_written_as_they_are():
    plain = "hg38 (v2)_[x]{y}|z;ü.fa"
    assert escaped(plain) == written_names([plain]) == plain
    assert written_pairs({"chr1:1-2": 0.5}) == "chr1:1-2:0.5"
    assert unescaped("50%.fa") == "50%.fa"  # as 0.1.0 wrote it


@pytest.mark.parametrize("value", ["a,b:0.5", "a:x", ":0.5", "a:nan", "a:inf"])
def test_what_is_no_number_of_a_task_is_named(value):
    with pytest.raises(FormatError, match=r"##thresholds holds '.*'; expected task:number"):
        per_task(value, "p.bed", "thresholds")
