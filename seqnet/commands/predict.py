"""``seqnet predict``: a trained model along regions, sequences, a k-mer table or a genome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqnet.commands._command import Command
from seqnet.commands._options import (
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
from seqnet.commands._signals import signal_options

if TYPE_CHECKING:
    from seqnet.commands._prediction import PredictOptions


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
@click.argument("sequences", required=False)
@regions_option
@genome_option
@chroms_option
@on_bad_option
@signal_options
@click.option("--features", metavar="TABLE", help="k-mer table of the sequences to predict.")
@click.option(
    "--tile",
    type=click.IntRange(1),
    metavar="STEP",
    help="Predict the genome in tiles of STEP bases, each from the window centred on it.",
)
@click.option(
    "--max-n",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="Leave out tiles of whose window more than X is ambiguous (default 0.5).",
)
@click.option(
    "--missing",
    type=click.Choice(["error", "gap"]),
    default="error",
    show_default=True,
    help="What becomes of a prediction that is no finite number.",
)
@click.option(
    "--prior",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="P",
    help="Share of positives to predict for: shifts logits from the training rows' base rate to P.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bf16"]),
    default="float32",
    show_default=True,
    help="Arithmetic; bf16 where the hardware has it.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Keep each finished contig of tiles in a folder until all are done, and go on from what is there.",
)
@click.option("--work-dir", metavar="DIR", help="That folder (default: the output's name and .parts).")
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

    Give --regions with --genome (BED out, predictions in the task columns), FASTA SEQUENCES or
    --features (TSV out), or --genome with --tile (bigWig, bedGraph or BED out). Tables, sequences and
    tiles are read as the model was trained: on both strands or one, k-mers counted as it says. A model
    that denoises is given --signal alone (bigWig or bedGraph out).
    """
    from seqnet.commands._prediction import PredictOptions, load_predictor
    from seqnet.formats.model_file import read_model

    options = PredictOptions(**values)
    if options.reads_tracks_alone:
        _denoise(options)
        return
    options.check()
    model = read_model(options.model)
    options.tracks(model)  # what the model expects is said before anything else is read
    predictor = load_predictor(options, model)
    if options.tile is not None:
        from seqnet.commands._predict_tiles import predict_genome

        predict_genome(predictor, model, options)
        return
    from seqnet.commands._predict_rows import predict_features, predict_regions, predict_sequences

    if options.regions is not None:
        predict_regions(predictor, model, options)
    else:
        (predict_sequences if options.features is None else predict_features)(predictor, model, options)


def _denoise(options: PredictOptions) -> None:
    """Denoise the tracks that are given."""
    from seqnet.commands._denoising import denoises
    from seqnet.commands._denoising_prediction import denoise
    from seqnet.formats.model_file import read_model

    model = read_model(options.model)
    if not denoises(model):
        options.check()
    denoise(model, options)
