"""MEME text, XML and background files as they occur, and the front door of all motif formats."""

import io

import numpy as np
import pytest

from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats import MOTIF_READERS, MOTIF_WRITERS, suffix_format
from seqnet.formats.motifs.any_format import lost_in, read_motifs, write_motifs
from seqnet.formats.motifs.background_file import read_background, write_background
from seqnet.lookup import resolve
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, Ppm, Pssm, to_pfm, to_pssm

ROWS = "0.5 0.5 0 0\n0 0 0.25 0.75\n"
BLOCK = f"letter-probability matrix: w= 2 nsites= 8 E= 1e-400\n{ROWS}"


def read(tmp_path, text, motif_format=None):
    path = tmp_path / "m.meme"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_motifs(str(path), motif_format)


def written(motifs, motif_format):
    buffer = io.BytesIO()
    write_motifs(buffer, motifs, motif_format)
    return buffer.getvalue()


# ---- MEME text -------------------------------------------------------------------------------

VARIANTS = {
    "minimal": f"MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nMOTIF m\n{BLOCK}",
    "no spaces in keys, RNA": f"MEME version 4\nALPHABET= ACGU\nMOTIF m\n"
    f"letter-probability matrix: alength=4 w=2 nsites=8 E=1e-400\n{ROWS}",
    "no width, no alphabet, blank line before the rows": "MEME version 5.4.1 (Sat Aug 21 2021)\nMOTIF m\n"
    f"letter-probability matrix: nsites= 8.0 E= 1e-400\n\n{ROWS}",
    "BOM, CRLF, tab": f"\ufeffMEME version 4\nMOTIF\tm\n{BLOCK}".replace("\n", "\r\n"),
    "custom alphabet": 'MEME version 4\nALPHABET "DNA" DNA-LIKE\nA "Adenine" CC0000 ~ T "Thymine" 008000\n'
    f'C "Cytosine" ~ G "Guanine"\nN = ACGT\nEND ALPHABET\nMOTIF m\n{BLOCK}',
    "custom RNA alphabet": f'MEME version 4\nALPHABET "RNA" RNA-LIKE\nA\nC\nG\nU\nEND ALPHABET\nMOTIF m\n{BLOCK}',
    "log-odds before": "MEME version 4\nMOTIF m\nlog-odds matrix: alength= 4 w= 2\n"
    f" 100 100 -200 -200\n-10000 0 0 158\n{BLOCK}",
    "log-odds after": f"MEME version 4\nMOTIF m\n{BLOCK}log-odds matrix: w= 2\n 1 1 -2 -2\n0 0 0 1.5\n",
    "tabs and blanks in rows": f"MEME version 4\nMOTIF m\n{BLOCK}".replace(
        "0.5 0.5 0 0\n", "  0.5\t0.5  0\t0\t\n"
    ),
}


@pytest.mark.parametrize("text", VARIANTS.values(), ids=VARIANTS)
def test_meme_text_in_its_variants(tmp_path, text):
    (motif,) = read(tmp_path, text.rstrip("\n")).motifs  # no final newline either
    assert isinstance(motif, Ppm)
    alphabet = "RNA" if "\nU\n" in text or "ACGU" in text else "DNA"
    assert motif.info == MotifInfo("m", nsites=8.0, evalue="1e-400", alphabet=alphabet)
    assert motif.probabilities.tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.25, 0.75]]
    assert to_pfm(motif).counts.tolist() == [[4, 4, 0, 0], [0, 0, 2, 6]]


@pytest.mark.parametrize(
    "block",
    ["A 0.3  C 0.2\n\tG 0.2\tT 0.3\n", "A 0.3\nC 0.2\nG 0.2\nU 0.3\n", "\n t 0.3 g 0.2 c 0.2 a 0.3 \n"],
    ids=["wrapped", "RNA, one a line", "blank line, lower case, another order"],
)
def test_meme_backgrounds_in_their_variants(tmp_path, block):
    text = f"MEME version 4\nBackground letter frequencies (from x):\n{block}MOTIF m\n{BLOCK}"
    found = read(tmp_path, text)
    assert found.background.frequencies.tolist() == [0.3, 0.2, 0.2, 0.3]
    assert len(found.motifs) == 1


