"""The process that touches bigWig and bigBed files for seqnet; see `seqnet.formats.tracks.bigwig`.

The bigWig library can bring its process down on damaged files. So it runs here, behind a pipe: one
JSON line in; one JSON line out, followed by ``bytes`` bytes of float32 where it says so. Whatever
happens here, the other side sees an answer or the end of the pipe.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

import numpy as np
import pyBigWig
from numpy.typing import NDArray

from seqnet.aliases import Json
from seqnet.formats.tracks.bigwig_blocks import BlockIndex
from seqnet.formats.tracks.track_checksum import TrackChecksum, value_bits

Values = NDArray[np.float32]
WINDOW = 1 << 20
"""Bases read at a time when a written file is verified."""
MANY = 1000
"""From so many contigs on the library's way to find one by its name costs more than reading the index."""
_DAMAGE = (ValueError, OverflowError, struct.error, zlib.error)


class Worker:
    """Answers requests about one file at a time."""

    def __init__(self) -> None:
        self._file: Any = None
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._lengths: list[int] = []
        self._index: BlockIndex | None = None

    def open(self, path: str) -> Json:
        """Open a file for reading."""
        self._file = _opened(path)
        if not self._file.isBigWig():
            raise RuntimeError("is not a bigWig file")
        contigs = list(self._file.chroms().items())
        if len(contigs) >= MANY:
            self._read_index(path, contigs)
        return {"contigs": contigs, "indexed": self._index is not None}

    def _read_index(self, path: str, contigs: list[tuple[str, int]]) -> None:
        """Prepare to find contigs without the library; what has an index of another kind is left to it."""
        self._names = [name for name, _ in contigs]
        self._numbers = {name: number for number, (name, _) in enumerate(contigs)}
        self._lengths = [length for _, length in contigs]
        with suppress(ValueError, OSError, OverflowError, MemoryError, struct.error):
            self._index = BlockIndex(path, len(contigs))

    def open_bed(self, path: str) -> Json:
        """Open a bigBed file for reading."""
        self._file = _opened(path)
        if not self._file.isBigBed():
            raise RuntimeError("is not a bigBed file")
        return {"contigs": list(self._file.chroms().items())}

    def close(self) -> Json:
        """Be done with a file."""
        self._file.close()
        if self._index is not None:
            self._index.close()
        self._file = self._index = None
        return {}

    def entries(self, contig: str) -> Json:
        """Return start, end and the other columns of each entry of a contig."""
        return {"entries": self._file.entries(contig, 0, self._file.chroms(contig)) or []}

    def values(self, contig: str, start: int, end: int) -> Values:
        """Return one value per base, NaN where there is none."""
        if self._index is not None:
            with _damage_named(contig):
                return self._index.values(self._numbers[contig], start, end)
        dense = self._file.values(contig, start, end, numpy=True)
        return np.asarray(dense, dtype=np.float32)

    def several(self, contigs: list[int], starts: list[int], ends: list[int]) -> Values:
        """Return the values of intervals of an indexed file, up to one that is damaged.

        The first one's damage is an error. Contigs are given by number.
        """
        assert self._index is not None
        with suppress(*_DAMAGE):
            return self._index.values_of(*(np.array(part, np.int64) for part in (contigs, starts, ends)))
        parts: list[Values] = []  # one by one: what cannot be laid out together may yet be read
        for number, start, end in zip(contigs, starts, ends, strict=True):
            try:
                parts.append(self._index.values(number, start, end))
            except _DAMAGE as error:
                if not parts:
                    raise _damaged(self._names[number], error) from error
                break
        return np.concatenate(parts)

    def checksums(self, contigs: list[str]) -> Json:
        """Read whole contigs and return the checksums of their values."""
        if self._index is None:
            return {"checksums": [self._checksum(contig) for contig in contigs]}
        numbers = [self._numbers[contig] for contig in contigs]
        with _damage_named(contigs[0]):
            return {"checksums": self._index.summaries(numbers, [self._lengths[n] for n in numbers])}

    def _checksum(self, contig: str) -> tuple[int, int]:
        """Read a whole contig and return the checksums of its values."""
        length = self._file.chroms(contig)
        checksum = TrackChecksum()
        for start in range(0, length, WINDOW):
            end = min(start + WINDOW, length)
            checksum.add_steps(start, value_bits(self.values(contig, start, end)), 1, end)
        return checksum.summary(length)


@contextmanager
def _damage_named(contig: str) -> Iterator[None]:
    """Say of an error in a block of a contig what the library's own errors say."""
    try:
        yield
    except _DAMAGE as error:
        raise _damaged(contig, error) from error


def _damaged(contig: str, error: Exception) -> RuntimeError:
    """Return the error of a contig that has a damaged block."""
    return RuntimeError(f"is damaged at {contig}: {error}")


def _opened(path: str) -> Any:
    """Open a file whose first bytes are right; the library's own message says nothing."""
    try:
        return pyBigWig.open(path)
    except RuntimeError as error:
        raise RuntimeError("is damaged or cut off: it cannot be opened") from error


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    worker = Worker()
    for line in iter(requests.readline, b""):
        request = json.loads(line)
        answer, payload = _answer(getattr(worker, request.pop("op")), request)
        answers.write(json.dumps(answer).encode() + b"\n")
        if payload is not None:
            answers.write(payload.data)
        answers.flush()


def _answer(method: Callable[..., Json | Values], request: Json) -> tuple[Json, Values | None]:
    """Call a method; return its answer, or its error, and a payload."""
    try:
        result = method(**request)
    except Exception as error:  # whatever the library raises is the answer
        return {"error": str(error) or type(error).__name__}, None
    if isinstance(result, np.ndarray):
        return {"bytes": result.nbytes}, result
    return result, None


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
