"""label, train, predict and evaluate as their users would."""

import json

import numpy as np
import pyBigWig
import pytest

from seqnet.formats.models.model_file import read_model
from seqnet.formats.regions.bed import read_bed
from seqnet.genome.joins import coordinates

COLUMNS = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tT\n"


def test_train_writes_model_and_side_files(prepared):
    model = read_model(str(prepared / "cnn.safetensors"))
    header = model.header
    assert header["tasks"] == ["CTCF", "GATA1", "REB1"]
    assert header["kind"] == "cnn"
    assert header["input"] == {"type": "sequence", "width": 100, "features": None, "settings": None}
    assert header["splits"]["test"]["contigs"] == ["chr4"]
    assert set(header["genome"]) == {"chr1", "chr2", "chr3", "chr4"}
    assert len(header["inputs"]["regions.bed"]) == 64
    summary = json.loads((prepared / "cnn.json").read_text())
    assert summary["metrics"] == header["metrics"]
    log = (prepared / "cnn.metrics.tsv").read_text().splitlines()
    columns = ["epoch", "train_loss", "valid_loss", "valid_auroc", "valid_auprc", "learning_rate"]
    assert log[0].split("\t") == columns
    assert [list(row) for row in summary["history"]] == [columns]
    assert len(log) == 2
    assert (prepared / "cnn.curve.svg").read_bytes().startswith(b"<?xml")
    assert (prepared / "linear.metrics.tsv").read_text().startswith("task\tstrength\tvalid_loss")
    for name in ("cnn.safetensors", "cnn.json", "linear.json"):
        assert str(prepared.folder).encode() not in (prepared / name).read_bytes()  # no path of a machine


def test_predictions_carry_every_row_in_order(prepared):
    labels, predictions = read_bed(str(prepared / "regions.bed")), read_bed(str(prepared / "pred.bed"))
    assert coordinates(labels) == coordinates(predictions)
    assert labels.splits.tolist() == predictions.splits.tolist()
    assert labels.names.tolist() == predictions.names.tolist()
    assert ((predictions.targets >= 0) & (predictions.targets <= 1)).all()
    assert predictions.header["genome"] == "genome.fa"


def test_a_kmer_model_predicts_the_same_from_table_and_regions(prepared, seqnet_ok):
    from_table = seqnet_ok("predict", prepared / "linear.safetensors", "--features", prepared / "k.npz")
    from_regions = seqnet_ok(
        "predict", prepared / "linear.safetensors", "--regions", prepared / "regions.bed",
        "--genome", prepared.data / "genome.fa",
    )  # fmt: skip
    assert [row[1:] for row in from_table.rows] == [row[7:] for row in from_regions.rows]
    assert [row[0] for row in from_table.rows] == [row[3] for row in from_regions.rows]


def test_tiles_equal_the_predictions_of_their_windows(prepared, seqnet_ok, tmp_path):
    genome = prepared.data / "genome.fa"
    seqnet_ok("predict", prepared / "cnn.safetensors", "--genome", genome, "--chroms", "chr4", "--tile", 1000,
              "-q", "-o", tmp_path / "{task}.bw")  # fmt: skip
    centers = np.arange(500, 119_500, 1000)[5:15]
    rows = "".join(f"chr4\t{c - 50}\t{c + 50}\n" for c in centers)
    (tmp_path / "w.bed").write_text(rows)
    windows = seqnet_ok(
        "predict", prepared / "cnn.safetensors", "--regions", tmp_path / "w.bed", "--genome", genome
    )
    for column, task in enumerate(("CTCF", "GATA1", "REB1")):
        with pyBigWig.open(str(tmp_path / f"{task}.bw")) as track:
            assert track.chroms() == {"chr4": 120_000}
            values = [set(track.values("chr4", int(c) - 500, int(c) + 500)) for c in centers]
        assert all(len(v) == 1 for v in values)
        found = [v.pop() for v in values]
        assert found == pytest.approx([float(row[7 + column]) for row in windows.rows], abs=1e-6)


