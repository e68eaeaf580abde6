"""Tables of results: provenance, a column line, tab-separated rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from seqnet.formats.files.header import header_lines
from seqnet.formats.files.opening import to_bytes

MISSING = "."


def write_rows(
    stream: BinaryIO,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    header: dict[str, str] | None = None,
) -> None:
    """Write rows under provenance and a column line, both left out when `header` is None.

    None is ``.``; floats have six significant digits, so pass text where more matter.
    """
    if header is not None:
        stream.write(to_bytes(header_lines(header) + "#" + "\t".join(columns) + "\n"))
    for row in rows:
        stream.write(to_bytes("\t".join(map(_cell, row)) + "\n"))


def _cell(value: object) -> str:
    """Write one value."""
    if value is None:
        return MISSING
    return f"{value:.6g}" if isinstance(value, float) else str(value)
