"""The base rate that predictions are made for: logits and thresholds moved from that of the training rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from seqnet.errors import SeqnetError
from seqnet.networks.model import Model
from seqnet.networks.task_types import DEFAULT_TASK_TYPE


def prior_shift(
    rates: Mapping[str, float], tasks: tuple[str, ...], prior: float | None, task_type: str
) -> NDArray[np.float32]:
    """Return what is added to the logit of each task, float32 (T,).

    By Bayes' rule, odds of rows sampled with base rate r become those at base rate P when multiplied by
    (P / (1 - P)) / (r / (1 - r)).

    Raises
    ------
    SeqnetError
        If there is a prior and nothing to move logits from.
    """
    if prior is None:
        return np.zeros(len(tasks), dtype=np.float32)
    if task_type != "binary":
        raise SeqnetError(f"--prior moves probabilities of yes or no; the model's tasks are {task_type}")
    for task in tasks:
        if not 0 < rates.get(task, 0.0) < 1:
            raise SeqnetError(f"--prior: the model states no base rate of {task} between 0 and 1")
    trained = np.array([rates[task] for task in tasks])
    wanted = np.log(prior) - np.log1p(-prior)
    shift: NDArray[np.float32] = (wanted - np.log(trained) + np.log1p(-trained)).astype(np.float32)
    return shift


def decision_thresholds(model: Model, prior: float | None) -> dict[str, float]:
    """Return the predictions from which rows are called positive, task to score.

    They are those that the model keeps, chosen on its validation rows. A prior moves them as it moves
    the predictions, so that the same rows are called.
    """
    thresholds: dict[str, float] = model.header.get("thresholds") or {}
    thresholds = {task: float(thresholds[task]) for task in model.tasks if task in thresholds}
    if prior is None or not thresholds:
        return thresholds
    rates, task_type = model.header.get("base_rates") or {}, model.header.get("task_type", DEFAULT_TASK_TYPE)
    shifts = dict(zip(model.tasks, prior_shift(rates, model.tasks, prior, task_type).tolist(), strict=True))
    with np.errstate(divide="ignore"):  # a threshold of 0 or 1 stays where it is
        logits = {task: np.log(value) - np.log1p(-value) for task, value in thresholds.items()}
        return {task: float(1 / (1 + np.exp(-(logit + shifts[task])))) for task, logit in logits.items()}