def test_sequences_predict_by_name(prepared, seqnet_ok, tmp_path):
    fasta = tmp_path / "s.fa"
    fasta.write_text(">one x\n" + "ACGT" * 25 + "\n>two\n" + "TTACC" * 20 + "\n")
    rows = seqnet_ok("predict", prepared / "cnn.safetensors", fasta).rows
    assert [row[0] for row in rows] == ["one", "two"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--tile", "50", "-o", "x.bw"], "give --regions with --genome"),
        (["--genome", "{g}", "--tile", "50", "-o", "x{task}.bed"], "leave {task} out of x{task}.bed"),
        (["--features", "k.npz", "--resume"], "--resume, --work-dir and --max-n are for --tile"),
        (["--genome", "{g}", "--tile", "50", "--work-dir", "w", "-o", "x.bed"], "give --resume too"),
        (["s.fa", "--on-bad", "skip"], "--on-bad is for --regions"),
        (["s.fa", "--chroms", "chr1"], "--chroms is for --genome"),
        (["s.fa", "--prior", "1"], "'1' is not in the range 0<x<1"),
        (["--genome", "{g}", "--tile", "50", "-o", "x.bw"], "put '{task}' in the output's name"),
        (["--genome", "{g}", "--regions", "{r}", "-o", "x.bw"], "use --tile for bigWig"),
        (["--genome", "{g}", "--regions", "{r}", "--tile", "5"], "give --regions with --genome"),
        ([], "give --regions with --genome"),
    ],
)
def test_wrong_ways_to_predict_are_usage_errors(prepared, run, args, message):
    filled = [
        a.replace("{g}", str(prepared.data / "genome.fa")).replace("{r}", str(prepared / "regions.bed"))
        for a in args
    ]
    finished = run("predict", prepared / "cnn.safetensors", *filled)
    assert (finished.code, finished.out) == (2, b"")
    assert message in finished.err


def test_regions_of_another_width_are_refused(prepared, run, tmp_path):
    (tmp_path / "r.bed").write_text("chr1\t0\t50\n")
    finished = run(
        "predict",
        prepared / "cnn.safetensors",
        "--regions",
        tmp_path / "r.bed",
        "--genome",
        prepared.data / "genome.fa",
    )
    assert finished.code == 1
    assert "r.bed: regions are 50 bases wide, the model reads 100" in finished.err


def test_another_genome_of_the_same_names_is_warned_about(prepared, run, tmp_path):
    (tmp_path / "g.fa").write_text(">chr1\n" + "ACGT" * 100 + "\n")
    (tmp_path / "r.bed").write_text("chr1\t0\t100\n")
    finished = run(
        "predict",
        prepared / "cnn.safetensors",
        "--regions",
        tmp_path / "r.bed",
        "--genome",
        tmp_path / "g.fa",
    )
    assert finished.code == 0
    assert "warning: " in finished.err
    assert "chr1 is not the sequence the model was trained on" in finished.err


def evaluated(run, tmp_path, labels, predictions, *args):
    (tmp_path / "l.bed").write_text(COLUMNS + labels)
    (tmp_path / "p").write_text(predictions)
    return run("evaluate", tmp_path / "p", "--labels", tmp_path / "l.bed", "-q", *args)


LABELS = "".join(
    f"c\t{i * 10}\t{i * 10 + 5}\tr{i}\t.\t.\t{s}\t{t}\n"
    for i, (s, t) in enumerate(
        [("test", 1), ("train", 0), ("test", 0), ("test", 1), ("test", 0), ("train", 1), ("test", ".")]
    )
)
NAMED = "#name\tT\n" + "".join(
    f"r{i}\t{v}\n" for i, v in [(6, 0), (4, 0.3), (3, 0.9), (2, 0.5), (0, 0.4), (1, 1), (5, 0)]
)


def test_evaluation_takes_the_test_rows_and_joins_by_name(run, tmp_path):
    finished = evaluated(run, tmp_path, LABELS, NAMED, "--json", tmp_path / "m.json")
    # test rows 0, 2, 3, 4: positives .4, .9; negatives .5, .3 -> 3 of 4 pairs are right
    assert finished.rows[1][:6] == ["T", "4", "2", "0.5", "0.75", f"{(1 + 2 / 3) / 2:.6g}"]
    content = json.loads((tmp_path / "m.json").read_text())
    assert content["schema_version"] == 1
    assert content["metrics"][0]["auroc"] == 0.75
    everything = evaluated(run, tmp_path, LABELS, NAMED, "--split", "all")
    assert everything.rows[1][1] == "6"


def test_evaluation_joins_on_coordinates_never_on_order(run, tmp_path):
    rows = [line.split("\t") for line in LABELS.splitlines()]
    predicted = [[*row[:6], row[6], "0.9" if row[7] == "1" else "0.1"] for row in reversed(rows)]
    finished = evaluated(
        run, tmp_path, LABELS, COLUMNS + "\n".join("\t".join(row) for row in predicted) + "\n"
    )
    assert finished.rows[1][4] == "1"


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        (LABELS, NAMED.replace("r4\t0.3\n", ""), "p has no row for r4 of"),
        (LABELS, NAMED + "r4\t0.5\n", "p has two rows for r4"),
        (LABELS + LABELS, NAMED, r"l.bed:9: a second row for c:0-5"),
        (LABELS, NAMED.replace("\tT", "\tU"), "no task in common: labels have T, predictions have U"),
        (LABELS.replace("test", "train"), NAMED, "has no rows of split 'test'"),
        (LABELS.replace("\t0\n", "\t1\n"), NAMED, "no task has both classes among the 5 evaluated rows"),
        (LABELS, NAMED.replace("0.3", "."), "T has rows without a prediction"),
    ],
)
def test_what_cannot_be_evaluated_is_an_error(run, tmp_path, labels, predictions, message):
    finished = evaluated(run, tmp_path, labels, predictions)
    assert (finished.code, finished.out) == (1, b"")
    assert finished.err.count("\n") == 1
    assert message in finished.err


