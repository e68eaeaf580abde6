"""Motifs as TSV and JSON, with everything a motif can carry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf, isfinite
from typing import BinaryIO, TypeAlias

import numpy as np

from seqnet.aliases import Floats, Json
from seqnet.errors import FormatError, shorten
from seqnet.formats.files.header import header_lines, parse_header_line
from seqnet.formats.files.opening import to_bytes
from seqnet.formats.motifs.entries import Entries, Entry
from seqnet.formats.motifs.matrix_lines import numbers
from seqnet.formats.motifs.matrix_rows import (
    Place,
    counts_of,
    file_alphabet,
    file_background,
    one_line,
    one_word,
    probabilities,
    same_width,
    site_number,
    stated_sites,
)
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.matrix import DNA, RNA, Alphabet, Motif, MotifInfo, MotifSet, Pfm, Ppm, Pssm

SCHEMA_VERSION = 1
KINDS = ("counts", "probabilities", "log_odds")
TSV_COLUMNS = (
    "motif", "alt_name", "kind", "position", "A", "C", "G", "T", "nsites", "evalue", "threshold", "url",
    "pseudocount",
)  # fmt: skip
_NONE = "."
_TsvRow: TypeAlias = tuple[int, list[str]]
"""Number and fields of a line."""
_TEXTS: dict[str, str | None] = {
    "name": None, "alt_name": "", "evalue": "", "url": "", "alphabet": DNA, "pseudocount": "",
}  # fmt: skip
"""The texts of a motif object, and what they are where they are missing; the first must be there."""
_JSON_ERRORS = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What values of other types than expected raise."""


def _matrices(motif: Motif) -> list[tuple[str, Floats]]:
    """Return the matrices of a motif, by kind."""
    if isinstance(motif, Pfm):
        return [("counts", motif.counts)]
    if isinstance(motif, Ppm):
        return [("probabilities", motif.probabilities)]
    scores = [("log_odds", motif.scores)]
    return scores if motif.ppm is None else [*scores, ("probabilities", motif.ppm.probabilities)]


def _assembled(
    info: MotifInfo,
    matrices: dict[str, Floats],
    background: Background | None,
    pseudocount: str,
    path: str,
    places: dict[str, Place],
) -> Motif:
    """Put a motif together from its matrices; `places` are the lines of their rows, by kind."""
    ppm = None
    if "probabilities" in matrices:
        place = places.get("probabilities")
        ppm = Ppm(info, probabilities(matrices["probabilities"], info.name, path, place))
    if "log_odds" in matrices:
        scores = matrices["log_odds"]
        if np.isnan(scores).any() or np.isposinf(scores).any():
            raise FormatError(path, f"a score of {info.name} is no number", _first(places.get("log_odds")))
        if ppm is not None:
            same_width(info.name, (len(scores), ppm.width), path, _first(places.get("log_odds")))
        return Pssm(info, scores, UNIFORM if background is None else background, ppm, pseudocount)
    if ppm is not None:
        return ppm
    if "counts" not in matrices:
        raise FormatError(path, f"{info.name} has none of {', '.join(KINDS)}")
    return counts_of(info, matrices["counts"].tolist(), path, places.get("counts"))


def _first(place: Place) -> int | None:
    """Return the first of some lines."""
    return place[0] if isinstance(place, Sequence) else place


def _threshold(text: str, path: str, line: int | None) -> float:
    """Read a threshold, which is finite."""
    try:
        value = float(text)
    except ValueError:
        value = inf
    if not isfinite(value):
        raise FormatError(path, f"threshold is {shorten(text)}; expected a number", line)
    return value


# ---- TSV -------------------------------------------------------------------------------------


def is_motif_tsv(start: Sequence[str]) -> bool:
    """Return whether the column line is near the beginning of a file."""
    return any(line.removeprefix("#").split("\t")[:8] == list(TSV_COLUMNS[:8]) for line in start)


def write_motif_tsv(stream: BinaryIO, motifs: MotifSet, header: dict[str, str] | None = None) -> None:
    """Write a row per position and kind of matrix."""
    entries = dict(header or {})
    background = file_background(motifs)
    if background is not None:
        entries["motif-background"] = ",".join(map(repr, background.frequencies.tolist()))
    if file_alphabet(motifs) == RNA:
        entries["motif-alphabet"] = RNA
    lines = [header_lines(entries) + "#" + "\t".join(TSV_COLUMNS)]
    for motif in motifs.motifs:
        info = motif.info
        last = [_text(stated_sites(motif)), info.evalue or _NONE, _text(info.threshold), info.url or _NONE]
        last.append((motif.pseudocount if isinstance(motif, Pssm) else "") or _NONE)
        for kind, matrix in _matrices(motif):
            for position, row in enumerate(matrix.tolist(), 1):
                first = [info.name, info.alt_name or _NONE, kind, str(position)]
                lines.append("\t".join([*first, *map(repr, row), *last]))
    stream.write(to_bytes("\n".join(lines) + "\n"))


