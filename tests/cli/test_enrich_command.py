"""enrich as its users would call it."""

import numpy as np
import pytest
from scipy import stats

from seqnet.formats.sequences.fasta import read_genome
from seqnet.genome.alphabet import decode

COLUMNS = "#motif alt_name n_pos hits_pos n_neg hits_neg log2_enrichment auroc p_value q_value centrality_p"
FACTORS = ("REB1", "CTCF", "GATA1")


@pytest.fixture
def windows(example_data):
    """Arguments: windows of 60 around one factor's peaks against those of another."""

    def arguments(factor, other):
        peaks = example_data / "peaks"
        return ("enrich", example_data / "motifs.jaspar", "--genome", example_data / "genome.fa",
                "--regions", peaks / f"{factor}.narrowPeak", "--width", 60,
                "--against-regions", peaks / f"{other}.narrowPeak", "--p-value", 1e-3)  # fmt: skip

    return arguments


def table(finished):
    """Rows by motif, in order."""
    return {row[0]: row for row in finished.rows}


@pytest.mark.parametrize(
    ("factor", "largest_p", "ratio", "area"),
    [("REB1", 1e-100, 3, 0.98), ("CTCF", 1e-100, 3, 0.98), ("GATA1", 0.06, 0.4, 0.6)],
)
def test_each_factor_s_motif_comes_first_in_its_own_peaks(seqnet_ok, windows, factor, largest_p, ratio, area):
    # GATA1's motif is four clear letters, which occur by chance in every other window
    for other in FACTORS:
        if other == factor:
            continue
        finished = seqnet_ok(*windows(factor, other))
        first = finished.rows[0]
        assert first[0] == factor
        assert float(first[8]) < largest_p
        assert float(first[6]) > ratio
        assert float(first[7]) > area
        assert float(first[10]) < 1e-10
        turned = table(seqnet_ok(*windows(other, factor)))[factor]
        assert turned[2:6] == [*first[4:6], *first[2:4]]
        assert float(turned[6]) == -float(first[6])
        assert float(turned[7]) == pytest.approx(1 - float(first[7]), abs=2e-6)
        assert float(turned[8]) > 0.95


def test_the_same_set_on_both_sides_shows_nothing(seqnet_ok, windows):
    for row in seqnet_ok(*windows("REB1", "REB1")).rows:
        assert row[2:4] == row[4:6]
        assert [float(row[6]), float(row[7])] == [0, 0.5]
        assert float(row[8]) > 0.4


def test_columns_agree_with_each_other_and_with_scipy(seqnet_ok, windows):
    finished = seqnet_ok(*windows("REB1", "CTCF"))
    assert finished.text.splitlines()[-4] == COLUMNS.replace(" ", "\t")
    rows = finished.rows
    p_values = [float(row[8]) for row in rows]
    assert p_values == sorted(p_values)
    for row, p_value in zip(rows, p_values, strict=True):
        n_pos, hits_pos, n_neg, hits_neg = map(int, row[2:6])
        cells = [[hits_pos, n_pos - hits_pos], [hits_neg, n_neg - hits_neg]]
        assert p_value == pytest.approx(stats.fisher_exact(cells, "greater").pvalue, rel=1e-5)
    expected = stats.false_discovery_control(p_values)
    assert [float(row[9]) for row in rows] == pytest.approx(expected, rel=1e-5)


def test_regions_equal_their_sequences_as_fasta(seqnet_ok, example_data, tmp_path):
    genome = read_genome(str(example_data / "genome.fa"))
    for name in ("REB1", "GATA1"):
        lines = (example_data / "peaks" / f"{name}.narrowPeak").read_text().splitlines()[:40]
        (tmp_path / f"{name}.bed").write_text("\n".join(lines) + "\n")
        with (tmp_path / f"{name}.fa").open("w") as out:
            for number, line in enumerate(lines):
                contig, start, end = line.split("\t")[:3]
                out.write(f">{number}\n{decode(genome.codes[contig][int(start) : int(end)])}\n")
    motifs, p = example_data / "motifs.jaspar", ("--p-value", 1e-3)
    pos, neg = ("--regions", tmp_path / "REB1.bed"), ("--against-regions", tmp_path / "GATA1.bed")
    g = ("--genome", example_data / "genome.fa")
    expected = seqnet_ok("enrich", motifs, tmp_path / "REB1.fa", "--against", tmp_path / "GATA1.fa", *p).rows
    assert len(expected) == 3
    assert seqnet_ok("enrich", motifs, *g, *pos, *neg, *p).rows == expected
    assert seqnet_ok("enrich", motifs, tmp_path / "REB1.fa", *g, *neg, *p).rows == expected
    piped = seqnet_ok(
        "enrich", motifs, "--against", tmp_path / "GATA1.fa", *p, stdin=(tmp_path / "REB1.fa").read_bytes()
    )
    assert piped.rows == expected
    mixed = seqnet_ok("enrich", motifs, *g, *pos, "--against", tmp_path / "GATA1.fa", *p, "-t", 2)
    assert mixed.rows == expected


