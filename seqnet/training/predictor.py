"""A stored model made ready to predict, whatever its input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from torch import nn

from seqnet.aliases import Codes, Floats, Progress, no_progress
from seqnet.errors import SeqnetError
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import KmerSettings, stored_settings
from seqnet.kmers.table import KmerTable, ordered
from seqnet.networks.heads import DEFAULT_TASK_TYPE, TASK_TYPES
from seqnet.networks.layers import Shape, build_layers, build_network
from seqnet.networks.losses import OUTPUTS
from seqnet.networks.masking import Masking
from seqnet.networks.model import Model, input_channels
from seqnet.training.faster import speed_up, told_ways
from seqnet.training.fold import fold_batch_norms
from seqnet.training.inputs import FeatureInputs, Inputs, SequenceInputs, WindowInputs
from seqnet.training.kmer_term import KmerTerm, network_tensors
from seqnet.training.places import Tiling
from seqnet.training.precision import Precision
from seqnet.training.predict import BATCH, Strands, predict_logits
from seqnet.training.trunk import Plan, plan_trunk

Predictions = NDArray[np.float32]
_VALUES_AT_ONCE = 1 << 22
"""Values of a layer that a batch may have: larger ones do not fit a processor's caches and are slower."""
_LEAST_BATCH = 8
_LEAST_GAIN = 1.2
"""Sharing has costs that are not counted: it must save at least so much of the work."""
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
        self._shift = _prior_shift(model.header.get("base_rates") or {}, self.tasks, prior, task_type)
        self._settings: KmerSettings | None = None
        if model.input["type"] == "kmers":
            self._settings = stored_settings(**model.input["settings"])
            self._mean = np.asarray(model.tensors["input.mean"])
            self._scale = np.asarray(model.tensors["input.scale"])
        self._term = KmerTerm.of(model)
        self.network = restored(model).to(device)
        fold_batch_norms(self.network)
        plain = device.type == "cpu" and precision == "float32"
        if plain and self.width is not None and model.input["type"] == "sequence" and self.channels == 4:
            speed_up(self.network, self.width)
        self._batch = _batch_rows(model)

    @property
    def ways(self) -> str:
        """How convolutions are computed where that is not plainly; empty if all are."""
        return told_ways(self.network)

    @property
    def takes_kmers(self) -> bool:
        """Whether the model's own input is a k-mer table."""
        return self._settings is not None

    @property
    def kmer_settings(self) -> KmerSettings | None:
        """How sequences become the features of a k-mer model."""
        return self._settings

    @property
    def stranded(self) -> bool:
        """Whether regions are read from the strand that they name."""
        return self._by_column or (self._settings is not None and self._settings.strands == "column")

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
        if self._settings is None:
            if self.channels != 4:
                raise SeqnetError("the model reads signal tracks, not sequences alone")
            return self.from_inputs(SequenceInputs(codes), progress)
        features = count_codes(codes, self._settings, self.threads)
        if len(self.partners) != (0 if means is None else means.shape[1]):
            raise SeqnetError("the model reads signal tracks, not k-mers alone")
        if means is not None:
            features = csr_matrix(hstack([features, csr_matrix(means)], format="csr", dtype=np.float32))
        return self._from_features(features, progress)

    def from_inputs(self, inputs: Inputs, progress: Progress = no_progress) -> Predictions:
        """Predict what a network of sequences is fed: float32 (n, T)."""
        logits = self._logits(self.network, inputs, progress)
        if self._term is None or not isinstance(inputs, WindowInputs):
            return self.finished(logits)
        return self.finished(logits, inputs.codes)

    def from_table(self, table: KmerTable, progress: Progress = no_progress) -> Predictions:
        """Predict the rows of a k-mer table, its columns found by name: float32 (n, T)."""
        if self._settings is None:
            raise SeqnetError("the model reads sequences; give regions or FASTA, not a k-mer table")
        if self.partners:
            raise SeqnetError("the model reads signal tracks, not k-mers alone; give regions")
        if table.settings != self._settings:
            raise SeqnetError(
                f"the k-mer table was made with {table.settings.described()}, the model's with "
                f"{self._settings.described()}{_constants(table.settings, self._settings)}"
            )
        return self._from_features(ordered(table), progress)

    def _from_features(self, matrix: csr_matrix, progress: Progress) -> Predictions:
        """Predict rows of features, CSR (n, d)."""
        first = self.network[0]
        if matrix.shape[1] < SPARSE or not isinstance(first, nn.Linear):
            return self.from_inputs(FeatureInputs(matrix, self._mean, self._scale), progress)
        hidden = _Rows(_sparse_layer(matrix, first, self._mean, self._scale))
        return self.finished(self._logits(self.network[1:], hidden, progress))

    def _logits(self, network: nn.Module, inputs: Inputs, progress: Progress) -> Predictions:
        """Run a network, or what remains of it."""
        return predict_logits(
            network, inputs, device=self.device, strands=self.strands, precision=self.precision,
            threads=self.threads, batch=self._batch, progress=progress,
        )  # fmt: skip

    def finished(self, logits: Predictions, codes: Codes | None = None) -> Predictions:
        """Return predictions of a network's outputs (n, T): probabilities, or numbers.

        Parameters
        ----------
        codes
            uint8 (n, width): the sequences, where there are some.
        """
        logits = logits.reshape(len(logits), len(self.tasks))
        if self._term is not None and codes is not None:
            logits = self._term.added(logits, codes, self.threads)
        outputs = torch.from_numpy(logits + self._shift)
        return self._output(outputs).numpy()

    def plan(self, tiling: Tiling) -> Plan | None:
        """Return how windows along a stretch are best computed; None where sharing does not pay.

        Pools that leave out padding see how far each window reaches past its contig.
        """
        if self._settings is not None or isinstance(self.network, Masking):
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
        return _Rows(self.values[rows])

    def batch(self, rows: np.ndarray, device: torch.device, *_moves: object) -> torch.Tensor:
        return torch.from_numpy(self.values[rows].astype(np.float32)).to(device)


