"""What evaluate judges: labels and the predictions that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from seqnet.commands._ablation import ablated, model_parts
from seqnet.commands._console import progress_bar
from seqnet.commands._signals import SignalSource, ordered_source
from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats.header import base_name
from seqnet.formats.scores import NamedScores, per_task, read_scores
from seqnet.genome.joins import check_distinct, coordinates, join_rows
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.training.metrics.bootstrap import genome_blocks, named_blocks
from seqnet.training.metrics.names import TaskType

if TYPE_CHECKING:
    from seqnet.aliases import Bools, Floats, Ints, Json
    from seqnet.genome.sequence import Genome
    from seqnet.networks.model import Model
    from seqnet.training.signals import SignalInputs


@dataclass(frozen=True, eq=False)
class Labels:
    """Labelled rows, with coordinates or with names alone.

    Parameters
    ----------
    table
        As read.
    """

    table: Regions | NamedScores

    @property
    def source(self) -> str:
        """The file."""
        return self.table.source

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
    def targets(self) -> Floats:
        """float64 (n, T)."""
        return self.table.targets if isinstance(self.table, Regions) else self.table.values

    def blocks(self, rows: Ints, size: int) -> Ints:
        """Return the block of each of `rows`, for resampling, int64."""
        if isinstance(self.table, Regions):
            intervals = self.table.intervals.take(rows)
            return genome_blocks(intervals.contig, intervals.start, intervals.end, size)
        return named_blocks([self.table.groups[row] for row in rows])

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
    """

    name: str
    tasks: tuple[str, ...]
    rows: Ints
    values: Floats
    thresholds: dict[str, float]
    training_base_rates: dict[str, float]
    model: Json | None = None

    def of(self, rows: Ints, tasks: Sequence[str]) -> Floats:
        """Return the predictions of label rows, (len(rows), len(tasks))."""
        place = np.full(int(self.rows.max(initial=-1)) + 1, -1, dtype=np.int64)
        place[self.rows] = np.arange(len(self.rows))
        return self.values[place[rows]][:, [self.tasks.index(task) for task in tasks]]


def read_labels(path: str) -> Labels:
    """Read labelled regions, or a table of names with targets.

    Raises
    ------
    FormatError
        If it holds no tasks, or two rows of one place.
    """
    table = read_scores(path)
    if not table.tasks:
        raise FormatError(path, "holds no tasks; expected a column line with task names")
    if isinstance(table, Regions):
        check_distinct(table)
    return Labels(table)


def rows_of(labels: Labels, split: str) -> Ints:
    """Return the rows of a split, int64; all of them where the table has no splits.

    Raises
    ------
    FormatError
        If there are none.
    """
    splits = labels.splits
    everything = split == "all" or bool((splits == UNKNOWN).all())
    rows = np.arange(len(splits)) if everything else np.flatnonzero(splits == split)
    if not len(rows):
        raise FormatError(labels.source, f"has no rows of split {split!r}")
    return rows


def predictions_from_file(path: str, labels: Labels, rows: Ints, extra: Ints, name: str) -> Predictions:
    """Join a table of predictions to label rows.

    Parameters
    ----------
    rows
        Label rows that must be there.
    extra
        Label rows that are taken when all of them are there.
    """
    table = read_scores(path)
    wanted = np.concatenate([rows, extra])
    try:
        found = _joined(labels, wanted, table)
    except SeqnetError:
        if not len(extra):
            raise
        wanted = rows
        found = _joined(labels, wanted, table)
    values = table.targets if isinstance(table, Regions) else table.values
    stated = {
        key: per_task(table.header.get(key, ""), path, key) for key in ("thresholds", "training-base-rates")
    }
    return Predictions(
        name, table.tasks, wanted, values[found], stated["thresholds"], stated["training-base-rates"]
    )


def _joined(labels: Labels, rows: Ints, table: Regions | NamedScores) -> Ints:
    """Return where each label row stands in a table, by its place or else by its name."""
    if isinstance(table, Regions) and isinstance(labels.table, Regions):
        return join_rows(
            coordinates(labels.table.take(rows)), coordinates(table), labels.source, table.source
        )
    names = labels.names
    return join_rows([names[row] for row in rows], list(table.names), labels.source, table.source)


