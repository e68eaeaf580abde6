"""A linear term of gapped k-mers added to a network's outputs: what few sequences teach a network late.

A network and a linear model of k-mers err differently. Both are fitted apart, and their outputs are added
with weights that the validation rows choose (`seqnet.linear.stack`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from seqnet.aliases import Codes, Floats, Json
from seqnet.inference.terms.adding import Singles, add_in_parts
from seqnet.inference.terms.middle import middle, stored_span
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import KmerSettings, stored_settings
from seqnet.networks.model import KMER_TERM, KMERS, Model

PREFIX = f"{KMER_TERM}."
_TENSORS = ("scale", "weights", "bias")


@dataclass(frozen=True, eq=False)
class KmerTerm:
    """The combined outputs are ``scale * network + weights @ features + bias``.

    Parameters
    ----------
    settings
        How sequences become d features.
    scale
        float32 (T,): of the network's outputs.
    weights
        float32 (T, d).
    bias
        float32 (T,).
    span
        Bases in the middle of each sequence that are read; None for all.
    """

    part: ClassVar[str] = KMERS
    """What the term is called as a part of a model."""

    settings: KmerSettings
    scale: Singles
    weights: Singles
    bias: Singles
    span: int | None = None

    @staticmethod
    def of(model: Model) -> KmerTerm | None:
        """Return the term of a stored model, None if it has none."""
        stored = model.header.get(KMER_TERM)
        if stored is None:
            return None
        scale, weights, bias = (np.asarray(model.tensors[PREFIX + name]) for name in _TENSORS)
        return KmerTerm(stored_settings(**stored["settings"]), scale, weights, bias, span=stored.get("span"))

    def stored(self) -> tuple[Json, dict[str, Singles]]:
        """Return what a model's header holds of the term, and its tensors."""
        header = {KMER_TERM: {"settings": self.settings.stored()} | stored_span(self.span)}
        tensors = {"scale": self.scale, "weights": self.weights, "bias": self.bias}
        return header, {PREFIX + name: tensor for name, tensor in tensors.items()}

    def added(self, outputs: Singles, codes: Codes, threads: int = 1) -> Singles:
        """Return the combined outputs.

        Parameters
        ----------
        outputs
            float32 (n, T): the network's, before the sigmoid.
        codes
            uint8 (n, L): the sequences.
        threads
            Parts counted at a time; the sums are the same for any number.
        """
        return add_in_parts(self.scale, outputs, self.products, codes, threads)

    def weighted(self, share: Floats, scale: Floats, bias: Floats) -> KmerTerm:
        """Return the term times its share (T,), added to `scale` times the outputs, plus a bias (T,)."""
        return replace(
            self, scale=scale.astype(np.float32),
            weights=(share[:, None] * self.weights).astype(np.float32),
            bias=(share * self.bias + bias).astype(np.float32),
        )  # fmt: skip

    def products(self, codes: Codes) -> Floats:
        """Return the term itself, float64 (n, T)."""
        features = count_codes(middle(codes, self.span), self.settings)
        products: Floats = features @ self.weights.T.astype(np.float64) + self.bias
        return products
