"""Metrics of every task of a table, with intervals, and for each kind of negative apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Floats, Ints, Progress, no_progress
from seqnet.metrics.binary import BinarySample
from seqnet.metrics.bootstrap import FEWEST_BLOCKS, Interval, draws, interval, mean_over_tasks
from seqnet.metrics.multiclass import MulticlassSample, mean_of
from seqnet.metrics.registry import METRICS, TaskType
from seqnet.metrics.regression import RegressionSample

Values: TypeAlias = dict[str, float | None]
MEAN = "mean"
"""Name of the row that averages the tasks."""
OTHER_REGIONS = "other regions"
"""The kind of negative that is a region of the table itself: another task's peak."""
_NEGATIVE_PREFIXES = ("neg_gc:", "neg_shuf:")


class _Sample(Protocol):
    """One task's rows, to be evaluated under any weights."""

    known: Bools

    def values(self, weights: Floats | None = None) -> Values:
        """Return every metric by name."""


@dataclass(frozen=True)
class Question:
    """What to compute for the predictions.

    Parameters
    ----------
    kind
        Type of the targets.
    thresholds
        Task to the score that calls a row positive, where one was chosen.
    peaks
        bool (n, T): rows in peaks, for regression.
    asinh
        Whether to evaluate the asinh of a regression's numbers as well.
    """

    kind: TaskType = "binary"
    thresholds: Mapping[str, float] = field(default_factory=dict)
    peaks: Bools | None = None
    asinh: bool = False


@dataclass(frozen=True)
class Resampling:
    """How intervals are made.

    Parameters
    ----------
    blocks
        int64 (n,): block of each row.
    per_task
        Whether each task gets intervals, in addition to the mean.
    seed
        Of the draws.
    """

    blocks: Ints
    per_task: bool = False
    seed: int = 0

    @property
    def count(self) -> int:
        """Number of blocks."""
        return len(np.unique(self.blocks))


@dataclass(frozen=True, eq=False)
class TaskMetrics:
    """Every metric of every task.

    Parameters
    ----------
    kind
        Type of the targets.
    tasks
        T names; those of the classes for multi-class.
    rows
        Metrics by name, for each task and, beyond one, for their mean.
    intervals
        Row name to metric to its 95 % interval, where it can be given.
    resampled
        float64 (R, M): the mean's metrics over the resamples, empty without intervals.
    blocks
        Number of blocks resampled, or that there would have been.
    confusion
        float64 (C, C), true class by called class, for multi-class.
    scores_are_probabilities
        Whether every score lies in 0..1.
    """

    kind: TaskType
    tasks: tuple[str, ...]
    rows: list[Values]
    intervals: dict[str, dict[str, Interval]] = field(default_factory=dict)
    resampled: Floats = field(default_factory=lambda: np.empty((0, 0)))
    blocks: int | None = None
    confusion: Floats | None = None
    scores_are_probabilities: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each row."""
        return self.tasks if len(self.rows) == len(self.tasks) else (*self.tasks, MEAN)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that there are, defined or not."""
        return tuple(self.rows[-1])

    @property
    def summary(self) -> Values:
        """The mean, or the only task."""
        return self.rows[-1]

    def interval(self, name: str, metric: str) -> Interval | None:
        """Return the interval of a row's metric, None where there is none."""
        return self.intervals.get(name, {}).get(metric)


def evaluate_tasks(
    tasks: tuple[str, ...],
    targets: Floats,
    predictions: Floats,
    question: Question,
    resampling: Resampling | None = None,
    progress: Progress = no_progress,
) -> TaskMetrics:
    """Compute every metric of (n, T) predictions.

    Parameters
    ----------
    resampling
        None gives no intervals; nor are there any with fewer than 30 blocks.
    progress
        Called after each task.

    Raises
    ------
    ValueError
        If the targets are not of the requested kind, or a prediction is missing.
    """
    if question.kind == "multiclass":
        return _evaluate_classes(tasks, targets, predictions, resampling)
    weights = _row_weights(resampling)
    rows, draws_of_tasks, probabilities = [], [], True
    for column, task in enumerate(tasks):
        sample = _sample(task, column, targets, predictions, question)
        rows.append(sample.values())
        probabilities &= getattr(sample, "probabilities", True)
        if weights is not None:
            draws_of_tasks.append(_resampled(sample, weights, list(METRICS[question.kind])))
        progress(1)
    if len(rows) > 1:
        rows.append({name: mean_of([row[name] for row in rows]) for name in rows[0]})
    metrics = TaskMetrics(
        question.kind, tasks, rows,
        blocks=None if resampling is None else resampling.count, scores_are_probabilities=probabilities,
    )  # fmt: skip
    return metrics if resampling is None else _with_intervals(metrics, draws_of_tasks, resampling)


def _sample(task: str, column: int, targets: Floats, predictions: Floats, question: Question) -> _Sample:
    """Prepare one task."""
    truth, scores = targets[:, column], predictions[:, column]
    if question.kind == "binary":
        return BinarySample(task, truth, scores, question.thresholds.get(task))
    peaks = None if question.peaks is None else question.peaks[:, column]
    counts = question.kind == "counts"
    return RegressionSample(task, truth, scores, peaks, counts=counts, asinh=question.asinh)


