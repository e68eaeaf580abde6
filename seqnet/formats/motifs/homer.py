"""HOMER motifs, and the plainer matrices with a row per position (Cluster-Buster, GimmeMotifs, HOCOMOCO).

HOMER's header is ``>consensus name threshold logP ...``, its threshold in natural logarithms.
Format: http://homer.ucsd.edu/homer/motif/creatingCustomMotifs.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from math import e, isfinite, log, log2
from typing import BinaryIO, NamedTuple

import numpy as np

from seqnet.aliases import Floats
from seqnet.errors import FormatError
from seqnet.formats.files.opening import to_bytes
from seqnet.formats.motifs.entries import Entries, Entry, NumberedLine, cut_records
from seqnet.formats.motifs.matrix_lines import SUM_ERROR, headed_row, layout, numbers
from seqnet.formats.motifs.matrix_rows import (
    motif_of,
    number_text,
    one_line,
    one_word,
    say_if_probable,
    say_normalised,
    stated_sites,
)
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.information import consensus
from seqnet.motifs.matrix import MotifInfo, MotifSet, Ppm, Pssm, to_pfm, to_ppm
from seqnet.reporting import note

_TARGETS = re.compile(r"(?:^|,)T:([0-9.]+(?:[eE][-+]?[0-9]+)?)")
_BASES_OF_LOGARITHMS = (e, 2.0)
_UNKNOWN = ["0", "0"]
"""Threshold and log p-value as we write them where there is no threshold."""


class _Rows(NamedTuple):
    """The rows of a motif, and their line numbers."""

    values: list[list[float]]
    places: list[int]


def _fields(header: str) -> list[str] | None:
    """Return the fields of a HOMER header, None for another header."""
    fields = header.removeprefix(">").rstrip().split("\t")
    if len(fields) == 1:  # copied with blanks for tabs
        fields = header.removeprefix(">").split()
        if len(fields) < 4 or not numbers(fields[3]):
            return None
    value = numbers(fields[2]) if len(fields) > 2 else None
    return fields if value and len(value) == 1 and isfinite(value[0]) else None


def is_homer(start: Sequence[str]) -> bool:
    """Return whether the beginning of a file is HOMER's: its header, then a row of four.

    The first header with a row of four under it decides, so that a broken motif before it does not.
    """
    lines = [line for line in start if not line.startswith("#")]
    if len(lines) < 2 or not lines[0].startswith(">"):
        return False
    headers = (
        line
        for line, below in pairwise(lines)
        if line.startswith(">") and not below.startswith(">") and len(numbers(below) or ()) == 4
    )
    first = next(headers, None)
    return first is not None and _fields(first) is not None


def is_log_odds(start: Sequence[str]) -> bool:
    """Return whether the beginning of a file is headers with rows of four, most with a negative score."""
    if layout(start) not in ("position", "either"):
        return False
    rows = [numbers(line) or [0.0] for line in start if not line.startswith(("#", ">"))]
    return 2 * sum(min(row) < 0 for row in rows) > len(rows)


def is_cluster_buster(start: Sequence[str]) -> bool:
    """Return whether the beginning of a file is headers, each with a row of four per position."""
    return layout(start) == "position"


def _header(record: Sequence[NumberedLine], path: str) -> str:
    """Return the header of a motif without its ``>``."""
    number, line = record[0]
    if not line.startswith(">"):
        raise FormatError(path, f"expected a header '>name', found {line.strip()[:40]!r}", number)
    return line[1:].rstrip()


def _rows(record: Sequence[NumberedLine], path: str) -> _Rows:
    """Read the rows under a header; consensus letters before a row are skipped."""
    rows = _Rows([], [])
    for number, line in record[1:]:
        row = headed_row(line)
        if row.marked or row.values is None or len(row.values) != 4:
            message = f"expected a row of four numbers, found {line.strip()[:40]!r}"
            raise FormatError(path, message, number)
        rows.values.append(row.values)
        rows.places.append(number)
    return rows


def read_homer(lines: Sequence[str], path: str) -> Entries:
    """Read HOMER motifs; rows are normalised, the threshold becomes bits."""
    motifs = Entries(path)
    for record in cut_records(lines):
        with motifs.entry(record[0][0]) as entry:
            _read_homer(record, entry, path)
    return motifs


def _read_homer(record: Sequence[NumberedLine], entry: Entry, path: str) -> None:
    """Read the lines of one HOMER motif."""
    line, header = record[0][0], _header(record, path)
    fields = _fields(header)
    if fields is None:
        words = header.split("\t")
        entry.info = MotifInfo(one_word(words[1], path) if len(words) > 1 else "")
        message = f"expected '>consensus<tab>name<tab>threshold', found {header[:40]!r}"
        raise FormatError(path, message, line)
    targets = _TARGETS.search(",".join(fields[5:]))
    counts = numbers(targets[1]) if targets else None
    threshold = None if fields[2:4] == _UNKNOWN else float(fields[2]) / log(2)
    entry.info = MotifInfo(one_word(fields[1], path), threshold=threshold)
    rows = _rows(record, path)
    motif = motif_of(entry.info, rows.values, path, rows.places or line)
    if not isinstance(motif, Ppm):
        say_normalised(path)
    nsites = counts[0] if counts and counts[0] > 0 and isfinite(counts[0]) else None
    named = MotifInfo(entry.info.name, nsites=nsites, threshold=threshold)
    entry.motif = Ppm(named, to_ppm(motif).probabilities)


def write_homer(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write HOMER motifs; a motif without a threshold gets 0."""
    for motif in motifs.motifs:
        ppm = to_ppm(motif)
        info = motif.info
        fields = [consensus(ppm.probabilities), info.name]
        fields += _UNKNOWN if info.threshold is None else [repr(float(info.threshold) * log(2)), "0"]
        fields.append("0")
        nsites = stated_sites(ppm)
        fields += [] if nsites is None else [f"T:{number_text(nsites)}"]
        rows = ["\t".join(map(repr, row)) for row in ppm.probabilities.tolist()]
        stream.write(to_bytes("\n".join([">" + "\t".join(fields), *rows]) + "\n"))


