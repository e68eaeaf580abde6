"""Signal tracks kept as plain arrays between runs, mapped into memory.

A cache file holds float32 values, contig after contig, NaN at gaps, then one JSON object and where
it begins. Its name is made of the track's path, size and modification time; the track's own hash and that
of the values are stored inside, for verification.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints, Json
from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.files.checksummed import file_digest
from seqnet.formats.files.opening import open_output
from seqnet.formats.tracks.bigwig import BigWigReader, open_bigwig
from seqnet.genome.signals.layout import Layout, whole_contigs
from seqnet.genome.signals.tracks import STEP
from seqnet.reporting import warn

VARIABLE = "SEQNET_CACHE"
SCHEMA_VERSION = 1
WORTH_READING_WHOLE = 0.1
"""Share of a track's bases from which on it is read whole and kept."""
_MAGIC = b"SQNTRACK"
_TAIL = 16  # where the JSON begins, eight bytes, and the magic


def cache_folder(option: str | None = None) -> Path:
    """Return where caches go: the option, else ``SEQNET_CACHE``, else the user's cache folder."""
    named = option or os.environ.get(VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "seqnet"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "seqnet"


class CachedTrack(NamedTuple):
    """A track mapped into memory; a source of `seqnet.genome.signals.tracks.load_track`."""

    mapped: NDArray[np.float32]
    """float32, contig after contig, NaN at gaps; read-only."""
    layout: Layout
    path: str
    """The cache file."""
    size: int
    """Its bytes."""

    @property
    def lengths(self) -> Mapping[str, int]:
        """Contig name to length in bases."""
        return self.layout.lengths

    def values(self, contig: str, start: int, end: int) -> NDArray[np.float32]:
        """Return the value of each base of an interval, float32 (end - start,), NaN at gaps."""
        self._require_place(contig, start, end)
        offset = int(self.layout.offsets[list(self.lengths).index(contig)])
        return self.mapped[offset + start : offset + end]

    def values_of(self, contigs: Sequence[str], starts: Ints, ends: Ints) -> NDArray[np.float32]:
        """Return what `values` does for each of n intervals, one behind the other: float32 (bases,)."""
        offsets = dict(zip(self.lengths, self.layout.offsets.tolist(), strict=False))
        parts = [np.empty(0, np.float32)]
        for contig, start, end in zip(contigs, starts.tolist(), ends.tolist(), strict=True):
            self._require_place(contig, start, end)
            parts.append(self.mapped[offsets[contig] + start : offsets[contig] + end])
        return np.concatenate(parts)

    def _require_place(self, contig: str, start: int, end: int) -> None:
        """Raise unless an interval lies on a contig of the track."""
        if contig not in self.lengths or not 0 <= start < end <= self.lengths[contig]:
            raise SeqnetError(f"{self.path}: does not have {contig}:{start}-{end}")


@contextmanager
def open_track(
    path: str, wanted: int, folder: Path, *, verify: bool = False
) -> Iterator[BigWigReader | CachedTrack]:
    """Open a bigWig track: from the cache where it is, or is worth being, there; else the file itself.

    Parameters
    ----------
    path
        The bigWig file.
    wanted
        Bases that will be read. With few of them the track is not read whole unless it has been before.
    folder
        Where caches are.
    verify
        Whether to compare track and cache with their stored hashes.
    """
    if not _cache_file(path, folder).exists():
        with open_bigwig(path) as reader:
            if wanted < WORTH_READING_WHOLE * sum(reader.lengths.values()):
                yield reader
                return
    yield cached_track(path, folder, verify=verify)


def cached_track(path: str, folder: Path, *, verify: bool = False) -> CachedTrack:
    """Return a track from the cache, put there first where it is not.

    Any number of processes may do so at once: one makes the file, the others wait for it; where the file
    system cannot lock, each makes the same file whole.

    Parameters
    ----------
    path
        The bigWig file.
    folder
        Where caches are; made if need be.
    verify
        Whether to compare track and cache with their stored hashes, and rebuild the cache where they
        differ.

    Raises
    ------
    FormatError
        If the track is damaged, or changes while it is read.
    """
    target = _cache_file(path, folder)
    folder.mkdir(parents=True, exist_ok=True)
    track = _usable(target, path, verify)
    if track is None:
        with _lock(target.with_suffix(".lock")):
            track = _usable(target, path, verify)
            if track is None:
                _make(target, path)
                track = _usable(target, path, verify=False)
    if track is None:
        raise FormatError(target, "could not be read back")
    return track


def _cache_file(path: str, folder: Path) -> Path:
    """Return the name of a track's cache file."""
    state = os.stat(path)
    key = [SCHEMA_VERSION, str(Path(path).resolve()), state.st_size, state.st_mtime_ns]
    digest = hashlib.sha256(json.dumps(key).encode("utf-8", "surrogateescape")).hexdigest()
    return folder / f"{digest[:32]}.track"


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock between processes; without effect where the file system has none."""
    # a link in its place, in a folder that others write to, would empty a file of the user's
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _usable(target: Path, path: str, verify: bool) -> CachedTrack | None:
    """Return what a cache file holds; None where there is none, or it is of no use."""
    try:
        track, header = _read(target)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError):  # whatever a damaged file makes of its header
        warn(f"{target}: a damaged cache of {path}, rebuilt")
        return None
    if verify and not _verified(track, header, path):
        warn(f"{target}: does not fit {path} any more, rebuilt")
        return None
    return track


def _verified(track: CachedTrack, header: Json, path: str) -> bool:
    """Return whether track and values are those whose hashes are in the cache."""
    values = hashlib.sha256(track.mapped.data).hexdigest()
    return bool(header["source"] == file_digest(path) and header["values"] == values)


def _read(target: Path) -> tuple[CachedTrack, Json]:
    """Map a cache file; a ValueError, KeyError or TypeError if it is damaged."""
    with target.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - _TAIL))
        tail = stream.read()
        begin = int.from_bytes(tail[:8], "little")
        if len(tail) != _TAIL or tail[8:] != _MAGIC or begin > size - _TAIL:
            raise ValueError("no cache of a track")
        stream.seek(begin)
        header: dict[str, Any] = json.loads(stream.read(size - _TAIL - begin))
    layout = whole_contigs({str(name): int(length) for name, length in header["contigs"]})
    if 4 * len(layout) != begin:
        raise ValueError("lengths that do not fit the values")
    mapped = (
        np.memmap(target, dtype="<f4", mode="r", shape=(len(layout),)) if len(layout) else np.empty(0, "<f4")
    )
    return CachedTrack(np.asarray(mapped), layout, str(target), size), header


def _make(target: Path, path: str) -> None:
    """Read a track whole and write its cache file."""
    if target.is_symlink():  # what it leads to is no cache of this track, and is not to be replaced
        target.unlink()
    before = _state(path)
    digest = hashlib.sha256()
    with open_bigwig(path) as reader, open_output(str(target), at_once=True) as stream:
        for contig, length in reader.lengths.items():
            for start in range(0, length, STEP):
                part = reader.values(contig, start, min(length, start + STEP)).astype("<f4", copy=False)
                digest.update(part.tobytes())
                stream.write(part.tobytes())
        header = {
            "contigs": list(reader.lengths.items()),
            "source": file_digest(path),
            "values": digest.hexdigest(),
        }
        text = json.dumps(header).encode()
        stream.write(text + (4 * sum(reader.lengths.values())).to_bytes(8, "little") + _MAGIC)
        if _state(path) != before:
            raise FormatError(path, "changed while it was read")


def _state(path: str) -> tuple[int, int]:
    """Return size and modification time of a file."""
    state = os.stat(path)
    return state.st_size, state.st_mtime_ns
