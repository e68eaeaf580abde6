"""A network and its terms: which there are, how they are fitted, and what each part counts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from seqnet.errors import UsageError
from seqnet.inference.terms.kmer_term import KmerTerm
from seqnet.inference.terms.motif_term import MotifTerm
from seqnet.linear.stack import Stack, fit_stack
from seqnet.networks.model import KMERS, MOTIFS, NETWORK
from seqnet.pipeline.motifs.request import MotifRules
from seqnet.pipeline.training.defaults import has_few_examples
from seqnet.pipeline.training.terms.kmer_term import ONLY_FOR, fit_term, takes_terms, wants_term
from seqnet.pipeline.training.terms.motif_term import (
    FittedMotifs,
    base_frequencies,
    collection_scores,
    joined_motifs,
    motifs_of_words,
)
from seqnet.pipeline.training.terms.rows import training_rows, validation_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqnet.aliases import Codes, Floats, Json
    from seqnet.inference.target_scale import TargetScale
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


class TermOptions(NamedTuple):
    """What is requested of terms; None leaves it to the data."""

    kmers: bool | None = None
    """Whether there is a k-mer term."""
    motifs: str | None = None
    """The collection of the motif term."""
    denovo: bool | None = None
    """Whether motifs are grown from the words of the k-mer term."""
    rules: MotifRules = MotifRules()
    """How motifs of no use are handled."""


NO_TERMS = TermOptions(kmers=False, denovo=False)


@dataclass(frozen=True, eq=False)
class TermPlan:
    """Which terms a network gets.

    Parameters
    ----------
    kmers
        Whether it gets the k-mer term.
    collection
        The file of the motif term; None for none.
    denovo
        Whether motifs are grown from the words of the k-mer term.
    rules
        How motifs of no use are handled.
    """

    kmers: bool
    collection: str | None
    denovo: bool
    rules: MotifRules

    @staticmethod
    def of(options: TermOptions, architecture: Architecture, data: TrainingData) -> TermPlan:
        """Return the plan for requested terms."""
        if options.motifs is not None and not takes_terms(data):
            raise UsageError(f"--motifs {ONLY_FOR}")
        kmers = wants_term(options.kmers, architecture, data)
        if options.denovo and not kmers:
            raise UsageError("--denovo-motifs are grown from words of the k-mer term: give --kmer-term")
        denovo = options.denovo
        if denovo is None:
            few = has_few_examples(data.task_type, data.targets[data.rows("train")])
            denovo = kmers and few and options.motifs is None and architecture.takes_start
        return TermPlan(kmers, options.motifs, denovo, options.rules)

    @property
    def has_motifs(self) -> bool:
        """Whether there is a motif term, from which the network may start."""
        return self.collection is not None or self.denovo

    def fit(
        self, data: TrainingData, scale: TargetScale | None, strands: str, seed: int, threads: int
    ) -> dict[str, Term]:
        """Fit the terms; return them by the names of their parts, in the order in which they are added."""
        if not self.kmers and not self.has_motifs:
            return {}
        binary = data.task_type == "binary"
        train, valid = training_rows(data, scale, seed), validation_rows(data, scale, seed)[0]
        terms: dict[str, Term] = {}
        collections = []
        if self.kmers:
            kmers = fit_term(train, valid, strands, seed, binary=binary)
            terms[KMERS] = kmers
            if self.denovo:
                frequencies = base_frequencies(train.codes, both=strands == "both")
                tasks = data.regions.tasks
                collections.append(
                    motifs_of_words(kmers, train.middle(kmers.span), tasks, frequencies, binary=binary)
                )
        if self.collection is not None:
            collections.append(
                collection_scores(self.collection, self.rules, train.codes, both=strands == "both")
            )
        motifs = joined_motifs(collections)
        if motifs.names:
            terms[MOTIFS] = FittedMotifs(motifs, train, valid, threads, seed).term(binary=binary)
        return terms


def stacked_terms(
    terms: dict[str, Term],
    data: TrainingData,
    scale: TargetScale | None,
    outputs: NDArray[np.float32],
    seed: int,
) -> StackedParts | None:
    """Find the weights of a network and its terms; None where the network is alone.

    Parameters
    ----------
    outputs
        float32 (validation rows, T): the network's.
    """
    if not terms:
        return None
    valid, chosen = validation_rows(data, scale, seed)
    nothing = np.zeros_like(outputs)
    codes = _validation_codes(data)
    alone = {NETWORK: outputs.astype(np.float64)}
    alone |= {name: term.added(nothing, codes).astype(np.float64) for name, term in terms.items()}
    values = np.stack([part[chosen] for part in alone.values()])
    stack = fit_stack("bce" if data.task_type == "binary" else "mse", values, valid.targets)
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
