"""Reading variants, one row at a time: VCF, BCF, and tables of chrom, pos, ref and alt.

A row keeps its bytes, so that what is written is what was read but for what is added.
"""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, TypeAlias, cast

from seqnet.errors import FormatError, shorten
from seqnet.formats.files.lines import with_line_feeds
from seqnet.formats.files.opening import LONGEST_LINE, chunks_as_they_come, open_input
from seqnet.formats.files.sandbox import child_command, converting, named_file
from seqnet.formats.files.sniff import expecting
from seqnet.numerals import LARGEST

Layout: TypeAlias = Literal["vcf", "tsv"]
Places: TypeAlias = tuple[int, int, int, int]
_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"
_BCF = b"BCF"
_FIRST_LINE = b"##fileformat=VCF"
_COLUMN_LINE = b"#CHROM\tPOS\tID\tREF\tALT"
_FIXED = 8
"""Columns that every row of a VCF has."""
_FIRST_SAMPLE = 9
_NEEDED = ("chrom", "pos", "ref", "alt")
_ALSO_CALLED = {"#chrom": "chrom", "chromosome": "chrom", "chr": "chrom", "position": "pos",
                "reference": "ref", "alternate": "alt"}  # fmt: skip
_NO_ALT = b"."


class VariantRecord(NamedTuple):
    """One row."""

    line: int
    """1-based line of the file."""
    contig: str
    start: int
    """0-based position of the first reference base; -1 for POS 0."""
    ref: bytes
    """As written."""
    alts: tuple[bytes, ...]
    """As written; none where ALT is a point."""
    cells: list[bytes]
    """The columns, as written; of a VCF the samples' together in the tenth."""
    end: bytes
    """How the line ends."""
    places: Places
    """Which columns are contig, position, reference and alternative alleles."""

    @property
    def size(self) -> int:
        """Bytes of the row, more or less."""
        return sum(map(len, self.cells))

    @property
    def samples(self) -> list[bytes]:
        """The columns of a VCF's samples."""
        return self.cells[_FIRST_SAMPLE].split(b"\t") if len(self.cells) > _FIRST_SAMPLE else []

    def rewritten(self, start: int, ref: bytes, alts: tuple[bytes, ...]) -> VariantRecord:
        """Return the row with another position and other alleles."""
        cells = list(self.cells)
        new = (str(start + 1).encode(), ref, b",".join(alts))
        for place, text in zip(self.places[1:], new, strict=True):
            cells[place] = text
        return self._replace(start=start, ref=ref, alts=alts, cells=cells)


@dataclass(frozen=True)
class VariantFile:
    """An open file of variants.

    Parameters
    ----------
    path
        Its name, for messages.
    layout
        ``vcf`` for VCF and BCF, ``tsv`` for tables.
    header
        The lines before the rows, without their ends: of a VCF those that begin with ``#``, of a table its
        line of column names, where it has one.
    line_end
        How its first line ends.
    columns
        Names of a table's columns; empty for VCF.
    records
        The rows, once.
    """

    path: str
    layout: Layout
    header: list[bytes]
    line_end: bytes
    columns: tuple[str, ...]
    records: Iterator[VariantRecord]

    @property
    def samples(self) -> list[str]:
        """Names of a VCF's samples."""
        if self.layout != "vcf":
            return []
        names = self.header[-1].split(b"\t")[_FIRST_SAMPLE:]
        return [name.decode("utf-8", "surrogateescape") for name in names]


def is_vcf(path: str) -> bool:
    """Return whether a regular file is VCF or BCF by its first bytes."""
    if not Path(path).is_file():
        return False
    with open_input(path) as stream:
        start = stream.read(len(_FIRST_LINE))
    return start in (_FIRST_LINE, _COLUMN_LINE[: len(_FIRST_LINE)]) or start.startswith(_BCF)


@contextmanager
def open_variants(path: str) -> Iterator[VariantFile]:
    """Open a VCF, BCF or table of variants, compressed or not; ``-`` is standard input.

    Raises
    ------
    FormatError
        Naming file and line, if it is none of them; also while reading.
    """
    with open_input(path) as stream:
        if stream.peek(len(_BCF))[: len(_BCF)] != _BCF:
            with expecting(path, "variants"):
                variants = _opened(_lines(stream, path), path)
            yield variants
            return
        with _as_vcf(stream, path) as text:
            yield _opened(text, path)


# ---- lines -----------------------------------------------------------------------------------


class _Line(NamedTuple):
    number: int
    text: bytes
    end: bytes


def _lines(stream: io.BufferedReader, path: str) -> Iterator[_Line]:
    """Yield the lines with their ends apart: LF, CRLF, nothing at the end of a file."""
    rest, number = b"", 0
    for chunk in with_line_feeds(chunks_as_they_come(stream, _CHUNK)):
        *whole, rest = (rest + chunk).split(b"\n")
        for raw in whole:
            number += 1
            yield _line(number, raw, b"\n", path)
        if len(rest) >= LONGEST_LINE:
            raise FormatError(path, "is not a text file", number + 1)
    if rest:
        yield _line(number + 1, rest, b"", path)


def _line(number: int, raw: bytes, end: bytes, path: str) -> _Line:
    """Take a carriage return and a byte order mark off a line."""
    if b"\0" in raw:
        raise FormatError(path, "is not a text file", number)
    if number == 1:
        raw = raw.removeprefix(_BOM)
    if raw.endswith(b"\r"):
        return _Line(number, raw[:-1], b"\r" + end)
    return _Line(number, raw, end)


