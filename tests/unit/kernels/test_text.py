import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seqnet.kernels import _dispatch
from seqnet.kernels.text import (
    FIXED_LIMIT,
    GENERAL_LIMIT,
    HitColumns,
    hit_lines,
    hit_lines_python,
    make_labels,
)

compiled = _dispatch.compiled()
needs_compiled = pytest.mark.skipif(compiled is None, reason="no compiled kernels here")

ANY_BITS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
# halves of the last place, and what lies a little off them
TIES = st.builds(lambda whole, power: whole / 2**power, st.integers(-(10**9), 10**9), st.integers(0, 40))
DECADES = st.builds(
    lambda digits, exponent, steps: float(np.nextafter(float(f"{digits}e{exponent}"), np.inf * steps)) if steps
    else float(f"{digits}e{exponent}"),
    st.sampled_from(["1", "9.999995", "9.9999949999999995", "1.0000005", "4.999995", "5"]),
    st.integers(-323, 12),
    st.sampled_from([-1, 0, 1]),
)  # fmt: skip
NUMBERS = st.one_of(ANY_BITS, TIES, DECADES, st.floats(-60, 60), st.floats(0, 1))
EDGES = [0.0, -0.0, 1.0, 5e-324, 2.2250738585072014e-308, 1e-5, 0.0001, 0.00009999995, 0.5e-6, 1.5e-6, 2.5e-6]


def written(values, general):
    return compiled.write_numbers(np.array(values, dtype=np.float64), general).decode().split("\n")[:-1]


@needs_compiled
@given(st.lists(NUMBERS.filter(lambda x: abs(x) < GENERAL_LIMIT), max_size=50))
@example(EDGES)
@example([99999.5, 99999.4999999, np.nextafter(1e5, 0), 0.999999499999, 0.9999995, 999999.5e-6])
def test_six_significant_digits_are_pythons(values):
    assert written(values, True) == [f"{value:.6g}" for value in values]


@needs_compiled
@given(st.lists(NUMBERS.filter(lambda x: abs(x) < FIXED_LIMIT), max_size=50))
@example(EDGES)
@example([np.nextafter(FIXED_LIMIT, 0), 0.0078125, 0.0234375, 1 - 2**-53, 2.0**-21, 3 * 2.0**-21])
def test_six_decimals_are_pythons(values):
    assert written(values, False) == [f"{value:.6f}" for value in values]


@needs_compiled
def test_six_digits_of_a_great_many_numbers():
    rng = np.random.default_rng(1)
    found = rng.integers(0, 2**64, 100_000, dtype=np.uint64).view(np.float64)
    some = np.concatenate(
        [found[np.isfinite(found)], 10 ** rng.uniform(-323, 4, 20_000), rng.normal(size=20_000)]
    )
    for general, limit, form in ((True, GENERAL_LIMIT, ".6g"), (False, FIXED_LIMIT, ".6f")):
        values = some[np.abs(some) < limit]
        assert len(values) > 50_000
        assert written(values, general) == [format(value, form) for value in values.tolist()]


@needs_compiled
@pytest.mark.parametrize("value", [FIXED_LIMIT, -FIXED_LIMIT, np.inf, np.nan])
def test_numbers_that_the_kernel_does_not_write_are_refused(value):
    for general in (True, False):
        with pytest.raises(ValueError, match="too large"):
            compiled.write_numbers(np.array([1.0, value]), general)


NAMES = [b"m", b"MA0139.1 CTCF", "µ".encode(), b"\xff"]
LABELS = make_labels(NAMES, [b".", b"CTCF", b"", b"x"], [1, 19, 4, 0])


