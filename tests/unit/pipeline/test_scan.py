"""``seqnet.scan`` from Python: what the command writes, as values."""

import inspect
from pathlib import Path

import numpy as np
import pytest

import seqnet
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.hits.hit_formats import HIT_COLUMNS
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.pipeline.scan.request import ScanRequest

MOTIF = (
    "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF gat a\nletter-probability matrix: alength= 4 w= 4 nsites= 20\n"
    "0.05 0.05 0.85 0.05\n0.85 0.05 0.05 0.05\n0.05 0.05 0.05 0.85\n0.85 0.05 0.05 0.05\n"
)
SEQUENCES = ">one\nCCGATACCCTATCC\n>two\nCCCCCC\n>three\nGATAGATA\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "m.meme").write_text(MOTIF)
    (tmp_path / "s.fa").write_text(SEQUENCES)
    return tmp_path


def test_hits_are_those_of_the_file_and_nothing_is_printed(files, capfd):
    hits = seqnet.scan(files / "m.meme", files / "s.fa", score=4, q_column=True).hits
    places = list(zip(hits.chrom, hits.start.tolist(), hits.strand, hits.matched, strict=True))
    assert places == [
        ("one", 2, "+", "GATA"), ("one", 9, "-", "GATA"), ("three", 0, "+", "GATA"), ("three", 4, "+", "GATA"),
    ]  # fmt: skip
    result = seqnet.scan(files / "m.meme", files / "s.fa", output=files / "hits.bed", score=4, q_column=True)
    assert result.hits is None
    assert result.counts == {"gat": 4}
    rows = [line.split("\t") for line in (files / "hits.bed").read_text().splitlines() if line[0] != "#"]
    for number, name in enumerate(HIT_COLUMNS):
        kind = type(getattr(hits, name).tolist()[0])
        assert getattr(hits, name).tolist() == [kind(row[number]) for row in rows]
    assert len(hits) == 4
    assert list(hits.columns()) == list(HIT_COLUMNS)
    assert next(hits.rows())[:3] == ("one", 2, 6)
    assert capfd.readouterr() == ("", "")


def test_motifs_may_be_values_and_chosen_by_name(files):
    motifs = read_motifs(str(files / "m.meme"))
    by_value = seqnet.scan(motifs, files / "s.fa", score=4).hits
    by_path = seqnet.scan(files / "m.meme", files / "s.fa", score=4).hits
    assert repr(list(by_value.rows())) == repr(list(by_path.rows()))  # NaN equals nothing
    with pytest.raises(SeqnetError, match="no motif is named x"):
        seqnet.scan(motifs, files / "s.fa", motif_names=["x"])


def test_no_hit_is_a_table_without_rows(files):
    hits = seqnet.scan(files / "m.meme", files / "s.fa", score=100).hits
    assert len(hits) == 0
    assert hits.start.dtype == np.int64
    assert hits.log_odds.dtype == np.float64


def test_the_best_site_of_each_sequence(files):
    best = seqnet.scan(files / "m.meme", files / "s.fa", per_sequence=True, score=4).best
    assert best.name.tolist() == ["one", "two", "three"]
    assert best.best_start.tolist() == [2, best.best_start[1], 0]
    assert best.hits.tolist() == [2, 0, 2]
    assert (
        seqnet.scan(files / "m.meme", files / "s.fa", per_sequence=True, output=files / "b.tsv").best is None
    )


def test_a_track_is_named_in_the_result(files):
    result = seqnet.scan(files / "m.meme", files / "s.fa", track=files / "{motif}.bw")
    assert result.tracks == (str(files / "gat.bw"),)
    assert Path(result.tracks[0]).stat().st_size > 0


def test_fields_that_contradict_each_other_are_refused_at_once():
    with pytest.raises(UsageError, match="--p-value and --score exclude each other"):
        seqnet.scan("missing.meme", "missing.fa", p_value=1e-3, score=5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'pvalue'"):
        seqnet.scan("missing.meme", "missing.fa", pvalue=1e-3)


def test_the_signature_is_that_of_the_request():
    assert list(inspect.signature(seqnet.scan).parameters) == list(inspect.signature(ScanRequest).parameters)
    assert "Examples" in seqnet.scan.__doc__
