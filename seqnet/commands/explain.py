"""``seqnet explain``: what a model's outputs owe to each base."""

from __future__ import annotations

from typing import Any

import click

from seqnet.attribution.methods import DEFAULT_METHOD, METHODS
from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    chroms_option,
    common_options,
    device_option,
    genome_option,
    header_option,
    on_bad_region_or_motif_option,
    on_duplicate_option,
    regions_option,
    seed_option,
    threads_option,
)
from seqnet.commands.options.explaining import row_options, shuffles_option
from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.inputs import signal_options
from seqnet.commands.options.outputs import OUTPUT
from seqnet.commands.options.types import span
from seqnet.pipeline.explanation.request import ExplainRequest

_METHODS_HELP = "; ".join(f"{name}: {row.help}" for name, row in METHODS.items())
_reference_options = titled("Attribution",
    shuffles_option,
    click.option("--shuffle-range", type=span("shuffle_range"), metavar="A-B",
                 help="Shuffle positions A to B alone, counted from 1. Default: the whole sequence."),
    click.option("--references", metavar="FASTA", help="References in place of shuffles."),
    click.option("--signal-reference", type=click.Choice(["fixed", "mean"]),
                 default=ExplainRequest.signal_reference, show_default=True,
                 help="Signal tracks of references: as they are, or their mean over each window."),
    seed_option,
)  # fmt: skip


@click.command(
    "explain",
    cls=Command,
    short_help="Attribute predictions to bases.",
    example="seqnet explain cnn.safetensors --regions regions.bed --genome genome.fa --split test "
    "-o attributions.bw\n"
    "seqnet explain cnn.safetensors --regions regions.bed --genome genome.fa --rows top:1 --method ism "
    "-o map.svg",
)
@click.argument("model")
@click.argument("sequences", required=False)
@regions_option
@genome_option
@chroms_option
@on_bad_region_or_motif_option
@signal_options
@option_in(
    "Attribution", "--method", "methods", type=click.Choice(list(METHODS)), multiple=True,
    help=f"Method. May be repeated. Default: {DEFAULT_METHOD}; ism if a layer has no rule. {_METHODS_HELP}.",
)  # fmt: skip
@row_options
@_reference_options
@option_in(
    "Output", "--filters", type=OUTPUT, metavar="MEME",
    help="Write the motifs of the first layer's filters; alone, nothing else is computed.",
)  # fmt: skip
@option_in(
    "Output", "--report", type=OUTPUT, metavar="HTML",
    help="Write a report: letters and numbers of the rows of highest attribution, a page that opens offline.",
)  # fmt: skip
@option_in(
    "Motifs", "--motifs", metavar="MOTIFS",
    help="Name the motifs of --filters after the most similar motifs of this file.",
)  # fmt: skip
@on_duplicate_option
@device_option
@threads_option(0)
@option_in(
    "Output", "-o", "--output", "outputs", type=OUTPUT, multiple=True, metavar="FILE",
    help="Output; the suffix picks what is written: .bw, .npz (for modisco), .bed or .tsv (a row per "
    "region), .svg or .png (one region). Repeats; '{method}' and '{task}' in names for several. "
    "Default: TSV on stdout; no table with --report or --filters alone.",
)  # fmt: skip
@header_option
@common_options
def command(**values: Any) -> None:
    """Attribute a model's predictions to the bases of its inputs.

    Give --regions with --genome, or FASTA SEQUENCES. Attributions explain the output before the last
    sigmoid (logit, log rate, or a regression's output), of both strands where the model reads both.
    """
    from seqnet.pipeline.explanation.run import explain

    alone = values["report"] or (values["filters"] and not values["methods"])
    outputs = values["outputs"] or (() if alone else ("-",))
    explain(**values | {"outputs": outputs})
