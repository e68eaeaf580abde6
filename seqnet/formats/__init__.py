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
    """``module:attribute`` of the reading function: lines and path to values."""
    sniffer: str
    """``module:attribute`` of a function from the first lines to whether they are this format;
    empty for formats that must be asked for."""
    help: str


class Writer(NamedTuple):
    """How one format is written."""

    function: str
    suffixes: tuple[str, ...]
    holds: frozenset[str]
    """What a motif may carry that the format has room for, beside name and matrix."""
    help: str


BIGWIG_SUFFIXES = (".bw", ".bigWig", ".bigwig")
_MOTIFS = "seqnet.formats."

# in the order in which they are tried
MOTIF_READERS: dict[str, Reader] = {
    "meme": Reader(_MOTIFS + "meme:read_meme", _MOTIFS + "meme:is_meme", "MEME text, minimal or full"),
    "meme-xml": Reader(_MOTIFS + "meme_xml:read_meme_xml", _MOTIFS + "meme_xml:is_meme_xml", "MEME's XML"),
    "json": Reader(
        _MOTIFS + "motif_tables:read_motif_json", _MOTIFS + "motif_tables:is_motif_json", "JSON of seqnet"
    ),
    "tsv": Reader(
        _MOTIFS + "motif_tables:read_motif_tsv", _MOTIFS + "motif_tables:is_motif_tsv", "TSV of seqnet"
    ),
    "transfac": Reader(
        _MOTIFS + "transfac:read_transfac", _MOTIFS + "transfac:is_transfac", "TRANSFAC matrices"
    ),
    "homer": Reader(_MOTIFS + "homer:read_homer", _MOTIFS + "homer:is_homer", "HOMER motifs"),
    "jaspar": Reader(_MOTIFS + "jaspar:read_jaspar", _MOTIFS + "jaspar:is_jaspar", "JASPAR counts"),
    "cluster-buster": Reader(
        _MOTIFS + "homer:read_cluster_buster",
        _MOTIFS + "homer:is_cluster_buster",
        "Cluster-Buster and GimmeMotifs, a row per position",
    ),
    "sites": Reader(_MOTIFS + "sites:read_sites_motif", _MOTIFS + "sites:is_sites", "aligned sites"),
    "cis-bp": Reader(
        _MOTIFS + "plain_motifs:read_cisbp", _MOTIFS + "plain_motifs:is_cisbp", "CIS-BP, Pos A C G T"
    ),
    "uniprobe": Reader(
        _MOTIFS + "plain_motifs:read_uniprobe", _MOTIFS + "plain_motifs:is_uniprobe", "UniPROBE, A: C: G: T:"
    ),
    "pfm": Reader(_MOTIFS + "plain_motifs:read_raw", _MOTIFS + "plain_motifs:is_raw", "numbers alone"),
    "pfm-rows": Reader(_MOTIFS + "plain_motifs:read_raw_by_base", "", "numbers alone, a row per base"),
    "pfm-columns": Reader(
        _MOTIFS + "plain_motifs:read_raw_by_position", "", "numbers alone, a row per position"
    ),
}

_EVERYTHING = frozenset(
    {"alt_name", "nsites", "evalue", "url", "threshold", "background", "counts", "scores"}
)
MOTIF_WRITERS: dict[str, Writer] = {
    "meme": Writer(
        _MOTIFS + "meme:write_meme",
        (".meme", ".pssm", ".txt"),
        _EVERYTHING - {"threshold", "counts"},
        "MEME text; PSSMs with their scores",
    ),
    "jaspar": Writer(
        _MOTIFS + "jaspar:write_jaspar", (".jaspar",), frozenset({"alt_name", "counts"}), "JASPAR counts"
    ),
    "transfac": Writer(
        _MOTIFS + "transfac:write_transfac",
        (".transfac", ".dat"),
        frozenset({"alt_name", "counts"}),
        "TRANSFAC matrices",
    ),
    "homer": Writer(
        _MOTIFS + "homer:write_homer",
        (".motif", ".homer"),
        frozenset({"nsites", "threshold"}),
        "HOMER motifs",
    ),
    "cluster-buster": Writer(
        _MOTIFS + "homer:write_cluster_buster",
        (".cb",),
        frozenset({"alt_name", "counts"}),
        "Cluster-Buster counts",
    ),
    "uniprobe": Writer(
        _MOTIFS + "plain_motifs:write_uniprobe", (".uniprobe", ".pwm"), frozenset(), "UniPROBE probabilities"
    ),
    "cis-bp": Writer(
        _MOTIFS + "plain_motifs:write_cisbp", (".cisbp",), frozenset({"alt_name"}), "CIS-BP probabilities"
    ),
    "pfm": Writer(
        _MOTIFS + "plain_motifs:write_raw", (".pfm",), frozenset({"counts"}), "the counts of one motif alone"
    ),
    "tsv": Writer(
        _MOTIFS + "motif_tables:write_motif_tsv", (".tsv",), _EVERYTHING, "TSV, a row per position"
    ),
    "json": Writer(_MOTIFS + "motif_tables:write_motif_json", (".json",), _EVERYTHING, "JSON"),
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
