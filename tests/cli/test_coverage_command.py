"""``seqnet coverage`` from the shell."""

import gzip

import numpy as np
import pyBigWig
import pytest

from tests.unit.formats.reads.test_bam import CONTIGS, write_bam

SIZES = "".join(f"{name}\t{length}\n" for name, length in CONTIGS.items())
PAIR = [("p", 99, 0, 100, 60, [(0, 40)], 150), ("p", 147, 0, 210, 60, [(0, 40)], -150)]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "sizes").write_text(SIZES)
    write_bam(tmp_path / "x.bam", PAIR, order="coordinate")
    rows = ["chr2\t100\t250\tp\t0\t+", "chr1\t10\t20\tq\t0\t-", "chr2\t120\t130\tr\t0\t+"]
    (tmp_path / "x.bed").write_text("\n".join(rows) + "\n")
    return tmp_path


def body(finished):
    return [tuple(row) for row in finished.rows]


def test_bam_to_bedgraph_and_what_is_said(seqnet_ok, files):
    done = seqnet_ok("coverage", files / "x.bam", "--count", "fragments", "--skip-zeros")
    assert body(done) == [("chr2", "100", "250", "1")]
    assert "1 fragments of 2 reads, of 2 in all" in done.err
    assert "##count=fragments" in done.text
    cuts = seqnet_ok("coverage", files / "x.bam", "--count", "cuts", "--shift", "4,-5", "--skip-zeros")
    assert body(cuts) == [("chr2", "104", "105", "1"), ("chr2", "244", "245", "1")]
    assert "##shift=4,-5" in cuts.text
    zeros = seqnet_ok("coverage", files / "x.bam", "--count", "reads", "--chroms", "chr1,chr2", "-q")
    assert body(zeros)[-1] == ("chr1", "0", "500", "0")


def test_the_index_and_stdin_and_threads_change_nothing(seqnet_ok, files):
    args = ("--count", "reads", "--no-header")
    plain = seqnet_ok("coverage", files / "x.bam", *args).out
    (files / "x.bam.bai").write_bytes(b"BAI\1" + b"\xff" * 400)
    assert seqnet_ok("coverage", files / "x.bam", *args, "-t", 3).out == plain
    assert seqnet_ok("coverage", *args, stdin=(files / "x.bam").read_bytes()).out == plain


def test_bed_is_counted_on_given_contigs(seqnet_ok, files):
    args = ("--genome", files / "sizes", "--skip-zeros")
    done = seqnet_ok("coverage", files / "x.bed", *args, "--count", "fragments", "--no-header")
    assert body(done) == [
        ("chr2", "100", "120", "1"), ("chr2", "120", "130", "2"), ("chr2", "130", "250", "1"),
        ("chr1", "10", "20", "1"),
    ]  # fmt: skip
    piped = seqnet_ok(
        "coverage",
        *args,
        "--count",
        "cuts",
        "--strand",
        "-",
        stdin=gzip.compress((files / "x.bed").read_bytes()),
    )
    assert body(piped) == [("chr1", "19", "20", "1")]
    assert "cuts are not shifted (--shift 0,0)" in piped.err
    assert "##shift=0,0" in piped.text
    pairs = b"chr2\t10\t20\tchr2\t50\t60\tn\t0\t-\t+\n"
    found = seqnet_ok("coverage", *args, "--count", "fragments", stdin=pairs)
    assert body(found) == [("chr2", "10", "60", "1")]


def test_normalising_and_strands_apart_and_bins(seqnet_ok, files):
    out = files / "x.{strand}.bw"
    args = ("coverage", files / "x.bed", "--genome", files / "sizes", "--count", "fragments", "-o")
    seqnet_ok(*args, out, "--normalize", "1x")
    means = 0.0
    for strand in ("plus", "minus"):
        with pyBigWig.open(str(files / f"x.{strand}.bw")) as file:
            assert file.chroms() == CONTIGS
            means += sum(np.sum(file.values(name, 0, size)) for name, size in CONTIGS.items()) / 3500
    assert means == pytest.approx(1)
    seqnet_ok(*args, files / "cpm.bdg.gz", "--normalize", "cpm", "--bin", 100, "--no-header", "--skip-zeros")
    lines = gzip.decompress((files / "cpm.bdg.gz").read_bytes()).decode().splitlines()
    assert [line.split("\t")[:3] for line in lines] == [
        ["chr2", "100", "200"], ["chr2", "200", "300"], ["chr1", "0", "100"],
    ]  # fmt: skip
    values = [float(line.split("\t")[3]) for line in lines]
    assert values == pytest.approx([1.1e6 / 3, 0.5e6 / 3, 0.1e6 / 3])


