"""Tables to be evaluated, labels or predictions: with coordinates, or with names alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite, nan

import numpy as np

from seqnet.aliases import Floats
from seqnet.datasets.targets import class_targets
from seqnet.errors import FormatError, shorten
from seqnet.formats.files.header import listed_pairs, parse_header_line
from seqnet.formats.files.numbers import format_number, parse_target
from seqnet.formats.files.opening import numbered_lines, open_input
from seqnet.formats.files.sniff import expecting
from seqnet.formats.regions.bed import COLUMNS, read_bed_lines
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.genome.splitting.splits import known_split
from seqnet.numerals import is_unknown, parse_label, plain

_SPLIT, _GROUP = "split", "group"
NO_TASKS = ("name", _SPLIT, _GROUP)
"""Columns of a table with names that are no tasks."""
TASK_TYPE, THRESHOLDS, BASE_RATES = "task-type", "thresholds", "training-base-rates"
"""Header entries of predictions that control their evaluation."""
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


def read_scores(
    path: str, tasks: Sequence[str] | None = None, hint: str = "", *, classes: bool = False
) -> Regions | NamedScores:
    """Read a table of predictions or of labels.

    A column line ``#chrom start end ...`` makes it a labelled-regions table; one that begins with
    ``name`` (``#`` or not) makes the rest of it task columns, but for ``split`` and ``group``.

    Parameters
    ----------
    tasks
        Task names of a labelled-regions table that lost its column line.
    hint
        What to say about a table that lost it.
    classes
        Whether words in the only task column are names of classes, each of which becomes a task.

    Raises
    ------
    FormatError
        If it has neither column line, or a value is no number.
    """
    with expecting(path, "regions", "k-mer table"):
        with open_input(path) as stream:
            lines = list(numbered_lines(stream, path))
        if tasks is not None:
            return read_bed_lines(lines, path, tasks=tasks)
        return _read_scores(lines, path, hint, classes=classes)


def _read_scores(
    lines: list[tuple[int, str]], path: str, hint: str, *, classes: bool
) -> Regions | NamedScores:
    """Read either kind of table, which has a column line."""
    for number, line in lines:
        columns = line.removeprefix("#").split("\t")
        if tuple(columns[: len(COLUMNS)]) == COLUMNS:
            return read_bed_lines(_by_class(lines, columns, COLUMNS) if classes else lines, path)
        if line.startswith("#") and tuple(columns[:3]) == COLUMNS[:3]:
            lacking = next(
                name for name, found in zip(COLUMNS, [*columns, *COLUMNS], strict=False) if name != found
            )
            message = (
                f"the column line has no {lacking!r} in its place; expected #{' '.join(COLUMNS)} TASK..."
            )
            raise FormatError(path, message, number)
        if columns[0] == "name" and len(columns) > 1:
            if len(set(columns)) < len(columns):
                raise FormatError(path, "two columns of one name", number)
            if classes:
                lines = _by_class(lines, columns, NO_TASKS)
                columns = next(text for at, text in lines if at == number).removeprefix("#").split("\t")
            return _named(lines, columns, path)
        if line.strip() and not line.startswith("#"):
            raise FormatError(path, f"rows without a column line; {_EXPECTED}{hint}", number)
    raise FormatError(path, f"has no column line; {_EXPECTED}{hint}")


def _by_class(
    lines: list[tuple[int, str]], columns: Sequence[str], fixed: Sequence[str]
) -> list[tuple[int, str]]:
    """Return lines whose one task column, where all it holds is words, has become a column for each word.

    Parameters
    ----------
    fixed
        Columns that are no tasks.
    """
    tasks = [place for place, column in enumerate(columns) if column not in fixed]
    if len(tasks) != 1:
        return lines
    place = tasks[0]
    cells = {
        number: fields[place]
        for number, fields in ((number, line.split("\t")) for number, line in lines)
        if len(fields) == len(columns) and not fields[0].startswith("#") and fields != columns
    }
    known = [text for text in cells.values() if not is_unknown(text)]
    if not known or any(map(_is_number, known)):
        return lines
    classes = class_targets(list(cells.values()))
    texts = dict(zip(cells, (map(format_number, row) for row in classes.targets.tolist()), strict=True))
    expanded = []
    for number, line in lines:
        fields = line.split("\t")
        if number in texts:
            fields[place : place + 1] = texts[number]
        elif line.removeprefix("#").split("\t") == list(columns):
            fields[place : place + 1] = classes.tasks
        expanded.append((number, "\t".join(fields)))
    return expanded


def _is_number(text: str) -> bool:
    """Return whether a cell of a table holds a target that is no name of a class."""
    try:
        parse_label(text)
    except ValueError:
        return False
    return True


def per_task(text: str, path: str, key: str) -> dict[str, float]:
    """Return the numbers of a header entry ``task:number,task:number``.

    Raises
    ------
    FormatError
        Naming `key` if one is no number.
    """
    values: dict[str, float] = {}
    for task, number in listed_pairs(text):
        try:
            values[task] = float(number)
        except ValueError:
            values[task] = nan
        if not task or not isfinite(values[task]):
            entry = f"{task}:{number}" if task else number
            raise FormatError(path, f"##{key} holds {shorten(entry)}; expected task:number")
    return values


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
        if line.startswith("#") or not line.strip() or fields == columns:
            if entry := parse_header_line(line):
                header.setdefault(*entry)
            if fields[0] == "#name" and ["name", *fields[1:]] != columns:
                raise FormatError(path, "a second column line that differs from the first", number)
            continue
        if len(fields) != len(columns):
            raise FormatError(path, f"expected {len(columns)} columns, found {len(fields)}", number)
        texts = fields[1:] if len(tasks) == len(fields) - 1 else [fields[place] for place in places]
        values.append(_values(texts, tasks, path, number))
        names.append(fields[0])
        given = fields[columns.index(_SPLIT)] if _SPLIT in columns else UNKNOWN
        split = known_split(given)
        if split is None:
            message = f"split is {shorten(given)}; expected train, valid, test or {UNKNOWN}"
            raise FormatError(path, message, number)
        splits.append(split)
        groups.append(fields[columns.index(_GROUP)] if _GROUP in columns else fields[0])
    table = np.array(values, dtype=np.float64).reshape(len(names), len(tasks))
    return NamedScores(names, tasks, table, path, splits, groups, header)


def _values(texts: Sequence[str], tasks: Sequence[str], path: str, number: int) -> list[float]:
    """Read the values of a row: all at once, one by one only to name what is wrong."""
    with suppress(ValueError):
        values = [nan if text == UNKNOWN else float(text) for text in texts]
        known = isfinite(sum(values)) or sum(map(isfinite, values)) + texts.count(UNKNOWN) == len(values)
        if known and plain("".join(texts)):
            return values
    return [parse_target(text, task, path, number) for text, task in zip(texts, tasks, strict=True)]
