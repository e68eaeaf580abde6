"""``seqnet scan``: motif hits and score tracks along sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import click

from seqnet.commands._command import Command
from seqnet.commands._console import detail, progress_bar
from seqnet.commands._options import (
    background_option,
    chroms_option,
    common_options,
    exact_option,
    genome_option,
    header_option,
    motif_options,
    on_bad_option,
    output_option,
    regions_option,
    scoring_options,
    soft_mask_option,
    threads_option,
)

if TYPE_CHECKING:
    from seqnet.aliases import Progress
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.regions import OnBad, Regions
    from seqnet.genome.sequence import EncodedSequence, Genome, SequenceBlock
    from seqnet.motifs.matrix import Pssm, Spread
    from seqnet.motifs.scan import Scanner


class Source(NamedTuple):
    """Where the sequences come from."""

    sequences: str | None
    genome: str | None
    regions: str | None
    chroms: tuple[str, ...]
    soft_mask: SoftMask
    on_bad: OnBad


@click.command(
    "scan",
    cls=Command,
    short_help="Find motif hits in sequences.",
    example="seqnet scan reb1.pssm genome.fa.gz --p-value 1e-4 -o hits.bed.gz\n"
    "seqnet scan reb1.pssm genome.fa.gz --track reb1.bw --rectify",
)
@click.argument("motifs")
@click.argument("sequences", required=False)
@genome_option
@regions_option
@chroms_option
@on_bad_option
@soft_mask_option
@motif_options
@background_option
@scoring_options
@click.option(
    "--p-value",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="P",
    help="Report windows with a p-value up to P (default 1e-4).",
)
@click.option("--score", type=float, metavar="BITS", help="Report windows that score at least BITS.")
@exact_option
@click.option("--per-sequence", is_flag=True, help="Report each sequence's best site instead of hits.")
@click.option(
    "--track", metavar="BIGWIG", help="Write every window's score, the higher strand, instead of hits."
)
@click.option("--rectify", is_flag=True, help="In the track, raise scores below zero to zero.")
@threads_option(1)
@output_option()
@header_option
@common_options
def command(
    motifs: str,
    sequences: str | None,
    genome: str | None,
    regions: str | None,
    chroms: tuple[str, ...],
    on_bad: OnBad,
    soft_mask: SoftMask,
    motif_names: tuple[str, ...],
    motif_format: str | None,
    background: str | None,
    pseudocount: str | None,
    pseudocount_spread: Spread,
    preset: str | None,
    p_value: float | None,
    score: float | None,
    exact: bool,
    per_sequence: bool,
    track: str | None,
    rectify: bool,
    threads: int,
    output: str,
    with_header: bool,
) -> None:
    """Find motif hits in sequences.

    MOTIFS is a motif or PSSM file; SEQUENCES is FASTA (stdin when left out), or give --genome
    with --regions. Hits are BED: chrom start end name score strand log_odds p_value q_value
    matched alt_name. Both strands are scanned; windows with an ambiguous base have no score.
    """
    from seqnet.commands._motifs import (
        Scoring,
        load_motifs,
        make_pssms,
        reachable_scanners,
        scoring_provenance,
    )
    from seqnet.errors import UsageError
    from seqnet.formats._open import open_output
    from seqnet.formats.header import base_name, provenance

    _check_options(motifs, sequences, genome, regions, p_value, score, per_sequence, track, rectify)
    source = Source(sequences or (None if genome else "-"), genome, regions, chroms, soft_mask, on_bad)
    found = load_motifs(motifs, motif_names, motif_format)
    scoring = Scoring(background, pseudocount, pseudocount_spread, preset)
    scored = make_pssms(found, scoring, keep=True, source=motifs)
    pssms = scored.pssms
    if track is not None:
        if len(pssms) > 1:
            raise UsageError(f"--track takes one motif; {motifs} holds {len(pssms)} (choose with --motif)")
        _write_track(track, pssms[0], source, threads, rectify)
        return
    with open_output(output) as stream:
        scanners = reachable_scanners(scored, p_value, score, exact)
        options = {
            "motifs": base_name(motifs),
            **scoring_provenance(scored, scanners, p_value, score),
        }
        header = provenance("scan", options) if with_header else None
        write = _write_best if per_sequence else _write_hits
        write(stream, scanners, source, threads, header)


def _check_options(
    motifs: str,
    sequences: str | None,
    genome: str | None,
    regions: str | None,
    p_value: float | None,
    score: float | None,
    per_sequence: bool,
    track: str | None,
    rectify: bool,
) -> None:
    """Refuse options that contradict each other."""
    from seqnet.errors import UsageError

    if p_value is not None and score is not None:
        raise UsageError("--p-value and --score exclude each other")
    if sequences is not None and genome is not None:
        raise UsageError("give SEQUENCES or --genome, not both")
    if regions is not None and genome is None:
        raise UsageError("--regions needs --genome")
    if motifs == "-" and (sequences or ("-" if genome is None else genome)) == "-":
        raise UsageError("motifs and sequences cannot both come from stdin; name a sequence file")
    if rectify and track is None:
        raise UsageError("--rectify needs --track")
    if track is not None and per_sequence:
        raise UsageError("--track and --per-sequence exclude each other")


def _blocks(source: Source, progress: Progress) -> Iterator[SequenceBlock]:
    """Stream what is to be scanned; regions as the union of their bases, in genome order."""
    from seqnet.commands._load import watched
    from seqnet.formats.fasta import read_blocks

    if source.regions is not None:
        genome, regions = _regions_of(source)
        blocks = _region_blocks(genome, regions)
    elif source.chroms:
        blocks = _genome_blocks(_genome_of(source))
    else:
        blocks = read_blocks(source.sequences or source.genome or "-", soft_mask=source.soft_mask)
    yield from watched(blocks, progress)


def _genome_blocks(genome: Genome) -> Iterator[SequenceBlock]:
    """Yield each contig as blocks of a bounded length."""
    from seqnet.formats.fasta import BLOCK
    from seqnet.genome.sequence import SequenceBlock

    for name, codes in genome.codes.items():
        for start in range(0, max(1, len(codes)), BLOCK):
            last = start + BLOCK >= len(codes)
            yield SequenceBlock(name, start, codes[start : start + BLOCK], last)


def _region_blocks(genome: Genome, regions: Regions) -> Iterator[SequenceBlock]:
    """Yield the union of regions as blocks at their genomic offsets."""
    from seqnet.genome.intervals import union, with_contigs
    from seqnet.genome.sequence import SequenceBlock

    merged = union(with_contigs(regions.intervals, list(genome.codes)))
    rows = zip(merged.contig_names(), merged.start.tolist(), merged.end.tolist(), strict=True)
    for contig, start, end in rows:
        yield SequenceBlock(contig, start, genome.codes[contig][start:end], last=True)


def _genome_of(source: Source) -> Genome:
    """Read the genome, restricted as the options say."""
    from seqnet.commands._load import load_genome

    return load_genome(source.genome or source.sequences or "-", source.chroms, source.soft_mask)


def _regions_of(source: Source) -> tuple[Genome, Regions]:
    """Read genome and regions."""
    from seqnet.commands._load import load_regions

    genome = _genome_of(source)
    assert source.regions is not None
    return genome, load_regions(source.regions, genome, on_bad=source.on_bad)


def _write_hits(
    stream: BinaryIO,
    scanners: Sequence[Scanner],
    source: Source,
    threads: int,
    header: dict[str, str] | None,
) -> None:
    """Scan and write hits block by block."""
    from seqnet.errors import SeqnetError
    from seqnet.formats._open import to_bytes
    from seqnet.formats.header import header_lines
    from seqnet.formats.hits import HIT_COLUMNS, column_line, write_hits
    from seqnet.motifs.scan import scan_blocks

    with progress_bar("bases") as progress:
        blocks = _blocks(source, progress)
        first = next(blocks, None)  # before the header, so that bad input leaves stdout empty
        if first is None:
            raise SeqnetError(f"{source.sequences or source.genome}: holds no sequences")
        if header is not None:
            stream.write(to_bytes(header_lines(header) + column_line(HIT_COLUMNS)))
        if scanners:
            found = scan_blocks(chain([first], blocks), scanners, threads)
            hits = sum(write_hits(stream, part, scanners) for part in found)
            detail(f"{hits} hits")


def _write_best(
    stream: BinaryIO,
    scanners: Sequence[Scanner],
    source: Source,
    _threads: int,
    header: dict[str, str] | None,
) -> None:
    """Write the best site of each sequence or region, for each motif."""
    from seqnet.errors import SeqnetError
    from seqnet.formats._open import to_bytes
    from seqnet.formats.header import header_lines
    from seqnet.formats.hits import BEST_COLUMNS, column_line, write_best_sites
    from seqnet.motifs.scan import best_sites

    sequences = _whole_sequences(source)
    if not sequences:
        raise SeqnetError(f"{source.sequences or source.genome}: holds no sequences")
    if header is not None:
        stream.write(to_bytes(header_lines(header) + column_line(BEST_COLUMNS)))
    names = [name for name, _ in sequences]
    codes = [codes for _, codes in sequences]
    with progress_bar("motifs", len(scanners)) as progress:
        for scanner in scanners:
            write_best_sites(stream, names, scanner, best_sites(codes, scanner))
            progress(1)


def _whole_sequences(source: Source) -> list[EncodedSequence]:
    """Return the records or regions to judge one by one."""
    from seqnet.formats.fasta import read_sequences
    from seqnet.genome.extract import extract_sequences

    if source.regions is not None:
        genome, regions = _regions_of(source)
        return extract_sequences(genome, regions.intervals, regions.names.tolist())
    if source.chroms:
        from seqnet.genome.sequence import EncodedSequence

        return [EncodedSequence(name, codes) for name, codes in _genome_of(source).codes.items()]
    return list(read_sequences(source.sequences or source.genome or "-", soft_mask=source.soft_mask))


def _write_track(path: str, pssm: Pssm, source: Source, threads: int, rectify: bool) -> None:
    """Write the score of every window as a bigWig; windows without a score are gaps."""
    import numpy as np

    from seqnet.formats.bigwig import write_bigwig
    from seqnet.motifs.scan import track_blocks

    if source.regions is not None:
        genome, regions = _regions_of(source)
        blocks = _region_blocks(genome, regions)
    else:
        genome = _genome_of(source)
        blocks = _genome_blocks(genome)
    lengths = genome.lengths
    with (
        write_bigwig(path, lengths) as writer,
        progress_bar("bases", sum(lengths.values())) as progress,
    ):
        for block, values in track_blocks(blocks, pssm, threads):
            scores = np.maximum(values, 0.0) if rectify else values
            writer.add(block.name, block.offset, np.where(np.isneginf(scores), np.nan, scores))
            progress(len(values))
        detail(f"{writer.covered} windows, {writer.gaps} without a score")
