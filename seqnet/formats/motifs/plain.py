"""Matrices with little around them: UniPROBE, CIS-BP, and raw rows of numbers.

UniPROBE has a row per base (``A: .2 .3 ...``) under a line that names the motif, in its own downloads
after matrices of enrichment scores and energies; CIS-BP a row per position under ``Pos A C G T``; a raw
matrix is numbers alone, four rows or four columns of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats import file_stem
from seqnet.formats.files.number_tables import is_background, is_contig_sizes, is_regions
from seqnet.formats.files.opening import STANDARD, to_bytes
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
from seqnet.motifs.matrix import DNA, RNA, Alphabet, Motif, MotifInfo, MotifSet, to_pfm, to_ppm

_BASE_ROW = re.compile(r"^\s*([ACGTU])\s*[:|]?\s+(.*)$", re.IGNORECASE)
_BASE_LABEL = re.compile(r"^\s*([ACGTU])(?:\s*[:|]|\s+[-+.0-9])", re.IGNORECASE)
"""How a line begins that is, or should be, the row of a base."""
_UNIPROBE_NAME = re.compile(r"(?:Protein|Gene|Motif|TF)\s*:\s*(\S+)")
_UNIPROBE_BLOCK = re.compile(
    r"(?:(probability)|enrichment score|energy|reverse complement) (?:matrix|for enologos)", re.IGNORECASE
)
"""The title of a matrix in a download; the first group is there in that of the probabilities."""
_UNIPROBE_SEED = re.compile(r"\d+\t([ACGTN.]+)\t[0-9.]+\s*$", re.IGNORECASE)
"""Rank, seed and enrichment score, with which a motif of a download begins."""
_CISBP_HEADING = ["POS", "A", "C", "G", "T"]
_BLANKS = re.compile(r" {2,}")
_CISBP_NAMES = ("Motif", "TF Name", "TF", "Gene")


def _stem(path: str) -> str:
    """Return the name of a motif that has none: its file's."""
    return "motif" if path == STANDARD else one_word(file_stem(path), path)


def _default_name(path: str, place: int) -> str:
    """Return the name of motif number `place` of a file where nothing names it."""
    return _stem(path) + (f"_{place + 1}" if place else "")


def _base_row(line: str) -> tuple[str, list[float]] | None:
    """Return base and values of a row that begins with a base, None for any other line."""
    match = _BASE_ROW.match(line)
    values = numbers(match[2]) if match else None
    return (match[1].upper().replace("U", "T"), values) if match and values else None


def _bases(motif: Motif) -> str:
    """Return the letters of a motif's alphabet."""
    return BASES.replace("T", "U") if motif.info.alphabet == RNA else BASES


# ---- UniPROBE --------------------------------------------------------------------------------


def is_uniprobe(start: Sequence[str]) -> bool:
    """Return whether there are rows that begin with the bases near the beginning of a file."""
    return any(_base_row(line) and ":" in line.split(None, 1)[0] for line in start)


def read_uniprobe(lines: Sequence[str], path: str) -> Entries:
    """Read rows A, C, G and T, each motif under a line that names it; of a download the probabilities."""
    motifs = Entries(path)
    for record in _uniprobe_records(_probability_blocks(lines, path)):
        place = len(motifs)
        with motifs.entry(record[0][0]) as entry:
            _read_uniprobe(record, entry, path, place)
    return motifs


def _probability_blocks(lines: Sequence[str], path: str) -> Sequence[str]:
    """Return the lines with those of a download's other matrices blank; all of them of other files.

    A title ends the block before it, as does the line that names the next motif.

    Raises
    ------
    FormatError
        If a motif has no matrix of probabilities.
    """
    if not any(map(_UNIPROBE_BLOCK.match, lines)):
        return lines
    shown, wanted = list[str](), True
    title = 0  # of the first matrix of a motif whose probabilities have not come yet
    for number, line in enumerate(lines, 1):
        block = _UNIPROBE_BLOCK.match(line)
        named = _UNIPROBE_SEED.match(line) or _UNIPROBE_NAME.match(line)
        if title and named:
            break
        if block:
            wanted = block[1] is not None
            title = 0 if wanted else title or number
        elif named:
            wanted = True
        shown.append(line if wanted and not block else "")
    if title:
        raise FormatError(path, "no 'Probability matrix' follows this one; expected one per motif", title)
    return shown


