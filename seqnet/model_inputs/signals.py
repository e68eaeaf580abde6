"""Signal tracks as inputs, alone or in addition to the sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.aliases import Bools, Ints
from seqnet.genome.intervals import Intervals
from seqnet.genome.signals.tracks import DenseTrack
from seqnet.kernels.gather import Places, Singles, gather_one_hot, gather_values
from seqnet.model_inputs.inputs import (
    Inputs,
    WindowInputs,
    common_width,
    gather_one_hot_on,
    items_on,
    move,
    taken_on,
    tensor_on,
)
from seqnet.model_inputs.track_means import means_of
from seqnet.networks.fast.conv_base import channels_first


@dataclass(frozen=True, eq=False)
class SignalInputs:
    """Windows of S tracks, behind the four channels of the sequence where that is given.

    The first four channels are the sequence for a network with two towers too: it takes them apart.

    Parameters
    ----------
    values
        float32 or float16 (length,) each: the tracks' arrays, of one layout.
    places
        Where the n windows lie in them.
    width
        Bases per window.
    reach
        Bases by which windows may be shifted: what lies further off may not have been read.
    partners
        For each track the one that takes its place in windows read from the other strand: itself, or
        the other of a pair of strands.
    minus
        bool (n,): windows on the minus strand; None for none.
    sequence
        The same windows of the genome, or None.
    """

    values: tuple[NDArray[Any], ...]
    places: Places
    width: int
    reach: int
    partners: tuple[int, ...]
    minus: Bools | None = None
    sequence: WindowInputs | None = None
    _held: dict[tuple[int, torch.device], Tensor] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.places.start)

    @property
    def channels(self) -> int:
        """Channels of a batch."""
        return (0 if self.sequence is None else 4) + len(self.values)

    def subset(self, rows: Ints) -> SignalInputs:
        """Return some windows of the same tracks."""
        return SignalInputs(
            self.values,
            self.places.take(rows),
            self.width,
            self.reach,
            self.partners,
            None if self.minus is None else self.minus[rows],
            None if self.sequence is None else self.sequence.subset(rows),
            self._held,
        )

    def batch(
        self, rows: Ints, device: torch.device, flip: Bools | None = None, shift: Ints | None = None
    ) -> Tensor:
        """Return float32 (rows, channels, 1, width), channels last in memory; tracks are 0 off the contigs.

        Raises
        ------
        ValueError
            If a shift is larger than the reach.
        """
        if shift is not None and len(shift) and int(np.abs(shift).max()) > self.reach:
            raise ValueError(
                f"windows are shifted by up to {np.abs(shift).max()} bases; {self.reach} were read"
            )
        places, turned = move(self.places, self.minus, rows, flip, shift)
        sequence = None if self.sequence is None else self.sequence.moved(rows, flip, shift)
        if device.type == "cpu":
            return torch.from_numpy(self._gathered(places, turned, sequence).transpose(0, 3, 1, 2))
        return channels_first(self._gathered_on(device, places, turned, sequence))

    def _gathered(self, places: Places, turned: Bools, sequence: tuple[Places, Bools] | None) -> Singles:
        """Return float32 (b, 1, width, channels), gathered by the kernels."""
        batch = np.empty((len(turned), 1, self.width, self.channels), dtype=np.float32)
        out, first = batch[:, 0], 0
        if self.sequence is not None and sequence is not None:
            gather_one_hot(self.sequence.bases, *sequence, out)
            first = 4
        for track, values in enumerate(self.values):
            gather_values(values, places, turned, first + track, out)
            if self.partners[track] != track and turned.any():
                part = np.empty((int(turned.sum()), self.width, 1), dtype=np.float32)
                every = np.ones(len(part), dtype=bool)
                gather_values(self.values[self.partners[track]], _masked(places, turned), every, 0, part)
                out[turned, :, first + track] = part[:, :, 0]
        return batch

    def _gathered_on(
        self, device: torch.device, places: Places, turned: Bools, sequence: tuple[Places, Bools] | None
    ) -> Tensor:
        """Return float32 (b, width, channels), gathered where the tracks are."""
        index, there, turn = items_on(device, places, turned, self.width)
        parts = []
        if self.sequence is not None and sequence is not None:
            parts.append(gather_one_hot_on(self.sequence.held_on(device), *sequence, self.width))
        for track, partner in enumerate(self.partners):
            values = taken_on(self._track_on(track, device), index)
            if partner != track:
                values = torch.where(turn, taken_on(self._track_on(partner, device), index), values)
            parts.append(torch.where(there, values, 0).float().unsqueeze(-1))
        return torch.cat(parts, dim=-1)

    def _track_on(self, track: int, device: torch.device) -> Tensor:
        """Return a track's values on a device, where they stay."""
        key = (track, device)
        if key not in self._held:
            self._held[key] = tensor_on(self.values[track], device)
        return self._held[key]


