"""JSON, TOML and logs of other contents than promised are one line."""

import json

import pytest

from tests.running import run_seqnet


def evaluate(tmp_path, *more):
    (tmp_path / "l.tsv").write_text("name\tA\nx\t1\ny\t0\nz\t1\n")
    (tmp_path / "p.tsv").write_text("name\tA\nx\t.9\ny\t.2\nz\t.4\n")
    return run_seqnet("evaluate", tmp_path / "p.tsv", "--labels", tmp_path / "l.tsv", "-q", *more)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{" + '"a":[' * 1 + "[" * 50_000, "is no JSON"),
        ("{}", "is not the JSON of a model: kind is missing"),
        ('{"kind": 7}', "is not the JSON of a model: kind is 7; expected linear or dense or cnn"),
        ("task\tstrength\tvalid_loss\nA\t1\t.5\n", "belongs to a linear model, which has no epochs"),
        ("epoch\ttrain_loss\nx\ty\n", "is no training log"),
        ("epoch\ttrain_loss\n1\n", "is no training log"),
        ("epoch\ttrain_loss\ninf\t2\n", "is no training log"),
        ('epoch\ttrain_loss\n1\t"' + "9" * 200_000, "is no training log"),
    ],
    ids=["deep", "empty", "kind", "linear", "words", "ragged", "infinite", "long"],
)
def test_a_damaged_training_log_is_one_line(tmp_path, text, message):
    (tmp_path / "log").write_text(text)
    finished = evaluate(tmp_path, "--report", tmp_path / "r.html", "--training-log", tmp_path / "log")
    assert finished.code == 1
    assert message in finished.err
    assert finished.err.count("\n") == 1
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": 7}, {"metrics": [1]}, {"metrics": [{"auroc": 1}]}, {"metrics": [{"task": "A", "auroc": "x"}]},
        {"task_type": "x"}, {"task_type": ["binary"]},
    ],
)  # fmt: skip
def test_evaluations_of_wrong_types_are_not_compared(tmp_path, change):
    content = {
        "schema_version": 1,
        "command": "evaluate",
        "task_type": "binary",
        "metrics": [{"task": "A", "auroc": 0.5}],
    }
    (tmp_path / "a.json").write_text(json.dumps(content))
    (tmp_path / "b.json").write_text(json.dumps(content | change))
    finished = run_seqnet("evaluate", "--compare", tmp_path / "a.json", tmp_path / "b.json")
    assert finished.code == 1
    assert "b.json: is not what evaluate --json or train writes: " in finished.err
    assert finished.err.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--layers", "residual(" * 3000 + "relu" + ")" * 3000),
        ("--architecture", "deep.toml"),
        ("--architecture", "deep2.toml"),
        ("--architecture", "deep3.toml"),
    ],
    ids=["text", "toml", "list", "key"],
)
def test_deep_layers_are_one_line(tmp_path, options):
    (tmp_path / "deep.toml").write_text("layers = " + "[" * 20_000 + "]" * 20_000)
    (tmp_path / "deep2.toml").write_text("layers = [" + '{layer="residual", layers=[' * 60 + "]}" * 60 + "]")
    (tmp_path / "deep3.toml").write_text("a" + ".a" * 50_000 + " = 1\n")  # a minute of tomllib's time
    (tmp_path / "p.fa").write_text(">a\nACGTACGTAC\n>b\nACGGACGTAC\n")
    finished = run_seqnet(
        "train", "cnn", "--positives", "p.fa", "--negatives", "shuffle", *options, "--dry-run", cwd=tmp_path
    )
    assert finished.code in (1, 2)
    assert "nested" in finished.err
    assert finished.err.count("\n") == 1
