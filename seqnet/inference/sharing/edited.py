"""Sequences with one base edited: what differs from the unedited sequence, and where.

The edits of one batch are those of b sequences at K positions p, p + s, p + 2 s, ..., with R bases each. At a
layer whose stride so far is S, edit k reaches the positions start + k s / S + (0 ... w - 1), the same window
for all edits of a batch, so that a layer maps all of them by few dense operations. Positions come first
in memory, (w, b, K, R, C): a convolution adds up one product for each of its positions, a pool takes maxima
of rows, and the unedited values of all windows are one view, without a copy:

    unedited    a0 a1 a2 a3 a4 a5 a6 a7 a8 ...
    edit 0      [--w=4----]
    edit 1               [--w=4----]              start + s / S
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.networks.fast.conv_base import channels_last

Rows: TypeAlias = Tensor | slice
"""Numbers of unedited sequences."""


class Unedited:
    """What a layer makes of b unedited sequences, between zeros that windows may reach into.

    Parameters
    ----------
    output
        (b, C, 1, L), or (b, F) features, as the layer returns it.
    """

    def __init__(self, output: Tensor) -> None:
        self.output = output
        self._margin = 0
        self._held: Tensor | None = None
        self._behind: dict[nn.Module, Unedited] = {}

    @cached_property
    def values(self) -> Tensor:
        """(b, L, C)."""
        return channels_last(self.output)

    @property
    def length(self) -> int:
        """L."""
        return self.output.shape[3]

    def behind(self, module: nn.Module, make: Callable[[], Tensor]) -> Unedited:
        """Return what a module makes of them, made once and held as long as they are."""
        if module not in self._behind:
            self._behind[module] = Unedited(make())
        return self._behind[module]

    def windows(self, start: int, width: int, step: int, count: int) -> Tensor:
        """Return the windows of `count` edits, zeros outside the sequence: a view, (w, b, K, 1, C)."""
        reach = max(-start, start + step * (count - 1) + width - self.length)
        if reach > self._margin and count == 1:
            return self._one_window(start, width)
        if reach > self._margin:
            self._margin = reach + self.length // 4  # room for the windows of other edits
            self._held = functional.pad(self.values, (0, 0, self._margin, self._margin))
        held = self.values if self._held is None else self._held
        rows, size, channels = held.shape
        return held.as_strided(
            (width, rows, count, 1, channels),
            (channels, size * channels, step * channels, 0, 1),
            (self._margin + start) * channels,
        )

    def _one_window(self, start: int, width: int) -> Tensor:
        """Return the window of one edit, zeros outside the sequence, without a copy of the whole layer."""
        first = min(max(0, start), self.length)
        end = max(first, min(self.length, start + width))
        sides = (0, 0, min(max(0, -start), width), max(0, start + width - max(self.length, start)))
        return functional.pad(self.values[:, first:end], sides).transpose(0, 1)[:, :, None, None]


class Edited:
    """What a layer makes of edited sequences, in the windows that the edits reach.

    Parameters
    ----------
    x
        (w, b, K, R, C): values, or their differences from the unedited ones. Methods may change it.
    differs
        Whether it holds differences.
    start, step
        Position of the first window, and from one window to the next (0 where there is one alone); they may
        lie outside the sequence.
    unedited
        The same layer of the unedited sequences.
    rows
        Which of these the b rows are edits of, int64 (b,) or a slice; by default all, in the same order.
    """

    def __init__(
        self, x: Tensor, differs: bool, start: int, step: int, unedited: Unedited, rows: Rows = slice(None)
    ) -> None:
        self.x, self.differs, self.start, self.step = x, differs, start, step
        self.unedited, self.rows = unedited, rows
        self.shared = False
        """Whether x also belongs to other edits, and must not be changed in place."""
        self.scale: Tensor | None = None
        """Factors, (C,), by which the differences in x have not been multiplied yet."""
        self.pooled: tuple[Tensor, Tensor] | None = None
        """(b, K, R, C) each, where known: the highest value and the sum of differences of each window, within
        the sequence."""

    def then(
        self, x: Tensor, unedited: Unedited, *, differs: bool, start: int | None = None, stride: int = 1
    ) -> Edited:
        """Return the same edits behind a layer of a stride."""
        first = self.start if start is None else start
        return Edited(x, differs, first, self.step // stride, unedited, self.rows)

    @property
    def width(self) -> int:
        """Positions of a window."""
        return self.x.shape[0]

    @property
    def count(self) -> int:
        """K."""
        return self.x.shape[2]

    def share(self) -> Edited:
        """Return the same edits with shared values, which are copied before they are changed."""
        copied = self.then(self.x, self.unedited, differs=self.differs)
        copied.shared, copied.scale = True, self.scale
        return copied

    def writable(self) -> Edited:
        """Return edits whose values may be changed in place."""
        if not self.shared:
            return self
        copied = self.then(self.x.clone(), self.unedited, differs=self.differs)
        copied.scale = self.scale
        return copied

    def taken(self, x: Tensor, axis: int = 0) -> Tensor:
        """Return each edit's row of what is known of unedited sequences, along an axis."""
        if isinstance(self.rows, Tensor):
            return x.index_select(axis, self.rows)
        return x[self.rows] if axis == 0 else x[:, self.rows]

    def around(self, start: int, width: int) -> Tensor:
        """Return the unedited values in other windows, (w, b, K, 1, C)."""
        return self.taken(self.unedited.windows(start, width, self.step, self.count), 1)

    def windows(self) -> Tensor:
        """Return the unedited values in the windows, (w, b, K, 1, C)."""
        return self.around(self.start, self.width)

    def values(self) -> Tensor:
        """Return values; those outside the sequence mean nothing."""
        if self.differs:
            self.x = self.added(self.windows(), None if self.shared else self.x)
            self.differs, self.shared, self.scale = False, False, None
        return self.x

    def added(self, windows: Tensor, out: Tensor | None = None) -> Tensor:
        """Return the sum of unedited values, (w, b, K, 1, C), and differences."""
        if self.scale is None:
            return torch.add(self.x, windows, out=out)
        return torch.addcmul(windows, self.x, self.scale, out=out)

    def differences(self) -> Tensor:
        """Return differences, 0 outside the sequence."""
        if not self.differs:
            windows = self.windows()
            self.x = self.fill_outside(self.x - windows if self.shared else self.x.sub_(windows), 0.0)
            self.differs, self.shared = True, False
        elif self.scale is not None:
            self.x = self.x * self.scale if self.shared else self.x.mul_(self.scale)
            self.shared, self.scale = False, None
        return self.x

    def fill_outside(self, x: Tensor, value: float, start: int | None = None) -> Tensor:
        """Put a value outside the sequence into (w, b, K, R, C), whose windows begin at `start`."""
        start = self.start if start is None else start
        length, step, count = self.unedited.length, max(1, self.step), x.shape[2]
        for place in range(min(x.shape[0], -start)):  # before the sequence, of the first edit at least
            x[place, :, : -((start + place) // step)] = value
        for place in range(max(0, length - step * (count - 1) - start), x.shape[0]):  # behind it, of the last
            x[place, :, max(0, -((start + place - length) // step)) :] = value
        return x

    def whole(self) -> Tensor:
        """Return all positions of every edited sequence, (b K R, C, 1, L)."""
        w, b, count, bases, channels = self.x.shape
        values, length = self.values(), self.unedited.length
        margin = max(0, -self.start, self.start + self.step * (count - 1) + w - length)
        size = length + 2 * margin
        copies = values.new_empty(b, count, bases, size, channels)
        copies[..., margin : margin + length, :] = self.taken(self.unedited.values)[:, None, None]
        place = (margin + self.start) * channels
        strides = (
            channels, count * bases * size * channels, bases * size * channels + self.step * channels,
            size * channels, 1,
        )  # fmt: skip
        copies.as_strided((w, b, count, bases, channels), strides, place).copy_(values)
        inside = copies[..., margin : margin + length, :].reshape(-1, 1, length, channels)
        return inside.permute(0, 3, 1, 2)


class WholeEdits(NamedTuple):
    """What a layer makes of edited sequences, whole: (n, C, 1, L), or (n, F) features."""

    x: Tensor
    unedited: Unedited


def edited_input(
    unedited: Unedited, letters: Tensor, first: int, step: int = 0, rows: Rows = slice(None)
) -> Edited:
    """Return edits of inputs, the four bases first among their channels.

    Parameters
    ----------
    letters
        int64 (w, b, K, R): the bases put at positions first, first + step, ... and the w - 1 behind each; 4
        for none.
    first, step, rows
        As of `Edited`.
    """
    bases = functional.one_hot(letters, 5)[..., :4].to(unedited.output.dtype)
    signals = unedited.output.shape[1] - 4
    edits = Edited(functional.pad(bases, (0, signals)), False, first, step, unedited, rows)
    if signals:
        edits.x[..., 4:] = edits.windows()[..., 4:]
    return edits


def after_window(start: int, width: int, span: int, stride: int) -> tuple[int, int]:
    """Return the first position of a sliding layer that a window reaches, and how many there are.

    There is one at least: where a stride passes over the window, one that does not change.

    Examples
    --------
    >>> after_window(10, 4, 3, 1), after_window(10, 1, 1, 4)
    ((8, 6), (3, 1))
    """
    low = -((span - 1 - start) // stride)
    return low, max(low, (start + width - 1) // stride) - low + 1
