"""Predictions to be judged: a table with coordinates, or one with names alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Floats
from seqnet.errors import FormatError
from seqnet.formats._open import numbered_lines, open_input
from seqnet.formats.bed import COLUMNS, read_bed_lines
from seqnet.genome.regions import UNKNOWN, Regions


@dataclass(frozen=True, eq=False)
class NamedScores:
    """Scores of named sequences.

    Parameters
    ----------
    names
        n row names.
    tasks
        T column names.
    values
        float64 (n, T).
    source
        The file, for messages.
    """

    names: list[str]
    tasks: tuple[str, ...]
    values: Floats
    source: str


def read_predictions(path: str) -> Regions | NamedScores:
    """Read a prediction table.

    A column line ``#chrom start end ...`` makes it a labelled-regions table; one that begins with
    ``name`` (``#`` or not) makes the rest of it task columns.

    Raises
    ------
    FormatError
        If it has neither column line, or a value is no number.
    """
    with open_input(path) as stream:
        lines = list(numbered_lines(stream, path))
    for _, line in lines:
        columns = line.removeprefix("#").split("\t")
        if tuple(columns[: len(COLUMNS)]) == COLUMNS:
            return read_bed_lines(lines, path)
        if columns[0] == "name" and len(columns) > 1:
            return _named(lines, tuple(columns[1:]), path)
        if line.strip() and not line.startswith("#"):
            break
    raise FormatError(path, "has no column line; expected '#chrom start end ...' or 'name ...'")


def _named(lines: Iterable[tuple[int, str]], tasks: tuple[str, ...], path: str) -> NamedScores:
    """Read the rows of a table with names."""
    names: list[str] = []
    values: list[list[float]] = []
    for number, line in lines:
        fields = line.split("\t")
        if line.startswith("#") or not line.strip() or fields[0] == "name":
            continue
        if len(fields) != 1 + len(tasks):
            message = f"expected {1 + len(tasks)} columns, found {len(fields)}"
            raise FormatError(path, message, number)
        try:
            row = [float("nan") if text == UNKNOWN else float(text) for text in fields[1:]]
        except ValueError:
            raise FormatError(path, "a score is no number", number) from None
        names.append(fields[0])
        values.append(row)
    return NamedScores(names, tasks, np.array(values).reshape(len(names), len(tasks)), path)
