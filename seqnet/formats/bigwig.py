"""bigWig tracks, read and written through one guarded process.

The library behind this format crashes its process on some damaged files and on a full disk, and
accepts intervals past a chromosome's end. Here it runs in a child (`_bigwig_worker`) whose death
becomes an error, values are checked before they are sent, and every file is read back whole
before it gets its name.
"""

from __future__ import annotations

import json
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats._open import output_path

_LITTLE_SPACE = 1 << 16
_PATIENCE = 60.0
"""Seconds after which a request about a file being read is given up: the file is damaged."""


class _Worker:
    """A child process that answers requests about one file."""

    def __init__(self, path: str) -> None:
        self._path = path
        command = [sys.executable, "-m", "seqnet.formats._bigwig_worker"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def ask(
        self, op: str, payload: bytes | None = None, patience: float | None = None, **request: object
    ) -> dict[str, Any]:
        """Send a request and return the answer, its payload under ``values``.

        Parameters
        ----------
        patience
            Seconds to wait for the answer; None waits for ever.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        size = {} if payload is None else {"bytes": len(payload)}
        try:
            self._process.stdin.write(json.dumps({"op": op, **request, **size}).encode() + b"\n")
            if payload is not None:
                self._process.stdin.write(payload)
            self._process.stdin.flush()
            if not select.select([self._process.stdout], [], [], patience)[0]:
                raise FormatError(self._path, "the bigWig library does not come to an end with this file")
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        if not answer:
            code = self._process.wait()
            raise FormatError(self._path, f"the bigWig library crashed on this file (status {code})")
        decoded: dict[str, Any] = json.loads(answer)
        if "error" in decoded:
            raise FormatError(self._path, decoded["error"])
        if "bytes" in decoded:
            data = self._process.stdout.read(decoded["bytes"])
            decoded["values"] = np.frombuffer(data, dtype=np.float32)
        return decoded

    def stop(self) -> None:
        """End the child."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


class BigWigReader:
    """An open bigWig file."""

    def __init__(self, worker: _Worker, path: str) -> None:
        self._worker = worker
        self._path = path
        self.lengths: dict[str, int] = {
            name: int(length) for name, length in worker.ask("open", path=path, patience=_PATIENCE)["contigs"]
        }

    def values(self, contig: str, start: int, end: int) -> NDArray[np.float32]:
        """Return the value of each base of an interval, float32 (end - start,), NaN at gaps.

        Raises
        ------
        SeqnetError
            If the interval does not lie on a contig of the file.
        """
        length = self.lengths.get(contig)
        if length is None or not 0 <= start < end <= length:
            has = "no such contig" if length is None else f"{length} bases of it"
            raise SeqnetError(f"{self._path}: asked for {contig}:{start}-{end}; the file has {has}")
        answer = self._worker.ask("values", patience=_PATIENCE, contig=contig, start=start, end=end)
        values: NDArray[np.float32] = answer["values"]
        return values


@contextmanager
def open_bigwig(path: str) -> Iterator[BigWigReader]:
    """Open a bigWig file for reading.

    Raises
    ------
    FormatError
        If it is none, or is damaged.
    """
    with Path(path).open("rb"):  # a missing file is the system's error, not the library's
        worker = _Worker(path)
    try:
        yield BigWigReader(worker, path)
    finally:
        worker.stop()


class BigWigWriter:
    """A bigWig file being written: contigs in header order, each from its start to its end."""

    def __init__(self, worker: _Worker, path: str, lengths: Mapping[str, int]) -> None:
        self._worker = worker
        self._path = path
        self._lengths = dict(lengths)
        self._order = {name: rank for rank, name in enumerate(lengths)}
        self._last = (-1, 0)  # rank of the contig written last, and where its values ended
        self.covered = 0
        """Values written so far, gaps left out."""
        self.gaps = 0
        """Steps left out so far because their value was NaN."""

    def add(self, contig: str, start: int, values: NDArray[np.floating[Any]], step: int = 1) -> None:
        """Write values of consecutive steps from `start` on; NaN leaves a gap.

        The last step may be shorter where the contig ends.

        Raises
        ------
        SeqnetError
            At an infinite value, a position outside the contig, or one before what was written.
        """
        if not len(values):
            return
        single = np.ascontiguousarray(values, dtype=np.float32) + np.float32(0)  # -0 is stored as 0
        end = min(start + step * len(single), self._lengths.get(contig, -1))
        rank = self._order.get(contig, -1)
        if start < 0 or end <= start + step * (len(single) - 1):
            raise SeqnetError(f"{self._path}: {contig}:{start} and on lies outside the chromosome")
        if (rank, start) < self._last:
            raise SeqnetError(f"{self._path}: {contig}:{start} comes after a later position")
        infinite = np.flatnonzero(np.isinf(single))
        if len(infinite):
            place = start + step * int(infinite[0])
            raise SeqnetError(f"{self._path}: the value at {contig}:{place} is infinite")
        self._worker.ask(
            "add", single.tobytes(), contig=contig, start=int(start), step=int(step), end=int(end)
        )
        self._last = (rank, end)
        missing = int(np.isnan(single).sum())
        self.gaps += missing
        self.covered += len(single) - missing


@contextmanager
def write_bigwig(path: str, lengths: Mapping[str, int]) -> Iterator[BigWigWriter]:
    """Write a bigWig file; it appears under its name once it reads back as written.

    Parameters
    ----------
    path
        The file; ``-`` is refused.
    lengths
        Contig names and lengths, in the order in which they will be written.

    Raises
    ------
    SeqnetError
        If nothing was written to it, or the disk is full, or the file does not read back.
    """
    with output_path(path) as temporary:
        worker = _Worker(path)
        try:
            worker.ask("create", path=temporary, contigs=list(lengths.items()))
            writer = BigWigWriter(worker, path, lengths)
            yield writer
            if not writer.covered:
                raise SeqnetError(f"{path}: there is no value to write")
            worker.ask("close")
        except FormatError as error:
            raise _write_error(path, error) from error
        finally:
            worker.stop()


def _write_error(path: str, error: FormatError) -> SeqnetError:
    """Name the cause of a failed write as far as it can be told."""
    with suppress(OSError):
        if shutil.disk_usage(Path(path).resolve().parent).free < _LITTLE_SPACE:
            return SeqnetError(f"{path}: no space left on device")
    return SeqnetError(f"{path}: could not be written ({error.message})")
