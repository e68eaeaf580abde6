"""Tables on a terminal: aligned, and as wide as it is. Loads rich."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_GAP = 2
"""Spaces between columns."""
_SHORT = 24
"""Cells of up to this many letters are not broken over lines."""
_FACT = ("name", "value")
"""Cells of lines that are no rows under a column line, as the first of ``show`` are."""
_MOST_KEYS = 2
"""Columns of names that are repeated where a table is cut into blocks of columns."""


def print_tables(lines: Sequence[str], stream: TextIO) -> None:
    """Print lines, those with tabs as tables that fit the terminal.

    Lines of as many cells as the one above are of one table, unless they begin with ``#``.
    """
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    for is_table, table in _blocks(lines):
        if not is_table:
            stream.writelines(f"{line}\n" for line in table)
            continue
        rows = [line.split("\t") for line in table]
        facts = len(rows[0]) == len(_FACT) and not table[0].startswith("#")
        for number, columns in enumerate(_fitting(rows, console.width)):
            if number:
                console.print()
            _print_columns(console, [[row[column] for column in columns] for row in rows], facts=facts)
    stream.flush()


def _blocks(lines: Sequence[str]) -> Iterator[tuple[bool, list[str]]]:
    """Yield whether lines are a table, and the lines."""
    number, cells = 0, 0
    marked: list[tuple[int, bool, str]] = []
    for line in lines:
        count = 0 if line.startswith("##") else line.count("\t")
        if count != cells or (count and line.startswith("#")):
            number += 1
        cells = count
        marked.append((number, bool(count), line))
    for (_, is_table), block in groupby(marked, key=lambda mark: mark[:2]):
        yield is_table, [line for _, _, line in block]


def _fitting(rows: Sequence[Sequence[str]], width: int) -> list[list[int]]:
    """Return the columns of each block: as many as fit, after the first ones, which are names.

    Long texts are counted as `_SHORT`, as they can be broken over lines.
    """
    widths = [min(max(map(cell_len, column)), _SHORT) for column in zip(*rows, strict=True)]
    if sum(widths) + _GAP * (len(widths) - 1) <= width:
        return [list(range(len(widths)))]
    keys = _keys(rows)
    start = sum(widths[key] + _GAP for key in keys)
    blocks, used = [list(keys)], start
    for column in range(len(keys), len(widths)):
        if len(blocks[-1]) > len(keys) and used + widths[column] > width:
            blocks.append(list(keys))
            used = start
        blocks[-1].append(column)
        used += widths[column] + _GAP
    return blocks


def _keys(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns that name a row: the first, and the second where it holds no numbers."""
    texts = [not _is_numeric(column) for column in zip(*rows, strict=True)]
    count = texts.index(False) if False in texts else len(texts)
    return list(range(max(1, min(count, _MOST_KEYS, len(texts) - 1))))


def _print_columns(console: Console, rows: Sequence[Sequence[str]], *, facts: bool) -> None:
    """Print one block: numbers to the right, texts to the left, long ones broken over lines."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
    columns = list(zip(*rows, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    roomy = sum(min(width, _SHORT) + _GAP for width in widths) - _GAP <= console.width
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            justify="right" if not facts and _is_numeric(column) else "left",
            no_wrap=roomy and width <= _SHORT,  # a narrow terminal breaks short ones too, and loses none
            overflow="fold",
        )
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _is_numeric(column: Sequence[str]) -> bool:
    """Return whether all cells below the first are numbers or missing."""
    try:
        _ = [float(cell) for cell in column[1:] if cell not in (".", "NA")]
    except ValueError:
        return False
    return True
