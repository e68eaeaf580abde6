"""Provenance lines of text outputs: what made the file, without date, host or path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

import seqnet


def provenance(command: str, options: Mapping[str, object]) -> dict[str, str]:
    """Return the ``##`` entries of an output: version, command, and options that change results."""
    entries = {"seqnet": seqnet.__version__, "command": command}
    entries.update({key: str(value) for key, value in options.items() if value is not None})
    return entries


def header_lines(entries: Mapping[str, str]) -> str:
    """Return the entries as ``##key=value`` lines."""
    return "".join(f"##{key}={value}\n" for key, value in entries.items())


def parse_header_line(line: str) -> tuple[str, str] | None:
    """Return key and value of a ``##key=value`` line, None for any other."""
    if not line.startswith("##") or "=" not in line:
        return None
    key, value = line[2:].split("=", 1)
    return key, value


def base_name(path: str) -> str:
    """Return an input's name as provenance shows it: no folder, ``stdin`` for ``-``."""
    return "stdin" if path == "-" else PurePath(path).name
