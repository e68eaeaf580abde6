"""First-layer filters as motifs: the sites that excite a filter, and what the outputs owe to it.

After Alipanahi et al. (2015) and Kelley et al. (2016): a filter's sites are the windows whose value is above
half of its maximum over the sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from seqnet.aliases import Floats, Ints
from seqnet.attribution.networks import ExplainedNetwork, StrandBatch

Loader: TypeAlias = Callable[[Ints], StrandBatch]
"""Returns rows as the network reads them."""
LEAST_SITES = 20
"""Filters with fewer sites make no motif."""
_SHARE = 0.5
"""Of the maximum, above which a window is a site."""


class FilterSites(NamedTuple):
    """The sites of F filters of w positions."""

    counts: Floats
    """float64 (F, w, 4): of the bases of their sites, columns A C G T."""
    sites: Ints
    """int64 (F,)."""
    mean: Tensor
    """(F,): of their values, over all positions."""


class _Values(NamedTuple):
    """What filters make of windows that hold no ambiguous base."""

    values: Tensor
    """(F, m)."""
    windows: Tensor
    """(m, w 4): their bases, one-hot."""


def first_filters(network: nn.Module) -> nn.Conv2d:
    """Return the first convolution over bases.

    Raises
    ------
    ValueError
        If there is none, or its filters skip positions.
    """
    layer = next((part for part in network.modules() if isinstance(part, nn.Conv2d)), None)
    if layer is None or layer.groups > 1 or layer.in_channels < 4:
        raise ValueError("the model has no filters over bases")
    if layer.dilation[1] > 1:
        raise ValueError("the first layer's filters skip positions (dilation)")
    return layer


def filter_sites(
    explained: ExplainedNetwork, batches: Sequence[Ints], load: Loader, member: int = 0
) -> FilterSites:
    """Return the sites of the first layer's filters on both strands of sequences.

    Parameters
    ----------
    member
        Number of the network, from 0.
    batches
        Rows, some at a time.
    load
        From rows to what the network reads.

    Raises
    ------
    ValueError
        If there are no filters over bases, or no windows to look at.
    """
    convolution = first_filters(explained.networks[member])
    width, filters = convolution.kernel_size[1], convolution.out_channels
    highest = torch.full((filters,), -torch.inf, device=explained.device)
    total, positions = torch.zeros(filters, dtype=torch.float64, device=explained.device), 0
    for part in _values(convolution, batches, load):
        highest = torch.maximum(highest, part.values.amax(1))
        total += part.values.double().sum(1)
        positions += part.values.shape[1]
    if not positions:
        raise ValueError("no window of the sequences is free of ambiguous bases")
    counts = torch.zeros(filters, width * 4, dtype=torch.float64, device=explained.device)
    sites = torch.zeros(filters, dtype=torch.int64, device=explained.device)
    for part in _values(convolution, batches, load):
        above = (part.values > _SHARE * highest[:, None]) & (highest[:, None] > 0)
        counts += (above.float() @ part.windows).double()
        sites += above.sum(1)
    return FilterSites(
        counts.view(filters, width, 4).cpu().numpy(), sites.cpu().numpy(), (total / positions).float()
    )


def _values(convolution: nn.Conv2d, batches: Sequence[Ints], load: Loader) -> Iterator[_Values]:
    """Yield the values of the filters, without padding, on both strands."""
    width = convolution.kernel_size[1]
    weight = convolution.weight.detach()[:, :4, 0]
    with torch.inference_mode():
        for rows in batches:
            bases = load(rows).forward[:, :4, 0]
            for strand in (bases, bases.flip(1).flip(2)):
                windows = strand.unfold(2, width, 1).permute(0, 2, 3, 1).reshape(-1, width * 4)
                windows = windows[windows.sum(1) == width]
                if not len(windows):
                    continue
                values = weight.permute(0, 2, 1).reshape(len(weight), -1) @ windows.T
                if convolution.bias is not None:
                    values = values + convolution.bias.detach()[:, None]
                yield _Values(values, windows)


def filter_influence(
    explained: ExplainedNetwork, batches: Sequence[Ints], load: Loader, mean: Tensor, member: int = 0
) -> Floats:
    """Return how much outputs change on average where a filter is held at its mean, float64 (F, T).

    The outputs are those of the model, where an ensemble's network counts for its share.

    Parameters
    ----------
    batches, load, member
        As of `filter_sites`.
    mean
        (F,): of the filters' values.
    """
    network = explained.networks[member]
    convolution = first_filters(network)
    change = np.zeros((convolution.out_channels, len(explained.tasks)))
    held: int | None = None

    def hold(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        if held is not None:
            output = output.clone()
            output[:, held] = mean[held]
        return output

    hook = convolution.register_forward_hook(hold)
    try:
        with torch.inference_mode():
            for rows in batches:
                batch = load(rows)
                held = None
                plain = _outputs(network, batch)
                for held in range(len(change)):
                    change[held] += (_outputs(network, batch) - plain).abs().sum(0).double().cpu().numpy()
    finally:
        hook.remove()
    return explained.scale * change / (sum(map(len, batches)) * len(explained.networks))


def _outputs(network: nn.Module, batch: StrandBatch) -> Tensor:
    """Return a network's outputs, (b, T)."""
    outputs: Tensor = network(batch.forward)
    return outputs if batch.reverse is None else (outputs + network(batch.reverse)) / 2
