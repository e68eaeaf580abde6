"""Labels, and the predictions that belong to them."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.results.scores import (
    BASE_RATES,
    TASK_TYPE,
    THRESHOLDS,
    NamedScores,
    per_task,
    read_scores,
)
from seqnet.formats.sequences.sequence_table import Columns, read_sequence_table
from seqnet.genome.contig_names import shown_names
from seqnet.genome.joins import check_distinct, coordinates, join_rows, unwanted
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.metrics.bootstrap import genome_blocks, named_blocks
from seqnet.metrics.registry import TASK_TYPES, TaskType
from seqnet.pipeline.inputs.sequence_tables import table_splits, table_targets
from seqnet.pipeline.prediction.results import PredictionTable
from seqnet.reporting import warn

if TYPE_CHECKING:
    from seqnet.aliases import Bools, Floats, Ints, Json
    from seqnet.genome.sequence import EncodedSequence
    from seqnet.networks.model import Model
    from seqnet.pipeline.evaluation.request import EvaluateRequest


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Labelled rows, with coordinates or with names alone.

    Parameters
    ----------
    table
        As read.
    sequences
        The sequence of each row, where the table holds them.
    """

    table: Regions | NamedScores
    sequences: Sequence[EncodedSequence] = ()

    @property
    def source(self) -> str:
        """The file."""
        return self.table.source

    @property
    def located(self) -> bool:
        """Whether the rows have coordinates."""
        return isinstance(self.table, Regions)

    @property
    def tasks(self) -> tuple[str, ...]:
        """T names."""
        return self.table.tasks

    @property
    def names(self) -> list[str]:
        """Name of each row."""
        return list(self.table.names)

    @property
    def splits(self) -> np.ndarray:
        """Split of each row, object (n,)."""
        return np.array(self.table.splits, dtype=object).reshape(len(self.names))

    @property
    def unsplit(self) -> bool:
        """Whether no row has a split: all of them are evaluated."""
        return bool((self.splits == UNKNOWN).all())

    @property
    def targets(self) -> Floats:
        """float64 (n, T)."""
        return self.table.targets if isinstance(self.table, Regions) else self.table.values

    def blocks(self, rows: Ints, size: int) -> Ints:
        """Return the block of each of `rows`, for resampling, int64."""
        if isinstance(self.table, Regions):
            intervals = self.table.intervals.take(rows)
            return genome_blocks(intervals.contig, intervals.start, intervals.end, size)
        return named_blocks([self.table.groups[row] for row in rows])

    def digest(self, rows: Ints) -> str:
        """Return a digest of the places of `rows`, or of their names without coordinates, in any order."""
        if isinstance(self.table, Regions):
            keys = sorted("\t".join(map(str, place)) for place in coordinates(self.table.take(rows)))
        else:
            keys = sorted(self.table.names[row] for row in rows)
        return hashlib.sha256("\n".join(keys).encode()).hexdigest()

    def contigs(self, rows: Ints) -> list[str]:
        """Return the contigs that `rows` lie on, none without coordinates."""
        if not isinstance(self.table, Regions):
            return []
        return sorted(set(self.table.intervals.take(rows).contig_names()))


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of chosen label rows.

    Parameters
    ----------
    name
        What the report calls them.
    tasks
        T names.
    rows
        int64 (m,): the label row of each.
    values
        float64 (m, T).
    thresholds, training_base_rates
        By task, where the file or the model states them.
    model
        Header of the model, where it is at hand.
    task_type
        What the targets are, where the file or the model states it.
    """

    name: str
    tasks: tuple[str, ...]
    rows: Ints
    values: Floats
    thresholds: dict[str, float]
    training_base_rates: dict[str, float]
    model: Json | None = None
    task_type: str | None = None
    trained: int = 0
    """How many of the first rows wanted the file says were trained on."""
    parts: Mapping[str, Floats] = field(default_factory=dict)
    """Name of a part of the model to its outputs, float64 (m, T); nothing of a model without parts."""

    def of(self, rows: Ints, tasks: Sequence[str]) -> Floats:
        """Return the predictions of label rows, (len(rows), len(tasks))."""
        place = np.full(int(self.rows.max(initial=-1)) + 1, -1, dtype=np.int64)
        place[self.rows] = np.arange(len(self.rows))
        return self.values[place[rows]][:, [self.tasks.index(task) for task in tasks]]


def read_labels(path: str) -> LabelTable:
    """Read labelled regions, or a table of names with targets, or with the name of each row's class.

    Raises
    ------
    FormatError
        If it holds no tasks, or two rows of one place.
    """
    table = read_scores(path, classes=True)
    if not table.tasks:
        raise FormatError(path, "holds no tasks; expected a column line with task names")
    if isinstance(table, Regions):
        check_distinct(table)
    return LabelTable(table)


def labels_of_table(request: EvaluateRequest, model: Model | None) -> LabelTable:
    """Read labels from the columns of a table; its sequences too, where a model is to predict them.

    Raises
    ------
    FormatError
        With the line, at a column that is not there or a value that it cannot hold.
    """
    columns = Columns(
        request.sequence_column, request.target_columns, request.name_column, request.split_column,
        request.group_column,
    )  # fmt: skip
    table = read_sequence_table(str(request.table), columns)
    stated = request.task_type or (None if model is None else model.header.get("task_type"))
    tasks, values = table_targets(table, stated)
    names = [name for name, _ in table.sequences]
    scores = NamedScores(
        names, tasks, values, table.source, table_splits(table).tolist(), table.groups or names
    )
    return LabelTable(scores, table.sequences)


def rows_of(labels: LabelTable, split: str) -> Ints:
    """Return the rows of a split, int64; all of them where the table has no splits.

    Raises
    ------
    FormatError
        If there are none.
    """
    splits = labels.splits
    everything = split == "all" or labels.unsplit
    rows = np.arange(len(splits)) if everything else np.flatnonzero(splits == split)
    if not len(rows):
        raise FormatError(labels.source, f"has no rows of split {split!r}")
    return rows


def joined_predictions(
    given: str | PredictionTable, labels: LabelTable, rows: Ints, extra: Ints, name: str
) -> Predictions:
    """Join a table of predictions to label rows.

    Parameters
    ----------
    given
        The table's file, or what ``predict`` returned.
    rows
        Label rows that must be there.
    extra
        Label rows that are taken when all of them are there.
    """
    table = read_scores(given) if isinstance(given, str) else _scores(given)
    path = table.source
    wanted = np.concatenate([rows, extra])
    try:
        predictions = _joined(labels, wanted, table)
    except SeqnetError:
        if not len(extra):
            raise
        wanted = rows
        predictions = _joined(labels, wanted, table)
    say_unlabelled(path, *_unlabelled(labels, table))
    values = table.targets if isinstance(table, Regions) else table.values
    stated = {key: per_task(table.header.get(key, ""), path, key) for key in (THRESHOLDS, BASE_RATES)}
    carried = np.array(table.splits, dtype=object)[predictions[: len(rows)]]
    return Predictions(
        name, table.tasks, wanted, values[predictions], stated[THRESHOLDS], stated[BASE_RATES],
        task_type=_stated_type(table.header.get(TASK_TYPE), path), trained=int((carried == "train").sum()),
    )  # fmt: skip


def _scores(table: PredictionTable) -> Regions | NamedScores:
    """Return predictions as a table of scores."""
    values = table.values.astype(np.float64)
    if table.regions is not None:
        return table.regions.with_targets(table.tasks, values)
    names = table.names.tolist()
    return NamedScores(names, table.tasks, values, "the predictions", [UNKNOWN] * len(names), names)


def _stated_type(value: str | None, path: str) -> TaskType | None:
    """Return the type of task that a file of predictions says, None if it says none."""
    if value is None:
        return None
    for kind in TASK_TYPES:
        if value == kind:
            return kind
    raise FormatError(path, f"##{TASK_TYPE} is {value!r}; expected one of {', '.join(TASK_TYPES)}")


def _joined(labels: LabelTable, rows: Ints, table: Regions | NamedScores) -> Ints:
    """Return the row of each label row in a table, by its place or else by its name."""
    if isinstance(table, Regions) and isinstance(labels.table, Regions):
        return join_rows(
            coordinates(labels.table.take(rows)), coordinates(table), labels.source, table.source
        )
    names = labels.names
    return join_rows([names[row] for row in rows], list(table.names), labels.source, table.source)


def _unlabelled(labels: LabelTable, table: Regions | NamedScores) -> tuple[list[Hashable], int]:
    """Return the rows of a table of predictions that no label belongs to, and how many rows it has."""
    if isinstance(table, Regions) and isinstance(labels.table, Regions):
        return unwanted(coordinates(labels.table), coordinates(table)), len(table)
    return unwanted(labels.names, list(table.names)), len(table.names)


def say_unlabelled(path: str, rows: Sequence[Hashable], among: int) -> None:
    """Warn about rows that have no label."""
    if rows:
        warn(f"{path}: {len(rows)} of {among} rows have no label and are left out")


def shared_tasks(labels: LabelTable, predictions: Predictions) -> tuple[str, ...]:
    """Return the tasks that both sides have, in the labels' order.

    Raises
    ------
    SeqnetError
        Naming some of either side if there are none.
    """
    tasks = tuple(task for task in labels.tasks if task in predictions.tasks)
    if not tasks:
        ours, theirs = ", ".join(labels.tasks[:3]), ", ".join(predictions.tasks[:3])
        raise SeqnetError(f"no task in common: labels have {ours}, predictions have {theirs}")
    if missing := [task for task in labels.tasks if task not in predictions.tasks]:
        warn(f"{labels.source}: no predictions of {shown_names(missing)}, which are not evaluated")
    return tasks


def target_type(targets: Floats, stated: str | None) -> TaskType:
    """Return the type of the targets: as stated, else binary if all are 0, 1 or unknown, else regression."""
    known: Bools = (targets == 0) | (targets == 1) | np.isnan(targets)
    default: TaskType = "binary" if known.all() else "regression"
    return next((kind for kind in TASK_TYPES if kind == stated), default)
