"""A stored model made ready to predict, whatever its input."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from seqnet.aliases import Codes, Progress, no_progress
from seqnet.errors import SeqnetError
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import KmerSettings, stored_settings
from seqnet.kmers.table import KmerTable, ordered
from seqnet.networks.heads import DEFAULT_TASK_TYPE, TASK_TYPES
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.losses import OUTPUTS
from seqnet.networks.model import Model
from seqnet.training.inputs import FeatureInputs, Inputs, SequenceInputs
from seqnet.training.predict import Strands, predict_logits

Probabilities = NDArray[np.float32]


class Predictor:
    """Predicts from sequences or from a k-mer table.

    Parameters
    ----------
    model
        As read from its file.
    device
        Where to compute.

    Raises
    ------
    SeqnetError
        If the tensors do not fit the architecture.
    """

    def __init__(self, model: Model, device: torch.device) -> None:
        self.tasks = model.tasks
        self.width: int | None = model.input["width"]
        self._device = device
        own = "forward" if model.input["type"] == "kmers" else model.header["strands"]
        self._strands: Strands = "both" if own == "both" else "forward"
        self._by_column = own == "column"
        self._output = OUTPUTS[TASK_TYPES[model.header.get("task_type", DEFAULT_TASK_TYPE)].output]
        self._settings: KmerSettings | None = None
        if model.input["type"] == "kmers":
            self._settings = stored_settings(**model.input["settings"])
            self._mean = np.asarray(model.tensors["input.mean"])
            self._scale = np.asarray(model.tensors["input.scale"])
        self._network = _restored(model).to(device)

    @property
    def takes_kmers(self) -> bool:
        """Whether the model's own input is a k-mer table."""
        return self._settings is not None

    @property
    def stranded(self) -> bool:
        """Whether regions are read from the strand that they name."""
        return self._by_column or (self._settings is not None and self._settings.strands == "column")

    def from_codes(self, codes: Codes, progress: Progress = no_progress) -> Probabilities:
        """Predict sequences of the model's width, uint8 (n, width): float32 (n, T) in 0..1."""
        if self._settings is None:
            return self._predict(SequenceInputs(codes), progress)
        features = count_codes(codes, self._settings)
        return self._predict(FeatureInputs(features, self._mean, self._scale), progress)

    def from_table(self, table: KmerTable, progress: Progress = no_progress) -> Probabilities:
        """Predict the rows of a k-mer table, its columns found by name: float32 (n, T)."""
        if self._settings is None:
            raise SeqnetError("the model reads sequences; give regions or FASTA, not a k-mer table")
        if table.settings != self._settings:
            raise SeqnetError(
                f"the k-mer table was made with {table.settings.described()}, the model's with "
                f"{self._settings.described()}{_constants(table.settings, self._settings)}"
            )
        return self._predict(FeatureInputs(ordered(table), self._mean, self._scale), progress)

    def _predict(self, inputs: Inputs, progress: Progress) -> Probabilities:
        """Run the network."""
        logits = predict_logits(
            self._network, inputs, device=self._device, strands=self._strands, progress=progress
        )
        outputs = torch.from_numpy(logits.reshape(len(inputs), len(self.tasks)))
        return self._output(outputs).numpy()


def _constants(one: KmerSettings, other: KmerSettings) -> str:
    """Say so where settings differ by nothing but the constants of z."""
    same = one.described() == other.described()
    return ", with other constants of z (see kmer-featurize --like)" if same else ""


def _restored(model: Model) -> nn.Module:
    """Build the network of a model and give it its weights."""
    spec = model.input
    kmers = spec["type"] == "kmers"
    shape = Shape(spec["features"], None) if kmers else Shape(4, spec["width"])
    network = build_network(model.header["architecture"], shape, len(model.tasks))
    weights = {
        name: torch.from_numpy(np.array(tensor))
        for name, tensor in model.tensors.items()
        if not name.startswith("input.")
    }
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise SeqnetError(f"the model's weights do not fit its architecture: {error}") from error
    return network
