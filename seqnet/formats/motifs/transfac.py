"""TRANSFAC matrices: two-letter line codes, positions as rows under a ``P0`` or ``PO`` line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from seqnet.errors import FormatError, shorten
from seqnet.formats.files.opening import to_bytes
from seqnet.formats.motifs.entries import Entries, Entry, NumberedLine
from seqnet.formats.motifs.matrix_lines import numbers
from seqnet.formats.motifs.matrix_rows import (
    alphabet_of,
    motif_of,
    number_text,
    one_line,
    one_word,
    say_if_probable,
)
from seqnet.genome.alphabet import BASES
from seqnet.motifs.information import consensus
from seqnet.motifs.matrix import DNA, Alphabet, MotifInfo, MotifSet, to_pfm, to_ppm

_HEADING = ("P0", "PO")
_FIELDS = ("AC", "ID", "NA", "DE")
_POSITION = re.compile(r"^[0-9]+\s")


def is_transfac(start: Sequence[str]) -> bool:
    """Return whether the beginning of a file is TRANSFAC."""
    codes = {line[:2] for line in start if len(line) == 2 or line[2:3] in (" ", "\t")}
    return bool(codes & {*_FIELDS, "VV"}) and bool(codes & {"XX", *_HEADING})


@dataclass
class _Draft:
    """A matrix while it is read."""

    fields: dict[str, str] = field(default_factory=dict)
    letters: str = ""
    alphabet: Alphabet = DNA
    rows: list[list[float]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    line: int = 0
    first: int = 1  # what the first position is called
    ended: bool = False  # whether something other than a row came after the rows


def read_transfac(lines: Sequence[str], path: str) -> Entries:
    """Read TRANSFAC matrices; unknown lines are skipped.

    The accession (``AC``) is the name and ``NA`` or ``ID`` the alternate one; without an accession
    ``ID`` is the name, else ``NA``, else the first word of ``DE``.
    """
    motifs = Entries(path)
    for record in _records(lines):
        if not any(_code(line) in _HEADING or _POSITION.match(line) for _, line in record):
            continue  # the header of the file, or a record without a matrix
        with motifs.entry(record[0][0]) as entry:
            _read(record, entry, path)
    return motifs


def _code(line: str) -> str:
    """Return the code of a line, empty where it has none."""
    return line[:2] if line[2:3] in ("", " ", "\t") else ""


def _records(lines: Sequence[str]) -> Iterator[list[NumberedLine]]:
    """Yield the lines of each record, ``//`` included.

    A record that lacks its ``//`` ends where, behind its matrix, a code comes that names the next one.
    """
    record: list[NumberedLine] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        code = _code(line)
        if code in ("AC", "ID") and code in seen and seen & {*_HEADING}:
            yield record
            record, seen = [], set()
        record.append((number, line))
        seen.add(code)
        if line.startswith("//"):
            yield record
            record, seen = [], set()
    if record:
        yield record


def _read(record: Sequence[NumberedLine], entry: Entry, path: str) -> None:
    """Read the lines of one record."""
    draft = _Draft()
    try:
        for number, line in record:
            if not line.startswith("//"):
                _add(line, draft, path, number)
    finally:  # a matrix that cannot be read has its names all the same
        entry.info, entry.line = _names(draft, path), draft.line or entry.line
    last, line = record[-1]
    if draft.letters and not draft.ended and not line.startswith("//"):
        raise FormatError(path, "ends inside a matrix; expected // after its rows", last)
    if not entry.info.name:
        raise FormatError(path, "a matrix without AC or ID", draft.line)
    entry.motif = motif_of(entry.info, draft.rows, path, draft.places or draft.line)


def _add(line: str, draft: _Draft, path: str, number: int) -> None:
    """Add what a line says to a matrix."""
    code, text = line[:2], line[2:].strip()
    if code in _HEADING and line[2:3] in (" ", "\t"):
        if draft.letters:
            raise FormatError(path, "a second matrix; expected // before it", number)
        draft.letters, draft.line = _letters(text, path, number), number
        draft.alphabet = alphabet_of(text)
    elif _POSITION.match(line):
        draft.rows.append(_row(line, draft, path, number))
        draft.places.append(number)
    else:
        draft.ended = bool(draft.rows)
        if code in _FIELDS and text:
            draft.fields.setdefault(code, text)


def _letters(text: str, path: str, number: int) -> str:
    """Return the order of the columns."""
    letters = "".join(text.upper().split()).replace("U", "T")
    if sorted(letters) != list(BASES):
        raise FormatError(path, f"columns are {shorten(text)}; expected A, C, G and T", number)
    return letters


def _row(line: str, draft: _Draft, path: str, number: int) -> list[float]:
    """Return one position's values in the order A C G T; a consensus letter may follow them."""
    if not draft.letters or draft.ended:
        where = "after the end of its matrix" if draft.ended else "before the P0 line"
        raise FormatError(path, f"a row of counts {where}", number)
    position, *words = line.split()
    values = numbers(" ".join(words[:4]))
    if values is None or len(values) != 4 or len(words) > 5 or numbers(" ".join(words[4:])):
        raise FormatError(path, f"expected four counts, found {line.strip()[:40]!r}", number)
    if not draft.rows and position.strip("0") == "":
        draft.first = 0
    expected = draft.first + len(draft.rows)
    if position.lstrip("0") != str(expected).lstrip("0"):
        raise FormatError(path, f"position is {position[:20]}; expected {expected:02d}", number)
    return [values[draft.letters.index(base)] for base in BASES]


def _names(draft: _Draft, path: str) -> MotifInfo:
    """Return the names that the fields of a record give."""
    fields = draft.fields
    described = fields.get("DE", "").split()
    name = fields.get("AC") or fields.get("ID") or fields.get("NA") or "".join(described[:1])
    alternate = fields.get("NA", fields.get("ID", ""))
    if alternate == name and not {"AC", "NA"} <= set(fields):
        alternate = ""  # ID repeats AC, or is the name itself
    return MotifInfo(one_word(name, path), one_line(alternate), alphabet=draft.alphabet)


def write_transfac(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write TRANSFAC matrices of counts, fields two blanks apart as strict readers want them."""
    for motif in motifs.motifs:
        pfm = to_pfm(motif)
        say_if_probable(pfm)
        name, alternate = pfm.info.name, pfm.info.alt_name
        lines = [f"AC  {name}", "XX", f"ID  {alternate or name}"]
        lines += [f"NA  {alternate}"] if alternate else []
        lines += ["XX", "P0  A  C  G  T"]
        letters = consensus(to_ppm(pfm).probabilities)
        for position, (row, letter) in enumerate(zip(pfm.counts.tolist(), letters, strict=True), 1):
            lines.append("  ".join([f"{position:02d}", *map(number_text, row), letter]))
        stream.write(to_bytes("\n".join([*lines, "XX", "//"]) + "\n"))
