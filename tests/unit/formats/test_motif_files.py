import io
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import FormatError, UsageError
from seqnet.formats import MOTIF_READERS, MOTIF_WRITERS, suffix_format
from seqnet.formats.meme import read_background
from seqnet.formats.motifs import read_motifs, write_motifs
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, Ppm, Pssm, to_pssm

ROWS = "0.5 0.5 0 0\n0 0 0.25 0.75\n"


def read(tmp_path, text, **options):
    path = tmp_path / "m.meme"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_motifs(str(path), **options)


def written(motifs, motif_format):
    buffer = io.BytesIO()
    write_motifs(buffer, motifs, motif_format)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        f"MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m\nletter-probability matrix: alength= 4 w= 2 nsites= 8 E= 1e-400\n{ROWS}",
        f"MEME version 4\nALPHABET= ACGU\nMOTIF m\nletter-probability matrix: alength=4 w=2 nsites=8 E=1e-400\n{ROWS}",
        f"MEME version 5.4.1 (Sat Aug 21 2021)\nMOTIF m\nletter-probability matrix: nsites= 8.0 E= 1e-400\n\n{ROWS}",
        f"\ufeffMEME version 4\r\nMOTIF\tm\r\nletter-probability matrix: w= 2 nsites= 8 E= 1e-400\r\n{ROWS}".replace(
            "0\n", "0\r\n"
        ),
        f'MEME version 4\nALPHABET "DNA" DNA-LIKE\nA "Adenine" CC0000 ~ T\nEND ALPHABET\nMOTIF m\n'
        f"log-odds matrix: alength= 4 w= 2\n 100 100 -200 -200\n-10000 0 0 158\n"
        f"letter-probability matrix: w= 2 nsites= 8 E= 1e-400\n{ROWS}",
    ],
    ids=[
        "minimal",
        "tight keys, RNA",
        "no keys, no alphabet",
        "BOM, CRLF, tab",
        "custom alphabet, log-odds first",
    ],
)
def test_meme_text_in_its_variants(tmp_path, text):
    (motif,) = read(tmp_path, text.rstrip("\n")).motifs  # no final newline either
    assert isinstance(motif, Ppm)
    assert motif.info == MotifInfo("m", nsites=8.0, evalue="1e-400")
    assert motif.probabilities.tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.25, 0.75]]


def test_meme_motifs_without_blank_lines_between_and_wrapped_background(tmp_path):
    text = (
        "MEME version 4\nstrands: + -\nBackground letter frequencies (from x):\nA 0.3  C 0.2\n\tG 0.2\tT 0.3\n"
        f"MOTIF a first\nletter-probability matrix: w= 2 nsites= 0\n{ROWS}URL http://x/a\n"
        f"MOTIF b\nletter-probability matrix: w= 2\n{ROWS}"
    )
    found = read(tmp_path, text)
    assert [m.info for m in found.motifs] == [MotifInfo("a", "first", url="http://x/a"), MotifInfo("b")]
    assert found.background.frequencies.tolist() == [0.3, 0.2, 0.2, 0.3]


def test_full_meme_output(tmp_path):
    text = (
        "****\nMEME - Motif discovery tool\n****\nMEME version 3.0\n****\nALPHABET= ACGT\n"
        "Letter frequencies in dataset:\nA 0.3 C 0.2 G 0.2 T 0.3\n"
        "MOTIF  1 MEME\twidth =   2   sites =  12   llr = 100   E-value = 4.1e-009\n"
        "Simplified        A  5:\n"
        "Motif 1 position-specific scoring matrix\n"
        "log-odds matrix: alength= 4 w= 2 n= 38 bayes= 5.2 E= 4.1e-009\n 100 100 -765 -765\n -765 -765 0 158\n"
        "Motif 1 position-specific probability matrix\n"
        f"letter-probability matrix: alength= 4 w= 2 nsites= 12 E= 4.1e-009\n{ROWS}"
        "Time  0.1 secs.\n"
    )
    (motif,) = read(tmp_path, text).motifs
    assert motif.info == MotifInfo("1", "MEME", 12.0, "4.1e-009")


def test_only_log_odds_integers_are_centibits(tmp_path, caplog):
    text = "MEME version 4\nMOTIF m\nlog-odds matrix: w= 2\n 100 50 -200 -10000\n -1 0 1 2\n"
    with caplog.at_level(logging.WARNING):
        (motif,) = read(tmp_path, text).motifs
    assert isinstance(motif, Pssm)
    assert motif.scores.tolist() == [[1, 0.5, -2, -np.inf], [-0.01, 0, 0.01, 0.02]]
    assert "hundredths of a bit" in caplog.text
    (motif,) = read(tmp_path, text.replace("50", "50.5")).motifs
    assert motif.scores[0].tolist() == [100, 50.5, -200, -10000]


