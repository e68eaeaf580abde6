"""Thresholds, choices, formats and the stream of scan's hits, as users meet them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pysam
import pytest
from scipy.stats import false_discovery_control

from seqnet.commands._boundary import CommandError
from seqnet.formats.sequences.fasta import read_genome
from tests.conftest import EXAMPLE_DATA, heed_interrupts

MOTIFS = EXAMPLE_DATA / "motifs.jaspar"
REB1 = Path(__file__).parent / "golden" / "reb1.meme"
WIDTHS = {"CTCF": 19, "GATA1": 6, "REB1": 15}


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    """40 kb of each contig, with ambiguous stretches."""
    path = tmp_path_factory.mktemp("genome") / "g.fa"
    lines, kept = [], 0
    for line in (EXAMPLE_DATA / "genome.fa").read_text().splitlines():
        kept = 0 if line.startswith(">") else kept + 1
        if kept <= 40_000 // 60:
            lines.append("N" * 60 if kept % 300 == 100 else line)
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def scan(inside, genome, tmp_path):
    """Scan all motifs; returns the rows' fields."""

    def rows(*options, motifs=MOTIFS):
        inside("scan", motifs, genome, "-q", *options, "-o", tmp_path / "hits.out")
        lines = (tmp_path / "hits.out").read_text().splitlines()
        return [line.split("\t") for line in lines if not line.startswith("#")]

    return rows


def test_hits_per_mb_is_a_p_value_on_both_strands(scan):
    assert scan("--hits-per-mb", 400) == scan("--p-value", 2e-4) != scan("--p-value", 4e-4)


def test_a_relative_score_lies_between_the_extremes_of_its_motif(scan, inside, tmp_path):
    inside("pssm", MOTIFS, "--thresholds", tmp_path / "t.tsv", "-q", "-o", tmp_path / "x.pssm")
    everything = scan("--score", 2, "--motif", "REB1", "--motif", "CTCF")
    table = [line.split("\t") for line in (tmp_path / "t.tsv").read_text().splitlines() if line[0] != "#"]
    expected = []
    for motif in ("REB1", "CTCF"):
        # the thresholds' table says two points of each motif's line from score to relative score
        points = [(float(row[3]), float(row[5])) for row in table if row[0] == motif and row[3] != "."]
        (x0, y0), (x1, y1) = points[0], points[-1]
        score = x0 + (0.8 - y0) * (x1 - x0) / (y1 - y0)
        expected += [row for row in everything if row[3] == motif and float(row[6]) > score + 1e-3]
        near = [row for row in everything if row[3] == motif and abs(float(row[6]) - score) <= 1e-3]
        assert not near
    found = scan("--relative-score", 0.8, "--motif", "REB1", "--motif", "CTCF")
    # p-values are bounds, tabulated as far down as a scan needs them
    assert sorted(row[:4] + row[5:7] for row in found) == sorted(row[:4] + row[5:7] for row in expected)
    assert {row[3] for row in found} == {"REB1", "CTCF"}


def test_a_relative_score_of_minus_infinity_is_an_error(scan):
    with pytest.raises(CommandError, match=r"has scores of -inf, so relative scores are undefined"):
        scan("--relative-score", 0.8, "--pseudocount", "none")


def test_the_top_hits_are_the_best_of_all_in_the_usual_order(scan):
    everything = scan("--p-value", 1e-3)
    kept = []
    for motif in ("CTCF", "REB1", "GATA1"):
        mine = [i for i, row in enumerate(everything) if row[3] == motif]
        assert len(mine) > 25
        kept += sorted(mine, key=lambda i: (float(everything[i][7]), -float(everything[i][6]), i))[:25]
    assert scan("--p-value", 1e-3, "--top", 25) == [everything[i] for i in sorted(kept)]


def test_best_is_the_best_hit_of_each_sequence_and_motif(scan):
    everything = scan("--p-value", 1e-3)
    best = {}
    for row in everything:
        key = row[0], row[3]
        if key not in best or float(row[6]) > float(best[key][6]):
            best[key] = row
    found = scan("--p-value", 1e-3, "--best")
    assert found == [row for row in everything if best[row[0], row[3]] == row]
    assert len(found) == 4 * 3


