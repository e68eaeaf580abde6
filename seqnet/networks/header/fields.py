"""What a model's header may hold: the declared type of every field that is read from it."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import cast

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Json, Reals
from seqnet.kernels.occupancy import LARGEST_COLUMN
from seqnet.kmers.columns import column_count
from seqnet.kmers.settings import KmerSettings, stored_settings
from seqnet.networks.header.types import (
    NAME,
    NUMBER,
    POSITIVE,
    SCALAR,
    SWITCH,
    TEXT,
    FieldError,
    Kind,
    Leaf,
    ListOf,
    MapOf,
    Maybe,
    Record,
    check_value,
    is_scalar,
    one_of,
    whole,
)
from seqnet.networks.model import FEATURE_TYPES, SCORES_TYPE, member_prefix
from seqnet.networks.presets import DEEPEST
from seqnet.networks.task_types import DEFAULT_TASK_TYPE, TARGET_SCALES, TASK_TYPES

_LARGEST = (1 << 31) - 1
_FARTHEST = 1 << 40  # bases; no contig is longer
_SIZE = whole(1, _LARGEST)


def _is_plain(value: object) -> bool:
    """Return whether a value is a scalar, or a list or object of scalars."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return all(map(is_scalar, inside))


def _is_layer(value: object, depth: int = 0) -> bool:
    """Return whether a value is a row of layers; their names and options are checked when they are built."""
    if depth > DEEPEST or not isinstance(value, dict) or not isinstance(value.get("layer"), str):
        return False
    for option in value.values():
        if isinstance(option, list):
            if not all(_is_layer(inside, depth + 1) for inside in option):
                return False
        elif not is_scalar(option) or (isinstance(option, int) and option > _LARGEST):
            return False
    return True


def _is_range(value: object) -> bool:
    """Return whether a value is a lowest and a highest number."""
    return (
        isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]
    )


