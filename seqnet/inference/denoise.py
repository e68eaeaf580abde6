"""Networks from signal to signal: an output at every position, along whole contigs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from seqnet.aliases import Ints, Progress, no_progress
from seqnet.inference.sharing.operators import Added, Sliding, Step, steps_of
from seqnet.networks.modules import SmootherMix
from seqnet.parallel import ordered_map

Singles = NDArray[np.float32]
CHUNK = 1 << 13
"""Positions computed at a time, besides what they see on both sides."""


class Reach(NamedTuple):
    """How many positions before and after its own an output sees."""

    before: int
    after: int


def reach_of(network: nn.Sequential) -> Reach:
    """Return how far an output sees.

    Raises
    ------
    ValueError
        If a layer does not keep every position, or sees all of them at once.
    """
    head = network[-1]
    if isinstance(head, SmootherMix):
        return _reach_of_all([*list(network)[:-1], *head.layers], Reach(head.reach, head.reach))
    if not (isinstance(head, nn.Sequential) and isinstance(head[-1], nn.Flatten) and head[-1].start_dim == 2):
        raise ValueError("the output has no positions; end in 'output per_position=true'")
    return _reach_of_all([*list(network)[:-1], *list(head)[:-1]], Reach(0, 0))


def _reach_of_all(layers: list[nn.Module], more: Reach) -> Reach:
    """Return the reach of layers one after another, and of what sees `more` besides."""
    steps = steps_of(layers)
    if len(steps) < len(layers):
        raise ValueError(f"layer {len(steps) + 1} does not work position by position")
    reach = _reach(steps)
    return Reach(reach.before + more.before, reach.after + more.after)


def _reach(steps: list[Step] | tuple[Step, ...]) -> Reach:
    """Return the reach of layers one after another."""
    before = after = 0
    for number, step in enumerate(steps, 1):
        if isinstance(step, Added):
            block, shortcut = _reach(step.block), _reach(step.kept)
            before += max(block.before, shortcut.before)
            after += max(block.after, shortcut.after)
        elif isinstance(step, Sliding):
            if step.stride != 1 or step.before + step.after != step.span - 1:
                raise ValueError(f"layer {number} does not keep every position")
            before, after = before + step.before, after + step.after
    return Reach(before, after)


def along(
    network: nn.Module,
    values: Singles,
    reach: Reach,
    *,
    device: torch.device,
    threads: int = 1,
    chunk: int = CHUNK,
    progress: Progress = no_progress,
) -> Iterator[Singles]:
    """Apply a network along a contig, piece by piece, as to the whole of it at once.

    A piece is computed with what its outputs see on both sides, and that is cut off again. At the ends of
    the contig layers see the zeros of their padding, as they do of the whole.

    Parameters
    ----------
    network
        In evaluation mode.
    values
        float32 (S, n): the contig's tracks, normalised.
    reach
        Of the network.
    threads
        Pieces computed at a time, each by one thread.
    chunk
        Positions of a piece.
    progress
        Called with the number of positions done.

    Yields
    ------
    outputs
        float32 (m, T): of the next m positions.
    """
    count = values.shape[1]

    def work(first: int) -> Singles:
        last = min(first + chunk, count)
        begin, end = max(0, first - reach.before), min(count, last + reach.after)
        with torch.inference_mode():
            part = torch.from_numpy(np.ascontiguousarray(values[None, :, None, begin:end])).to(device)
            outputs = network(part)[0, :, first - begin : last - begin]
        singles: Singles = outputs.float().cpu().numpy().T
        return singles

    for outputs in ordered_map(work, range(0, count, chunk), threads):
        progress(len(outputs))
        yield outputs


def window_targets(
    tracks: tuple[Singles, ...], starts: Ints, low: Ints, high: Ints, width: int, reach: Reach
) -> Singles:
    """Return the targets of training windows: known in the middle, which sees all that it would see.

    Parameters
    ----------
    tracks
        float32 (length,) each: T arrays of values.
    starts
        int64 (n,): index of each window's middle's first position.
    low, high
        int64 (n,): index of the contig's first position, and behind its last.
    width
        Positions of the middle.

    Returns
    -------
    targets
        float32 (n, T, reach.before + width + reach.after), NaN outside the middle and off the contig.
    """
    length = reach.before + width + reach.after
    targets = np.full((len(starts), len(tracks), length), np.nan, dtype=np.float32)
    index = starts[:, None] + np.arange(width)
    there = (index >= low[:, None]) & (index < high[:, None])
    middle = slice(reach.before, reach.before + width)
    for number, values in enumerate(tracks):
        bins = values[np.where(there, index, 0)]
        targets[:, number, middle] = np.where(there, bins, np.nan)
    return targets
