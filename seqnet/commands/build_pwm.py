"""``seqnet build-pwm``: binding sites to a motif."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._console import detail, note, warn
from seqnet.commands._options import (
    center_option,
    common_options,
    genome_option,
    header_option,
    on_bad_option,
    output_option,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqnet.genome.regions import Center, OnBad, Regions
    from seqnet.genome.sequence import Genome
    from seqnet.motifs.matrix import Pfm
    from seqnet.motifs.sites import Ambiguous, FoundSites

BLURRED_BITS = 4.0
"""Below this total information sites look unaligned."""


@click.command(
    "build-pwm",
    cls=Command,
    short_help="Make a motif from binding sites.",
    example="seqnet build-pwm sites.fa --name REB1 -o reb1.meme\n"
    "seqnet build-pwm peaks.bed --genome genome.fa --width 40 --seed TTACCCG -o reb1.meme",
)
@click.argument("sites", default="-")
@genome_option
@click.option("--width", type=click.IntRange(1), help="Bases around each region's centre (with --genome).")
@center_option
@on_bad_option
@click.option("--seed", metavar="MOTIF|IUPAC", help="Search each region for its best site like this.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Search rounds at most.")
@click.option("--sites-out", metavar="FASTA", help="Write the sites that --seed settled on.")
@click.option("--name", default="motif", show_default=True, help="Name of the motif.")
@click.option(
    "--ambiguous",
    type=click.Choice(["skip", "fraction", "error"]),
    default="skip",
    show_default=True,
    help="What becomes of a site with a letter other than A C G T.",
)
@click.option("--to", "motif_format", metavar="FORMAT", help="meme or jaspar; default by suffix, else meme.")
@output_option()
@header_option
@common_options
def command(
    sites: str,
    genome: str | None,
    width: int | None,
    center: Center,
    on_bad: OnBad,
    seed: str | None,
    rounds: int,
    sites_out: str | None,
    name: str,
    ambiguous: Ambiguous,
    motif_format: str | None,
    output: str,
    with_header: bool,
) -> None:
    """Make a motif from binding sites.

    SITES are aligned sites, as FASTA or one per line; or, with --genome, BED regions. With --seed
    the regions need not be aligned: each is searched on both strands for the site that fits best.
    """
    from seqnet.errors import SeqnetError, UsageError
    from seqnet.formats import MOTIF_WRITERS, suffix_format
    from seqnet.formats._open import open_output
    from seqnet.formats.header import base_name, provenance
    from seqnet.formats.motifs import write_motifs
    from seqnet.formats.sites import read_sites
    from seqnet.motifs.matrix import MotifInfo, MotifSet
    from seqnet.motifs.sites import count_sites

    if genome is None and (seed or width):
        raise UsageError("--seed and --width need --genome and BED regions")
    if sites_out and not seed:
        raise UsageError("--sites-out needs --seed")
    if len(name.split()) != 1:
        raise UsageError(f"--name {name!r}: a motif's name is one word")
    chosen_format = motif_format or suffix_format(output, MOTIF_WRITERS, "meme")
    with open_output(output) as stream:
        letters = (
            read_sites(sites)
            if genome is None
            else _sites_of_regions(sites, genome, width, center, on_bad, seed, rounds, sites_out)
        )
        try:
            counted = count_sites(letters, MotifInfo(name), ambiguous)
        except ValueError as error:
            raise SeqnetError(f"{sites}: {error}") from error
        if counted.skipped:
            note(f"{counted.skipped} of {len(letters)} sites skipped: they hold letters other than A C G T")
        _judge(counted.pfm)
        options = {"sites": base_name(sites), "seed": seed, "width": width, "ambiguous": ambiguous}
        header = provenance("build-pwm", options) if with_header else None
        write_motifs(stream, MotifSet((counted.pfm,)), chosen_format, header)


def _sites_of_regions(
    path: str,
    genome_path: str,
    width: int | None,
    center: Center,
    on_bad: OnBad,
    seed: str | None,
    rounds: int,
    sites_out: str | None,
) -> NDArray[np.uint8]:
    """Return the letters of the sites in regions: as they lie, or the best ones by a seed."""
    import numpy as np

    from seqnet.commands._load import load_genome, load_regions
    from seqnet.errors import SeqnetError
    from seqnet.genome.extract import extract_windows
    from seqnet.genome.regions import windows

    genome = load_genome(genome_path)
    regions = load_regions(path, genome, on_bad=on_bad)
    if width is not None:
        regions, skipped = windows(regions, width, center, genome.lengths)
        if skipped:
            note(f"{skipped} windows of {width} bases pass a contig's end and were skipped")
        if not len(regions):
            raise SeqnetError(f"{path}: no window of {width} bases lies inside the genome")
    regions.width()
    if seed is None:
        if not regions.intervals.strand.all():
            warn("regions without a strand are read on +; the sites look unaligned (see --seed)")
        codes = extract_windows(genome, regions.intervals, stranded=True)
    else:
        codes = _search(regions, genome, seed, rounds, sites_out)
    return np.frombuffer(b"ACGTN", dtype=np.uint8)[codes]


def _search(
    regions: Regions, genome: Genome, seed: str, rounds: int, sites_out: str | None
) -> NDArray[np.uint8]:
    """Find each region's best site by a seed, say how many, and write them where asked to."""
    from seqnet.errors import SeqnetError
    from seqnet.genome.extract import extract_windows
    from seqnet.motifs.sites import find_sites

    codes = extract_windows(genome, regions.intervals)
    try:
        found = find_sites(codes, _seed_matrix(seed), rounds=rounds)
    except ValueError as error:
        raise SeqnetError(f"{regions.source}: {error}") from error
    note(f"{len(found.codes)} of {len(regions)} regions hold a site; {found.rounds} rounds")
    if sites_out is not None:
        _write_sites(sites_out, regions, found)
    return found.codes


