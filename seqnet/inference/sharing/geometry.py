"""Positions and cost of the layers that overlapping windows share: arithmetic alone.

A window that starts at base s has at position j of a layer of total stride S the *anchor* s + j S. The
same computation without padding along the whole stretch gives, for each residue of anchors modulo S
that windows need (a phase of the pools), one row of values. A window finds its positions in its phase's
row, but for those within reach of the window's padding: these, `left` and `right` of them, are computed for
each window apart.

An example: windows of 8 bases, 3 bases apart, through a convolution of width 3 and a pool of 2, stride 2::

    bases            0  1  2  3  4  5  6  7  8  9 10
    window 0        [0  1  2  3  4  5  6  7]
    window 1                 [3  4  5  6  7  8  9 10]
    convolution      c0 c1 c2 c3 c4 c5 c6 c7 c8           S = 1, one row: phases (0,), origins (0,)
      window 0       c0 c1 c2 c3 c4 c5                    begins at 0
      window 1                c3 c4 c5 c6 c7 c8           begins at 3; c3, c4 and c5 are computed once
    pool             m0 = max(c0, c1), m1 = max(c1, c2), ... each named after its anchor
      phase 0        m0    m2    m4    m6                 S = 2, row 0, origin 0
      phase 1           m1    m3    m5    m7              S = 2, row 1, origin 1
      window 0       m0    m2    m4                       start 0 mod 2: row 0, from (0 - 0) / 2 = 0 on
      window 1                m3    m5    m7              start 3 mod 2: row 1, from (3 - 1) / 2 = 1 on

With one zero of padding on either side the convolution has 8 positions in a window, c-1 to c6 for window 0.
The first and the last see a zero where the neighbouring bases would be, so that left = right = 1; the pool's
first and last positions see these, and left = right = 1 after it too. They are computed for each window, from
the first `Edges.left` and the last positions of the layer before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Ints
from seqnet.inference.sharing.operators import Added, Pointwise, Sliding, Step
from seqnet.inference.tiling import Tiling
from seqnet.networks.fast.conv_base import TOUCH
from seqnet.networks.fast.fused_residual import residual_work


class Edges(NamedTuple):
    """What the positions of a layer that windows do not share are computed from, as positions before it."""

    left: int
    """The first `left` positions of the window."""
    zeros: int
    """That many zeros before them."""
    right: int
    """And those from `right` on."""
    end: int
    """Up to here."""
    zeros_after: int
    """And that many zeros after them."""


@dataclass(frozen=True)
class Place:
    """A layer's output, shared between the windows of a tiling.

    Parameters
    ----------
    tiling
        The windows.
    channels, length
        Of one window.
    stride
        S.
    left, right
        Positions at a window's ends that are not shared.
    phases
        Residues modulo S, sorted.
    origins
        Anchor of the first value of each phase's row.
    count
        Values in each row.
    """

    tiling: Tiling
    channels: int
    length: int
    stride: int
    left: int
    right: int
    phases: tuple[int, ...]
    origins: tuple[int, ...]
    count: int

    @property
    def clean_end(self) -> int:
        """The position after the last shared one."""
        return self.length - self.right

    @cached_property
    def _row(self) -> Ints:
        """int64 (tiles,): each window's row."""
        starts = np.arange(self.tiling.tiles, dtype=np.int64) * self.tiling.step
        rows: Ints = np.searchsorted(np.array(self.phases), starts % self.stride)
        return rows

    @cached_property
    def _within(self) -> Ints:
        """int64 (tiles,): where position 0 of each window would lie in its row."""
        starts = np.arange(self.tiling.tiles, dtype=np.int64) * self.tiling.step
        within: Ints = (starts - np.array(self.origins)[self._row]) // self.stride
        return within

    @cached_property
    def begins(self) -> Ints:
        """int64 (tiles,): the same in all rows one after another."""
        return self._row * self.count + self._within

    @property
    def holds_all(self) -> bool:
        """Whether every window finds its shared positions."""
        inside = (self._within + self.left >= 0) & (self._within + self.clean_end <= self.count)
        return bool(inside.all())

    @property
    def values(self) -> int:
        """Values that are held: of the rows, and of each window's own positions."""
        own = self.tiling.tiles * (self.left + self.right)
        return self.channels * (len(self.phases) * self.count + own)


def first_place(tiling: Tiling, channels: int, spare: int) -> Place:
    """Return the input's place, the stretch `spare` bases longer than the windows reach."""
    return Place(tiling, channels, tiling.width, 1, 0, 0, (0,), (0,), tiling.bases + spare)


def edges(place: Place, step: Sliding) -> Edges:
    """Return what the unshared positions after a sliding layer are computed from."""
    after = slid(place, step)
    total = max(0, (after.left - 1) * step.stride + step.span) if after.left else 0
    zeros = min(step.before, total)
    begin = after.clean_end * step.stride - step.before if after.right else place.length
    reach = (after.length - 1) * step.stride - step.before + step.span
    end = place.length if step.partial else min(place.length, reach)
    beyond = 0 if step.partial or not after.right else max(0, reach - place.length)
    return Edges(total - zeros, zeros, begin, end, beyond)


