"""Draw held-out stretches of a genome for labelled rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Floats, Ints
from seqnet.errors import SeqnetError
from seqnet.genome.intervals import Intervals, cluster_overlaps
from seqnet.genome.regions import Regions
from seqnet.genome.splitting.splits import held_tasks
from seqnet.genome.splitting.stratify import assign_blocks
from seqnet.genome.splitting.stretches import Grid, Stretches, middles


@dataclass(frozen=True, eq=False)
class Drawn:
    """A split of rows by stretches.

    Parameters
    ----------
    splits
        object (n,): train, valid or test of each row.
    stretches
        The held-out ones.
    cut
        bool (n,): rows that lie across a border between two splits, which belong to neither. Only rows
        of a chain of overlapping rows that is longer than a stretch are cut.
    lacking
        (task, split) where a task that enough stretches hold could not be put into every split.
    """

    splits: NDArray[np.object_]
    stretches: Stretches
    cut: Bools
    lacking: list[tuple[str, str]]


def draw_stretches(
    regions: Regions,
    lengths: Mapping[str, int],
    size: int,
    fractions: Mapping[str, float],
    links: Sequence[Ints] = (),
    seed: int = 0,
) -> Drawn:
    """Split rows by whole stretches of the genome.

    A row belongs to the stretch that its middle lies in. Stretches are joined where rows overlap across
    their border or are linked otherwise. Each split gets stretches with about its share of the rows, and
    one of every task that has positives in as many joined stretches as there are splits. Stretches
    without rows are shared out by their bases, so that a split is a sample of the whole genome.

    Parameters
    ----------
    regions
        The rows; a target of 1 is a positive, and any known value where targets are not 0 and 1.
    lengths
        Contig name to length in bases.
    size
        Bases of a stretch.
    fractions
        Split (valid, test) to its share of the rows.
    links
        int64 (n,) each: rows of equal number stay in one split.
    seed
        Equal seeds and rows, in any order, give equal splits.

    Raises
    ------
    SeqnetError
        If the rows lie in fewer stretches than there are splits.
    """
    wanted = {name: share for name, share in fractions.items() if share > 0}
    names = ["train", *wanted]
    intervals, grid = regions.intervals, Grid.of(lengths, size)
    own = grid.numbers(intervals, middles(intervals))
    clusters, crossing = _overlap_links(intervals, size)
    block_of = _blocks(own, [clusters, *links])
    count = int(block_of.max()) + 1 if len(block_of) else 0
    if count < len(names):
        where = f"{count} separate stretches" if count != 1 else "1 stretch"
        least = int((intervals.end - intervals.start).max(initial=1))
        cure = "smaller stretches may help (--split-blocks)" if size > least else "more regions are needed"
        raise SeqnetError(
            f"{regions.source}: the rows lie in {where} of {size} bases, "
            f"too few for {', '.join(names)}; {cure}"
        )
    holds = np.zeros((count, len(regions.tasks)), dtype=bool)
    np.logical_or.at(holds, block_of, held_tasks(regions.targets))
    shares = np.array([1 - sum(wanted.values()), *wanted.values()])
    block_split = assign_blocks(np.bincount(block_of, minlength=count), holds, shares, seed)
    number = np.full(int(grid.first[-1]), -1, dtype=np.int64)
    number[own] = block_split[block_of]
    _share_out(number, grid, shares, seed)
    splits = np.array(names, dtype=object)[number]
    stretches = Stretches.of(grid, splits)
    cut = crossing & _crosses(grid, intervals, number)
    lacking = [
        (regions.tasks[task], names[split])
        for task in np.flatnonzero(holds.sum(axis=0) >= len(names)).tolist()
        for split in range(len(names))
        if not holds[block_split == split, task].any()
    ]
    return Drawn(splits[own], stretches, cut, lacking)


def row_extent(intervals: Intervals) -> dict[str, int]:
    """Return where the last row of each contig ends: its length as far as rows alone tell."""
    ends = np.zeros(len(intervals.contigs), dtype=np.int64)
    np.maximum.at(ends, intervals.contig, intervals.end)
    return dict(zip(intervals.contigs, ends.tolist(), strict=True))


def _overlap_links(intervals: Intervals, size: int) -> tuple[Ints, Bools]:
    """Return groups of overlapping rows, and which rows belong to a chain longer than a stretch.

    The rows of such a chain are groups of their own: joining its stretches would leave one split.
    """
    groups = cluster_overlaps(intervals)
    count = int(groups.max()) + 1 if len(groups) else 0
    start, end = np.full(count, np.iinfo(np.int64).max), np.zeros(count, dtype=np.int64)
    np.minimum.at(start, groups, intervals.start)
    np.maximum.at(end, groups, intervals.end)
    long = (end - start > size)[groups] if count else np.zeros(0, dtype=bool)
    alone = count + np.arange(len(groups))
    return np.where(long, alone, groups), long


def _crosses(grid: Grid, intervals: Intervals, number: Ints) -> Bools:
    """Return which rows touch stretches of several splits, bool (n,)."""
    changes = np.concatenate([[0], np.cumsum(number[1:] != number[:-1])])
    low = grid.numbers(intervals, intervals.start)
    high = grid.numbers(intervals, np.maximum(intervals.end - 1, intervals.start))
    return np.asarray(changes[low] != changes[high])


def _blocks(own: Ints, links: Sequence[Ints]) -> Ints:
    """Join stretches that linked rows lie in: the block of each row, int64 (n,).

    Blocks are numbered by their first stretch, so that the order of the rows does not matter.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(own)
    used, stretch = np.unique(own, return_inverse=True)
    nodes, rows, total = [], [], len(used)
    for link in links:
        group = np.unique(link, return_inverse=True)[1].reshape(-1)
        nodes.append(total + group)
        rows.append(stretch.reshape(-1))
        total += int(group.max()) + 1 if n else 0
    one, other = (
        np.concatenate([*rows, np.empty(0, np.int64)]),
        np.concatenate([*nodes, np.empty(0, np.int64)]),
    )
    edges = coo_matrix((np.ones(len(one), np.int8), (one, other)), shape=(total, total))
    labels = connected_components(edges, directed=False)[1][: len(used)]
    first = np.unique(labels, return_index=True)[1]
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[labels][stretch.reshape(-1)])


def _share_out(number: Ints, grid: Grid, shares: Floats, seed: int) -> None:
    """Give the stretches without rows (-1) to the splits until each has its share of the bases."""
    places = grid.intervals()
    bases = places.end - places.start
    free = np.random.default_rng([seed, 1]).permutation(np.flatnonzero(number < 0))
    number[free] = 0
    begin = 0
    for split in range(1, len(shares)):
        missing = shares[split] * bases.sum() - bases[number == split].sum()
        count = int(np.searchsorted(np.cumsum(bases[free[begin:]]), missing, side="right"))
        number[free[begin : begin + count]] = split
        begin += count
