"""``seqnet.evaluate`` from Python: the metrics that the command writes, as values."""

import json

import numpy as np
import pytest

import seqnet
from seqnet.errors import SeqnetError, UsageError
from seqnet.pipeline.evaluation.request import EvaluateRequest
from tests.unit.pipeline.test_predict import files as files
from tests.unit.pipeline.test_predict import linear_model

COLUMNS = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\ta\tb\n"
PREDICTED = ((0.9, 0.1), (0.8, 0.2), (0.3, 0.3), (0.1, 0.4))
LABELS = ((1, 0), (0, 0), (1, 1), (0, 1))
"""Of task a the positives are above the negatives in 3 of 4 pairs, of b in all."""


def table(values, split="test"):
    rows = "".join(
        f"c1\t{4 * i}\t{4 * i + 4}\tr{i}\t.\t.\t{split}\t{a}\t{b}\n" for i, (a, b) in enumerate(values)
    )
    return COLUMNS + rows


@pytest.fixture
def tables(tmp_path):
    (tmp_path / "pred.bed").write_text(table(PREDICTED, "."))
    (tmp_path / "flat.bed").write_text(table([(b, a) for a, b in PREDICTED], "."))
    (tmp_path / "labels.bed").write_text(table(LABELS))
    return tmp_path


def test_metrics_are_those_of_the_file_and_nothing_is_printed(tables, capfd):
    result = seqnet.evaluate(tables / "pred.bed", labels=tables / "labels.bed")
    metrics = result.metrics
    assert metrics.task.tolist() == ["a", "b", "mean"]
    assert metrics.figures["auroc"].tolist() == [0.75, 1.0, 0.875]
    assert result.rows == 4
    assert result.outputs == ()
    assert result.evaluation.task_metrics.kind == "binary"
    path = tables / "metrics.tsv"
    written = seqnet.evaluate(tables / "pred.bed", labels=tables / "labels.bed", output=path)
    assert written.outputs == (str(path),)
    header, *rows = [line.split("\t") for line in path.read_text().splitlines()]
    assert header == list(metrics.columns())
    shown = [["NA" if value != value else f"{value:.6g}" for value in row[1:]] for row in metrics.rows()]
    assert [[f"{float(cell):.6g}" if cell != "NA" else cell for cell in row[1:]] for row in rows] == shown
    assert "seqnet" not in capfd.readouterr().out


def test_warnings_are_part_of_the_result(tables):
    result = seqnet.evaluate(tables / "pred.bed", labels=tables / "labels.bed")
    assert list(result.warnings) == result.evaluation.content()["warnings"]


def test_intervals_are_columns_and_can_be_left_out(tables):
    none = seqnet.evaluate(tables / "pred.bed", labels=tables / "labels.bed", intervals="none")
    assert np.isnan(none.metrics.columns()["auroc_low"]).all()
    assert none.evaluation.block_size is None


def test_files_are_written_only_where_a_path_is_given(tables):
    before = sorted(tables.iterdir())
    seqnet.evaluate(tables / "pred.bed", labels=tables / "labels.bed")
    assert sorted(tables.iterdir()) == before
    result = seqnet.evaluate(
        tables / "pred.bed", labels=tables / "labels.bed", json_path=tables / "m.json", mqc=tables / "m",
        report=tables / "m.html",
    )  # fmt: skip
    assert [path.rpartition("/")[2] for path in result.outputs] == [
        "m.json", "m_mqc.json", "m_general_mqc.json", "m.html",
    ]  # fmt: skip
    assert json.loads((tables / "m.json").read_text())["metrics"][0]["auroc"] == 0.75
    assert sorted(tables.iterdir()) == sorted([*before, *map(tables.joinpath, result.outputs)])


def test_evaluations_are_set_side_by_side(tables):
    for name in ("pred", "flat"):
        seqnet.evaluate(
            tables / f"{name}.bed", labels=tables / "labels.bed", json_path=tables / f"{name}.json"
        )
    result = seqnet.evaluate((tables / "flat.json", tables / "pred.json"), compare=True)
    comparison = result.comparison
    assert (result.metrics, result.evaluation) == (None, None)
    assert list(comparison.columns()) == ["task", "metric", "flat", "pred", "difference"]
    rows = {row[:2]: row[2:] for row in comparison.rows()}
    assert rows["a", "auroc"] == (0.25, 0.75, 0.5)


@pytest.mark.filterwarnings("ignore")
def test_a_model_and_predictions_may_be_values(files):
    (files / "l.bed").write_text(
        "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tt\n"
        "c1\t0\t4\tone\t0\t+\ttest\t1\nc1\t4\t8\ttwo\t0\t-\ttest\t0\nc2\t0\t4\tthree\t0\t.\ttest\t1\n"
    )
    genome = files / "g.fa"
    by_value = seqnet.evaluate(model=linear_model(), regions=files / "l.bed", genome=genome)
    by_path = seqnet.evaluate(model=files / "m.safetensors", regions=files / "l.bed", genome=genome)
    predictions = seqnet.predict(linear_model(), regions=files / "r.bed", genome=genome).predictions
    joined = seqnet.evaluate(predictions, labels=files / "l.bed")
    for other in (by_path, joined):
        assert other.metrics.figures["auroc"].tolist() == by_value.metrics.figures["auroc"].tolist()
        assert other.evaluation.values.tolist() == by_value.evaluation.values.tolist()


def test_fields_that_contradict_each_other_are_refused_at_once():
    with pytest.raises(UsageError, match="give PREDICTIONS with --labels"):
        EvaluateRequest("pred.bed")
    with pytest.raises(UsageError, match="--compare takes two JSON files"):
        seqnet.evaluate("one.json", compare=True)
    with pytest.raises(UsageError, match="--tiles needs --peaks"):
        seqnet.evaluate("pred.bed", labels="labels.bed", tiles="t.bw")
    with pytest.raises(UsageError, match=r"--baseline 'flat\.bed': expected NAME=FILE"):
        seqnet.evaluate("pred.bed", labels="labels.bed", baselines=("flat.bed",))
    with pytest.raises(UsageError, match="--genome does not go with --target-track"):
        seqnet.evaluate(
            model="m.safetensors", genome="g.fa", signals={"a": "a.bw"}, target_tracks={"b": "b.bw"}
        )


def test_rows_that_do_not_join_are_an_error(tables):
    (tables / "labels.bed").write_text(table([*LABELS, (1, 1)]))
    with pytest.raises(SeqnetError, match="has no row for c1:16-20"):
        seqnet.evaluate(tables / "pred.bed", labels=tables / "labels.bed")
