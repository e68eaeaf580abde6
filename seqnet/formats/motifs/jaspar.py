"""JASPAR counts: ``>ID name`` and four rows, with or without letters and brackets."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import BinaryIO

from seqnet.errors import FormatError
from seqnet.formats.files.opening import to_bytes
from seqnet.formats.motifs.entries import Entries, Entry, NumberedLine, cut_records
from seqnet.formats.motifs.matrix_lines import headed_row, layout
from seqnet.formats.motifs.matrix_rows import alphabet_of, counts_of, number_text, one_line
from seqnet.genome.alphabet import BASES
from seqnet.motifs.matrix import MotifInfo, MotifSet, to_pfm


def is_jaspar(start: Sequence[str]) -> bool:
    """Return whether the beginning of a file is JASPAR: headers, each with a row of numbers per base."""
    return layout(start) == "base"


def read_jaspar(lines: Sequence[str], path: str) -> Entries:
    """Read JASPAR motifs as `Pfm`."""
    motifs = Entries(path)
    for record in cut_records(lines):
        with motifs.entry(record[0][0]) as entry:
            _read(record, entry, path)
    return motifs


def _read(record: Sequence[NumberedLine], entry: Entry, path: str) -> None:
    """Read the lines of one motif."""
    number, header = record[0]
    if not header.startswith(">"):
        raise FormatError(path, f"expected a header '>ID name', found {header.strip()[:30]!r}", number)
    words = header[1:].split(None, 1)
    if not words:
        raise FormatError(path, "motif without a name", number)
    alphabet = alphabet_of("".join(line.strip()[0] for _, line in record[1:]))
    entry.info = MotifInfo(words[0], one_line(words[1]) if len(words) > 1 else "", alphabet=alphabet)
    rows = [_row(line, place, path, at) for place, (at, line) in enumerate(record[1:])]
    if len(rows) != 4:
        raise FormatError(path, f"{words[0]} has {len(rows)} rows; expected 4 (A C G T)", number)
    if len({len(row) for row in rows}) != 1:
        widths = ", ".join(str(len(row)) for row in rows)
        raise FormatError(path, f"rows of {words[0]} have {widths} counts; expected one width", number)
    entry.motif = counts_of(entry.info, list(zip(*rows, strict=True)), path, number)


def _row(line: str, place: int, path: str, number: int) -> list[float]:
    """Read one row of counts, which must be that of base number `place`."""
    row = headed_row(line)
    if row.values is None or place > 3:
        expected = "a header '>ID name'" if place > 3 else "a row of counts"
        raise FormatError(path, f"expected {expected}, found {line.strip()[:30]!r}", number)
    if row.letter not in ("", BASES[place]):
        raise FormatError(path, f"row {place + 1} is {row.letter}; expected {BASES[place]}", number)
    if not all(0 <= value < inf for value in row.values):
        raise FormatError(path, "a count is negative or not finite", number)
    return row.values


def write_jaspar(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write JASPAR counts; the format has no room for anything else."""
    for motif in motifs.motifs:
        pfm = to_pfm(motif)
        lines = [f">{pfm.info.name}\t{pfm.info.alt_name}".rstrip()]
        for base, row in zip(BASES, pfm.counts.T.tolist(), strict=True):
            lines.append(f"{base} [ {' '.join(map(number_text, row))} ]")
        stream.write(to_bytes("\n".join(lines) + "\n"))
