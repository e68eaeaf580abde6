"""``seqnet.enrich``, ``seqnet.compare`` and ``seqnet.logo`` from Python: what the commands write, as values."""

import math

import pytest

import seqnet
from seqnet.errors import UsageError
from seqnet.formats.motifs.any_format import read_motifs

MOTIF = (
    "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF gat a\nletter-probability matrix: alength= 4 w= 4 nsites= 20\n"
    "0.05 0.05 0.85 0.05\n0.85 0.05 0.05 0.05\n0.05 0.05 0.05 0.85\n0.85 0.05 0.05 0.05\n"
)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "m.meme").write_text(MOTIF)
    (tmp_path / "pos.fa").write_text(">a\nCCGATACC\n>b\nCCTATCCC\n>c\nGATACCCC\n>d\nCCCCCCCC\n")
    (tmp_path / "neg.fa").write_text(">e\nCCCCCCCC\n>f\nCCCCCGCC\n>g\nGCCCCCCC\n>h\nGAT\n")
    return tmp_path


def cells(path):
    return [line.split("\t") for line in path.read_text().splitlines() if line[0] != "#"]


def test_enrichment_is_that_of_the_file_and_nothing_is_printed(files, capfd):
    call = {"against": files / "neg.fa", "score": 4}
    result = seqnet.enrich(files / "m.meme", files / "pos.fa", **call)
    table = result.table
    assert next(table.rows())[:6] == ("gat", "a", 4, 3, 4, 0)
    assert table.p_value[0] == pytest.approx(4 / math.comb(8, 3))  # all three hits among the positives
    assert result.windowless == {"gat": 1}
    written = seqnet.enrich(files / "m.meme", files / "pos.fa", output=files / "e.tsv", **call)
    assert written.table is None
    assert written.windowless == result.windowless
    (row,) = cells(files / "e.tsv")
    assert row[2:6] == ["4", "3", "4", "0"]
    assert float(row[8]) == table.p_value[0]
    assert capfd.readouterr() == ("", "")


def test_enrichment_takes_motifs_as_values(files):
    motifs = read_motifs(str(files / "m.meme"))
    table = seqnet.enrich(motifs, files / "pos.fa", files / "neg.fa", score=4).table
    assert table.hits_pos.tolist() == [3]


def test_sets_that_contradict_each_other_are_refused():
    with pytest.raises(UsageError, match="--p-value and --score exclude each other"):
        seqnet.enrich("m.meme", "p.fa", "n.fa", p_value=0.1, score=3)
    with pytest.raises(UsageError, match="--against gc draws windows of --genome"):
        seqnet.enrich("m.meme", "p.fa", against="gc")


def test_matches_are_those_of_the_file_and_nothing_is_printed(files, capfd):
    result = seqnet.compare(files / "m.meme", read_motifs(str(files / "m.meme")), q_value=1)
    ((query, target, alt_name, offset, orientation, overlap, *_),) = result.table.rows()
    assert (query, target, alt_name, offset, orientation, overlap) == ("gat", "gat", "a", 0, "+", 4)
    assert result.table.score[0] == pytest.approx(4)  # each of four columns correlates fully with itself
    assert result.matches == 1
    written = seqnet.compare(files / "m.meme", files / "m.meme", files / "c.tsv", q_value=1)
    assert (written.table, written.matches) == (None, 1)
    ((*names, _, _, _, score, _, _, q_value),) = cells(files / "c.tsv")
    assert names == ["gat", "gat", "a"]
    assert float(score) == pytest.approx(result.table.score[0])
    assert float(q_value) == pytest.approx(result.table.q_value[0], rel=1e-5)
    assert capfd.readouterr() == ("", "")


def test_no_match_is_a_table_without_rows(files):
    assert len(seqnet.compare(files / "m.meme", files / "m.meme", q_value=0).table) == 0
    with pytest.raises(UsageError, match="cannot both come from stdin"):
        seqnet.compare("-")


def test_a_logo_is_that_of_the_file_and_nothing_is_printed(files, capfd):
    drawn = seqnet.logo(files / "m.meme")
    written = seqnet.logo(read_motifs(str(files / "m.meme")), files / "logo.svg")
    assert (written.svg, written.motifs) == (None, ("gat",))
    assert drawn.svg == (files / "logo.svg").read_text()
    assert drawn.svg.lstrip().startswith("<?xml")
    with pytest.raises(UsageError, match=r"pictures are \.svg, \.png or \.pdf"):
        seqnet.logo("missing.meme", "logo.jpg")
    assert capfd.readouterr() == ("", "")
