"""One trunk for all windows along a stretch: layers that overlapping windows share are computed once.

What is shared, and how far, is planned beforehand from the number of multiplications (`places`); the
layers that remain, such as dense ones, are computed window by window from what the trunk gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seqnet.inference.sharing.geometry import (
    Place,
    after_step,
    aligned,
    edges,
    first_place,
    row_starts,
    window_work,
)
from seqnet.inference.sharing.operators import (
    Added,
    Pointwise,
    Sliding,
    SlidingConvolution,
    Step,
    cut_rows,
    flattens,
    joined,
    steps_of,
    zeros_beside,
)
from seqnet.inference.tiling import Tiling
from seqnet.kernels.layers.residual import ResidualBlock
from seqnet.networks.fast.conv_base import TOUCH, channels_first, channels_last
from seqnet.networks.fast.fused_residual import is_fusible, residual_along
from seqnet.networks.fast.overlap_save import OverlapSave
from seqnet.networks.fast.window_dense import WindowDense
from seqnet.networks.modules import BiLstm, Parallel

HEAD_BATCH = 256
"""Windows that go through the layers that are not shared at a time."""
_SLAB = 1 << 21
"""Values of a layer that the first layers are computed for at a time, so that they stay in the caches."""


class Plan(NamedTuple):
    """How a network is computed along a stretch."""

    places: tuple[Place, ...]
    """The input's place, then that after each shared layer."""
    layers: int
    """Layers of the network."""
    work: float
    """Multiplications of one window, sharing."""
    alone: float
    """And each window by itself."""
    spare: int
    """Bases that the stretch is longer than the windows reach."""

    @property
    def shared(self) -> int:
        """Number of layers that are shared; 0 where each window is computed by itself."""
        return len(self.places) - 1


def plan_trunk(network: nn.Sequential, channels: int, tiling: Tiling) -> Plan:
    """Return the cheapest exact way: how many of a network's first layers are shared."""
    steps = steps_of(network)
    stride = _total_stride(steps)
    # rows of different phases differ by one value, which a few bases more make up for
    plans = [_plan(network, steps, channels, tiling, spare) for spare in (0, stride, 2 * stride)]
    return min(plans, key=lambda plan: plan.work)


def _total_stride(steps: list[Step]) -> int:
    """Return the input positions between two positions of the output."""
    stride = 1
    for step in steps:
        if isinstance(step, Sliding):
            stride *= step.stride
        elif isinstance(step, Added):
            stride *= _total_stride(list(step.block))
    return stride


def _plan(network: nn.Sequential, steps: list[Step], channels: int, tiling: Tiling, spare: int) -> Plan:
    """Return the cheapest cut with so many spare bases."""
    remaining = _remaining_work(network, steps, channels, tiling.width)
    place = first_place(tiling, channels, spare)
    places, done = [place], 0.0
    best, work = 0, remaining[0] + TOUCH * channels * tiling.width
    for number, step in enumerate(steps, 1):
        after = after_step(place, step)
        if after is None:
            break
        place, done = after[0], done + after[1]
        places.append(place)
        copying = TOUCH * place.channels * place.length
        if done / tiling.tiles + copying + remaining[number] < work:
            best, work = number, done / tiling.tiles + copying + remaining[number]
    alone = remaining[0] + TOUCH * channels * tiling.width
    return Plan(tuple(places[: best + 1]), len(network), work, alone, spare)


def _remaining_work(network: nn.Sequential, steps: list[Step], channels: int, length: int) -> list[float]:
    """Return the work of one window from each layer on."""
    each: list[float] = []
    for step in steps:
        channels, length, work = window_work(channels, length, step)
        each.append(work)
    rest = float(TOUCH * channels * length)
    for layer in list(network)[len(steps) :]:
        times = length if isinstance(layer, BiLstm | Parallel) else 1
        rest += times * sum(parameter.numel() for parameter in layer.parameters())
    return [rest + sum(each[number:]) for number in range(len(each) + 1)]


