"""scan as its users would call it."""

import gzip

import numpy as np
import pyBigWig
import pytest

from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.sequences.fasta import read_genome
from seqnet.motifs.scan import both_strand_scores

PSSM = "reb1.pssm"


@pytest.fixture
def small(prepared, tmp_path):
    """A genome with an ambiguous stretch and a contig shorter than the motif."""
    path = tmp_path / "g.fa"
    lines = (prepared.data / "genome.fa").read_text().splitlines()[1:60]
    path.write_text(
        ">a\n" + "\n".join(lines) + "\nNNNNN\n" + "\n".join(lines[:20]) + "\n>b\nACGT\n>c\n" + lines[3] + "\n"
    )
    return path


def expected_track(prepared, path):
    (pssm,) = read_motifs(str(prepared / PSSM)).motifs
    return {
        name: np.maximum(*both_strand_scores(codes, pssm.scores))
        for name, codes in read_genome(str(path)).codes.items()
    }


@pytest.mark.parametrize("rectify", [False, True])
@pytest.mark.parametrize("source", ["file", "stdin", "genome"])
def test_a_track_holds_the_score_of_every_window(prepared, small, seqnet_ok, tmp_path, rectify, source):
    out = tmp_path / "t.bw"
    args = {"file": [small], "stdin": [], "genome": ["--genome", small]}[source]
    stdin = gzip.compress(small.read_bytes()) if source == "stdin" else b""
    finished = seqnet_ok(
        "scan", prepared / PSSM, *args, "--track", out, *(["--rectify"] * rectify), stdin=stdin
    )
    assert finished.out == b""
    with pyBigWig.open(str(out)) as track:
        assert track.chroms() == {"a": 3545 + 1200, "b": 4, "c": 60} or dict(track.chroms())["b"] == 4
        for name, scores in expected_track(prepared, small).items():
            if not len(scores):
                continue
            values = np.array(track.values(name, 0, len(scores)))
            expected = np.maximum(scores, 0) if rectify else scores
            np.testing.assert_array_equal(values, expected.astype(np.float32))


def test_a_track_of_regions_has_gaps_elsewhere(prepared, small, seqnet_ok, tmp_path):
    (tmp_path / "r.bed").write_text("a\t100\t200\na\t150\t300\n")
    out = tmp_path / "t.bw"
    seqnet_ok("scan", prepared / PSSM, "--genome", small, "--regions", tmp_path / "r.bed", "--track", out)
    scores = expected_track(prepared, small)["a"]
    with pyBigWig.open(str(out)) as track:
        values = np.array(track.values("a", 0, 400))
    expected = np.full(400, np.nan)
    expected[100:286] = scores[100:286].astype(np.float32)  # windows of 15 bases that end by 300
    np.testing.assert_array_equal(values, expected)


def test_overlapping_regions_count_once_and_coordinates_are_genomic(prepared, seqnet_ok, tmp_path):
    genome = prepared.data / "genome.fa"
    (tmp_path / "r.bed").write_text("chr2\t900\t5000\nchr1\t0\t20000\nchr1\t10000\t30000\n")
    whole = seqnet_ok("scan", prepared / PSSM, genome, "--p-value", 1e-3).rows
    spans = {"chr1": (0, 30000), "chr2": (900, 5000)}
    inside = [
        row
        for row in whole
        if row[0] in spans and spans[row[0]][0] <= int(row[1]) and int(row[2]) <= spans[row[0]][1]
    ]
    found = seqnet_ok(
        "scan", prepared / PSSM, "--genome", genome, "--regions", tmp_path / "r.bed", "--p-value", 1e-3
    )
    assert found.rows == inside != []


