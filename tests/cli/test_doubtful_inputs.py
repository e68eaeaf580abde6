"""Rows that belong to nothing, tracks in other units and regions without a strand are not passed over."""

import re

import numpy as np
import pyBigWig
import pytest

from seqnet.commands._boundary import CommandError
from seqnet.formats.models.model_file import read_model

LENGTHS = {"c1": 9000, "c2": 3000}
WIDTH = 40
SMALL = ("--layers", "conv 2x5, relu, global_pool max", "--epochs", 1, "-t", 1)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A genome, labelled regions of both strands, their k-mers, a track of counts and it normalised."""
    from seqnet.cli import seqnet

    folder = tmp_path_factory.mktemp("doubtful")
    generator = np.random.default_rng(1)
    text = {name: "".join(generator.choice(list("ACGT"), n)) for name, n in LENGTHS.items()}
    (folder / "g.fa").write_text("".join(f">{name}\n{letters}\n" for name, letters in text.items()))
    rows = []
    for name, length in LENGTHS.items():
        for number, start in enumerate(range(0, length - WIDTH, WIDTH)):
            split = "train" if name == "c1" else "valid"
            place = f"{name}\t{start}\t{start + WIDTH}\t{name}_{start}"
            rows.append(f"{place}\t.\t{'+-'[number % 2]}\t{split}\t{int(generator.integers(2))}")
    write_regions(folder / "r.bed", rows)
    counts = {name: generator.poisson(4, n).astype(float) for name, n in LENGTHS.items()}
    write_track(folder / "raw.bw", counts)
    write_track(folder / "scaled.bw", {name: values / 137.3 for name, values in counts.items()})
    whole = ("kmer-featurize", "--regions", folder / "r.bed", "--genome", folder / "g.fa", "-k", 2)
    seqnet.main([*map(str, whole), "-o", str(folder / "k.npz")], prog_name="seqnet", standalone_mode=False)
    return folder


def write_regions(path, rows):
    path.write_text("#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tT\n" + "\n".join(rows) + "\n")
    return path


def rows_of(path):
    return path.read_text().splitlines()[1:]


def write_track(path, values):
    with pyBigWig.open(str(path), "w") as track:
        track.addHeader(list(LENGTHS.items()))
        for name, column in values.items():
            track.addEntries(name, 0, values=column.tolist(), span=1, step=1)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("SEQNET_CACHE", str(tmp_path / "cache"))


def test_features_without_a_label_stop_training(inside, files, tmp_path):
    rows = rows_of(files / "r.bed")
    fewer = write_regions(tmp_path / "few.bed", rows[50:])
    command = ("train", "linear", "--features", files / "k.npz", "-q", "-o", tmp_path / "m.safetensors")
    with pytest.raises(
        CommandError, match=rf"k\.npz: 50 of {len(rows)} rows have no label in .*few\.bed \(c1_0 first\)"
    ):
        inside(*command, "--labels", fewer)
    unknown = write_regions(
        tmp_path / "dots.bed", [f"{row[:-1]}." if n < 50 else row for n, row in enumerate(rows)]
    )
    inside(*command, "--labels", unknown)
    more = write_regions(tmp_path / "more.bed", [*rows, "c1\t5\t45\tx\t.\t+\ttrain\t1"])
    with pytest.raises(CommandError, match=r"k\.npz has no row for x of .*more\.bed"):
        inside(*command, "--labels", more)


def test_sequences_without_a_label_stop_training(inside, tmp_path):
    letters = np.random.default_rng(2).choice(list("ACGT"), (9, 30))
    (tmp_path / "s.fa").write_text("".join(f">s{i}\n{''.join(row)}\n" for i, row in enumerate(letters)))
    (tmp_path / "l.tsv").write_text("name\tT\n" + "".join(f"s{i}\t{i % 2}\n" for i in range(7)))
    with pytest.raises(CommandError, match=r"s\.fa: 2 of 9 rows have no label in .*l\.tsv \(s7 first\)"):
        inside("train", "cnn", "--sequences", tmp_path / "s.fa", "--labels", tmp_path / "l.tsv", *SMALL, "-q",
               "-o", tmp_path / "m.safetensors")  # fmt: skip


def test_predictions_without_a_label_are_counted(inside, files, tmp_path, capsys):
    rows = [row.replace("valid", "test") for row in rows_of(files / "r.bed")]
    predicted = write_regions(tmp_path / "p.bed", [f"{row[:-1]}0.{n % 9}" for n, row in enumerate(rows)])
    fewer = write_regions(tmp_path / "l.bed", rows[50:])
    inside("evaluate", predicted, "--labels", fewer)
    assert f"p.bed: 50 of {len(rows)} rows have no label and are left out" in capsys.readouterr().err
    inside("evaluate", predicted, "--labels", write_regions(tmp_path / "l.bed", rows))
    assert "have no label" not in capsys.readouterr().err
    with pytest.raises(CommandError, match=r"its rows say 'c2', which .* does not have; it has c1"):
        inside("evaluate", write_regions(tmp_path / "p.bed", rows[:100]), "--labels", fewer)


@pytest.fixture(scope="module")
def stranded(files):
    from seqnet.cli import seqnet

    words = ("train", "cnn", "--regions", files / "r.bed", "--genome", files / "g.fa", "--strands", "column", *SMALL,
             "-q", "-o", files / "stranded.safetensors")  # fmt: skip
    seqnet.main([*map(str, words)], prog_name="seqnet", standalone_mode=False)
    return files / "stranded.safetensors"


def test_regions_without_a_strand_are_counted_where_it_matters(inside, files, stranded, tmp_path, capsys):
    rows = rows_of(files / "r.bed")
    (tmp_path / "three.bed").write_text("".join("\t".join(row.split("\t")[:3]) + "\n" for row in rows[:12]))
    genome = ("--genome", files / "g.fa")
    inside("predict", stranded, "--regions", tmp_path / "three.bed", *genome, "-o", tmp_path / "p.bed")
    assert "three.bed: 12 of 12 regions without a strand are read forward" in capsys.readouterr().err
    dotted = [row.replace("\t+\t", "\t.\t").replace("\tvalid\t", "\ttest\t") for row in rows]
    labels = write_regions(tmp_path / "d.bed", dotted)
    inside("evaluate", "--model", stranded, "--regions", labels, *genome)
    assert "d.bed: 37 of 74 regions without a strand are read forward" in capsys.readouterr().err
    inside("train", "cnn", "--regions", write_regions(tmp_path / "t.bed", [r.replace("\t+\t", "\t.\t") for r in rows]),
           *genome, "--strands", "column", *SMALL, "-o", tmp_path / "m.safetensors")  # fmt: skip
    assert f"t.bed: 149 of {len(rows)} regions without a strand are read forward" in capsys.readouterr().err
    inside("predict", stranded, "--regions", files / "r.bed", *genome, "-o", tmp_path / "p.bed")
    assert "without a strand" not in capsys.readouterr().err


def test_negatives_that_seqnet_drew_need_no_strand(inside, files, stranded, tmp_path, capsys):
    rows = [row.split("\t") for row in rows_of(files / "r.bed")]
    drawn = ["\t".join([*row[:3], f"neg_gc:{n}", row[4], ".", *row[6:]]) for n, row in enumerate(rows)]
    table = write_regions(tmp_path / "n.bed", drawn)
    inside("predict", stranded, "--regions", table, "--genome", files / "g.fa", "-o", tmp_path / "p.bed")
    assert "without a strand" not in capsys.readouterr().err


def test_unsplit_labels_of_rows_that_were_trained_on_are_warned_about(inside, files, tmp_path, capsys):
    rows = rows_of(files / "r.bed")
    trained = sum("\ttrain\t" in row for row in rows)
    predicted = write_regions(tmp_path / "p.bed", [f"{row[:-1]}0.{n % 9}" for n, row in enumerate(rows)])
    bare = [re.sub("\t(train|valid|test)\t", "\t.\t", row) for row in rows]
    inside("evaluate", predicted, "--labels", write_regions(tmp_path / "l.bed", bare))
    words = f"{trained} of {len(rows)} evaluated rows have split 'train' in the predictions: the figures are"
    assert words in capsys.readouterr().err
    inside("evaluate", predicted, "--labels", write_regions(tmp_path / "l.bed", rows), "--split", "valid")
    assert "in the predictions" not in capsys.readouterr().err
    columns = "#chrom\tstart\tend\tname\tscore\tstrand\tT\n"
    (tmp_path / "l.bed").write_text(columns + "c1\t0\t40\ta\t.\t.\t1\n")
    with pytest.raises(CommandError, match=r"l.bed:1: the column line has no 'split' in its place; expected"):
        inside("evaluate", predicted, "--labels", tmp_path / "l.bed")


def test_tracks_in_other_units_than_in_training_are_named(inside, files, tmp_path, capsys):
    regions = ("--regions", files / "r.bed", "--genome", files / "g.fa")
    out = tmp_path / "m.safetensors"
    inside("train", "cnn", *regions, "--signal", f"s={files / 'scaled.bw'}", *SMALL, "-q", "-o", out)
    kept = read_model(str(out)).input["signals"][0]["raw"]
    assert kept["mean"] == pytest.approx(4 / 137.3, rel=0.05)
    assert (kept["whole"], kept["quantiles"][-1][0]) == (False, 1.0)
    raw, same = ("--signal", f"s={files / 'raw.bw'}"), ("--signal", f"s={files / 'scaled.bw'}")
    warning = "raw.bw: has whole numbers only; in training there were fractions; is it normalised as the track s was"
    test = write_regions(
        tmp_path / "t.bed", [r.replace("\tvalid\t", "\ttest\t") for r in rows_of(files / "r.bed")]
    )
    judged = ("evaluate", "--model", out, "--regions", test, "--genome", files / "g.fa")
    tiles = ("predict", out, "--genome", files / "g.fa", "--tile", 40, "-t", 1, "-o", tmp_path / "p.bedGraph")
    for command in (("predict", out, *regions, "-o", tmp_path / "p.bed"), judged, tiles):
        inside(*command, *raw)
        assert capsys.readouterr().err.count(warning) == 1
        inside(*command, *same)
        assert "in training" not in capsys.readouterr().err
