"""Finished parts of a long computation in a folder, so that it can go on after it was cut off."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Json
from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.files.opening import open_output

_IDENTITY = "parts.json"


class Parts:
    """Tables of float32 (rows, T), one a part, each there only when it is whole.

    Parameters
    ----------
    folder
        Made when it is not there.
    identity
        What the parts' values depend on; it is stored with them.

    Raises
    ------
    SeqnetError
        If the folder holds parts of something else, naming what differs, or files of another kind.
    """

    def __init__(self, folder: str, identity: Json) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _IDENTITY
        text = json.dumps(identity, indent=1, sort_keys=True) + "\n"
        if path.exists():
            _compare(str(path), json.loads(text))
        elif any(not entry.name.startswith(".") for entry in self._folder.iterdir()):
            raise SeqnetError(f"{folder}: holds other files; choose an empty folder")
        else:
            with open_output(str(path), at_once=True) as stream:
                stream.write(text.encode())

    def _path(self, number: int) -> Path:
        """Return a part's file."""
        return self._folder / f"{number}.f32"

    def has(self, number: int, rows: int, columns: int) -> bool:
        """Return whether a part is there with this size."""
        path = self._path(number)
        return path.exists() and path.stat().st_size == 4 * rows * columns

    def write(self, number: int, chunks: Iterable[NDArray[np.float32]]) -> None:
        """Write a part, (rows, T) pieces of it at a time."""
        with open_output(str(self._path(number)), at_once=True) as stream:
            stream.writelines(np.ascontiguousarray(chunk, dtype="<f4").tobytes() for chunk in chunks)

    def read(self, number: int, columns: int, rows_at_once: int) -> Iterator[NDArray[np.float32]]:
        """Yield a part piece by piece, float32 (up to `rows_at_once`, columns)."""
        with self._path(number).open("rb") as stream:
            while data := stream.read(4 * columns * rows_at_once):
                yield np.frombuffer(data, dtype="<f4").reshape(-1, columns)

    def remove(self) -> None:
        """Remove the parts, and the folder if nothing else is in it."""
        for path in [*self._folder.glob("*.f32"), self._folder / _IDENTITY]:
            path.unlink(missing_ok=True)
        if not any(self._folder.iterdir()):
            self._folder.rmdir()


def _compare(path: str, wanted: Json) -> None:
    """Refuse parts that were computed from something else."""
    try:
        stored = json.loads(Path(path).read_text())
    except (ValueError, RecursionError) as error:
        raise FormatError(path, f"is no JSON: {error}") from error
    if not isinstance(stored, dict):
        raise FormatError(path, "is no JSON object")
    for key in sorted(stored.keys() | wanted.keys()):
        if stored.get(key) != wanted.get(key):
            change = f"{key} was {stored.get(key)!r} and is {wanted.get(key)!r}"
            raise SeqnetError(f"{Path(path).parent}: holds parts of another run: {change}")