def test_meme_motifs_without_blank_lines_between(tmp_path):
    text = (
        f"MEME version 4\nMOTIF a first\nletter-probability matrix: w= 2 nsites= 0\n{ROWS}URL http://x/a\n"
        f"MOTIF b\nletter-probability matrix: nsites=1\n{ROWS}URL\nMOTIF c width\nletter-probability matrix:\n{ROWS}"
    )
    found = read(tmp_path, text)
    assert [m.info for m in found.motifs] == [
        MotifInfo("a", "first", url="http://x/a"),
        MotifInfo("b", nsites=1.0),
        MotifInfo("c", "width"),
    ]
    assert found.background is None


@pytest.mark.parametrize(
    ("heading", "info"),
    [
        (
            "MOTIF  1 MEME\twidth =   2   sites =  12   llr = 100   E-value = 4.1e-009",
            MotifInfo("1", "MEME", 12.0, "4.1e-009"),
        ),
        (
            "MOTIF  1\twidth =    2   sites =  12   llr = 100   E-value = 1e-400",
            MotifInfo("1", "", 12.0, "1e-400"),
        ),
        (
            "MOTIF GATA MEME-1\twidth = 2 sites = 12 llr = 100 p-value = 0.1 E-value = 0",
            MotifInfo("GATA", "MEME-1", 12.0, "0"),
        ),
    ],
)
def test_full_meme_output(tmp_path, caplog, heading, info):
    text = (
        "****\nMEME - Motif discovery tool\n****\nMEME version 3.0\n****\nALPHABET= ACGT\n"
        "Letter frequencies in dataset:\nA 0.3 C 0.2 G 0.2 T 0.3\n"
        "Background letter frequencies (from dataset with add-one prior applied):\nA 0.3 C 0.2 G 0.2 T 0.3 \n"
        f"{heading}\n"
        "****\nSimplified        A  5:\nMotif 1 position-specific scoring matrix\n----\n"
        "log-odds matrix: alength= 4 w= 2 n= 38 bayes= 5.2 E= 4.1e-009\n 100 100 -765 -765\n -765 -765 0 158\n"
        "----\nMotif 1 position-specific probability matrix\n----\n"
        f"letter-probability matrix: alength= 4 w= 2\n{ROWS}----\nTime  0.1 secs.\n"
    )
    found = read(tmp_path, text)
    (motif,) = found.motifs
    assert motif.info == (
        info if info.evalue == "4.1e-009" else MotifInfo(info.name, info.alt_name, 12.0, "4.1e-009")
    )
    assert motif.probabilities[1].tolist() == [0, 0, 0.25, 0.75]
    assert found.background.frequencies.tolist() == [0.3, 0.2, 0.2, 0.3]
    assert not caplog.records  # nothing is made of the log-odds, so nothing is said of them


def test_log_odds_without_a_mark_are_centibits_or_bits_and_that_is_said(tmp_path, caplog):
    text = "MEME version 4\nMOTIF m\nlog-odds matrix: w= 2 n= 9 E= 0.5\n 100 50 -200 -10000\n -1 0 1 2\n"
    (motif,) = read(tmp_path, text).motifs
    assert isinstance(motif, Pssm)
    assert motif.ppm is None
    assert motif.info == MotifInfo("m", evalue="0.5")
    assert motif.scores.tolist() == [[1, 0.5, -2, -np.inf], [-0.01, 0, 0.01, 0.02]]
    assert "integer log-odds are read as hundredths of a bit" in caplog.text
    with pytest.raises(ValueError, match="m holds scores without the probabilities they were made from"):
        to_pssm(motif)  # other pseudocounts cannot be had
    caplog.clear()
    (motif,) = read(tmp_path, text.replace("50", "50.5").replace("-1 0", "-inf 0")).motifs
    assert motif.scores.tolist() == [[100, 50.5, -200, -10000], [-np.inf, 0, 1, 2]]
    assert "log-odds are read as bits" in caplog.text


