"""``seqnet check`` as a user meets it."""

import json

import numpy as np
import pytest

from seqnet.formats.tracks.bigwig import write_bigwig

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


def test_check_and_train_agree_on_rows_without_a_known_base_and_on_repeated_rows(run, tmp_path):
    text = "".join(np.random.default_rng(0).choice(list("ACGT"), 9000))
    (tmp_path / "g.fa").write_text(f">a\n{'N' * 400}{text}\n>b\n{text[::-1]}{'N' * 400}\n")
    head = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tT\n"
    rows = [f"a\t{500 + 90 * i}\t{550 + 90 * i}\tr{i}\t.\t.\ttrain\t{i % 2}\n" for i in range(30)]
    rows += [f"b\t{500 + 90 * i}\t{550 + 90 * i}\tv{i}\t.\t.\tvalid\t{i % 2}\n" for i in range(9)]
    unknown = ["a\t0\t50\tn1\t.\t.\ttrain\t1\n", "b\t9040\t9090\tn2\t.\t.\tvalid\t0\n"]
    inputs = (tmp_path / "r.bed", "--genome", tmp_path / "g.fa")
    training = ("train", "linear", "--regions", *inputs, "-k", 2, "-o", tmp_path / "m.safetensors")

    (tmp_path / "r.bed").write_text(head + "".join(rows + unknown))
    checked, trained = run("check", *inputs), run(*training)
    assert (checked.code, trained.code) == (0, 0), checked.err + trained.err
    (found,) = [row for row in checked.rows if row[1] == "no-sequence"]
    assert found[0] == "warning"
    assert found[3].startswith("2 regions of ambiguous bases alone, such as a:0-50; training keeps them")
    assert f"warning: no-sequence: {found[3]}" in trained.err
    assert not [row for row in checked.rows if row[1] == "leakage"]  # equal, but nothing is given away

    (tmp_path / "r.bed").write_text(head + "".join([*rows, rows[3].replace("r3", "again")]))
    checked, trained = run("check", *inputs), run(*training)
    assert (checked.code, trained.code) == (1, 1)
    assert [row[0] for row in checked.rows if row[1] == "duplicate"] == ["error"]
    assert "a second row for a:770-820" in trained.err
