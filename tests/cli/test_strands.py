"""--strands: which strands scan, pssm --thresholds and enrich look at, and what they count."""

import numpy as np
import pyBigWig
import pytest

from seqnet.genome.alphabet import encode_text
from seqnet.motifs.scan import both_strand_scores
from tests.running import run_seqnet

ROWS = [[0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7], [0.2, 0.5, 0.2, 0.1]]
TEXT = "".join(np.random.default_rng(1).choice(list("ACGT"), 300))
WINDOWS = 297


def meme(path, alphabet="ACGT", strands="+ -", name="m", rows=ROWS):
    lines = ["MEME version 4", "", f"ALPHABET= {alphabet}", "", f"strands: {strands}", "", f"MOTIF {name}"]
    lines += [f"letter-probability matrix: alength= 4 w= {len(rows)} nsites= 50"]
    lines += [" ".join(map(str, row)) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def files(tmp_path):
    """Motifs of DNA and RNA, DNA motifs found on one strand, and a sequence."""
    (tmp_path / "s.fa").write_text(f">s\n{TEXT}\n")
    meme(tmp_path / "dna.meme")
    meme(tmp_path / "rna.meme", "ACGU", name="r")
    meme(tmp_path / "one.meme", strands="+")
    return tmp_path


def signs(finished):
    return {line.split("\t")[5] for line in finished.out.decode().splitlines() if not line.startswith("#")}


@pytest.mark.parametrize(
    ("motif", "options", "expected", "windows"),
    [
        ("dna.meme", [], {"+", "-"}, 2 * WINDOWS),
        ("rna.meme", [], {"+"}, WINDOWS),
        ("rna.meme", ["--strands", "both"], {"+", "-"}, 2 * WINDOWS),
        ("dna.meme", ["--strands", "forward"], {"+"}, WINDOWS),
        ("dna.meme", ["--strands", "reverse"], {"-"}, WINDOWS),
    ],
)
def test_hits_and_windows_are_of_the_strands_scanned(files, seqnet_ok, motif, options, expected, windows):
    tests = files / "t.tsv"
    every = seqnet_ok(
        "scan", files / motif, files / "s.fa", "--p-value", 1, "--no-header", "--tests", tests, *options
    )
    assert len(every.out.splitlines()) == windows
    assert signs(every) == expected
    name = motif[0] if motif == "rna.meme" else "m"
    assert tests.read_text().splitlines()[-1] == f"{name}\t{windows}\t{windows}"


def test_hits_per_mb_and_q_values_count_the_strands_scanned(files, seqnet_ok):
    run = ("scan", files / "dna.meme", files / "s.fa", "--no-header", "--strands", "forward", "-q")
    half = seqnet_ok(*run, "--hits-per-mb", 10000).out
    assert half == seqnet_ok(*run, "--p-value", 0.01).out
    rows = [
        line.split("\t")
        for line in seqnet_ok(*run, "--p-value", 0.02, "--q-column").out.decode().splitlines()
    ]
    p = np.array([float(row[7]) for row in rows])
    steps = [min(1.0, min(WINDOWS * x / (p <= x).sum() for x in p[p >= value])) for value in p]
    assert [float(row[8]) for row in rows] == pytest.approx(steps, rel=1e-5)


def test_tracks_hold_the_strand_scanned(files, seqnet_ok):
    out = files / "t.bw"

    def track(motif, *options):
        seqnet_ok("scan", files / motif, files / "s.fa", "--track", out, "-q", *options)
        with pyBigWig.open(str(out)) as bigwig:
            return np.array(bigwig.values("s", 0, WINDOWS), dtype=np.float32)

    seqnet_ok("pssm", files / "dna.meme", "-o", files / "m.json")
    import json

    scores = np.array(json.loads((files / "m.json").read_text())["motifs"][0]["log_odds"])
    plus, minus = (side.astype(np.float32) for side in both_strand_scores(encode_text(TEXT), scores))
    np.testing.assert_array_equal(track("rna.meme"), plus)
    np.testing.assert_array_equal(track("dna.meme"), np.maximum(plus, minus))
    np.testing.assert_array_equal(track("dna.meme", "--strands", "reverse"), minus)
    np.testing.assert_array_equal(track("rna.meme", "--track-strand", "-"), minus)
    refused = run_seqnet(
        "scan",
        files / "rna.meme",
        files / "s.fa",
        "--track",
        out,
        "--strands",
        "forward",
        "--track-strand",
        "-",
    )
    assert refused.code == 2
    assert "--strands forward and --track-strand - exclude each other" in refused.err


def test_the_best_site_of_a_sequence_is_on_the_strands_scanned(files, seqnet_ok):
    run = ("scan", "--per-sequence", "--no-header", "-q", "--p-value", 1)
    for motif, options, strand, hits in (
        ("rna.meme", [], "+", WINDOWS),
        ("dna.meme", ["--strands", "reverse"], "-", WINDOWS),
    ):
        fields = seqnet_ok(*run, files / motif, files / "s.fa", *options).out.decode().split("\t")
        assert (fields[4], int(fields[5])) == (strand, hits)


def test_thresholds_have_the_row_of_the_strand_scanned(files, seqnet_ok):
    table = files / "t.tsv"
    for motif, options, strand, per_window in (
        ("dna.meme", [], ".", 2e6),
        ("rna.meme", [], "+", 1e6),
        ("dna.meme", ["--strands", "reverse"], "-", 1e6),
    ):
        seqnet_ok(
            "pssm", files / motif, "--thresholds", table, "--p-values", "1,0.05", "-o", "/dev/null", *options
        )
        rows = [line.split("\t") for line in table.read_text().splitlines() if not line.startswith("#")]
        assert [row[1] for row in rows] == [strand] * 2
        assert [float(row[6]) for row in rows] == pytest.approx([per_window * float(row[4]) for row in rows])
        assert float(rows[0][4]) == 1
    refused = run_seqnet("pssm", files / "dna.meme", "--strands", "both")
    assert (refused.code, "--strands needs --thresholds" in refused.err) == (2, True)


def test_enrich_counts_hits_on_the_strands_scanned(files, seqnet_ok):
    (files / "pos.fa").write_text("".join(f">p{i}\nGAGTGG\n" for i in range(4)))  # ACTC on - alone
    (files / "neg.fa").write_text("".join(f">n{i}\nGGGGGG\n" for i in range(4)))
    run = ("enrich", "--score", 5, "--against", files / "neg.fa", "--no-header")
    for motif, options, hits in (
        ("dna.meme", [], "4"),
        ("rna.meme", [], "0"),
        ("rna.meme", ["--strands", "reverse"], "4"),
    ):
        row = seqnet_ok(*run, files / motif, files / "pos.fa", *options).out.decode().split("\t")
        assert (row[2], row[3], row[5]) == ("4", hits, "0")


def test_one_line_names_the_option_where_dna_motifs_were_found_on_one_strand(files, seqnet_ok):
    said = seqnet_ok("scan", files / "one.meme", files / "s.fa", "--p-value", 0.1).err
    assert said.count("\n") == 1
    assert "--strands forward scans one" in said
    for motif, options in (("one.meme", ["--strands", "both"]), ("rna.meme", []), ("dna.meme", [])):
        assert seqnet_ok("scan", files / motif, files / "s.fa", "--p-value", 0.1, *options).err == ""


def test_the_alphabet_travels_and_decides_motif_by_motif(files, seqnet_ok):
    dna, rna = files / "dna.meme", files / "rna.meme"
    for form in ("meme", "tsv", "json", "cis-bp", "uniprobe"):
        seqnet_ok("convert", rna, "--to", form, "-o", files / "copy", "-q")
        assert signs(seqnet_ok("scan", files / "copy", files / "s.fa", "--p-value", 0.1, "-q")) == {"+"}, form
    assert "ALPHABET= ACGU" in seqnet_ok("pssm", rna).out.decode()
    assert "\nalphabet\tRNA\n" in seqnet_ok("show", rna).out.decode()
    assert "has no room for the RNA alphabet" in seqnet_ok("convert", rna, "--to", "transfac").err.replace(
        "nsites, ", ""
    )
    seqnet_ok("convert", dna, rna, "--to", "json", "-o", files / "both.json")
    hits = seqnet_ok("scan", files / "both.json", files / "s.fa", "--p-value", 0.1, "-q").out.decode()
    rows = [line.split("\t") for line in hits.splitlines() if not line.startswith("#")]
    assert {(row[3], row[5]) for row in rows} == {("m", "+"), ("m", "-"), ("r", "+")}
    assert "##strands=by alphabet" in hits
    sites = run_seqnet("build-pwm", "-", stdin=b"ACGU\nACGU\nACGA\n")
    assert "ALPHABET= ACGU" in sites.out.decode()


@pytest.mark.parametrize("seed", ["UGUUGUGG", "rna.meme"])
def test_a_seed_of_rna_is_searched_on_the_strand_of_the_regions(run, tmp_path, seed):
    """The first half of the regions holds the site on its own strand, the second half on the other."""
    generator = np.random.default_rng(3)
    turned = str.maketrans("ACGT", "TGCA")
    contig, rows, own = "", [], []
    for number in range(40):
        window = list("".join(generator.choice(list("ACG"), 60)))
        strand, place = "+-"[number % 2], int(generator.integers(5, 45))
        site = "TGTTGTGG" if (strand == "+") == (number < 20) else "TGTTGTGG"[::-1].translate(turned)
        window[place : place + 8] = site
        rows.append(f"c\t{60 * number}\t{60 * number + 60}\tr{number}\t.\t{strand}\n")
        if number < 20:
            own.append(f">c:{60 * number + place}-{60 * number + place + 8}({strand})")
        contig += "".join(window)
    (tmp_path / "g.fa").write_text(f">c\n{contig}\n")
    (tmp_path / "r.bed").write_text("".join(rows))
    columns = [[0.97 if base == letter else 0.01 for base in "ACGT"] for letter in "TGTTGTGG"]
    meme(tmp_path / "rna.meme", "ACGU", rows=columns)
    line = ("build-pwm", tmp_path / "r.bed", "--genome", tmp_path / "g.fa", "--sites-out", tmp_path / "s.fa")
    ended = run(*line, "--seed", tmp_path / seed if "." in seed else seed, "-q")
    assert ended.code == 0, ended.err
    assert "ALPHABET= ACGU" in ended.text
    names = [line for line in (tmp_path / "s.fa").read_text().splitlines() if line.startswith(">")]
    assert names[:20] == own
    assert len(names) <= 23  # one in 20 of the other windows may hold as good a site by chance
    dna = run(*line, "--seed", "TGTTGTGG", "-q")
    assert "ALPHABET= ACGT" in dna.text
    assert (tmp_path / "s.fa").read_text().count(">") == 40


def table(finished):
    return [line.split("\t") for line in finished.out.decode().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(
    ("query", "target", "options", "strand"),
    [
        ("dna", "dna", (), "-"),
        ("rna", "rna", (), "+"),
        ("rna", "dna", (), "+"),
        ("dna", "rna", (), "+"),
        ("dna", "dna", ("--strands", "forward"), "+"),
        ("rna", "rna", ("--strands", "both"), "-"),
    ],
)
def test_compare_turns_no_motif_of_rna(tmp_path, query, target, options, strand):
    """The target that resembles the query most is its reverse complement."""
    rows = np.random.default_rng(3).dirichlet([0.3] * 4, 8)
    others = np.random.default_rng(4).dirichlet([0.3] * 4, 8)
    alphabet = {"dna": "ACGT", "rna": "ACGU"}
    meme(tmp_path / "q.meme", alphabet[query], rows=rows)
    meme(tmp_path / "t.meme", alphabet[target], name="turned", rows=rows[::-1, ::-1])
    extra = meme(tmp_path / "o.meme", alphabet[target], name="other", rows=others).read_text()
    with (tmp_path / "t.meme").open("a") as stream:
        stream.write(extra[extra.index("MOTIF") :])
    finished = run_seqnet("compare", tmp_path / "q.meme", tmp_path / "t.meme", "--q-value", 1, *options)
    found = {row[1]: row for row in table(finished)}
    assert found["turned"][4] == strand
    assert (float(found["turned"][7]) < 1e-5) == (strand == "-")


@pytest.mark.parametrize(
    "grammar", [("single",), ("density",), ("spacing", "--spacing", "3-5", "--fixed-order")]
)
def test_sites_of_rna_are_simulated_on_the_forward_strand(tmp_path, grammar):
    strands = {}
    for alphabet in ("ACGT", "ACGU"):
        motifs = meme(tmp_path / "m.meme", alphabet, name="a")
        extra = meme(tmp_path / "o.meme", alphabet, name="b", rows=ROWS[::-1]).read_text()
        if grammar[0] == "spacing":
            with motifs.open("a") as stream:
                stream.write(extra[extra.index("MOTIF") :])
        options = ("--positives", 40, "--negatives", 40, "--truth", tmp_path / "a.sites.bed")
        finished = run_seqnet("simulate", grammar[0], motifs, *grammar[1:], *options, "-o", tmp_path / "o.fa")
        assert finished.code == 0, finished.err
        lines = (tmp_path / "a.sites.bed").read_text().splitlines()
        strands[alphabet] = {line.split("\t")[5] for line in lines if not line.startswith("#")}
    assert strands == {"ACGT": {"+", "-"}, "ACGU": {"+"}}
