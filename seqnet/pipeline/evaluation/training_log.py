"""What evaluate's report reads of a training: the model's header, and the log of epochs."""

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
from seqnet.networks.header.fields import check_header
from seqnet.networks.header.types import FieldError
from seqnet.reporting import warn

if TYPE_CHECKING:
    from seqnet.aliases import Json

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