def test_order_header_selection_and_threads(seqnet_ok, windows, tmp_path):
    plain = seqnet_ok(*windows("GATA1", "REB1"))
    by_motif = seqnet_ok(*windows("GATA1", "REB1"), "--sort-by", "motif", "--no-header")
    assert [row[0] for row in by_motif.rows] == ["CTCF", "REB1", "GATA1"]
    assert sorted(by_motif.text.splitlines()) == sorted("\t".join(row) for row in plain.rows)
    assert seqnet_ok(*windows("GATA1", "REB1"), "-t", 2, "-o", tmp_path / "e.tsv").out == b""
    assert (tmp_path / "e.tsv").read_bytes() == plain.out
    (one,) = seqnet_ok(*windows("GATA1", "REB1"), "--motif", "GATA*").rows
    assert one[:9] == plain.rows[0][:9]
    assert one[9] == one[8]  # a single motif needs no correction


def test_equal_p_values_keep_the_motifs_order(seqnet_ok, windows):
    line = windows("REB1", "CTCF")[:-2]
    finished = seqnet_ok(*line, "--score", 1000)
    assert finished.rows == []
    assert finished.err.count("cannot reach the threshold and is skipped") == 3
    rows = seqnet_ok(*line, "--score", -1000).rows
    assert [row[0] for row in rows] == ["CTCF", "REB1", "GATA1"]
    assert {(row[3], row[5], row[8]) for row in rows} == {("300", "300", "1")}


MOTIF = b"MEME version 4\n\nMOTIF m\nletter-probability matrix: w= 4 nsites= 20\n" + b"\n".join(
    [b"1 0 0 0", b"0 1 0 0", b"0 0 1 0", b"0 1 0 0"]
)


def small(tmp_path, positives, negatives):
    (tmp_path / "m.meme").write_bytes(MOTIF)
    for name, texts in (("p.fa", positives), ("n.fa", negatives)):
        (tmp_path / name).write_text("".join(f">{i}\n{text}\n" for i, text in enumerate(texts)))
    return "enrich", tmp_path / "m.meme", tmp_path / "p.fa", "--against", tmp_path / "n.fa", "--score", 4


@pytest.mark.parametrize(
    ("positives", "negatives", "expected"),
    [
        (["TTACGCTTT"], ["TTTTTTTTT"], ["1", "1", "1", "0", "1.58496", "1", "0.5", "0.5", "0.110336"]),
        (["TTTT"], ["TTTT"], ["1", "0", "1", "0", "0", "0.5", "1", "1", "."]),
        (["ACGC", "GCGT"], ["ACGC"] * 3, ["2", "2", "3", "3", "-0.0703893", "0.5", "1", "1", "."]),
        (["ACG", "NNNN"], ["ACGC"], ["2", "0", "1", "1", "-2.16993", "0", "1", "1", "."]),
    ],
)
def test_degenerate_sets(seqnet_ok, tmp_path, positives, negatives, expected):
    # the first one's site has rank 1/6 of standard deviation sqrt(2/27): z = 1.2247, p = 0.110336
    (row,) = seqnet_ok(*small(tmp_path, positives, negatives)).rows
    assert row == ["m", ".", *expected]


def test_sequences_without_a_window_are_counted_and_named(seqnet_ok, tmp_path):
    finished = seqnet_ok(*small(tmp_path, ["ACG", "ACGC"], ["NNNNN", "TTTT", ""]))
    assert finished.rows[0][2:6] == ["2", "1", "3", "0"]
    assert finished.err == (
        "seqnet enrich: 3 of 5 sequences have no window that m could score; they count as sequences "
        "without a hit\n"
    )


def test_tiny_p_values_keep_their_exponent(seqnet_ok, tmp_path):
    finished = seqnet_ok(*small(tmp_path, ["TACGCT"] * 1200, ["TTTTTT"] * 1200))
    tail = -float(np.sum(np.log10(np.arange(1201, 2401) / np.arange(1, 1201))))  # 1 / (2400 over 1200)
    mantissa, exponent = finished.rows[0][8].split("e")
    assert np.log10(float(mantissa)) + int(exponent) == pytest.approx(tail, abs=1e-5)
    assert int(exponent) < -700


def test_windows_past_a_contig_s_end_are_said(run, example_data, tmp_path):
    (tmp_path / "g.fa").write_text(">a\n" + "ACGT" * 30 + "\n")
    (tmp_path / "p.bed").write_text("a\t2\t3\na\t60\t61\n")
    line = ("enrich", example_data / "motifs.jaspar", "--genome", tmp_path / "g.fa", "--motif", "CTCF",
            "--regions", tmp_path / "p.bed", "--against-regions", tmp_path / "p.bed", "--p-value", 0.1)  # fmt: skip
    finished = run(*line, "--width", 40)
    assert finished.code == 0
    assert finished.err.count("p.bed: 1 windows of 40 bases pass a contig's end and were skipped") == 2
    assert finished.rows[0][2] == finished.rows[0][4] == "1"
    failed = run(*line, "--width", 400)
    assert (failed.code, failed.out) == (1, b"")
    assert "no window of 400 bases lies inside" in failed.err
    (tmp_path / "p.bed").write_text("a\t60\t61\nb\t2\t3\n")
    failed = run(*line)
    assert (failed.code, failed.out) == (1, b"")
    assert "p.bed:2: regions say 'b'" in failed.err
    assert run(*line, "--chroms", "a").code == 0


