"""The linear term of a collection's motifs: alone (``train linear``), or added to a network's outputs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import FormatError
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.inference.terms.motif_term import MotifFeatures, MotifScores, MotifTerm, fit_motif_features
from seqnet.kmers.columns import feature_names
from seqnet.kmers.counting import count_codes
from seqnet.linear.shared import SHARED_PENALTIES, SharedFit, fit_shared, known_means
from seqnet.motifs.background import Background
from seqnet.motifs.strands import strands_of
from seqnet.motifs.words import MOST_WORDS, grow_motifs
from seqnet.pipeline.motifs.request import MotifRules, Scoring
from seqnet.pipeline.motifs.sources import load_motifs, make_pssms
from seqnet.pipeline.training.terms.kmer_fit import as_logits
from seqnet.pipeline.training.terms.span import decided_span
from seqnet.reporting import detail, note, progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scipy.sparse import csr_matrix

    from seqnet.aliases import Codes, Floats, Ints
    from seqnet.inference.terms.kmer_term import KmerTerm
    from seqnet.pipeline.training.terms.kmer_fit import TermRows

_TAIL = 0.25
"""Share of the rows of a regression in which sites of high and of low targets are searched."""


def collection_scores(path: str, rules: MotifRules, codes: Codes, *, both: bool) -> MotifScores:
    """Read motifs, as scores against the base frequencies of the training sequences.

    Parameters
    ----------
    codes
        uint8 (n, L): the training sequences.
    both
        Whether sequences are read on both strands.
    """
    background = Background(base_frequencies(codes, both=both), "training sequences")
    scored = make_pssms(load_motifs(path, rules=rules), Scoring(background=background), keep=True)
    motifs = MotifScores(
        tuple(pssm.info.name for pssm in scored.pssms),
        tuple(pssm.scores for pssm in scored.pssms),
        tuple(both and strands_of(pssm.info) == "both" for pssm in scored.pssms),
    )
    for pssm in scored.pssms:
        if pssm.scores.max() > 100 or np.isnan(pssm.scores).any():
            raise FormatError(path, f"{pssm.info.name} holds scores above 100 bits, or NaN")
    return motifs


def joined_motifs(collections: Sequence[MotifScores]) -> MotifScores:
    """Return the motifs of collections one after another."""
    names, scores, both = (
        tuple(value for motifs in collections for value in getattr(motifs, field))
        for field in ("names", "scores", "both")
    )
    return MotifScores(names, scores, both)


def base_frequencies(codes: Codes, *, both: bool) -> Floats:
    """Return the share of each base, one more of each counted; of both strands where these are read.

    Returns
    -------
    frequencies
        float64 (4,), sum 1.
    """
    counts = np.bincount(codes.reshape(-1), minlength=AMBIGUOUS + 1)[:4] + 1.0
    counts = counts + counts[::-1] if both else counts
    return np.asarray(counts / counts.sum(), dtype=np.float64)


class FittedMotifs:
    """Motif features of the rows that models are fitted to and chosen by.

    Parameters
    ----------
    motifs
        The collection.
    train, valid
        The rows.
    threads
        Parts of the sequences that are scored at a time.
    seed
        Of the rows that decide how much of the sequences' middle is read.
    """

    def __init__(
        self, motifs: MotifScores, train: TermRows, valid: TermRows, threads: int, seed: int
    ) -> None:
        outputs = partial(_ridge_outputs, motifs, threads=threads)
        self._span = decided_span(outputs, "motifs", train, valid, seed)
        train, valid = train.middle(self._span), valid.middle(self._span)
        features, values = fit_motif_features(motifs, train.codes, threads)
        self.features: MotifFeatures = features
        self._train = values, train.targets
        self._valid = features.of_codes(valid.codes, threads), valid.targets
        widest = max(len(matrix) for matrix in motifs.scores)
        note(f"motif term: {len(motifs.names)} motifs of up to {widest} bases")

    def fit(self, loss: str, penalties: Sequence[float] | None = None) -> SharedFit:
        """Fit one linear model for all tasks, see `seqnet.linear.shared.fit_shared`."""
        count = len(SHARED_PENALTIES[loss] if penalties is None else penalties)
        with progress_bar("penalties of motifs", count) as progress:
            return fit_shared(loss, self._train, self._valid, penalties, progress)

    def term(self, *, binary: bool) -> MotifTerm:
        """Return the term that is added to a network: ridge regression, which is quick for many tasks."""
        fitted = self.fit("mse")
        weights, bias = fitted.weights, fitted.bias
        if binary:
            weights, bias = as_logits(weights, bias, known_means(self._train[1]))
        return self.term_of(weights, bias)

    def term_of(self, weights: Floats, bias: Floats) -> MotifTerm:
        """Return weights (T, 2m) and biases (T,) as a term of full weight."""
        ones = np.ones(len(bias), dtype=np.float32)
        return MotifTerm(self.features, ones, weights.astype(np.float32), bias.astype(np.float32), self._span)


def _ridge_outputs(motifs: MotifScores, train: TermRows, valid: TermRows, threads: int) -> Floats:
    """Return what ridge regressions of motif features make of the validation rows, float64 (n, T)."""
    features, values = fit_motif_features(motifs, train.codes, threads)
    held = features.of_codes(valid.codes, threads)
    fitted = fit_shared("mse", (values, train.targets), (held, valid.targets))
    outputs: Floats = held.astype(np.float64) @ fitted.weights.T + fitted.bias
    return outputs


def motifs_of_words(
    term: KmerTerm, train: TermRows, tasks: Sequence[str], frequencies: Floats, *, binary: bool
) -> MotifScores:
    """Grow motifs for each task from the words with the largest weights, times their root mean square.

    Parameters
    ----------
    term
        The k-mer term, as it was fitted.
    train
        The training rows. Sites are searched in the positives of a binary task, and in the quarters with
        the highest and the lowest targets of a regression.
    frequencies
        float64 (4,): of the bases in the training rows.
    """
    both = term.settings.strands == "both"
    words, features = feature_names(term.settings), count_codes(train.codes, term.settings)
    names, scores = [], []
    for task, name in enumerate(tasks):
        number = 0
        for rows, sign in _searched(train.targets[:, task], binary=binary):
            strengths = sign * term.weights[task] * _root_mean_squares(features[rows])
            motifs = grow_motifs(train.codes[rows], words[_largest(strengths)], frequencies, both=both)
            names += [f"{name}:{number + place}" for place in range(1, len(motifs) + 1)]
            scores += motifs
            number += len(motifs)
    detail(f"{len(names)} motifs grown from words of the k-mer term")
    return MotifScores(tuple(names), tuple(scores), (both,) * len(names))


def _searched(targets: Floats, *, binary: bool) -> Iterator[tuple[Ints, int]]:
    """Yield the rows of a task to search, and the sign of the weights of their words."""
    if binary:
        yield np.flatnonzero(targets == 1), 1
        return
    known = np.flatnonzero(~np.isnan(targets))
    order = known[np.argsort(targets[known], kind="stable")]
    count = int(_TAIL * len(order))
    yield np.sort(order[len(order) - count :]), 1
    yield np.sort(order[:count]), -1


def _root_mean_squares(features: csr_matrix) -> Floats:
    """Return the root mean square of each column, float64 (d,)."""
    means: Floats = np.asarray(features.multiply(features).mean(axis=0), dtype=np.float64).ravel()
    return np.sqrt(means)


def _largest(strengths: Floats) -> Ints:
    """Return the columns of the largest positive strengths, the largest first, equal ones in their order."""
    columns = np.flatnonzero(strengths > 0)
    if len(columns) > MOST_WORDS:
        least = np.partition(strengths[columns], len(columns) - MOST_WORDS)[len(columns) - MOST_WORDS]
        columns = columns[strengths[columns] >= least]
    return columns[np.argsort(-strengths[columns], kind="stable")][:MOST_WORDS]
