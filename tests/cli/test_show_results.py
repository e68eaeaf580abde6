"""What show says about the JSON of discover, evaluate and train."""

import gzip
import json

import pytest

import seqnet
from tests.cli.test_discover_command import PLANTED
from tests.cli.test_evaluate_patterns import discovery, pattern
from tests.cli.test_golden import GOLDEN
from tests.cli.test_show_model import tables
from tests.cli.test_terminal_tables import cells_of, on_terminal
from tests.prepared import EXAMPLE_DATA
from tests.running import run_seqnet
from tests.unit.attribution.networks import FIXTURES


def show(tmp_path, content):
    """Show a file of JSON."""
    (tmp_path / "x.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return run_seqnet("show", tmp_path / "x.json")


@pytest.fixture(scope="module")
def discovered(tmp_path_factory):
    """A folder with the JSON of discover, and its motifs."""
    folder = tmp_path_factory.mktemp("discovered")
    records = (f">s{n}\n{'ACTG' * (3 + n % 5)}{PLANTED}{'GATTA' * 5}\n" for n in range(40))
    (folder / "s.fa").write_text("".join(records))
    seqnet.discover(
        FIXTURES / "linear.safetensors", folder / "s.fa", folder / "p.meme", json_path=folder / "p.json",
        shuffles=2, min_seqlets=5, fdr=1, threads=1,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """A folder with the JSON of evaluate, and its table."""
    folder = tmp_path_factory.mktemp("evaluated")
    rows = [(f"r{n}", n * 2000, n % 3 == 0, (n * 7 % 11) / 11) for n in range(200)]
    head = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tA\n"
    for name, column in (("labels.bed", 2), ("scores.bed", 3)):
        lines = (f"c\t{row[1]}\t{row[1] + 100}\t{row[0]}\t.\t.\ttest\t{row[column]:g}\n" for row in rows)
        (folder / name).write_text(head + "".join(lines))
    seqnet.evaluate(
        folder / "scores.bed", labels=folder / "labels.bed", block_size=4000, json_path=folder / "e.json",
        output=folder / "e.tsv", baselines=(f"same={folder / 'scores.bed'}",),
    )  # fmt: skip
    return folder


def test_patterns_are_a_table_of_what_discover_found(seqnet_ok, discovered):
    facts, (rows,) = tables(seqnet_ok("show", discovered / "p.json").text)
    found = json.loads((discovered / "p.json").read_text())["patterns"]
    assert facts["kind"] == "patterns"
    assert facts["command"] == "discover"
    assert facts["model"] == "linear.safetensors"
    assert facts["patterns"] == str(len(found))
    assert facts["seqlets"] == str(sum(each["seqlets"] for each in found))
    for row, each in zip(rows, found, strict=True):
        assert (row["pattern"], row["task"]) == (each["pattern"], each["task"])
        assert row["seqlets"] == str(each["seqlets"])
        assert float(row["contribution"]) == pytest.approx(each["contribution"], rel=1e-5)
        assert (row["target"], row["q_value"]) == (".", ".")
    _, (motifs,) = tables(seqnet_ok("show", discovered / "p.meme").text)
    assert [(row["pattern"], row["width"], row["consensus"]) for row in rows] == [
        (motif["name"], motif["width"], motif["consensus"]) for motif in motifs
    ]


def test_patterns_in_motif_json_are_motifs(seqnet_ok, discovered, tmp_path):
    seqnet_ok("convert", discovered / "p.meme", "-o", tmp_path / "p.json", "-q")
    assert seqnet_ok("show", tmp_path / "p.json").text.startswith("kind\tmotifs\n")


def test_similar_motifs_and_their_q_values_are_shown(tmp_path):
    unknown = pattern("A_2", target="GATA") | {"q_value": None}
    _, (rows,) = tables(show(tmp_path, discovery(pattern("A_1", target="REB1"), unknown)).text)
    assert [(row["target"], row["q_value"]) for row in rows] == [("REB1", "1e-05"), ("GATA", ".")]


def test_a_discovery_without_patterns_has_no_rows(tmp_path):
    facts, (rows,) = tables(show(tmp_path, discovery()).text)
    assert (facts["patterns"], rows) == ("0", [])


def test_an_evaluation_shows_the_metrics_of_its_table(seqnet_ok, evaluated):
    facts, (metrics, baselines) = tables(seqnet_ok("show", evaluated / "e.json").text)
    assert facts["kind"] == "evaluation"
    assert (facts["predictions"], facts["labels"]) == ("scores.bed", "labels.bed")
    assert (facts["split"], facts["rows"], facts["task type"]) == ("test", "200", "binary")
    content = json.loads((evaluated / "e.json").read_text())
    assert content["intervals"]["rows"]
    assert [facts[f"warning {n}"] for n in range(1, 1 + len(content["warnings"]))] == content["warnings"]
    names, *rows = (line.split("\t") for line in (evaluated / "e.tsv").read_text().splitlines())
    written = [dict(zip(names, row, strict=True)) for row in rows]
    assert {key: value.replace("NA", ".") for key, value in written[0].items()} == metrics[0]
    assert [(row["baseline"], row["task"]) for row in baselines] == [("same", "A")]
    assert baselines[0]["auroc"] == metrics[0]["auroc"]


def test_tiles_ablations_and_odd_texts_have_tables_and_cells_of_their_own(tmp_path, evaluated):
    content = json.loads((evaluated / "e.json").read_text())
    content["tiles"] = [{"task": "A", "n": 5, "auprc": 0.25, "auprc_low": None}]
    content["ablations"] = [{"name": "dnase", "metrics": [{"task": "A", "auroc": 0.5}]}]
    content["labels"] = "a\tb\nc"
    facts, (_, _, ablations, tiles) = tables(show(tmp_path, content).text)
    assert ablations == [{"without": "dnase", "task": "A", "auroc": "0.5"}]
    assert tiles == [{"tiles_of": "A", "n": "5", "auprc": "0.25", "auprc_low": "."}]
    assert facts["labels"] == "a b c"


def test_a_part_called_motifs_does_not_make_an_evaluation_motifs(tmp_path, evaluated):
    content = json.loads((evaluated / "e.json").read_text())
    content["parts"] = [{"name": "motifs", "weight": 1, "valid": {}, "rows": {}}]
    assert show(tmp_path, content).text.startswith("kind\tevaluation\n")


@pytest.mark.parametrize("name", ["cnn", "dense", "linear"])
def test_a_training_shows_its_metrics_and_epochs(seqnet_ok, prepared, name):
    content = json.loads((prepared / f"{name}.json").read_text())
    facts, (metrics, *more) = tables(seqnet_ok("show", prepared / f"{name}.json").text)
    assert (facts["kind"], facts["command"]) == ("training", f"train {name}")
    for split, part in content["splits"].items():
        assert facts[f"rows to {split}"] == str(part["rows"])
    assert [row["task"] for row in metrics] == [row["task"] for row in content["metrics"]]
    history = content.get("history", [])
    assert facts.get("epochs", "0") == str(len(history))
    if history:
        assert [float(row["train_loss"]) for row in more[-1]] == pytest.approx(
            [row["train_loss"] for row in history], rel=1e-5
        )


def test_a_denoising_is_a_training(seqnet_ok, tmp_path):
    track, path = EXAMPLE_DATA / "dnase.bw", tmp_path / "d.safetensors"
    seqnet_ok("train", "denoise", "--signal", track, "--target-track", track, "--epochs", 1, "-o", path)
    facts, (metrics, *_, history) = tables(seqnet_ok("show", tmp_path / "d.json").text)
    assert (facts["kind"], facts["task type"], facts["epochs"]) == ("training", "denoising", "1")
    assert (metrics[0]["task"], len(history)) == ("dnase", 1)


def test_an_ensemble_shows_its_networks_and_their_epochs(tmp_path):
    rows = [{"task": "A", "n": 9, "auroc": 0.5}]
    content = {
        "schema_version": 1, "kind": "cnn", "command": "train cnn", "task_type": "binary", "metrics": rows,
        "splits": {"train": {"rows": 80}, "valid": {"rows": 9}}, "baselines": {"k-mers alone": rows},
        "members": [{"seed": 3, "best_epoch": 2, "metrics": rows}, {"seed": 4, "best_epoch": 1}],
        "history": [{"member": member, "epoch": epoch} for member in (1, 2) for epoch in (1, 2, 3)],
    }  # fmt: skip
    facts, (_, networks, baselines, history) = tables(show(tmp_path, content).text)
    assert (facts["rows to valid"], facts["epochs"]) == ("9", "3")
    assert [(row["seed"], row["best_epoch"], row["auroc"]) for row in networks] == [
        ("3", "2", "0.5"),
        ("4", "1", "."),
    ]
    assert (baselines[0]["baseline"], len(history)) == ("k-mers alone", 6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"splits": 5}, "is not what train writes: splits is 5"),
        ({"history": [3]}, "is not what train writes: history.0 is 3"),
        ({"members": [{}]}, "is not what train writes: members.0.seed is missing"),
        ({"baselines": []}, "is not what train writes: baselines is a list of 0"),
    ],
)
def test_a_damaged_training_is_one_line(tmp_path, prepared, change, message):
    finished = show(tmp_path, json.loads((prepared / "cnn.json").read_text()) | change)
    assert (finished.code, finished.out, finished.err.count("\n")) == (1, b"", 1)
    assert message in finished.err


