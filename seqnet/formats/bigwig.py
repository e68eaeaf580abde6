"""bigWig tracks, read and written.

The library that reads this format crashes its process on some damaged files. Here it runs in a
child (`_bigwig_worker`) whose death becomes an error, one for file after file. Files are written without it
(`_bigwig_file`), from values that were checked, and read back whole by it before they get their
name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import disk_usage
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.errors import FormatError, SeqnetError
from seqnet.formats._bigwig_file import BigWigFile
from seqnet.formats._child import Child, lent_child
from seqnet.formats._open import BUFFER, output_path
from seqnet.formats._track_checksum import TrackChecksum, value_bits

WINDOW = 1 << 22
"""Bases asked for at a time."""
_PIECE = 1 << 20
"""Values looked at at a time."""
_LITTLE_SPACE = 1 << 16


class BigWigReader:
    """An open bigWig file."""

    def __init__(self, child: Child, path: str) -> None:
        self._child = child
        self._path = path
        contigs = child.ask("open", path=str(Path(path).absolute()))["contigs"]
        self.lengths: dict[str, int] = {name: int(length) for name, length in contigs}

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
        values = np.empty(end - start, dtype=np.float32)
        for first in range(start, end, WINDOW):
            part = values[first - start : min(first + WINDOW, end) - start]
            answer = self._child.ask("values", contig=contig, start=first, end=first + len(part))
            if answer["bytes"] != part.nbytes:
                raise FormatError(self._path, f"{contig} does not have the values it should have")
            self._child.receive(part)
        return values

    def checksum(self, contig: str) -> tuple[int, int]:
        """Return what `TrackChecksum.summary` is for the values of a whole contig."""
        places, values = self._child.ask("checksum", patience=None, contig=contig)["checksum"]
        return places, values


@contextmanager
def open_bigwig(path: str) -> Iterator[BigWigReader]:
    """Open a bigWig file for reading.

    Raises
    ------
    FormatError
        If it is none, or is damaged.
    """
    with Path(path).open("rb"):  # a missing file is the system's error, not the library's
        pass
    with lent_child("seqnet.formats._bigwig_worker", path, "the bigWig library") as child:
        yield BigWigReader(child, path)


class BigWigWriter:
    """A bigWig file being written: contigs in header order, each from its start to its end."""

    def __init__(self, file: BigWigFile, path: str, lengths: Mapping[str, int], *, gaps: bool) -> None:
        self._file = file
        self._path = path
        self._lengths = dict(lengths)
        self._order = {name: rank for rank, name in enumerate(lengths)}
        self._last = (-1, 0)  # rank of the contig written last, and where its values ended
        self._gaps_allowed = gaps
        self.checksums: dict[str, TrackChecksum] = {}
        """Of what was written, by contig."""
        self.covered = 0
        """Values written so far, gaps left out."""
        self.gaps = 0
        """Steps left out so far because their value was NaN."""

    def add(self, contig: str, start: int, values: NDArray[np.floating[Any]], step: int = 1) -> None:
        """Write values of consecutive steps from `start` on; NaN leaves a gap where gaps are allowed.

        The last step may be shorter where the contig ends.

        Raises
        ------
        SeqnetError
            At a value that is infinite, or NaN and no gap, a position outside the contig, or one
            before what was written.
        """
        if not len(values):
            return
        end = self._check_place(contig, start, start + step * (len(values) - 1), start + step * len(values))
        for first in range(0, len(values), _PIECE):
            piece = values[first : first + _PIECE]
            starts = start + step * np.arange(first, first + len(piece), dtype=np.int64)
            ends = np.minimum(starts + step, end)
            single, missing = self._checked(contig, starts, piece)
            checksum = self.checksums.setdefault(contig, TrackChecksum())
            checksum.add_steps(int(starts[0]), value_bits(single), step, int(ends[-1]))
            if missing.any():
                there = ~missing
                starts, ends, single = starts[there], ends[there], single[there]
            self._write(contig, starts, ends, single, len(piece) - len(single))

    def add_runs(self, contig: str, starts: Ints, ends: Ints, values: NDArray[np.floating[Any]]) -> None:
        """Write values of intervals, sorted and apart: (n,) each; what lies between is a gap.

        Raises
        ------
        SeqnetError
            As `add`; or if the intervals are empty or not sorted.
        """
        if not len(values):
            return
        end = int(ends[-1])
        if np.any(starts >= ends) or np.any(ends[:-1] > starts[1:]):
            raise SeqnetError(f"{self._path}: intervals of {contig} are empty, or not sorted")
        self._check_place(contig, int(starts[0]), end - 1, end)
        single, missing = self._checked(contig, starts, values)
        if missing.any():
            there = ~missing
            starts, ends, single = starts[there], ends[there], single[there]
        if len(single):
            checksum = self.checksums.setdefault(contig, TrackChecksum())
            checksum.add_runs(starts, ends, value_bits(single))
        self._write(contig, starts, ends, single, int(missing.sum()))

    def _check_place(self, contig: str, start: int, last: int, end: int) -> int:
        """Refuse places outside the contig or before what was written; return the end within it."""
        length, rank = self._lengths.get(contig, -1), self._order.get(contig, -1)
        if start < 0 or last >= length:
            raise SeqnetError(f"{self._path}: {contig}:{start} and on lies outside the chromosome")
        if (rank, start) < self._last:
            raise SeqnetError(f"{self._path}: {contig}:{start} comes after a later position")
        self._last = (rank, min(end, length))
        return min(end, length)

    def _checked(
        self, contig: str, starts: Ints, values: NDArray[np.floating[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return values as float32 and which are gaps; refuse what may not be written."""
        single = np.ascontiguousarray(values, dtype=np.float32) + np.float32(0)  # -0 is stored as 0
        missing = np.isnan(single)
        wrong = np.isinf(single) if self._gaps_allowed else ~np.isfinite(single)
        if wrong.any():
            row = int(np.argmax(wrong))
            what = "no number" if missing[row] else "infinite"
            raise SeqnetError(f"{self._path}: the value at {contig}:{int(starts[row])} is {what}")
        return single, missing

    def _write(self, contig: str, starts: Ints, ends: Ints, values: NDArray[np.float32], gaps: int) -> None:
        """Write checked values."""
        if len(values):
            self._file.add(self._order[contig], starts, ends, values)
        self.gaps += gaps
        self.covered += len(values)


