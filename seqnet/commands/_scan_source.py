"""Where the sequences that ``scan`` reads come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from seqnet.commands._load import load_genome, load_regions, watched
from seqnet.errors import SeqnetError

if TYPE_CHECKING:
    from seqnet.aliases import Progress
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.regions import OnBad, Regions
    from seqnet.genome.sequence import EncodedSequence, Genome, SequenceBlock


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


def whole_genome(source: Source) -> tuple[Genome, Callable[[], Blocks]]:
    """Read the genome into memory; return it and what streams the blocks to be scanned."""
    if source.regions is not None:
        genome, regions = _regions_of(source)
        return genome, lambda: _region_blocks(genome, regions)
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


def _region_blocks(genome: Genome, regions: Regions) -> Blocks:
    """Return the union of regions as blocks at their genomic offsets."""
    from seqnet.genome.intervals import union, with_contigs
    from seqnet.genome.sequence import SequenceBlock

    merged = union(with_contigs(regions.intervals, list(genome.codes)))
    rows = zip(merged.contig_names(), merged.start.tolist(), merged.end.tolist(), strict=True)
    blocks = (
        SequenceBlock(contig, start, genome.codes[contig][start:end], last=True)
        for contig, start, end in rows
    )
    return Blocks(blocks, int((merged.end - merged.start).sum()))


def _genome_of(source: Source) -> Genome:
    """Read the genome, restricted as the options say."""
    return load_genome(source.genome or source.sequences or "-", source.chroms, source.soft_mask)


def _regions_of(source: Source) -> tuple[Genome, Regions]:
    """Read genome and regions."""
    genome = _genome_of(source)
    assert source.regions is not None
    return genome, load_regions(source.regions, genome, on_bad=source.on_bad)


def whole_sequences(source: Source) -> list[EncodedSequence]:
    """Return the records or regions to judge one by one."""
    from seqnet.formats.fasta import read_sequences
    from seqnet.genome.extract import extract_sequences
    from seqnet.genome.sequence import EncodedSequence

    if source.regions is not None:
        genome, regions = _regions_of(source)
        return extract_sequences(genome, regions.intervals, regions.names.tolist())
    if source.chroms:
        return [EncodedSequence(name, codes) for name, codes in _genome_of(source).codes.items()]
    found = list(read_sequences(source.path, soft_mask=source.soft_mask))
    if not found:
        raise source.no_sequences()
    return found
