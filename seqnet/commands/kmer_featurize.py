"""``seqnet kmer-featurize``: sequences to a k-mer table."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    center_option,
    chroms_option,
    common_options,
    genome_option,
    header_option,
    on_bad_option,
    output_option,
    regions_option,
    soft_mask_option,
    threads_option,
    width_option,
)
from seqnet.commands.options.groups import option_in
from seqnet.commands.options.inputs import counting_options
from seqnet.pipeline.kmers.request import NORMALIZE, refuse_with_like


class _FeaturizeCommand(Command):
    """A command that refuses ``--strands`` with ``--like`` even where it names the default."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Compare what was typed, which values alone do not show."""
        rest = super().parse_args(ctx, args)
        typed = click.core.ParameterSource.COMMANDLINE
        if ctx.params.get("like") is not None:
            refuse_with_like([name for name in ctx.params if ctx.get_parameter_source(name) is typed])
        return rest


@click.command(
    "kmer-featurize",
    cls=_FeaturizeCommand,
    short_help="Count the k-mers of sequences.",
    example="seqnet kmer-featurize peaks.fa -k 6 -o kmers.npz\n"
    "seqnet kmer-featurize --regions regions.bed --genome genome.fa -k 4 | head\n"
    "seqnet kmer-featurize peaks.fa --gapped -o gapped.npz\n"
    "seqnet kmer-featurize more.fa --like gapped.npz -o more.npz",
)
@click.argument("sequences", required=False)
@genome_option
@chroms_option
@regions_option
@width_option
@center_option
@on_bad_option
@soft_mask_option
@counting_options(NORMALIZE, ("counts", "frequency", "log", "sqrt", "z"))
@option_in(
    "K-mers",
    "--like",
    metavar="TABLE",
    help="Count and normalise as this k-mer table was, by its own constants of z; ignore the "
    "counting options above.",
)
@output_option("Output: .npz (CSR, for train), .parquet or TSV; TSV is compressed by suffix.")
@header_option
@threads_option(1)
@common_options
def command(**values: Any) -> None:
    """Count the k-mers of sequences.

    SEQUENCES is FASTA (stdin when left out), or give --regions with --genome. A k-mer and its
    reverse complement count as one unless --strands says otherwise. K-mers with an ambiguous base
    are not counted; the gaps of gapped k-mers may hold one. The table stores how it was made.
    """
    from seqnet.pipeline.kmers.featurize import kmer_featurize

    kmer_featurize(**values)