@contextmanager
def _as_vcf(stream: BinaryIO, path: str) -> Iterator[Iterator[_Line]]:
    """Run the child that turns BCF into VCF."""
    with named_file(stream, path) as name:
        command = child_command("seqnet.formats.variants.bcf_worker", "read", name)
        with converting(command, None, path, "", "the BCF library") as text:
            yield _lines(io.BufferedReader(text), path)


def child_error(child: subprocess.Popen[bytes], said: BinaryIO, path: str) -> FormatError:
    """Return the error of a child that touched a BCF file: what it said, or that it crashed."""
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").strip().splitlines()
    code = child.returncode
    undefined = re.search(r"Contig not defined in header\) at (.*):\d+$", "\n".join(lines), re.MULTILINE)
    if undefined:
        what = f"the variants have no header line ##contig=<ID={undefined[1]}>"
        return FormatError(path, f"{what}; expected one for each contig, which BCF needs; .vcf.gz does not")
    crashed = f"the BCF library crashed on this file (status {code})"
    return FormatError(path, lines[-1] if lines and code > 0 else crashed)


# ---- rows ------------------------------------------------------------------------------------


def _opened(lines: Iterator[_Line], path: str) -> VariantFile:
    """Read the header and recognise the layout."""
    first = next((line for line in lines if line.text.strip()), None)
    if first is None:
        raise FormatError(path, "is empty; expected VCF, BCF or a table with columns chrom, pos, ref and alt")
    if first.text.startswith((_FIRST_LINE, _COLUMN_LINE)):
        return _vcf(first, lines, path)
    while first is not None and first.text.startswith(b"##"):
        if first.text.startswith((b"##contig=<", b"##INFO=<")):  # a VCF that lost its first line
            return _vcf(first, lines, path)
        first = next(lines, None)
    if first is None:
        raise FormatError(path, "has no line #CHROM POS ID REF ALT QUAL FILTER INFO")
    return (_vcf if first.text.startswith(_COLUMN_LINE) else _table)(first, lines, path)


def _vcf(first: _Line, lines: Iterator[_Line], path: str) -> VariantFile:
    """Read the header of a VCF."""
    header: list[bytes] = []
    line: _Line | None = first
    while line is not None:
        header.append(line.text)
        if line.text.startswith(_COLUMN_LINE):
            return VariantFile(
                path, "vcf", header, first.end or b"\n", (), _vcf_rows(header[-1], lines, path)
            )
        if not line.text.startswith(b"##"):
            raise FormatError(path, "a row precedes the line #CHROM POS ID REF ALT ...", line.number)
        line = next(lines, None)
    raise FormatError(path, "has no line #CHROM POS ID REF ALT QUAL FILTER INFO")


def _vcf_rows(column_line: bytes, lines: Iterator[_Line], path: str) -> Iterator[VariantRecord]:
    """Yield the rows of a VCF."""
    width = column_line.count(b"\t") + 1
    if width < _FIXED:
        raise FormatError(path, f"the line #CHROM has {width} columns; expected {_FIXED} or more")
    for line in lines:
        if not line.text:
            continue
        columns = line.text.count(b"\t") + 1
        if columns != width:
            raise FormatError(path, f"has {columns} columns; the line #CHROM has {width}", line.number)
        yield _record(line, line.text.split(b"\t", _FIRST_SAMPLE), (0, 1, 3, 4), path)


def _table(first: _Line, lines: Iterator[_Line], path: str) -> VariantFile:
    """Read the column names of a table, where it has some."""
    cells = first.text.split(b"\t")
    names = [cell.decode("utf-8", "surrogateescape") for cell in cells]
    lower = [_ALSO_CALLED.get(name.lower(), name.lower()) for name in names]
    if set(_NEEDED) <= set(lower):
        places = tuple(lower.index(name) for name in _NEEDED)
        rows = _table_rows(lines, cast("Places", places), len(cells), path)
        return VariantFile(path, "tsv", [first.text], first.end or b"\n", tuple(names), rows)
    if len(cells) < len(_NEEDED) or not cells[1].isdigit():
        expected = "VCF, BCF or a tab-separated table with columns chrom, pos, ref and alt"
        raise FormatError(path, f"begins with {shorten(first.text.decode('utf-8', 'replace'))}; expected "
                          f"{expected}", first.number)  # fmt: skip
    columns = (*_NEEDED, *(f"column_{number}" for number in range(5, len(cells) + 1)))

    def all_rows() -> Iterator[_Line]:
        yield first
        yield from lines

    rows = _table_rows(all_rows(), (0, 1, 2, 3), len(cells), path)
    return VariantFile(path, "tsv", [], first.end or b"\n", columns, rows)


def _table_rows(lines: Iterator[_Line], places: Places, width: int, path: str) -> Iterator[VariantRecord]:
    """Yield the rows of a table."""
    for line in lines:
        if not line.text or line.text.startswith(b"#"):
            continue
        cells = line.text.split(b"\t")
        if len(cells) != width:
            raise FormatError(path, f"has {len(cells)} columns; the first line has {width}", line.number)
        yield _record(line, cells, places, path)


def _record(line: _Line, cells: list[bytes], places: Places, path: str) -> VariantRecord:
    """Read the columns of contig, position and alleles."""
    contig, position, ref, alt = (cells[place] for place in places)
    if not position.isdigit() or int(position) > LARGEST:
        text = shorten(position.decode("utf-8", "replace"))
        raise FormatError(path, f"the position is {text}; expected a whole number from 1 on", line.number)
    alts = tuple(alt.split(b","))
    if not contig or not ref or not all(alts):
        raise FormatError(path, "contig, REF or an allele of ALT is empty", line.number)
    alts = () if alt == _NO_ALT else alts
    name = contig.decode("utf-8", "surrogateescape")
    return VariantRecord(line.number, name, int(position) - 1, ref, alts, cells, line.end, places)
