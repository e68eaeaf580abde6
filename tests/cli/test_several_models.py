"""Several models on the same rows, and the evaluations of other runs side by side."""

import json
import shutil

import pytest

import seqnet
from seqnet.errors import UsageError
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.networks.model import Model
from seqnet.pipeline.inputs.models import distinct_names

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def both(prepared):
    genome = prepared.data / "genome.fa"
    return "--regions", prepared / "regions.bed", "--genome", genome, "--block-size", 1000, "-t", 1


def test_other_models_are_baselines_with_the_intervals_of_their_predictions(
    prepared, both, seqnet_ok, tmp_path
):
    cnn, linear = prepared / "cnn.safetensors", prepared / "linear.safetensors"
    models = seqnet_ok("evaluate", "--model", linear, "--model", cnn, *both, "--json", tmp_path / "m.json")
    given = seqnet_ok(
        "evaluate", "--model", linear, *both, "--baseline", f"cnn.safetensors={prepared / 'pred.bed'}",
        "--json", tmp_path / "b.json",
    )  # fmt: skip
    alone = seqnet_ok("evaluate", "--model", cnn, *both, "--json", tmp_path / "c.json")
    assert models.out == given.out != alone.out
    found, expected = [json.loads((tmp_path / f"{name}.json").read_text()) for name in "mb"]
    (baseline,), (by_file,) = found["baselines"], expected["baselines"]
    assert baseline["name"] == "cnn.safetensors"
    own = json.loads((tmp_path / "c.json").read_text())["metrics"]
    assert [row["auroc"] for row in baseline["metrics"]] == pytest.approx([row["auroc"] for row in own])
    for metric, gain in baseline["difference"].items():
        assert gain["value"] == pytest.approx(found["metrics"][-1][metric] - own[-1][metric])
        assert gain["value"] == pytest.approx(by_file["difference"][metric]["value"], abs=1e-4)
        assert gain["interval"] == pytest.approx(by_file["difference"][metric]["interval"], abs=1e-4)
        assert gain["interval"][0] < gain["interval"][1]
    gain = baseline["difference"]["auroc"]
    low, high = gain["interval"]
    assert f"(linear.safetensors differs by {gain['value']:+.4f}, {low:+.4f} to {high:+.4f})" in models.err


def test_python_takes_a_model_or_a_list_of_them(prepared):
    rows = {"regions": prepared / "regions.bed", "genome": prepared.data / "genome.fa", "intervals": "none"}
    linear = read_model(str(prepared / "linear.safetensors"))
    alone = seqnet.evaluate(model=linear, **rows)
    with_other = seqnet.evaluate(model=[linear, prepared / "cnn.safetensors", linear], **rows)
    assert alone.evaluation.baselines == []
    assert with_other.evaluation.values.tolist() == alone.evaluation.values.tolist()
    assert [other.name for other in with_other.evaluation.baselines] == ["cnn.safetensors", "linear_2"]
    twin = with_other.evaluation.baselines[1]
    assert {value for value, _ in twin.differences.values()} == {0.0}


def test_a_baseline_that_was_trained_on_the_rows_is_named(prepared, both, run, tmp_path):
    model = read_model(str(prepared / "linear.safetensors"))
    splits = model.header["splits"] | {"train": {"rows": 9, "contigs": ["chr4"]}}
    write_model(str(tmp_path / "seen.safetensors"), Model(model.header | {"splits": splits}, model.tensors))
    line = ("evaluate", "--model", prepared / "linear.safetensors", *both, "--intervals", "none")
    assert "seen.safetensors: training rows lie on chr4 too" not in run(*line).err
    finished = run(*line, "--model", tmp_path / "seen.safetensors")
    assert "warning: seen.safetensors: training rows lie on chr4 too" in finished.err


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"genome": "-", "regions": "r.bed"}, "several models read their input once each"),
        ({"signals": {"a": "a.bw"}, "target_tracks": {"b": "b.bw"}}, "--target-track goes with one --model"),
    ],
)
def test_what_several_models_cannot_share_is_refused(fields, message):
    with pytest.raises(UsageError, match=message):
        seqnet.evaluate(model=["a.safetensors", "b.safetensors"], **fields)


def test_a_track_that_none_of_the_models_reads_is_an_error(prepared, both, run):
    model = ("--model", prepared / "linear.safetensors")
    finished = run("evaluate", *model, *model, *both, "--signal", "dnase=d.bw")
    assert (finished.code, finished.out) == (1, b"")
    assert "--signal dnase: none of the models reads this track" in finished.err


def test_outputs_do_not_replace_any_of_the_models(prepared, both, run):
    models = ("--model", prepared / "linear.safetensors", "--model", prepared / "cnn.safetensors")
    finished = run("evaluate", *models, *both, "--json", prepared / "cnn.json")
    assert finished.code == 2
    assert "belongs to the model" in finished.err


def test_trainings_and_evaluations_are_compared_by_the_names_of_their_files(
    prepared, both, run, seqnet_ok, tmp_path
):
    trained = [json.loads((prepared / f"{name}.json").read_text()) for name in ("linear", "cnn")]
    rows = seqnet_ok("evaluate", "--compare", prepared / "linear.json", prepared / "cnn.safetensors").rows
    assert rows[0] == ["task", "metric", "linear", "cnn", "difference"]
    for task, metric, *figures in rows[1:]:
        (one,), (other,) = [[row for row in each["metrics"] if row["task"] == task] for each in trained]
        assert [float(text) for text in figures] == pytest.approx(
            [one[metric], other[metric], other[metric] - one[metric]], abs=1e-5
        )
    assert {row[1] for row in rows[1:]} == {"base_rate", "auroc", "auprc"}
    valid = tmp_path / "valid.json"
    seqnet_ok("evaluate", "--model", prepared / "cnn.safetensors", *both, "--split", "valid", "--json", valid)
    same = run("evaluate", "--compare", prepared / "cnn.json", valid)
    assert (same.code, same.err) == (0, "")
    assert [float(row[-1]) for row in same.rows[1:]] == pytest.approx([0] * len(same.rows[1:]), abs=1e-5)
    seqnet_ok("evaluate", "--model", prepared / "cnn.safetensors", *both, "--json", tmp_path / "test.json")
    unfair = run("evaluate", "--compare", prepared / "cnn.json", tmp_path / "test.json")
    assert "warning: they were evaluated on different splits: valid, test" in unfair.err


def test_files_of_one_name_are_told_apart_by_their_folders(prepared, seqnet_ok, tmp_path):
    paths = []
    for folder, name in (("a", "linear"), ("b", "cnn")):
        (tmp_path / folder).mkdir()
        paths.append(shutil.copy(prepared / f"{name}.json", tmp_path / folder / "m.json"))
    rows = seqnet_ok("evaluate", "--compare", *paths, prepared / "dense.json").rows
    assert rows[0] == ["task", "metric", "a/m", "b/m", "dense", "difference"]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/m.json", "b/m.json"], ["a/m", "b/m"]),
        (["a/run/m.json", "b/run/m.json", "c.json"], ["a/run/m", "b/run/m", "c"]),
        (["m.json", "b/m.json"], ["m", "b/m"]),
        (["m.json", "m.json"], ["m", "m_2"]),
        (["x.json", "y.json"], ["x", "y"]),
    ],
)
def test_names_are_as_short_as_they_can_be_distinct(paths, expected):
    assert (
        distinct_names(paths, [path.rpartition("/")[2].removesuffix(".json") for path in paths]) == expected
    )
