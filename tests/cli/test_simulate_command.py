"""`seqnet simulate` as its users run it."""

import gzip
import os
import subprocess
import sys

import numpy as np
import pyBigWig
import pytest

from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.sequences.fasta import read_genome
from seqnet.genome.alphabet import decode, reverse_complement
from tests.conftest import EXAMPLE_DATA
from tests.pipeline.test_pipes import shell

MOTIFS = EXAMPLE_DATA / "motifs.jaspar"
PAIR = ("--motif", "REB1", "--motif", "GATA1")
FEW = ("--positives", 20, "--negatives", 20)


def table(path):
    lines = path.read_text().splitlines()
    columns = next(line[1:].split("\t") for line in lines if line.startswith("#chrom"))
    return [dict(zip(columns, line.split("\t"), strict=True)) for line in lines if not line.startswith("#")]


def log_odds(name, letters, background):
    """The sum of the logarithms of probability over background, letter by letter."""
    counts = next(m.counts for m in read_motifs(str(MOTIFS)).motifs if m.info.name == name)
    places = ["ACGT".index(letter) for letter in letters]
    return sum(np.log2(row[i] / row.sum() / background[i]) for row, i in zip(counts, places, strict=True))


@pytest.mark.parametrize(
    "options",
    [
        ("single",),
        ("density", "--copies", "3", "--negative-copies", "1-2", "--gc", "0.5"),
        ("heterotypic", "--background", "0.1,0.2,0.3,0.4"),
        ("spacing", *PAIR, "--spacing", "0-4", "--fixed-order"),
        ("localization", "--negative-place", "flanks", "--copies", 2),
        ("genome", "--contig", "c1=20000", "--contig", "c2=9000", "--bound", 8, "--unbound", 3),
    ],
    ids=lambda options: options[0],
)
def test_the_truth_is_what_the_sequences_hold(seqnet_ok, tmp_path, options):
    fasta, truth = tmp_path / "s.fa", tmp_path / "t.bed"
    few = () if options[0] == "genome" else FEW
    seqnet_ok("simulate", options[0], MOTIFS, *options[1:], *few, "-o", fasta, "--truth", truth)
    genome = read_genome(str(fasta))
    background = [0.3, 0.2, 0.2, 0.3]
    if "--background" in options:
        background = [0.1, 0.2, 0.3, 0.4]
    elif "--gc" in options:
        background = [0.25] * 4
    rows = table(truth)
    assert rows
    for row in rows:
        codes = genome.codes[row["chrom"]][int(row["start"]) : int(row["end"])]
        assert decode(codes if row["strand"] == "+" else reverse_complement(codes)) == row["matched"]
        expected = log_odds(row["name"], row["matched"], background)
        assert float(row["log_odds"]) == pytest.approx(expected, abs=1e-4)
        assert int(row["score"]) == max(0, min(1000, round(10 * expected)))


def test_the_truth_tells_the_classes(seqnet_ok, tmp_path):
    truth, labels = tmp_path / "t.bed", tmp_path / "l.bed"
    seqnet_ok("simulate", "density", MOTIFS, "--copies", "2-4", "--negative-copies", 1, *FEW, "-o",
              tmp_path / "s.fa", "--truth", truth, "--labels-out", labels)  # fmt: skip
    sites = [row["chrom"] for row in table(truth)]
    for row in table(labels):
        assert (row["start"], row["end"], row["name"]) == ("0", "500", row["chrom"])
        assert row["density"] == ("1" if row["name"].startswith("pos") else "0")
        assert sites.count(row["chrom"]) in ((2, 3, 4) if row["density"] == "1" else (1,))


def test_the_task_is_the_motif_or_what_it_is_called(seqnet_ok, tmp_path):
    labels = tmp_path / "l.bed"
    for options, task in (
        (("--motif", "REB1"), "REB1"),
        ((), "single"),
        (("--motif", "REB1", "--task", "bound"), "bound"),
    ):
        seqnet_ok(
            "simulate", "single", MOTIFS, *options, *FEW, "-o", tmp_path / "s.fa", "--labels-out", labels
        )
        assert list(table(labels)[0])[-1] == task


def test_splits_have_their_shares_of_both_classes(seqnet_ok, tmp_path):
    labels = tmp_path / "l.bed"
    seqnet_ok("simulate", "single", MOTIFS, "--positives", 400, "--negatives", 400, "--length", 50, "-o",
              tmp_path / "s.fa", "--labels-out", labels, "--valid-fraction", 0.1, "--test-fraction", 0.2)  # fmt: skip
    rows = table(labels)
    splits = [row["split"] for row in rows]
    assert [splits.count(split) for split in ("train", "valid", "test")] == [560, 80, 160]
    for split, share in (("valid", 40), ("test", 80)):
        positives = sum(row["split"] == split and row["single"] == "1" for row in rows)
        assert abs(positives - share) < 25


