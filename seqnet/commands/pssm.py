"""``seqnet pssm``: a motif scored against a background."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    background_option,
    common_options,
    exact_option,
    header_option,
    motif_options,
    motif_strands_option,
    on_bad_motif_option,
    output_option,
    scoring_options,
)
from seqnet.commands.options.groups import option_in
from seqnet.commands.options.outputs import OUTPUT
from seqnet.commands.options.types import number_list
from seqnet.pipeline.motifs.request import P_VALUES, SCORE_FORMATS


@click.command(
    "pssm",
    cls=Command,
    short_help="Score a motif against a background.",
    example="seqnet pssm reb1.meme --background from:genome.fa -o reb1.pssm --thresholds reb1.tsv\n"
    "seqnet build-pwm sites.fa | seqnet pssm - --background uniform",
)
@click.argument("motifs", default="-")
@background_option
@scoring_options
@motif_options
@on_bad_motif_option
@option_in(
    "Output",
    "--to",
    "to_format",
    type=click.Choice(SCORE_FORMATS),
    help="Format; default by suffix, else meme.",
)
@option_in(
    "Output",
    "--thresholds",
    type=OUTPUT,
    metavar="TSV",
    help="Write score, p-value, relative score and expected hits per Mb at each of --p-values.",
)
@option_in(
    "Output",
    "--p-values",
    type=number_list("p_values", "p-values such as 1e-3,1e-4", "1e-3,1e-4"),
    default=",".join(f"{p:g}" for p in P_VALUES),
    show_default=True,
    metavar="LIST",
    help="P-values of the table of thresholds.",
)
@exact_option
@motif_strands_option
@output_option()
@header_option
@common_options
def command(**values: Any) -> None:
    """Score a motif against a background.

    Writes log-odds scores in bits, log2(p / background), as a PSSM file: MEME text that carries
    the scores exactly (or TSV, JSON). MOTIFS is a motif file of any known format.
    """
    from seqnet.pipeline.motifs.scoring import pssm

    pssm(**values)
