"""What ``show`` says about a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_ONE_CELL = str.maketrans("\t\n\r", "   ")
"""From what would end a cell to a space: texts of JSON may hold anything."""


class Table(NamedTuple):
    """Rows under a column line."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


class Description(NamedTuple):
    """Facts about a file, a table of its parts, and further tables."""

    facts: Sequence[tuple[str, object]]
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    more: Sequence[Table] = ()
    advice: str = ""
    """What to do next, noted after the description; empty for nothing."""


def to_lines(description: Description) -> str:
    """Write a description."""
    lines = ["\t".join(map(_cell, fact)) for fact in description.facts]
    for table in (Table(description.columns, description.rows), *description.more):
        lines += _table_lines(table)
    return "".join(line + "\n" for line in lines)


def _table_lines(table: Table) -> list[str]:
    """Write a table; nothing without columns."""
    head = ["#" + "\t".join(table.columns)] if table.columns else []
    return head + ["\t".join(map(_cell, row)) for row in table.rows]


def _cell(value: object) -> str:
    """Write one value."""
    if value is None or value == "":
        return "."
    return f"{value:.6g}" if isinstance(value, float) else str(value).translate(_ONE_CELL)
