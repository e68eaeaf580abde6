"""Letters drawn at random: background sequence of any order, and binding sites.

Every letter takes one uniform number of the generator and compares it with sums of probabilities, so
the same seed gives the same letters on every platform.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.random import Generator

from seqnet.aliases import Codes, Floats
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import Ppm

_ROWS = 4096
"""Sequences drawn at once; bounds the memory, changes no letter."""
_AT_ONCE = 1 << 22
"""Letters drawn at once; the same."""


def gc_background(gc: float) -> Background:
    """Return independent letters of which G and C make up the share `gc`, strictly between 0 and 1."""
    if not 0 < gc < 1:
        raise ValueError(f"a GC content of {gc:g} leaves letters out; expected one between 0 and 1")
    return Background(np.array([1 - gc, gc, gc, 1 - gc]) / 2, f"GC {gc:g}")


def conditional_tables(background: Background) -> list[Floats]:
    """Return the next letter's probabilities after 0 .. k letters, float64 (4**i, 4) each."""
    return [background.conditional(letters) for letters in range(background.order + 1)]


def letter_bounds(probabilities: Floats) -> Floats:
    """Return where a uniform number passes from one letter to the next: float64 (..., 3).

    Letter a is drawn when exactly a of the bounds are not above the number.

    Parameters
    ----------
    probabilities
        float64 (..., 4), rows sum to 1.
    """
    bounds = np.cumsum(probabilities, axis=-1)[..., :3]
    after = np.cumsum(probabilities[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    # rounding can leave a sum below 1 where no letter is left: that letter must never be drawn
    return np.where(after > 0, bounds, 1.0)


def _letters(draws: Floats, bounds: Floats) -> Codes:
    """Return the codes that uniform numbers (...) choose among bounds (..., 3)."""
    codes = (draws >= bounds[..., 0]).astype(np.uint8)
    codes += draws >= bounds[..., 1]
    codes += draws >= bounds[..., 2]
    return codes


def draw_background(tables: Sequence[Floats], count: int, length: int, generator: Generator) -> Codes:
    """Draw sequences of a Markov model.

    Parameters
    ----------
    tables
        As `conditional_tables` returns them; the last has the model's full order k.

    Returns
    -------
    uint8 (count, length)
    """
    bounds = [letter_bounds(table) for table in tables]
    codes = np.empty((count, length), dtype=np.uint8)
    if len(bounds) == 1:
        letters = codes.reshape(-1)
        for first in range(0, len(letters), _AT_ONCE):
            part = letters[first : first + _AT_ONCE]
            part[:] = _letters(generator.random(len(part)), bounds[0][0])
        return codes
    step = max(1, min(_ROWS, _AT_ONCE // max(1, length)))
    for first in range(0, count, step):
        rows = codes[first : first + step]
        rows[:] = _chain(generator.random(rows.shape), bounds)
    return codes


def _chain(draws: Floats, bounds: Sequence[Floats]) -> Codes:
    """Choose letters (n, length) position by position, each after the k before it."""
    order = len(bounds) - 1
    columns = np.ascontiguousarray(draws.T)
    codes = np.empty(columns.shape, dtype=np.uint8)
    context = np.zeros(len(draws), dtype=np.int64)
    for position, column in enumerate(columns):
        letters = _letters(column, bounds[min(position, order)][context])
        codes[position] = letters
        context = (context * 4 + letters) % 4 ** min(position + 1, order)
    return codes.T


def draw_contig(tables: Sequence[Floats], length: int, generator: Generator) -> Codes:
    """Draw one long sequence, uint8 (length,): what `draw_background` draws for a count of 1, sooner."""
    order = len(tables) - 1
    if not order:
        return draw_background(tables, 1, length, generator).reshape(-1)
    bounds = [letter_bounds(table).tolist() for table in tables]
    codes = np.empty(length, dtype=np.uint8)
    context = 0
    parts = (generator.random(min(_AT_ONCE, length - at)) for at in range(0, length, _AT_ONCE))
    for position, draw in enumerate(chain.from_iterable(part.tolist() for part in parts)):
        first, second, third = bounds[min(position, order)][context]
        code = (draw >= first) + (draw >= second) + (draw >= third)
        codes[position] = code
        context = (context * 4 + code) % 4 ** min(position + 1, order)
    return codes


def draw_sites(ppm: Ppm, count: int, generator: Generator) -> Codes:
    """Draw sites from a motif, each position on its own: uint8 (count, w)."""
    return _letters(generator.random((count, ppm.width)), letter_bounds(ppm.probabilities))
