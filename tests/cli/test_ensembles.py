"""train --ensemble: several networks in one model, from training to attributions."""

import json

import numpy as np
import pytest

from seqnet.formats.models.model_file import read_model
from tests.running import run_seqnet

SITE = "TTACCCGGATA"
SMALL = ("--layers", "conv 4x5, relu, global_pool max, dropout 0.2", "--epochs", 2, "-t", 1, "-q")
SEEDS = (5, 6, 7)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A contig with sites, regions of 60 bases with two tasks and their splits, their sequences, variants."""
    folder = tmp_path_factory.mktemp("ensemble")
    generator = np.random.default_rng(0)
    letters = generator.choice(list("ACGT"), 60 * 200)
    for row in range(1, 200, 2):
        letters[60 * row + 20 : 60 * row + 20 + len(SITE)] = list(SITE)
    text = "".join(letters)
    (folder / "g.fa").write_text(f">chr1\n{text}\n")
    splits = ["valid" if row % 5 == 0 else "test" if row % 5 == 1 else "train" for row in range(200)]
    rows = [
        f"chr1\t{60 * i}\t{60 * i + 60}\tr{i}\t0\t.\t{splits[i]}\t{i % 2}\t{i % 3 // 2}\n" for i in range(200)
    ]
    (folder / "r.bed").write_text("#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tA\tB\n" + "".join(rows))
    (folder / "s.fa").write_text("".join(f">r{i}\n{text[60 * i : 60 * i + 60]}\n" for i in range(200)))
    alternative = {"A": "C", "C": "G", "G": "T", "T": "A"}
    calls = [f"chr1\t{place + 1}\t.\t{text[place]}\t{alternative[text[place]]}\t.\t.\t.\n"
             for place in (85, 700, 1285)]  # fmt: skip
    (folder / "v.vcf").write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        + "".join(calls)
    )
    return folder


def regions(folder):
    return ("--regions", folder / "r.bed", "--genome", folder / "g.fa")


def trained(folder, name, *options, kind="cnn"):
    path = folder / f"{name}.safetensors"
    finished = run_seqnet("train", kind, *regions(folder), *options, "-o", path)
    assert finished.code == 0, finished.err
    return path, finished.err


@pytest.fixture(scope="module")
def ensemble(folder):
    """Three networks in one model."""
    return trained(folder, "ensemble", *SMALL, "--seed", SEEDS[0], "--ensemble", 3)[0]


@pytest.fixture(scope="module")
def alone(folder):
    """The same networks, each in a model of its own."""
    return [trained(folder, f"alone{seed}", *SMALL, "--seed", seed)[0] for seed in SEEDS]


def predictions(path, *options):
    finished = run_seqnet("predict", path, *options, "-q")
    assert finished.code == 0, finished.err
    return np.array([[float(cell) for cell in row[1:]] for row in finished.rows])


def logit(values):
    return np.log(values) - np.log1p(-values)


def test_an_ensemble_of_one_is_a_plain_model_to_the_byte(folder):
    path, _ = trained(folder, "plain", *SMALL)
    one, _ = trained(folder, "one", *SMALL, "--ensemble", 1)
    for end in (".safetensors", ".json", ".metrics.tsv", ".curve.svg"):
        names = (file.name.removesuffix(".safetensors") + end for file in (path, one))
        first, second = ((folder / name).read_bytes() for name in names)
        assert first == second


def test_predictions_are_those_of_the_mean_of_networks_trained_apart(folder, ensemble, alone):
    each = [predictions(path, folder / "s.fa") for path in alone]
    mean = np.mean([logit(values) for values in each], axis=0)
    found = predictions(ensemble, folder / "s.fa", "--spread")
    np.testing.assert_allclose(logit(found[:, :2]), mean, atol=1e-4)
    np.testing.assert_allclose(found[:, 2:], np.std(each, axis=0, ddof=1), atol=1e-5)
    assert found[:, 2:].max() > 0.01
    stored = [read_model(str(path)) for path in (ensemble, *alone)]
    for number, one in enumerate(stored[1:]):
        for name, tensor in one.tensors.items():
            np.testing.assert_array_equal(stored[0].tensors[f"member.{number}.{name}"], tensor)


def test_rows_sequences_and_tiles_agree_and_their_spread_too(run, folder, ensemble):
    placed = run("predict", ensemble, *regions(folder), "--spread", "-q")
    named = run("predict", ensemble, folder / "s.fa", "--spread", "-q")
    tiled = run("predict", ensemble, "--genome", folder / "g.fa", "--tile", 60, "--spread", "-q")
    heads = [finished.text.splitlines() for finished in (placed, named, tiled)]
    for lines in heads:
        assert [line for line in lines if line.startswith("#")][-1].endswith("\tA\tB\tA_sd\tB_sd")
    values = [
        np.array([[float(cell) for cell in row[-4:]] for row in done.rows]) for done in (placed, named, tiled)
    ]
    np.testing.assert_array_equal(values[0], values[1])
    np.testing.assert_allclose(values[2], values[0], atol=1e-6)
    # evaluate passes over the columns of the spread
    (folder / "p.bed").write_text(placed.text)
    evaluated = run("evaluate", folder / "p.bed", "--labels", folder / "r.bed", "-q")
    whole = run("evaluate", "--model", ensemble, *regions(folder), "-q")
    assert evaluated.code == whole.code == 0
    assert [row[:6] for row in evaluated.rows] == [row[:6] for row in whole.rows]


def test_tracks_of_the_spread_are_named_after_their_tasks(run, folder, ensemble):
    tiles = ("--genome", folder / "g.fa", "--tile", 60, "--spread", "-q")
    finished = run("predict", ensemble, *tiles, "-o", folder / "t.{task}.bedgraph")
    assert finished.code == 0, finished.err
    assert {path.name for path in folder.glob("t.*.bedgraph")} == {
        "t.A.bedgraph", "t.B.bedgraph", "t.A_sd.bedgraph", "t.B_sd.bedgraph"
    }  # fmt: skip


def test_show_lists_the_networks_with_their_metrics(run, folder, ensemble, alone):
    shown = run("show", ensemble, "-q").text
    lines = shown.splitlines()
    assert "networks\t3" in lines
    assert [line for line in lines if line.startswith("parameters of each\t")]
    start = next(n for n, line in enumerate(lines) if line.startswith("#network\tseed\tbest_epoch\ttask"))
    rows = [line.split("\t") for line in lines[start + 1 : start + 10]]
    assert [row[:2] for row in rows] == [
        [str(n), str(seed)] for n, seed in enumerate(SEEDS, 1) for _ in "ABm"
    ]
    header = read_model(str(ensemble)).header
    assert header["options"]["ensemble"] == 3
    for member, path in zip(header["members"], alone, strict=True):
        other = read_model(str(path)).header
        assert member["metrics"] == other["metrics"]
        assert member["best_epoch"] == other["options"]["best-epoch"]


def test_the_log_has_the_networks_one_after_the_other(folder, ensemble, alone):
    lines = (folder / "ensemble.metrics.tsv").read_text().splitlines()
    assert lines[0].startswith("member\tepoch\ttrain_loss")
    for number, path in enumerate(alone):
        own = (folder / path.name.replace(".safetensors", ".metrics.tsv")).read_text().splitlines()
        assert lines[1 + 2 * number : 3 + 2 * number] == [f"{number + 1}\t{line}" for line in own[1:]]
    summary = json.loads((folder / "ensemble.json").read_text())
    assert [row["member"] for row in summary["history"]] == [1, 1, 2, 2, 3, 3]


def test_attributions_are_the_mean_of_those_of_networks_trained_apart(run, folder, ensemble, alone):
    def attributions(path):
        out = folder / f"{path.stem}.npz"
        finished = run("explain", path, *regions(folder), "--task", "A", "--method", "deeplift",
                       "--shuffles", 3, "-o", out, "-q")  # fmt: skip
        assert finished.code == 0, finished.err
        with np.load(out) as arrays:
            return {name: arrays[name] for name in arrays.files}

    found, *each = (attributions(path) for path in (ensemble, *alone))
    names = [name for name, values in found.items() if values.ndim >= 2 and values.dtype.kind == "f"]
    assert names
    for name in names:
        mean = np.mean([own[name] for own in each], axis=0)
        np.testing.assert_allclose(found[name], mean, atol=1e-5 * max(1, np.abs(mean).max()))


def test_filters_are_those_of_every_network(run, folder, ensemble):
    path = folder / "filters.meme"
    finished = run("explain", ensemble, *regions(folder), "--filters", path, "-q")
    assert finished.code == 0, finished.err
    names = {line.split()[1] for line in path.read_text().splitlines() if line.startswith("MOTIF")}
    assert {name.split("_")[0] for name in names} == {"member1", "member2", "member3"}


def test_effects_of_variants_are_the_mean_of_the_networks_effects(run, folder, ensemble, alone):
    def effects(*models):
        finished = run("variants", *models, folder / "v.vcf", "--genome", folder / "g.fa", "-o",
                       folder / "effects.tsv", "-q")  # fmt: skip
        assert finished.code == 0, finished.err
        lines = (folder / "effects.tsv").read_text().splitlines()
        heads = [line for line in lines if line.startswith("#")][-1].lstrip("#").split("\t")
        rows = [dict(zip(heads, line.split("\t"), strict=True)) for line in lines if not line.startswith("#")]
        return np.array([[float(row[name]) for name in ("ref_A", "alt_A", "delta_B")] for row in rows])

    each = [effects(path) for path in alone]
    np.testing.assert_allclose(effects(ensemble), np.mean(each, axis=0), atol=1e-4)


def test_experiments_take_the_mean(run, folder, ensemble, alone):
    motifs = folder / "motif.jaspar"
    counts = [" ".join("18" if base == site else "1" for site in SITE) for base in "ACGT"]
    motifs.write_text(
        ">site\n" + "".join(f"{base} [ {row} ]\n" for base, row in zip("ACGT", counts, strict=True))
    )

    def means(path):
        finished = run("perturb", path, *regions(folder), "--insert", motifs, "--task", "A", "-q")
        assert finished.code == 0, finished.err
        head = [line for line in finished.text.splitlines() if line.startswith("#")][-1].split("\t")
        return np.array([float(row[head.index("mean")]) for row in finished.rows])

    np.testing.assert_allclose(means(ensemble), np.mean([means(path) for path in alone], axis=0), atol=1e-4)


def test_terms_are_fitted_once_and_weighted_on_the_mean(folder):
    path, said = trained(folder, "terms", *SMALL[:-1], "--kmer-term", "--ensemble", 2)
    model = read_model(str(path))
    assert sorted(name for name in model.tensors if name.startswith("kmer_term.")) == [
        "kmer_term.bias", "kmer_term.scale", "kmer_term.weights"
    ]  # fmt: skip
    assert "network 2 of 2, seed 1" in said
    figures = model.header["baselines"]["network alone"]
    assert [row["auroc"] for row in figures] != [
        row["auroc"] for row in model.header["members"][0]["metrics"]
    ]
    assert (
        said.strip()
        .splitlines()[-1]
        .startswith("seqnet train cnn: parts on the validation rows: network (weight ")
    )


def test_a_dense_ensemble_predicts_the_mean(run, folder):
    words = ("-k", 3, "--hidden", 4, "--epochs", 2, "-t", 1, "-q")
    path, _ = trained(folder, "dense", *words, "--ensemble", 2, kind="dense")
    each = [trained(folder, f"dense{seed}", *words, "--seed", seed, kind="dense")[0] for seed in (0, 1)]
    mean = np.mean([logit(predictions(one, folder / "s.fa")) for one in each], axis=0)
    np.testing.assert_allclose(logit(predictions(path, folder / "s.fa")), mean, atol=1e-4)
    shown = run("explain", path, *regions(folder), "--task", "A", "-o", folder / "dense.npz", "-q")
    assert shown.code == 0, shown.err


def test_the_report_has_one_learning_curve(run, folder, ensemble):
    page = folder / "report.html"
    finished = run("evaluate", "--model", ensemble, *regions(folder), "--report", page, "-q")
    assert finished.code == 0, finished.err
    assert "mean of those of the 3 networks that have the epoch" in page.read_text()


def test_another_number_of_networks_cannot_go_on(run, folder):
    options = (*regions(folder), *SMALL, "--checkpoint-dir", folder / "run", "-o", folder / "on.safetensors")
    assert run("train", "cnn", *options).code == 0
    other = run("train", "cnn", *options, "--resume", "--ensemble", 2)
    assert (other.code, other.err.count("\n")) == (1, 1)
    assert "options ensemble was None, now 2" in other.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("predict", "{plain}", "{f}/s.fa", "--spread"), "--spread is for ensembles (train --ensemble N)"),
        (("train", "cnn", "--target-track", "x.bw", "--signal", "y.bw", "--ensemble", "2", "-o", "x.safetensors"),
         "--ensemble does not go with --target-track"),
        (("train", "cnn", "--regions", "{f}/r.bed", "--genome", "{f}/g.fa", "--ensemble", "0", "-o", "x"),
         "--ensemble"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(run, folder, alone, words, message):
    finished = run(*(word.format(plain=alone[0], f=folder) for word in words), "-q")
    assert finished.code in (1, 2)
    assert message in finished.err.splitlines()[-1]
