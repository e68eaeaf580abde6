"""Regressions of targets in any units, from the command line."""

import numpy as np
import pytest

from seqnet.commands._boundary import CommandError
from seqnet.errors import UsageError
from seqnet.formats.models.model_file import read_model
from seqnet.formats.results.scores import read_scores

ROWS, WORD = 240, "TGACGTCA"
LEVEL = "level"


@pytest.fixture(scope="module")
def material():
    """Sequences with none to three copies of a word, and a number that grows with the copies."""
    generator = np.random.default_rng(0)
    texts, levels = [], []
    for _ in range(ROWS):
        letters = list(generator.choice(list("ACGT"), 48))
        copies = int(generator.integers(4))
        for number in range(copies):
            at = 16 * number + int(generator.integers(8))
            letters[at : at + len(WORD)] = WORD
        texts.append("".join(letters))
        levels.append(copies + 0.2 * generator.normal())
    return texts, np.array(levels)


def write_table(path, texts, columns):
    splits = ["train" if row % 4 else "valid" for row in range(len(texts))]
    lines = ["\t".join(["seq", "fold", *columns])]
    for row, text in enumerate(texts):
        values = [repr(float(column[row])) for column in columns.values()]
        lines.append("\t".join([text, splits[row], *("." if v == "nan" else v for v in values)]))
    path.write_text("\n".join(lines) + "\n")
    return path


def train(inside, table, targets, *options, kind="cnn"):
    out = table.parent / f"{'-'.join(targets)}.safetensors"
    small = ("--layers", "conv 12x8, relu, global_pool average, dense 8, relu", "--epochs", 12,
             "--batch-size", 16, "--learning-rate", 0.02)  # fmt: skip
    named = [word for target in targets for word in ("--target", target)]
    inside(
        "train", kind, "--table", table, "--sequence-column", "seq", "--split-column", "fold", *named,
        *(small if kind == "cnn" else ("-k", 3)), "-t", 1, *options, "-o", out,
    )  # fmt: skip
    return read_model(str(out))


def predicted(inside, folder, texts, name):
    (folder / "p.fa").write_text("".join(f">s{i}\n{text}\n" for i, text in enumerate(texts)))
    inside("predict", folder / f"{name}.safetensors", folder / "p.fa", "-t", 1, "-q", "-o", folder / "p.tsv")
    return read_scores(str(folder / "p.tsv")).values


UNITS = {
    "thousands": (300.0, 1000.0), "millions": (1e6, 5e7), "small": (1e-5, 0.0),
    "far": (1.0, 1e9),
}  # fmt: skip


@pytest.fixture(scope="module")
def reference(material, tmp_path_factory):
    from seqnet.cli import seqnet

    folder = tmp_path_factory.mktemp("units")
    texts, levels = material
    columns = {name: b + a * levels for name, (a, b) in UNITS.items()}
    table = write_table(folder / "t.tsv", texts, {LEVEL: levels, "eighth": levels / 8, **columns})
    run = lambda *args: seqnet.main([*map(str, args)], prog_name="seqnet", standalone_mode=False)  # noqa: E731
    return table, train(run, table, [LEVEL], "-q")


def test_a_power_of_two_gives_the_same_weights_and_scaled_predictions(inside, material, reference):
    table, model = reference
    other = train(inside, table, ["eighth"], "-q", "--monitor", "r2")
    monitored = train(inside, table, [LEVEL], "-q", "--monitor", "r2")
    for name, tensor in monitored.tensors.items():
        assert tensor.tobytes() == other.tensors[name].tobytes(), name
    one = predicted(inside, table.parent, material[0], LEVEL).astype("f4")
    assert np.array_equal(predicted(inside, table.parent, material[0], "eighth").astype("f4") * 8, one)
    scales = [found.header["target_scale"] for found in (monitored, other)]
    assert scales[0]["center"] == [8 * scales[1]["center"][0]]
    assert scales[0]["deviation"] == [8 * scales[1]["deviation"][0]]
    assert model.header["metrics"][0]["r2"] > 0.5


@pytest.mark.parametrize("unit", UNITS)
def test_any_units_are_learnt_as_well(inside, material, reference, unit):
    table, model = reference
    other = train(inside, table, [unit], "-q")
    for found in (other.header["metrics"][0], model.header["metrics"][0]):
        assert found["r2"] == pytest.approx(model.header["metrics"][0]["r2"], abs=0.01)
    factor, shift = UNITS[unit]
    values = predicted(inside, table.parent, material[0], unit)[:, 0]
    truth = shift + factor * material[1]
    valid = np.arange(ROWS) % 4 == 0
    explained = 1 - ((truth - values)[valid] ** 2).sum() / ((truth - truth[valid].mean())[valid] ** 2).sum()
    assert explained == pytest.approx(other.header["metrics"][0]["r2"], abs=1e-4)


