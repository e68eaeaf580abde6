"""Progress appears on a terminal, on long work, and nowhere else."""

import os
import subprocess
import sys

import pytest


def stderr_on_a_terminal(*args):
    master, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "seqnet", *map(str, args)], stdout=subprocess.DEVNULL, stderr=terminal
    )
    os.close(terminal)
    text = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        text += piece
    os.close(master)
    assert process.wait() == 0, text
    return text.decode()


@pytest.fixture
def long_work(prepared, tmp_path):
    """Something that takes more than a second."""
    return ("train", "cnn", "--regions", prepared / "regions.bed", "--genome", prepared.data / "genome.fa",
            "--epochs", 2, "-o", tmp_path / "m.safetensors")  # fmt: skip


@pytest.mark.slow
def test_a_bar_shows_on_a_terminal_and_is_taken_away(long_work):
    text = stderr_on_a_terminal(*long_work)
    assert "rows" in text
    assert "%" in text
    assert "seqnet train cnn: parts on the validation rows" in text.rstrip().splitlines()[-1]


@pytest.mark.slow
def test_no_bar_in_a_pipe_or_under_q(long_work, run):
    finished = run(*long_work)
    assert "\x1b" not in finished.err
    assert [line for line in finished.err.splitlines() if not line.startswith("seqnet train cnn: ")] == []
    assert stderr_on_a_terminal(*long_work, "-q") == ""


def test_short_work_shows_none(prepared):
    assert stderr_on_a_terminal("pssm", prepared / "reb1.meme") == ""


def test_a_bar_says_how_fast_it_is_and_what_is_left(monkeypatch):
    """In one process, with a clock that runs ahead, so that no work need last."""
    from seqnet.commands import _console

    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr(_console.time, "monotonic", lambda: float(next(clock)))
    bar = _console.ProgressBar("bases", 10_000_000)
    assert bar._rate() == "0 bases/s"
    bar._done = 6_000_000
    assert bar._rate() == "1.5M bases/s"  # four seconds after it began
    drawn, _ = bar._start()
    kinds = [type(column).__name__ for column in drawn.columns]
    drawn.stop()
    assert kinds[-2:] == ["TaskProgressColumn", "TimeRemainingColumn"]
    drawn, _ = _console.ProgressBar("bases", None)._start()
    drawn.stop()
    assert "TimeRemainingColumn" not in [type(column).__name__ for column in drawn.columns]
