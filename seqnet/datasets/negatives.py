"""Genomic negatives that match the positives' GC content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Bools, Codes, Ints
from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.extract import extract_windows
from seqnet.genome.intervals import Intervals, concatenate, count_overlaps, make_intervals
from seqnet.genome.regions import UNKNOWN, Regions, make_regions
from seqnet.genome.sequence import Genome
from seqnet.genome.splits import SPLITS

GC_TOLERANCE = 0.1
"""Largest difference in GC content between a positive and the negative drawn for it."""
PREFIX = "neg_gc:"


@dataclass(frozen=True)
class Negatives:
    """Drawn negatives.

    Parameters
    ----------
    regions
        All tasks 0, names with `PREFIX`, in genome order.
    wanted
        How many were asked for; fewer rows mean that no more were to be found.
    """

    regions: Regions
    wanted: int


def gc_negatives(
    positives: Regions,
    genome: Genome,
    excluded: Sequence[Intervals],
    *,
    ratio: float,
    margin: int,
    seed: int,
) -> Negatives:
    """Draw windows with the positives' GC content, split by split, away from every peak.

    Candidates tile each contig from a random start, hold no ambiguous base and share no base with
    an excluded interval widened by `margin`; so negatives overlap neither peaks nor each other.
    Each split draws `ratio` negatives per positive: as many at each GC count as there are
    positives with it, or at the nearest one within `GC_TOLERANCE`; from its own contigs where the
    split is by chromosome.

    Parameters
    ----------
    positives
        Labelled regions of one width, with splits.
    genome
        Where to draw from.
    excluded
        Peaks to stay away from, beside the positives.
    ratio
        Negatives per positive.
    margin
        Bases to keep between a negative and any peak.
    seed
        Equal seeds draw equal negatives.
    """
    generator = np.random.default_rng(seed)
    width = positives.width()
    tiles = _candidates(genome, width, [positives.intervals, *excluded], margin, generator)
    codes = extract_windows(genome, tiles)
    clear = codes.max(axis=1, initial=0) < AMBIGUOUS
    tiles, gc = tiles.take(clear), gc_count(codes[clear])
    wanted_gc = gc_count(extract_windows(genome, positives.intervals))
    pools = _pools(positives, tiles, genome)
    free = np.ones(len(tiles), dtype=bool)
    chosen, wanted, splits = [], 0, list[str]()
    for split in (*SPLITS, UNKNOWN):
        rows = positives.splits == split
        count = round(ratio * int(rows.sum()))
        if not count:
            continue
        wanted += count
        levels = _repeat_to(wanted_gc[rows], count, generator)
        places = np.flatnonzero(free & pools[split])
        picks = places[match_levels(levels, gc[places], int(GC_TOLERANCE * width), generator)]
        free[picks] = False
        chosen.append(picks)
        splits += [split] * len(picks)
    return Negatives(_table(tiles, chosen, splits, positives.tasks), wanted)


def _table(tiles: Intervals, chosen: Sequence[Ints], splits: Sequence[str], tasks: Sequence[str]) -> Regions:
    """Return the chosen tiles as labelled regions in genome order."""
    picks = np.concatenate([*chosen, np.empty(0, np.int64)]).astype(np.int64)
    order = np.argsort(picks)
    intervals = tiles.take(picks[order])
    return make_regions(
        intervals,
        names=[PREFIX + intervals.locus(row) for row in range(len(intervals))],
        tasks=tasks,
        targets=np.zeros((len(intervals), len(tasks))),
        splits=np.array(splits, dtype=object)[order],
    )


def gc_count(codes: Codes) -> Ints:
    """Count G and C in each row of (n, length): int64 (n,)."""
    return np.asarray(((codes == 1) | (codes == 2)).sum(axis=1), dtype=np.int64)


def match_levels(wanted: Ints, offered: Ints, tolerance: int, generator: np.random.Generator) -> Ints:
    """Pick a distinct offer for each wanted level, or the nearest level that has one left.

    Parameters
    ----------
    wanted
        int64 (n,): a level each.
    offered
        int64 (m,): the level of each offer.
    tolerance
        Largest difference of levels.

    Returns
    -------
    int64 (at most n,): positions in `offered`, random among equals.
    """
    top = int(max(wanted.max(initial=0), offered.max(initial=0))) + 1
    need = np.bincount(wanted, minlength=top)
    have = np.bincount(offered, minlength=top)
    take = np.zeros(top, dtype=np.int64)
    for difference in range(tolerance + 1):
        for shift in {difference, -difference}:
            levels = np.arange(max(0, -shift), min(top, top - shift))
            moved = np.minimum(need[levels], have[levels + shift] - take[levels + shift])
            need[levels] -= moved
            take[levels + shift] += moved
    order = generator.permutation(len(offered))
    order = order[np.argsort(offered[order], kind="stable")]
    first = np.concatenate([[0], np.cumsum(have)])[:-1]
    rank = np.arange(len(order)) - first[offered[order]]
    picks: Ints = order[rank < take[offered[order]]]
    return picks


def _repeat_to(levels: Ints, count: int, generator: np.random.Generator) -> Ints:
    """Return `count` levels: all of them as often as fits, the remainder drawn without repeats."""
    times, rest = divmod(count, len(levels))
    return np.concatenate([np.tile(levels, times), generator.permutation(levels)[:rest]])


def _candidates(
    genome: Genome,
    width: int,
    excluded: Sequence[Intervals],
    margin: int,
    generator: np.random.Generator,
) -> Intervals:
    """Tile every contig from a random start, leaving out what lies too close to a peak."""
    names, starts = [], []
    for name, length in genome.lengths.items():
        first = int(generator.integers(width))
        begins = np.arange(first, length - width + 1, width)
        names += [name] * len(begins)
        starts.append(begins)
    start = np.concatenate([*starts, np.empty(0, np.int64)]).astype(np.int64)
    if not len(start):
        raise SeqnetError(f"{genome.source}: no contig is long enough for windows of {width} bases")
    tiles = make_intervals(names, start, start + width)
    peaks = concatenate(excluded)
    near = make_intervals(names, start - margin, start + width + margin)
    return tiles.take(count_overlaps(near, peaks) == 0)


def _pools(positives: Regions, tiles: Intervals, genome: Genome) -> dict[str, Bools]:
    """Return which tiles each split may draw from: bool (m,) by split.

    Under a split by chromosome they are those of the split's own contigs, a contig without
    positives counting as ``train``. Where a contig holds several splits, all share all tiles.
    """
    contigs = list(genome.codes)
    index = positives.intervals.contig_index_in(contigs)
    present = np.unique(positives.splits.astype(str)).tolist()
    here = {split: np.bincount(index[positives.splits == split], minlength=len(contigs)) > 0
            for split in present}  # fmt: skip
    if np.sum(list(here.values()), axis=0).max(initial=0) > 1:
        return dict.fromkeys(present, np.ones(len(tiles), dtype=bool))
    default = "train" if "train" in present else present[0]
    here[default] |= ~np.any(list(here.values()), axis=0)
    tile_contig = tiles.contig_index_in(contigs)
    return {split: own[tile_contig] for split, own in here.items()}
