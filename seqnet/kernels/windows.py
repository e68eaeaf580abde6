"""Scores of all windows of a sequence, and what is best in each of many sequences.

The score of a window is the float64 sum of its columns' scores in the order of the columns; on the
minus strand the window is read as its reverse complement, the columns still in the motif's order.
A window with an ambiguous base has no score: NaN. Tracks are equal to that definition to the bit;
summaries to its scores after `seqnet.kernels.ties.round_scores`, which decides what is equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints, Reals
from seqnet.kernels import _dispatch
from seqnet.kernels.ties import round_scores

Strand = Literal["max", "+", "-"]
"""Which score of a window: the higher of both strands, or the one of a strand."""

LARGEST = 1e100
"""Size up to which finite scores are taken."""
BATCH = 1 << 20
"""Bases that the numpy twin of `summarise` takes at a time (one sequence may be longer)."""

_SIGNS: dict[str, int] = {"max": 0, "+": 1, "-": -1}


@overload
def track(  # type: ignore[overload-overlap]  # no class is of both precisions
    codes: Codes, scores: Floats, strand: Strand = "max", dtype: type[np.float64] = np.float64
) -> Floats: ...


@overload
def track(codes: Codes, scores: Floats, strand: Strand, dtype: type[np.float32]) -> NDArray[np.float32]: ...


def track(
    codes: Codes,
    scores: Floats,
    strand: Strand = "max",
    dtype: type[np.float64] | type[np.float32] = np.float64,
) -> Reals:
    """Score every window of a sequence.

    Parameters
    ----------
    codes
        uint8 (length,); codes above 3 are ambiguous bases.
    scores
        float64 (w, 4), bits: finite, at most `LARGEST` in size, or -inf; w at least 1.
    strand
        Which score of a window.
    dtype
        float64, or float32: the float64 score correctly rounded, and several times faster.

    Returns
    -------
    (length - w + 1,) of dtype, empty if the sequence is shorter than the motif, bits; NaN for windows
    that hold an ambiguous base.

    Raises
    ------
    ValueError
        If an argument is not as described.
    """
    compiled = _dispatch.compiled()
    if compiled is None:
        return track_numpy(codes, scores, strand, dtype)
    codes, scores = _checked_codes(codes), _checked_scores(scores)
    out = _room(codes, scores, strand, dtype)
    compiled.track(codes, scores, _SIGNS[strand], out)
    return out


def track_numpy(
    codes: Codes,
    scores: Floats,
    strand: Strand = "max",
    dtype: type[np.float64] | type[np.float32] = np.float64,
) -> Reals:
    """Do what `track` does without the compiled kernel."""
    codes, scores = _checked_codes(codes), _checked_scores(scores)
    out = _room(codes, scores, strand, dtype)
    scores_along = np.maximum(*_both_strands(codes, scores)) if strand == "max" else None
    if scores_along is None:
        scores_along = _strand_scores(codes, scores, minus=strand == "-")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        out[:] = scores_along
    return out


class Summary(NamedTuple):
    """What is known of each of n sequences."""

    start: Ints
    """int64 (n,): 0-based start of the best window in its sequence; -1 where no window has a score."""
    strand: NDArray[np.int8]
    """int8 (n,): 1 or -1, the best window's; 0 where there is none."""
    score: Floats
    """float64 (n,): the best window's score, bits; NaN where there is none."""
    hits: Ints
    """int64 (n,): windows at or above their strand's threshold, both strands."""
    total: Floats
    """float64 (n,): sum of the hits' scores in order of start, + before -, bits."""


def summarise(
    codes: Codes, offsets: Ints, scores: Floats, thresholds: Floats, strand: Strand = "max"
) -> Summary:
    """Find the best window and the hits of each of many sequences.

    The best window is the one of the highest score, then the leftmost, then + before -. Scores and
    thresholds are rounded (`seqnet.kernels.ties.round_scores`) before they are compared.

    Parameters
    ----------
    codes
        uint8 (total,): sequences one after the other; codes above 3 are ambiguous bases.
    offsets
        int64 (n + 1,), ascending: sequence i is ``codes[offsets[i] : offsets[i + 1]]``.
    scores
        float64 (w, 4), bits: finite, at most `LARGEST` in size, or -inf; w at least 1.
    thresholds
        float64 (2,): lowest score that is a hit on + and on -, bits; not NaN.
    strand
        Which strands are read: ``max`` is both.

    Raises
    ------
    ValueError
        If an argument is not as described.
    """
    compiled = _dispatch.compiled()
    if compiled is None:
        return summarise_numpy(codes, offsets, scores, thresholds, strand)
    codes, scores, sign = _checked_codes(codes), _checked_scores(scores), _checked_sign(strand)
    offsets, thresholds = _checked_offsets(offsets, len(codes)), _checked_thresholds(thresholds)
    summary = _empty_summary(len(offsets) - 1)
    compiled.summarise(codes, offsets, scores, thresholds, sign, *summary)
    return summary


def summarise_numpy(
    codes: Codes, offsets: Ints, scores: Floats, thresholds: Floats, strand: Strand = "max"
) -> Summary:
    """Do what `summarise` does without the compiled kernel."""
    codes, scores, sign = _checked_codes(codes), _checked_scores(scores), _checked_sign(strand)
    offsets, thresholds = _checked_offsets(offsets, len(codes)), _checked_thresholds(thresholds)
    summary = _empty_summary(len(offsets) - 1)
    for first, last in _batches(offsets):
        part = Summary._make(column[first:last] for column in summary)
        _summarise_batch(codes, offsets[first : last + 1], scores, round_scores(thresholds), sign, part)
    return summary


