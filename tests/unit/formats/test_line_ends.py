"""Text reads the same with line feeds, with both, and with carriage returns alone (classic Mac)."""

import gzip
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import FormatError, SeqnetError, shorten
from seqnet.formats.files.lines import raw_lines, with_line_feeds
from seqnet.formats.kmers.kmer_table import read_kmer_table
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.motifs.background_file import read_background
from seqnet.formats.motifs.sites import read_sites
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.regions.contig_sizes import read_contig_sizes
from seqnet.formats.regions.samples import read_samples
from seqnet.formats.results.scores import read_scores
from seqnet.formats.sequences.fasta import read_sequences
from seqnet.formats.sequences.sequence_table import Columns, read_sequence_table
from seqnet.motifs.matrix import to_ppm
from seqnet.pipeline.training.architecture import read_architecture

FASTA = ">a x\nACGTAC\nGTAC\n\n>b\nTTTT\nGG\n>c\n"
ROWS = "0.5 0.5 0 0\n0 0 0.25 0.75\n"
MOTIFS = {
    "meme": f"MEME version 4\n\nMOTIF m alt\nletter-probability matrix: w= 2\n{ROWS}\nMOTIF n\nletter-probability matrix: w= 2\n{ROWS}",
    "jaspar": ">m a\nA [ 1 2 3 ]\nC [ 1 2 3 ]\nG [ 1 2 3 ]\nT [ 1 2 3 ]\n",
    "transfac": "AC m\nXX\nP0 A C G T\n01 1 2 3 4\n02 1 2 3 4\nXX\n//\n",
    "homer": ">AC\tm\t5.5\n0.5\t0.5\t0\t0\n0\t0\t0.25\t0.75\n",
    "cis-bp": "Motif\tm\nPos\tA\tC\tG\tT\n1\t0.25\t0.75\t0\t0\n",
    "uniprobe": "Protein: m\nA:\t0.25\t0\nC:\t0.75\t0.125\nG:\t0\t0.375\nT:\t0\t0.5\n",
    "pfm": "1 2 3\n4 5 6\n7 8 9\n1 1 1\n",
}
BED = "chr1\t1\t9\ta\t5\t+\nchr2\t2\t8\tb\t6\t-\n"
TABLE = "seq,y\nACGT,1\nTTTT,0\n"
SCORES = "name\tt\na\t0.5\nb\t1\n"
LABELS = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tt\nc\t1\t5\ta\t.\t+\ttrain\t1\n"
KMERS = "##k=1\n#name\tA\tC\nr1\t1\t2\nr2\t0\t3\n"


def sequences(path):
    return [(name, codes.tolist()) for name, codes in read_sequences(path)]


def motifs(path):
    return [(motif.info, to_ppm(motif).probabilities.tolist()) for motif in read_motifs(path).motifs]


def table(path):
    found = read_sequence_table(path, Columns("seq", ["y"]))
    return [codes.tolist() for _, codes in found.sequences], found.targets, found.lines.tolist()


def regions(found):
    intervals = found.intervals
    columns = (intervals.start, intervals.end, intervals.strand, found.names, found.lines, found.targets)
    return [intervals.contig_names().tolist(), *(column.tolist() for column in columns)]


def kmers(path):
    found = read_kmer_table(path)
    return list(found.names), found.matrix.toarray().tolist(), found.features.tolist()


