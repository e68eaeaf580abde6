"""How networks are trained, as options, and the values they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from seqnet.commands._options import combine, device_option
from seqnet.networks.optimisers import DEFAULT_OPTIMISER, OPTIMISERS
from seqnet.networks.schedules import DEFAULT_SCHEDULE, SCHEDULES

if TYPE_CHECKING:
    from seqnet.commands._training import SideFiles
    from seqnet.training.config import FitConfig

MONITORS = {
    "binary": ("loss", "auroc", "auprc"),
    "multiclass": ("loss", "accuracy", "auroc"),
    "regression": ("loss", "pearson", "r2"),
    "counts": ("loss", "pearson", "r2"),
}
"""Task type to what may decide which epoch is the best."""
_METRICS = sorted({name for names in MONITORS.values() for name in names})


def _batch_size(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """Read a number of rows, or 0 for ``full``."""
    if value == "full":
        return 0
    if not value.isdecimal():
        raise click.BadParameter(f"{value!r} is no number of rows; expected 128, say, or full")
    return int(value)


def _settings(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> dict[str, float]:
    """Read ``name=number`` pairs."""
    found: dict[str, float] = {}
    for value in values:
        name, _, number = value.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise click.BadParameter(f"{value!r}: expected name=number, such as alpha=0.98") from None
    return found


def _listed(table: dict[str, Any]) -> str:
    """Return the rows of a table as one line of help."""
    return "; ".join(f"{name}: {row.help}" for name, row in table.items()) + "."


_step_options = combine(
    click.option("--epochs", type=click.IntRange(1),
                 help="Epochs at most. Default: 25 up to 20,000 training rows, 12 from 30,000 on."),
    click.option("--batch-size", default="128", show_default=True, metavar="ROWS", callback=_batch_size,
                 help="Rows per step, over all processes; full (or 0) takes all rows."),
    click.option("--optimiser", type=click.Choice(list(OPTIMISERS)), default=DEFAULT_OPTIMISER,
                 show_default=True, help=_listed(OPTIMISERS)),
    click.option("--optimiser-option", "optimiser_options", multiple=True, metavar="NAME=X",
                 callback=_settings, help="momentum, alpha, rho, beta1, beta2 or eps. Repeats."),
    click.option("--learning-rate", type=click.FloatRange(0, min_open=True), metavar="X",
                 help="The highest of the schedule. Default: "
                 + ", ".join(f"{row.rate:g} ({name})" for name, row in OPTIMISERS.items()) + "."),
    click.option("--schedule", type=click.Choice(list(SCHEDULES)), default=DEFAULT_SCHEDULE,
                 show_default=True, help=_listed(SCHEDULES)),
    click.option("--decay-epochs", type=click.IntRange(1), default=5, show_default=True,
                 help="Epochs of a stage of the schedules step and plateau."),
    click.option("--decay-factor", type=click.FloatRange(0, 1), default=0.1, show_default=True,
                 help="What a stage multiplies the learning rate by."),
    click.option("--warmup", type=click.IntRange(0), default=0, show_default=True, metavar="STEPS",
                 help="Steps over which the learning rate rises from 0."),
)  # fmt: skip
_regular_options = combine(
    click.option("--weight-decay", type=click.FloatRange(0), default=0.01, show_default=True,
                 help="Weight decay."),
    click.option("--clip", type=click.FloatRange(0, min_open=True), metavar="X",
                 help="Largest norm of the gradients, all together."),
    click.option("--max-norm", type=click.FloatRange(0, min_open=True), metavar="X",
                 help="Largest norm of the weights of a filter or unit (Basset: 7)."),
    click.option("--class-weights", is_flag=True,
                 help="Weigh positives so that both classes weigh the same."),
    click.option("--balance", is_flag=True,
                 help="Draw rows, with replacement, so that both classes come as often."),
    click.option("--ema", type=click.FloatRange(0, 1, max_open=True), default=0.0, show_default=True,
                 metavar="DECAY", help="Validate and keep a running average of the weights."),
    click.option("--monitor", type=click.Choice(_METRICS), default="loss", show_default=True,
                 help="What on the validation rows makes an epoch the best."),
    click.option("--patience", type=click.IntRange(1), default=10, show_default=True,
                 help="Epochs without a better one before stopping."),
)  # fmt: skip
_machine_options = combine(
    device_option,
    click.option("--precision", type=click.Choice(["auto", "float32", "bf16"]), default="auto",
                 show_default=True, help="Arithmetic of training; auto is bf16 where the hardware has it."),
    click.option("--compile", is_flag=True, help="Compile the network first (torch.compile)."),
)  # fmt: skip
_resume_options = combine(
    click.option("--checkpoint-dir", metavar="DIR",
                 help="Keep the state of training there, to go on after being stopped or killed."),
    click.option("--checkpoint-every", default="600s", show_default=True, metavar="STEPS|SECONDSs",
                 help="How often."),
    click.option("--resume", is_flag=True, help="Go on from --checkpoint-dir if there is a checkpoint."),
    click.option("--requeue-code", type=click.IntRange(1, 255), default=85, show_default=True,
                 help="Exit code after SIGUSR1."),
)  # fmt: skip
_plot_option = click.option("--plot", metavar="SVG", help="Learning curve (default: beside the model).")

fit_options = combine(_step_options, _regular_options, _machine_options, _resume_options, _plot_option)

_CONFIG_NAMES = (
    "epochs", "batch_size", "optimiser", "optimiser_options", "learning_rate", "schedule", "decay_epochs",
    "decay_factor", "warmup", "weight_decay", "clip", "max_norm", "class_weights", "balance", "ema",
    "monitor", "patience", "compile",
)  # fmt: skip


class RunOptions(NamedTuple):
    """Where a network is trained, from which seed, and where it goes with its side files."""

    seed: int
    threads: int
    device: str
    precision: str
    output: str
    metrics: str | None
    json_path: str | None
    plot: str | None

    @staticmethod
    def take(options: dict[str, Any]) -> RunOptions:
        """Take them out of the options of a command."""
        return RunOptions(**{name: options.pop(name) for name in RunOptions._fields})

    @property
    def side(self) -> SideFiles:
        """The side files, by their own names or the model's."""
        from seqnet.commands._training import SideFiles

        return SideFiles.beside(self.output, self.metrics, self.json_path, self.plot)


