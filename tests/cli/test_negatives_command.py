"""negatives as its users would: genomic and shuffled, from tables, BED and FASTA."""

import gzip
from collections import Counter

import numpy as np
import pytest

from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import read_genome
from seqnet.genome.intervals import count_overlaps


@pytest.fixture
def bare(example_data, seqnet_ok, tmp_path):
    """A table of positives alone."""
    peaks = sorted((example_data / "peaks").glob("*.narrowPeak"))
    path = tmp_path / "bare.bed"
    seqnet_ok(
        "label", *peaks, "--genome", example_data / "genome.fa", "--width", 100, "--negatives", 0,
        "--valid-chroms", "chr3", "--test-chroms", "chr4", "-q", "-o", path,
    )  # fmt: skip
    return path


def test_a_table_passes_through_with_negatives_behind_it(example_data, run, bare, tmp_path):
    finished = run("negatives", bare, "--genome", example_data / "genome.fa")
    assert finished.code == 0
    assert "largest difference of distribution functions to the positives: GC 0.0" in finished.err
    lines = finished.text.splitlines()
    assert sum(line.startswith("#chrom") for line in lines) == 1
    own = [line for line in bare.read_text().splitlines() if not line.startswith("#")]
    rows = [line for line in lines if not line.startswith("#")]
    assert rows[: len(own)] == own
    assert len(rows) == 2 * len(own)
    added = rows[len(own) :]
    assert all(row.split("\t")[3].startswith("neg_gc:") for row in added)
    assert Counter(row.split("\t")[6] for row in added) == Counter(row.split("\t")[6] for row in own)
    # the same from a pipe, compressed
    piped = run(
        "negatives",
        "--genome",
        example_data / "genome.fa",
        "--no-header",
        stdin=gzip.compress(bare.read_bytes()),
    )
    assert piped.text.splitlines() == rows
    only = run("negatives", bare, "--genome", example_data / "genome.fa", "--only", "--no-header")
    assert only.text.splitlines() == added
    # again, with more: nothing drawn before is drawn again
    (tmp_path / "twice.bed").write_text(finished.text)
    again = run(
        "negatives", tmp_path / "twice.bed", "--genome", example_data / "genome.fa", "--only", "--ratio", 0.2
    )
    table = read_bed(str(tmp_path / "twice.bed"))
    (tmp_path / "more.bed").write_text(again.text)
    more = read_bed(str(tmp_path / "more.bed"))
    assert abs(len(more) - 0.2 * len(own)) <= 2  # rounded split by split
    assert not count_overlaps(more.intervals, table.intervals).any()


def test_label_piped_into_negatives_equals_label_with_negatives(example_data, run, bare):
    peaks = sorted((example_data / "peaks").glob("*.narrowPeak"))
    both = run(
        "label", *peaks, "--genome", example_data / "genome.fa", "--width", 100, "--valid-chroms", "chr3",
        "--test-chroms", "chr4", "-q", "--no-header",
    )  # fmt: skip
    apart = run("negatives", bare, "--genome", example_data / "genome.fa", "--no-header", "-q")
    # a peak may be wider than its row, so the draws differ; what is drawn for does not
    for finished in (both, apart):
        assert Counter(row[3][:7] for row in finished.rows)["neg_gc:"] == len(both.rows) // 2


def test_plain_bed_becomes_the_positives_of_one_task(example_data, run, tmp_path):
    (tmp_path / "my_sites.bed").write_text(
        "chr1\t1000\t1100\ta\nchr1\t5000\t5100\ta\nchr1\t5000\t5100\tc\nchr2\t900\t1000\n"
    )
    finished = run("negatives", tmp_path / "my_sites.bed", "--genome", example_data / "genome.fa")
    assert finished.code == 0, finished.err
    assert "1 rows repeat a place and are left out" in finished.err
    assert "its 3 rows are the positives of 'my_sites'" in finished.err
    assert finished.text.splitlines()[-7].endswith("\tsplit\tmy_sites")
    assert [row[-1] for row in finished.rows] == ["1"] * 3 + ["0"] * 3
    assert len({row[3] for row in finished.rows}) == 6
    some = run(
        "negatives", tmp_path / "my_sites.bed", "--genome", example_data / "genome.fa", "--chroms", "chr2"
    )
    assert "3 rows lie on other contigs than --chroms and are left out" in some.err
    assert len(some.rows) == 2
    wide = run("negatives", tmp_path / "my_sites.bed", "--genome", example_data / "genome.fa", "--width", 50)
    assert {int(row[2]) - int(row[1]) for row in wide.rows} == {50}
    assert wide.rows[0][3] == "chr1:1025-1075"


