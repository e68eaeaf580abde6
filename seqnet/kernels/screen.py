"""The windows of a sequence whose motif score reaches a threshold, for many motifs at once.

A quick pass in small integers names candidates, and only these are scored in float64. For each column
of a motif the *deficit* of a letter is what it scores below the best one; a window is a hit where its
deficits add up to no more than the budget, best score less threshold. Deficits of a few columns
together are counted in 254ths of the budget, rounded down: sums of these can be too low, never too
high, so that a candidate may turn out to be no hit, but no hit is missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints
from seqnet.kernels import _dispatch

LETTERS = 6
"""Columns that the numpy twin looks up at a time."""

BLOCK = 1 << 16
"""Positions that the numpy twin takes at a time: their places fit the 16 bits that sort fastest."""

STEPS = 254
"""Parts of the budget."""


class Found(NamedTuple):
    """Hits as columns, sorted by start, end, motif and strand (+ first)."""

    start: Ints
    """int64 (n,): index of the window's first base."""
    motif: NDArray[np.int32]
    """int32 (n,): which matrix."""
    strand: NDArray[np.int8]
    """int8 (n,): 1 or -1."""
    score: Floats
    """float64 (n,), bits."""


@dataclass(frozen=True, eq=False)
class Screen:
    """Motifs prepared for `find`; never changes, so that threads may share one.

    Parameters
    ----------
    matrices
        float64 (w, 4) each, bits.
    thresholds
        float64 (motifs, 2), bits: lowest score that is a hit on + and on -.
    kind
        Kernels that `find` runs.
    prepared
        What these keep: the compiled screen, or the numpy twin's motifs by width.
    """

    matrices: tuple[Floats, ...]
    thresholds: Floats
    kind: str
    prepared: object


def prepare(matrices: Sequence[Floats], thresholds: Floats) -> Screen:
    """Prepare motifs for `find`.

    Parameters
    ----------
    matrices
        float64 (w, 4) each, w >= 1, bits; finite or -inf.
    thresholds
        float64 (motifs, 2), bits: lowest score that is a hit on + and on -; inf for never, -inf for
        every window without an ambiguous base.

    Raises
    ------
    ValueError
        If a matrix or the thresholds have another shape or hold other values.
    """
    return prepare_for(_dispatch.description(), matrices, thresholds)


def prepare_for(kind: str, matrices: Sequence[Floats], thresholds: Floats) -> Screen:
    """Do what `prepare` does, for a kind of kernels out of `_dispatch.available`."""
    kept = tuple(_own_matrix(matrix) for matrix in matrices)
    limits = np.array(thresholds, dtype=np.float64)
    if limits.shape != (len(kept), 2) or np.isnan(limits).any():
        raise ValueError(f"thresholds must be {len(kept)} x 2 numbers")
    limits.flags.writeable = False
    if kind == "numpy":
        return Screen(kept, limits, kind, _numpy_motifs(kept, limits))
    widths = np.array([len(matrix) for matrix in kept], dtype=np.int64)
    scores = np.concatenate([*kept, np.empty((0, 4))])
    return Screen(kept, limits, kind, _compiled().screen_prepare(kind, widths, scores, limits))


def _own_matrix(matrix: Floats) -> Floats:
    """Return a copy that cannot be written, or raise."""
    own = np.array(matrix, dtype=np.float64, order="C")
    if own.ndim != 2 or own.shape[1] != 4 or not len(own):
        raise ValueError("a matrix must have 4 columns and at least one row")
    if not (own < np.inf).all():
        raise ValueError("scores must be finite or -inf")
    own.flags.writeable = False
    return own


def _compiled() -> _dispatch.CompiledKernels:
    """Return the compiled module."""
    module = _dispatch.compiled()
    if module is None:
        raise ValueError("no compiled kernels run here")
    return module


def find(screen: Screen, codes: Codes, starts: int) -> Found:
    """Find every window whose score reaches the threshold of its strand.

    Parameters
    ----------
    codes
        uint8 (m,); codes above 3 are ambiguous.
    starts
        Only windows that start before this are looked at; they may end anywhere in `codes`, and
        those that hold an ambiguous base are left out.

    Returns
    -------
    Found
        Scores equal, to the bit, the float64 sums of the columns in the motif's order; on the minus
        strand of the window's reverse complement.

    Raises
    ------
    ValueError
        If `codes` is no vector of bytes, or `starts` is negative.
    """
    if codes.dtype != np.uint8 or codes.ndim != 1:
        raise ValueError("codes must be a vector of uint8")
    if starts < 0:
        raise ValueError("starts must not be negative")
    starts = min(starts, len(codes))
    if screen.kind == "numpy":
        return _find_numpy(screen, codes, starts)
    columns = _compiled().screen_find(screen.prepared, np.ascontiguousarray(codes), starts)
    types = (np.int64, np.int32, np.int8, np.float64)
    return Found._make(
        np.frombuffer(memoryview(column), kind) for column, kind in zip(columns, types, strict=True)
    )


# ---- the numpy twin ----


class _Strand(NamedTuple):
    """One strand of a motif, as the numpy twin reads it."""

    number: int
    strand: int
    threshold: float
    columns: Floats
    """float64 (w, 5): what a letter adds, columns in the motif's order; NaN for ambiguous."""
    offsets: range
    """Where in the window each column lies."""
    tables: NDArray[np.uint8]
    """uint8 (groups, 4 ** LETTERS): parts of the budget that a group of letters costs."""


