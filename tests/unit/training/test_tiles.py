import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.training import tiles
from seqnet.training.tiles import predict_tiles


def weighted(codes):
    """A model that tells every window and orientation apart: two position-weighted sums."""
    weights = np.arange(1, codes.shape[1] + 1) ** 2
    first = (codes * weights).sum(axis=1)
    return np.stack([first, -2.0 * first], axis=1).astype(np.float32)


def naive(codes, width, step):
    """Each tile's window, cut out one by one."""
    rows = []
    for start in range(0, len(codes), step):
        begin = start + step // 2 - width // 2
        window = [codes[i] if 0 <= i < len(codes) else 4 for i in range(begin, begin + width)]
        rows.append(weighted(np.array([window]))[0] if window.count(4) <= width / 2 else [np.nan] * 2)
    return np.array(rows)


@pytest.mark.parametrize("chunk", [1, 3, 1 << 13])
@given(st.lists(st.integers(0, 4), min_size=1, max_size=120), st.integers(1, 40), st.integers(1, 60))
def test_tiles_equal_windows_cut_out_one_by_one(chunk, codes, width, step):
    codes = np.array(codes, dtype=np.uint8)
    before, tiles.CHUNK = tiles.CHUNK, chunk
    try:
        parts = list(predict_tiles(weighted, codes, width=width, step=step, tasks=2))
    finally:
        tiles.CHUNK = before
    assert [part.start for part in parts] == [i * chunk * step for i in range(len(parts))]
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), naive(codes, width, step))
