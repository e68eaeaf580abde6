"""Sums over all windows of 2 to the power of their score: how much of a motif a sequence holds.

The score of a window is a sum over columns, so 2 to its power is a product over columns, and over chunks of
neighbouring columns: one look-up each, by the word of bases that the window holds there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints
from seqnet.kernels import _dispatch

LONGEST_WORD = 5
"""Columns of a chunk: the tables of a few chunks fit a processor's first cache."""
LARGEST_COLUMN = 100.0
"""Bits of a column, beyond which products of columns may overflow."""


class Words(NamedTuple):
    """The words of sequences of one length."""

    length: int
    """Bases of a word."""
    values: NDArray[np.uint16]
    """uint16 (n, places): word by place, the first base the highest digit; 4**length if a base is N."""


def read_words(codes: Codes, length: int) -> Words:
    """Return the words of sequences.

    Parameters
    ----------
    codes
        uint8 (n, L), L at least `length`; codes above 3 are ambiguous bases.
    length
        1 to `LONGEST_WORD` bases.

    Examples
    --------
    >>> read_words(np.array([[0, 1, 4, 3, 3]], dtype=np.uint8), 2).values.tolist()
    [[1, 16, 16, 15]]
    """
    places = codes.shape[1] - length + 1
    values = np.zeros((len(codes), places), dtype=np.uint16)
    ambiguous = np.zeros(values.shape, dtype=bool)
    for shift in range(length):
        part = codes[:, shift : shift + places]
        values = values * np.uint16(4) + (part & 3)
        ambiguous |= part > 3
    values[ambiguous] = 4**length
    return Words(length, np.ascontiguousarray(values))


class Lookups(NamedTuple):
    """A motif on one strand as products of look-ups."""

    width: int
    """Columns w."""
    offsets: Ints
    """int64 (c,): where in a window the word of each chunk begins."""
    tables: Floats
    """float64 (c, 4**length + 1): 2 to the power of the score of each word's columns."""


def make_lookups(scores: Floats) -> Lookups:
    """Prepare a motif.

    Parameters
    ----------
    scores
        float64 (w, 4), bits: at most 100 each, -inf allowed.

    Raises
    ------
    ValueError
        If a score is larger.
    """
    if not (scores <= LARGEST_COLUMN).all():
        raise ValueError(f"scores must be at most {LARGEST_COLUMN:g} bits a column")
    return Lookups(len(scores), *_chunks(scores, word_length(len(scores))))


def window_sums(words: Words, motif: Lookups) -> Floats:
    """Sum 2 to the power of the score over all windows of each sequence, float64 (n,).

    Windows with an ambiguous base add nothing. Equal to the definition to float64 rounding.

    Parameters
    ----------
    words
        Of `word_length` of the motif's width, and of sequences at least as long as the motif.

    Raises
    ------
    ValueError
        If they are not.
    """
    places = words.values.shape[1]
    windows = places + words.length - motif.width
    if words.length != word_length(motif.width) or windows < 1:
        raise ValueError(
            f"words of {words.length} bases in {places} places do not fit a motif of {motif.width}"
        )
    out = np.zeros(len(words.values))
    compiled = _dispatch.compiled()
    if compiled is None:
        sums_numpy(words.values, windows, motif.offsets, motif.tables, out)
    else:
        compiled.occupancy(words.values, places, windows, motif.offsets, motif.tables, out)
    return out


def sums_numpy(words: NDArray[np.uint16], windows: int, offsets: Ints, tables: Floats, out: Floats) -> None:
    """Do what the compiled kernel does: add the sum over windows of the product over chunks."""
    products = np.ones((len(words), windows))
    for offset, table in zip(offsets.tolist(), tables, strict=True):
        products *= table[words[:, offset : offset + windows]]
    out += products.sum(axis=1)


def word_length(width: int) -> int:
    """Return the bases of a word for motifs of so many columns."""
    return min(width, LONGEST_WORD)


def _chunks(scores: Floats, length: int) -> tuple[Ints, Floats]:
    """Return where chunks begin, int64 (c,), and their tables, float64 (c, 4**length + 1).

    The last chunk ends with the motif; columns that the one before has are blank in it. With w = 7 and words
    of 5: the chunks begin at 0 and 2, and the first three columns of the second are blank.
    """
    width = len(scores)
    starts = [*range(0, width - length, length), width - length]
    offsets = np.array(starts, dtype=np.int64)
    tables = np.zeros((len(starts), 4**length + 1))  # ambiguous words keep their 0
    for number, start in enumerate(starts):
        table = np.ones(1)
        for column in range(start, start + length):
            seen = number > 0 and column < starts[number - 1] + length
            factors = np.ones(4) if seen else np.exp2(scores[column])
            table = np.multiply.outer(table, factors).reshape(-1)
        tables[number, :-1] = table
    return offsets, tables
