"""``seqnet predict``: a trained model along regions, sequences, a k-mer table or a genome."""

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
    on_bad_option,
    output_option,
    regions_option,
    threads_option,
)
from seqnet.commands.options.groups import combine, option_in
from seqnet.commands.options.inputs import signal_options, table_to_predict_options
from seqnet.commands.options.types import number
from seqnet.pipeline.prediction.request import PredictRequest

_BY_OPTION = "sequences by option"


def _sequences_by_option(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    """Keep the sequences that the option names."""
    ctx.meta[_BY_OPTION] = value


def _either_way(ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Return the sequences that the argument or the option names."""
    other: str | None = ctx.meta.get(_BY_OPTION)
    if value is not None and other is not None:
        raise click.UsageError("give SEQUENCES or --sequences, which are the same", ctx)
    return other if value is None else value


_prediction_options = combine(
    option_in("Tiles", "--tile", type=number("tile"), metavar="STEP",
              help="Predict the genome in tiles of STEP bases, each from the window centred on it."),
    option_in("Tiles", "--max-n", type=number("max_n"), metavar="X",
              help="Leave out tiles of whose window more than X is ambiguous (default 0.5)."),
    option_in("Output", "--missing", type=click.Choice(["error", "gap"]), default=PredictRequest.missing,
              show_default=True, help="How to handle a prediction that is no finite number."),
    option_in("Output", "--prior", type=number("prior"), metavar="P",
              help="Share of positives to predict for: shifts logits from the training rows' base rate "
              "to P."),
    option_in("Output", "--spread", is_flag=True,
              help="Add the standard deviation between the predictions of an ensemble's networks: after the "
              "tasks, a column or track TASK_sd for each."),
    option_in("Run", "--precision", type=click.Choice(["float32", "bf16"]), default=PredictRequest.precision,
              show_default=True, help="Arithmetic; bf16 where the hardware has it."),
    option_in("Tiles", "--resume", is_flag=True,
              help="Keep each finished contig of tiles in a folder until all are done, and go on from what "
              "is there."),
    option_in("Tiles", "--work-dir", metavar="DIR",
              help="That folder (default: the output's name and .parts)."),
)  # fmt: skip


@click.command(
    "predict",
    cls=Command,
    short_help="Predict with a trained model.",
    example="seqnet predict cnn.safetensors --regions regions.bed --genome genome.fa -o pred.bed\n"
    "seqnet predict cnn.safetensors --genome genome.fa --tile 50 --chroms chrXII -o 'pred.{task}.bw'\n"
    "seqnet predict multi.safetensors --genome genome.fa --signal dnase=dnase.bw --tile 50 -o pred.bw\n"
    "seqnet predict denoise.safetensors --signal atac=shallow.bw -o denoised.bw\n"
    "seqnet predict cnn.safetensors --genome genome.fa --tile 50 --prior 0.01 --resume -o 'pred.{task}.bw'",
)
@click.argument("model")
@click.argument("sequences", required=False, callback=_either_way)
@option_in(
    "Input",
    "--sequences",
    "named_sequences",
    metavar="FASTA",
    expose_value=False,
    is_eager=True,
    callback=_sequences_by_option,
    help="The same as SEQUENCES, as train has it.",
)
@regions_option
@genome_option
@chroms_option
@on_bad_option
@signal_options
@option_in("Input", "--features", metavar="TABLE", help="Table of k-mers or motif scores to predict.")
@table_to_predict_options
@_prediction_options
@device_option
@threads_option(0)
@output_option(
    "Output; the suffix picks the format: BED, TSV, for tiles also bedGraph and bigWig "
    "('{task}' in the name for several)."
)
@header_option
@common_options
def command(**values: Any) -> None:
    """Predict with a trained model.

    Give --regions with --genome (BED out, predictions in the task columns), FASTA SEQUENCES, --table
    or --features (TSV out), or --genome with --tile (bigWig, bedGraph or BED out). Tables, sequences and
    tiles are read as the model was trained: on both strands or one, k-mers counted as it says. A model
    that denoises is given --signal alone (bigWig or bedGraph out).
    """
    from seqnet.pipeline.prediction.run import predict

    predict(**values)
