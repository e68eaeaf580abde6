"""Files that MultiQC finds by their names and shows: https://docs.seqera.io/multiqc/custom_content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

from seqnet.formats.files.opening import to_bytes


class MultiqcColumn(NamedTuple):
    """How MultiQC shows one number."""

    title: str
    description: str
    share: bool = False
    """Whether it lies in 0..1, for the scale of its bar."""
    whole: bool = False
    """Whether it is a count."""


def write_mqc(
    stream: BinaryIO,
    *,
    identity: str,
    title: str,
    description: str,
    kind: str,
    columns: Mapping[str, MultiqcColumn],
    data: Mapping[str, Mapping[str, object]],
) -> None:
    """Write a custom-content file.

    Parameters
    ----------
    identity
        ``id`` of the section.
    kind
        ``table`` for a separate section, ``generalstats`` for columns of the first table.
    data
        Sample to column to number; None is left out.
    """
    headers: dict[str, dict[str, Any]] = {
        name: {
            "title": column.title,
            "description": column.description,
            "format": "{:,.3f}" if column.share else "{:,.0f}" if column.whole else "{:,.4g}",
            **({"min": 0, "max": 1} if column.share else {}),
        }
        for name, column in columns.items()
    }
    rows = {
        sample: {name: row[name] for name in columns if row.get(name) is not None}
        for sample, row in data.items()
    }
    content: dict[str, Any] = {"id": identity, "plot_type": kind}
    if kind == "generalstats":  # a list of single columns there, a mapping for tables
        content |= {"headers": [{name: header} for name, header in headers.items()], "data": rows}
    else:
        content |= {
            "section_name": title,
            "description": description,
            "pconfig": {"id": f"{identity}_table", "title": title},
            "headers": headers,
            "data": rows,
        }
    stream.write(to_bytes(json.dumps(content, indent=2, allow_nan=False) + "\n"))
