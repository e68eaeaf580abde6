"""The k-mer term of train cnn: when there is one, what the model holds, and that every way to predict adds it."""

from types import SimpleNamespace

import numpy as np
import pytest

from seqnet.commands._kmer_term import term_for, wants_term
from seqnet.errors import UsageError
from seqnet.formats.model_file import read_model
from seqnet.training import kmer_term
from tests.conftest import run_seqnet

SITE = "TTACCCGGATA"
SMALL = ("--layers", "conv 4x5, relu, global_pool max", "--epochs", 1, "-t", 1, "-q")


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


def asked(told, preset="default", tasks=1, **changes):
    """Whether a network gets the term."""
    data = SimpleNamespace(
        **{"task_type": "binary", "codes": np.zeros(1), "features": None, "signals": None, "weights": None}
        | changes,
        regions=SimpleNamespace(tasks=tuple("ABCDEFG"[:tasks])),
    )
    return wants_term(told, SimpleNamespace(described={"preset": preset} if preset else {}), data)


def test_it_comes_with_the_default_preset_for_few_tasks():
    assert asked(None)
    assert asked(None, tasks=4)
    assert not asked(None, tasks=5)
    assert asked(True, tasks=5)
    assert not asked(False)
    assert asked(True, preset=None)
    for others in ({"preset": None}, {"preset": "basset"}, {"task_type": "regression"}, {"codes": None},
                   {"features": 1}, {"signals": 1}, {"weights": np.ones(1)}):  # fmt: skip
        assert not asked(None, **others)
    with pytest.raises(UsageError):
        asked(True, signals=1)


def test_a_bounded_number_of_rows_is_read(monkeypatch):
    codes = np.zeros((300, 10), dtype=np.uint8)
    data = SimpleNamespace(
        codes=codes,
        targets=np.arange(300.0)[:, None],
        fresh=None,
        rows=lambda split: np.arange(200) if split == "train" else np.arange(200, 300),
    )
    outputs = np.arange(200.0, 300)[:, None]
    told = []
    monkeypatch.setattr(kmer_term, "MOST_BASES", 500)
    monkeypatch.setattr(kmer_term, "fit_kmer_term", lambda *args: told.append(args))
    term_for(data, outputs, "both", 0)
    train, valid, chosen = told[0][:3]
    assert (len(train[0]), len(valid[0])) == (50, 50)
    assert np.array_equal(valid[1], chosen)  # the same rows
    assert train[1].max() < 200 <= valid[1].min()


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


def test_fresh_negatives_have_a_term_too(run, folder, tmp_path):
    positives = tmp_path / "p.fa"
    records = (folder / "s.fa").read_text().split(">")[1:]
    positives.write_text("".join(f">{record}" for record in records[1::2]))
    path = tmp_path / "m.safetensors"
    finished = run("train", "cnn", "--positives", positives, "--negatives", "shuffle", *SMALL, "--kmer-term",
                   "--seed", 3, "-o", path)  # fmt: skip
    assert finished.code == 0, finished.err
    assert read_model(str(path)).header["metrics"][0]["auroc"] > 0.95
