"""Stretches of the genome that lie in one split as a whole, and how tables and models write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Ints, Json
from seqnet.errors import SeqnetError
from seqnet.genome.intervals import Intervals, common_axis, count_overlaps, make_intervals
from seqnet.genome.regions import UNKNOWN

LARGEST = 1_000_000
"""Bases of a stretch at most, unless the user says otherwise."""
PARTS = 50
"""A small genome is divided into about so many stretches."""
SIZE_KEY = "split-blocks"
"""Header entry of the bases per stretch; ``valid-stretches`` and ``test-stretches`` list those held out."""
HELD = ("valid", "test")
_LIST_KEY = "{}-stretches"


def default_size(lengths: Mapping[str, int], width: int) -> int:
    """Return the bases of a stretch: 1/50 of the genome, at most 1 Mb, at least one region.

    Examples
    --------
    >>> default_size({"a": 5_000_000, "b": 2_500_000}, 600)
    150000
    >>> default_size({"a": 248_956_422, "b": 10}, 600)
    1000000
    """
    return max(1, width, min(LARGEST, -(-sum(lengths.values()) // PARTS)))


def middles(intervals: Intervals) -> Ints:
    """Return the base in the middle of each interval, which decides where it belongs: int64 (n,)."""
    return np.asarray((intervals.start + intervals.end) // 2)


@dataclass(frozen=True, eq=False)
class Grid:
    """Contigs cut into stretches of one size, the last of each contig shorter.

    Parameters
    ----------
    contigs
        Names, sorted, so that the order of the contigs in a file does not matter.
    lengths
        int64 (c,): bases of each contig.
    size
        Bases of a stretch.
    """

    contigs: tuple[str, ...]
    lengths: Ints
    size: int

    @staticmethod
    def of(lengths: Mapping[str, int], size: int) -> Grid:
        """Cut contigs of given lengths."""
        names = tuple(sorted(lengths))
        return Grid(names, np.array([lengths[name] for name in names], dtype=np.int64), size)

    @property
    def first(self) -> Ints:
        """Return the number of the first stretch of each contig, and how many there are: int64 (c + 1,)."""
        return np.concatenate([[0], np.cumsum(np.maximum(1, -(-self.lengths // self.size)))]).astype(np.int64)

    def numbers(self, intervals: Intervals, bases: Ints) -> Ints:
        """Return the stretch that a base of each interval's contig lies in, int64 (n,)."""
        first, contig = self.first, intervals.contig_index_in(self.contigs)
        last = first[1:][contig] - 1 if len(first) > 1 else np.zeros(0, np.int64)
        return np.asarray(np.clip(first[:-1][contig] + bases // self.size, first[:-1][contig], last))

    def intervals(self, chosen: Bools | None = None) -> Intervals:
        """Return the stretches, or the chosen ones, as intervals."""
        first = self.first
        number = np.arange(first[-1]) if chosen is None else np.flatnonzero(chosen)
        contig = np.searchsorted(first, number, side="right") - 1
        start = (number - first[contig]) * self.size
        end = np.minimum(start + self.size, self.lengths[contig])
        zeros = np.zeros(len(number), np.int8)
        return Intervals(self.contigs, contig.astype(np.int32), start, end, zeros)


@dataclass(frozen=True, eq=False)
class Stretches:
    """The stretches of a genome that are held out; the rest of it is trained on.

    Parameters
    ----------
    size
        Bases of a stretch.
    held
        Split (valid, test) to its stretches, neighbours merged.
    """

    size: int
    held: Mapping[str, Intervals]

    @staticmethod
    def of(grid: Grid, splits: NDArray[np.object_]) -> Stretches:
        """Build them from the split of each stretch of a grid, object (m,)."""
        held = {name: merge_neighbours(grid.intervals(splits == name)) for name in HELD}
        return Stretches(grid.size, {name: places for name, places in held.items() if len(places)})

    @staticmethod
    def of_places(size: int, held: Mapping[str, Intervals]) -> Stretches:
        """Build them from the places of each split."""
        return Stretches(size, {name: _places(_rows(part)) for name, part in held.items() if len(part)})

    def with_others(self, other: Stretches) -> Stretches:
        """Add the held-out stretches of others, which come first where both claim some bases."""
        held = dict(other.held)
        for name, places in self.held.items():
            pieces = _pieces(places, self.size)
            own = merge_neighbours(pieces.take(~_touched(pieces, other.held.values())))
            both = [*_rows(own), *(_rows(held[name]) if name in held else [])]
            if both:
                held[name] = _places(both)
        return Stretches(self.size, held)

    def splits_of(self, intervals: Intervals) -> NDArray[np.object_]:
        """Return the split of each interval by its middle base, object (n,)."""
        return self.splits_at(intervals, middles(intervals))

    def splits_at(self, intervals: Intervals, bases: Ints) -> NDArray[np.object_]:
        """Return the split of a base of each interval's contig, object (n,)."""
        points = Intervals(intervals.contigs, intervals.contig, bases, bases + 1, intervals.strand)
        names = np.full(len(intervals), "train", dtype=object)
        for name, places in self.held.items():
            names[count_overlaps(points, places) > 0] = name
        return names

    def contain(self, intervals: Intervals, split: str) -> Bools:
        """Return which intervals have all their bases in stretches of a split, bool (n,)."""
        if split == "train":
            return ~_touched(intervals, self.held.values())
        places = self.held.get(split)
        if places is None:
            return np.zeros(len(intervals), dtype=bool)
        index = _index_of(places, intervals)
        return np.asarray((index >= 0) & (places.end[np.maximum(index, 0)] >= intervals.end))

    def fit(self, intervals: Intervals, splits: NDArray[np.object_]) -> bool:
        """Return whether every row whose split is known lies in a stretch of its split."""
        known = splits != UNKNOWN
        return bool((self.splits_of(intervals)[known] == splits[known]).all())

    def entries(self) -> dict[str, str]:
        """Return the header entries of a labelled-regions table."""
        lists = {_LIST_KEY.format(name): _text(self.held[name]) for name in HELD if name in self.held}
        return {SIZE_KEY: str(self.size), **lists}

    def stored(self) -> Json:
        """Return what a model's header keeps: the size, and the held-out stretches of each split."""
        return {
            "size": self.size,
            **{name: [list(row) for row in _rows(places)] for name, places in self.held.items()},
        }

    @staticmethod
    def restored(stored: Json | None) -> Stretches | None:
        """Return what `stored` gave; None for a model whose rows were split otherwise."""
        if not stored:
            return None
        held = {name: _places(stored[name]) for name in HELD if stored.get(name)}
        return Stretches(int(stored["size"]), held) if held else None

    @staticmethod
    def parse(header: Mapping[str, str], source: str) -> Stretches | None:
        """Return the stretches that a table's header names; None where it names none.

        Raises
        ------
        SeqnetError
            If an entry cannot be read.
        """
        keys = {name: _LIST_KEY.format(name) for name in HELD}
        held = {name: _parsed(header[key], key, source) for name, key in keys.items() if header.get(key)}
        if not held:
            return None
        text = header.get(SIZE_KEY, "")
        if not text.isascii() or not text.isdigit() or not 0 < len(text) < 11 or not int(text):
            raise SeqnetError(f"{source}: ##{SIZE_KEY} is {text[:40]!r}; expected the bases of a stretch")
        return Stretches(int(text), held)


def held_out_contigs(names: Mapping[str, Sequence[str]], lengths: Mapping[str, int]) -> Stretches:
    """Return whole contigs as the held-out stretches of each split."""
    held = {
        split: _places([(contig, 0, lengths[contig]) for contig in some]) for split, some in names.items()
    }
    return Stretches(max(lengths.values()), held)


def header_entries(header: Mapping[str, str]) -> dict[str, str]:
    """Return the entries of a header that name stretches, for a table made from another."""
    keys = (SIZE_KEY, *(_LIST_KEY.format(name) for name in HELD))
    return {key: header[key] for key in keys if key in header}


def merge_neighbours(places: Intervals) -> Intervals:
    """Merge sorted intervals of which one ends where the next begins."""
    if not len(places):
        return places
    new = np.ones(len(places), dtype=bool)
    new[1:] = (places.contig[1:] != places.contig[:-1]) | (places.start[1:] > places.end[:-1])
    firsts = np.flatnonzero(new)
    lasts = np.append(firsts[1:] - 1, len(places) - 1)
    kept = places.take(firsts)
    return Intervals(kept.contigs, kept.contig, kept.start, places.end[lasts], kept.strand)


def _touched(intervals: Intervals, parts: Iterable[Intervals]) -> Bools:
    """Return which intervals share a base with any of several sets of others, bool (n,)."""
    touched = np.zeros(len(intervals), dtype=bool)
    for part in parts:
        touched |= count_overlaps(intervals, part) > 0
    return touched


def _pieces(places: Intervals, size: int) -> Intervals:
    """Cut intervals into pieces of `size` bases, the last of each shorter."""
    count = -(-(places.end - places.start) // size)
    row = np.repeat(np.arange(len(places)), count)
    offset = (np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)) * size
    start = places.start[row] + offset
    end = np.minimum(start + size, places.end[row])
    return Intervals(places.contigs, places.contig[row], start, end, places.strand[row])


def _rows(places: Intervals) -> list[tuple[str, int, int]]:
    """Return intervals as (contig, start, end)."""
    return list(zip(places.contig_names(), places.start.tolist(), places.end.tolist(), strict=True))


def _index_of(places: Intervals, intervals: Intervals) -> Ints:
    """Return which of disjoint sorted places holds the first base of each interval, -1 where none does."""
    contig = intervals.contig_index_in(places.contigs)
    axis = common_axis(places.start, places.end, intervals.start)
    begins = axis.of(places.contig, places.start)
    place = np.searchsorted(begins, axis.of(contig, intervals.start), side="right") - 1
    last = np.maximum(place, 0)
    there = (place >= 0) & (places.contig[last] == contig) & (places.end[last] > intervals.start)
    return np.where(there, place, -1)


def _text(places: Intervals) -> str:
    """Write intervals as ``contig:start-end``, separated by spaces, which no contig's name has."""
    return " ".join(places.locus(row) for row in range(len(places)))


def _parsed(text: str, key: str, source: str) -> Intervals:
    """Read what `_text` wrote."""
    rows = []
    for entry in text.split():
        contig, _, span = entry.rpartition(":")
        start, _, end = span.partition("-")
        numbers = [part for part in (start, end) if part.isascii() and part.isdigit() and len(part) < 11]
        if not contig or len(numbers) < 2 or int(start) >= int(end):
            raise SeqnetError(f"{source}: ##{key} holds {entry[:40]!r}; expected contig:start-end")
        rows.append((contig, int(start), int(end)))
    return _places(rows)


def _places(rows: Iterable[Sequence[str | int]]) -> Intervals:
    """Build intervals from (contig, start, end), sorted, neighbours merged."""
    ordered = sorted((str(contig), int(start), int(end)) for contig, start, end in rows)
    names, starts, ends = zip(*ordered, strict=True)
    return merge_neighbours(make_intervals(names, starts, ends))
