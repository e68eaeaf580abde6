"""What ``show`` says about a model: how it was made, its metrics, its layers, its coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seqnet.commands._description import Description, Table, table_lines

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Json
    from seqnet.networks.model import Model

_METRICS_FIRST = ("task", "n", "positives", "base_rate", "auroc", "auprc")
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


def describe_model(path: str) -> Description:
    """Describe a model: what it is, what it was trained on, how well it did, its layers."""
    from seqnet.formats.model_file import read_model

    model = read_model(path)
    header = model.header
    spec = model.input
    facts: list[tuple[str, object]] = [
        ("model kind", header.get("kind")),
        ("tasks", ",".join(model.tasks)),
        ("input", spec["type"]),
        ("width", spec["width"]),
        *_features(spec["settings"]),
        *([("bases per bin", spec["bin"])] if "bin" in spec else []),
        *_signals("signal", spec.get("signals", ())),
        *_signals("output", header.get("outputs", ())),
        ("strands", header.get("strands")),
        *_provenance(header),
    ]
    layers = _layers(model)
    facts += [("parameters", layers.rows[-1][3])]
    metrics = header.get("metrics") or [{"task": task} for task in model.tasks]
    columns = _metric_columns(metrics)
    rows = [[row.get(name) for name in columns] for row in metrics]
    return Description(facts, columns, rows, [*_baselines(header), layers])


def _metric_columns(metrics: list[Json]) -> list[str]:
    """Return the columns of a table of metrics, those of most interest first."""
    first = [name for name in _METRICS_FIRST if name in metrics[0]]
    return first + [name for name in metrics[0] if name not in first]


def _baselines(header: Json) -> list[Table]:
    """Return the metrics of the baselines that a model was compared with, where there are any."""
    found = [{"baseline": name, **row} for name, rows in header.get("baselines", {}).items() for row in rows]
    if not found:
        return []
    columns = ["baseline", *(name for name in _metric_columns(found) if name != "baseline")]
    return [Table(tuple(columns), [tuple(row.get(name) for name in columns) for row in found])]


def _features(settings: dict[str, Any] | None) -> list[tuple[str, object]]:
    """Return how the features of a model are counted."""
    from seqnet.kmers.settings import stored_settings

    facts = stored_settings(**settings).facts() if settings else {}
    return [(f"input {name}", value) for name, value in facts.items()]


def _signals(what: str, entries: Sequence[Json]) -> list[tuple[str, object]]:
    """Return how each signal track that a model reads or makes is normalised."""
    from seqnet.genome.tracks import Signal

    signals = [Signal.restored(entry) for entry in entries]
    facts: list[tuple[str, object]] = []
    for signal in signals:
        ceiling, transform, center, factor = signal.constants
        words = [] if ceiling is None else [f"at most {ceiling:g}"]
        words += [transform] if transform != "none" else []
        words.append(f"minus {center:g}, times {factor:g}")
        if signals[signal.partner] is not signal:
            words.append(f"{signals[signal.partner].name} on the other strand")
        facts.append((f"{what} {signal.name}", ", ".join(words)))
    return facts


def _provenance(header: Json) -> list[tuple[str, object]]:
    """Return how a model was made, from what, and which rows it saw."""
    facts = [(name, header.get(name)) for name in ("command", "seed", "threads")]
    facts += [(f"option {name}", _text(value)) for name, value in header.get("options", {}).items()]
    facts += [(f"version {name}", value) for name, value in header.get("versions", {}).items()]
    facts += [(f"file {name}", digest) for name, digest in header.get("inputs", {}).items()]
    facts += [
        (f"split {name}", f"{split['rows']} rows on {len(split['contigs'])} contigs")
        for name, split in header.get("splits", {}).items()
    ]
    genome = header.get("genome") or {}
    return [*facts, ("genome", f"{len(genome)} contigs")] if genome else facts


def _text(value: Any) -> object:
    """Return lists as comma lists."""
    return ",".join(map(str, value)) if isinstance(value, list) else value


def _layers(model: Model) -> Table:
    """Describe the layers."""
    from seqnet.networks.describe import LayerRow, describe_network
    from seqnet.networks.layers import Shape
    from seqnet.networks.model import input_channels

    spec = model.input
    shape = Shape(input_channels(spec), None if spec["type"] == "kmers" else spec["width"])
    return Table(LayerRow._fields, describe_network(model.header["architecture"], shape, len(model.tasks)))


def coefficient_lines(path: str) -> str:
    """Rank the k-mers of a linear model, task by task, by their coefficient per standard deviation."""
    from seqnet.errors import FormatError, SeqnetError
    from seqnet.formats.model_file import read_model
    from seqnet.kmers.columns import feature_names
    from seqnet.kmers.settings import stored_settings
    from seqnet.networks.model import linear_coefficients

    model = read_model(path)
    try:
        coefficients, per_deviation = linear_coefficients(model)
    except SeqnetError as error:
        raise FormatError(path, str(error)) from error
    names = feature_names(stored_settings(**model.input["settings"])).tolist()
    rows = [
        row
        for number, task in enumerate(model.tasks)
        for row in _ranked(task, names, coefficients[number], _row(per_deviation, number))
    ]
    columns = ("task", "feature", "reverse_complement", "coefficient", "coefficient_per_sd")
    return "\n".join([*table_lines(Table(columns, rows)), ""])


def _row(values: Floats | None, number: int) -> Floats | None:
    """Return one task's row, where there are rows."""
    return None if values is None else values[number]


def _ranked(
    task: str, names: list[str], coefficients: Floats, per_deviation: Floats | None
) -> list[tuple[object, ...]]:
    """Return one task's features, the weightiest first; equal weights in column order."""
    import numpy as np

    weight = coefficients if per_deviation is None else per_deviation
    order = np.argsort(-np.abs(weight), kind="stable").tolist()
    scaled = [None] * len(names) if per_deviation is None else per_deviation.tolist()
    return [(task, names[i], _reverse_complement(names[i]), float(coefficients[i]), scaled[i]) for i in order]


def _reverse_complement(name: str) -> str | None:
    """Return the other strand's word; None for what is no word."""
    return name.translate(_COMPLEMENT)[::-1] if set(name) <= set("ACGTN") else None
