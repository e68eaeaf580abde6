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
from seqnet.commands._command import Command, Group
from seqnet.commands._console import progress_bar
from seqnet.commands._fit import judge, train_network
from seqnet.commands._fit_options import fit_options
from seqnet.commands._kmer_options import kmer_options
from seqnet.commands._options import (
    combine,
    common_options,
    genome_option,
    output_option,
    seed_option,
    split_options,
    strands_option,
    threads_option,
)

if TYPE_CHECKING:
    from seqnet.kmers.settings import KmerSettings

command = Group("train", short_help="Train a model on labelled sequences.", help=(
    "Train a model on labelled sequences.\n\n"
    "Inputs are a k-mer table with labels, or labelled regions with a genome. Rows whose split is "
    "test are never looked at."
))  # fmt: skip

_feature_options = combine(
    click.option("--features", metavar="TABLE", help="k-mer table, joined to --labels by name."),
    click.option("--labels", metavar="BED", help="Labelled regions (with --features)."),
)
_kmer_options = kmer_options("sqrt", ("counts", "frequency", "log", "sqrt"))
_region_options = combine(
    click.option("--regions", metavar="BED", help="Labelled regions (with --genome)."), genome_option
)
_side_options = combine(
    click.option("--metrics", metavar="TSV", help="Training log (default: beside the model)."),
    click.option("--json", "json_path", metavar="JSON", help="Summary (default: beside the model)."),
    threads_option(0),
    common_options,
)


@command.command(
    "linear",
    cls=Command,
    short_help="Train logistic regressions on k-mers.",
    example="seqnet train linear --features kmers.npz --labels regions.bed -o linear.safetensors",
)
@_feature_options
@_region_options
@_kmer_options
@split_options
@seed_option
@output_option("Model file.", required=True, default=None)
@_side_options
def linear(
    kmers: KmerSettings,
    seed: int,
    threads: int,
    output: str,
    metrics: str | None,
    json_path: str | None,
    **source: Any,
) -> None:
    """Train logistic regressions on k-mers, their L2 penalty chosen on the validation rows."""
    import numpy as np

    from seqnet.commands._training import SideFiles, load_training_data, model_header, write_outputs
    from seqnet.networks.model import Model
    from seqnet.training.columns import column_statistics
    from seqnet.training.linear import STRENGTHS, fit_linear

    data = load_training_data(kmers=kmers, seed=seed, **source)
    assert data.features is not None
    train, valid = data.rows("train"), data.rows("valid")
    with progress_bar("solutions", len(STRENGTHS) * len(data.regions.tasks)) as progress:
        tasks = fit_linear(
            (data.features[train], data.targets[train]),
            (data.features[valid], data.targets[valid]),
            progress=progress,
        )
    weights = np.stack([task.weights for task in tasks])
    bias = np.array([task.bias for task in tasks])
    judged = judge(data, data.features[valid] @ weights.T + bias)
    header = model_header(
        data, kind="linear", architecture=[], strands="forward", seed=seed, threads=threads,
        options={"strengths": [task.strength for task in tasks]}, metrics=judged,
    )  # fmt: skip
    tensors = {
        "0.weight": weights.astype(np.float32),
        "0.bias": bias.astype(np.float32),
        "input.mean": np.zeros(weights.shape[1], np.float32),
        "input.scale": np.ones(weights.shape[1], np.float32),
        "input.deviation": column_statistics(data.features[train])[1],
    }
    rows = zip(data.regions.tasks, tasks, judged, strict=False)
    log = [(name, task.strength, task.valid_loss, m.auroc, m.auprc) for name, task, m in rows]
    columns = ("task", "strength", "valid_loss", "valid_auroc", "valid_auprc")
    side = SideFiles.beside(output, metrics, json_path, None)
    write_outputs(output, side, Model(header, tensors), columns, log, None)


@command.command(
    "dense",
    cls=Command,
    short_help="Train a fully connected network on k-mers.",
    example="seqnet train dense --features kmers.npz --labels regions.bed --hidden 64,16 "
    "-o dense.safetensors",
)
@_feature_options
@_region_options
@_kmer_options
@dense_architecture_options
@fit_options
@split_options
@seed_option
@model_output_option
@_side_options
def dense(kmers: KmerSettings, **options: Any) -> None:
    """Train a fully connected network on k-mers, standardised on the training rows."""
    architecture, rest = split_architecture(options)
    train_network("dense", architecture, kmers, "forward", **rest)


@command.command(
    "cnn",
    cls=Command,
    short_help="Train a convolutional network on sequences.",
    example="seqnet train cnn --regions regions.bed --genome genome.fa -o cnn.safetensors",
)
@_region_options
@cnn_architecture_options
@strands_option
@click.option(
    "--jitter",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="BASES",
    help="Move training windows by up to so many bases to either side.",
)
@fit_options
@split_options
@seed_option
@model_output_option
@_side_options
def cnn(strands: str, **options: Any) -> None:
    """Train a convolutional network on sequences, validated every epoch, best weights kept."""
    architecture, rest = split_architecture(options)
    train_network("cnn", architecture, None, strands, features=None, labels=None, **rest)