def test_the_same_seed_gives_the_same_bytes(seqnet_ok, tmp_path):
    def bytes_of(*options):
        paths = [tmp_path / name for name in ("s.fa", "t.bed", "l.bed")]
        seqnet_ok("simulate", "single", MOTIFS, *FEW, *options, "-o", paths[0], "--truth", paths[1],
                  "--labels-out", paths[2], "--valid-fraction", 0.2)  # fmt: skip
        return [path.read_bytes() for path in paths]

    assert bytes_of() == bytes_of("--seed", 0)
    assert all(one != other for one, other in zip(bytes_of(), bytes_of("--seed", 1), strict=True))


def test_a_learnt_background_is_the_file_that_background_writes(seqnet_ok, tmp_path):
    genome, model = EXAMPLE_DATA / "genome.fa", tmp_path / "genome.bg"
    seqnet_ok("background", genome, "--order", 2, "--symmetric", "-o", model)
    line = ("simulate", "single", MOTIFS, *FEW)
    learnt = seqnet_ok(*line, "--background", f"from:{genome}", "--order", 2)
    assert seqnet_ok(*line, "--background", model).out == learnt.out
    assert seqnet_ok(*line, "--background", f"from:{genome}").out != learnt.out


def test_parts_of_a_genome_do_not_depend_on_which_are_asked_for(seqnet_ok, tmp_path):
    line = ("simulate", "genome", MOTIFS, "--contig", "c=60000", "--bound", 20, "--unbound", 5)
    peaks, sites, signal = tmp_path / "{motif}.narrowPeak", tmp_path / "{motif}.fa", tmp_path / "d.bw"
    truth = tmp_path / "t.bed"
    whole = seqnet_ok(
        *line, "--truth", truth, "--peaks-out", peaks, "--sites-out", sites, "--signal-out", signal
    )
    assert whole.out == seqnet_ok(*line).out
    other = tmp_path / "other.bw"
    seqnet_ok(*line, "--signal-out", other, "-o", tmp_path / "g.fa")
    rows = table(truth)
    assert len(rows) == 75
    for motif in ("CTCF", "REB1", "GATA1"):
        bound = [row for row in rows if row["name"] == motif and row["bound"] == "1"]
        found = [line.split("\t") for line in (tmp_path / f"{motif}.narrowPeak").read_text().splitlines()]
        assert len(found) == len(bound) == 20
        for peak, row in zip(found, bound, strict=True):
            assert int(peak[1]) < int(row["start"]) < int(row["end"]) < int(peak[2])
            assert float(peak[6]) == pytest.approx(float(row["strength"]), abs=0.006)
        aligned = (tmp_path / f"{motif}.fa").read_text().splitlines()[1::2]
        assert aligned == [row["matched"] for row in bound]
    with pyBigWig.open(str(signal)) as track, pyBigWig.open(str(other)) as again:
        np.testing.assert_array_equal(track.values("c", 0, 60_000), again.values("c", 0, 60_000))

        def height(row):
            return track.stats("c", int(row["start"]) - 60, int(row["end"]) + 60)[0]

        open_chromatin = np.mean([height(row) for row in rows if row["bound"] == "1"])
        assert open_chromatin > 4 * np.mean([height(row) for row in rows if row["bound"] == "0"])


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("single {m} --gc 0", 2, "'0' is not in the range 0<x<1"),
        ("single {m} --gc 0.4 --background uniform", 2, "--gc and --background exclude each other"),
        ("single {m} --order 2", 2, "--order goes with --background from:FASTA"),
        ("single {m} --order 2 --background {m}", 2, "--order goes with --background from:FASTA"),
        ("single {m} --background 0.5,0.5,0,0", 1, "a background frequency is zero"),
        ("single {m} --motif CTFC", 1, "no motif is named CTFC"),
        ("single {m} --length 10", 2, "a site can need 19 bases; a sequence has 10"),
        ("single {m} --positives 0 --negatives 0", 2, "leaves nothing to simulate"),
        ("single {m} --labels-out s.fa -o s.fa", 2, "-o and --labels-out would both be written to s.fa"),
        ("single {m} --valid-fraction 0.6 --test-fraction 0.6 --labels-out l.bed -o s.fa", 2, "leave nothing to train on"),
        ("density {m} --copies 4-2", 2, "'4-2' ends before it begins; expected A-B with A <= B"),
        ("density {m} --copies many", 2, "'many' is not a whole number (in 'many', which is A-B or one number)"),
        ("density {m} --copies -3", 2, "'' is not a whole number (in '-3', which is A-B or one number)"),
        ("localization {m} --copies 0-2", 2, "'0' is not in the range x>=1 (in '0-2'"),
        ("localization {m} --center 600", 2, "the centre has 600 bases, the whole sequence 500"),
        ("heterotypic {m} --negative-motifs 0-3", 2, "negatives that hold up to 3 need more"),
        ("spacing {m}", 2, "a spacing is between two motifs, not 3"),
        ("genome {m} --contig chr1", 2, "'chr1': expected NAME=BASES"),
        ("genome {m} --contig a=5000 --contig a=6000", 2, "a second contig of that name"),
        ("genome {m} --contig a=5000", 2, "450 sites need as many slots of 500 bases; there are 8"),
        ("genome {m} --peaks-out p.narrowPeak", 2, "holds 3 motifs; put {{motif}} in the path, or choose with --motif"),
        ("genome {m} --peaks-out {{motif}} --sites-out {{motif}}", 2, "--peaks-out and --sites-out would both be written to {{motif}}"),
    ],
)  # fmt: skip
def test_bad_options_are_one_line(run, tmp_path, monkeypatch, line, code, message):
    monkeypatch.chdir(tmp_path)
    finished = run("simulate", *line.format(m=MOTIFS).split())
    assert (finished.code, finished.out) == (code, b"")
    assert finished.err.count("\n") == 1
    assert message.format() in finished.err
    assert list(tmp_path.iterdir()) == []