def window_means(inputs: SignalInputs) -> Singles:
    """Return the mean of each track over each window, float32 (n, S)."""
    return means_of(inputs.values, inputs.places, inputs.width, inputs.partners, inputs.minus)


@dataclass(frozen=True, eq=False)
class Replaced:
    """Inputs some channels of which are constants.

    Parameters
    ----------
    inputs
        What they are otherwise.
    channels, values
        Which channels, and their values.
    """

    inputs: Inputs
    channels: tuple[int, ...]
    values: tuple[float, ...]

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.inputs)

    def subset(self, rows: Ints) -> Replaced:
        """Return some examples."""
        return Replaced(self.inputs.subset(rows), self.channels, self.values)

    def batch(
        self, rows: Ints, device: torch.device, flip: Bools | None = None, shift: Ints | None = None
    ) -> Tensor:
        """Return the tensor of some examples, see `Inputs`."""
        batch = self.inputs.batch(rows, device, flip, shift)
        for channel, value in zip(self.channels, self.values, strict=True):
            batch[:, channel] = value
        return batch


def _masked(places: Places, mask: Bools) -> Places:
    """Select windows by a mask."""
    return places.take(np.flatnonzero(mask))


def signal_inputs(
    tracks: Sequence[DenseTrack],
    intervals: Intervals,
    *,
    reach: int = 0,
    stranded: bool = False,
    partners: Sequence[int] | None = None,
    sequence: WindowInputs | None = None,
) -> SignalInputs:
    """Return windows of tracks, normalised beforehand, as inputs.

    Parameters
    ----------
    tracks
        At least one; all of one layout.
    intervals
        The windows, of one width; they may pass the ends of contigs.
    reach
        Bases by which windows will be shifted at most.
    stranded
        Whether windows on the minus strand are read backwards.
    partners
        See `SignalInputs`; each track its own when None.
    sequence
        The same windows of the genome, to be put in front (early fusion).

    Raises
    ------
    SeqnetError
        If a base that is needed was not read.
    ValueError
        If layouts, widths or numbers of windows differ, or partners are not each other's.
    """
    layout, width = tracks[0].layout, common_width(intervals)
    own = tuple(range(len(tracks))) if partners is None else tuple(partners)
    if any(len(track.values) != len(layout) for track in tracks):
        raise ValueError("tracks must be of one layout")
    if sorted(own) != list(range(len(tracks))) or any(own[own[i]] != i for i in own):
        raise ValueError(f"partners must be pairs among the {len(tracks)} tracks; found {own}")
    if sequence is not None and (len(sequence), sequence.width) != (len(intervals), width):
        raise ValueError("sequence and tracks must have the same windows")
    return SignalInputs(
        tuple(track.values for track in tracks),
        layout.places(intervals, reach),
        width,
        reach,
        own,
        intervals.strand < 0 if stranded else None,
        sequence,
    )
