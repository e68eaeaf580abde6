"""Variants as values: trimming, the places an indel may take in a repeat, windows and haplotypes.

An allele is held as bytes of base codes (A C G T = 0 1 2 3, ambiguous = 4), so that alleles compare, slice
and join as text does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Codes, Ints
from seqnet.genome.alphabet import AMBIGUOUS, encoding_table
from seqnet.genome.extract import padded_stretch
from seqnet.kernels.fasta import INVALID, SKIP

_TABLE = encoding_table()
_NOT_BASES = bytes((INVALID, SKIP))


class Variant(NamedTuple):
    """The bases `ref` from `start` on replaced by `alt`.

    Either allele may be empty: an insertion lies before the base at `start`.
    """

    start: int
    """0-based, on its contig."""
    ref: bytes
    """Codes of the reference allele."""
    alt: bytes
    """Codes of the alternative allele."""

    @property
    def end(self) -> int:
        """Position behind the last base replaced."""
        return self.start + len(self.ref)

    @property
    def is_indel(self) -> bool:
        """Whether the alleles differ in length."""
        return len(self.ref) != len(self.alt)


class Placements(NamedTuple):
    """The outermost spellings of one variant; equal unless it is an indel in a repeat."""

    left: Variant
    right: Variant


class WindowPair(NamedTuple):
    """One window with either allele in it."""

    start: int
    """0-based position of the first base of the window with the reference allele; it may be negative."""
    ref: Codes
    """uint8 (width,)."""
    alt: Codes
    """uint8 (width,)."""


class SequenceEdits(NamedTuple):
    """Edits of sequences, each of m bases from one position on."""

    place: int
    """The position, 0-based, the same for all."""
    letters: Codes
    """uint8 (e, m): the bases that are put there; ambiguous for none."""
    rows: Ints
    """int64 (e,): the sequences that they are edits of, ascending."""


def encode_allele(text: bytes) -> bytes | None:
    """Return the codes of an allele's letters, in any case; None if one is no nucleotide letter.

    Examples
    --------
    >>> list(encode_allele(b"aCN")), encode_allele(b"<DEL>")
    ([0, 1, 4], None)
    """
    codes = text.translate(_TABLE)
    return None if any(code in codes for code in _NOT_BASES) else codes


def trimmed_variant(start: int, ref: bytes, alt: bytes) -> Variant:
    """Return a variant without the bases that its alleles share at their ends.

    Examples
    --------
    >>> result = trimmed_variant(10, bytes([0, 1, 2]), bytes([0, 3, 2]))
    >>> result.start, list(result.ref), list(result.alt)
    (11, [1], [3])
    """
    shortest = min(len(ref), len(alt))
    behind = 0
    while behind < shortest and ref[-1 - behind] == alt[-1 - behind]:
        behind += 1
    before = 0
    while before < shortest - behind and ref[before] == alt[before]:
        before += 1
    return Variant(start + before, ref[before : len(ref) - behind], alt[before : len(alt) - behind])


def placements(codes: Codes, variant: Variant) -> Placements:
    """Return a trimmed variant at the leftmost and the rightmost place of its repeat.

    An insertion or deletion can be moved by a base where the base that it leaves behind equals the one that
    it takes up (Tan et al. 2015); a variant with two alleles that are not empty lies at one place.
    Ambiguous bases stop it.

    Parameters
    ----------
    codes
        uint8 (length,): the contig, whose bases `variant.ref` has.
    """
    if bool(variant.ref) == bool(variant.alt):
        return Placements(variant, variant)
    inserted = not variant.ref
    unit = variant.alt or variant.ref
    size, span = len(unit), len(variant.ref)
    left = 0
    while True:
        place = variant.start - 1 - left
        if place < 0 or codes[place] == AMBIGUOUS or codes[place] != unit[-1 - left % size]:
            break
        left += 1
    right = 0
    while True:
        place = variant.start + span + right
        if place >= len(codes) or codes[place] == AMBIGUOUS or codes[place] != unit[right % size]:
            break
        right += 1

    def moved(by: int) -> Variant:
        turn = by % size
        bases = unit[turn:] + unit[:turn]
        return Variant(variant.start + by, b"" if inserted else bases, bases if inserted else b"")

    return Placements(moved(-left), moved(right))


def window_pairs(codes: Codes, placed: Placements, width: int, shift: int = 0) -> list[WindowPair]:
    """Return the windows in which a variant's alleles are compared.

    A variant whose alleles have one length has one window, centred on it. An indel has two, centred on the
    repeat that it may be moved in: in the first the bases before the repeat keep their places, in the
    second those behind it; the other side takes up the change of length. The mean over both does not depend
    on how the variant is spelt, and swapping the alleles swaps the windows::

        reference            gggggggcacacattttttt      a deletion of one ca
        first window           |gggggcacacattttt|
        with the deletion      |gggggcacattttttt|      bases behind the repeat move
        second window          |gggggcacacattttt|
        with the deletion      |gggggggcacattttt|      bases before the repeat move

    Parameters
    ----------
    codes
        uint8 (length,): the contig; windows that pass its ends are filled up with ambiguous bases.
    width
        Bases per window.
    shift
        Bases by which windows are moved to the right.
    """
    left, right = placed
    before, behind = _flanks(placed, width, shift)
    first = left.start - before
    pairs = [
        WindowPair(
            first,
            padded_stretch(codes, first, first + width),
            _with_bases_before(codes, left, first, width),
        )
    ]
    if left.is_indel:
        last = right.end + behind
        pairs.append(
            WindowPair(
                last - width,
                padded_stretch(codes, last - width, last),
                _with_bases_behind(codes, right, last, width),
            )
        )
    return pairs


def _flanks(placed: Placements, width: int, shift: int) -> tuple[int, int]:
    """Return how many bases of a window lie before and behind the shorter of the two repeats or alleles.

    A repeat longer than half of the window counts as half of it, so that its flanks are always seen.
    """
    left, right = placed
    middle = right.start - left.start + min(len(left.ref), len(left.alt))
    if right.start > left.start:
        middle = min(middle, width // 2)
    before = (width - middle + 1) // 2 - shift
    return before, width - middle - before


def _with_bases_before(codes: Codes, variant: Variant, first: int, width: int) -> Codes:
    """Return the window from `first` on with the alternative allele, filled up from behind it."""
    allele = np.frombuffer(variant.alt, np.uint8)
    begin = variant.start - first
    window = np.empty(width, np.uint8)
    window[:begin] = padded_stretch(codes, first, variant.start)
    room = width - begin
    window[begin : begin + len(allele)] = allele[:room]
    rest = max(0, room - len(allele))
    window[width - rest :] = padded_stretch(codes, variant.end, variant.end + rest)
    return window


def _with_bases_behind(codes: Codes, variant: Variant, last: int, width: int) -> Codes:
    """Return the window up to `last` with the alternative allele, filled up from before it."""
    allele = np.frombuffer(variant.alt, np.uint8)
    behind = last - variant.end
    window = np.empty(width, np.uint8)
    window[width - behind :] = padded_stretch(codes, variant.end, last)
    room = width - behind
    tail = allele[max(0, len(allele) - room) :]
    window[room - len(tail) : room] = tail
    rest = room - len(tail)
    window[:rest] = padded_stretch(codes, variant.start - rest, variant.start)
    return window


def fits_window(placed: Placements, width: int, shift: int = 0) -> bool:
    """Return whether both alleles lie within the windows of `window_pairs`, with a base on either side."""
    before, behind = _flanks(placed, width, shift)
    change = abs(len(placed.left.ref) - len(placed.left.alt))
    return min(before, behind) > change


def left_aligned(codes: Codes, start: int, alleles: Sequence[bytes]) -> tuple[int, list[bytes]]:
    """Return a row's alleles at their leftmost place, as short as VCF lets them be (Tan et al. 2015).

    Parameters
    ----------
    codes
        uint8 (length,): the contig.
    start
        0-based position of the first allele, the reference.
    alleles
        Codes of the reference and all alternative alleles, none empty and not all equal.
    """
    texts = list(alleles)
    while len({text[-1] for text in texts}) == 1 and len(set(texts)) > 1:
        if min(map(len, texts)) == 1:
            if start == 0 or codes[start - 1] == AMBIGUOUS:
                break
            start -= 1
            texts = [bytes([codes[start]]) + text for text in texts]
        texts = [text[:-1] for text in texts]
    while min(map(len, texts)) > 1 and len({text[0] for text in texts}) == 1:
        start += 1
        texts = [text[1:] for text in texts]
    return start, texts


def apply_variants(codes: Codes, start: int, end: int, variants: Sequence[Variant]) -> Codes:
    """Return a stretch of a contig with variants applied, uint8 (its new length,).

    Parameters
    ----------
    codes
        uint8 (length,): the contig.
    start, end
        The stretch, 0-based and half-open, inside the contig.
    variants
        Inside the stretch, in any order.

    Raises
    ------
    ValueError
        If two of them overlap, or insert before the same base.
    """
    parts: list[Codes] = []
    reached = start
    previous: Variant | None = None
    for variant in sorted(variants, key=lambda each: (each.start, each.end)):
        inserted_twice = previous is not None and previous.start == variant.start == variant.end
        if variant.start < reached or inserted_twice:
            raise ValueError(f"two variants overlap at position {variant.start + 1}")
        parts += [codes[reached : variant.start], np.frombuffer(variant.alt, np.uint8)]
        reached, previous = variant.end, variant
    return np.concatenate([*parts, codes[reached:end]])
