"""HOMER motifs, and the plainer matrices with a row per position (Cluster-Buster, GimmeMotifs).

HOMER's header is ``>consensus name threshold logP ...``, its threshold in natural logarithms.
Format: http://homer.ucsd.edu/homer/motif/creatingCustomMotifs.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import isfinite, log
from typing import BinaryIO, NamedTuple

from seqnet.errors import FormatError
from seqnet.formats._motif_rows import (
    Collected,
    headed_row,
    layout,
    motif_of,
    number_text,
    numbers,
    one_line,
    one_word,
    say_if_probable,
    say_normalised,
    stated_sites,
)
from seqnet.formats._open import to_bytes
from seqnet.motifs.information import consensus
from seqnet.motifs.matrix import MotifInfo, MotifSet, Ppm, to_pfm, to_ppm

_TARGETS = re.compile(r"(?:^|,)T:([0-9.]+(?:[eE][-+]?[0-9]+)?)")
_UNKNOWN = ["0", "0"]
"""Threshold and log p-value as we write them where there is no threshold."""


class _Record(NamedTuple):
    """A header and its rows."""

    line: int
    header: str
    rows: list[list[float]]
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
    """Tell whether the beginning of a file is HOMER's: its header, then a row of four."""
    lines = [line for line in start if not line.startswith("#")]
    if len(lines) < 2 or not lines[0].startswith(">") or _fields(lines[0]) is None:
        return False
    return len(numbers(lines[1]) or ()) == 4


def is_cluster_buster(start: Sequence[str]) -> bool:
    """Tell whether the beginning of a file is headers, each with a row of four per position."""
    return layout(start) == "position"


def _records(lines: Sequence[str], path: str) -> Iterator[_Record]:
    """Cut a file at its headers; comments and consensus letters before a row are skipped.

    Raises
    ------
    FormatError
        With the line, at anything but a row of four numbers.
    """
    record: _Record | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(">"):
            if record is not None:
                yield record
            record = _Record(number, line[1:].rstrip(), [], [])
            continue
        row = headed_row(line)
        if record is None or row.marked or row.values is None or len(row.values) != 4:
            expected = "a header '>name'" if record is None else "a row of four numbers"
            raise FormatError(path, f"expected {expected}, found {line.strip()[:40]!r}", number)
        record.rows.append(row.values)
        record.places.append(number)
    if record is not None:
        yield record


def read_homer(lines: Sequence[str], path: str) -> MotifSet:
    """Read HOMER motifs; rows are normalised, the threshold becomes bits.

    Raises
    ------
    FormatError
        With the line, where the text breaks the format.
    """
    motifs = Collected(path)
    for line, header, rows, places in _records(lines, path):
        fields = _fields(header)
        if fields is None:
            message = f"expected '>consensus<tab>name<tab>threshold', found {header[:40]!r}"
            raise FormatError(path, message, line)
        targets = _TARGETS.search(",".join(fields[5:]))
        found = numbers(targets[1]) if targets else None
        threshold = None if fields[2:4] == _UNKNOWN else float(fields[2]) / log(2)
        info = MotifInfo(one_word(fields[1], path), threshold=threshold)
        motif = motif_of(info, rows, path, places or line)
        if not isinstance(motif, Ppm):
            say_normalised(path)
        nsites = found[0] if found and found[0] > 0 and isfinite(found[0]) else None
        named = MotifInfo(info.name, nsites=nsites, threshold=threshold)
        motifs.add(Ppm(named, to_ppm(motif).probabilities), line)
    return motifs.done()


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


def read_cluster_buster(lines: Sequence[str], path: str) -> MotifSet:
    """Read matrices with a header ``>name [alternate]`` and a row A C G T per position.

    Raises
    ------
    FormatError
        With the line, where the text breaks the format.
    """
    motifs = Collected(path)
    for line, header, rows, places in _records(lines, path):
        words = header.split(None, 1)
        info = MotifInfo(words[0] if words else "", one_line(words[1]) if len(words) > 1 else "")
        motifs.add(motif_of(info, rows, path, places or line), line)
    return motifs.done()


def write_cluster_buster(stream: BinaryIO, motifs: MotifSet, _header: dict[str, str] | None = None) -> None:
    """Write counts with a row per position."""
    for motif in motifs.motifs:
        pfm = to_pfm(motif)
        say_if_probable(pfm)
        rows = ["\t".join(map(number_text, row)) for row in pfm.counts.tolist()]
        name = f">{pfm.info.name} {pfm.info.alt_name}".rstrip()
        stream.write(to_bytes("\n".join([name, *rows]) + "\n"))
