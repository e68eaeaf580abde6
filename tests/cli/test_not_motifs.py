"""Files that are no motifs, though their numbers could be a matrix, are refused by what they are."""

import pytest

from seqnet.errors import FormatError
from seqnet.formats.files.sniff import kind_of
from seqnet.formats.motifs.any_format import read_motifs
from tests.running import run_seqnet

BACKGROUND = "# order 0\nA 0.3\nC 0.2\nG 0.2\nT 0.3\n"
OTHERS = {
    "background": [
        BACKGROUND,
        "a\t3.0e-01\nc\t0.2\ng\t0.2\nu\t0.3\n",
        "T 0.25\nG 0.25\nC 0.25\nA 0.25\n",
        BACKGROUND + "".join(f"{a}{b} 0.0625\n" for a in "ACGT" for b in "ACGT"),
    ],
    "regions": [
        "1\t100\t200\n1\t300\t500\n1\t600\t700\n2\t10\t30\n",
        "".join(f"{c}\t{s}\t{s + 50}\t{s % 7}\n" for c in (1, 2) for s in range(100, 1000, 100)),
        "1\t100000000\t100000200\t0.5\n1\t100000300\t100000500\t0.25\n1\t100000600\t100000700\t7\n",
        "5\t1200\t1400\t17\n",
        "1\t100\t300\n2\t100\t200\n",
        "1\t10\t20\n2\t10\t20\n3\t10\t20\n4\t10\t20\n5\t10\t20\n",
        "".join(f"{c}\t{s}\t{s + 50}\t{s % 7}\n" for c in (2, 1, 2) for s in (300, 100, 500, 200)),
    ],
    "contig sizes": [
        "1\t248956422\n2\t242193529\n3\t198295559\n4\t190214555\n",
        "1\t248956422\t6\t60\t61\n2\t242193529\t253105708\t60\t61\n"
        "3\t198295559\t499335808\t60\t61\n4\t190214555\t700936299\t60\t61\n",
        "chr1\t1000\nchr2\t900\n",
        "1\t1000\n2\t900\n",
    ],
}
NAMES = {
    "background": "a background",
    "regions": "regions",
    "contig sizes": "names and lengths of contigs",
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in OTHERS.items() for text in texts])
def test_other_tables_are_recognised_and_refused_as_motifs(tmp_path, kind, text):
    path = tmp_path / "file.txt"
    path.write_text(text)
    assert kind_of(str(path)) == kind
    with pytest.raises(FormatError) as caught:
        read_motifs(str(path))
    assert str(caught.value).startswith(f"{path}: holds no motif")
    assert f"(the file holds {NAMES[kind]}, not motifs" in str(caught.value)
    assert ("--motif-format" in str(caught.value)) == (not text.startswith("chr1"))


@pytest.mark.parametrize(
    "text",
    [
        "10 2 3 5\n1 12 2 5\n3 3 4 10\n0 18 1 1\n5 5 5 5\n",
        "A 10 0 3\nC 5 1 3\nG 3 17 3\nT 2 2 11\n",
        "A 10\nC 5\nG 3\nT 2\n",
        "0 1 2 17\n1 2 3 14\n2 3 4 11\n3 4 5 8\n4 5 6 6\n".replace("0 1 2 17", "20 0 0 0"),
        "1 5 9 13 17\n2 6 10 14 18\n3 7 11 15 19\n4 8 12 16 20\n",
        "10 20 30\n40 50 60\n20 10 5\n30 20 5\n",
        "0.25 0.25 0.25 0.25\n0.1 0.2 0.3 0.4\n",
    ],
)
def test_matrices_of_numbers_are_still_motifs(tmp_path, text):
    path = tmp_path / "m.txt"
    path.write_text(text)
    assert len(read_motifs(str(path)).motifs) == 1
    assert kind_of(str(path)) == "motifs"


def test_a_background_is_a_matrix_only_when_its_format_is_named(tmp_path):
    path = tmp_path / "bg.txt"
    path.write_text(BACKGROUND)
    (tmp_path / "s.fa").write_text(">s\nACGTACGT\n")
    for line in (("convert", path), ("scan", path, tmp_path / "s.fa")):
        refused = run_seqnet(*line)
        assert refused.code == 1
        assert refused.err.count("\n") == 1
        assert "holds a background" in refused.err
    assert run_seqnet("convert", path, "--motif-format", "pfm-rows").code == 0
    shown = run_seqnet("show", path).out.decode()
    assert shown.startswith("kind\tbackground\norder\t0\n")


@pytest.mark.parametrize("number", ["9" * 5000, "\u00b2"])
def test_numbers_that_python_does_not_read_are_no_crash(tmp_path, number):
    path = tmp_path / "file.bed"
    for text in (f"1\t5\t{number}\n2\t7\t{number}\n", f"1\t{number}\t{number}\n", f"a\t3\t0\t60\t{number}\n"):
        path.write_text(text)
        with pytest.raises(FormatError):
            read_motifs(str(path))
