"""Faults while writing: full disks, kills, folders that cannot be written."""

import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import EXAMPLE_DATA, heed_interrupts
from tests.running import run_child, run_seqnet

pytestmark = pytest.mark.fault
GENOME = EXAMPLE_DATA / "genome.fa"
MOTIFS = EXAMPLE_DATA / "motifs.jaspar"

WRITERS = {
    "hits.bed": ["scan", MOTIFS, GENOME, "--p-value", "0.05"],
    "hits.bed.gz": ["scan", MOTIFS, GENOME, "--p-value", "0.05"],
    "track.bw": ["scan", MOTIFS, GENOME, "--motif", "CTCF", "--track"],
    "table.npz": ["kmer-featurize", GENOME, "-k", "8", "-o"],
    "regions.bed": [
        "label",
        EXAMPLE_DATA / "peaks" / "CTCF.narrowPeak",
        "--genome",
        GENOME,
        "--width",
        "50",
        "-q",
    ],
}


def command(name, out):
    args = [str(arg) for arg in WRITERS[name]]
    return args + ([] if args[-1] in ("--track", "-o") else ["-o"]) + [str(out)]


def limited(size):
    """Limit the size of any file this process writes."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("size", [0, 4096, 40_000])
def test_a_file_that_may_not_grow_leaves_the_old_one(tmp_path, name, size):
    out = tmp_path / name
    out.write_bytes(b"old")
    finished = subprocess.run(
        [sys.executable, "-m", "seqnet", *command(name, out)],
        capture_output=True, text=True, preexec_fn=lambda: limited(size), check=False,
    )  # fmt: skip
    if size == 40_000 and name == "regions.bed":
        assert finished.returncode == 0  # small enough
        return
    assert finished.returncode == 1, finished
    assert finished.stderr.count("\n") == 1
    assert name in finished.stderr
    assert out.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [name]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("filler", [0, 150_000, 250_000])
@pytest.mark.parametrize("name", ["hits.bed", "track.bw", "table.npz"])
def test_a_full_disk_says_so_and_leaves_nothing(small_disk, name, filler):
    (small_disk / "filler").write_bytes(b"x" * filler)
    finished = run_seqnet(*command(name, small_disk / name))
    assert finished.code == 1, finished
    assert "no space left on device" in finished.err
    assert name in finished.err
    assert finished.err.count("\n") == 1
    assert os.listdir(small_disk) == ["filler"]


@pytest.mark.parametrize("name", WRITERS)
def test_a_killed_run_leaves_no_half_file_and_the_next_sweeps(tmp_path, name):
    whole = run_child(*command(name, tmp_path / name))
    assert whole.code == 0, whole.err
    complete = (tmp_path / name).read_bytes()
    begun = time.monotonic()
    run_child(*command(name, tmp_path / name))
    lasts = time.monotonic() - begun
    generator = random.Random(0)
    for _ in range(8):
        (tmp_path / name).write_bytes(b"old")
        process = subprocess.Popen(
            [sys.executable, "-m", "seqnet", *command(name, tmp_path / name)], stderr=subprocess.DEVNULL
        )
        time.sleep(generator.uniform(0, lasts))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (tmp_path / name).read_bytes() in (b"old", complete)
    assert run_seqnet(*command(name, tmp_path / name)).code == 0
    assert (tmp_path / name).read_bytes() == complete
    for _ in range(50):  # the killed runs' helpers notice their closed pipes and let go
        if os.listdir(tmp_path) == [name]:
            break
        time.sleep(0.1)
        run_seqnet("build-pwm", EXAMPLE_DATA / "sites.fa", "-o", tmp_path / name)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("name", ["hits.bed", "track.bw"])
def test_signals_end_with_their_code_and_clean_up(tmp_path, name, number, code):
    process = subprocess.Popen(
        [sys.executable, "-m", "seqnet", *command(name, tmp_path / name)],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    while not any(entry.endswith(".seqnet-tmp") for entry in os.listdir(tmp_path)):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert err.count("\n") <= 1
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_an_error_before_the_work(tmp_path):
    tmp_path.chmod(0o500)
    finished = run_seqnet(*command("hits.bed", tmp_path / "hits.bed"))
    tmp_path.chmod(0o700)
    assert finished.code == 1
    assert "permission denied" in finished.err


def test_a_folder_that_does_not_exist_is_an_error_naming_the_file(tmp_path):
    finished = run_seqnet(*command("hits.bed", tmp_path / "no" / "hits.bed"))
    assert finished.code == 1
    assert finished.err == f"seqnet scan: error: {tmp_path}/no/hits.bed: no such file or directory\n"


@pytest.mark.parametrize(
    "line",
    [
        "train linear --positives {a} --negatives shuffle -k 3 -o {no}/m.safetensors",
        "train linear --positives {a} --negatives shuffle -k 3 -o {t}/m.safetensors --json {no}/m.json",
        "train dense --positives {a} --negatives shuffle -k 3 -o {t}/m.safetensors --metrics {no}/m.tsv",
        "train cnn --positives {a} --negatives shuffle -o {t}/m.safetensors --plot {no}/m.svg",
        "train cnn --signal {a} --target-track {a} -o {no}/m.safetensors",
        "evaluate {a} --labels {a} --report {no}/r.html",
        "evaluate {a} --labels {a} --mqc {no}/r",
        "evaluate {a} --labels {a} --json {no}/r.json",
    ],
)
def test_folders_are_looked_at_before_the_work(tmp_path, line):
    """The inputs do not exist either, and would be missed first if they were read first."""
    no = tmp_path / "no"
    finished = run_seqnet(*line.format(a=tmp_path / "absent.fa", no=no, t=tmp_path).split())
    assert finished.code == 1
    assert re.fullmatch(rf"seqnet \S+( \S+)?: error: {no}/\S+: no such file or directory\n", finished.err)
    assert os.listdir(tmp_path) == []


def test_a_folder_in_the_way_of_a_side_file_is_seen_before_the_work(tmp_path):
    (tmp_path / "m.json").mkdir()
    line = f"train linear --positives a.fa --negatives shuffle -k 3 -o {tmp_path}/m --json {tmp_path}/m.json"
    finished = run_seqnet(*line.split())
    assert (finished.code, finished.err.split(": ")[-1]) == (1, "is a directory\n")


def test_two_runs_one_output(tmp_path):
    out = tmp_path / "hits.bed"
    runs = [
        subprocess.Popen([sys.executable, "-m", "seqnet", *command("hits.bed", out)], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [run.wait() for run in runs] == [0] * 4
    for run in runs:
        run.stderr.close()
    alone = tmp_path / "alone.bed"
    assert run_seqnet(*command("hits.bed", alone)).code == 0
    assert out.read_bytes() == alone.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["alone.bed", "hits.bed"]


def test_out_of_memory_is_one_line(tmp_path):
    import resource

    def cramped():
        resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))

    big = tmp_path / "big.fa"
    with big.open("wb") as stream:
        stream.write(b">c\n")
        for _ in range(400):
            stream.write(b"ACGT" * 250_000 + b"\n")
    bed = tmp_path / "big.bed"
    bed.write_text("c\t0\t100\n")
    finished = subprocess.run(
        [sys.executable, "-m", "seqnet", "kmer-featurize", "--genome", str(big), "--regions", str(bed), "-o", str(tmp_path / "t.npz")],
        capture_output=True, text=True, preexec_fn=cramped, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    assert finished.returncode == 1
    assert finished.stderr.startswith("seqnet kmer-featurize: error: out of memory")
    assert finished.stderr.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["big.bed", "big.fa"]