def _is_number(value: object) -> bool:
    """Return whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < inf


_LAYER = Leaf(f"a layer, nested at most {DEEPEST} deep", _is_layer)
_PLAIN = Leaf("a number or text, or a list or object of them", _is_plain)
_RAW = Record({
    "mean": NUMBER, "quantiles": ListOf(ListOf(NUMBER, 2), 1), "whole": SWITCH, "size": whole(),
})  # fmt: skip
_TRACK: dict[str, Kind] = {
    "name": NAME, "ceiling": Maybe(NUMBER), "transform": one_of("none", "asinh", "log1p"),
    "center": NUMBER, "factor": NUMBER, "partner": whole(), "mean": NUMBER,
}  # fmt: skip
_SIGNAL = Record(_TRACK, {"raw": Maybe(_RAW)})
_OUTPUT = Record(_TRACK, {"raw": Maybe(_RAW), "range": Leaf("a lowest and a highest number", _is_range)})
_NUMBERS = ListOf(NUMBER)
_SETTINGS = Record({}, {
    "k": Maybe(whole(1, 64)), "patterns": ListOf(TEXT), "strands": TEXT, "normalize": TEXT,
    "hash_bits": whole(), "mean": _NUMBERS, "deviation": _NUMBERS, "names": ListOf(NAME), "scoring": TEXT,
})  # fmt: skip
_INPUT = Record(
    {"type": one_of("sequence", *FEATURE_TYPES, "signals"), "width": Maybe(_SIZE)},
    {
        "features": Maybe(_SIZE), "settings": Maybe(_SETTINGS), "signals": ListOf(_SIGNAL),
        "missing": Maybe(one_of("zero", "error")), "base_means": _NUMBERS, "bin": _SIZE,
    },
)  # fmt: skip
_SPLIT = Record({"rows": whole(), "contigs": ListOf(TEXT)})
_PLACE = Leaf(
    "a list of contig, start and end",
    lambda value: (
        isinstance(value, list)
        and list(map(type, value)) == [str, int, int]
        and 0 <= value[1] < value[2] <= _FARTHEST
    ),
)
_STRETCHES = Record({"size": whole(1, _FARTHEST)}, {"valid": ListOf(_PLACE), "test": ListOf(_PLACE)})
_METRICS = ListOf(MapOf(SCALAR))
_TARGETS = Record(
    {
        "rule": one_of(*(rule for rule in TARGET_SCALES if rule != "none")),
        "center": _NUMBERS, "deviation": ListOf(POSITIVE),
    },
    {"values": ListOf(ListOf(NUMBER, 1)), "scores": ListOf(ListOf(NUMBER, 1))},
)  # fmt: skip
_MOTIFS = Record(
    {"names": ListOf(TEXT, 1), "widths": ListOf(_SIZE, 1), "both": ListOf(SWITCH, 1)}, {"span": _SIZE}
)
_MEMBER = Record({"seed": whole()}, {"best_epoch": whole(), "metrics": _METRICS})
_STACK = Record({"parts": ListOf(NAME, 1), "common": _NUMBERS, "weights": ListOf(_NUMBERS, 1)})
HEADER: Kind = Record(
    {
        "kind": one_of("linear", "dense", "cnn"), "architecture": ListOf(_LAYER), "tasks": ListOf(NAME, 1),
        "input": _INPUT, "strands": one_of("both", "forward", "column"),
        "splits": Record({"train": _SPLIT}, {"valid": _SPLIT, "test": _SPLIT}), "genome": MapOf(TEXT),
    },
    {
        "schema_version": whole(1), "task_type": one_of(*TASK_TYPES, "denoising"),
        "outputs": ListOf(_OUTPUT),
        "base_rates": Maybe(MapOf(NUMBER)), "thresholds": Maybe(MapOf(NUMBER)),
        "metrics": Maybe(_METRICS), "baselines": MapOf(_METRICS), "options": MapOf(_PLAIN),
        "seed": Maybe(whole()), "threads": Maybe(whole()), "command": Maybe(TEXT),
        "inputs": MapOf(TEXT), "versions": MapOf(Maybe(TEXT)), "target_scale": Maybe(_TARGETS),
        "kmer_term": Maybe(Record({"settings": _SETTINGS}, {"span": _SIZE})), "motif_term": Maybe(_MOTIFS),
        "stack": Maybe(_STACK), "stretches": Maybe(_STRETCHES), "members": ListOf(_MEMBER, 2),
    },
)  # fmt: skip


def check_header(header: Json) -> None:
    """Make sure that every field of a model's header is of its type and that they agree.

    Raises
    ------
    FieldError
        Naming the field.
    """
    check_value(HEADER, header)
    tasks, spec = header["tasks"], header["input"]
    if len(set(tasks)) < len(tasks):
        raise FieldError("tasks holds a name twice")
    _check_signals("input.signals", spec.get("signals", []))
    _check_signals("outputs", header.get("outputs", []))
    _check_input(spec)
    if (scale := header.get("target_scale")) is not None:
        _check_targets(scale, len(tasks))
    _check_agreement(header)
    if (term := header.get("kmer_term")) is not None:
        _known_settings("kmer_term.settings", term["settings"])
    _check_terms(header)


def _check_terms(header: Json) -> None:
    """Make sure that the motifs of a term, and the weights of parts, are complete."""
    tasks = header["tasks"]
    if (motifs := header.get("motif_term")) is not None:
        _check_motifs(motifs)
    for name in ("kmer_term", "motif_term"):
        if (span := (header.get(name) or {}).get("span")) is not None:
            _check_span(f"{name}.span", span, header["input"]["width"])
    if (stack := header.get("stack")) is not None:
        rows = [stack["common"], *stack["weights"]]
        if len(rows) != len(tasks) + 1 or any(len(row) != len(stack["parts"]) for row in rows):
            raise FieldError("stack.weights is not one for each task and part")


def _check_span(place: str, span: int, width: int | None) -> None:
    """Make sure that a term reads the middle of a model's windows, of which both strands have the same."""
    if width is None or span > width or (width - span) % 2:
        raise FieldError(f"{place} is {span}, which is not the middle of a width of {width}")


