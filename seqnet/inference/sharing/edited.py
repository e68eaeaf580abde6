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

from torch import Tensor
from torch.nn import functional


class Unedited:
    """What a layer makes of b unedited sequences, between zeros that windows may reach into.

    Parameters
    ----------
    values
        (b, C, 1, L).
    """

    def __init__(self, values: Tensor) -> None:
        self._values = values.permute(0, 2, 3, 1).squeeze(1).contiguous()
        self._held, self._margin = self._values, 0
        self.rows, self.length, self.channels = self._values.shape

    @property
    def values(self) -> Tensor:
        """(b, L, C)."""
        return self._values

    def windows(self, start: int, width: int, step: int, count: int) -> Tensor:
        """Return the windows of `count` edits, zeros outside the sequence: a view, (w, b, K, 1, C)."""
        reach = max(-start, start + step * (count - 1) + width - self.length)
        if reach > self._margin:
            self._margin = reach + self.length // 4  # room for the windows of other edits
            self._held = functional.pad(self._values, (0, 0, self._margin, self._margin))
        size, channels = self.length + 2 * self._margin, self.channels
        return self._held.as_strided(
            (width, self.rows, count, 1, channels),
            (channels, size * channels, step * channels, 0, 1),
            (self._margin + start) * channels,
        )


class Edited:
    """What a layer makes of edited sequences, in the windows that the edits reach.

    Parameters
    ----------
    x
        (w, b, K, R, C): values, or their differences from the unedited ones. Methods may change it.
    differs
        Whether it holds differences.
    start, step
        Position of the first window, and from one window to the next; they may lie outside the sequence.
    unedited
        The same layer of the unedited sequences.
    """

    def __init__(self, x: Tensor, differs: bool, start: int, step: int, unedited: Unedited) -> None:
        self.x, self.differs, self.start, self.step, self.unedited = x, differs, start, step, unedited

    @property
    def width(self) -> int:
        """Positions of a window."""
        return self.x.shape[0]

    @property
    def count(self) -> int:
        """K."""
        return self.x.shape[2]

    def copy(self) -> Edited:
        """Return a copy, for one of several chains."""
        return Edited(self.x.clone(), self.differs, self.start, self.step, self.unedited)

    def windows(self) -> Tensor:
        """Return the unedited values in the windows, (w, b, K, 1, C)."""
        return self.unedited.windows(self.start, self.width, self.step, self.count)

    def values(self) -> Tensor:
        """Return values; those outside the sequence mean nothing."""
        if self.differs:
            self.x, self.differs = self.x.add_(self.windows()), False
        return self.x

    def differences(self) -> Tensor:
        """Return differences, 0 outside the sequence."""
        if not self.differs:
            self.x, self.differs = self.fill_outside(self.x.sub_(self.windows()), 0.0), True
        return self.x

    def fill_outside(self, x: Tensor, value: float, start: int | None = None) -> Tensor:
        """Put a value outside the sequence into (w, b, K, R, C), whose windows begin at `start`."""
        start = self.start if start is None else start
        length, step, count = self.unedited.length, self.step, x.shape[2]
        for place in range(x.shape[0]):
            first = max(0, -((start + place) // step))  # the first edit whose position is inside
            end = min(count, -((start + place - length) // step))
            if first > 0:
                x[place, :, :first] = value
            if end < count:
                x[place, :, max(end, 0) :] = value
        return x

    def whole(self) -> Tensor:
        """Return all positions of every edited sequence, (b K R, C, 1, L)."""
        w, b, count, bases, channels = self.x.shape
        values, length = self.values(), self.unedited.length
        margin = max(0, -self.start, self.start + self.step * (count - 1) + w - length)
        size = length + 2 * margin
        found = values.new_zeros(b, count, bases, size, channels)
        found[..., margin : margin + length, :] = self.unedited.values[:, None, None]
        place = (margin + self.start) * channels
        strides = (
            channels, count * bases * size * channels, bases * size * channels + self.step * channels,
            size * channels, 1,
        )  # fmt: skip
        found.as_strided((w, b, count, bases, channels), strides, place).copy_(values)
        inside = found[..., margin : margin + length, :].reshape(-1, 1, length, channels)
        return inside.permute(0, 3, 1, 2)


def edited_input(x: Tensor, letters: Tensor, first: int, step: int, count: int) -> Edited:
    """Return edits of the input.

    Parameters
    ----------
    x
        (b, C, 1, L), the four bases first.
    letters
        int64 (b, K, R): the bases put at positions first, first + step, ...
    """
    unedited = Unedited(x)
    bases = functional.one_hot(letters, 4).to(x.dtype)
    difference = bases - unedited.windows(first, 1, step, count)[0, ..., :4]
    signals = x.shape[1] - 4
    return Edited(functional.pad(difference, (0, signals)).unsqueeze(0), True, first, step, unedited)


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
