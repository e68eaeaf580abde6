"""evaluate as its users call it: metrics, sources, baselines, tiles, comparison."""

import json
import re
import shutil

import numpy as np
import pyBigWig
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

COLUMNS = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\t"


def table(result):
    head, *rows = (line.split("\t") for line in result.text.splitlines())
    return {row[0]: dict(zip(head, row, strict=True)) for row in rows}


def numbers(result):
    """The metrics that are defined, by task."""
    rows = table(result)
    return {t: {k: float(v) for k, v in row.items() if v not in (t, "NA")} for t, row in rows.items()}


def write(path, tasks, rows, header=""):
    """Rows of (start, name, split, values...) on contig c, 10 bases wide."""
    lines = [
        "\t".join(["c", str(start), str(start + 10), name, ".", ".", split, *map(str, values)])
        for start, name, split, *values in rows
    ]
    path.write_text(header + COLUMNS + "\t".join(tasks) + "\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def random_tables(tmp_path):
    """60 blocks of rows, two tasks: labels, good and bad predictions."""
    generator = np.random.default_rng(0)
    n = 360
    truth = (generator.random((n, 2)) < 0.3).astype(int)
    names = [f"neg_gc:r{i}" if not truth[i].any() and i % 2 else f"r{i}" for i in range(n)]
    splits = ["valid" if i % 4 == 0 else "test" for i in range(n)]
    starts = np.arange(n) * 1000
    good = np.clip(truth * 0.4 + generator.random((n, 2)) * 0.6, 0, 1).round(4)
    bad = np.clip(truth * 0.1 + generator.random((n, 2)) * 0.9, 0, 1).round(4)
    for name, values in (("l", truth), ("good", good), ("bad", bad)):
        rows = list(zip(starts, names, splits, *values.T, strict=True))
        write(tmp_path / f"{name}.bed", ("A", "B"), rows)
    test = np.array(splits) == "test"
    return tmp_path, truth[test], good[test], bad[test]


def test_metrics_equal_scikit_learn_and_the_threshold_comes_from_validation_rows(random_tables, seqnet_ok):
    folder, truth, good, _ = random_tables
    found = table(seqnet_ok("evaluate", folder / "good.bed", "--labels", folder / "l.bed"))
    for column, task in enumerate(("A", "B")):
        assert float(found[task]["auroc"]) == pytest.approx(
            roc_auc_score(truth[:, column], good[:, column]), rel=1e-5
        )
        assert float(found[task]["auprc"]) == pytest.approx(
            average_precision_score(truth[:, column], good[:, column]), rel=1e-5
        )
        assert found[task]["auroc_low"] == "NA"
        assert found[task]["f1"] != "NA"
    given = table(
        seqnet_ok("evaluate", folder / "good.bed", "--labels", folder / "l.bed", "--threshold", 0.45, "-q")
    )
    assert given["A"]["threshold"] == given["B"]["threshold"] == "0.45"


def test_json_holds_everything_and_the_seed_decides(random_tables, seqnet_ok):
    folder, *_ = random_tables
    args = ("evaluate", folder / "good.bed", "--labels", folder / "l.bed", "--block-size", 2000,
            "--intervals", "tasks", "--baseline", f"bad={folder}/bad.bed", "-q")  # fmt: skip
    seqnet_ok(*args, "--json", folder / "a.json")
    seqnet_ok(*args, "--json", folder / "b.json", "-t", 2)
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()
    content = json.loads((folder / "a.json").read_text())
    assert content["schema_version"] == 1
    assert (content["split"], content["rows"], content["task_type"]) == ("test", 270, "binary")
    assert content["thresholds_from"] == "the highest F1 on the 90 rows of split 'valid'"
    low, high = content["intervals"]["rows"]["A"]["auroc"]
    assert low < content["metrics"][0]["auroc"] < high
    gain = content["baselines"][0]["difference"]["auroc"]
    assert gain["value"] > gain["interval"][0] > 0
    assert {entry["kind"] for entry in content["negatives"]} == {"neg_gc", "other regions"}
    assert any("negatives were sampled" in text for text in content["warnings"])
    other = json.loads(seqnet_ok(*args, "--seed", 1, "-o", "/dev/null", "--json", "/dev/stdout").text)
    assert other["intervals"]["rows"]["A"]["auroc"] != [low, high]


def test_a_baseline_as_good_is_warned_about(random_tables, run):
    folder, *_ = random_tables
    finished = run("evaluate", folder / "bad.bed", "--labels", folder / "l.bed",
                   "--baseline", f"good={folder}/good.bed")  # fmt: skip
    assert finished.code == 0
    assert "warning: the baseline good is as good or better" in finished.err
    assert "the baseline good is better in 2 of 2 tasks, most in" in finished.err
    assert "no intervals: the rows make 1 of the 30 blocks" in finished.err


def test_a_high_auroc_with_a_low_auprc_is_said_in_words(tmp_path, run):
    generator = np.random.default_rng(1)
    rows = [(i * 10, f"r{i}", "test", int(i < 8)) for i in range(2000)]
    write(tmp_path / "l.bed", ("T",), rows)
    scored = [
        (s, n, p, round(float(0.3 * t + generator.random() * (0.5 - 0.2 * t)), 4)) for s, n, p, t in rows
    ]
    write(tmp_path / "p.bed", ("T",), scored, "##training-base-rates=T:0.5\n")
    finished = run("evaluate", tmp_path / "p.bed", "--labels", tmp_path / "l.bed", "--intervals", "none")
    assert "T: auROC ." in finished.err
    assert "at a base rate of 0.4 %: the ranking is good" in finished.err
    assert (
        "base rates differ: 50 % of training rows are positive, 0.4 % of the evaluated rows" in finished.err
    )
    assert "T: fewer than 20 positives" in finished.err


def test_a_model_is_judged_without_a_file_of_predictions(prepared, seqnet_ok, tmp_path):
    shutil.copy(prepared / "cnn.safetensors", tmp_path / "m.safetensors")
    from_file = seqnet_ok("evaluate", prepared / "pred.bed", "--labels", prepared / "regions.bed", "-q")
    from_model = seqnet_ok(
        "evaluate", "--model", tmp_path / "m.safetensors", "--regions", prepared / "regions.bed",
        "--genome", prepared.data / "genome.fa", "-q", "-t", 1,
    )  # fmt: skip
    # the file holds rounded predictions
    assert numbers(from_model) == {
        task: pytest.approx(row, rel=1e-4) for task, row in numbers(from_file).items()
    }
    features = seqnet_ok(
        "evaluate", "--model", prepared / "linear.safetensors", "--features", prepared / "k.npz",
        "--labels", prepared / "regions.bed", "-q", "-t", 1,
    )  # fmt: skip
    assert float(table(features)["CTCF"]["auroc"]) > 0.5


@pytest.mark.parametrize(
    ("flag", "name"),
    [("--json", "m.json"), ("-o", "m.metrics.tsv"), ("-o", "m.safetensors")],
)
def test_what_train_wrote_is_not_written_over(prepared, run, tmp_path, flag, name):
    shutil.copy(prepared / "cnn.safetensors", tmp_path / "m.safetensors")
    before = (tmp_path / "m.safetensors").read_bytes()
    found = run(
        "evaluate", "--model", tmp_path / "m.safetensors", "--regions", prepared / "regions.bed",
        "--genome", prepared.data / "genome.fa", flag, tmp_path / "elsewhere" / ".." / name,
    )  # fmt: skip
    assert found.code == 2
    said = "would replace the input" if name == "m.safetensors" else "belongs to the model"
    assert f"{flag} {tmp_path}/elsewhere/../{name} {said}" in found.err
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
    assert (tmp_path / "m.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    "options", [("--tiles", "{f}/{task}.bw", "--peaks", "p.bed"), ("--peaks", "{f}/{task}.bed")]
)
def test_tasks_that_would_share_a_file_are_refused(tmp_path, run, options):
    values = (0, 1) if "--tiles" in options else (0.25, 1.5)
    rows = [(i * 10, f"r{i}", "test", *values[:: 1 if i % 2 else -1]) for i in range(40)]
    for name in ("l.bed", "p.bed"):
        write(tmp_path / name, ("T/1", "T_1"), rows)
    paths = [option.replace("{f}", str(tmp_path)) for option in options]
    finished = run("evaluate", tmp_path / "p.bed", "--labels", tmp_path / "l.bed", *paths)
    assert finished.code == 2
    assert f"{options[0]}: two tasks would be read from {tmp_path}/T_1.b" in finished.err


def test_tiles_give_the_genome_wide_figure(tmp_path, run):
    tasks = ("T/1",)  # the file's name is that which predict gives it, T_1
    write(tmp_path / "l.bed", tasks, [(i * 10, f"r{i}", "test", i % 2) for i in range(40)])
    write(tmp_path / "p.bed", tasks, [(i * 10, f"r{i}", "test", 0.1 + 0.5 * (i % 2)) for i in range(40)])
    length, step = 1030, 50
    generator = np.random.default_rng(2)
    values = generator.random(-(-length // step)).astype(np.float32)
    with pyBigWig.open(str(tmp_path / "T_1.bw"), "w") as track:
        track.addHeader([("c", length), ("d", 100)])
        track.addEntries("c", 0, values=values[:3].tolist(), span=step, step=step)
        track.addEntries("c", 200, values=values[4:].tolist(), span=step, step=step)
    (tmp_path / "peaks.T_1.bed").write_text("c\t60\t76\nc\t520\t700\nd\t0\t50\n")
    finished = run(
        "evaluate", tmp_path / "p.bed", "--labels", tmp_path / "l.bed", "--tiles", tmp_path / "{task}.bw",
        "--peaks", tmp_path / "peaks.{task}.bed", "--json", tmp_path / "m.json", "--intervals", "none",
    )  # fmt: skip
    assert finished.code == 0, finished.err
    middles = np.minimum(np.arange(len(values)) * step + step // 2, length - 1)
    truth = ((middles >= 60) & (middles < 76)) | ((middles >= 520) & (middles < 700))
    kept = np.arange(len(values)) != 3
    content = json.loads((tmp_path / "m.json").read_text())
    assert content["tile_contigs"] == ["c"]
    wide = content["tiles"][0]
    assert wide["n"] == len(values) - 1
    assert wide["auprc"] == pytest.approx(average_precision_score(truth[kept], values[kept]))
    assert "1 tile without a prediction left out" in finished.err
    assert "genome-wide auPRC" in finished.err


def test_small_units_are_not_shown_as_zero(tmp_path, seqnet_ok):
    rows = [(i * 10, f"r{i}", ".", (i + 1) * 1e-5) for i in range(40)]
    write(tmp_path / "l.bed", ("T",), rows)
    write(tmp_path / "p.bed", ("T",), [(s, n, p, v + 2e-6 * (-1) ** (s // 10)) for s, n, p, v in rows])
    found = table(seqnet_ok("evaluate", tmp_path / "p.bed", "--labels", tmp_path / "l.bed",
                            "--report", tmp_path / "r.html"))["T"]  # fmt: skip
    assert float(found["mse"]) == pytest.approx(4e-12)
    assert "4e-12" in (tmp_path / "r.html").read_text()


def test_regression_and_classes(tmp_path, seqnet_ok, run):
    rows = [(i * 10, f"r{i}", ".", (i * 7) % 30 + 0.5) for i in range(40)]
    write(tmp_path / "l.bed", ("T",), rows)
    write(tmp_path / "p.bed", ("T",), [(s, n, p, v * 2 + (s % 3)) for s, n, p, v in rows])
    judging = (
        "evaluate",
        tmp_path / "p.bed",
        "--labels",
        tmp_path / "l.bed",
        "--report",
        tmp_path / "r.html",
    )
    found = table(seqnet_ok(*judging))["T"]
    assert float(found["pearson"]) > 0.99
    assert not [name for name in found if name.startswith(("peak", "asinh"))]
    assert not re.search("Pearson, peaks|asinh|in peaks", (tmp_path / "r.html").read_text())
    (tmp_path / "peaks.bed").write_text("c\t0\t95\n")
    inside = table(seqnet_ok(*judging, "--peaks", tmp_path / "peaks.bed"))["T"]
    assert inside["peak_n"] == "10"
    targets = np.array([(i * 7) % 30 + 0.5 for i in range(10)])
    expected = np.corrcoef(targets, targets * 2 + (np.arange(10) * 10) % 3)[0, 1]
    assert float(inside["peak_pearson"]) == pytest.approx(expected, rel=1e-5)
    assert "Pearson, peaks" in (tmp_path / "r.html").read_text()
    finished = run("evaluate", *judging[1:4], "--peak-width", 5)
    assert (finished.code, "--peak-width goes with --peaks" in finished.err) == (2, True)
    classes = [(i * 10, f"r{i}", ".", *np.eye(3, dtype=int)[i % 3]) for i in range(30)]
    write(tmp_path / "c.bed", ("a", "b", "c"), classes)
    write(tmp_path / "q.bed", ("a", "b", "c"), [(s, n, p, 0.2, 0.3, 0.5) for s, n, p, *_ in classes])
    judged = seqnet_ok(
        "evaluate", tmp_path / "q.bed", "--labels", tmp_path / "c.bed", "--task-type", "multiclass",
        "--json", tmp_path / "m.json",
    )  # fmt: skip
    found = table(judged)
    assert found["mean"]["accuracy"] == "0.333333"
    assert json.loads((tmp_path / "m.json").read_text())["confusion"] == [[0, 0, 10], [0, 0, 10], [0, 0, 10]]


def test_tables_with_names_and_groups_have_intervals(tmp_path, seqnet_ok):
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, 90)
    scores = truth + generator.normal(size=90)
    groups = "".join(f"s{i}\tg{i // 3}\ttest\t{t}\n" for i, t in enumerate(truth))
    (tmp_path / "l.tsv").write_text("name\tgroup\tsplit\tT\n" + groups)
    (tmp_path / "p.tsv").write_text("name\tT\n" + "".join(f"s{i}\t{s}\n" for i, s in enumerate(scores)))
    seqnet_ok("evaluate", tmp_path / "p.tsv", "--labels", tmp_path / "l.tsv", "--json", tmp_path / "m.json")
    content = json.loads((tmp_path / "m.json").read_text())
    assert content["intervals"]["blocks"] == 30
    assert content["intervals"]["rows"]["T"]["auroc"]


def test_evaluations_side_by_side(random_tables, run, seqnet_ok):
    folder, *_ = random_tables
    for name, split in (("good", "test"), ("bad", "test"), ("bad", "valid")):
        out = folder / f"{name}.{split}.json"
        seqnet_ok("evaluate", folder / f"{name}.bed", "--labels", folder / "l.bed", "-q", "--split", split,
                  "--json", out)  # fmt: skip
    finished = run("evaluate", "--compare", folder / "bad.test.json", folder / "good.test.json")
    assert (finished.code, finished.err) == (0, "")
    rows = finished.rows
    assert rows[0] == ["task", "metric", "bad.test", "good.test", "difference"]
    assert [row[:2] for row in rows[-3:]] == [["mean", "base_rate"], ["mean", "auroc"], ["mean", "auprc"]]
    assert float(rows[-1][4]) == pytest.approx(float(rows[-1][3]) - float(rows[-1][2]), abs=1e-5)
    unfair = run("evaluate", "--compare", folder / "bad.valid.json", folder / "good.test.json")
    assert "warning: they were evaluated on different splits: valid, test" in unfair.err


def test_evaluations_in_different_units_are_not_set_side_by_side(random_tables, run, seqnet_ok):
    folder, *_ = random_tables
    for name in ("good", "bad"):
        seqnet_ok("evaluate", folder / f"{name}.bed", "--labels", folder / "l.bed", "--json", folder / f"{name}.json",
                  "-q")  # fmt: skip
    content = json.loads((folder / "bad.json").read_text())
    (folder / "bad.json").write_text(json.dumps({**content, "units": "means of bins"}))
    finished = run("evaluate", "--compare", folder / "good.json", folder / "bad.json")
    assert finished.code == 1
    assert "evaluations in different units cannot be compared" in finished.err


def test_multiqc_files(random_tables, seqnet_ok):
    folder, *_ = random_tables
    seqnet_ok("evaluate", folder / "good.bed", "--labels", folder / "l.bed", "-q", "--mqc", folder / "cnn")
    section = json.loads((folder / "cnn_mqc.json").read_text())
    assert section["plot_type"] == "table"
    assert set(section["data"]) == {"cnn A", "cnn B", "cnn mean"}
    assert set(section["data"]["cnn A"]) <= set(section["headers"])
    general = json.loads((folder / "cnn_general_mqc.json").read_text())
    assert general["plot_type"] == "generalstats"
    assert set(general["data"]["cnn"]) == {"auroc", "auprc", "base_rate"}
    assert section["headers"]["positives"]["format"] == "{:,.0f}"
    assert "good" not in section["description"]  # it stands above those of other evaluations too


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["{f}/good.bed"], 2, "give PREDICTIONS with --labels or --table, or --model"),
        (["{f}/good.bed", "{f}/bad.bed", "--labels", "{f}/l.bed"], 2, "one file of PREDICTIONS at a time"),
        (["--model", "m", "--regions", "{f}/l.bed"], 2, "--model goes with --regions, which"),
        (["--model", "m", "--regions", "{f}/l.bed", "--genome", "g", "--labels", "{f}/l.bed"], 2,
         "--model goes with --regions, which hold the labels, and"),
        (["{f}/good.bed", "--labels", "{f}/l.bed", "--baseline", "x"], 2, "expected NAME=FILE"),
        (["{f}/good.bed", "--labels", "{f}/l.bed", "--tiles", "x.bw"], 2, "--tiles needs --peaks"),
        (["{f}/good.bed", "--labels", "{f}/l.bed", "--tiles", "x.bw", "--peaks", "p"], 2, "put '{task}' in the name"),
        (["{f}/l.bed", "--labels", "{f}/good.bed", "--task-type", "binary"], 1, "targets other than 0 and 1"),
        (["--compare", "{f}/a.json"], 2, "--compare takes two JSON files or more"),
        (["{f}/good.bed", "--labels", "{f}/l.bed", "--report", "r.pdf"], 2, "--report r.pdf: a report is HTML"),
        (["--compare", "{f}/l.bed", "{f}/l.bed"], 1, "l.bed: is no JSON"),
        (["{f}/good.bed", "--labels", "{f}/l.bed", "--split", "train"], 1, "has no rows of split 'train'"),
        (["{f}/good.bed", "--labels", "{f}/l.bed", "--task-type", "multiclass"], 1, "is not of one class"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(random_tables, run, args, code, message):
    folder, *_ = random_tables
    finished = run("evaluate", *[arg.replace("{f}", str(folder)) for arg in args], "-q")
    assert (finished.code, finished.out) == (code, b"")
    assert finished.err.count("\n") == 1
    assert message in finished.err


def test_constant_and_one_class_tasks_are_named(tmp_path, run):
    rows = [(i * 10, f"r{i}", "test", i % 2, 0, 1) for i in range(10)]
    write(tmp_path / "l.bed", ("T", "U", "V"), rows)
    write(tmp_path / "p.bed", ("T", "U", "V"), [(s, n, p, 0.5, 0.5, 0.5) for s, n, p, *_ in rows])
    finished = run(
        "evaluate", tmp_path / "p.bed", "--labels", tmp_path / "l.bed", "--json", tmp_path / "m.json"
    )
    found = table(finished)
    assert (found["T"]["auroc"], found["U"]["auroc"], found["V"]["auroc"]) == ("0.5", "NA", "NA")
    assert "U: no positives among the evaluated rows" in finished.err
    assert "V: no negatives among the evaluated rows" in finished.err
    undefined = {entry["task"]: entry for entry in json.loads((tmp_path / "m.json").read_text())["undefined"]}
    assert undefined["U"]["reason"] == "no positives; no threshold was chosen"
    assert "auprc" in undefined["U"]["metrics"]


def test_predictions_say_their_thresholds(tmp_path, seqnet_ok, run):
    rows = [(i * 10, f"r{i}", "test", i % 2) for i in range(10)]
    write(tmp_path / "l.bed", ("T",), rows)
    scored = [(s, n, p, 0.2 + 0.3 * t) for s, n, p, t in rows]
    write(tmp_path / "p.bed", ("T",), scored, "##thresholds=T:0.3\n")
    found = table(seqnet_ok("evaluate", tmp_path / "p.bed", "--labels", tmp_path / "l.bed"))
    assert (found["T"]["threshold"], found["T"]["f1"]) == ("0.3", "1")
    write(tmp_path / "p.bed", ("T",), scored, "##thresholds=T:high\n")
    finished = run("evaluate", tmp_path / "p.bed", "--labels", tmp_path / "l.bed")
    assert "##thresholds holds 'T:high'; expected task:number" in finished.err
