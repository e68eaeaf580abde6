"""What kind of file one is, by what it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from seqnet.errors import FormatError
from seqnet.formats import MOTIF_READERS, resolve
from seqnet.formats._open import open_input

Kind: TypeAlias = Literal[
    "bigwig", "k-mer table", "model", "motifs", "background", "sites", "sequences", "regions"
]
START = 1 << 16
"""Bytes that are looked at."""
_BIGWIG = (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")
_SITE = re.compile(r"[ACGTURYSWKMBDHVN.-]+", re.IGNORECASE)
_WORD = re.compile(r"[ACGTU]+\s+[-+.\deE]+", re.IGNORECASE)


def kind_of(path: str) -> Kind:
    """Recognise a file, compressed or not, by its beginning.

    Raises
    ------
    FormatError
        If it is empty, or of no kind that is known.
    """
    with open_input(path) as stream:
        start = stream.read(START)
    if not start.strip():
        raise FormatError(path, "is empty")
    if start.startswith(_BIGWIG):
        return "bigwig"
    if start.startswith((b"PK\x03\x04", b"PAR1")):
        return "k-mer table"
    if start[8:9] == b"{" and b'"__metadata__"' in start[:START]:
        return "model"
    if b"\0" in start:
        raise FormatError(path, "is of no kind that seqnet reads")
    text = start.decode("utf-8", "replace").lstrip("\ufeff")
    return _kind_of_text([line for line in text.splitlines() if line.strip()], path)


def _kind_of_text(lines: Sequence[str], path: str) -> Kind:
    """Recognise a text by its first lines."""
    found = next(
        (name for name, row in MOTIF_READERS.items() if row.sniffer and resolve(row.sniffer)(lines)), None
    )
    if lines[0].startswith(("CLUSTAL", "MUSCLE", "# STOCKHOLM")):
        return "sites"
    if any(line.startswith("#name\t") for line in lines):
        return "k-mer table"
    if found not in (None, "sites"):
        return "motifs"
    rows = [line for line in lines if not line.startswith(("#", ";", "track", "browser"))]
    first = rows[0] if rows else ""
    if first.startswith(">"):
        return "sequences"
    if _SITE.fullmatch(first.strip()):
        return "sites"
    if _WORD.fullmatch(first.strip()):
        return "background"
    if all(field.isdigit() for field in first.split()[1:3]) and len(first.split()) >= 3:
        return "regions"
    raise FormatError(path, "is of no kind that seqnet reads")
