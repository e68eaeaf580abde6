"""The motif commands as their users meet them: sites, backgrounds, formats, thresholds, pictures."""

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.motifs.background_file import read_background
from seqnet.motifs.matrix import to_pfm, to_ppm

SITES = ["GGATAA", "CGATAA", "CGATAT", "GGATAT"]
CLUSTAL = "CLUSTAL W (1.81) multiple sequence alignment\n\n\n" + "".join(
    f"s{number}      {site}\n" for number, site in enumerate(SITES)
)
STOCKHOLM = "# STOCKHOLM 1.0\n" + "".join(f"s{n} {site}\n" for n, site in enumerate(SITES)) + "//\n"
FASTA = "".join(f">s{number}\n{site}\n" for number, site in enumerate(SITES))
JASPAR_SITES = "".join(f">MA1 x {n}\nacg{site}ttt\n" for n, site in enumerate(SITES))


def counts(text, tmp_path):
    path = tmp_path / "read.back"
    path.write_bytes(text)
    (motif,) = read_motifs(str(path)).motifs
    return to_pfm(motif).counts


# ---- build-pwm -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [FASTA, "\n".join(SITES), CLUSTAL, STOCKHOLM, JASPAR_SITES])
def test_every_form_of_aligned_sites_gives_the_lecture_s_counts(seqnet_ok, tmp_path, text):
    finished = seqnet_ok("build-pwm", "-", "--header", "none", stdin=text.encode())
    found = counts(finished.out, tmp_path)
    expected = [[Counter(column)[base] for base in "ACGT"] for column in zip(*SITES, strict=True)]
    assert found.tolist() == expected
    assert finished.err == "" or text == JASPAR_SITES  # that the case of letters decides is said


def test_the_form_of_sites_can_be_told(seqnet_ok, run, tmp_path):
    text = b">a\nACGacg\n>b\nTTTacg\n"  # JASPAR by its case, unless told otherwise
    assert len(counts(seqnet_ok("build-pwm", "-", stdin=text).out, tmp_path)) == 3
    told = seqnet_ok("build-pwm", "-", "--sites-format", "fasta", stdin=text)
    assert len(counts(told.out, tmp_path)) == 6


def test_weights_by_name_and_by_score(seqnet_ok, run, tmp_path):
    (tmp_path / "s.fa").write_text(">a\nAC\n>b\nGC\n")
    (tmp_path / "w.tsv").write_text("#name\tweight\nb\t2.5\na\t0.5\n")
    out = seqnet_ok("build-pwm", tmp_path / "s.fa", "--weights", tmp_path / "w.tsv").out
    assert b"nsites= 3" in out
    assert counts(out, tmp_path).tolist() == [[0.5, 0, 2.5, 0], [0, 3, 0, 0]]
    (tmp_path / "g.fa").write_text(">c\nACGC\n")
    (tmp_path / "r.bed").write_text("c\t0\t2\ta\t1\t+\nc\t2\t4\tb\t3\t+\n")
    line = ("build-pwm", tmp_path / "r.bed", "--genome", tmp_path / "g.fa", "--weights", "score")
    assert counts(seqnet_ok(*line, "-q").out, tmp_path).tolist() == [[1, 0, 3, 0], [0, 4, 0, 0]]
    (tmp_path / "r.bed").write_text("c\t0\t2\ta\t.\t+\n")
    failed = run(*line)
    assert (failed.code, failed.out) == (1, b"")
    assert "r.bed:1: score is '.'; expected a weight of 0 or more" in failed.err


@pytest.mark.parametrize(
    ("weights", "message"),
    [("a\t1\n", "has no weight for 'b'"), ("a\t1\na\t1\n", "w.tsv:2: a second weight for 'a'"), ("a\t-1\n", "w.tsv:1: expected 'name<tab>weight'")],
)  # fmt: skip
def test_weights_that_do_not_fit_are_refused(run, tmp_path, weights, message):
    (tmp_path / "s.fa").write_text(">a\nAC\n>b\nGC\n")
    (tmp_path / "w.tsv").write_text(weights)
    failed = run("build-pwm", tmp_path / "s.fa", "--weights", tmp_path / "w.tsv")
    assert (failed.code, failed.out) == (1, b"")
    assert message in failed.err


