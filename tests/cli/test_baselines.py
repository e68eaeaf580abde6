"""The cheap models that train reports beside a network."""

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.svm import LinearSVC

from seqnet.formats.models.model_file import read_model
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.sequences.fasta import read_sequences
from seqnet.kmers.counting import count_kmers
from seqnet.kmers.settings import GAPPED, KmerSettings

SITE = "TTACCCGGATA"
SMALL = ("--layers", "conv 4x5, relu, global_pool max", "--epochs", 1, "-t", 1)
LINEAR, MOTIF = "gapped k-mers, linear", "best motif window"


@pytest.fixture
def table(tmp_path):
    """Sequences of which half hold a mutated site, the last 60 to validate; two motifs."""
    generator = np.random.default_rng(0)
    lines = ["seq\tbound\tfold"]
    for row in range(200):
        letters = generator.choice(list("ACGT"), 60)
        if row % 2:
            site = np.where(
                generator.random(len(SITE)) < 0.3, generator.choice(list("ACGT"), len(SITE)), list(SITE)
            )
            at = generator.integers(50 - len(SITE))
            letters[at : at + len(SITE)] = site
        lines.append(f"{''.join(letters)}\t{row % 2}\t{'train' if row < 140 else 'valid'}")
    (tmp_path / "t.tsv").write_text("\n".join(lines) + "\n")
    motifs = []
    for name, text in (("other", "ACACACA"), ("site", SITE)):
        columns = ["\t".join("0.85" if c == b else "0.05" for c in "ACGT") for b in text]
        motifs += [f">{text}\t{name}\t0", *columns]
    (tmp_path / "m.homer").write_text("\n".join(motifs) + "\n")
    return tmp_path / "t.tsv"


def columns(table):
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    return [row[0] for row in rows], np.array([int(row[1]) for row in rows])


def given(table):
    return ("--table", table, "--sequence-column", "seq", "--target", "bound", "--split-column", "fold")


def test_baselines_are_those_of_the_same_rows(run, tmp_path, table):
    assert run("pssm", tmp_path / "m.homer", "-o", tmp_path / "m.pssm").code == 0
    options = (
        *given(table),
        "--strands",
        "both",
        "--baselines",
        "--baseline-motifs",
        tmp_path / "m.pssm",
        *SMALL,
    )
    finished = run("train", "cnn", *options, "-o", tmp_path / "m.safetensors")
    assert finished.code == 0, finished.err
    found = read_model(str(tmp_path / "m.safetensors")).header["baselines"]
    assert found == json.loads((tmp_path / "m.json").read_text())["baselines"]
    texts, truth = columns(table)
    (tmp_path / "t.fa").write_text("".join(f">r{i}\n{text}\n" for i, text in enumerate(texts)))
    matrix = count_kmers(
        read_sequences(str(tmp_path / "t.fa")), KmerSettings(tuple(GAPPED), "both", "sqrt")
    ).matrix
    aurocs = []
    for strength in (1e-4, 1e-3, 1e-2):
        model = LinearSVC(C=strength, dual=False, tol=1e-9, intercept_scaling=1e3).fit(
            matrix[:140], truth[:140]
        )
        aurocs.append(roc_auc_score(truth[140:], model.decision_function(matrix[140:])))
    assert found[LINEAR][0]["auroc"] == pytest.approx(max(aurocs), abs=2e-3)
    (pssm,) = (p for p in read_motifs(str(tmp_path / "m.pssm")).motifs if p.width == len(SITE))
    scores = [round(best_window(text, pssm.scores), 9) for text in texts[140:]]
    assert found[MOTIF][0]["auroc"] == pytest.approx(roc_auc_score(truth[140:], scores))
    assert found[MOTIF][0]["auprc"] == pytest.approx(average_precision_score(truth[140:], scores))
    for name in (LINEAR, MOTIF):
        assert f"valid (60 rows): {name}: auROC {found[name][0]['auroc']:.4f}" in finished.err


def best_window(text, scores):
    """Add up the letters' scores, column by column, window by window."""
    turned = text[::-1].translate(str.maketrans("ACGT", "TGCA"))
    windows = [s[i : i + len(SITE)] for s in (text, turned) for i in range(len(text) - len(SITE) + 1)]
    return max(sum(scores[j, "ACGT".index(c)] for j, c in enumerate(window)) for window in windows)


def test_a_dense_network_of_a_table_of_words_is_compared_with_a_linear_model_of_them(run, prepared, tmp_path):
    options = (
        "--features",
        prepared / "k.npz",
        "--labels",
        prepared / "regions.bed",
        "--hidden",
        4,
        "--epochs",
        1,
    )
    finished = run("train", "dense", *options, "--baselines", "-o", tmp_path / "m.safetensors")
    assert finished.code == 0, finished.err
    assert list(read_model(str(tmp_path / "m.safetensors")).header["baselines"]) == [
        "k-mers of the table, linear"
    ]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--baseline-motifs", "m.homer"), 2, "--baseline-motifs needs --baselines"),
        (("--baselines", "--task-type", "regression"), 2, "--baselines are for binary targets, not for regression"),
        (("--baselines", "--baseline-motifs", "none.meme"), 1, "none.meme"),
    ],
)  # fmt: skip
def test_baselines_that_do_not_fit_are_one_line(run, tmp_path, table, options, code, message):
    finished = run("train", "cnn", *given(table), *options, *SMALL, "-o", tmp_path / "m.safetensors")
    assert finished.code == code
    assert message in finished.err.splitlines()[-1]
    assert not (tmp_path / "m.safetensors").exists()