def test_rows_near_one_are_normalised_and_said(tmp_path, caplog):
    text = "MEME version 4\nMOTIF m\nletter-probability matrix: w= 1\n0.5 0.25 0.25 0.05\n"
    with caplog.at_level(logging.WARNING):
        (motif,) = read(tmp_path, text).motifs
    assert motif.probabilities.sum() == pytest.approx(1, abs=1e-15)
    assert "rows of m sum to 1 only within 0.05; normalised" in caplog.text
    caplog.clear()
    read(tmp_path, text.replace("0.05", "0.001"))
    assert not caplog.text


MEME = "MEME version 4\nMOTIF m\nletter-probability matrix: w= 2\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"{MEME}0.5 0.5 0 0\n0.5 0.5 0.3 0.01\n",
            r"m\.meme:5: row 2 of m sums to 1\.31; expected 1 \(±0\.1\)",
        ),
        (f"{MEME}0.5 0.5 0 0\n", r"m\.meme:5: m has 1 rows; expected 2"),
        (f"{MEME}0.5 0.5 0\n{ROWS}", r"m\.meme:4: row 1 of m has 3 values; expected 4"),
        (f"{MEME}1.5 -0.5 0 0\n{ROWS}", "row 1 of m holds a value that is no probability"),
        (f"{MEME}nan 0.5 0 0\n{ROWS}", "row 1 of m holds a value that is no probability"),
        (MEME.replace("w= 2", "w= x"), r"m\.meme:3: w of m is 'x'; expected a whole number"),
        (MEME.replace("w= 2", "alength= 20"), "alength of m is 20; expected 4"),
        (MEME.replace("w= 2", "nsites= many"), "nsites is 'many'; expected a number"),
        (MEME + ROWS + "MOTIF m\n", r"m\.meme:6: a second motif named 'm'"),
        ("MEME version 4\nMOTIF \n", r"m\.meme:2: motif without a name"),
        (f"MEME version 4\nletter-probability matrix: w= 2\n{ROWS}", r":2: a matrix before the first MOTIF"),
        ("MEME version 4\nMOTIF m\n", r"m\.meme:2: m has no matrix"),
        ("MEME version 4\nALPHABET= ACDEFGHIKLMNPQRSTVWY\n", "alphabet is 'ACDEF"),
        (
            "MEME version 4\nBackground letter frequencies\nA 0.5 C 0.5\n",
            "background is 'A 0.5 C 0.5'; expected A, C, G and T",
        ),
        ("MEME version 4\n", "holds no motifs"),
        ("", "is empty; expected motifs"),
        ("hello\n", "is no motif file of a known format"),
        (b"\x00\x01\x02", "is not a text file"),
    ],
)
def test_meme_errors_name_file_and_line(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        ">MA1 NAME\nA [ 4 19 ]\nC [ 16 0 ]\nG [ 0 1 ]\nT [ 0 0 ]\n",
        ">MA1\tNAME\n 4 19\n16 0\n0 1\n0 0",
        ">MA1 NAME\nA| 4 19\nC| 16 0\nG| 0 1\nU| 0 0\n\n",
        "# c\n>MA1 NAME\r\nA  [4.0 19]\r\nC [16 0]\r\nG [0 1.0]\r\nT [0 0]\r\n",
        ">MA1 NAME\n[ 4 19 ]\n[ 16 0 ]\n[ 0 1 ]\n[ 0 0 ]\n",
    ],
)
def test_jaspar_in_its_variants(tmp_path, text):
    (motif,) = read(tmp_path, text).motifs
    assert motif.info == MotifInfo("MA1", "NAME", 20.0)
    assert motif.counts.tolist() == [[4, 16, 0, 0], [19, 0, 1, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">m\nA [1 2]\nC [1 2]\nG [1 2]\n", r"m\.meme:1: m has 3 rows; expected 4"),
        (">m\nA [1 2]\nC [1]\nG [1 2]\nT [1 2]\n", r"rows of m have 2, 1, 2, 2 counts"),
        (">m\nA [1 2]\nG [1 2]\nC [1 2]\nT [1 2]\n", r"m\.meme:3: row 2 is G; expected C"),
        (">m\nA [1 -2]\nC [1 2]\nG [1 2]\nT [1 2]\n", r"m\.meme:2: a count is negative"),
        (">m\nA [0 2]\nC [0 2]\nG [0 2]\nT [0 2]\n", "column 1 of m holds no counts"),
        (
            ">m\nA [1 2]\nC [1 x]\nG [1 2]\nT [1 2]\n",
            r"m\.meme:3: expected a row of counts, found 'C \[1 x\]'",
        ),
        (">m\nA [1 2 1-1]\nC [1 2]\n", r"m\.meme:2: a count in '1 2 1-1' is no number"),
        (">m\nA [1]\nC [1]\nG [1]\nT [1]\n1\n", r"m\.meme:6: expected a header"),
        (">m\nA [1]\nC [1]\nG [1]\nT [1]\n>m\nA [1]\nC [1]\nG [1]\nT [1]\n", "a second motif named 'm'"),
        (
            ">m\nA [1]\nC [1]\nG [1]\nT [1]\n>\nA [1]\nC [1]\nG [1]\nT [1]\n",
            r"m\.meme:6: motif without a name",
        ),
    ],
)
def test_jaspar_errors_name_file_and_line(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text)


