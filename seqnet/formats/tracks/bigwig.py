"""bigWig tracks, read and written.

The library that reads this format crashes its process on some damaged files. Here it runs in a
child (`_bigwig_worker`) whose death becomes an error, one for file after file. Files are written without it
(`_bigwig_file`), from values that were checked, and read back whole by it before they get their
name.
"""

from __future__ import annotations

import io
import stat
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice, takewhile
from pathlib import Path
from shutil import disk_usage
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.errors import FormatError, SeqnetError
from seqnet.formats import FORMATS
from seqnet.formats.files.opening import output_path
from seqnet.formats.files.sandbox import Child, lent_child, path_in_child
from seqnet.formats.files.sniff import expecting
from seqnet.formats.files.temporary import BUFFER, NamedFile, errors_named
from seqnet.formats.tracks.bigwig_file import BigWigFile
from seqnet.formats.tracks.bigwig_writer import BigWigWriter
from seqnet.formats.tracks.track_checksum import TrackChecksum
from seqnet.genome.intervals import batches

BIGWIG, BIGBED = FORMATS["bigwig"].magic, FORMATS["bigbed"].magic
_LOOKED_AT = 1 << 16
_GZIP = b"\x1f\x8b"
_TRACK_OF_READS = "make a track of its reads with 'seqnet coverage'"
WINDOW = 1 << 22
"""Bases read at a time."""
_CONTIGS = 256
"""Contigs looked up at a time."""
_SHORT = 1 << 14
"""Bases of a contig that is read whole."""
_TOGETHER = 1 << 20
"""Bases of intervals that one request is about; a longer interval has a request for itself."""
_BLOCK = 1 << 10
"""Values that may have to be unpacked to read a single one, counted as bases of an interval."""
_LITTLE_SPACE = 1 << 16


