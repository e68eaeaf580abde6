"""``seqnet train``: linear, dense and convolutional models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqnet.commands._architecture import (
    cnn_architecture_options,
    dense_architecture_options,
    model_output_option,
    split_architecture,
)
from seqnet.commands._baselines import baseline_options
from seqnet.commands._command import Command, Group
from seqnet.commands._denoising import Targets, denoising_options
from seqnet.commands._fit import train_network
from seqnet.commands._fit_options import fit_options
from seqnet.commands._kmer_options import kmer_options
from seqnet.commands._kmer_term import kmer_term_option
from seqnet.commands._linear import linear_options
from seqnet.commands._options import (
    combine,
    common_options,
    output_option,
    seed_option,
    split_options,
    threads_option,
)
from seqnet.commands._signals import signal_fit_options, signal_options, towers_option
from seqnet.commands._training_checks import leak_option
from seqnet.commands._training_sources import feature_options, sequence_options
from seqnet.networks.heads import LOSS_NAMES, TASK_TYPES

if TYPE_CHECKING:
    from seqnet.kmers.settings import KmerSettings

command = Group("train", short_help="Train a model on labelled sequences.", help=(
    "Train a model on labelled sequences.\n\n"
    "Inputs are labelled regions with a genome, sequences with labels or as positives and negatives, a "
    "table with a sequence column, or (linear, dense) a k-mer table with labels. Rows whose split is "
    "test are never looked at."
))  # fmt: skip

_kmer_options = kmer_options("sqrt", ("counts", "frequency", "log", "sqrt"))
_task_options = combine(
    click.option("--task-type", type=click.Choice(list(TASK_TYPES)),
                 help="; ".join(f"{name}: {head.help}" for name, head in TASK_TYPES.items())
                 + ". Default: binary where all values are 0 and 1, else regression."),
    click.option("--loss", type=click.Choice(list(LOSS_NAMES)),
                 help="; ".join(f"{name}: {text}" for name, text in LOSS_NAMES.items())
                 + ". Default: the first that fits the task type."),
)  # fmt: skip
_side_options = combine(
    click.option("--metrics", metavar="TSV", help="Training log (default: beside the model)."),
    click.option("--json", "json_path", metavar="JSON", help="Summary (default: beside the model)."),
    threads_option(0),
    common_options,
)


@command.command(
    "linear",
    cls=Command,
    short_help="Train linear models on k-mers.",
    example="seqnet train linear --features kmers.npz --labels regions.bed -o linear.safetensors\n"
    "seqnet train linear --positives bound.fa --negatives shuffle --gapped --loss hinge -o m.safetensors\n"
    "seqnet train linear --table mpra.csv --sequence-column seq --target expression -o ridge.safetensors",
)
@feature_options
@sequence_options
@_kmer_options
@linear_options
@split_options
@leak_option
@seed_option
@output_option("Model file.", required=True, default=None)
@_side_options
def linear(**options: Any) -> None:
    """Train linear models on k-mers, their L2 penalty chosen on the validation rows."""
    from seqnet.commands._linear import train_linear

    train_linear(**options)


@command.command(
    "dense",
    cls=Command,
    short_help="Train a fully connected network on k-mers.",
    example="seqnet train dense --features kmers.npz --labels regions.bed --hidden 64,16 "
    "-o dense.safetensors",
)
@feature_options
@sequence_options
@_kmer_options
@signal_options
@signal_fit_options
@dense_architecture_options
@_task_options
@fit_options
@baseline_options
@split_options
@leak_option
@seed_option
@model_output_option
@_side_options
def dense(kmers: KmerSettings, **options: Any) -> None:
    """Train a fully connected network on k-mers, standardised on the training rows.

    With --signal the mean of each track over a region is a feature too.
    """
    architecture, rest = split_architecture(options)
    train_network("dense", architecture, kmers, "forward", **rest)


@command.command(
    "cnn",
    cls=Command,
    short_help="Train a convolutional network on sequences.",
    example="seqnet train cnn --regions regions.bed --genome genome.fa -o cnn.safetensors\n"
    "seqnet train cnn --positives bound.fa --negatives shuffle --test-fraction 0.1 -o cnn.safetensors\n"
    "seqnet train cnn --table mpra.csv --sequence-column seq --target expression -o mpra.safetensors\n"
    "seqnet train cnn --regions regions.bed --genome genome.fa --signal dnase=dnase.bw -o multi.safetensors\n"
    "seqnet train cnn --signal atac=shallow.bw --target-track deep.bw --preset coda -o denoise.safetensors",
)
@sequence_options
@signal_options
@signal_fit_options
@towers_option
@denoising_options
@cnn_architecture_options
@click.option(
    "--strands",
    type=click.Choice(["both", "forward", "column"]),
    help="both: a sequence and its reverse complement mean the same; column: regions are read on the "
    "strand of their column. Default: both; forward with --table.",
)
@click.option(
    "--jitter",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="BASES",
    help="Move training windows by up to so many bases to either side.",
)
@_task_options
@fit_options
@kmer_term_option
@baseline_options
@split_options
@leak_option
@seed_option
@model_output_option
@_side_options
def cnn(strands: str | None, **options: Any) -> None:
    """Train a convolutional network on sequences, validated every epoch, best weights kept."""
    from seqnet.commands._console import note

    targets = Targets.take(options)
    architecture, rest = split_architecture(options)
    if targets.target_tracks:
        from seqnet.commands._denoising_training import train_denoiser

        train_denoiser(architecture, targets, strands=strands, **rest)
        return
    if strands is None:
        strands = "both" if options["table"] is None else "forward"
        if strands == "forward":
            note("sequences of a table are read on their own strand (see --strands)")
    train_network("cnn", architecture, None, strands, **rest)