def test_negatives_keep_away_and_too_few_are_said(example_data, run, tmp_path, bare):
    (tmp_path / "no.bed").write_text("chr1\t0\t300000\nchr2\t0\t220000\n")
    finished = run(
        "negatives", bare, "--genome", example_data / "genome.fa", "--exclude", tmp_path / "no.bed", "--only"
    )
    assert {row[0] for row in finished.rows} == {"chr3", "chr4"}
    assert "warning: only " in finished.err
    assert f"{len(finished.rows)} of 900 negatives found" in finished.err


def test_a_soft_masked_genome_is_matched_by_its_masked_share(example_data, run, tmp_path):
    text = (example_data / "genome.fa").read_text().splitlines()
    masked = [line if line.startswith(">") or i % 20 < 12 else line.lower() for i, line in enumerate(text)]
    (tmp_path / "g.fa").write_text("\n".join(masked) + "\n")
    rows = [f"chr1\t{s}\t{s + 100}" for s in range(800, 280_000, 2400)]  # all masked
    (tmp_path / "p.bed").write_text("\n".join(rows) + "\n")
    finished = run("negatives", tmp_path / "p.bed", "--genome", tmp_path / "g.fa", "--only")
    assert finished.code == 0, finished.err
    apart = float(finished.err.split("masked ")[1].split()[0])
    assert apart < 0.3  # of the genome 0.4 is masked


def dinucleotides(codes):
    return Counter(zip(codes[:-1].tolist(), codes[1:].tolist(), strict=True))


def test_fasta_is_followed_by_its_shuffles(example_data, run, tmp_path):
    (tmp_path / "bound.fa").write_text(
        ">a one\nACGTTGCANNACGGTTTACACA\n>b\n" + "ACCGGTTA" * 10 + "\n>c\nAAAA\n"
    )
    out = tmp_path / "both.fa"
    finished = run(
        "negatives",
        tmp_path / "bound.fa",
        "--shuffle",
        "dinucleotide",
        "--ratio",
        2,
        "-o",
        out,
        "--labels-out",
        tmp_path / "l.bed",
    )
    assert finished.code == 0, finished.err
    assert "2 of 6 shuffles equal their sequence" in finished.err
    records = read_genome(str(out)).codes
    assert list(records) == ["a", "b", "c"] + [f"neg_shuf:{i}:{n}" for i in (1, 2) for n in "abc"]
    for name, codes in records.items():
        assert dinucleotides(codes) == dinucleotides(records[name[-1]])
    assert not np.array_equal(records["neg_shuf:1:b"], records["neg_shuf:2:b"])
    table = read_bed(str(tmp_path / "l.bed"))
    assert table.tasks == ("bound",)
    assert table.names.tolist() == list(records)
    assert table.intervals.end.tolist() == [len(codes) for codes in records.values()]
    assert table.targets[:, 0].tolist() == [1] * 3 + [0] * 6
    only = run("negatives", tmp_path / "bound.fa", "--shuffle", "klet:3", "--only", "-q")
    assert only.text.count(">") == 3
    assert (
        run("negatives", "--shuffle", "klet:3", "--only", "-q", stdin=(tmp_path / "bound.fa").read_bytes())
        == only
    )


def test_shuffles_of_regions_are_fasta_that_train_reads_with_its_labels(
    example_data, run, seqnet_ok, bare, tmp_path
):
    genome = example_data / "genome.fa"
    args = ("--genome", genome, "--shuffle", "dinucleotide", "--labels-out", tmp_path / "l.bed", "-q")
    seqnet_ok("negatives", bare, *args, "-o", tmp_path / "s.fa")
    own = read_bed(str(bare))
    table, records = read_bed(str(tmp_path / "l.bed")), read_genome(str(tmp_path / "s.fa")).codes
    n = len(own)
    assert (len(table), len(records)) == (2 * n, 2 * n)
    assert table.tasks == own.tasks
    assert table.splits.tolist() == own.splits.tolist() * 2
    assert np.array_equal(table.targets[:n], own.targets)
    assert not table.targets[n:].any()
    place = own.intervals.start[5], own.intervals.end[5]
    bases = read_genome(str(genome)).codes[own.intervals.contig_names()[5]][slice(*place)]
    assert np.array_equal(records[own.names[5]], bases)
    assert dinucleotides(records["neg_shuf:" + own.names[5]]) == dinucleotides(bases)
    seqnet_ok(
        "train",
        "linear",
        "--regions",
        tmp_path / "l.bed",
        "--genome",
        tmp_path / "s.fa",
        "-q",
        "-o",
        tmp_path / "m.safetensors",
    )


