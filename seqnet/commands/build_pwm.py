"""``seqnet build-pwm``: binding sites to a motif."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._console import note, say, verbosity, warn
from seqnet.commands._options import (
    center_option,
    common_options,
    genome_option,
    header_option,
    on_bad_option,
    output_option,
    small_sample_option,
)

if TYPE_CHECKING:
    from seqnet.commands._sites import SiteSource
    from seqnet.genome.regions import Center, OnBad
    from seqnet.motifs.information import SmallSample
    from seqnet.motifs.matrix import Pfm
    from seqnet.motifs.sites import Ambiguous

BLURRED_BITS = 4.0
"""Below this total information sites look unaligned."""


@click.command(
    "build-pwm",
    cls=Command,
    short_help="Make a motif from binding sites.",
    example="seqnet build-pwm sites.fa --name REB1 -o reb1.meme --logo reb1.svg\n"
    "seqnet build-pwm peaks.bed --genome genome.fa --width 40 --seed TTACCCG -o reb1.meme",
)
@click.argument("sites", default="-")
@click.option(
    "--sites-format",
    type=click.Choice(["fasta", "lines", "jaspar-sites", "clustal", "stockholm"]),
    help="Format of SITES, where content does not tell.",
)
@click.option(
    "--weights",
    metavar="FILE|score",
    help="What each site counts for: a file of 'name<tab>weight' lines, or the score column of regions.",
)
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
    help="What becomes of a site with a gap or a letter other than A C G T.",
)
@small_sample_option
@click.option("--to", "motif_format", metavar="FORMAT", help="Motif format; default by suffix, else meme.")
@click.option("--logo", metavar="FILE", help="Draw the motif, as .svg, .png or .pdf.")
@output_option()
@header_option
@common_options
def command(
    sites: str,
    sites_format: str | None,
    weights: str | None,
    genome: str | None,
    width: int | None,
    center: Center,
    on_bad: OnBad,
    seed: str | None,
    rounds: int,
    sites_out: str | None,
    name: str,
    ambiguous: Ambiguous,
    small_sample: SmallSample,
    motif_format: str | None,
    logo: str | None,
    output: str,
    with_header: bool,
) -> None:
    """Make a motif from binding sites.

    SITES are aligned sites: FASTA, one per line, JASPAR .sites, Clustal or Stockholm; or, with
    --genome, BED regions. With --seed the regions need not be aligned: each is searched on both
    strands for the site that fits best. The motif is summed up on stderr, position by position: when
    -o names a file, on a terminal, and with -v; pipes stay silent.
    """
    from seqnet.commands._pictures import image_format, write_logos
    from seqnet.commands._sites import SiteSource
    from seqnet.formats import MOTIF_WRITERS, suffix_format
    from seqnet.formats._open import STANDARD, open_output
    from seqnet.formats.header import base_name, provenance
    from seqnet.formats.motifs import motif_writer, write_motifs
    from seqnet.motifs.matrix import MotifSet

    source = SiteSource(
        sites, sites_format, weights, genome, width, center, on_bad, seed, rounds, sites_out
    )  # fmt: skip
    _check_options(source, name)
    if logo is not None:
        image_format(logo)
    chosen_format = motif_format or suffix_format(output, MOTIF_WRITERS, "meme")
    motif_writer(chosen_format)
    with open_output(output) as stream:
        pfm = _count(source, name, ambiguous)
        _sum_up(pfm, small_sample, in_full=output != STANDARD or sys.stderr.isatty() or verbosity().verbose)
        options = {
            "sites": base_name(sites),
            "weights": None if weights is None else base_name(weights),
            "seed": seed,
            "width": width,
            "ambiguous": ambiguous,
        }
        header = provenance("build-pwm", options) if with_header else None
        write_motifs(stream, MotifSet((pfm,)), chosen_format, header)
        if logo is not None:
            write_logos(logo, [pfm], "information", small_sample)


def _check_options(source: SiteSource, name: str) -> None:
    """Refuse options that contradict each other."""
    from seqnet.commands._sites import BY_SCORE
    from seqnet.errors import UsageError

    if source.genome is None and (source.seed or source.width):
        raise UsageError("--seed and --width need --genome and BED regions")
    if source.genome is None and source.weights == BY_SCORE:
        raise UsageError("--weights score needs --genome and BED regions, which have scores")
    if source.genome is not None and source.sites_format:
        raise UsageError("--sites-format is for aligned sites; with --genome SITES are BED regions")
    if source.sites_out and not source.seed:
        raise UsageError("--sites-out needs --seed")
    if len(name.split()) != 1:
        raise UsageError(f"--name {name!r}: a motif's name is one word")


def _count(source: SiteSource, name: str, ambiguous: Ambiguous) -> Pfm:
    """Collect the sites and count them; say how many were left out."""
    from seqnet.commands._sites import collect_sites
    from seqnet.errors import SeqnetError
    from seqnet.motifs.matrix import MotifInfo
    from seqnet.motifs.sites import count_sites

    sites, weights = collect_sites(source)
    try:
        counted = count_sites(sites.letters, MotifInfo(name), ambiguous, weights)
    except ValueError as error:
        raise SeqnetError(f"{source.path}: {error}") from error
    if counted.skipped:
        total = len(sites.letters)
        note(f"{counted.skipped} of {total} sites skipped: they hold letters other than A C G T")
    return counted.pfm


def _sum_up(pfm: Pfm, small_sample: SmallSample, *, in_full: bool) -> None:
    """Print the motif position by position where asked to, and warn about one that says little."""
    from seqnet.motifs.information import consensus, information
    from seqnet.motifs.matrix import to_ppm

    probabilities = to_ppm(pfm).probabilities
    bits = information(probabilities, pfm.nsites, small_sample)
    letters = consensus(probabilities)
    total = float(bits.sum())
    if in_full:
        note(f"{pfm.info.name}: {pfm.nsites:g} sites of {pfm.width} bp, {total:.2f} bits, {letters}")
        for line in _table(pfm, bits.tolist(), letters):
            say(line)
    if total < BLURRED_BITS:
        warn(f"the motif holds only {total:.2f} bits: the sites look unaligned (see --seed)")


def _table(pfm: Pfm, bits: list[float], letters: str) -> Iterator[str]:
    """Yield a row per position: counts, information, consensus."""
    yield "  pos" + "".join(f"{base:>9}" for base in "ACGT") + "    bits"
    for position, (row, value, letter) in enumerate(zip(pfm.counts.tolist(), bits, letters, strict=True), 1):
        yield f"{position:>5}" + "".join(f"{count:>9.6g}" for count in row) + f"{value:>8.3f}  {letter}"
