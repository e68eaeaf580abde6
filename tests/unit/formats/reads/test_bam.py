import gzip
import os
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.errors import FormatError
from seqnet.formats.files.opening import open_raw
from seqnet.formats.reads.bam import alignment_kind, open_bam

CONTIGS = {"chr2": 3000, "chr1": 500}
OPERATIONS = "MIDNSHP=X"


def write_bam(path, reads, *, order="unsorted", mode="wb", reference=None):
    """Write reads (name, flag, contig number, start, quality, CIGAR, template) with pysam."""
    header = {"HD": {"VN": "1.6", "SO": order}, "SQ": [{"SN": n, "LN": ln} for n, ln in CONTIGS.items()]}
    with pysam.AlignmentFile(str(path), mode, header=header, reference_filename=reference) as file:
        for name, flag, contig, start, quality, cigar, template in reads:
            read = pysam.AlignedSegment(file.header)
            bases = sum(n for op, n in cigar if op in (0, 1, 4, 7, 8))
            read.query_name, read.flag, read.mapping_quality = name, flag, quality
            read.reference_id, read.reference_start, read.cigartuples = contig, start, cigar or None
            read.query_sequence = "A" * bases
            read.next_reference_id, read.next_reference_start, read.template_length = contig, start, template
            file.write(read)


def read_all(path, **options):
    with open_raw(str(path)) as stream, open_bam(stream, str(path), **options) as bam:
        return bam, list(bam.batches)


cigars = st.lists(st.tuples(st.sampled_from([0, 1, 2, 3, 4, 7, 8]), st.integers(1, 30)), max_size=6)
cigars = cigars.filter(lambda cigar: [op for op, _ in cigar] != [4, 3])  # a placeholder, refused
reads = st.tuples(
    st.text("ab:/1", min_size=1, max_size=9), st.integers(0, 4095), st.integers(0, 1), st.integers(0, 300),
    st.integers(0, 255), cigars, st.integers(-400, 400),
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(reads, min_size=1, max_size=20), st.sampled_from([1, 3]))
def test_reads_are_what_pysam_reads(tmp_path, rows, threads):
    path = tmp_path / "x.bam"
    write_bam(path, rows)
    bam, (found,) = read_all(path, with_names=True, threads=threads)
    assert bam.lengths == CONTIGS
    assert not bam.is_sorted
    with pysam.AlignmentFile(str(path), check_sq=False) as file:
        expected = list(file.fetch(until_eof=True))
    assert found.names == [read.query_name.encode() for read in expected]
    assert found.contig.tolist() == [read.reference_id for read in expected]
    assert found.start.tolist() == [read.reference_start for read in expected]
    assert found.flag.tolist() == [read.flag for read in expected]
    assert found.quality.tolist() == [read.mapping_quality for read in expected]
    assert found.template.tolist() == [read.template_length for read in expected]
    assert found.strand.tolist() == [-1 if read.is_reverse else 1 for read in expected]
    for row, read in enumerate(expected):
        on_reference = sum(n for op, n in read.cigartuples or () if op in (0, 2, 3, 7, 8))
        assert found.end[row] == read.reference_start + on_reference
        here = found.block_row == row
        covered = [
            set(range(s, e)) for s, e in zip(found.block_start[here], found.block_end[here], strict=True)
        ]
        assert sorted(b for block in covered for b in block) == matched(read)


def matched(read):
    """Bases of M, = and X, walked operation by operation."""
    at, bases = read.reference_start, []
    for op, length in read.cigartuples or ():
        if op in (0, 7, 8):
            bases += range(at, at + length)
        if op in (0, 2, 3, 7, 8):
            at += length
    return bases


def test_reads_across_pieces_and_order(tmp_path, monkeypatch):
    path = tmp_path / "x.bam"
    write_bam(path, [(f"r{i}", 0, 0, i, 30, [(0, 50)], 0) for i in range(2500)], order="coordinate")
    monkeypatch.setattr("seqnet.formats.reads.bam._CHUNK", 5000)
    bam, batches = read_all(path)
    assert bam.is_sorted
    assert len(batches) > 3
    assert np.concatenate([batch.start for batch in batches]).tolist() == list(range(2500))


def test_cram_is_read_with_its_reference(tmp_path):
    fasta = tmp_path / "g.fa"
    fasta.write_text("".join(f">{name}\n{'A' * length}\n" for name, length in CONTIGS.items()))
    path = tmp_path / "x.cram"
    rows = [("a", 0, 0, 5, 30, [(0, 20), (2, 3), (0, 10)], 0), ("b", 16, 1, 7, 40, [(0, 9)], 0)]
    write_bam(path, rows, mode="wc", reference=str(fasta))
    bam, (found,) = read_all(path, reference=str(fasta))
    assert bam.lengths == CONTIGS
    assert found.end.tolist() == [38, 16]
    with path.open("rb") as stream:
        assert read_all(f"/dev/fd/{stream.fileno()}", reference=str(fasta))[0].lengths == CONTIGS
    os.mkfifo(tmp_path / "fifo")
    with ThreadPoolExecutor() as pool:
        pool.submit((tmp_path / "fifo").write_bytes, path.read_bytes())
        assert read_all(tmp_path / "fifo", reference=str(fasta))[0].lengths == CONTIGS
    with pytest.raises(FormatError, match="is CRAM; give the genome's FASTA with --genome"):
        read_all(path)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(FormatError, match=r"x\.cram: "):
        read_all(path, reference=str(fasta))