@dataclass(frozen=True, eq=False)
class Shared:
    """The values of a place.

    Parameters
    ----------
    place
        Their position in the network.
    rows
        (phases, count, C): what windows share.
    left, right
        (tiles, left, C) and (tiles, right, C): what each window has for itself.
    """

    place: Place
    rows: Tensor
    left: Tensor
    right: Tensor

    def taken(self, begin: int, end: int, tiles: slice = slice(None)) -> Tensor:
        """Return positions `begin` to `end` of windows, which they share: (tiles, end - begin, C)."""
        starts = torch.from_numpy(self.place.begins[tiles]).to(self.rows.device)
        count = max(0, end - begin)
        index = starts[:, None] + torch.arange(begin, begin + count, device=self.rows.device)
        flat = self.rows.reshape(-1, self.rows.shape[2])
        return flat.index_select(0, index.reshape(-1)).reshape(len(starts), count, flat.shape[1])

    def windows(self, tiles: slice) -> Tensor:
        """Return whole windows, (tiles, length, C)."""
        place = self.place
        middle = self.taken(place.left, place.clean_end, tiles)
        return _filled([self.left[tiles], middle, self.right[tiles]])

    def moved_to(self, place: Place) -> Shared:
        """Return the same values at a place of less that is shared."""
        left = [self.left, self.taken(self.place.left, place.left)]
        right = [self.taken(place.clean_end, self.place.clean_end), self.right]
        return Shared(place, _rows_at(self.rows, self.place, place), _filled(left), _filled(right))