class BigWigReader:
    """An open bigWig file."""

    def __init__(self, child: Child, path: str) -> None:
        self._child = child
        self._path = path
        answer = child.ask("open", path=path_in_child(path))
        self.lengths: dict[str, int] = {name: int(length) for name, length in answer["contigs"]}
        self._indexed = bool(answer["indexed"])  # without the library, which might crash on the next contig
        self._ranks = {name: rank for rank, name in enumerate(self.lengths)}
        self._last = -1  # the contig that was read last
        self._ahead: dict[str, NDArray[np.float32]] = {}

    def values(self, contig: str, start: int, end: int) -> NDArray[np.float32]:
        """Return the value of each base of an interval, float32 (end - start,), NaN at gaps.

        Raises
        ------
        SeqnetError
            If the interval does not lie on a contig of the file.
        """
        self._require_place(contig, start, end)
        if self._indexed and self.lengths[contig] <= _SHORT:
            return self._of_short(contig)[start:end].copy()
        values = np.empty(end - start, dtype=np.float32)
        self._fill(values, contig, start)
        return values

    def values_of(self, contigs: Sequence[str], starts: Ints, ends: Ints) -> NDArray[np.float32]:
        """Return what `values` does for each of n intervals, one behind the other: float32 (sum of sizes,).

        Of a file of many contigs it reads many intervals in one request.

        Raises
        ------
        SeqnetError
            As `values` does.
        """
        for place in zip(contigs, starts.tolist(), ends.tolist(), strict=True):
            self._require_place(*place)
        sizes = ends - starts
        offsets = np.concatenate([[0], np.cumsum(sizes)]).tolist()
        values = np.empty(offsets[-1], dtype=np.float32)
        # without an index there is a request for each interval
        cost = sizes + _BLOCK if self._indexed else np.full(len(sizes), _TOGETHER)
        for begin, stop in batches(cost, _TOGETHER):
            part = values[offsets[begin] : offsets[stop]]
            if stop - begin > 1:
                self._fill_several(part, contigs[begin:stop], starts[begin:stop], ends[begin:stop])
            else:
                self._fill(part, contigs[begin], int(starts[begin]))
        return values

    def _require_place(self, contig: str, start: int, end: int) -> None:
        """Raise unless an interval lies on a contig of the file."""
        length = self.lengths.get(contig)
        if length is None or not 0 <= start < end <= length:
            has = "no such contig" if length is None else f"{length} bases of it"
            raise SeqnetError(f"{self._path}: cannot read {contig}:{start}-{end}; the file has {has}")

    def _fill(self, values: NDArray[np.float32], contig: str, start: int) -> None:
        """Read the values of the bases of a contig from `start` on."""
        for first in range(0, len(values), WINDOW):
            part = values[first : first + WINDOW]
            begin = start + first
            answer = self._child.ask("values", contig=contig, start=begin, end=begin + len(part))
            if answer["bytes"] != part.nbytes:
                raise FormatError(self._path, f"{contig} does not have the values it should have")
            self._child.receive(part)

    def _fill_several(
        self, values: NDArray[np.float32], contigs: Sequence[str], starts: Ints, ends: Ints
    ) -> None:
        """Read the values of several intervals of an indexed file in one request."""
        edges = np.cumsum(ends - starts).tolist()
        size = self._ask_several(contigs, starts, ends)
        if size not in edges:
            raise FormatError(self._path, f"{contigs[0]} does not have the values it should have")
        self._child.receive(values[:size])
        if size < edges[-1]:  # reading the damaged one behind them is an error that says so
            damaged = edges.index(size) + 1
            self._fill(values[size : edges[damaged]], contigs[damaged], int(starts[damaged]))
            raise FormatError(self._path, f"{contigs[damaged]} does not have the values it should have")

    def _ask_several(self, contigs: Sequence[str], starts: Ints, ends: Ints) -> int:
        """Request the values of intervals of an indexed file; return how many come, up to a damaged one."""
        numbers = [self._ranks[name] for name in contigs]
        answer = self._child.ask("several", contigs=numbers, starts=starts.tolist(), ends=ends.tolist())
        return int(answer["bytes"]) // np.dtype(np.float32).itemsize

    def _of_short(self, contig: str) -> NDArray[np.float32]:
        """Return the values of a whole short contig.

        Where contigs are read one after another, the next ones are read in the same request: a
        request takes longer than reading a few hundred values.
        """
        rank = self._ranks[contig]
        if contig not in self._ahead:
            names = [contig]
            if rank == self._last + 1:
                following = islice(self.lengths.items(), rank + 1, rank + _CONTIGS)
                names += [name for name, _ in takewhile(lambda item: item[1] <= _SHORT, following)]
            self._ahead = self._read(names)
        self._last = rank
        return self._ahead[contig]

    def _read(self, contigs: list[str]) -> dict[str, NDArray[np.float32]]:
        """Return the values of whole contigs: of the first, and of those behind it up to a damaged one."""
        sizes = np.array([self.lengths[name] for name in contigs])
        edges = np.cumsum(sizes).tolist()
        size = self._ask_several(contigs, np.zeros_like(sizes), sizes)
        if size not in edges:
            raise FormatError(self._path, f"{contigs[0]} does not have the values it should have")
        values = np.empty(size, dtype=np.float32)
        self._child.receive(values)
        begins = [0, *edges[:-1]]
        return {name: values[begin:end] for name, begin, end in zip(contigs, begins, edges, strict=True)
                if end <= size}  # fmt: skip

    def checksums(self, contigs: Sequence[str]) -> list[tuple[int, int]]:
        """Return what `TrackChecksum.summary` is for the values of each of some whole contigs."""
        checksums = self._child.ask("checksums", patience=None, contigs=list(contigs))["checksums"]
        return [(places, values) for places, values in checksums]


@contextmanager
def open_bigwig(path: str) -> Iterator[BigWigReader]:
    """Open a bigWig file for reading.

    Raises
    ------
    FormatError
        If it is none, or is damaged.
    """
    require_bigwig(path)
    with lent_child("seqnet.formats.tracks.bigwig_worker", path, "the bigWig library") as child:
        with expecting(path, "bigwig"):
            reader = BigWigReader(child, path)
        yield reader


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
        with (
            io.BufferedRandom(NamedFile(temporary, path, "w+b"), BUFFER) as stream,
            _bigwig_file(cast("BinaryIO", stream), Path(temporary).parent, lengths) as file,
        ):
            writer = BigWigWriter(file, path, lengths, gaps=gaps)
            yield writer  # errors in here are of other files
            if not writer.covered:
                raise SeqnetError(f"{path}: there is no value to write")
            with errors_named(path):
                file.finish()
        try:
            _verify(temporary, dict(lengths), writer.checksums.summaries())
        except FormatError as error:
            raise _write_error(path, error) from error


