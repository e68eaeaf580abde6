"""What ``show`` says about JSON: patterns of ``discover``, metrics of ``evaluate``, epochs of ``train``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import FormatError
from seqnet.formats.files.header import unescaped
from seqnet.formats.files.sniff import read_json
from seqnet.metrics.registry import HEADLINES
from seqnet.motifs.information import consensus
from seqnet.motifs.matrix import MotifInfo, Pfm, to_ppm
from seqnet.networks.header.types import (
    NAME,
    SCALAR,
    TEXT,
    FieldError,
    Leaf,
    ListOf,
    MapOf,
    Maybe,
    Record,
    check_value,
    is_number,
)
from seqnet.pipeline.description.lines import Description, Table
from seqnet.pipeline.description.models import network_tables
from seqnet.pipeline.evaluation.comparison import read_evaluation
from seqnet.pipeline.evaluation.patterns import read_discovery

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.reports.pattern_sections import ShownPattern

_PATTERN_COLUMNS = (
    "pattern", "task", "seqlets", "contribution", "width", "consensus", "target", "q_value",
)  # fmt: skip
_METRICS = ListOf(MapOf(SCALAR))
_FACTS = ("version", "predictions", "labels", "split", "rows", "task_type", "units", "thresholds_from",
          "tile_places")  # fmt: skip
_FURTHER = {
    "negatives": ("negatives", "kind"),
    "baselines": ("baseline", "name"),
    "ablations": ("without", "name"),
}
"""Key of further tables of metrics to the column of their names here, and the key of these in the JSON."""
_BOUNDS = Leaf(
    "a list of two numbers",
    lambda value: isinstance(value, list) and len(value) == 2 and all(map(is_number, value)),
)
_EVALUATION = Record(
    {"metrics": _METRICS},
    {
        **dict.fromkeys(_FACTS, SCALAR),
        **{
            key: Maybe(ListOf(Record({name: NAME, "metrics": _METRICS})))
            for key, (_, name) in _FURTHER.items()
        },
        "intervals": Record({}, {"rows": Maybe(MapOf(MapOf(Maybe(_BOUNDS))))}),
        "tiles": Maybe(_METRICS),
        "warnings": Maybe(ListOf(TEXT)),
    },
)
_TRAINING = Record(
    {"command": TEXT, "task_type": TEXT, "metrics": _METRICS, "splits": MapOf(Record({"rows": SCALAR}))},
    {
        "baselines": MapOf(_METRICS),
        "members": ListOf(Record({"seed": SCALAR}, {"best_epoch": SCALAR, "metrics": Maybe(_METRICS)})),
        "history": _METRICS,
    },
)


def describe_patterns(path: str) -> Description:
    """Describe the patterns in the JSON of ``discover``: seqlets, consensus and similar motif of each."""
    provenance, patterns = read_discovery(path)
    facts: list[tuple[str, object]] = [
        (name, unescaped(value)) for name, value in provenance.items() if isinstance(value, str)
    ]
    facts += [("patterns", len(patterns)), ("seqlets", sum(pattern.seqlets for pattern in patterns))]
    return Description(facts, _PATTERN_COLUMNS, [_pattern_row(pattern) for pattern in patterns])


def _pattern_row(pattern: ShownPattern) -> tuple[object, ...]:
    """Return the cells of a pattern; its consensus is that of the motif that ``discover -o`` writes."""
    motif = Pfm(MotifInfo(pattern.name, nsites=float(pattern.seqlets)), pattern.counts)
    letters = consensus(to_ppm(motif).probabilities)
    row = (pattern.name, pattern.task, pattern.seqlets, pattern.contribution, motif.width, letters)
    similar = pattern.similar
    if similar is None:
        return (*row, None, None)
    return (*row, similar.name, None if np.isnan(similar.q_value) else similar.q_value)


def describe_evaluation(path: str) -> Description:
    """Describe the JSON of ``evaluate``: what was evaluated, the metrics of each task, and all warnings.

    Metrics against each kind of negative, of baselines, of ablations and of tiles follow in further tables.
    """
    content = read_evaluation(path)
    try:
        check_value(_EVALUATION, content)
    except FieldError as error:
        raise FormatError(path, f"is not what evaluate --json writes: {error}") from error
    facts = [(name.replace("_", " "), content[name]) for name in _FACTS if content.get(name) is not None]
    facts += [(f"warning {number}", text) for number, text in enumerate(content.get("warnings") or (), 1)]
    metrics, *more = _tables(content)
    return Description(facts, metrics.columns, metrics.rows, more)


def describe_training(path: str) -> Description:
    """Describe the JSON of ``train``: rows of the splits, metrics on those that validate, and every epoch.

    The metrics of an ensemble's networks and of baselines follow those of the model.
    """
    content = read_json(path)
    try:
        check_value(_TRAINING, content)
    except FieldError as error:
        raise FormatError(path, f"is not what train writes: {error}") from error
    facts = [("command", content["command"]), ("task type", content["task_type"])]
    facts += [(f"rows to {split}", part["rows"]) for split, part in content["splits"].items()]
    history = content.get("history") or []
    facts += [("epochs", len({row.get("epoch") for row in history}))] if history else []
    metrics = _table(content["metrics"])
    more = [*network_tables(content), *([_table(history)] if history else [])]
    return Description(facts, metrics.columns, metrics.rows, more)


def _tables(content: Json) -> Iterator[Table]:
    """Yield the metrics with the intervals of headline metrics, then the further tables."""
    intervals = content.get("intervals", {}).get("rows") or {}
    headlines = HEADLINES[content["task_type"]]
    yield _table(
        [{**row, **_bounds(intervals.get(row["task"], {}), headlines)} for row in content["metrics"]]
    )
    for key, (column, name) in _FURTHER.items():
        entries = content.get(key) or ()
        rows = [{column: entry[name], **row} for entry in entries for row in entry["metrics"]]
        if rows and (key != "negatives" or len(entries) > 1):  # one kind alone gives the first table
            yield _table(rows)
    if content.get("tiles"):
        names = {"task": "tiles_of"}
        yield _table([{names.get(key, key): value for key, value in row.items()} for row in content["tiles"]])


def _bounds(intervals: Json, headlines: Sequence[str]) -> dict[str, float]:
    """Return the bounds of headline metrics, named as the columns of the metrics table."""
    known = [(metric, intervals[metric]) for metric in headlines if intervals.get(metric) is not None]
    return {
        f"{metric}_{side}": bound
        for metric, bounds in known
        for side, bound in zip(("low", "high"), bounds, strict=True)
    }


def _table(rows: Sequence[Json]) -> Table:
    """Return objects as a table of every key that one of them has."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return Table(columns, [[row.get(column) for column in columns] for row in rows])