@st.composite
def tables(draw):
    codes = draw(hnp.arrays(np.uint8, st.integers(19, 60), elements=st.integers(0, 5)))
    count = draw(st.integers(0, 20))
    motif = draw(hnp.arrays(np.int32, count, elements=st.integers(0, len(NAMES) - 1)))
    room = len(codes) - LABELS.widths[motif]
    start = np.array([draw(st.integers(0, int(most))) for most in room], dtype=np.int64)
    strand = draw(hnp.arrays(np.int8, count, elements=st.sampled_from([1, -1])))
    level = draw(hnp.arrays(np.int64, count, elements=st.integers(-5, 1000)))
    score = draw(hnp.arrays(np.float64, count, elements=NUMBERS))
    p_value = draw(hnp.arrays(np.float64, count, elements=st.one_of(st.floats(0, 1), NUMBERS)))
    return codes, HitColumns(start, motif, strand, level, score, p_value)


@given(tables(), st.sampled_from([b"chr1", b"", b"\xfe"]), st.integers(-70, 2**40))
def test_lines_are_what_the_twin_writes(table, name, shift):
    codes, hits = table
    assert hit_lines(name, shift, codes, hits, LABELS) == hit_lines_python(name, shift, codes, hits, LABELS)


def one_hit(start, motif, score=1.0, p_value=0.5):
    return HitColumns(*(np.array([x]) for x in (start, motif, -1, 30, score, p_value)))


@pytest.mark.parametrize("write", [hit_lines, hit_lines_python])
def test_a_line_holds_the_word_as_its_strand_reads(write):
    codes = np.array([3, 0, 1, 4, 2, 2], dtype=np.uint8)
    expected = b"chr1\t101\t105\t\xc2\xb5\t30\t-\t-2.500000\t1e-05\t.\tCNGT\t\n"
    assert write(b"chr1", 100, codes, one_hit(1, 2, -2.5, 1e-5), LABELS) == expected


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan, 1e15, -1e300])
def test_numbers_of_any_size_are_written(number):
    line = hit_lines(b"c", 0, np.zeros(4, dtype=np.uint8), one_hit(0, 0, number, number), LABELS)
    assert line.split(b"\t")[6:8] == [b"%.6f" % number, b"%.6g" % number]


@pytest.mark.parametrize("write", [hit_lines, hit_lines_python])
@pytest.mark.parametrize(("start", "motif"), [(-1, 0), (3, 2), (0, 4), (0, -1), (0, 1), (2**62, 0)])
def test_hits_outside_the_codes_or_of_no_motif_are_refused(write, start, motif):
    with pytest.raises(ValueError, match="known motifs"):
        write(b"c", 0, np.zeros(6, dtype=np.uint8), one_hit(start, motif), LABELS)


@needs_compiled
def test_the_border_checks_sizes():
    codes, ints, floats = np.zeros(4, np.uint8), np.zeros(1, np.int64), np.zeros(1)
    good = [b"c", 0, codes, ints, np.zeros(1, np.int32), np.zeros(1, np.int8), ints, floats, floats]
    good += [b"m", np.ones(1, np.int64), b"a", np.ones(1, np.int64), np.ones(1, np.int64)]
    assert compiled.hit_lines(*good) == b"c\t0\t1\tm\t0\t+\t0.000000\t0\t.\tA\ta\n"
    longer = np.ones(2, np.int64)
    for place in (3, 4, 5, 6, 7, 8, 10, 12):
        with pytest.raises(ValueError, match="bytes; expected"):
            compiled.hit_lines(*good[:place], longer, *good[place + 1 :])
    for place in (10, 12):
        for end in (2, -1):
            with pytest.raises(ValueError, match="ascend"):
                compiled.hit_lines(*good[:place], np.array([end]), *good[place + 1 :])
    with pytest.raises(ValueError, match="shift"):
        compiled.hit_lines(b"c", 2**62, *good[2:])


def test_no_motifs_and_no_hits_are_no_lines():
    nothing = HitColumns(*(column[:0] for column in one_hit(0, 0)))
    assert hit_lines(b"c", 0, np.zeros(0, np.uint8), nothing, make_labels([], [], [])) == b""
    assert hit_lines_python(b"c", 0, np.zeros(0, np.uint8), nothing, LABELS) == b""
