"""Reading the hits of earlier scans, and the counts that q-values need with them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO, NamedTuple

from seqnet.errors import FormatError, SeqnetError, shorten
from seqnet.formats.files.header import parse_header_line
from seqnet.formats.files.numbers import parse_coordinate, parse_count, parse_field
from seqnet.formats.files.opening import STANDARD, numbered_lines, open_input
from seqnet.formats.files.sniff import recognising
from seqnet.formats.hits.hit_formats import HIT_COLUMNS
from seqnet.formats.results.tables import write_rows

TEST_COLUMNS = ("motif", "windows", "hits")
_BATCH = 4096
_LOWEST = "-inf"
"""The score of a window with a letter that the motif never has."""
NumberedLines = Iterator[tuple[int, str]]


class HitTable(NamedTuple):
    """One file of hits: its header, and its lines once."""

    path: str
    header: dict[str, str]
    rows: Callable[[], NumberedLines]
    """Opens the file's rows, (line number, text)."""


@contextmanager
def open_hit_tables(paths: Sequence[str]) -> Iterator[list[HitTable]]:
    """Read the headers of hit tables; files are opened again for their rows, pipes stay open.

    Raises
    ------
    FormatError
        If one is no BED6+5 table of ``seqnet scan`` with its header.
    """
    streams: list[NumberedLines] = []
    try:
        yield [_open_table(path, streams) for path in paths]
    finally:
        for lines in streams:
            lines.close()  # type: ignore[attr-defined]


def _open_table(path: str, streams: list[NumberedLines]) -> HitTable:
    """Read one table's header."""
    lines = _lines_of(path)
    with recognising(path, "regions"):
        header = _read_header(lines, path, HIT_COLUMNS)
    if path == STANDARD or not stat.S_ISREG(os.stat(path).st_mode):
        streams.append(lines)
        return HitTable(path, header, lambda: lines)
    lines.close()  # type: ignore[attr-defined]
    return HitTable(path, header, lambda: _rows_of(path))


def _lines_of(path: str) -> NumberedLines:
    """Yield a file's numbered lines."""
    with open_input(path) as stream:
        yield from numbered_lines(stream, path)


def _rows_of(path: str) -> NumberedLines:
    """Yield a file's rows, from its start."""
    lines = _lines_of(path)
    _read_header(lines, path, HIT_COLUMNS)
    yield from lines


def _read_header(lines: NumberedLines, path: str, columns: Sequence[str]) -> dict[str, str]:
    """Read up to and with the column line; returns the entries above it."""
    header: dict[str, str] = {}
    wanted = "#" + "\t".join(columns)
    for number, line in lines:
        entry = parse_header_line(line)
        if entry is not None:
            header[entry[0]] = entry[1]
        elif line == wanted and header:
            return header
        else:
            message = f"expected the header of 'seqnet scan' and its column line '{_shown(wanted)}'"
            raise FormatError(path, message, number)
    raise FormatError(path, f"has no column line '{_shown(wanted)}'; was it written by 'seqnet scan'?")


def _shown(line: str) -> str:
    """Return the beginning of a column line for a message."""
    return " ".join(line.split("\t")[:4]) + " ..." * (line.count("\t") > 3)


def merged_rows(tables: Iterable[HitTable]) -> Iterator[list[str]]:
    """Yield the rows of one table after the other, in batches, each row checked.

    Raises
    ------
    FormatError
        At a row that is none, is out of order, or belongs to a sequence that was complete.
    """
    owners: dict[str, str] = {}
    for table in tables:
        order = _Order(table.path, owners)
        batch: list[str] = []
        for number, line in table.rows():
            order.check(number, line)
            batch.append(line)
            if len(batch) == _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