def test_the_motif_is_summed_up_beside_a_file_and_not_in_a_pipe(seqnet_ok, tmp_path):
    text = "\n".join(SITES).encode()
    lines = seqnet_ok("build-pwm", "-o", tmp_path / "m.meme", stdin=text).err.splitlines()
    assert lines[0] == "seqnet build-pwm: motif: 4 sites of 6 bp, 5.94 bits, SGATAW"
    assert lines[1].split() == ["pos", "A", "C", "G", "T", "bits"]
    assert lines[2].split() == ["1", "0", "2", "2", "0", "0.324", "S"]
    assert len(lines) == 8
    assert seqnet_ok("build-pwm", "-", stdin=text).err == ""
    assert len(seqnet_ok("build-pwm", "-", "-v", stdin=text).err.splitlines()) == 8
    uncorrected = seqnet_ok("build-pwm", "-", "-v", "--small-sample", "none", stdin=text).err
    assert uncorrected.splitlines()[3].split()[5] == "2.000"  # G alone


def test_a_logo_beside_the_motif(seqnet_ok, run, tmp_path):
    for suffix, start in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
        seqnet_ok("build-pwm", "-", "--logo", tmp_path / f"l.{suffix}", stdin=FASTA.encode())
        assert (tmp_path / f"l.{suffix}").read_bytes().startswith(start)
    failed = run("build-pwm", "-", "--logo", "l.gif", stdin=FASTA.encode())
    assert (failed.code, failed.out) == (2, b"")


def test_sites_that_a_seed_settled_on_give_the_motif_again(seqnet_ok, example_data, tmp_path):
    line = (
        "build-pwm",
        example_data / "peaks" / "REB1.narrowPeak",
        "--genome",
        example_data / "genome.fa",
        "--width",
        60,
    )
    seeded = seqnet_ok(*line, "--seed", "TTACCCG", "--sites-out", tmp_path / "s.fa.gz", "-q").out
    again = seqnet_ok("build-pwm", tmp_path / "s.fa.gz").out
    assert counts(seeded, tmp_path).tolist() == counts(again, tmp_path).tolist()


# ---- background ------------------------------------------------------------------------------

RECORDS = ["ACGTTNACGGATTACA", "ttgacAAGCTA", "G"]


def words_of(length, symmetric):
    turn = str.maketrans("ACGT", "TGCA")
    found = Counter()
    for record in RECORDS:
        for start in range(len(record) - length + 1):
            word = record[start : start + length].upper()
            if "N" not in word:
                found[word] += 1
                if symmetric:
                    found[word.translate(turn)[::-1]] += 1
    return found


@pytest.mark.parametrize("order", range(9))
@pytest.mark.parametrize("symmetric", [False, True])
def test_backgrounds_equal_counting_words_one_by_one(seqnet_ok, tmp_path, order, symmetric):
    text = "".join(f">r{n}\n{record}\n" for n, record in enumerate(RECORDS)).encode()
    options = ["--symmetric"] if symmetric else []
    out = seqnet_ok("background", "-", "--order", order, "--pseudocount", 1, *options, stdin=text).out
    (tmp_path / "b").write_bytes(out)
    found = read_background(str(tmp_path / "b"))
    assert found.order == order
    for length, table in enumerate(found.tables, 1):
        seen = words_of(length, symmetric)
        total = sum(seen.values()) + 4**length
        names = map("".join, itertools.product("ACGT", repeat=length))
        expected = [(seen[name] + 1) / total for name in names]
        np.testing.assert_allclose(table, expected, rtol=1e-12, atol=0)


