"""JASPAR, TRANSFAC, HOMER, Cluster-Buster, UniPROBE, CIS-BP, raw matrices, TSV and JSON as they occur."""

import io
import json
import re
from math import log

import numpy as np
import pytest

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats import MOTIF_READERS
from seqnet.formats.motifs.any_format import read_motifs, write_motifs
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, Ppm, Pssm

COUNTS = [[4, 16, 0, 0], [19, 0, 1, 0], [0, 20, 0, 0.5]]
SHARES = [[0.25, 0.75, 0, 0], [0, 0.125, 0.375, 0.5]]


def read(tmp_path, text, motif_format=None):
    path = tmp_path / "m.txt"
    path.write_bytes(text.encode())
    return read_motifs(str(path), motif_format)


def refused(tmp_path, text, motif_format=None):
    """Return what a refusal says after the file's name; one line, as a user sees it."""
    with pytest.raises(FormatError) as caught:
        read(tmp_path, text, motif_format)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{tmp_path}/m.txt")


# ---- JASPAR ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        ">MA1 NAME\nA [ 4 19 0 ]\nC [ 16 0 20 ]\nG [ 0 1 0 ]\nT [ 0 0 0.5 ]\n",
        ">MA1\tNAME\n 4 19 0\n16 0 20\n0 1 0\n0 0 0.5",
        ">MA1 NAME\nA| 4 19 0\nC| 16 0 20\nG| 0 1 0\nU| 0 0 .5\n\n",
        ">MA1 NAME\nA  |  4 19 0\nC  |  16 0 20\nG  |  0 1 0\nT  |  0 0 5e-1\n",
        "# c\n>MA1 NAME\r\nA  [4.0 19 0]\r\nC [16 0 20.]\r\nG [0 1.0 0]\r\nT [0 0 0.5]\r\n",
        ">MA1 NAME\n[ 4 19 0 ]\n[ 16 0 20 ]\n[ 0 1 0 ]\n[ 0 0 0.5 ]\n",
        "\ufeff> MA1   NAME \na 4 19 0\nc 16 0 20\ng 0 1 0\nt 0 0 0.5\n",
        ">MA1\tNAME\nA\t[\t4\t19\t0\t]\nC\t[\t16\t0\t20\t]\nG\t[\t0\t1\t0\t]\nT\t[\t0\t0\t0.5\t]\n",
    ],
)
def test_jaspar_in_its_variants(tmp_path, text):
    (motif,) = read(tmp_path, text).motifs
    alphabet = "RNA" if "U|" in text else "DNA"
    assert motif.info == MotifInfo(
        "MA1", "NAME", 20.5, alphabet=alphabet
    )  # the largest of unequal column totals
    assert motif.counts.tolist() == COUNTS


def test_alternate_names_of_several_words_are_kept(tmp_path):
    (motif,) = read(tmp_path, ">MA1 NF  kappa B\nA [1]\nC [2]\nG [3]\nT [4]\n").motifs
    assert motif.info.alt_name == "NF kappa B"


ONE = "A [1]\nC [1]\nG [1]\nT [1]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">m\nA [1 2]\nC [1 2]\nG [1 2]\n", ":1: m has 3 rows; expected 4 (A C G T)"),
        (
            ">m\nA [1 2]\nC [1]\nG [1 2]\nT [1 2]\n",
            ":1: rows of m have 2, 1, 2, 2 counts; expected one width",
        ),
        (">m\nA [1 2]\nG [1 2]\nC [1 2]\nT [1 2]\n", ":3: row 2 is G; expected C"),
        (">m\nA [1 -2]\nC [1 2]\nG [1 2]\nT [1 2]\n", ":2: a count is negative or not finite"),
        (">m\nA [1 2]\nC [nan 2]\nG [1 2]\nT [1 2]\n", ":3: a count is negative or not finite"),
        (">m\nA [1 2]\nC [1e999 2]\nG [1 2]\nT [1 2]\n", ":3: a count is negative or not finite"),
        (">m\nA [0 2]\nC [0 2]\nG [0 2]\nT [0 2]\n", ":1: position 1 of m holds nothing but zeros"),
        (">m\nA [1e308]\nC [1e308]\nG [1]\nT [1]\n", ":1: position 1 of m holds values too large to add"),
        (">m\nA [1 2]\nC [1 x]\nG [1 2]\nT [1 2]\n", ":3: expected a row of counts, found 'C [1 x]'"),
        (">m\nA [1 2 1-1]\nC [1 2]\n", ":2: expected a row of counts, found 'A [1 2 1-1]'"),
        (f">m\n{ONE}1\n", ":6: expected a header '>ID name', found '1'"),
        (f">m\n{ONE}>m\n{ONE}", ":6: a second motif named 'm'"),
        (f">m\n{ONE}>\n{ONE}", ":6: motif without a name"),
        (f">m\n{ONE}>n", ":6: n has 0 rows; expected 4"),
        (">m\nA [" + " " * 5000 + "x]\n", ":2: expected a row of counts, found 'A [ "),  # and never hangs
    ],
)
def test_jaspar_errors(tmp_path, text, message):
    assert refused(tmp_path, text).startswith(message)