def row_starts(place: Place, step: Sliding, after: Place) -> list[tuple[int, int]]:
    """Return from which row, and from which of its values on, each row after a sliding layer is made."""
    numbers = {phase: number for number, phase in enumerate(place.phases)}
    starts = []
    for phase, origin in zip(after.phases, after.origins, strict=True):
        number = numbers[phase % place.stride]
        starts.append((number, (origin - place.origins[number]) // place.stride - step.before))
    return starts


def slid(place: Place, step: Sliding) -> Place:
    """Return the place after a sliding layer, whether or not it can be shared."""
    length = step.length(place.length)
    stride = place.stride * step.stride
    tiles = range(min(place.tiling.tiles, stride))
    phases = tuple(sorted({number * place.tiling.step % stride for number in tiles}))
    by_phase = dict(zip(place.phases, place.origins, strict=True))
    origins, counts = [], []
    for phase in phases:
        first = by_phase[phase % place.stride] + step.before * place.stride
        origin = first + (phase - first) % stride
        skipped = (origin - first) // place.stride
        origins.append(origin)
        counts.append((place.count - skipped - step.span) // step.stride + 1)
    shared_end = (place.clean_end - step.span + step.before) // step.stride + 1
    left = -(-(place.left + step.before) // step.stride)
    return Place(
        place.tiling, step.channels(place.channels), length, stride, left, length - shared_end,
        phases, tuple(origins), min(counts),
    )  # fmt: skip


def aligned(one: Place, other: Place) -> Place:
    """Return the place of the sum of two."""
    starts = list(zip(one.origins, other.origins, strict=True))
    origins = tuple(max(pair) for pair in starts)
    counts = [
        place.count - (origin - own) // place.stride
        for place in (one, other)
        for origin, own in zip(origins, place.origins, strict=True)
    ]
    left, right = max(one.left, other.left), max(one.right, other.right)
    return replace(one, left=left, right=right, origins=origins, count=min(counts))


def after_step(place: Place, step: Step) -> tuple[Place, float] | None:
    """Return the place after a layer and the work of all windows; None where it cannot be shared."""
    if isinstance(step, Pointwise):
        after = replace(place, channels=step.channels(place.channels))
        return after, TOUCH * max(place.values, after.values)
    if isinstance(step, Added):
        return _after_added(place, step)
    after = slid(place, step)
    if after.left >= after.clean_end or after.count < 1 or not after.holds_all:
        return None
    reads = edges(place, step)
    if reads.left > place.clean_end or (after.right and reads.right < place.left):
        return None
    tiles = place.tiling.tiles
    sides = tiles * (reads.left + reads.end - reads.right) * place.channels
    own = sum(step.work(place.channels, length) for length in (after.left, after.right))
    work = step.work(place.channels, after.count, len(after.phases)) + tiles * own
    return after, work + TOUCH * (place.values + sides + after.values)


def _after_added(place: Place, step: Added) -> tuple[Place, float] | None:
    """Return what `after_step` does, of a residual block."""
    ends, work = [], 0.0
    for chain in (step.block, step.kept):
        end = after_steps(place, chain)
        if end is None:
            return None
        ends.append(end[0])
        work += end[1]
    after = aligned(*ends)
    if after.left >= after.clean_end or not after.holds_all:
        return None
    if step.fused is not None:
        apart = place.tiling.tiles * (after.left + after.right + 2 * step.fused.dilation)
        work = residual_work(place.channels, len(place.phases) * place.count + apart)
    return after, work + 2 * TOUCH * after.values


def after_steps(place: Place, steps: tuple[Step, ...]) -> tuple[Place, float] | None:
    """Return what `after_step` does, of a chain."""
    work = 0.0
    for step in steps:
        after = after_step(place, step)
        if after is None:
            return None
        place, work = after[0], work + after[1]
    return place, work


def window_work(channels: int, length: int, step: Step) -> tuple[int, int, float]:
    """Return channels, length and work of one window after a layer that is not shared."""
    if isinstance(step, Pointwise):
        after = step.channels(channels)
        return after, length, TOUCH * length * max(after, channels)
    if isinstance(step, Sliding):
        positions, after = step.length(length), step.channels(channels)
        moved = TOUCH * (length * channels + positions * after)
        return after, positions, step.work(channels, positions) + moved
    if step.fused is not None:
        return channels, length, residual_work(channels, length)
    work, shape = 0.0, (channels, length)
    for chain in (step.block, step.kept):
        shape = (channels, length)
        for inner in chain:
            *numbers, more = window_work(*shape, inner)
            shape = (int(numbers[0]), int(numbers[1]))
            work += more
    return *shape, work + 2 * TOUCH * shape[0] * shape[1]
