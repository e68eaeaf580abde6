"""Models as requests name them: a file, or the model itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import PurePath

from seqnet.errors import UsageError, shorten
from seqnet.formats.files.header import base_name
from seqnet.formats.models.model_file import model_bytes, read_model
from seqnet.inference.linear_predictor import is_linear
from seqnet.lookup import require
from seqnet.networks.model import Model
from seqnet.pipeline.inputs.request import MOST_TASKS
from seqnet.reporting import warn


def load_model(model: str | Model) -> Model:
    """Return a model to predict with, read from its file where it is a path.

    Raises
    ------
    MissingLibraryError
        If it is a network and torch is not installed.
    """
    loaded = read_model(model) if isinstance(model, str) else model
    if not is_linear(loaded):
        require("torch")
    return loaded


def chosen_tasks(tasks: Sequence[str], named: Sequence[str]) -> list[int]:
    """Return the numbers of the tasks that ``--task`` names, as named; else of the first `MOST_TASKS`.

    Raises
    ------
    UsageError
        Naming a task that there is not.
    """
    numbers = {name: number for number, name in enumerate(tasks)}
    for name in named:
        if name not in numbers:
            shown = ", ".join(tasks[:MOST_TASKS]) + (", ..." if len(tasks) > MOST_TASKS else "")
            raise UsageError(f"--task: the model has no task {shorten(name)}; its tasks are {shown}")
    if named:
        return [numbers[name] for name in named]
    if len(tasks) > MOST_TASKS:
        warn(f"the first {MOST_TASKS} of {len(tasks)} tasks are used; --task names others")
    return list(range(min(MOST_TASKS, len(tasks))))


def model_source(model: str | Model) -> str:
    """Return what messages call a model: its path, or "the model"."""
    return model if isinstance(model, str) else "the model"


def model_label(model: str | Model) -> str:
    """Return what headers and reports call a model: the base name of its file, or its kind."""
    return base_name(model) if isinstance(model, str) else str(model.header.get("kind", "model"))


def model_digest(model: Model) -> str:
    """Return the SHA-256 of a model, which is that of its file."""
    return hashlib.sha256(model_bytes(model)).hexdigest()


def distinct_names(paths: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return a name for each file: the one given, with folders where several are equal.

    As many folders precede as are needed; equal paths are numbered.

    Examples
    --------
    >>> distinct_names(["a/run/m.json", "b/run/m.json", "c.json"], ["m", "m", "c"])
    ['a/run/m', 'b/run/m', 'c']
    """
    folders = [PurePath(path).parent.parts for path in paths]
    shared = [names.count(name) > 1 for name in names]
    labels, depth = list(names), 0
    while len(set(labels)) < len(labels) and depth < max(map(len, folders)):
        depth += 1
        labels = [
            "/".join([*own[-depth:], name]) if several else name
            for own, name, several in zip(folders, names, shared, strict=True)
        ]
    return [
        label if label not in labels[:place] else f"{label}_{labels[:place].count(label) + 1}"
        for place, label in enumerate(labels)
    ]
