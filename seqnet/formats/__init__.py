"""Bytes to values and back: the tables of formats, and nothing that loads them before use.

``READERS`` and ``WRITERS`` map a format's name to where its function lives. Adding a format is
one module and one row.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple


class Reader(NamedTuple):
    """How one format is read."""

    function: str
    """``module:attribute`` of the reading function."""
    sniffer: str
    """``module:attribute`` of a function from the first lines to whether they are this format."""
    help: str


class Writer(NamedTuple):
    """How one format is written."""

    function: str
    suffixes: tuple[str, ...]
    help: str


MOTIF_READERS: dict[str, Reader] = {
    "meme": Reader("seqnet.formats.meme:read_meme", "seqnet.formats.meme:is_meme", "MEME text"),
    "jaspar": Reader("seqnet.formats.jaspar:read_jaspar", "seqnet.formats.jaspar:is_jaspar", "JASPAR counts"),
}
MOTIF_WRITERS: dict[str, Writer] = {
    "meme": Writer("seqnet.formats.meme:write_meme", (".meme", ".pssm", ".txt"), "MEME text"),
    "jaspar": Writer("seqnet.formats.jaspar:write_jaspar", (".jaspar", ".pfm"), "JASPAR counts"),
}


def resolve(place: str) -> Callable[..., Any]:
    """Import what ``module:attribute`` names."""
    module, attribute = place.split(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return function


def suffix_format(path: str, writers: dict[str, Writer], default: str) -> str:
    """Return the format whose suffix `path` has, compression aside, else `default`."""
    plain = path.removesuffix(".gz").removesuffix(".bgz")
    for name, writer in writers.items():
        if plain.endswith(writer.suffixes):
            return name
    return default
