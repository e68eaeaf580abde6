"""Provenance lines of text outputs: what made the file, without date, host or path.

An entry is a line ``##key=value``. Values are kept as they are written: control characters and ``%``
are percent-encoded, so that a name of any letters stays on its line. A list is divided by commas, and a
mapping is a list of ``name:value``; in both, a comma within a name is ``%2C``. Entries that are carried
from file to file are copied as they are; `unescaped`, `listed_names` and `listed_pairs` give the names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Literal, get_args
from urllib.parse import unquote

from seqnet.errors import UsageError
from seqnet.version import __version__

HeaderMode = Literal["full", "columns", "none"]
"""Lines above the rows of a table: provenance and the column line, the column line alone, none."""
HEADER_MODES: tuple[HeaderMode, ...] = get_args(HeaderMode)

_CONTROL = "\0-\x1f\x7f-\x9f\u2028\u2029"
_UNSAFE = {also: re.compile(f"[{also}{_CONTROL}]") for also in ("", "%", "%,", "%=")}
"""Characters that a line, a value, an item of a list or a key must not contain."""


def provenance(command: str, options: Mapping[str, object]) -> dict[str, str]:
    """Return the ``##`` entries of an output: version, command, and options that change results.

    Options that are None are left out; tuples and lists become lists of names, mappings lists of pairs.
    """
    entries = {"seqnet": __version__, "command": command}
    entries.update({key: _value(value) for key, value in options.items() if value is not None})
    return entries


def header_for(mode: HeaderMode, entries: Mapping[str, str]) -> dict[str, str] | None:
    """Return the header that writers of tables are given.

    Parameters
    ----------
    mode
        What the user wants above the rows.
    entries
        What `provenance` returned.

    Returns
    -------
    The entries; an empty mapping for the column line alone; None to leave that out too.

    Raises
    ------
    UsageError
        If the mode is none of `HEADER_MODES`.

    Examples
    --------
    >>> [header_for(mode, {"command": "scan"}) for mode in HEADER_MODES]
    [{'command': 'scan'}, {}, None]
    """
    if mode not in HEADER_MODES:
        raise UsageError(f"--header is {mode!r}; expected {', '.join(HEADER_MODES)}")
    return {"full": dict(entries), "columns": {}, "none": None}[mode]


def _value(value: object) -> str:
    """Return an option as the value of an entry."""
    if isinstance(value, Mapping):
        return written_pairs(value)
    if isinstance(value, tuple | list):
        return written_names(map(str, value))
    return escaped(str(value))


def _encoded(text: str, also: str) -> str:
    """Percent-encode the characters that a text must not contain."""
    return _UNSAFE[also].sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)


def escaped(text: str) -> str:
    """Return a text as the value of an entry."""
    return _encoded(text, "%")


def unescaped(value: str) -> str:
    """Return the text that `escaped` wrote.

    Examples
    --------
    >>> escaped("5 %"), unescaped("5 %25")
    ('5 %25', '5 %')
    """
    return unquote(value, errors="surrogateescape")


def written_names(names: Iterable[str]) -> str:
    """Return names as a value: a comma list.

    Examples
    --------
    >>> written_names(["a,b", "c"])
    'a%2Cb,c'
    """
    return ",".join(_encoded(name, "%,") for name in names)


def listed_names(value: str) -> list[str]:
    """Return the names that `written_names` wrote; none of an empty value."""
    return [unescaped(item) for item in value.split(",")] if value else []


def written_pairs(pairs: Mapping[str, object]) -> str:
    """Return names with their values, which hold no comma or colon, as a value: ``name:value,...``."""
    return ",".join(f"{_encoded(name, '%,')}:{value}" for name, value in pairs.items())


def listed_pairs(value: str) -> list[tuple[str, str]]:
    """Return the names and values that `written_pairs` wrote; an item without colon has the name ``""``."""
    items = [item.rpartition(":") for item in value.split(",") if item]
    return [(unescaped(name), text) for name, _, text in items]


def header_lines(entries: Mapping[str, str]) -> str:
    """Return the entries as ``##key=value`` lines; none breaks its line."""
    return "".join(f"##{_encoded(key, '%=')}={_encoded(value, '')}\n" for key, value in entries.items())


def parse_header_line(line: str) -> tuple[str, str] | None:
    """Return key and value, as it is written, of a ``##key=value`` line, None for any other."""
    if not line.startswith("##") or "=" not in line:
        return None
    key, value = line[2:].split("=", 1)
    return unescaped(key), value


def base_name(path: str) -> str:
    """Return an input's name as provenance shows it: no folder, ``stdin`` for ``-``."""
    return "stdin" if path == "-" else PurePath(path).name
