"""Commands piped together by a real shell."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import EXAMPLE_DATA


def shell(line, cwd=EXAMPLE_DATA):
    """Run a line of bash in which ``seqnet`` is the one under test."""
    setup = f'set -o pipefail; seqnet() {{ "{sys.executable}" -m seqnet "$@"; }}; export -f seqnet; '
    return subprocess.run(["bash", "-c", setup + line], capture_output=True, text=True, cwd=cwd, check=False)


def test_sites_to_hits_in_one_pipe():
    line = (
        "seqnet build-pwm sites.fa | seqnet pssm - --background uniform | "
        "seqnet scan - genome.fa --p-value 1e-4 | head -3"
    )
    finished = shell(line)
    assert finished.returncode in (0, 141)
    assert finished.stderr == ""
    assert len(finished.stdout.splitlines()) == 3


def test_the_pipe_gives_what_files_give(tmp_path):
    piped = shell("seqnet build-pwm sites.fa | seqnet pssm - | seqnet scan - genome.fa --no-header")
    files = shell(
        f"seqnet build-pwm sites.fa -o {tmp_path}/m && seqnet pssm {tmp_path}/m -o {tmp_path}/p && "
        f"seqnet scan {tmp_path}/p genome.fa --no-header"
    )
    assert piped.stdout == files.stdout != ""


def test_hits_sort_and_count_with_unix_tools():
    line = (
        "cat sites.fa | seqnet build-pwm - | seqnet pssm - --background from:genome.fa | "
        "seqnet scan - genome.fa | grep -v '^#' | sort -k7,7gr | sed -n 1p | cut -f10"
    )
    finished = shell(line)
    assert finished.returncode == 0, finished.stderr
    assert "TTACCCG" in finished.stdout


def test_genome_on_stdin():
    direct = shell("seqnet scan motifs.jaspar genome.fa --motif CTCF --no-header")
    piped = shell("gzip -c genome.fa | seqnet scan motifs.jaspar --motif CTCF --no-header")
    assert direct.stdout == piped.stdout != ""


def test_two_tables_joined_by_cat_and_one_that_lost_its_header(tmp_path):
    label = "seqnet label peaks/REB1.narrowPeak --genome genome.fa --width 100 -q"
    finished = shell(
        f"{label} --chroms chr1 --negatives 0 > {tmp_path}/a; {label} --chroms chr2 --negatives 0 > {tmp_path}/b; "
        f"cat {tmp_path}/a {tmp_path}/b | seqnet kmer-featurize --regions - --genome genome.fa -k 2 --no-header | wc -l"
    )
    rows = sum(
        not line.startswith("#") for name in "ab" for line in (tmp_path / name).read_text().splitlines()
    )
    assert int(finished.stdout) == rows > 100


@pytest.mark.parametrize(
    ("target", "check"),
    [("/dev/stdout", "> {out}"), ("/dev/stderr", "2> {out}"), (">(cat > {out})", "; sleep 0.3")],
)
def test_special_outputs_are_written_through(tmp_path, target, check):
    out = tmp_path / "out"
    line = f"seqnet build-pwm sites.fa -q -o {target} {check}".format(out=out)
    assert shell(line).returncode == 0
    assert out.read_text().startswith("MEME version 4")


def test_c_locale_and_odd_names(tmp_path):
    genome = tmp_path / "g.fa"
    genome.write_bytes(b">caf\xe9 x\nTTACCCGGTTACCCGG\n")
    finished = subprocess.run(
        [sys.executable, "-m", "seqnet", "scan", str(EXAMPLE_DATA / "motifs.jaspar"), str(genome),
         "--motif", "GATA1", "--score", "-5", "--no-header"],
        capture_output=True, env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith(b"caf\xe9\t")


@pytest.mark.slow
def test_the_demo_script_runs_and_ends_with_the_metrics(tmp_path):
    script = Path(__file__).resolve().parents[2] / "workflows" / "demo.sh"
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "seqnet").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m seqnet "$@"\n')
    (bin_folder / "seqnet").chmod(0o755)
    env = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    finished = subprocess.run(
        ["bash", str(script), str(EXAMPLE_DATA), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    last = finished.stdout.strip().splitlines()[-1].split("\t")
    assert last[0] == "mean"
    assert float(last[4]) > 0.75  # auROC of the network on the held-out chromosome
    assert {p.name for p in (tmp_path / "out").iterdir()} >= {"reb1.meme", "reb1.hits.bed", "cnn.CTCF.bw"}


def test_peaks_to_labels_to_negatives_to_k_mers():
    label = "seqnet label peaks/REB1.narrowPeak --genome genome.fa --width 100 --negatives 0 -q"
    finished = shell(
        f"{label} | grep -vc '^#'; {label} | seqnet negatives --genome genome.fa -q | "
        "seqnet kmer-featurize --regions - --genome genome.fa -k 2 --no-header | cut -f1 | cut -d: -f1 | sort | uniq -c"
    )
    assert finished.returncode == 0, finished.stderr
    positives, *kinds = finished.stdout.split()
    assert sum(int(n) for n, kind in zip(kinds[::2], kinds[1::2], strict=True) if kind == "neg_gc") == int(
        positives
    )
    assert sum(map(int, kinds[::2])) == 2 * int(positives)


def test_shuffles_are_read_from_a_pipe():
    finished = shell(
        "gzip -c sites.fa | seqnet negatives --shuffle dinucleotide --only -q | seqnet background - -q"
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == shell("seqnet background sites.fa -q").stdout.replace("sites.fa", "stdin")