def _seed_matrix(seed: str) -> Pfm:
    """Return the matrix to begin with: the first motif of a file, or an IUPAC word."""
    from pathlib import Path

    from seqnet.errors import UsageError
    from seqnet.formats.motifs import read_motifs
    from seqnet.motifs.matrix import to_pfm
    from seqnet.motifs.sites import iupac_seed

    if Path(seed).is_file():
        return to_pfm(read_motifs(seed).motifs[0])
    try:
        return iupac_seed(seed)
    except ValueError as error:
        raise UsageError(f"--seed: {error}, and there is no such file") from error


def _write_sites(path: str, regions: Regions, found: FoundSites) -> None:
    """Write found sites as FASTA, named by their genomic place."""
    from seqnet.formats._open import open_output
    from seqnet.formats.fasta import write_fasta
    from seqnet.genome.sequence import EncodedSequence

    contigs = regions.intervals.contig_names()[found.window]
    starts = regions.intervals.start[found.window] + found.offset
    width = found.codes.shape[1]
    names = [
        f"{contig}:{start}-{start + width}({'+' if strand > 0 else '-'})"
        for contig, start, strand in zip(contigs, starts, found.strand, strict=True)
    ]
    with open_output(path) as stream:
        write_fasta(stream, map(EncodedSequence, names, found.codes))


def _judge(pfm: Pfm) -> None:
    """Warn about a matrix that says little, and describe it under -v."""
    from seqnet.motifs.information import consensus, information
    from seqnet.motifs.matrix import to_ppm

    probabilities = to_ppm(pfm).probabilities
    bits = float(information(probabilities, pfm.nsites).sum())
    detail(f"{pfm.nsites:g} sites of {pfm.width} bp, {bits:.2f} bits, {consensus(probabilities)}")
    if bits < BLURRED_BITS:
        warn(f"the motif holds only {bits:.2f} bits: the sites look unaligned (see --seed)")
