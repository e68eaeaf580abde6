"""What the readers of motif matrices share: rows of numbers, and what makes of them a motif."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from seqnet.aliases import Floats
from seqnet.errors import FormatError, SeqnetError
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import Motif, MotifInfo, MotifSet, Pfm, Ppm, Pssm

log = logging.getLogger(__name__)

SNIFFED_LINES = 200
"""How many lines that are not blank a format is recognised by."""
SUM_ERROR, SUM_WARNING, SUM_EXACT = 0.1, 0.01, 1e-9
"""How far a row of probabilities may be from 1: refused, said, left alone."""
Place: TypeAlias = int | Sequence[int] | None
"""Where rows stand: a line for each, the line where they begin, or None where there are no lines."""


# ---- rows ------------------------------------------------------------------------------------


def numbers(text: str) -> list[float] | None:
    """Return the numbers of a line, None for any other line."""
    if "_" in text or not text.isascii():
        return None  # float() would read 1_000 and the digits of other scripts
    try:
        return [float(word) for word in text.split()] or None
    except ValueError:
        return None


def _line(place: Place, row: int) -> int | None:
    """Return the line of a row."""
    return place[row] if isinstance(place, Sequence) else place


def _totals(matrix: Floats) -> Floats:
    """Return the sum of each row; infinity or NaN rather than a warning."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(matrix.sum(axis=1))


def probabilities(matrix: Floats, name: str, path: str, place: Place = None) -> Floats:
    """Return rows (w, 4) that sum to 1, refusing those far from it.

    Raises
    ------
    FormatError
        With the row's line.
    """
    totals = _totals(matrix)
    off = np.abs(totals - 1)
    bad = ~(off <= SUM_ERROR) | ~(matrix >= 0).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        reason = f"sums to {totals[row]:.4g}; expected 1 (±{SUM_ERROR})"
        if not (matrix[row] >= 0).all():
            reason = "holds a value that is no probability"
        raise FormatError(path, f"row {row + 1} of {name} {reason}", _line(place, row))
    if off.max() > SUM_WARNING:
        say_normalised(path)
    return np.where(off[:, None] > SUM_EXACT, matrix / totals[:, None], matrix)


def say_normalised(path: str) -> None:
    """Say that rows of a file did not sum to 1."""
    log.warning("%s: some rows do not sum to 1; normalised", path)


def counts_of(info: MotifInfo, rows: Sequence[Sequence[float]], path: str, place: Place) -> Pfm:
    """Make a motif of rows (w, 4) of counts.

    Raises
    ------
    FormatError
        If there are no rows, not four values in each, values that cannot be counts, or an empty row.
    """
    first = _line(place, 0) if rows else (place if isinstance(place, int) else None)
    if not rows:
        raise FormatError(path, f"{info.name} has no rows", first)
    for number, row in enumerate(rows):
        if len(row) != 4:
            message = f"row {number + 1} of {info.name} has {len(row)} values; expected 4"
            raise FormatError(path, message, _line(place, number))
    matrix = np.array(rows, dtype=np.float64)
    totals = _totals(matrix)
    for bad, what in (
        (~((matrix >= 0) & (matrix < inf)).all(axis=1), "a value that is negative or not finite"),
        (~(totals < inf), "values too large to add"),
        (totals <= 0, "nothing but zeros"),
    ):
        if bad.any():
            odd = int(np.flatnonzero(bad)[0])
            raise FormatError(path, f"position {odd + 1} of {info.name} holds {what}", _line(place, odd))
    nsites = float(totals.max()) if info.nsites is None else info.nsites
    return Pfm(replace(info, nsites=nsites), matrix)


def motif_of(info: MotifInfo, rows: Sequence[Sequence[float]], path: str, place: Place) -> Motif:
    """Make a motif of rows (w, 4): probabilities where every row sums to about 1, else counts.

    Raises
    ------
    FormatError
        As `counts_of` does.
    """
    pfm = counts_of(info, rows, path, place)
    if _looks_probable(pfm):
        return Ppm(info, probabilities(pfm.counts, info.name, path, place))
    return pfm


def _looks_probable(pfm: Pfm) -> bool:
    """Tell whether counts could as well be probabilities."""
    return bool((np.abs(_totals(pfm.counts) - 1) <= SUM_ERROR).all())


def say_if_probable(pfm: Pfm) -> None:
    """Say that counts will read as probabilities from a format that does not tell them apart."""
    if _looks_probable(pfm):
        log.warning("counts of %s sum to about 1; this format will hold them as probabilities", pfm.info.name)


def same_width(name: str, widths: Sequence[int], path: str, line: int | None) -> None:
    """Raise if two matrices of one motif differ in width."""
    if len(set(widths)) > 1:
        shown = " and ".join(map(str, widths))
        raise FormatError(path, f"matrices of {name} have {shown} rows; expected one width", line)