def _sparse_layer(matrix: csr_matrix, layer: nn.Linear, mean: np.ndarray, scale: np.ndarray) -> Floats:
    """Return what a dense layer makes of shifted and scaled features, float64 (n, units).

    ``W ((x - m) / s) + b`` is ``(W / s) x + (b - (W / s) m)``, whose products skip the zeros of x.
    """
    scaled = layer.weight.detach().cpu().numpy().astype(np.float64) / scale
    bias = 0.0 if layer.bias is None else layer.bias.detach().cpu().numpy().astype(np.float64)
    found: Floats = matrix.astype(np.float64) @ np.ascontiguousarray(scaled.T) + (bias - scaled @ mean)
    return found


def _prior_shift(
    rates: Mapping[str, float], tasks: tuple[str, ...], prior: float | None, task_type: str
) -> Predictions:
    """Return what is added to the logit of each task, float32 (T,).

    By Bayes' rule, odds of rows sampled with base rate r become those at base rate P when multiplied by
    (P / (1 - P)) / (r / (1 - r)).
    """
    if prior is None:
        return np.zeros(len(tasks), dtype=np.float32)
    if task_type != "binary":
        raise SeqnetError(f"--prior moves probabilities of yes or no; the model's tasks are {task_type}")
    for task in tasks:
        if not 0 < rates.get(task, 0.0) < 1:
            raise SeqnetError(f"--prior: the model states no base rate of {task} between 0 and 1")
    trained = np.array([rates[task] for task in tasks])
    wanted = np.log(prior) - np.log1p(-prior)
    shift: Predictions = (wanted - np.log(trained) + np.log1p(-trained)).astype(np.float32)
    return shift


def _batch_rows(model: Model) -> int:
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


def _constants(one: KmerSettings, other: KmerSettings) -> str:
    """Say so where settings differ by nothing but the constants of z."""
    same = one.described() == other.described()
    return ", with other constants of z (see kmer-featurize --like)" if same else ""


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
