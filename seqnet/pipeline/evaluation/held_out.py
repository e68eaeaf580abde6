"""Which places of the genome are held out: for the genome-wide figures, and for warnings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from seqnet.genome.intervals import Intervals, around, count_overlaps
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.genome.splitting.splits import SPLITS
from seqnet.genome.splitting.stretches import Stretches, middles
from seqnet.metrics.bootstrap import BLOCK_SIZE, FEWEST_BLOCKS
from seqnet.pipeline.evaluation.data import LabelTable
from seqnet.pipeline.inputs.splits import known_stretches
from seqnet.reporting import note

if TYPE_CHECKING:
    from seqnet.aliases import Bools, Ints, Json


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What is known of the places that a split holds out.

    Parameters
    ----------
    split
        The split that is evaluated.
    stretches
        The held-out stretches; None where rows were split otherwise.
    others
        The rows of other splits, as wide as the model reads.
    width
        Bases that the model reads.
    """

    split: str
    stretches: Stretches | None
    others: Intervals
    width: int

    def evaluated(self, tiles: Intervals) -> tuple[Bools, Bools]:
        """Return which tiles lie in places of the split, and which of them touch a row of another split.

        Tiles are intervals of the base in their middle; their windows are `width` bases around it.
        """
        inside = np.ones(len(tiles), dtype=bool)
        if self.stretches is not None:
            inside = self.stretches.splits_of(tiles) == self.split
        windows = around(tiles, tiles.start, self.width)
        return inside, inside & (count_overlaps(windows, self.others) > 0)

    @property
    def bases(self) -> int | None:
        """Bases of the held-out stretches; None where rows were split otherwise."""
        if self.stretches is None or self.split not in self.stretches.held:
            return None
        places = self.stretches.held[self.split]
        return int((places.end - places.start).sum())


def held_out(labels: LabelTable, split: str, model: Json | None, tile: int) -> HeldOut | None:
    """Return what is held out for a split; None where all rows are evaluated, or nothing is known.

    Parameters
    ----------
    model
        Header of the model, where it is at hand.
    tile
        Bases per tile, which is the least that a model reads.
    """
    table = labels.table
    if not isinstance(table, Regions) or split not in SPLITS:
        return None
    stored = Stretches.restored((model or {}).get("stretches"))
    width = int((table.intervals.end - table.intervals.start).max(initial=1))
    width = max(width, tile, int(((model or {}).get("input") or {}).get("width") or 0))
    if labels.unsplit:
        nothing = table.intervals.take(np.empty(0, np.int64))
        return None if stored is None else HeldOut(split, stored, nothing, width)
    stretches = known_stretches(table)
    if stretches is None and stored is not None and stored.fit(table.intervals, table.splits):
        stretches = stored
    others = table.intervals.take(table.splits != split)  # rows without a split are trained on
    grown = np.maximum(others.end - others.start, width)
    start = middles(others) - grown // 2
    return HeldOut(split, stretches, replace(others, start=start, end=start + grown), width)


def block_size(held: HeldOut | None) -> int:
    """Return the bases that are resampled together: 1 Mb, less where held-out stretches are few."""
    bases = None if held is None else held.bases
    return BLOCK_SIZE if bases is None else block_size_of(bases)


def block_size_of(bases: int) -> int:
    """Return the bases that are resampled together where so many are held out; see `block_size`."""
    size = max(1, min(BLOCK_SIZE, bases // (2 * FEWEST_BLOCKS)))
    if size < BLOCK_SIZE:
        note(f"intervals by blocks of {size:,} bases: {bases:,} bases are held out (--block-size)")
    return size


def with_stored_splits(labels: LabelTable, model: Json | None, *, asked: bool) -> LabelTable:
    """Give labels without splits those that the model stores, where a split was requested by name."""
    stored = Stretches.restored((model or {}).get("stretches"))
    if not asked or stored is None or not isinstance(labels.table, Regions) or not labels.unsplit:
        return labels
    note(f"{labels.source}: has no splits; they are those of the stretches that the model held out")
    return LabelTable(labels.table.with_splits(stored.splits_of(labels.table.intervals)))


def trained_rows(labels: LabelTable, rows: Ints, model: Json | None) -> int | None:
    """Return how many rows lie in stretches that the model was trained on; None if unknown."""
    stored = Stretches.restored((model or {}).get("stretches"))
    if stored is None or not isinstance(labels.table, Regions):
        return None
    return int((stored.splits_of(labels.table.intervals.take(rows)) == "train").sum())


def trained_contigs(labels: LabelTable, model: Json | None) -> list[str]:
    """Return the contigs with rows that were trained on, as the model says and the labels do."""
    stated = (model or {}).get("splits", {}).get("train", {}).get("contigs", [])
    if not isinstance(labels.table, Regions) or labels.unsplit:
        return list(stated)
    return sorted({*stated, *labels.contigs(np.flatnonzero(np.isin(labels.splits, ("train", UNKNOWN))))})