def test_a_score_threshold_is_inclusive(prepared, seqnet_ok):
    genome = prepared.data / "genome.fa"
    rows = seqnet_ok("scan", prepared / PSSM, genome, "--p-value", 1e-4).rows
    scores = sorted(float(row[6]) for row in rows)
    cut = scores[len(scores) // 2]
    kept = seqnet_ok("scan", prepared / PSSM, genome, "--score", cut - 5e-7).rows
    assert kept == [row for row in rows if float(row[6]) >= cut]


def test_soft_masked_bases_count_unless_told_otherwise(prepared, seqnet_ok, run, small, tmp_path):
    lower = tmp_path / "lower.fa"
    lower.write_text(small.read_text().replace("A", "a"))
    plain = seqnet_ok("scan", prepared / PSSM, small, "--p-value", 0.01).rows
    assert seqnet_ok("scan", prepared / PSSM, lower, "--p-value", 0.01).rows == plain != []
    assert seqnet_ok("scan", prepared / PSSM, lower, "--p-value", 0.01, "--soft-mask", "mask").rows != plain
    refused = run("scan", prepared / PSSM, lower, "--soft-mask", "error")
    assert refused.code == 1
    assert "lower.fa:2: 'a' is lower case" in refused.err


def test_contigs_are_chosen_by_list_wildcard_and_file(prepared, seqnet_ok, run, tmp_path):
    genome = prepared.data / "genome.fa"
    (tmp_path / "names.txt").write_text("chr2\nchr4\n")
    for chroms in (
        ["--chroms", "chr2,chr4"],
        ["--chroms", "chr[24]"],
        ["--chroms", tmp_path / "names.txt"],
        ["--chroms", "chr4", "--chroms", "chr2"],
    ):
        rows = seqnet_ok("scan", prepared / PSSM, genome, *chroms).rows
        assert list(dict.fromkeys(row[0] for row in rows)) == ["chr2", "chr4"]
    missing = run("scan", prepared / PSSM, genome, "--chroms", "chrX")
    assert missing.code == 1
    assert "'chrX' matches nothing in" in missing.err


def test_a_motif_that_cannot_reach_the_threshold_is_named_and_skipped(prepared, run, tmp_path):
    finished = run("scan", prepared.data / "motifs.jaspar", prepared / "head.fa", "--p-value", 1e-6)
    assert finished.code == 0
    assert finished.err == "seqnet scan: warning: MA0035.1 cannot reach the threshold and is skipped\n" or (
        "GATA1 cannot reach the threshold" in finished.err
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-", "-"], "cannot both come from stdin"),
        (["-"], "cannot both come from stdin"),
        (["{m}", "{g}", "--p-value", "0.1", "--score", "3"], "--p-value and --score exclude each other"),
        (["{m}", "{g}", "--genome", "{g}"], "give SEQUENCES or --genome, not both"),
        (["{m}", "{g}", "--regions", "x"], "--regions needs --genome"),
        (["{m}", "{g}", "--rectify"], "--rectify needs --track"),
        (["{m}", "{g}", "--track", "x.bw", "--per-sequence"], "exclude each other"),
        (["{m}", "{g}", "--track", "x.bw"], "holds 3 motifs; put {motif} in the path"),
        (["{m}", "{g}", "--motif-format", "xls"], "'xls' is no motif format"),
        (
            ["{m}", "{g}", "--background", "1,2,3"],
            "invalid value for '--background': '1,2,3' is not four numbers A,C,G,T",
        ),
    ],
)
def test_contradictions_are_usage_errors(prepared, run, args, message):
    filled = [
        a.replace("{m}", str(prepared.data / "motifs.jaspar")).replace("{g}", str(prepared / "head.fa"))
        for a in args
    ]
    finished = run("scan", *filled)
    assert (finished.code, finished.out) == (2, b"")
    assert message in finished.err


@pytest.mark.parametrize("rule", ["lots", "-1"])
def test_an_unknown_pseudocount_is_one_line(prepared, run, rule):
    finished = run("scan", prepared.data / "motifs.jaspar", prepared / "head.fa", "--pseudocount", rule)
    assert finished.code in (1, 2)
    assert finished.err.count("\n") == 1
    assert f"invalid value for '--pseudocount': '{rule}' is not" in finished.err
    assert "or one of sqrt, none" in finished.err


def test_an_unknown_motif_name_is_an_error(prepared, run):
    finished = run("scan", prepared.data / "motifs.jaspar", prepared / "head.fa", "--motif", "SPI*")
    assert finished.code == 1
    assert "no motif is named SPI*" in finished.err
