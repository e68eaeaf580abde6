"""``seqnet compare``: which motifs of a collection each query motif resembles."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    common_options,
    header_option,
    on_bad_motif_option,
    on_duplicate_option,
    output_option,
    threads_option,
)
from seqnet.commands.options.types import number
from seqnet.pipeline.motifs.request_uses import CompareRequest


@click.command(
    "compare",
    cls=Command,
    table=True,
    short_help="Find similar motifs in a collection.",
    example="seqnet compare reb1.meme jaspar.meme | head\n"
    "seqnet compare filters.meme jaspar.meme --distance euclidean --q-value 0.05 --top 1 -o names.tsv",
)
@click.argument("queries")
@click.argument("collection", default="-")
@click.option("--motif", "motif_names", multiple=True, metavar="GLOB",
              help="Compare only these queries. May be repeated.")  # fmt: skip
@on_bad_motif_option
@on_duplicate_option
@click.option(
    "--distance",
    type=click.Choice(["pearson", "euclidean", "kullback-leibler"]),
    default=CompareRequest.distance,
    show_default=True,
    help="How columns are compared; sums are over the overlap, higher is more alike.",
)
@click.option("--min-overlap", type=number("compare.min_overlap"),
              default=CompareRequest.min_overlap, show_default=True,
              help="Columns that must overlap, or the narrower motif's width.")  # fmt: skip
@click.option("--strands", type=click.Choice(["both", "forward"]),
              help="Orientations of the targets (default: forward for queries of RNA and collections of RNA "
              "alone, else both).")  # fmt: skip
@click.option(
    "--q-value",
    type=number("compare.q_value"),
    default=CompareRequest.q_value,
    show_default=True,
    help="Report matches with a q-value up to this; 1 reports all.",
)
@click.option("--top", type=number("top"), metavar="N", help="Report at most N matches per query.")
@threads_option(1)
@output_option()
@header_option
@common_options
def command(**values: Any) -> None:
    """Find similar motifs in a collection.

    QUERIES and COLLECTION are motif files of any known format. Every query is laid against every
    motif at every offset, in both orientations (see --strands); the best counts. P-values are
    chances of as good a place for random columns of the collection; e- and q-values account for
    its size.
    """
    from seqnet.pipeline.motifs.comparison import compare

    compare(**values)
