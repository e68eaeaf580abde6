"""Assign blocks to splits: each split near its share of the rows, each task present in every split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Bools, Floats, Ints

_STEPS_PER_BLOCK = 20
"""Moves tried per block before tasks that are still missing from a split are given up."""
_MOST_STEPS = 20_000
_RANDOM_MOVES = 0.1
"""Share of moves that are random, which leads the search out of dead ends."""
_BALANCING_STEPS = 500
_MOST_SWAPPED = 500
"""Blocks of which every two are tried; their number squared is the memory that takes."""
_TOO_LITTLE = 1e-9
"""Rows by which a move must help at least, so that rounding moves nothing."""


def assign_blocks(sizes: Ints, holds: Bools, shares: Floats, seed: int) -> Ints:
    """Assign every block to a split.

    Blocks are first drawn at random until each split has its share of the rows. Then blocks are moved
    until every task that enough blocks hold is in every split, and moved back where a split has become
    larger than its share and no task needs them there.

    Parameters
    ----------
    sizes
        int64 (b,): rows of each block.
    holds
        bool (b, T): whether a block holds a positive of a task.
    shares
        float64 (s,): share of the rows of each split, summing to 1; the first takes what is left over.
    seed
        Equal seeds and blocks give equal splits.

    Returns
    -------
    int64 (b,): the split of each block. Every split has one at least.

    Raises
    ------
    ValueError
        If there are fewer blocks than splits.
    """
    if len(sizes) < len(shares):
        raise ValueError(f"{len(sizes)} blocks for {len(shares)} splits")
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(sizes))
    drawn = _draw(sizes, shares, order)
    required = holds.sum(axis=0) >= len(shares)
    state = _State(sizes, holds[:, required], shares * sizes.sum(), drawn, len(shares))
    state.meet(generator)
    state.balance(order)
    return state.split


def _draw(sizes: Ints, shares: Floats, order: Ints) -> Ints:
    """Fill each split but the first with blocks in a given order while they fit into its share."""
    split = np.zeros(len(sizes), dtype=np.int64)
    target = shares * sizes.sum()
    filled = np.zeros(len(shares))
    for block in order.tolist():
        for number in range(1, len(shares)):
            if filled[number] + sizes[block] <= target[number] + 1e-9:
                split[block] = number
                filled[number] += sizes[block]
                break
    for number in range(1, len(shares)):
        if not (split == number).any():
            free = order[split[order] == 0]
            split[free[np.argmin(sizes[free])]] = number
    return split


@dataclass(eq=False)
class _State:
    """Which block is in which split, and what that means for the tasks.

    Parameters
    ----------
    holds
        bool (b, T): of the tasks that can be in every split.
    target
        float64 (s,): rows that each split should have.
    split
        int64 (b,).
    count
        Number of splits.
    """

    sizes: Ints
    holds: Bools
    target: Floats
    split: Ints
    count: int

    def holders(self) -> Ints:
        """Count the blocks that hold each task, in each split: int64 (T, s)."""
        columns = [self.holds[self.split == number].sum(axis=0) for number in range(self.count)]
        return np.stack(columns, axis=1).astype(np.int64)

    def excess(self) -> Floats:
        """Return by how many rows each split exceeds its target, float64 (s,)."""
        return np.bincount(self.split, self.sizes, self.count) - self.target

    def off(self, excess: Floats, split: Ints) -> Floats:
        """Return how far off its target a split with so much excess is; the first takes what is left over."""
        return np.where(split == 0, 0.0, np.abs(excess))

    def meet(self, generator: np.random.Generator) -> None:
        """Move blocks until each task is in every split; else keep the best assignment found."""
        holders = self.holders()
        best, fewest = self.split.copy(), int((holders == 0).sum())
        for _ in range(min(_MOST_STEPS, _STEPS_PER_BLOCK * len(self.sizes) + 100)):
            unmet = np.argwhere(holders == 0)
            if not len(unmet):
                return
            task, wanted = unmet[generator.integers(len(unmet))].tolist()
            alone = np.bincount(self.split, minlength=self.count) == 1
            blocks = np.flatnonzero(self.holds[:, task] & ~alone[self.split])
            if not len(blocks):
                break
            block = self._choose(blocks, wanted, holders, generator)
            old = int(self.split[block])
            self.split[block] = wanted
            holders[:, old] -= self.holds[block]
            holders[:, wanted] += self.holds[block]
            missing = int((holders == 0).sum())
            if missing < fewest:
                best, fewest = self.split.copy(), missing
        if (self.holders() == 0).sum() > fewest:
            self.split = best

    def _choose(self, blocks: Ints, wanted: int, holders: Ints, generator: np.random.Generator) -> int:
        """Return the block whose move into a split leaves the fewest tasks missing, then least excess."""
        if generator.random() < _RANDOM_MOVES:
            return int(generator.choice(blocks))
        last = (holders == 1)[:, self.split[blocks]].T & self.holds[blocks]
        gained = (holders[:, wanted] == 0) & self.holds[blocks]
        missing = last.sum(axis=1) - gained.sum(axis=1)
        excess = self.excess()
        size, old = self.sizes[blocks], self.split[blocks]
        into = np.full(len(old), wanted)
        change = self.off(excess[into] + size, into) - self.off(excess[into], into)
        change = change + self.off(excess[old] - size, old) - self.off(excess[old], old)
        shuffled = generator.permutation(len(blocks))
        return int(blocks[shuffled[np.lexsort((change[shuffled], missing[shuffled]))[0]]])

    def balance(self, order: Ints) -> None:
        """Move and swap blocks that no task needs where they are, as long as that helps the shares."""
        for _ in range(_BALANCING_STEPS):
            needed = (self.holds & (self.holders() == 1)[:, self.split].T).any(axis=1)
            free = order[~needed[order]]
            if not (self._move_one(free) or self._swap_two(free[:_MOST_SWAPPED])):
                return

    def _move_one(self, free: Ints) -> bool:
        """Move the block that brings the splits nearest to their shares; return whether one does."""
        excess = self.excess()
        alone = np.bincount(self.split, minlength=self.count) == 1
        free = free[~alone[self.split[free]]]
        if not len(free):
            return False
        size, old = self.sizes[free], self.split[free]
        every = np.arange(self.count)
        leaving = self.off(excess[old] - size, old) - self.off(excess[old], old)
        arriving = self.off(excess + size[:, None], every) - self.off(excess, every)
        change = leaving[:, None] + arriving
        change[np.arange(len(free)), old] = 0
        row, number = np.unravel_index(int(np.argmin(change)), change.shape)
        if change[row, number] > -_TOO_LITTLE:
            return False
        self.split[free[row]] = number
        return True

    def _swap_two(self, free: Ints) -> bool:
        """Swap the two blocks that bring the splits nearest to their shares; return whether two do."""
        if not len(free):
            return False
        excess = self.excess()
        size, old = self.sizes[free], self.split[free]
        gained = size[:, None] - size[None, :]  # of the column's split
        change = self.off(excess[old] + gained, old) - self.off(excess[old], old)
        change = np.where(old[:, None] == old[None, :], 0.0, change + change.T)
        one, other = np.unravel_index(int(np.argmin(change)), change.shape)
        if change[one, other] > -_TOO_LITTLE:
            return False
        self.split[free[[one, other]]] = self.split[free[[other, one]]]
        return True
