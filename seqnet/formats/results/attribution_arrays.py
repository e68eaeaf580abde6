"""Attributions as npz files: those of ``explain`` and of other programs, as ``modisco motifs`` reads them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Ints
from seqnet.errors import FormatError
from seqnet.formats.files.bounded import declared_arrays, read_whole
from seqnet.formats.files.opening import open_input
from seqnet.formats.files.sniff import recognising

ARRAY = "arr_0"
"""The array of attributions, and of sequences in their file."""
ONE_HOT = ".onehot.npz"
"""What takes the place of ``.npz`` in the name of the sequences' file."""
_OPTIONAL = {"names": 1, "task": 0, "chrom": 1, "start": 1, "strand": 1}
"""Arrays that ``explain`` writes too, and their dimensions."""
_ZIP = b"PK"
_NONE: Mapping[str, int] = {}
_ERRORS = (
    KeyError, ValueError, TypeError, IndexError, OverflowError, OSError, EOFError, RuntimeError, MemoryError,
    struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile, zlib and numpy raise for damaged archives and arrays."""


class ArrayPlaces(NamedTuple):
    """Where n rows of L bases lie in a genome."""

    chrom: list[str]
    start: Ints
    """int64 (n,): of the explained bases."""
    strand: NDArray[np.int8]
    """int8 (n,): -1 for rows that are read from the minus strand, 0 for others."""


class AttributionArrays(NamedTuple):
    """n rows of L bases."""

    hypothetical: NDArray[np.float32]
    """float32 (n, 4, L)."""
    codes: Codes
    """uint8 (n, L)."""
    names: list[str]
    starts: Ints
    """int64 (n,): where the first base lies in its sequence; 0 where the file does not state it."""
    task: str | None
    places: ArrayPlaces | None
    """None for sequences."""


def one_hot_path(path: str) -> str:
    """Return the file of the sequences that belong to a file of attributions."""
    return path.removesuffix(".npz") + ONE_HOT


def read_attribution_arrays(path: str, one_hot: str | None = None) -> AttributionArrays:
    """Read hypothetical attributions, (n, 4, L), and their one-hot sequences.

    Parameters
    ----------
    one_hot
        The sequences' file; by default the one next to `path`, as ``explain`` writes it.

    Raises
    ------
    FormatError
        If a file is damaged, has another shape, holds numbers that are not finite, or sequences that are
        not one-hot.
    """
    arrays = _read(path, _OPTIONAL)
    values = arrays[ARRAY].astype(np.float32)
    n, _, length = values.shape
    for row in np.flatnonzero(~np.isfinite(values).all(axis=(1, 2))):
        raise FormatError(path, f"row {row + 1} holds a number that is not finite")
    beside = one_hot_path(path) if one_hot is None else one_hot
    codes = _codes(_read(beside)[ARRAY], beside)
    if len(codes) != n or codes.shape[1] != length:
        found = f"{len(codes)} sequences of {codes.shape[1]} bases"
        raise FormatError(beside, f"holds {found}; the attributions of {path} are {n} of {length}")
    for name in arrays.keys() - {ARRAY, "task"}:
        if arrays[name].shape != (n,):
            raise FormatError(path, f"{name} has the shape {arrays[name].shape}; expected ({n},)")
    names = (
        [str(name) for name in arrays["names"]] if "names" in arrays else [f"row{i + 1}" for i in range(n)]
    )
    starts = arrays["start"].astype(np.int64) if "start" in arrays else np.zeros(n, dtype=np.int64)
    places = None
    if {"chrom", "start", "strand"} <= arrays.keys():
        places = ArrayPlaces(
            [str(name) for name in arrays["chrom"]], starts, arrays["strand"].astype(np.int8)
        )
    task = str(arrays["task"]) if "task" in arrays else None
    return AttributionArrays(values, codes, names, starts, task, places)


def _read(path: str, optional: Mapping[str, int] = _NONE) -> dict[str, np.ndarray]:
    """Return ``arr_0`` of an archive, (n, 4, L), and others that it has."""
    with open_input(path) as stream:
        data = read_whole(stream, path)
    with recognising(path, "k-mer table"):
        return _arrays(data, path, optional)


def _arrays(data: bytes, path: str, optional: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Return the arrays of an archive's bytes."""
    if not data.startswith(_ZIP):
        raise FormatError(path, "is no npz file of (n, 4, L)")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            if ARRAY not in archive.files:
                raise ValueError(
                    f"it has no array {ARRAY} (its arrays: {', '.join(archive.files[:5]) or 'none'})"
                )
            wanted = {ARRAY: 3} | {name: optional[name] for name in optional.keys() & set(archive.files)}
            declared_arrays(data, wanted)
            arrays = {name: archive[name] for name in wanted}
        if arrays[ARRAY].dtype.kind not in "fiub":
            raise ValueError(f"{ARRAY} has the type {arrays[ARRAY].dtype}; expected numbers")
        _check_texts(arrays)
    except _ERRORS as error:
        raise FormatError(path, f"is no npz file of (n, 4, L): {' '.join(str(error).split())}") from error
    if arrays[ARRAY].shape[1] != 4 or not len(arrays[ARRAY]):
        raise FormatError(path, f"{ARRAY} has the shape {arrays[ARRAY].shape}; expected (n, 4, L)")
    return arrays


def _check_texts(arrays: dict[str, np.ndarray]) -> None:
    """Raise a ValueError unless names are texts and places whole numbers."""
    for name, kinds in (("names", "US"), ("task", "US"), ("chrom", "US"), ("start", "iu"), ("strand", "iu")):
        if name in arrays and arrays[name].dtype.kind not in kinds:
            raise ValueError(f"{name} has the type {arrays[name].dtype}")


def _codes(one_hot: np.ndarray, path: str) -> Codes:
    """Return codes of one-hot sequences, uint8 (n, L); columns of zeros are N."""
    bits = (one_hot == 0) | (one_hot == 1)
    for row in np.flatnonzero(~bits.all(axis=(1, 2)) | (one_hot.sum(axis=1) > 1).any(axis=1)):
        raise FormatError(path, f"row {row + 1} is not one-hot: expected one 1 a base, or zeros for N")
    return np.where(one_hot.any(axis=1), one_hot.argmax(axis=1), 4).astype(np.uint8)
