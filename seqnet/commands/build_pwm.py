"""``seqnet build-pwm``: binding sites to a motif."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    center_option,
    common_options,
    genome_option,
    header_option,
    on_bad_option,
    output_option,
    small_sample_option,
)
from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.outputs import OUTPUT
from seqnet.commands.options.types import number


@click.command(
    "build-pwm",
    cls=Command,
    short_help="Make a motif from binding sites.",
    example="seqnet build-pwm sites.fa --name REB1 -o reb1.meme --logo reb1.svg\n"
    "seqnet build-pwm peaks.bed --genome genome.fa --width 40 --seed TTACCCG -o reb1.meme",
)
@click.argument("sites", default="-")
@option_in(
    "Input",
    "--sites-format",
    type=click.Choice(["fasta", "lines", "jaspar-sites", "clustal", "stockholm"]),
    help="Format of SITES, where content does not tell.",
)
@option_in(
    "Input",
    "--weights",
    metavar="FILE|score",
    help="What each site counts for: a file of 'name<tab>weight' lines, or the score column of regions.",
)
@genome_option
@option_in(
    "Regions and genome",
    "--width",
    type=number("width"),
    help="Bases around each region's centre (with --genome).",
)
@center_option
@on_bad_option
@option_in("Sites", "--seed", metavar="MOTIF|IUPAC", help="Search each region for its best site like this.")
@option_in(
    "Sites", "--rounds", type=number("rounds"), default=5, show_default=True, help="Search rounds at most."
)
@option_in(
    "Output", "--sites-out", type=OUTPUT, metavar="FASTA", help="Write the sites that --seed settled on."
)
@option_in("Output", "--name", default="motif", show_default=True, help="Name of the motif.")
@option_in(
    "Sites",
    "--ambiguous",
    type=click.Choice(["skip", "fraction", "error"]),
    default="skip",
    show_default=True,
    help="How to handle a site with a gap or a letter other than A C G T.",
)
@titled("Output", small_sample_option)
@option_in(
    "Output", "--to", "motif_format", metavar="FORMAT", help="Motif format; default by suffix, else meme."
)
@option_in("Output", "--logo", type=OUTPUT, metavar="FILE", help="Draw the motif, as .svg, .png or .pdf.")
@output_option()
@header_option
@common_options
def command(**values: Any) -> None:
    """Make a motif from binding sites.

    SITES are aligned sites: FASTA, one per line, JASPAR .sites, Clustal or Stockholm; or, with
    --genome, BED regions. With --seed the regions need not be aligned: each is searched on both
    strands for the site that fits best. The motif is summed up on stderr, position by position: when
    -o names a file, on a terminal, and with -v; pipes stay silent.
    """
    from seqnet.pipeline.motifs.building import build_pwm

    build_pwm(**values)