def _rows_at(rows: Tensor, place: Place, after: Place) -> Tensor:
    """Return what of a place's rows, (phases, count, C), lies at a place of less that is shared."""
    skips = [
        (number, (there - here) // after.stride)
        for number, (here, there) in enumerate(zip(place.origins, after.origins, strict=True))
    ]
    return cut_rows(rows, skips, after.count)


def _filled(parts: list[Tensor]) -> Tensor:
    """Join (n, L, C) parts, leaving out empty ones."""
    return joined([part for part in parts if part.shape[1]] or parts[:1])


def _mapped(x: Tensor, step: Pointwise) -> Tensor:
    """Apply a layer that maps positions alone to (n, L, C)."""
    if not x.shape[1]:
        return x.new_empty(*x.shape[:2], step.channels(x.shape[2]))
    return channels_last(step(channels_first(x)))


def _stepped(shared: Shared, step: Step, place: Place) -> Shared:
    """Apply a layer that leads to `place`."""
    if isinstance(step, Pointwise):
        parts = [_mapped(part, step) for part in (shared.rows, shared.left, shared.right)]
        return Shared(place, *parts)
    if isinstance(step, Sliding):
        return _slid(shared, step, place)
    if step.fused is not None and is_fusible(shared.rows):
        return _fused(shared, step.fused, place)
    block, shortcut = (_chained(shared, chain) for chain in (step.block, step.kept))
    place = aligned(block.place, shortcut.place)
    one, other = block.moved_to(place), shortcut.moved_to(place)
    left = one.left + other.left if place.left else one.left
    right = one.right + other.right if place.right else one.right
    return Shared(place, one.rows + other.rows, left, right)


def _fused(shared: Shared, block: ResidualBlock, place: Place) -> Shared:
    """Apply a residual block in one pass; positions that miss what they would read are left out."""
    before, reach = shared.place, block.dilation
    rows = _rows_at(residual_along(block, shared.rows), before, place)
    left, right = shared.left, shared.right
    if place.left:
        pieces = [shared.left, shared.taken(before.left, place.left + reach)]
        left = residual_along(block, _filled(pieces))[:, : place.left]
    if place.right:
        pieces = [shared.taken(place.clean_end - reach, before.clean_end), shared.right]
        right = residual_along(block, _filled(pieces))[:, reach:]
    return Shared(place, rows, left, right)


def _chained(shared: Shared, steps: tuple[Step, ...]) -> Shared:
    """Apply several layers, which are known to be shareable."""
    for step in steps:
        after = after_step(shared.place, step)
        assert after is not None
        shared = _stepped(shared, step, after[0])
    return shared


def _slid(shared: Shared, step: Sliding, place: Place) -> Shared:
    """Apply a convolution or pool to what is shared, and to each window's own ends."""
    before, reads = shared.place, edges(shared.place, step)
    rows = step.along(shared.rows, row_starts(before, step, place), place.count)
    nothing = rows.new_empty(before.tiling.tiles, 0, place.channels)
    left = right = nothing
    if place.left:
        pieces = [shared.left[:, : reads.left], shared.taken(before.left, reads.left)]
        left = _applied(step, zeros_beside(_filled(pieces), reads.zeros, 0))
    if place.right:
        own = slice(max(0, reads.right - before.clean_end), max(0, reads.end - before.clean_end))
        pieces = [shared.taken(reads.right, min(reads.end, before.clean_end)), shared.right[:, own]]
        right = _applied(step, zeros_beside(_filled(pieces), 0, reads.zeros_after), step.partial)
    return Shared(place, rows, left, right)


def _applied(step: Sliding, x: Tensor, partial: bool = False) -> Tensor:
    """Apply a sliding layer to (n, L, C) without padding."""
    return channels_last(step(channels_first(x), partial=partial))


def _leading(steps: list[Step], places: tuple[Place, ...]) -> int:
    """Return how many first layers are computed slab by slab: from a pool on, up to blocks or own ends."""
    last = 0
    for number, (step, place) in enumerate(zip(steps, places[1:], strict=False), 1):
        if place.left or place.right or isinstance(step, Added):
            break
        if isinstance(step, SlidingConvolution) and isinstance(step.module, OverlapSave | WindowDense):
            break
        if (isinstance(step, Sliding) and step.stride > 1) or (isinstance(step, Pointwise) and last):
            last = number
    return last


def _in_slabs(rows: Tensor, steps: list[Step], places: tuple[Place, ...]) -> Tensor:
    """Apply layers to what is shared, some positions of the last one at a time: (phases, count, C)."""
    last = places[-1]
    largest = max((place.values for place in places[1:-1]), default=0)
    if largest <= _SLAB:
        return _slab(rows, steps, places, 0, last.count)
    length = max(1, _SLAB * last.count // largest)
    out = rows.new_empty(len(last.phases), last.count, last.channels)
    for begin in range(0, last.count, length):
        end = min(begin + length, last.count)
        out[:, begin:end] = _slab(rows, steps, places, begin, end)
    return out


def _slab(rows: Tensor, steps: list[Step], places: tuple[Place, ...], begin: int, end: int) -> Tensor:
    """Return positions `begin` to `end` of the last place's rows."""
    if not steps:
        return rows[:, begin:end]
    step = steps[-1]
    if not isinstance(step, Sliding):
        assert isinstance(step, Pointwise)
        return _mapped(_slab(rows, steps[:-1], places[:-1], begin, end), step)
    starts = row_starts(places[-2], step, places[-1])
    firsts = [first for _, first in starts]
    low = min(firsts) + begin * step.stride
    high = max(firsts) + (end - 1) * step.stride + step.span
    before = _slab(rows, steps[:-1], places[:-1], low, high)
    shift = begin * step.stride - low
    return step.along(before, [(number, first + shift) for number, first in starts], end - begin)


def tile_outputs(network: nn.Sequential, plan: Plan, stretch: Tensor) -> Tensor:
    """Return the network's outputs of every window along a stretch.

    Parameters
    ----------
    network
        In evaluation mode.
    plan
        Of this network.
    stretch
        One-hot (bases, C), ``plan.places[0].count`` of them.

    Returns
    -------
    float (tiles, T)
    """
    steps = steps_of(network)[: plan.shared]
    first = _leading(steps, plan.places)
    rows = _in_slabs(stretch.unsqueeze(0), steps[:first], plan.places[: first + 1])
    place = plan.places[first]
    nothing = stretch.new_empty(place.tiling.tiles, 0, place.channels)
    shared = Shared(place, rows, nothing, nothing)
    for step, place in zip(steps[first:], plan.places[first + 1 :], strict=True):
        shared = _stepped(shared, step, place)
    head, flat = network[plan.shared :], flattens(list(network)[: plan.shared])
    outputs = []
    tiles = place.tiling.tiles
    for begin in range(0, tiles, HEAD_BATCH):
        windows = shared.windows(slice(begin, min(begin + HEAD_BATCH, tiles)))
        outputs.append(head(channels_first(windows).flatten(1) if flat else channels_first(windows)))
    return torch.cat(outputs)