def _uniprobe_records(lines: Sequence[str]) -> Iterator[list[NumberedLine]]:
    """Yield the lines of each motif: what names it, and the rows below.

    A motif ends behind its rows, and where its first base or a key (``Protein:``) comes again. Lines that
    name nothing, without any row below, at the end of the file, are none.
    """
    record: list[NumberedLine] = []
    first, width, keys = "", 0, set[str]()
    for number, line in enumerate(lines, 1):
        match, named = _BASE_LABEL.match(line), _UNIPROBE_NAME.match(line)
        base = match[1].upper().replace("U", "T") if match else ""
        key = named[0].split(":")[0] if named else ""
        damaged_row = not base and len(numbers(" ".join(line.split()[1:])) or ()) == width > 1
        if (first and base in ("", first) and not damaged_row) or key in keys:
            yield record
            record, first, width, keys = [], "", 0, set()
        if record or line.strip():
            record.append((number, line))
        first, width = first or base, width if first else len(line.split()) - 1
        keys |= {key} - {""}
    if first or keys or any(numbers(line) for _, line in record):
        yield record


def _read_uniprobe(record: Sequence[NumberedLine], entry: Entry, path: str, place: int) -> None:
    """Read the lines of one motif."""
    rows, first = dict[str, list[float]](), record[0][0]
    entry.info = _heading_info(record, path, place)
    for number, line in record:
        if _BASE_LABEL.match(line) is None:
            if rows or numbers(line):
                raise FormatError(path, f"expected the rows A, C, G and T, found {line[:40]!r}", number)
            continue
        row = _base_row(line)
        if row is None:
            raise FormatError(path, f"expected the rows A, C, G and T, found {line[:40]!r}", number)
        if row[0] in rows:
            raise FormatError(path, f"a second row of {row[0]}", number)
        first = entry.line = first if rows else number
        rows[row[0]] = row[1]
    if len(rows) < 4:
        actual = f"only the rows {', '.join(rows)}" if rows else f"{entry.info.name} has no rows"
        raise FormatError(path, f"{actual}; expected A, C, G and T", first)
    letters = "".join(match[1] for _, line in record if (match := _BASE_LABEL.match(line)))
    entry.info = replace(entry.info, alphabet=alphabet_of(letters))
    entry.motif = _by_base(entry.info, rows, path, first)


def _heading_info(record: Sequence[NumberedLine], path: str, number: int) -> MotifInfo:
    """Return the name that the last line above the rows gives, else one made from the file's.

    The seed of a download is the alternate name.
    """
    line = ""
    for _, text in record:
        if _BASE_LABEL.match(text):
            break
        line = line if not text.strip() or text.startswith("#") else text
    match = _UNIPROBE_NAME.search(line)
    if match:
        return MotifInfo(match[1])
    if seed := _UNIPROBE_SEED.match(line):
        return MotifInfo(_default_name(path, number), seed[1])
    given = line.strip().removeprefix(">").split("\t")[0]
    return MotifInfo(one_word(given, path) or _default_name(path, number))


def _by_base(info: MotifInfo, rows: dict[str, list[float]], path: str, line: int) -> Motif:
    """Make a motif of four rows of one length."""
    widths = {len(values) for values in rows.values()}
    if len(widths) != 1:
        raise FormatError(path, f"rows of {info.name} have {sorted(widths)} values; expected one width", line)
    columns = zip(*(rows[base] for base in BASES), strict=True)
    return motif_of(info, list(columns), path, line)


