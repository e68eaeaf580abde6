"""The table of formats: every row is found by what its files begin with, and named by one suffix."""

from typing import get_args

import pytest

from seqnet.errors import FormatError
from seqnet.formats import FORMATS, Kind
from seqnet.formats.files.sniff import CALLED, recognised_format
from seqnet.lookup import resolve
from seqnet.pipeline.description.files import DESCRIBERS

STARTS = {
    "bigwig": b"\x26\xfc\x8f\x88\x04\x00", "bigbed": b"\xeb\xf2\x89\x87\x04\x00", "kmer-npz": b"PK\x03\x04\x14",
    "kmer-parquet": b"PAR1\x15", "safetensors": b'\x40\0\0\0\0\0\0\0{"__metadata__":{}}',
    "twobit": b"\x43\x27\x41\x1a\0\0\0\0", "genbank": b"LOCUS       chr1   8 bp    DNA\n",
    "embl": b"ID   chr1; SV 1; linear; DNA; STD; UNC; 8 BP.\n", "bam": b"BAM\1\0\0", "cram": b"CRAM\3\0",
    "sam": b"@HD\tVN:1.6\n@SQ\tSN:c\tLN:9\n", "alignment": b"CLUSTAL W\n\na ACGT\nb ACGA\n",
    "bcf": b"BCF\2\2", "vcf": b"##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\n",
    "kmer-tsv": b"#name\tAA\nr\t1\n", "matrix": b">m\n1 2 3 4\n4 3 2 1\n5 5 5 5\n1 1 1 9\n",
    "fasta": b">chr1\nACGTACGTTTGAC\nACG\n", "sites": b"ACGT\nACGA\n", "background": b"A 0.3\nC 0.2\nG 0.2\nT 0.3\n",
    "patterns-json": b'{"provenance": {"command": "discover"},\n "patterns": []}',
    "evaluation-json": b'{\n "command": "evaluate", "parts": [{"name": "motifs"}]}',
    "training-json": b'{\n "schema_version": 1,\n "kind": "cnn", "architecture": [], "command": "train cnn"}',
    "contig-sizes": b"chr1\t5000\nchr2\t400\n", "bed": b"chr1\t0\t50\tname\n",
}  # fmt: skip


@pytest.mark.parametrize("name", STARTS)
def test_each_format_is_recognised_by_its_beginning(tmp_path, name):
    path = tmp_path / "x"
    path.write_bytes(STARTS[name])
    assert recognised_format(str(path)) == name


def test_rows_are_complete():
    motifs = {name for name, row in FORMATS.items() if row.kind == "motifs"}
    assert set(FORMATS) == set(STARTS) | motifs
    for row in FORMATS.values():
        assert row.help
        assert row.magic or row.binary_sniffer or row.sniffer
        for place in filter(None, (row.binary_sniffer, row.sniffer)):
            assert callable(resolve(place))


def test_every_kind_has_words_and_can_be_described():
    assert set(CALLED) == set(get_args(Kind)) == {*DESCRIBERS, "motifs"}


def test_no_suffix_has_two_meanings():
    suffixes = [suffix.lower() for row in FORMATS.values() for suffix in set(map(str.lower, row.suffixes))]
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.parametrize("content", [b"\x1f\x1f", b"\x1f\n\x1f", b"\x1c", b"\x0b\x0c x"])
def test_a_file_of_control_characters_is_of_no_kind(tmp_path, content):
    """Some of them count as blanks in text and not in bytes."""
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"is empty|is of no kind that seqnet reads"):
        recognised_format(str(path))