# ---- TRANSFAC --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "info"),
    [
        (
            "VV  EXAMPLE January 15, 2013\nXX\n//\nAC  M1\nXX\nID  V$MYOD_01\nXX\nDT  1.1.2000 (created); x\nNA  MyoD\n"
            "DE  myoblast\nBF  T00525; MyoD; Species: mouse\nXX\nP0      A      C      G      T\n"
            "01      4     16      0      0      M\n02     19      0      1      0      A\n"
            "03      0     20      0    0.5      C\nXX\nBA  20 sites\nXX\n//\n",
            MotifInfo("M1", "MyoD", 20.5),
        ),
        (
            "AC M1\nXX\nID AGL3\nXX\nPO\tA\tC\tG\tT\n01\t4.0\t16.0\t0.0\t0.0\n02\t19.0\t0.0\t1.0\t0.0\n"
            "03\t0.0\t20\t0\t.5\nXX\nCC tax_group:plants\n//\n",
            MotifInfo("M1", "AGL3", 20.5),
        ),
        (
            "ID m1\r\nP0 T G C A\r\n1 0 0 16 4\r\n2 0 1 0 19\r\n3 0.5 0 20 0\r\nXX\r\n//\r\n",
            MotifInfo("m1", "", 20.5),
        ),
        (
            "AC x\nID x\nPO a c g u\n00 4 16 0 0 M\n01 19 0 1 0 A\n02 0 20 0 0.5 C\n//",
            MotifInfo("x", "", 20.5, alphabet="RNA"),
        ),
        ("DE name and more\nP0 A C G T\n01 4 16 0 0\n02 19 0 1 0\n03 0 20 0 0.5\n\nXX\n", MotifInfo("name", "", 20.5)),
        ("NA two words\nP0 A C G T\n01 4 16 0 0\n02 19 0 1 0\n03 0 20 0 0.5\n//\n", MotifInfo("two_words", "", 20.5)),
    ],
    ids=["as published", "JASPAR, tabs", "letters in another order", "from 00, RNA", "DE alone", "NA alone"],
)  # fmt: skip
def test_transfac_in_its_variants(tmp_path, text, info):
    (motif,) = read(tmp_path, text).motifs
    assert motif.info == info
    assert motif.counts.tolist() == COUNTS


def test_transfac_may_hold_probabilities_and_records_without_a_matrix(tmp_path):
    text = "AC a\nXX\nDE no matrix\n//\nAC b\nP0 A C G T\n01 0.25 0.75 0 0\n02 0 0.125 0.375 0.5\n//\n"
    (motif,) = read(tmp_path, text).motifs
    assert motif.info == MotifInfo("b")
    assert motif.probabilities.tolist() == SHARES


TF = "AC a\nP0 A C G T\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AC a\nP0 A C G\n01 1 2 3\n//\n", ":2: columns are 'A C G'; expected A, C, G and T"),
        ("AC a\nP0 A C G X\n01 1 2 3 4\n//\n", ":2: columns are 'A C G X'; expected A, C, G and T"),
        ("AC a\nXX\n01 1 2 3 4\n//\n", ":3: a row of counts before the P0 line"),
        (f"{TF}01 1 2 3\n//\n", ":3: expected four counts, found '01 1 2 3'"),
        (f"{TF}01 1 2 3 4 5\n//\n", ":3: expected four counts, found '01 1 2 3 4 5'"),
        (f"{TF}01 1 2 3 4 N N\n//\n", ":3: expected four counts, found '01 1 2 3 4 N N'"),
        (f"{TF}01 1 2 x 4\n//\n", ":3: expected four counts, found '01 1 2 x 4'"),
        (f"{TF}01 1 2 3 4\n03 1 2 3 4\n//\n", ":4: position is 03; expected 02"),
        (f"{TF}02 1 2 3 4\n//\n", ":3: position is 02; expected 01"),
        (f"{TF}01 1 2 -3 4\n//\n", ":3: position 1 of a holds a value that is negative or not finite"),
        (
            f"{TF}01 1 2 3 4\n02 1 nan 3 4\n//\n",
            ":4: position 2 of a holds a value that is negative or not fin",
        ),
        (f"{TF}01 0 0 0 0\n//\n", ":3: position 1 of a holds nothing but zeros"),
        (f"{TF}//\n", ":2: a has no rows"),
        (f"{TF}01 1 2 3 4\nXX\n02 1 2 3 4\n//\n", ":5: a row of counts after the end of its matrix"),
        (f"{TF}01 1 2 3 4\n{TF}01 1 2 3 4\n//\n", ":3: ends inside a matrix; expected // after its rows"),
        (f"{TF}01 1 2 3 4\n", ":3: ends inside a matrix; expected // after its rows"),
        (f"{TF}", ":2: ends inside a matrix; expected // after its rows"),
        ("XX\nP0 A C G T\n01 1 2 3 4\n//\n", ":2: a matrix without AC or ID"),
        (f"{TF}01 1 2 3 4\n//\n{TF}01 1 2 3 4\n//\n", ":6: a second motif named 'a'"),
        ("AC a\nXX\n//\n", ": holds no motifs"),
    ],
)
def test_transfac_errors(tmp_path, text, message):
    assert refused(tmp_path, text, "transfac").startswith(message)


