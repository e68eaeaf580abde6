"""Whole stretches are held out under fractions, and evaluate judges what is held out alone."""

import json
from types import SimpleNamespace

import click
import numpy as np
import pyBigWig
import pytest
from sklearn.metrics import average_precision_score

from seqnet.commands._boundary import CommandError
from seqnet.formats.models.model_file import read_model
from seqnet.formats.regions.bed import read_bed
from seqnet.genome.splitting.stretches import Stretches
from tests.cli.test_evaluate_command import write

LENGTH = 60_000
SPLIT = ("--valid-fraction", 0.2, "--test-fraction", 0.2)


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    """One contig with two kinds of peaks, motifs in them."""
    folder = tmp_path_factory.mktemp("contig")
    generator = np.random.default_rng(5)
    bases = generator.choice(list("ACGT"), LENGTH)
    for task, motif in (("A", "TGACGTCA"), ("B", "GGGCGGGG")):
        starts = np.sort(generator.choice(np.arange(100, LENGTH - 200, 130), 60, replace=False))
        for start in starts:
            bases[start + 20 : start + 28] = list(motif)
        (folder / f"{task}.bed").write_text("".join(f"c\t{s}\t{s + 50}\n" for s in starts))
    (folder / "g.fa").write_text(">c\n" + "".join(bases) + "\n")
    return folder


@pytest.fixture
def labelled(genome, inside, tmp_path):
    out = tmp_path / "r.bed"
    inside("label", genome / "A.bed", genome / "B.bed", "--genome", genome / "g.fa", "--width", 60, *SPLIT,
           "--margin", 0, "-o", out)  # fmt: skip
    return out


def test_label_holds_out_stretches_and_draws_negatives_inside_them(genome, labelled, inside, tmp_path):
    table = read_bed(str(labelled))
    assert table.header["split-blocks"] == str(LENGTH // 50)
    stretches = Stretches.parse(table.header, "r.bed")
    assert stretches.fit(table.intervals, table.splits)
    block = (table.intervals.start + table.intervals.end) // 2 // (LENGTH // 50)
    for number in set(block.tolist()):
        assert len(set(table.splits[block == number])) == 1
    negative = np.array([name.startswith("neg_gc:") for name in table.names])
    for split in ("train", "valid", "test"):
        drawn = table.take(negative & (table.splits == split))
        assert stretches.contain(drawn.intervals, split).all()
        assert len(drawn) > 5
        assert (table.targets[(table.splits == split) & ~negative] == 1).any(axis=0).all()
    for name, given in (("again", ()), ("seed", ("--seed", 1)), ("size", ("--split-blocks", 3000))):
        inside("label", genome / "A.bed", genome / "B.bed", "--genome", genome / "g.fa", "--width", 60, *SPLIT,
               "--margin", 0, *given, "-o", tmp_path / name)  # fmt: skip
    assert (tmp_path / "again").read_bytes() == labelled.read_bytes()
    assert read_bed(str(tmp_path / "seed")).header["test-stretches"] != table.header["test-stretches"]
    assert read_bed(str(tmp_path / "size")).header["split-blocks"] == "3000"


def test_more_negatives_come_from_the_stretches_of_their_split(genome, labelled, inside, tmp_path):
    inside(
        "negatives",
        labelled,
        "--genome",
        genome / "g.fa",
        "--margin",
        0,
        "--ratio",
        0.3,
        "-o",
        tmp_path / "n",
    )
    table = read_bed(str(tmp_path / "n"))
    assert len(table) > len(read_bed(str(labelled)))
    assert Stretches.parse(table.header, "n").fit(table.intervals, table.splits)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--split-blocks", 1000), "--split-blocks goes with --valid-fraction and --test-fraction"),
        (("--split-blocks", 1000, "--valid-chroms", "c", *SPLIT), "exclude each other"),
        (("--split-blocks", 50, *SPLIT), "--split-blocks 50 is less than the width of a region, 60"),
        (("--split-blocks", 0, *SPLIT), "'0' is not in the range"),
        (
            ("--split-blocks", LENGTH, *SPLIT),
            "too few for train, valid, test; smaller stretches may help",
        ),
    ],
)
def test_sizes_that_make_no_sense_are_refused(genome, inside, tmp_path, options, message):
    with pytest.raises((click.UsageError, CommandError), match=message):
        inside(
            "label",
            genome / "A.bed",
            "--genome",
            genome / "g.fa",
            "--width",
            60,
            *options,
            "-o",
            tmp_path / "x",
        )
    assert not (tmp_path / "x").exists()


def unsplit(table, path):
    """The table without its splits and without what its header says of stretches."""
    lines = [line for line in table.read_text().splitlines() if not line.startswith("##")]
    rows = [line if line.startswith("#") else "\t".join([*line.split("\t")[:6], ".", *line.split("\t")[7:]])
            for line in lines]  # fmt: skip
    path.write_text("\n".join(rows) + "\n")
    return path


