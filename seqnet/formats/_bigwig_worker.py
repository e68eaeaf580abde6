"""The process that touches bigWig and bigBed files for seqnet; see `seqnet.formats.bigwig`.

The bigWig library can bring its process down on damaged files. So it runs here, behind a pipe: one
JSON line in; one JSON line out, followed by ``bytes`` bytes of float32 where it says so. Whatever
happens here, the other side sees an answer or the end of the pipe.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
import pyBigWig
from numpy.typing import NDArray

from seqnet.formats._track_checksum import TrackChecksum, value_bits

Values = NDArray[np.float32]
WINDOW = 1 << 20
"""Bases read at a time when a written file is verified."""


class Worker:
    """Answers requests about one file at a time."""

    def __init__(self) -> None:
        self._file: Any = None

    def open(self, path: str) -> dict[str, Any]:
        """Open a file for reading."""
        self._file = pyBigWig.open(path)
        if not self._file.isBigWig():
            raise RuntimeError("is not a bigWig file")
        return {"contigs": list(self._file.chroms().items())}

    def open_bed(self, path: str) -> dict[str, Any]:
        """Open a bigBed file for reading."""
        self._file = pyBigWig.open(path)
        if not self._file.isBigBed():
            raise RuntimeError("is not a bigBed file")
        return {"contigs": list(self._file.chroms().items())}

    def close(self) -> dict[str, Any]:
        """Be done with a file."""
        self._file.close()
        self._file = None
        return {}

    def entries(self, contig: str) -> dict[str, Any]:
        """Return start, end and the other columns of each entry of a contig."""
        return {"entries": self._file.entries(contig, 0, self._file.chroms(contig)) or []}

    def values(self, contig: str, start: int, end: int) -> Values:
        """Return one value per base, NaN where there is none."""
        dense = self._file.values(contig, start, end, numpy=True)
        return np.asarray(dense, dtype=np.float32)

    def checksum(self, contig: str) -> dict[str, Any]:
        """Read a whole contig and return the checksums of its values."""
        length = self._file.chroms(contig)
        found = TrackChecksum()
        for start in range(0, length, WINDOW):
            end = min(start + WINDOW, length)
            found.add_steps(start, value_bits(self.values(contig, start, end)), 1, end)
        return {"checksum": found.summary(length)}


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


def _answer(method: Callable[..., Any], request: dict[str, Any]) -> tuple[dict[str, Any], Values | None]:
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
