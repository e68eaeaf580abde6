"""``seqnet train``: linear, dense and convolutional models, and networks that denoise tracks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from seqnet.commands._boundary import Command, Group
from seqnet.commands.options.common import (
    common_options,
    output_option,
    seed_option,
    split_options,
    threads_option,
)
from seqnet.commands.options.groups import option_in, title_of, titled
from seqnet.commands.options.inputs import (
    counting_options,
    denoising_options,
    feature_options,
    older_denoising_options,
    sequence_options,
    signal_fit_options,
    signal_options,
    strand_pair_option,
    towers_option,
)
from seqnet.commands.options.outputs import MODEL_OUTPUT, OUTPUT
from seqnet.commands.options.training import (
    baseline_options,
    cnn_architecture_options,
    denoising_architecture_options,
    denoising_fit_options,
    dense_architecture_options,
    fit_options,
    leak_option,
    linear_motif_options,
    linear_options,
    model_output_option,
    term_options,
)
from seqnet.commands.options.types import number
from seqnet.errors import UsageError
from seqnet.networks.task_types import LOSS_NAMES, TASK_TYPES

if TYPE_CHECKING:
    from seqnet.pipeline.training.outputs import TrainingResult

command = Group("train", short_help="Train a model on labelled sequences.", help=(
    "Train a model on labelled sequences.\n\n"
    "Inputs are labelled regions with a genome, sequences with labels or as positives and negatives, a "
    "table with a sequence column, or (linear, dense) a k-mer table with labels; denoise reads signal "
    "tracks alone. Rows of split test are never used."
))  # fmt: skip

_kmer_options = counting_options("sqrt", ("counts", "frequency", "log", "sqrt"))
_task_options = titled("Targets and loss",
    click.option("--task-type", type=click.Choice(list(TASK_TYPES)),
                 help="; ".join(f"{name}: {head.help}" for name, head in TASK_TYPES.items())
                 + ". Default: binary where all values are 0 and 1, else regression."),
    click.option("--loss", type=click.Choice(list(LOSS_NAMES)),
                 help="; ".join(f"{name}: {text}" for name, text in LOSS_NAMES.items())
                 + ". Default: the first that fits the task type."),
)  # fmt: skip
_side_options = titled(
    "Output",
    click.option("--metrics", type=OUTPUT, metavar="TSV", help="Training log (default: next to the model)."),
    click.option(
        "--json", "json_path", type=OUTPUT, metavar="JSON", help="Summary (default: next to the model)."
    ),
    threads_option(0),
    common_options,
)


@command.command(
    "linear",
    cls=Command,
    short_help="Train linear models on k-mers or motifs.",
    example="seqnet train linear --features kmers.npz --labels regions.bed -o linear.safetensors\n"
    "seqnet train linear --positives bound.fa --negatives shuffle --gapped --loss hinge -o m.safetensors\n"
    "seqnet train linear --regions regions.bed --genome genome.fa --motifs jaspar.meme -o m.safetensors\n"
    "seqnet train linear --table mpra.csv --sequence-column seq --target expression -o ridge.safetensors",
)
@feature_options
@sequence_options
@_kmer_options
@linear_options
@linear_motif_options
@split_options
@leak_option
@seed_option
@output_option("Model file.", required=True, default=None, type=MODEL_OUTPUT)
@_side_options
def linear(**values: Any) -> None:
    """Train linear models on k-mers; choose the L2 penalty on the validation rows.

    With --motifs the features are the motifs of a collection: log2 of the sum over all windows and strands of
    2 to the power of the score, and its excess over the 90th percentile of the training rows.
    """
    from seqnet.pipeline.training.linear import train_linear

    _train(train_linear, values)


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
@strand_pair_option
@dense_architecture_options
@_task_options
@fit_options
@baseline_options
@split_options
@leak_option
@seed_option
@model_output_option
@_side_options
def dense(**values: Any) -> None:
    """Train a fully connected network on k-mers, standardised on the training rows.

    With --signal the mean of each track over a region is a feature too.
    """
    from seqnet.pipeline.networks import train_dense

    _train(train_dense, values)


@command.command(
    "cnn",
    cls=Command,
    short_help="Train a convolutional network on sequences.",
    example="seqnet train cnn --regions regions.bed --genome genome.fa -o cnn.safetensors\n"
    "seqnet train cnn --positives bound.fa --negatives shuffle --test-fraction 0.1 -o cnn.safetensors\n"
    "seqnet train cnn --table mpra.csv --sequence-column seq --target expression -o mpra.safetensors\n"
    "seqnet train cnn --regions regions.bed --genome genome.fa --signal dnase=dnase.bw -o multi.safetensors",
)
@sequence_options
@signal_options
@signal_fit_options
@strand_pair_option
@towers_option
@older_denoising_options
@cnn_architecture_options
@option_in(
    "Network",
    "--strands",
    type=click.Choice(["auto", "both", "forward", "column"]),
    help="Strands to read: both, so that a sequence and its reverse complement get the same prediction; "
    "column: that of each region's strand column; auto: both or forward, whichever lets a k-mer model "
    "predict the validation rows better. Default: both; auto with --table.",
)
@titled("Optimisation",
    click.option("--jitter", type=number("jitter"), default=0, show_default=True, metavar="BASES",
                 help="Shift training windows at random by up to this many bases to either side."),
    click.option("--mutate", type=number("mutate"), metavar="SHARE",
                 help="Replace this share of the bases of training sequences at random, others in each step. "
                 "Default: 0.05 for the default preset, binary tasks and up to 2,000 training rows, less for "
                 "up to 10,000, else 0."),
)  # fmt: skip
@_task_options
@fit_options
@term_options
@baseline_options
@split_options
@leak_option
@seed_option
@model_output_option
@_side_options
def cnn(**values: Any) -> None:
    """Train a convolutional network on sequences; keep the weights of the best epoch.

    Rows are --regions, --sequences with --labels, --positives with --negatives, or those of a --table.
    """
    older = {name: values.pop(name) for name in _DENOISING}
    if older["target_tracks"]:
        _denoise({**_denoising_values(values), **older})
        return
    for name, option in _DENOISING.items():
        if older[name]:
            raise UsageError(f"{option} goes with --target-track")
    from seqnet.pipeline.networks import train_cnn

    _train(train_cnn, values)


@command.command(
    "denoise",
    cls=Command,
    short_help="Train a network that denoises signal tracks.",
    example="seqnet train denoise --signal atac=shallow.bw --target-track deep.bw -o denoise.safetensors",
)
@signal_options
@denoising_options
@signal_fit_options
@strand_pair_option
@denoising_architecture_options
@denoising_fit_options
@split_options
@seed_option
@model_output_option
@_side_options
def denoising(**values: Any) -> None:
    """Train a network that makes deep tracks of noisy ones.

    Whole tracks are read in bins; windows of them are split, learnt and validated. The default network
    weights smoothed inputs at every position; others, too, need an output at every position (--preset coda).
    """
    _denoise(values)


_DENOISING = {"target_peaks": "--target-peaks", "step": "--bin", "window": "--window", "chroms": "--chroms",
              "target_tracks": "--target-track"}  # fmt: skip
"""What ``train cnn`` has for denoising: parameter to option."""
_IGNORED = {"on_bad", "on_duplicate"}
_ROWS = {"Input", "Table", "Regions and genome"}
"""The groups of options that give rows."""
_REASONS = {"init_motifs": ": there are no bases"}


def _denoising_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return those options of ``train cnn`` that ``train denoise`` has; refuse others."""
    wanted = {param.name for param in denoising.params}
    if not values["signals"]:
        raise UsageError("--target-track needs --signal: the tracks to denoise")
    for param in cnn.params:
        name = param.name or ""
        value = values.get(name)
        if name in wanted | _IGNORED or not value or value == param.default:
            continue
        reason = ", which learns from whole tracks" if title_of(param) in _ROWS else _REASONS.get(name, "")
        raise UsageError(f"{param.opts[0]} does not go with --target-track{reason}")
    return {name: value for name, value in values.items() if name in wanted}


def _denoise(values: dict[str, Any]) -> None:
    """Train a network that denoises."""
    from seqnet.pipeline.networks import train_denoise

    if values["step"] is None:
        del values["step"]
    _train(train_denoise, values)


def _train(function: Callable[..., TrainingResult], values: dict[str, Any]) -> None:
    """Train, or print what a dry run describes."""
    if values["output"] is None and not values.get("dry_run"):
        raise UsageError(
            "missing option '-o' / '--output'" + (" (or --dry-run)" if "dry_run" in values else "")
        )
    for line in function(**values).layer_lines():
        click.echo(line)