@pytest.mark.parametrize("name", ["evaluated", "discovered"])
def test_pipes_compression_and_other_layouts_are_read_alike(seqnet_ok, request, name):
    (path,) = request.getfixturevalue(name).glob("*.json")
    expected = seqnet_ok("show", path).out
    assert seqnet_ok("show", stdin=gzip.compress(path.read_bytes())).out == expected
    one_line = json.dumps(json.loads(path.read_text()), separators=(",", ":"))
    assert seqnet_ok("show", "-", stdin=one_line.encode()).out == expected


def test_tables_are_aligned_on_a_terminal(discovered):
    code, lines = on_terminal("show", discovered / "p.json", width=200)
    assert code == 0
    assert not any("\t" in line for line in lines)
    (cells,) = cells_of(lines)
    piped = run_seqnet("show", discovered / "p.json").text.splitlines()
    assert cells == [line.split("\t") for line in piped]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": 7}, "is not what evaluate --json or train writes: metrics is 7; expected a list"),
        ({"metrics": [{"task": "A", "brier": {}}]}, "is not what evaluate --json writes: metrics.0.brier is an object"),
        ({"task_type": "x"}, "is not what evaluate --json or train writes: task_type is 'x'"),
        ({"schema_version": 9}, "has schema 9; expected 1"),
        ({"warnings": [3]}, "is not what evaluate --json writes: warnings.0 is 3; expected text"),
        ({"baselines": [{"metrics": []}]}, "is not what evaluate --json writes: baselines.0.name is missing"),
        ({"tiles": 5}, "is not what evaluate --json writes: tiles is 5; expected a list"),
        ({"rows": []}, "is not what evaluate --json writes: rows is a list of 0"),
        ({"intervals": {"rows": {"A": {"auroc": [1]}}}}, "intervals.rows.A.auroc is a list of 1; expected a list of two"),
        ({"intervals": {"rows": {"A": {"auroc": [1, 2, 3]}}}}, "intervals.rows.A.auroc is a list of 3; expected a list of two"),
    ],
)  # fmt: skip
def test_a_damaged_evaluation_is_one_line(tmp_path, evaluated, change, message):
    finished = show(tmp_path, json.loads((evaluated / "e.json").read_text()) | change)
    assert (finished.code, finished.out) == (1, b"")
    assert message in finished.err
    assert finished.err.count("\n") == 1
    assert finished.err.startswith(f"seqnet show: error: {tmp_path / 'x.json'}: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (discovery(pattern("A_1") | {"counts": [[1, 2, 3]]}), "is not what discover --json writes: patterns.0.counts"),
        (discovery({"pattern": "A_1"}), "is not what discover --json writes: patterns.0.task is missing"),
        ('{"provenance": {"command": "discover"}, "patterns": [', "is no JSON: "),
        ('{"command": "evaluate"', "is no JSON: "),
        ('{"command": "evaluate"}', "is not what evaluate --json or train writes"),
        ('{"x": {"command": "evaluate"}}', "is not what evaluate --json or train writes"),
        ('{"command": "train linear", "patterns": []}', "is of no kind that seqnet reads"),
    ],
)  # fmt: skip
def test_damaged_json_is_one_line(tmp_path, content, message):
    finished = show(tmp_path, content)
    assert (finished.code, finished.out) == (1, b"")
    assert message in finished.err
    assert "the file holds" not in finished.err
    assert finished.err.count("\n") == 1