def test_strict_readers_take_the_transfac_that_we_write():
    from Bio import motifs

    buffer = io.BytesIO()
    ours = Pfm(MotifInfo("M1", "MyoD", 20.5), np.array(COUNTS))
    write_motifs(buffer, MotifSet((ours,)), "transfac")
    (found,) = motifs.parse(io.StringIO(buffer.getvalue().decode()), "transfac", strict=True)
    assert [list(row) for row in zip(*(found.counts[base] for base in "ACGT"), strict=True)] == COUNTS
    assert (found["AC"], found["ID"]) == ("M1", "MyoD")


# ---- HOMER -----------------------------------------------------------------------------------

HOMER_ROWS = "0.25\t0.75\t0\t0\n0\t0.125\t0.375\t0.5\n"


@pytest.mark.parametrize(
    ("header", "info"),
    [
        (
            ">MWKRAT\t1-MWKRAT,BestGuess:PU.1(ETS)/x\t8.059752\t-23791.535714\t0\tT:17311.0(44.36%),B:2181.5(5.80%),P:1e-10",
            MotifInfo("1-MWKRAT,BestGuess:PU.1(ETS)/x", nsites=17311.0, threshold=8.059752 / log(2)),
        ),
        (">ATG\tA:T:5(bZIP)/x\t-1.5", MotifInfo("A:T:5(bZIP)/x", threshold=-1.5 / log(2))),
        (">ATG\tm\t0.0\t0\t0\tT:1e2,B:3", MotifInfo("m", nsites=100.0, threshold=0.0)),
        (">ATG\tm\t0\t0\t0", MotifInfo("m")),  # as we write a motif without a threshold
        ("# c\n>ATG\tm\t6.049537\t-1.8e+03\t0\t9805.3,5781.0", MotifInfo("m", threshold=6.049537 / log(2))),
        (
            ">ATG AP-1(bZIP)/Homer    6.049537    -1.782996e+03   0   9805.3",
            MotifInfo("AP-1(bZIP)/Homer", threshold=6.049537 / log(2)),
        ),
    ],
    ids=["de novo", "name like targets", "zero threshold", "none", "comment", "blanks for tabs"],
)
def test_homer_headers(tmp_path, caplog, header, info):
    (motif,) = read(tmp_path, f"{header}\n{HOMER_ROWS}").motifs
    assert motif.info == info
    assert motif.probabilities.tolist() == SHARES
    assert not caplog.records


def test_homer_rows_are_normalised_however_far_they_are_from_one(tmp_path, caplog):
    (motif,) = read(tmp_path, ">A\tm\t5\n1\t3\t0\t0\n0.25\t0.25\t0.25\t0.125\n").motifs
    assert motif.probabilities == pytest.approx(
        np.array([[1 / 4, 3 / 4, 0, 0], [2 / 7, 2 / 7, 2 / 7, 1 / 7]])
    )
    assert motif.info.nsites is None
    assert [r.getMessage() for r in caplog.records] == [
        f"{tmp_path}/m.txt: some rows do not sum to 1; normalised"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">A\tm\tx\n1 0 0 0\n", ":1: expected '>consensus<tab>name<tab>threshold', found 'A\\tm\\tx'"),
        (">A\tm\tinf\n1 0 0 0\n", ":1: expected '>consensus<tab>name<tab>threshold'"),
        (">A\t\t5\n1 0 0 0\n", ":1: motif without a name"),
        (">A\tm\t5\n1 0 0\n", ":2: expected a row of four numbers, found '1 0 0'"),
        (">A\tm\t5\n1 0 0 -1\n", ":2: position 1 of m holds a value that is negative or not finite"),
        (">A\tm\t5\n1 0 0 0\n0 0 0 0\n", ":3: position 2 of m holds nothing but zeros"),
        (">A\tm\t5\n", ":1: m has no rows"),
        (">A\tm\t5\n1 0 0 0\n>A\tm\t5\n1 0 0 0\n", ":3: a second motif named 'm'"),
        ("1 0 0 0\n", ":1: expected a header '>name', found '1 0 0 0'"),
    ],
)
def test_homer_errors(tmp_path, text, message):
    assert refused(tmp_path, text, "homer").startswith(message)


# ---- Cluster-Buster --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        ">m alt\n4 16 0 0\n19 0 1 0\n0 20 0 0.5\n",
        "# c\n>m alt\n# WEIGHT: 3.0\n# GAP: 10.0\n4\t16\t0\t0\r\n19\t0\t1\t0\r\n0\t20\t0\t.5",
        ">m\talt\nM 4 16 0 0\nA 19 0 1 0\nC 0 20 0 0.5\n",
        ">m alt\n4 16 0 0\n19 0 1 0\n0 20 0 0.5\n>short\n1 1 1 1\n>four\n1 2 3 4\n1 2 3 4\n1 2 3 4\n1 2 3 4\n",
        ">four\n1 2 3 4\n1 2 3 4\n1 2 3 4\n1 2 3 4\n>m alt\n4 16 0 0\n19 0 1 0\n0 20 0 0.5\n",
    ],
    ids=["plain", "comments, tabs, CRLF", "consensus letters", "other widths after", "four by four first"],
)
def test_a_row_per_position_is_told_from_a_row_per_base(tmp_path, text):
    motif = next(motif for motif in read(tmp_path, text).motifs if motif.info.name == "m")
    assert motif.info == MotifInfo("m", "alt", 20.5)
    assert motif.counts.tolist() == COUNTS


