"""The type of a task's targets, derived from their values; classes by name as one column each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Floats
from seqnet.numerals import is_unknown, parse_label

LARGEST = float(np.finfo(np.float32).max)
_CONTROL = re.compile("[\0-\x1f\x7f]")


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
            raise ValueError(f"{task_type} targets must be 0, 1 or .; found {odd[0]:g}")
    large = known[np.abs(known) > LARGEST]
    if len(large):
        raise ValueError(f"targets must lie within {LARGEST:g} of 0, as predictions do; found {large[0]:g}")
    if task_type == "counts" and (known < 0).any():
        raise ValueError(f"counts must not be negative; found {known[known < 0][0]:g}")
    if task_type == "multiclass":
        whole = ~np.isnan(targets).any(axis=1)
        sums = targets[whole].sum(axis=1)
        if targets.shape[1] < 2 or (sums != 1).any():
            raise ValueError("multiclass targets need two tasks or more, of which each row has one that is 1")


def check_task_names(names: Sequence[str]) -> None:
    """Make sure that names can be columns of a tab-separated table.

    Raises
    ------
    ValueError
        Naming the first that is empty, or holds a tab, a line break or another control character.
    """
    for name in names:
        if not name or _CONTROL.search(name):
            what = "is empty" if not name else "holds a tab, a line break or another control character"
            raise ValueError(f"the task name {name!r} {what}, and cannot be a column of a table")


def parse_numbers(texts: Sequence[str]) -> Floats:
    """Return numbers of text, as `parse_label` reads them: float64 (n,).

    Raises
    ------
    ValueError
        With the position and the text of the first that is neither, as its arguments.
    """
    values = np.empty(len(texts))
    for position, text in enumerate(texts):
        try:
            values[position] = parse_label(text)
        except ValueError:
            raise ValueError(position, text) from None
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
    tasks = tuple(sorted({text for text in texts if not is_unknown(text)}))
    place = {task: column for column, task in enumerate(tasks)}
    targets = np.full((len(texts), len(tasks)), np.nan)
    for row, text in enumerate(texts):
        if text in place:
            targets[row] = 0.0
            targets[row, place[text]] = 1.0
    return ClassTargets(tasks, targets)
