"""``seqnet evaluate``: predictions evaluated against labels."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    chroms_option,
    common_options,
    device_option,
    genome_option,
    header_option_of,
    output_option,
    seed_option,
    threads_option,
)
from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.inputs import signal_options, table_to_evaluate_options, target_option
from seqnet.commands.options.outputs import MQC_SUFFIXES, OUTPUT, OutputFile
from seqnet.commands.options.types import number
from seqnet.pipeline.evaluation.request import EvaluateRequest

_source_options = titled("Input",
    click.option("--labels", metavar="TABLE",
                 help="Labelled regions, or a table of names and targets, optionally with split and group."),
    click.option("--model", multiple=True, metavar="MODEL",
                 help="Predict with this model instead of reading predictions. Repeats: the first is "
                 "evaluated, the others are baselines."),
    option_in("Regions and genome",
        "--regions", metavar="BED", help="Labelled regions (with --model and --genome)."),
    genome_option,
    click.option("--features", metavar="TABLE", help="Table of k-mers or motif scores (with --labels)."),
    table_to_evaluate_options,
    signal_options,
    target_option,
    titled("Evaluation",
        click.option("--ablate", is_flag=True,
                     help="Also evaluate the model without each of its inputs (with --model and --signal)."),
        click.option("--ablate-with", type=click.Choice(["mean", "zero"]),
                     default=EvaluateRequest.ablate_with, show_default=True,
                     help="Replace an input left out by its mean in the training regions, or by zero."),
    ),
    click.option("--baseline", "baselines", multiple=True, metavar="NAME=FILE",
                 help="Other predictions for the same rows, to compare with. May be repeated."),
)  # fmt: skip
_evaluation_options = titled("Evaluation",
    click.option("--split", type=click.Choice(["train", "valid", "test", "all"]),
                 help="Split to evaluate. Without a split column all rows are evaluated, unless you name a "
                 "split that --model stores. Default: test."),
    click.option("--task-type", type=click.Choice(["binary", "regression", "counts", "multiclass"]),
                 help="Type of the targets; multiclass has a 0/1 column per class. Default: the model's "
                 "or the predictions' own, else binary if all are 0, 1 or unknown, else regression."),
    click.option("--threshold", type=number("threshold"), metavar="X",
                 help="Lowest score of a row called positive, for F1 and MCC. Default: the model's, else "
                 "the one with the highest F1 on rows of split valid."),
    click.option("--intervals", type=click.Choice(["mean", "tasks", "none"]),
                 default=EvaluateRequest.intervals, show_default=True,
                 help="95 % confidence intervals by block bootstrap: of the mean, or of each task too."),
    click.option("--block-size", type=number("block_size"), metavar="BASES",
                 help="Bases per block of the bootstrap. Default: 1000000; a 60th of the held-out stretches "
                 "if these are less than 60 Mb."),
    seed_option,
)  # fmt: skip
_tile_options = titled("Tiles",
    click.option("--tiles", metavar="BIGWIG",
                 help="Predictions in tiles, for genome-wide metrics on the held-out contigs or stretches; "
                 "'{task}' in the name for several."),
    click.option("--peaks", metavar="BED",
                 help="Peaks of each task ('{task}' in the name for several), to label --tiles and to mark "
                 "the rows of a regression that lie in peaks."),
    click.option("--peak-width", type=number("peak_width"), metavar="W",
                 help="Use the W bases around each peak's centre in place of the peak."),
    click.option("--tile", type=number("tile"), default=EvaluateRequest.tile, show_default=True,
                 metavar="STEP", help="Bases per tile of --tiles."),
    chroms_option,
)  # fmt: skip
_output_options = titled("Output",
    click.option("--json", "json_path", type=OUTPUT, metavar="FILE", help="Write everything as JSON."),
    click.option("--report", type=OUTPUT, metavar="HTML",
                 help="Write a report: one page that opens offline."),
    click.option("--title", metavar="TEXT", help="Heading of the report."),
    click.option("--training-log", metavar="JSON",
                 help="JSON summary of train, for the report's learning curve and provenance. Default: the "
                 "one next to --model."),
    option_in("Input", "--patterns", metavar="JSON",
                 help="Output of discover --json: show the strongest patterns in the report."),
    click.option("--mqc", type=OutputFile(suffixes=MQC_SUFFIXES), metavar="PREFIX",
                 help="Write PREFIX_mqc.json and PREFIX_general_mqc.json for MultiQC."),
    option_in("Input", "--compare", is_flag=True,
                 help="PREDICTIONS are JSON files of evaluate or train: compare their metrics."),
    device_option,
    threads_option(0),
    output_option("Metrics table."),
    header_option_of(EvaluateRequest.header),
)  # fmt: skip


@click.command(
    "evaluate",
    cls=Command,
    table=True,
    short_help="Evaluate predictions against labels.",
    example="seqnet evaluate pred.bed --labels regions.bed --json metrics.json --report report.html\n"
    "seqnet evaluate --model cnn.safetensors --regions regions.bed --genome genome.fa --report report.html\n"
    "seqnet evaluate --model cnn.safetensors --model linear.safetensors --regions regions.bed \\\n"
    "    --genome genome.fa --json both.json\n"
    "seqnet evaluate --compare linear.json cnn.json",
)
@click.argument("predictions", nargs=-1)
@_source_options
@_evaluation_options
@_tile_options
@_output_options
@common_options
def command(**values: Any) -> None:
    """Evaluate predictions against labels.

    PREDICTIONS is the output of predict, or a table whose first column is the regions' names and
    whose other columns are tasks. Rows are matched to labels by coordinates (else by name), never by
    order. Writes a TSV with one row per task and the mean last; NA where a metric is undefined. The
    columns are explained in docs/evaluate.md.
    """
    from seqnet.pipeline.evaluation.run import evaluate

    evaluate(**values)
