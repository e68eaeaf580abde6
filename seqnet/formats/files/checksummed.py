"""Safetensors with a JSON header and a checksum over every byte.

The file's metadata has one entry: 64 hexadecimal digits, then the header as JSON. The digits are
the SHA-256 of the whole file with their own place held by zeros; so no byte can change unnoticed.
Nothing in the file is ever executed.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Json
from seqnet.errors import FormatError

_BLANK = "0" * 64
_LONGEST_HEADER = 100_000_000  # what the library reads
_PIECE = 1 << 22


def file_digest(path: str) -> str:
    """Return the SHA-256 of a file, empty for stdin and other pipes."""
    if not Path(path).is_file():
        return ""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def seal(key: str, header: Json, tensors: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return the file's bytes; `key` names the kind of file. The order of the header's keys is kept."""
    from safetensors.numpy import save

    arrays = {name: np.array(array, order="C") for name, array in tensors.items()}
    data = save(arrays, metadata={key: _BLANK + json.dumps(header)})
    mark = _mark(key)
    place = data.index(mark) + len(mark)
    digest = hashlib.sha256(data).hexdigest().encode()
    return data[:place] + digest + data[place + len(digest) :]


def read_sealed(key: str, stream: io.BufferedReader, path: str, what: str) -> bytes:
    """Read the bytes of a file of a kind; no more of a compressed one than its header states.

    Raises
    ------
    FormatError
        If it is of another kind, or has fewer or more bytes than its header states.
    """
    start = stream.read(8)
    size = int.from_bytes(start, "little")
    if len(start) < 8 or size > _LONGEST_HEADER:
        raise FormatError(path, f"is not a complete {what} file")
    header = stream.read(size)
    if len(header) < size:
        raise FormatError(path, f"is not a complete {what} file")
    if _mark(key) not in header:
        raise FormatError(path, f"is not a {what} file of seqnet (no checksum in its header)")
    try:
        tensors = [entry for name, entry in json.loads(header).items() if name != "__metadata__"]
        stated = max((int(entry["data_offsets"][1]) for entry in tensors), default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError):
        raise FormatError(path, f"is damaged: its header is not that of a {what} file") from None
    parts, left = [start, header], stated + 1  # one more, to see whether there is
    while left > 0 and (part := stream.read(min(left, _PIECE))):
        parts.append(part)
        left -= len(part)
    if left != 1:
        raise FormatError(path, f"is not a complete {what} file: its header states {stated} bytes of data")
    return b"".join(parts)


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
    try:
        header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][key][len(_BLANK) :])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(path, f"is not a {what} file of seqnet: its header is not JSON") from error
    if not isinstance(header, dict):
        raise FormatError(path, f"is not a {what} file of seqnet: its header is not a JSON object")
    return header


def sealed_tensors(data: bytes, path: str, what: str) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a verified file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:  # types that numpy does not have
        raise FormatError(path, f"damaged {what} file: {error}") from error


def _mark(key: str) -> bytes:
    """Return the text before the digits."""
    return f'"{key}":"'.encode()