def test_marked_log_odds_are_bits_whatever_they_are(tmp_path, caplog):
    text = (
        "MEME version 4\nBackground letter frequencies\nA 0.3 C 0.2 G 0.2 T 0.3\nMOTIF m\n"
        "#seqnet-pssm bits pseudocount=sqrt\nlog-odds matrix: alength= 4 w= 2 nsites= 9\n100 2 -1 -inf\n0 0 0 0\n"
    )
    found = read(tmp_path, text)
    (motif,) = found.motifs
    assert motif.scores[0].tolist() == [100, 2, -1, -np.inf]
    assert motif.pseudocount == "sqrt"
    assert motif.info.nsites == 9
    assert motif.background.frequencies.tolist() == [0.3, 0.2, 0.2, 0.3]
    assert not caplog.records
    (unmarked,) = read(tmp_path, text.replace("MOTIF m\n#", "#").replace("sqrt\n", "sqrt\nMOTIF m\n")).motifs
    assert unmarked.scores[0, 0] == 1  # a mark belongs to the block below it in the same motif


def test_a_pssm_file_carries_scores_and_the_probabilities_before_pseudocounts(tmp_path):
    background = Background(np.array([0.3, 0.2, 0.2, 0.3]))
    ppm = Ppm(MotifInfo("m", nsites=0.1 + 0.2), np.array([[1 / 3, 2 / 3, 0, 0]]))
    scores = np.array([[np.pi, 1 / 3, -np.inf, -1e-300]])
    both = Pssm(ppm.info, scores, background, ppm, "0.5")
    text = written(
        MotifSet((both, Pssm(MotifInfo("n", nsites=7.0, evalue="1"), scores, background))), "meme"
    ).decode()
    assert "#seqnet-pssm bits pseudocount=0.5\nlog-odds matrix: alength= 4 w= 1\n" in text
    assert "letter-probability matrix: alength= 4 w= 1 nsites= 0.30000000000000004\n" in text
    assert "#seqnet-pssm bits pseudocount=\nlog-odds matrix: alength= 4 w= 1 nsites= 7 E= 1\n" in text
    assert " 3.141592653589793  0.3333333333333333  -inf  -1e-300\n" in text
    assert " 0.3333333333333333  0.6666666666666666  0.0  0.0\n" in text
    assert "A 0.3 C 0.2 G 0.2 T 0.3\n" in text  # the scores' own background, though the set names none


def test_rows_near_one_are_normalised_and_that_is_said_in_one_text(tmp_path, caplog):
    text = "MEME version 4\n" + "".join(
        f"MOTIF {name}\nletter-probability matrix: w= 1\n0.5 0.25 0.25 0.05\n" for name in "ab"
    )
    for motif in read(tmp_path, text).motifs:
        assert motif.probabilities == pytest.approx(np.array([[10, 5, 5, 1]]) / 21, rel=1e-15)
    assert {r.getMessage() for r in caplog.records} == {
        f"{tmp_path}/m.meme: some rows do not sum to 1; normalised"
    }
    caplog.clear()
    (motif, _) = read(tmp_path, text.replace("0.05", "0.001")).motifs
    assert motif.probabilities.sum() == pytest.approx(1, abs=1e-15)
    assert not caplog.records