@pytest.mark.parametrize("unit", ["millions", "small", "far"])
def test_linear_regression_does_not_depend_on_units(inside, material, reference, unit):
    table, _ = reference
    own = train(inside, table, [LEVEL], "-q", kind="linear")
    found = train(inside, table, [unit], "-q", kind="linear")
    assert found.header["options"]["strengths"] == own.header["options"]["strengths"]
    factor, shift = UNITS[unit]
    values = (predicted(inside, table.parent, material[0], unit)[:, 0] - shift) / factor
    train(inside, table, [LEVEL], "-q", kind="linear")
    assert values == pytest.approx(predicted(inside, table.parent, material[0], LEVEL)[:, 0], abs=2e-4)


def test_tasks_of_unlike_scale_weigh_the_same_and_unknown_targets_do_not_count(
    inside, material, tmp_path, capsys
):
    texts, levels = material
    other = np.array([text.count("A") for text in texts], float)
    other[::5] = np.nan
    table = write_table(tmp_path / "t.tsv", texts, {"large": 1e6 * levels, "A": 1e-3 * other})
    model = train(inside, table, ["large", "A"])
    said = capsys.readouterr().err
    assert "targets are scaled by the training rows (--target-scale z): losses are in these units" in said
    rows = np.arange(ROWS) % 4 > 0
    scale = model.header["target_scale"]
    assert scale["rule"] == model.header["options"]["target-scale"] == "z"
    assert scale["center"] == pytest.approx([1e6 * levels[rows].mean(), 1e-3 * np.nanmean(other[rows])])
    assert scale["deviation"] == pytest.approx([1e6 * levels[rows].std(), 1e-3 * np.nanstd(other[rows])])
    values = predicted(inside, tmp_path, texts, "large-A")
    for column, truth in enumerate((1e6 * levels, 1e-3 * other)):
        known = ~np.isnan(truth) & rows
        assert np.corrcoef(values[known, column], truth[known])[0, 1] > 0.6
    log = [line.split("\t") for line in (tmp_path / "large-A.metrics.tsv").read_text().splitlines()]
    assert 0 < float(log[-1][2]) < 1.5
    assert "loss (scaled targets)" in (tmp_path / "large-A.curve.svg").read_text()
    inside("show", tmp_path / "large-A.safetensors")
    assert "target scale\tz\n" in capsys.readouterr().out


@pytest.mark.parametrize("rule", ["log1p", "quantile"])
def test_other_rules_predict_in_the_units_of_the_targets(inside, material, tmp_path, rule):
    texts, levels = material
    fold = np.exp(2 * np.maximum(levels, 0))
    table = write_table(tmp_path / "t.tsv", texts, {"times": fold})
    model = train(inside, table, ["times"], "-q", "--target-scale", rule, "--prior-bias")
    values = predicted(inside, tmp_path, texts, "times")[:, 0]
    assert np.corrcoef(np.log(np.maximum(values, 0.1)), np.log(fold))[0, 1] > 0.6
    assert model.header["target_scale"]["rule"] == rule


def test_rows_of_no_weight_do_not_set_the_scale(inside, material, tmp_path):
    texts, levels = material
    weights = np.ones(ROWS)
    weights[1::8] = 0
    spoilt = np.where(weights == 0, 1e8, levels)
    table = write_table(tmp_path / "t.tsv", texts, {LEVEL: spoilt, "w": weights})
    model = train(inside, table, [LEVEL], "-q", "--weight-column", "w")
    counted = (np.arange(ROWS) % 4 > 0) & (weights > 0)
    assert model.header["target_scale"]["center"] == pytest.approx([levels[counted].mean()])
    assert model.header["target_scale"]["deviation"] == pytest.approx([levels[counted].std()])


def test_what_cannot_be_scaled_so_is_one_line(inside, material, tmp_path):
    texts, levels = material
    table = write_table(
        tmp_path / "t.tsv", texts, {LEVEL: levels - 5, "bound": levels > 1, "huge": levels * 1e39}
    )
    for kind in ("binary", "counts"):
        with pytest.raises(
            (UsageError, CommandError), match="--target-scale z is for regression targets, not for"
        ):
            train(inside, table, ["bound"], "-q", "--target-scale", "z", "--task-type", kind)
    with pytest.raises(CommandError, match="--target-scale log1p needs targets above -1; level has -"):
        train(inside, table, [LEVEL], "-q", "--target-scale", "log1p")
    with pytest.raises(CommandError, match=r"targets must lie within 3\.40282e\+38 of 0"):
        train(inside, table, ["huge"], "-q")
    plain = train(inside, table, [LEVEL], "-q", "--target-scale", "none")
    assert "target_scale" not in plain.header
    assert plain.header["options"]["target-scale"] == "none"
