"""A linear model of k-mers made ready to predict; in numpy, where no torch is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Progress, no_progress
from seqnet.errors import SeqnetError
from seqnet.inference.prior import prior_shift
from seqnet.inference.target_scale import TargetScale
from seqnet.inference.terms.motif_term import MotifTerm
from seqnet.inference.tiling import Tiling
from seqnet.kernels.word_edits import EditedSums, Edits
from seqnet.kmers.edits import KmerFunction
from seqnet.kmers.settings import KmerSettings
from seqnet.kmers.table import KmerTable
from seqnet.model_inputs.kmer_features import KmerFeatures
from seqnet.networks.model import FEATURE_TYPES, MOTIF_TERM, Model
from seqnet.networks.task_types import DEFAULT_TASK_TYPE, TASK_TYPES

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_ROWS = 1 << 13
"""Rows whose products are computed at a time."""


def _sigmoid(outputs: Floats) -> Floats:
    """Return probabilities; small ones keep their digits."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -outputs)))


def _softmax(outputs: Floats) -> Floats:
    """Return probabilities that sum to 1 over the tasks."""
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _exp(outputs: Floats) -> Floats:
    """Return rates of log rates; infinite ones are reported where they are written."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(outputs))


OUTPUTS_IN_NUMPY: dict[str, Callable[[Floats], Floats]] = {
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "identity": lambda outputs: outputs,
    "exp": _exp,
}
"""The rows of ``networks.losses.OUTPUTS``, of float64 (n, T)."""


def is_linear(model: Model) -> bool:
    """Return whether a model is linear in k-mers or motifs, so that `linear_predictor` takes it."""
    return not model.header["architecture"] and (
        model.input["type"] in FEATURE_TYPES or MOTIF_TERM in model.header
    )


class LinearPredictor:
    """Predicts from sequences or from a k-mer table; the members are those of `Predictor`.

    Parameters
    ----------
    model
        As read from its file; see `is_linear`.
    threads
        Threads that count k-mers.
    prior
        Share of positives to predict for, see `Predictor`.

    Raises
    ------
    SeqnetError
        If there is nothing to move logits from, or the tensors do not fit.
    """

    bases, takes_kmers, ways = True, True, ""
    lockstep = None

    def __init__(self, model: Model, *, threads: int = 1, prior: float | None = None) -> None:
        features = KmerFeatures.of(model)
        if features is None or not is_linear(model):
            raise ValueError("not a linear model of k-mers")
        self.tasks, self.threads = model.tasks, threads
        self.width: int | None = model.input["width"]
        self.partners = tuple(int(entry["partner"]) for entry in model.input.get("signals", ()))
        self._features = features
        self._weights = np.asarray(model.tensors["0.weight"], dtype=np.float64)
        self._bias = np.asarray(model.tensors["0.bias"], dtype=np.float64)
        if self._weights.shape != (len(self.tasks), len(features.mean)):
            raise SeqnetError("the model's weights do not fit its architecture")
        self._read_output(model, prior)

    def _read_output(self, model: Model, prior: float | None) -> None:
        """Keep how outputs become predictions."""
        task_type = model.header.get("task_type", DEFAULT_TASK_TYPE)
        self._output = OUTPUTS_IN_NUMPY[TASK_TYPES[task_type].output]
        self._shift = prior_shift(model.header.get("base_rates") or {}, self.tasks, prior, task_type)
        self._targets = TargetScale.of(model.header)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of predictions."""
        return self.tasks

    @property
    def kmer_settings(self) -> KmerSettings | None:
        """How sequences become features; None where these are not k-mers."""
        return self._features.settings

    @property
    def stranded(self) -> bool:
        """Whether regions are read from the strand that they name."""
        return self._features.settings.strands == "column"

    def from_codes(
        self, codes: Codes, progress: Progress = no_progress, means: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Predict sequences of one length, uint8 (n, width), and the tracks' means: float32 (n, T)."""
        return self._predicted(self._features.of_codes(codes, self.threads, means), progress)

    def from_table(self, table: KmerTable, progress: Progress = no_progress) -> NDArray[np.float32]:
        """Predict the rows of a k-mer table, its columns found by name: float32 (n, T)."""
        return self._predicted(self._features.of_table(table), progress)

    def logits(
        self,
        codes: Codes,
        tracks: Sequence[NDArray[np.float32]] = (),
        progress: Progress = no_progress,
    ) -> NDArray[np.float32]:
        """Return the outputs for sequences before they become probabilities or rates, float32 (n, T).

        Parameters
        ----------
        codes
            uint8 (n, width).
        tracks
            float32 (n, width) each: the model's signal tracks, normalised as the model's.
        """
        means = np.stack([track.mean(1, np.float64) for track in tracks], 1) if tracks else None
        single = None if means is None else means.astype(np.float32)
        return self._outputs(self._features.of_codes(codes, self.threads, single), progress)

    def edited_logits(
        self, windows: Codes, edits: Edits, tracks: Sequence[NDArray[np.float32]] = ()
    ) -> EditedSums:
        """Return what `logits` does for windows, and what edits of single bases add to it, float64.

        Only words that overlap an edit are looked at.

        Parameters
        ----------
        windows
            uint8 (n, width).
        tracks
            As `logits` takes them.
        """
        words = self._weights.shape[1] - self._features.tracks
        wholes, changes = self._function.edited(windows, edits, self.threads)
        if tracks:
            means = np.stack([track.mean(1, np.float64) for track in tracks], 1).astype(np.float32)
            wholes = wholes + means.astype(np.float64) @ self._scaled[:, words:].T
        return EditedSums(wholes + self._constant, changes)

    @cached_property
    def _scaled(self) -> Floats:
        """The weights of features as they are counted, float64 (T, d)."""
        scaled: Floats = self._weights / self._features.scale
        return scaled

    @cached_property
    def _constant(self) -> Floats:
        """What does not depend on the features, float64 (T,)."""
        constant: Floats = self._bias - self._scaled @ self._features.mean
        return constant

    @cached_property
    def _function(self) -> KmerFunction:
        """The part of the outputs that words account for, but for a constant."""
        words = self._weights.shape[1] - self._features.tracks
        return KmerFunction(self._features.settings, self._scaled[:, :words])

    def align_rows(self) -> None:
        """Do nothing: a row's outputs depend on the row alone."""

    def in_units(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logits (n, T), those of a regression in the units of its targets."""
        return logits if self._targets is None else self._targets.predictions(logits)

    def doubles_in_units(self, logits: Floats) -> Floats:
        """Return what `in_units` does of float64 logits, in float64."""
        return logits if self._targets is None else self._targets.undo(logits)

    def plan(self, _tiling: Tiling) -> None:
        """Return None: windows share no work."""
        return

    def _predicted(self, features: csr_matrix, progress: Progress) -> NDArray[np.float32]:
        """Predict rows of features, CSR (n, d)."""
        return self._finished(self._outputs(features, progress))

    def _outputs(self, features: csr_matrix, progress: Progress) -> NDArray[np.float32]:
        """Return products and bias of rows of features, CSR (n, d): float32 (n, T)."""
        parts = [np.empty((0, len(self.tasks)), dtype=np.float32)]
        for start in range(0, features.shape[0], _ROWS):
            rows = features[start : start + _ROWS]
            parts.append(self._features.products(rows, self._weights, self._bias).astype(np.float32))
            progress(rows.shape[0])
        return np.concatenate(parts)

    def _finished(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return predictions of outputs, float32 (n, T)."""
        outputs = outputs + self._shift
        values = self._output(outputs.astype(np.float64)).astype(np.float32)
        return values if self._targets is None else self._targets.predictions(values)


class MotifPredictor(LinearPredictor):
    """Predicts by a linear model of motifs, from sequences alone; otherwise as `LinearPredictor`."""

    takes_kmers = False

    def __init__(self, model: Model, *, threads: int = 1, prior: float | None = None) -> None:
        term = MotifTerm.of(model)
        if term is None or not is_linear(model):
            raise ValueError("not a linear model of motifs")
        self.tasks, self.threads = model.tasks, threads
        self.width = model.input["width"]
        self.partners = ()
        self._term = term
        self._by_column = model.header["strands"] == "column"
        self._read_output(model, prior)

    @property
    def kmer_settings(self) -> KmerSettings | None:
        """None: the features are motifs."""
        return None

    @property
    def stranded(self) -> bool:
        """Whether regions are read from the strand that they name."""
        return bool(self._by_column)

    def from_codes(
        self, codes: Codes, progress: Progress = no_progress, _means: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Predict sequences of one length, uint8 (n, width): float32 (n, T)."""
        return self._finished(self.logits(codes, (), progress))

    def logits(
        self,
        codes: Codes,
        _tracks: Sequence[NDArray[np.float32]] = (),
        progress: Progress = no_progress,
    ) -> NDArray[np.float32]:
        """Return the outputs for sequences before they become probabilities, float32 (n, T)."""
        nothing = np.zeros((len(codes), len(self.tasks)), dtype=np.float32)
        outputs = self._term.added(nothing, codes, self.threads)
        progress(len(codes))
        return outputs

    def from_table(self, _table: KmerTable, _progress: Progress = no_progress) -> NDArray[np.float32]:
        """Refuse a k-mer table."""
        raise SeqnetError("the model reads sequences; give regions or FASTA, not a k-mer table")


def linear_predictor(model: Model, *, threads: int = 1, prior: float | None = None) -> LinearPredictor:
    """Make a linear model ready, see `is_linear`."""
    kind = LinearPredictor if model.input["type"] in FEATURE_TYPES else MotifPredictor
    return kind(model, threads=threads, prior=prior)
