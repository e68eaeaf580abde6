"""Equal inputs and options give equal bytes: run twice, and with one and two threads."""

import pytest

from tests.conftest import EXAMPLE_DATA
from tests.running import run_child

GENOME = EXAMPLE_DATA / "genome.fa"


def outputs(folder, threads):
    """Run the pipeline into a folder; return every file's bytes by name."""
    folder.mkdir()

    def run(*args):
        finished = run_child(*args)  # each with hash seeds and threads of its own
        assert finished.code == 0, finished.err

    peaks = EXAMPLE_DATA / "peaks" / "REB1.narrowPeak"
    regions = ("--regions", folder / "regions.bed", "--genome", GENOME)
    run("build-pwm", peaks, "--genome", GENOME, "--width", 60, "--seed", "NNTTACCCGGNN",
        "--sites-out", folder / "sites.fa", "-o", folder / "m.meme")  # fmt: skip
    run("scan", folder / "m.meme", GENOME, "-t", threads, "-o", folder / "hits.bed.gz")
    run("scan", folder / "m.meme", GENOME, "-t", threads, "--track", folder / "scores.bw")
    run("label", peaks, "--genome", GENOME, "--width", 100, "--valid-fraction", 0.2, "--test-fraction", 0.2,
        "-o", folder / "regions.bed")  # fmt: skip
    run("kmer-featurize", *regions, "-k", 4, "-o", folder / "k.npz")
    run("train", "linear", "--features", folder / "k.npz", "--labels", folder / "regions.bed", "-t", 1,
        "-o", folder / "linear.safetensors")  # fmt: skip
    run(
        "train", "cnn", *regions, "--epochs", 2, "--batch-size", 64, "-t", 1, "-o", folder / "cnn.safetensors"
    )
    for model in ("linear", "cnn"):
        run(
            "predict", folder / f"{model}.safetensors", *regions, "-t", threads, "-o", folder / f"{model}.bed"
        )
    run("predict", folder / "cnn.safetensors", "--genome", GENOME, "--chroms", "chr4", "--tile", 500,
        "-t", threads, "-o", folder / "tiles.bw")  # fmt: skip
    run("evaluate", folder / "cnn.bed", "--labels", folder / "regions.bed", "-o", folder / "metrics.tsv",
        "--json", folder / "metrics.json")  # fmt: skip
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_twice_and_with_two_threads(tmp_path):
    first = outputs(tmp_path / "a", 1)
    again = outputs(tmp_path / "b", 1)
    threaded = outputs(tmp_path / "c", 2)
    assert len(first) == 18
    for name, data in first.items():
        assert again[name] == data, name
        assert threaded[name] == data, name
