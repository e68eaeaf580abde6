"""Tables with a sequence column: TSV or CSV, with a header or without."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqnet.aliases import Floats, Ints
from seqnet.errors import FormatError
from seqnet.formats._open import numbered_lines, open_input
from seqnet.genome.alphabet import SoftMask, encode_text
from seqnet.genome.sequence import EncodedSequence


class Columns(NamedTuple):
    """Which columns hold what: names of the header, or 1-based numbers where there is none."""

    sequence: str
    targets: Sequence[str]
    name: str | None = None
    split: str | None = None
    group: str | None = None
    weight: str | None = None

    def all(self) -> list[str]:
        """Return every column that is asked for."""
        single = (self.sequence, self.name, self.split, self.group, self.weight)
        return [*(column for column in single if column is not None), *self.targets]


@dataclass(frozen=True, eq=False)
class SequenceTable:
    """n rows of a table.

    Parameters
    ----------
    sequences
        Named ``row1``, ``row2``, ... where the table has no names.
    targets
        Column name to its n texts.
    splits, groups
        n texts each; None where the table has no such column.
    weights
        float64 (n,): finite, 0 or more; None where the table has no such column.
    lines
        int64 (n,): the 1-based line of each row.
    source
        The file, for messages.
    """

    sequences: list[EncodedSequence]
    targets: dict[str, list[str]]
    splits: list[str] | None
    groups: list[str] | None
    weights: Floats | None
    lines: Ints
    source: str


def read_sequence_table(path: str, columns: Columns, soft_mask: SoftMask = "ignore") -> SequenceTable:
    """Read a table with a sequence column.

    The delimiter is a tab where the first line holds one, else a comma. A first line that holds every
    column asked for by name is the header; columns given as numbers alone mean that there is none.

    Raises
    ------
    FormatError
        With the line, at a column that is not there, a row of other length, a letter that is no
        nucleotide, or a weight that is no finite number of 0 or more.
    """
    import numpy as np

    with open_input(path) as stream:
        rows = _rows(numbered_lines(stream, path), path)
        first = next(rows, None)
        if first is None:
            raise FormatError(path, "is empty; expected a table of sequences")
        places, body = _places(first, rows, columns, path)
        kept = [(number, fields) for number, fields in body]
    if not kept:
        raise FormatError(path, "holds no rows under its header")
    sequences = [_sequence(row, columns, places, path, soft_mask, index) for index, row in enumerate(kept, 1)]

    def texts(column: str | None) -> list[str] | None:
        return None if column is None else [fields[places[column]] for _, fields in kept]

    targets = {column: texts(column) or [] for column in columns.targets}
    lines = np.array([number for number, _ in kept], dtype=np.int64)
    weights = None if columns.weight is None else _weights(kept, columns.weight, places, path)
    return SequenceTable(sequences, targets, texts(columns.split), texts(columns.group), weights, lines, path)


def _weights(rows: Sequence[tuple[int, list[str]]], column: str, places: dict[str, int], path: str) -> Floats:
    """Read the weight of each row, float64 (n,)."""
    import numpy as np

    found = np.empty(len(rows))
    for row, (number, fields) in enumerate(rows):
        text = fields[places[column]]
        try:
            found[row] = float(text)
        except ValueError:
            found[row] = np.nan
        if not 0 <= found[row] < np.inf:
            raise FormatError(
                path, f"column {column}: {text!r} is no weight; expected a number of 0 or more", number
            )
    return found


def _rows(lines: Iterable[tuple[int, str]], path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the fields of each line that is not blank, all of one length."""
    delimiter, width = "", 0
    for number, line in lines:
        if not line.strip():
            continue
        delimiter = delimiter or ("\t" if "\t" in line else ",")
        fields = [field.strip() for field in next(csv.reader([line], delimiter=delimiter))]
        width = width or len(fields)
        if len(fields) != width:
            raise FormatError(path, f"expected {width} columns, found {len(fields)}", number)
        yield number, fields


def _places(
    first: tuple[int, list[str]],
    rest: Iterator[tuple[int, list[str]]],
    columns: Columns,
    path: str,
) -> tuple[dict[str, int], Iterator[tuple[int, list[str]]]]:
    """Return where each column stands, and the rows under the header, if there is one."""
    number, fields = first
    wanted = columns.all()
    header = [field.removeprefix("#") if place == 0 else field for place, field in enumerate(fields)]
    if all(column in header for column in wanted):
        twice = [column for column in wanted if header.count(column) > 1]
        if twice:
            raise FormatError(path, f"two columns are named {twice[0]!r}", number)
        return {column: header.index(column) for column in wanted}, rest
    if not all(column.isdecimal() for column in wanted):
        missing = next(column for column in wanted if column not in header)
        shown = ", ".join(header[:8]) + (", ..." if len(header) > 8 else "")
        raise FormatError(path, f"has no column {missing!r}; it has {shown}", number)
    places = {column: int(column) - 1 for column in wanted}
    for column, place in places.items():
        if not 0 <= place < len(fields):
            raise FormatError(path, f"has no column {column}; it has {len(fields)} columns", number)

    def whole() -> Iterator[tuple[int, list[str]]]:
        yield first
        yield from rest

    return places, whole()


def _sequence(
    row: tuple[int, list[str]],
    columns: Columns,
    places: dict[str, int],
    path: str,
    soft_mask: SoftMask,
    index: int,
) -> EncodedSequence:
    """Encode the sequence of a row."""
    number, fields = row
    name = f"row{index}" if columns.name is None else fields[places[columns.name]]
    try:
        codes = encode_text(fields[places[columns.sequence]], soft_mask)
    except ValueError as error:
        raise FormatError(path, f"column {columns.sequence}: {error}", number) from error
    if not len(codes):
        raise FormatError(path, f"column {columns.sequence} is empty; expected a sequence", number)
    return EncodedSequence(name, codes)
