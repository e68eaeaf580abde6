import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.kernels import _dispatch
from seqnet.kernels.gather import (
    Places,
    gather_one_hot,
    gather_one_hot_with,
    gather_values,
    gather_values_numpy,
)

ONE_HOT = {0: [1, 0, 0, 0], 1: [0, 1, 0, 0], 2: [0, 0, 1, 0], 3: [0, 0, 0, 1]}
ZEROS = [0, 0, 0, 0]


def columns(*rows):
    return Places(*(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)))


def window(source, start, low, high, width, flip, outside):
    """One window, item by item."""
    items = [source[i] if low <= i < high else outside for i in range(start, start + width)]
    return items[::-1] if flip else items


@st.composite
def jobs(draw):
    length = draw(st.integers(0, 40))
    n = draw(st.integers(0, 4))
    bound = st.integers(0, length)
    rows = [(draw(st.integers(-20, 30)), draw(bound), draw(bound)) for _ in range(n)]
    flip = np.array([draw(st.booleans()) for _ in range(n)], dtype=bool)
    places = columns(*rows) if rows else Places(*[np.empty(0, np.int64)] * 3)
    return length, places, flip, draw(st.integers(0, 40)), draw(st.integers(4, 6))


@given(jobs(), st.randoms(use_true_random=False))
def test_one_hot_windows_equal_the_loop(job, random):
    length, places, flip, width, channels = job
    codes = np.array([random.randrange(6) for _ in range(length)], dtype=np.uint8)
    for kind in _dispatch.available():
        out = np.full((len(flip), width, channels), 7, dtype=np.float32)
        gather_one_hot_with(kind, codes, places, flip, out)
        for row, start, low, high, turned in zip(out, *places, flip, strict=True):
            letters = window(codes, start, low, high, width, turned, 4)
            expected = [ONE_HOT.get(3 - int(c) if turned and c < 4 else int(c), ZEROS) for c in letters]
            assert row[:, :4].tolist() == expected
        assert (out[:, :, 4:] == 7).all()


@given(jobs(), st.randoms(use_true_random=False))
def test_windows_of_values_equal_the_loop(job, random):
    length, places, flip, width, channels = job
    # float16 holds these numbers exactly
    values = np.array([random.randint(-2000, 2000) for _ in range(length)], dtype=np.float32)
    channel = random.randrange(channels)
    for count, kept in ((channels, channel), (1, 0)):
        for held in (values, values.astype(np.float16)):
            for gather in (gather_values, gather_values_numpy):
                out = np.full((len(flip), width, count), 7, dtype=np.float32)
                gather(held, places, flip, kept, out)
                for row, start, low, high, turned in zip(out, *places, flip, strict=True):
                    assert row[:, kept].tolist() == window(values, start, low, high, width, turned, 0.0)
                assert (np.delete(out, kept, axis=2) == 7).all()


def test_gaps_of_tracks_stay_gaps(kernels):
    out = np.empty((1, 3, 1), dtype=np.float32)
    values = np.array([1, np.nan, 3], dtype=np.float32)
    gather_values(values, columns((0, 0, 3)), np.array([True]), 0, out)
    assert np.array_equal(out[0, :, 0], [3, np.nan, 1], equal_nan=True)


@pytest.mark.parametrize(("start", "low", "high"), [(0, -1, 3), (0, 0, 6), (0, 6, 6), (0, 0, -1)], ids=str)
def test_bounds_outside_the_array_are_refused(kernels, start, low, high):
    places, flip = columns((start, low, high)), np.array([False])
    with pytest.raises(ValueError, match="within the array"):
        gather_one_hot(np.zeros(5, np.uint8), places, flip, np.empty((1, 3, 4), np.float32))
    with pytest.raises(ValueError, match="within the array"):
        gather_values(np.zeros(5, np.float32), places, flip, 0, np.empty((1, 3, 1), np.float32))


def test_sizes_that_do_not_fit_are_refused(kernels):
    one, codes = columns((0, 0, 5)), np.zeros(5, np.uint8)
    with pytest.raises(ValueError, match="four channels"):
        gather_one_hot(codes, one, np.array([False]), np.empty((1, 3, 3), np.float32))
    with pytest.raises(ValueError, match="one of the channels"):
        gather_values(codes.astype(np.float32), one, np.array([False]), 1, np.empty((1, 3, 1), np.float32))
    with pytest.raises(ValueError, match=r"equally many|expected"):
        gather_one_hot(codes, one, np.array([False, True]), np.empty((2, 3, 4), np.float32))
    with pytest.raises(ValueError, match=r"equally many|expected"):
        gather_one_hot(codes, one, np.array([False]), np.empty((2, 3, 4), np.float32))


def test_a_place_that_cannot_be_is_refused():
    compiled = _dispatch.compiled()
    if compiled is None:
        pytest.skip("no compiled kernels here")
    with pytest.raises(ValueError, match="within bounds"):
        gather_one_hot(
            np.zeros(5, np.uint8),
            columns((2**62, 0, 5)),
            np.array([False]),
            np.empty((1, 3, 4), np.float32),
        )
    columns_of_one = [np.zeros(1, np.int64)] * 3
    for width, channels in ((-1, 4), (2**40, 4), (3, 2**40)):
        with pytest.raises(ValueError, match="too large"):
            compiled.gather_one_hot(
                "c", b"A", *columns_of_one, np.array([False]), width, channels, np.empty(12, np.float32)
            )
