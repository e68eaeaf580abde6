"""Small prepared inputs for the command line tests."""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from seqnet.cli import seqnet
from seqnet.commands._options import _THREAD_VARIABLES
from tests.conftest import EXAMPLE_DATA, run_seqnet


@dataclass(frozen=True)
class Prepared:
    """Files that every command can be run on."""

    folder: Path
    data: Path = EXAMPLE_DATA

    def __truediv__(self, name: str) -> Path:
        return self.folder / name


def must(*args):
    finished = run_seqnet(*args)
    assert finished.code == 0, finished.err


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Prepared:
    """Motif, PSSM, labelled regions, k-mer table, models and predictions, each made by its command."""
    folder = tmp_path_factory.mktemp("prepared")
    genome = EXAMPLE_DATA / "genome.fa"
    shutil.copy(EXAMPLE_DATA / "sites.fa", folder / "sites.fa")
    must("build-pwm", folder / "sites.fa", "--name", "REB1", "-o", folder / "reb1.meme")
    must("pssm", folder / "reb1.meme", "-o", folder / "reb1.pssm")
    must("scan", folder / "reb1.pssm", genome, "--p-value", 0.05, "-o", folder / "hits.bed")
    peaks = sorted((EXAMPLE_DATA / "peaks").glob("*.narrowPeak"))
    must(
        "label", *peaks, "--genome", genome, "--width", 100, "--valid-chroms", "chr3",
        "--test-chroms", "chr4", "-q", "-o", folder / "regions.bed",
    )  # fmt: skip
    must(
        "kmer-featurize",
        "--regions",
        folder / "regions.bed",
        "--genome",
        genome,
        "-k",
        4,
        "-o",
        folder / "k.npz",
    )
    features = ("--features", folder / "k.npz", "--labels", folder / "regions.bed")
    must("train", "linear", *features, "-t", 1, "-q", "-o", folder / "linear.safetensors")
    must(
        "train", "dense", *features, "--epochs", 1, "--hidden", 8, "-t", 1, "-q",
        "-o", folder / "dense.safetensors",
    )  # fmt: skip
    must(
        "train", "cnn", "--regions", folder / "regions.bed", "--genome", genome, "--preset", "lecture",
        "--epochs", 1, "-t", 1, "-q", "-o", folder / "cnn.safetensors",
    )  # fmt: skip
    must(
        "predict", folder / "cnn.safetensors", "--regions", folder / "regions.bed", "--genome", genome,
        "-t", 1, "-o", folder / "pred.bed",
    )  # fmt: skip
    (folder / "head.fa").write_text("".join((genome.read_text().splitlines(keepends=True))[:400]))
    return Prepared(folder)


@pytest.fixture
def inside(monkeypatch):
    """Run ``seqnet ARGS`` in this process: faster, for many runs whose output goes to files."""
    for name in _THREAD_VARIABLES:
        monkeypatch.setenv(name, "1")  # so that it is put back
    logger = logging.getLogger("seqnet")
    before = logger.handlers, logger.level, logger.propagate
    yield lambda *args: seqnet.main([*map(str, args)], prog_name="seqnet", standalone_mode=False)
    logger.handlers, logger.propagate = before[0], before[2]
    logger.setLevel(before[1])