def test_a_background_honours_soft_masks_and_names_missing_words(seqnet_ok, run):
    masked = seqnet_ok(
        "background", "-", "--soft-mask", "mask", "--no-header", stdin=b">a\nACGTTTTTaaaa\n"
    ).out
    assert masked.split()[3:5] == [b"A", b"0.125"]
    failed = run("background", "-", "--order", 1, stdin=b">a\nACGT\n")
    assert (failed.code, failed.out) == (1, b"")
    assert "AA never occurs" in failed.err
    assert "pseudocount" in failed.err


# ---- pssm and scan ---------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["meme", "tsv", "json"])
def test_scores_survive_every_form_of_a_pssm_to_the_bit(seqnet_ok, prepared, tmp_path, form):
    genome = prepared.data / "genome.fa"
    line = ("--background", "0.31,0.19,0.2,0.3", "--pseudocount", "none")
    direct = seqnet_ok("scan", prepared / "reb1.meme", genome, *line, "--no-header").out
    seqnet_ok("pssm", prepared / "reb1.meme", *line, "--to", form, "-o", tmp_path / "p")
    first = read_motifs(str(tmp_path / "p")).motifs[0]
    assert np.isneginf(first.scores).any()
    assert seqnet_ok("scan", tmp_path / "p", genome, "--no-header").out == direct != b""


def table(text):
    lines = [line.split("\t") for line in text.decode().splitlines() if not line.startswith("##")]
    return [dict(zip([lines[0][0][1:], *lines[0][1:]], row, strict=True)) for row in lines[1:]]


def test_thresholds_agree_with_listing_every_word(seqnet_ok, prepared, tmp_path):
    (tmp_path / "g.jaspar").write_text(">G\nA [8 0 1 3]\nC [1 0 9 3]\nG [1 9 0 3]\nT [0 1 0 1]\n")
    background = [0.4, 0.1, 0.2, 0.3]
    line = (
        "pssm",
        tmp_path / "g.jaspar",
        "--background",
        ",".join(map(str, background)),
        "--p-values",
        "0.2,0.05,0.004,1e-9",
    )
    out = seqnet_ok(*line, "-o", tmp_path / "p", "--thresholds", "-").out
    (pssm,) = read_motifs(str(tmp_path / "p")).motifs
    low, high = pssm.scores.min(axis=1).sum(), pssm.scores.max(axis=1).sum()
    for row in table(out):
        letters = pssm.scores if row["strand"] == "+" else pssm.scores[::-1, ::-1]
        words = list(itertools.product(range(4), repeat=4))
        scores = np.array([sum(letters[i][x] for i, x in enumerate(word)) for word in words])
        chances = np.array([np.prod([background[x] for x in word]) for word in words])
        p_value = float(row["p_value"])
        levels = sorted(set(np.round(scores, 9)))
        reached = [s for s in levels if chances[scores >= s - 1e-8].sum() <= p_value]
        if not reached:
            assert row["score"] == "."
            continue
        assert float(row["score"]) == pytest.approx(reached[0], abs=1e-7)
        true = chances[scores >= reached[0] - 1e-8].sum()
        assert float(row["score_p_value"]) == pytest.approx(true, rel=1e-5)
        assert float(row["hits_per_mb"]) == pytest.approx(1e6 * true, rel=1e-5)
        assert float(row["relative_score"]) == pytest.approx((reached[0] - low) / (high - low), rel=1e-5)
    assert {row["strand"] for row in table(out)} == {"+", "-"}


def test_a_threshold_s_score_selects_what_its_p_value_selects(seqnet_ok, prepared, tmp_path):
    genome = prepared.data / "genome.fa"
    out = seqnet_ok(
        "pssm", prepared / "reb1.meme", "-o", tmp_path / "p", "--thresholds", "-", "--p-values", "3e-4"
    ).out
    (row,) = table(out)
    by_score = seqnet_ok("scan", tmp_path / "p", genome, "--score", row["score"], "--no-header").out
    by_p_value = seqnet_ok("scan", tmp_path / "p", genome, "--p-value", "3e-4", "--no-header").out

    def places(hits):
        return [line.split(b"\t")[:3] for line in hits.splitlines()]

    assert places(by_score) == places(by_p_value) != []


