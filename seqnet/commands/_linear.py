"""Training linear models from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqnet.commands._console import progress_bar, warn
from seqnet.commands._options import combine
from seqnet.commands._paths import expect_writable
from seqnet.commands._training_sources import Source, take_splits
from seqnet.errors import UsageError
from seqnet.networks.heads import TASK_TYPES

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Json
    from seqnet.commands._training_data import TrainingData
    from seqnet.datasets.leakage import OnLeak
    from seqnet.kmers.settings import KmerSettings
    from seqnet.training.linear import Fitted

_LOSSES = {
    "bce": "logistic regression",
    "hinge": "squared hinge (LinearSVC)",
    "cross_entropy": "softmax regression",
    "mse": "ridge regression",
    "poisson": "Poisson regression",
}

linear_options = combine(
    click.option("--task-type", type=click.Choice(list(TASK_TYPES)),
                 help="; ".join(f"{name}: {head.help}" for name, head in TASK_TYPES.items())
                 + ". Default: binary where all values are 0 and 1, else regression."),
    click.option("--loss", type=click.Choice(list(_LOSSES)),
                 help="; ".join(f"{name}: {text}" for name, text in _LOSSES.items())
                 + ". Default: the first that fits the task type."),
    click.option("--strength", type=click.FloatRange(0), metavar="X",
                 help="scikit-learn's C, the weight of the data against the L2 penalty; with mse the weight "
                 "of the penalty, 0 for plain least squares. Default: the best of several on the validation "
                 "rows."),
)  # fmt: skip


def train_linear(
    kmers: KmerSettings,
    seed: int,
    threads: int,
    output: str,
    metrics: str | None,
    json_path: str | None,
    on_leak: OnLeak | None,
    task_type: str | None,
    loss: str | None,
    strength: float | None,
    **options: Any,
) -> None:
    """Train a linear model and write it with its side files.

    Parameters
    ----------
    options
        Those of `split_options` and of `Source`.
    """
    import numpy as np

    from seqnet.commands._judging import judge_valid, valid_thresholds
    from seqnet.commands._training import SideFiles, model_header, write_outputs
    from seqnet.commands._training_data import load_training_data
    from seqnet.networks.model import Model
    from seqnet.training.columns import column_statistics
    from seqnet.training.linear import stacked

    expect_writable(output, metrics, json_path)
    if task_type is not None:
        _check_loss(task_type, loss, strength)
    data = load_training_data(
        Source.take(options), take_splits(options), task_type=task_type, kmers=kmers, strands=kmers.strands,
        seed=seed, on_leak=on_leak,
    )  # fmt: skip
    assert data.features is not None
    name = _check_loss(data.task_type, loss, strength)
    fitted = _fit(data, name, None if strength is None else (strength,))
    weights, bias = stacked(fitted)
    outputs = data.features[data.rows("valid")] @ weights.T + bias
    judged = judge_valid(data, outputs)
    header = model_header(
        data, kind="linear", architecture=[], strands="forward", seed=seed, threads=threads,
        options={"loss": name, "strengths": [one.strength for one in fitted]}, metrics=judged,
    )  # fmt: skip
    header["thresholds"] = valid_thresholds(data, outputs)
    tensors = {
        "0.weight": weights.astype(np.float32),
        "0.bias": bias.astype(np.float32),
        "input.mean": np.zeros(weights.shape[1], np.float32),
        "input.scale": np.ones(weights.shape[1], np.float32),
        "input.deviation": column_statistics(data.features[data.rows("train")])[1],
    }
    side = SideFiles.beside(output, metrics, json_path, None)
    write_outputs(output, side, Model(header, tensors), *_log(data, fitted, judged, outputs), None)


def _check_loss(task_type: str, loss: str | None, strength: float | None) -> str:
    """Return the loss for a task type, and refuse strengths that it cannot have."""
    from seqnet.networks.heads import loss_name

    try:
        name = loss_name(task_type, loss)
    except ValueError as error:
        raise UsageError(f"--{error}") from error
    if strength == 0 and name != "mse":
        raise UsageError(f"--strength 0 gives the data no weight with --loss {name}; expected more than 0")
    return name


def _fit(data: TrainingData, loss: str, strengths: Sequence[float] | None) -> list[Fitted]:
    """Solve every task, with a progress bar."""
    from seqnet.training.linear import STRENGTHS, LabelledRows, fit_linear

    assert data.features is not None
    train, valid = data.rows("train"), data.rows("valid")
    fits = 1 if loss == "cross_entropy" else len(data.regions.tasks)
    with progress_bar("solutions", len(strengths or STRENGTHS[loss]) * fits) as progress:
        return fit_linear(
            loss,
            LabelledRows(data.features[train], data.targets[train], data.weights_of(train)),
            LabelledRows(data.features[valid], data.targets[valid], data.weights_of(valid)),
            strengths,
            progress,
            warn,
        )


def _log(
    data: TrainingData, fitted: Sequence[Fitted], judged: Sequence[Json], outputs: Floats
) -> tuple[list[str], list[list[object]]]:
    """Return the columns and rows of the log: a row for each fit."""
    from seqnet.training.judge import judge

    tasks, targets = data.regions.tasks, data.targets[data.rows("valid")].astype("f4")
    if data.task_type == "multiclass":
        names, figures = ["all"], [{name: judged[0][name] for name in ("accuracy", "auroc")}]
    else:
        names = list(tasks)
        figures = [
            judge(data.task_type, (task,), targets[:, [column]], outputs[:, [column]].astype("f4"))
            for column, task in enumerate(tasks)
        ]
    columns = ["task", "strength", "valid_loss", *(f"valid_{name}" for name in figures[0])]
    rows = zip(names, fitted, figures, strict=True)
    return columns, [[name, one.strength, one.valid_loss, *row.values()] for name, one, row in rows]
