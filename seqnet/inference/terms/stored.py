"""The terms of a model file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from seqnet.inference.terms.kmer_term import PREFIX as KMER_PREFIX
from seqnet.inference.terms.kmer_term import KmerTerm
from seqnet.inference.terms.motif_term import PREFIX as MOTIF_PREFIX
from seqnet.inference.terms.motif_term import MotifTerm
from seqnet.networks.model import Model


def stored_terms(model: Model) -> tuple[KmerTerm | MotifTerm, ...]:
    """Return the terms of a stored model, in the order in which they are added to its outputs."""
    return tuple(term for term in (KmerTerm.of(model), MotifTerm.of(model)) if term is not None)


def network_tensors(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the tensors of a model's network alone."""
    others = (KMER_PREFIX, MOTIF_PREFIX, "input.")
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(others)}
