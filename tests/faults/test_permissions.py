"""Folders that take no files, caches of others, little memory: over every command."""

import shutil

import pytest

from tests.faults.lines import NAMES, ids, line, output_of, source_of
from tests.faults.processes import Setting, contents, finish

pytestmark = pytest.mark.fault
EVERY = pytest.mark.parametrize("names", NAMES, ids=ids)
ORDINARY = Setting(ordinary=True)


@EVERY
def test_a_folder_that_takes_no_files_is_an_error_before_the_input_is_read(names, prepared, tmp_path):
    """The input does not exist, and would be missed if it were read first."""
    work = tmp_path / "work"
    work.mkdir()
    work.chmod(0o500)
    ended = finish(line(names, prepared, tmp_path / "absent.bed"), tmp_path, ORDINARY)
    work.chmod(0o700)
    assert ended.is_one_line(), ended
    assert ended.err.endswith(f"error: {output_of(names)}: permission denied\n")


@EVERY
def test_an_input_that_may_not_be_read_is_one_line_naming_it(names, prepared, tmp_path):
    source = tmp_path / f"locked{source_of(names, prepared).suffix}"
    shutil.copy(source_of(names, prepared), source)
    source.chmod(0)
    ended = finish(line(names, prepared, source), tmp_path, ORDINARY)
    assert ended.is_one_line(), ended
    assert ended.err.endswith(f"{source}: permission denied\n")
    assert contents(tmp_path / "work") == {}


@EVERY
@pytest.mark.parametrize(
    "more",
    [
        1 << 18,
        1 << 21,
        pytest.param(1 << 24, marks=pytest.mark.nightly),  # where libraries fail in ways that vary
        1 << 26,
        1 << 28,
    ],
    ids=lambda n: f"{n >> 10}K",
)
def test_want_of_memory_is_one_line_or_no_matter(names, prepared, alone, tmp_path, more):
    """From far too little to enough for most commands; torch and its threads included."""
    whole = alone(names).files
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / output_of(names)).write_bytes(b"old")
    ended = finish(line(names, prepared), tmp_path, Setting(more_memory=more, env={"OMP_NUM_THREADS": "1"}))
    if ended.code == 0:
        assert ended.err == ""
        assert contents(tmp_path / "work") == whole
    else:
        assert ended.is_one_line(), ended
        assert "memory" in ended.err
        assert contents(tmp_path / "work") == {output_of(names): b"old"}
