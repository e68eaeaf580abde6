"""``seqnet enrich``: which motifs positive sequences hold more often than negative ones."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    background_option,
    center_option,
    chroms_option,
    common_options,
    exact_option,
    genome_option,
    header_option,
    motif_options,
    motif_strands_option,
    on_bad_region_or_motif_option,
    output_option,
    regions_option,
    scoring_options,
    seed_option,
    soft_mask_option,
    threads_option,
)
from seqnet.commands.options.groups import option_in
from seqnet.commands.options.types import SCORE, number
from seqnet.pipeline.motifs.request_uses import EnrichRequest


@click.command(
    "enrich",
    cls=Command,
    table=True,
    short_help="Find motifs enriched in sequences.",
    example="seqnet enrich jaspar.meme peaks.fa\n"
    "seqnet enrich jaspar.meme peaks.fa --against background.fa\n"
    "seqnet enrich jaspar.meme --genome genome.fa --regions peaks.bed --width 100 \\\n"
    "    --against-regions flanks.bed -o enriched.tsv",
)
@click.argument("motifs")
@click.argument("sequences", required=False)
@option_in(
    "Input",
    "--against",
    metavar="FASTA|shuffle|gc",
    help="Sequences to compare with; shuffle: dinucleotide shuffles of the positives (the default); gc: as "
    "many windows of --genome, with the GC content of --regions and away from them.",
)
@genome_option
@regions_option
@option_in(
    "Regions and genome", "--against-regions", metavar="BED", help="Regions of the genome to compare with."
)
@option_in(
    "Regions and genome",
    "--width",
    type=number("width"),
    metavar="BASES",
    help="Cut windows of this width around the centres of regions; as they are when left out.",
)
@center_option
@chroms_option
@on_bad_region_or_motif_option
@soft_mask_option
@motif_options
@background_option
@scoring_options
@motif_strands_option
@option_in(
    "Hits",
    "--p-value",
    type=number("p_value"),
    metavar="P",
    help="A hit is a window with a p-value up to P (default 1e-4).",
)
@option_in(
    "Hits",
    "--score",
    type=SCORE,
    metavar="BITS|file",
    help="A hit is a window that scores at least BITS; file: at least the motif's threshold in its file.",
)
@exact_option
@seed_option
@option_in(
    "Output",
    "--sort-by",
    type=click.Choice(["p-value", "motif"]),
    default=EnrichRequest.sort_by,
    show_default=True,
    help="Order of the rows; motif is the motif file's.",
)
@threads_option(1)
@output_option()
@header_option
@common_options
def command(**values: Any) -> None:
    """Find motifs enriched in sequences.

    MOTIFS is a motif or PSSM file; the positives are SEQUENCES, FASTA (stdin when left out), or
    --regions of --genome, the negatives --against or --against-regions, or dinucleotide shuffles of the
    positives. Per motif: sequences, and
    those with a hit on the strands scanned, of both sets; log2 of the ratio of their shares; auROC of the
    best score; Fisher's exact p (one-sided) and its q over the motifs; and centrality_p, whether
    the best sites of positives with a hit lie nearer the centre than chance.
    """
    from seqnet.pipeline.motifs.enrichment import enrich

    enrich(**values)
