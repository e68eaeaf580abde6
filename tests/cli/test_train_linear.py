"""Linear models of every task type from the command line, against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

from seqnet.formats.models.model_file import read_model
from seqnet.formats.results.scores import read_scores
from seqnet.formats.sequences.fasta import read_sequences
from seqnet.kmers.counting import count_kmers
from seqnet.kmers.settings import KmerSettings, contiguous

WORDS = KmerSettings((contiguous(2),), "both", "counts")


@pytest.fixture
def table(tmp_path):
    """120 sequences with a class, a number and a count of their own, the last 40 to validate."""
    generator = np.random.default_rng(0)
    lines = ["seq\tkind\tlevel\tbound\tfold"]
    for row in range(120):
        text = "".join(generator.choice(list("ACGT"), 40, p=generator.dirichlet([2, 2, 2, 2])))
        kind = "ACGT"[int(np.argmax([text.count(letter) + generator.normal() for letter in "ACGT"]))]
        level = 3 * text.count("GC") - text.count("AA") + generator.normal()
        lines.append(f"{text}\t{kind}\t{level:.6f}\t{level > 5:d}\t{'train' if row < 80 else 'valid'}")
    path = tmp_path / "t.tsv"
    path.write_text("\n".join(lines) + "\n")
    (tmp_path / "t.fa").write_text("".join(f">r{i}\n{line.split()[0]}\n" for i, line in enumerate(lines[1:])))
    return path


def features(tmp_path):
    """Counted anew from the sequences."""
    return count_kmers(read_sequences(str(tmp_path / "t.fa")), WORDS).matrix.astype(np.float64)


def column(table, name):
    rows = [line.split("\t") for line in table.read_text().splitlines()]
    return np.array([row[rows[0].index(name)] for row in rows[1:]])


def train(inside, table, target, *options):
    inside(
        "train", "linear", "--table", table, "--sequence-column", "seq", "--target", target, "--split-column",
        "fold", "-k", 2, "--normalize", "counts", "-q", *options, "-o", table.parent / "m.safetensors",
    )  # fmt: skip
    return read_model(str(table.parent / "m.safetensors"))


def log_rows(table):
    lines = [line.split("\t") for line in (table.parent / "m.metrics.tsv").read_text().splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def test_least_squares_of_numbers(inside, tmp_path, table):
    model = train(inside, table, "level", "--strength", 0)
    x, y = features(tmp_path).toarray(), column(table, "level").astype(float)
    reference = LinearRegression().fit(x[:80], y[:80])
    inside("predict", tmp_path / "m.safetensors", tmp_path / "t.fa", "-q", "-o", tmp_path / "p.tsv")
    predicted = read_scores(str(tmp_path / "p.tsv")).values[:, 0]
    assert predicted == pytest.approx(reference.predict(x), abs=1e-3)
    (row,) = log_rows(table)
    assert float(row["valid_loss"]) == pytest.approx(np.mean((reference.predict(x) - y)[80:] ** 2), rel=1e-4)
    assert float(row["valid_r2"]) == pytest.approx(reference.score(x[80:], y[80:]), abs=1e-4)
    assert model.header["options"] == {"loss": "mse", "strengths": [0.0]}
    assert model.header["task_type"] == "regression"


def test_classes_give_probabilities_that_add_up(inside, tmp_path, table):
    model = train(inside, table, "kind", "--task-type", "multiclass", "--strength", 0.1)
    x, y = features(tmp_path), column(table, "kind")
    reference = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000).fit(x[:80], y[:80])
    assert model.tasks == tuple(reference.classes_)
    inside("predict", tmp_path / "m.safetensors", tmp_path / "t.fa", "-q", "-o", tmp_path / "p.tsv")
    predicted = read_scores(str(tmp_path / "p.tsv")).values
    assert predicted == pytest.approx(reference.predict_proba(x), abs=1e-4)
    (row,) = log_rows(table)
    assert float(row["valid_accuracy"]) == pytest.approx(reference.score(x[80:], y[80:]))


def test_the_hinge_with_a_strength_of_one_s_own(inside, tmp_path, table):
    model = train(inside, table, "bound", "--loss", "hinge", "--strength", 0.01)
    x, y = features(tmp_path), column(table, "bound").astype(float)
    reference = LinearSVC(C=0.01, dual=False, tol=1e-10, intercept_scaling=1e3).fit(x[:80], y[:80])
    assert model.tensors["0.weight"][0] == pytest.approx(reference.coef_[0], abs=1e-4)
    assert model.tensors["0.bias"][0] == pytest.approx(reference.intercept_[0], abs=1e-3)
    assert log_rows(table)[0]["strength"] == "0.01"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--task-type", "binary", "--strength", 0), "--strength 0 gives the data no weight with --loss bce"),
        (("--loss", "hinge"), "--loss hinge is not for regression targets; expected mse"),
    ],
)
def test_options_that_do_not_fit_are_one_line(run, tmp_path, table, options, message):
    given = ("--table", table, "--sequence-column", "seq", "--target", "level")
    finished = run("train", "linear", *given, *options, "-o", tmp_path / "m.safetensors")
    assert finished.code == 2
    assert message in finished.err.splitlines()[-1]
    assert not (tmp_path / "m.safetensors").exists()


def test_labels_that_lost_their_column_line_are_told_how_to_name_tasks(prepared, run, seqnet_ok, tmp_path):
    lines = (prepared / "regions.bed").read_text().splitlines()
    (tmp_path / "l.bed").write_text("".join(f"{line}\n" for line in lines if not line.startswith("#")))
    command = (
        "train",
        "linear",
        "--features",
        prepared / "k.npz",
        "--labels",
        tmp_path / "l.bed",
        "-q",
        "-t",
        1,
    )
    found = run(*command, "-o", tmp_path / "m.safetensors")
    assert found.code == 1
    assert "l.bed:1: rows without a column line" in found.err
    assert "--tasks names those of a labelled-regions table that lost it" in found.err
    tasks = next(line for line in lines if line.startswith("#chrom")).split("\t")[7:]
    seqnet_ok(*command, "--tasks", ",".join(tasks), "-o", tmp_path / "m.safetensors")