MEME = "MEME version 4\nMOTIF m\nletter-probability matrix: w= 2\n"
ODDS = "MEME version 4\nMOTIF m\nlog-odds matrix: w= 1\n"
BG = "MEME version 4\nBackground letter frequencies\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{MEME}0.5 0.5 0 0\n0.5 0.5 0.3 0.01\n", ":5: row 2 of m sums to 1.31; expected 1 (±0.1)"),
        (f"{MEME}\n\n0.5 0.5 0 0\n0.5 0.5 0.3 0.01\n", ":7: row 2 of m sums to 1.31; expected 1 (±0.1)"),
        (f"{MEME}0.5 0.5 0 0\n", ":5: m has 1 rows; expected 2"),
        (MEME.replace("w= 2", ""), ":4: m has 0 rows; expected at least one"),
        (f"{MEME}{ROWS}0 0 0 1\n", ":7: m has 3 rows; expected 2"),
        (f"{MEME}0.5 0.5 0\n{ROWS}", ":4: row 1 of m has 3 values; expected 4"),
        (f"{MEME}0.5 0.5 0 0\n0.5 x 0 0\n", ":5: row 2 of m is '0.5 x 0 0'; expected four numbers"),
        (f"{MEME.replace('w= 2', '')}0.5 0.5 0 0\n\n0 0 0 1\n", ":6: row 2 of m after a blank line"),
        (f"{MEME}1.5 -0.5 0 0\n0 0 0 1\n", ":4: row 1 of m holds a value that is no probability"),
        (f"{MEME}nan 0.5 0 0\n0 0 0 1\n", ":4: row 1 of m holds a value that is no probability"),
        (f"{MEME}1e308 1e308 1e308 1\n0 0 0 1\n", ":4: row 1 of m sums to inf; expected 1"),
        (f"{MEME}1_0 0 0 0\n0 0 0 1\n", ":4: m has 0 rows; expected 2"),
        (MEME.replace("w= 2", "w= x"), ":3: w of m is 'x'; expected a whole number above 0"),
        (MEME.replace("w= 2", "w= ²"), ":3: w of m is '²'; expected a whole number above 0"),
        (MEME.replace("w= 2", "w= 0"), ":3: w of m is '0'; expected a whole number above 0"),
        (MEME.replace("w= 2", "alength= 20"), ":3: alength of m is 20; expected 4"),
        (MEME.replace("w= 2", "nsites= many"), ":3: nsites is 'many'; expected a number"),
        (MEME.replace("w= 2", "nsites= -3"), ":3: nsites is '-3'; expected a number"),
        (MEME.replace("w= 2", "nsites= inf"), ":3: nsites is 'inf'; expected a number"),
        (f"{MEME}{ROWS}{MEME[15:]}{ROWS}", ":6: a second motif named 'm'"),
        (f"{MEME}{ROWS}{BLOCK}", ":6: a second probability matrix of m"),
        (f"{ODDS}1 0 -1 -1\nlog-odds matrix: w= 1\n1 0 -1 -1\n", ":5: a second log-odds matrix of m"),
        (f"{ODDS}1 0 nan -1\n", ":4: row 1 of m holds a value that is no score"),
        (f"{ODDS}1 0 inf -1\n", ":4: row 1 of m holds a value that is no score"),
        (f"{ODDS}1 0 -1 -1\n{BLOCK}", ":2: matrices of m have 1 and 2 rows; expected one width"),
        ("MEME version 4\nMOTIF \n", ":2: motif without a name"),
        (f"MEME version 4\nletter-probability matrix: w= 2\n{ROWS}", ":2: a matrix before the first MOTIF line"),
        ("MEME version 4\nMOTIF m\n", ":2: m has no matrix"),
        ("MEME version 4\nALPHABET= ACDEFGHIKLMNPQRSTVWY\n", ":2: alphabet is 'ACDEFGHIKLMNPQRSTVWY'; expected ACGT"),
        (f"{BG}A 0.5 C 0.5\n", ":3: background is 'A 0.5 C 0.5'; expected A, C, G and T each with a frequency"),
        (f"{BG}A 0.5 C 0.5 G 0 T x\n", ":3: background is 'A 0.5 C 0.5 G 0 T x'; expected A, C, G and T"),
        (f"{BG}A 0.5 C 0.5 A 0 T 0\n", ":3: background is 'A 0.5 C 0.5 A 0 T 0'; expected A, C, G and T"),
        (f"{BG}A 0.5 C 0.5 G 0.5 T 0\n", ":3: background sums to 1.5; expected 1 (±0.1)"),
        (f"{BG}A 0.7 C 0.5 G -0.2 T 0\n", ":3: a background holds frequencies >= 0"),
        (f"{BG}MOTIF m\n", ":2: background is 'nothing'; expected A, C, G and T"),
        ("MEME version 4\n", ": holds no motifs"),
        ("", ": is empty; expected motifs"),
        ("hello\n", ": is no motif file of a known format (meme, "),
        (b"MEME version 4\n\x00\x01\x02", ":2: is not a text file"),
    ],
)  # fmt: skip
def test_meme_errors_name_file_and_line(tmp_path, text, message):
    with pytest.raises(FormatError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/m.meme{message}")


# ---- MEME XML --------------------------------------------------------------------------------


def xml_array(values, ids="ACGT"):
    cells = "".join(f'<value letter_id="{i}">{v}</value>' for i, v in zip(ids, values, strict=True))
    return f"<alphabet_array>{cells}</alphabet_array>"


def meme_xml(
    ids="ACGT", rows=((0.5, 0.5, 0, 0), (0, 0, 0.25, 0.75)), keys='sites="8"', background=(0.3, 0.2, 0.2, 0.3)
):
    letters = "".join(f'<letter id="{i}" symbol="{s}"/>' for i, s in zip(ids, "ACGTU", strict=False))
    matrix = "".join(xml_array(row, ids) for row in rows)
    return (
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n<!DOCTYPE MEME[\n<!ELEMENT MEME (motifs)>\n]>\n"
        f'<MEME version="5.1.0">\n<training_set><alphabet name="DNA">{letters}</alphabet></training_set>\n'
        f"<model><background_frequencies>{xml_array(background, ids)}</background_frequencies></model>\n"
        f'<motifs><motif id="motif_1" name="GATA" alt="MEME-1" width="2" {keys} e_value="1e-400" url="http://x/">\n'
        f"<scores><alphabet_matrix>{matrix}</alphabet_matrix></scores>\n"
        f"<probabilities><alphabet_matrix>{matrix}</alphabet_matrix></probabilities></motif></motifs></MEME>\n"
    )


@pytest.mark.parametrize("ids", ["ACGT", "ACGU", ["letter_0", "letter_1", "letter_2", "letter_3"]])
def test_the_xml_of_meme(tmp_path, ids):
    found = read(tmp_path, meme_xml(ids))
    (motif,) = found.motifs
    assert motif.info == MotifInfo("GATA", "MEME-1", 8.0, "1e-400", "http://x/")
    assert motif.probabilities.tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.25, 0.75]]
    assert found.background.frequencies.tolist() == [0.3, 0.2, 0.2, 0.3]


