"""``seqnet label``: peak files to labelled regions."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    center_option,
    chroms_option,
    common_options,
    exclude_option,
    genome_option,
    header_option,
    margin_option,
    on_bad_option,
    output_option,
    seed_option,
    split_options,
)
from seqnet.commands.options.groups import combine, option_in, titled
from seqnet.commands.options.outputs import OUTPUT
from seqnet.commands.options.types import number

_peak_options = titled("Peaks",
    click.option(
        "--samples", metavar="TSV",
        help="Table of peak files, instead of PEAKS: task, file ('.' for none), and optionally least score "
        "and relaxed peaks.",
    ),
    click.option(
        "--drop-chroms", multiple=True, metavar="NAMES", help="Leave out these contigs (as in --chroms)."
    ),
    click.option(
        "--min-score", type=number("min_score"), metavar="X", help="Drop peaks with a lower score (column 5)."
    ),
    click.option(
        "--blacklist", multiple=True, metavar="BED",
        help="Drop peaks and windows that touch these regions; keep negatives away too. May be repeated.",
    ),
    option_in("Output", "--dropped", type=OUTPUT, metavar="FILE",
                 help="Write the peaks and windows that were dropped, with the reason."),
    click.option(
        "--ambiguous", multiple=True, metavar="TASK=BED",
        help="Relaxed peaks of a task: rows under them that are not positive are unknown. May be repeated.",
    ),
)  # fmt: skip
_row_options = combine(
    option_in("Regions and genome",
        "--width", type=number("label.width"),
        help="Bases per region.  [default: 600; the tile with --bins]",
    ),
    center_option,
    titled("Peaks",
        click.option(
            "--strands", type=click.Choice(["both", "column"]), default="both", show_default=True,
            help="Merge peaks of both strands, or those of each strand (column 6) into stranded rows.",
        ),
        click.option(
            "--merge-distance", type=number("merge_distance"), metavar="BASES",
            help="Merge peaks whose centres lie this close (default min(400, width / 3)).",
        ),
    ),
    titled("Tiles",
        click.option(
            "--bins", type=number("bins"), metavar="BASES",
            help="Label tiles of the genome instead; those with a positive task become rows.",
        ),
        click.option(
            "--step", type=number("step"), metavar="BASES",
            help="Distance between tile starts (default: --bins)."
        ),
        click.option(
            "--min-overlap", type=number("label.min_overlap"), default=0.5, show_default=True,
            help="Share of a tile that peaks must cover to make it positive; with less, it is unknown.",
        ),
        click.option("--all-bins", is_flag=True, help="Also write the tiles without a positive task."),
    ),
)  # fmt: skip
_signal_options = titled("Signal tracks",
    click.option(
        "--signal", "signals", multiple=True, metavar="NAME=BIGWIG",
        help="Add a column with this track's value over each region. May be repeated.",
    ),
    click.option(
        "--signal-stat", type=click.Choice(["mean", "max", "sum"]), default="mean", show_default=True,
        help="Value of a track over a region.",
    ),
    click.option(
        "--missing", type=click.Choice(["zero", "nan", "error"]), default="zero", show_default=True,
        help="How to count bases of a track without a value: as 0, not at all (nan), or as an error.",
    ),
)  # fmt: skip


@click.command(
    "label",
    cls=Command,
    short_help="Make labelled regions from peak files.",
    example="seqnet label peaks/*.narrowPeak --genome genome.fa --width 600 \\\n"
    "    --valid-chroms chrIV --test-chroms chrXII -o regions.bed\n"
    "seqnet label --samples samples.tsv --genome genome.fa --bins 200 --step 50 --width 1000 -o tiles.bed",
)
@click.argument("peaks", nargs=-1)
@genome_option
@chroms_option
@on_bad_option
@_peak_options
@_row_options
@_signal_options
@option_in(
    "Negatives",
    "--negatives",
    type=number("label.negatives"),
    default=1.0,
    show_default=True,
    metavar="RATIO",
    help="GC-matched genomic negatives per positive; 0 for none.",
)
@margin_option
@exclude_option
@split_options
@seed_option
@output_option()
@header_option
@common_options
def command(**values: Any) -> None:
    """Make labelled regions from peak files.

    Each of PEAKS (BED or narrowPeak) is one task, named after its file. Peaks become windows of
    one width; those whose centres lie close are merged into one row that is 1 for all their
    tasks. Other targets are 0, or '.' (unknown) under a peak over the row's central third.
    """
    from seqnet.pipeline.labels.labelling import label

    label(**values)
