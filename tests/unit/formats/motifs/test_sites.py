import io

import numpy as np
import pytest
from Bio import AlignIO
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import FormatError
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.motifs.sites import SITE_FORMATS, AlignedSites, read_sites, read_weights
from seqnet.motifs.matrix import MotifInfo
from seqnet.motifs.sites import count_sites


def saved(tmp_path, text):
    path = tmp_path / "s.txt"
    path.write_bytes(text.encode())
    return str(path)


def words(sites: AlignedSites):
    return [row.tobytes().decode() for row in sites.letters]


CLUSTAL = "CLUSTAL 2.1 multiple sequence alignment\n\n\na      ACG-\nb      ATGN\n       * * \n"
STOCKHOLM = "# STOCKHOLM 1.0\n#=GF ID x\na      ACG-\nb      ATGN\n#=GC x     ....\n//\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ACG-\nATGN\n", ["ACG-", "ATGN"]),
        (">a\nACG-\n>b second\nAT\nGN\n", ["a", "b"]),
        ("# c\n\nACG- \r\nATGN\r\n", ["ACG-", "ATGN"]),
        ("# c\n;d\n>a\nA C G -\n>\nATGN", ["a", "ATGN"]),
        ("\ufeffACG-\nATGN", ["ACG-", "ATGN"]),
        (CLUSTAL, ["a", "b"]),
        (CLUSTAL.replace("CLUSTAL 2.1", "MUSCLE (3.8)"), ["a", "b"]),
        (STOCKHOLM, ["a", "b"]),
    ],
    ids=["lines", "FASTA", "comments, CRLF", "comments in FASTA", "BOM", "Clustal", "MUSCLE", "Stockholm"],
)
def test_sites_are_recognised_by_content(tmp_path, text, names):
    sites = read_sites(saved(tmp_path, text))
    assert words(sites) == ["ACG-", "ATGN"]
    assert sites.names == names
    assert sites.source == str(tmp_path / "s.txt")
    assert sites.letters.dtype == np.uint8


record_names = st.lists(st.text("abXY019_|.-", min_size=1, max_size=12), min_size=1, max_size=5, unique=True)


@given(record_names, st.data(), st.sampled_from(["clustal", "stockholm"]))
def test_alignments_of_several_blocks_read_as_biopython_wrote_them(tmp_path, names, data, kind):
    from Bio.Align import MultipleSeqAlignment
    from Bio.Seq import Seq
    from Bio.SeqRecord import SeqRecord

    width = data.draw(st.integers(1, 120))
    rows = [data.draw(st.text("ACGTacgtRYN-", min_size=width, max_size=width)) for _ in names]
    records = [SeqRecord(Seq(row), name, description="") for name, row in zip(names, rows, strict=True)]
    buffer = io.StringIO()
    AlignIO.write(MultipleSeqAlignment(records), buffer, kind)
    sites = read_sites(saved(tmp_path, buffer.getvalue()))
    assert words(sites) == rows
    assert sites.names == names


def test_case_is_kept(tmp_path):
    assert words(read_sites(saved(tmp_path, "ACG\nacT\n"))) == ["ACG", "acT"]


JASPAR_SITES = ">MA1\tX\t1\nacCACGTGtt\n>MA1\tX\t2\nCACGTGa\n>MA1\tX\t3\nttttAACGTG\n"


def test_in_jaspar_sites_only_upper_case_is_the_site(tmp_path):
    path = saved(tmp_path, JASPAR_SITES)
    sites = read_sites(path)
    assert words(sites) == ["CACGTG", "CACGTG", "AACGTG"]
    assert sites.names == ["MA1"] * 3
    # as a motif too, named after its first record
    (motif,) = read_motifs(path).motifs
    assert motif.info == MotifInfo("MA1", nsites=3.0)
    assert motif.counts[0].tolist() == [1, 2, 0, 0]
    assert np.array_equal(motif.counts, count_sites(sites.letters, MotifInfo("x")).pfm.counts)


def test_lower_case_within_sites_of_one_length_is_no_flank(tmp_path):
    text = ">a\nACGt\n>b\nAcGT\n"
    assert words(read_sites(saved(tmp_path, text))) == ["ACGt", "AcGT"]
    with pytest.raises(
        FormatError, match=r"s\.txt:4: 2 upper-case stretches; expected the site alone in upper"
    ):
        read_sites(saved(tmp_path, text), "jaspar-sites")


