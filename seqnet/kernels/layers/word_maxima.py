"""Maxima of neighbouring sums of table rows: a convolution of one-hot bases and the pool behind it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.aliases import Codes, Ints
from seqnet.kernels import _dispatch

WORD = 3
"""Bases of a word; the tables of longer ones do not fit the caches."""
ENTRIES = 125
"""Words of three letters out of five: none, and the four bases."""

_AT_ONCE = 128
"""Positions whose sums stay in the caches without the compiled kernel."""

Singles = NDArray[np.float32]


class Pool(NamedTuple):
    """Which sums a maximum is taken of."""

    span: int
    stride: int
    floor: float
    """The least that a maximum can be; minus infinity for no bound."""


def word_maxima_run_here() -> bool:
    """Return whether this is compiled: without, torch is quicker at the convolution and the pool apart."""
    return _dispatch.compiled() is not None


def word_maxima(words: Codes, tables: Singles, row: Ints, begin: Ints, pool: Pool, out: Singles) -> None:
    """Sum up rows of tables at every position and take maxima along rows of words.

    The sum at position t adds to 0, in this order, row ``words[t]`` of the first table, row
    ``words[t + 3]`` of the second and so on.

    Parameters
    ----------
    words
        uint8 (n, P): below 125.
    tables
        float32 (W 125, K), finite: W tables.
    row, begin
        int64 (m,): along which row of words, and from which of its positions on, each row of maxima is
        made. Those one after another that are made along the same row share its sums.
    out
        float32 (m, count, K), contiguous, which is filled.

    Raises
    ------
    ValueError
        If sizes do not fit, a word has no row in the tables, or maxima lie outside the rows of words.
    """
    word_maxima_with(_dispatch.description(), words, tables, row, begin, pool, out)


def word_maxima_with(
    kind: str, words: Codes, tables: Singles, row: Ints, begin: Ints, pool: Pool, out: Singles
) -> None:
    """Do what `word_maxima` does, with a kind of kernels out of `_dispatch.available`."""
    compiled = None if kind == "numpy" else _dispatch.compiled()
    if compiled is None:
        word_maxima_numpy(words, tables, row, begin, pool, out)
    elif out.size:
        compiled.word_maxima(kind, words, tables, row, begin, len(words), out.shape[2], *pool, out)


def word_maxima_numpy(
    words: Codes, tables: Singles, row: Ints, begin: Ints, pool: Pool, out: Singles
) -> None:
    """Do what `word_maxima` does without the compiled kernel."""
    _check(words, tables, row, begin, pool, out)
    reach = (out.shape[1] - 1) * pool.stride + 1
    for number in np.unique(row) if out.size else ():
        sums = _sums(words[number], tables)
        for phase in np.flatnonzero(row == number):
            maxima = out[phase]
            maxima[:] = pool.floor
            for first in range(int(begin[phase]), int(begin[phase]) + pool.span):
                np.maximum(maxima, sums[first : first + reach : pool.stride], out=maxima)


def _sums(words: Codes, tables: Singles) -> Singles:
    """Return the sums at every position of a row of words that has all of them."""
    count = len(tables) // ENTRIES
    sums = np.zeros((len(words) - WORD * (count - 1), tables.shape[1]), np.float32)
    rows = sliding_window_view(words, WORD * (count - 1) + 1)[:, ::WORD] + ENTRIES * np.arange(count)
    for start in range(0, len(sums), _AT_ONCE):
        part = sums[start : start + _AT_ONCE]
        for row in rows[start : start + _AT_ONCE].T:
            part += tables.take(row, axis=0)
    return sums


def _check(words: Codes, tables: Singles, row: Ints, begin: Ints, pool: Pool, out: Singles) -> None:
    """Refuse sizes that do not fit."""
    if min(pool.span, pool.stride, *words.shape[:1], *out.shape[2:]) < 1:
        raise ValueError("rows, filters, span and stride must be positive and not too large")
    if not len(tables) or len(tables) % ENTRIES or tables.shape[1:] != out.shape[2:]:
        raise ValueError("expected a table of 125 words for each word of a filter, and its filters in out")
    if not len(row) == len(begin) == len(out):
        raise ValueError("expected as many starts as there are rows of maxima")
    reach = WORD * (len(tables) // ENTRIES - 1) + pool.span + (out.shape[1] - 1) * pool.stride
    low, high = min(row, default=0), max(row, default=0)
    first, last = min(begin, default=0), max(begin, default=0)
    if out.size and (low < 0 or first < 0 or high >= len(words) or last + reach > words.shape[1]):
        raise ValueError("maxima must lie within the rows of words")
    if out.size and (words >= ENTRIES).any():
        raise ValueError(f"words must be below {ENTRIES}")
