"""What steps read in common: regions, windows around them, sequences."""

import logging

import pytest

from seqnet.errors import SeqnetError
from seqnet.formats.regions.bed import read_bed
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import Genome
from seqnet.pipeline.inputs.genome import note_skipped, read_records, windows_inside

GENOME = Genome({"c": encode_text("A" * 100)}, "g.fa")


def test_windows_past_a_contig_end_are_skipped_and_noted(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    (tmp_path / "r.bed").write_text("c\t0\t10\nc\t40\t50\nc\t90\t100\n")
    regions = read_bed(str(tmp_path / "r.bed"))
    cut = windows_inside(regions, 30, "midpoint", GENOME)
    assert (cut.intervals.start.tolist(), cut.intervals.end.tolist()) == ([30], [60])
    assert caplog.messages == [
        f"{regions.source}: 2 windows of 30 bases pass a contig's end and were skipped"
    ]
    with pytest.raises(SeqnetError, match=r"r\.bed: no window of 200 bases lies inside g\.fa"):
        windows_inside(regions, 200, "midpoint", GENOME)


def test_windows_of_several_files_are_noted_without_one(caplog):
    caplog.set_level(logging.INFO)
    note_skipped(0, 30)
    note_skipped(3, 30)
    assert caplog.messages == ["3 windows of 30 bases pass a contig's end and were skipped"]


def test_records_are_read_whole(tmp_path):
    (tmp_path / "s.fa").write_text(">a x\nAC\nGT\n>b\nacN\n")
    assert [(name, codes.tolist()) for name, codes in read_records(str(tmp_path / "s.fa"))] == [
        ("a", [0, 1, 2, 3]), ("b", [0, 1, 4]),
    ]  # fmt: skip
    (tmp_path / "twice.fa").write_text(">a\nAC\n>a\nGT\n")
    with pytest.raises(SeqnetError, match=r"twice\.fa:3: a second sequence named 'a'"):
        read_records(str(tmp_path / "twice.fa"))