def test_compressed_by_suffix(seqnet_ok, tmp_path):
    line = ("simulate", "single", MOTIFS, *FEW)
    seqnet_ok(*line, "-o", tmp_path / "s.fa.gz")
    assert gzip.decompress((tmp_path / "s.fa.gz").read_bytes()) == seqnet_ok(*line).out


@pytest.mark.slow
def test_simulated_sequences_go_through_the_whole_pipe(tmp_path):
    finished = shell(
        f"seqnet simulate single motifs.jaspar --motif CTCF --positives 500 --negatives 500 --length 60 "
        f"--valid-fraction 0.2 --test-fraction 0.3 --labels-out {tmp_path}/l.bed -q -o {tmp_path}/s.fa && "
        f"seqnet train cnn --regions {tmp_path}/l.bed --genome {tmp_path}/s.fa --epochs 5 -t 1 -q "
        f"-o {tmp_path}/m.safetensors && "
        f"seqnet predict {tmp_path}/m.safetensors --regions {tmp_path}/l.bed --genome {tmp_path}/s.fa -q | "
        f"seqnet evaluate - --labels {tmp_path}/l.bed -q"
    )
    assert finished.returncode == 0, finished.stderr
    columns, row = (line.split("\t") for line in finished.stdout.splitlines()[-2:])
    found = dict(zip(columns, row, strict=True))
    assert float(found["auroc"]) > 0.9, found


HUGE = 10**20


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"genome {{m}} --contig c={HUGE}", "is too large; expected 2147483647 at most"),
        (f"genome {{m}} --contig c={'9' * 5000}", "is too large; expected 2147483647 at most"),
        ("genome {m}" + "".join(f" --contig {c}=2100000000" for c in "abc"), "found 6300000000"),
        (f"genome {{m}} --bound {HUGE}", "is too large; expected 2147483647 at most"),
        ("genome {m} --bound 2000000000", "sites need as many slots"),
        ("genome {m} --unbound 2000000000", "sites need as many slots"),
        ("genome {m} --contig c=2000000000 --bound 9000000", "sites need as many slots"),
        ("genome {m} --contig c=2000000000 --step 1 --signal-out s.bw", "expected up to 268435456"),
        ("single {m} --positives 2000000000", "--positives and --negatives: expected up to 16777216"),
        ("single {m} --negatives 2000000000", "--positives and --negatives: expected up to 16777216"),
        ("single {m} --length 2000000000", "--length: expected up to 67108864"),
        ("single {m} --positives 10000000 --length 1000000", "bases of all sequences"),
        ("density {m} --copies 0-2000000000", "bases; a sequence has 500"),
        (f"density {{m}} --copies 0-{'9' * 5000}", "invalid value for '--copies'"),
        ("heterotypic {m} --negative-motifs 0-2000000000", "need more"),
        ("spacing {m} --motif CTCF --motif REB1 --spacing 2-2000000000", "a sequence has 500"),
        ("localization {m} --center 2000000000", "the whole sequence 500"),
    ],
    ids=lambda text: text[:40],
)
def test_counts_beyond_reason_are_refused_before_memory_is_taken(tmp_path, line, message):
    import resource

    finished = subprocess.run(
        [sys.executable, "-m", "seqnet", "simulate", *line.format(m=MOTIFS).split(), "-o", tmp_path / "s.fa"],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30)),
    )  # fmt: skip
    assert (finished.returncode, finished.stderr.count("\n")) == (2, 1), finished.stderr[-500:]
    assert message in finished.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("ratio", ["1e12", "1e300"])
@pytest.mark.parametrize(
    "line",
    [
        "negatives {e}/sites.fa --shuffle dinucleotide --ratio {r}",
        "negatives {e}/peaks/CTCF.narrowPeak --width 50 --genome {e}/genome.fa --ratio {r}",
        "label {e}/peaks/CTCF.narrowPeak --width 50 --genome {e}/genome.fa --negatives {r}",
    ],
)
def test_negatives_beyond_reason_are_refused_before_memory_is_taken(run, tmp_path, line, ratio):
    args = line.format(e=MOTIFS.parent, r=ratio).split()
    finished = run(*args, "-q", "-o", tmp_path / "out")
    assert (finished.code, finished.err.count("\n")) == (2, 1), finished.err
    assert "is too large; expected 10000 at most" in finished.err
    assert os.listdir(tmp_path) == []