def read_cluster_buster(lines: Sequence[str], path: str) -> Entries:
    """Read matrices with a header ``>name [alternate]`` and a row A C G T per position."""
    motifs = Entries(path)
    for record in cut_records(lines):
        line = record[0][0]
        with motifs.entry(line) as entry:
            rows = _named_rows(record, entry, path)
            entry.motif = motif_of(entry.info, rows.values, path, rows.places or line)
    return motifs


def _named_rows(record: Sequence[NumberedLine], entry: Entry, path: str) -> _Rows:
    """Read a header ``>name [alternate]``, which names the entry, and the rows under it."""
    words = _header(record, path).split(None, 1)
    if not words:
        raise FormatError(path, "motif without a name", record[0][0])
    entry.info = MotifInfo(words[0], one_line(words[1]) if len(words) > 1 else "")
    return _rows(record, path)


def read_log_odds(lines: Sequence[str], path: str) -> Entries:
    """Read PSSMs with a header ``>name`` and a row of scores A C G T per position, as HOCOMOCO's ``.pwm``.

    HOCOMOCO's scores are natural logarithms of odds against a uniform background. Files of other programs
    hold bits; under the right base the odds of each row, weighted by the background, sum to 1.
    """
    motifs = Entries(path)
    motifs.background, natural = UNIFORM, False
    for record in cut_records(lines):
        line = record[0][0]
        with motifs.entry(line) as entry:
            rows = _named_rows(record, entry, path)
            if not rows.values:
                raise FormatError(path, f"{entry.info.name} has no rows", line)
            base = _base_of(rows, entry.info.name, path)
            entry.motif = Pssm(entry.info, np.array(rows.values) * log2(base), UNIFORM)
            natural = natural or base == e
    if natural:
        note(f"{path}: scores taken as natural logarithms")
    return motifs


def _base_of(rows: _Rows, name: str, path: str) -> float:
    """Return the base of the logarithms that scores (w, 4) are.

    Raises
    ------
    FormatError
        If the odds of a row do not sum to 1 in any base, with the line of the worst.
    """
    scores = np.array(rows.values)
    off: dict[float, Floats] = {}
    for base in _BASES_OF_LOGARITHMS:
        with np.errstate(over="ignore", invalid="ignore"):
            off[base] = np.abs((UNIFORM.frequencies * base**scores).sum(axis=1) - 1)
    best = min(off, key=lambda base: np.nan_to_num(off[base], nan=np.inf).max())
    wrong = ~(off[best] <= SUM_ERROR)
    if wrong.any():
        message = f"{name}: scores are no log-odds against a uniform background in bits or natural logarithms"
        raise FormatError(path, message, rows.places[int(np.flatnonzero(wrong)[0])])
    return best


def write_cluster_buster(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write counts with a row per position."""
    for motif in motifs.motifs:
        pfm = to_pfm(motif)
        say_if_probable(pfm)
        rows = ["\t".join(map(number_text, row)) for row in pfm.counts.tolist()]
        name = f">{pfm.info.name} {pfm.info.alt_name}".rstrip()
        stream.write(to_bytes("\n".join([name, *rows]) + "\n"))