def _numpy_motifs(matrices: Sequence[Floats], thresholds: Floats) -> list[_Strand]:
    """Prepare both strands of the motifs, by width, then number, without those that never hit."""
    strands = []
    for number in sorted(range(len(matrices)), key=lambda number: len(matrices[number])):
        matrix = matrices[number]
        places = range(len(matrix))
        for strand, offsets, scores in ((1, places, matrix), (-1, places[::-1], matrix[:, ::-1])):
            threshold = float(thresholds[number, 0 if strand == 1 else 1])
            budget = _budget(matrix, threshold)
            if budget < 0:
                continue
            columns = np.column_stack([scores, np.full(len(matrix), np.nan)])
            tables = _tables(scores[offsets.start :: offsets.step], budget)
            strands.append(_Strand(number, strand, threshold, columns, offsets, tables))
    return strands


def _budget(matrix: Floats, threshold: float) -> float:
    """Return the largest deficit a hit may have: negative if there is none, inf for no bound.

    It comes with a margin beyond all rounding, since a float64 sum of w terms is off by less than
    w * 2**-52 times the sum of their sizes.
    """
    if threshold in (-np.inf, np.inf):
        return -threshold
    with np.errstate(over="ignore", invalid="ignore"):
        best = matrix.max(axis=1).sum()
        if best == -np.inf:
            return -1.0
        sizes = np.where(np.isfinite(matrix), np.abs(matrix), 0.0).max(axis=1).sum() + abs(threshold)
        budget = float(best - threshold + (len(matrix) + 4) * 2.0**-50 * sizes)
    if not np.isfinite(budget):  # scores near the largest float64: rescoring decides
        return np.inf
    return budget if budget < 0 else max(budget, 1e-300)


def _tables(scores: Floats, budget: float) -> NDArray[np.uint8]:
    """Return the parts of the budget that each word of each group of columns costs.

    Parameters
    ----------
    scores
        float64 (w, 4): columns as they lie in the window.
    """
    groups = -(-len(scores) // LETTERS)
    if budget == np.inf:
        return np.zeros((groups, 4**LETTERS), dtype=np.uint8)
    deficits = np.zeros((groups * LETTERS, 4))  # columns past the motif cost nothing
    deficits[: len(scores)] = scores.max(axis=1, keepdims=True) - scores
    words = np.zeros((groups, 1))
    for column in np.moveaxis(deficits.reshape(groups, LETTERS, 4), 1, 0):
        words = (column[:, :, None] + words[:, None, :]).reshape(groups, -1)
    with np.errstate(over="ignore"):
        parts = words / budget * (STEPS * (1 - 1e-12))
    return np.minimum(parts, 255).astype(np.uint8)


def _find_numpy(screen: Screen, codes: Codes, starts: int) -> Found:
    """Do what `find` does without the compiled kernels."""
    empty = Found(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0))
    widest = max((len(matrix) for matrix in screen.matrices), default=0)
    strands = cast("list[_Strand]", screen.prepared)  # of the kind numpy
    parts = [empty]
    for offset in range(0, starts, BLOCK):
        own = min(BLOCK, starts - offset)
        letters = np.minimum(codes[offset : offset + own + widest], 4)
        if (letters[:own] < 4).any():
            parts += _block_found(strands, letters, own, offset)
    return Found._make(np.concatenate(column) for column in zip(*parts, strict=True))


def _block_found(strands: Sequence[_Strand], letters: Codes, own: int, offset: int) -> Iterator[Found]:
    """Find the hits of one block, in order."""
    index = _word_index(letters)
    parts = []
    for strand in strands:
        places, scores = _strand_found(strand, letters, index, own)
        if len(places):
            number = np.full(len(places), strand.number, dtype=np.int32)
            parts.append((places, number, np.full(len(places), strand.strand, dtype=np.int8), scores))
    if parts:
        place, motif, side, score = (np.concatenate(column) for column in zip(*parts, strict=True))
        # stable, so that equal starts stay in the order of the motifs
        order = np.argsort(place.astype(np.uint16), kind="stable")
        yield Found(offset + place[order], motif[order], side[order], score[order])


def _word_index(letters: Codes) -> NDArray[np.intp]:
    """Return the words of LETTERS letters as numbers, the first letter lowest; 0 past the end."""
    index = np.zeros(len(letters), dtype=np.intp)
    known = (letters & 3).astype(np.intp)
    for place in range(min(LETTERS, len(letters))):
        index[: len(letters) - place] |= known[place:] << 2 * place
    return index


def _strand_found(strand: _Strand, letters: Codes, index: NDArray[np.intp], own: int) -> tuple[Ints, Floats]:
    """Return the starts, ascending, and the scores of one strand's hits in a block."""
    windows = min(own, len(letters) - len(strand.columns) + 1)
    if windows < 1:
        return np.empty(0, np.int64), np.empty(0)
    parts = np.zeros(windows, dtype=np.uint32)
    for group, table in enumerate(strand.tables):
        parts += table.take(index[group * LETTERS : group * LETTERS + windows])
    places = np.flatnonzero((parts <= STEPS) & (letters[:windows] < 4))
    scores = np.zeros(len(places))
    with np.errstate(over="ignore", invalid="ignore"):
        for column, place in zip(strand.columns, strand.offsets, strict=True):
            scores += column[letters[places + place]]
    hits = scores >= strand.threshold
    return places[hits], scores[hits]
