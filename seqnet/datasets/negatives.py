"""Genomic negatives that match the positives' GC content, soft-masked and ambiguous bases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Bools, Codes, Floats, Ints
from seqnet.errors import SeqnetError, UsageError
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.extract import extract_windows, gather_windows
from seqnet.genome.intervals import Intervals, concatenate, count_overlaps
from seqnet.genome.regions import UNKNOWN, Regions, make_regions
from seqnet.genome.sequence import Genome
from seqnet.genome.splitting.splits import SPLITS
from seqnet.genome.splitting.stretches import Stretches

GC_TOLERANCE = 0.1
"""Largest difference in GC content between a positive and the negative drawn for it."""
PREFIX = "neg_gc:"
MOST_NEGATIVES = 1 << 25
_BINS = 10
"""Steps in which shares of soft-masked and of ambiguous bases are matched; none is one more."""
_CHUNK = 1 << 14
"""Windows that are counted at a time."""


@dataclass(frozen=True)
class Content:
    """What n windows of one width hold.

    Parameters
    ----------
    width
        Bases per window.
    gc, ambiguous, masked
        int64 (n,): G and C, ambiguous bases, soft-masked bases of each.
    """

    width: int
    gc: Ints
    ambiguous: Ints
    masked: Ints

    def take(self, index: Ints | Bools) -> Content:
        """Select windows by position or by mask."""
        return Content(self.width, self.gc[index], self.ambiguous[index], self.masked[index])

    def strata(self) -> Ints:
        """Enumerate the steps of the ambiguous and of the masked share, int64 (n,); 0 is none of both."""
        masked, ambiguous = (-(-_BINS * part // self.width) for part in (self.masked, self.ambiguous))
        return np.asarray(ambiguous * (_BINS + 1) + masked)


@dataclass(frozen=True)
class Negatives:
    """Drawn negatives.

    Parameters
    ----------
    regions
        All tasks 0, names with `PREFIX`, in genome order.
    wanted
        The requested number; fewer rows mean that no more were to be found.
    loose
        How many match by GC content alone, for want of one as masked.
    distances
        ``GC`` and, where the genome is soft-masked, ``masked``: the largest difference between the
        distribution functions of the positives' share and of the negatives'.
    """

    regions: Regions
    wanted: int
    loose: int
    distances: dict[str, float]


def check_count(wanted: float) -> None:
    """Refuse numbers of negatives that no set of labels is made for, before memory is taken for them.

    Raises
    ------
    UsageError
        If more than `MOST_NEGATIVES` are wanted.
    """
    if not wanted <= MOST_NEGATIVES:  # nor NaN
        message = f"{wanted:.4g} negatives are requested; expected up to {MOST_NEGATIVES} (see the ratio)"
        raise UsageError(message)


def gc_negatives(
    positives: Regions,
    genome: Genome,
    excluded: Sequence[Intervals],
    *,
    ratio: float,
    margin: int,
    seed: int,
    lower: Mapping[str, Bools] | None = None,
    stretches: Stretches | None = None,
) -> Negatives:
    """Draw windows with the positives' GC content, split by split, away from every peak.

    Candidates tile each contig from a random start and share no base with an excluded interval
    widened by `margin`; so negatives overlap neither peaks nor each other. Each split draws `ratio`
    negatives per positive, from its own contigs where the split is by chromosome, from its own stretches
    where it is by stretches: as many at each GC count as there are positives with it, or at the nearest
    one within `GC_TOLERANCE`, in equal tenths of soft-masked and of ambiguous bases. Where no such
    candidate is left, one with the GC content and without an ambiguous base is taken.

    Parameters
    ----------
    positives
        Labelled regions of one width, with splits.
    genome
        Where to draw from.
    excluded
        Peaks to stay away from, in addition to the positives.
    ratio
        Negatives per positive.
    margin
        Bases to keep between a negative and any peak.
    seed
        Equal seeds draw equal negatives.
    lower
        The soft-masked bases, where there are some.
    stretches
        The stretches of the genome that are held out, where the split is by stretches.
    """
    generator = np.random.default_rng(seed)
    check_count(ratio * len(positives))
    width = positives.width()
    tiles = _candidates(genome, width, [positives.intervals, *excluded], margin, generator)
    offered = window_content(genome, tiles, width, lower)
    own = window_content(genome, positives.intervals, width, lower)
    pools = _pools(positives, tiles, genome) if stretches is None else _stretch_pools(tiles, stretches)
    free = np.ones(len(tiles), dtype=bool)
    chosen, wanted, loose, splits = [np.empty(0, np.int64)], 0, 0, list[str]()
    for split in (*SPLITS, UNKNOWN):
        rows = np.flatnonzero(positives.splits == split)
        count = round(ratio * len(rows))
        if not count:
            continue
        wanted += count
        places = np.flatnonzero(free & pools[split])
        matched = match_content(own.take(_repeat_to(rows, count, generator)), offered.take(places), generator)
        picks = places[matched.picks]
        free[picks] = False
        chosen.append(picks)
        splits += [split] * len(picks)
        loose += matched.loose
    picks = np.concatenate(chosen)
    distances = _distances(own, offered.take(picks), masked=lower is not None)
    return Negatives(_table(tiles, picks, splits, positives.tasks), wanted, loose, distances)


def _distances(positives: Content, negatives: Content, *, masked: bool) -> dict[str, float]:
    """Return how far the distributions lie apart; nothing without negatives."""
    if not len(negatives.gc):
        return {}
    distances = {"GC": largest_difference(positives.gc, negatives.gc)}
    if masked:
        distances["masked"] = largest_difference(positives.masked, negatives.masked)
    return distances


def largest_difference(a: Ints | Floats, b: Ints | Floats) -> float:
    """Return the largest difference between two samples' distribution functions (Kolmogorov's D)."""
    values = np.concatenate([a, b])
    shares = [np.searchsorted(np.sort(part), values, side="right") / len(part) for part in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max())


def _table(tiles: Intervals, picks: Ints, splits: Sequence[str], tasks: Sequence[str]) -> Regions:
    """Return the chosen tiles as labelled regions in genome order."""
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


def window_content(
    genome: Genome, intervals: Intervals, width: int, lower: Mapping[str, Bools] | None = None
) -> Content:
    """Count what windows of one width hold, in bounded memory.

    Parameters
    ----------
    lower
        The soft-masked bases of each contig; without it none is.
    """
    gc, ambiguous, masked = np.zeros((3, len(intervals)), dtype=np.int64)
    order = np.argsort(intervals.contig, kind="stable")
    for begin in range(0, len(order), _CHUNK):
        some = order[begin : begin + _CHUNK]
        windows = intervals.take(some)
        codes = extract_windows(genome, windows)
        gc[some] = gc_count(codes)
        ambiguous[some] = (codes == AMBIGUOUS).sum(axis=1)
        if lower is not None:
            masked[some] = gather_windows(lower, windows, np.dtype(bool)).sum(axis=1)
    return Content(width, gc, ambiguous, masked)


@dataclass(frozen=True)
class _Matched:
    """Positions among the offers, and how many of them match by GC content alone."""

    picks: Ints
    loose: int


def match_content(wanted: Content, offered: Content, generator: np.random.Generator) -> _Matched:
    """Pick a distinct offer for each wanted window: of its stratum, else of its GC content alone."""
    tolerance = int(GC_TOLERANCE * wanted.width)
    theirs, strata = wanted.strata(), offered.strata()
    free = np.ones(len(strata), dtype=bool)
    chosen, missing = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for stratum in np.unique(theirs).tolist():
        places = np.flatnonzero(strata == stratum)
        picks, unmet = match_levels(wanted.gc[theirs == stratum], offered.gc[places], tolerance, generator)
        free[places[picks]] = False
        chosen.append(places[picks])
        missing.append(unmet)
    matched, left = np.concatenate(chosen), np.concatenate(missing)
    if not len(left):
        return _Matched(matched, 0)
    places = np.flatnonzero(free & (offered.ambiguous == 0))
    picks, _ = match_levels(left, offered.gc[places], tolerance, generator)
    return _Matched(np.concatenate([matched, places[picks]]), len(picks))


def match_levels(
    wanted: Ints, offered: Ints, tolerance: int, generator: np.random.Generator
) -> tuple[Ints, Ints]:
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
    picks
        int64 (at most n,): positions in `offered`, random among equals.
    unmet
        int64: the wanted levels for which none was left.
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
    return order[rank < take[offered[order]]], np.repeat(np.arange(top), need)


def _repeat_to(rows: Ints, count: int, generator: np.random.Generator) -> Ints:
    """Return `count` rows: all of them as often as fits, the remainder drawn without repeats."""
    times, rest = divmod(count, len(rows))
    return np.concatenate([np.tile(rows, times), generator.permutation(rows)[:rest]])


def _candidates(
    genome: Genome,
    width: int,
    excluded: Sequence[Intervals],
    margin: int,
    generator: np.random.Generator,
) -> Intervals:
    """Tile every contig from a random start, leaving out what lies too close to a peak."""
    lengths = genome.lengths
    size = np.array(list(lengths.values()), dtype=np.int64)
    first = generator.integers(width, size=len(size))
    counts = np.maximum(0, (size - first) // width)
    if not counts.any():
        raise SeqnetError(f"{genome.source}: no contig is long enough for windows of {width} bases")
    contig = np.repeat(np.arange(len(size), dtype=np.int32), counts)
    rank = np.arange(len(contig)) - np.repeat(np.cumsum(counts) - counts, counts)
    start = first[contig] + width * rank
    strand = np.zeros(len(start), np.int8)
    tiles = Intervals(tuple(lengths), contig, start, start + width, strand)
    near = Intervals(tuple(lengths), contig, start - margin, start + width + margin, strand)
    return tiles.take(count_overlaps(near, concatenate(excluded)) == 0)


def _stretch_pools(tiles: Intervals, stretches: Stretches) -> dict[str, Bools]:
    """Return which tiles lie whole in stretches of each split, bool (m,) by split; without one, all do."""
    own = {split: stretches.contain(tiles, split) for split in SPLITS}
    return {**own, UNKNOWN: np.ones(len(tiles), dtype=bool)}


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
