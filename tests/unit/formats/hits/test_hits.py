import io

import numpy as np

import seqnet.formats.hits.bed_hits as hits_module
from seqnet.formats.hits.bed_hits import (
    HIT_COLUMNS,
    HitText,
    block_lines,
    column_line,
    write_best_sites,
    write_hits,
)
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import SequenceBlock
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.matrix import MotifInfo, Pssm
from seqnet.motifs.scan import best_sites, make_scanner, scan_blocks


def scanner_of(word, name, alt=""):
    scores = np.full((len(word), 4), -1.0)
    scores[np.arange(len(word)), encode_text(word)] = 1.0
    return make_scanner(Pssm(MotifInfo(name, alt), scores, UNIFORM), score=float(len(word)))


def test_hits_are_bed_lines_with_the_matched_word_as_its_strand_reads():
    scanners = [scanner_of("ACCG", "m1", "ALT"), scanner_of("GG", "m2")]
    block = SequenceBlock("chr1", 100, encode_text("TTACCGNCGGTA"), last=True)
    buffer = io.BytesIO()
    (found,) = scan_blocks([block], scanners)
    assert write_hits(buffer, found, scanners, shift=1000) == 4
    rows = [line.split("\t") for line in buffer.getvalue().decode().splitlines()]
    assert all(len(row) == len(HIT_COLUMNS) for row in rows)
    assert [(*row[:4], *row[5:7], *row[9:]) for row in rows] == [
        ("chr1", "1102", "1106", "m1", "+", "4.000000", "ACCG", "ALT"),
        ("chr1", "1103", "1105", "m2", "-", "2.000000", "GG", "."),
        ("chr1", "1107", "1111", "m1", "-", "4.000000", "ACCG", "ALT"),
        ("chr1", "1108", "1110", "m2", "+", "2.000000", "GG", "."),
    ]
    # P of one word in 4**4 and 4**2; the score column is -100 log10 p, at most 1000
    assert [(float(row[7]), row[4]) for row in rows] == [
        (0.00390625, "241"), (0.0625, "120"), (0.00390625, "241"), (0.0625, "120"),
    ]  # fmt: skip


def test_lines_do_not_depend_on_how_many_are_made_at_a_time(monkeypatch):
    scanners = [scanner_of("ACCG", "m1", "ALT"), scanner_of("GG", "\udcff"), scanner_of("C", "m1")]
    block = SequenceBlock("c\udcfe", 7, encode_text("TTACCGNCGGTA"), last=True)
    (found,) = scan_blocks([block], scanners)
    text = HitText(scanners)
    whole = b"".join(text.pieces(found))
    assert text.counts(found) == {"m1": 8, "\udcff": 2}
    assert text.lines(found) == whole.decode("utf-8", "surrogateescape").splitlines()
    assert block_lines(found, scanners) == text.lines(found)
    monkeypatch.setattr(hits_module, "PIECE", 3)
    pieces = list(text.pieces(found))
    assert [piece.count(b"\n") for piece in pieces] == [3, 3, 3, 1]
    assert b"".join(pieces) == whole


def test_no_hits_are_no_lines():
    (found,) = scan_blocks([SequenceBlock("c", 0, encode_text("TTTT"), last=True)], [scanner_of("GG", "m")])
    buffer = io.BytesIO()
    assert write_hits(buffer, found, [scanner_of("GG", "m")]) == 0
    assert buffer.getvalue() == b""


def test_best_sites_are_rows_with_dots_where_there_is_none():
    scanner = scanner_of("ACCG", "m1")
    buffer = io.BytesIO()
    records = [encode_text("TTACCGTT"), encode_text("NN")]
    write_best_sites(buffer, ["a", "b"], scanner, best_sites(records, scanner))
    assert buffer.getvalue().decode() == "a\tm1\t4.000000\t2\t+\t1\nb\tm1\t.\t.\t.\t0\n"
    assert column_line(("a", "b")) == "#a\tb\n"
