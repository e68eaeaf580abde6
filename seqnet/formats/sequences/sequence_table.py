"""Tables with a sequence column: TSV or CSV, with a header or without."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqnet.aliases import Floats, Ints
from seqnet.errors import FormatError, shorten
from seqnet.formats.files.numbers import parse_field
from seqnet.formats.files.opening import LONGEST_LINE, numbered_lines, open_input
from seqnet.genome.alphabet import SoftMask, encode_text
from seqnet.genome.sequence import EncodedSequence
from seqnet.numerals import is_whole
from seqnet.reporting import note


class Columns(NamedTuple):
    """Which columns hold what: names of the header, or 1-based numbers where there is none.

    Without a column of sequences those of the table are empty.
    """

    sequence: str | None
    targets: Sequence[str]
    name: str | None = None
    split: str | None = None
    group: str | None = None
    weight: str | None = None

    def all(self) -> list[str]:
        """Return every requested column."""
        single = (self.sequence, self.name, self.split, self.group, self.weight)
        return [*(column for column in single if column is not None), *self.targets]


@dataclass(frozen=True, eq=False)
class SequenceTable:
    """n rows of a table.

    Parameters
    ----------
    sequences
        Named ``row1``, ``row2``, ... where the table has no names; a name that was there before gets the
        next free number (``NAME_2``).
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
    column requested by name is the header; columns given as numbers alone mean that there is none.

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
    sequences = _numbered(sequences, path)

    def texts(column: str | None) -> list[str] | None:
        return None if column is None else [fields[places[column]] for _, fields in kept]

    targets = {column: texts(column) or [] for column in columns.targets}
    lines = np.array([number for number, _ in kept], dtype=np.int64)
    weights = None if columns.weight is None else _weights(kept, columns.weight, places, path)
    return SequenceTable(sequences, targets, texts(columns.split), texts(columns.group), weights, lines, path)


def _numbered(sequences: list[EncodedSequence], path: str) -> list[EncodedSequence]:
    """Return sequences with names that differ, and note how many were given a number."""
    counts: dict[str, int] = {}
    taken = {name for name, _ in sequences}
    if len(taken) == len(sequences):
        return sequences
    renamed: list[EncodedSequence] = []
    for name, codes in sequences:
        number = counts[name] = counts.get(name, 0) + 1
        new = name
        while number > 1 and new in taken:
            new, number = f"{name}_{number}", number + 1
        counts[name] = max(counts[name], number - 1)
        taken.add(new)
        renamed.append(EncodedSequence(new, codes))
    again = sum(one.name != other.name for one, other in zip(renamed, sequences, strict=True))
    note(f"{path}: {again} rows have a name that was there before; they are numbered (NAME_2)")
    return renamed


def _weights(rows: Sequence[tuple[int, list[str]]], column: str, places: dict[str, int], path: str) -> Floats:
    """Read the weight of each row, float64 (n,)."""
    import numpy as np

    weights = np.empty(len(rows))
    for row, (number, fields) in enumerate(rows):
        text, expected = fields[places[column]], "a number of 0 or more"
        weights[row] = parse_field(text, f"the weight in column {column}", path, number, expected)
        if weights[row] < 0:
            message = f"the weight in column {column} is {shorten(text)}; expected {expected}"
            raise FormatError(path, message, number)
    return weights


def _rows(lines: Iterable[tuple[int, str]], path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the fields of each line that is not blank, all of one length."""
    delimiter, width = "", 0
    for number, line in lines:
        if not line.strip():
            continue
        delimiter = delimiter or ("\t" if "\t" in line else ",")
        fields = _fields(line, delimiter, path, number)
        width = width or len(fields)
        if len(fields) != width:
            raise FormatError(path, f"expected {width} columns, found {len(fields)}", number)
        yield number, fields


def _fields(line: str, delimiter: str, path: str, number: int) -> list[str]:
    """Return the fields of a line without blanks around them; quotes as CSV has them."""
    if '"' not in line:  # csv refuses fields of more than 131,072 letters
        return [field.strip() for field in line.split(delimiter)]
    csv.field_size_limit(LONGEST_LINE)
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, strict=True))]
    except csv.Error as error:
        raise FormatError(path, f"is not a row of a table: {error}", number) from error


def _places(
    first: tuple[int, list[str]],
    rest: Iterator[tuple[int, list[str]]],
    columns: Columns,
    path: str,
) -> tuple[dict[str, int], Iterator[tuple[int, list[str]]]]:
    """Return the position of each column, and the rows under the header, if there is one."""
    number, fields = first
    wanted = columns.all()
    header = [field.removeprefix("#") if place == 0 else field for place, field in enumerate(fields)]
    if all(column in header for column in wanted):
        twice = [column for column in wanted if header.count(column) > 1]
        if twice:
            raise FormatError(path, f"two columns are named {shorten(twice[0])}", number)
        return {column: header.index(column) for column in wanted}, rest
    if not all(map(is_whole, wanted)):
        missing = next(column for column in wanted if column not in header)
        shown = ", ".join(header[:8]) + (", ..." if len(header) > 8 else "")
        raise FormatError(path, f"has no column {shorten(missing)}; it has {shown}", number)
    numbers = {str(place): place - 1 for place in range(1, len(fields) + 1)}
    places = {column: numbers.get(column.lstrip("0"), -1) for column in wanted}
    for column, place in places.items():
        if place < 0:
            message = f"has no column {shorten(column)}; it has {len(fields)} columns"
            raise FormatError(path, message, number)

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
    if columns.sequence is None:
        return EncodedSequence(name, encode_text(""))
    try:
        codes = encode_text(fields[places[columns.sequence]], soft_mask)
    except ValueError as error:
        raise FormatError(path, f"column {columns.sequence}: {error}", number) from error
    if not len(codes):
        raise FormatError(path, f"column {columns.sequence} is empty; expected a sequence", number)
    return EncodedSequence(name, codes)
