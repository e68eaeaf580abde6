"""A table of sequences and measurements goes from CSV to an evaluated model and to predictions."""

import numpy as np
import pytest

from seqnet.formats.results.scores import read_scores

COLUMNS = ("--sequence-column", "seq", "--name-column", "oligo")
TARGET = ("--target", "expr", "--split-column", "fold")


@pytest.fixture(scope="module")
def mpra(tmp_path_factory):
    """Write a CSV of 240 oligos whose measurement is the number of GATTA, with names that repeat."""
    folder = tmp_path_factory.mktemp("mpra")
    generator = np.random.default_rng(3)
    folds = np.array(["training", "Validation", "test"])[generator.choice(3, 240, p=[0.6, 0.2, 0.2])]
    lines = ["oligo,seq,expr,fold"]
    for number, fold in enumerate(folds):
        sequence = "".join(generator.choice(list("ACGT"), 60))
        if number % 3:
            sequence = sequence[:20] + "GATTA" + sequence[25:]
        value = "NA" if number == 7 else f"{1000 + 300 * sequence.count('GATTA') + generator.normal():.3f}"
        lines.append(f"o{number // 2},{sequence},{value},{fold}")
    (folder / "mpra.csv").write_text("\n".join(lines) + "\n")
    (folder / "mpra.fa").write_text(
        "".join(f">{i}\n{line.split(',')[1]}\n" for i, line in enumerate(lines) if i)
    )
    return folder


@pytest.fixture(scope="module")
def model(mpra, run_module):
    path = mpra / "model.safetensors"
    run_module("train", "linear", "--table", mpra / "mpra.csv", *COLUMNS, *TARGET, "-q", "-o", path)
    return path


@pytest.fixture(scope="module")
def run_module():
    from tests.conftest import run_seqnet

    def run(*args):
        finished = run_seqnet(*args)
        assert finished.code == 0, finished.err
        return finished

    return run


def test_three_commands_from_a_csv_to_figures_and_predictions(seqnet_ok, mpra, model):
    table = ("--table", mpra / "mpra.csv", *COLUMNS)
    predicted = seqnet_ok("predict", model, *table, "-o", mpra / "p.tsv")
    assert "120 rows have a name that was there before; they are numbered (NAME_2)" in predicted.err
    scores = read_scores(str(mpra / "p.tsv"))
    assert scores.names[:4] == ["o0", "o0_2", "o1", "o1_2"]
    judged = seqnet_ok("evaluate", "--model", model, *table, *TARGET)
    assert dict(zip(*judged.rows[:2], strict=True))["task"] == "expr"
    assert float(dict(zip(*judged.rows[:2], strict=True))["pearson"]) > 0.5
    of_file = seqnet_ok(
        "evaluate", mpra / "p.tsv", "--table", mpra / "mpra.csv", "--name-column", "oligo", *TARGET
    )
    assert of_file.out == judged.out


def test_tables_and_fasta_give_the_same_predictions(seqnet_ok, mpra, model):
    table = seqnet_ok("predict", model, "--table", mpra / "mpra.csv", *COLUMNS[:2], "--no-header")
    fasta = seqnet_ok("predict", model, "--sequences", mpra / "mpra.fa", "--no-header")
    assert [row[1] for row in table.rows] == [row[1] for row in fasta.rows]
    assert [row[0] for row in table.rows[:2]] == ["row1", "row2"]
    assert seqnet_ok("predict", model, mpra / "mpra.fa", "--no-header").out == fasta.out


def test_sequences_are_joined_with_labels_by_name(seqnet_ok, mpra, model):
    lines = (mpra / "mpra.csv").read_text().splitlines()[1:]
    rows = [f"{number}\t{line.split(',')[2]}\n" for number, line in enumerate(lines, 1)]
    (mpra / "labels.tsv").write_text("name\texpr\n" + "".join(reversed(rows)))
    joined = seqnet_ok(
        "evaluate", "--model", model, "--sequences", mpra / "mpra.fa", "--labels", mpra / "labels.tsv"
    )
    whole = seqnet_ok("evaluate", "--model", model, "--table", mpra / "mpra.csv", *COLUMNS, *TARGET[:2])
    columns = joined.rows[0]
    for name in ("n", "pearson", "spearman", "mse"):
        assert joined.rows[1][columns.index(name)] == whole.rows[1][columns.index(name)]
    assert "the rows have no split: if the model was trained on some of them" in joined.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("predict", "MODEL", "--table", "T"), "--table and --sequence-column go together"),
        (("predict", "MODEL", "FASTA", "--name-column", "x"), "--name-column is for --table"),
        (("predict", "MODEL", "FASTA", "--sequences", "FASTA"), "give SEQUENCES or --sequences"),
        (("evaluate", "--model", "MODEL", "--table", "T", "--target", "expr"), "--table needs --sequence-column"),
        (("evaluate", "x.tsv", "--table", "T"), "--table needs --target, the column to evaluate by"),
        (("evaluate", "x.tsv", "--labels", "T", "--target", "y"), "are for --table"),
        (("evaluate", "x.tsv", "--labels", "T", "--table", "T", "--target", "y"), "leave out --labels"),
        (("evaluate", "--model", "MODEL", "--sequences", "FASTA"), "--model goes with --sequences and --labels"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_said(run, mpra, model, args, message):
    names = {"MODEL": model, "T": mpra / "mpra.csv", "FASTA": mpra / "mpra.fa"}
    refused = run(*(names.get(arg, arg) for arg in args))
    assert refused.code == 2
    assert message in refused.err