class _RowWeights:
    """How often each row is drawn, one resample at a time: all would not fit in memory for millions of rows.

    Parameters
    ----------
    resampling
        Of at least `FEWEST_BLOCKS` blocks.
    """

    def __init__(self, resampling: Resampling) -> None:
        self._number = np.unique(resampling.blocks, return_inverse=True)[1].reshape(-1)
        self._draws = draws(resampling.count, resampling.seed)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield the weights of each resample, float32 (n,)."""
        for drawn in self._draws:
            yield drawn[self._number]


def _row_weights(resampling: Resampling | None) -> _RowWeights | None:
    """Return how often each row is drawn; None where there are too few blocks."""
    if resampling is None or resampling.count < FEWEST_BLOCKS:
        return None
    return _RowWeights(resampling)


def _resampled(sample: _Sample, weights: _RowWeights, metrics: Sequence[str]) -> Floats:
    """Evaluate every resample of one task: float64 (R, M), NaN where undefined."""
    known = np.flatnonzero(sample.known)
    return np.array(
        [
            [np.nan if value is None else value for value in map(found.get, metrics)]
            for found in (sample.values(row[known].astype(np.float64)) for row in weights)
        ]
    )


def _with_intervals(found: TaskMetrics, draws_of_tasks: list[Floats], resampling: Resampling) -> TaskMetrics:
    """Add the intervals of the mean and, where requested, of each task."""
    if not draws_of_tasks:
        return found
    metrics = list(METRICS[found.kind])
    mean = mean_over_tasks(np.stack(draws_of_tasks, axis=1))
    intervals = {found.names[-1]: _intervals(mean, metrics)}
    if resampling.per_task:
        intervals.update(
            {
                task: _intervals(drawn, metrics)
                for task, drawn in zip(found.tasks, draws_of_tasks, strict=True)
            }
        )
    return replace(found, intervals=intervals, resampled=mean)


def _intervals(resampled: Floats, metrics: Sequence[str]) -> dict[str, Interval]:
    """Return the intervals that can be given of (R, M) values.

    Counts and the threshold have none, nor has ECE: resamples are less calibrated than the rows
    they come from, so their middle lies off it.
    """
    intervals = {
        name: interval(column)
        for name, column in zip(metrics, resampled.T, strict=True)
        if name not in ("n", "positives", "peak_n", "threshold", "ece")
    }
    return {name: value for name, value in intervals.items() if value is not None}


def _evaluate_classes(
    classes: tuple[str, ...], targets: Floats, predictions: Floats, resampling: Resampling | None
) -> TaskMetrics:
    """Evaluate rows of one of several classes; the last row sums them up."""
    sample = MulticlassSample(classes, targets, predictions)
    found = TaskMetrics(
        "multiclass", classes, sample.values(),
        blocks=None if resampling is None else resampling.count, confusion=sample.confusion(),
        scores_are_probabilities=sample.probabilities,
    )  # fmt: skip
    weights = _row_weights(resampling)
    if weights is None or resampling is None:
        return found
    metrics = list(METRICS["multiclass"])
    known = np.flatnonzero(sample.known)
    draws = [sample.values(row[known].astype(np.float64)) for row in weights]
    table = np.array(
        [[[np.nan if row[m] is None else row[m] for m in metrics] for row in rows] for rows in draws],
        dtype=np.float64,
    )
    intervals = {MEAN: _intervals(table[:, -1], metrics)}
    if resampling.per_task:
        intervals.update({name: _intervals(table[:, i], metrics) for i, name in enumerate(classes)})
    return replace(found, intervals=intervals, resampled=table[:, -1])


def difference(ours: TaskMetrics, theirs: TaskMetrics, metric: str) -> tuple[float | None, Interval | None]:
    """Return how much higher our mean is, with an interval from the same resamples of both."""
    a, b = ours.summary.get(metric), theirs.summary.get(metric)
    if a is None or b is None:
        return None, None
    if not ours.resampled.size or ours.resampled.shape != theirs.resampled.shape:
        return a - b, None
    column = list(METRICS[ours.kind]).index(metric)
    return a - b, interval(ours.resampled[:, column] - theirs.resampled[:, column])


def negative_kinds(names: Sequence[str]) -> NDArray[np.object_]:
    """Return the kind of each row were it a negative, object (n,): ``neg_gc``, ``neg_shuf``, other."""
    return np.array(
        [
            next((prefix[:-1] for prefix in _NEGATIVE_PREFIXES if name.startswith(prefix)), OTHER_REGIONS)
            for name in names
        ],
        dtype=object,
    )


def against_kind(targets: Floats, kinds: NDArray[np.object_], kind: str) -> Floats:
    """Return the targets with negatives of other kinds unknown, (n, T)."""
    hidden = (targets == 0) & (kinds != kind)[:, None]
    return np.where(hidden, np.nan, targets)
