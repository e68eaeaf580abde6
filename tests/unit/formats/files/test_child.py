import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.files import sandbox as _child
from seqnet.formats.tracks.bigwig import open_bigwig, write_bigwig


@pytest.fixture
def tracks(tmp_path):
    """Two good files and a damaged one, and no process that waits."""
    paths = [str(tmp_path / name) for name in ("a.bw", "b.bw", "damaged.bw")]
    for value, path in enumerate(paths):
        with write_bigwig(path, {"c": 9}) as writer:
            writer.add("c", 0, np.full(9, value))
    with Path(paths[2]).open("r+b") as stream:
        stream.truncate(50)
    _child.stop_waiting()
    return paths


def served(path):
    """The values of a file and the process that read them."""
    with open_bigwig(path) as reader:
        return reader.values("c", 0, 9).tolist(), reader._child._process.pid


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_serves_file_after_file(tracks, tmp_path, monkeypatch):
    first, second, _ = tracks
    values, pid = served(first)
    monkeypatch.chdir(tmp_path)
    assert served("b.bw") == ([1.0] * 9, pid)
    with write_bigwig(second, {"c": 9}) as writer:
        writer.add("c", 0, np.full(9, 5))
    assert served(second) == ([5.0] * 9, pid)
    assert values == [0.0] * 9
    _child.stop_waiting()
    assert not is_alive(pid)


def test_two_files_at_a_time_have_two_processes_of_which_one_is_kept(tracks):
    with open_bigwig(tracks[0]) as outer:
        one, (values, two) = outer._child._process.pid, served(tracks[1])
        assert outer.values("c", 0, 9).tolist() == [0.0] * 9
    assert values == [1.0] * 9
    assert is_alive(two)
    assert not is_alive(one)


def test_a_damaged_file_gets_no_other_file_into_trouble(tracks):
    _, before = served(tracks[0])
    with pytest.raises(FormatError, match=r"damaged\.bw: "), open_bigwig(tracks[2]):
        pass
    assert not is_alive(before)
    values, after = served(tracks[1])
    assert (values, after != before) == ([1.0] * 9, True)


def test_what_was_asked_and_not_taken_is_never_taken_for_another_answer(tracks):
    with open_bigwig(tracks[0]) as reader:
        pid = reader._child._process.pid
        reader._child.ask("values", contig="c", start=0, end=9)
    assert not is_alive(pid)
    with open_bigwig(tracks[0]) as reader:
        pid = reader._child._process.pid
        with pytest.raises(FormatError):
            reader._child.ask("values", contig="none", start=0, end=9)
    assert not is_alive(pid)
    with open_bigwig(tracks[0]) as reader:
        pid = reader._child._process.pid
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(FormatError, match="does not come to an end"):
            reader._child.ask("checksum", 0.0, contig="c")
    assert not is_alive(pid)
    assert served(tracks[1])[0] == [1.0] * 9


def test_one_that_does_not_come_to_an_end_with_closing_is_not_waited_for(tracks, monkeypatch):
    monkeypatch.setattr(_child, "_CLOSING", 0.2)
    with open_bigwig(tracks[0]) as reader:
        pid = reader._child._process.pid
        os.kill(pid, signal.SIGSTOP)
    assert not is_alive(pid)


def test_one_that_died_meanwhile_is_replaced(tracks):
    _, pid = served(tracks[0])
    child = _child._waiting["seqnet.formats.tracks.bigwig_worker"]
    os.kill(pid, signal.SIGKILL)
    child._process.wait()
    values, other = served(tracks[1])
    assert (values, other != pid) == ([1.0] * 9, True)


def test_one_process_reads_many_files_back_and_notices_the_wrong_one(tracks):
    with (
        pytest.raises(SeqnetError, match=r"b\.bw: could not be written \(c does not read back"),
        write_bigwig(tracks[1], {"c": 9}) as writer,
    ):
        writer.add("c", 0, np.full(9, 7))
        assert writer.covered == 9  # nothing waits any longer
        total, bits = writer.checksums.summaries()["c"]
        writer.checksums._found["c"] = (total ^ 1, bits)
    assert served(tracks[1])[0] == [1.0] * 9  # what was there before


@pytest.mark.parametrize("by_name", [False, True])
def test_modules_in_the_folder_one_happens_to_be_in(tracks, tmp_path, by_name):
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
        (folder / "reads.py").write_text(
            "import sys\nfrom seqnet.formats.tracks.bigwig import open_bigwig\n"
            "with open_bigwig(sys.argv[1]) as reader:\n    print(reader.lengths)\n"
        )
    (here / "pyBigWig.py").write_text("raise SystemExit(1)\n")
    command = ["-m", "reads"] if by_name else [str(elsewhere / "reads.py")]
    run = subprocess.run(
        [sys.executable, *command, tracks[0]], cwd=here, capture_output=True, text=True, check=False
    )
    # the folder is one of Python's own places where a module is started by its name, and only there
    assert run.stdout == ("" if by_name else "{'c': 9}\n")
    assert ("crashed on this file" in run.stderr) == by_name


def test_a_file_that_has_a_number_for_a_name_is_found_by_the_process(tracks):
    with Path(tracks[1]).open("rb") as stream:  # as /dev/stdin is, which the process has one of its own of
        assert served(f"/dev/fd/{stream.fileno()}")[0] == [1.0] * 9