def test_labels_without_splits_are_taken_whole(run, tmp_path):
    bare = LABELS.replace("test", ".").replace("train", ".")
    assert evaluated(run, tmp_path, bare, NAMED).rows[1][1] == "6"


def test_training_without_splits_validates_on_a_random_tenth_and_says_so(prepared, run, tmp_path):
    table = (prepared / "regions.bed").read_text().splitlines(keepends=True)
    bare = [
        line if line.startswith("#") else "\t".join([*line.split("\t")[:6], ".", *line.split("\t")[7:]])
        for line in table
    ]
    (tmp_path / "r.bed").write_text("".join(bare))
    finished = run(
        "train",
        "linear",
        "--features",
        prepared / "k.npz",
        "--labels",
        tmp_path / "r.bed",
        "-o",
        tmp_path / "m.safetensors",
    )
    assert finished.code == 0, finished.err
    assert "no split given: 10% of the rows are used for validation" in finished.err
    splits = read_model(str(tmp_path / "m.safetensors")).header["splits"]
    assert splits["valid"]["rows"] == pytest.approx(
        0.1 * len([b for b in bare if not b.startswith("#")]), abs=2
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: [*row[:7], "x", *row[8:]], "is 'x'; expected a number or ."),
        (lambda row: [*row[:6], "test", *row[7:]], "no rows to train on"),
        (lambda row: [*row[:7], "0", "0", "0"], "every task has one class only"),
    ],
)
def test_labels_that_cannot_be_learnt_are_refused(prepared, run, tmp_path, change, message):
    lines = (prepared / "regions.bed").read_text().splitlines()
    changed = [line if line.startswith("#") else "\t".join(change(line.split("\t"))) for line in lines]
    (tmp_path / "r.bed").write_text("\n".join(changed) + "\n")
    finished = run(
        "train",
        "linear",
        "--features",
        prepared / "k.npz",
        "--labels",
        tmp_path / "r.bed",
        "-o",
        tmp_path / "m.safetensors",
    )
    assert finished.code == 1
    assert message in finished.err
    assert not (tmp_path / "m.safetensors").exists()


def test_contradicting_options_are_usage_errors(prepared, run):
    labels = ("--features", prepared / "k.npz", "--labels", prepared / "regions.bed", "-o", prepared / "x")
    assert run("train", "linear", *labels, "--valid-chroms", "chr1", "--valid-fraction", 0.1).code == 2
    assert run("train", "linear", *labels, "--genome", "g.fa").code == 2
    conflict = run("train", "linear", *labels, "--valid-chroms", "chr1", "--test-chroms", "chr2")
    assert conflict.code == 1
    assert "in its split column but" in conflict.err
    assert run("train", "dense", *labels, "--hidden", "4,x").code == 2
    assert run("train", "cnn", *labels).code == 2


def test_devices_are_named_or_refused(prepared, run):
    finished = run("predict", prepared / "cnn.safetensors", prepared / "head.fa", "--device", "cuda:99")
    assert finished.code == 2
    assert finished.err.count("\n") == 1
    assert "--device cuda:99" in finished.err


def test_two_files_of_one_task_name_are_refused(prepared, run, tmp_path):
    peaks = prepared.data / "peaks" / "REB1.narrowPeak"
    (tmp_path / "REB1.bed").write_text("chr1\t100\t200\n")
    finished = run("label", peaks, tmp_path / "REB1.bed", "--genome", prepared.data / "genome.fa")
    assert finished.code == 2
    assert "two peak files make a task 'REB1'" in finished.err


def test_contig_styles_that_differ_show_both_sides(prepared, run, tmp_path):
    (tmp_path / "p.bed").write_text("1\t100\t200\n")
    finished = run("label", tmp_path / "p.bed", "--genome", prepared.data / "genome.fa")
    assert finished.code == 1
    assert "p.bed:1: regions say '1', which" in finished.err
    assert "it has chr1, chr2, chr3, chr4" in finished.err


def test_negatives_can_be_kept_away_from_more_intervals(prepared, seqnet_ok, tmp_path):
    (tmp_path / "no.bed").write_text("chr1\t0\t300000\nchr2\t0\t220000\nelsewhere\t0\t5\n")
    peaks = prepared.data / "peaks" / "REB1.narrowPeak"
    rows = seqnet_ok(
        "label",
        peaks,
        "--genome",
        prepared.data / "genome.fa",
        "--width",
        100,
        "-q",
        "--exclude",
        tmp_path / "no.bed",
    ).rows
    assert {row[0] for row in rows if row[3].startswith("neg_gc:")} == {"chr3", "chr4"}
