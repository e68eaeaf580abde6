"""Options of the train commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from seqnet.commands.options.common import (
    device_option,
    on_bad_motif_option,
    on_duplicate_option,
    output_option,
)
from seqnet.commands.options.groups import combine, option_in, titled
from seqnet.commands.options.outputs import MODEL_OUTPUT, OUTPUT
from seqnet.commands.options.types import Number, Parsed, number, number_list
from seqnet.errors import shorten
from seqnet.networks.initialisers import INITIALISERS
from seqnet.networks.optimisers import DEFAULT_OPTIMISER, OPTIMISERS
from seqnet.networks.presets import DEFAULT_PRESET, DENOISING_PRESET, PRESETS
from seqnet.networks.schedules import DEFAULT_SCHEDULE, SCHEDULES
from seqnet.networks.task_types import (
    ALL_MONITORS,
    DEFAULT_TARGET_SCALE,
    DENOISING_MONITORS,
    LINEAR_LOSSES,
    TARGET_SCALES,
    TASK_TYPES,
)
from seqnet.numerals import LARGEST, parse_whole
from seqnet.pipeline.ranges import Bounds

model_output_option = output_option("Model file; needed unless --dry-run.", default=None, type=MODEL_OUTPUT)


_layer_options = titled("Network",
    click.option(
        "--layers", metavar="TEXT",
        help="Layers (docs/networks.md), such as 'conv 128x15, relu, max_pool 4, global_pool max, dense 64'.",
    ),
    click.option(
        "--architecture", "architecture_path", metavar="TOML",
        help="Read the layers from a file: 'layers' as text, or one table [[layers]] for each.",
    ),
)  # fmt: skip


_start_options = titled("Network",
    click.option("--no-bias", is_flag=True, help="Leave out the biases of all layers with weights."),
    click.option(
        "--init", type=click.Choice(list(INITIALISERS)),
        help="Initial weights from a normal distribution of mean 0 and this deviation; "
        + "; ".join(f"{name}: {row.help}" for name, row in INITIALISERS.items())
        + ". Default: uniform within 1/sqrt(n).",
    ),
    click.option(
        "--prior-bias", is_flag=True, help="Start the output at the mean of the training targets."
    ),
    click.option("--force", is_flag=True, help="Allow hidden layers that start at zero."),
    option_in("Run",
        "--dry-run", is_flag=True,
        help="Print layers, output shapes, parameters and receptive field, and train nothing.",
    ),
)  # fmt: skip


_preset_option = option_in("Network",
    "--preset", type=click.Choice(list(PRESETS)),
    help="; ".join(f"{name}: {preset.help}" for name, preset in PRESETS.items())
    + f". Default: {DEFAULT_PRESET}; {DENOISING_PRESET} in train denoise.",
)  # fmt: skip
denoising_architecture_options = combine(_preset_option, _layer_options, _start_options)
cnn_architecture_options = combine(
    _preset_option,
    _layer_options,
    option_in("Motifs",
        "--init-motifs", metavar="MOTIFS", help="Initialise first filters with these motifs, on both strands."
    ),
    _start_options,
)  # fmt: skip


dense_architecture_options = titled("Network",
    click.option("--hidden", type=number_list("hidden", "sizes such as 64,16", "8", "8,4"),
                 metavar="SIZES", help="Units of each hidden layer, separated by commas. Default: 64."),
    click.option(
        "--dropout", type=number("dropout"), default=0.3, show_default=True,
        help="Dropout after each hidden layer (with --hidden).",
    ),
    _layer_options,
    _start_options,
)  # fmt: skip


baseline_options = titled("Evaluation",
    click.option("--baselines", is_flag=True,
                 help="Report a linear model (squared hinge) of gapped k-mers, fitted to the same training "
                 "rows, next to the network. Binary targets only."),
    click.option("--baseline-motifs", metavar="MOTIFS",
                 help="With --baselines, also report a scan: the best score of each row, for the motif of "
                 "this file that separates the training rows best."),
    on_bad_motif_option,
    on_duplicate_option,
)  # fmt: skip


def _batch_size(text: str) -> int:
    """Read a number of rows, or 0 for ``full``."""
    if text == "full":
        return 0
    try:
        return parse_whole(text, 0, LARGEST)
    except ValueError as error:
        raise ValueError(f"{error}; rows per step are a number such as 128, or full") from None


def _settings(
    _ctx: click.Context, _param: click.Parameter, values: Sequence[tuple[str, float]]
) -> dict[str, float] | None:
    """Return settings by name, the last of a name; None without any."""
    return dict(values) or None


def _setting(text: str) -> tuple[str, float]:
    """Read ``name=number``, the number in the range of the setting."""
    name, equals, number = text.partition("=")
    if not name or not equals:
        raise ValueError(f"{shorten(text)} is no setting; expected NAME=X, such as alpha=0.98")
    # decay rates of running averages; eps is added to a denominator
    kind = Number(Bounds(0, 1, low_open=name == "eps", high_open=name != "eps"))
    return name, kind.read(number)


def _listed(table: dict[str, Any]) -> str:
    """Return the rows of a table as one line of help."""
    return "; ".join(f"{name}: {row.help}" for name, row in table.items()) + "."


_step_options = titled("Optimisation",
    click.option("--epochs", type=number("epochs"),
                 help="Epochs at most. Default: 25 for up to 20,000 training rows, falling to 12 from 30,000 "
                 "on; more (at most 50) if this is less than 2,000 steps."),
    click.option("--batch-size", type=Parsed(_batch_size, "8", "full"),
                 metavar="ROWS",
                 help="Rows per step, over all processes; full (or 0) takes all rows. Default: 32 below "
                 "20,000 training rows, else 128; in train denoise, windows of about 8,192 bins in all."),
    click.option("--optimiser", type=click.Choice(list(OPTIMISERS)), default=DEFAULT_OPTIMISER,
                 show_default=True,
                 help="Step for a weight w with gradient g, learning rate r, momentum m and alpha a: "
                 + _listed(OPTIMISERS)),
    click.option("--optimiser-option", "optimiser_options", multiple=True, metavar="NAME=X",
                 type=Parsed(_setting, "momentum=0.8", "eps=1e-7"), callback=_settings,
                 help="Set momentum, alpha, rho, beta1, beta2 or eps of the optimiser. May be repeated."),
    click.option("--learning-rate", type=number("learning_rate"), metavar="X",
                 help="Highest learning rate of the schedule. Default: "
                 + ", ".join(f"{row.rate:g} ({name})" for name, row in OPTIMISERS.items()) + "."),
    click.option("--schedule", type=click.Choice(list(SCHEDULES)), default=DEFAULT_SCHEDULE,
                 show_default=True, help="Learning rate during training: " + _listed(SCHEDULES)),
    click.option("--decay-epochs", type=number("decay_epochs"), default=5, show_default=True,
                 help="Epochs between decays, or of waiting for a better loss (schedules step and plateau)."),
    click.option("--decay-factor", type=number("decay_factor"), default=0.1, show_default=True,
                 help="Factor of each decay of the learning rate (schedules step and plateau)."),
    click.option("--warmup", type=number("warmup"), default=0, show_default=True, metavar="STEPS",
                 help="Steps over which the learning rate rises from 0."),
)  # fmt: skip


_penalty_options = titled("Optimisation",
    click.option("--weight-decay", type=number("weight_decay"), default=0.01, show_default=True,
                 help="Strength of weight decay (an L2 penalty, except in adamw)."),
    click.option("--clip", type=number("clip"), metavar="X",
                 help="Clip the gradients to this norm, over all weights together. Default: no clipping."),
    click.option("--max-norm", type=number("max_norm"), metavar="X",
                 help="Limit the norm of the weights of each filter or unit (Basset: 7). Default: no limit."),
)  # fmt: skip


_class_options = titled("Targets and loss",
    click.option("--class-weights", is_flag=True,
                 help="Weight positives so that both classes have the same total weight."),
    click.option("--balance", is_flag=True,
                 help="Draw rows, with replacement, so that both classes are equally frequent."),
)  # fmt: skip


def _stop_options(monitors: Sequence[str], average: str, best: str) -> Callable[[Any], Any]:
    """Declare what is kept of training and when it stops.

    Parameters
    ----------
    monitors
        What may decide which epoch is the best.
    average, best
        The defaults of ``--ema`` and ``--monitor``, for help.
    """
    return titled("Optimisation",
    click.option("--ema", type=number("ema"), metavar="DECAY",
                 help="Decay of a running average of the weights, which is validated and saved; 0 for none. "
                 f"Default: {average}."),
    click.option("--monitor", type=click.Choice(monitors),
                 help=f"Metric on the validation rows that picks the best epoch. Default: {best}."),
    click.option("--patience", type=number("patience"), default=10, show_default=True,
                 help="Stop after this many epochs without a better one."),
    )  # fmt: skip


_ensemble_option = option_in(
    "Network", "--ensemble", type=number("ensemble"), default=1, show_default=True, metavar="N",
    help="Train N networks, of seeds --seed, --seed + 1, ..., on the same split. The model holds all of "
    "them and predicts from the mean of their outputs.",
)  # fmt: skip


_machine_options = titled("Run",
    device_option,
    click.option("--precision", type=click.Choice(["auto", "float32", "bf16"]), default="auto",
                 show_default=True, help="Arithmetic in training; auto is bf16 if the hardware supports it."),
    click.option("--compile", is_flag=True, help="Compile the network before training (torch.compile)."),
)  # fmt: skip


def _interval(text: str) -> tuple[int | None, float | None]:
    """Return the steps or the seconds of an interval such as ``500`` or ``300s``.

    Examples
    --------
    >>> _interval("500"), _interval("300s")
    ((500, None), (None, 300.0))
    """
    try:
        if text.endswith("s"):
            return None, Number(Bounds(0, LARGEST)).read(text[:-1])
        return parse_whole(text, 1, LARGEST), None
    except ValueError as error:
        raise ValueError(f"{error}; give steps such as 500 or seconds such as 300s") from None


_resume_options = titled("Checkpoints",
    click.option("--checkpoint-dir", metavar="DIR",
                 help="Save checkpoints in this folder, to resume a run that was stopped or killed."),
    click.option("--checkpoint-every", type=Parsed(_interval, "500", "300s"), default="600s",
                 show_default=True, metavar="STEPS|SECONDSs", help="Interval, such as 500 (steps) or 300s."),
    click.option("--resume", is_flag=True, help="Resume from --checkpoint-dir if it has a checkpoint."),
    click.option("--requeue-code", type=number("requeue_code"), default=85, show_default=True,
                 help="Exit code after SIGUSR1."),
)  # fmt: skip


_target_option = option_in("Targets and loss",
    "--target-scale", type=click.Choice(list(TARGET_SCALES)),
    help="Scaling of regression targets in training, by the training rows: "
    + "; ".join(f"{name}: {text}" for name, text in TARGET_SCALES.items())
    + f". Losses are in these units, metrics and predictions in the targets' own. Default: "
    f"{DEFAULT_TARGET_SCALE}.",
)  # fmt: skip


_plot_option = option_in(
    "Output", "--plot", type=OUTPUT, metavar="FILE",
    help="Learning curve, as .svg, .png or .pdf (default: next to the model).",
)  # fmt: skip


fit_options = combine(
    _target_option, _ensemble_option, _step_options, _penalty_options, _class_options,
    _stop_options(
        ALL_MONITORS,
        "over a sixth of the steps for fewer than 20,000 rows, regressions and starts from motifs, else 0",
        "auprc if less than a tenth of the rows are positive, else loss",
    ),
    _machine_options, _resume_options, _plot_option,
)  # fmt: skip
denoising_fit_options = combine(
    _step_options, _penalty_options, _stop_options(DENOISING_MONITORS, "0", "loss"), _machine_options,
    _resume_options, _plot_option,
)  # fmt: skip


term_options = titled("Network",
    click.option(
        "--kmer-term/--no-kmer-term", default=None,
        help="Add to the network's outputs a linear model of gapped k-mers of the same training rows, "
        f"weighted on the validation rows. Default: with the preset {DEFAULT_PRESET} for binary targets and "
        "regressions of sequences alone.",
    ),
    click.option(
        "--motifs", metavar="MOTIFS",
        help="Add a linear model of the occupancy of each motif of this collection to the network's outputs, "
        "weighted on the validation rows. In the preset "
        f"{DEFAULT_PRESET}, the motifs with the largest weights initialise the first filters.",
    ),
    click.option(
        "--denovo-motifs/--no-denovo-motifs", default=None,
        help="Grow motifs from the k-mers with the largest weights in the k-mer term, and use them like "
        "those of --motifs. Default: with the k-mer term of the preset "
        f"{DEFAULT_PRESET}, if tasks have fewer than 500 positives, unless --motifs or --init-motifs is "
        "given.",
    ),
)  # fmt: skip


linear_options = titled("Targets and loss",
    click.option("--task-type", type=click.Choice(list(TASK_TYPES)),
                 help="; ".join(f"{name}: {head.help}" for name, head in TASK_TYPES.items())
                 + ". Default: binary where all values are 0 and 1, else regression."),
    click.option("--loss", type=click.Choice(list(LINEAR_LOSSES)),
                 help="; ".join(f"{name}: {text}" for name, text in LINEAR_LOSSES.items())
                 + ". Default: the first that fits the task type."),
    click.option("--strength", type=number("strength"), metavar="X",
                 help="scikit-learn's C, the weight of the data against the L2 penalty; with mse the weight "
                 "of the penalty, 0 for plain least squares. Default: the best of several on the validation "
                 "rows."),
)  # fmt: skip


linear_motif_options = titled("Motifs",
    click.option("--motifs", metavar="MOTIFS",
                 help="Use the occupancy of each motif of this collection in place of k-mers."),
    on_bad_motif_option,
    on_duplicate_option,
)  # fmt: skip


leak_option = option_in("Split",
    "--on-leak", type=click.Choice(["drop", "warn", "error"]),
    help="How to handle training rows that equal a held-out row, on either strand. Default: drop where "
    "whole chromosomes or stretches are held out, else error.",
)  # fmt: skip
