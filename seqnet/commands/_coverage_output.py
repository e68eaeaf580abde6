"""The tracks that ``coverage`` writes: piled up contig by contig, scaled, as bigWig or bedGraph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple, TypeAlias

from seqnet.errors import FormatError, UsageError
from seqnet.formats import BIGWIG_SUFFIXES

if TYPE_CHECKING:
    from seqnet.aliases import Progress
    from seqnet.commands._coverage_source import Source
    from seqnet.genome.coverage import Pileup, Runs
    from seqnet.genome.intervals import Intervals

Strand: TypeAlias = Literal["both", "+", "-"]
Normalize: TypeAlias = Literal["none", "cpm", "1x"]
STRAND = "{strand}"
"""What stands for a strand in the path of an output."""
_NUMBERS = {"+": 1, "-": -1}


class Shape(NamedTuple):
    """What becomes of the depths."""

    bin: int
    means: bool
    """Whether a bin holds the mean of its bases, or their sum."""
    normalize: Normalize
    effective_size: int | None
    """Size of the genome for 1x; None is the sum of the contigs."""
    with_zeros: bool


class Track(NamedTuple):
    """One output."""

    path: str
    strand: int | None
    """Which spans it holds; None is all of them."""


def tracks_of(path: str, strand: Strand) -> list[Track]:
    """Return the outputs: two where the path has a place for the strand."""
    if STRAND not in path:
        return [Track(path, _NUMBERS.get(strand))]
    if strand != "both":
        raise UsageError(f"--strand {strand} writes one track; leave {STRAND} out of {path}")
    return [Track(path.replace(STRAND, name), number) for name, number in (("plus", 1), ("minus", -1))]


class Piled(NamedTuple):
    """The depth of one contig on one track."""

    track: int
    contig: int
    runs: Runs


class PileUp:
    """Counts the spans of a source into the depths of its contigs."""

    def __init__(self, source: Source, path: str, tracks: list[Track], shape: Shape) -> None:
        from seqnet.genome.coverage import Pileup

        self._source = source
        self._path = path
        self._tracks = tracks
        self._shape = shape
        self._names = list(source.lengths)
        self._lengths = list(source.lengths.values())
        self._pileups: list[Pileup] = [Pileup(self._lengths) for _ in tracks]
        self._wanted = {name for name in source.wanted if source.lengths[name]}
        self._closed = 0
        self.outside = self.cut = 0
        """Spans that lay outside their contigs, and that reached past an end and were cut there."""
        self.total = 0.0
        """Sum of the depths of all bases, of both strands."""

    def piled(self, progress: Progress) -> Iterator[Piled]:
        """Yield the depth of each contig, in order, as early as can be."""
        import numpy as np

        from seqnet.genome.alignments import inside_contigs

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
        """Yield the contigs before one."""
        if contig < self._closed:
            raise FormatError(
                self._path, f"is said to be sorted, but goes back to {self._names[contig]}; sort it anew"
            )
        for number in range(self._closed, contig):
            if self._names[number] in self._wanted:
                for rank, pileup in enumerate(self._pileups):
                    yield Piled(rank, number, pileup.close(number, self._shape.bin, means=self._shape.means))
        self._closed = contig


Write: TypeAlias = Callable[[str, "Runs", float], None]


class Outputs(ExitStack):
    """Open outputs, and what writes a contig's runs, scaled, to each.

    Parameters
    ----------
    lengths
        The contigs that are written.
    """

    def __init__(self, tracks: list[Track], lengths: dict[str, int], head: bytes, with_zeros: bool) -> None:
        super().__init__()
        self._with_zeros = with_zeros
        self._writers = [self._open(track.path, lengths, head) for track in tracks]

    def _open(self, path: str, lengths: dict[str, int], head: bytes) -> Callable[..., None]:
        """Open one output by its suffix."""
        if path.endswith(BIGWIG_SUFFIXES):
            from seqnet.formats.bigwig import write_bigwig

            return self.enter_context(write_bigwig(path, lengths)).add_runs
        from seqnet.formats._open import open_output
        from seqnet.formats.bedgraph import BedGraphWriter

        return BedGraphWriter(self.enter_context(open_output(path)), head).add_runs

    def write(self, track: int, contig: str, runs: Runs, factor: float) -> None:
        """Write the runs of a contig, each value multiplied."""
        import numpy as np

        from seqnet.genome.coverage import without_zeros

        kept = runs if self._with_zeros else without_zeros(runs)
        self._writers[track](contig, kept.start, kept.end, (kept.value * factor).astype(np.float32))


class Spool:
    """Depths kept in a file until the factor that scales them is known."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._kept: list[tuple[int, int, int]] = []

    def keep(self, piled: Piled) -> None:
        """Put one contig away."""
        for column in piled.runs:
            self._stream.write(column.tobytes())
        self._kept.append((piled.track, piled.contig, len(piled.runs.value)))

    def piled(self) -> Iterator[Piled]:
        """Yield what was put away, in order."""
        import numpy as np

        from seqnet.genome.coverage import Runs

        self._stream.seek(0)
        for track, contig, count in self._kept:
            starts, ends, values = (self._stream.read(8 * count) for _ in Runs._fields)
            columns = np.frombuffer(starts, np.int64), np.frombuffer(ends, np.int64)
            yield Piled(track, contig, Runs(*columns, np.frombuffer(values, np.float64)))
