"""Training that is stopped, killed, starved or fed nonsense."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from tests.conftest import EXAMPLE_DATA
from tests.running import run_seqnet

pytestmark = pytest.mark.fault
GENOME = EXAMPLE_DATA / "genome.fa"


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Few labelled regions and their k-mers."""
    folder = tmp_path_factory.mktemp("labelled")
    peaks = EXAMPLE_DATA / "peaks" / "CTCF.narrowPeak"
    whole = run_seqnet(
        "label",
        peaks,
        "--genome",
        GENOME,
        "--width",
        60,
        "--valid-chroms",
        "chr3",
        "--test-chroms",
        "chr4",
        "-q",
    )
    assert whole.code == 0, whole.err
    (folder / "regions.bed").write_text(whole.text)
    made = run_seqnet(
        "kmer-featurize",
        "--regions",
        folder / "regions.bed",
        "--genome",
        GENOME,
        "-k",
        3,
        "-o",
        folder / "k.npz",
    )
    assert made.code == 0, made.err
    return folder


def command(labelled, kind):
    """A short training run of one kind."""
    regions = ["--regions", labelled / "regions.bed", "--genome", GENOME]
    kinds = {
        "dense": ["dense", "--features", labelled / "k.npz", "--labels", labelled / "regions.bed",
                  "--epochs", 12, "--schedule", "plateau", "--optimiser", "rmsprop", "--balance"],
        "lecture": ["cnn", *regions, "--preset", "lecture", "--epochs", 8, "--ema", 0.9, "--clip", 1],
        "default": ["cnn", *regions, "--epochs", 3, "--batch-size", 64],
        "ensemble": ["cnn", *regions, "--preset", "lecture", "--epochs", 3, "--ensemble", 3],
    }  # fmt: skip
    return ["train", *kinds[kind], "--threads", 1, "--seed", 3, "-q"]


KINDS = ("dense", "lecture", "default")


def digests(folder):
    """SHA-256 of all that a run leaves, but its checkpoints."""
    return {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir()) if p.is_file()
    }


def kept(folder, every):
    return ["--checkpoint-dir", folder / "run", "--checkpoint-every", every]


def start(args):
    """Start a run, as the leader of its own process group."""
    return subprocess.Popen(
        [sys.executable, "-m", "seqnet", *map(str, args)], stderr=subprocess.PIPE, start_new_session=True
    )


def wait_for(happens, process, seconds=120):
    """Wait until something happens, while a process runs."""
    end = time.monotonic() + seconds
    while not happens() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)


@pytest.fixture(scope="module")
def unbroken(labelled, tmp_path_factory):
    """What each kind leaves when nothing happens, and how many steps it takes."""
    found = {}

    def get(kind):
        if kind not in found:
            folder = tmp_path_factory.mktemp(f"unbroken_{kind}")
            finished = run_seqnet(*command(labelled, kind), "-o", folder / "m.safetensors")
            assert finished.code == 0, finished.err
            summary = json.loads((folder / "m.json").read_text())
            batches = summary["splits"]["train"]["rows"] // summary["options"]["batch-size"]
            found[kind] = digests(folder), len(summary["history"]) * batches
        return found[kind]

    return get


def last_step(folder):
    """The step of the last checkpoint; of an ensemble the sum over its networks."""
    networks = [folder / "run", *(folder / "run").glob("member-*")]
    names = [sorted(path.name for path in network.glob("checkpoint-*")) for network in networks]
    return sum(int(own[-1].split("-")[1].split(".")[0]) for own in names if own)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("kind", "kills"), [("dense", 7), ("lecture", 7), ("default", 6), ("ensemble", 7)])
def test_runs_killed_at_random_times_end_with_the_same_bytes(labelled, unbroken, tmp_path, kind, kills):
    expected, steps = unbroken(kind)
    chance = random.Random(kind)
    args = [*command(labelled, kind), "-o", tmp_path / "m.safetensors", *kept(tmp_path, 2), "--resume"]
    killed = 0
    for _ in range(kills):
        process = start(args)
        # at any time after some progress, or before there is any
        goal = last_step(tmp_path) + chance.uniform(0, 0.5 * steps / kills) * (chance.random() < 0.8)
        wait_for(lambda goal=goal: last_step(tmp_path) >= goal, process)
        time.sleep(chance.uniform(0, 0.02))
        killed += process.poll() is None  # a fast machine may have finished it
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert killed >= 3
    finished = run_seqnet(*args)
    assert finished.code == 0, finished.err
    assert digests(tmp_path) == expected


@pytest.mark.parametrize(("number", "options", "code"), [
    (signal.SIGTERM, [], 143), (signal.SIGUSR1, ["--requeue-code", 99], 99),
])  # fmt: skip
def test_signals_save_the_state_and_end_with_their_code(labelled, unbroken, tmp_path, number, options, code):
    expected, _ = unbroken("lecture")
    args = [*command(labelled, "lecture"), "-o", tmp_path / "m.safetensors", *options]
    process = start([*args, *kept(tmp_path, 5)])
    wait_for(lambda: list((tmp_path / "run").glob("checkpoint-*")), process)
    process.send_signal(number)
    message = process.communicate()[1].decode()
    assert process.returncode == code
    assert message.count("\n") == 1
    assert "stopped in epoch" in message
    assert "--resume" in message
    assert not (tmp_path / "m.safetensors").exists()
    finished = run_seqnet(*args, *kept(tmp_path, 5), "--resume")
    assert finished.code == 0, finished.err
    assert digests(tmp_path) == expected


