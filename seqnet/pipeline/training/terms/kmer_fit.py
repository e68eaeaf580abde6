"""Fitting the term of gapped k-mers, task by task or for all tasks by one Gram matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.aliases import Codes, Floats, Ints, Progress, no_progress
from seqnet.inference.terms.adding import Singles
from seqnet.inference.terms.kmer_term import KmerTerm
from seqnet.inference.terms.middle import middle
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import GAPPED, KmerSettings
from seqnet.linear.fit import fit_linear, stacked
from seqnet.linear.shared import GRAM_PENALTIES, gram_ridge, known_means, relative_loss

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MOST_TASKS = 4
"""With more, all tasks are fitted together by ridge regression: one at a time they would take too long."""
MOST_ROWS = 12_000
"""Rows whose Gram matrix is made: 0.6 GB."""
MOST_BASES = 5_000_000
"""Of the rows that the linear model is fitted to, and of those it is chosen and weighted by; a k-mer of each
pattern begins at nearly every one."""
MOST_COPIES = 8
"""Draws, for the fit, of negatives that change every epoch."""
_GRAM_ROWS = 512
"""Rows of a Gram matrix that are made at a time."""


class TermRows(NamedTuple):
    """Sequences and targets, as the network learns them."""

    codes: Codes
    """uint8 (n, L)."""
    targets: Floats
    """float64 (n, T), NaN where unknown."""

    def drawn(self, seed: int, most: int) -> TermRows:
        """Return so many of the rows at most, see `fitting_rows`."""
        rows = fitting_rows(len(self.codes), self.codes.shape[1], seed, most)
        return TermRows(self.codes[rows], self.targets[rows])

    def middle(self, span: int | None) -> TermRows:
        """Return the same rows with the middle of their sequences, see `seqnet.inference.terms.middle`."""
        return TermRows(middle(self.codes, span), self.targets)


def fit_kmer_term(
    train: tuple[Codes, Floats], valid: tuple[Codes, Floats], strands: str, progress: Progress = no_progress
) -> KmerTerm:
    """Fit a linear model (squared hinge) of gapped k-mers, task by task.

    Parameters
    ----------
    train, valid
        Sequences uint8 (n, L) and binary targets float64 (n, T), NaN where unknown.
    strands
        As of `KmerSettings`.
    progress
        Called with the number of solutions done.
    """
    settings = KmerSettings(tuple(GAPPED), strands, "sqrt")
    features = [count_codes(codes, settings) for codes in (train[0], valid[0])]
    fitted = fit_linear("hinge", (features[0], train[1]), (features[1], valid[1]), progress=progress)
    return _term(settings, *stacked(fitted))


def fit_kmer_ridge(
    train: tuple[Codes, Floats],
    valid: tuple[Codes, Floats],
    strands: str,
    *,
    binary: bool,
    progress: Progress = no_progress,
) -> KmerTerm:
    """Fit ridge regressions of gapped k-mers for any number of tasks by one Gram matrix, with one penalty.

    Parameters
    ----------
    train, valid
        Sequences uint8 (n, L) and targets float64 (n, T), NaN where unknown; the Gram matrix has the square
        of the training rows. The penalty does best on the validation rows.
    strands
        As of `KmerSettings`.
    binary
        Whether targets are 0 and 1: outputs are then in units of logits, to first order around the mean.
    progress
        Called with the number of penalties done.
    """
    settings = KmerSettings(tuple(GAPPED), strands, "sqrt")
    features, held = (count_codes(codes, settings) for codes in (train[0], valid[0]))
    middle, means = np.asarray(features.mean(axis=0), dtype=np.float64).ravel(), known_means(train[1])
    best: tuple[float, Floats, Floats] | None = None
    for done, dual in enumerate(gram_ridge(_gram(features), train[1]), 1):
        weights = np.asarray(features.T @ dual, dtype=np.float64).T
        bias = means - weights @ middle
        loss = relative_loss("mse", held @ weights.T + bias, valid[1], train[1])
        progress(1)
        if best is None or loss < best[0]:
            best = loss, weights, bias
        elif loss > best[0]:
            progress(len(GRAM_PENALTIES) - done)
            break
    assert best is not None
    _, weights, bias = best
    if binary:
        weights, bias = as_logits(weights, bias, means)
    return _term(settings, weights, bias)


def as_logits(weights: Floats, bias: Floats, means: Floats) -> tuple[Floats, Floats]:
    """Return linear models of probabilities, (T, d) and (T,), as models of logits around the means (T,).

    The logit of p near m is ``logit(m) + (p - m) / (m (1 - m))``.
    """
    rates = np.clip(means, 1e-6, 1 - 1e-6)
    slopes = 1 / (rates * (1 - rates))
    return weights * slopes[:, None], np.log(rates / (1 - rates)) + (bias - rates) * slopes


def _gram(features: csr_matrix) -> Singles:
    """Return the products of all rows with each other, float32 (n, n)."""
    rows, columns = features.astype(np.float32), features.astype(np.float32).T.tocsr()
    gram = np.empty((rows.shape[0], rows.shape[0]), dtype=np.float32)
    for begin in range(0, len(gram), _GRAM_ROWS):
        gram[begin : begin + _GRAM_ROWS] = (rows[begin : begin + _GRAM_ROWS] @ columns).toarray()
    return gram


def _term(settings: KmerSettings, weights: Floats, bias: Floats) -> KmerTerm:
    """Return a term of full weight, added to outputs as they are."""
    ones = np.ones(len(bias), dtype=np.float32)
    return KmerTerm(settings, ones, weights.astype(np.float32), bias.astype(np.float32))


def fitting_rows(rows: int, width: int, seed: int, most: int | None = None) -> Ints:
    """Return which of so many rows the term is fitted to, or chosen and weighted by, int64, in order.

    All of them, or as many as hold `MOST_BASES`, drawn at random; `most` of them where that is less.
    """
    most = min(max(1, MOST_BASES // max(1, width)), rows if most is None else most)
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def copies_of(rows: int, fresh: int, width: int) -> int:
    """Return the number of draws of negatives that change every epoch: all rows hold about `MOST_BASES`.

    Examples
    --------
    >>> copies_of(8_000, 4_000, 100), copies_of(40_000, 20_000, 100)
    (8, 1)
    """
    spare = MOST_BASES // max(1, width) - (rows - fresh)
    return int(np.clip(spare // max(1, fresh), 1, MOST_COPIES))
