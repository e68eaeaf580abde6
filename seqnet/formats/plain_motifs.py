"""Matrices with little around them: UniPROBE, CIS-BP, and raw rows of numbers.

UniPROBE has a row per base (``A: .2 .3 ...``) under a line that names the motif; CIS-BP a row per
position under ``Pos A C G T``; a raw matrix is numbers alone, four rows or four columns of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats._motif_rows import (
    Collected,
    motif_of,
    number_text,
    numbers,
    one_line,
    one_word,
    say_if_probable,
)
from seqnet.formats._open import to_bytes
from seqnet.genome.alphabet import BASES
from seqnet.motifs.matrix import Motif, MotifInfo, MotifSet, to_pfm, to_ppm

_BASE_ROW = re.compile(r"^\s*([ACGTU])\s*[:|]?\s+(.*)$", re.IGNORECASE)
_UNIPROBE_NAME = re.compile(r"(?:Protein|Gene|Motif|TF)\s*:\s*(\S+)")
_CISBP_HEADING = ["POS", "A", "C", "G", "T"]
_BLANKS = re.compile(r" {2,}")
_CISBP_NAMES = ("Motif", "TF Name", "TF", "Gene")


def _stem(path: str) -> str:
    """Return the name of a motif that has none: its file's."""
    return "motif" if path == "-" else PurePath(path).name.split(".")[0] or "motif"


def _default_name(path: str, place: int) -> str:
    """Return the name of motif number `place` of a file where nothing names it."""
    return _stem(path) + (f"_{place + 1}" if place else "")


def _base_row(line: str) -> tuple[str, list[float]] | None:
    """Return base and values of a row that begins with a base, None for any other line."""
    match = _BASE_ROW.match(line)
    values = numbers(match[2]) if match else None
    return (match[1].upper().replace("U", "T"), values) if match and values else None


# ---- UniPROBE --------------------------------------------------------------------------------


def is_uniprobe(start: Sequence[str]) -> bool:
    """Tell whether rows that begin with the bases stand near the beginning of a file."""
    return any(_base_row(line) and ":" in line.split(None, 1)[0] for line in start)


def read_uniprobe(lines: Sequence[str], path: str) -> MotifSet:
    """Read rows A, C, G and T, each motif under a line that names it.

    Raises
    ------
    FormatError
        With the line, where the text breaks the format.
    """
    motifs = Collected(path)
    name, rows, first = "", dict[str, list[float]](), 0
    for number, line in enumerate(lines, 1):
        row = _base_row(line)
        if row is None:
            name = _heading(line, name, rows, path, number)
            continue
        base, values = row
        if base in rows:
            raise FormatError(path, f"a second row of {base}", number)
        first = first or number
        rows[base] = values
        if len(rows) == 4:
            motifs.add(_by_base(_uniprobe_name(name, path, len(motifs)), rows, path, first), first)
            name, rows, first = "", {}, 0
    if rows:
        raise FormatError(path, f"only the rows {', '.join(rows)}; expected A, C, G and T", first)
    return motifs.done()


def _heading(line: str, name: str, rows: dict[str, list[float]], path: str, number: int) -> str:
    """Return what names the next motif after a line that is no row."""
    if rows or numbers(line):
        raise FormatError(path, f"expected the rows A, C, G and T, found {line[:40]!r}", number)
    return name if not line.strip() or line.startswith("#") else line


def _uniprobe_name(line: str, path: str, number: int) -> str:
    """Return the name that a heading gives, else one made from the file's."""
    match = _UNIPROBE_NAME.search(line)
    if match:
        return match[1]
    given = line.strip().removeprefix(">").split("\t")[0]
    return one_word(given, path) or _default_name(path, number)


def _by_base(name: str, rows: dict[str, list[float]], path: str, line: int) -> Motif:
    """Make a motif of four rows of one length."""
    widths = {len(values) for values in rows.values()}
    if len(widths) != 1:
        raise FormatError(path, f"rows of {name} have {sorted(widths)} values; expected one width", line)
    columns = zip(*(rows[base] for base in BASES), strict=True)
    return motif_of(MotifInfo(name), list(columns), path, line)