def test_shuffles_of_the_minus_strand_are_of_what_is_read_there(example_data, run, tmp_path):
    (tmp_path / "p.bed").write_text("chr1\t1000\t1040\tx\t0\t-\n")
    (tmp_path / "q.bed").write_text("chr1\t1000\t1040\tx\t0\t+\n")
    args = ("--genome", example_data / "genome.fa", "--shuffle", "dinucleotide", "-q")
    minus, plus = (
        run("negatives", tmp_path / name, *args).text.splitlines()[1] for name in ("p.bed", "q.bed")
    )
    assert minus == plus.translate(str.maketrans("ACGT", "TGCA"))[::-1]


def test_tables_without_a_column_line_need_task_names(example_data, run, bare, tmp_path):
    headless = "".join(line for line in bare.read_text().splitlines(keepends=True) if line[0] != "#")
    genome = ("--genome", example_data / "genome.fa", "-q")
    lost = run("negatives", *genome, stdin=headless.encode())
    assert lost.code == 1
    assert "-:1: looks like a labelled-regions table without its column line; give --tasks" in lost.err
    named = run("negatives", *genome, "--tasks", "CTCF,GATA1,REB1", stdin=headless.encode())
    assert named.text.splitlines()[5:] == run("negatives", bare, *genome).text.splitlines()[5:]
    fewer = run("negatives", *genome, "--tasks", "CTCF,GATA1", stdin=headless.encode())
    assert (fewer.code, fewer.out) == (1, b"")
    assert "expected 9 columns (2 tasks), found 10" in fewer.err
    other = run("negatives", bare, *genome, "--tasks", "A,B,C")
    assert "the column line has other tasks than A, B, C" in other.err


def test_tables_put_together_by_cat(example_data, run, bare):
    genome = ("--genome", example_data / "genome.fa", "-q", "--no-header")
    lines = bare.read_text().splitlines(keepends=True)
    head, rows = [x for x in lines if x[0] == "#"], [x for x in lines if x[0] != "#"]
    both = "".join([*head, *rows[:300], *head, *rows[300:]])
    assert run("negatives", *genome, stdin=both.encode()) == run("negatives", bare, *genome)
    other = "".join([*head, *rows[:300], head[-1].replace("CTCF", "YY1"), *rows[300:]])
    finished = run("negatives", *genome, stdin=other.encode())
    assert f"-:{len(head) + 301}: a second column line that differs from the first" in finished.err
    twice = run("negatives", *genome, stdin="".join([*head, *rows[:9], rows[2]]).encode())
    assert f"-:{len(head) + 10}: a second row for" in twice.err
    renamed = "".join([*head, rows[0], rows[1].replace(rows[1].split("\t")[3], rows[0].split("\t")[3])])
    assert "two rows have one name" in run("negatives", *genome, stdin=renamed.encode()).err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "give --genome for negatives from the genome, or --shuffle"),
        (["--shuffle", "dinucleotide", "--margin", "5"], "--exclude and --margin are for"),
        (["--shuffle", "klet:9"], "'klet:9' is none of mononucleotide, dinucleotide, klet:1 to klet:8"),
        (["--shuffle", "dinucleotide", "--width", "5"], "--chroms, --width and --tasks are for regions"),
        (["--genome", "g.fa", "--labels-out", "x"], "--labels-out goes with --shuffle"),
        (["--genome", "g.fa", "--ratio", "0"], "ratio"),
    ],
)
def test_options_that_do_not_go_together(run, bare, args, message):
    finished = run("negatives", bare, *args)
    assert (finished.code, finished.out) == (2, b"")
    assert finished.err.count("\n") == 1
    assert message in finished.err


def test_a_table_without_positives_has_nothing_to_match(example_data, run, bare):
    none = "".join(
        line if line[0] == "#" else "\t".join([*line.split("\t")[:7], "0", ".", "0\n"])
        for line in bare.read_text().splitlines(keepends=True)
    )
    finished = run("negatives", "--genome", example_data / "genome.fa", stdin=none.encode())
    assert finished.code == 1
    assert "no row is positive for a task" in finished.err
