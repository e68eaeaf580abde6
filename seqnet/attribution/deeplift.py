"""DeepLIFT with the rescale rule (Shrikumar et al. 2017), averaged over references (Lundberg and Lee 2017).

The multiplier of a layer leads from a difference of its inputs to that of its outputs. Those of linear
layers are their gradients. Elementwise layers have the slope of the secant between the input and its
reference, and maxima give all to the place of the higher of the two. So the multipliers of a whole network
are the gradients of its outputs for the references, where layers of these two kinds have their own slopes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from seqnet.aliases import Bools, Codes, Floats, Ints
from seqnet.attribution.contributions import Contributions, completeness, rows_wanted
from seqnet.attribution.networks import ExplainedNetwork, StrandBatch
from seqnet.attribution.references import AttributionPlan
from seqnet.attribution.rescale import Compared, rescaled
from seqnet.model_inputs.inputs import one_hot_tensor


class Multipliers(NamedTuple):
    """What leads from the difference of b sequences from their N references to that of an output."""

    values: Tensor
    """(b, N, C, L)."""
    output: Floats
    """float64 (b,): of the sequences."""
    references: Floats
    """float64 (b, N)."""


def multipliers(
    network: nn.Module, sequences: Tensor, references: Tensor, task: int, at_once: int | None = None
) -> Multipliers:
    """Return the multipliers of pairs of sequences and references.

    Parameters
    ----------
    network
        In evaluation mode; every layer has a rule, see `seqnet.networks.layers.LAYERS`.
    sequences, references
        (b, C, 1, L) and (b N, C, 1, L), or (b, d) and (b N, d) features.
    task
        Which output.
    at_once
        References that go through the network at a time, at most: all their layers are held. By default all.

    Raises
    ------
    ValueError
        If a layer has no rule.
    """
    count = len(references) // len(sequences)
    parts = 1 if at_once is None else min(count, max(1, -(-len(references) // at_once)))
    pairs = references.view(len(sequences), count, *references.shape[1:])
    each = [
        _multipliers(network, sequences, part.flatten(0, 1), task)
        for part in torch.tensor_split(pairs, parts, dim=1)
    ]
    if len(each) == 1:
        return each[0]
    values = torch.cat([part.values for part in each], dim=1)
    return Multipliers(values, each[0].output, np.concatenate([part.references for part in each], axis=1))


def _multipliers(network: nn.Module, sequences: Tensor, references: Tensor, task: int) -> Multipliers:
    """Return what `multipliers` does, all references at once."""
    leaf = references.detach().requires_grad_()
    with torch.enable_grad():
        pair = rescaled(network, Compared.of(sequences, leaf))
        (gradient,) = torch.autograd.grad(pair.references[:, task].sum(), leaf)
    b = len(sequences)
    values = gradient.view(b, -1, *gradient.shape[1:])
    outputs, others = (
        part[:, task].detach().double().cpu().numpy() for part in (pair.sequences, pair.references)
    )
    return Multipliers(values.squeeze(3) if values.ndim == 5 else values, outputs, others.reshape(b, -1))


def mean_multipliers(
    networks: tuple[nn.Sequential, ...],
    sequences: Tensor,
    references: Tensor,
    task: int,
    at_once: int | None = None,
) -> Multipliers:
    """Return the multipliers for the mean of networks' outputs: the mean of theirs, as of gradients."""
    each = [multipliers(network, sequences, references, task, at_once) for network in networks]
    if len(each) == 1:
        return each[0]
    return Multipliers(
        torch.stack([one.values.double() for one in each]).mean(0),
        np.mean([one.output for one in each], axis=0),
        np.mean([one.references for one in each], axis=0),
    )


def projected(values: Tensor, references: Tensor) -> Tensor:
    """Return hypothetical attributions, (b, 4, L): what each base would contribute, the mean over references.

    Parameters
    ----------
    values, references
        (b, N, 4, L): multipliers, and the references' bases.
    """
    return (values - (values * references).sum(2, keepdim=True)).mean(1)


class _Parts(NamedTuple):
    """Attributions of sequences by a network alone, float64, means over the references."""

    hypothetical: Floats
    """(b, 4, L)."""
    observed: Floats
    """(b, L)."""
    signals: Floats
    """(b, S, L)."""
    output: Floats
    """(b,)."""
    reference: Floats
    """(b,)."""


def deeplift(
    explained: ExplainedNetwork, batch: StrandBatch, wanted: Bools, plan: AttributionPlan
) -> dict[int, Contributions]:
    """Return DeepLIFT's attributions; parameters are those of every method, see `networks`."""
    codes = None if batch.codes is None else plan.references.of(batch.codes)
    return {
        task: _contributions(explained, batch, codes, rows, task, plan) for task, rows in rows_wanted(wanted)
    }


