"""Models of k-mers and linear models of motifs as functions of sequences whose outputs are explained.

Without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Codes, Floats, Ints
from seqnet.attribution.contributions import (
    Contributions,
    Shares,
    centred_effects,
    completeness,
    inside_rows,
    observed_of,
    rows_wanted,
)
from seqnet.attribution.references import AttributionPlan
from seqnet.attribution.terms.explained import explained_term
from seqnet.attribution.terms.kmer_words import WordSum
from seqnet.inference.terms.motif_term import MotifTerm
from seqnet.model_inputs.kmer_features import KmerFeatures
from seqnet.networks.model import Model

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_ROWS = 256
"""Sequences whose features are made at a time."""


class KmerBatch(NamedTuple):
    """Some rows as a model of k-mers or motifs reads them."""

    codes: Codes
    """uint8 (b, L)."""
    means: NDArray[np.float32] | None
    """float32 (b, S): of signal tracks, where the model reads some."""

    def rows(self, rows: Ints) -> KmerBatch:
        """Return some rows."""
        return KmerBatch(self.codes[rows], None if self.means is None else self.means[rows])

    def with_codes(self, codes: Codes, row: int) -> KmerBatch:
        """Return other sequences, uint8 (m, L), with the signals of one row."""
        means = None if self.means is None else np.repeat(self.means[row : row + 1], len(codes), axis=0)
        return KmerBatch(codes, means)


class ExplainedKmers(Protocol):
    """The outputs of a model of k-mers or motifs before the last sigmoid, softmax or exponential."""

    tasks: tuple[str, ...]

    def outputs(self, batch: KmerBatch) -> Floats:
        """Return the outputs, float64 (b, T)."""
        ...

    def effects(self, batch: KmerBatch, positions: Ints) -> Floats:
        """Return what substitutions change, float64 (b, P, 4, T)."""
        ...

    def shares(self, batch: KmerBatch, row: int, references: Codes, task: int) -> Shares:
        """Return attributions of one row against references (N, L)."""
        ...


class ExplainedLinear:
    """A linear model of k-mers.

    Parameters
    ----------
    model
        See `seqnet.inference.linear_predictor.is_linear`.
    """

    def __init__(self, model: Model) -> None:
        features = KmerFeatures.of(model)
        assert features is not None
        self.tasks = model.tasks
        self._features = features
        self._weights = np.asarray(model.tensors["0.weight"], dtype=np.float64)
        self._bias = np.asarray(model.tensors["0.bias"], dtype=np.float64)
        words = self._weights.shape[1] - features.tracks
        self.words = WordSum(features.settings, (self._weights / features.scale)[:, :words])

    def outputs(self, batch: KmerBatch) -> Floats:
        """Return the outputs, float64 (b, T)."""
        return in_parts(self._features, batch, self._products)

    def _products(self, matrix: csr_matrix) -> Floats:
        return self._features.products(matrix, self._weights, self._bias)

    def effects(self, batch: KmerBatch, positions: Ints) -> Floats:
        """Return what substitutions change, exactly by the words that they change."""
        return self.words.effects(batch.codes, positions)

    def shares(self, batch: KmerBatch, row: int, references: Codes, task: int) -> Shares:
        """Return the shares of words; see `WordSum.word_shares`."""
        return self.words.shares(batch.codes[row], references, task)


class ExplainedMotifs:
    """A linear model of motifs.

    Parameters
    ----------
    model
        See `seqnet.inference.linear_predictor.is_linear`.
    """

    def __init__(self, model: Model) -> None:
        term = MotifTerm.of(model)
        assert term is not None
        self.tasks = model.tasks
        self._bias = term.bias.astype(np.float64)
        self.motifs = explained_term(term)

    def outputs(self, batch: KmerBatch) -> Floats:
        """Return the outputs, float64 (b, T)."""
        return self.motifs.outputs(batch.codes) + self._bias

    def effects(self, batch: KmerBatch, positions: Ints) -> Floats:
        """Return what substitutions change, exactly by the windows that they change."""
        return self.motifs.effects(batch.codes, positions)

    def shares(self, batch: KmerBatch, row: int, references: Codes, task: int) -> Shares:
        """Return the attributions of windows; see `MotifSum.shares`."""
        return self.motifs.shares(batch.codes[row], references, task)


class _Outputs(Protocol):
    def __call__(self, matrix: csr_matrix, /) -> Floats:
        """Return the outputs for features, CSR (n, d)."""
        ...


def in_parts(features: KmerFeatures, batch: KmerBatch, outputs: _Outputs) -> Floats:
    """Return the outputs for sequences, whose features are made some at a time: float64 (b, T)."""
    parts = []
    for start in range(0, len(batch.codes), _ROWS):
        some = slice(start, start + _ROWS)
        means = None if batch.means is None else batch.means[some]
        parts.append(outputs(features.of_codes(batch.codes[some], 1, means)))
    return np.concatenate(parts)


def substitutions(codes: Codes, positions: Ints) -> Codes:
    """Return a sequence with every base at every position, uint8 (4 P, L)."""
    edited = np.repeat(codes[None], 4 * len(positions), axis=0)
    row = np.arange(len(edited))
    edited[row, positions[row // 4]] = row % 4
    return edited


def kmer_mutagenesis(
    explained: ExplainedKmers, batch: KmerBatch, wanted: Bools, plan: AttributionPlan
) -> dict[int, Contributions]:
    """Return in-silico mutagenesis; as `seqnet.attribution.mutagenesis` does for networks."""
    rows = np.flatnonzero(wanted.any(axis=1))
    length, positions = batch.codes.shape[1], plan.positions(batch.codes.shape[1])
    effects = np.zeros((len(rows), length, 4, wanted.shape[1]))
    effects[:, positions] = explained.effects(batch.rows(rows), positions)
    codes = batch.codes[rows]
    inside, contributions = inside_rows(codes), {}
    for task, own in rows_wanted(wanted[rows]):
        values = centred_effects(effects[own, :, :, task], inside[own])
        contributions[task] = Contributions(values, observed_of(values, codes[own]))
    return contributions


def kmer_shares(
    explained: ExplainedKmers, batch: KmerBatch, wanted: Bools, plan: AttributionPlan
) -> dict[int, Contributions]:
    """Return how the difference from references is shared among the bases.

    Of models of k-mers, hypothetical attributions are those of the observed bases: what other words would
    contribute is not known without their counts.
    """
    outputs, contributions = explained.outputs(batch), {}
    for task, rows in rows_wanted(wanted):
        shares, means = [], []
        for row in rows.tolist():
            (references,) = plan.references.of(batch.codes[row : row + 1])
            shares.append(explained.shares(batch, row, references, task))
            means.append(explained.outputs(batch.with_codes(references, row))[:, task].mean())
        hypothetical, observed = (np.stack(parts) for parts in zip(*shares, strict=True))
        reference, size = np.array(means), np.abs(observed).sum(axis=1)
        gap = completeness(observed.sum(axis=1), size, outputs[rows, task], reference)
        values = hypothetical.astype(np.float32), observed.astype(np.float32)
        contributions[task] = Contributions(*values, None, reference, gap)
    return contributions