def test_files_cut_anywhere_are_one_line(tmp_path, evaluated, discovered):
    for path in (evaluated / "e.json", discovered / "p.json"):
        text = path.read_text()
        for share in (0.2, 0.5, 0.9):
            finished = show(tmp_path, text[: int(share * len(text))])
            assert (finished.code, finished.err.count("\n")) == (1, 1)
            assert "is no JSON: " in finished.err


def test_a_model_s_summary_is_not_the_model(run, prepared):
    finished = run("predict", prepared / "cnn.json", "--sequences", prepared / "sites.fa")
    assert finished.code == 1
    assert (
        "holds a training's summary, not a model; the model is the file of the same name in .saf"
        in finished.err
    )


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (("convert", "p.json"), "the file holds patterns of 'seqnet discover', not motifs; 'seqnet discover -o'"),
        (("evaluate", "e.json", "--labels", GOLDEN / "labelled.bed"),
         "the file holds an evaluation, not regions; 'seqnet evaluate --compare' compares evaluations"),
    ],
)  # fmt: skip
def test_other_commands_name_what_they_are_given(discovered, evaluated, line, what):
    command, name, *rest = line
    path = (discovered if name == "p.json" else evaluated) / name
    finished = run_seqnet(command, path, *rest)
    assert (finished.code, finished.out, finished.err.count("\n")) == (1, b"", 1)
    assert what in finished.err