@pytest.mark.slow
def test_a_finished_run_restores_its_outputs(labelled, unbroken, tmp_path):
    expected, _ = unbroken("dense")
    args = [*command(labelled, "dense"), "-o", tmp_path / "m.safetensors", *kept(tmp_path, "9s")]
    assert run_seqnet(*args, "--resume").code == 0  # no checkpoint there: starts
    for path in tmp_path.iterdir():
        if path.is_file():
            path.unlink()
    assert run_seqnet(*args, "--resume").code == 0
    assert digests(tmp_path) == expected


@pytest.mark.slow
def test_what_cannot_be_resumed_is_said_in_one_line(labelled, tmp_path):
    args = [*command(labelled, "dense"), "-o", tmp_path / "m.safetensors", *kept(tmp_path, 3)]
    assert run_seqnet(*args).code == 0
    again = run_seqnet(*args)
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "run is not empty; add --resume" in again.err
    other = run_seqnet(*args, "--resume", "--learning-rate", 0.5)
    assert (other.code, other.err.count("\n")) == (1, 1)
    assert "options learning-rate was 0.001, now 0.5" in other.err
    seeded = run_seqnet(*args, "--resume", "--seed", 4)
    assert (seeded.code, seeded.err.count("\n")) == (1, 1)
    assert "seed was 3, now 4" in seeded.err
    regions = (labelled / "regions.bed").read_text()
    (tmp_path / "regions.bed").write_text(regions.replace("\t1\n", "\t0\n", 1))
    changed = [a if a != labelled / "regions.bed" else tmp_path / "regions.bed" for a in args]
    inputs = run_seqnet(*changed, "--resume")
    assert inputs.code == 1
    assert "inputs regions.bed was" in inputs.err
    last = sorted((tmp_path / "run").glob("checkpoint-*"))[-1]
    last.write_bytes(last.read_bytes()[:-100])
    damaged = run_seqnet(*args, "--resume")
    assert (damaged.code, damaged.err.count("\n")) == (1, 1)
    assert f"{last.name}: is damaged" in damaged.err or f"{last.name}: is not a complete" in damaged.err
    assert "remove it to go on from checkpoint-" in damaged.err


@pytest.mark.parametrize(("options", "message"), [
    (["--resume"], "--resume needs --checkpoint-dir"),
    (["--checkpoint-every", "often"], "'often' is not a whole number; give steps such as 500 or seconds"),
    (["--checkpoint-every", "0"], "'0' is too small; expected 1 at least; give steps"),
    (["--monitor", "r2"], "--monitor r2 is not for binary targets; take loss or auroc or auprc"),
    (["--schedule", "one-cycle", "--warmup", 5], "one-cycle has its own warm-up"),
    (["--optimiser-option", "beta1=.8"], "rmsprop has alpha, eps"),
    (["--optimiser-option", "alpha"], "is no setting; expected NAME=X"),
    (["--batch-size", "half"], "'half' is not a whole number; rows per step are a number such as 128, or full"),
])  # fmt: skip
def test_options_that_make_no_sense_are_usage_errors(labelled, tmp_path, options, message):
    finished = run_seqnet(*command(labelled, "dense"), "-o", tmp_path / "m.safetensors", *options)
    assert (finished.code, finished.err.count("\n")) == (2, 1)
    assert message in finished.err
    assert os.listdir(tmp_path) == []


def test_a_loss_that_is_no_number_leaves_the_last_good_state(labelled, tmp_path):
    args = [*command(labelled, "lecture"), "-o", tmp_path / "m.safetensors", *kept(tmp_path, 1),
            "--learning-rate", 1e9, "--optimiser", "sgd", "--schedule", "constant", "--clip", 1e30]  # fmt: skip
    finished = run_seqnet(*args)
    assert (finished.code, finished.err.count("\n")) == (1, 1)
    assert "training loss is" in finished.err
    assert "at epoch 1, batch" in finished.err
    assert not (tmp_path / "m.safetensors").exists()


def test_the_log_beside_the_checkpoints_is_whole_after_every_epoch(labelled, tmp_path):
    args = [*command(labelled, "default"), "-o", tmp_path / "m.safetensors", *kept(tmp_path, 1)]
    process = start(args)
    log = tmp_path / "run" / "metrics.tsv"
    wait_for(log.exists, process)
    process.kill()
    process.communicate()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]
    lines = log.read_text().splitlines()
    assert len(lines) >= 2
    assert len({line.count("\t") for line in lines}) == 1


def test_a_full_disk_leaves_no_half_checkpoint(labelled, tmp_path):
    def limited():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    args = [*command(labelled, "dense"), "-o", tmp_path / "m.safetensors", *kept(tmp_path, 1)]
    finished = subprocess.run(
        [sys.executable, "-m", "seqnet", *map(str, args)],
        capture_output=True, text=True, preexec_fn=limited, check=False,
    )  # fmt: skip
    assert (finished.returncode, finished.stderr.count("\n")) == (1, 1)
    assert "checkpoint-000000001.safetensors: file too large" in finished.stderr
    assert os.listdir(tmp_path / "run") == []
