"""In-silico mutagenesis: the change of the outputs with every single substitution."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from seqnet.aliases import Bools, Floats, Ints
from seqnet.attribution.contributions import (
    Contributions,
    centred_effects,
    inside_rows,
    observed_of,
    rows_wanted,
)
from seqnet.attribution.networks import ExplainedNetwork, StrandBatch
from seqnet.attribution.references import AttributionPlan
from seqnet.inference.sharing.substitutions import edits_apply


def substituted(network: nn.Module, x: Tensor, positions: Ints, rows: int) -> Tensor:
    """Return a network's outputs with every base at every position, each computed whole.

    Parameters
    ----------
    network
        In evaluation mode.
    x
        (C, 1, L), the four bases first.
    positions
        int64 (P,).
    rows
        Sequences computed at a time.

    Returns
    -------
    (P, 4, T); where the base is the observed one, the outputs of the sequence as it is.
    """
    observed = x[:4, 0, positions]
    edits = torch.nonzero(observed.T != 1)
    place = torch.from_numpy(positions).to(x.device)
    plain = network(x.unsqueeze(0).expand(rows, -1, -1, -1).contiguous(memory_format=torch.channels_last))[:1]
    outputs: Tensor = plain.repeat(len(positions) * 4, 1).view(len(positions), 4, -1)
    for some in _pieces(edits, rows):
        batch = x.unsqueeze(0).repeat(rows, 1, 1, 1).contiguous(memory_format=torch.channels_last)
        row = torch.arange(len(some), device=x.device)
        batch[row, :4, 0, place[some[:, 0]]] = 0
        batch[row, some[:, 1], 0, place[some[:, 0]]] = 1
        outputs[some[:, 0], some[:, 1]] = network(batch)[: len(some)]
    return outputs


def _pieces(edits: Tensor, rows: int) -> Iterator[Tensor]:
    """Cut edits into pieces of up to so many."""
    for start in range(0, len(edits), rows):
        yield edits[start : start + rows]


def network_outputs(explained: ExplainedNetwork, x: Tensor, start: int, end: int) -> Floats:
    """Return the outputs of the networks alone, their mean, with every base at some positions.

    Only what an edit reaches is computed, where the network's layers allow it.

    Parameters
    ----------
    x
        float32 (b, C, 1, L).
    start, end
        The positions, P = end - start.

    Returns
    -------
    float64 (b, P, 4, T)
    """
    each = []
    for network, substitutions in zip(explained.networks, explained.substitutions, strict=True):
        with torch.inference_mode():
            if edits_apply(network, x):
                outputs = substitutions.outputs(x, start, end)
            else:
                places = np.arange(start, end, dtype=np.int64)
                outputs = torch.stack([substituted(network, row, places, explained.rows) for row in x])
        each.append(outputs.double().cpu().numpy())
    mean: Floats = np.mean(each, axis=0)
    return mean


def mutagenesis(
    explained: ExplainedNetwork, batch: StrandBatch, wanted: Bools, plan: AttributionPlan
) -> dict[int, Contributions]:
    """Return the attributions of in-silico mutagenesis; parameters are those of every method.

    The hypothetical attribution of a base is the output with it in place less the mean over the four
    bases. It is 0 at padding and outside the plan's span. Signal tracks are held fixed and have none.
    """
    assert batch.codes is not None
    rows = np.flatnonzero(wanted.any(axis=1))
    codes, length = batch.codes[rows], batch.codes.shape[1]
    positions = plan.positions(length)
    start, end = int(positions[0]), int(positions[-1]) + 1
    outputs = network_outputs(explained, batch.forward[rows], start, end)
    if batch.reverse is not None:
        other = network_outputs(explained, batch.reverse[rows], length - end, length - start)
        outputs = (outputs + other[:, ::-1, ::-1]) / 2
    effects = np.zeros((len(rows), length, *outputs.shape[2:]))
    effects[:, positions] = explained.scale * outputs
    for term in explained.terms:
        effects[:, positions] += term.effects(codes, positions)
    inside = inside_rows(codes)
    contributions = {}
    for task, own in rows_wanted(wanted[rows]):
        values = centred_effects(effects[own, :, :, task], inside[own])
        contributions[task] = Contributions(values, observed_of(values, codes[own]))
    return contributions
