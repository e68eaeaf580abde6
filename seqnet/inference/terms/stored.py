"""The terms of a model file."""

from __future__ import annotations

from seqnet.inference.terms.kmer_term import KmerTerm
from seqnet.inference.terms.motif_term import MotifTerm
from seqnet.networks.model import Model


def stored_terms(model: Model) -> tuple[KmerTerm | MotifTerm, ...]:
    """Return the terms of a stored model, in the order in which they are added to its outputs."""
    return tuple(term for term in (KmerTerm.of(model), MotifTerm.of(model)) if term is not None)
