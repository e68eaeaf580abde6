"""Where the sequences that ``scan`` reads come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from seqnet.commands._console import note
from seqnet.commands._load import expand_names, fit_to_genome, load_genome, watched
from seqnet.errors import SeqnetError

if TYPE_CHECKING:
    from seqnet.aliases import Codes, Progress
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.intervals import Intervals
    from seqnet.genome.regions import OnBad, Regions
    from seqnet.genome.sequence import Bases, EncodedSequence, Genome, PartialGenome, SequenceBlock


class Source(NamedTuple):
    """The sequences, as the options name them."""

    sequences: str | None
    genome: str | None
    regions: str | None
    chroms: tuple[str, ...]
    soft_mask: SoftMask
    on_bad: OnBad

    @property
    def path(self) -> str:
        """The file of sequences, or ``-``."""
        return self.sequences or self.genome or "-"

    def no_sequences(self) -> SeqnetError:
        """Return the error of a source that holds nothing."""
        return SeqnetError(f"{self.path}: holds no sequences")


class Blocks(NamedTuple):
    """A stream of what is to be scanned."""

    blocks: Iterator[SequenceBlock]
    total: int | None
    """Bases in all, where that is known beforehand."""

    def watched(self, progress: Progress) -> Iterator[SequenceBlock]:
        """Return the stream, its bases counted."""
        return watched(self.blocks, progress)


def stream_blocks(source: Source) -> Blocks:
    """Stream what is to be scanned; regions as the union of their bases, in genome order."""
    from seqnet.formats.fasta import read_blocks

    if source.regions is None and not source.chroms:
        return Blocks(read_blocks(source.path, soft_mask=source.soft_mask), None)
    return whole_genome(source)[1]()


def whole_genome(source: Source) -> tuple[Bases, Callable[[], Blocks]]:
    """Read the genome, or what regions need of it; return it and what streams the blocks to be scanned."""
    if source.regions is not None:
        bases, regions = _regions_of(source)
        return bases, lambda: _region_blocks(bases, regions)
    genome = _genome_of(source)
    return genome, lambda: Blocks(_genome_blocks(genome), sum(genome.lengths.values()))


def _genome_blocks(genome: Genome) -> Iterator[SequenceBlock]:
    """Yield each contig as blocks of a bounded length."""
    from seqnet.formats.fasta import BLOCK
    from seqnet.genome.sequence import SequenceBlock

    for name, codes in genome.codes.items():
        for start in range(0, max(1, len(codes)), BLOCK):
            last = start + BLOCK >= len(codes)
            yield SequenceBlock(name, start, codes[start : start + BLOCK], last)


def _region_blocks(genome: Bases, regions: Regions) -> Blocks:
    """Return the union of regions as blocks at their genomic offsets."""
    from seqnet.genome.intervals import union, with_contigs
    from seqnet.genome.sequence import SequenceBlock

    merged = union(with_contigs(regions.intervals, list(genome.lengths)))
    rows = zip(merged.contig_names(), merged.start.tolist(), merged.end.tolist(), strict=True)
    blocks = (
        SequenceBlock(contig, start, genome.stretch(contig, start, end), last=True)
        for contig, start, end in rows
    )
    return Blocks(blocks, int((merged.end - merged.start).sum()))


def _genome_of(source: Source) -> Genome:
    """Read the genome, restricted as the options say."""
    return load_genome(source.genome or source.sequences or "-", source.chroms, source.soft_mask)


def _regions_of(source: Source) -> tuple[Bases, Regions]:
    """Read regions, and the genome or what they need of it."""
    from seqnet.formats.bed import read_bed

    assert source.regions is not None
    regions = read_bed(source.regions)
    bases = _by_index(source, regions) or _genome_of(source)
    return bases, fit_to_genome(regions, bases, source.on_bad)


def _by_index(source: Source, regions: Regions) -> PartialGenome | None:
    """Read the regions' bases by the genome's index; None where there is none, or it does not pay."""
    from seqnet.formats.fasta_index import SUFFIX, IndexMisfitError

    # the whole file is looked at for lower case where that is an error
    if source.genome in {None, "-"} or source.soft_mask == "error" or not len(regions):
        return None
    try:
        return _read_by_index(str(source.genome), source, regions)
    except IndexMisfitError as misfit:
        note(f"{source.genome}{SUFFIX} {misfit}; the whole genome is read instead")
        return None


def _read_by_index(path: str, source: Source, regions: Regions) -> PartialGenome | None:
    """Read the regions' bases by an index, verified as far as they reach."""
    from seqnet.formats.fasta_index import open_indexed, read_index, stretches_pay
    from seqnet.genome.sequence import PartialGenome

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


def _union_in(source: Source, regions: Regions, lengths: dict[str, int]) -> tuple[dict[str, int], Intervals]:
    """Return the contigs that were asked for, and the union of the regions inside them."""
    from seqnet.genome.intervals import union, with_contigs
    from seqnet.genome.regions import fit_regions
    from seqnet.genome.splits import match_names

    if source.chroms:
        names = match_names(expand_names(source.chroms), list(lengths), source.path)
        lengths = {name: lengths[name] for name in names}
    fitted = fit_regions(regions, lengths, source.path, source.on_bad).regions
    return lengths, union(with_contigs(fitted.intervals, list(lengths)))


def whole_sequences(source: Source) -> list[EncodedSequence]:
    """Return the records or regions to judge one by one."""
    from seqnet.formats.fasta import read_sequences
    from seqnet.genome.extract import extract_sequences
    from seqnet.genome.sequence import EncodedSequence

    if source.regions is not None:
        bases, regions = _regions_of(source)
        return extract_sequences(bases, regions.intervals, regions.names.tolist())
    if source.chroms:
        return [EncodedSequence(name, codes) for name, codes in _genome_of(source).codes.items()]
    found = list(read_sequences(source.path, soft_mask=source.soft_mask))
    if not found:
        raise source.no_sequences()
    return found
