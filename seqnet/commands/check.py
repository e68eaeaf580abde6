"""``seqnet check``: everything wrong or odd about the inputs of a training run, in one table."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    chroms_option,
    common_options,
    genome_option,
    header_option,
    output_option,
    seed_option,
    split_options,
    tasks_option,
)
from seqnet.commands.options.groups import option_in
from seqnet.commands.options.outputs import OUTPUT


@click.command(
    "check",
    cls=Command,
    table=True,
    short_help="Find what is wrong with the inputs of a training run.",
    example="seqnet check regions.bed --genome genome.fa --signal dnase=dnase.bw --motifs motifs.meme",
)
@click.argument("regions", required=False)
@genome_option
@chroms_option
@option_in(
    "Input",
    "--signal",
    "signals",
    multiple=True,
    metavar="NAME=BIGWIG",
    help="Signal track to check. May be repeated.",
)
@option_in("Input", "--motifs", metavar="FILE", help="Motifs to check.")
@option_in("Input", "--predictions", metavar="BED", help="Predictions to check against the regions.")
@tasks_option
@split_options
@seed_option
@option_in("Output", "--json", "json_path", type=OUTPUT, metavar="FILE", help="The findings as JSON too.")
@output_option()
@header_option
@common_options
def command(**values: Any) -> None:
    """Find what is wrong or odd about regions, genome, tracks, motifs and predictions together.

    REGIONS is a labelled-regions table or any BED file; '-' is stdin, and so is nothing where no other
    input is given. Each line of the output is a finding: an error stops training, a warning may spoil
    it, a note is neither. Exits with 1 if there is an error.
    """
    from seqnet.pipeline.checks.run import check

    if check(**values).counts["error"]:
        click.get_current_context().exit(1)
