"""Variants as values, against enumeration and editing of text."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seqnet.genome.alphabet import decode, encode_text
from seqnet.genome.variants import (
    Placements,
    Variant,
    apply_variants,
    encode_allele,
    fits_window,
    left_aligned,
    placements,
    trimmed_variant,
    window_pairs,
)

repeats = st.text("AC", min_size=1, max_size=14)  # two letters: nearly everything is a repeat


def coded(text):
    return encode_allele(text.encode())


def text_of(codes):
    return decode(np.frombuffer(codes, np.uint8))


def edited(contig, variant):
    return contig[: variant.start] + text_of(variant.alt) + contig[variant.end :]


@st.composite
def indels(draw):
    """A contig and an insertion or deletion of it."""
    contig = draw(repeats)
    start = draw(st.integers(0, len(contig)))
    if draw(st.booleans()):
        return contig, Variant(start, b"", coded(draw(st.text("AC", min_size=1, max_size=4))))
    end = draw(st.integers(0, len(contig)))
    start, end = sorted((start, end))
    assume(start < end)
    return contig, Variant(start, coded(contig[start:end]), b"")


def spellings(contig, variant):
    """Every insertion or deletion of the same size with the same result."""
    result, size = edited(contig, variant), len(variant.ref) or len(variant.alt)
    found = []
    for start in range(len(contig) + 1):
        if variant.ref:
            other = Variant(start, coded(contig[start : start + size]), b"")
            whole = start + size <= len(contig)
        else:
            other, whole = Variant(start, b"", coded(result[start : start + size])), True
        if whole and edited(contig, other) == result:
            found.append(other)
    return found


@given(indels())
def test_every_spelling_of_an_indel_has_the_outermost_ones_as_its_places(case):
    contig, variant = case
    every = spellings(contig, variant)
    for spelling in every:
        placed = placements(encode_text(contig), spelling)
        assert placed == Placements(every[0], every[-1])


@given(repeats, st.data())
def test_a_trimmed_variant_makes_the_same_sequence(contig, data):
    start = data.draw(st.integers(0, len(contig) - 1))
    end = data.draw(st.integers(start + 1, len(contig)))
    alt = data.draw(st.text("AC", min_size=1, max_size=5))
    assume(alt != contig[start:end])
    variant = trimmed_variant(start, coded(contig[start:end]), coded(alt))
    assert edited(contig, variant) == contig[:start] + alt + contig[end:]
    if variant.ref and variant.alt:
        assert variant.ref[0] != variant.alt[0]
        assert variant.ref[-1] != variant.alt[-1]


def naive_window(text, anchor, width, offset):
    """A window of a text padded with N: `offset` bases before the anchor."""
    padded = "N" * 100 + text + "N" * 100
    first = 100 + anchor - offset
    return padded[first : first + width]


@given(indels(), st.integers(9, 14), st.integers(-1, 1))
def test_windows_are_those_of_the_edited_text(case, width, shift):
    contig, variant = case
    codes = encode_text(contig)
    placed = placements(codes, variant)
    left, right = placed
    repeat = min(right.start - left.start, width // 2)
    before = (width - repeat + 1) // 2 - shift
    behind = width - repeat - before
    pairs = window_pairs(codes, placed, width, shift)
    new = edited(contig, variant)
    assert len(pairs) == 2
    assert decode(pairs[0].ref) == naive_window(contig, left.start, width, before)
    assert decode(pairs[0].alt) == naive_window(new, left.start, width, before)
    # from the right end, where the bases behind the rightmost place stand still
    assert decode(pairs[1].ref)[::-1] == naive_window(contig[::-1], len(contig) - right.end, width, behind)
    assert decode(pairs[1].alt)[::-1] == naive_window(new[::-1], len(contig) - right.end, width, behind)


@given(indels(), st.integers(9, 12))
def test_swapping_the_alleles_swaps_the_windows(case, width):
    contig, variant = case
    swapped = Variant(variant.start, variant.alt, variant.ref)
    new = edited(contig, variant)
    one = window_pairs(encode_text(contig), placements(encode_text(contig), variant), width)
    two = window_pairs(encode_text(new), placements(encode_text(new), swapped), width)
    for first, second in zip(one, two, strict=True):
        assert decode(first.ref) == decode(second.alt)
        assert decode(first.alt) == decode(second.ref)


def test_a_substitution_has_one_window_with_itself_in_the_middle():
    codes = encode_text("ACGTACGTACGT")
    variant = Variant(5, b"\1", b"\3")
    (pair,) = window_pairs(codes, placements(codes, variant), 6)
    assert (pair.start, decode(pair.ref), decode(pair.alt)) == (2, "GTACGT", "GTATGT")


def test_alleles_that_leave_no_flank_do_not_fit():
    codes = encode_text("ACGT" * 10)
    short, long = Variant(8, codes[8:10].tobytes(), b""), Variant(8, codes[8:20].tobytes(), b"")
    assert fits_window(placements(codes, short), 10)
    assert not fits_window(placements(codes, long), 10)
    assert not fits_window(Placements(Variant(8, b"\0", b"\3"), Variant(8, b"\0", b"\3")), 10, shift=8)


@given(repeats, st.data())
def test_normalised_rows_are_the_leftmost_shortest_spelling(contig, data):
    start = data.draw(st.integers(0, len(contig) - 1))
    end = data.draw(st.integers(start + 1, min(len(contig), start + 4)))
    alts = data.draw(st.lists(st.text("AC", min_size=1, max_size=4), min_size=1, max_size=3, unique=True))
    assume(contig[start:end] not in alts)
    results = [contig[:start] + alt + contig[end:] for alt in alts]
    place, alleles = left_aligned(encode_text(contig), start, [coded(contig[start:end]), *map(coded, alts)])
    # every row that makes the same sequences, all of whose alleles have a base
    possible = []
    for first in range(len(contig)):
        for last in range(first + 1, len(contig) + 1):
            made = [
                result[first : len(result) - (len(contig) - last)]
                for result in results
                if result[:first] == contig[:first]
                and result[len(result) - (len(contig) - last) :] == contig[last:]
                and first < len(result) - (len(contig) - last)
            ]
            if len(made) == len(results):
                possible.append((last - first, first, [contig[first:last], *made]))
    _, first, texts = min(possible)
    assert (place, [text_of(allele) for allele in alleles]) == (first, texts)


@given(st.text("ACGT", min_size=8, max_size=30), st.data())
def test_applied_variants_edit_the_text(contig, data):
    cuts = sorted(data.draw(st.lists(st.integers(1, len(contig) - 1), min_size=2, max_size=6, unique=True)))
    variants, expected = [], contig
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        variants.append(
            Variant(start, coded(contig[start:end]), coded(data.draw(st.text("ACGT", max_size=3))))
        )
    for variant in reversed(variants):
        expected = edited(expected, variant)
    shuffled = data.draw(st.permutations(variants))
    assert decode(apply_variants(encode_text(contig), 0, len(contig), shuffled)) == expected


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (Variant(2, b"\0\1", b""), Variant(3, b"\1", b"\2")),
        (Variant(2, b"", b"\0"), Variant(2, b"", b"\1")),
    ],
)
def test_variants_that_overlap_are_refused(one, two):
    with pytest.raises(ValueError, match="overlap"):
        apply_variants(encode_text("ACACACAC"), 0, 8, [one, two])


def test_an_ambiguous_base_stops_an_indel():
    codes = encode_text("AANAAA")
    assert placements(codes, Variant(4, b"\0", b"")) == Placements(
        Variant(3, b"\0", b""), Variant(5, b"\0", b"")
    )
