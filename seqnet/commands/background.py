"""``seqnet background``: the base composition of sequences as a MEME background file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._options import common_options, header_option, output_option, soft_mask_option

if TYPE_CHECKING:
    from seqnet.genome.alphabet import SoftMask

LARGEST_ORDER = 8


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
    type=click.IntRange(0, LARGEST_ORDER),
    default=0,
    show_default=True,
    help="Order k of the Markov model: words of up to k + 1 letters are counted.",
)
@click.option("--symmetric", is_flag=True, help="Count both strands.")
@click.option(
    "--pseudocount",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="Added to the count of every word.",
)
@soft_mask_option
@output_option()
@header_option
@common_options
def command(
    sequences: str,
    order: int,
    symmetric: bool,
    pseudocount: float,
    soft_mask: SoftMask,
    output: str,
    with_header: bool,
) -> None:
    """Count the bases or words of sequences.

    SEQUENCES is FASTA, counted once as a whole. Words with an ambiguous base do not count, nor
    words across two records. Writes a MEME background file: the frequencies of all words of 1 to
    k + 1 letters.
    """
    from seqnet.commands._motifs import count_background
    from seqnet.formats._open import open_output
    from seqnet.formats.header import base_name, provenance
    from seqnet.formats.meme import write_background

    with open_output(output) as stream:
        found = count_background(
            sequences, order=order, symmetric=symmetric, pseudocount=pseudocount, soft_mask=soft_mask
        )
        options = {
            "sequences": base_name(sequences),
            "order": order,
            "strands": "both" if symmetric else "forward",
            "pseudocount": pseudocount or None,
            "soft-mask": None if soft_mask == "ignore" else soft_mask,
        }
        write_background(stream, found, provenance("background", options) if with_header else None)