def test_mates_are_sampled_together(seqnet_ok, tmp_path):
    rows = [(f"r{i}", flag, 0, i, 60, [(0, 1)], 0) for i in range(2000) for flag in (99, 147)]
    write_bam(tmp_path / "x.bam", rows, order="coordinate")
    args = ("coverage", tmp_path / "x.bam", "--count", "reads", "--subsample", 0.3, "-q", "--no-header")
    first = body(seqnet_ok(*args))
    assert {value for *_, value in first} == {"0", "2"}
    share = sum(int(end) - int(start) for _, start, end, value in first if value == "2") / 2000
    assert 0.25 < share < 0.35
    assert body(seqnet_ok(*args)) == first
    assert body(seqnet_ok(*args, "--seed", 1)) != first


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["x.bam", "--count", "cuts"], 2, "cuts of alignments need --shift: 4,-5 or 4,-4"),
        (["x.bam", "--count", "reads", "--shift", "4,-5"], 2, "--shift moves cuts"),
        (["x.bam", "--count", "cuts", "--shift", "4"], 2, "not two whole numbers"),
        (["x.bam", "--count", "cuts", "--shift", "0,0", "--extend", "9"], 2, "--extend is for reads"),
        (["x.bam", "--count", "reads", "--effective-size", "9"], 2, "--effective-size is for"),
        (["x.bam", "--count", "reads", "--min-mapq", "61"], 1, "no reads to count: 0 of 2 reads pass"),
        (["x.bam", "--count", "reads", "--min-mapq", "61", "--normalize", "cpm"], 1, "no reads to count"),
        (["x.bam", "--count", "reads", "--chroms", "chr9"], 1, "'chr9' matches nothing in"),
        (["x.bed", "--count", "reads"], 2, "BED needs the contigs' lengths"),
        (["x.bed", "--genome", "other", "--count", "reads"], 1, "x.bed:1: rows say 'chr2', which"),
        (["x.bed", "--genome", "short", "--count", "reads"], 1, "x.bed:1: chr2:100-250 ends past its contig"),
        (["x.bed", "--genome", "bad", "--count", "reads"], 1, "bad:1: expected FASTA, or a contig's name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(run, files, args, code, message):
    (files / "other").write_text("1\t5000\n2\t6000\n")
    (files / "short").write_text("chr2\t240\nchr1\t500\n")
    (files / "bad").write_text("chr2 has 240 bases\n")
    finished = run("coverage", *args, "-q", cwd=files)
    assert (finished.code, finished.err.count("\n")) == (code, 1), finished.err
    assert message in finished.err


def test_rows_outside_are_skipped_or_clipped_when_asked(seqnet_ok, files):
    (files / "short").write_text("chr2\t240\n")
    args = ("coverage", files / "x.bed", "--genome", files / "short", "--count", "reads", "--skip-zeros")
    clipped = seqnet_ok(*args, "--on-bad", "clip")
    assert body(clipped)[-1] == ("chr2", "130", "240", "1")
    assert "2 rows outside" in clipped.err
    skipped = seqnet_ok(*args, "--on-bad", "skip")
    assert body(skipped) == [("chr2", "120", "130", "1")]


def test_a_bam_that_is_not_sorted_as_it_says(run, tmp_path, monkeypatch):
    rows = [(f"r{i}", 0, contig, 5, 60, [(0, 20)], 0) for contig in (1, 0) for i in range(60_000)]
    write_bam(tmp_path / "x.bam", rows, order="coordinate")
    finished = run("coverage", tmp_path / "x.bam", "--count", "reads", "-o", tmp_path / "x.bw", "-q")
    assert finished.code == 1
    assert "claims to be sorted, but goes back to chr2; sort it again" in finished.err
    assert not (tmp_path / "x.bw").exists()


def test_rows_that_cover_nothing_are_skipped_and_counted(seqnet_ok, run, tmp_path):
    sizes, rows = tmp_path / "sizes", tmp_path / "rows"
    sizes.write_text("c\t20\nd\t20\n")
    whole = "c\t0\t5\tc\t8\t12\ta\t0\t+\t-\n"
    for bad, message in (
        ("c\t3\t3\n", "c:3-3 is empty"),
        ("c\t0\t5\td\t8\t12\tb\t0\t+\t-\n", "a pair on two contigs, c and d"),
        ("c\t0\t5\t.\t-1\t-1\tb\t0\t+\t.\n", "a pair with an unmapped mate"),
        (".\t-1\t-1\t.\t-1\t-1\tb\t0\t.\t.\n", "a pair with an unmapped mate"),
    ):
        rows.write_text(whole + bad)
        command = ["coverage", str(rows), "--genome", str(sizes), "--count", "fragments", "--header", "none"]
        refused = run(*command)
        assert refused.code == 1
        assert (
            refused.err
            == f"seqnet coverage: error: {rows}:2: {message} ('--on-bad skip' leaves out such rows)\n"
        )
        skipped = seqnet_ok(*command, "--on-bad", "skip")
        assert skipped.text == "c\t0\t12\t1\nc\t12\t20\t0\nd\t0\t20\t0\n"
        assert "1 rows outside" in skipped.err


def test_sam_without_its_header_is_named(run, tmp_path):
    path = tmp_path / "x.sam"
    path.write_text("a\t0\tchr1\t6\t30\t20M\t*\t0\t0\t*\t*\n")
    refused = run("coverage", str(path), "--count", "reads")
    assert refused.err.endswith("x.sam: is SAM without its header; 'samtools view -h' writes it\n")
