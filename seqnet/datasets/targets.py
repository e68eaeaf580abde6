"""What a task's targets are, told from their values; classes by name as one column each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Floats
from seqnet.genome.regions import UNKNOWN


def infer_task_type(targets: Floats) -> str:
    """Return ``binary`` where every known target is 0 or 1, else ``regression``.

    Parameters
    ----------
    targets
        float64 (n, T), NaN where unknown.
    """
    known = targets[~np.isnan(targets)]
    return "binary" if np.isin(known, (0.0, 1.0)).all() else "regression"


def check_targets(targets: Floats, task_type: str) -> None:
    """Make sure that targets are of a type.

    Raises
    ------
    ValueError
        Saying what is expected and what was found.
    """
    known = targets[~np.isnan(targets)]
    if task_type in ("binary", "multiclass"):
        odd = known[~np.isin(known, (0.0, 1.0))]
        if len(odd):
            raise ValueError(f"{task_type} targets must be 0, 1 or {UNKNOWN}; found {odd[0]:g}")
    if task_type == "counts" and (known < 0).any():
        raise ValueError(f"counts must not be negative; found {known[known < 0][0]:g}")
    if task_type == "multiclass":
        whole = ~np.isnan(targets).any(axis=1)
        sums = targets[whole].sum(axis=1)
        if targets.shape[1] < 2 or (sums != 1).any():
            raise ValueError("multiclass targets need two tasks or more, of which each row has one that is 1")


def parse_numbers(texts: Sequence[str]) -> Floats:
    """Return numbers of text, NaN for unknown ones (``.``, ``NA`` or nothing): float64 (n,).

    Raises
    ------
    ValueError
        With the position and the text of the first that is neither, as its arguments.
    """
    values = np.empty(len(texts))
    for position, text in enumerate(texts):
        if text in (UNKNOWN, "NA", ""):
            values[position] = np.nan
            continue
        try:
            values[position] = float(text)
        except ValueError:
            values[position] = np.inf
        if not np.isfinite(values[position]):
            raise ValueError(position, text)
    return values


class ClassTargets(NamedTuple):
    """Classes as tasks."""

    tasks: tuple[str, ...]
    targets: Floats
    """float64 (n, classes): 1 in the row's class, 0 elsewhere; NaN where the class is unknown."""


def class_targets(texts: Sequence[str]) -> ClassTargets:
    """Turn a column of class names into one task per class, in alphabetical order.

    Examples
    --------
    >>> class_targets(["up", "down", "up", "."]).targets.tolist()
    [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [nan, nan]]
    """
    tasks = tuple(sorted({text for text in texts if text not in (UNKNOWN, "NA", "")}))
    place = {task: column for column, task in enumerate(tasks)}
    targets = np.full((len(texts), len(tasks)), np.nan)
    for row, text in enumerate(texts):
        if text in place:
            targets[row] = 0.0
            targets[row, place[text]] = 1.0
    return ClassTargets(tasks, targets)
