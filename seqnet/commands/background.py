"""``seqnet background``: the base composition of sequences as a MEME background file."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import common_options, header_option, output_option, soft_mask_option
from seqnet.commands.options.types import number
from seqnet.pipeline.motifs.request import BackgroundRequest


@click.command(
    "background",
    cls=Command,
    short_help="Count the bases or words of sequences.",
    example="seqnet background genome.fa --symmetric -o genome.bg\n"
    "seqnet background genome.fa --order 2 | seqnet scan reb1.pssm peaks.fa --background /dev/stdin",
)
@click.argument("sequences", default="-")
@click.option(
    "--order",
    type=number("order"),
    default=BackgroundRequest.order,
    show_default=True,
    help="Order k of the Markov model: words of up to k + 1 letters are counted.",
)
@click.option("--symmetric", is_flag=True, help="Count both strands.")
@click.option(
    "--pseudocount",
    type=number("background.pseudocount"),
    default=BackgroundRequest.pseudocount,
    show_default=True,
    help="Added to the count of every word.",
)
@soft_mask_option
@output_option()
@header_option
@common_options
def command(**values: Any) -> None:
    """Count the bases or words of sequences.

    SEQUENCES is FASTA, counted once as a whole. Words with an ambiguous base do not count, nor
    words across two records. Writes a MEME background file: the frequencies of all words of 1 to
    k + 1 letters.
    """
    from seqnet.pipeline.motifs.backgrounds import background

    background(**values)
