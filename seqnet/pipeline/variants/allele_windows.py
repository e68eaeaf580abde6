"""Windows whose outputs effects are made of, each predicted once, in batches.

Substitutions are edits of a *background*, the window with the smallest allele that there can be, A at every
base: all alleles of a site share it, whichever of them is the reference. So swapping REF and ALT gives
exactly the negative, and the effect of an allele does not depend on the other alleles or rows of its site::

    window          ...GATTACA...     row C>G: output of edit G less that of edit C
    background      ...GATTAAA...     row C>A: output of the background less that of edit C
    edits                   C, G
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Codes, Ints
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.variants import SequenceEdits, Variant, WindowPair
from seqnet.pipeline.variants.windows import Sites

_NOBODY = -1
"""The slot of a background that is no allele."""


class WindowBatch(NamedTuple):
    """Windows that are predicted together."""

    slots: Ints
    """int64 (n + e,): where outputs belong, those of windows, then those of edits; negative for nowhere."""
    contigs: list[str]
    starts: list[int]
    codes: Codes
    """uint8 (n, L)."""
    edits: SequenceEdits | None
    """Of the windows."""


class _Site:
    """Alleles of one place in one window."""

    def __init__(self, contig: str, start: int, window: Codes) -> None:
        self.contig, self.start, self.window = contig, start, window
        self.slots: dict[bytes, int] = {}


class _Bases(NamedTuple):
    """Single bases at one place of windows."""

    place: int
    sites: Sites
    slots: Ints
    """int64 (u, 5): of each base, and of none; negative where it is no allele."""


class AlleleWindows:
    """Collects windows.

    Parameters
    ----------
    lockstep
        Whether substitutions are computed as edits; otherwise every window is computed whole.
    """

    def __init__(self, *, lockstep: bool) -> None:
        self._lockstep = lockstep
        self.pairs: list[tuple[int, int, int]] = []
        """Allele, and the slots of its window with the reference and the alternative allele."""
        self.slots = 0
        """How many outputs there will be."""
        self._whole: list[tuple[int, str, int, Codes]] = []
        self._references: dict[tuple[str, int], int] = {}
        self._sites: dict[tuple[int, int], dict[tuple[str, int], _Site]] = {}
        self._bases: list[_Bases] = []

    def add_pair(self, number: int, contig: str, pair: WindowPair, variant: Variant | None = None) -> None:
        """Add an allele's window; as an edit if it differs by a variant of one length."""
        if self._lockstep and variant is not None and not variant.is_indel:
            place, width = variant.start - pair.start, len(variant.alt)
            sites = self._sites.setdefault((place, width), {})
            if (contig, pair.start) not in sites:
                sites[contig, pair.start] = _Site(contig, pair.start, pair.ref)
            slots = sites[contig, pair.start].slots
            ref, alt = (codes[place : place + width].tobytes() for codes in (pair.ref, pair.alt))
            for allele in (ref, alt):
                if allele not in slots:
                    slots[allele] = self._slot()
            self.pairs.append((number, slots[ref], slots[alt]))
            return
        known = self._references.get((contig, pair.start))
        ref_slot = self._add(contig, pair.start, pair.ref) if known is None else known
        self._references[contig, pair.start] = ref_slot
        self.pairs.append((number, ref_slot, self._add(contig, pair.start, pair.alt)))

    def add_bases(self, numbers: Ints, sites: Sites, place: int, alts: Codes) -> None:
        """Add alleles that substitute the base at one place of their windows, as edits.

        Parameters
        ----------
        numbers
            int64 (n,): the alleles, those of `sites.row`.
        alts
            uint8 (n,): what takes the base's place.
        """
        refs = sites.windows[:, place]
        alleles = np.zeros((len(refs), AMBIGUOUS + 1), dtype=bool)
        alleles[sites.row, refs[sites.row]] = alleles[sites.row, alts] = True
        slots = np.full(alleles.shape, _NOBODY, dtype=np.int64)
        count = int(np.count_nonzero(alleles))
        slots[alleles] = np.arange(self.slots, self.slots + count)
        self.slots += count
        self._bases.append(_Bases(place, sites, slots))
        pairs = (numbers, slots[sites.row, refs[sites.row]], slots[sites.row, alts])
        self.pairs += zip(*(column.tolist() for column in pairs), strict=True)

    def _slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    def _add(self, contig: str, start: int, codes: Codes) -> int:
        """Add a window that is computed whole."""
        slot = self._slot()
        self._whole.append((slot, contig, start, codes))
        return slot

    def batches(self, most: int) -> Iterator[WindowBatch]:
        """Yield all windows, up to so many at a time."""
        for begin in range(0, len(self._whole), most):
            slots, contigs, starts, codes = zip(*self._whole[begin : begin + most], strict=True)
            yield WindowBatch(np.array(slots), list(contigs), list(starts), np.stack(codes), None)
        for bases in self._bases:
            alleles = bases.slots >= 0
            # windows of as many edits together: batches of edits are of one size
            order = np.argsort(alleles[:, 1:].sum(axis=1), kind="stable")
            order = order[alleles[order].any(axis=1)]
            for begin in range(0, len(order), most):
                yield _edited_bases(bases, order[begin : begin + most])
        for (place, width), by_window in self._sites.items():
            background = bytes(width)
            sites = sorted(by_window.values(), key=lambda site: len(site.slots) - (background in site.slots))
            for begin in range(0, len(sites), most):
                yield _edited(sites[begin : begin + most], place, background)


def _edited_bases(bases: _Bases, rows: Ints) -> WindowBatch:
    """Return some sites as edits of their backgrounds, A at the place."""
    sites, slots = bases.sites, bases.slots[rows]
    codes = sites.windows[rows]
    codes[:, bases.place] = 0
    of, letter = np.nonzero(slots[:, 1:] >= 0)
    letters = (letter + 1).astype(np.uint8)[:, np.newaxis]
    used = np.concatenate([slots[:, 0], slots[of, letter + 1]])
    contigs, starts = [sites.contigs[row] for row in rows.tolist()], sites.firsts[rows].tolist()
    return WindowBatch(used, contigs, starts, codes, SequenceEdits(bases.place, letters, of))


def _edited(sites: list[_Site], place: int, background: bytes) -> WindowBatch:
    """Return sites as edits of their backgrounds."""
    width = len(background)
    codes = np.stack([site.window for site in sites])
    codes[:, place : place + width] = np.frombuffer(background, np.uint8)
    alleles = [
        (row, allele, slot)
        for row, site in enumerate(sites)
        for allele, slot in site.slots.items()
        if allele != background
    ]
    letters = np.frombuffer(b"".join(allele for _, allele, _ in alleles), np.uint8).reshape(-1, width)
    edits = SequenceEdits(place, letters, np.array([row for row, _, _ in alleles], dtype=np.int64))
    slots = [site.slots.get(background, _NOBODY) for site in sites] + [slot for _, _, slot in alleles]
    return WindowBatch(
        np.array(slots, dtype=np.int64), [site.contig for site in sites], [site.start for site in sites],
        codes, edits,
    )  # fmt: skip
