"""Motifs as TSV and JSON, with everything a motif can carry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from math import inf, isfinite
from typing import Any, BinaryIO

import numpy as np

from seqnet.aliases import Floats, Json
from seqnet.errors import FormatError
from seqnet.formats._motif_rows import (
    Collected,
    Place,
    counts_of,
    file_background,
    numbers,
    one_line,
    one_word,
    probabilities,
    same_width,
    site_number,
    stated_sites,
)
from seqnet.formats._open import to_bytes
from seqnet.formats.header import header_lines, parse_header_line
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.matrix import Motif, MotifInfo, MotifSet, Pfm, Ppm, Pssm

SCHEMA_VERSION = 1
KINDS = ("counts", "probabilities", "log_odds")
TSV_COLUMNS = (
    "motif", "alt_name", "kind", "position", "A", "C", "G", "T", "nsites", "evalue", "threshold", "url",
    "pseudocount",
)  # fmt: skip
_NONE = "."


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
        raise FormatError(path, f"threshold is {text!r}; expected a number", line)
    return value


# ---- TSV -------------------------------------------------------------------------------------


def is_motif_tsv(start: Sequence[str]) -> bool:
    """Tell whether the column line stands near the beginning of a file."""
    return any(line.removeprefix("#").split("\t")[:8] == list(TSV_COLUMNS[:8]) for line in start)


def write_motif_tsv(stream: BinaryIO, motifs: MotifSet, header: dict[str, str] | None = None) -> None:
    """Write a row per position and kind of matrix."""
    entries = dict(header or {})
    background = file_background(motifs)
    if background is not None:
        entries["motif-background"] = ",".join(map(repr, background.frequencies.tolist()))
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


def read_motif_tsv(lines: Sequence[str], path: str) -> MotifSet:
    """Read what `write_motif_tsv` writes.

    Raises
    ------
    FormatError
        With the line, where the text breaks the format.
    """
    header: dict[str, str] = {}
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(lines, 1):
        fields = line.split("\t")
        if len(fields) == len(TSV_COLUMNS) and fields[2] in KINDS:
            rows.append((number, fields))
        elif line.strip() and not line.startswith("#") and fields != list(TSV_COLUMNS):
            message = f"expected {len(TSV_COLUMNS)} columns and a kind of {', '.join(KINDS)}"
            raise FormatError(path, message, number)
        entry = parse_header_line(line)
        if entry:
            header.setdefault(*entry)
    background = _tsv_background(header.get("motif-background"), path)
    motifs = Collected(path)
    for _, group in groupby(rows, key=lambda row: row[1][0]):
        found = list(group)
        motifs.add(_tsv_motif(found, background, path), found[0][0])
    return motifs.done(background)


def _tsv_background(text: str | None, path: str) -> Background | None:
    """Read the background of a table."""
    if text is None:
        return None
    try:
        return Background(np.array([float(word) for word in text.split(",")]), "motif file")
    except ValueError as error:
        raise FormatError(path, f"motif-background is {text!r}: {error}") from error


def _tsv_motif(rows: list[tuple[int, list[str]]], background: Background | None, path: str) -> Motif:
    """Read the rows of one motif."""
    line, first = rows[0]
    matrices: dict[str, list[list[float]]] = {}
    places: dict[str, list[int]] = {}
    for number, fields in rows:
        values = numbers(" ".join(fields[4:8]))
        if values is None or len(values) != 4:
            raise FormatError(path, f"a value of {fields[0]} is no number", number)
        matrix = matrices.setdefault(fields[2], [])
        if fields[3] != str(len(matrix) + 1):
            message = f"position of {fields[0]} is {fields[3]!r}; expected {len(matrix) + 1}"
            raise FormatError(path, message, number)
        matrix.append(values)
        places.setdefault(fields[2], []).append(number)
    texts = ["" if text == _NONE else text for text in first]
    nsites = site_number(texts[8], path, line) if texts[8] else None
    threshold = _threshold(texts[10], path, line) if texts[10] else None
    info = MotifInfo(one_word(first[0], path), one_line(texts[1]), nsites, texts[9], texts[11], threshold)
    arrays = {kind: np.array(matrix) for kind, matrix in matrices.items()}
    return _assembled(info, arrays, background, texts[12], path, dict(places))


# ---- JSON ------------------------------------------------------------------------------------


def is_motif_json(start: Sequence[str]) -> bool:
    """Tell whether a file begins as JSON with motifs."""
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
    if isinstance(motif, Pssm):
        content["pseudocount"] = motif.pseudocount
    for kind, matrix in _matrices(motif):
        content[kind] = [["-inf" if value == -inf else value for value in row] for row in matrix.tolist()]
    return content


def read_motif_json(lines: Sequence[str], path: str) -> MotifSet:
    """Read what `write_motif_json` writes.

    Raises
    ------
    FormatError
        If the document is damaged or lacks what a motif needs.
    """
    try:
        content = json.loads("\n".join(lines))
    except json.JSONDecodeError as error:
        raise FormatError(path, f"is not JSON: {error.msg}", error.lineno) from error
    except (RecursionError, ValueError) as error:  # ValueError: a number of thousands of digits
        raise FormatError(path, f"is not JSON that can be read: {error}") from error
    try:
        if content["schema_version"] != SCHEMA_VERSION:
            raise FormatError(path, f"motif schema {content['schema_version']}; expected {SCHEMA_VERSION}")
        background = None
        if content["background"] is not None:
            background = Background(np.array(content["background"], dtype=np.float64), "motif file")
        motifs = Collected(path)
        for entry in content["motifs"]:
            motifs.add(_motif_from_json(entry, background, path))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FormatError(path, f"is not a motif document: {type(error).__name__} {error}") from error
    return motifs.done(background)


def _motif_from_json(entry: dict[str, Any], background: Background | None, path: str) -> Motif:
    """Read one motif object."""
    nsites = None if entry["nsites"] is None else site_number(str(entry["nsites"]), path, None)
    threshold = None if entry["threshold"] is None else _threshold(str(entry["threshold"]), path, None)
    alternate, evalue, url = (str(entry.get(key, "")) for key in ("alt_name", "evalue", "url"))
    name = one_word(str(entry["name"]), path)
    info = MotifInfo(name, one_line(alternate), nsites, evalue, url, threshold)
    matrices = {kind: np.array(entry[kind], dtype=np.float64) for kind in KINDS if kind in entry}
    for matrix in matrices.values():
        if matrix.ndim != 2 or matrix.shape[1] != 4 or not len(matrix):
            raise FormatError(path, f"a matrix of {info.name} is not rows of four")
    return _assembled(info, matrices, background, str(entry.get("pseudocount", "")), path, {})