def _check_motifs(motifs: Json) -> None:
    """Make sure that every motif has a name, a width and its strands."""
    for name in ("widths", "both"):
        if len(motifs[name]) != len(motifs["names"]):
            raise FieldError(f"motif_term.{name} is not one for each of {len(motifs['names'])} motifs")


def _check_agreement(header: Json) -> None:
    """Make sure that the fields that define the kind of model agree."""
    denoises = "bin" in header["input"]
    task_type = header.get("task_type", DEFAULT_TASK_TYPE)
    if (task_type == "denoising") != denoises:
        raise FieldError(f"task_type is {task_type}, with{'' if denoises else 'out'} input.bin")
    tasks, outputs = header["tasks"], header.get("outputs", [])
    if denoises and (header["input"]["type"] != "signals" or not 0 <= len(tasks) - len(outputs) <= 1):
        raise FieldError(f"outputs is not one for each of {len(tasks)} tasks made of signals")
    layers = header["architecture"]
    if bool(layers and layers[-1].get("per_position")) != denoises:
        raise FieldError(f"architecture does not end in the output of a model for {task_type} targets")
    if "members" in header and (denoises or header["kind"] == "linear"):
        raise FieldError(f"members is not for {'denoising' if denoises else 'linear'} models")
    if header.get("target_scale") is not None and task_type != "regression":
        raise FieldError(f"target_scale is not for {task_type} targets")
    check_value(Maybe(whole()), header.get("options", {}).get("best-epoch"), "options.best-epoch")


def _check_signals(place: str, entries: list[Json]) -> None:
    """Make sure that tracks have names of their own, and are partners of each other."""
    partners = [entry["partner"] for entry in entries]
    for number, partner in enumerate(partners):
        if partner >= len(partners) or partners[partner] != number:
            raise FieldError(f"{place}.{number}.partner is {partner}, which is not the partner of {number}")
        if not entries[number]["factor"]:
            raise FieldError(f"{place}.{number}.factor is 0")
    if len({entry["name"] for entry in entries}) < len(entries):
        raise FieldError(f"{place} holds a name twice")


def _check_input(spec: Json) -> None:
    """Make sure that an input has what its type needs."""
    if "base_means" in spec and len(spec["base_means"]) != 4:
        raise FieldError(f"input.base_means holds {len(spec['base_means'])} numbers; expected 4")
    if spec["type"] not in FEATURE_TYPES:
        if spec["width"] is None:
            raise FieldError(f"input.width is null; expected the width of a {spec['type']} input")
        if spec.get("settings") is not None:
            raise FieldError(f"input.settings is not null; the type of the input is {spec['type']}")
        if spec["type"] == "signals" and not spec.get("signals"):
            raise FieldError("input.signals is empty; expected the tracks of a signals input")
        return
    if spec.get("settings") is None or spec.get("features") is None:
        raise FieldError(f"input.settings and input.features are needed by a {spec['type']} input")
    _check_features(spec)


def _check_features(spec: Json) -> None:
    """Make sure that an input of features has the settings that its type and number say."""
    settings = _known_settings("input.settings", spec["settings"])
    if bool(settings.names) != (spec["type"] == SCORES_TYPE):
        raise FieldError(f"input.settings are not those of a {spec['type']} input")
    columns = column_count(settings) + len(spec.get("signals", ()))
    if columns != spec["features"]:
        raise FieldError(f"input.features is {spec['features']}; the settings give {columns}")


def _known_settings(place: str, stored: Json) -> KmerSettings:
    """Return k-mer settings, which must be possible ones."""
    try:
        return stored_settings(**stored)
    except (ValueError, TypeError, OverflowError) as error:
        raise FieldError(f"{place}: {error}") from error