def test_the_model_stores_the_split_and_evaluate_can_judge_it(genome, labelled, inside, tmp_path, capsys):
    bare, model = unsplit(labelled, tmp_path / "bare.bed"), tmp_path / "m.safetensors"
    inside("train", "linear", "--regions", bare, "--genome", genome / "g.fa", "-k", 4, *SPLIT, "--split-blocks", 1500,
           "-t", 1, "-o", model)  # fmt: skip
    stored = Stretches.restored(read_model(str(model)).header["stretches"])
    assert stored.size == 1500
    table = read_bed(str(bare))
    splits = stored.splits_of(table.intervals)
    assert read_model(str(model)).header["splits"]["test"]["rows"] == (splits == "test").sum() > 10
    judge = (
        "evaluate",
        "--model",
        model,
        "--regions",
        bare,
        "--genome",
        genome / "g.fa",
        "-t",
        1,
        "-o",
        tmp_path / "e",
    )
    capsys.readouterr()
    inside(*judge, "--json", tmp_path / "all.json")
    said = capsys.readouterr().err
    assert f"all rows (no split column): {len(table)} rows" in said
    seen = (splits == "train").sum()
    assert f"{seen} of {len(table)} evaluated rows lie in stretches that the model was trained on" in said
    assert "the figures are too good; --split test leaves them out" in said
    content = json.loads((tmp_path / "all.json").read_text())
    assert (content["split"], content["split_column"]) == ("all", False)
    inside(*judge, "--split", "test", "--json", tmp_path / "test.json")
    said = capsys.readouterr().err
    assert f"{(splits == 'test').sum()} rows of split 'test'" in said
    assert "they are those of the stretches that the model held out" in said
    assert "training rows lie on" not in said
    # labels that hold out other rows than the model did are found out
    inside("evaluate", "--model", model, "--regions", labelled, *judge[5:])
    other = read_bed(str(labelled))
    own = stored.splits_of(other.intervals.take(other.splits == "test"))
    assert (
        f"{(own == 'train').sum()} of {len(own)} evaluated rows lie in stretches" in capsys.readouterr().err
    )


def test_without_options_train_validates_on_whole_stretches(genome, labelled, inside, tmp_path):
    bare, model = unsplit(labelled, tmp_path / "bare.bed"), tmp_path / "m.safetensors"
    inside(
        "train", "linear", "--regions", bare, "--genome", genome / "g.fa", "-k", 4, "-t", 1, "-q", "-o", model
    )
    header = read_model(str(model)).header
    assert set(header["stretches"]) == {"size", "valid"}
    table = read_bed(str(bare))
    found = Stretches.restored(header["stretches"]).splits_of(table.intervals)
    assert header["splits"]["valid"]["rows"] == (found == "valid").sum() > 0
    # a table with stretches for testing keeps them, and validates on others
    rows = labelled.read_text().replace("\tvalid\t", "\ttrain\t")
    lines = [line for line in rows.splitlines(keepends=True) if not line.startswith("##valid-stretches")]
    (tmp_path / "t.bed").write_text("".join(lines))
    inside("train", "linear", "--regions", tmp_path / "t.bed", "--genome", genome / "g.fa", "-k", 4, "-t", 1, "-q",
           "-o", model)  # fmt: skip
    stored = Stretches.restored(read_model(str(model)).header["stretches"])
    assert stored.entries()["test-stretches"] == read_bed(str(labelled)).header["test-stretches"]
    assert "valid" in stored.held


# ---- the genome-wide figure --------------------------------------------------------------------

STEP = 10
PEAKS = np.arange(500, 39_500, 1000)


@pytest.fixture
def contig(tmp_path):
    """Rows of 100 bases at 39 peaks of one contig, one in three for testing; a track that knows training."""
    splits = ["train" if i % 3 else "test" for i in range(len(PEAKS))]
    splits[4] = "valid"
    scored = np.random.default_rng(0).random(4000).round(3)
    middles = np.arange(4000) * STEP + STEP // 2
    for peak, split in zip(PEAKS, splits, strict=True):
        near = np.abs(middles - peak) < 50
        scored[near] += 5 if split == "train" else 0.3
    lines = [
        f"c\t{p - 50}\t{p + 50}\tp{i}\t.\t.\t{s}\t1\n"
        for i, (p, s) in enumerate(zip(PEAKS, splits, strict=True))
    ]
    # negatives, of which every other one is trained on
    lines += [
        f"c\t{p + 400}\t{p + 500}\tneg_gc:{p}\t.\t.\t{('train', 'test')[i % 2]}\t0\n"
        for i, p in enumerate(PEAKS)
    ]
    head = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tT\n"
    (tmp_path / "l.bed").write_text(head + "".join(lines))
    predicted = [line.rsplit("\t", 1)[0] + f"\t{0.1 + i % 7 / 10}\n" for i, line in enumerate(lines)]
    (tmp_path / "p.bed").write_text(head + "".join(predicted))
    (tmp_path / "peaks.bed").write_text("".join(f"c\t{p - 30}\t{p + 30}\n" for p in PEAKS))
    with pyBigWig.open(str(tmp_path / "t.bw"), "w") as track:
        track.addHeader([("c", 40_000)])
        track.addEntries("c", 0, values=scored.tolist(), span=STEP, step=STEP)
    truth = np.min(np.abs(middles[:, None] + 0.5 - PEAKS), axis=1) < 30
    return SimpleNamespace(folder=tmp_path, lines=lines, head=head, scores=scored.astype("f4").astype("f8"),
                           middles=middles, truth=truth)  # fmt: skip


