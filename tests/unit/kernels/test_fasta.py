import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import encoding_table
from seqnet.kernels import _dispatch
from seqnet.kernels.fasta import INVALID, SKIP, encode, encode_numpy

pytestmark = pytest.mark.usefixtures("kernels")


def naive(data: bytes, table: bytes) -> tuple[list[int], int]:
    codes = []
    for place, byte in enumerate(data):
        if table[byte] == INVALID:
            return codes, place
        if table[byte] != SKIP:
            codes.append(table[byte])
    return codes, len(data)


@given(st.binary(max_size=300), st.sampled_from(["ignore", "mask", "error"]))
def test_any_bytes_equal_the_loop(data, soft_mask):
    table = encoding_table(soft_mask)
    out = np.full(len(data) + 3, 77, dtype=np.uint8)
    written, consumed = encode(data, table, out)
    assert (out[:written].tolist(), consumed) == naive(data, table)
    assert (out[len(data) :] == 77).all()  # never beyond the data's length


@given(st.text("ACGTNacgtnRYu\r\n \t", max_size=400).map(str.encode))
def test_sequence_text_equals_the_loop(data):
    out = np.empty(len(data), dtype=np.uint8)
    written, consumed = encode(data, encoding_table(), out)
    assert (out[:written].tolist(), consumed) == naive(data, encoding_table())


def test_a_long_text_and_a_memoryview():
    data = b"ACGTN\n" * 100_000
    out = np.empty(len(data), dtype=np.uint8)
    written, consumed = encode(memoryview(data), encoding_table(), out)
    assert (written, consumed) == (500_000, 600_000)
    assert (out[:written].reshape(-1, 5) == [0, 1, 2, 3, 4]).all()


@pytest.mark.parametrize(("table", "room"), [(b"x" * 255, 4), (b"x" * 256, 3)])
def test_wrong_sizes_are_refused(table, room):
    with pytest.raises(ValueError, match="must"):
        encode(b"ACGT", table, np.empty(room, dtype=np.uint8))


def test_the_numpy_twin_is_the_one_that_runs_when_forced(kernels):
    assert (_dispatch.compiled() is None) == (kernels == "numpy")
    assert _dispatch.description() == kernels
    assert encode_numpy(b"AC", encoding_table(), np.empty(2, np.uint8)) == (2, 2)