def _check_targets(scale: Json, tasks: int) -> None:
    """Make sure that the constants of scaled targets are there for every task."""
    names = ("center", "deviation", *(("values", "scores") if scale["rule"] == "quantile" else ()))
    for name in names:
        if len(scale.get(name, ())) != tasks:
            raise FieldError(f"target_scale.{name} is not one for each of {tasks} tasks")
    for values, scores in zip(scale.get("values", ()), scale.get("scores", ()), strict=True):
        if len(values) != len(scores):
            raise FieldError("target_scale.values and target_scale.scores differ in length")


def check_tensors(header: Json, tensors: Mapping[str, NDArray[np.generic]]) -> None:
    """Make sure that the tensors which are not the network's own are there and of the right shape.

    Raises
    ------
    FieldError
        Naming the tensor.
    """
    tasks, spec = len(header["tasks"]), header["input"]
    shapes: dict[str, tuple[int, ...]] = {}
    if spec["type"] in FEATURE_TYPES:
        features = int(spec["features"])
        shapes |= {"input.mean": (features,), "input.scale": (features,)}
        if not header["architecture"]:
            shapes |= {"0.weight": (tasks, features)}
        if "input.deviation" in tensors:
            shapes["input.deviation"] = (features,)
    if (term := header.get("kmer_term")) is not None:
        columns = column_count(_known_settings("kmer_term.settings", term["settings"]))
        shapes |= {"kmer_term.scale": (tasks,), "kmer_term.bias": (tasks,)}
        shapes |= {"kmer_term.weights": (tasks, columns)}
    shapes |= _motif_shapes(header.get("motif_term"), tasks)
    shapes |= _member_shapes(len(header.get("members", ())), tensors)
    _check_shapes(shapes, tensors)
    scores = cast("Reals", tensors["motif_term.scores"]) if "motif_term.scores" in shapes else np.zeros(0)
    if not (scores <= LARGEST_COLUMN).all():
        raise FieldError(f"tensor motif_term.scores is NaN or above {LARGEST_COLUMN:g} bits")


def _check_shapes(shapes: Mapping[str, tuple[int, ...]], tensors: Mapping[str, NDArray[np.generic]]) -> None:
    """Make sure that tensors are there, of these shapes."""
    for name, shape in shapes.items():
        tensor = tensors.get(name)
        if tensor is None:
            raise FieldError(f"tensor {name} is missing")
        if tensor.shape != shape or not np.issubdtype(tensor.dtype, np.number):
            raise FieldError(
                f"tensor {name} is {tensor.dtype} of shape {tensor.shape}; expected numbers {shape}"
            )


def _member_shapes(members: int, tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors of an ensemble's networks: each has what any other has."""
    shapes: dict[str, tuple[int, ...]] = {}
    for number in range(members):
        prefix = member_prefix(number)
        for name in sorted(tensors):
            if name.startswith(prefix):
                shapes.setdefault(name.removeprefix(prefix), tensors[name].shape)
    if members and not shapes:
        raise FieldError(f"tensor {member_prefix(0)}0.weight is missing")
    found = {
        member_prefix(number) + name: shape for number in range(members) for name, shape in shapes.items()
    }
    strangers = [name for name in sorted(tensors) if name.startswith("member.") and name not in found]
    if strangers:
        raise FieldError(f"tensor {strangers[0]} belongs to none of the {members} members")
    return found


def _motif_shapes(motifs: Json | None, tasks: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors of a motif term; none without one."""
    if motifs is None:
        return {}
    count = len(motifs["names"])
    shapes: dict[str, tuple[int, ...]] = {
        "scores": (sum(motifs["widths"]), 4), "knee": (count,), "mean": (2 * count,),
        "deviation": (2 * count,), "scale": (tasks,), "weights": (tasks, 2 * count), "bias": (tasks,),
    }  # fmt: skip
    return {f"motif_term.{name}": shape for name, shape in shapes.items()}
