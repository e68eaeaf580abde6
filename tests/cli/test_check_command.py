"""``seqnet check`` as a user meets it."""

import json

import numpy as np
import pytest

from seqnet.formats.bigwig import write_bigwig

HEADER = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tA\n"


def found(finished):
    return [tuple(row[:3]) for row in finished.rows]


@pytest.fixture
def genome(tmp_path):
    generator = np.random.default_rng(0)
    text = ["".join(generator.choice(list("ACGT"), 400)) for _ in range(2)]
    path = tmp_path / "g.fa"
    path.write_text(f">chr1\n{text[0]}\n>chr2\n{text[1]}{text[0][50:150]}\n")
    return path


def write(path, *rows):
    path.write_text(HEADER + "".join("\t".join(row.split()) + "\n" for row in rows))
    return path


GOOD = [
    "chr1 150 250 a . . train 1",
    "chr1 260 360 b . . train 0",
    "chr2 0 100 c . . valid 1",
    "chr2 100 200 d . . valid 0",
    "chr2 200 300 e . . test 1",
    "chr2 300 400 f . . test 0",
]


def test_nothing_wrong_is_exit_0(run, genome, tmp_path):
    finished = run("check", write(tmp_path / "r.bed", *GOOD), "--genome", genome)
    assert finished.code == 0
    assert [f for f in found(finished) if f[1] != "gc-imbalance"] == []
    assert finished.err.startswith("seqnet check: 0 errors, ")


def test_everything_wrong_is_found_at_once(run, genome, tmp_path):
    regions = write(
        tmp_path / "r.bed",
        *GOOD,
        "chr1 50 150 leak . . train 1",
        "chr2 400 500 leaked . . test 1",
        "chr2 450 600 long . . test 0",
        "1 0 100 style . . train 0",
    )
    with write_bigwig(str(tmp_path / "t.bw"), {"chr1": 400}) as writer:
        writer.add("chr1", 0, np.ones(400, np.float32))
    motifs = tmp_path / "m.txt"
    motifs.write_text("to be or not\n")
    finished = run(
        "check", regions, "--genome", genome, "--signal", f"dnase={tmp_path / 't.bw'}", "--motifs", motifs,
        "--predictions", tmp_path / "none.bed", "--signal", f"atac={regions}", "--json", tmp_path / "f.json",
    )  # fmt: skip
    assert finished.code == 1
    expected = {
        ("error", "out-of-range", "regions:10"),
        ("error", "contig-style", "regions:11"),
        ("warning", "unequal-widths", "regions:10"),
        ("error", "leakage", "regions:8"),
        ("warning", "shared-words", "regions:8"),
        ("error", "absent-contig", "track:dnase"),
        ("warning", "constant-track", "track:dnase"),
        ("error", "unreadable", "track:atac"),
        ("error", "unreadable", "motifs"),
        ("error", "unreadable", "predictions"),
    }
    assert expected <= set(found(finished))
    report = json.loads((tmp_path / "f.json").read_text())
    assert [tuple(f.values()) for f in report["findings"]] == [tuple(row) for row in finished.rows]
    assert report["counts"]["error"] == sum(row[0] == "error" for row in finished.rows)
    assert f"seqnet check: {report['counts']['error']} errors" in finished.err


def test_an_unreadable_genome_leaves_the_table_s_own_checks(run, tmp_path):
    regions = write(tmp_path / "r.bed", *GOOD, "chr1 900 900 x . . train 1")
    finished = run("check", regions, "--genome", tmp_path / "none.fa", "-q")
    assert finished.code == 1
    assert ("error", "unreadable", "genome") in found(finished)
    assert ("error", "empty-region", "regions:8") in found(finished)
    assert finished.err == ""


def test_split_options_are_tried(run, genome, tmp_path):
    unsplit = [row.replace("train", ".").replace("valid", ".").replace("test", ".") for row in GOOD]
    regions = write(tmp_path / "r.bed", *unsplit)
    finished = run("check", regions, "--genome", genome, "--test-chroms", "chr2")
    assert ("warning", "empty-split", "regions") in found(finished)
    conflict = write(tmp_path / "c.bed", *GOOD)
    finished = run("check", conflict, "--genome", genome, "--test-chroms", "chr1")
    assert finished.code == 1
    assert ("error", "split-conflict", "regions") in found(finished)


def test_soft_masked_classes_are_compared(run, genome, tmp_path):
    lines = genome.read_text().split("\n")
    lines[1] = lines[1][:150] + lines[1][150:250].lower() + lines[1][250:]
    genome.write_text("\n".join(lines))
    finished = run("check", write(tmp_path / "r.bed", *GOOD), "--genome", genome)
    assert ("warning", "mask-imbalance", "regions:A") in found(finished)


def test_tables_that_lost_their_column_line(run, tmp_path):
    regions = tmp_path / "r.bed"
    regions.write_text("".join("\t".join(row.split()) + "\n" for row in GOOD))
    assert found(run("check", "-", "--tasks", "A", stdin=regions.read_bytes())) == []
    lost = run("check", regions)
    assert (lost.code, lost.out) == (1, b"")
    assert "r.bed:1: looks like a labelled-regions table without its column line; give --tasks" in lost.err
    finished = run("check", regions, "--tasks", "A,B")
    assert finished.code == 1
    assert "r.bed:1: expected 9 columns (2 tasks), found 8" in finished.err


def test_tracks_and_motifs_alone(run, example_data):
    finished = run("check", "--motifs", example_data / "motifs.jaspar")
    assert finished.code == 0
    finished = run("check", "--signal", "x")
    assert finished.code == 2
    assert "--signal x: expected NAME=BIGWIG" in finished.err
