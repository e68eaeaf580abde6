import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import encoding_table
from seqnet.kernels import _dispatch
from seqnet.kernels.fasta import INVALID, SKIP, encode, encode_numpy, encode_with

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
