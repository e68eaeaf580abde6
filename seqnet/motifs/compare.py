"""Comparison of motifs after Tomtom (Gupta et al. 2007, Genome Biology 8:R24).

A query is slid along every target, both orientations; an alignment scores the sum of the similarities
of its columns. The p-value of an alignment is the chance that target columns drawn independently from
the columns of all targets, both orientations, score as much or more over the same query columns.
Columns of either motif that hang over do not count (Tomtom's ``-incomplete-scores``; its later releases
give them their median score unless that option is given).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from seqnet.aliases import Floats, Ints
from seqnet.kernels.ties import round_scores
from seqnet.motifs.matrix import reverse_complement_matrix
from seqnet.motifs.significance.multiple import benjamini_hochberg

Distance: TypeAlias = Literal["pearson", "euclidean", "kullback-leibler"]
MIN_OVERLAP = 5
BINS = 100
PSEUDOCOUNT = 0.01
"""Total added to each column, query and target alike, before a logarithm is taken of it."""
_CONSTANT = 1e-9
"""Standard deviation (times two) below which four probabilities are all the same but for rounding."""
_SMALLEST = float(np.finfo(np.float64).tiny)


class Match(NamedTuple):
    """The best alignment of a query with one target."""

    target: int
    """Index among the targets."""
    offset: int
    """Position of the target's first column, in the orientation of the match, counted from the query's
    first column; negative where the target begins further left. It is minus the ``Optimal_offset`` of
    Tomtom, which is positive where the query is shifted to the right."""
    strand: int
    """1, or -1 if the target was reverse-complemented."""
    overlap: int
    """Number of aligned columns."""
    score: float
    """Sum of the similarities of the aligned columns."""
    p_value: float
    """Chance that the best alignment with a random target of this width is as good."""
    e_value: float
    """Expected number of targets as good by chance: p-value times number of targets."""
    q_value: float
    """Smallest false discovery rate (Benjamini & Hochberg 1995) that admits the match, over all targets
    of this query."""


def _sum_letters(term: Callable[[int], Floats]) -> Floats:
    """Sum a term over the letters, complements paired: the other strand gives the same last bit."""
    return (term(0) + term(3)) + (term(1) + term(2))


def _standardised(columns: Floats) -> Floats:
    """Return columns (n, 4) with mean 0 and Euclidean norm 1; all zero where a column is constant."""
    centred = columns - _sum_letters(lambda k: columns[:, k])[:, None] / 4
    norms = np.sqrt(_sum_letters(lambda k: centred[:, k] ** 2))[:, None]
    constant = norms < _CONSTANT
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, norms))


def pearson(queries: Floats, targets: Floats) -> Floats:
    """Return the correlation of the four values of columns (m, 4) and (n, 4), float64 (m, n).

    A constant column, which has no correlation, gets 0.
    """
    q, t = _standardised(queries), _standardised(targets)
    return _sum_letters(lambda k: q[:, k, None] * t[:, k])


def euclidean(queries: Floats, targets: Floats) -> Floats:
    """Return minus the Euclidean distance of columns (m, 4) and (n, 4), float64 (m, n)."""
    return -np.sqrt(_sum_letters(lambda k: (queries[:, k, None] - targets[:, k]) ** 2))


def kullback_leibler(queries: Floats, targets: Floats) -> Floats:
    """Return minus the mean of both Kullback-Leibler divergences of columns (m, 4) and (n, 4), bits.

    (KL(p||q) + KL(q||p)) / 2 = sum (p - q) (log2 p - log2 q) / 2, float64 (m, n), with p and q after
    `PSEUDOCOUNT`, spread evenly, was added to them.
    """
    q, t = ((columns + PSEUDOCOUNT / 4) / (1 + PSEUDOCOUNT) for columns in (queries, targets))
    log_q, log_t = np.log2(q), np.log2(t)
    return -_sum_letters(lambda k: (q[:, k, None] - t[:, k]) * (log_q[:, k, None] - log_t[:, k])) / 2


SIMILARITIES: dict[Distance, Callable[[Floats, Floats], Floats]] = {
    "pearson": pearson,
    "euclidean": euclidean,
    "kullback-leibler": kullback_leibler,
}
"""Queries (m, 4) and targets (n, 4) to similarities (m, n), higher the more alike."""


def _checked(matrix: Floats, name: str) -> Floats:
    """Return the matrix as float64 (w, 4), refusing what holds no probabilities."""
    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 4 or not len(values):
        raise ValueError(f"{name} has shape {values.shape}; a motif has (width, 4)")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(f"{name} holds values that are no probabilities")
    return values


@dataclass(frozen=True, eq=False)
class Collection:
    """Targets laid end to end, for many queries; made by `collect_targets`.

    Parameters
    ----------
    columns
        float64 (2n, 4) of n target columns: those of the targets, then those of their reverse
        complements; (n, 4) where these do not count.
    widths
        int64 (2t,), or (t,): columns of each of t targets, then of their reverse complements.
    firsts
        int64 (2t,), or (t,): where each begins in `columns`.
    strands
        2, or 1 where reverse complements do not count.
    """

    columns: Floats
    widths: Ints
    firsts: Ints
    strands: int = 2

    def __len__(self) -> int:
        return len(self.widths) // self.strands


def collect_targets(targets: Sequence[Floats], *, forward: bool = False) -> Collection:
    """Prepare targets, probabilities float64 (w, 4) each, for comparison.

    Parameters
    ----------
    forward
        Whether to compare them in the forward orientation only, as motifs of RNA.

    Raises
    ------
    ValueError
        If there are none, or one is no matrix of probabilities.
    """
    if not len(targets):
        raise ValueError("there are no targets to compare with")
    plus = [_checked(target, f"target {i}") for i, target in enumerate(targets, 1)]
    both = plus if forward else plus + [reverse_complement_matrix(target) for target in plus]
    widths = np.array([len(target) for target in both], dtype=np.int64)
    return Collection(np.concatenate(both), widths, np.cumsum(widths) - widths, len(both) // len(plus))


class _Alignments(NamedTuple):
    """Every alignment of a query of m columns with a collection, int64 (a,) each."""

    oriented: Ints
    """Index into the collection's 2t widths."""
    offset: Ints
    """As in `Match`."""
    start: Ints
    """First query column of the overlap."""
    column: Ints
    """First of the collection's columns in the overlap."""
    overlap: Ints


