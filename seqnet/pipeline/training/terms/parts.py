"""A network and its terms: which there are, how they are fitted, and what each part counts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from seqnet.errors import UsageError
from seqnet.inference.terms.kmer_term import KmerTerm
from seqnet.inference.terms.motif_term import MotifTerm
from seqnet.linear.stack import Stack, fit_stack
from seqnet.networks.model import KMERS, MOTIFS, NETWORK
from seqnet.pipeline.training.terms.kmer_term import ONLY_FOR, fit_term, takes_terms, wants_term
from seqnet.pipeline.training.terms.motif_term import FittedMotifs, collection_scores
from seqnet.pipeline.training.terms.rows import training_rows, validation_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqnet.aliases import Codes, Floats, Json
    from seqnet.inference.target_scale import TargetScale
    from seqnet.pipeline.motifs.request import MotifRules
    from seqnet.pipeline.training.architecture import Architecture
    from seqnet.pipeline.training.data import TrainingData

Term: TypeAlias = KmerTerm | MotifTerm


@dataclass(frozen=True, eq=False)
class StackedParts:
    """The terms of a network, and the weights of the parts.

    Parameters
    ----------
    terms
        In the order in which they are added to the network's outputs.
    stack
        The weights, the network's first.
    alone
        Name of each part to its own outputs for the validation rows, float64 (n, T).
    """

    terms: tuple[Term, ...]
    stack: Stack
    alone: dict[str, Floats]

    def added(self, outputs: NDArray[np.float32], data: TrainingData) -> NDArray[np.float32]:
        """Return the combined outputs for the validation rows, as a prediction computes them."""
        codes = _validation_codes(data)
        for term in self.terms:
            outputs = term.added(outputs, codes)
        return outputs

    def stored(self) -> Json:
        """Return what a model's header holds of the weights."""
        return {"stack": {
            "parts": list(self.alone), "common": self.stack.common.tolist(),
            "weights": self.stack.weights.tolist(),
        }}  # fmt: skip


@dataclass(frozen=True, eq=False)
class TermPlan:
    """Which terms a network gets.

    Parameters
    ----------
    kmers
        Whether it gets the k-mer term.
    motifs
        The file of the motif term; None for none.
    rules
        How motifs of no use are handled.
    """

    kmers: bool
    motifs: str | None
    rules: MotifRules

    @staticmethod
    def of(
        kmers: bool | None,
        motifs: str | None,
        rules: MotifRules,
        architecture: Architecture,
        data: TrainingData,
    ) -> TermPlan:
        """Return the plan for requested terms."""
        if motifs is not None and not takes_terms(data):
            raise UsageError(f"--motifs {ONLY_FOR}")
        return TermPlan(wants_term(kmers, architecture, data), motifs, rules)

    def motif_term(
        self, data: TrainingData, scale: TargetScale | None, strands: str, seed: int, threads: int
    ) -> MotifTerm | None:
        """Fit the motif term, where there is one."""
        if self.motifs is None:
            return None
        train, valid = training_rows(data, scale, seed), validation_rows(data, scale, seed)[0]
        motifs = collection_scores(self.motifs, self.rules, train.codes, both=strands == "both")
        return FittedMotifs(motifs, train, valid, threads).term(binary=data.task_type == "binary")

    def parts(
        self,
        data: TrainingData,
        scale: TargetScale | None,
        outputs: NDArray[np.float32],
        motifs: MotifTerm | None,
        strands: str,
        seed: int,
    ) -> StackedParts | None:
        """Fit the other terms and the weights of all parts; None where the network is alone.

        Parameters
        ----------
        outputs
            float32 (validation rows, T): the network's.
        """
        if not self.kmers and motifs is None:
            return None
        valid, chosen = validation_rows(data, scale, seed)
        binary = data.task_type == "binary"
        terms: dict[str, Term] = {}
        if self.kmers:
            terms[KMERS] = fit_term(training_rows(data, scale, seed), valid, strands, seed, binary=binary)
        if motifs is not None:
            terms[MOTIFS] = motifs
        nothing = np.zeros_like(outputs)
        codes = _validation_codes(data)
        alone = {NETWORK: outputs.astype(np.float64)}
        alone |= {name: term.added(nothing, codes).astype(np.float64) for name, term in terms.items()}
        values = np.stack([part[chosen] for part in alone.values()])
        stack = fit_stack("bce" if binary else "mse", values, valid.targets)
        return StackedParts(_weighted(tuple(terms.values()), stack), stack, alone)


def _validation_codes(data: TrainingData) -> Codes:
    """Return the sequences of the validation rows."""
    assert data.codes is not None
    return data.codes[data.rows("valid")]


def _weighted(terms: tuple[Term, ...], stack: Stack) -> tuple[Term, ...]:
    """Return terms times their weights; the first scales the network and holds the bias."""
    ones, zeros = np.ones(len(stack.bias)), np.zeros(len(stack.bias))
    return tuple(
        term.weighted(share, ones if number else stack.weights[:, 0], zeros if number else stack.bias)
        for number, (term, share) in enumerate(zip(terms, stack.weights.T[1:], strict=True))
    )
