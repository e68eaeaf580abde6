"""Tables are aligned on a terminal and fit it; pipes and files get tabs."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from seqnet.commands import _tables
from tests.cli.test_golden import GOLDEN
from tests.conftest import EXAMPLE_DATA

WIDTH = 80
CASES = {
    "compare": (GOLDEN / "reb1.meme", EXAMPLE_DATA / "motifs.jaspar", "--q-value", "1"),
    "show": (EXAMPLE_DATA / "motifs.jaspar",),
    "evaluate": (GOLDEN / "scores.tsv", "--labels", GOLDEN / "labelled.bed", "--split", "all"),
    "enrich": (
        EXAMPLE_DATA / "motifs.jaspar", EXAMPLE_DATA / "sites.fa", "--against", GOLDEN / "few.fa", "--score", "5",
    ),
    "check": (GOLDEN / "odd.bed", "--genome", EXAMPLE_DATA / "genome.fa"),
}  # fmt: skip


def on_terminal(*args, width=WIDTH, stderr=subprocess.DEVNULL):
    """Run ``seqnet ARGS`` with its output on a terminal; return the exit code and what that shows."""
    lead, follow = pty.openpty()
    fcntl.ioctl(follow, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "seqnet", *map(str, args)],
        stdin=subprocess.DEVNULL, stdout=follow, stderr=follow if stderr is None else stderr,
        env={**env, "TERM": "xterm"},
    )  # fmt: skip
    os.close(follow)
    shown = b""
    while True:
        try:
            data = os.read(lead, 1 << 16)
        except OSError:  # how Linux says that the other side is closed
            break
        if not data:
            break
        shown += data
    os.close(lead)
    return process.wait(), [line.rstrip() for line in shown.decode().replace("\r\n", "\n").splitlines()]


def cells_of(lines):
    """The cells of aligned lines, those of blocks of columns side by side again."""
    blocks, block = [], []
    for line in [*lines, ""]:
        if line:
            block.append(re.split(r" {2,}", line))
        elif block:
            blocks.append(block)
            block = []
    return blocks


@pytest.mark.parametrize("command", ["compare", "evaluate", "show"])
def test_cells_on_a_terminal_are_those_of_a_pipe(run, command):
    code, shown = on_terminal(command, *CASES[command])
    piped = run(command, *CASES[command])
    assert (code, piped.code) == (0, 0)
    assert all(len(line) <= WIDTH for line in shown if not line.startswith("##"))
    assert not any("\t" in line for line in shown)
    expected = [line.split("\t") for line in piped.text.splitlines()]
    assert max(map(len, expected)) > 2
    blocks = cells_of(shown)
    rows = blocks[0]
    for block in blocks[1:]:  # the columns that name the rows come again
        width = next(i for i, (a, b) in enumerate(zip(block[-1], rows[-1], strict=False)) if a != b)
        above = len(rows) - len(block)
        rows = rows[:above] + [a + b[width:] for a, b in zip(rows[above:], block, strict=True)]
    assert rows == expected


@pytest.mark.parametrize("command", CASES)
def test_columns_are_aligned(command):
    code, shown = on_terminal(command, *CASES[command], width=1000)
    assert code == 0
    table = [line for line in shown if not line.startswith("##")]
    table = table[next(i for i, line in enumerate(table) if line.startswith(("#", "task"))) :]
    gaps = set.intersection(*({i for i, c in enumerate(line.ljust(1000)) if c == " "} for line in table))
    words = len(re.split(r" {2,}", table[0]))
    columns = sum(1 for i in gaps if i + 1 not in gaps and i + 1 < 1000)  # where a column begins
    assert columns + 1 >= words > 2


@pytest.mark.parametrize("command", CASES)
def test_pipes_and_files_get_tabs(run, tmp_path, command):
    piped = run(command, *CASES[command])
    written = run(command, *CASES[command], "-o", tmp_path / "out")
    assert (piped.code, written.code) == (0, 0)
    assert piped.out == (tmp_path / "out").read_bytes()
    assert b"\t" in piped.out
    code, shown = on_terminal(command, *CASES[command], "-o", tmp_path / "again")
    assert (code, shown) == (0, [])
    assert (tmp_path / "again").read_bytes() == piped.out


def test_long_texts_are_broken_between_words(run):
    code, shown = on_terminal("check", *CASES["check"])
    assert code == 0
    assert all(len(line) <= WIDTH for line in shown)
    messages = [
        line.split("\t")[3] for line in run("check", *CASES["check"]).text.splitlines() if "\t" in line
    ]
    assert max(map(len, messages)) > WIDTH
    words = " ".join(" ".join(shown).split())
    for word in messages[1].split():
        assert word in words.split()


def test_findings_are_shown_before_the_code_that_counts_errors(tmp_path, run):
    bed = tmp_path / "bad.bed"
    bed.write_text("#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tx\nchr1\t10\t20\ta\t.\t.\ttrain\t1\n" * 2)
    args = ("check", bed, "--genome", EXAMPLE_DATA / "genome.fa")
    assert run(*args).code == 1
    code, shown = on_terminal(*args)
    assert code == 1
    assert any(line.startswith("error  ") for line in shown)


def test_a_failing_command_prints_no_table(tmp_path):
    code, shown = on_terminal("show", tmp_path / "missing", stderr=None)
    assert code == 1
    assert len(shown) == 1
    assert shown[0].startswith("seqnet show: error: ")


def test_counts_of_label_are_aligned_on_a_terminal(run, tmp_path):
    args = ("label", GOLDEN / "few.bed", GOLDEN / "more.bed", "--genome", EXAMPLE_DATA / "genome.fa",
            "--width", 60, "-o", tmp_path / "out.bed")  # fmt: skip
    code, shown = on_terminal(*args, stderr=None)
    assert code == 0
    counts = next(i for i, line in enumerate(shown) if line.startswith("task "))
    piped = [line.split("\t") for line in run(*args).err.splitlines() if "\t" in line]
    assert [re.split(r" {2,}", line) for line in shown[counts : counts + 3]] == piped
    assert len({len(line) for line in shown[counts : counts + 3]}) == 1  # the last column holds numbers


TABLE = ["##command=x", "#name\tvalue\tmessage", "a\t1\tshort", "bb\t22.5\t" + "a longer text, " * 9]


@pytest.mark.parametrize("width", [12, 20, 40, 80, 400])
def test_nothing_is_lost_at_any_width(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    out = io.StringIO()
    _tables.print_tables(TABLE, out)
    lines = out.getvalue().splitlines()
    assert lines[0] == TABLE[0]
    assert all(len(line) <= width for line in lines[1:])
    letters = sorted("".join("".join(lines[1:]).split()))
    once = sorted("".join("".join(TABLE[1:]).split()))
    for letter in set(once):  # names of rows may come again with each block of columns
        assert letters.count(letter) >= once.count(letter)


def test_blocks_of_columns_begin_with_the_names(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    out = io.StringIO()
    _tables.print_tables(["#task\tauroc\tauprc\tece", "CTCF\t0.91234\t0.81234\tNA"], out)
    blocks = [[line.split() for line in block.splitlines()] for block in out.getvalue().split("\n\n")]
    assert [block for block in blocks if block] == [
        [["#task", "auroc"], ["CTCF", "0.91234"]],
        [["#task", "auprc", "ece"], ["CTCF", "0.81234", "NA"]],
    ]


def test_text_without_tabs_is_left_alone():
    out = io.StringIO()
    _tables.print_tables(["MEME version 4", "", "  0.25  0.25"], out)
    assert out.getvalue() == "MEME version 4\n\n  0.25  0.25\n"


def test_wide_letters_take_two_places(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    out = io.StringIO()
    _tables.print_tables(["#名\tx", "a\t1"], out)
    assert [line.rstrip() for line in out.getvalue().splitlines()] == ["#名  x", "a    1"]