def test_positives_alone_are_compared_with_their_shuffles(seqnet_ok, tmp_path):
    generator = np.random.default_rng(5)
    rows = ["".join(generator.choice(list("ACGT"), 60)) for _ in range(80)]
    planted = [row[:25] + "TTACCCGG" + row[33:] for row in rows]
    (tmp_path / "m.txt").write_text("TTACCCGG\n" * 12)
    seqnet_ok("build-pwm", tmp_path / "m.txt", "-o", tmp_path / "m.meme", "-q")
    for name, sequences in (("planted", planted), ("plain", rows)):
        (tmp_path / f"{name}.fa").write_text("".join(f">{i}\n{row}\n" for i, row in enumerate(sequences)))
        done = seqnet_ok("enrich", tmp_path / "m.meme", tmp_path / f"{name}.fa")
        assert "compared with 80 dinucleotide shuffles of the positives" in done.err
        assert "simple repeats" not in done.err
        assert (float(done.rows[0][8]) < 1e-20) == (name == "planted")
        assert {"##against=shuffle", "##seed=0"} <= set(done.text.splitlines())
        again = seqnet_ok("enrich", tmp_path / "m.meme", tmp_path / f"{name}.fa", "--against", "shuffle")
        assert again.out == done.out
    other = seqnet_ok("enrich", tmp_path / "m.meme", tmp_path / "planted.fa", "--seed", 1, "--no-header")
    assert other.rows[0][:4] == ["motif", ".", "80", "80"]


def test_repeats_among_positives_are_warned_about(seqnet_ok, tmp_path):
    (tmp_path / "m.txt").write_text("CACACA\n" * 12)
    seqnet_ok("build-pwm", tmp_path / "m.txt", "-o", tmp_path / "m.meme", "-q")
    for row, what in (("CA" * 40, "100 % of the positives are simple repeats"),
                      ("gattacaggctcagtcgatcc" * 3, "100 % of the positives are soft-masked repeats")):  # fmt: skip
        (tmp_path / "p.fa").write_text(f">a\n{row}\n>b\n{row}\n")
        done = seqnet_ok("enrich", tmp_path / "m.meme", tmp_path / "p.fa", "--p-value", 0.01)
        assert f"warning: {what}, which shuffles break up" in done.err
        assert done.err.count("warning") == 1


def test_windows_of_the_genome_match_the_gc_content(seqnet_ok, example_data):
    peaks = example_data / "peaks" / "REB1.narrowPeak"
    done = seqnet_ok(
        "enrich", example_data / "motifs.jaspar", "--genome", example_data / "genome.fa", "--regions", peaks,
        "--width", 60, "--against", "gc", "--p-value", 1e-3,
    )  # fmt: skip
    row = table(done)["REB1"]
    assert row[2] == row[4]
    assert float(row[8]) < 1e-50
    assert "GC 0.0" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["p.fa", "--against", "gc"], "--against gc draws windows of --genome that match --regions; give both"),
        (["p.fa", "--against", "n.fa", "--against-regions", "n.bed"], "give --against or --against-regions, not both"),
        (["p.fa", "--against", "n.fa", "--regions", "n.bed"], "give SEQUENCES or --regions, not both"),
        (["--regions", "p.bed", "--against", "n.fa"], "--regions and --against-regions need --genome"),
        (["p.fa", "--against-regions", "p.bed"], "--regions and --against-regions need --genome"),
        (["p.fa", "--against", "n.fa", "--genome", "g.fa"], "--genome needs --regions or --against-regions"),
        (["p.fa", "--against", "n.fa", "--width", "9"], "--width needs --regions or --against-regions"),
        (["--genome", "g.fa", "--regions", "p.bed", "--against", "n.fa", "--center", "summit"], "--center needs --width"),
        (["--against", "-"], "only one input can come from stdin"),
        (["p.fa", "--against", "n.fa", "--p-value", "0.1", "--score", "3"], "--p-value and --score exclude each other"),
    ],
)  # fmt: skip
def test_contradictions_are_usage_errors(run, example_data, arguments, message):
    failed = run("enrich", example_data / "motifs.jaspar", *arguments)
    assert (failed.code, failed.out) == (2, b"")
    assert failed.err == f"seqnet enrich: error: {message}\n"


def test_a_bad_negative_file_is_named_with_its_line(run, tmp_path):
    line = small(tmp_path, ["ACGC"], ["ACGC"])
    (tmp_path / "n.fa").write_text(">a\nACGC\n>b\nAC!C\n")
    failed = run(*line)
    assert (failed.code, failed.out) == (1, b"")
    assert "n.fa:4: '!' is not a nucleotide letter" in failed.err