READERS = {
    "FASTA": (FASTA, sequences),
    **{name: (text, motifs) for name, text in MOTIFS.items()},
    "sites": ("ACGT\nACGA\n", lambda path: read_sites(path).letters.tolist()),
    "background": ("A 0.25\nC 0.25\nG 0.25\nT 0.25\n", lambda path: read_background(path).frequencies.tolist()),
    "BED": (BED, lambda path: regions(read_bed(path))),
    "labels": (LABELS, lambda path: regions(read_bed(path))),
    "sequence table": (TABLE, table),
    "scores": (SCORES, lambda path: read_scores(path).values.tolist()),
    "k-mer table": (KMERS, kmers),
    "sizes": ("chr1\t100\nchr2\t50\n", read_contig_sizes),
    "FASTA sizes": (FASTA, read_contig_sizes),
    "samples": ("task\tfile\na\ta.bed\nb\tb.bed\n", read_samples),
    "layers": ('layers = "conv 4x3,relu"\n# end\n', read_architecture),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("end", ["\r", "\r\n", "\r\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_reader_takes_every_line_end(tmp_path, kernels, name, end, packed):
    text, read = READERS[name]
    if end == "\r\r\n" and name in ("FASTA", "FASTA sizes", "layers"):
        end = "\n\r\n"
    plain, other = tmp_path / "lf" / "m.txt", tmp_path / "cr" / "m.txt"
    plain.parent.mkdir()
    other.parent.mkdir()
    plain.write_bytes(text.encode())
    content = text.replace("\n", end).encode()
    other.write_bytes(gzip.compress(content) if packed else content)
    assert read(str(other)) == read(str(plain))


@given(st.text("Ab\r\n", max_size=30), st.integers(1, 5))
def test_pieces_of_any_size_give_the_lines_of_the_whole(text, size):
    data = text.encode()
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    found = b"".join(with_line_feeds(chunks)).decode()
    assert found.replace("\r\n", "\n") == text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.text("Ab\r\n", max_size=40))
def test_lines_are_those_of_a_text_with_line_feeds(text):
    found = [line for line in raw_lines(io.BytesIO(text.encode()), 1 << 20) if line]
    assert found == [line.encode() for line in text.replace("\r", "\n").split("\n") if line]


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_fasta_in_pieces_keeps_its_records_and_line_numbers(tmp_path, kernels, block):
    path = tmp_path / "mac.fa"
    path.write_bytes(FASTA.replace("\n", "\r").encode())
    from seqnet.formats.sequences.fasta import read_blocks
    from seqnet.genome.sequence import join_blocks

    found = [(name, codes.tolist()) for name, codes in join_blocks(read_blocks(str(path), block=block))]
    assert found == [("a", [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]), ("b", [3, 3, 3, 3, 2, 2]), ("c", [])]
    path.write_bytes(b">a\rAC\rAX\r")
    with pytest.raises(FormatError, match=r"mac.fa:3: 'X' is not a nucleotide letter"):
        list(read_blocks(str(path), block=block))


def test_a_long_file_of_returns_alone_is_no_endless_line(tmp_path, monkeypatch):
    from seqnet.formats.files import opening as _open

    monkeypatch.setattr(_open, "LONGEST_LINE", 1000)
    path = tmp_path / "mac.bed"
    path.write_bytes(b"chr1\t1\t2\r" * 1000)
    assert len(read_bed(str(path))) == 1000
    path.write_bytes(b"chr1\t1\t2\r" + b"x" * 1001 + b"\r")
    with pytest.raises(FormatError, match=r"mac.bed:2: is not a text file"):
        read_bed(str(path))


# ---- long values ---------------------------------------------------------------------------

LONG = ["x" * 100_000, "9" * 100_000, "-" + "1" * 100_000, "a b " * 25_000, "é" * 100_000]


@pytest.mark.parametrize("name", READERS)
def test_no_message_quotes_a_long_value_whole(tmp_path, name):
    text, read = READERS[name]
    path = tmp_path / "m.txt"
    places = [match.span() for match in re.finditer(r"[^\s,]+", text)]
    messages = []
    for start, end in places:
        for long in LONG:
            path.write_text(text[:start] + long + text[end:])
            try:
                read(str(path))
            except SeqnetError as error:
                messages.append(str(error))
            except (ValueError, OverflowError):
                pass  # integers beyond int64 are mended elsewhere
    assert messages or name == "samples"  # any text is the name of a file
    assert max(map(len, messages), default=0) < 1200


# ---- fields of tables ------------------------------------------------------------------------


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_field_may_be_longer_than_csv_likes(tmp_path, quote, end):
    path = tmp_path / "t.csv"
    long = "ACGT" * 50_000
    path.write_text(f"seq,y\n{quote}{long}{quote},1\n".replace("\n", end), newline="")
    (sequence,), *_ = table(str(path))
    assert len(sequence) == len(long)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seq,y\nAC\rGT,1\n", ":2: expected 2 columns, found 1"),
        ('seq,y\n"AC\rGT",1\n', ":2: is not a row of a table: unexpected end of data"),
        ('seq,y\n"ACGT,1\n', ":2: is not a row of a table: unexpected end of data"),
        ('seq,y\n"AC"GT,1\n', ":2: is not a row of a table: ',' expected after '\"'"),
    ],
)
def test_a_stray_return_or_quote_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    with pytest.raises(FormatError) as error:
        table(str(path))
    assert str(error.value) == f"{path}{message}"


def test_long_values_are_quoted_by_their_beginning():
    assert shorten("chr1") == "'chr1'"
    assert shorten("x" * 100_000) == f"'{'x' * 60}'... (100,000 letters)"
    path = "/data/" + "deep/" * 100 + "file.bed"
    error = FormatError(path, f"{'y' * 5000} is a name", 7)
    assert str(error) == f"{path}:7: {'y' * 60}...{'y' * 10} is a name"
    assert str(SeqnetError(f"{path}: holds nothing")) == f"{path}: holds nothing"