def test_exact_p_values_stay_below_the_bounds_and_close(seqnet_ok, prepared):
    line = ("scan", prepared / "reb1.pssm", prepared.data / "genome.fa", "--score", "8", "--no-header")
    bounded = [float(row.split(b"\t")[7]) for row in seqnet_ok(*line).out.splitlines()]
    exact = [float(row.split(b"\t")[7]) for row in seqnet_ok(*line, "--exact").out.splitlines()]
    assert len(exact) == len(bounded) > 100
    printed = 2e-6  # six digits
    assert all(e * (1 - printed) <= b <= e * (1.001 + printed) for e, b in zip(exact, bounded, strict=True))


def test_a_background_beside_a_pssm_changes_p_values_and_not_scores(seqnet_ok, run, prepared, tmp_path):
    genome = prepared.data / "genome.fa"
    seqnet_ok("background", genome, "--order", 2, "-o", tmp_path / "b2")
    line = ("scan", prepared / "reb1.pssm", genome, "--score", 10, "--no-header")
    own, other = seqnet_ok(*line).out, seqnet_ok(*line, "--background", tmp_path / "b2").out
    rows = [[line.split(b"\t") for line in text.splitlines()] for text in (own, other)]
    assert [row[:3] + row[6:7] for row in rows[0]] == [row[:3] + row[6:7] for row in rows[1]]
    assert [row[7] for row in rows[0]] != [row[7] for row in rows[1]]
    for option in (("--pseudocount", "1"), ("--preset", "fimo")):
        failed = run(*line, *option)
        assert failed.code == 2
        assert "holds scores already" in failed.err


def test_the_fimo_preset_prints_its_scores_and_exact_p_values(seqnet_ok, tmp_path):
    # nsites 20, uniform background: f = (20 p + .025) / 20.1, l = log2(4 f)
    # l(.9) = 1.843, l(.04) = -2.639, l(.03) = -3.007; offset -4, scale floor(1000 / 5.843) = 171
    (tmp_path / "m.meme").write_text(
        "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m\nletter-probability matrix: alength= 4 w= 2 nsites= 20\n"
        "0.9 0.04 0.03 0.03\n0.03 0.03 0.04 0.9\n"
    )
    logs = {p: np.log2(4 * (20 * p + 0.025) / 20.1) for p in (0.9, 0.04, 0.03)}
    scale = 171
    whole = {p: int((value + 4) * scale + 0.5) for p, value in logs.items()}
    out = seqnet_ok(
        "scan",
        tmp_path / "m.meme",
        "-",
        "--preset",
        "fimo",
        "--p-value",
        0.3,
        "--no-header",
        stdin=b">s\nAT\n",
    ).out
    rows = [line.split(b"\t") for line in out.splitlines()]
    assert [(row[5], float(row[6]), float(row[7])) for row in rows] == [
        (b"+", pytest.approx(2 * whole[0.9] / scale - 8, abs=1e-6), 0.0625),
        (b"-", pytest.approx(2 * whole[0.9] / scale - 8, abs=1e-6), 0.0625),
    ]
    second = seqnet_ok(
        "scan",
        tmp_path / "m.meme",
        "-",
        "--preset",
        "fimo",
        "--p-value",
        0.3,
        "--no-header",
        stdin=b">s\nAG\n",
    ).out
    plus = second.splitlines()[0].split(b"\t")
    assert float(plus[6]) == pytest.approx((whole[0.9] + whole[0.04]) / scale - 8, abs=1e-6)
    assert float(plus[7]) == 3 / 16  # AT, AG, CT: the columns hold the same values


