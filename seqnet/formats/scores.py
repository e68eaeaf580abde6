"""Tables to be judged, labels or predictions: with coordinates, or with names alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite, nan

import numpy as np

from seqnet.aliases import Floats
from seqnet.errors import FormatError
from seqnet.formats._open import numbered_lines, open_input
from seqnet.formats.bed import COLUMNS, read_bed_lines
from seqnet.formats.header import parse_header_line
from seqnet.formats.numbers import parse_target
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.genome.splits import SPLITS

_SPLIT, _GROUP = "split", "group"
"""Columns of a table with names that are no tasks."""
_EXPECTED = "expected '#chrom start end ...' or 'name ...'"


@dataclass(frozen=True, eq=False)
class NamedScores:
    """Numbers of named rows.

    Parameters
    ----------
    names
        n row names.
    tasks
        T column names.
    values
        float64 (n, T), NaN where unknown.
    source
        The file, for messages.
    splits, groups
        n values of the columns ``split`` and ``group``; ``.`` and the row's own name where there
        are none.
    header
        Key to value of the file's ``##key=value`` lines.
    """

    names: list[str]
    tasks: tuple[str, ...]
    values: Floats
    source: str
    splits: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    header: Mapping[str, str] = field(default_factory=dict)


def read_scores(path: str, tasks: Sequence[str] | None = None, hint: str = "") -> Regions | NamedScores:
    """Read a table of predictions or of labels.

    A column line ``#chrom start end ...`` makes it a labelled-regions table; one that begins with
    ``name`` (``#`` or not) makes the rest of it task columns, but for ``split`` and ``group``.

    Parameters
    ----------
    tasks
        Task names of a labelled-regions table that lost its column line.
    hint
        What to say about a table that lost it.

    Raises
    ------
    FormatError
        If it has neither column line, or a value is no number.
    """
    with open_input(path) as stream:
        lines = list(numbered_lines(stream, path))
    if tasks is not None:
        return read_bed_lines(lines, path, tasks=tasks)
    for number, line in lines:
        columns = line.removeprefix("#").split("\t")
        if tuple(columns[: len(COLUMNS)]) == COLUMNS:
            return read_bed_lines(lines, path)
        if columns[0] == "name" and len(columns) > 1:
            if len(set(columns)) < len(columns):
                raise FormatError(path, "two columns of one name", number)
            return _named(lines, columns, path)
        if line.strip() and not line.startswith("#"):
            raise FormatError(path, f"rows without a column line; {_EXPECTED}{hint}", number)
    raise FormatError(path, f"has no column line; {_EXPECTED}{hint}")


def per_task(text: str, path: str, key: str) -> dict[str, float]:
    """Return the numbers of a header entry ``task:number,task:number``.

    Raises
    ------
    FormatError
        Naming `key` if one is no number.
    """
    found: dict[str, float] = {}
    for entry in filter(None, text.split(",")):
        task, _, number = entry.rpartition(":")
        try:
            found[task] = float(number)
        except ValueError:
            raise FormatError(path, f"##{key} holds {entry!r}; expected task:number") from None
    return found


def _named(lines: Iterable[tuple[int, str]], columns: list[str], path: str) -> NamedScores:
    """Read the rows of a table with names."""
    tasks = tuple(name for name in columns[1:] if name not in (_SPLIT, _GROUP))
    places = [columns.index(task) for task in tasks]
    header: dict[str, str] = {}
    names: list[str] = []
    splits: list[str] = []
    groups: list[str] = []
    values: list[list[float]] = []
    for number, line in lines:
        fields = line.split("\t")
        if line.startswith("#") or not line.strip() or fields[0] == "name":
            header.update([entry] if (entry := parse_header_line(line)) else [])
            continue
        if len(fields) != len(columns):
            raise FormatError(path, f"expected {len(columns)} columns, found {len(fields)}", number)
        texts = fields[1:] if len(tasks) == len(fields) - 1 else [fields[place] for place in places]
        values.append(_values(texts, tasks, path, number))
        names.append(fields[0])
        splits.append(fields[columns.index(_SPLIT)] if _SPLIT in columns else UNKNOWN)
        groups.append(fields[columns.index(_GROUP)] if _GROUP in columns else fields[0])
        if splits[-1] not in (*SPLITS, UNKNOWN):
            message = f"split is {splits[-1]!r}; expected train, valid, test or {UNKNOWN}"
            raise FormatError(path, message, number)
    table = np.array(values, dtype=np.float64).reshape(len(names), len(tasks))
    return NamedScores(names, tasks, table, path, splits, groups, header)


def _values(texts: Sequence[str], tasks: Sequence[str], path: str, number: int) -> list[float]:
    """Read the values of a row: all at once, one by one only to name what is wrong."""
    with suppress(ValueError):
        found = [nan if text == UNKNOWN else float(text) for text in texts]
        if isfinite(sum(found)) or sum(map(isfinite, found)) + texts.count(UNKNOWN) == len(found):
            return found
    return [parse_target(text, task, path, number) for text, task in zip(texts, tasks, strict=True)]
