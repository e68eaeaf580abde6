"""Where sites go in a sequence: places that do not overlap, all arrangements equally likely."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from seqnet.aliases import Ints


class Room(NamedTuple):
    """The stretch of every sequence that sites may lie in."""

    start: int
    length: int

    @classmethod
    def center(cls, length: int, width: int) -> Room:
        """Return the middle `width` bases of sequences of `length`."""
        return cls((length - width) // 2, width)


class Placed(NamedTuple):
    """m sites in n sequences as columns, sorted by sequence and start."""

    sequence: Ints
    """int64 (m,): 0-based number of the sequence."""
    motif: Ints
    """int64 (m,): 0-based number of the motif."""
    start: Ints
    """int64 (m,): 0-based, leftmost base on the forward strand."""
    strand: NDArray[np.int8]
    """int8 (m,): 1 or -1."""


def concatenate_placed(first: Placed, second: Placed, shift: int) -> Placed:
    """Put the sites of `second`, whose sequences are counted on from `shift`, after those of `first`."""
    return Placed(
        np.concatenate([first.sequence, second.sequence + shift]),
        np.concatenate([first.motif, second.motif]),
        np.concatenate([first.start, second.start]),
        np.concatenate([first.strand, second.strand]),
    )


def draw_strands(count: int, generator: Generator, *, forward: bool = False) -> NDArray[np.int8]:
    """Draw strands, both equally likely unless all are forward: int8 (count,) of 1 and -1."""
    if forward:
        return np.ones(count, dtype=np.int8)
    return (2 * generator.integers(2, size=count) - 1).astype(np.int8)


def draw_subsets(sizes: Ints, count: int, generator: Generator) -> Ints:
    """Draw `count` distinct numbers below each of `sizes`, all sets equally likely.

    Floyd's algorithm (Bentley and Floyd 1987), row by row at once.

    Parameters
    ----------
    sizes
        int64 (n,), each at least `count`.

    Returns
    -------
    int64 (n, count), rows ascending
    """
    chosen = np.full((len(sizes), count), -1, dtype=np.int64)
    for column in range(count):
        last = sizes - count + column
        drawn = generator.integers(last + 1)
        clash = (chosen[:, :column] == drawn[:, None]).any(axis=1)
        chosen[:, column] = np.where(clash, last, drawn)
    return np.sort(chosen, axis=1)


def arrange(counts: Ints, widths: Ints, room: Room, generator: Generator) -> Ints:
    """Draw places for sites of known order, without overlap, all arrangements equally likely.

    An arrangement of c sites is a multiset of c gaps' ends among the free bases, that is, a set of c
    among (free + c).

    Parameters
    ----------
    counts
        int64 (n,): sites of each sequence.
    widths
        int64 (m,): widths in bases of all sites, sequence by sequence, from left to right; those of a
        sequence must fit into the room.

    Returns
    -------
    int64 (m,): starts
    """
    firsts = np.cumsum(counts) - counts
    starts = np.empty(len(widths), dtype=np.int64)
    for count in np.unique(counts[counts > 0]).tolist():
        places = firsts[counts == count][:, None] + np.arange(count)
        wide = widths[places]
        free = room.length - wide.sum(axis=1)
        before = np.cumsum(wide, axis=1) - wide
        ends = draw_subsets(free + count, count, generator) - np.arange(count)
        starts[places] = room.start + before + ends
    return starts