def windows_of(path):
    """Windows without an ambiguous base, both strands, counted one by one."""
    codes = read_genome(str(path)).codes.values()
    return {
        name: 2 * sum(int((np.lib.stride_tricks.sliding_window_view(c, width) < 4).all(axis=1).sum()) for c in codes)
        for name, width in WIDTHS.items()
    }  # fmt: skip


@pytest.mark.parametrize("scope", ["motif", "all"])
def test_q_values_are_scipy_s_over_every_window(scan, genome, tmp_path, scope):
    plain = scan("--p-value", 1e-3)
    rows = scan("--p-value", 1e-3, "--q-column", "--q-scope", scope, "--tests", tmp_path / "t.tsv")
    assert [row[:8] + row[9:] for row in rows] == [row[:8] + row[9:] for row in plain]
    windows = windows_of(genome)
    table = [line.split("\t") for line in (tmp_path / "t.tsv").read_text().splitlines() if line[:2] != "##"]
    assert table[0] == ["#motif", "windows", "hits"]
    assert {name: int(number) for name, number, _ in table[1:]} == windows
    assert {name: int(hits) for name, _, hits in table[1:]} == {
        n: sum(r[3] == n for r in rows) for n in WIDTHS
    }
    for group in [set(WIDTHS)] if scope == "all" else [{name} for name in WIDTHS]:
        mine = [row for row in rows if row[3] in group]
        p = np.ones(sum(windows[name] for name in group))
        p[: len(mine)] = [float(row[7]) for row in mine]
        expected = false_discovery_control(p)[: len(mine)]
        np.testing.assert_allclose([float(row[8]) for row in mine], expected, rtol=1e-5)
    kept = scan("--p-value", 1e-3, "--q-value", 0.1, "--q-scope", scope)
    assert kept == [row for row in rows if float(row[8]) <= 0.1] != []


def test_overlaps_are_resolved_over_all_motifs_of_a_sequence(scan):
    everything = scan("--p-value", 0.004)
    order = {"CTCF": 1, "GATA1": 0, "REB1": 2}

    def better(row):
        return -float(row[6]), int(row[1]), row[5] == "-", order[row[3]]

    kept = []
    for row in sorted(everything, key=better):
        if all(row[0] != k[0] or int(row[2]) <= int(k[1]) or int(k[2]) <= int(row[1]) for k in kept):
            kept.append(row)
    found = scan("--p-value", 0.004, "--overlaps", "nonoverlapping")
    assert found == [row for row in everything if row in kept]
    assert len(found) < len(everything)
    assert scan("--p-value", 0.004, "--overlaps", "all") == everything