def write_uniprobe(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write probabilities, a row per base."""
    for motif in motifs.motifs:
        columns = to_ppm(motif).probabilities.T.tolist()
        rows = [f"{base}:\t" + "\t".join(map(repr, row)) for base, row in zip(BASES, columns, strict=True)]
        stream.write(to_bytes("\n".join([f"Protein: {motif.info.name}", "", *rows, ""]) + "\n"))


# ---- CIS-BP ----------------------------------------------------------------------------------


def _is_cisbp_heading(line: str) -> bool:
    """Tell whether a line is ``Pos A C G T``."""
    return line.upper().replace("U", "T").split() == _CISBP_HEADING


def is_cisbp(start: Sequence[str]) -> bool:
    """Tell whether ``Pos A C G T`` stands near the beginning of a file."""
    return any(map(_is_cisbp_heading, start))


@dataclass
class _CisbpDraft:
    """A matrix while it is read."""

    names: dict[str, str] = field(default_factory=dict)
    rows: list[list[float]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    line: int = 0  # of the heading; 0 before it


def read_cisbp(lines: Sequence[str], path: str) -> MotifSet:
    """Read matrices under ``Pos A C G T``; names from the lines before, else from the file's name.

    Raises
    ------
    FormatError
        With the line, where the text breaks the format.
    """
    motifs = Collected(path)
    draft = _CisbpDraft()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        heading = _is_cisbp_heading(line)
        if not heading and line.split()[0].isdecimal():
            _cisbp_row(line, draft, path, number)
            continue
        if draft.line:
            _close_cisbp(motifs, draft, path)
            draft = _CisbpDraft()
        if heading:
            draft.line = number
        else:
            key, value = _cisbp_field(line, path, number)
            draft.names[key] = value
    if draft.line:
        _close_cisbp(motifs, draft, path)
    return motifs.done()


def _cisbp_row(line: str, draft: _CisbpDraft, path: str, number: int) -> None:
    """Add a position to a matrix."""
    position, *words = line.split()
    values = numbers(" ".join(words))
    if not draft.line:
        raise FormatError(path, "a row of values before 'Pos A C G T'", number)
    if values is None or len(values) != 4:
        raise FormatError(path, f"expected four values, found {line[:40]!r}", number)
    if position != str(len(draft.rows) + 1):
        raise FormatError(path, f"position is {position[:20]}; expected {len(draft.rows) + 1}", number)
    draft.rows.append(values)
    draft.places.append(number)


def _cisbp_field(line: str, path: str, number: int) -> tuple[str, str]:
    """Return key and value of a line between matrices."""
    key, *values = line.strip().split("\t") if "\t" in line else _BLANKS.split(line.strip())
    if len(values) > 1 or not key[0].isalpha():
        message = f"expected a row of four values or 'name<tab>value', found {line[:40]!r}"
        raise FormatError(path, message, number)
    return key, "".join(values)


def _close_cisbp(motifs: Collected, draft: _CisbpDraft, path: str) -> None:
    """Turn the rows since a heading into a motif."""
    found = [draft.names[key] for key in _CISBP_NAMES if draft.names.get(key)]
    name = one_word(found[0], path) if found else _default_name(path, len(motifs))
    info = MotifInfo(name, one_line(found[1]) if len(found) > 1 else "")
    motifs.add(motif_of(info, draft.rows, path, draft.places or draft.line), draft.line)


def write_cisbp(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write probabilities, a row per position."""
    for motif in motifs.motifs:
        lines = [f"Motif\t{motif.info.name}"]
        lines += [f"TF Name\t{motif.info.alt_name}"] if motif.info.alt_name else []
        lines.append("Pos\tA\tC\tG\tT")
        for position, row in enumerate(to_ppm(motif).probabilities.tolist(), 1):
            lines.append("\t".join([str(position), *map(repr, row)]))
        stream.write(to_bytes("\n".join([*lines, ""]) + "\n"))


# ---- numbers alone ---------------------------------------------------------------------------


def is_raw(start: Sequence[str]) -> bool:
    """Tell whether a file is numbers alone, or four rows that begin with the bases."""
    lines = [line for line in start if not line.startswith("#")]
    plain = [numbers(line) is not None for line in lines]
    lettered = [_base_row(line) is not None for line in lines]
    return bool(lines) and (all(plain) or (len(lines) == 4 and all(lettered)))


@dataclass
class _RawMatrix:
    """The rows of a raw file."""

    name: str
    rows: list[list[float]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    bases: str = ""  # what the rows begin with


def read_raw(lines: Sequence[str], path: str) -> MotifSet:
    """Read one matrix of numbers: four rows, or a row of four per position.

    Raises
    ------
    FormatError
        If it is neither, or is both (four by four), which only the user can tell.
    """
    found = _raw_rows(lines, path)
    if len(found.rows) == 4 and all(len(row) == 4 for row in found.rows) and not found.bases:
        message = "four rows of four: say --motif-format pfm-rows (a row per base) or pfm-columns"
        raise FormatError(path, message)
    return _raw_motif(found, path, by_base=len(found.rows) == 4)


def read_raw_by_base(lines: Sequence[str], path: str) -> MotifSet:
    """Read one matrix of four rows A C G T."""
    return _raw_motif(_raw_rows(lines, path), path, by_base=True)


def read_raw_by_position(lines: Sequence[str], path: str) -> MotifSet:
    """Read one matrix with a row A C G T per position."""
    found = _raw_rows(lines, path)
    if found.bases:
        raise FormatError(path, "rows begin with the bases; they are pfm-rows", found.places[0])
    return _raw_motif(found, path, by_base=False)


def _raw_rows(lines: Sequence[str], path: str) -> _RawMatrix:
    """Return the rows of numbers, in the order A C G T where they begin with the bases."""
    found = _RawMatrix(_stem(path))
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(">") and not found.rows:
            found.name = "".join(line[1:].split()[:1]) or found.name
            continue
        base, values = _base_row(line) or ("", numbers(line))
        if values is None or (found.rows and bool(base) != bool(found.bases)):
            raise FormatError(path, f"expected a row of numbers, found {line[:40]!r}", number)
        found.bases += base
        found.rows.append(values)
        found.places.append(number)
    if found.bases:
        if sorted(found.bases) != list(BASES):
            message = f"rows begin with {' '.join(found.bases[:8])}; expected A, C, G and T"
            raise FormatError(path, message, found.places[0])
        found.rows = [found.rows[found.bases.index(base)] for base in BASES]
    return found


def _raw_motif(found: _RawMatrix, path: str, *, by_base: bool) -> MotifSet:
    """Make the one motif of a raw file."""
    rows, place = found.rows, (found.places or 1)
    if by_base:
        if len(rows) != 4 or len({len(row) for row in rows}) != 1:
            shape = ", ".join(str(len(row)) for row in rows[:6])
            message = f"{len(rows)} rows have {shape} values; expected four rows of one width"
            raise FormatError(path, message)
        rows, place = [list(column) for column in zip(*rows, strict=True)], found.places[0]
    return MotifSet((motif_of(MotifInfo(found.name), rows, path, place),))


def write_raw(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write the counts of one motif as four rows of numbers.

    Raises
    ------
    SeqnetError
        If there are several; the format cannot tell them apart.
    """
    if len(motifs.motifs) != 1:
        raise SeqnetError(f"a raw matrix file holds one motif, not {len(motifs.motifs)}; choose with --motif")
    pfm = to_pfm(motifs.motifs[0])
    say_if_probable(pfm)
    rows = pfm.counts.T.tolist()
    stream.write(to_bytes("\n".join("\t".join(map(number_text, row)) for row in rows) + "\n"))