def test_probabilities_by_position_are_recognised_motif_by_motif(tmp_path):
    shares, counts = read(tmp_path, ">a\n0.25 0.75 0 0\n0 0.125 0.375 0.5\n>b\n1 2 3 4\n").motifs
    assert shares.info == MotifInfo("a")
    assert shares.probabilities.tolist() == SHARES
    assert counts.info == MotifInfo("b", nsites=10.0)


FOUR = "1 2 3 4\n5 6 7 8\n9 1 2 3\n4 5 6 7\n"


def test_four_rows_of_four_must_be_told(tmp_path):
    rows = [[float(word) for word in line.split()] for line in FOUR.splitlines()]
    columns = [list(column) for column in zip(*rows, strict=True)]
    for text in (f">m\n{FOUR}", f">m\n{FOUR}>n\n{FOUR}"):
        said = refused(tmp_path, text)
        assert said == ": four rows of four: say --motif-format jaspar (a row per base) or cluster-buster"
        assert read(tmp_path, text, "jaspar").motifs[0].counts.tolist() == columns
        assert read(tmp_path, text, "cluster-buster").motifs[0].counts.tolist() == rows
    said = refused(tmp_path, FOUR)
    assert said == ": four rows of four: say --motif-format pfm-rows (a row per base) or pfm-columns"
    assert read(tmp_path, FOUR, "pfm-rows").motifs[0].counts.tolist() == columns
    assert read(tmp_path, FOUR, "pfm-columns").motifs[0].counts.tolist() == rows
    lettered = "".join(f"{base} {line}\n" for base, line in zip("ACGT", FOUR.splitlines(), strict=True))
    for text in (f">m\n{lettered}", lettered):  # letters tell
        assert read(tmp_path, text).motifs[0].counts.tolist() == columns
    headed = read(tmp_path, f">name x\n{FOUR}", "pfm-rows").motifs[0]
    assert headed.info.name == "name"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">m\n1 2 3 4\n1 2 3\n", ":3: expected a row of four numbers, found '1 2 3'"),
        (">m\n1 2 3 4\n1 2 3 x\n", ":3: expected a row of four numbers, found '1 2 3 x'"),
        (">m\n1 2 3 4\n1 -2 3 4\n", ":3: position 2 of m holds a value that is negative or not finite"),
        (">m\n1 2 3 4\n>n\n", ":3: n has no rows"),
        (">\n1 2 3 4\n", ":1: motif without a name"),
        (">m\n1 2 3 4\n>m\n1 2 3 4\n", ":3: a second motif named 'm'"),
    ],
)
def test_cluster_buster_errors(tmp_path, text, message):
    assert refused(tmp_path, text).startswith(message)


# ---- UniPROBE --------------------------------------------------------------------------------

UNIPROBE = "A:\t0.25\t0\nC:\t0.75\t0.125\nG:\t0\t0.375\nT:\t0\t0.5\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"Protein: Aft1\tSeed k-mer: ACACCC\tEnrichment Score: 0.49\n\n{UNIPROBE}", "Aft1"),
        (f"#ID\nGene: Hoxa9 x\n{UNIPROBE}\n\n", "Hoxa9"),
        (f"\n>given name\tmore\n{UNIPROBE}".replace("\t", "   ").replace("   more", "\tmore"), "given_name"),
        (UNIPROBE, "m"),
        (f"TF: X\r\n{UNIPROBE}".replace("\n", "\r\n"), "X"),
        ("Motif: R\nT:\t0\t0.5\nG:\t0\t0.375\nC:\t0.75\t0.125\nA:\t0.25\t0\n", "R"),
    ],
    ids=["published", "comment", "bare heading", "no heading", "CRLF", "another order"],
)
def test_uniprobe_in_its_variants(tmp_path, text, name):
    (motif,) = read(tmp_path, text).motifs
    assert motif.info == MotifInfo(name)
    assert motif.probabilities.tolist() == SHARES


DOWNLOAD = """1\tGTCACGTG\t0.4984

Enrichment score matrix

A:\t0.1\t-0.2
C:\t0\t0.2
G:\t0.1\t-0.2
T:\t0\t0.2

Energy matrix for enoLOGOS

PO\t1\t2
A:\t-0.9\t1.8
C:\t0\t-1.8
G:\t-0.9\t1.8
T:\t0\t-1.8

Reverse complement matrix for enoLOGOS

PO\t1\t2
T:\t-0.9\t1.8
G:\t0\t-1.8
C:\t-0.9\t1.8
A:\t0\t-1.8

Probability matrix

""" + UNIPROBE.replace("0.125", "0.25").replace("0.375", "0.25")


def test_the_probabilities_of_a_uniprobe_download_are_read(tmp_path):
    second = DOWNLOAD.replace("1\tGTCACGTG\t0.4984", "2\tCACGTGAC\t0.47").replace("0.25\t0", "0.25\t0.0")
    named = DOWNLOAD.replace(
        "1\tGTCACGTG\t0.4984", "Protein: Cbf1\tSeed k-mer: GTCACGTG\tEnrichment Score: 0.5"
    )
    found = read(tmp_path, f"{DOWNLOAD}\n\n\n{second}\n\n{named}").motifs
    names = [(motif.info.name, motif.info.alt_name) for motif in found]
    assert names == [("m", "GTCACGTG"), ("m_2", "CACGTGAC"), ("Cbf1", "")]
    for motif in found:
        np.testing.assert_array_equal(motif.probabilities, [[0.25, 0.75, 0, 0], [0, 0.25, 0.25, 0.5]])
    without = DOWNLOAD[: DOWNLOAD.index("Probability")]
    assert (
        refused(tmp_path, without) == ":3: no 'Probability matrix' follows this one; expected one per motif"
    )