@pytest.mark.parametrize(
    ("text", "sites_format", "message"),
    [
        ("", None, ": holds no sites"),
        ("\n# c\n", None, ": holds no sites"),
        (">a\n>b\nACG\n", None, ":1: record 'a' holds no site"),
        (">a\nACG\n\n>b\n", None, ":4: record 'b' holds no site"),
        ("ACG\n>a\nACG\n", "fasta", ":1: expected a header '>name', found 'ACG'"),
        ("ACG\nAC\n", None, ":2: site has 2 letters where the first has 3; sites must be aligned"),
        (">a\nACG\n\n>b\nA\nCGT\n", None, ":5: site has 4 letters where the first has 3"),
        (
            "ACG\nAXG\n",
            None,
            ":2: 'X' is not a nucleotide letter; expected one aligned site per line or FASTA",
        ),
        ("ACG\nAéG\n", None, ":2: 'é' is not a nucleotide letter"),
        ("chr1\t5\t9\n", None, ":1: '1' is not a nucleotide letter"),
        (CLUSTAL.replace("ATGN", "ATG"), None, ":5: site has 3 letters where the first has 4"),
        (CLUSTAL.replace("ATGN", "ATGX"), None, ":5: 'X' is not a nucleotide letter"),
        (CLUSTAL.replace("ATGN", "ATGN x"), None, ":5: expected 'name letters', found 'b      ATGN x'"),
        (CLUSTAL.replace("b  ", "a  "), None, ":5: a second row of 'a' in one block"),
        (CLUSTAL.replace("b      ATGN\n", ""), "stockholm", ":1: expected # STOCKHOLM, found 'CLUSTAL 2.1"),
        ("CLUSTAL\n\n\n", None, ": holds no sites"),
        (STOCKHOLM.replace("ATGN", "ATG"), None, ":4: site has 3 letters where the first has 4"),
        (STOCKHOLM.replace("//", ""), None, ":6: ends without //, the end of a Stockholm alignment"),
        (STOCKHOLM + STOCKHOLM, None, ":7: a second alignment; expected one"),
        ("\0ACG\n", None, ":1: is not a text file"),
    ],
)
def test_errors_name_file_and_line(tmp_path, text, sites_format, message):
    with pytest.raises(FormatError) as caught:
        read_sites(saved(tmp_path, text), sites_format)
    assert str(caught.value).startswith(f"{tmp_path}/s.txt{message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("sites_format", SITE_FORMATS)
def test_binary_noise_is_no_sites(tmp_path, sites_format):
    path = tmp_path / "noise"
    for seed in range(20):
        path.write_bytes(np.random.default_rng(seed).integers(1, 255, 300, dtype=np.uint8).tobytes())
        with pytest.raises(FormatError, match="noise") as caught:
            read_sites(str(path), sites_format)
        assert "\n" not in str(caught.value)


def test_sites_without_a_clear_letter_are_no_motif(tmp_path):
    path = saved(tmp_path, ">a\nACGN\n>b\nAC-T\n")
    with pytest.raises(
        FormatError, match=r"s\.txt: no site is left: every one holds a letter other than A C G T"
    ):
        read_motifs(path)


def test_weights_join_sites_by_name(tmp_path):
    sites = AlignedSites(["a", "b"], np.zeros((2, 3), dtype=np.uint8), "s.fa")
    path = tmp_path / "w.tsv"
    path.write_text("# name weight\nb\t0.5\na\t2\nother\t9\n\n")
    assert read_weights(str(path), sites).tolist() == [2, 0.5]
    for text, message in [
        ("a\t1\n", r"w\.tsv: has no weight for 'b' of s\.fa"),
        ("a\t1\na\t1\nb\t1\n", r"w\.tsv:2: a second weight for 'a'"),
        ("a\t-1\nb\t1\n", r"w\.tsv:1: expected 'name<tab>weight', found 'a\\t-1'"),
        ("a 1\nb\t1\n", r"w\.tsv:1: expected 'name<tab>weight', found 'a 1'"),
        ("a\tnan\nb\t1\n", r"w\.tsv:1: expected 'name<tab>weight'"),
        ("a\tinf\nb\t1\n", r"w\.tsv:1: expected 'name<tab>weight'"),
    ]:
        path.write_text(text)
        with pytest.raises(FormatError, match=message):
            read_weights(str(path), sites)
