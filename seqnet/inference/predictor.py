"""A stored model made ready to predict, whatever its input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import nn

from seqnet.aliases import Codes, Floats, Progress, no_progress
from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.variants import SequenceEdits
from seqnet.inference.aligned import align_rows
from seqnet.inference.batched import BATCH, Strands, predict_edits, predict_logits
from seqnet.inference.fold import fold_batch_norms
from seqnet.inference.precision import Precision, autocast
from seqnet.inference.prior import prior_shift
from seqnet.inference.rewrite import speed_up, told_ways
from seqnet.inference.sharing.lockstep import Lockstep
from seqnet.inference.sharing.plan import Plan, plan_trunk, tile_outputs
from seqnet.inference.sharing.substitutions import edits_apply
from seqnet.inference.target_scale import TargetScale
from seqnet.inference.terms.stored import network_tensors, stored_terms
from seqnet.inference.tiling import Tiling
from seqnet.kernels.gather import Places
from seqnet.kmers.settings import KmerSettings
from seqnet.kmers.table import KmerTable
from seqnet.model_inputs.inputs import FeatureInputs, Inputs, SequenceInputs, WindowInputs, one_hot_tensor
from seqnet.model_inputs.kmer_features import KmerFeatures
from seqnet.model_inputs.signals import SignalInputs
from seqnet.networks.layers import Shape, build_layers, build_network
from seqnet.networks.losses import OUTPUTS
from seqnet.networks.masking import Masking
from seqnet.networks.model import Model, input_channels
from seqnet.networks.task_types import DEFAULT_TASK_TYPE, TASK_TYPES

Predictions = NDArray[np.float32]
_VALUES_AT_ONCE = 1 << 22
"""Values of a layer that a batch may have: larger ones do not fit a processor's caches and are slower."""
_LEAST_BATCH = 8
_LEAST_GAIN = 1.2
"""Sharing has costs that are not counted: it must save at least so much of the work."""
_EDITS_PER_ROW, _MOST_EDITS = 4, 256
"""Edits that are computed at a time for each row of a batch, and at most."""
SPARSE = 4096
"""From so many features on, the first layer of a k-mer model reads the table as it is, mostly zeros."""


