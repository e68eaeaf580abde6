"""What a task's targets may be, as data: which losses fit them, and what an output means."""

from __future__ import annotations

from typing import NamedTuple


class Head(NamedTuple):
    """How a network's output is trained and read."""

    losses: tuple[str, ...]
    """Rows of ``losses.LOSSES`` that fit, the default first."""
    output: str
    """Row of ``losses.OUTPUTS``: from the network's output to a prediction."""
    help: str


TASK_TYPES: dict[str, Head] = {
    "binary": Head(("bce", "hinge"), "sigmoid", "each target 0 or 1, any number of them at once"),
    "multiclass": Head(("cross_entropy",), "softmax", "one of the targets is 1, the others 0"),
    "regression": Head(("mse",), "identity", "numbers"),
    "counts": Head(("poisson",), "exp", "counts, 0 or more; the network's output is their log rate"),
}
DEFAULT_TASK_TYPE = "binary"
LOSS_NAMES: dict[str, str] = {
    "bce": "binary cross-entropy of logits",
    "hinge": "hinge, 1 away from the boundary",
    "cross_entropy": "cross-entropy of the softmax over tasks",
    "mse": "mean squared error",
    "poisson": "negative log likelihood of Poisson counts",
}


def loss_name(task_type: str, loss: str | None) -> str:
    """Return the loss for a task type: its default, or the one asked for where it fits.

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
