"""JASPAR counts: ``>ID name`` and four rows, with or without letters and brackets."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import BinaryIO

from seqnet.errors import FormatError
from seqnet.formats._motif_rows import Collected, counts_of, headed_row, layout, number_text, one_line
from seqnet.formats._open import to_bytes
from seqnet.genome.alphabet import BASES
from seqnet.motifs.matrix import MotifInfo, MotifSet, to_pfm


def is_jaspar(start: Sequence[str]) -> bool:
    """Tell whether the beginning of a file is JASPAR: headers, each with a row of numbers per base."""
    return layout(start) == "base"


def read_jaspar(lines: Sequence[str], path: str) -> MotifSet:
    """Read JASPAR motifs as `Pfm`.

    Raises
    ------
    FormatError
        With the line, where the text breaks the format.
    """
    motifs = Collected(path)
    header: tuple[int, str] | None = None
    rows: list[list[float]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(">"):
            _close(motifs, header, rows, path)
            header, rows = (number, line[1:].strip()), []
        else:
            rows.append(_row(line, len(rows), header, path, number))
    _close(motifs, header, rows, path)
    return motifs.done()


def _row(line: str, place: int, header: tuple[int, str] | None, path: str, number: int) -> list[float]:
    """Read one row of counts, which must be that of base number `place`."""
    row = headed_row(line)
    if header is None or row.values is None or place > 3:
        expected = "a header '>ID name'" if header is None or place > 3 else "a row of counts"
        raise FormatError(path, f"expected {expected}, found {line.strip()[:30]!r}", number)
    if row.letter not in ("", BASES[place]):
        raise FormatError(path, f"row {place + 1} is {row.letter}; expected {BASES[place]}", number)
    if not all(0 <= value < inf for value in row.values):
        raise FormatError(path, "a count is negative or not finite", number)
    return row.values


def _close(motifs: Collected, header: tuple[int, str] | None, rows: list[list[float]], path: str) -> None:
    """Turn the rows read since a header into a motif."""
    if header is None:
        return
    number, text = header
    words = text.split(None, 1)
    if not words:
        raise FormatError(path, "motif without a name", number)
    if len(rows) != 4:
        raise FormatError(path, f"{words[0]} has {len(rows)} rows; expected 4 (A C G T)", number)
    if len({len(row) for row in rows}) != 1:
        widths = ", ".join(str(len(row)) for row in rows)
        raise FormatError(path, f"rows of {words[0]} have {widths} counts; expected one width", number)
    info = MotifInfo(words[0], one_line(words[1]) if len(words) > 1 else "")
    motifs.add(counts_of(info, list(zip(*rows, strict=True)), path, number), number)


def write_jaspar(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write JASPAR counts; the format has no room for anything else."""
    for motif in motifs.motifs:
        pfm = to_pfm(motif)
        lines = [f">{pfm.info.name}\t{pfm.info.alt_name}".rstrip()]
        for base, row in zip(BASES, pfm.counts.T.tolist(), strict=True):
            lines.append(f"{base} [ {' '.join(map(number_text, row))} ]")
        stream.write(to_bytes("\n".join(lines) + "\n"))
