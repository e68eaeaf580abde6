"""2bit, GenBank and EMBL are read as the FASTA they stand for."""

import gzip
import struct

import pytest
from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.errors import FormatError
from seqnet.formats.files.sniff import kind_of
from seqnet.formats.regions.contig_sizes import read_contig_sizes
from seqnet.formats.sequences.fasta import read_sequences
from seqnet.genome.alphabet import decode

CONTIG = b"""LOCUS       NC_000001                400 bp    DNA     linear   CON 01-JAN-2020
DEFINITION  a record that names its parts.
FEATURES             Location/Qualifiers
     source          1..400
CONTIG      join(X1.1:1..400)
//
"""
SEQUENCES = {"chr1": "ACGTNNNNacgtnnGATTACA" * 7, "chr2": "TTTTG", "chr3": "N"}


def runs(sequence, wanted):
    """Return starts and lengths of the stretches of letters that are wanted."""
    starts = [i for i, c in enumerate(sequence) if wanted(c) and not (i and wanted(sequence[i - 1]))]
    ends = [
        i + 1
        for i, c in enumerate(sequence)
        if wanted(c) and not (i + 1 < len(sequence) and wanted(sequence[i + 1]))
    ]
    return starts, [end - start for start, end in zip(starts, ends, strict=True)]


def twobit(sequences, order="<"):
    """Return a 2bit file, written from UCSC's description of the format."""
    at = 16 + sum(5 + len(name) for name in sequences)
    index, body = b"", b""
    for name, sequence in sequences.items():
        index += struct.pack("B", len(name)) + name.encode() + struct.pack(f"{order}I", at + len(body))
        body += struct.pack(f"{order}I", len(sequence))
        for wanted in (lambda c: c in "Nn", str.islower):
            starts, lengths = runs(sequence, wanted)
            body += struct.pack(f"{order}{1 + 2 * len(starts)}I", len(starts), *starts, *lengths)
        codes = ["TCAG".find(base) % 4 for base in sequence.upper().replace("N", "T")]
        codes += [0] * (-len(codes) % 4)
        packed = bytes(64 * a + 16 * b + 4 * c + d for a, b, c, d in zip(*[iter(codes)] * 4, strict=True))
        body += struct.pack(f"{order}I", 0) + packed
    return struct.pack(f"{order}4I", 0x1A412743, 0, len(sequences), 0) + index + body


def text_of(sequences, kind, tmp_path):
    """Return the records in a format of Biopython's writers."""
    records = [
        SeqRecord(Seq(sequence), id=name, name=name, annotations={"molecule_type": "DNA"})
        for name, sequence in sequences.items()
    ]
    path = tmp_path / "written"
    SeqIO.write(records, path, kind)
    return path.read_bytes()


def read(path, **options):
    return {name: decode(codes) for name, codes in read_sequences(str(path), **options)}


@pytest.mark.parametrize("order", ["<", ">"])
def test_2bit_is_read_as_its_fasta(tmp_path, order):
    path = tmp_path / "genome.2bit"
    path.write_bytes(twobit(SEQUENCES, order))
    assert read(path) == {name: sequence.upper() for name, sequence in SEQUENCES.items()}
    assert read_contig_sizes(str(path)) == {name: len(sequence) for name, sequence in SEQUENCES.items()}
    assert kind_of(str(path)) == "sequences"


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text("ACGTacgtNn", min_size=1, max_size=70), min_size=1, max_size=4))
def test_any_2bit_is_read_as_its_fasta(tmp_path_factory, sequences):
    named = {f"s{number}": sequence for number, sequence in enumerate(sequences)}
    path = tmp_path_factory.mktemp("twobit") / "x"
    path.write_bytes(twobit(named))
    fasta = path.with_suffix(".fa")
    fasta.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in named.items()))
    for mask in ("ignore", "mask"):
        assert read(path, soft_mask=mask) == read(fasta, soft_mask=mask)


@pytest.mark.parametrize("kind", ["genbank", "embl"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_genbank_and_embl_are_read_as_their_fasta(tmp_path, kind, compress):
    path = tmp_path / "records"
    path.write_bytes(compress(text_of(SEQUENCES, kind, tmp_path)))
    found = read(path)
    assert list(found.values()) == [sequence.upper() for sequence in SEQUENCES.values()]
    assert [name.split(".")[0] for name in found] == list(SEQUENCES)
    assert kind_of(str(path)) == "sequences"


def test_a_compressed_2bit_file_is_read(tmp_path):
    path = tmp_path / "genome.2bit.gz"
    path.write_bytes(gzip.compress(twobit(SEQUENCES)))
    assert list(read(path)) == list(SEQUENCES)


def test_damaged_files_are_errors_that_name_them(tmp_path):
    path = tmp_path / "x"
    whole = text_of({"chr1": "ACGT" * 100}, "genbank", tmp_path)
    for damaged, message in (
        (twobit(SEQUENCES)[:90], "is no readable 2bit file: "),
        (twobit(SEQUENCES)[:4] + b"\1" + twobit(SEQUENCES)[5:], "2bit file: .*version-1"),
        (whole[:-200], "GenBank file: Expected sequence length 400, found"),
        (whole.replace(b"//\n", b""), "GenBank file: ends in the middle of a record"),
        (CONTIG, "GenBank file: a record has no sequence"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=message) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")
