"""The terms of a model in a form whose outputs are explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from seqnet.aliases import Codes, Floats, Ints
from seqnet.attribution.contributions import Shares
from seqnet.attribution.terms.kmer_words import WordSum
from seqnet.attribution.terms.motif_sums import MotifSum
from seqnet.inference.terms.kmer_term import KmerTerm
from seqnet.inference.terms.middle import middle, middle_start
from seqnet.inference.terms.motif_term import MotifTerm


class ExplainedTerm(Protocol):
    """A function of sequences that is added to a network's outputs."""

    def outputs(self, codes: Codes, /) -> Floats:
        """Return the function of sequences (n, L), float64 (n, T)."""
        ...

    def effects(self, codes: Codes, positions: Ints, /) -> Floats:
        """Return what each substitution changes.

        Parameters
        ----------
        codes
            uint8 (n, L).
        positions
            int64 (P,): where bases are substituted.

        Returns
        -------
        float64 (n, P, 4, T): the function with each base in place, less the function.
        """
        ...

    def shares(self, codes: Codes, references: Codes, task: int, /) -> Shares:
        """Return attributions of a sequence (L,) against references (N, L)."""
        ...


@dataclass(frozen=True)
class OfMiddle:
    """A function of the middle of sequences: nothing farther out changes it, or has a share.

    Parameters
    ----------
    inner
        The function of what is read.
    span
        Bases that are read, see `seqnet.inference.terms.middle`.
    """

    inner: ExplainedTerm
    span: int

    def outputs(self, codes: Codes) -> Floats:
        """Return the function of sequences (n, L), float64 (n, T)."""
        return self.inner.outputs(middle(codes, self.span))

    def effects(self, codes: Codes, positions: Ints) -> Floats:
        """Return what substitutions change, float64 (n, P, 4, T)."""
        places = positions - middle_start(codes.shape[1], self.span)
        read = (places >= 0) & (places < self.span)
        inside = self.inner.effects(middle(codes, self.span), places[read])
        effects = np.zeros((len(codes), len(positions), *inside.shape[2:]))
        effects[:, read] = inside
        return effects

    def shares(self, codes: Codes, references: Codes, task: int) -> Shares:
        """Return attributions of a sequence (L,) against references (N, L)."""
        start = middle_start(len(codes), self.span)
        inside = self.inner.shares(middle(codes[None], self.span)[0], middle(references, self.span), task)
        around = (start, len(codes) - start - self.span)
        return Shares(np.pad(inside.hypothetical, ((0, 0), around)), np.pad(inside.observed, around))


def explained_term(term: KmerTerm | MotifTerm, scale: Floats | float = 1.0) -> ExplainedTerm:
    """Return a term times `scale`, (T,) or one number, in a form that can be explained, without its bias."""
    weights = np.reshape(scale, (-1, 1)) * term.weights.astype(np.float64)
    inner: ExplainedTerm
    if isinstance(term, KmerTerm):
        inner = WordSum(term.settings, weights)
    else:
        inner = MotifSum(term.features, weights)
    return inner if term.span is None else OfMiddle(inner, term.span)
