"""``seqnet perturb``: motifs inserted, paired and removed, and what a model makes of it."""

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
    on_bad_motif_option,
    on_duplicate_option,
    output_option,
    regions_option,
    seed_option,
    threads_option,
)
from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.outputs import OUTPUT
from seqnet.commands.options.types import Parsed, number, span
from seqnet.pipeline.perturbation.request import MOST_REGIONS, SHUFFLES

_SPAN = span("distance")


@click.command(
    "perturb",
    cls=Command,
    short_help="Insert and remove motifs in silico.",
    example="seqnet perturb cnn.safetensors --insert jaspar.meme --regions peaks.bed --genome genome.fa\n"
    "seqnet perturb cnn.safetensors --insert jaspar.meme --pair REB1,RAP1 --distance 0-100 "
    "--regions peaks.bed --genome genome.fa -o pairs.tsv --plot pairs.svg\n"
    "seqnet perturb cnn.safetensors --ablate hits.bed --regions peaks.bed --genome genome.fa",
)
@click.argument("model")
@regions_option
@genome_option
@chroms_option
@option_in("Input", "--insert", metavar="MOTIFS", help="Insert the consensus of each motif into the windows.")
@on_bad_motif_option
@on_duplicate_option
@option_in("Input", "--ablate", metavar="BED", help="Shuffle these stretches of the windows, one at a time.")
@titled("Effects",
    click.option("--motif", "motif_names", multiple=True, metavar="GLOB",
                 help="Only motifs whose name matches. May be repeated."),
    click.option("--pair", metavar="A,B",
                 callback=lambda _ctx, _param, value: tuple(value.split(",")) if value else (),
                 help="Insert two of the motifs together, in all orientations, and report their "
                 "interaction."),
    click.option("--distance", type=Parsed(lambda text: _SPAN.read(text.replace(":", "-")), "0-50", "5"),
                 metavar="A-B", help="Bases between the two motifs (default 0-50)."),
    click.option("--shuffles", type=number("perturb.shuffles"), metavar="N",
                 help=f"Shuffles of each stretch of --ablate (default {SHUFFLES})."),
    click.option("--keep-regions", is_flag=True, help="Insert into the windows as they are, not shuffled."),
    click.option("--max-regions", type=number("max_regions"), default=MOST_REGIONS, show_default=True,
                 metavar="N", help="Use N regions, drawn at random where there are more."),
    click.option("--task", "task_names", multiple=True, metavar="NAME",
                 help="Task to write. May be repeated. Default: the first 8."),
    click.option("--width", type=number("width"), metavar="BASES",
                 help="Bases of the window, for k-mer models (default: the model's)."),
)  # fmt: skip
@option_in("Output", "--plot", type=OUTPUT, metavar="FILE", help="Draw the effects, as .svg, .png or .pdf.")
@option_in(
    "Output", "--report", type=OUTPUT, metavar="HTML",
    help="Write a report: curves and the largest effects, a page that opens offline.",
)  # fmt: skip
@seed_option
@device_option
@threads_option(0)
@output_option("Table of effects; the suffix picks compression.")
@header_option
@common_options
def command(**values: Any) -> None:
    """Insert and remove motifs in silico.

    Windows around the regions' midpoints are changed and predicted again. --insert puts motifs into the
    middle of windows whose dinucleotides are shuffled; --pair puts two at every distance and reports their
    interaction (the effect of both less the effects of each); --ablate shuffles stretches such as motif
    hits. Effects are on the scale of the logit, or in the units of a regression's targets: mean, 95 %
    interval and number of windows or shuffles.
    """
    from seqnet.pipeline.perturbation.run import perturb

    perturb(**values)
