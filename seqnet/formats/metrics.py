"""Metrics and training logs as TSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

from seqnet.formats._open import to_bytes

SCHEMA_VERSION = 1
UNDEFINED = "NA"


def write_table(stream: BinaryIO, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a TSV with a plain column line; None is ``NA``, floats have six significant digits."""
    stream.write(to_bytes("\t".join(columns) + "\n"))
    for row in rows:
        stream.write(to_bytes("\t".join(map(_cell, row)) + "\n"))


def _cell(value: object) -> str:
    """Write one value."""
    if value is None:
        return UNDEFINED
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def write_json(stream: BinaryIO, content: dict[str, Any]) -> None:
    """Write a JSON object with its ``schema_version``, keys as given, NaN refused."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **content}, indent=2, allow_nan=False)
    stream.write(to_bytes(text + "\n"))
