"""Effects of single-base substitutions under linear models, computed as differences in one window."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from seqnet.aliases import Bools, Codes, Floats, Ints, Progress
from seqnet.genome.extract import padded_stretch
from seqnet.genome.sequence import Genome
from seqnet.inference.linear_predictor import LinearPredictor
from seqnet.kernels.ties import share_below
from seqnet.kernels.word_edits import Edits
from seqnet.pipeline.variants.rows import LONG, N_WINDOW, Allele, Effects
from seqnet.pipeline.variants.windows import BASES_AT_ONCE, Sites, WindowTracks, like_substitutions

_BACKGROUND = 0
"""The code at a site while its window is computed. No allele is preferred: swapping them gives exactly the
negative, and an effect does not depend on the site's other alleles."""


class BaseChanges(NamedTuple):
    """Single bases of contigs and what takes their place."""

    contigs: Sequence[str]
    starts: Ints
    """int64 (n,): positions on the contigs."""
    bases: Codes
    """uint8 (n,): the alternative alleles."""

    def part(self, rows: slice) -> BaseChanges:
        """Return some of them."""
        return BaseChanges(self.contigs[rows], self.starts[rows], self.bases[rows])


def substitution_rows(alleles: Sequence[Allele]) -> Bools:
    """Return which alleles put one base in place of another, bool (n,)."""
    found = [
        placed is not None and len(placed.left.ref) == 1 == len(placed.left.alt)
        for placed in map(attrgetter("placed"), alleles)
    ]
    return np.array(found, dtype=bool)


def gather_substitutions(alleles: Sequence[Allele]) -> BaseChanges:
    """Return alleles of which `substitution_rows` holds."""
    variants = list(map(attrgetter("placed.left"), alleles))
    starts = np.fromiter(map(attrgetter("start"), variants), np.int64, len(variants))
    alts = b"".join(map(attrgetter("alt"), variants))
    return BaseChanges(list(map(attrgetter("contig"), alleles)), starts, np.frombuffer(alts, np.uint8))


def bases_before(width: int, shift: int) -> int:
    """Return how many bases of a window lie before the site, as `window_pairs` places it."""
    return width // 2 - shift


def leaves_flanks(before: int, width: int) -> bool:
    """Return whether a window has a base on either side of the site."""
    return min(before, width - 1 - before) >= 1


def substituted_sites(genome: Genome, changes: BaseChanges, before: int, width: int) -> Sites:
    """Return the distinct positions of substitutions.

    Parameters
    ----------
    before
        Bases of a window before the site.
    """
    names = dict.fromkeys(changes.contigs)
    number = dict(zip(names, range(len(names)), strict=True))
    contig = np.fromiter(map(number.__getitem__, changes.contigs), np.int64, len(changes.contigs))
    order = np.lexsort((changes.starts, contig))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(contig[order]) != 0) | (np.diff(changes.starts[order]) != 0)
    row = np.empty(len(order), np.int64)
    row[order] = np.cumsum(first) - 1
    chosen = order[first]
    firsts = changes.starts[chosen] - before
    windows = np.empty((len(chosen), width), np.uint8)
    for name, index in number.items():
        rows = np.flatnonzero(contig[chosen] == index)
        windows[rows] = _windows(genome.codes[name], firsts[rows], width)
    return Sites([changes.contigs[at] for at in chosen.tolist()], firsts, windows, row)


