"""Motif files of any known format, recognised by what they hold."""

from __future__ import annotations

from typing import BinaryIO

from seqnet.errors import FormatError, UsageError
from seqnet.formats import MOTIF_READERS, MOTIF_WRITERS, resolve
from seqnet.formats._open import numbered_lines, open_input
from seqnet.motifs.matrix import MotifSet

_SNIFFED_LINES = 200


def read_motifs(path: str, motif_format: str | None = None) -> MotifSet:
    """Read all motifs of a file.

    Parameters
    ----------
    path
        File, or ``-``.
    motif_format
        A name of `MOTIF_READERS`; recognised by content when None.

    Raises
    ------
    FormatError
        If the format is not recognised, or the file breaks it, or holds no motif.
    """
    with open_input(path) as stream:
        lines = [line for _, line in numbered_lines(stream, path)]
    if not any(line.strip() for line in lines):
        raise FormatError(path, "is empty; expected motifs")
    motifs: MotifSet = resolve(MOTIF_READERS[motif_format or _sniff(lines, path)].function)(lines, path)
    if not motifs.motifs:
        raise FormatError(path, "holds no motifs")
    return motifs


def _sniff(lines: list[str], path: str) -> str:
    """Return the first format whose sniffer accepts the file's first lines."""
    start = [line for line in lines[:_SNIFFED_LINES] if line.strip()]
    for name, reader in MOTIF_READERS.items():
        if resolve(reader.sniffer)(start):
            return name
    known = ", ".join(MOTIF_READERS)
    raise FormatError(path, f"is no motif file of a known format ({known})")


def write_motifs(
    stream: BinaryIO, motifs: MotifSet, motif_format: str, header: dict[str, str] | None = None
) -> None:
    """Write motifs in a format of `MOTIF_WRITERS`, with provenance where the format has room."""
    if motif_format not in MOTIF_WRITERS:
        known = ", ".join(MOTIF_WRITERS)
        raise UsageError(f"{motif_format!r} is no motif format; expected one of {known}")
    resolve(MOTIF_WRITERS[motif_format].function)(stream, motifs, header)