def check_options(options: dict[str, Any], task_type: str) -> None:
    """Check that options fit together, before anything heavy is loaded.

    Raises
    ------
    UsageError
        If two contradict each other.
    """
    from seqnet.errors import UsageError

    monitor, optimiser = options["monitor"], options["optimiser"]
    if monitor not in MONITORS[task_type]:
        fitting = " or ".join(MONITORS[task_type])
        raise UsageError(f"--monitor {monitor} is not for {task_type} targets; take {fitting}")
    if options["warmup"] and options["schedule"] == "one-cycle":
        raise UsageError("--schedule one-cycle has a warm-up of its own; leave --warmup out")
    if task_type != "binary" and (options["class_weights"] or options["balance"]):
        raise UsageError("--class-weights and --balance are for binary targets")
    known = OPTIMISERS[optimiser].options
    for name in options["optimiser_options"]:
        if name not in known:
            have = ", ".join(known) or "none"
            raise UsageError(f"--optimiser-option {name}: {optimiser} has {have}")


def take_config(options: dict[str, Any], **values: Any) -> FitConfig:
    """Take what makes a `FitConfig` out of the options.

    Parameters
    ----------
    options
        As click gives them; the names taken are removed.
    values
        The rest of the configuration.
    """
    from seqnet.training.config import FitConfig

    taken = {name: options.pop(name) for name in _CONFIG_NAMES}
    taken["jitter"] = options.pop("jitter", 0)  # sequences alone have it
    if taken["learning_rate"] is None:
        taken["learning_rate"] = OPTIMISERS[taken["optimiser"]].rate
    return FitConfig(**taken, **values)


def default_epochs(rows: int) -> int:
    """Return how many epochs so many training rows take: the more rows, the fewer.

    Examples
    --------
    >>> default_epochs(5_000), default_epochs(25_000), default_epochs(100_000)
    (25, 18, 12)
    """
    return round(25 - 13 * min(1.0, max(0.0, rows / 10_000 - 2)))


def parse_interval(text: str) -> tuple[int | None, float | None]:
    """Return the steps or the seconds of an interval such as ``500`` or ``300s``.

    Examples
    --------
    >>> parse_interval("500"), parse_interval("300s")
    ((500, None), (None, 300.0))
    """
    from seqnet.errors import UsageError

    try:
        steps, seconds = (None, float(text[:-1])) if text.endswith("s") else (int(text), None)
    except ValueError:
        steps, seconds = 0, None
    if (steps is not None and steps < 1) or (seconds is not None and not seconds >= 0):
        raise UsageError(f"--checkpoint-every {text}: expected steps such as 500 or seconds such as 300s")
    return steps, seconds
