"""``seqnet discover``: the motifs that a model has learnt."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    chroms_option,
    common_options,
    device_option,
    genome_option,
    header_option,
    on_bad_region_or_motif_option,
    on_duplicate_option,
    output_option,
    regions_option,
    seed_option,
    threads_option,
)
from seqnet.commands.options.explaining import row_options, shuffles_option
from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.outputs import OUTPUT
from seqnet.commands.options.types import number
from seqnet.pipeline.discovery.request import METHOD_NAMES, DiscoverRequest


@click.command(
    "discover",
    cls=Command,
    short_help="Find the motifs that a model has learnt.",
    example="seqnet discover cnn.safetensors --regions regions.bed --genome genome.fa --motifs jaspar.meme "
    "-o patterns.meme --seqlets seqlets.bed --hits hits.bed\n"
    "seqnet discover cnn.safetensors --regions regions.bed --genome genome.fa --split test | seqnet logo - "
    "-o patterns.svg\n"
    "seqnet discover --attributions attributions.npz --motifs jaspar.meme -o patterns.meme",
)
@click.argument("model", required=False)
@click.argument("sequences", required=False)
@regions_option
@genome_option
@chroms_option
@on_bad_region_or_motif_option
@row_options
@titled("Attribution",
    click.option("--method", type=click.Choice(METHOD_NAMES),
                 help="Method of attribution. Default: deeplift, or ism where a layer has no rule."),
    shuffles_option,
    click.option("--attributions", metavar="NPZ",
                 help="Hypothetical attributions (n, 4, L), of explain or others, in place of MODEL."),
    click.option("--onehot", metavar="NPZ",
                 help="One-hot sequences of --attributions. Default: NAME.onehot.npz next to NAME.npz."),
    click.option("--fdr", type=number("fdr"), default=DiscoverRequest.fdr, show_default=True,
                 help="False discovery rate of seqlets, from shuffles or from negative --attributions."),
    click.option("--min-seqlets", type=number("min_seqlets"), default=DiscoverRequest.min_seqlets,
                 show_default=True, help="Seqlets that a pattern has at least."),
)  # fmt: skip
@option_in(
    "Motifs", "--motifs", metavar="MOTIFS", help="Name patterns after the most similar motifs of this file."
)
@on_duplicate_option
@titled("Output",
    click.option("--seqlets", type=OUTPUT, metavar="FILE", help="Write the patterns' seqlets as BED6+2."),
    click.option("--hits", type=OUTPUT, metavar="FILE",
                 help="Write the hits (p-value up to 1e-4) of the patterns in the explained rows as BED6+4."),
    click.option("--report", type=OUTPUT, metavar="HTML",
                 help="Write a report: logos, positions and similar motifs, one page that opens offline."),
    click.option("--json", "json_path", type=OUTPUT, metavar="FILE", help="Write the patterns' numbers."),
)  # fmt: skip
@seed_option
@device_option
@threads_option(0)
@output_option("Motifs; the suffix picks the format, else MEME.")
@header_option
@common_options
def command(**values: Any) -> None:
    """Find the motifs that a model has learnt.

    Give MODEL and --regions with --genome, or FASTA SEQUENCES; or --attributions. Seqlets, stretches of high
    attribution, that are alike, on either strand, make a pattern, written as a motif of their bases.
    """
    from seqnet.pipeline.discovery.run import discover

    discover(**values)