names = st.text("abcXYZ019._-", min_size=1, max_size=6)
probabilities = st.lists(st.lists(st.integers(1, 50), min_size=4, max_size=4), min_size=1, max_size=12).map(
    lambda rows: np.array(rows, dtype=float) / np.array(rows).sum(axis=1, keepdims=True)
)
infos = st.builds(
    MotifInfo,
    names,
    st.one_of(st.just(""), names.filter(lambda name: name != "width")),
    st.one_of(st.none(), st.floats(0.1, 1e6)),
    st.sampled_from(["", "1e-400", "0"]),
    st.sampled_from(["", "http://example.org/x"]),
)
frequencies = st.lists(st.floats(0.05, 1), min_size=4, max_size=4)


@given(
    st.lists(st.tuples(infos, probabilities), min_size=1, max_size=4, unique_by=lambda row: row[0].name),
    frequencies,
)
def test_meme_round_trips_to_the_bit(tmp_path, found, background):
    motifs = MotifSet(tuple(Ppm(info, p) for info, p in found), Background(np.array(background)))
    again = read(tmp_path, written(motifs, "meme"))
    assert [m.info for m in again.motifs] == [info for info, _ in found]
    for motif, (_, p) in zip(again.motifs, found, strict=True):
        np.testing.assert_array_equal(motif.probabilities, p)
    np.testing.assert_array_equal(again.background.frequencies, motifs.background.frequencies)


@given(
    st.lists(st.tuples(infos, probabilities), min_size=1, max_size=3, unique_by=lambda row: row[0].name),
    frequencies,
    st.sampled_from(["none", "sqrt"]),
)
def test_pssm_files_round_trip_to_the_bit(tmp_path, found, background, rule):
    chosen = Background(np.array(background))
    # without pseudocounts, zero probabilities score -inf
    spiked = [(info, np.eye(4)[p.argmax(axis=1)] if rule == "none" else p) for info, p in found]
    pssms = [to_pssm(Ppm(info, p), chosen, rule) for info, p in spiked]
    again = read(tmp_path, written(MotifSet(tuple(pssms), chosen), "meme"))
    for motif, pssm in zip(again.motifs, pssms, strict=True):
        assert isinstance(motif, Pssm)
        np.testing.assert_array_equal(motif.scores, pssm.scores)  # -inf too
        np.testing.assert_array_equal(motif.ppm.probabilities, pssm.ppm.probabilities)
        np.testing.assert_array_equal(motif.background.frequencies, chosen.frequencies)
        assert motif.pseudocount == rule


counts = st.lists(st.lists(st.floats(0.5, 1e4), min_size=4, max_size=4), min_size=1, max_size=12)


@given(
    st.lists(
        st.tuples(names, st.one_of(st.just(""), names), counts),
        min_size=1,
        max_size=4,
        unique_by=lambda r: r[0],
    )
)
def test_jaspar_round_trips_to_the_bit(tmp_path, found):
    motifs = MotifSet(tuple(Pfm(MotifInfo(name, alt), np.array(c)) for name, alt, c in found))
    again = read(tmp_path, written(motifs, "jaspar"))
    for motif, (name, alt, c) in zip(again.motifs, found, strict=True):
        assert (motif.info.name, motif.info.alt_name) == (name, alt)
        np.testing.assert_array_equal(motif.counts, np.array(c))


def test_background_files(tmp_path):
    path = tmp_path / "b.bg"
    path.write_text("# order 0\na 0.3\nC 0.2\ng 0.2\nT 0.3\nAA 0.1\n")
    assert read_background(str(path)).frequencies.tolist() == [0.3, 0.2, 0.2, 0.3]
    for text, message in [
        ("A 0.3\nC 0.2\nG 0.5\n", "has no frequency for T"),
        ("A 0.3\nC x\n", r"b\.bg:2: expected 'kmer probability'"),
        ("A 0\n", r"b\.bg:1: probability of A is 0"),
        ("Z 0.5\n", "expected 'kmer probability'"),
    ]:
        path.write_text(text)
        with pytest.raises(FormatError, match=message):
            read_background(str(path))


def test_formats_are_chosen_by_suffix_and_refused_by_name(tmp_path):
    assert suffix_format("x.jaspar.gz", MOTIF_WRITERS, "meme") == "jaspar"
    assert suffix_format("-", MOTIF_WRITERS, "meme") == "meme"
    with pytest.raises(UsageError, match="'xls' is no motif format; expected one of meme"):
        written(MotifSet(()), "xls")
    assert set(MOTIF_WRITERS) <= set(MOTIF_READERS)