def judged(inside, contig, *options, labels="l.bed"):
    folder = contig.folder
    inside("evaluate", folder / "p.bed", "--labels", folder / labels, "--tiles", folder / "t.bw", "--peaks",
           folder / "peaks.bed", "--tile", STEP, "--json", folder / "e.json", "-o", folder / "e.tsv", *options)  # fmt: skip
    return json.loads((folder / "e.json").read_text())


def touching(contig, splits):
    """Tiles whose window of 100 bases touches a row of these splits."""
    found = np.zeros(len(contig.middles), dtype=bool)
    for line in contig.lines:
        _, start, end, *_, split, _ = line.split("\t")
        if split in splits:
            found |= (contig.middles - 50 < int(end)) & (contig.middles + 50 > int(start))
    return found


def test_tiles_of_training_rows_are_left_out_and_background_is_weighted(contig, inside, capsys):
    wide = judged(inside, contig)["tiles"][0]
    left = touching(contig, ("train", "valid"))
    truth, scores = contig.truth[~left], contig.scores[~left]
    share = truth.sum() / contig.truth.sum()
    assert share == pytest.approx(1 / 3, abs=0.02)
    assert (wide["n"], wide["left_out"], wide["positives"]) == ((~left).sum(), left.sum(), truth.sum())
    assert wide["background_weight"] == pytest.approx(share)
    weights = np.where(truth, 1, share)
    assert wide["auprc"] == pytest.approx(average_precision_score(truth, scores, sample_weight=weights))
    assert wide["unweighted_auprc"] == pytest.approx(average_precision_score(truth, scores))
    assert wide["base_rate"] == pytest.approx(truth.sum() / weights.sum())
    # where every tile counts, what was learnt by heart is what is seen
    assert average_precision_score(contig.truth, contig.scores) > 1.3 * wide["auprc"]
    said = capsys.readouterr().err
    assert f"{left.sum()} tiles left out: their window touches a train or valid row" in said
    assert f"with background tiles weighted by {share:.4f}, the test share of the peaks" in said
    assert f"(unweighted {wide['unweighted_auprc']:.4f} at {wide['unweighted_base_rate']:.4f})" in said
    assert "training rows lie on c too" in said


def test_tiles_of_held_out_stretches_are_judged_with_an_interval(contig, inside, capsys):
    held = [(0, 8000), (20_000, 30_000)]
    entries = "##split-blocks=1000\n##test-stretches=" + " ".join(f"c:{s}-{e}" for s, e in held) + "\n"
    inside_held = np.zeros(4000, dtype=bool)
    rows = []
    for start, end in held:
        inside_held |= (contig.middles >= start) & (contig.middles < end)
    for line in contig.lines:
        fields = line.split("\t")
        middle = (int(fields[1]) + int(fields[2])) // 2
        fields[6] = "test" if any(s <= middle < e for s, e in held) else "train"
        rows.append("\t".join(fields))
    contig.lines = rows
    (contig.folder / "s.bed").write_text(entries + contig.head + "".join(rows))
    content = judged(inside, contig, labels="s.bed")
    wide = content["tiles"][0]
    left = touching(contig, ("train",)) & inside_held
    kept = inside_held & ~left
    assert (wide["n"], wide["left_out"], wide["background_weight"]) == (kept.sum(), left.sum(), 1)
    assert wide["auprc"] == pytest.approx(average_precision_score(contig.truth[kept], contig.scores[kept]))
    assert wide["auprc_low"] < wide["auprc"] < wide["auprc_high"]
    assert content["intervals"]["block_size"] == 18_000 // 60
    assert content["tile_places"] == "the tiles of held-out stretches of c (split 'test')"
    said = capsys.readouterr().err
    assert "intervals by blocks of 300 bases: 18,000 bases are held out" in said
    assert "training rows lie on" not in said
    # a header that does not fit the rows is not believed
    (contig.folder / "s.bed").write_text(
        entries + contig.head + "".join(reversed(rows)).replace("train", "test", 1)
    )
    content = judged(inside, contig, labels="s.bed")
    assert (
        "some rows are not in the stretches of their split that its header names" in capsys.readouterr().err
    )
    assert "weighted by the test share" in content["tile_places"]