def _batches(offsets: Ints) -> Iterator[tuple[int, int]]:
    """Cut sequences into runs of about `BATCH` bases, each at least one sequence."""
    first = 0
    while first < len(offsets) - 1:
        end = int(np.searchsorted(offsets, offsets[first] + BATCH, side="right")) - 1
        last = min(max(end, first + 1), len(offsets) - 1)
        yield first, last
        first = last


def _summarise_batch(
    codes: Codes, offsets: Ints, scores: Floats, thresholds: Floats, sign: int, out: Summary
) -> None:
    """Write the summaries of sequences that lie one after the other."""
    counts = np.maximum(np.diff(offsets) - len(scores) + 1, 0)
    rows = np.flatnonzero(counts)
    if not len(rows):
        return
    counts = counts[rows]
    firsts = np.cumsum(counts) - counts  # of each row's windows among all rows' windows
    row = np.repeat(np.arange(len(rows)), counts)
    starts = np.arange(len(row)) - firsts[row]
    both = round_scores(np.stack(_both_strands(codes[offsets[0] : offsets[-1]], scores), axis=1))
    if sign:
        both[:, 1 if sign > 0 else 0] = np.nan
    both = both[offsets[rows][row] - offsets[0] + starts]

    window, minus = np.nonzero(both >= thresholds)
    out.hits[rows] = np.bincount(row[window], minlength=len(rows))
    # bincount adds its weights one after the other, so in the order of the definition
    out.total[rows] = np.bincount(row[window], weights=both[window, minus], minlength=len(rows))

    top = np.fmax.reduceat(np.fmax(both[:, 0], both[:, 1]), firsts)
    window, minus = np.nonzero(both == top[row][:, None])
    seen, first = np.unique(row[window], return_index=True)  # the first occurrence of each
    window, minus = window[first], minus[first]
    out.start[rows[seen]] = starts[window]
    out.strand[rows[seen]] = 1 - 2 * minus
    out.score[rows[seen]] = both[window, minus]


def _both_strands(codes: Codes, scores: Floats) -> tuple[Floats, Floats]:
    """Score every window on + and on -."""
    return _strand_scores(codes, scores, minus=False), _strand_scores(codes, scores, minus=True)


def _strand_scores(codes: Codes, scores: Floats, minus: bool) -> Floats:
    """Score every window on a strand, columns in order."""
    width, places = len(scores), max(0, len(codes) - len(scores) + 1)
    table = np.full((width, 5), np.nan)
    table[:, :4] = scores[:, ::-1] if minus else scores
    codes = np.minimum(codes, 4)
    total = np.zeros(places)
    for j, column in enumerate(table):
        offset = width - 1 - j if minus else j
        total += column[codes[offset : offset + places]]
    return total


def _room(codes: Codes, scores: Floats, strand: Strand, dtype: type[np.float64] | type[np.float32]) -> Reals:
    """Return an array for a track."""
    _checked_sign(strand)
    if np.dtype(dtype) not in (np.float64, np.float32):
        raise ValueError(f"dtype is {np.dtype(dtype)}; expected float64 or float32")
    return np.empty(max(0, len(codes) - len(scores) + 1), dtype=dtype)


def _empty_summary(n: int) -> Summary:
    """Return the summary of sequences without windows."""
    return Summary(
        np.full(n, -1, np.int64),
        np.zeros(n, np.int8),
        np.full(n, np.nan),
        np.zeros(n, np.int64),
        np.zeros(n),
    )


def _checked_sign(strand: Strand) -> int:
    if strand not in _SIGNS:
        raise ValueError(f"strand is {strand!r}; expected one of {', '.join(_SIGNS)}")
    return _SIGNS[strand]


def _checked_codes(codes: Codes) -> Codes:
    if codes.dtype != np.uint8 or codes.ndim != 1:
        raise ValueError(f"codes are {codes.dtype} {codes.shape}; expected uint8 (length,)")
    return np.ascontiguousarray(codes)


def _checked_scores(scores: Floats) -> Floats:
    if scores.dtype != np.float64 or scores.ndim != 2 or scores.shape[1] != 4 or not len(scores):
        raise ValueError(f"scores are {scores.dtype} {scores.shape}; expected float64 (width, 4)")
    if not ((np.abs(scores) <= LARGEST) | (scores == -np.inf)).all():
        raise ValueError(f"scores must be at most {LARGEST:g} in size, or -inf")
    return np.ascontiguousarray(scores)


def _checked_offsets(offsets: Ints, length: int) -> Ints:
    if offsets.dtype != np.int64 or offsets.ndim != 1 or not len(offsets):
        raise ValueError(f"offsets are {offsets.dtype} {offsets.shape}; expected int64 (n + 1,)")
    if offsets[0] < 0 or offsets[-1] > length or (offsets[1:] < offsets[:-1]).any():
        raise ValueError(f"offsets must ascend within the {length} codes")
    return np.ascontiguousarray(offsets)


def _checked_thresholds(thresholds: Floats) -> Floats:
    if thresholds.dtype != np.float64 or thresholds.shape != (2,):
        raise ValueError(f"thresholds are {thresholds.dtype} {thresholds.shape}; expected float64 (2,)")
    if np.isnan(thresholds).any():
        raise ValueError("thresholds must not be NaN")
    return np.ascontiguousarray(thresholds)