@pytest.mark.parametrize("values", ["", "0", "2", "1e-3,x", "nan"])
def test_levels_that_are_no_p_values_are_refused(run, prepared, values):
    failed = run("pssm", prepared / "reb1.meme", "--thresholds", "t.tsv", "--p-values", values)
    assert failed.code == 2
    assert "--p-values" in failed.err


# ---- convert ---------------------------------------------------------------------------------


def test_several_formats_at_once_and_back(seqnet_ok, example_data, tmp_path):
    formats = ("meme", "transfac", "jaspar", "cluster-buster", "tsv", "json")
    options = [word for name in formats for word in ("--to", name)]
    seqnet_ok("convert", example_data / "motifs.jaspar", *options, "-o", tmp_path / "m.{format}")
    original = [to_pfm(motif) for motif in read_motifs(str(example_data / "motifs.jaspar")).motifs]
    for name in formats:
        back = [to_pfm(motif) for motif in read_motifs(str(tmp_path / f"m.{name}")).motifs]
        assert [m.info.name for m in back] == [m.info.name for m in original]
        for ours, theirs in zip(back, original, strict=True):
            close = 1e-12 if name != "meme" else 0.35  # MEME has one number of sites for unequal columns
            assert np.abs(ours.counts - theirs.counts).max() <= close * theirs.nsites


def test_files_are_put_together_chosen_cut_and_turned(seqnet_ok, run, example_data):
    two = seqnet_ok("build-pwm", "-", "--name", "lecture", stdin=FASTA.encode()).out
    together = seqnet_ok("convert", example_data / "motifs.jaspar", "-", "--to", "json", "-q", stdin=two).out
    assert [m["name"] for m in json.loads(together)["motifs"]] == ["CTCF", "REB1", "GATA1", "lecture"]
    line = ("convert", example_data / "motifs.jaspar", "--motif", "GATA?", "--to", "json")
    (whole,) = json.loads(seqnet_ok(*line).out)["motifs"]
    (cut,) = json.loads(seqnet_ok(*line, "--trim", "0.5", "-q").out)["motifs"]
    assert len(cut["counts"]) < len(whole["counts"])
    assert cut["counts"][0] in whole["counts"]
    (turned,) = json.loads(seqnet_ok(*line, "--reverse-complement").out)["motifs"]
    assert turned["counts"] == [row[::-1] for row in whole["counts"][::-1]]
    failed = run("convert", example_data / "motifs.jaspar", example_data / "motifs.jaspar")
    assert failed.code == 1
    assert "a second motif named" in failed.err
    none = run("convert", example_data / "motifs.jaspar", "--trim", "3")
    assert (none.code, none.out) == (1, b"")


def test_what_a_format_cannot_hold_is_said_once(seqnet_ok, prepared):
    finished = seqnet_ok("convert", prepared / "reb1.pssm", "--to", "uniprobe")
    assert finished.err == "seqnet convert: uniprobe has no room for nsites, scores; left out\n"
    assert seqnet_ok("convert", prepared / "reb1.pssm", "--to", "uniprobe", "-q").err == ""


def test_several_formats_need_a_place_for_their_name(run, example_data):
    failed = run("convert", example_data / "motifs.jaspar", "--to", "meme", "--to", "homer", "-o", "x")
    assert failed.code == 2
    assert "{format}" in failed.err


def test_all_or_no_output_is_written(run, example_data, tmp_path):
    line = ("--to", "meme", "--to", "pfm", "-o", tmp_path / "m.{format}")  # pfm holds one motif, not three
    failed = run("convert", example_data / "motifs.jaspar", *line)
    assert failed.code == 1
    assert "holds one motif" in failed.err
    assert list(tmp_path.iterdir()) == []


# ---- logo, compare, show ---------------------------------------------------------------------


