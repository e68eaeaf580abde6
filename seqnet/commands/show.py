"""``seqnet show``: what a file holds."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    common_options,
    on_bad_motif_option,
    on_duplicate_option,
    output_option,
)


@click.command(
    "show",
    cls=Command,
    table=True,
    short_help="Describe a file.",
    example="seqnet show jaspar.meme | head\nseqnet show linear.safetensors --coefficients | head",
)
@click.argument("file", default="-")
@click.option("--coefficients", is_flag=True, help="The k-mers of a linear model, the weightiest first.")
@on_bad_motif_option
@on_duplicate_option
@output_option()
@common_options
def command(**values: Any) -> None:
    """Describe a file.

    FILE is anything seqnet reads, compressed or not: motifs, PSSMs, backgrounds, sites, sequences, regions,
    sizes of contigs, bigWigs, k-mer tables, models, and the JSON of discover and evaluate. Facts come as
    'key<tab>value', then a table of what the file holds; of a model its metrics and its layers.
    """
    from seqnet.pipeline.description.files import show

    show(**values)