LOG_ODDS = [[1.0, -1.0, 0.5, -1.2], [-2.0, -3.0, -1.5, 1.7], [0.3, 0.2, -0.4, -0.2]]


def scores_in(base):
    """Return log-odds against a uniform background whose odds sum to 1, in a base of logarithms."""
    odds = np.exp(LOG_ODDS)
    return np.log(odds / odds.mean(axis=1, keepdims=True)) / np.log(base)


@pytest.mark.parametrize("base", [np.e, 2])
def test_log_odds_are_bits_whatever_their_base(tmp_path, base, caplog):
    caplog.set_level("INFO", "seqnet")
    rows = "\n".join("\t".join(map(repr, row)) for row in scores_in(base).tolist())
    (motif,) = read(tmp_path, f">AHR_HUMAN.H11MO.0.B\n{rows}\n").motifs
    assert isinstance(motif, Pssm)
    assert motif.info.name == "AHR_HUMAN.H11MO.0.B"
    np.testing.assert_allclose(motif.scores, scores_in(2), rtol=1e-12)
    np.testing.assert_array_equal(motif.background.frequencies, [0.25] * 4)
    assert ("scores taken as natural logarithms" in caplog.text) == (base != 2)


def test_scores_that_are_no_log_odds_are_refused(tmp_path):
    said = refused(tmp_path, ">x\n0.5 0.5 -1 -0.5\n4 -1 4 5\n0.1 0 -0.2 0\n")
    assert said.startswith(":3: x: scores are no log-odds against a uniform background")


def test_uniprobe_files_may_hold_several(tmp_path):
    found = read(tmp_path, f"Protein: a\n{UNIPROBE}{UNIPROBE}\nProtein: b\n{UNIPROBE}")
    assert [motif.info.name for motif in found.motifs] == ["a", "m_2", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (UNIPROBE.replace("G:\t0\t0.375\n", ""), ":1: only the rows A, C, T; expected A, C, G and T"),
        (UNIPROBE.replace("G:", "C:"), ":3: a second row of C"),
        (UNIPROBE.replace("G:", "X:"), ":3: expected the rows A, C, G and T, found 'X:\\t0\\t0.375'"),
        (UNIPROBE.replace("0.375", "0.375x"), ":3: expected the rows A, C, G and T, found 'G:\\t0\\t0.375x'"),
        (UNIPROBE.replace("\t0.125", ""), ":1: rows of m have [1, 2] values; expected one width"),
        (
            UNIPROBE.replace("0.75", "-0.75"),
            ":1: position 1 of m holds a value that is negative or not finite",
        ),
        (f"{UNIPROBE}0.1 0.2\n", ":5: expected the rows A, C, G and T, found '0.1 0.2'"),
        (f"Protein: a\n{UNIPROBE}Protein: a\n{UNIPROBE}", ":7: a second motif named 'a'"),
    ],
)
def test_uniprobe_errors(tmp_path, text, message):
    assert refused(tmp_path, text).startswith(message)


# ---- CIS-BP ----------------------------------------------------------------------------------

CISBP = "Pos\tA\tC\tG\tT\n1\t0.25\t0.75\t0\t0\n2\t0\t0.125\t0.375\t0.5\n"


@pytest.mark.parametrize(
    ("text", "info"),
    [
        (CISBP, MotifInfo("m")),
        (f"TF\tT00001\nTF Name\tgata  1\nGene\tENSG1\nMotif\tM1_1.02\nFamily\tGATA\nSpecies\tX\n{CISBP}\n", MotifInfo("M1_1.02", "gata 1")),
        (f"Gene    FBgn1\nMotif   M1\n{CISBP}".replace("\t", "   "), MotifInfo("M1", "FBgn1")),
        (f"# c\nMotif\t\nTF\tT1\r\n{CISBP}".replace("T\n", "U\n"), MotifInfo("T1", alphabet="RNA")),
    ],
    ids=["alone", "described", "blanks for tabs", "RNA, empty field, comment"],
)  # fmt: skip
def test_cisbp_in_its_variants(tmp_path, text, info):
    (motif,) = read(tmp_path, text).motifs
    assert motif.info == info
    assert motif.probabilities.tolist() == SHARES


def test_cisbp_files_may_hold_several(tmp_path):
    found = read(tmp_path, f"Motif\ta\n{CISBP}{CISBP}\n\nMotif\tb\n{CISBP}")
    assert [motif.info.name for motif in found.motifs] == ["a", "m_2", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CISBP.replace("\t0.375", ""), ":3: expected four values, found '2\\t0\\t0.125\\t0.5'"),
        (CISBP.replace("0.375", "x"), ":3: expected four values, found"),
        (CISBP.replace("2\t0\t", "3\t0\t"), ":3: position is 3; expected 2"),
        (
            CISBP.replace("2\t0\t", "x\t0\t"),
            ":3: expected a row of four values or 'name<tab>value', found 'x\\t0",
        ),
        (
            CISBP.replace("0.375", "-0.375"),
            ":3: position 2 of m holds a value that is negative or not finite",
        ),
        (f"1\t1\t0\t0\t0\n{CISBP}", ":1: a row of values before 'Pos A C G T'"),
        (f"{CISBP}>next\n1 2 3 4\n", ":4: expected a row of four values or 'name<tab>value', found '>next'"),
        ("Motif\ta\nPos\tA\tC\tG\tT\n", ":2: a has no rows"),
        (f"Motif\ta\n{CISBP}Motif\ta\n{CISBP}", ":6: a second motif named 'a'"),
    ],
)
def test_cisbp_errors(tmp_path, text, message):
    assert refused(tmp_path, text).startswith(message)


