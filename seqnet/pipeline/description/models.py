"""What ``show`` says about a model: how it was made, its metrics, its layers, its coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqnet.datasets.checks import counted
from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.models.model_file import read_model
from seqnet.genome.signals.tracks import Signal
from seqnet.inference.linear_predictor import is_linear
from seqnet.inference.terms.motif_term import MotifTerm
from seqnet.inference.terms.stored import stored_terms
from seqnet.inference.track_units import restored_range
from seqnet.kmers.columns import feature_names
from seqnet.kmers.settings import stored_settings
from seqnet.lookup import is_installed
from seqnet.networks.model import (
    FEATURE_TYPES,
    SCORES_TYPE,
    Model,
    input_channels,
    linear_coefficients,
    stacked_parts,
)
from seqnet.networks.outline import LayerRow, outline
from seqnet.pipeline.description.lines import Description, Table
from seqnet.reporting import note

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Json

_METRICS_FIRST = ("task", "n", "positives", "base_rate", "auroc", "auprc")
MOTIFS_SHOWN = 3
"""Motifs that are shown of each task."""
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


def describe_model(path: str) -> Description:
    """Describe a model: what it is, what it was trained on, how well it did, its layers."""
    model = read_model(path)
    header = model.header
    spec = model.input
    facts: list[tuple[str, object]] = [
        ("model kind", header.get("kind")),
        ("tasks", ",".join(model.tasks)),
        ("input", spec["type"]),
        ("width", spec["width"]),
        *_features(spec.get("settings")),
        *_spans(model),
        *([("bases per bin", spec["bin"])] if "bin" in spec else []),
        *_signals("signal", spec.get("signals", ())),
        *_signals("output", header.get("outputs", ())),
        *_targets(model),
        ("strands", header.get("strands")),
        *_provenance(header),
    ]
    layers = _layers(model)
    if model.members > 1:
        facts += [("networks", model.members), ("parameters of each", layers.rows[-1][3])]
    else:
        facts += [("parameters", layers.rows[-1][3])]
    metrics = _renamed(header) or [{"task": task} for task in model.tasks]
    columns = _metric_columns(metrics)
    rows = [[row.get(name) for name in columns] for row in metrics]
    more = [*network_tables(header), *_stack(model), *_motifs(model), layers]
    return Description(facts, columns, rows, more, _advice(model))


def _advice(model: Model) -> str:
    """Name the commands that show what a model has learnt, of those that take it."""
    if (
        "bin" in model.input or model.input["type"] == SCORES_TYPE
    ):  # tables and whole tracks are not explained
        return ""
    explain = "see what the model has learnt with 'seqnet explain' (attributions of bases)"
    reads_signals = model.input["type"] == "signals" or model.input.get("signals")
    return explain if reads_signals else f"{explain} and 'seqnet discover' (motifs)"


def _renamed(header: Json) -> list[Json]:
    """Return the metrics in a header; those of a denoised track of 0.1.0 were of asinh, and are named so."""
    outputs, metrics = header.get("outputs", ()), header.get("metrics") or []
    if not outputs or "range" in outputs[0]:
        return metrics
    names = {"pearson": "asinh_pearson", "r2": "asinh_r2", "mse": "scaled_asinh_mse"}
    return [{names.get(key, key): value for key, value in row.items()} for row in metrics]


def _metric_columns(metrics: list[Json]) -> list[str]:
    """Return the columns of a table of metrics, those of most interest first."""
    first = [name for name in _METRICS_FIRST if name in metrics[0]]
    return first + [name for name in metrics[0] if name not in first]


def network_tables(header: Json) -> list[Table]:
    """Return the metrics of the networks of an ensemble, and of the baselines."""
    return [*_members(header), *_baselines(header)]


def _baselines(header: Json) -> list[Table]:
    """Return the metrics of the baselines that a model was compared with, where there are any."""
    tables = [{"baseline": name, **row} for name, rows in header.get("baselines", {}).items() for row in rows]
    if not tables:
        return []
    columns = ["baseline", *(name for name in _metric_columns(tables) if name != "baseline")]
    return [Table(tuple(columns), [tuple(row.get(name) for name in columns) for row in tables])]


def _members(header: Json) -> list[Table]:
    """Return the networks of an ensemble with their metrics alone, where a model is one."""
    rows = [
        {"network": number, "seed": member["seed"], "best_epoch": member.get("best_epoch"), **row}
        for number, member in enumerate(header.get("members", ()), 1)
        for row in member.get("metrics") or [{}]
    ]
    if not rows:
        return []
    first = ("network", "seed", "best_epoch")
    columns = [*first, *(name for name in _metric_columns(rows) if name not in first)]
    return [Table(columns, [tuple(row.get(name) for name in columns) for row in rows])]


def _stack(model: Model) -> list[Table]:
    """Return what the parts of a model earn, and their weights by task, where it has several."""
    stack = model.header.get("stack")
    if stack is None:
        return []
    parts = stacked_parts(model.header)
    figures = list(parts[-1].figures)
    earned = [(part.name, part.weight, *(part.figures.get(name) for name in figures)) for part in parts]
    rows = [(task, *weights) for task, weights in zip(model.tasks, stack["weights"], strict=True)]
    columns = ("task", *(f"weight of {part}" for part in stack["parts"]))
    return [
        Table(("part", "common_weight", *(f"valid_{name}" for name in figures)), earned),
        Table(columns, [("common to all", *stack["common"]), *rows]),
    ]


def _motifs(model: Model) -> list[Table]:
    """Return the motifs that weigh most in each task, where a model has motifs."""
    term = MotifTerm.of(model)
    if term is None:
        return []
    names, count = term.features.motifs.names, len(term.features.motifs.names)
    rows = [
        (task, names[motif], float(own[motif]), float(own[count + motif]))
        for task, weights, own in zip(model.tasks, term.importance(), term.weights, strict=True)
        for motif in np.argsort(-weights, kind="stable")[:MOTIFS_SHOWN].tolist()
    ]
    return [Table(("task", "motif", "weight_of_occupancy", "weight_above_knee"), rows)]


def _features(settings: Json | None) -> list[tuple[str, object]]:
    """Return how the features of a model are counted."""
    facts = stored_settings(**settings).facts() if settings else {}
    return [(f"input {name}", value) for name, value in facts.items()]


def _spans(model: Model) -> list[tuple[str, object]]:
    """Return how many bases in the middle the terms read, where that is not all."""
    return [(f"width of {term.part}", term.span) for term in stored_terms(model) if term.span is not None]


def _signals(what: str, entries: Sequence[Json]) -> list[tuple[str, object]]:
    """Return how each signal track that a model reads or makes is normalised."""
    signals = [Signal.restored(entry) for entry in entries]
    facts: list[tuple[str, object]] = []
    for signal, entry in zip(signals, entries, strict=True):
        ceiling, transform, center, factor = signal.constants
        words = [] if ceiling is None else [f"at most {ceiling:g}"]
        words += [transform] if transform != "none" else []
        words.append(f"minus {center:g}, times {factor:g}")
        if signals[signal.partner] is not signal:
            words.append(f"{signals[signal.partner].name} on the other strand")
        known = restored_range(entry)
        if known is not None:
            words.append(
                "{:g} to {:g} in training, at least {:g} and at most {:g}".format(*known, *known.limits)
            )
        facts.append((f"{what} {signal.name}", ", ".join(words)))
    return facts


def _targets(model: Model) -> list[tuple[str, object]]:
    """Return how the targets of a regression are scaled in a model."""
    scale = model.header.get("target_scale")
    if scale is None:
        return []
    rows = zip(model.tasks, scale["center"], scale["deviation"], strict=True)
    each = [(f"target {task}", f"minus {center:g}, divided by {by:g}") for task, center, by in rows]
    return [("target scale", scale["rule"]), *each]


def _provenance(header: Json) -> list[tuple[str, object]]:
    """Return how a model was made, from what, and which rows it saw."""
    facts = [(name, header.get(name)) for name in ("command", "seed", "threads")]
    facts += [(f"option {name}", _text(value)) for name, value in header.get("options", {}).items()]
    facts += [(f"version {name}", value) for name, value in header.get("versions", {}).items()]
    facts += [(f"file {name}", digest) for name, digest in header.get("inputs", {}).items()]
    facts += [
        (f"split {name}", f"{counted(split['rows'], 'row')} on {counted(len(split['contigs']), 'contig')}")
        for name, split in header.get("splits", {}).items()
    ]
    if stretches := header.get("stretches"):
        facts.append(("split by stretches", f"{stretches['size']} bases each"))
    genome = header.get("genome") or {}
    return [*facts, ("genome", f"{len(genome)} contigs")] if genome else facts


def _text(value: object) -> object:
    """Return lists as comma lists."""
    return ",".join(map(str, value)) if isinstance(value, list) else value


def _layers(model: Model) -> Table:
    """Describe the layers; without torch, of those of a network their parameters alone."""
    term = MotifTerm.of(model)
    if term is not None and not model.header["architecture"]:
        count, tasks = term.weights.shape[1], len(model.tasks)
        return Table(LayerRow._fields, [LayerRow("motifs", tasks, None, tasks * (count + 1), None)])
    if is_linear(model) or not is_installed("torch"):
        if not is_linear(model):
            note("shapes of layers are left out: they need PyTorch (pip install 'seqnet[torch]')")
        return Table(LayerRow._fields, outline(model))
    from seqnet.networks.describe import describe_network  # loads torch, which linear models do without
    from seqnet.networks.layers import Shape

    spec = model.input
    shape = Shape(input_channels(spec), None if spec["type"] in FEATURE_TYPES else spec["width"])
    return Table(LayerRow._fields, describe_network(model.header["architecture"], shape, len(model.tasks)))


def ranked_coefficients(path: str) -> Description:
    """Rank the k-mers of a linear model, task by task, by their coefficient per standard deviation."""
    model = read_model(path)
    try:
        coefficients, per_deviation = linear_coefficients(model)
    except SeqnetError as error:
        raise FormatError(path, str(error)) from error
    settings = stored_settings(**model.input["settings"])
    names = [
        (name, None if settings.names else _reverse_complement(name))
        for name in feature_names(settings).tolist()
    ]
    rows = [
        row
        for number, task in enumerate(model.tasks)
        for row in _ranked(task, names, coefficients[number], _row(per_deviation, number))
    ]
    columns = ("task", "feature", "reverse_complement", "coefficient", "coefficient_per_sd")
    return Description((), columns, rows)


def _row(values: Floats | None, number: int) -> Floats | None:
    """Return one task's row, where there are rows."""
    return None if values is None else values[number]


def _ranked(
    task: str, names: list[tuple[str, str | None]], coefficients: Floats, per_deviation: Floats | None
) -> list[tuple[object, ...]]:
    """Return one task's features, the weightiest first; equal weights in column order."""
    weight = coefficients if per_deviation is None else per_deviation
    order = np.argsort(-np.abs(weight), kind="stable").tolist()
    scaled = [None] * len(names) if per_deviation is None else per_deviation.tolist()
    return [(task, *names[i], float(coefficients[i]), scaled[i]) for i in order]


def _reverse_complement(name: str) -> str | None:
    """Return the other strand's word; None for what is no word."""
    return name.translate(_COMPLEMENT)[::-1] if set(name) <= set("ACGTN") else None
