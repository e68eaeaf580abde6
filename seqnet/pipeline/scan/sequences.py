"""Where the sequences that ``scan`` reads come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias

import numpy as np

from seqnet.errors import FormatError, SeqnetError, shorten
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import BLOCK, read_runs
from seqnet.formats.sequences.fasta_index import (
    SUFFIX,
    IndexMisfitError,
    open_indexed,
    read_index,
    stretches_pay,
)
from seqnet.genome.alphabet import reverse_complement
from seqnet.genome.extract import extract_sequences
from seqnet.genome.intervals import Intervals, cluster_overlaps, make_intervals, union, with_contigs
from seqnet.genome.regions import Regions, fit_regions
from seqnet.genome.sequence import Bases, EncodedSequence, Genome, PartialGenome, SequenceBlock, SequenceRun
from seqnet.genome.splitting.splits import match_names
from seqnet.pipeline.inputs.genome import (
    Stretch,
    expand_names,
    fit_to_genome,
    load_genome,
    read_records,
    watched,
)
from seqnet.pipeline.scan.request import NameCoordinates, SequenceSource
from seqnet.reporting import note

if TYPE_CHECKING:
    from seqnet.aliases import Codes, Progress


class Stream(NamedTuple, Generic[Stretch]):
    """A stream of what is to be scanned: blocks, or runs of short records."""

    items: Iterator[Stretch]
    total: int | None
    """Bases in all, where that is known beforehand."""

    def watched(self, progress: Progress) -> Iterator[Stretch]:
        """Return the stream, its bases counted."""
        return watched(self.items, progress)


Blocks: TypeAlias = "Stream[SequenceBlock]"
_PLACE = re.compile(
    r"(?:.*::)?(?P<contig>.+):(?P<start>[0-9]{1,12})-(?P<end>[0-9]{1,12})(?:\((?P<strand>[-+.])\))?"
)
"""A record's name with coordinates; the region's own name may precede, with ``::``."""
_UNSEEN = np.uint8(255)
"""Marks a base that no record has given yet."""


def open_stream(source: SequenceSource) -> Stream[SequenceRun] | Blocks:
    """Stream what is to be scanned; regions as the union of their bases, in genome order."""
    if source.name_coordinates is not None:
        return _named_blocks(source, source.name_coordinates)
    if source.regions is None and not source.chroms:
        return Stream(read_runs(source.path, soft_mask=source.soft_mask), None)
    return whole_genome(source)[1]()


def whole_genome(source: SequenceSource) -> tuple[Bases, Callable[[], Blocks]]:
    """Read the genome, or what regions need of it; return it and what streams the blocks to be scanned."""
    if source.regions is not None:
        bases, regions = _regions_of(source)
        return bases, lambda: _region_blocks(bases, regions)
    genome = _genome_of(source)
    return genome, lambda: Stream(_genome_blocks(genome), sum(genome.lengths.values()))


def _genome_blocks(genome: Genome) -> Iterator[SequenceBlock]:
    """Yield each contig as blocks of a bounded length."""
    for name, codes in genome.codes.items():
        for start in range(0, max(1, len(codes)), BLOCK):
            last = start + BLOCK >= len(codes)
            yield SequenceBlock(name, start, codes[start : start + BLOCK], last)


def _region_blocks(genome: Bases, regions: Regions) -> Blocks:
    """Return the union of regions as blocks at their genomic offsets."""
    merged = union(with_contigs(regions.intervals, list(genome.lengths)))
    rows = zip(merged.contig_names(), merged.start.tolist(), merged.end.tolist(), strict=True)
    blocks = (
        SequenceBlock(contig, start, genome.stretch(contig, start, end), last=True)
        for contig, start, end in rows
    )
    return Stream(blocks, int((merged.end - merged.start).sum()))


def _named_blocks(source: SequenceSource, convention: NameCoordinates) -> Blocks:
    """Return the union of the places that records are named after, contigs in order of appearance."""
    records = read_records(source.path, source.soft_mask)
    places = _named_places(records, convention, source.path)
    if source.chroms:
        wanted = set(match_names(expand_names(source.chroms), list(places.contigs), source.path))
        rows = [row for row, contig in enumerate(places.contig_names()) if contig in wanted]
        records, places = [records[row] for row in rows], places.take(np.array(rows, dtype=np.int64))
    merged = union(places)
    stretches = _joined_bases(records, places, merged, source.path)
    blocks = (
        SequenceBlock(contig, start, codes, last=True)
        for contig, start, codes in zip(merged.contig_names(), merged.start.tolist(), stretches, strict=True)
    )
    return Stream(blocks, int((merged.end - merged.start).sum()))


def _named_places(records: list[EncodedSequence], convention: NameCoordinates, path: str) -> Intervals:
    """Return the places that records are named after; a FormatError names a record that has none."""
    rows: list[tuple[str, int, int, int]] = []
    first = int(convention == "ucsc")
    for name, codes in records:
        parts = _PLACE.fullmatch(name)
        if parts is None:
            message = "has no coordinates in its name; expected chr1:100-200, maybe with a strand, (+) or (-)"
            raise FormatError(path, f"{shorten(name)} {message}")
        start, end = int(parts["start"]) - first, int(parts["end"])
        if start < 0:
            raise FormatError(path, f"{shorten(name)} starts at 0; expected 1 or more with ucsc coordinates")
        if start >= end:
            raise FormatError(path, f"{shorten(name)} is an empty interval with {convention} coordinates")
        if end - start != len(codes):
            message = (
                f"has {len(codes)} bases; expected {end - start} by its name with {convention} coordinates"
            )
            raise FormatError(path, f"{shorten(name)} {message}")
        rows.append((parts["contig"], start, end, -1 if parts["strand"] == "-" else 0))
    contigs, starts, ends, strands = zip(*rows, strict=True)
    return make_intervals(contigs, starts, ends, strands)


def _joined_bases(
    records: list[EncodedSequence], places: Intervals, merged: Intervals, path: str
) -> list[Codes]:
    """Return the bases of each merged interval, uint8 (length,), of the forward strand.

    Raises
    ------
    FormatError
        If two records give different bases of one place.
    """
    joined = [np.full(size, _UNSEEN, dtype=np.uint8) for size in (merged.end - merged.start).tolist()]
    groups = cluster_overlaps(places)
    offsets = (places.start - merged.start[groups]).tolist()
    reverse = (places.strand < 0).tolist()
    for (name, codes), group, offset, minus in zip(records, groups.tolist(), offsets, reverse, strict=True):
        forward = reverse_complement(codes) if minus else codes
        room = joined[group][offset : offset + len(codes)]
        differing = np.flatnonzero((room != _UNSEEN) & (room != forward))
        if len(differing):
            position = int(merged.start[group]) + offset + int(differing[0]) + 1
            contig = merged.contigs[merged.contig[group]]
            message = f"differs from an earlier record at position {position} of {contig} (counted from 1)"
            raise FormatError(path, f"{shorten(name)} {message}; expected sequences of one genome")
        room[:] = forward
    return joined


def _genome_of(source: SequenceSource) -> Genome:
    """Read the genome, restricted as the options say."""
    return load_genome(source.genome or source.sequences or "-", source.chroms, source.soft_mask)


def _regions_of(source: SequenceSource) -> tuple[Bases, Regions]:
    """Read regions, and the genome or what they need of it."""
    assert source.regions is not None
    regions = read_bed(source.regions)
    bases = _by_index(source, regions) or _genome_of(source)
    return bases, fit_to_genome(regions, bases, source.on_bad)


def _by_index(source: SequenceSource, regions: Regions) -> PartialGenome | None:
    """Read the regions' bases by the genome's index; None where there is none, or it does not pay."""
    # the whole file is looked at for lower case where that is an error
    if source.genome in {None, "-"} or source.soft_mask == "error" or not len(regions):
        return None
    try:
        return _read_by_index(str(source.genome), source, regions)
    except IndexMisfitError as misfit:
        note(f"{source.genome}{SUFFIX} {misfit}; the whole genome is read instead")
        return None


def _read_by_index(path: str, source: SequenceSource, regions: Regions) -> PartialGenome | None:
    """Read the regions' bases by an index, verified as far as they reach."""
    records = read_index(path)
    if records is None:
        return None
    try:
        lengths, merged = _union_in(source, regions, {row.name: row.length for row in records.values()})
    except SeqnetError:
        return None  # what is wrong with the options or the regions is said with the file at hand
    if not stretches_pay(len(merged), int((merged.end - merged.start).sum()), records):
        return None
    stretches: dict[str, list[tuple[int, Codes]]] = {}
    rows = zip(merged.contig_names(), merged.start.tolist(), merged.end.tolist(), strict=True)
    with open_indexed(path, records) as indexed:
        for name, start, end in rows:
            codes = indexed.fetch(name, start, end, source.soft_mask)
            stretches.setdefault(name, []).append((start, codes))
    return PartialGenome(lengths, stretches, path)


def _union_in(
    source: SequenceSource, regions: Regions, lengths: dict[str, int]
) -> tuple[dict[str, int], Intervals]:
    """Return the requested contigs, and the union of the regions inside them."""
    if source.chroms:
        names = match_names(expand_names(source.chroms), list(lengths), source.path)
        lengths = {name: lengths[name] for name in names}
    fitted = fit_regions(regions, lengths, source.path, source.on_bad).regions
    return lengths, union(with_contigs(fitted.intervals, list(lengths)))


def whole_sequences(source: SequenceSource) -> list[EncodedSequence]:
    """Return the records or regions to scan one by one."""
    if source.regions is not None:
        bases, regions = _regions_of(source)
        return extract_sequences(bases, regions.intervals, regions.names.tolist())
    if source.chroms:
        return [EncodedSequence(name, codes) for name, codes in _genome_of(source).codes.items()]
    return read_records(source.path, source.soft_mask)