def test_nothing_left_is_na_with_the_reason(contig, inside, capsys):
    rows = [line.replace("\ttest\t1", "\ttrain\t1") for line in contig.lines]
    rows[0] = rows[0].replace("\ttrain\t1", "\ttest\t1").replace("c\t450\t550", "c\t200\t300")
    contig.lines = rows
    (contig.folder / "l.bed").write_text(contig.head + "".join(rows))
    (contig.folder / "p.bed").write_text(contig.head + "".join(rows))
    (contig.folder / "peaks.bed").write_text("".join(f"c\t{p - 30}\t{p + 30}\n" for p in PEAKS[1:]))
    content = judged(inside, contig)
    assert content["tiles"][0]["auprc"] is None
    said = capsys.readouterr().err
    assert "genome-wide auPRC NA" in said
    assert (
        "T: no positive tile is left outside of train or valid places, so the genome-wide figure is NA"
        in said
    )


def test_contigs_held_out_as_a_whole_are_judged_as_before(contig, inside):
    rows = [line.replace("\ttrain\t", "\ttest\t").replace("\tvalid\t", "\ttest\t") for line in contig.lines]
    rows.append("d\t0\t100\td\t.\t.\ttrain\t1\n")
    (contig.folder / "l.bed").write_text(contig.head + "".join(rows))
    wide = judged(inside, contig)["tiles"][0]
    assert (wide["n"], wide["left_out"], wide["background_weight"]) == (4000, 0, 1)
    assert wide["auprc"] == pytest.approx(average_precision_score(contig.truth, contig.scores))


def test_labels_without_splits_are_called_so(contig, inside, capsys):
    (contig.folder / "l.bed").write_text(
        contig.head
        + "".join("\t".join([*line.split("\t")[:6], ".", line.split("\t")[7]]) for line in contig.lines)
    )
    report = contig.folder / "r.html"
    content = judged(inside, contig, "--report", report)
    said = capsys.readouterr().err
    assert "all rows (no split column): 78 rows, 1 task\n" in said
    assert "split 'test'" not in said
    assert "all rows (no split column)" in report.read_text()
    assert content["tiles"][0]["n"] == 4000
    assert content["tile_places"] == "every tile of c"
    judged(inside, contig, "--split", "all")
    assert "78 rows" in capsys.readouterr().err


def test_another_genome_of_the_same_names_is_warned_about(genome, labelled, inside, tmp_path, capsys):
    model = tmp_path / "m.safetensors"
    inside(
        "train",
        "linear",
        "--regions",
        labelled,
        "--genome",
        genome / "g.fa",
        "-k",
        4,
        "-t",
        1,
        "-q",
        "-o",
        model,
    )
    bases = (genome / "g.fa").read_text()
    (tmp_path / "other.fa").write_text(bases[:1000] + {"A": "C"}.get(bases[1000], "A") + bases[1001:])
    for path, count in ((genome / "g.fa", 0), (tmp_path / "other.fa", 1)):
        capsys.readouterr()
        inside(
            "evaluate",
            "--model",
            model,
            "--regions",
            labelled,
            "--genome",
            path,
            "-t",
            1,
            "-o",
            tmp_path / "e",
        )
        found = capsys.readouterr().err.count("warning: ")
        inside("predict", model, "--regions", labelled, "--genome", path, "-t", 1, "-o", tmp_path / "p.bed")
        said = capsys.readouterr().err
        assert said.count("c is not the sequence the model was trained on") == count
        assert found >= count


def test_evaluations_of_other_rows_are_not_compared_in_silence(tmp_path, inside, capsys):
    for name, first in (("a", 0), ("b", 1)):
        rows = [(i * 10, f"r{i}", "test" if i % 2 == first else "train", i % 4 // 2) for i in range(40)]
        (tmp_path / name).mkdir()
        write(tmp_path / name / "l.bed", ("T",), rows)
        write(tmp_path / name / "p.bed", ("T",), [(s, n, p, 0.1 + s % 70 / 100) for s, n, p, _ in rows])
        inside("evaluate", tmp_path / name / "p.bed", "--labels", tmp_path / name / "l.bed", "-q", "--json",
               tmp_path / f"{name}.json", "-o", tmp_path / "e.tsv")  # fmt: skip
    inside("evaluate", "--compare", tmp_path / "a.json", tmp_path / "b.json", "-o", tmp_path / "c.tsv")
    assert "they were evaluated on different rows" in capsys.readouterr().err
