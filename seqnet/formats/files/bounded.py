"""Bounds on what compressed files may unpack to, checked before memory is taken."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib import format as npy

from seqnet.errors import FormatError
from seqnet.formats.files.opening import STANDARD

RATIO = 100
"""The most bytes that a byte of a compressed table gives, on average; tables of counts stay below 50."""
SLACK = 1 << 25
"""Bytes that any file may unpack to."""
_PIECE = 1 << 22


class Declared(NamedTuple):
    """The type and the shape that the header of an array states."""

    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]


def most_bytes(packed: int) -> int:
    """Return the most bytes that a file of `packed` bytes may unpack to."""
    return SLACK + RATIO * packed


def read_whole(stream: io.BufferedReader, path: str) -> bytes:
    """Read a binary file that may be compressed as a whole.

    Raises
    ------
    FormatError
        If it unpacks to far more than a table would.
    """
    regular = path != STANDARD and Path(path).is_file()
    limit = most_bytes(Path(path).stat().st_size) if regular else None
    parts, size = [], 0
    while part := stream.read(_PIECE):
        parts.append(part)
        size += len(part)
        if limit is not None and size > limit:
            raise FormatError(path, f"unpacks to more than {limit >> 20} MB, too much for a file of its size")
    return b"".join(parts)


def declared_arrays(data: bytes, names: Mapping[str, int]) -> dict[str, Declared]:
    """Return what the headers of an npz archive state, having checked that its bytes can hold it.

    Parameters
    ----------
    data
        The archive.
    names
        Arrays that are needed, and their dimensions.

    Raises
    ------
    KeyError
        If one is missing.
    ValueError
        If one has other dimensions or another size than its header states, or all of them unpack to more
        than the archive's size allows; and as zipfile and numpy do for damaged archives.
    """
    arrays, total = {}, 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name, dimensions in names.items():
            entry = archive.getinfo(f"{name}.npy")
            with archive.open(entry) as member:
                read = (
                    npy.read_array_header_1_0
                    if npy.read_magic(member) == (1, 0)
                    else npy.read_array_header_2_0
                )
                shape, _, dtype = read(member)
                stated = member.tell() + math.prod(shape) * dtype.itemsize
            if dtype.hasobject or len(shape) != dimensions:
                raise ValueError(
                    f"{name} has type {dtype} and {len(shape)} dimensions; expected {dimensions}"
                )
            if stated != entry.file_size:
                raise ValueError(f"{name} has {entry.file_size} bytes, its header states {stated}")
            total += stated
            arrays[name] = Declared(dtype, shape)
    if total > most_bytes(len(data)):
        raise ValueError(f"its arrays would take {total >> 20} MB, too much for a file of {len(data)} bytes")
    return arrays
