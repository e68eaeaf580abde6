"""Genotypes of samples, and the haplotypes that they make of a window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from seqnet.errors import FormatError
from seqnet.formats.variants.records import VariantRecord
from seqnet.genome.variants import Variant
from seqnet.pipeline.variants.rows import STAR, Allele, VariantRow

UNPHASED, MISSING, OVERLAP, EDGE = "UNPHASED", "MISSING", "OVERLAP", "EDGE"
HAPLOTYPE_FLAGS = {
    UNPHASED: "a heterozygous call has no phase",
    MISSING: "a call is missing",
    OVERLAP: "two variants of the haplotype overlap",
    EDGE: "a variant crosses the end of the window",
}
"""Why a haplotype has no prediction, in addition to the reasons of its alleles."""
_INFO, _FORMAT = 7, 8
_END = re.compile(rb"(?:^|;)END=(\d+)(?:;|$)")


class Haplotype(NamedTuple):
    """What one chromosome copy of a sample has in a window."""

    variants: tuple[Variant, ...]
    names: tuple[str, ...]
    """Of the variants: position, alleles."""
    flag: str
    """Why it is not predicted; empty where it is."""


def last_touched(record: VariantRecord) -> int:
    """Return the last position whose window a row that begins before it can change.

    That is the base behind REF, before which an insertion lies, or the last base of a symbolic allele.
    """
    behind = record.start + len(record.ref)
    end = _END.search(record.cells[_INFO]) if any(alt.startswith(b"<") for alt in record.alts) else None
    return behind if end is None else max(behind, int(end[1]) - 1)


def called_alleles(
    record: VariantRecord, samples: Sequence[bytes], sample: int, path: str
) -> tuple[list[int | None], bool]:
    """Return the alleles of a sample's call, None where one is missing, and whether their order is known.

    Parameters
    ----------
    samples
        The row's columns of samples.
    sample
        Which of them.

    Raises
    ------
    FormatError
        If the row has no genotypes, or one that its alleles do not allow.
    """
    keys = record.cells[_FORMAT].split(b":")
    if b"GT" not in keys:
        raise FormatError(path, "has no genotypes (GT)", record.line)
    values = samples[sample].split(b":")
    place = keys.index(b"GT")
    text = values[place] if place < len(values) else b"."
    alleles: list[int | None] = []
    for part in text.replace(b"|", b"/").split(b"/"):
        if part == b".":
            alleles.append(None)
        elif part.isdigit() and int(part) <= len(record.alts):
            alleles.append(int(part))
        else:
            shown = text.decode("utf-8", "replace")
            raise FormatError(path, f"the genotype {shown!r} does not fit the row's alleles", record.line)
    return alleles, b"/" not in text or len(set(alleles)) == 1


def haplotypes_of(
    rows: Sequence[VariantRow],
    columns: Sequence[Sequence[bytes]],
    sample: int,
    start: int,
    end: int,
    path: str,
) -> list[Haplotype]:
    """Return the haplotypes of a sample in a window: two, or one where all its calls are of one copy.

    Parameters
    ----------
    rows
        Those that touch the window.
    columns
        Of each row the columns of samples.
    sample
        Which of them.
    start, end
        The window, 0-based and half-open.
    """
    calls = [called_alleles(row.record, own, sample, path) for row, own in zip(rows, columns, strict=True)]
    copies = max((len(alleles) for alleles, _ in calls), default=2)
    return [_haplotype(rows, calls, copy, start, end) for copy in range(copies)]


def _haplotype(
    rows: Sequence[VariantRow],
    calls: Sequence[tuple[list[int | None], bool]],
    copy: int,
    start: int,
    end: int,
) -> Haplotype:
    """Return one copy."""
    variants: list[Variant] = []
    names: list[str] = []
    flags: list[str] = []
    for row, (alleles, ordered) in zip(rows, calls, strict=True):
        number = alleles[copy] if copy < len(alleles) else 0
        if not ordered or number is None:
            flags.append(MISSING if None in alleles else UNPHASED)
        elif number and row.alleles[number - 1].flag != STAR:
            allele = row.alleles[number - 1]
            flags.append(_unusable(allele, start, end))
            if allele.placed is not None:
                variants.append(allele.placed.left)
                names.append(_name(row.record, number))
    variants.sort()
    flags += [OVERLAP for one, two in pairwise(variants) if _overlap(one, two)]
    return Haplotype(tuple(variants), tuple(names), next(filter(None, flags), ""))


class Outside(NamedTuple):
    """What one copy of a sample has outside a window."""

    variants: tuple[Variant, ...] = ()
    unusable: tuple[tuple[int, int, str], ...] = ()
    """Start, end and flag of calls that cannot be applied."""

    def flag(self, start: int, end: int) -> str:
        """Return why a stretch of the copy is not known; empty where it is."""
        some = sorted(each for each in self.variants if each.end > start and each.start < end)
        if any(_overlap(one, two) for one, two in pairwise(some)):
            return OVERLAP
        return next((flag for first, last, flag in self.unusable if last > start and first < end), "")


def outside_of(
    rows: Sequence[VariantRow],
    columns: Sequence[Sequence[bytes]],
    sample: int,
    copy: int,
    end: int,
    path: str,
) -> Outside:
    """Return what one copy of a sample has outside a window; other parameters are those of `haplotypes_of`.

    Parameters
    ----------
    rows
        Those near the window that do not touch it.
    copy
        Number of the copy, from 0.
    end
        Where the window ends.
    """
    variants, unusable = [], []
    for row, own in zip(rows, columns, strict=True):
        alleles, ordered = called_alleles(row.record, own, sample, path)
        number = alleles[copy] if copy < len(alleles) else 0
        flag = ""
        if not ordered or number is None:
            flag = MISSING if None in alleles else UNPHASED
        elif number and row.alleles[number - 1].flag != STAR:
            allele = row.alleles[number - 1]
            if allele.placed is None:
                flag = allele.flag
            else:  # an indel in a repeat that reaches into the window stays outside
                variants.append(allele.placed.right if row.record.start >= end else allele.placed.left)
        if flag:
            unusable.append((row.record.start, last_touched(row.record) + 1, flag))
    return Outside(tuple(variants), tuple(unusable))


def _overlap(one: Variant, two: Variant) -> bool:
    """Return whether two variants, sorted, cannot both be applied."""
    return two.start < one.end or one.start == two.start == two.end


def _unusable(allele: Allele, start: int, end: int) -> str:
    """Return why an allele cannot be put into a window; empty where it can."""
    if allele.placed is None:
        return allele.flag
    return EDGE if allele.placed.left.start < start or allele.placed.left.end > end else ""


def _name(record: VariantRecord, number: int) -> str:
    """Return a variant as a table names it."""
    alt = record.alts[number - 1]
    return f"{record.start + 1}:{record.ref.decode('ascii', 'replace')}>{alt.decode('ascii', 'replace')}"
