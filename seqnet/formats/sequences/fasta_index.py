"""Bases at given places of a FASTA file, by its index (``.fai``), which is verified before use.

The index is believed in nothing: the headers must be where it puts them and nothing else between the
records; lines of a record that is read are compared at places all over it; and what is read must have
its line ends where the index puts them. An index that fails is an `IndexMisfitError`, and the caller reads
the whole file instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np

from seqnet.aliases import Codes
from seqnet.formats.files.bgzf import GZIP, BgzfBytes, PlacedBytes, PlainBytes
from seqnet.formats.files.opening import BOM
from seqnet.genome.alphabet import SoftMask, encoding_table
from seqnet.kernels.fasta import encode

SUFFIX = ".fai"
STRETCH_COST = 1 << 16
"""Bases that could be streamed in the time that one stretch takes in addition to its own bases."""
SAMPLES = 32
"""Lines of a record that are compared with the index."""
LONGEST_GAP = 1 << 20
"""Bytes of a header, with blank lines before it."""
_BLANKS = b" \t\r\n"
_LINE_ENDS = {1: b"\n", 2: b"\r\n"}


class IndexMisfitError(Exception):
    """The index does not fit its file; the message gives the difference."""


class IndexedRecord(NamedTuple):
    """A line of the index."""

    name: str
    length: int
    """Bases."""
    offset: int
    """Byte of the first base."""
    bases: int
    """Bases of a line."""
    width: int
    """Bytes of a line."""

    def place(self, position: int) -> int:
        """Return the byte of the base at a 0-based position."""
        line, column = divmod(position, self.bases) if self.bases else (0, 0)
        return self.offset + line * self.width + column

    @property
    def end(self) -> int:
        """The byte behind the last base."""
        return self.place(self.length - 1) + 1 if self.length else self.offset


def read_index(path: str) -> dict[str, IndexedRecord] | None:
    """Read the index of a FASTA file; None where there is none.

    Returns
    -------
    Records by name, in file order.

    Raises
    ------
    IndexMisfitError
        If it is older than the file, or not an index.
    """
    fasta, index = Path(path), Path(path + SUFFIX)
    if not (fasta.is_file() and index.is_file()):
        return None
    if index.stat().st_mtime_ns < fasta.stat().st_mtime_ns:
        raise IndexMisfitError("is older than its FASTA file")
    lines = index.read_bytes().decode("utf-8", "surrogateescape").split("\n")
    records = sorted((_record(line) for line in lines if line), key=lambda record: record.offset)
    by_name = {record.name: record for record in records}
    if not records or len(by_name) < len(records):
        raise IndexMisfitError("holds no records" if not records else "names a record twice")
    return by_name


def _record(line: str) -> IndexedRecord:
    """Read a line of the index."""
    fields = line.rstrip("\r").split("\t")
    if len(fields) != 5 or not all(map(_is_count, fields[1:])):
        raise IndexMisfitError("is not an index of a FASTA file")
    record = IndexedRecord(fields[0], *map(int, fields[1:]))
    has_lines = record.bases > 0 and record.width - record.bases in _LINE_ENDS
    if record.length and not has_lines:
        raise IndexMisfitError(f"gives impossible lines to {record.name}")
    return record


def _is_count(field: str) -> bool:
    """Return whether a field is a number of bytes or bases that a file can have."""
    return field.isascii() and field.isdigit() and len(field) <= 18


def stretches_pay(stretches: int, bases: int, records: dict[str, IndexedRecord]) -> bool:
    """Return whether stretches of so many bases in all are read faster than the whole file."""
    whole = sum(record.length for record in records.values())
    return 2 * (bases + STRETCH_COST * (stretches + len(records))) < whole


@contextmanager
def open_indexed(path: str, records: dict[str, IndexedRecord]) -> Iterator[IndexedFasta]:
    """Open a FASTA file for reading at places.

    Raises
    ------
    IndexMisfitError
        If records and file do not fit.
    """
    with Path(path).open("rb") as stream:
        try:
            yield IndexedFasta(_placed(cast("BinaryIO", stream)), list(records.values()))
        except ValueError as error:
            raise IndexMisfitError(f"cannot be used: {error}") from error


def _placed(stream: BinaryIO) -> PlacedBytes:
    """Return the bytes of a file, decompressed if they are BGZF."""
    compressed = stream.read(2) == GZIP
    return BgzfBytes(stream) if compressed else PlainBytes(stream)


class IndexedFasta:
    """Records that are read at places.

    Parameters
    ----------
    data
        The file.
    records
        What the index says, in file order; compared with the file's headers at once.
    """

    def __init__(self, data: PlacedBytes, records: Sequence[IndexedRecord]) -> None:
        self._data = data
        self._records = {record.name: record for record in records}
        self._compared: set[str] = set()
        self._compare_headers(records)

    def fetch(self, name: str, start: int, end: int, soft_mask: SoftMask = "ignore") -> Codes:
        """Return the codes of the bases from `start` to before `end`, uint8 (end - start,).

        Raises
        ------
        IndexMisfitError
            If lines are not where the index says, or letters are none.
        """
        record = self._records[name]
        if not 0 <= start < end <= record.length:
            raise IndexError(f"{name}:{start}-{end} is not a stretch of {record.length} bases")
        if name not in self._compared:
            self._compare_lines(record)
            self._compared.add(name)
        text = self._data.read(record.place(start), record.place(end - 1) + 1)
        codes = np.empty(len(text), dtype=np.uint8)
        written, consumed, lines = encode(text, encoding_table(soft_mask), codes)
        expected = (end - 1) // record.bases - start // record.bases
        whole = (written, consumed, lines) == (end - start, len(text), expected)
        if not (whole and _ends_fit(text, record, start)):
            raise IndexMisfitError(f"does not fit the lines of {name}")
        return codes[:written]

    def _compare_headers(self, records: Sequence[IndexedRecord]) -> None:
        """Make sure that only the headers lie between the records."""
        at = 0
        for number, record in enumerate(records):
            if not at <= record.offset <= min(at + LONGEST_GAP, self._data.size):
                raise IndexMisfitError(f"does not have {record.name} where the file has it")
            gap = self._data.read(at, record.offset)
            starts_line = number == 0 or not records[number - 1].length
            if not _is_header(gap.removeprefix(BOM) if number == 0 else gap, record.name, starts_line):
                raise IndexMisfitError(f"does not have {record.name} where the file has it")
            at = record.end
        rest = self._data.size - at
        if not 0 <= rest <= LONGEST_GAP or self._data.read(at, at + rest).strip(_BLANKS):
            raise IndexMisfitError("ends before or behind its FASTA file")

    def _compare_lines(self, record: IndexedRecord) -> None:
        """Compare lines all over a record with the index."""
        lines = -(-record.length // record.bases)
        for line in sorted(set(np.linspace(0, lines - 1, SAMPLES).astype(int).tolist())):
            first = line * record.bases
            bases = min(record.bases, record.length - first)
            is_last = first + bases == record.length
            place = record.place(first)
            text = self._data.read(place, place + bases + (0 if is_last else record.width - record.bases))
            ending = b"" if is_last else _LINE_ENDS[record.width - record.bases]
            if text.split() != [text[:bases]] or text[bases:] != ending:
                raise IndexMisfitError(f"does not fit the lines of {record.name}")


def _is_header(gap: bytes, name: str, starts_line: bool) -> bool:
    """Return whether a gap between records is one header of that name, blank lines before it aside."""
    header = gap.lstrip(_BLANKS)
    before = gap[: len(gap) - len(header)]
    if not (before.endswith(b"\n") or (starts_line and not before)):
        return False
    if not header.startswith(b">") or header.find(b"\n") != len(header) - 1:
        return False
    return header[1:].split(None, 1)[:1] == [name.encode("utf-8", "surrogateescape")]


def _ends_fit(text: bytes, record: IndexedRecord, start: int) -> bool:
    """Return whether a text that begins at base `start` has its line ends where the index puts them."""
    first = record.bases - start % record.bases
    ends = np.frombuffer(text, dtype=np.uint8)
    columns = [ends[first + i :: record.width] for i in range(record.width - record.bases)]
    ending = _LINE_ENDS[record.width - record.bases]
    return all(bool((column == byte).all()) for column, byte in zip(columns, ending, strict=True))