def write_uniprobe(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write probabilities, a row per base."""
    for motif in motifs.motifs:
        columns = to_ppm(motif).probabilities.T.tolist()
        bases = _bases(motif)
        rows = [f"{base}:\t" + "\t".join(map(repr, row)) for base, row in zip(bases, columns, strict=True)]
        stream.write(to_bytes("\n".join([f"Protein: {motif.info.name}", "", *rows, ""]) + "\n"))


# ---- CIS-BP ----------------------------------------------------------------------------------


def _is_cisbp_heading(line: str) -> bool:
    """Return whether a line is ``Pos A C G T``."""
    return line.upper().replace("U", "T").split() == _CISBP_HEADING


def is_cisbp(start: Sequence[str]) -> bool:
    """Return whether there is a line ``Pos A C G T`` near the beginning of a file."""
    return any(map(_is_cisbp_heading, start))


@dataclass
class _CisbpDraft:
    """A matrix while it is read."""

    names: dict[str, str] = field(default_factory=dict)
    rows: list[list[float]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    line: int = 0  # of the heading; 0 before it
    letters: str = ""


def read_cisbp(lines: Sequence[str], path: str) -> Entries:
    """Read matrices under ``Pos A C G T``; names from the lines before, else from the file's name."""
    motifs = Entries(path)
    for record in _cisbp_records(lines):
        place = len(motifs)
        with motifs.entry(record[0][0]) as entry:
            _read_cisbp(record, entry, path, place)
    return motifs


def _cisbp_records(lines: Sequence[str]) -> Iterator[list[NumberedLine]]:
    """Yield the lines of each motif: its names, its heading, and all up to the names of the next.

    Lines between two motifs belong to the upper one unless they name something: rows that are damaged
    must not make it a shorter one.
    """
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    begin = 0
    for place, (_, line) in enumerate(numbered):
        if not _is_cisbp_heading(line):
            continue
        first = place
        while first > begin and _names_something(numbered[first - 1][1]):
            first -= 1
        if first > begin and any(_is_cisbp_heading(line) for _, line in numbered[begin:first]):
            yield numbered[begin:first]
            begin = first
    if begin < len(numbered):
        yield numbered[begin:]


def _names_something(line: str) -> bool:
    """Return whether a line is a key and a value."""
    fields = _cisbp_fields(line)
    return len(fields) == 2 and line[:1].isalpha() and not _is_cisbp_heading(line)


def _read_cisbp(record: Sequence[NumberedLine], entry: Entry, path: str, place: int) -> None:
    """Read the lines of one motif."""
    draft = _CisbpDraft()
    for number, line in record:
        if _is_cisbp_heading(line):
            draft.line = entry.line = number
            draft.letters = "".join(line.split()[1:])
            entry.info = _cisbp_info(draft, path, place)
        elif line.split()[0].isdecimal():
            _cisbp_row(line, draft, path, number)
        else:
            key, value = _cisbp_field(line, path, number)
            if draft.line:
                raise FormatError(path, f"{key} is below 'Pos A C G T'; expected a row of values", number)
            draft.names[key] = value
    entry.motif = motif_of(entry.info, draft.rows, path, draft.places or draft.line)


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
    key, *values = _cisbp_fields(line)
    if len(values) > 1 or not key[0].isalpha():
        message = f"expected a row of four values or 'name<tab>value', found {line[:40]!r}"
        raise FormatError(path, message, number)
    return key, "".join(values)


def _cisbp_fields(line: str) -> list[str]:
    """Return the fields of a line between matrices."""
    return line.strip().split("\t") if "\t" in line else _BLANKS.split(line.strip())


def _cisbp_info(draft: _CisbpDraft, path: str, place: int) -> MotifInfo:
    """Return the names above a heading, else one made from the file's."""
    names = [draft.names[key] for key in _CISBP_NAMES if draft.names.get(key)]
    name = one_word(names[0], path) if names else _default_name(path, place)
    alphabet = alphabet_of(draft.letters)
    return MotifInfo(name, one_line(names[1]) if len(names) > 1 else "", alphabet=alphabet)


def write_cisbp(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write probabilities, a row per position."""
    for motif in motifs.motifs:
        lines = [f"Motif\t{motif.info.name}"]
        lines += [f"TF Name\t{motif.info.alt_name}"] if motif.info.alt_name else []
        lines.append("\t".join(["Pos", *_bases(motif)]))
        for position, row in enumerate(to_ppm(motif).probabilities.tolist(), 1):
            lines.append("\t".join([str(position), *map(repr, row)]))
        stream.write(to_bytes("\n".join([*lines, ""]) + "\n"))


# ---- numbers alone ---------------------------------------------------------------------------


def is_raw(start: Sequence[str]) -> bool:
    """Return whether a file is numbers alone, or four rows that begin with the bases, and nothing else."""
    lines = [line for line in start if not line.startswith("#")]
    if len(lines) == 4 and all(_base_row(line) is not None for line in lines):
        return not is_background(lines)
    plain = bool(lines) and all(numbers(line) is not None for line in lines)
    return plain and not is_regions(lines) and not is_contig_sizes(lines)


@dataclass
class _RawMatrix:
    """The rows of a raw file."""

    name: str
    rows: list[list[float]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    bases: str = ""  # what the rows begin with
    alphabet: Alphabet = DNA


def read_raw(lines: Sequence[str], path: str) -> Entries:
    """Read one matrix of numbers: four rows, or a row of four per position; not both (four by four)."""
    return _raw_motif(lines, path, by_base=None)


def read_raw_by_base(lines: Sequence[str], path: str) -> Entries:
    """Read one matrix of four rows A C G T."""
    return _raw_motif(lines, path, by_base=True)


def read_raw_by_position(lines: Sequence[str], path: str) -> Entries:
    """Read one matrix with a row A C G T per position."""
    return _raw_motif(lines, path, by_base=False)


def _raw_rows(lines: Sequence[str], path: str) -> _RawMatrix:
    """Return the rows of numbers, in the order A C G T where they begin with the bases."""
    matrix = _RawMatrix(_stem(path))
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(">") and not matrix.rows:
            matrix.name = "".join(line[1:].split()[:1]) or matrix.name
            continue
        base, values = _base_row(line) or ("", numbers(line))
        if values is None or (matrix.rows and bool(base) != bool(matrix.bases)):
            raise FormatError(path, f"expected a row of numbers, found {line[:40]!r}", number)
        matrix.bases += base
        if base and line.strip()[0] in "Uu":
            matrix.alphabet = RNA
        matrix.rows.append(values)
        matrix.places.append(number)
    if matrix.bases:
        if sorted(matrix.bases) != list(BASES):
            message = f"rows begin with {' '.join(matrix.bases[:8])}; expected A, C, G and T"
            raise FormatError(path, message, matrix.places[0])
        matrix.rows = [matrix.rows[matrix.bases.index(base)] for base in BASES]
    return matrix


def _raw_motif(lines: Sequence[str], path: str, *, by_base: bool | None) -> Entries:
    """Read the one motif of a raw file, `by_base` None where the rows decide which way it lies."""
    motifs = Entries(path)
    with motifs.entry(1) as entry:
        entry.info = MotifInfo(_stem(path))
        matrix = _raw_rows(lines, path)
        entry.info = MotifInfo(matrix.name, alphabet=matrix.alphabet)
        rows, place = matrix.rows, (matrix.places or 1)
        if by_base is None and len(rows) == 4 and all(len(row) == 4 for row in rows) and not matrix.bases:
            message = "four rows of four: say --motif-format pfm-rows (a row per base) or pfm-columns"
            raise FormatError(path, message)
        if by_base is False and matrix.bases:
            raise FormatError(path, "rows begin with the bases; they are pfm-rows", matrix.places[0])
        if by_base or (by_base is None and len(rows) == 4):
            rows, place = _turned(rows, path), matrix.places[0] if matrix.places else 1
        entry.motif = motif_of(entry.info, rows, path, place)
    return motifs


def _turned(rows: list[list[float]], path: str) -> list[list[float]]:
    """Return a row per position of four rows, one per base."""
    if len(rows) != 4 or len({len(row) for row in rows}) != 1:
        shape = ", ".join(str(len(row)) for row in rows[:6])
        message = f"{len(rows)} rows have {shape} values; expected four rows of one width"
        raise FormatError(path, message)
    return [list(column) for column in zip(*rows, strict=True)]


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
