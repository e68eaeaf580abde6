"""Where variants come from: a file restricted to targets, or every substitution of regions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.errors import SeqnetError
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.variants.records import VariantFile, VariantRecord
from seqnet.formats.variants.writers import vcf_header
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.contig_names import require_one_style, style_hint
from seqnet.genome.intervals import union, with_contigs
from seqnet.pipeline.inputs.genome import cut_regions
from seqnet.reporting import note

if TYPE_CHECKING:
    from seqnet.aliases import Ints
    from seqnet.genome.intervals import Intervals
    from seqnet.genome.sequence import Genome

_LETTERS = b"ACGT"
_PLACES = (0, 1, 3, 4)


class Selection:
    """Rows that get effects; the others are left out and counted.

    Parameters
    ----------
    genome
        With `restricted`, rows on contigs that it does not have are left out.
    targets
        BED: only rows that overlap it; None for all.

    Raises
    ------
    SeqnetError
        If the contigs of `targets` are named in the other style than the genome's.
    """

    def __init__(self, genome: Genome, targets: str | None, *, restricted: bool) -> None:
        self._contigs = genome.codes if restricted else None
        self._source = genome.source
        self._targets = None
        if targets is not None:
            regions = read_bed(targets)
            require_one_style(regions.source, regions.intervals.contigs, genome.source, genome.codes)
            self._targets = _spans(union(regions.intervals))
        self.kept = self.left_out = 0
        self._names: set[str] = set()

    def chosen(self, records: Iterator[VariantRecord]) -> Iterator[VariantRecord]:
        """Yield the selected rows."""
        for record in records:
            if self._has(record):
                self.kept += 1
                yield record
            else:
                self.left_out += 1

    def _has(self, record: VariantRecord) -> bool:
        """Return whether a row is selected."""
        if self._contigs is not None and record.contig not in self._contigs:
            if len(self._names) < 100:
                self._names.add(record.contig)
            return False
        if self._targets is None:
            return True
        starts, ends = self._targets.get(record.contig, (None, None))
        if starts is None or ends is None:
            return False
        number = int(np.searchsorted(ends, record.start, side="right"))
        return number < len(starts) and int(starts[number]) < record.start + len(record.ref)

    def say(self, path: str) -> None:
        """Report the number of rows left out.

        Raises
        ------
        SeqnetError
            If all were, and contigs are named in another style.
        """
        if self.left_out:
            note(f"{path}: {self.left_out} rows lie outside --chroms or --targets and are left out")
        if self.left_out and not self.kept and self._contigs is not None:
            hint = style_hint(self._names, self._contigs)
            if hint:
                raise SeqnetError(f"{path}: no row lies on the contigs chosen of {self._source}{hint}")


class RowSpan(NamedTuple):
    """Consecutive rows, half-open."""

    begin: int
    end: int

    def of(self, records: Iterator[VariantRecord]) -> Iterator[VariantRecord]:
        """Yield these of all rows."""
        return islice(records, self.begin, self.end)


def part_rows(part: tuple[int, int], selection: Selection, source: VariantFile) -> RowSpan:
    """Return the rows of part K of N, of all selected rows; parts differ by one row at most."""
    number, count = part
    rows = sum(1 for _ in selection.chosen(source.records))
    selection.say(source.path)
    span = RowSpan(rows * (number - 1) // count, rows * number // count)
    note(f"{source.path}: part {number} of {count}: rows {span.begin + 1} to {span.end} of {rows}")
    return span


def _spans(intervals: Intervals) -> dict[str, tuple[Ints, Ints]]:
    """Return starts and ends of disjoint sorted intervals by contig."""
    names = intervals.contig_names()
    return {
        name: (intervals.start[names == name], intervals.end[names == name]) for name in intervals.contigs
    }


def saturated(path: str, genome: Genome, *, restricted: bool) -> VariantFile:
    """Return every substitution of regions as a VCF, a row per base.

    Parameters
    ----------
    path
        BED; overlapping regions count once.
    """
    regions = cut_regions(
        read_bed(path), genome, "error", restricted=restricted, width=None, center="midpoint"
    )
    merged = union(with_contigs(regions.intervals, list(genome.codes)))
    header = vcf_header(list(genome.lengths.items()))
    return VariantFile(path, "vcf", header, b"\n", (), _substitutions(merged, genome))


def _substitutions(intervals: Intervals, genome: Genome) -> Iterator[VariantRecord]:
    """Yield a row for each base of intervals."""
    alts = [tuple(bytes([b]) for b in _LETTERS if b != letter) for letter in _LETTERS]
    unknown = line = 0
    rows = zip(intervals.contig_names(), intervals.start.tolist(), intervals.end.tolist(), strict=True)
    for contig, start, end in rows:
        name = str(contig).encode("utf-8", "surrogateescape")
        for place, code in enumerate(genome.stretch(contig, start, end).tolist(), start):
            if code == AMBIGUOUS:
                unknown += 1
                continue
            line += 1
            ref, others = _LETTERS[code : code + 1], alts[code]
            cells = [name, str(place + 1).encode(), b".", ref, b",".join(others), b".", b".", b"."]
            yield VariantRecord(line, contig, place, ref, others, cells, b"\n", _PLACES)
    if unknown:
        note(f"{unknown} ambiguous bases have no substitutions")
