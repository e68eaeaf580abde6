"""What evaluate's report reads of a training: the model's header, its parts, and the log of epochs."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import FormatError
from seqnet.formats.files.lines import unix_text
from seqnet.formats.files.opening import open_input
from seqnet.formats.files.sniff import recognising
from seqnet.networks.header.fields import check_header
from seqnet.networks.header.types import FieldError
from seqnet.networks.model import FIGURE_LABELS, stacked_parts
from seqnet.pipeline.evaluation.results import figure_text
from seqnet.reporting import warn
from seqnet.reports.evaluation_page import Cell, Column, PageTable, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seqnet.aliases import Json
    from seqnet.pipeline.evaluation.results import Evaluation

_OF_LINEAR = b"task\t"
"""How the log of a linear model begins, which has no epochs."""


@dataclass(frozen=True, eq=False)
class Training:
    """What is known of the training.

    Parameters
    ----------
    header
        The model's header, None where it is not at hand.
    history
        Column to values by epoch, empty without a log.
    """

    header: Json | None
    history: dict[str, list[float]]


def training_record(path: str | None, model: str | None, header: Json | None) -> Training:
    """Read the training log: as named, or next to the model.

    Raises
    ------
    FormatError
        If the file named is neither a model's JSON nor its table of metrics.
    """
    table = None if model is None else Path(model.removesuffix(".safetensors") + ".metrics.tsv")
    if path is not None:
        with open_input(path) as stream:
            data = stream.read()
        if data.lstrip()[:1] == b"{":
            try:
                header = json.loads(data)
                check_header(header)
            except FieldError as error:
                raise FormatError(path, f"is not the JSON of a model: {error}") from error
            except (ValueError, RecursionError) as error:
                raise FormatError(path, f"is no JSON: {error}") from error
            table = Path(path.removesuffix(".json") + ".metrics.tsv")
        else:
            history = _history(data)
            if not history:
                linear = "belongs to a linear model, which has no epochs; give its X.json"
                other = "is no training log; expected X.json or X.metrics.tsv"
                with recognising(path):
                    raise FormatError(path, linear if data.startswith(_OF_LINEAR) else other)
            return Training(header, history)
    if table is None or not table.is_file():
        return Training(header, {})
    with open_input(str(table)) as stream:
        data = stream.read()
    history = _history(data)
    if not history and not data.startswith(_OF_LINEAR):
        warn(f"{table}: is not a training log; the report shows no learning curve")
    return Training(header, history)


def _history(data: bytes) -> dict[str, list[float]]:
    """Return the columns of a training log that has epochs, else nothing."""
    try:
        rows = list(csv.DictReader(io.StringIO(unix_text(data)), delimiter="\t"))
        columns = {name: [_number(row[name]) for row in rows] for name in (rows[0] if rows else ())}
    except (UnicodeDecodeError, TypeError, ValueError, csv.Error):
        return {}
    return columns if "epoch" in columns and np.isfinite(columns["epoch"]).all() else {}


def _number(text: str) -> float:
    """Return a number, NaN for NA."""
    return float("nan") if text == "NA" else float(text)


def parts_section(evaluation: Evaluation, training: Training) -> list[Section]:
    """Return what each part of a model earns, and its weights, where the model has several."""
    header = evaluation.model or training.header or {}
    parts = stacked_parts(header)
    if not parts:
        return []
    earned = {part.name: part.figures for part in evaluation.parts}
    here = list(evaluation.parts[-1].figures) if evaluation.parts else []
    columns = [
        Column("part", numeric=False), Column("weight", "common to all tasks"),
        *[Column(f"{FIGURE_LABELS[name]}, validation rows") for name in parts[-1].figures],
        *[Column(f"{FIGURE_LABELS[name]}, these rows") for name in here],
    ]  # fmt: skip
    rows = [
        [
            Cell(part.name), Cell("" if part.weight is None else f"{part.weight:.3g}", part.weight),
            *[_figure_cell(part.figures, name) for name in parts[-1].figures],
            *[_figure_cell(earned.get(part.name, {}), name) for name in here],
        ]
        for part in parts
    ]  # fmt: skip
    lead = (
        "The outputs of the parts are multiplied by their weights, which the validation rows chose, and "
        "added. Each row has the figures of a part alone; the last has those of the sum."
    )
    tables = [PageTable("Parts, mean of tasks", columns, rows, last_is_summary=True)]
    weights = header["stack"]["weights"]
    if len(weights) > 1:
        by_task = [
            [Cell(task), *[Cell(f"{weight:.3g}", weight) for weight in own]]
            for task, own in zip(header["tasks"], weights, strict=True)
        ]
        names = [Column(f"weight of {part}") for part in header["stack"]["parts"]]
        tables.append(
            PageTable("Weights by task", [Column("task", numeric=False), *names], by_task, sortable=True)
        )
    return [Section("parts", "Parts of the model", lead, tables=tables)]


def _figure_cell(figures: Mapping[str, float | None], name: str) -> Cell:
    """Return a figure as a cell."""
    return Cell(figure_text(name, figures.get(name)), figures.get(name))
