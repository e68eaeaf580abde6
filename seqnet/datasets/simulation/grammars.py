"""Grammars of binding sites: which motifs a sequence holds, how many, and where.

Each grammar plans the sites of one class of sequences; a classification task is two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.random import Generator

from seqnet.aliases import Ints
from seqnet.datasets.simulation.placement import Placed, Room, arrange, draw_strands

Place: TypeAlias = Literal["anywhere", "center", "flanks"]

_LAYOUTS = np.array(
    [(0, 1, -1), (0, -1, 1), (0, -1, -1), (1, 1, 1), (1, 1, -1), (1, -1, 1), (0, 1, 1), (1, -1, -1)]
)
"""All ways to lay out two motifs: which is left, and the strands of left and right. In the last two the
first motif comes before the second on the strand that both lie on."""
_FORWARD = _LAYOUTS[(_LAYOUTS[:, 1:] == 1).all(axis=1)]
"""Those of sites on the forward strand alone: the second motif comes first, and the first one does."""


class Grammar(Protocol):
    """What plans the sites of sequences."""

    def plan(self, count: int, length: int, widths: Ints, generator: Generator) -> Placed:
        """Draw the sites of `count` sequences of `length` bases.

        Parameters
        ----------
        widths
            int64 (M,): the motifs' widths in bases.

        Raises
        ------
        ValueError
            If the sites cannot fit.
        """
        ...


def _check_room(needed: int, room: int, sites: int, where: str, how: str = "") -> None:
    """Raise unless sites fit."""
    if needed > room:
        many = (f"{sites} sites" if sites != 1 else "a site") + (f" {how}" if how else "")
        raise ValueError(f"{many} can need {needed} bases; {where} {room}")


@dataclass(frozen=True)
class Copies:
    """Each sequence holds `low` to `high` sites of one motif, drawn from all for each sequence.

    Parameters
    ----------
    low, high
        Bounds of the number of sites, which is uniform between them, bounds included.
    place
        Where sites lie whole: anywhere, in the centre, or in the two flanks around it, each site in
        either with equal chance.
    center
        Width of the centre in bases.
    forward
        Whether all sites lie on the forward strand.
    """

    low: int
    high: int
    place: Place = "anywhere"
    center: int = 0
    forward: bool = False

    def plan(self, count: int, length: int, widths: Ints, generator: Generator) -> Placed:
        """Draw the sites; see `Grammar`."""
        rooms = self._rooms(length)
        least = min(room.length for room in rooms)
        where = {"anywhere": "a sequence has", "center": "the centre has", "flanks": "a flank has"}
        _check_room(self.high * int(widths.max()), least, self.high, where[self.place])
        counts = generator.integers(self.low, self.high + 1, size=count)
        motif = np.repeat(generator.integers(len(widths), size=count), counts)
        sequence = np.repeat(np.arange(count), counts)
        if len(rooms) == 1:
            start = arrange(counts, widths[motif], rooms[0], generator)
        else:
            start = _in_flanks(sequence, counts, widths[motif], rooms, generator)
        return Placed(sequence, motif, start, draw_strands(len(motif), generator, forward=self.forward))

    def _rooms(self, length: int) -> list[Room]:
        """Return the stretches of a sequence that sites may lie in."""
        if self.place == "anywhere":
            return [Room(0, length)]
        middle = Room.center(length, self.center)
        if middle.start < 0:
            raise ValueError(f"the centre has {self.center} bases, the whole sequence {length}")
        end = middle.start + middle.length
        return [middle] if self.place == "center" else [Room(0, middle.start), Room(end, length - end)]


def _in_flanks(sequence: Ints, counts: Ints, widths: Ints, rooms: list[Room], generator: Generator) -> Ints:
    """Place each site in one of two rooms, chosen by a coin: int64 (m,)."""
    coins = generator.integers(2, size=len(sequence))
    lefts = np.bincount(sequence[coins == 0], minlength=len(counts))
    rank = np.arange(len(sequence)) - np.repeat(np.cumsum(counts) - counts, counts)
    is_left = rank < lefts[sequence]
    start = np.empty(len(sequence), dtype=np.int64)
    start[is_left] = arrange(lefts, widths[is_left], rooms[0], generator)
    start[~is_left] = arrange(counts - lefts, widths[~is_left], rooms[1], generator)
    return start


@dataclass(frozen=True)
class Combination:
    """Each sequence holds one site of each of some different motifs, in any order.

    Parameters
    ----------
    some
        Bounds of the number of motifs, which is uniform between them, bounds included, and must be
        below the number of all; all motifs when None.
    forward
        Whether all sites lie on the forward strand.
    """

    some: tuple[int, int] | None = None
    forward: bool = False

    def plan(self, count: int, length: int, widths: Ints, generator: Generator) -> Placed:
        """Draw the sites; see `Grammar`."""
        low, high = self.some or (len(widths), len(widths))
        if self.some and high >= len(widths):
            motifs = "1 motif" if len(widths) == 1 else f"{len(widths)} motifs"
            raise ValueError(f"{motifs} given; negatives that hold up to {high} need more")
        _check_room(int(np.sort(widths)[::-1][:high].sum()), length, high, "a sequence has")
        counts = generator.integers(low, high + 1, size=count)
        shuffled = np.argsort(generator.random((count, len(widths))), axis=1, kind="stable")
        motif = shuffled[np.arange(len(widths)) < counts[:, None]]
        start = arrange(counts, widths[motif], Room(0, length), generator)
        sequence = np.repeat(np.arange(count), counts)
        return Placed(sequence, motif, start, draw_strands(len(motif), generator, forward=self.forward))


@dataclass(frozen=True)
class Pair:
    """Each sequence holds two motifs, `low` to `high` bases between them, or else anywhere but so.

    Parameters
    ----------
    low, high
        Bounds of the number of bases between the sites, uniform between them, bounds included.
    ordered
        Whether the first motif must also come before the second on the strand that both lie on;
        otherwise either is left and the strands are independent.
    holds
        Whether the grammar holds; if not, all arrangements of the two in which it does not are
        equally likely.
    forward
        Whether both sites lie on the forward strand.
    """

    low: int
    high: int
    ordered: bool = False
    holds: bool = True
    forward: bool = False

    @property
    def _layouts(self) -> Ints:
        """The ways to lay out the two, rows of `_LAYOUTS`."""
        return _FORWARD if self.forward else _LAYOUTS

    @property
    def _first(self) -> int:
        """The first layout of the grammar; all from there on are."""
        in_order = 1 if self.forward else 2
        return len(self._layouts) - in_order if self.ordered else 0

    def plan(self, count: int, length: int, widths: Ints, generator: Generator) -> Placed:
        """Draw the sites; see `Grammar`."""
        if len(widths) != 2:
            raise ValueError(f"a spacing is between two motifs, not {len(widths)}; choose two with --motif")
        free = length - int(widths.sum())
        _check_room(int(widths.sum()) + self.high, length, 2, "a sequence has", "with their spacing")
        gap, layout = (self._grammatical if self.holds else self._other)(count, free, generator)
        left, left_strand, right_strand = self._layouts[layout].T
        start = generator.integers(free - gap + 1)
        sites = (
            np.repeat(np.arange(count), 2),
            np.stack([left, 1 - left], axis=1).reshape(-1),
            np.stack([start, start + widths[left] + gap], axis=1).reshape(-1),
            np.stack([left_strand, right_strand], axis=1).reshape(-1).astype(np.int8),
        )
        return Placed(*sites)

    def _grammatical(self, count: int, free: int, generator: Generator) -> tuple[Ints, Ints]:
        """Draw gaps and layouts of the grammar, int64 (count,) each."""
        del free
        gap = generator.integers(self.low, self.high + 1, size=count)
        return gap, generator.integers(self._first, len(self._layouts), size=count)

    def _other(self, count: int, free: int, generator: Generator) -> tuple[Ints, Ints]:
        """Draw gaps and layouts outside the grammar, by how many arrangements have each gap."""
        gaps = np.arange(free + 1)
        inside = (gaps >= self.low) & (gaps <= self.high)
        layouts = np.where(inside, self._first, len(self._layouts))
        bounds = np.cumsum((free - gaps + 1) * layouts)
        if not bounds[-1]:
            raise ValueError(f"a spacing of {self.low}-{self.high} leaves no other for the negatives")
        gap = np.searchsorted(bounds, generator.integers(bounds[-1], size=count), side="right")
        return gap, generator.integers(layouts[gap])
