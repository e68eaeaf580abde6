"""What the readers of motif matrices share: rows of numbers, and what makes of them a motif."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import TypeAlias

import numpy as np

from seqnet.aliases import Floats
from seqnet.errors import FormatError, SeqnetError, shorten
from seqnet.formats.motifs.matrix_lines import SUM_ERROR, SUM_EXACT, SUM_WARNING, numbers
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import DNA, RNA, Alphabet, Motif, MotifInfo, MotifSet, Pfm, Ppm, Pssm
from seqnet.reporting import warn

Place: TypeAlias = int | Sequence[int] | None
"""Where rows are: a line for each, the line where they begin, or None where there are no lines."""


# ---- rows ------------------------------------------------------------------------------------


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
    """Warn that rows of a file did not sum to 1."""
    warn(f"{path}: some rows do not sum to 1; normalised")


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
    """Return whether counts could as well be probabilities."""
    return bool((np.abs(_totals(pfm.counts) - 1) <= SUM_ERROR).all())


def say_if_probable(pfm: Pfm) -> None:
    """Warn that counts will read as probabilities from a format that does not distinguish them."""
    if _looks_probable(pfm):
        warn(f"counts of {pfm.info.name} sum to about 1; this format will hold them as probabilities")


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
    """Return a stated number of sites; 0 means that it is not known, and gives None.

    Raises
    ------
    FormatError
        If it is no number, or below 0.
    """
    values = numbers(text)
    if values is None or len(values) != 1 or not 0 <= values[0] < inf:
        raise FormatError(path, f"nsites is {shorten(text)}; expected a number, 0 or above", line)
    return values[0] or None


def stated_sites(motif: Motif) -> float | None:
    """Return the number of sites that a motif states: of its probabilities, where it holds scores."""
    known = motif.ppm if isinstance(motif, Pssm) and motif.ppm is not None else motif
    return None if known.info.nsites is None else float(known.info.nsites)


def one_word(name: str, path: str) -> str:
    """Return a name without blanks, which most formats cannot hold; the same text says so each time."""
    words = name.split()
    if len(words) > 1:
        warn(f"{path}: blanks in motif names become underscores")
    return "_".join(words)


def one_line(name: str) -> str:
    """Return an alternate name with its blanks as single spaces."""
    return " ".join(name.split())


def alphabet_of(letters: str) -> Alphabet:
    """Return RNA for letters with a U in place of the T."""
    known = letters.upper()
    return RNA if "U" in known and "T" not in known else DNA


def file_alphabet(motifs: MotifSet) -> Alphabet:
    """Return the one alphabet of a file to be written: RNA where all motifs have it."""
    return RNA if all(motif.info.alphabet == RNA for motif in motifs.motifs) else DNA


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
