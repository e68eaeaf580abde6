"""What hits are written as: each format made from the fields of a BED6+5 line, standard library only.

``HIT_FORMATS`` is the table; a format is one function and one row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log10
from typing import Literal, NamedTuple
from urllib.parse import quote

from seqnet.formats.files.header import header_lines

HIT_COLUMNS = (
    "chrom", "start", "end", "name", "score", "strand",
    "log_odds", "p_value", "q_value", "matched", "alt_name",
)  # fmt: skip
FIMO_COLUMNS = (
    "motif_id", "motif_alt_id", "sequence_name", "start", "stop", "strand",
    "score", "p-value", "q-value", "matched_sequence",
)  # fmt: skip
NONE = "."
_SMALLEST = 5e-324
_GFF3_NAME = ".:^*$@!+_?-|/"
"""Characters that are written as they are in GFF3, in addition to letters and digits."""


class HitFormat(NamedTuple):
    """One format of hits."""

    row: Callable[[list[str]], str] | None
    """From the fields of a BED6+5 line to a line; None where the line stays as it is."""
    head: Callable[[Mapping[str, str]], str]
    """From provenance entries to the text above the rows."""
    suffixes: tuple[str, ...]
    preset: Literal["bed", "gff"] | None
    """What tabix calls its coordinates; None where there is no index."""
    help: str


def _bed_head(header: Mapping[str, str]) -> str:
    """Return provenance and column line."""
    return header_lines(header) + "#" + "\t".join(HIT_COLUMNS) + "\n"


def _gff3_head(header: Mapping[str, str]) -> str:
    """Return GFF3's first line and provenance."""
    return "##gff-version 3\n" + header_lines(header)


def _fimo_head(_header: Mapping[str, str]) -> str:
    """Return FIMO's column line alone."""
    return "\t".join(FIMO_COLUMNS) + "\n"


def _minus_log10(text: str) -> str:
    """Return -log10 of a p- or q-value, -1 where there is none."""
    return "-1" if text == NONE else f"{abs(log10(max(float(text), _SMALLEST))):.6g}"


def _narrow_peak(fields: list[str]) -> str:
    """Return a narrowPeak line: signal is the log-odds; p and q as -log10, -1 for none; no summit."""
    p, q = _minus_log10(fields[7]), _minus_log10(fields[8])
    return "\t".join([*fields[:7], p, q, "-1"])


def _gff3(fields: list[str]) -> str:
    """Return a GFF3 line: 1-based inclusive coordinates, the log-odds as score."""
    chrom, start, end, name, _, strand, log_odds, p, q, matched, alternate = fields
    values = {"Name": name, "Alias": alternate, "pvalue": p, "qvalue": q, "sequence": matched}
    attributes = ";".join(
        f"{key}={quote(value, safe=_GFF3_NAME + ' ()', errors='surrogateescape')}"
        for key, value in values.items()
        if value != NONE
    )
    place = quote(chrom, safe=_GFF3_NAME, errors="surrogateescape")
    begin = str(int(start) + 1)
    columns = [place, "seqnet", "nucleotide_motif", begin, end, log_odds, strand, ".", attributes]
    return "\t".join(columns)


def _fimo(fields: list[str]) -> str:
    """Return a line of FIMO's table: 1-based inclusive coordinates, nothing for what is not there."""
    chrom, start, end, name, _, strand, log_odds, p, q, matched, alternate = fields
    alternate, q = ("" if text == NONE else text for text in (alternate, q))
    score = f"{float(log_odds):.6g}"
    return "\t".join([name, alternate, chrom, str(int(start) + 1), end, strand, score, p, q, matched])


HIT_FORMATS: dict[str, HitFormat] = {
    "bed": HitFormat(None, _bed_head, (".bed",), "bed", "BED6+5, columns as above"),
    "narrowpeak": HitFormat(
        _narrow_peak, header_lines, (".narrowPeak", ".narrowpeak"), "bed", "ENCODE's narrowPeak"
    ),
    "gff3": HitFormat(_gff3, _gff3_head, (".gff3", ".gff"), "gff", "GFF3, 1-based inclusive"),
    "fimo": HitFormat(_fimo, _fimo_head, (".tsv",), None, "FIMO's table, 1-based inclusive"),
}


def hit_format_of(path: str, asked: str | None) -> str:
    """Return the requested format, else the one whose suffix `path` has, else ``bed``."""
    if asked is not None:
        return asked
    plain = path.removesuffix(".gz").removesuffix(".bgz")
    return next((name for name, row in HIT_FORMATS.items() if plain.endswith(row.suffixes)), "bed")