def number_text(value: float) -> str:
    """Write a count or probability: whole numbers without a point, else the shortest exact text."""
    return str(int(value)) if value == int(value) else repr(float(value))


# ---- what goes with a matrix -----------------------------------------------------------------


def site_number(text: str, path: str, line: int | None) -> float | None:
    """Return a stated number of sites; 0 stands for one that is not known, and gives None.

    Raises
    ------
    FormatError
        If it is no number, or below 0.
    """
    values = numbers(text)
    if values is None or len(values) != 1 or not 0 <= values[0] < inf:
        raise FormatError(path, f"nsites is {text!r}; expected a number, 0 or above", line)
    return values[0] or None


def stated_sites(motif: Motif) -> float | None:
    """Return the number of sites that a motif states: of its probabilities, where it holds scores."""
    known = motif.ppm if isinstance(motif, Pssm) and motif.ppm is not None else motif
    return None if known.info.nsites is None else float(known.info.nsites)


def one_word(name: str, path: str) -> str:
    """Return a name without blanks, which most formats cannot hold; the same text says so each time."""
    words = name.split()
    if len(words) > 1:
        log.warning("%s: blanks in motif names become underscores", path)
    return "_".join(words)


def one_line(name: str) -> str:
    """Return an alternate name with its blanks as single spaces."""
    return " ".join(name.split())


class Collected:
    """The motifs of a file while it is read: none without a name, no two of one name."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._names: set[str] = set()
        self.motifs: list[Motif] = []

    def __len__(self) -> int:
        return len(self.motifs)

    def add(self, motif: Motif, line: int | None = None) -> None:
        """Add a motif.

        Raises
        ------
        FormatError
            With the line, if it has no name or one that was there before.
        """
        name = motif.info.name
        if not name:
            raise FormatError(self._path, "motif without a name", line)
        if name in self._names:
            raise FormatError(self._path, f"a second motif named {name!r}", line)
        self._names.add(name)
        self.motifs.append(motif)

    def done(self, background: Background | None = None) -> MotifSet:
        """Return what was collected."""
        return MotifSet(tuple(self.motifs), background)


def file_background(motifs: MotifSet) -> Background | None:
    """Return the one background of a file to be written, None where nothing states one.

    Raises
    ------
    SeqnetError
        If scores were made against another.
    """
    chosen = motifs.background
    for motif in motifs.motifs:
        if not isinstance(motif, Pssm):
            continue
        chosen = motif.background if chosen is None else chosen
        if not np.array_equal(chosen.frequencies, motif.background.frequencies):
            raise SeqnetError(
                f"{motif.info.name} was scored against another background than the file's; "
                "a motif file holds one"
            )
    return chosen


# ---- which way headed matrices lie -----------------------------------------------------------

_LETTER = re.compile(r"([ACGTURYSWKMBDHVN])(?=[\s\[|])\s*([\[|]?)", re.IGNORECASE)
Layout: TypeAlias = Literal["base", "position", "either", "neither"]


class Row(NamedTuple):
    """A row of a matrix."""

    letter: str
    """What stands before the numbers, upper case; empty where nothing does."""
    marked: bool
    """Whether a bracket or bar stands before the numbers."""
    values: list[float] | None
    """None where what follows is not numbers alone."""


def headed_row(line: str) -> Row:
    """Read numbers that a letter, a bracket or a bar may precede."""
    text = line.strip()
    match = _LETTER.match(text)
    rest = text[match.end() :] if match else text.removeprefix("[")
    letter = match[1].upper().replace("U", "T") if match else ""
    marked = bool(match[2]) if match else text.startswith("[")
    return Row(letter, marked, numbers(rest.removesuffix("]")))


def layout(start: Sequence[str]) -> Layout:
    """Tell whether matrices under ``>`` headers have a row per base or per position.

    The first record that is not four rows of four decides; ``either`` if there is none.
    """
    lines = [line for line in start if not line.startswith("#")]
    if len(lines) < 2 or not lines[0].startswith(">"):
        return "neither"
    heads = [place for place, line in enumerate(lines) if line.startswith(">")]
    for head, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        cut = end == len(lines) and len(start) >= SNIFFED_LINES
        found = _record_layout([headed_row(line) for line in lines[head + 1 : end]], cut=cut)
        if found != "either":
            return found
    return "either" if len(heads) < len(lines) else "neither"


def _record_layout(rows: Sequence[Row], *, cut: bool) -> Layout:
    """Tell the layout of one record, `cut` where more rows may follow."""
    if not rows:
        return "either"
    first = rows[0]
    if first.marked:
        return "base"
    if first.values is None:
        return "neither"
    by_base = len(rows) == 4 and [row.letter for row in rows] == [*"ACGT"]
    if by_base or len(first.values) != 4:
        return "base"
    return "position" if len(rows) > 4 or (len(rows) < 4 and not cut) or first.letter else "either"