def damaged(tmp_path, edit):
    """A BAM file whose decompressed bytes were edited."""
    from Bio import bgzf

    path = tmp_path / "x.bam"
    write_bam(path, [("name", 0, 0, 5, 30, [(0, 20)], 0)])
    data = bytearray(gzip.decompress(path.read_bytes()))
    text = struct.unpack_from("<i", data, 4)[0]
    edit(data, 8 + text + 4 + 2 * 8 + 2 * len("chr1\0"))
    with bgzf.BgzfWriter(str(path), "wb") as stream:
        stream.write(bytes(data))
    return path


def put(at, data):
    def edit(buffer, record):
        buffer[record + at : record + at + len(data)] = data

    return edit


def i4(number):
    return struct.pack("<i", number)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (put(0, i4(7)), "read 1 is said to have 7 bytes"),
        (put(0, i4(-1)), "read 1 is said to have -1 bytes"),
        (put(4, i4(2)), "read 1 has a contig that the header lacks"),
        (put(4, i4(-2)), "read 1 has a contig that the header lacks"),
        (put(8, i4(3000)), "read 1 starts outside its contig"),
        (put(8, i4(-5)), "read 1 starts outside its contig"),
        (put(16, b"\xff\xff"), "read 1 has parts that do not fit into it"),
        (put(20, i4(-3)), "read 1 has parts that do not fit into it"),
        (put(12, b"\0"), "read 1 has parts that do not fit into it"),
        (put(41, b"\x4f\1\0\0"), "read 1 has a CIGAR with unknown operations"),
        (lambda data, _: data.pop(), "ends in the middle of read 1"),
        (lambda data, _: data.__setitem__(slice(0, 4), b"BAM\2"), "is neither BAM nor CRAM"),
        (lambda data, _: data.__setitem__(slice(4, 8), i4(-1)), "gives -1 for the length of its text"),
        (lambda data, _: data.__delitem__(slice(30, None)), "ends in the middle of its header"),
    ],
)
def test_damaged_records_are_named(tmp_path, edit, message):
    with pytest.raises(FormatError, match=rf"x\.bam: .*{message}"):
        read_all(damaged(tmp_path, edit))


def test_files_that_are_cut_off_or_no_bam(tmp_path):
    path = tmp_path / "x.bam"
    write_bam(path, [("name", 0, 0, 5, 30, [(0, 20)], 0)])
    whole = path.read_bytes()
    for data, message in (
        (whole[:-28], "has no end-of-file block: it was cut off"),
        (whole[:-30], "ends in the middle of its compressed data"),
        (whole[:5], "is not made of whole BGZF blocks"),
        (whole[:60] + b"x" + whole[61:], "damaged compressed file"),
    ):
        path.write_bytes(data)
        with pytest.raises(FormatError, match=message):
            read_all(path)


def test_sam_is_read_as_its_bam(tmp_path):
    rows = [("a", 0, 0, 5, 30, [(0, 20)], 0), ("b", 99, 1, 7, 60, [(0, 9), (3, 40), (0, 11)], 80)]
    write_bam(tmp_path / "x.bam", rows)
    write_bam(tmp_path / "x.sam", rows, mode="wh")
    (tmp_path / "x.sam.gz").write_bytes(gzip.compress((tmp_path / "x.sam").read_bytes()))
    (expected,) = read_all(tmp_path / "x.bam", with_names=True)[1]
    for name in ("x.sam", "x.sam.gz"):
        bam, (found,) = read_all(tmp_path / name, with_names=True)
        assert bam.lengths == CONTIGS
        for one, other in zip(vars(found).values(), vars(expected).values(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_damaged_sam_is_an_error(tmp_path):
    path = tmp_path / "x.sam"
    write_bam(path, [("a", 0, 0, 5, 30, [(0, 20)], 0)], mode="wh")
    path.write_text(path.read_text().replace("20M", "20Y"))
    with pytest.raises(FormatError, match=f"^{path}: "):
        read_all(path)


def test_what_looks_like_bam(tmp_path):
    path = tmp_path / "x.bam"
    write_bam(path, [("name", 0, 0, 5, 30, [(0, 20)], 0)])
    assert alignment_kind(path.read_bytes()[:1000]) == "BAM"
    assert alignment_kind(b"CRAM\3\0") == "CRAM"
    assert alignment_kind(b"@HD\tVN:1.6\n") == alignment_kind(gzip.compress(b"@SQ\tSN:chr1\n")) == "SAM"
    assert alignment_kind(gzip.compress(b"chr1\t0\t5\n")) is None
    assert alignment_kind(b"\x1f\x8b\x08\x04 nonsense that is no gzip at all") is None
    assert alignment_kind(b"chr1\t0\t5\n") is None


def test_an_operation_list_that_stands_elsewhere_is_refused(tmp_path):
    path = tmp_path / "x.bam"
    write_bam(path, [("name", 0, 0, 5, 30, [(4, 20), (3, 40)], 0)])
    with pytest.raises(FormatError, match="CIGAR of more than 65535 operations"):
        read_all(path)