# ---- numbers alone ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "4 19 0\n16 0 20\n0 1 0\n0 0 0.5\n",
        "# c\n 4\t19\t0\r\n16\t0\t20\r\n0\t1\t0\r\n0\t0\t0.5\r\n\r\n",
        "4 16 0 0\n19 0 1 0\n0 20 0 0.5",
        "A 4 19 0\nC 16 0 20\nG 0 1 0\nT 0 0 0.5\n",
        "T | 0 0 .5\nG | 0 1 0\nA | 4 19 0\nC | 16 0 20\n",
        "a  4 19 0\nu  0 0 0.5\ng  0 1 0\nc  16 0 20\n",
    ],
    ids=["4xw", "tabs, CRLF, comment", "wx4", "lettered", "bars, another order", "lower case, RNA"],
)
def test_raw_matrices_in_their_variants(tmp_path, text):
    (motif,) = read(tmp_path, text).motifs
    alphabet = "RNA" if "u " in text else "DNA"
    assert motif.info == MotifInfo("m", nsites=20.5, alphabet=alphabet)  # named after the file
    assert motif.counts.tolist() == COUNTS


def test_a_raw_matrix_of_one_position_either_way(tmp_path):
    for text in ("1\n2\n3\n4\n", "1 2 3 4\n"):
        assert read(tmp_path, text).motifs[0].counts.tolist() == [[1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("text", "motif_format", "message"),
    [
        (
            "1 2 3\n1 2 3\n1 2 3\n",
            None,
            ": holds no motif; a matrix needs --motif-format pfm-rows or pfm-columns",
        ),
        ("1 3 2\n1 3 2\n1 3 2\n", None, ":1: row 1 of m has 3 values; expected 4"),
        ("1 3 2 4\n1 3 2\n", None, ":2: row 2 of m has 3 values; expected 4"),
        ("1 2\n1 2\n1 2\n1\n", None, ": 4 rows have 2, 2, 2, 1 values; expected four rows of one width"),
        ("1 2\n1 2\n1 2\n", "pfm-rows", ": 3 rows have 2, 2, 2 values; expected four rows of one width"),
        ("A 1 2\nC 1 2\nG 1 2\nG 1 2\n", None, ":1: rows begin with A C G G; expected A, C, G and T"),
        ("A 1 2\nC 1 2\n1 2\nT 1 2\n", "pfm", ":3: expected a row of numbers, found '1 2'"),
        ("1 2\nC 1 2\n1 2\n1 2\n", "pfm", ":2: expected a row of numbers, found 'C 1 2'"),
        ("1 2\n1 2\n>m\n1 2\n1 2\n", "pfm", ":3: expected a row of numbers, found '>m'"),
        ("A 1 2\nC 1 2\nG 1 2\nT 1 2\n", "pfm-columns", ":1: rows begin with the bases; they are pfm-rows"),
        (
            "1 -2 3 4 5\n1 2 3 4 5\n1 2 3 4 5\n1 2 3 4 5\n",
            None,
            ":1: position 2 of m holds a value that is neg",
        ),
        ("1 2 3 4\nnan 2 3 4\n", None, ":2: position 2 of m holds a value that is negative or not finite"),
        ("1 2 3 4\n0 0 0 0\n", None, ":2: position 2 of m holds nothing but zeros"),
        ("# c\n", "pfm", ":1: m has no rows"),
    ],
)
def test_raw_errors(tmp_path, text, motif_format, message):
    assert refused(tmp_path, text, motif_format).startswith(message)


def test_a_raw_file_holds_one_motif():
    one = Pfm(MotifInfo("a"), np.array(COUNTS))
    two = MotifSet((one, Pfm(MotifInfo("b"), one.counts)))
    with pytest.raises(SeqnetError, match="a raw matrix file holds one motif, not 2; choose with --motif"):
        write_motifs(io.BytesIO(), two, "pfm")


# ---- TSV and JSON ----------------------------------------------------------------------------


def table(motif_format, *motifs):
    buffer = io.BytesIO()
    write_motifs(buffer, MotifSet(motifs), motif_format, {"command": "convert"})
    return buffer.getvalue().decode()


PAIR = Ppm(MotifInfo("motif", nsites=8.0), np.array(SHARES)), Pfm(MotifInfo("#x"), np.array(COUNTS))


def test_names_like_comments_and_column_lines_are_rows_of_a_table(tmp_path):
    found = read(tmp_path, table("tsv", *PAIR))
    assert [motif.info.name for motif in found.motifs] == ["motif", "#x"]
    assert found.motifs[0].probabilities.tolist() == SHARES
    assert found.motifs[1].counts.tolist() == COUNTS
    plain = re.sub("^(##.*\n)*#", "", table("tsv", PAIR[0]))  # the column line without its mark
    assert read(tmp_path, plain).motifs[0].info == PAIR[0].info


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\t0.125\t", "\tx\t", ":4: a value of motif is no number"),
        ("\t0.125\t", "\tnan\t", ":4: row 2 of motif holds a value that is no probability"),
        ("\t0.125\t", "\t0.9\t", ":4: row 2 of motif sums to 1.775; expected 1"),
        ("\t2\t0.0\t", "\t3\t0.0\t", ":4: position of motif is '3'; expected 2"),
        ("\t8.0\t", "\t-8\t", ":3: nsites is '-8'; expected a number"),
        ("\t8.0\t.\t.", "\t8.0\t.\tnan", ":3: threshold is 'nan'; expected a number"),
        ("probabilities\t2", "chances\t2", ":4: expected 13 columns and a kind of counts, probabilities"),
        ("\t8.0\t.\t.\t.\t.\n", "\t8.0\n", ":3: expected 13 columns and a kind of"),
        ("motif\t.\t", "\t.\t", ":3: motif without a name"),
        (
            "##command=convert",
            "##motif-background=1,2,x,4",
            ": motif-background is '1,2,x,4': could not convert",
        ),
        (
            "##command=convert",
            "##motif-background=1,2,3",
            ": motif-background is '1,2,3': a background is four",
        ),
        ("probabilities\t2\t0.0\t", "log_odds\t1\tnan\t", ":4: a score of motif is no number"),
    ],
)
def test_tsv_errors(tmp_path, old, new, message):
    text = table("tsv", PAIR[0])
    assert old in text
    assert refused(tmp_path, text.replace(old, new)).startswith(message)


