"""One network of a model made ready to predict: rewritten, on its device, with its arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from seqnet.aliases import Floats, Progress
from seqnet.errors import SeqnetError
from seqnet.inference.aligned import align_rows
from seqnet.inference.batched import Strands, predict_logits
from seqnet.inference.fold import fold_batch_norms
from seqnet.inference.precision import Precision, autocast
from seqnet.inference.rewrite import speed_up
from seqnet.inference.sharing.plan import Plan, plan_trunk, tile_outputs
from seqnet.inference.tiling import Tiling
from seqnet.model_inputs.inputs import FeatureInputs, Inputs
from seqnet.model_inputs.kmer_features import KmerFeatures
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.masking import Masking
from seqnet.networks.model import FEATURE_TYPES, Model, input_channels, member_tensors

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SPARSE = 4096
"""From so many features on, the first layer of a k-mer model reads the table as it is, mostly zeros."""
_LEAST_GAIN = 1.3
"""Sharing has costs that are not counted: it must save at least so much of the work."""


class Arithmetic(NamedTuple):
    """How networks are computed."""

    device: torch.device
    strands: Strands
    precision: Precision
    threads: int
    batch: int
    """Rows at a time."""


class ReadyNetwork:
    """A network that predicts.

    Parameters
    ----------
    network
        With its weights; it is changed.
    how
        How it is computed.
    width
        Bases of its input, where it reads these alone and may be rewritten; None leaves it as it is.
    """

    def __init__(self, network: nn.Sequential, how: Arithmetic, width: int | None) -> None:
        self._how = how
        self.network = network.to(how.device)
        fold_batch_norms(self.network)
        if width is not None:
            self.network = speed_up(self.network, width)

    def align_rows(self) -> None:
        """Let the bits of a row's outputs depend on the row alone, not on its place in a batch."""
        align_rows(self.network)

    def logits(self, inputs: Inputs, progress: Progress) -> NDArray[np.float32]:
        """Return the outputs for inputs, float32 (n, T)."""
        return self._run(self.network, inputs, progress)

    def feature_logits(
        self, features: KmerFeatures, matrix: csr_matrix, progress: Progress
    ) -> NDArray[np.float32]:
        """Return the outputs for rows of features, CSR (n, d)."""
        first = self.network[0]
        if matrix.shape[1] < SPARSE or not isinstance(first, nn.Linear):
            return self.logits(FeatureInputs(matrix, features.mean, features.scale), progress)
        bias = np.zeros(first.out_features) if first.bias is None else _doubles(first.bias)
        hidden = _Rows(features.products(matrix, _doubles(first.weight), bias))
        return self._run(self.network[1:], hidden, progress)

    def _run(self, network: nn.Module, inputs: Inputs, progress: Progress) -> NDArray[np.float32]:
        """Run the network, or what remains of it."""
        how = self._how
        return predict_logits(
            network, inputs, device=how.device, strands=how.strands, precision=how.precision,
            threads=how.threads, batch=how.batch, progress=progress,
        )  # fmt: skip

    def plan(self, channels: int, tiling: Tiling) -> Plan | None:
        """Return how windows along a stretch are best computed; None where sharing does not pay.

        Pools that leave out padding see how far each window reaches past its contig.
        """
        if isinstance(self.network, Masking):
            return None
        plan = plan_trunk(self.network, channels, tiling)
        return plan if plan.alone > _LEAST_GAIN * plan.work else None

    def stretch_logits(self, letters: torch.Tensor, plan: Plan) -> NDArray[np.float32]:
        """Return the outputs for the windows of a stretch, one-hot (bases, C): float32 (tiles, T)."""
        with torch.inference_mode(), autocast(self._how.precision, self._how.device):
            outputs = tile_outputs(self.network, plan, letters)
        logits: NDArray[np.float32] = outputs.float().cpu().numpy()
        return logits


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


def restored(model: Model) -> tuple[nn.Sequential, ...]:
    """Build the networks of a model, one unless it is an ensemble, and give them their weights.

    Raises
    ------
    SeqnetError
        If the tensors do not fit the architecture.
    """
    spec = model.input
    shape = Shape(input_channels(spec), None if spec["type"] in FEATURE_TYPES else spec["width"])
    networks = []
    for tensors in member_tensors(model):
        with torch.device("meta"):  # initial weights would take room, and time, for nothing
            network = build_network(model.header["architecture"], shape, len(model.tasks))
        weights = {name: torch.from_numpy(np.array(tensor)) for name, tensor in tensors.items()}
        try:
            network.load_state_dict(weights, assign=True)
        except RuntimeError as error:
            raise SeqnetError(f"the model's weights do not fit its architecture: {error}") from error
        networks.append(network)
    return tuple(networks)
