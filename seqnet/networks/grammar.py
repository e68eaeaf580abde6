"""Architectures as one line of text: ``conv 128x15, batch_norm, relu, max_pool 4, dense 64``.

Layers are separated by commas. A layer is its name, its first options without their names (two
numbers joined by an x for a convolution: filters and width), further options as ``name=value``,
and in brackets the layers inside it: ``residual(batch_norm, relu, conv 128x3 dilation=2)``. An
activation is its own name. A second chain stands last in the brackets, under its name:
``towers(conv 64x15, global_pool max, signal(conv 16x25, global_pool max))``,
``parallel(global_pool max, beside(conv 8x1, flatten))``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from seqnet.networks.layers import LAYERS, check_layers
from seqnet.networks.modules import ACTIVATIONS
from seqnet.networks.presets import SECOND_CHAINS, Layers

_ITEM = re.compile(r"(?P<words>[^()]*?)\s*(?:\((?P<inside>.*)\))?", re.DOTALL)
_PAIR = re.compile(r"(\d+)x(\d+)")


def parse_layers(text: str) -> Layers:
    """Read an architecture.

    Examples
    --------
    >>> parse_layers("conv 8x5 padding=valid, relu")
    [{'layer': 'conv', 'filters': 8, 'width': 5, 'padding': 'valid'}, {'layer': 'activation', 'name': 'relu'}]

    Raises
    ------
    ValueError
        Naming the layer or option that is not understood.
    """
    layers = _parse(text)
    check_layers(layers)
    return layers


def _parse(text: str) -> Layers:
    """Read layers without checking their options."""
    return [_row(item) for item in _items(text)]


def _items(text: str) -> Iterator[str]:
    """Split text at the commas outside brackets."""
    depth, start = 0, 0
    for place, letter in enumerate(text + ","):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            raise ValueError(f"a bracket closes that was not opened: {text[: place + 1]!r}")
        if letter == "," and not depth:
            yield text[start:place].strip()
            start = place + 1
    if depth:
        raise ValueError(f"a bracket is not closed: {text!r}")


def _row(item: str) -> dict[str, Any]:
    """Read one layer."""
    match = _ITEM.fullmatch(item)
    words = match["words"].split() if match else []
    if match is None or not words:
        raise ValueError(f"{item!r} is no layer; expected such as conv 32x15, relu or max_pool 4")
    name, *rest = words
    if name in ACTIVATIONS:
        name, rest = "activation", [name, *rest]
    row: dict[str, Any] = {"layer": name}
    arguments = LAYERS[name].arguments if name in LAYERS else ()
    for key, value in _options(name, rest, arguments):
        if key in row:
            raise ValueError(f"{item!r} gives {key} twice")
        row[key] = value
    if match["inside"] is not None:
        inner = _parse(match["inside"])
        row["layers"] = [inside for inside in inner if inside["layer"] not in SECOND_CHAINS]
        row |= {inside["layer"]: inside.get("layers") for inside in inner if inside["layer"] in SECOND_CHAINS}
    return row


def _options(name: str, words: list[str], arguments: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Read the options of a layer."""
    left = list(arguments)
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            yield key, _value(value)
            continue
        pair = _PAIR.fullmatch(word)
        for part in pair.groups() if pair and len(left) > 1 else (word,):
            if not left:
                raise ValueError(f"{name} {' '.join(words)}: {part!r} is one too many")
            yield left.pop(0), _value(part)


def _value(word: str) -> Any:
    """Read a value: a number, true or false, a word."""
    if word in ("true", "false"):
        return word == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def layers_text(layers: Layers) -> str:
    """Write an architecture as `parse_layers` reads it."""
    return ", ".join(map(layer_text, layers))


def layer_text(row: Mapping[str, Any]) -> str:
    """Write one layer as `parse_layers` reads it.

    Examples
    --------
    >>> layer_text({"layer": "conv", "filters": 8, "width": 5, "dilation": 2})
    'conv 8x5 dilation=2'
    """
    name = str(row["layer"])
    arguments = LAYERS[name].arguments if name in LAYERS else ()
    first = [_word(row[key]) for key in arguments if key in row]
    skipped = {"layer", "layers", *SECOND_CHAINS, *arguments}
    rest = [f"{key}={_word(value)}" for key, value in row.items() if key not in skipped]
    words = ["x".join(first), *rest] if name != "activation" else [*first]
    text = " ".join(word for word in ([] if name == "activation" else [name]) + words if word)
    if "layers" not in row:
        return text
    inside = layers_text(row["layers"])
    second = "".join(f", {key}({layers_text(row[key])})" for key in SECOND_CHAINS if key in row)
    return f"{text}({inside}{second})"


def _word(value: Any) -> str:
    """Write a value."""
    return str(value).lower() if isinstance(value, bool) else str(value)
