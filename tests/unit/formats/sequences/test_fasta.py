import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.sequences import fasta
from seqnet.formats.sequences.fasta import read_blocks, read_genome, read_sequences, write_fasta
from seqnet.genome.alphabet import decode, encode_text
from seqnet.genome.sequence import EncodedSequence, join_blocks

pytestmark = pytest.mark.usefixtures("kernels")


def read(path, **options):
    return [(name, decode(codes)) for name, codes in read_sequences(str(path), **options)]


records = st.lists(
    st.tuples(st.text("abcXYZ019._|:-", min_size=1, max_size=8), st.text("ACGTN", max_size=50)),
    max_size=6,
    unique_by=lambda row: row[0],
)


@given(records, st.integers(1, 30), st.sampled_from(["\n", "\r\n"]), st.integers(1, 40), st.booleans())
def test_any_layout_reads_the_same(tmp_path, found, width, ending, block, final):
    lines = []
    for name, sequence in found:
        lines += [f">{name} a description"]
        lines += [sequence[i : i + width] for i in range(0, len(sequence), width)]
        lines += [""]  # blank lines do not matter
    text = ending.join(lines) + (ending if final else "")
    path = tmp_path / "x.fa"
    path.write_bytes(text.encode())
    joined = join_blocks(read_blocks(str(path), block=block))
    assert [(name, decode(codes)) for name, codes in joined] == found


@given(records, st.integers(1, 70), st.booleans())
def test_reading_undoes_writing(tmp_path, found, width, compressed):
    buffer = io.BytesIO()
    write_fasta(buffer, [EncodedSequence(name, encode_text(sequence)) for name, sequence in found], width)
    path = tmp_path / "x.fa"
    path.write_bytes(gzip.compress(buffer.getvalue()) if compressed else buffer.getvalue())
    assert read(path) == found


@given(records, st.integers(1, 40))
def test_blocks_are_consecutive_and_the_last_is_marked(tmp_path, found, block):
    path = tmp_path / "x.fa"
    path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in found))
    seen = {}
    for piece in read_blocks(str(path), block=block):
        assert piece.offset == seen.get(piece.name, 0)
        seen[piece.name] = piece.offset + len(piece.codes)
        assert piece.last == (seen[piece.name] == len(dict(found)[piece.name]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (">a\n", [("a", "")]),
        (">a\n>b\nAC\n", [("a", ""), ("b", "AC")]),
        (">a\r\nAC\r\nGT\r\n", [("a", "ACGT")]),
        ("\ufeff>a\nAC\n", [("a", "AC")]),
        ("\n\n>a\nAC", [("a", "AC")]),
        (">a desc > more\nacgu\n", [("a", "ACGT")]),
        (">a\nARYN\n", [("a", "ANNN")]),
        (">chr1:5-9\nA C\tG\n", [("chr1:5-9", "ACG")]),
        (">a", [("a", "")]),
    ],
)
def test_oddities(tmp_path, text, expected):
    path = tmp_path / "x.fa"
    path.write_bytes(text.encode())
    assert read(path) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"ACGT\n", r"x\.fa:1: expected a FASTA header '>name', found 'AC"),
        (b"\n\n@r1\nAC\n", r"x\.fa:3: expected a FASTA header '>name', found '@"),
        (b">a\nACGT\nACJT\n", r"x\.fa:3: 'J' is not a nucleotide letter"),
        (b">a\nAC1\n", r"x\.fa:2: '1' is not"),
        (b">a\nAC>GT\n", r"x\.fa:2: '>' is not"),
        (b">a\nAC\n>\nGT\n", r"x\.fa:3: header without a name"),
        (b">a\nAC\n> \nGT\n", r"x\.fa:3: header without a name"),
        (b">a\nAC\n\n>b\nA\n>a\nGT\n", r"x\.fa:6: a second sequence named 'a'"),
        (b">a\nAC\x00\n", r"x\.fa:2: "),
        (b">" + b"x" * 2_000, r"x\.fa:1: header longer"),
    ],
)
@pytest.mark.parametrize("block", [3, 1 << 20])
def test_errors_name_file_and_line(tmp_path, monkeypatch, data, message, block):
    monkeypatch.setattr(fasta, "LONGEST_HEADER", 1000)
    path = tmp_path / "x.fa"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=message):
        list(read_blocks(str(path), block=block))


def test_latin_1_headers_survive(tmp_path):
    path = tmp_path / "x.fa"
    path.write_bytes(b">caf\xe9 x\nAC\n")
    ((name, codes),) = read_sequences(str(path))
    buffer = io.BytesIO()
    write_fasta(buffer, [EncodedSequence(name, codes)])
    assert buffer.getvalue() == b">caf\xe9\nAC\n"


def test_soft_masking(tmp_path):
    path = tmp_path / "x.fa"
    path.write_text(">a\nACgt\nnA\n")
    assert read(path) == [("a", "ACGTNA")]
    assert read(path, soft_mask="mask") == [("a", "ACNNNA")]
    with pytest.raises(FormatError, match=r"x\.fa:2: 'g' is lower case, which --soft-mask error refuses"):
        read(path, soft_mask="error")


def test_a_genome_needs_sequences(tmp_path):
    path = tmp_path / "x.fa"
    path.write_text("")
    with pytest.raises(SeqnetError, match="holds no sequences"):
        read_genome(str(path))
    path.write_text(">b\nACG\n>a\nT\n")
    genome = read_genome(str(path))
    assert genome.lengths == {"b": 3, "a": 1}
    assert genome.source == str(path)


def test_repeated_names_may_be_allowed(tmp_path):
    path = tmp_path / "x.fa"
    path.write_text(">a\nAC\n>a\nGT\n")
    assert read(path, unique=False) == [("a", "AC"), ("a", "GT")]