class Predictor:
    """Predicts from sequences or from a k-mer table.

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

    Raises
    ------
    SeqnetError
        If the tensors do not fit the architecture, or there is nothing to move logits from.
    """

    def __init__(
        self,
        model: Model,
        device: torch.device,
        *,
        threads: int = 1,
        precision: Precision = "float32",
        prior: float | None = None,
    ) -> None:
        self.tasks = model.tasks
        self.width: int | None = model.input["width"]
        self.channels = input_channels(model.input)
        self.partners = tuple(int(entry["partner"]) for entry in model.input.get("signals", ()))
        """For each signal track the one that takes its place on the other strand."""
        self.bases = model.input["type"] != "signals"
        """Whether the sequence is read, alone or in front of signal tracks."""
        self.device = device
        self.precision = precision
        self.threads = threads if device.type == "cpu" else 1
        own = "forward" if model.input["type"] == "kmers" else model.header["strands"]
        self.strands: Strands = "both" if own == "both" else "forward"
        self._by_column = own == "column"
        task_type = model.header.get("task_type", DEFAULT_TASK_TYPE)
        self._output = OUTPUTS[TASK_TYPES[task_type].output]
        self._shift = prior_shift(model.header.get("base_rates") or {}, self.tasks, prior, task_type)
        self._features = KmerFeatures.of(model)
        self._terms = stored_terms(model)
        self._targets = TargetScale.of(model.header)
        self.network = restored(model).to(device)
        fold_batch_norms(self.network)
        plain = device.type == "cpu" and precision == "float32"
        if plain and self.width is not None and model.input["type"] == "sequence" and self.channels == 4:
            self.network = speed_up(self.network, self.width)
        self._batch = batch_rows(model)

    @property
    def ways(self) -> str:
        """How convolutions are computed where that is not plainly; empty if all are."""
        return told_ways(self.network)

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
        logits = self._logits(self.network, inputs, progress)
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
            return self._feature_logits(self._features.of_codes(codes, self.threads, single), progress)
        logits = self._logits(self.network, self._inputs(codes, tracks), progress)
        logits = logits.reshape(len(codes), len(self.tasks))
        for term in self._terms:
            logits = term.added(logits, codes, self.threads)
        return logits

    def _inputs(self, codes: Codes, tracks: Sequence[Predictions]) -> Inputs:
        """Return what the network is fed for sequences and their tracks."""
        sequence = SequenceInputs(codes)
        if not tracks:
            return sequence
        values = tuple(np.ascontiguousarray(track).reshape(-1) for track in tracks)
        read = sequence if self.bases else None
        return SignalInputs(values, sequence.places, sequence.width, 0, self.partners, sequence=read)

    @cached_property
    def lockstep(self) -> Lockstep | None:
        """What computes sequences and edits of them together; None where the network does not allow it."""
        if self._features is not None or not self.bases or self.width is None or self.precision != "float32":
            return None
        example = torch.zeros(1, self.channels, 1, self.width, device=self.device)
        if not edits_apply(self.network, example):
            return None
        return Lockstep(self.network, min(_MOST_EDITS, _EDITS_PER_ROW * self._batch))

    def edited_logits(
        self,
        codes: Codes,
        edits: SequenceEdits,
        tracks: Sequence[Predictions] = (),
        progress: Progress = no_progress,
    ) -> Predictions:
        """Return what `logits` does, for sequences and then for edits of them, where `lockstep` is there."""
        assert self.lockstep is not None
        parts = predict_edits(
            self.lockstep, self._inputs(codes, tracks), edits, device=self.device, strands=self.strands,
            threads=self.threads, progress=progress,
        )  # fmt: skip
        if self._terms:
            edited = codes[edits.rows]
            edited[:, edits.place : edits.place + edits.letters.shape[1]] = edits.letters
            codes = np.concatenate([codes, edited])
        logits = np.concatenate(parts)
        for term in self._terms:
            logits = term.added(logits, codes, self.threads)
        return logits

    def align_rows(self) -> None:
        """Let the bits of a row's outputs depend on the row alone, not on its place in a batch."""
        align_rows(self.network)

    def in_units(self, logits: Predictions) -> Predictions:
        """Return logits (n, T), those of a regression in the units of its targets.

        Raises
        ------
        SeqnetError
            If one is no finite number: differences between such would be none, or zero.
        """
        found = logits if self._targets is None else self._targets.predictions(logits)
        wrong = ~np.isfinite(found)
        if wrong.any():
            row, column = (int(index) for index in np.argwhere(wrong)[0])
            what = "no number" if np.isnan(found[row, column]) else "infinite"
            raise SeqnetError(f"the model's output for {self.tasks[column]} is {what}; it has no effects")
        return found

    def _from_features(self, matrix: csr_matrix, progress: Progress) -> Predictions:
        """Predict rows of features, CSR (n, d)."""
        return self.finished(self._feature_logits(matrix, progress))

    def _feature_logits(self, matrix: csr_matrix, progress: Progress) -> Predictions:
        """Return the network's outputs for rows of features, CSR (n, d)."""
        features, first = self._features, self.network[0]
        assert features is not None
        if matrix.shape[1] < SPARSE or not isinstance(first, nn.Linear):
            rows: Inputs = FeatureInputs(matrix, features.mean, features.scale)
            return self._logits(self.network, rows, progress)
        bias = np.zeros(first.out_features) if first.bias is None else _doubles(first.bias)
        hidden = _Rows(features.products(matrix, _doubles(first.weight), bias))
        return self._logits(self.network[1:], hidden, progress)

    def _logits(self, network: nn.Module, inputs: Inputs, progress: Progress) -> Predictions:
        """Run a network, or what remains of it."""
        return predict_logits(
            network, inputs, device=self.device, strands=self.strands, precision=self.precision,
            threads=self.threads, batch=self._batch, progress=progress,
        )  # fmt: skip

    def finished(self, logits: Predictions, codes: Codes | None = None) -> Predictions:
        """Return predictions of a network's outputs (n, T): probabilities, or numbers in the targets' units.

        They are float32, but for numbers that vary by less than float32 can hold, which are float64.

        Parameters
        ----------
        codes
            uint8 (n, width): the sequences, where there are some.
        """
        logits = logits.reshape(len(logits), len(self.tasks))
        if codes is not None:
            for term in self._terms:
                logits = term.added(logits, codes, self.threads)
        outputs = self._output(torch.from_numpy(logits + self._shift)).numpy()
        return outputs if self._targets is None else self._targets.predictions(outputs)

    def stretch_logits(self, stretch: Codes, signal: Predictions, plan: Plan) -> Predictions:
        """Return the network's outputs for the windows of a stretch, which share their layers: (tiles, T).

        Parameters
        ----------
        stretch, signal
            uint8 (length,) and float32 (length, S): its bases and the model's tracks along them.
        plan
            As `plan` returned it.
        """
        spare = np.full(plan.spare, AMBIGUOUS, dtype=np.uint8)
        with torch.inference_mode(), autocast(self.precision, self.device):
            bases = torch.from_numpy(np.concatenate([stretch, spare])).to(self.device)
            letters = one_hot_tensor(bases.unsqueeze(0))[0, :, 0].T
            if signal.shape[1]:
                padded = np.concatenate([signal, np.zeros((plan.spare, signal.shape[1]), np.float32)])
                values = torch.from_numpy(padded).to(self.device)
                letters = torch.cat([letters, values], dim=1) if self.bases else values
            outputs = tile_outputs(self.network, plan, letters)
        logits: Predictions = outputs.float().cpu().numpy()
        return logits

    def plan(self, tiling: Tiling) -> Plan | None:
        """Return how windows along a stretch are best computed; None where sharing does not pay.

        Pools that leave out padding see how far each window reaches past its contig.
        """
        if self._features is not None or isinstance(self.network, Masking):
            return None
        plan = plan_trunk(self.network, self.channels, tiling)
        return plan if plan.alone > _LEAST_GAIN * plan.work else None


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of numbers as inputs."""

    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    def subset(self, rows: np.ndarray) -> _Rows:
        """Return some of the rows."""
        return _Rows(self.values[rows])

    def batch(self, rows: np.ndarray, device: torch.device, *_moves: object) -> torch.Tensor:
        """Return rows as float32 on a device."""
        return torch.from_numpy(self.values[rows].astype(np.float32)).to(device)


def _doubles(parameter: torch.Tensor) -> Floats:
    """Return a layer's parameter as float64."""
    return np.asarray(parameter.detach().cpu().numpy(), dtype=np.float64)


def batch_rows(model: Model) -> int:
    """Return how many rows are computed at a time: a property of the model, so that results are too."""
    spec = model.input
    if spec["type"] == "kmers":
        return BATCH
    with torch.device("meta"):
        shape = Shape(input_channels(spec), spec["width"])
        built = build_layers(model.header["architecture"], shape, len(model.tasks))
    largest = max(layer.shape.channels * (layer.shape.length or 1) for layer in built)
    rows = BATCH
    while rows > _LEAST_BATCH and rows * largest > _VALUES_AT_ONCE:
        rows //= 2
    return rows


def restored(model: Model) -> nn.Sequential:
    """Build the network of a model and give it its weights."""
    spec = model.input
    shape = Shape(input_channels(spec), None if spec["type"] == "kmers" else spec["width"])
    network = build_network(model.header["architecture"], shape, len(model.tasks))
    tensors = network_tensors(model.tensors)
    weights = {name: torch.from_numpy(np.array(tensor)) for name, tensor in tensors.items()}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise SeqnetError(f"the model's weights do not fit its architecture: {error}") from error
    return network