class _Order:
    """Checks that a table's rows are hits, sorted, each sequence in one stretch of one file."""

    def __init__(self, path: str, owners: dict[str, str]) -> None:
        self._path, self._owners = path, owners
        self._sequence: str | None = None
        self._last = (-1, -1)

    def check(self, number: int, line: str) -> None:
        """Check one row."""
        fields = line.split("\t")
        if len(fields) != len(HIT_COLUMNS):
            message = f"expected {len(HIT_COLUMNS)} columns, found {len(fields)}"
            raise FormatError(self._path, message, number)
        place = (
            parse_coordinate(fields[1], "start", self._path, number),
            parse_coordinate(fields[2], "end", self._path, number),
        )
        p_value = parse_field(fields[7], "the p-value", self._path, number, "a number from 0 to 1")
        if not 0 <= p_value <= 1:
            message = f"the p-value is {shorten(fields[7])}; expected a number from 0 to 1"
            raise FormatError(self._path, message, number)
        if fields[6] != _LOWEST:
            parse_field(fields[6], "log_odds", self._path, number)
        if fields[0] != self._sequence:
            self._begin(fields[0], number)
        elif place < self._last:
            raise FormatError(self._path, f"hits on {fields[0]} are not sorted by start and end", number)
        self._last = place

    def _begin(self, name: str, number: int) -> None:
        """Begin a sequence."""
        if name in self._owners:
            message = f"hits on {name} again, after {self._owners[name]}; merge scans of whole sequences"
            raise FormatError(self._path, message, number)
        self._owners[name] = self._path
        self._sequence = name


def common_header(headers: Iterable[tuple[str, Mapping[str, str]]], ignored: Sequence[str]) -> dict[str, str]:
    """Return the entries that files have in common; all but the ignored must be equal.

    Parameters
    ----------
    headers
        (path, entries) of each file, at least one.

    Raises
    ------
    SeqnetError
        Naming two files and the entry in which they differ.
    """
    headings = [(path, _without(header, ignored)) for path, header in headers]
    (first_path, first), *others = headings
    for path, header in others:
        for key in chain(first, header):
            if first.get(key) != header.get(key):
                ours, theirs = (_entry(key, h.get(key)) for h in (first, header))
                raise SeqnetError(f"{first_path} has {ours}, {path} has {theirs}; they are not one scan's")
    return first


def _without(header: Mapping[str, str], ignored: Sequence[str]) -> dict[str, str]:
    """Return a header less some entries."""
    return {key: value for key, value in header.items() if key not in ignored}


def _entry(key: str, value: str | None) -> str:
    """Return an entry for a message."""
    return f"no {key}" if value is None else f"{key}={value}"


class WindowTable(NamedTuple):
    """What a file of tests says."""

    header: dict[str, str]
    windows: dict[str, int]
    """Motif name to windows scored, on the strands scanned."""
    hits: dict[str, int]
    """Motif name to hits written."""


def write_tests(
    stream: BinaryIO, windows: Mapping[str, int], hits: Mapping[str, int], header: dict[str, str]
) -> None:
    """Write how many windows were scored and how many hits were written, a row per motif."""
    rows = [(name, number, hits.get(name, 0)) for name, number in windows.items()]
    write_rows(stream, TEST_COLUMNS, rows, header)


def read_tests(path: str) -> WindowTable:
    """Read a file of tests.

    Raises
    ------
    FormatError
        If it is none.
    """
    windows: dict[str, int] = {}
    hits: dict[str, int] = {}
    lines = _lines_of(path)
    header = _read_header(lines, path, TEST_COLUMNS)
    for number, line in lines:
        fields = line.split("\t")
        if len(fields) != len(TEST_COLUMNS):
            raise FormatError(path, "expected a motif, its windows and its hits", number)
        tested, count = (parse_count(text, what, path, number) for text, what in zip(
            fields[1:], TEST_COLUMNS[1:], strict=True
        ))  # fmt: skip
        if count > tested:
            raise FormatError(path, f"{count} hits in {tested} windows of {shorten(fields[0])}", number)
        windows[fields[0]] = windows.get(fields[0], 0) + tested
        hits[fields[0]] = hits.get(fields[0], 0) + count
    return WindowTable(header, windows, hits)
