"""The linear term of a collection's motifs: alone (``train linear``), or added to a network's outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import FormatError
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.inference.terms.motif_term import MotifFeatures, MotifScores, MotifTerm, fit_motif_features
from seqnet.linear.shared import SHARED_PENALTIES, SharedFit, fit_shared, known_means
from seqnet.motifs.background import Background
from seqnet.motifs.strands import strands_of
from seqnet.pipeline.motifs.request import MotifRules, Scoring
from seqnet.pipeline.motifs.sources import load_motifs, make_pssms
from seqnet.pipeline.training.terms.kmer_fit import as_logits
from seqnet.reporting import note, progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seqnet.aliases import Codes, Floats
    from seqnet.pipeline.training.terms.rows import TermRows


def collection_scores(path: str, rules: MotifRules, codes: Codes, *, both: bool) -> MotifScores:
    """Read motifs, as scores against the base frequencies of the training sequences.

    Parameters
    ----------
    codes
        uint8 (n, L): the training sequences.
    both
        Whether sequences are read on both strands.
    """
    counts = np.bincount(codes.reshape(-1), minlength=AMBIGUOUS + 1)[:4] + 1.0
    frequencies = np.asarray(counts + counts[::-1] if both else counts, dtype=np.float64)
    background = Background(frequencies, "training sequences")
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


class FittedMotifs:
    """Motif features of the rows that models are fitted to and chosen by.

    Parameters
    ----------
    motifs
        The collection.
    train, valid
        The rows.
    """

    def __init__(self, motifs: MotifScores, train: TermRows, valid: TermRows, threads: int) -> None:
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
        return MotifTerm(self.features, ones, weights.astype(np.float32), bias.astype(np.float32))