@pytest.mark.parametrize(("orientation", "logos"), [("forward", 1), ("reverse", 1), ("both", 2)])
@pytest.mark.parametrize("height", ["information", "probability", "log-odds"])
def test_logos_of_every_kind(seqnet_ok, prepared, orientation, logos, height):
    text = seqnet_ok("logo", prepared / "reb1.pssm", "--orientation", orientation, "--height", height).text
    assert text.startswith("<?xml")
    titles = text.count("REB1 (reverse complement)")
    assert (titles > 0) == (orientation != "forward")
    letters = text.count('id="logo-')
    one = seqnet_ok("logo", prepared / "reb1.pssm", "--height", height).text.count('id="logo-')
    assert letters == logos * one > 0


def test_a_logo_of_scores_equals_one_made_from_counts(seqnet_ok, prepared):
    line = ("--height", "log-odds")
    from_counts = seqnet_ok("logo", prepared / "reb1.meme", *line).out
    assert seqnet_ok("logo", prepared / "reb1.pssm", *line).out == from_counts


def test_too_many_motifs_for_a_picture_are_refused(run, tmp_path):
    lines = [f">M{number}\n1 2\n1 2\n1 2\n1 2\n" for number in range(101)]
    (tmp_path / "many.jaspar").write_text("".join(lines))
    failed = run("logo", tmp_path / "many.jaspar")
    assert (failed.code, failed.out) == (1, b"")
    assert "--motif" in failed.err


def test_a_motif_is_found_in_a_collection_turned_and_shifted(seqnet_ok, example_data, tmp_path):
    line = (
        "convert",
        example_data / "motifs.jaspar",
        "--motif",
        "MA0139.1",
        "--reverse-complement",
        "--trim",
        "0.2",
    )
    seqnet_ok(*line, "-q", "-o", tmp_path / "q.meme")
    queries = ("compare", tmp_path / "q.meme", example_data / "motifs.jaspar")
    (best,) = table(seqnet_ok(*queries, "--top", 1).out)
    assert (best["query"], best["target"], best["orientation"]) == ("CTCF", "CTCF", "-")
    assert float(best["p_value"]) < 1e-6
    width = to_ppm(read_motifs(str(tmp_path / "q.meme")).motifs[0]).width
    assert int(best["overlap"]) == width
    assert len(table(seqnet_ok(*queries, "--q-value", 1).out)) == 3
    assert seqnet_ok(*queries, "-t", 2).out == seqnet_ok(*queries).out


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("{data}/motifs.jaspar", {"kind": "motifs", "motifs": "3"}),
        ("{p}/reb1.pssm", {"kind": "motifs", "background": "A 0.2500 C 0.2500 G 0.2500 T 0.2500"}),
        ("{data}/genome.fa", {"kind": "sequences", "sequences": "4", "bases": "800000"}),
        ("{data}/lecture_sites.txt", {"kind": "sites", "sites": "4", "width": "6"}),
        ("{p}/regions.bed", {"kind": "regions", "widths": "100 to 100, median 100"}),
        ("{data}/peaks/REB1.narrowPeak", {"kind": "regions", "with summit": "300"}),
        ("{data}/dnase.bw", {"kind": "bigwig", "contigs": "4", "bases": "800000"}),
        ("{p}/k.npz", {"kind": "k-mer table", "patterns": "1111", "features": "136"}),
        ("{p}/linear.safetensors", {"kind": "model", "model kind": "linear", "input": "kmers"}),
        ("{p}/cnn.safetensors", {"kind": "model", "model kind": "cnn", "input": "sequence"}),
    ],
)
def test_show_describes_every_kind_of_file(seqnet_ok, prepared, name, facts):
    path = name.format(data=prepared.data, p=prepared.folder)
    out = seqnet_ok("show", path).text
    found = dict(line.split("\t")[:2] for line in reversed(out.splitlines()))  # facts before tables
    assert {key: found[key] for key in facts} == facts
    with Path(path).open("rb") as stream:
        piped = seqnet_ok("show", stdin=stream.read())
    assert piped.text == out
