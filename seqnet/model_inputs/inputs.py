"""What a model is fed: rows of a table become tensors on a device, batch by batch.

Sequences and tracks stay where they are, one array each; a batch is gathered from it by index
arithmetic, which also moves windows (jitter) and reads them from the other strand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from seqnet.aliases import Bools, Codes, Ints
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.intervals import Intervals
from seqnet.genome.sequence import centred_start
from seqnet.genome.signals.layout import PackedGenome
from seqnet.kernels.gather import Places, gather_one_hot
from seqnet.networks.fast.conv_base import channels_first

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Inputs(Protocol):
    """n examples."""

    def __len__(self) -> int:
        """Return n."""
        ...

    def subset(self, rows: Ints) -> Inputs:
        """Return some rows as inputs of their own."""
        ...

    def batch(
        self, rows: Ints, device: torch.device, flip: Bools | None = None, shift: Ints | None = None
    ) -> Tensor:
        """Return the tensor of some rows.

        Parameters
        ----------
        rows
            int64 (b,).
        flip
            bool (b,): rows read from the other strand.
        shift
            int64 (b,): bases by which each row's window is moved, before it is flipped.
        """
        ...


@dataclass(frozen=True, eq=False)
class WindowInputs:
    """Windows of one width in an array of codes; one-hot only on the device.

    What lies outside a window's bounds is ambiguous, so windows may pass the ends of their contig or
    sequence.

    Parameters
    ----------
    bases
        uint8 (length,): the codes of all contigs or sequences.
    places
        Where the n windows lie.
    width
        Bases per window.
    minus
        bool (n,): windows on the minus strand; None for none.
    """

    bases: Codes
    places: Places
    width: int
    minus: Bools | None = None
    _held: dict[torch.device, Tensor] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.places.start)

    def subset(self, rows: Ints) -> WindowInputs:
        """Return some windows of the same array."""
        minus = None if self.minus is None else self.minus[rows]
        return WindowInputs(self.bases, self.places.take(rows), self.width, minus, self._held)

    def batch(
        self, rows: Ints, device: torch.device, flip: Bools | None = None, shift: Ints | None = None
    ) -> Tensor:
        """Return float32 (rows, 4, 1, width), channels last in memory, zeros at ambiguous bases."""
        places, turned = self.moved(rows, flip, shift)
        if device.type == "cpu":
            out = np.empty((len(rows), 1, self.width, 4), dtype=np.float32)
            gather_one_hot(self.bases, places, turned, out[:, 0])
            return torch.from_numpy(out.transpose(0, 3, 1, 2))
        return channels_first(gather_one_hot_on(self.held_on(device), places, turned, self.width))

    @property
    def codes(self) -> Codes:
        """The windows' forward strands, uint8 (n, width), ambiguous outside their bounds."""
        codes = np.full((len(self), self.width), AMBIGUOUS, dtype=np.uint8)
        for row, (start, low, high) in enumerate(zip(*(part.tolist() for part in self.places), strict=True)):
            first, last = max(start, low), min(start + self.width, high)
            codes[row, first - start : max(first, last) - start] = self.bases[first : max(first, last)]
        return codes

    def held_on(self, device: torch.device) -> Tensor:
        """Return the codes on a device, where they stay."""
        if device not in self._held:
            self._held[device] = tensor_on(self.bases, device)
        return self._held[device]

    def moved(self, rows: Ints, flip: Bools | None, shift: Ints | None) -> tuple[Places, Bools]:
        """Return where some windows lie after their shifts, and which are read backwards."""
        return move(self.places, self.minus, rows, flip, shift)


def move(
    places: Places, minus: Bools | None, rows: Ints, flip: Bools | None, shift: Ints | None
) -> tuple[Places, Bools]:
    """Return where rows lie after their shifts, and which of them are read backwards, bool (b,)."""
    chosen = places.take(rows)
    if shift is not None:
        chosen = chosen._replace(start=chosen.start + shift)
    turned = np.zeros(len(rows), dtype=bool) if flip is None else np.asarray(flip, dtype=bool)
    return chosen, turned if minus is None else turned ^ minus[rows]


class GenomeInputs(WindowInputs):
    """Windows of one width on a genome; they may pass the ends of contigs.

    Parameters
    ----------
    genome
        The codes.
    intervals
        The windows.
    stranded
        Whether windows on the minus strand are read as its reverse complement.
    """

    def __init__(self, genome: PackedGenome, intervals: Intervals, *, stranded: bool = False) -> None:
        places, width = genome.layout.places(intervals), common_width(intervals)
        super().__init__(genome.codes, places, width, intervals.strand < 0 if stranded else None)


