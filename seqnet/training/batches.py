"""The order of an epoch: a seeded permutation, its strands and shifts, shared out among processes.

All of it is a pure function of the seed and the epoch's number, so its position is those two and a
batch's number, and to resume is to go on from that batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Bools, Floats, Ints


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