def test_tsv_rows_of_one_motif_stand_together(tmp_path):
    lines = table("tsv", *PAIR).splitlines()
    said = refused(tmp_path, "\n".join([*lines, lines[2]]))
    assert said.startswith(":8: a second motif named 'motif'")
    scores = [lines[2].replace("probabilities", "log_odds"), *lines[2:4]]
    said = refused(tmp_path, "\n".join([lines[1], *scores]))
    assert said == ":2: matrices of motif have 1 and 2 rows; expected one width"


def broken(**changes):
    """Return the JSON of a motif with some fields changed; None removes one."""
    content = json.loads(table("json", PAIR[0]))
    for key, value in changes.items():
        target = content if key in content else content["motifs"][0]
        if value is None:
            del target[key]
        else:
            target[key] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (broken(schema_version=9), ": motif schema 9; expected 1"),
        (broken(schema_version=None), ": is not a motif document: KeyError 'schema_version'"),
        (
            broken(background=[1, 2, 3]),
            ": is not a motif document: ValueError a background is four frequencies",
        ),
        (broken(background=[1, 2, 3, -4]), ": is not a motif document: ValueError a background holds"),
        (broken(motifs={"a": 1}), ": is not a motif document: TypeError"),
        (broken(motifs=[]), ": holds no motifs"),
        (broken(name=""), ": motif without a name"),
        (broken(nsites=-1), ": nsites is '-1'; expected a number"),
        (broken(nsites=float("nan")), ": nsites is 'nan'; expected a number"),
        (broken(threshold=float("inf")), ": threshold is 'inf'; expected a number"),
        (broken(probabilities=[[1, 2], [3, 4]]), ": probabilities of motif are not rows of four"),
        (
            broken(probabilities=[[1, 2, 3, 4], [3, 4]]),
            ": probabilities of motif are not rows of four numbers",
        ),
        (broken(counts={"a": 1}), ": counts of motif are not rows of four numbers"),
        (broken(counts=[["x", 1, 1, 1]]), ": counts of motif are not rows of four numbers: '\"x\"'"),
        (broken(counts=[[True, 1, 1, 1]]), ": counts of motif are not rows of four numbers: 'true'"),
        (broken(name=None), ": motif 1 has no name"),
        (broken(name=5), ": name of motif 1 is '5'; expected a text"),
        (broken(evalue=[1]), ": evalue of motif 1 is '[1]'; expected a text"),
        (broken(motifs=[None]), ": motif 1 is 'null'; expected an object"),
        (broken(motifs=[7]), ": motif 1 is '7'; expected an object"),
        (broken(probabilities=[[0.5, 0.5, 0.5, 0.5]]), ": row 1 of motif sums to 2; expected 1"),
        (broken(probabilities=[[0.5, float("nan"), 0, 0]]), ": row 1 of motif holds a value that is no prob"),
        (
            broken(probabilities=[[10**400, 0, 0, 0]]),
            ": probabilities of motif are not rows of four numbers: one",
        ),
        (broken(probabilities=None), ": motif has none of counts, probabilities, log_odds"),
        (broken(log_odds=[[0, 0, 0, float("inf")]] * 2), ": a score of motif is no number"),
        (broken(log_odds=[[0, 0, 0, "-inf"]]), ": matrices of motif have 1 and 2 rows; expected one width"),
        (
            broken(counts=[[1, 0, 0, -1]], probabilities=None),
            ": position 1 of motif holds a value that is neg",
        ),
        (broken().replace("8.0", "1" * 5000), ": is not JSON that can be read: "),
        (broken()[:-5], ":1: is not JSON: "),
        ('{"motifs": ' + "[" * 100_000, ": is not JSON that can be read: "),
    ],
)
def test_json_errors(tmp_path, text, message):
    assert refused(tmp_path, text, "json").startswith(message)