def predictions_from_model(
    path: str,
    labels: Labels,
    rows: Ints,
    *,
    genome: str | None,
    features: str | None,
    device: str,
    threads: int,
    tracks: SignalSource,
    ablate: str | None = None,
) -> tuple[Predictions, list[Predictions]]:
    """Predict label rows in this process.

    Parameters
    ----------
    tracks
        The signal tracks that were given.
    ablate
        What replaces each input in turn, ``zero`` or ``mean``; None for nothing.

    Returns
    -------
    The predictions, and those without each of the inputs.
    """
    from seqnet.commands._training import torch_device
    from seqnet.formats.model_file import read_model
    from seqnet.training.predictor import Predictor

    model = read_model(path)
    from seqnet.commands._predict_rows import signal_values

    tracks = ordered_source(tracks, model, path)
    predictor = Predictor(model, torch_device(device, 1), threads=threads)
    parts = [] if ablate is None else model_parts(model)
    without: list[Predictions] = []
    with progress_bar("rows", len(rows) * (1 + len(parts))) as progress:
        if features is not None:
            from seqnet.formats.kmer_table import read_kmer_table

            table = read_kmer_table(features)
            names = labels.names
            place = join_rows([names[row] for row in rows], table.names, labels.source, features)
            chosen = replace(table, names=[table.names[i] for i in place], matrix=table.matrix[place])
            values = predictor.from_table(chosen, progress)
        elif tracks.signals:
            inputs, regions, bases = _windows(labels, rows, genome, tracks, model, predictor.stranded)
            values = signal_values(predictor, inputs, regions, bases, progress)
            if ablate is not None:
                found = ablated(model, predictor, inputs, ablate, progress)
                without = [_of_model(name, model, rows, other) for name, other in found]
        else:
            codes = _codes(labels, rows, str(genome), model, predictor.stranded)
            values = predictor.from_codes(codes, progress)
    return _of_model(base_name(path), model, rows, values.astype(np.float64)), without


def _of_model(name: str, model: Model, rows: Ints, values: Floats) -> Predictions:
    """Return predictions with what a model's header says."""
    header = model.header
    return Predictions(
        name, model.tasks, rows, values, dict(header.get("thresholds") or {}),
        dict(header.get("base_rates") or {}), header,
    )  # fmt: skip


def _windows(
    labels: Labels, rows: Ints, path: str | None, tracks: SignalSource, model: Model, stranded: bool
) -> tuple[SignalInputs, Regions, Genome]:
    """Return label rows with their signal tracks, as a model's inputs, their places and the genome."""
    from seqnet.commands._load import fit_to_genome, load_genome
    from seqnet.commands._predict_rows import signal_windows
    from seqnet.commands._signals import blank_genome

    if not isinstance(labels.table, Regions):
        raise SeqnetError(f"{labels.source}: --signal needs regions, with coordinates")
    if path is None and model.input["type"] != "signals":
        raise UsageError("the model reads the sequence too: give --genome")
    genome = blank_genome(tracks.signals[0].path) if path is None else load_genome(path)
    regions = labels.table.take(rows)
    fit_to_genome(regions, genome)
    return signal_windows(tracks, model, regions, genome, stranded), regions, genome


def _codes(labels: Labels, rows: Ints, path: str, model: Model, stranded: bool) -> np.ndarray:
    """Return the sequences of label rows, uint8 (n, width), on the strand of their column where told so."""
    from seqnet.commands._load import fit_to_genome, load_genome
    from seqnet.genome.extract import extract_windows

    if not isinstance(labels.table, Regions):
        raise SeqnetError(f"{labels.source}: --genome needs regions, with coordinates")
    regions = labels.table.take(rows)
    genome = load_genome(path)
    fit_to_genome(regions, genome)
    width = model.input["width"]
    if width is not None and regions.width() != width:
        raise SeqnetError(
            f"{labels.source}: regions are {regions.width()} bases wide, the model reads {width}"
        )
    return extract_windows(genome, regions.intervals, stranded=stranded)


def shared_tasks(labels: Labels, predictions: Predictions) -> tuple[str, ...]:
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
    return tasks


def task_type(targets: Floats, asked: str | None, model: Json | None) -> TaskType:
    """Return the type of the targets: as asked, as the model says, or binary iff all are 0, 1, unknown."""
    known: Bools = (targets == 0) | (targets == 1) | np.isnan(targets)
    stated: Any = asked or (model or {}).get("task_type")
    found: TaskType = stated or ("binary" if known.all() else "regression")
    return found


def named_file(text: str) -> tuple[str, str]:
    """Split ``NAME=FILE``; a UsageError where it is none."""
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise UsageError(f"--baseline {text!r}: expected NAME=FILE")
    return name, path
