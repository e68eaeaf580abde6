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
from seqnet.attribution.references import AttributionPlan
from seqnet.attribution.terms.explained import ExplainedTerm, explained_term
from seqnet.inference.batched import Strands, predict_logits
from seqnet.inference.fold import fold_batch_norms
from seqnet.inference.predictor import batch_rows
from seqnet.inference.ready_network import restored
from seqnet.inference.sharing.substitutions import Substitutions
from seqnet.inference.terms.stored import stored_terms
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
    """The outputs of a network before the last sigmoid, softmax or exponential, its terms included.

    Those of an ensemble are the mean of its networks' outputs, and its attributions the mean of theirs.
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
        self.networks = tuple(network.to(device) for network in restored(model))
        for network in self.networks:
            fold_batch_norms(network)
            network.requires_grad_(False)
        self.substitutions = tuple(map(Substitutions, self.networks))
        self.strands: Strands = "both" if model.header["strands"] == "both" else "forward"
        self.rows = batch_rows(model)
        """Rows computed at a time."""
        self._stored = stored_terms(model)
        self.scale: Floats = np.ones(len(self.tasks))
        """float64 (T,): factors of the network's outputs; 1 without terms."""
        self.bias: Floats = np.zeros(len(self.tasks))
        """float64 (T,): of the terms."""
        self.terms: list[ExplainedTerm] = []
        """What is added to the network's outputs."""
        for term in reversed(self._stored):  # each scales all before it
            self.bias += self.scale * term.bias
            self.terms.append(explained_term(term, self.scale))
            self.scale *= term.scale

    @cached_property
    def differentiable(self) -> tuple[nn.Sequential, ...]:
        """The networks in a form whose gradients take less work on a processor."""
        networks = copy.deepcopy(self.networks)
        for network in networks if self.device.type == "cpu" else ():
            learn_in_blocks(network)
        return networks

    def batch(self, inputs: Inputs, codes: Codes | None, rows: Ints) -> StrandBatch:
        """Return rows of inputs, whose codes are uint8 (n, L)."""
        reverse = None
        if self.strands == "both":
            reverse = inputs.batch(rows, self.device, np.ones(len(rows), dtype=bool))
        return StrandBatch(None if codes is None else codes[rows], inputs.batch(rows, self.device), reverse)

    def outputs(self, inputs: Inputs, codes: Codes | None, threads: int = 1) -> Floats:
        """Return the outputs of all inputs, float64 (n, T)."""
        each = [
            predict_logits(
                network, inputs, device=self.device, strands=self.strands, threads=threads, batch=self.rows
            )
            for network in self.networks
        ]
        values = np.mean(each, axis=0, dtype=np.float64).astype(np.float32)
        values = values.reshape(len(inputs), len(self.tasks))
        if codes is not None:
            for term in self._stored:
                values = term.added(values, codes, threads)
        return values.astype(np.float64)