def _alignments(width: int, collection: Collection, min_overlap: int) -> _Alignments:
    """List the alignments with at least min(min_overlap, query width, target width) columns."""
    least = np.minimum(min(min_overlap, width), collection.widths)
    counts = width + collection.widths - 2 * least + 1
    oriented = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(oriented)) - np.repeat(np.cumsum(counts) - counts, counts)
    offset = rank - (collection.widths - least)[oriented]
    start, skipped = np.maximum(offset, 0), np.maximum(-offset, 0)
    overlap = np.minimum(width - start, collection.widths[oriented] - skipped)
    return _Alignments(oriented, offset, start, collection.firsts[oriented] + skipped, overlap)


def _whole_numbers(similarities: Floats, bins: int) -> Ints:
    """Return similarities (m, n) as whole numbers 0 .. bins, int64.

    Each row counts from its lowest value; the unit, the same for all rows, is the widest row's range
    divided by `bins`.
    """
    shifted = similarities - similarities.min(axis=1, keepdims=True)
    unit = float(shifted.max()) / bins
    numbers: Ints = np.rint(shifted / (unit if unit > 0 else 1.0)).astype(np.int64)
    return numbers


def _diagonal_sums(table: Ints, alignments: _Alignments) -> Ints:
    """Sum the whole numbers (m, n) over the columns of each alignment, int64 (a,).

    Sums along every diagonal from its beginning are differenced; where they ran through other targets
    cancels.
    """
    m, n = table.shape
    sums = np.zeros((m + 1, n + 1), dtype=np.int64)
    for i in range(m):
        sums[i + 1, 1:] = sums[i, :-1] + table[i]
    start, column, overlap = alignments.start, alignments.column, alignments.overlap
    differences: Ints = sums[start + overlap, column + overlap] - sums[start, column]
    return differences


def _tails(distributions: Floats) -> Iterator[Floats]:
    """Yield the chance of each sum or more over the first, the first two, ... columns.

    Parameters
    ----------
    distributions
        float64 (columns, bins + 1): the chance of each whole number at a column.

    Yields
    ------
    float64 (columns so far * bins + 1,). Only additions of positive numbers: small tails keep their
    precision. What would underflow is the smallest normal number.
    """
    total = np.ones(1)
    for distribution in distributions:
        total = np.convolve(total, distribution)
        yield np.clip(np.cumsum(total[::-1])[::-1], _SMALLEST, 1.0)