class SequenceInputs(WindowInputs):
    """Sequences of one length as codes, uint8 (n, L)."""

    def __init__(self, codes: Codes) -> None:
        n, length = codes.shape
        start = np.arange(n, dtype=np.int64) * length
        places = Places(start, start, start + length)
        super().__init__(np.ascontiguousarray(codes).reshape(-1), places, length)

    @property
    def codes(self) -> Codes:
        """The sequences, uint8 (n, L)."""
        return self.bases.reshape(len(self), self.width)


def ragged_inputs(sequences: Sequence[Codes], length: int | None = None) -> WindowInputs:
    """Return sequences of any lengths as inputs of one length.

    Longer ones are cropped around their centre, shorter ones centred and padded with ambiguous bases, by the
    rule of `seqnet.genome.sequence.centred_start`.

    Parameters
    ----------
    sequences
        uint8 (its length,) each.
    length
        Bases per row; that of the longest sequence when None.
    """
    sizes = np.array([len(codes) for codes in sequences], dtype=np.int64)
    width = int(sizes.max(initial=0)) if length is None else length
    high = np.cumsum(sizes, dtype=np.int64)
    low = high - sizes
    start = low + centred_start(sizes, width)
    bases = np.concatenate([*sequences, np.empty(0, np.uint8)])
    return WindowInputs(bases, Places(start, low, high), width)


def common_width(intervals: Intervals) -> int:
    """Return the width that all intervals share, 0 for none; a ValueError if they do not."""
    widths = np.unique(intervals.end - intervals.start)
    if len(widths) > 1:
        raise ValueError(f"windows must have one width; found {widths[0]} and {widths[1]}")
    return int(widths[0]) if len(widths) else 0


@dataclass(frozen=True, eq=False)
class FeatureInputs:
    """Features as CSR float32 (n, d), shifted and scaled column by column when batched.

    Strand and jitter do not matter: features that differ between strands are the featuriser's choice.
    """

    matrix: csr_matrix
    mean: np.ndarray
    scale: np.ndarray

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.matrix.shape[0])

    def subset(self, rows: Ints) -> FeatureInputs:
        """Return some rows."""
        return FeatureInputs(self.matrix[rows], self.mean, self.scale)

    def batch(
        self,
        rows: Ints,
        device: torch.device,
        flip: Bools | None = None,  # noqa: ARG002  features have no strand
        shift: Ints | None = None,  # noqa: ARG002  and no place
    ) -> Tensor:
        """Return float32 (rows, d)."""
        dense = (self.matrix[rows].toarray() - self.mean) / self.scale
        return torch.from_numpy(dense.astype(np.float32)).to(device)


def tensor_on(array: np.ndarray, device: torch.device) -> Tensor:
    """Return an array on a device; one that may not be written to is copied, as torch would warn."""
    return torch.from_numpy(np.require(array, requirements="W")).to(device)


def one_hot_tensor(codes: Tensor) -> Tensor:
    """Return the one-hot form of uint8 (n, L): float32 (n, 4, 1, L), channels last, N all zeros."""
    return channels_first(_one_hot_last(codes))


def _one_hot_last(codes: Tensor) -> Tensor:
    """Return the one-hot form of uint8 (n, L): float32 (n, L, 4)."""
    bases = torch.arange(4, dtype=torch.uint8, device=codes.device)
    return (codes.unsqueeze(-1) == bases).float()


def gather_one_hot_on(bases: Tensor, places: Places, flip: Bools, width: int) -> Tensor:
    """Do what `kernels.gather.gather_one_hot` does, where the codes are; only offsets travel.

    Parameters
    ----------
    bases
        uint8 (length,), on any device.

    Returns
    -------
    float32 (n, width, 4), on the same device.
    """
    index, there, turned = items_on(bases.device, places, flip, width)
    letters = taken_on(bases, index)
    letters = torch.where(turned & (letters < 4), 3 - letters, letters)
    return _one_hot_last(torch.where(there, letters, 4))


def items_on(device: torch.device, places: Places, flip: Bools, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return each window's items on a device: index and whether it is there, (n, width), and flip, (n, 1)."""
    table = torch.from_numpy(np.stack([*places, flip.astype(np.int64)])).to(device)
    start, low, high, turned = table.unsqueeze(-1)
    offsets = torch.arange(width, device=device)
    index = start + torch.where(turned > 0, width - 1 - offsets, offsets)
    return index, (index >= low) & (index < high), turned > 0


def taken_on(source: Tensor, index: Tensor) -> Tensor:
    """Return the items of an array at an index, any item where the index lies outside."""
    if not len(source):
        return torch.zeros(index.shape, dtype=source.dtype, device=source.device)
    return source[index.clamp(0, len(source) - 1)]