# ---- bad files of every format ---------------------------------------------------------------

SAMPLES = {
    "meme": "MEME version 4\nMOTIF m\nletter-probability matrix: w= 2\n0.25 0.75 0 0\n0 0.125 0.375 0.5\n",
    "meme-xml": "<MEME><training_set><alphabet/></training_set><motifs><motif name='m'><probabilities>"
    "<alphabet_matrix><alphabet_array>"
    + "".join(f"<value letter_id='{b}'>0.25</value>\n" for b in "ACGT")
    + "</alphabet_array></alphabet_matrix></probabilities></motif></motifs></MEME>\n",
    "json": table("json", PAIR[0]),
    "tsv": table("tsv", PAIR[0]),
    "transfac": "AC  m\nP0  A  C  G  T\n01  4  16  0  0\n02  19  0  1  0\n//\n",
    "homer": f">AC\tm\t5.5\t-9\t0\n{HOMER_ROWS}",
    "jaspar": ">m\nA [ 4 19 ]\nC [ 16 0 ]\nG [ 0 1 ]\nT [ 0 0 ]\n",
    "cluster-buster": ">m\n4 16 0 0\n19 0 1 0\n",
    "log-odds": ">m\n0.5 0.5 -1 -0.5\n0.25 -1 1 -1.5\n",
    "sites": ">a\nACGT\n>b\nACGA\n",
    "cis-bp": CISBP,
    "uniprobe": UNIPROBE,
    "pfm": "4 19\n16 0\n0 1\n0 0\n",
    "pfm-rows": "4 19 0 0\n16 0 0 1\n0 1 0 0\n0 0 9 9\n",
    "pfm-columns": "4 16 0 0\n19 0 1 0\n0 1 0 0\n0 0 9 9\n",
}
RESIST = {  # formats of which a cut at the end of a line leaves a whole, shorter file
    "homer", "cluster-buster", "log-odds", "cis-bp", "sites", "tsv", "pfm-columns",
}  # fmt: skip


def test_every_format_has_a_sample():
    assert set(SAMPLES) == set(MOTIF_READERS)


@pytest.mark.parametrize("name", SAMPLES)
def test_bad_files_are_refused_in_a_line_that_names_them(tmp_path, name):
    text = SAMPLES[name]
    told = None if MOTIF_READERS[name].sniffer else name
    assert len(read(tmp_path, text, told).motifs) == 1
    generator = np.random.default_rng(0)
    for noise in (generator.bytes(400), generator.integers(1, 255, 400, dtype=np.uint8).tobytes()):
        path = tmp_path / "m.txt"
        path.write_bytes(noise)
        with pytest.raises(FormatError, match=re.escape(str(path))) as caught:
            read_motifs(str(path), name)
        assert "\n" not in str(caught.value)
        path.write_bytes(text.encode() + b"\0" + noise)
        with pytest.raises(FormatError, match=f"m.txt:{text.count(chr(10)) + 1}: is not a text file"):
            read_motifs(str(path), name)
    assert refused(tmp_path, "\n\n", name) == ": is empty; expected motifs"
    cut = "".join(text.splitlines(keepends=True)[:-1])
    if name not in RESIST:
        assert refused(tmp_path, cut, name).startswith(":")


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        ("meme", "0.125", "-0.125", 5),
        ("meme", "0.125", "0.325", 5),
        ("meme", "0.125", "", 5),
        ("meme-xml", "'G'>0.25", "'G'>-0.25", None),
        ("meme-xml", "'G'>0.25", "'G'>0.5", None),
        ("meme-xml", "'G'>0.25", "'N'>0.25", None),
        ("json", "0.125", "-0.125", None),
        ("json", "0.125", "0.325", None),
        ("tsv", "0.125", "-0.125", 4),
        ("tsv", "0.125", "0.325", 4),
        ("tsv", "\t0.125", "", 4),
        ("transfac", "19", "-19", 4),
        ("transfac", "  19", "", 4),
        ("transfac", "A  C  G  T", "A  C  G  N", 2),
        ("homer", "0.125", "-0.125", 3),
        ("homer", "\t0.125", "", 3),
        ("jaspar", "16", "-16", 3),
        ("jaspar", "16", "", 1),
        ("jaspar", "G [", "N [", 4),
        ("cluster-buster", "19", "-19", 3),
        ("cluster-buster", "19", "", 3),
        ("log-odds", "0.25", "9", 3),
        ("log-odds", "0.25", "", 3),
        ("sites", "ACGA", "ACG", 4),
        ("sites", "ACGA", "ACGX", 4),
        ("cis-bp", "0.125", "-0.125", 3),
        ("cis-bp", "\t0.125", "", 3),
        ("uniprobe", "0.125", "-0.125", 1),
        ("uniprobe", "\t0.125", "", 1),
        ("uniprobe", "G:", "N:", 3),
        ("pfm", "16", "-16", 1),
        ("pfm", "16 ", "", None),
        ("pfm-rows", "16", "-16", 1),
        ("pfm-columns", "19", "-19", 2),
        ("pfm-columns", "19 ", "", 2),
    ],
)
def test_a_wrong_value_or_width_is_refused_with_its_line(tmp_path, name, old, new, line):
    assert old in SAMPLES[name]
    said = refused(tmp_path, SAMPLES[name].replace(old, new), name)
    assert said.startswith(": " if line is None else f":{line}: "), said
