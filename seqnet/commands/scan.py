"""``seqnet scan``: motif hits and score tracks along sequences."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    background_option,
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
    soft_mask_option,
    threads_option,
)
from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.hits import finishing_options, hit_file_options
from seqnet.commands.options.outputs import BIGWIG_OUTPUT, OUTPUT
from seqnet.commands.options.types import SCORE, number

_threshold_options = titled("Hits",
    click.option(
        "--p-value", type=number("p_value"), metavar="P",
        help="Report windows with a p-value up to P (default 1e-4).",
    ),
    click.option("--score", type=SCORE, metavar="BITS|file",
                 help="Report windows that score at least BITS; file: the threshold in the motif file."),
    click.option(
        "--relative-score", type=number("relative_score"), metavar="X",
        help="Report windows at least X of the way from a motif's lowest to its highest score.",
    ),
    click.option(
        "--hits-per-mb", type=number("hits_per_mb"), metavar="X",
        help="Report windows up to the p-value that gives X hits per megabase of random background.",
    ),
    exact_option,
    click.option("--best", is_flag=True, help="Keep only the best hit of each motif in each sequence."),
    click.option(
        "--overlaps", type=click.Choice(["all", "best-strand", "nonoverlapping"]),
        help="Which overlapping hits to keep: all (the default); of a window hit on both strands, the better "
        "strand; or, over all motifs, only the best by score.",
    ),
)  # fmt: skip
_track_options = titled("Track",
    click.option(
        "--track", type=BIGWIG_OUTPUT, metavar="BIGWIG",
        help="Write the score of every window instead of hits; '{motif}' is replaced by the motif's name.",
    ),
    click.option(
        "--track-strand", type=click.Choice(["max", "+", "-"]),
        help="Score to write at a window's first base: the higher of the strands scanned (max, the "
        "default), or one strand's.",
    ),
    click.option("--track-min", type=number("track_min"), metavar="X",
                 help="In the track, leave out values below X."),
    click.option("--track-max", is_flag=True, help="Write one track: the highest score of all motifs."),
    click.option("--rectify", is_flag=True, help="In the track, raise scores below zero to zero."),
)  # fmt: skip


@click.command(
    "scan",
    cls=Command,
    short_help="Find motif hits in sequences.",
    example="seqnet scan reb1.pssm genome.fa.gz --p-value 1e-4 -o hits.bed.gz --index\n"
    "seqnet scan all.meme genome.fa.gz --q-value 0.05 --overlaps nonoverlapping -o hits.bed\n"
    "seqnet scan reb1.pssm genome.fa.gz --track reb1.bw --rectify",
)
@click.argument("motifs")
@click.argument("sequences", required=False)
@genome_option
@regions_option
@chroms_option
@option_in(
    "Regions and genome",
    "--name-coordinates",
    type=click.Choice(["bed", "ucsc"]),
    help="Scan records named chr1:100-200 or NAME::chr1:100-200(-) as those places of the genome; bed: the "
    "start is 0-based, as bedtools getfasta writes it; ucsc: 1-based, as samtools faidx writes it.",
)
@on_bad_region_or_motif_option
@soft_mask_option
@motif_options
@background_option
@scoring_options
@motif_strands_option
@_threshold_options
@finishing_options
@option_in(
    "Output",
    "--tests",
    type=OUTPUT,
    metavar="FILE",
    help="Write each motif's number of windows scored and of hits; merge-hits needs it for q-values.",
)
@hit_file_options
@option_in("Hits", "--per-sequence", is_flag=True, help="Report each sequence's best site instead of hits.")
@option_in(
    "Hits",
    "--matrix",
    is_flag=True,
    help="With --per-sequence, write a row for each sequence with the best score of each motif: features for "
    "train linear and dense.",
)
@_track_options
@threads_option(1)
@output_option("Output file; the suffix picks format and compression.")
@header_option
@common_options
def command(**values: Any) -> None:
    """Find motif hits in sequences.

    MOTIFS is a motif or PSSM file; SEQUENCES is FASTA (stdin when left out), or give --genome
    with --regions. Hits are BED: chrom start end name score strand log_odds p_value q_value
    matched alt_name. DNA motifs are scanned on both strands, RNA motifs on the forward strand
    (see --strands). Windows with an ambiguous base have no score.
    """
    from seqnet.pipeline.scan.run import scan

    scan(**values)