def _contributions(
    explained: ExplainedNetwork,
    batch: StrandBatch,
    references: Codes | None,
    rows: Ints,
    task: int,
    plan: AttributionPlan,
) -> Contributions:
    """Return the attributions of some rows of a batch, whose references are uint8 (b, N, L)."""
    count = 1 if references is None else references.shape[1]
    parts = []
    for some in _padded(rows, max(1, explained.rows // count)):
        own = None if references is None else references[some]
        one = _strand(explained, batch.forward[some], own, task, plan)
        if batch.reverse is not None:
            turned_own = None if own is None else np.where(own < 4, 3 - own, own)[:, :, ::-1]
            one = _mean(one, _strand(explained, batch.reverse[some], turned_own, task, plan))
        parts.append(one)
    whole = _Parts(*(np.concatenate(each)[: len(rows)] for each in zip(*parts, strict=True)))
    whole = _Parts(*(explained.scale[task] * each for each in whole))
    if explained.terms and batch.codes is not None and references is not None:
        whole = _with_terms(explained, whole, batch.codes[rows], references[rows], task)
    total = whole.observed.sum(axis=1) + whole.signals.sum(axis=(1, 2))
    size = np.abs(whole.observed).sum(axis=1) + np.abs(whole.signals).sum(axis=(1, 2))
    return Contributions(
        whole.hypothetical.astype(np.float32), whole.observed.astype(np.float32),
        whole.signals.astype(np.float32) if explained.signals else None,
        whole.reference, completeness(total, size, whole.output, whole.reference),
    )  # fmt: skip


def _padded(rows: Ints, size: int) -> Iterator[Ints]:
    """Cut rows into pieces of one size, the last filled up, so that arithmetic never depends on how many."""
    for start in range(0, len(rows), size):
        piece = rows[start : start + size]
        yield np.concatenate([piece, np.full(size - len(piece), piece[-1])])


def _strand(
    explained: ExplainedNetwork, x: Tensor, references: Codes | None, task: int, plan: AttributionPlan
) -> _Parts:
    """Return the attributions of (b, C, 1, L), as one strand reads them."""
    signals = x[:, 4 * explained.bases :]
    if plan.references.signal_mean:
        signals = signals.mean(3, keepdim=True).expand_as(signals)
    if references is None:
        others = signals
    else:
        _, count, length = references.shape
        flat = torch.from_numpy(np.ascontiguousarray(references).reshape(-1, length)).to(x.device)
        others = torch.cat([one_hot_tensor(flat).to(x.dtype), signals.repeat_interleave(count, dim=0)], dim=1)
    others = others.contiguous(memory_format=torch.channels_last)
    means = mean_multipliers(explained.differentiable, x, others, task, explained.rows)
    m, pairs = means.values.double(), others.view(len(x), -1, *others.shape[1:]).squeeze(3).double()
    contributed = (m * (x.squeeze(2).unsqueeze(1) - pairs)).mean(1)
    bases = 4 * explained.bases
    m, pairs = m[:, :, :bases], pairs[:, :, :bases]
    return _Parts(
        projected(m, pairs).cpu().numpy(),
        contributed[:, :bases].sum(1).cpu().numpy(),
        contributed[:, bases:].cpu().numpy(),
        means.output,
        means.references.mean(axis=1),
    )


def _mean(one: _Parts, other: _Parts) -> _Parts:
    """Return the mean of the attributions of two strands, the other's turned around."""
    return _Parts(
        (one.hypothetical + other.hypothetical[:, ::-1, ::-1]) / 2,
        (one.observed + other.observed[:, ::-1]) / 2,
        (one.signals + other.signals[:, :, ::-1]) / 2,
        (one.output + other.output) / 2,
        (one.reference + other.reference) / 2,
    )


def _with_terms(
    explained: ExplainedNetwork, parts: _Parts, codes: Codes, references: Codes, task: int
) -> _Parts:
    """Add the attributions of the terms."""
    n, count, length = references.shape
    hypothetical, observed = parts.hypothetical.copy(), parts.observed.copy()
    output, reference = parts.output + explained.bias[task], parts.reference + explained.bias[task]
    for term in explained.terms:
        for row in range(n):
            shares = term.shares(codes[row], references[row], task)
            hypothetical[row] += shares.hypothetical
            observed[row] += shares.observed
        output = output + term.outputs(codes)[:, task]
        others = term.outputs(references.reshape(-1, length))[:, task]
        reference = reference + others.reshape(n, count).mean(axis=1)
    return _Parts(hypothetical, observed, parts.signals, output, reference)
