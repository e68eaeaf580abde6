"""The tracks of ``coverage``: piled up contig after contig, scaled, as bigWig, bedGraph or columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.errors import FormatError
from seqnet.formats import BIGWIG_SUFFIXES
from seqnet.formats.files.opening import open_output
from seqnet.formats.tracks.bedgraph import BedGraphWriter
from seqnet.formats.tracks.bigwig import write_bigwig
from seqnet.genome.signals.alignments import inside_contigs
from seqnet.genome.signals.coverage import Pileup, Runs, without_zeros
from seqnet.pipeline.coverage.request import STRAND
from seqnet.pipeline.tables import ColumnTable, text_column

if TYPE_CHECKING:
    from seqnet.aliases import Progress
    from seqnet.genome.intervals import Intervals
    from seqnet.pipeline.coverage.counting import Source
    from seqnet.pipeline.coverage.request import CoverageRequest

_NUMBERS = {"+": 1, "-": -1}


class Track(NamedTuple):
    """One output."""

    path: str | None
    """None keeps the track in memory."""
    strand: int | None
    """Which spans it holds; None is all of them."""


def tracks_of(request: CoverageRequest) -> list[Track]:
    """Return the outputs: two where the path has a place for the strand."""
    path = request.output
    if path is None or not request.by_strand:
        return [Track(path, _NUMBERS.get(request.strand))]
    return [Track(path.replace(STRAND, name), number) for name, number in (("plus", 1), ("minus", -1))]


@dataclass(frozen=True, eq=False)
class DepthTable(ColumnTable):
    """Stretches of equal value along contigs, a row each, as in a bedGraph.

    Parameters
    ----------
    start, end
        int64, 0-based and half open.
    value
        float32: cuts per bin, or the mean depth of its bases, normalised as requested.
    """

    chrom: NDArray[np.object_]
    start: Ints
    end: Ints
    value: NDArray[np.float32]


class Piled(NamedTuple):
    """The depth of some contigs, one or several short ones, on one track."""

    track: int
    runs: Runs


class PileUp:
    """Counts the spans of a source into the depths of its contigs."""

    def __init__(self, source: Source, tracks: Sequence[Track], request: CoverageRequest) -> None:
        self._source = source
        self._path = request.reads
        self._tracks = tracks
        self._width = request.width
        self._means = request.count != "cuts"  # a bin of cuts holds their sum
        self._names = list(source.lengths)
        self._lengths = list(source.lengths.values())
        chosen = list(map(set(source.wanted).__contains__, self._names))
        self._pileups: list[Pileup] = [Pileup(self._lengths, chosen) for _ in tracks]
        self._reached = 0  # no span lies on an earlier contig, where the source is sorted
        self._closed = 0  # groups of contigs that were yielded
        self.outside = self.cut = 0
        """Spans that lay outside their contigs, and that reached past an end and were cut there."""
        self.total = 0.0
        """Sum of the depths of all bases, of both strands."""

    def piled(self, progress: Progress) -> Iterator[Piled]:
        """Yield the depths of all contigs, in order, as early as can be."""
        tally = self._source.tally
        for spans in self._source.spans:
            before, tally.counted = tally.counted, tally.counted + spans.counted
            progress(tally.counted - before)
            intervals, outside, cut = inside_contigs(spans.intervals, self._lengths)
            self.outside, self.cut = self.outside + outside, self.cut + cut
            if not len(intervals):
                continue
            if self._source.is_sorted:
                yield from self._close_until(int(np.min(intervals.contig)))
            self._add(intervals)
        yield from self._close_until(len(self._lengths))

    def _add(self, intervals: Intervals) -> None:
        """Count spans on the tracks they belong to."""
        self.total += float((intervals.end - intervals.start).sum())
        for track, pileup in zip(self._tracks, self._pileups, strict=True):
            if track.strand is None:
                pileup.add(intervals)
                continue
            if not intervals.strand.all():
                raise FormatError(self._path, "has rows without a strand; --strand needs one of each")
            pileup.add(intervals.take(intervals.strand == track.strand))

    def _close_until(self, contig: int) -> Iterator[Piled]:
        """Yield the groups of contigs that lie before one."""
        if contig < self._reached:
            raise FormatError(
                self._path, f"claims to be sorted, but goes back to {self._names[contig]}; sort it again"
            )
        self._reached = contig
        groups = self._pileups[0].groups
        while self._closed < len(groups) and groups[self._closed].stop <= contig:
            for rank, pileup in enumerate(self._pileups):
                yield Piled(rank, pileup.close(self._closed, self._width, means=self._means))
            self._closed += 1


class _Kept:
    """Takes the runs of contigs as a writer does, for a table."""

    def __init__(self) -> None:
        none = np.empty(0, np.int64)
        self._parts = [(text_column(()), none, none, np.empty(0, np.float32))]

    def add_contigs(
        self, contigs: Sequence[str], sizes: Ints, starts: Ints, ends: Ints, values: NDArray[np.float32]
    ) -> None:
        """Keep runs; as `BedGraphWriter.add_contigs`."""
        self._parts.append((np.repeat(text_column(contigs), sizes), starts, ends, values))

    def table(self) -> DepthTable:
        """Return all runs."""
        chrom, start, end, value = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        return DepthTable(chrom, start, end, value)


class Outputs(ExitStack):
    """Open outputs, and what writes the runs of contigs, scaled, to each.

    Parameters
    ----------
    lengths
        The contigs that are written.
    """

    def __init__(
        self, tracks: Sequence[Track], lengths: dict[str, int], head: bytes, with_zeros: bool
    ) -> None:
        super().__init__()
        self._with_zeros = with_zeros
        self._kept = _Kept()
        self._writers = [self._open(track.path, lengths, head) for track in tracks]

    def _open(self, path: str | None, lengths: dict[str, int], head: bytes) -> Callable[..., None]:
        """Open one output by its suffix."""
        if path is None:
            return self._kept.add_contigs
        if path.endswith(BIGWIG_SUFFIXES):
            return self.enter_context(write_bigwig(path, lengths)).add_contigs
        return BedGraphWriter(self.enter_context(open_output(path)), head).add_contigs

    def table(self) -> DepthTable:
        """Return the track that has no path."""
        return self._kept.table()

    def write(self, track: int, names: list[str], runs: Runs, factor: float) -> None:
        """Write runs, each value multiplied; `names` are those of all contigs by their number."""
        kept = runs if self._with_zeros else without_zeros(runs)
        contigs, values = [names[number] for number in kept.contigs], (kept.value * factor).astype(np.float32)
        self._writers[track](contigs, kept.sizes, kept.start, kept.end, values)


class Spool:
    """Depths kept in a file until the factor that scales them is known."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._kept: list[tuple[int, Ints, Ints]] = []

    def keep(self, piled: Piled) -> None:
        """Put the depth of some contigs away."""
        runs = piled.runs
        for column in (runs.start, runs.end, runs.value):
            self._stream.write(column.tobytes())
        self._kept.append((piled.track, runs.contigs, runs.sizes))

    def piled(self) -> Iterator[Piled]:
        """Yield what was put away, in order."""
        self._stream.seek(0)
        for track, contigs, sizes in self._kept:
            starts, ends, values = (self._stream.read(8 * int(sizes.sum())) for _ in range(3))
            columns = np.frombuffer(starts, np.int64), np.frombuffer(ends, np.int64)
            yield Piled(track, Runs(contigs, sizes, *columns, np.frombuffer(values, np.float64)))
