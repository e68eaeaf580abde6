"""The order of an epoch and its batches as tensors: a seeded permutation, strands and shifts, over processes.

All of it is a pure function of the seed and the epoch's number, so its position is those two and a
batch's number, and to resume is to go on from that batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from seqnet.aliases import Bools, Floats, Ints
from seqnet.training.config import Examples

BYTES_AT_ONCE = 1 << 20
"""Of the inputs that are made at a time, where a batch has less."""


class Batch(NamedTuple):
    """The rows of one step of this process."""

    rows: Ints
    """int64 (b,)."""
    flip: Bools
    """bool (b,): rows read from the other strand."""
    shift: Ints
    """int64 (b,): bases by which windows are moved."""
    whole: Ints
    """int64 (total,): the rows of all processes together."""

    @property
    def total(self) -> int:
        """Rows of this step in all processes together."""
        return len(self.whole)


class Position(NamedTuple):
    """The progress of training: what a checkpoint keeps of the order."""

    epoch: int
    """Number of the epoch, from 1."""
    batch: int
    """Batches of it that are done."""


@dataclass(frozen=True)
class EpochOrder:
    """The batches of each epoch.

    Parameters
    ----------
    n
        Rows; each is in exactly one batch of exactly one process, every epoch.
    batch_size
        Rows of a step of all processes together; the last step has what remains.
    seed
        Equal seeds give equal orders.
    flips
        Whether rows are read from a random strand.
    max_shift
        Windows are moved by up to this many bases to either side.
    rank, world
        This process, and how many there are.
    odds
        float64 (n,): rows are drawn, with replacement, in these proportions; None takes each once.
    """

    n: int
    batch_size: int
    seed: int = 0
    flips: bool = False
    max_shift: int = 0
    rank: int = 0
    world: int = 1
    odds: Floats | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse what would leave a process without rows."""
        if not 0 <= self.rank < self.world <= self.batch_size:
            raise ValueError(
                f"process {self.rank} of {self.world} with {self.batch_size} rows a step: each needs a row"
            )
        if 0 < self.n < self.world:
            raise ValueError(f"{self.n} rows for {self.world} processes: each needs a row")

    def steps(self) -> int:
        """Return the number of batches in an epoch, the same in every process."""
        return len(self._bounds()) - 1

    def batches(self, epoch: int, done: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, from the one after the first `done` on."""
        generator = np.random.default_rng([self.seed, epoch])
        if self.odds is None:
            order = generator.permutation(self.n)
        else:
            order = generator.choice(self.n, self.n, p=self.odds / self.odds.sum())
        flip = generator.random(self.n) < (0.5 if self.flips else 0.0)
        shift = generator.integers(-self.max_shift, self.max_shift + 1, self.n)
        bounds = self._bounds()
        for begin, end in zip(bounds[done:-1], bounds[done + 1 :], strict=True):
            whole = order[begin:end]
            rows = whole[self.rank :: self.world]
            yield Batch(rows, flip[rows], shift[rows], whole)

    def after(self, position: Position) -> Position:
        """Return the position one batch later."""
        if position.batch + 1 < self.steps():
            return Position(position.epoch, position.batch + 1)
        return Position(position.epoch + 1, 0)

    def _bounds(self) -> list[int]:
        """Return where batches begin in the order, and its end.

        A last batch that does not have two rows for every process goes into the one before it: there
        is no variance of one row to normalise by.
        """
        bounds = [*range(0, self.n, self.batch_size), self.n]
        if len(bounds) > 2 and bounds[-1] - bounds[-2] < 2 * self.world:
            del bounds[-2]
        return bounds


def class_odds(targets: Floats) -> Floats:
    """Return odds (n,) under which both classes of a task are drawn as often.

    A row's odds are the mean, over its known tasks, of 1 / (2 x the share of its class); rows
    without a known task are never drawn.

    Parameters
    ----------
    targets
        (n, T) of 0 and 1, NaN where unknown.
    """
    known = ~np.isnan(targets)
    positive = known & (targets > 0)
    counts = known.sum(axis=0)
    shares = positive.sum(axis=0) / np.maximum(counts, 1)
    with np.errstate(divide="ignore"):
        inverse = np.where(positive, 0.5 / shares, 0.5 / (1 - shares))
    total = np.where(known, inverse, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(known.sum(axis=1), 1))


def positive_weights(targets: Floats) -> Floats:
    """Return, per task, negatives over positives: float64 (T,); 1 for a task of one class.

    Multiplied with the losses of positives, both classes weigh the same.
    """
    positives = np.nansum(targets > 0, axis=0).astype(np.float64)
    negatives = (~np.isnan(targets)).sum(axis=0) - positives
    both = (positives > 0) & (negatives > 0)
    return np.where(both, negatives / np.maximum(positives, 1), 1.0)


def feed(
    examples: Examples, batches: Iterator[Batch], device: torch.device
) -> Iterator[tuple[Batch, Tensor, Tensor]]:
    """Yield each batch with its inputs and its targets (b, T) on the device.

    Small batches are made several at a time: what one costs is mostly the calls that make it, whose code and
    tables a step has driven out of the processor's cache.
    """
    together = 1
    while group := list(islice(batches, together)):
        rows, flip, shift = (np.concatenate(parts) for parts in zip(*(b[:3] for b in group), strict=True))
        inputs = examples.inputs.batch(rows, device, flip, shift)
        targets = torch.from_numpy(examples.targets[rows]).to(device)
        if together == 1:
            together = max(1, BYTES_AT_ONCE // max(1, inputs.nbytes))
        sizes = [len(batch.rows) for batch in group]
        yield from zip(group, torch.split(inputs, sizes), torch.split(targets, sizes), strict=True)
        del inputs, targets  # before the next ones are made


def mutate(inputs: Tensor, share: float) -> None:
    """Replace some of the bases of sequences, in place, by random ones, each of the four as often.

    Which depends on torch's random state, as dropout does. Ambiguous bases and signals stay.

    Parameters
    ----------
    inputs
        (b, C, 1, L), one-hot bases in the first four channels.
    share
        Of the bases, from 0 to 1.
    """
    bases = inputs[:, :4]
    rows, length = bases.shape[0], bases.shape[3]
    chosen = torch.rand(rows, 1, 1, length, device=bases.device) < share
    letters = one_hot(torch.randint(4, (rows, 1, length), device=bases.device), 4).permute(0, 3, 1, 2)
    bases.copy_(torch.where(chosen, letters * bases.sum(1, keepdim=True), bases))