def _text(value: float | None) -> str:
    """Write a number that may be missing."""
    return _NONE if value is None else repr(float(value))


def read_motif_tsv(lines: Sequence[str], path: str) -> Entries:
    """Read what `write_motif_tsv` writes.

    Raises
    ------
    FormatError
        If the background of the file is none.
    """
    header = dict(filter(None, map(parse_header_line, reversed(lines))))  # of equal keys the first
    motifs = Entries(path)
    motifs.background = _tsv_background(header.get("motif-background"), path)
    alphabet = _alphabet(header.get("motif-alphabet", DNA), path)
    for rows in _tsv_records(lines):
        with motifs.entry(rows[0][0]) as entry:
            entry.info = MotifInfo("", alphabet=alphabet)
            _read_tsv_motif(rows, entry, motifs.background, path)
    return motifs


def _tsv_records(lines: Sequence[str]) -> Iterator[list[_TsvRow]]:
    """Yield the rows of each motif.

    Rows that go on where others of the name left off belong to it, so that a damaged row between them
    cannot make of it a shorter motif; the same goes for a line that is no row.
    """
    records: list[list[_TsvRow]] = []
    by_name: dict[str, list[_TsvRow]] = {}
    for number, line in enumerate(lines, 1):
        fields = line.split("\t")
        comment = line.startswith("#") and not (len(fields) == len(TSV_COLUMNS) and fields[2] in KINDS)
        if not line.strip() or comment or fields == list(TSV_COLUMNS):
            continue
        name = fields[0]
        kind, position = (*fields[2:4], "", "")[:2]
        record = by_name.get(name) if len(fields) > 1 else records[-1] if records else None
        if record is None or (position == "1" and any(row[2:4] == [kind, "1"] for _, row in record)):
            record = []
            records.append(record)
            by_name[name] = record
        record.append((number, fields))
    yield from records


def _tsv_background(text: str | None, path: str) -> Background | None:
    """Read the background of a table."""
    if text is None:
        return None
    try:
        return Background(np.array([float(word) for word in text.split(",")]), "motif file")
    except ValueError as error:
        raise FormatError(path, f"motif-background is {shorten(text)}: {error}") from error


def _alphabet(text: str, path: str) -> Alphabet:
    """Read the alphabet of motifs."""
    for known in (DNA, RNA):
        if text == known:
            return known
    raise FormatError(path, f"alphabet is {text[:40]!r}; expected {DNA} or {RNA}")


def _read_tsv_motif(rows: Sequence[_TsvRow], entry: Entry, background: Background | None, path: str) -> None:
    """Read the rows of one motif."""
    line, first = rows[0]
    matrices: dict[str, list[list[float]]] = {}
    places: dict[str, list[int]] = {}
    texts = ["" if text == _NONE else text for text in first]
    name, alternate = (*texts, "")[:2]
    entry.info = replace(entry.info, name=one_word(name or first[0], path), alt_name=one_line(alternate))
    for number, fields in rows:
        if len(fields) != len(TSV_COLUMNS) or fields[2] not in KINDS:
            message = f"expected {len(TSV_COLUMNS)} columns and a kind of {', '.join(KINDS)}"
            raise FormatError(path, message, number)
        values = numbers(" ".join(fields[4:8]))
        if values is None or len(values) != 4:
            raise FormatError(path, f"a value of {fields[0]} is no number", number)
        matrix = matrices.setdefault(fields[2], [])
        if fields[3] != str(len(matrix) + 1):
            message = f"position of {fields[0]} is {shorten(fields[3])}; expected {len(matrix) + 1}"
            raise FormatError(path, message, number)
        matrix.append(values)
        places.setdefault(fields[2], []).append(number)
    nsites = site_number(texts[8], path, line) if texts[8] else None
    threshold = _threshold(texts[10], path, line) if texts[10] else None
    info = replace(entry.info, nsites=nsites, evalue=texts[9], url=texts[11], threshold=threshold)
    arrays = {kind: np.array(matrix) for kind, matrix in matrices.items()}
    entry.motif = _assembled(info, arrays, background, texts[12], path, dict(places))


# ---- JSON ------------------------------------------------------------------------------------


def is_motif_json(start: Sequence[str]) -> bool:
    """Return whether a file begins as JSON with motifs."""
    text = "".join(start)
    return text.lstrip().startswith("{") and '"motifs"' in text


