"""``seqnet.merge_hits`` from Python: the hits that one scan of all sequences gives."""

import pytest

import seqnet
from seqnet.errors import UsageError

MOTIF = (
    "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF gat a\nletter-probability matrix: alength= 4 w= 4 nsites= 20\n"
    "0.05 0.05 0.85 0.05\n0.85 0.05 0.05 0.05\n0.05 0.05 0.05 0.85\n0.85 0.05 0.05 0.05\n"
)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "m.meme").write_text(MOTIF)
    (tmp_path / "s.fa").write_text(">one\nCCGATACCCTATCC\n>two\nGATAGATA\n")
    for name in ("one", "two"):
        fields = {"chroms": (name,), "tests": tmp_path / f"{name}.tsv", "output": tmp_path / f"{name}.bed"}
        seqnet.scan(tmp_path / "m.meme", tmp_path / "s.fa", score=4, **fields)
    return tmp_path


def test_merged_hits_are_those_of_one_scan_and_nothing_is_printed(files, capfd):
    parts = {
        "hits": [str(files / f"{name}.bed") for name in ("one", "two")],
        "tests": [str(files / f"{name}.tsv") for name in ("one", "two")],
    }
    whole = seqnet.scan(files / "m.meme", files / "s.fa", score=4, q_column=True).hits
    merged = seqnet.merge_hits(**parts, q_column=True)
    assert merged.hits.start.tolist() == [2, 9, 0, 4]
    assert list(merged.hits.rows()) == list(whole.rows())
    assert merged.counts == {"gat": 4}
    written = seqnet.merge_hits(**parts, q_column=True, output=files / "all.bed")
    assert written.hits is None
    seqnet.scan(files / "m.meme", files / "s.fa", score=4, q_column=True, output=files / "whole.bed")
    assert (files / "all.bed").read_bytes() == (files / "whole.bed").read_bytes()
    assert capfd.readouterr() == ("", "")


def test_fields_that_contradict_each_other_are_refused():
    with pytest.raises(UsageError, match="--top and --q-value exclude each other"):
        seqnet.merge_hits(("missing.bed",), top=1, q_value=0.1)
