import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import encoding_table
from seqnet.kernels import _dispatch, fasta
from seqnet.kernels.fasta import INVALID, SKIP, encode, encode_numpy, encode_records_with, encode_with

KINDS = _dispatch.available()
BORDERS = sorted({0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200})
kinds = pytest.mark.parametrize("kind", KINDS)
GUARD = 77


def naive(data: bytes, table: bytes) -> tuple[list[int], int, int]:
    codes = []
    for place, byte in enumerate(data):
        if table[byte] == INVALID:
            return codes, place, data[:place].count(b"\n")
        if table[byte] != SKIP:
            codes.append(table[byte])
    return codes, len(data), data.count(b"\n")


def encoded(kind: str, data: bytes, table: bytes) -> tuple[list[int], int, int]:
    """What a kind makes of data at any alignment; it never writes beyond the data's length."""
    out = np.full(len(data) + 64, GUARD, dtype=np.uint8)
    written, consumed, lines = encode_with(kind, data, table, out)
    assert (out[len(data) :] == GUARD).all()
    return out[:written].tolist(), consumed, lines


@kinds
@given(st.binary(max_size=300), st.sampled_from(["ignore", "mask", "error"]))
def test_any_bytes_equal_the_loop(kind, data, soft_mask):
    table = encoding_table(soft_mask)
    assert encoded(kind, data, table) == naive(data, table)


@kinds
@given(
    st.text("ACGTNacgtnRYu\r\n \t", max_size=400).map(str.encode),
    st.sampled_from([b"", b">", b"J", b"\x80", b"\xff", b"\0"]),
)
def test_sequence_text_equals_the_loop(kind, data, ending):
    text = data + ending + b"ACGT" * 20
    assert encoded(kind, text, encoding_table()) == naive(text, encoding_table())


@kinds
@given(st.integers(1, 130), st.sampled_from([b"\n", b"\r\n"]), st.integers(0, 700))
def test_lines_of_any_width_equal_the_loop(kind, width, ending, length):
    bases = (b"ACGTTGCANacgt" * 60)[:length]
    text = b"".join(bases[i : i + width] + ending for i in range(0, length, width))
    assert encoded(kind, text, encoding_table()) == naive(text, encoding_table())


@kinds
@pytest.mark.parametrize("byte", range(256))
def test_every_byte_at_every_place_of_a_step(kind, byte):
    table = encoding_table()
    for place in BORDERS:
        text = b"ACGT" * 60
        text = text[:place] + bytes([byte]) + text[place:]
        assert encoded(kind, text, table) == naive(text, table)


@kinds
@given(st.binary(min_size=256, max_size=256), st.binary(max_size=200))
def test_any_table_equals_the_loop(kind, table, data):
    table = table[:10] + bytes([SKIP]) + table[11:]  # line feeds are never codes
    assert encoded(kind, data, table) == naive(data, table)


@kinds
def test_a_long_text_and_a_memoryview(kind):
    data = b"ACGTN\n" * 100_000
    out = np.empty(len(data), dtype=np.uint8)
    written, consumed, lines = encode_with(kind, memoryview(data), encoding_table(), out)
    assert (written, consumed, lines) == (500_000, 600_000, 100_000)
    assert (out[:written].reshape(-1, 5) == [0, 1, 2, 3, 4]).all()


@kinds
@pytest.mark.parametrize(("table", "room"), [(b"x" * 255, 4), (b"x" * 256, 3)])
def test_wrong_sizes_are_refused(kind, table, room):
    with pytest.raises(ValueError, match="must"):
        encode_with(kind, b"ACGT", table, np.empty(room, dtype=np.uint8))


def naive_records(data: bytes) -> tuple[list[str], list[list[int]], int]:
    """Whole records, line by line; up to the one that no other follows."""
    names, rows, used = [], [], 0
    name, codes, place = None, [], 0
    for line in data.splitlines(keepends=True):
        if line.startswith(b">"):
            if name is not None:
                names, rows, used = [*names, name], [*rows, codes], place
            words = line[1:].split()
            if not words or not line.endswith(b"\n"):
                break
            name, codes = words[0].decode("utf-8", "surrogateescape"), []
        else:
            found, consumed, _ = naive(line, encoding_table())
            if name is None or consumed < len(line):
                break
            codes = codes + found
        place += len(line)
    return names, rows, used


PIECES = st.sampled_from(
    [
        ">a\n",
        ">b c\n",
        "> \td\r\n",
        ">\n",
        ">\u00e9 x\n",
        ">e",
        "ACGT\n",
        "acgtnRY" * 12 + "\r\n",
        "\n",
        "AC",
        "x\n",
    ]
)


@kinds
@given(
    st.lists(PIECES, max_size=30).map(lambda pieces: "".join(pieces).encode()),
    st.sampled_from([b"", b"\xff\n"]),
)
def test_whole_records_equal_the_loop(kind, data, ending):
    data = data + ending
    out = np.full(len(data) + 64, GUARD, dtype=np.uint8)
    names, ends, consumed, lines = encode_records_with(kind, data, encoding_table(), out[: len(data)])
    expected, rows, used = naive_records(data)
    assert (names, consumed, lines) == (expected, used, data[:used].count(b"\n"))
    assert [row.tolist() for row in np.split(out[: ends[-1]], ends[:-1])] == rows if rows else not len(ends)
    assert (out[len(data) :] == GUARD).all()


@kinds
def test_records_in_one_go_are_limited(kind):
    many = fasta.RECORDS_AT_ONCE + 5
    text = b">\xff\nACG\n" * (many + 1)
    found = encode_records_with(kind, text, encoding_table(), np.empty(len(text), np.uint8))
    assert found.names == ["\udcff"] * fasta.RECORDS_AT_ONCE
    assert found.ends.tolist() == list(range(3, 3 * fasta.RECORDS_AT_ONCE + 1, 3))
    long = b">" + b"x" * fasta.LONGEST_HEADER
    for header, count in [(long, 1), (long + b"y", 0)]:
        text = header + b"\nA\n>b\n"
        assert (
            len(encode_records_with(kind, text, encoding_table(), np.empty(len(text), np.uint8)).names)
            == count
        )


@kinds
@pytest.mark.parametrize(("table", "room"), [(b"x" * 255, 4), (b"x" * 256, 3)])
def test_wrong_sizes_of_records_are_refused(kind, table, room):
    with pytest.raises(ValueError, match="must"):
        encode_records_with(kind, b">a\nA", table, np.empty(room, dtype=np.uint8))


def test_the_kernels_that_run_are_those_in_force(kernels, monkeypatch):
    assert (_dispatch.compiled() is None) == (kernels == "numpy")
    assert _dispatch.description() == kernels
    out = np.empty(2, np.uint8)
    assert encode(b"AC", encoding_table(), out) == encode_numpy(b"AC", encoding_table(), out) == (2, 2, 0)
    ran = []
    monkeypatch.setattr(
        "seqnet.kernels.fasta.encode_with", lambda kind, *_rest: ran.append(kind) or (0, 0, 0)
    )
    encode(b"", encoding_table(), out)
    assert ran == [kernels]
