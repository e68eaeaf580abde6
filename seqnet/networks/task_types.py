"""What a task's targets may be, as data: which losses fit them, and what an output means."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

TaskType: TypeAlias = Literal["binary", "multiclass", "regression", "counts"]
"""The rows of `TASK_TYPES`."""


class Head(NamedTuple):
    """How a network's output is trained and read."""

    losses: tuple[str, ...]
    """Rows of ``losses.LOSSES`` that fit, the default first."""
    output: str
    """Row of ``losses.OUTPUTS``: from the network's output to a prediction."""
    help: str


TASK_TYPES: dict[str, Head] = {
    "binary": Head(("bce", "hinge"), "sigmoid", "targets of 0 or 1, any number of them 1 at once"),
    "multiclass": Head(("cross_entropy",), "softmax", "one of the targets is 1, the others 0"),
    "regression": Head(("mse",), "identity", "numbers"),
    "counts": Head(("poisson",), "exp", "counts, 0 or more; the network's output is their log rate"),
}
DEFAULT_TASK_TYPE = "binary"
MONITORS = {
    "binary": ("loss", "auroc", "auprc"),
    "multiclass": ("loss", "accuracy", "auroc"),
    "regression": ("loss", "pearson", "r2"),
    "counts": ("loss", "pearson", "r2"),
}
"""Task type to what may decide which epoch is the best."""
ALL_MONITORS = sorted({name for names in MONITORS.values() for name in names})
DENOISING_MONITORS = ("loss", "pearson", "r2")
"""The same for networks that denoise tracks."""
LOG1P, QUANTILE = "log1p", "quantile"
DEFAULT_TARGET_SCALE = "z"
TARGET_SCALES: dict[str, str] = {
    "z": "mean 0, standard deviation 1",
    "none": "as they are",
    LOG1P: "ln(1 + y), then z",
    QUANTILE: "normal quantiles of the ranks, then z; predictions stay in the range of the training targets",
}
LOSS_NAMES: dict[str, str] = {
    "bce": "binary cross-entropy of logits",
    "hinge": "hinge loss with margin 1",
    "cross_entropy": "cross-entropy of the softmax over tasks",
    "mse": "mean squared error",
    "poisson": "negative log likelihood of Poisson counts",
}

LINEAR_LOSSES = {
    "bce": "logistic regression",
    "hinge": "squared hinge (LinearSVC)",
    "cross_entropy": "softmax regression",
    "mse": "ridge regression",
    "poisson": "Poisson regression",
}
"""Loss of linear models to what it makes of them."""


def loss_name(task_type: str, loss: str | None) -> str:
    """Return the loss for a task type: its default, or the requested one where it fits.

    Raises
    ------
    ValueError
        If `loss` is not for such targets.
    """
    fitting = TASK_TYPES[task_type].losses
    if loss is None:
        return fitting[0]
    if loss not in fitting:
        raise ValueError(f"loss {loss} is not for {task_type} targets; expected {' or '.join(fitting)}")
    return loss
