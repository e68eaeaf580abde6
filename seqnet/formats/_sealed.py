"""Safetensors with a JSON header and a checksum over every byte.

The file's metadata has one entry: 64 hexadecimal digits, then the header as JSON. The digits are
the SHA-256 of the whole file with their own place held by zeros; so no byte can change unnoticed.
Nothing in the file is ever executed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from seqnet.aliases import Json
from seqnet.errors import FormatError

_BLANK = "0" * 64


def seal(key: str, header: Json, tensors: Mapping[str, Any]) -> bytes:
    """Return the file's bytes; `key` names the kind of file. The order of the header's keys is kept."""
    from safetensors.numpy import save

    arrays = {name: np.array(array, order="C") for name, array in tensors.items()}
    data = save(arrays, metadata={key: _BLANK + json.dumps(header)})
    mark = _mark(key)
    place = data.index(mark) + len(mark)
    digest = hashlib.sha256(data).hexdigest().encode()
    return data[:place] + digest + data[place + len(digest) :]


def unseal(key: str, data: bytes, path: str, what: str) -> Json:
    """Verify a file's bytes and return its header.

    Parameters
    ----------
    what
        The kind of file, for messages.

    Raises
    ------
    FormatError
        If it is of another kind, truncated, or changed in any byte.
    """
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise FormatError(path, f"is not a complete {what} file")
    mark = _mark(key)
    place = data.find(mark, 8, 8 + size) + len(mark)
    if place < len(mark):
        raise FormatError(path, f"is not a {what} file of seqnet (no checksum in its header)")
    stated = data[place : place + 64]
    blanked = data[:place] + _BLANK.encode() + data[place + 64 :]
    if hashlib.sha256(blanked).hexdigest().encode() != stated:
        raise FormatError(path, "is damaged: its SHA-256 does not match")
    header: Json = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][key][len(_BLANK) :])
    return header


def sealed_tensors(data: bytes, path: str, what: str) -> dict[str, Any]:
    """Return the arrays of a verified file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except SafetensorError as error:
        raise FormatError(path, f"damaged {what} file: {error}") from error


def _mark(key: str) -> bytes:
    """Return what stands before the digits."""
    return f'"{key}":"'.encode()
