"""Writing variants with what was found out about them: into the INFO column of a VCF, or as a table."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, Protocol, cast

from seqnet.errors import FormatError
from seqnet.formats.files.header import escaped, header_lines
from seqnet.formats.files.numbers import UNKNOWN
from seqnet.formats.files.opening import open_output, output_path, to_bytes
from seqnet.formats.files.sandbox import child_command
from seqnet.formats.files.tabix import index_table
from seqnet.formats.variants.records import VariantFile, VariantRecord, child_error

_NAME = re.compile(r"[^A-Za-z0-9_.]")
_INFO = 7
_INFO_LINE = b"##INFO=<ID="
_MISSING = UNKNOWN.encode()


class Field(NamedTuple):
    """One thing that is written for each alternative allele."""

    key: str
    """Of the INFO column."""
    column: str
    """Of a table."""
    kind: str
    """``Float``, ``Integer`` or ``String``."""
    number: str
    """``A``, or a point where a row without alternative alleles may have a value too."""
    description: str


def clean_names(names: Sequence[str]) -> list[str]:
    """Return names with only the characters that INFO keys may have, numbered where two become one.

    Examples
    --------
    >>> clean_names(["GATA1 K562", "GATA1_K562", "a"])
    ['GATA1_K562', 'GATA1_K562_2', 'a']
    """
    cleaned: list[str] = []
    for name in names:
        clean = plain = _NAME.sub("_", name) or "_"
        number = 1
        while clean in cleaned:
            number += 1
            clean = f"{plain}_{number}"
        cleaned.append(clean)
    return cleaned


class VariantWriter(Protocol):
    """Takes rows in order."""

    def write(self, record: VariantRecord, values: Sequence[Sequence[str]]) -> None:
        """Write a row.

        Parameters
        ----------
        values
            For each alternative allele (one for a row without any) a text per field.
        """
        ...


class VcfWriter:
    """A VCF: the rows as they were read, their INFO column extended.

    Parameters
    ----------
    source
        Where the rows come from; a table's become a VCF without samples.
    fields
        What is added.
    lines
        Header lines to add, without line ends.
    contigs
        Name and length of the genome's contigs, for a source without header lines.

    Raises
    ------
    FormatError
        If the source has one of the fields already, in its header or in a row.
    """

    def __init__(
        self,
        stream: BinaryIO,
        source: VariantFile,
        fields: Sequence[Field],
        lines: Sequence[str],
        contigs: Sequence[tuple[str, int]],
    ) -> None:
        self._stream = stream
        self._from_table = source.layout == "tsv"
        self._keys = [to_bytes(field.key) for field in fields]
        header = vcf_header(contigs) if self._from_table else source.header
        end = b"\n" if self._from_table else source.line_end
        _refuse_known(header, self._keys, source.path)
        self._path = source.path
        self._declared = {
            line[len(_INFO_LINE) :].split(b",")[0] for line in header if line.startswith(_INFO_LINE)
        }
        self.undeclared: Counter[str] = Counter()
        """INFO keys that rows have and the header does not declare, with the number of rows."""
        added = [*lines, *(_info_line(field) for field in fields)]
        stream.write(end.join([*header[:-1], *map(to_bytes, added), header[-1]]) + end)

    def write(self, record: VariantRecord, values: Sequence[Sequence[str]]) -> None:
        """Write a row; fields that no allele has are left out."""
        parts = []
        for key, texts in zip(self._keys, zip(*values, strict=True), strict=True):
            if any(text != UNKNOWN for text in texts):
                parts.append(key + b"=" + ",".join(texts).encode())
        cells = _vcf_cells(record) if self._from_table else list(record.cells)
        self._check_keys(record.line, cells[_INFO])
        if parts:
            before = [] if cells[_INFO] in (_MISSING, b"") else [cells[_INFO]]
            cells[_INFO] = b";".join([*before, *parts])
        self._stream.write(b"\t".join(cells) + record.end)

    def _check_keys(self, line: int, info: bytes) -> None:
        """Count the keys of a row that the header does not declare; refuse those that will be added."""
        if info in (_MISSING, b""):
            return
        for key in {entry.partition(b"=")[0] for entry in info.split(b";")} - self._declared:
            name = key.decode("utf-8", "replace")
            if key in self._keys:
                raise FormatError(self._path, _has_already(name), line)
            if key:
                self.undeclared[name] += 1


class TableWriter:
    """A table with a row for each alternative allele.

    Parameters
    ----------
    source
        Where the rows come from; of a VCF chrom, pos, id, ref and alt are kept, of a table all columns.
    fields
        What is added.
    header
        Provenance to write above the line of column names; None leaves out both.

    Raises
    ------
    FormatError
        If the column line would name a column twice.
    """

    def __init__(
        self,
        stream: BinaryIO,
        source: VariantFile,
        fields: Sequence[Field],
        header: Mapping[str, str] | None,
    ) -> None:
        self._stream = stream
        self._is_table = source.layout == "tsv"
        columns = source.columns if self._is_table else ("chrom", "pos", "id", "ref", "alt")
        if header is not None:
            added = [field.column for field in fields]
            for name in added:
                if name in columns:
                    raise FormatError(
                        source.path, f"has the column {name} already; rename it or leave it out"
                    )
            names = [*columns, *added]
            line = "\t".join(names).removeprefix("#")
            stream.write(to_bytes(f"{header_lines(header)}#{line}\n"))

    def write(self, record: VariantRecord, values: Sequence[Sequence[str]]) -> None:
        """Write a line for each allele."""
        first = record.cells if self._is_table else record.cells[:5]
        place = record.places[3]
        for alt, texts in zip(record.alts or (_MISSING,), values, strict=True):
            cells = [*first[:place], alt, *first[place + 1 :]]
            self._stream.write(b"\t".join(cells) + b"\t" + to_bytes("\t".join(texts)) + b"\n")


@contextmanager
def open_variant_output(path: str, *, index: bool = False) -> Iterator[BinaryIO]:
    """Open an output of variants: text, compressed and indexed, or BCF by its suffix."""
    if path.endswith(".bcf"):
        with output_path(path) as name, _as_bcf(name, path) as stream:
            yield stream
        return

    def finish(complete: str) -> None:
        index_table(complete, path, "vcf")

    with open_output(path, finish if index else None) as stream:
        yield stream


@contextmanager
def _as_bcf(name: str, path: str) -> Iterator[BinaryIO]:
    """Run the child that turns VCF into BCF."""
    command = child_command("seqnet.formats.variants.bcf_worker", "write", name)
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        stream = cast("BinaryIO", child.stdin)
        try:
            try:
                yield stream
                stream.close()
            except BrokenPipeError:
                child.wait()
                raise child_error(child, said, path) from None
            if child.wait():
                raise child_error(child, said, path)
        finally:
            child.kill()
            child.wait()


def _info_line(field: Field) -> str:
    """Return the header line of a field."""
    text = escaped(field.description).replace("\\", "\\\\").replace('"', '\\"')
    return f'##INFO=<ID={field.key},Number={field.number},Type={field.kind},Description="{text}">'


def _refuse_known(header: Sequence[bytes], keys: Sequence[bytes], path: str) -> None:
    """Refuse fields that a header declares already."""
    for number, line in enumerate(header, 1):
        for key in keys:
            if line.startswith((_INFO_LINE + key + b",", _INFO_LINE + key + b">")):
                raise FormatError(path, _has_already(key.decode()), number)


def _has_already(name: str) -> str:
    return f"has the INFO field {name} already; choose another --prefix"


def vcf_header(contigs: Sequence[tuple[str, int]]) -> list[bytes]:
    """Return the header of a VCF without samples."""
    lines = [f"##contig=<ID={name},length={length}>" for name, length in contigs]
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    return [to_bytes(line) for line in ("##fileformat=VCFv4.2", *lines, columns)]


def _vcf_cells(record: VariantRecord) -> list[bytes]:
    """Return the columns of a table's row as those of a VCF."""
    alt = b",".join(record.alts) or _MISSING
    place = [to_bytes(record.contig), str(record.start + 1).encode(), _MISSING]
    return [*place, record.ref, alt, _MISSING, _MISSING, _MISSING]
