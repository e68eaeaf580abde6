"""Metrics and training logs as TSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

from seqnet.aliases import Json
from seqnet.formats.files.header import header_lines
from seqnet.formats.files.opening import to_bytes

SCHEMA_VERSION = 1
UNDEFINED = "NA"


def write_table(
    stream: BinaryIO,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    header: Mapping[str, str] | None,
) -> None:
    """Write a TSV with a plain column line; None is ``NA``, floats have six significant digits.

    Parameters
    ----------
    header
        Entries of ``##`` lines, of which there may be none; None leaves out the column line too.
    """
    if header is not None:
        stream.write(to_bytes(header_lines(header) + "\t".join(columns) + "\n"))
    for row in rows:
        stream.write(to_bytes("\t".join(map(_cell, row)) + "\n"))


def _cell(value: object) -> str:
    """Write one value."""
    if value is None:
        return UNDEFINED
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def write_json(stream: BinaryIO, content: Json) -> None:
    """Write a JSON object with its ``schema_version``, keys as given, NaN refused."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **content}, indent=2, allow_nan=False)
    stream.write(to_bytes(text + "\n"))
