"""What show says about models."""

import re

import numpy as np
import pytest

from seqnet.datasets.checks import counted
from seqnet.errors import SeqnetError
from seqnet.formats.kmers.kmer_table import read_kmer_table
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.formats.regions.bed import read_bed
from seqnet.networks.model import Model, linear_coefficients
from tests.conftest import strands_of
from tests.unit.attribution.networks import FIXTURES


def tables(text):
    """Facts, and the tables under their column lines."""
    facts, found = {}, []
    for line in text.splitlines():
        fields = line.split("\t")
        if line.startswith("#"):
            found.append([])
            columns = [fields[0][1:], *fields[1:]]
        elif found:
            found[-1].append(dict(zip(columns, fields, strict=True)))
        else:
            facts[fields[0]] = fields[1]
    return facts, found


def test_a_model_shows_how_it_was_made_its_metrics_and_its_layers(seqnet_ok, prepared):
    path = prepared / "cnn.safetensors"
    model = read_model(str(path))
    facts, (metrics, layers) = tables(seqnet_ok("show", path).text)
    assert facts["model kind"] == "cnn"
    assert facts["tasks"] == ",".join(model.tasks)
    assert facts["option preset"] == "lecture"
    assert facts["command"] == "train cnn"
    assert facts["file genome.fa"] == model.header["inputs"]["genome.fa"]
    train = model.header["splits"]["train"]
    assert facts["split train"] == f"{train['rows']} rows on {counted(len(train['contigs']), 'contig')}"
    assert [row["task"] for row in metrics] == [*model.tasks, "mean"]
    assert next(iter(metrics[0])) == "task"
    assert [row["layer"] for row in layers[:4]] == ["input", "conv 3x4 padding=0", "relu", "max_pool 2"]
    learnt = sum(array.size for array in model.tensors.values())
    assert layers[-1]["parameters"] == facts["parameters"] == str(learnt)


def test_coefficients_rank_the_k_mers_of_each_task(seqnet_ok, prepared):
    path = prepared / "linear.safetensors"
    model = read_model(str(path))
    _, (rows,) = tables(seqnet_ok("show", path, "--coefficients").text)
    table, regions = read_kmer_table(str(prepared / "k.npz")), read_bed(str(prepared / "regions.bed"))
    deviation = table.matrix.toarray()[regions.splits == "train"].std(axis=0)
    for number, task in enumerate(model.tasks):
        mine = [row for row in rows if row["task"] == task]
        assert sorted(row["feature"] for row in mine) == sorted(table.features)
        scaled = [abs(float(row["coefficient_per_sd"])) for row in mine]
        assert scaled == sorted(scaled, reverse=True)
        for row in mine:
            column = list(table.features).index(row["feature"])
            coefficient = model.tensors["0.weight"][number, column]
            assert float(row["coefficient"]) == pytest.approx(coefficient, rel=1e-5)
            assert float(row["coefficient_per_sd"]) == pytest.approx(
                coefficient * deviation[column], rel=1e-4
            )
            assert row["reverse_complement"] == strands_of(row["feature"])[1]


@pytest.mark.parametrize("name", ["cnn", "dense"])
def test_networks_have_no_coefficients(run, prepared, name):
    finished = run("show", prepared / f"{name}.safetensors", "--coefficients")
    assert (finished.code, finished.out) == (1, b"")
    assert finished.err.endswith(
        f"{name}.safetensors: only linear models of k-mers or of a table of motif scores have coefficients\n"
    )


def test_coefficients_are_of_the_features_as_they_are():
    # trained on features divided by 2: one unit of the feature itself changes the output by half
    tensors = {"0.weight": np.array([[4.0, 6.0]]), "input.scale": np.array([2.0, 1.0])}
    model = Model({"input": {"type": "kmers"}}, tensors)
    assert linear_coefficients(model)[0].tolist() == [[2.0, 6.0]]
    assert linear_coefficients(model)[1] is None
    known = Model(model.header, {**tensors, "input.deviation": np.array([3.0, 0.5])})
    assert linear_coefficients(known)[1].tolist() == [[6.0, 3.0]]
    with pytest.raises(SeqnetError, match="only linear models"):
        linear_coefficients(Model({"input": {"type": "sequence"}}, tensors))


def test_a_model_shows_the_baselines_it_was_compared_with(seqnet_ok, prepared, tmp_path):
    model = read_model(str(prepared / "cnn.safetensors"))
    rows = [{"task": task, "n": 9, "auroc": 0.5 + 0.125 * i} for i, task in enumerate(model.tasks)]
    header = model.header | {"baselines": {"gapped k-mers, linear": rows, "best motif window": rows[:1]}}
    write_model(str(tmp_path / "m.safetensors"), Model(header, model.tensors))
    _, (metrics, baselines, layers) = tables(seqnet_ok("show", tmp_path / "m.safetensors").text)
    assert [row["baseline"] for row in baselines] == [
        *["gapped k-mers, linear"] * len(rows),
        "best motif window",
    ]
    assert [row["task"] for row in baselines] == [*model.tasks, model.tasks[0]]
    assert [float(row["auroc"]) for row in baselines] == [row["auroc"] for row in (*rows, rows[0])]
    assert (metrics[-1]["task"], layers[0]["layer"]) == ("mean", "input")


def test_a_model_whose_rows_were_not_split_by_stretches_is_shown(seqnet_ok, tmp_path):
    random = np.random.default_rng(0)
    rows = [
        f"r{i}\t{''.join(random.choice(list('ACGT'), 20))}\t{i % 2}\t{('train', 'valid')[i // 8 % 2]}\n"
        for i in range(32)
    ]
    (tmp_path / "t.tsv").write_text("name\tseq\ty\tsplit\n" + "".join(rows))
    model = tmp_path / "m.safetensors"
    seqnet_ok("train", "cnn", "--table", tmp_path / "t.tsv", "--sequence-column", "seq", "--name-column", "name",
              "--split-column", "split", "--target", "y", "--layers", "conv 2x3, global_pool max", "--epochs", 1,
              "-t", 1, "-q", "-o", model)  # fmt: skip
    assert read_model(str(model)).header["stretches"] is None
    facts, _ = tables(seqnet_ok("show", model).text)
    assert facts["split train"] == "16 rows on 0 contigs"
    assert "split by stretches" not in facts


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("linear", ("explain", "discover")),
        ("lecture", ("explain", "discover")),
        ("signal", ("explain",)),
        ("denoise", ()),
    ],
)
def test_the_last_line_names_the_commands_that_show_what_the_model_has_learnt(run, name, named):
    finished = run("show", FIXTURES / f"{name}.safetensors")
    last = (finished.err.splitlines() or [""])[-1]
    assert tuple(re.findall(r"'seqnet (\w+)'", last)) == named
    assert "seqnet explain" not in finished.text
    assert run("show", FIXTURES / f"{name}.safetensors", "-q").err == ""
