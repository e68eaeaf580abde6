"""The process that touches bigWig files for seqnet; see `seqnet.formats.bigwig`.

The bigWig library can bring its process down on damaged files and full disks. So it runs here,
behind a pipe: one JSON line in, followed by ``bytes`` bytes of float32 where it says so; one JSON
line out, likewise. Whatever happens here, the other side sees an answer or the end of the pipe.
"""

from __future__ import annotations

import json
import sys
import time
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
import pyBigWig
from numpy.typing import NDArray

Values = NDArray[np.float32]
Places = NDArray[np.int64]
WINDOW = 1 << 22
"""Bases read at a time when a written file is verified."""
_MANY_RUNS = 64
"""From this many gaps in a stretch on, values are written as single entries instead of runs."""
_CALL = 1024
"""Values per call of the library, an eighth of its buffer."""
_MOST_CPU = 0.3
"""CPU seconds a call may take. The library does not report a write that failed inside a call but
compresses its whole buffer again for every further value; a good call takes a millisecond."""


class _Written:
    """What was written to one contig, in a form that reading it back can be compared with."""

    def __init__(self) -> None:
        self.checksum = 0
        self.edges: list[NDArray[np.int64]] = []

    def add(self, start: int, dense: Values) -> None:
        """Take in the value of each base from `start` on, NaN at gaps."""
        there = np.concatenate([[False], ~np.isnan(dense), [False]])
        self.edges.append(start + np.flatnonzero(there[1:] != there[:-1]))
        self.checksum = zlib.crc32(dense[there[1:-1]].tobytes(), self.checksum)

    def summary(self) -> tuple[int, bytes]:
        """Return checksum of the values and the edges of covered stretches, adjacent ones joined."""
        edges = np.concatenate(self.edges) if self.edges else np.empty(0, np.int64)
        distinct, times = np.unique(edges, return_counts=True)
        return self.checksum, distinct[times == 1].tobytes()


class Worker:
    """Answers requests about one bigWig file."""

    def __init__(self) -> None:
        self._file: Any = None
        self._path = ""
        self._contigs: dict[str, int] = {}
        self._written: dict[str, _Written] = {}

    def open(self, path: str) -> dict[str, Any]:
        """Open a file for reading."""
        self._file = pyBigWig.open(path)
        if not self._file.isBigWig():
            raise RuntimeError("is not a bigWig file")
        return {"contigs": list(self._file.chroms().items())}

    def values(self, contig: str, start: int, end: int) -> Values:
        """Return one value per base, NaN where there is none."""
        dense = self._file.values(contig, start, end, numpy=True)
        return np.asarray(dense, dtype=np.float32)

    def create(self, path: str, contigs: list[tuple[str, int]]) -> dict[str, Any]:
        """Begin a file."""
        self._path, self._contigs = path, dict(contigs)
        self._file = pyBigWig.open(path, "w")
        self._file.addHeader(list(self._contigs.items()))
        return {}

    def add(self, contig: str, start: int, step: int, end: int, values: Values) -> dict[str, Any]:
        """Add values of consecutive steps; NaN leaves a gap, the last step may be cut at `end`."""
        there = np.concatenate([[False], ~np.isnan(values), [False]])
        edges = np.flatnonzero(there[1:] != there[:-1])
        starts = start + step * np.arange(len(values), dtype=np.int64)
        ends = np.minimum(starts + step, end)
        cut = bool(len(values)) and ends[-1] - starts[-1] < step
        if len(edges) > 2 * _MANY_RUNS or cut:
            self._add_entries(contig, starts, ends, values, np.flatnonzero(there[1:-1]))
        else:
            for first, past in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
                self._add_run(contig, int(starts[first]), step, values[first:past])
        dense = np.repeat(values, step)[: end - start] if step > 1 else values
        self._written.setdefault(contig, _Written()).add(start, dense)
        return {}

    def _add_run(self, contig: str, start: int, step: int, values: Values) -> None:
        """Write values without gaps."""
        for first in range(0, len(values), _CALL):
            block = values[first : first + _CALL].astype(np.float64)
            self._call(contig, start + first * step, values=block, span=step, step=step)

    def _add_entries(self, contig: str, starts: Places, ends: Places, values: Values, kept: Places) -> None:
        """Write the kept values as entries of their own."""
        for first in range(0, len(kept), _CALL):
            rows = kept[first : first + _CALL]
            names = np.full(len(rows), contig)
            self._call(names, starts[rows], ends=ends[rows], values=values[rows])

    def _call(self, *args: object, **options: object) -> None:
        """Add entries, and notice when they could not be written."""
        begun = time.process_time()
        self._file.addEntries(*args, **options)
        if time.process_time() - begun > _MOST_CPU:
            raise RuntimeError("writing fails")

    def close(self) -> dict[str, Any]:
        """Finish the file, read it back, and say whether it holds what was added."""
        self._file.close()
        self._file = pyBigWig.open(self._path)
        if dict(self._file.chroms()) != self._contigs:
            raise RuntimeError("the file does not read back")
        for contig, written in self._written.items():
            found = _Written()
            for start in range(0, self._contigs[contig], WINDOW):
                end = min(start + WINDOW, self._contigs[contig])
                found.add(start, self.values(contig, start, end))
            if found.summary() != written.summary():
                raise RuntimeError(f"{contig} does not read back as written")
        return {}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    worker = Worker()
    for line in iter(requests.readline, b""):
        request = json.loads(line)
        count = request.pop("bytes", None)
        if count is not None:
            request["values"] = np.frombuffer(requests.read(count), dtype=np.float32)
        answer, payload = _answer(getattr(worker, request.pop("op")), request)
        answers.write(json.dumps(answer).encode() + b"\n" + payload)
        answers.flush()


def _answer(method: Callable[..., Any], request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Call a method; return its answer, or its error, and a payload."""
    try:
        result = method(**request)
    except Exception as error:  # whatever the library raises is the answer
        return {"error": str(error) or type(error).__name__}, b""
    if isinstance(result, np.ndarray):
        payload = result.tobytes()
        return {"bytes": len(payload)}, payload
    return result, b""


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
