"""A network that reads sequences, as a function whose outputs are explained.

A method of attribution for networks is a function of an `ExplainedNetwork`, a `StrandBatch`, which tasks are
wanted for which of its rows, bool (b, T), and an `AttributionPlan`; it returns, by task, the `Contributions`
of the wanted rows.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from seqnet.aliases import Bools, Codes, Floats, Ints
from seqnet.attribution.contributions import Contributions
from seqnet.attribution.kmer_words import WordSum
from seqnet.attribution.references import AttributionPlan
from seqnet.inference.batched import Strands, predict_logits
from seqnet.inference.fold import fold_batch_norms
from seqnet.inference.predictor import batch_rows, restored
from seqnet.inference.sharing.substitutions import Substitutions
from seqnet.inference.terms.kmer_term import KmerTerm
from seqnet.model_inputs.inputs import Inputs
from seqnet.networks.fast.blocked_conv import learn_in_blocks
from seqnet.networks.model import Model, input_channels


class StrandBatch(NamedTuple):
    """Some rows as the network reads them."""

    codes: Codes | None
    """uint8 (b, L); None for networks that read signal tracks alone."""
    forward: Tensor
    """float32 (b, C, 1, L): the four bases, where they are read, then S signal tracks."""
    reverse: Tensor | None
    """The same from the other strand, for models that read both."""


NetworkMethod: TypeAlias = (
    "Callable[[ExplainedNetwork, StrandBatch, Bools, AttributionPlan], dict[int, Contributions]]"
)


class ExplainedNetwork:
    """The outputs of a network before the last sigmoid, softmax or exponential, k-mer term included.

    Outputs of regressions are in the units that the network learnt, before its targets' scale is undone.

    Parameters
    ----------
    model
        A network of sequences, signal tracks or both.
    device
        Where to compute.
    """

    def __init__(self, model: Model, device: torch.device) -> None:
        self.tasks = model.tasks
        self.device = device
        self.bases = model.input["type"] != "signals"
        """Whether the first four channels are bases."""
        self.signals = input_channels(model.input) - 4 * self.bases
        """Number of signal tracks."""
        self.network = restored(model).to(device)
        fold_batch_norms(self.network)
        self.network.requires_grad_(False)
        self.substitutions = Substitutions(self.network)
        self.strands: Strands = "both" if model.header["strands"] == "both" else "forward"
        self.rows = batch_rows(model)
        """Rows computed at a time."""
        self.term = KmerTerm.of(model)
        none = np.ones(len(self.tasks))
        self.scale: Floats = none if self.term is None else self.term.scale.astype(np.float64)
        """float64 (T,): factors of the network's outputs; 1 without a k-mer term."""
        self.words = (
            None if self.term is None else WordSum(self.term.settings, self.term.weights.astype(np.float64))
        )
        """The k-mer term."""

    @cached_property
    def differentiable(self) -> nn.Sequential:
        """The network in a form whose gradients take less work on a processor."""
        network = copy.deepcopy(self.network)
        if self.device.type == "cpu":
            learn_in_blocks(network)
        return network

    def batch(self, inputs: Inputs, codes: Codes | None, rows: Ints) -> StrandBatch:
        """Return rows of inputs, whose codes are uint8 (n, L)."""
        reverse = None
        if self.strands == "both":
            reverse = inputs.batch(rows, self.device, np.ones(len(rows), dtype=bool))
        return StrandBatch(None if codes is None else codes[rows], inputs.batch(rows, self.device), reverse)

    def outputs(self, inputs: Inputs, codes: Codes | None, threads: int = 1) -> Floats:
        """Return the outputs of all inputs, float64 (n, T)."""
        found = predict_logits(
            self.network, inputs, device=self.device, strands=self.strands, threads=threads, batch=self.rows
        )
        found = found.reshape(len(inputs), len(self.tasks))
        if self.term is not None and codes is not None:
            found = self.term.added(found, codes, threads)
        return found.astype(np.float64)
