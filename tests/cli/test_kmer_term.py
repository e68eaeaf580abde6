"""The k-mer term of train cnn: when there is one, what the model holds, and that every way to predict adds it."""

import numpy as np
import pytest

from seqnet.formats.model_file import read_model
from tests.conftest import run_seqnet

SITE = "TTACCCGGATA"
TINY = ("--epochs", 1, "-t", 1, "-q")
SMALL = ("--layers", "conv 4x5, relu, global_pool max", *TINY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A contig with sites, regions of 60 bases with and without, their sequences with labels."""
    folder = tmp_path_factory.mktemp("term")
    generator = np.random.default_rng(0)
    letters = generator.choice(list("ACGT"), 60 * 200)
    for row in range(1, 200, 2):
        letters[60 * row + 20 : 60 * row + 20 + len(SITE)] = list(SITE)
    text = "".join(letters)
    (folder / "g.fa").write_text(f">chr1\n{text}\n")
    splits = ["valid" if row % 5 == 0 else "train" for row in range(200)]
    (folder / "r.bed").write_text(
        "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tbound\n"
        + "".join(f"chr1\t{60 * i}\t{60 * i + 60}\tr{i}\t0\t.\t{splits[i]}\t{i % 2}\n" for i in range(200))
    )
    (folder / "s.fa").write_text("".join(f">r{i}\n{text[60 * i : 60 * i + 60]}\n" for i in range(200)))
    return folder


def regions(folder):
    return ("--regions", folder / "r.bed", "--genome", folder / "g.fa")


def last_column(text):
    return [line.split("\t")[-1] for line in text.decode().splitlines() if not line.startswith("#")]


@pytest.fixture(scope="module")
def model(folder):
    """The path of a model with a term."""
    path = folder / "m.safetensors"
    finished = run_seqnet("train", "cnn", *regions(folder), *SMALL, "--kmer-term", "-o", path)
    assert finished.code == 0, finished.err
    return path


def test_every_way_to_predict_adds_the_term(run, folder, model):
    header = read_model(str(model)).header
    assert header["kmer_term"]["settings"]["normalize"] == "sqrt"
    assert header["options"]["kmer-term"] is True
    alone, both = header["baselines"]["network without its k-mer term"][0], header["metrics"][0]
    assert both["auroc"] > 0.99 > alone["auroc"]
    placed = run("predict", model, *regions(folder), "-q")
    named = run("predict", model, folder / "s.fa", "-q")
    tiled = run("predict", model, "--genome", folder / "g.fa", "--tile", 60, "-q")
    assert last_column(placed.out) == last_column(named.out) == last_column(tiled.out)
    judged = run("evaluate", "--model", model, "--regions", folder / "r.bed", "--genome", folder / "g.fa",
                 "--split", "valid", "-q")  # fmt: skip
    columns, values = (line.split("\t") for line in judged.out.decode().splitlines()[-2:])
    assert float(values[columns.index("auroc")]) == pytest.approx(both["auroc"], abs=1e-5)


def test_it_comes_with_the_default_preset_alone(run, folder, tmp_path):
    for number, (options, expected) in enumerate(
        [(("--epochs", 1), True), (("--epochs", 1, "--no-kmer-term"), False), (SMALL, False)]
    ):
        path = tmp_path / f"{number}.safetensors"
        finished = run("train", "cnn", *regions(folder), *options, "-t", 1, "-q", "-o", path)
        assert finished.code == 0, finished.err
        assert ("kmer_term" in read_model(str(path)).header) is expected


def test_it_is_refused_where_it_cannot_be(run, folder, tmp_path):
    table = tmp_path / "t.tsv"
    records = (folder / "s.fa").read_text().split("\n")[1::2]
    table.write_text("seq\ty\n" + "".join(f"{text}\t{i / 7}\n" for i, text in enumerate(records)))
    finished = run("train", "cnn", "--table", table, "--sequence-column", "seq", "--target", "y", *SMALL,
                   "--kmer-term", "-o", tmp_path / "m.safetensors")  # fmt: skip
    assert finished.code == 2
    assert finished.err.splitlines()[-1].endswith(
        "--kmer-term is for binary targets of sequences alone, of equal weight"
    )
    assert not (tmp_path / "m.safetensors").exists()


def test_fresh_negatives_are_drawn_more_than_once(run, folder, tmp_path):
    positives = tmp_path / "p.fa"
    records = (folder / "s.fa").read_text().split(">")[1:]
    positives.write_text("".join(f">{record}" for record in records[1::2]))
    told = []
    for number in range(2):
        path = tmp_path / f"{number}.safetensors"
        finished = run("train", "cnn", "--positives", positives, "--negatives", "shuffle", *SMALL,
                       "--kmer-term", "--seed", 3, "-o", path)  # fmt: skip
        assert finished.code == 0, finished.err
        told.append(path.read_bytes())
    assert told[0] == told[1]
    assert read_model(str(tmp_path / "0.safetensors")).header["metrics"][0]["auroc"] > 0.95