def test_the_identifier_of_xml_stands_in_for_an_empty_name(tmp_path):
    assert read(tmp_path, meme_xml().replace("GATA", "")).motifs[0].info.name == "motif_1"


def test_xml_is_known_by_its_document_type_however_long(tmp_path):
    padded = meme_xml().replace("]>", "<!ELEMENT x (y)>\n" * 300 + "]>")
    assert len(read(tmp_path, padded).motifs) == 1


BOMB = "<!DOCTYPE MEME [" + '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
) + "]>\n<MEME>&j;</MEME>"  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (meme_xml()[:-20], ":10: is not well-formed XML: unclosed token"),
        (meme_xml(rows=[(0.5, 0.5, 0, 0), (0, 0, 0.3, 1)]), ": row 2 of GATA sums to 1.3; expected 1 (±0.1)"),
        (meme_xml(rows=[(0.5, 0.5, 0, 0), (0, 0, "x", 1)]), ": a value of GATA is 'x'; expected a number"),
        (meme_xml(rows=()).replace('id="motif_1" name="GATA" ', ""), ": motif without a name"),
        (meme_xml(rows=[(0.5, 0.5, 0, 0)]), ": GATA has 1 rows of probabilities; expected 2"),
        (meme_xml().replace('symbol="G"', 'symbol="D"'), ": letters of the background are A C D T; expected A, C, G and T"),
        (meme_xml(keys='sites="x"'), ": nsites is 'x'; expected a number"),
        (meme_xml(background=(1, 2, 3, 4)), ": row 1 of the background sums to 10; expected 1"),
        (meme_xml(background=(0.5, 0.7, 0, -0.2)), ": row 1 of the background holds a value that is no prob"),
        (meme_xml().replace("UTF-8", "x-none"), ": is not XML that can be read: "),
        (meme_xml().encode().replace(b"GATA", b"\xff"), ":8: is not well-formed XML: "),
        (meme_xml().replace("<probabilities>", "<p>").replace("</probabilities>", "</p>"), ": GATA has 0 rows of"),
        (BOMB, ":2: is not well-formed XML: "),
    ],
)  # fmt: skip
def test_xml_errors_name_the_file(tmp_path, text, message):
    with pytest.raises(FormatError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/m.meme{message}")
    assert "\n" not in str(caught.value)


# ---- background files ------------------------------------------------------------------------

ORDER_0 = "# order 0\na 0.3\nC 2e-1\n\ng\t0.2\nu 0.3\n"
ORDER_1 = ORDER_0 + "".join(f"{a}{b} 0.0625\n" for a in "aCgT" for b in "AcGt")


def read_bg(tmp_path, text):
    path = tmp_path / "b.bg"
    path.write_text(text)
    return read_background(str(path))


def test_background_files_of_any_order_and_case(tmp_path):
    assert read_bg(tmp_path, ORDER_0).frequencies.tolist() == [0.3, 0.2, 0.2, 0.3]
    found = read_bg(tmp_path, ORDER_1)
    assert found.order == 1
    assert found.source == "b.bg"
    assert found.longer[0].tolist() == [1 / 16] * 16


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_background_files_read_as_written(tmp_path, order):
    generator = np.random.default_rng(order)
    tables = [generator.dirichlet(np.ones(4**length)) for length in range(1, order + 2)]
    background = Background(tables[0], "x", tuple(tables[1:]))
    path = tmp_path / "b.bg"
    with path.open("wb") as stream:
        write_background(stream, background, {"command": "background"})
    found = read_background(str(path))
    assert found.order == order
    for table, again in zip(background.tables, found.tables, strict=True):
        np.testing.assert_array_equal(table, again)
    assert path.read_text().startswith("##command=background\n# order 0\nA ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A 0.3\nC 0.2\nG 0.5\n", ": has no frequency for T"),
        (ORDER_1.replace("Cc 0.0625\n", ""), ": has no frequency for CC"),
        (ORDER_0 + "AA 0.1\n", ": has no frequency for AC and 14 more"),
        ("A 0.3\nC x\n", ":2: expected 'kmer probability', found 'C x'"),
        ("A 0.3 C 0.2\n", ":1: expected 'kmer probability', found 'A 0.3 C 0.2'"),
        ("A 0\n", ":1: probability of A is 0; expected one above 0, at most 1"),
        ("A nan\n", ":1: probability of A is nan; expected one above 0"),
        ("A -0.1\n", ":1: probability of A is -0.1; expected one above 0"),
        ("A 30\n", ":1: probability of A is 30; expected one above 0, at most 1"),
        ("Z 0.5\n", ":1: expected 'kmer probability', found 'Z 0.5'"),
        ("A 0.3\na 0.3\n", ":2: a second probability of A"),
        (
            "A 0.3\nC 0.3\nG 0.3\nT 0.3\n",
            ": words of 1 letters have probabilities that sum to 1.2; expected 1",
        ),
        ("", ": has no frequency for A and 3 more"),
        ("ACGTACGTACGT 0.5\n", ": is of order 11; expected 0 to 8"),
    ],
)
def test_background_errors_name_file_and_line(tmp_path, text, message):
    with pytest.raises(FormatError) as caught:
        read_bg(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/b.bg{message}")


# ---- the front door --------------------------------------------------------------------------


def test_tables_name_functions_that_exist_and_what_is_written_can_be_read():
    for reader in MOTIF_READERS.values():
        assert callable(resolve(reader.function))
        assert not reader.sniffer or callable(resolve(reader.sniffer))
    for writer in MOTIF_WRITERS.values():
        assert callable(resolve(writer.function))
    assert set(MOTIF_WRITERS) <= set(MOTIF_READERS)
    suffixes = [suffix for writer in MOTIF_WRITERS.values() for suffix in writer.suffixes]
    assert len(set(suffixes)) == len(suffixes)


def test_formats_are_chosen_by_suffix_and_refused_by_name(tmp_path):
    assert suffix_format("x.jaspar.gz", MOTIF_WRITERS, "meme") == "jaspar"
    assert suffix_format("-", MOTIF_WRITERS, "meme") == "meme"
    with pytest.raises(UsageError, match="'xls' is no motif format; expected one of meme"):
        written(MotifSet(()), "xls")
    with pytest.raises(UsageError, match="'xls' is no motif format; expected one of meme"):
        read(tmp_path, f"MEME version 4\nMOTIF m\n{BLOCK}", "xls")


def ones(name, **fields):
    return Pfm(MotifInfo(name, **fields), np.full((5, 4), 3.0))


def test_names_that_no_line_holds_are_mended_in_every_format(tmp_path, caplog):
    bad = ones("a b\nMOTIF\tx", alt_name=" c\n> d ", evalue="1 2", url="http://x\ny", nsites=12.0)
    for name, writer in MOTIF_WRITERS.items():
        (motif,) = read(tmp_path, written(MotifSet((bad,)), name)).motifs
        if name != "pfm":
            assert motif.info.name == "a_b_MOTIF_x"
        if "alt_name" in writer.holds:
            assert motif.info.alt_name == ("c_>_d" if name == "meme" else "c > d")
        if "url" in writer.holds:
            assert (motif.info.url, motif.info.evalue) == ("http://xy", "12")
    assert {r.getMessage() for r in caplog.records} == {"output: blanks in motif names become underscores"}
    (motif,) = read(tmp_path, written(MotifSet((ones(" "),)), "jaspar")).motifs
    assert motif.info.name == "motif"


def test_two_motifs_of_one_name_are_not_written():
    with pytest.raises(SeqnetError, match="two motifs are named 'a'; a motif file needs names that differ"):
        written(MotifSet((ones("a"), ones("b"), ones("a"))), "meme")


def test_scores_need_the_background_of_their_file():
    other = Background(np.array([0.3, 0.2, 0.2, 0.3]))
    scores = np.zeros((2, 4))
    mixed = MotifSet((Pssm(MotifInfo("a"), scores, UNIFORM), Pssm(MotifInfo("b"), scores, other)))
    alone = MotifSet(mixed.motifs[1:], UNIFORM)
    for motif_format in ("meme", "tsv", "json"):
        for motifs in (mixed, alone):
            with pytest.raises(SeqnetError, match="b was scored against another background than the file's"):
                written(motifs, motif_format)


def test_scores_without_probabilities_are_refused_where_there_is_room_for_neither():
    alone = MotifSet((Pssm(MotifInfo("a"), np.zeros((2, 4)), UNIFORM),))
    for name, writer in MOTIF_WRITERS.items():
        if "scores" in writer.holds:
            assert b"0.0" in written(alone, name)
            continue
        with pytest.raises(
            SeqnetError, match=f"cannot write {name}: a holds scores without the probabilities"
        ):
            written(alone, name)


def test_counts_that_look_like_probabilities_are_said_where_they_will_read_as_such(tmp_path, caplog):
    single = MotifSet((Pfm(MotifInfo("one", nsites=1.0), np.eye(4)[[0, 1, 3]]),))
    for name in MOTIF_WRITERS:
        caplog.clear()
        (motif,) = read(tmp_path, written(single, name)).motifs
        said = "counts of one sum to about 1; this format will hold them as probabilities" in caplog.text
        assert said == (isinstance(motif, Ppm) and "counts" in MOTIF_WRITERS[name].holds)
        assert said == (name in ("transfac", "cluster-buster", "pfm"))


def test_what_a_format_loses_is_named():
    order_1 = Background(np.array([0.3, 0.2, 0.2, 0.3]), "x", (np.full(16, 1 / 16),))
    uneven = Pfm(
        MotifInfo("m", "alt", 9.5, "1e-9", "http://x", 3.0), np.array([[1.0, 2, 3, 4], [0, 0, 0, 7]])
    )
    assert lost_in(MotifSet((uneven,), order_1), "meme") == ["counts", "threshold", "background order"]
    assert lost_in(MotifSet((uneven,), order_1), "jaspar") == [
        "nsites", "evalue", "url", "threshold", "background", "background order",
    ]  # fmt: skip
    assert lost_in(MotifSet((uneven,), UNIFORM), "json") == []
    assert "background" not in lost_in(
        MotifSet((uneven,), UNIFORM), "jaspar"
    )  # a file without one is uniform
    even = Pfm(MotifInfo("m", nsites=7.0), np.array([[1.0, 2, 3, 1], [0, 0, 0, 7]]))
    assert lost_in(MotifSet((even,)), "meme") == []
    assert lost_in(MotifSet((even,)), "jaspar") == []
    assert lost_in(MotifSet((even,)), "cis-bp") == ["nsites", "counts"]
    pssm = Pssm(MotifInfo("m"), np.zeros((1, 4)), UNIFORM)
    assert lost_in(MotifSet((pssm,)), "homer") == ["scores"]