def _alignment_p_values(table: Ints, alignments: _Alignments, bins: int) -> Floats:
    """Return the chance that random target columns score as much as each alignment, float64 (a,).

    Observed and random columns have the same whole numbers, so that the p-value is the exact one of the
    sum of rounded similarities: rounding may cost power, but makes no p-value too small.
    """
    chances = np.array([np.bincount(row, minlength=bins + 1) for row in table]) / table.shape[1]
    sums = _diagonal_sums(table, alignments)
    p_values = np.empty(len(sums))
    for start in np.unique(alignments.start):
        own = np.flatnonzero(alignments.start == start)
        overlap = alignments.overlap[own]
        tails = list(_tails(chances[start : start + overlap.max()]))
        begins = np.concatenate([[0], np.cumsum([len(tail) for tail in tails])])
        p_values[own] = np.concatenate(tails)[begins[overlap - 1] + sums[own]]
    return p_values


def _best(alignments: _Alignments, p_values: Floats, count: int) -> tuple[Ints, Ints]:
    """Return the best alignment of each of `count` targets and how many it was chosen from, int64.

    Smallest p-value; among equals the larger overlap, then the forward strand, then the smaller offset.
    """
    target, reverse = alignments.oriented % count, alignments.oriented // count
    rounded = round_scores(np.log(p_values))  # convolutions differ in their last bits
    order = np.lexsort((alignments.offset, reverse, -alignments.overlap, rounded, target))
    tried = np.bincount(target, minlength=count)
    return order[np.cumsum(tried) - tried], tried


def _scores(similarities: Floats, alignments: _Alignments, chosen: Ints) -> Floats:
    """Sum the similarities (m, n) over the columns of some alignments, float64 (chosen,)."""
    start, column = alignments.start[chosen], alignments.column[chosen]
    overlap = alignments.overlap[chosen]
    scores = np.zeros(len(chosen))
    for step in range(int(overlap.max())):
        inside = step < overlap
        scores[inside] += similarities[start[inside] + step, column[inside] + step]
    return scores


def compare_motif(
    query: Floats,
    targets: Sequence[Floats] | Collection,
    distance: Distance = "pearson",
    min_overlap: int = MIN_OVERLAP,
    bins: int = BINS,
) -> list[Match]:
    """Align a query with every target and tell how surprising the best alignments are.

    The p-value of a match is 1 - (1 - p)^n with p that of its best alignment and n the number of
    alignments with the target, on both strands unless the collection has one (Gupta et al. 2007).

    Parameters
    ----------
    query
        Probabilities, float64 (m, 4), A C G T.
    targets
        Probabilities (w, 4) each, or what `collect_targets` made of them, which saves work for many queries.
    distance
        A name of `SIMILARITIES`.
    min_overlap
        Fewest aligned columns; the width of the narrower motif where that is less.
    bins
        Similarities are rounded to the nearest of this many equal steps, over the widest range they have
        at a query column, before they are summed for a p-value; those of the null alike. The score
        of a match is not rounded.

    Returns
    -------
    One match for each target, sorted by p-value, then target.

    Raises
    ------
    ValueError
        If there are no targets, a motif is no matrix of probabilities, or a number is below 1.
    """
    if min_overlap < 1 or bins < 1:
        raise ValueError(f"min_overlap ({min_overlap}) and bins ({bins}) are at least 1")
    collection = targets if isinstance(targets, Collection) else collect_targets(targets)
    similarities = SIMILARITIES[distance](_checked(query, "the query"), collection.columns)
    alignments = _alignments(len(query), collection, min_overlap)
    table = _whole_numbers(similarities, bins)
    singles = _alignment_p_values(table, alignments, bins)
    chosen, tried = _best(alignments, singles, len(collection))
    with np.errstate(divide="ignore"):  # log(1 - 1)
        p_values = -np.expm1(tried * np.log1p(-singles[chosen]))
    return _matches(alignments, chosen, _scores(similarities, alignments, chosen), p_values)


def _matches(alignments: _Alignments, chosen: Ints, scores: Floats, p_values: Floats) -> list[Match]:
    """Turn one alignment for each target, in their order, into sorted matches."""
    count = len(chosen)
    strands = np.where(alignments.oriented[chosen] < count, 1, -1)
    columns = (
        np.arange(count),
        alignments.offset[chosen],
        strands,
        alignments.overlap[chosen],
        scores,
        p_values,
        p_values * count,
        benjamini_hochberg(p_values),
    )
    with np.errstate(divide="ignore"):
        order = np.argsort(round_scores(np.log(p_values)), kind="stable")
    return [Match(*row) for row in zip(*(column[order].tolist() for column in columns), strict=True)]
