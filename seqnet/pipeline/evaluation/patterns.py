"""Patterns that ``discover`` found: the reader of its JSON, and their section in the evaluation report."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqnet.aliases import Floats, Json
from seqnet.errors import FormatError
from seqnet.formats.files.sniff import read_json
from seqnet.networks.header.types import (
    NAME,
    NUMBER,
    POSITIVE,
    FieldError,
    ListOf,
    Maybe,
    Record,
    check_value,
)
from seqnet.reporting import warn
from seqnet.reports.evaluation_page import Section
from seqnet.reports.pattern_sections import ShownPattern, SimilarMotif, logo_picture, pattern_table

_EXPECTED = "what discover --json writes"
_MATRIX = ListOf(ListOf(NUMBER), 1)
_PATTERN = Record({
    "pattern": NAME, "task": NAME, "seqlets": POSITIVE, "target": Maybe(NAME), "q_value": Maybe(NUMBER),
    "contributions": _MATRIX, "counts": _MATRIX,
})  # fmt: skip
_DISCOVERY = Record({"provenance": Record({"command": NAME}, {"model": NAME}), "patterns": ListOf(_PATTERN)})
MOST_PATTERNS = 6
"""Patterns drawn, those whose seqlets contribute most in all."""


class Discovery(NamedTuple):
    """The contents of a file of ``discover --json``."""

    provenance: Json
    """How the patterns were found: the command and its options."""
    patterns: list[ShownPattern]
    """In the order of the file."""


def read_discovery(path: str) -> Discovery:
    """Read a file of ``discover --json``.

    Raises
    ------
    FormatError
        If the file is not one.
    """
    content = read_json(path)
    try:
        check_value(_DISCOVERY, content)
        if content["provenance"]["command"] != "discover":
            raise FieldError(f"it is of {content['provenance']['command']}")
        patterns = [_pattern(entry, number) for number, entry in enumerate(content["patterns"])]
    except FieldError as error:
        raise FormatError(path, f"is not {_EXPECTED}: {error}") from error
    return Discovery(content["provenance"], patterns)


def read_patterns(path: str, tasks: tuple[str, ...], model: str | None) -> list[ShownPattern]:
    """Read the patterns of tasks, those of the highest contribution of all their seqlets first.

    Parameters
    ----------
    tasks
        Those evaluated; patterns of others are left out with a warning.
    model
        Name of the model evaluated, None where it is not known; a warning says where patterns are of
        another.

    Raises
    ------
    FormatError
        If the file is not one of ``discover --json``, or holds no pattern of these tasks.
    """
    provenance, every = read_discovery(path)
    patterns = [pattern for pattern in every if pattern.task in tasks]
    if not patterns:
        raise FormatError(path, f"holds no pattern of the tasks evaluated: {', '.join(tasks)}")
    if len(patterns) < len(every):
        warn(f"{path}: patterns of tasks that are not evaluated are left out ({len(every) - len(patterns)})")
    other = provenance.get("model")
    if None not in (model, other) and model != other:
        warn(f"{path}: the patterns are of {other}, and {model} is evaluated")
    return sorted(patterns, key=lambda pattern: -pattern.seqlets * pattern.contribution)


def _pattern(entry: Json, number: int) -> ShownPattern:
    """Return one pattern of the file."""
    contributions = _matrix(entry["contributions"], f"patterns.{number}.contributions")
    counts = _matrix(entry["counts"], f"patterns.{number}.counts")
    if len(counts) != len(contributions) or (counts < 0).any() or not (counts.sum(axis=1) > 0).all():
        raise FieldError(f"patterns.{number}.counts are no counts of {len(contributions)} positions")
    if entry["seqlets"] % 1:
        raise FieldError(f"patterns.{number}.seqlets is {entry['seqlets']}; expected a whole number")
    similar = None
    if entry["target"] is not None:
        q_value = np.nan if entry["q_value"] is None else float(entry["q_value"])
        similar = SimilarMotif(entry["target"], q_value)
    return ShownPattern(
        entry["pattern"], entry["task"], int(entry["seqlets"]), contributions, counts, similar
    )  # fmt: skip


def _matrix(rows: list[list[float]], place: str) -> Floats:
    """Return a matrix (w, 4)."""
    if any(len(row) != 4 for row in rows):
        raise FieldError(f"{place} has rows of other lengths than 4")
    return np.array(rows, dtype=np.float64)


def patterns_section(patterns: list[ShownPattern]) -> Section:
    """Return the patterns with the logos of the strongest."""
    shown = patterns[:MOST_PATTERNS]
    lead = "Motifs that the model has learnt: clusters of stretches of high attribution (seqnet discover)."
    if len(shown) < len(patterns):
        lead += f" Logos of the {len(shown)} whose seqlets contribute most in all."
    pictures = [logo_picture(pattern, number) for number, pattern in enumerate(shown, 1)]
    return Section("patterns", "Patterns", lead, pictures, [pattern_table(patterns)])
