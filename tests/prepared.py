"""Small prepared inputs, made once, that every command can be run on."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.running import run_seqnet

EXAMPLE_DATA = Path(__file__).resolve().parent.parent / "example_data"


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


def calls(genome: Path) -> str:
    """Return a VCF of 40 substitutions and deletions of a genome's first contig."""
    letters = "".join(genome.read_text().split(">")[1].split("\n")[1:]).upper()
    rows = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    for place in range(500, 4500, 100):
        ref = letters[place : place + 1 + place // 100 % 2 * 3]
        alt = ref[0] if len(ref) > 1 else "ACGT".replace(ref, "")[place // 100 % 3]
        rows.append(f"chr1\t{place + 1}\t.\t{ref}\t{alt}\t.\t.\t.")
    return "\n".join(rows) + "\n"


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
    (folder / "calls.vcf").write_text(calls(genome))
    (folder / "head.fa").write_text("".join((genome.read_text().splitlines(keepends=True))[:400]))
    return Prepared(folder)
