"""Windows of an array, side by side in a batch: one-hot bases, and values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Codes, Ints, Reals
from seqnet.kernels import _dispatch

Singles = NDArray[np.float32]


class Places(NamedTuple):
    """Where n windows of one width lie in an array."""

    start: Ints
    """int64 (n,): index of the first item; it may lie outside the bounds."""
    low: Ints
    """int64 (n,): index of the first item that is there."""
    high: Ints
    """int64 (n,): index behind the last item that is there."""

    def take(self, rows: Ints | slice) -> Places:
        """Select windows."""
        return Places(self.start[rows], self.low[rows], self.high[rows])


def gather_one_hot(codes: Codes, places: Places, flip: Bools, out: Singles) -> None:
    """Write windows of codes as one-hot into the first four channels of a batch.

    A code above 3, and what lies outside a window's bounds, is all zeros.

    Parameters
    ----------
    codes
        uint8 (length,).
    flip
        bool (n,): windows that are read as their reverse complement.
    out
        float32 (n, width, at least 4), contiguous; other channels stay as they are.

    Raises
    ------
    ValueError
        If sizes do not fit, or bounds lie outside the codes.
    """
    gather_one_hot_with(_dispatch.description(), codes, places, flip, out)


def gather_one_hot_with(kind: str, codes: Codes, places: Places, flip: Bools, out: Singles) -> None:
    """Do what `gather_one_hot` does, with a kind of kernels out of `_dispatch.available`."""
    compiled = None if kind == "numpy" else _dispatch.compiled()
    if compiled is None:
        gather_one_hot_numpy(codes, places, flip, out)
    else:
        _, width, channels = out.shape
        compiled.gather_one_hot(kind, codes, *_columns(places), _mask(flip), width, channels, out)


def gather_values(values: Reals, places: Places, flip: Bools, channel: int, out: Singles) -> None:
    """Write windows of values into one channel of a batch, zeros outside a window's bounds.

    Parameters
    ----------
    values
        float32 or float16 (length,).
    flip
        bool (n,): windows that are read backwards.
    channel
        Where they go.
    out
        float32 (n, width, channels), contiguous; other channels stay as they are.

    Raises
    ------
    ValueError
        If sizes do not fit, or bounds lie outside the values.
    """
    compiled = _dispatch.compiled()
    if compiled is None or values.dtype != np.float32:
        gather_values_numpy(values, places, flip, channel, out)
    else:
        _, width, channels = out.shape
        compiled.gather_values(values, *_columns(places), _mask(flip), width, channels, channel, out)


def _columns(places: Places) -> Places:
    """Return places as the compiled kernels read them."""
    return Places(*(np.ascontiguousarray(column, dtype=np.int64) for column in places))


def _mask(flip: Bools) -> Bools:
    """Return which windows are turned round as the compiled kernels read it."""
    return np.ascontiguousarray(flip, dtype=bool)


def gather_one_hot_numpy(codes: Codes, places: Places, flip: Bools, out: Singles) -> None:
    """Do what `gather_one_hot` does without the compiled kernel."""
    if out.shape[2] < 4:
        raise ValueError("there must be four channels at least")
    index, there = _items(len(codes), places, flip, out)
    letters = np.full(index.shape, 4, dtype=np.uint8)
    letters[there] = codes[index[there]]
    letters[flip] = np.where(letters[flip] < 4, 3 - letters[flip], 4)
    for base in range(4):
        np.equal(letters, base, out=out[:, :, base], casting="unsafe")


def gather_values_numpy(values: Reals, places: Places, flip: Bools, channel: int, out: Singles) -> None:
    """Do what `gather_values` does without the compiled kernel."""
    if not 0 <= channel < out.shape[2]:
        raise ValueError("channel must be one of the channels")
    index, there = _items(len(values), places, flip, out)
    out[:, :, channel] = 0
    out[:, :, channel][there] = values[index[there]]


def _items(length: int, places: Places, flip: Bools, out: Singles) -> tuple[Ints, Bools]:
    """Return the index of each item of each window, (n, width), and whether it is there."""
    if not len(places.start) == len(places.low) == len(places.high) == len(flip) == len(out):
        raise ValueError("windows, flips and the batch must be equally many")
    if ((places.low < 0) | (places.high < 0) | (places.low > length) | (places.high > length)).any():
        raise ValueError("windows must lie within bounds, those within the array")
    offsets = np.arange(out.shape[1], dtype=np.int64)
    index = places.start[:, np.newaxis] + np.where(flip[:, np.newaxis], offsets[::-1], offsets)
    return index, (index >= places.low[:, np.newaxis]) & (index < places.high[:, np.newaxis])
