"""Labels of sequences: a labelled-regions table, or a table of names with a column per task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats
from seqnet.errors import FormatError
from seqnet.formats._open import numbered_lines, open_input
from seqnet.formats.bed import read_bed_lines
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.genome.splits import SPLITS

NAME, SPLIT = "name", "split"


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels with coordinates, or with names alone.

    Parameters
    ----------
    regions
        The labelled-regions table, where it is one; the rest is empty then.
    names
        n row names.
    tasks
        T column names.
    targets
        float64 (n, T), NaN where unknown.
    splits
        object (n,): train, valid, test or ``.``.
    """

    regions: Regions | None
    names: list[str]
    tasks: tuple[str, ...]
    targets: Floats
    splits: NDArray[np.object_]


def read_labels(path: str, tasks: Sequence[str] | None = None) -> Labels:
    """Read labels of either form.

    A column line that begins with ``name`` (``#`` or not) makes it a table of names; a column
    ``split`` there holds splits, every other one is a task.

    Parameters
    ----------
    tasks
        Task names of a labelled-regions table that lost its column line.

    Raises
    ------
    FormatError
        With the line, at anything that is neither.
    """
    with open_input(path) as stream:
        lines = list(numbered_lines(stream, path))
    columns = None if tasks is not None else _name_columns(lines)
    if columns is not None:
        return _named(lines, columns, path)
    regions = read_bed_lines(lines, path, tasks=tasks, labelled=True)
    return Labels(regions, [], (), np.empty((0, 0)), np.empty(0, object))


def _name_columns(lines: Sequence[tuple[int, str]]) -> list[str] | None:
    """Return the columns of a table of names, None where the lines are no such table."""
    for _, line in lines:
        columns = line.removeprefix("#").split("\t")
        if columns[0] == NAME and len(columns) > 1:
            return columns
        if line.strip() and not line.startswith("#"):
            break
    return None


def _named(lines: Sequence[tuple[int, str]], columns: list[str], path: str) -> Labels:
    """Read the rows of a table of names."""
    if len(set(columns)) < len(columns):
        raise FormatError(path, "two columns of one name")
    tasks = tuple(column for column in columns[1:] if column != SPLIT)
    split_at = columns.index(SPLIT) if SPLIT in columns else None
    names, splits, values = list[str](), list[str](), list[list[float]]()
    for number, fields in _fields(lines, columns, path):
        names.append(fields[0])
        split = UNKNOWN if split_at is None else fields[split_at]
        if split not in (*SPLITS, UNKNOWN):
            message = f"split is {split!r}; expected train, valid, test or {UNKNOWN}"
            raise FormatError(path, message, number)
        splits.append(split)
        texts = [text for place, text in enumerate(fields) if place not in (0, split_at)]
        values.append([_number(text, task, path, number) for text, task in zip(texts, tasks, strict=True)])
    if not names:
        raise FormatError(path, "holds no rows")
    targets = np.array(values, dtype=np.float64).reshape(len(names), len(tasks))
    return Labels(None, names, tasks, targets, np.array(splits, dtype=object))


def _fields(
    lines: Sequence[tuple[int, str]], columns: list[str], path: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each row, as many as there are columns."""
    for number, line in lines:
        fields = line.split("\t")
        if line.startswith("#") or not line.strip() or fields == columns:
            continue
        if len(fields) != len(columns):
            raise FormatError(path, f"expected {len(columns)} columns, found {len(fields)}", number)
        yield number, fields


def _number(text: str, task: str, path: str, number: int) -> Any:
    """Read one target; unknown is NaN."""
    if text == UNKNOWN:
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise FormatError(path, f"{task} is {text!r}; expected a number or {UNKNOWN}", number)
    return value
