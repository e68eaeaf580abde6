"""Runs in this process give what children give, and leave nothing behind."""

import contextvars
import logging
import os
import signal
import sys
import tempfile
import warnings
from pathlib import Path

import pytest
import torch

from seqnet.kernels import _dispatch
from tests.conftest import EXAMPLE_DATA
from tests.running import run_child, run_seqnet

MOTIFS, GENOME = EXAMPLE_DATA / "motifs.jaspar", EXAMPLE_DATA / "genome.fa"
FDS = Path("/proc/self/fd")
SOURCE = contextvars.ContextVar("source", default=None)


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "line",
    [
        "scan {m} {g} --motif CTCF --p-value 1e-4 -o hits.bed.gz --index --tests tests.tsv",
        "scan {m} - --motif CTCF --p-value 1e-3",
        "scan {m} - --motif CTCF --p-value 1e-3 -o /dev/stdout",
        "pssm {m} --background from:{g} -o m.pssm --thresholds -",
        "label {d}/peaks/REB1.narrowPeak {d}/peaks/CTCF.narrowPeak --genome {g} --width 100 -o regions.bed",
        "train linear --regions {r} --genome {g} -k 3 -t 1 -o m.safetensors --json m.json",
        "train cnn --regions {r} --genome {g} --preset lecture --epochs 1 -t 1 -o m.safetensors",
        "predict {p}/cnn.safetensors --regions {r} --genome {g} -t 1",
        "evaluate {p}/pred.bed --labels {r} --json m.json",
        "simulate single {m} --positives 5 --negatives 5 --truth sites.bed -v",
        "scan {m} no/such.fa",
        "scan {m} {g} --p-value 2",
        "scan {m} no/such.fa --p-value 0.1 --p-value 0.2",
        "scna",
        "--version",
        "train --help",
    ],
)
def test_a_run_gives_what_a_child_gives(prepared, tmp_path, line):
    args = line.format(
        m=MOTIFS, g=GENOME, d=EXAMPLE_DATA, p=prepared.folder, r=prepared / "regions.bed"
    ).split()
    found = []
    for name, run in (("here", run_seqnet), ("child", run_child)):
        (tmp_path / name).mkdir()
        finished = run(*args, stdin=GENOME.read_bytes(), cwd=tmp_path / name)
        found.append((finished, files_of(tmp_path / name)))
    assert found[0] == found[1]


def state():
    """Return what a run may change and has to put back."""
    logger = logging.getLogger("seqnet")
    return {
        "argv": list(sys.argv),
        "folder": Path.cwd(),
        "environment": dict(os.environ),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "descriptors": [(os.fstat(n).st_dev, os.fstat(n).st_ino) for n in range(3)],
        "handlers": [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)],
        "exit": os._exit,
        "filters": list(warnings.filters),
        "shows warnings": warnings.showwarning,
        "log": (logger.handlers, logger.level, logger.propagate),
        "torch": (torch.get_num_threads(), torch.get_rng_state().tolist()),
        "temporary folder": tempfile.tempdir,
        "context": SOURCE.get(),
        "kernels": _dispatch.description(),
    }


def open_descriptors():
    return len(os.listdir(FDS)) if FDS.is_dir() else None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (
            "train cnn --positives {s} --negatives shuffle --preset lecture --epochs 1 -t 3 -q -o m.safetensors",
            0,
        ),
        ("scan {m} no/such.fa -t 2", 1),
        ("scan", 2),
        ("--version", 0),
    ],
)
def test_a_run_puts_everything_back(tmp_path, monkeypatch, line, code):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    SOURCE.set("a test")
    args = line.format(m=MOTIFS, s=EXAMPLE_DATA / "sites.fa").split()
    env = {"SEQNET_KERNELS": "numpy", "TMPDIR": str(tmp_path)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        before = state()
        first = run_seqnet(*args, env=env, cwd=tmp_path)
        opened = open_descriptors()  # modules that were imported keep files of theirs
        assert run_seqnet(*args, env=env, cwd=tmp_path).code == first.code == code
        assert state() == before
    assert open_descriptors() == opened


def test_streams_hold_more_than_a_pipe_and_need_not_be_read():
    genome = GENOME.read_bytes()
    assert len(genome) > 1 << 17
    finished = run_seqnet("scan", MOTIFS, "-", "--p-value", 0.05, stdin=genome)
    assert finished.code == 0
    assert len(finished.out) > 1 << 20
    assert run_seqnet("--version", stdin=genome).code == 0


def test_a_defect_is_a_traceback_and_exit_1_as_of_an_interpreter(monkeypatch):
    def broken(*_arguments, **_options):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("seqnet.pipeline.scan.run.scan", broken)
    finished = run_seqnet("scan", MOTIFS, GENOME)
    assert finished.code == 1
    assert finished.err.splitlines()[0] == "Traceback (most recent call last):"
    assert finished.err.splitlines()[-1] == "ZeroDivisionError: a defect"


def test_warnings_are_printed_as_by_an_interpreter(monkeypatch):
    def warning(*_arguments, **_options):
        warnings.warn("of a library", RuntimeWarning, stacklevel=1)
        warnings.warn("for its developers", DeprecationWarning, stacklevel=1)

    monkeypatch.setattr("seqnet.pipeline.scan.run.scan", warning)
    finished = run_seqnet("scan", MOTIFS, GENOME)
    assert "RuntimeWarning: of a library" in finished.err
    assert "developers" not in finished.err


def test_an_interrupt_ends_the_tests_and_not_their_process(monkeypatch):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("seqnet.pipeline.scan.run.scan", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_seqnet("scan", MOTIFS, GENOME)


@pytest.mark.parametrize("name", ["PYTHONPATH", "LC_ALL", "OMP_NUM_THREADS"])
def test_variables_that_are_read_at_the_start_need_a_child(name):
    with pytest.raises(AssertionError, match="use run_child"):
        run_seqnet("--version", env={name: "1"})
    assert run_child("--version", env={"OMP_NUM_THREADS": "1"}).code == 0


def test_a_run_inside_a_run_needs_a_child(monkeypatch):
    def nested(*_arguments, **_options):
        run_seqnet("--version")

    monkeypatch.setattr("seqnet.pipeline.scan.run.scan", nested)
    assert "use run_child" in run_seqnet("scan", MOTIFS, GENOME).err
