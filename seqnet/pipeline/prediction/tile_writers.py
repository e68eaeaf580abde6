"""Where the predictions of tiles go: bigWig or bedGraph per task, or one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, Protocol

import numpy as np

from seqnet.errors import UsageError
from seqnet.formats.files.header import header_lines
from seqnet.formats.files.numbers import UNKNOWN
from seqnet.formats.files.opening import open_output, to_bytes
from seqnet.formats.regions.bed import COLUMNS
from seqnet.formats.tracks.bigwig import write_bigwig
from seqnet.formats.tracks.bigwig_writer import BigWigWriter
from seqnet.pipeline.outputs import TASK, path_per_name
from seqnet.pipeline.prediction.model import Singles, texts
from seqnet.pipeline.prediction.request import format_of

_BETWEEN = "\t".join([UNKNOWN] * 3)
"""Score, strand and split of a tile."""


def track_paths(output: str, tasks: tuple[str, ...]) -> list[str]:
    """Return where predictions go: one table, or a track for each task.

    Raises
    ------
    UsageError
        If the name does not fit the number of tasks.
    """
    if format_of(output) in ("bed", "tsv"):
        if TASK in output:
            raise UsageError(f"a table has a column per task: leave {TASK} out of {output}")
        return [output]
    if len(tasks) > 1 and TASK not in output:
        raise UsageError(f"{len(tasks)} tracks are written: put '{TASK}' in the output's name")
    return path_per_name(output, TASK, tasks, "-o: the tracks of two tasks would be written to")


class TileWriter(Protocol):
    """Takes the predictions of tiles, contigs in the genome's order."""

    def add(self, contig: str, start: int, values: Singles) -> None:
        """Write consecutive tiles from `start` on, float32 (m, T), NaN where there is none."""
        ...


class BigWigs:
    """A bigWig track per task."""

    def __init__(self, tracks: Sequence[BigWigWriter], step: int) -> None:
        self._tracks = tracks
        self._step = step

    def add(self, contig: str, start: int, values: Singles) -> None:
        """Write a column to each track."""
        for track, column in zip(self._tracks, values.T, strict=True):
            track.add(contig, start, column, self._step)


class BedGraphs:
    """A bedGraph per task: chrom, start, end and value of every tile that has one."""

    def __init__(self, streams: Sequence[BinaryIO], step: int, lengths: Mapping[str, int]) -> None:
        self._streams = streams
        self._step = step
        self._lengths = lengths

    def add(self, contig: str, start: int, values: Singles) -> None:
        """Write a column to each stream."""
        places = _places(contig, start, len(values), self._step, self._lengths[contig])
        for number, stream in enumerate(self._streams):
            known = np.flatnonzero(~np.isnan(values[:, number]))
            cells = texts(values[known, number : number + 1])
            lines = (f"{places[row]}\t{text}\n" for row, (text,) in zip(known.tolist(), cells, strict=True))
            stream.write(to_bytes("".join(lines)))


@contextmanager
def open_tracks(
    paths: Sequence[str], lengths: Mapping[str, int], step: int, kind: str
) -> Iterator[TileWriter]:
    """Open a bigWig or a bedGraph per task."""
    with ExitStack() as stack:
        if kind == "bigwig":
            opened = [write_bigwig(path, lengths, gaps=True) for path in paths]
            yield BigWigs([stack.enter_context(track) for track in opened], step)
            return

        yield BedGraphs([stack.enter_context(open_output(path)) for path in paths], step, lengths)


class TileTable:
    """A labelled-regions table, or one of names, with a row for every tile that has a prediction.

    Parameters
    ----------
    header
        None leaves out provenance and column line.
    named
        Whether rows have a name alone.
    """

    def __init__(
        self,
        stream: BinaryIO,
        tasks: Sequence[str],
        step: int,
        lengths: Mapping[str, int],
        header: Mapping[str, str] | None,
        *,
        named: bool,
    ) -> None:
        self._stream = stream
        self._step = step
        self._lengths = lengths
        self._named = named
        if header is not None:
            columns = "\t".join([*(("name",) if named else COLUMNS), *tasks])
            stream.write(to_bytes(f"{header_lines(header)}#{columns}\n"))

    def add(self, contig: str, start: int, values: Singles) -> None:
        """Write a row for each tile; unknown for those of its tasks that have no value."""
        places = _places(contig, start, len(values), self._step, self._lengths[contig])
        known = np.flatnonzero(~np.isnan(values).all(axis=1))
        lines = []
        for row, cells in zip(known.tolist(), texts(values[known]), strict=True):
            place = places[row]
            name = "{}:{}-{}".format(*place.split("\t"))
            first = name if self._named else f"{place}\t{name}\t{_BETWEEN}"
            lines.append("\t".join([first, *cells]) + "\n")
        self._stream.write(to_bytes("".join(lines)))


def _places(contig: str, start: int, count: int, step: int, length: int) -> list[str]:
    """Return contig, start and end of tiles as text; the last may be cut off by the contig's end."""
    starts = range(start, start + count * step, step)
    return [f"{contig}\t{begin}\t{min(begin + step, length)}" for begin in starts]
