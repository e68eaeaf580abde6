"""What is changed in windows: motifs inserted, alone or in pairs, and stretches shuffled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from scipy.special import stdtrit

from seqnet.aliases import Codes, Floats, Progress
from seqnet.errors import SeqnetError, UsageError
from seqnet.genome.alphabet import AMBIGUOUS, decode, reverse_complement
from seqnet.kernels.shuffle import shuffle_rows
from seqnet.motifs.matrix import Motif, to_ppm

Outputs: TypeAlias = Callable[[Codes], Floats]
"""From windows, uint8 (n, width), to a model's outputs, float64 (n, T)."""
STRANDS = {"+": False, "-": True}
_WINDOWS_AT_ONCE = 4096
_LEVEL = 0.975
"""Quantile of Student's distribution at the upper end of a 95 % interval."""


class Spread(NamedTuple):
    """Mean and 95 % interval of effects, one per task, float64 (T,) each; NaN bounds of a single effect."""

    mean: Floats
    low: Floats
    high: Floats
    n: int

    @staticmethod
    def of(effects: Floats) -> Spread:
        """Summarise effects (n, T) by Student's distribution."""
        n = len(effects)
        mean = effects.mean(axis=0)
        if n < 2:
            return Spread(mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan), n)
        half = float(stdtrit(n - 1, _LEVEL)) * effects.std(axis=0, ddof=1) / np.sqrt(n)
        return Spread(mean, mean - half, mean + half, n)


class Result(NamedTuple):
    """The effects of one change."""

    cells: tuple[object, ...]
    """What was changed, one per column of the experiment."""
    spread: Spread


class Site(NamedTuple):
    """A motif as bases."""

    name: str
    codes: Codes

    def on(self, strand: str) -> Codes:
        """Return the bases as they are read on a strand."""
        return reverse_complement(self.codes) if STRANDS[strand] else self.codes


def consensus_site(motif: Motif) -> Site:
    """Return the most probable base of each column."""
    return Site(motif.info.name, to_ppm(motif).probabilities.argmax(axis=1).astype(np.uint8))


def backgrounds(windows: Codes, seed: int, *, keep: bool) -> Codes:
    """Return windows without ambiguous bases, shuffled with their dinucleotides kept unless `keep`.

    Raises
    ------
    SeqnetError
        If every window has an ambiguous base.
    """
    clear = windows[(windows != AMBIGUOUS).all(axis=1)]
    if not len(clear):
        raise SeqnetError("every window has an ambiguous base")
    return clear if keep else shuffle_rows(clear, seed)


def with_site(windows: Codes, site: Codes, start: int) -> Codes:
    """Return windows with a site's bases from `start` on."""
    changed = windows.copy()
    changed[:, start : start + len(site)] = site
    return changed


def insertions(
    sites: Sequence[Site], windows: Codes, outputs: Outputs, progress: Progress
) -> Iterator[Result]:
    """Insert each site into the middle of windows, on either strand.

    Cells are motif, strand, first position (0-based, in the window) and bases.
    """
    base = outputs(windows)
    width = windows.shape[1]
    for site in sites:
        if len(site.codes) > width:
            raise UsageError(f"{site.name} has {len(site.codes)} bases, the windows {width}")
        start = (width - len(site.codes)) // 2
        for strand in STRANDS:
            predictions = outputs(with_site(windows, site.on(strand), start))
            yield Result((site.name, strand, start, decode(site.codes)), Spread.of(predictions - base))
        progress(1)


def pairs(
    one: Site, two: Site, distances: range, windows: Codes, outputs: Outputs, progress: Progress
) -> Iterator[Result]:
    """Insert two sites at every distance and in every orientation.

    The first site stays in its place. Cells are both motifs with their strands, the distance, and the mean
    effects of the pair and of each site alone; the spread is that of the interaction: the effect of the pair
    less those of both sites.
    """
    width, lengths = windows.shape[1], (len(one.codes), len(two.codes))
    span = sum(lengths) + distances[-1]
    if span > width:
        raise UsageError(f"{one.name}, {two.name} and {distances[-1]} bases between them do not fit into "
                         f"windows of {width} bases; lower --distance")  # fmt: skip
    base = outputs(windows)
    first = (width - span) // 2
    own = {strand: with_site(windows, one.on(strand), first) for strand in STRANDS}
    alone = {strand: outputs(changed) - base for strand, changed in own.items()}
    for distance in distances:
        second = first + lengths[0] + distance
        for two_strand in STRANDS:
            site = two.on(two_strand)
            other = outputs(with_site(windows, site, second)) - base
            for one_strand in STRANDS:
                both = outputs(with_site(own[one_strand], site, second)) - base
                means = (both.mean(axis=0), alone[one_strand].mean(axis=0), other.mean(axis=0))
                cells = (one.name, one_strand, two.name, two_strand, distance, *means)
                yield Result(cells, Spread.of(both - alone[one_strand] - other))
        progress(1)


class Stretch(NamedTuple):
    """A stretch of a window that is shuffled."""

    window: int
    begin: int
    end: int
    cells: tuple[object, ...]


def ablations(
    stretches: Sequence[Stretch], windows: Codes, copies: int, seed: int, outputs: Outputs, progress: Progress
) -> Iterator[Result]:
    """Shuffle stretches of windows, several times each; cells are those of the stretch."""
    together = max(1, _WINDOWS_AT_ONCE // (copies + 1))
    for begin in range(0, len(stretches), together):
        some = stretches[begin : begin + together]
        changed = [_shuffled(windows, stretch, begin + n, copies, seed) for n, stretch in enumerate(some)]
        predictions = outputs(np.concatenate([windows[[stretch.window for stretch in some]], *changed]))
        base, others = predictions[: len(some)], predictions[len(some) :].reshape(len(some), copies, -1)
        for number, stretch in enumerate(some):
            yield Result(stretch.cells, Spread.of(others[number] - base[number]))
        progress(len(some))


def _shuffled(windows: Codes, stretch: Stretch, number: int, copies: int, seed: int) -> Codes:
    """Return copies of a stretch's window with the bases of the stretch in random orders."""
    changed = np.repeat(windows[stretch.window][np.newaxis], copies, axis=0)
    streams = (np.int64(number) << 20) + np.arange(copies, dtype=np.int64)
    part = np.ascontiguousarray(changed[:, stretch.begin : stretch.end])
    changed[:, stretch.begin : stretch.end] = shuffle_rows(part, seed, 1, streams)
    return changed
