"""Architectures as one line of text: ``conv 128x15, batch_norm, relu, max_pool 4, dense 64``.

Layers are separated by commas. A layer is its name, its first options without their names (two
numbers joined by an x for a convolution: filters and width), further options as ``name=value``,
and in brackets the layers inside it: ``residual(batch_norm, relu, conv 128x3 dilation=2)``. An
activation is its own name. A second chain comes last in the brackets, under its name:
``towers(conv 64x15, global_pool max, signal(conv 16x25, global_pool max))``,
``parallel(global_pool max, beside(conv 8x1, flatten))``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from seqnet.errors import shorten
from seqnet.networks.layers import check_layers
from seqnet.networks.modules import ACTIVATIONS
from seqnet.networks.outline import ARGUMENTS
from seqnet.networks.presets import DEEPEST, SECOND_CHAINS, Layers
from seqnet.numerals import parse_real, parse_whole

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
    return cast("Layers", layers)


def _parse(text: str, depth: int = 0) -> list[dict[str, object]]:
    """Read layers without checking their options."""
    if depth > DEEPEST:
        raise ValueError(f"layers are nested more than {DEEPEST} deep")
    return [_row(item, depth) for item in _items(text)]


def _items(text: str) -> Iterator[str]:
    """Split text at the commas outside brackets."""
    depth, start = 0, 0
    for place, letter in enumerate(text + ","):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            raise ValueError(f"a bracket closes that was not opened: {shorten(text[: place + 1])}")
        if letter == "," and not depth:
            yield text[start:place].strip()
            start = place + 1
    if depth:
        raise ValueError(f"a bracket is not closed: {shorten(text)}")


def _row(item: str, depth: int) -> dict[str, object]:
    """Read one layer."""
    match = _ITEM.fullmatch(item)
    words = match["words"].split() if match else []
    if match is None or not words:
        raise ValueError(f"{shorten(item)} is no layer; expected such as conv 32x15, relu or max_pool 4")
    name, *rest = words
    if name in ACTIVATIONS:
        name, rest = "activation", [name, *rest]
    row: dict[str, object] = {"layer": name}
    for key, value in _options(name, rest, ARGUMENTS.get(name, ())):
        if key in row:
            raise ValueError(f"{shorten(item)} gives {key} twice")
        row[key] = value
    if match["inside"] is not None:
        inner = _parse(match["inside"], depth + 1)
        row["layers"] = [inside for inside in inner if inside["layer"] not in SECOND_CHAINS]
        row |= {inside["layer"]: inside.get("layers") for inside in inner if inside["layer"] in SECOND_CHAINS}
    return row


def _options(
    name: str, words: list[str], arguments: tuple[str, ...]
) -> Iterator[tuple[str, bool | int | float | str]]:
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


def _value(word: str) -> bool | int | float | str:
    """Read a value: a number, true or false, a word."""
    if word in ("true", "false"):
        return word == "true"
    for read in (parse_whole, parse_real):
        try:
            return read(word)
        except ValueError:
            continue
    return word