@contextmanager
def write_bigwig(path: str, lengths: Mapping[str, int], *, gaps: bool = False) -> Iterator[BigWigWriter]:
    """Write a bigWig file; it appears under its name once it reads back as written.

    Parameters
    ----------
    path
        The file; ``-`` is refused.
    lengths
        Contig names and lengths, in the order in which they will be written.
    gaps
        Whether NaN leaves a gap; it is an error otherwise.

    Raises
    ------
    SeqnetError
        If nothing was written to it, or the disk is full, or the file does not read back.
    """
    with output_path(path) as temporary:
        try:
            with (
                Path(temporary).open("w+b", buffering=BUFFER) as stream,
                _bigwig_file(stream, Path(temporary).parent, lengths) as file,
            ):
                writer = BigWigWriter(file, path, lengths, gaps=gaps)
                yield writer
                if not writer.covered:
                    raise SeqnetError(f"{path}: there is no value to write")
                file.finish()
            _verify(temporary, dict(lengths), writer.checksums)
        except FormatError as error:
            raise _write_error(path, error) from error
        except OSError as error:
            error.filename = error.filename or path
            raise


@contextmanager
def _bigwig_file(stream: BinaryIO, folder: Path, lengths: Mapping[str, int]) -> Iterator[BigWigFile]:
    """Lend the writer of a file's bytes and clean up behind it."""
    file = BigWigFile(stream, folder, lengths)
    try:
        yield file
    finally:
        file.discard()


def _verify(path: str, lengths: dict[str, int], checksums: Mapping[str, TrackChecksum]) -> None:
    """Read a file back and compare it with what was written."""
    with open_bigwig(path) as reader:
        if reader.lengths != lengths:
            raise FormatError(path, "the file does not read back")
        for contig, length in lengths.items():
            written = checksums.get(contig, TrackChecksum()).summary(length)
            if reader.checksum(contig) != written:
                raise FormatError(path, f"{contig} does not read back as written")


def _write_error(path: str, error: FormatError) -> SeqnetError:
    """Name the cause of a failed write as far as it can be told."""
    with suppress(OSError):
        if disk_usage(Path(path).resolve().parent).free < _LITTLE_SPACE:
            return SeqnetError(f"{path}: no space left on device")
    return SeqnetError(f"{path}: could not be written ({error.message})")