@pytest.mark.parametrize(
    "options",
    [[], ["--best"], ["--top", 9], ["--q-value", 0.5], ["--overlaps", "nonoverlapping"], ["--to", "gff3"]],
    ids=str,
)
def test_threads_and_the_size_of_pieces_do_not_change_bytes(seqnet_ok, genome, options):
    line = ["scan", MOTIFS, "-q", "--p-value", 1e-3, *options]
    whole = seqnet_ok(*line, genome).out
    assert seqnet_ok(*line, genome, "-t", 2).out == whole
    process = subprocess.Popen(
        [sys.executable, "-m", "seqnet", *map(str, line), "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    data = genome.read_bytes()
    for start in range(0, len(data), 10_007):
        process.stdin.write(data[start : start + 10_007])
        process.stdin.flush()
        time.sleep(0.001)  # so that the reader finds short pieces
    out, _ = process.communicate()
    assert process.returncode == 0
    assert out == whole


def test_fimo_s_table_has_its_header_first_and_counts_from_one(scan, tmp_path):
    rows = scan("--q-column")
    lines = scan("--q-column", "--to", "fimo")
    assert "\t".join(lines[0]).startswith(
        "motif_id\tmotif_alt_id\tsequence_name\tstart\tstop\tstrand\tscore\t"
    )
    chrom, start, end, name, _, strand, score, p, q, word, alternate = rows[0]
    first = [name, alternate, chrom, str(int(start) + 1), end, strand, f"{float(score):.6g}", p, q, word]
    assert lines[1] == first
    assert len(lines) == 1 + len(rows)
    assert scan("--q-column", "--to", "fimo", "--no-header") == lines[1:]


def test_the_reported_word_is_what_lies_at_gff3_coordinates(scan, genome):
    letters = {
        name: "".join("ACGTN"[c] for c in codes) for name, codes in read_genome(str(genome)).codes.items()
    }
    rows = scan("--to", "gff3")
    for row in rows:
        word = letters[row[0]][int(row[3]) - 1 : int(row[4])]
        if row[6] == "-":
            word = word[::-1].translate(str.maketrans("ACGT", "TGCA"))
        assert dict(entry.split("=") for entry in row[8].split(";"))["sequence"] == word
    assert rows


@pytest.mark.parametrize("suffix", ["bed.gz", "narrowPeak.gz", "gff3.bgz"])
def test_an_index_finds_the_hits_of_a_place(inside, genome, tmp_path, suffix):
    out = tmp_path / f"hits.{suffix}"
    inside("scan", MOTIFS, genome, "-q", "--p-value", 1e-3, "--index", "-o", out)
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name, f"{out.name}.tbi"]
    inside("scan", MOTIFS, genome, "-q", "--p-value", 1e-3, "-o", tmp_path / "plain.bed")
    rows = [r.split("\t") for r in (tmp_path / "plain.bed").read_text().splitlines() if not r.startswith("#")]
    expected = [r for r in rows if r[0] == "chr3" and int(r[1]) < 20_000 and int(r[2]) > 5_000]
    with pysam.TabixFile(str(out)) as table:
        found = [line.split("\t") for line in table.fetch("chr3", 5_000, 20_000)]
        assert table.contigs == list(dict.fromkeys(r[0] for r in rows))
    begins = [int(r[1]) for r in found] if "gff" not in suffix else [int(r[3]) - 1 for r in found]
    assert begins == [int(r[1]) for r in expected] != []


def test_no_hits_have_an_index_too(inside, genome, tmp_path):
    out = tmp_path / "none.bed.gz"
    inside("scan", MOTIFS, genome, "-q", "--score", 99, "--index", "-o", out)
    with pysam.TabixFile(str(out)) as table:
        assert table.contigs == []


def test_hits_appear_while_the_input_still_comes(genome):
    """The first hits are read before the sequences end, and before they fill a block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "seqnet", "scan", str(REB1), "-", "--no-header", "--p-value", "0.01"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.stdin.write(genome.read_bytes() + b">more\nGT")
        process.stdin.flush()
        first = process.stdout.readline()  # would wait for ever if hits waited for the end
        assert first.startswith(b"chr1\t")
        process.stdin.write(b"TATTACCCGGATG\n")
        process.stdin.close()
        assert b"more\t" in process.stdout.read()
        assert process.wait() == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_signals_leave_nothing_of_the_hits_that_wait(genome, tmp_path, number, code):
    (tmp_path / "spool").mkdir()
    (tmp_path / "out").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "seqnet", "scan", str(REB1), "-", "--p-value", "0.5", "--q-column",
         "--tmpdir", str(tmp_path / "spool"), "--tests", str(tmp_path / "out" / "t"),
         "-o", str(tmp_path / "out" / "h.bed")],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed_interrupts,
    )  # fmt: skip
    process.stdin.write(genome.read_bytes())
    process.stdin.flush()
    spool = Path(f"/proc/{process.pid}/fd")
    if spool.is_dir():
        while not any("seqnet-" in link_of(entry) for entry in spool.iterdir()):
            assert process.poll() is None
            time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == code
    assert err.count(b"\n") <= 1
    assert os.listdir(tmp_path / "spool") == []
    left = os.listdir(tmp_path / "out")
    assert all(name.endswith(".seqnet-tmp") for name in left) if number == signal.SIGKILL else left == []


def link_of(entry):
    try:
        return str(entry.readlink())
    except OSError:  # closed since it was listed
        return ""


def test_a_folder_for_waiting_hits_that_is_not_there_is_an_error(run, genome, tmp_path):
    finished = run("scan", REB1, genome, "--q-column", "--tmpdir", tmp_path / "no", "-o", tmp_path / "h")
    assert (finished.code, finished.err) == (
        1,
        f"seqnet scan: error: {tmp_path}/no: no such file or directory\n",
    )
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="limits of this kind are Linux's")
def test_no_room_for_waiting_hits_is_an_error_naming_the_folder(genome, tmp_path):
    import resource

    finished = subprocess.run(
        [sys.executable, "-m", "seqnet", "scan", str(REB1), str(genome), "--p-value", "0.5", "--q-column",
         "--tmpdir", str(tmp_path)],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )  # fmt: skip
    assert finished.returncode == 1
    assert finished.stderr == f"seqnet scan: error: {tmp_path}: file too large\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--p-value", "1e-4", "--relative-score", ".9"], "--p-value and --relative-score exclude each other"),
        (["--score", "0", "--hits-per-mb", "1"], "--score and --hits-per-mb exclude each other"),
        (["--top", "3", "--q-value", ".1"], "--top and --q-value exclude each other"),
        (["--q-column", "--q-value", ".1"], "--q-value and --q-column exclude each other"),
        (["--q-scope", "all"], "--q-scope needs --q-value or --q-column"),
        (["--best", "--overlaps", "best-strand"], "--best and --overlaps exclude each other"),
        (["--per-sequence", "--top", "3"], "--per-sequence and --top exclude each other"),
        (["--per-sequence", "--to", "bed"], "--per-sequence and --to exclude each other"),
        (["--track", "x.bw", "--score", "0"], "--track and --score exclude each other"),
        (["--track", "x.bw", "-o", "y"], "--track and -o exclude each other"),
        (["--track-min", "0"], "--track-min needs --track"),
        (["--track-max"], "--track-max needs --track"),
        (["--track-strand", "+"], "--track-strand needs --track"),
        (["--index"], "--index needs -o FILE.gz"),
        (["--index", "-o", "no/x.bed"], "--index needs -o FILE.gz"),
        (["--index", "-o", "x.tsv.gz"], "--index is for BED, narrowPeak and GFF3, not for fimo"),
        (["--tests", "-"], "-o and --tests would both be written to standard output"),
        (["--relative-score", "1.5"], "'1.5' is not in the range"),
        (["--hits-per-mb", "0"], "'0' is not in the range"),
    ],
)  # fmt: skip
def test_contradictions_are_usage_errors(inside, genome, options, message):
    with pytest.raises((click.UsageError, CommandError)) as failure:
        inside("scan", REB1, genome, *options)
    assert getattr(failure.value, "code", 2) == 2
    assert message in (str(failure.value) or failure.value.format_message())


def test_no_hit_with_the_requested_q_value_is_said_with_the_smallest(run, prepared, tmp_path):
    genome, tests = prepared.data / "genome.fa", tmp_path / "t.tsv"
    every = run("scan", prepared / "reb1.meme", genome, "--q-column", "--header", "none", "-q")
    smallest = min(float(row[8]) for row in every.rows)
    line = f"0 of {len(every.rows):,} hits have q ≤ 1e-09; the smallest is {smallest:.2g}\n"
    none = run("scan", prepared / "reb1.meme", genome, "--q-value", 1e-9, "--header", "none")
    assert (none.code, none.out) == (0, b"")
    assert none.err.endswith(f"seqnet scan: {line}")
    assert (
        run("scan", prepared / "reb1.meme", genome, "--tests", tests, "-q", "-o", tmp_path / "h.bed").code
        == 0
    )
    merged = run("merge-hits", tmp_path / "h.bed", "--tests", tests, "--q-value", 1e-9, "--header", "none")
    assert (merged.code, merged.out, merged.err) == (0, b"", f"seqnet merge-hits: {line}")