def write_motif_json(stream: BinaryIO, motifs: MotifSet, header: dict[str, str] | None = None) -> None:
    """Write one JSON object; minus infinity is the string ``-inf``."""
    background = file_background(motifs)
    content = {
        "schema_version": SCHEMA_VERSION,
        **({"provenance": header} if header else {}),
        "background": None if background is None else background.frequencies.tolist(),
        "motifs": [_json_motif(motif) for motif in motifs.motifs],
    }
    stream.write(to_bytes(json.dumps(content, indent=1, allow_nan=False) + "\n"))


def _json_motif(motif: Motif) -> Json:
    """Return a motif as a JSON object."""
    info = motif.info
    content: Json = {"name": info.name, "alt_name": info.alt_name, "nsites": stated_sites(motif)}
    content |= {"evalue": info.evalue, "url": info.url, "threshold": info.threshold}
    if info.alphabet != DNA:
        content["alphabet"] = info.alphabet
    if isinstance(motif, Pssm):
        content["pseudocount"] = motif.pseudocount
    for kind, matrix in _matrices(motif):
        content[kind] = [["-inf" if value == -inf else value for value in row] for row in matrix.tolist()]
    return content


def read_motif_json(lines: Sequence[str], path: str) -> Entries:
    """Read what `write_motif_json` writes.

    Raises
    ------
    FormatError
        If the document is damaged.
    """
    content = _document(lines, path)
    motifs = Entries(path)
    try:
        if not isinstance(content, dict):
            raise TypeError("the document is not an object")
        if content["schema_version"] != SCHEMA_VERSION:
            raise FormatError(path, f"motif schema {content['schema_version']}; expected {SCHEMA_VERSION}")
        if content["background"] is not None:
            frequencies = np.array(content["background"], dtype=np.float64)
            motifs.background = Background(frequencies, "motif file")
        objects = content["motifs"]
        if not isinstance(objects, list):
            raise TypeError("motifs is not a list")
    except _JSON_ERRORS as error:
        raise FormatError(path, f"is not a motif document: {type(error).__name__} {error}") from error
    for number, fields in enumerate(objects, 1):
        with motifs.entry() as entry:
            _read_json_motif(fields, f"motif {number}", entry, motifs.background, path)
    return motifs


def _document(lines: Sequence[str], path: str) -> object:
    """Read JSON."""
    try:
        return json.loads("\n".join(lines))
    except json.JSONDecodeError as error:
        raise FormatError(path, f"is not JSON: {error.msg}", error.lineno) from error
    except (RecursionError, ValueError) as error:  # ValueError: a number of thousands of digits
        raise FormatError(path, f"is not JSON that can be read: {error}") from error


def _read_json_motif(
    fields: object, place: str, entry: Entry, background: Background | None, path: str
) -> None:
    """Read one motif object; `place` is what messages call it before its name is known."""
    if not isinstance(fields, dict):
        raise FormatError(path, f"{place} is {_shown(fields)}; expected an object")
    name, alternate, evalue, url, alphabet, pseudocount = (
        _json_text(fields, key, default, place, path) for key, default in _TEXTS.items()
    )
    entry.info = MotifInfo(one_word(name, path), one_line(alternate), None, evalue, url)
    given = {key: fields.get(key) for key in ("nsites", "threshold")}
    nsites = None if given["nsites"] is None else site_number(str(given["nsites"]), path, None)
    threshold = None if given["threshold"] is None else _threshold(str(given["threshold"]), path, None)
    info = replace(entry.info, nsites=nsites, threshold=threshold, alphabet=_alphabet(alphabet, path))
    matrices = {kind: _json_matrix(fields[kind], kind, name, path) for kind in KINDS if kind in fields}
    entry.motif = _assembled(info, matrices, background, pseudocount, path, {})


def _json_text(fields: Json, key: str, default: str | None, place: str, path: str) -> str:
    """Return a text of a motif object."""
    if key not in fields and default is None:
        raise FormatError(path, f"{place} has no {key}")
    value = fields.get(key)
    if value is None and default is not None:
        return default
    if key in ("evalue", "pseudocount") and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise FormatError(path, f"{key} of {place} is {_shown(value)}; expected a text")
    return value


def _json_matrix(rows: object, kind: str, name: str, path: str) -> Floats:
    """Return a matrix of a motif object (w, 4); minus infinity is a text there."""
    message = f"{kind} of {name} are not rows of four numbers"
    if not isinstance(rows, list) or not rows:
        raise FormatError(path, message)
    for row in rows:
        if not isinstance(row, list) or len(row) != 4:
            raise FormatError(path, message)
        for value in row:
            if isinstance(value, bool) or not (isinstance(value, int | float) or value == "-inf"):
                raise FormatError(path, f"{message}: {_shown(value)}")
    try:
        return np.array(rows, dtype=np.float64)
    except OverflowError as error:
        raise FormatError(path, f"{message}: one is too large") from error


def _shown(value: object) -> str:
    """Return a value as JSON has it, short enough for a message."""
    return shorten(json.dumps(value))
