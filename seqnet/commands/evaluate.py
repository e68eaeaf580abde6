"""``seqnet evaluate``: predictions judged against labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._console import note
from seqnet.commands._options import common_options, output_option

if TYPE_CHECKING:
    from seqnet.aliases import Floats
    from seqnet.formats.scores import NamedScores
    from seqnet.genome.regions import Regions


@click.command(
    "evaluate",
    cls=Command,
    short_help="Judge predictions against labels.",
    example="seqnet evaluate pred.bed --labels regions.bed --json metrics.json",
)
@click.argument("predictions", default="-")
@click.option("--labels", required=True, metavar="BED", help="Labelled regions.")
@click.option(
    "--split",
    type=click.Choice(["train", "valid", "test", "all"]),
    default="test",
    show_default=True,
    help="Rows to judge; labels without a split column are taken whole.",
)
@click.option("--json", "json_path", metavar="FILE", help="Write the metrics as JSON too.")
@output_option()
@common_options
def command(predictions: str, labels: str, split: str, json_path: str | None, output: str) -> None:
    """Judge predictions against labels.

    PREDICTIONS is what predict wrote, or a table whose first column is the regions' names and
    whose other columns are tasks. Rows join on their place (else on their name), never by order.
    Writes a TSV: task, n, positives, base_rate (the auPRC of chance), auroc, auprc; NA where a
    metric is undefined.
    """
    import numpy as np

    from seqnet.errors import SeqnetError
    from seqnet.formats._open import open_output
    from seqnet.formats.bed import read_bed
    from seqnet.formats.header import base_name
    from seqnet.formats.metrics import write_json, write_table
    from seqnet.formats.scores import read_predictions
    from seqnet.training.metrics import BinaryMetrics, task_metrics

    with open_output(output) as stream:
        truth = _selected(read_bed(labels), split)
        tasks, values = _joined(truth, read_predictions(predictions))
        columns = [truth.tasks.index(task) for task in tasks]
        try:
            rows = task_metrics(tasks, truth.targets[:, columns], values)
        except ValueError as error:
            raise SeqnetError(f"{labels}: {error}") from error
        if not np.isfinite([row.auroc for row in rows if row.auroc is not None]).any():
            raise SeqnetError(f"{labels}: no task has both classes among the {len(truth)} rows judged")
        note(f"{len(truth)} rows of split {split!r}, {len(tasks)} tasks")
        if json_path is not None:
            with open_output(json_path) as side:
                content = {
                    "command": "evaluate",
                    "predictions": base_name(predictions),
                    "labels": base_name(labels),
                    "split": split,
                    "rows": len(truth),
                    "metrics": [row._asdict() for row in rows],
                }
                write_json(side, content)
        write_table(stream, BinaryMetrics._fields, rows)


def _selected(labels: Regions, split: str) -> Regions:
    """Return the rows of a split; all of them where the table has no splits."""
    from seqnet.errors import FormatError
    from seqnet.genome.regions import UNKNOWN

    if not labels.tasks:
        raise FormatError(labels.source, "holds no tasks; expected a column line with task names")
    if split == "all" or (labels.splits == UNKNOWN).all():
        chosen = labels
    else:
        chosen = labels.take(labels.splits == split)
    if not len(chosen):
        raise FormatError(labels.source, f"has no rows of split {split!r}")
    return chosen


def _joined(truth: Regions, predictions: Regions | NamedScores) -> tuple[tuple[str, ...], Floats]:
    """Return the tasks both sides have, and the predictions of the rows judged."""
    from seqnet.errors import SeqnetError
    from seqnet.genome.joins import check_distinct, coordinates, join_rows
    from seqnet.genome.regions import Regions

    check_distinct(truth)
    tasks = tuple(task for task in truth.tasks if task in predictions.tasks)
    if not tasks:
        ours, theirs = ", ".join(truth.tasks[:3]), ", ".join(predictions.tasks[:3])
        raise SeqnetError(f"no task in common: labels have {ours}, predictions have {theirs}")
    if isinstance(predictions, Regions):
        rows = join_rows(coordinates(truth), coordinates(predictions), truth.source, predictions.source)
        values = predictions.targets
    else:
        names = truth.names.tolist()
        rows = join_rows(names, predictions.names, truth.source, predictions.source)
        values = predictions.values
    columns = [predictions.tasks.index(task) for task in tasks]
    return tasks, values[rows][:, columns]
