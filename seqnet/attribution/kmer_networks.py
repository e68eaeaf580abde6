"""Networks of k-mer features as functions of sequences whose outputs are explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from seqnet.aliases import Codes, Floats, Ints
from seqnet.attribution.contributions import Shares, observed_shares
from seqnet.attribution.deeplift import mean_multipliers
from seqnet.attribution.kmer_models import KmerBatch, in_parts, substitutions
from seqnet.attribution.terms.kmer_words import WordSum
from seqnet.inference.fold import fold_batch_norms
from seqnet.inference.ready_network import restored
from seqnet.model_inputs.kmer_features import KmerFeatures
from seqnet.networks.model import Model

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class ExplainedKmerNetwork:
    """A network of k-mer features, or an ensemble of them: the mean of their outputs.

    Parameters
    ----------
    model
        Whose input is k-mers.
    device
        Where to compute.
    """

    def __init__(self, model: Model, device: torch.device) -> None:
        features = KmerFeatures.of(model)
        assert features is not None
        self.tasks = model.tasks
        self._features, self._device = features, device
        self._networks = tuple(network.to(device) for network in restored(model))
        for network in self._networks:
            fold_batch_norms(network)
            network.requires_grad_(False)
        self._count = len(features.mean) - features.tracks
        self._words = WordSum(features.settings, np.zeros((len(model.tasks), self._count)))

    def outputs(self, batch: KmerBatch) -> Floats:
        """Return the outputs, float64 (b, T)."""
        return in_parts(self._features, batch, self._evaluated)

    def _evaluated(self, matrix: csr_matrix) -> Floats:
        """Return the outputs for features, CSR (n, d)."""
        with torch.inference_mode():
            scaled = self._scaled(matrix)
            each = [network(scaled).double().cpu().numpy() for network in self._networks]
        mean: Floats = np.mean(each, axis=0)
        return mean

    def _scaled(self, matrix: csr_matrix) -> Tensor:
        """Return features as the network reads them, float32 (n, d)."""
        dense = (matrix.toarray() - self._features.mean) / self._features.scale
        return torch.from_numpy(dense.astype(np.float32)).to(self._device)

    def effects(self, batch: KmerBatch, positions: Ints) -> Floats:
        """Return the outputs with every base at every position, float64 (b, P, 4, T)."""
        outputs = [
            self.outputs(batch.with_codes(substitutions(codes, positions), row))
            for row, codes in enumerate(batch.codes)
        ]
        return np.stack(outputs).reshape(len(outputs), len(positions), 4, len(self.tasks))

    def shares(self, batch: KmerBatch, row: int, references: Codes, task: int) -> Shares:
        """Return the shares of words, by DeepLIFT's multipliers of their features for references (N, L)."""
        codes = batch.codes[row]
        values = batch.with_codes(np.concatenate([codes[None], references]), row)
        scaled = self._scaled(self._features.of_codes(values.codes, 1, values.means))
        multipliers = mean_multipliers(self._networks, scaled[:1], scaled[1:], task).values[0]
        weights: Floats = (multipliers.double().cpu().numpy() / self._features.scale)[:, : self._count]
        return observed_shares(codes, self._words.word_shares(codes, references, task, weights))
