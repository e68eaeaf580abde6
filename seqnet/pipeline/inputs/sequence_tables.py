"""Tables with a column of sequences, as rows to train on, to predict or to evaluate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats
from seqnet.datasets.targets import class_targets, parse_numbers
from seqnet.errors import FormatError, shorten
from seqnet.formats.sequences.sequence_table import SequenceTable
from seqnet.genome.regions import UNKNOWN
from seqnet.genome.splitting.splits import known_split


class TableTargets(NamedTuple):
    """What the target columns of a table hold."""

    tasks: tuple[str, ...]
    values: Floats
    """float64 (n, T), NaN where unknown."""


def table_targets(table: SequenceTable, task_type: str | None) -> TableTargets:
    """Return tasks and targets of a table.

    Parameters
    ----------
    task_type
        The requested one: a single column of ``multiclass`` holds names of classes, a task each.

    Raises
    ------
    FormatError
        With the line, at a target that is no number.
    """
    if task_type == "multiclass" and len(table.targets) == 1:
        return TableTargets(*class_targets(next(iter(table.targets.values()))))
    columns = []
    for name, texts in table.targets.items():
        try:
            columns.append(parse_numbers(texts))
        except ValueError as error:
            position, text = error.args
            message = (
                f"column {name}: {text!r} is no number (see --task-type); expected a number, or . where it "
                "is unknown"
            )
            raise FormatError(table.source, message, int(table.lines[position])) from error
    return TableTargets(tuple(table.targets), np.stack(columns, axis=1))


def table_splits(table: SequenceTable) -> NDArray[np.object_]:
    """Return the split of each row, object (n,); ``.`` where the table has none.

    Raises
    ------
    FormatError
        With the line, at a word that means no split.
    """
    splits = np.full(len(table.sequences), UNKNOWN, dtype=object)
    for row, text in enumerate(table.splits or ()):
        split = known_split(text)
        if split is None:
            message = f"split is {shorten(text)}; expected train, valid, test or {UNKNOWN}"
            raise FormatError(table.source, message, int(table.lines[row]))
        splits[row] = split
    return splits
