"""Motifs that are wider than every sequence."""

import pytest

MOTIFS = (
    ">wide\nA [ 9 1 9 1 9 ]\nC [ 1 1 1 1 1 ]\nG [ 1 9 1 1 1 ]\nT [ 1 1 1 9 1 ]\n"
    ">wider\nA [ 9 1 9 1 9 1 ]\nC [ 1 1 1 1 1 1 ]\nG [ 1 9 1 1 1 1 ]\nT [ 1 1 1 9 1 9 ]\n"
    ">narrow\nA [ 90 1 ]\nC [ 1 1 ]\nG [ 1 90 ]\nT [ 1 1 ]\n"
)
WARNING = "wide (5 columns) and 1 more are wider than every sequence (4 bases at most): there is no window"


@pytest.fixture
def files(tmp_path, monkeypatch):
    (tmp_path / "m.jaspar").write_text(MOTIFS)
    (tmp_path / "s.fa").write_text(">a\nAGAT\n>b\nAG\n")
    (tmp_path / "r.bed").write_text("a\t0\t4\nb\t0\t2\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "m.jaspar s.fa --p-value .1",
        "m.jaspar --p-value .1",
        "m.jaspar --genome s.fa --regions r.bed --p-value .1",
        "m.jaspar s.fa --per-sequence",
        "m.jaspar s.fa --per-sequence --matrix",
        "m.jaspar --genome s.fa --track t.bw --motif narrow --motif wide --motif wider --track-max",
    ],
)
def test_they_are_named_in_a_warning(run, files, line):
    finished = run(
        "scan", *line.split(), stdin=(files / "s.fa").read_bytes() if line.count("s.fa") == 0 else b""
    )
    assert finished.code == 0, finished.err
    assert finished.err.count("wider than every sequence") == 1
    assert WARNING in finished.err


def test_one_sequence_with_room_is_enough(run, files):
    (files / "long.fa").write_text(">a\nAGAT\n>b\nAGATAG\n")
    for line in ("m.jaspar long.fa --p-value .1", "m.jaspar long.fa --per-sequence"):
        assert "wider than" not in run("scan", *line.split()).err
