"""A stored model made ready to predict, whatever its input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.aliases import Codes, Progress, no_progress
from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.variants import SequenceEdits
from seqnet.inference.batched import BATCH, Strands
from seqnet.inference.precision import Precision
from seqnet.inference.prior import prior_shift
from seqnet.inference.ready_network import Arithmetic, ReadyNetwork, restored
from seqnet.inference.rewrite import describe_rewrites
from seqnet.inference.sharing.lockstep import Lockstep, predict_edits
from seqnet.inference.sharing.plan import Plan
from seqnet.inference.sharing.substitutions import edits_apply
from seqnet.inference.target_scale import TargetScale
from seqnet.inference.terms.stored import stored_terms
from seqnet.inference.tiling import Tiling
from seqnet.kernels.gather import Places
from seqnet.kmers.settings import KmerSettings
from seqnet.kmers.table import KmerTable
from seqnet.model_inputs.inputs import Inputs, SequenceInputs, WindowInputs, one_hot_tensor
from seqnet.model_inputs.kmer_features import KmerFeatures
from seqnet.model_inputs.signals import SignalInputs
from seqnet.networks.layers import Shape, build_layers
from seqnet.networks.losses import OUTPUTS
from seqnet.networks.model import FEATURE_TYPES, NETWORK, Model, input_channels, spread_names
from seqnet.networks.task_types import DEFAULT_TASK_TYPE, TASK_TYPES

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Predictions = NDArray[np.float32]
_VALUES_AT_ONCE = 1 << 22
"""Values of a layer that a batch may have: larger ones do not fit a processor's caches and are slower."""
_LEAST_BATCH = 8
_EDITS_PER_ROW, _MOST_EDITS = 3, 256
"""Edits that are computed at a time for each row of a batch, and at most."""