class SubstitutionScorer:
    """Computes effects of substitutions under a linear model; parameters as of `ModelScorer`."""

    def __init__(
        self,
        predictor: LinearPredictor,
        genome: Genome,
        width: int,
        tracks: WindowTracks,
        *,
        shifts: Sequence[int] = (0,),
        null: int = 0,
        seed: int = 0,
    ) -> None:
        self._predictor, self._genome, self._width = predictor, genome, width
        self._tracks, self._shifts, self._null, self._seed = tracks, shifts, null, seed

    def effects(self, changes: BaseChanges, progress: Progress) -> Effects:
        """Compute the effects of n substitutions."""
        n = len(changes.starts)
        befores = [bases_before(self._width, shift) for shift in self._shifts]
        if not all(leaves_flanks(before, self._width) for before in befores):
            none = np.full((n, len(self._predictor.tasks)), np.nan)
            return Effects(none, none, [LONG] * n, {"null": none} if self._null else {})
        step = max(1, BASES_AT_ONCE // (self._width * (1 + self._null)))
        parts = []
        for start in range(0, n, step):
            parts.append(self._part(changes.part(slice(start, start + step)), befores))
            progress(len(parts[-1].flags))
        ref, alt = (np.concatenate([getattr(part, name) for part in parts]) for name in ("ref", "alt"))
        more = {name: np.concatenate([part.more[name] for part in parts]) for name in parts[0].more}
        return Effects(ref, alt, [flag for part in parts for flag in part.flags], more)

    def _part(self, changes: BaseChanges, befores: Sequence[int]) -> Effects:
        """Compute the effects of some substitutions."""
        n = len(changes.starts)
        ref, alt = np.zeros((2, n, len(self._predictor.tasks)))
        hidden = np.zeros(n, dtype=bool)
        for before in befores:
            sites = substituted_sites(self._genome, changes, before, self._width)
            outputs, unknown = self._at_background(sites, before, changes.bases)
            ref += outputs[0]
            alt += outputs[1]
            hidden |= unknown[sites.row]
        ref[hidden] = alt[hidden] = np.nan
        ref, alt = ref / len(befores), alt / len(befores)
        more = {}
        if self._null:
            more["null"] = self._quantiles(changes, ~hidden, np.abs(alt - ref))
        return Effects(ref, alt, [N_WINDOW if flag else "" for flag in hidden.tolist()], more)

    def _at_background(self, sites: Sites, place: int, alts: Codes) -> tuple[tuple[Floats, Floats], Bools]:
        """Return the outputs with either allele, float64 (n, T) each, and which windows are mostly ambiguous.

        Parameters
        ----------
        place
            Of the site in its window.
        """
        refs = sites.windows[:, place].copy()
        unknown = sites.unknown
        sites.windows[:, place] = _BACKGROUND
        of_site = np.concatenate([np.arange(len(refs)), sites.row])
        order = np.argsort(of_site, kind="stable")
        letters = np.concatenate([refs, alts])[order]
        ends = np.concatenate([[0], np.cumsum(np.bincount(of_site, minlength=len(refs)))])
        tracks = self._tracks.of(sites.contigs, sites.firsts.tolist(), self._width)
        edits = Edits(ends, np.full(len(letters), place, np.int64), letters)
        wholes, changes = self._predictor.edited_logits(sites.windows, edits, tracks)
        outputs = np.empty((len(order), wholes.shape[1]))
        outputs[order] = wholes[of_site[order]] + changes
        outputs = self._predictor.doubles_in_units(outputs)
        return (outputs[: len(refs)][sites.row], outputs[len(refs) :]), unknown

    def _quantiles(self, changes: BaseChanges, usable: Bools, deltas: Floats) -> Floats:
        """Return the share of like substitutions whose effect is smaller, float64 (n, T); ties count half."""
        place = self._width // 2
        sites = substituted_sites(self._genome, changes, place, self._width)
        quantiles = np.full(deltas.shape, np.nan)
        chosen = list(self._like(changes, sites.windows[sites.row], np.flatnonzero(usable)))
        if not chosen:
            return quantiles
        rows = np.array([row for row, _, _ in chosen])
        counts = np.array([len(places) for _, places, _ in chosen])
        edits = Edits(
            np.concatenate([[0], np.cumsum(counts)]), np.concatenate([places for _, places, _ in chosen]),
            np.concatenate([bases for _, _, bases in chosen]),
        )  # fmt: skip
        of_row = sites.row[rows].tolist()
        tracks = self._tracks.of([sites.contigs[site] for site in of_row],
                                 sites.firsts[of_row].tolist(), self._width)  # fmt: skip
        wholes, steps = self._predictor.edited_logits(sites.windows[of_row], edits, tracks)
        number = np.repeat(np.arange(len(rows)), counts)
        moved = self._predictor.doubles_in_units(wholes[number] + steps)
        sizes = np.abs(moved - self._predictor.doubles_in_units(wholes)[number])
        delta = deltas[rows][number]
        below = share_below(sizes, delta)
        sums = np.stack([np.bincount(number, task, len(rows)) for task in below.T], axis=1)
        quantiles[rows] = sums / counts[:, None]
        return quantiles

    def _like(self, changes: BaseChanges, windows: Codes, rows: Ints) -> Iterator[tuple[int, Ints, Codes]]:
        """Yield rows with drawn places in their windows, and the bases that are put there."""
        for row in rows.tolist():
            base, start = int(changes.bases[row]), int(changes.starts[row])
            places, bases = like_substitutions(windows[row], self._width // 2, base)
            key = [self._seed, zlib.crc32(changes.contigs[row].encode()), start, base]
            drawn = np.sort(np.random.default_rng(key).permutation(len(places))[: self._null])
            if len(drawn):
                yield row, places[drawn], bases[drawn]


def _windows(codes: Codes, firsts: Ints, width: int) -> Codes:
    """Return the windows of a contig that begin at some positions, ambiguous outside it: uint8 (n, width)."""
    inside = (firsts >= 0) & (firsts + width <= len(codes))
    if len(firsts) and inside.all():
        return sliding_window_view(codes, width)[firsts]
    return np.stack([padded_stretch(codes, first, first + width) for first in firsts.tolist()])
