"""JASPAR counts: ``>ID name`` and four rows, with or without letters and brackets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from seqnet.errors import FormatError
from seqnet.formats._open import to_bytes
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, to_pfm

_ROW = re.compile(r"^\s*(?:([ACGTU])\s*[\[|]?|\[)?\s*([-+.\deE\s]+?)\s*\]?\s*$", re.IGNORECASE)


def is_jaspar(start: Sequence[str]) -> bool:
    """Tell whether the beginning of a file is JASPAR: a header, then a row of numbers."""
    rows = [line for line in start if not line.startswith("#")]
    if len(rows) < 2 or not rows[0].startswith(">"):
        return False
    match = _ROW.match(rows[1])
    return match is not None and (match[1] or "A").upper() == "A"


def read_jaspar(lines: Sequence[str], path: str) -> MotifSet:
    """Read JASPAR motifs as `Pfm`.

    Raises
    ------
    FormatError
        With the line, where the text breaks the format.
    """
    motifs: list[Pfm] = []
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
    return MotifSet(tuple(motifs))


def _row(line: str, place: int, header: tuple[int, str] | None, path: str, number: int) -> list[float]:
    """Read one row of counts, which must be that of base number `place`."""
    match = _ROW.match(line)
    if header is None or match is None or place > 3:
        expected = "a header '>ID name'" if header is None or place > 3 else "a row of counts"
        raise FormatError(path, f"expected {expected}, found {line.strip()[:30]!r}", number)
    letter = (match[1] or "ACGT"[place]).upper().replace("U", "T")
    if letter != "ACGT"[place]:
        raise FormatError(path, f"row {place + 1} is {letter}; expected {'ACGT'[place]}", number)
    try:
        values = [float(word) for word in match[2].split()]
    except ValueError:
        raise FormatError(path, f"a count in {match[2][:30]!r} is no number", number) from None
    if not all(0 <= value < float("inf") for value in values):
        raise FormatError(path, "a count is negative or infinite", number)
    return values


def _close(motifs: list[Pfm], header: tuple[int, str] | None, rows: list[list[float]], path: str) -> None:
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
    counts = np.array(rows).T
    if not (counts.sum(axis=1) > 0).all():
        column = int(np.flatnonzero(counts.sum(axis=1) <= 0)[0]) + 1
        raise FormatError(path, f"column {column} of {words[0]} holds no counts", number)
    if words[0] in {motif.info.name for motif in motifs}:
        raise FormatError(path, f"a second motif named {words[0]!r}", number)
    alternate = words[1] if len(words) > 1 else ""
    nsites = float(counts.sum(axis=1).max())
    motifs.append(Pfm(MotifInfo(words[0], alternate, nsites), counts))


def write_jaspar(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write JASPAR counts; the format has no room for anything else."""
    for motif in motifs.motifs:
        pfm = to_pfm(motif)
        lines = [f">{pfm.info.name}\t{pfm.info.alt_name}".rstrip()]
        for base, row in zip("ACGT", pfm.counts.T.tolist(), strict=True):
            cells = " ".join(str(int(v)) if v == int(v) else repr(v) for v in row)
            lines.append(f"{base} [ {cells} ]")
        stream.write(to_bytes("\n".join(lines) + "\n"))