class Predictor:
    """Predicts from sequences or from a k-mer table.

    The prediction of an ensemble is that of the mean of its networks' outputs before the sigmoid, softmax or
    exponential (of a regression: the outputs as they were learnt), to which its terms are added once.

    Parameters
    ----------
    model
        As read from its file.
    device
        Where to compute.
    threads
        Batches computed at a time, on a processor; torch itself should then use one thread.
    precision
        ``bf16`` is for processors and devices that have it.
    prior
        Share of positives to predict for, from 0 to 1: logits move from those of the training rows'
        share to this one's. None leaves them.
    spread
        Whether predictions (n, 2T) end with the standard deviation between the predictions that each network
        makes with the terms, in the units of the predictions. For ensembles alone.

    Raises
    ------
    SeqnetError
        If the tensors do not fit the architecture, there is nothing to move logits from, or `spread_names`
        has none.
    """

    def __init__(
        self,
        model: Model,
        device: torch.device,
        *,
        threads: int = 1,
        precision: Precision = "float32",
        prior: float | None = None,
        spread: bool = False,
    ) -> None:
        self.tasks = model.tasks
        self.columns = self.tasks + (spread_names(model) if spread else ())
        """Names of the columns of predictions."""
        self.parts: dict[str, Predictions] = {}
        """Outputs of the network and of each weighted term for the last sequences, float32 (n, T)."""
        self._spread = spread
        self.width: int | None = model.input["width"]
        self.channels = input_channels(model.input)
        self.partners = tuple(int(entry["partner"]) for entry in model.input.get("signals", ()))
        """For each signal track the one that takes its place on the other strand."""
        self.bases = model.input["type"] != "signals"
        """Whether the sequence is read, alone or in front of signal tracks."""
        self.device = device
        self.precision = precision
        self.threads = threads if device.type == "cpu" else 1
        own = "forward" if model.input["type"] in FEATURE_TYPES else model.header["strands"]
        self.strands: Strands = "both" if own == "both" else "forward"
        self._by_column = own == "column"
        task_type = model.header.get("task_type", DEFAULT_TASK_TYPE)
        self._output = OUTPUTS[TASK_TYPES[task_type].output]
        self._shift = prior_shift(model.header.get("base_rates") or {}, self.tasks, prior, task_type)
        self._features = KmerFeatures.of(model)
        self._terms = stored_terms(model)
        self._targets = TargetScale.of(model.header)
        self._batch = batch_rows(model)
        how = Arithmetic(device, self.strands, precision, self.threads, self._batch)
        plain = device.type == "cpu" and precision == "float32"
        rewritten = plain and model.input["type"] == "sequence" and self.channels == 4
        self._networks = tuple(
            ReadyNetwork(network, how, self.width if rewritten else None) for network in restored(model)
        )

    @property
    def ways(self) -> str:
        """How convolutions are computed where that is not plainly; empty if all are."""
        return describe_rewrites(self._networks[0].network)

    @property
    def takes_kmers(self) -> bool:
        """Whether the model's own input is a k-mer table."""
        return self._features is not None

    @property
    def kmer_settings(self) -> KmerSettings | None:
        """How sequences become the features of a k-mer model."""
        return None if self._features is None else self._features.settings

    @property
    def stranded(self) -> bool:
        """Whether regions are read from the strand that they name."""
        settings = self.kmer_settings
        return self._by_column or (settings is not None and settings.strands == "column")

    def from_codes(
        self, codes: Codes, progress: Progress = no_progress, means: Predictions | None = None
    ) -> Predictions:
        """Predict sequences of the model's width, uint8 (n, width): float32 (n, T).

        Parameters
        ----------
        means
            float32 (n, S): of the tracks over each window, where a k-mer model reads tracks too.

        Raises
        ------
        SeqnetError
            If the model reads signal tracks.
        """
        if self._features is None:
            if self.channels != 4:
                raise SeqnetError("the model reads signal tracks, not sequences alone")
            return self.from_inputs(SequenceInputs(codes), progress)
        return self._from_features(self._features.of_codes(codes, self.threads, means), progress)

    def from_inputs(self, inputs: Inputs, progress: Progress = no_progress) -> Predictions:
        """Predict what a network of sequences is fed: float32 (n, T)."""
        logits = self._logits(inputs, progress)
        if not self._terms or not isinstance(inputs, WindowInputs):
            return self.finished(logits)
        return self.finished(logits, inputs.codes)

    def from_tracks(self, codes: Codes, tracks: Sequence[Predictions], places: Places) -> Predictions:
        """Predict windows of a contig with its signal tracks: float32 (n, T).

        Parameters
        ----------
        codes, tracks
            uint8 and float32 (length,) each: of the contig, tracks normalised as the model's.
        places
            Where the windows, of the model's width, lie.
        """
        assert self.width is not None
        sequence = WindowInputs(codes, places, self.width) if self.bases else None
        return self.from_inputs(
            SignalInputs(tuple(tracks), places, self.width, 0, self.partners, sequence=sequence)
        )

    def from_table(self, table: KmerTable, progress: Progress = no_progress) -> Predictions:
        """Predict the rows of a k-mer table, its columns found by name: float32 (n, T)."""
        if self._features is None:
            raise SeqnetError("the model reads sequences; give regions or FASTA, not a k-mer table")
        return self._from_features(self._features.of_table(table), progress)

    def logits(
        self, codes: Codes, tracks: Sequence[Predictions] = (), progress: Progress = no_progress
    ) -> Predictions:
        """Return the outputs for sequences before they become probabilities or rates, float32 (n, T).

        Parameters
        ----------
        codes
            uint8 (n, width).
        tracks
            float32 (n, width) each: the model's signal tracks, normalised as the model's.
        """
        if self._features is not None:
            means = np.stack([track.mean(1, np.float64) for track in tracks], 1) if tracks else None
            single = None if means is None else means.astype(np.float32)
            matrix = self._features.of_codes(codes, self.threads, single)
            return _mean(self._feature_logits(matrix, progress))
        return self._with_terms(_mean(self._logits(self._inputs(codes, tracks), progress)), codes)

    def _inputs(self, codes: Codes, tracks: Sequence[Predictions]) -> Inputs:
        """Return what the networks are fed for sequences and their tracks."""
        sequence = SequenceInputs(codes)
        if not tracks:
            return sequence
        values = tuple(np.ascontiguousarray(track).reshape(-1) for track in tracks)
        read = sequence if self.bases else None
        return SignalInputs(values, sequence.places, sequence.width, 0, self.partners, sequence=read)

    @cached_property
    def lockstep(self) -> tuple[Lockstep, ...] | None:
        """For each network what computes sequences and edits together; None if one does not allow it."""
        if self._features is not None or not self.bases or self.width is None or self.precision != "float32":
            return None
        example = torch.zeros(1, self.channels, 1, self.width, device=self.device)
        networks = [ready.network for ready in self._networks]
        if not all(edits_apply(network, example) for network in networks):
            return None
        at_once = min(_MOST_EDITS, _EDITS_PER_ROW * self._batch)
        return tuple(Lockstep(network, at_once) for network in networks)

    def edited_logits(
        self,
        codes: Codes,
        edits: SequenceEdits,
        tracks: Sequence[Predictions] = (),
        progress: Progress = no_progress,
    ) -> Predictions:
        """Return what `logits` does, for sequences and then for edits of them, where `lockstep` is there."""
        assert self.lockstep is not None
        inputs, done = self._inputs(codes, tracks), _share_of(progress, len(self.lockstep))
        each = [
            np.concatenate(predict_edits(
                lockstep, inputs, edits, device=self.device, strands=self.strands, threads=self.threads,
                progress=done,
            ))
            for lockstep in self.lockstep
        ]  # fmt: skip
        if self._terms:
            edited = codes[edits.rows]
            edited[:, edits.place : edits.place + edits.letters.shape[1]] = edits.letters
            codes = np.concatenate([codes, edited])
        return self._with_terms(_mean(np.stack(each)), codes)

    def align_rows(self) -> None:
        """Let the bits of a row's outputs depend on the row alone, not on its place in a batch."""
        for network in self._networks:
            network.align_rows()

    def in_units(self, logits: Predictions) -> Predictions:
        """Return logits (n, T), those of a regression in the units of its targets.

        Raises
        ------
        SeqnetError
            If one is no finite number: differences between such would be none, or zero.
        """
        predictions = logits if self._targets is None else self._targets.predictions(logits)
        wrong = ~np.isfinite(predictions)
        if wrong.any():
            row, column = (int(index) for index in np.argwhere(wrong)[0])
            what = "no number" if np.isnan(predictions[row, column]) else "infinite"
            raise SeqnetError(f"the model's output for {self.tasks[column]} is {what}; it has no effects")
        return predictions

    def _from_features(self, matrix: csr_matrix, progress: Progress) -> Predictions:
        """Predict rows of features, CSR (n, d)."""
        return self.finished(self._feature_logits(matrix, progress))

    def _feature_logits(self, matrix: csr_matrix, progress: Progress) -> Predictions:
        """Return the networks' outputs for rows of features, CSR (n, d): float32 (N, n, T)."""
        features = self._features
        assert features is not None
        return self._each(lambda network, done: network.feature_logits(features, matrix, done), progress)

    def _logits(self, inputs: Inputs, progress: Progress) -> Predictions:
        """Return the networks' outputs for inputs, float32 (N, n, T)."""
        return self._each(lambda network, done: network.logits(inputs, done), progress)

    def _each(self, run: Callable[[ReadyNetwork, Progress], Predictions], progress: Progress) -> Predictions:
        """Run each network in turn; a row is done when all have read it."""
        done = _share_of(progress, len(self._networks))
        tasks = len(self.tasks)
        outputs = [run(network, done) for network in self._networks]
        return np.stack([values.reshape(len(values), tasks) for values in outputs])

    def _with_terms(self, logits: Predictions, codes: Codes) -> Predictions:
        """Return outputs (n, T) with the terms of sequences added, and keep what each adds."""
        parts = {NETWORK: logits}
        for term in self._terms:
            own = term.added(np.zeros_like(logits), codes, self.threads)
            logits = (term.scale * logits.astype(np.float64)).astype(np.float32) + own
            parts[term.part] = own
        self.parts = parts
        return logits

    def finished(self, logits: Predictions, codes: Codes | None = None) -> Predictions:
        """Return predictions of the networks' outputs: probabilities, or numbers in the targets' units.

        They are float32 (n, columns), but for numbers that vary by less than float32 can hold, which are
        float64.

        Parameters
        ----------
        logits
            float32 (N, n, T): of N networks.
        codes
            uint8 (n, width): the sequences, where there are some.
        """
        mean = _mean(logits)
        combined = mean if codes is None else self._with_terms(mean, codes)
        values = self._in_targets(combined)
        if not self._spread:
            return values
        scale = np.ones(len(self.tasks))
        for term in self._terms if codes is not None else ():
            scale = scale * term.scale
        # terms are linear in the networks' outputs: a network differs from the mean by its own difference
        apart = scale * (logits.astype(np.float64) - mean)
        each = [self._in_targets((combined + own).astype(np.float32)) for own in apart]
        return np.concatenate(
            [values, np.std(each, axis=0, ddof=1, dtype=np.float64).astype(values.dtype)], 1
        )

    def _in_targets(self, logits: Predictions) -> Predictions:
        """Return what outputs (n, T) predict."""
        outputs = self._output(torch.from_numpy(logits + self._shift)).numpy()
        return outputs if self._targets is None else self._targets.predictions(outputs)

    def stretch_logits(self, stretch: Codes, signal: Predictions, plan: Plan) -> Predictions:
        """Return the networks' outputs for the windows of a stretch, which share their layers: (N, tiles, T).

        Parameters
        ----------
        stretch, signal
            uint8 (length,) and float32 (length, S): its bases and the model's tracks along them.
        plan
            As `plan` returned it.
        """
        spare = np.full(plan.spare, AMBIGUOUS, dtype=np.uint8)
        with torch.inference_mode():
            bases = torch.from_numpy(np.concatenate([stretch, spare])).to(self.device)
            letters = one_hot_tensor(bases.unsqueeze(0))[0, :, 0].T
            if signal.shape[1]:
                padded = np.concatenate([signal, np.zeros((plan.spare, signal.shape[1]), np.float32)])
                values = torch.from_numpy(padded).to(self.device)
                letters = torch.cat([letters, values], dim=1) if self.bases else values
        return np.stack([network.stretch_logits(letters, plan) for network in self._networks])

    def plan(self, tiling: Tiling) -> Plan | None:
        """Return how windows along a stretch are best computed; None where sharing does not pay."""
        if self._features is not None:
            return None
        plans = [network.plan(self.channels, tiling) for network in self._networks]
        # networks of one architecture have one plan, unless NaN among the weights keeps one from a rewriting
        return plans[0] if all(plan is not None and plan == plans[0] for plan in plans) else None


def _mean(logits: Predictions) -> Predictions:
    """Return the mean over networks (N, n, T), float32 (n, T); that of one network is as it is."""
    mean: Predictions = logits.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def _share_of(progress: Progress, networks: int) -> Progress:
    """Return what counts rows that one of several networks has read, and reports those that all have."""
    read = 0

    def advance(rows: int) -> None:
        nonlocal read
        before, read = read // networks, read + rows
        progress(read // networks - before)

    return advance


def batch_rows(model: Model) -> int:
    """Return how many rows are computed at a time: a property of the model, so that results are too."""
    spec = model.input
    if spec["type"] in FEATURE_TYPES:
        return BATCH
    with torch.device("meta"):
        shape = Shape(input_channels(spec), spec["width"])
        built = build_layers(model.header["architecture"], shape, len(model.tasks))
    largest = max(layer.shape.channels * (layer.shape.length or 1) for layer in built)
    rows = BATCH
    while rows > _LEAST_BATCH and rows * largest > _VALUES_AT_ONCE:
        rows //= 2
    return rows
