"""scan --per-sequence --matrix, and its table as features of linear and dense models."""

import json

import numpy as np
import pytest

import seqnet
from seqnet.formats.models.model_file import read_model
from seqnet.genome.alphabet import encode_text
from tests.conftest import EXAMPLE_DATA
from tests.pipeline.test_pipes import shell
from tests.running import run_seqnet

GENOME, MOTIFS = EXAMPLE_DATA / "genome.fa", EXAMPLE_DATA / "motifs.jaspar"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Labelled regions of two factors, and the scores of three motifs in them."""
    folder = tmp_path_factory.mktemp("scores")
    peaks = [EXAMPLE_DATA / "peaks" / f"{name}.narrowPeak" for name in ("CTCF", "REB1")]
    labelled = run_seqnet("label", *peaks, "--genome", GENOME, "--width", 100, "--valid-chroms", "chr3",
                          "--test-chroms", "chr4", "-q")  # fmt: skip
    assert labelled.code == 0, labelled.err
    (folder / "r.bed").write_text(labelled.text)
    scored = run_seqnet("scan", MOTIFS, "--genome", GENOME, "--regions", folder / "r.bed", "--per-sequence",
                        "--matrix", "-o", folder / "s.tsv", "-q")  # fmt: skip
    assert scored.code == 0, scored.err
    return folder


def columns(text):
    """The names of the columns, those of the rows, and the values, '.' as NaN."""
    head = [line for line in text.splitlines() if line.startswith("#")][-1].lstrip("#").split("\t")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    values = [[np.nan if cell == "." else float(cell) for cell in row[1:]] for row in rows]
    return head, [row[0] for row in rows], np.array(values)


def trained(folder, kind, *options, table="s.tsv"):
    path = folder / f"{kind}.safetensors"
    finished = run_seqnet("train", kind, "--features", folder / table, "--labels", folder / "r.bed", *options,
                          "-t", 1, "-q", "-o", path)  # fmt: skip
    assert finished.code == 0, finished.err
    return path


@pytest.fixture(scope="module")
def linear(folder):
    return trained(folder, "linear")


def test_the_scores_are_those_of_the_best_window_on_either_strand(tmp_path, run):
    """A loop over windows and strands; a sequence without a window has a dot."""
    generator = np.random.default_rng(3)
    texts = ["".join(generator.choice(list("ACGTN"), n, p=[0.24] * 4 + [0.04])) for n in (30, 45, 12, 3, 60)]
    texts.append("N" * 40)
    (tmp_path / "s.fa").write_text("".join(f">s{n}\n{text}\n" for n, text in enumerate(texts)))
    pssm = tmp_path / "p.meme"
    assert run("pssm", MOTIFS, "-o", pssm).code == 0
    scores = {one.info.name: one.scores for one in seqnet.pssm(str(MOTIFS)).pssms}
    finished = run("scan", pssm, tmp_path / "s.fa", "--per-sequence", "--matrix")
    assert finished.code == 0, finished.err
    head, names, values = columns(finished.text)
    assert head == ["name", *scores]
    assert names == [f"s{n}" for n in range(len(texts))]
    for row, text in enumerate(texts):
        codes = encode_text(text)
        for column, matrix in enumerate(scores.values()):
            both = (matrix, matrix[::-1, ::-1])
            width = len(matrix)
            windows = [codes[at : at + width] for at in range(len(codes) - width + 1)]
            sums = [
                one[np.arange(width), window].sum() for window in windows if window.max() < 4 for one in both
            ]
            best = max(sums, default=np.nan)
            np.testing.assert_allclose(values[row, column], best, atol=2e-6)
    assert np.isnan(values[3]).all()
    assert np.isnan(values[5]).all()
    result = seqnet.scan(str(pssm), str(tmp_path / "s.fa"), per_sequence=True, matrix=True)
    np.testing.assert_allclose(result.scores.values, values, atol=1e-6)
    assert list(result.scores.columns()) == head


def test_a_linear_model_of_scores_is_scikit_learns(run, folder, linear):
    from sklearn.linear_model import LogisticRegression

    header = read_model(str(linear)).header
    assert (header["input"]["type"], header["input"]["settings"]["names"]) == (
        "scores",
        ["CTCF", "REB1", "GATA1"],
    )
    _, names, values = columns((folder / "s.tsv").read_text())
    rows = [line.split("\t") for line in (folder / "r.bed").read_text().splitlines() if line[0] != "#"]
    assert names == [row[3] for row in rows]
    train = np.array([row[6] == "train" for row in rows])
    middle, spread = values[train].mean(0), values[train].std(0)
    found = columns(run("predict", linear, "--features", folder / "s.tsv", "-q").text)[2]
    for task, strength in enumerate(header["options"]["strengths"]):
        targets = np.array([int(row[7 + task]) for row in rows])
        other = LogisticRegression(C=strength, tol=1e-8, max_iter=1000)
        other.fit((values[train] - middle) / spread, targets[train])
        expected = other.predict_proba((values - middle) / spread)[:, 1]
        np.testing.assert_allclose(found[:, task], expected, atol=2e-4)


def test_a_real_pipe_trains_predicts_and_evaluates(folder, linear):
    scan = "seqnet scan motifs.jaspar --genome genome.fa --regions {f}/r.bed --per-sequence --matrix -q"
    line = (
        f"{scan} | seqnet train linear --features - --labels {{f}}/r.bed -t 1 -q -o {{f}}/piped.safetensors && "
        f"{scan} | seqnet predict {{f}}/piped.safetensors --features - -q | "
        "seqnet evaluate - --labels {f}/r.bed -q --json {f}/piped.metrics.json > /dev/null && "
        f"{scan} | seqnet evaluate --model {{f}}/piped.safetensors --features - --labels {{f}}/r.bed -q "
        "--json {f}/direct.metrics.json > /dev/null"
    ).format(f=folder)
    finished = shell(line)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    piped, direct = (
        json.loads((folder / f"{name}.metrics.json").read_text())["metrics"] for name in ("piped", "direct")
    )
    assert piped[-1]["auroc"] == direct[-1]["auroc"] > 0.95
    one, other = read_model(str(linear)), read_model(str(folder / "piped.safetensors"))
    for name, tensor in one.tensors.items():
        np.testing.assert_array_equal(tensor, other.tensors[name])


def test_a_dense_network_and_an_ensemble_read_scores(run, folder):
    path = trained(folder, "dense", "--hidden", 8, "--epochs", 20, "--ensemble", 2, "--baselines")
    header = read_model(str(path)).header
    assert header["metrics"][-1]["auroc"] > 0.9
    assert header["baselines"]["motif scores of the table, linear"][-1]["auroc"] > 0.9
    done = run("predict", path, "--features", folder / "s.tsv", "--spread", "-q")
    assert columns(done.text)[0] == ["name", "CTCF", "REB1", "CTCF_sd", "REB1_sd"]


def test_columns_are_found_by_name_with_more_motifs_and_without_provenance(run, folder, linear):
    lines = (folder / "s.tsv").read_text().splitlines()
    cells = [line.split("\t") for line in lines]
    turned = [
        line if line.startswith("##") else "\t".join([row[0], row[3], "other" if line[0] == "#" else "1.5", row[2], row[1]])
        for line, row in zip(lines, cells, strict=True)
    ]  # fmt: skip
    (folder / "turned.tsv").write_text("\n".join(turned) + "\n")
    (folder / "bare.tsv").write_text("".join(f"{line}\n" for line in lines if not line.startswith("##")))
    plain = run("predict", linear, "--features", folder / "s.tsv", "-q")
    for name in ("turned", "bare"):
        assert run("predict", linear, "--features", folder / f"{name}.tsv", "-q").out == plain.out


def test_show_prints_scoring_and_coefficients_by_motif(run, folder, linear):
    shown = run("show", linear, "-q").text
    assert "input\tscores\n" in shown
    assert "input scoring\tbackground 0.25,0.25,0.25,0.25, pseudocount sqrt\n" in shown
    table = run("show", folder / "s.tsv", "-q").text.splitlines()
    assert [line for line in table if line.startswith(("features\t", "values\t"))] == [
        "features\t3", "values\tmotif-scores"
    ]  # fmt: skip
    rows = run("show", linear, "--coefficients", "-q").rows
    assert [row[:3] for row in rows[:1]] == [["CTCF", "CTCF", "."]]
    assert run("show", linear).err == ""  # explain does not take it


def test_a_model_of_sequences_among_several_is_named(run, folder, linear, tmp_path):
    path = tmp_path / "words.safetensors"
    regions = ("--regions", folder / "r.bed", "--genome", GENOME)
    options = ("--layers", "conv 2x3, global_pool max", "--epochs", 1, "-t", 1, "-q")
    assert run("train", "cnn", *regions, *options, "-o", path).code == 0
    finished = run("evaluate", "--model", linear, "--model", path, "--features", folder / "s.tsv", "--labels",
                   folder / "r.bed", "-q")  # fmt: skip
    assert (finished.code, finished.out) == (1, b"")
    assert (
        finished.err
        == f"seqnet evaluate: error: {path}: reads sequences; give regions or FASTA, not --features\n"
    )


@pytest.fixture(scope="module")
def wrong(folder):
    """Tables that do not fit."""
    text = (folder / "s.tsv").read_text()
    lines = text.splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if not line.startswith("#"))
    cells = lines[first].split("\t")
    dotted = [*lines[:first], "\t".join([cells[0], ".", *cells[2:]]), *lines[first + 1 :]]
    files = {
        "dot": "".join(dotted),
        "fewer": text.replace("#name\tCTCF", "#name\tCTCX"),
        "twice": text.replace("#name\tCTCF\tREB1", "#name\tCTCF\tCTCF"),
        "background": text.replace("##background=0.25,0.25,0.25,0.25", "##background=0.3,0.2,0.2,0.3"),
        "joined": text + text.replace("#name\tCTCF\tREB1", "#name\tREB1\tCTCF"),
        "headless": "".join(line for line in lines if not line.startswith("##")),
    }
    for name, content in files.items():
        (folder / f"{name}.tsv").write_text(content)
    counted = run_seqnet("kmer-featurize", "--regions", folder / "r.bed", "--genome", GENOME, "-k", 2, "-q",
                         "-o", folder / "k.npz")  # fmt: skip
    assert counted.code == 0, counted.err
    return folder


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("predict", "{m}", "--features", "{f}/dot.tsv"), "dot.tsv:{line}: there is no score of CTCF"),
        (("predict", "{m}", "--features", "{f}/fewer.tsv"), "the table of motif scores lacks 1 of 3 features, CTCF first"),
        (("predict", "{m}", "--features", "{f}/twice.tsv"), "two columns have one name"),
        (("predict", "{m}", "--features", "{f}/background.tsv"), "the model's with background 0.25,0.25,0.25,0.25"),
        (("train", "linear", "--features", "{f}/headless.tsv", "--labels", "{f}/r.bed", "-o", "{f}/no"),
         "headless.tsv: has no '##' lines, which describe its columns (CTCF is no k-mer)"),
        (("predict", "{m}", "--features", "{f}/k.npz"), "lacks 3 of 3 features, CTCF first"),
        (("predict", "{m}", "{g}"), "the model reads a table of motif scores, not sequences"),
        (("predict", "{m}", "--regions", "{f}/r.bed", "--genome", "{g}"), "reads a table of motif scores, not seq"),
        (("predict", "{m}", "--genome", "{g}", "--tile", "50", "-o", "{f}/x.tsv"), "reads a table of motif scores"),
        (("explain", "{m}", "--regions", "{f}/r.bed", "--genome", "{g}"),
         "no method applies to the model: the model reads a table of motif scores, not bases"),
        (("explain", "{m}", "--regions", "{f}/r.bed", "--genome", "{g}", "--filters", "{f}/no.meme"),
         "linear.safetensors has no filters over bases"),
        (("predict", "{m}", "--features", "{f}/joined.tsv"), "a second column line that differs from the first"),
        (("perturb", "{m}", "--regions", "{f}/r.bed", "--genome", "{g}", "--insert", "{motifs}"),
         "reads a table of motif scores, not sequences"),
        (("scan", "{motifs}", "{g}", "--matrix"), "--matrix needs --per-sequence"),
        (("scan", "{motifs}", "{g}", "--per-sequence", "--matrix", "--p-value", "0.1"),
         "--matrix and --p-value exclude each other"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(run, wrong, linear, words, message):
    finished = run(*(word.format(m=linear, f=wrong, g=GENOME, motifs=MOTIFS) for word in words), "-q")
    assert finished.code in (1, 2)
    assert finished.out == b""
    assert finished.err.count("\n") == 1
    line = next(n for n, row in enumerate((wrong / "s.tsv").read_text().splitlines(), 1) if row[0] != "#")
    assert message.format(line=line) in finished.err