@contextmanager
def _bigwig_file(stream: BinaryIO, folder: Path, lengths: Mapping[str, int]) -> Iterator[BigWigFile]:
    """Yield the writer of a file's bytes and clean up behind it."""
    file = BigWigFile(stream, folder, lengths)
    try:
        yield file
    finally:
        file.discard()


def _verify(path: str, lengths: dict[str, int], checksums: Mapping[str, tuple[int, int]]) -> None:
    """Read a file back and compare it with what was written."""
    with open_bigwig(path) as reader:
        if reader.lengths != lengths:
            raise FormatError(path, "the file does not read back")
        names, nothing = list(lengths), TrackChecksum().summary(0)
        for first in range(0, len(names), _CONTIGS):
            some = names[first : first + _CONTIGS]
            for contig, found in zip(some, reader.checksums(some), strict=True):
                if found != checksums.get(contig, nothing):
                    raise FormatError(path, f"{contig} does not read back as written")


def _write_error(path: str, error: FormatError) -> SeqnetError:
    """Name the cause of a failed write as far as it is known."""
    with suppress(OSError):
        if disk_usage(Path(path).resolve().parent).free < _LITTLE_SPACE:
            return SeqnetError(f"{path}: no space left on device")
    return SeqnetError(f"{path}: could not be written ({error.message})")


# ---- what a file is that was given as a bigWig ------------------------------------------------


def require_bigwig(path: str) -> None:
    """Make sure that a file begins as bigWig does.

    Raises
    ------
    FormatError
        Naming what it is instead, and what to do.
    OSError
        If it cannot be opened.
    """
    with Path(path).open("rb") as stream:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise FormatError(path, "is a pipe or device; a bigWig is not read front to back: name a file")
        start = stream.read(_LOOKED_AT)
    if not start.startswith(BIGWIG):
        raise FormatError(path, _what_it_is(start))


def _what_it_is(start: bytes) -> str:
    """Return what a file is, by its first bytes."""
    from seqnet.formats.reads.bam import alignment_kind

    if not start:
        return "is empty; expected bigWig"
    if kind := alignment_kind(start):
        return f"is not a bigWig file but {kind}; {_TRACK_OF_READS}"
    if start.startswith(BIGBED):
        return "is not a bigWig file but bigBed, which has intervals and no track of values"
    if not start.startswith(_GZIP):
        return _which_text(start, "")
    try:
        inner = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(start, _LOOKED_AT)
    except zlib.error:
        inner = b"\0"
    if inner.startswith(BIGWIG):
        return "is a compressed bigWig file; decompress it first"
    return _which_text(inner, "compressed ")


def _which_text(start: bytes, how: str) -> str:
    """Return what a file is that may be text."""
    lines = [line for line in start.decode("latin-1").splitlines() if line.strip()]
    rows = [line.split() for line in lines if not line.startswith(("#", "browser", "track"))]
    first = (rows or [[""]])[0]
    if "\0" in start.decode("latin-1") or not lines:
        return "is not a bigWig file"
    if first[0] in ("fixedStep", "variableStep"):
        return f"is not a bigWig file but {how}wiggle text; convert it with wigToBigWig"
    if len(first) >= 3 and first[1].isdecimal() and first[2].isdecimal():
        if len(first) == 4 and _is_number(first[3]):
            return f"is not a bigWig file but {how}bedGraph; convert it with bedGraphToBigWig"
        return f"is not a bigWig file but {how}BED; if its rows are reads, {_TRACK_OF_READS}"
    return f"is not a bigWig file but {how}text"


def _is_number(text: str) -> bool:
    """Return whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
