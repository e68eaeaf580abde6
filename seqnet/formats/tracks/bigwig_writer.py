"""What may be written to a bigWig file: places in order and finite values, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.errors import SeqnetError
from seqnet.formats.files.temporary import errors_named
from seqnet.formats.tracks.bigwig_file import BigWigFile
from seqnet.formats.tracks.track_checksum import SHORT, Checksums, value_bits
from seqnet.genome.intervals import sizes_of_kept

Values: TypeAlias = Floats | NDArray[np.float32]

_PIECE = 1 << 20
"""Values looked at at a time."""
_TOGETHER = 1 << 14
"""Values of short pieces that wait before they are written."""


class _Piece(NamedTuple):
    """Consecutive steps that wait for those of other contigs."""

    contig: str
    start: int
    values: NDArray[np.float32]
    step: int


class BigWigWriter:
    """A bigWig file being written: contigs in header order, each from its start to its end.

    Short pieces wait for those of other contigs, as many contigs are written faster together. An error in
    one may therefore be raised later, at the latest when the file is finished.
    """

    def __init__(self, file: BigWigFile, path: str, lengths: Mapping[str, int], *, gaps: bool) -> None:
        self._file = file
        self._path = path
        self._lengths = dict(lengths)
        self._order = {name: rank for rank, name in enumerate(lengths)}
        self._sizes = np.array(list(lengths.values()), dtype=np.int64)
        self._last = (-1, 0)  # rank of the contig written last, and where its values ended
        self._gaps_allowed = gaps
        self.checksums = Checksums(self._lengths)
        """Of what was written."""
        self._covered = self._gaps = 0
        self._waiting: list[_Piece] = []
        self._waiting_values = 0

    @property
    def covered(self) -> int:
        """Values written so far, gaps left out."""
        self._write_waiting(*(piece.contig for piece in self._waiting[-1:]))
        return self._covered

    @property
    def gaps(self) -> int:
        """Steps left out so far because their value was NaN."""
        self._write_waiting(*(piece.contig for piece in self._waiting[-1:]))
        return self._gaps

    def add(self, contig: str, start: int, values: Values, step: int = 1) -> None:
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
        if self._waiting_values >= _TOGETHER:
            self._write_waiting(contig)
        if len(values) > SHORT or self._order.get(contig) == self._last[0]:
            self._write_waiting(contig)
            self._add_steps(contig, start, values, step)
            return
        self._waiting.append(_Piece(contig, start, np.array(values, dtype=np.float32), step))
        self._waiting_values += len(values)

    def _add_steps(self, contig: str, start: int, values: Values, step: int) -> None:
        """Write what `add` takes in."""
        end = self._check_place(contig, start, start + step * (len(values) - 1), start + step * len(values))
        for first in range(0, len(values), _PIECE):
            piece = values[first : first + _PIECE]
            starts = start + step * np.arange(first, first + len(piece), dtype=np.int64)
            ends = np.minimum(starts + step, end)
            single, missing = self._checked(contig, starts, piece)
            many = len(piece) > SHORT
            if many:
                self.checksums.add_steps(contig, int(starts[0]), value_bits(single), step, int(ends[-1]))
            if missing.any():
                there = ~missing
                starts, ends, single = starts[there], ends[there], single[there]
            if len(single) and not many:
                self.checksums.add_runs(contig, starts, ends, value_bits(single))
            self._write(contig, starts, ends, single, len(piece) - len(single))

    def add_runs(self, contig: str, starts: Ints, ends: Ints, values: Values) -> None:
        """Write values of intervals, sorted and apart: (n,) each; what lies between is a gap.

        Raises
        ------
        SeqnetError
            As `add`; or if the intervals are empty or not sorted.
        """
        if not len(values):
            return
        self._write_waiting(contig)
        end = int(ends[-1])
        if np.any(starts >= ends) or np.any(ends[:-1] > starts[1:]):
            raise SeqnetError(f"{self._path}: intervals of {contig} are empty, or not sorted")
        self._check_place(contig, int(starts[0]), end - 1, end)
        single, missing = self._checked(contig, starts, values)
        if missing.any():
            there = ~missing
            starts, ends, single = starts[there], ends[there], single[there]
        if len(single):
            self.checksums.add_runs(contig, starts, ends, value_bits(single))
        self._write(contig, starts, ends, single, int(missing.sum()))

    def add_contigs(
        self, contigs: Sequence[str], sizes: Ints, starts: Ints, ends: Ints, values: NDArray[np.float32]
    ) -> None:  # fmt: skip
        """Write all values of several contigs at once; a genome of many short contigs is written faster.

        Parameters
        ----------
        contigs, sizes
            Names, and how many of the intervals lie on each: (k,).
        starts, ends, values
            (n,) each, contig after contig; otherwise as of `add_runs`.

        Raises
        ------
        SeqnetError
            As `add_runs`.
        """
        self._write_waiting(*contigs[:1])
        if not self._add_together(contigs, sizes, starts, ends, values):
            edges = np.append(0, np.cumsum(sizes)).tolist()
            for contig, begin, end in zip(contigs, edges[:-1], edges[1:], strict=True):
                self.add_runs(contig, starts[begin:end], ends[begin:end], values[begin:end])

    def _write_waiting(self, continued: str = "") -> None:
        """Write what waits: contigs that have ended together, the last one alone if it is continued."""
        pieces, self._waiting, self._waiting_values = self._waiting, [], 0
        ended = len(pieces)
        while ended and pieces[ended - 1].contig == continued:
            ended -= 1
        if ended and self._add_together(*self._columns(pieces[:ended])):
            del pieces[:ended]
        for piece in pieces:
            self._add_steps(*piece)

    def _columns(self, pieces: Sequence[_Piece]) -> tuple[list[str], Ints, Ints, Ints, NDArray[np.float32]]:
        """Return pieces as the parameters of `add_contigs`."""
        names, firsts, parts, steps = zip(*pieces, strict=True)
        counts = np.array([len(part) for part in parts])
        limits = [self._lengths.get(name, 0) for name in names]
        step = np.repeat(steps, counts)
        rank = np.arange(len(step)) - np.repeat(np.cumsum(counts) - counts, counts)
        starts = np.repeat(firsts, counts) + step * rank
        ends = np.minimum(starts + step, np.repeat(limits, counts))
        begins = [row for row, name in enumerate(names) if not row or name != names[row - 1]]
        sizes = np.add.reduceat(counts, begins)
        return [names[row] for row in begins], sizes, starts, ends, np.concatenate(parts)

    def _add_together(
        self, contigs: Sequence[str], sizes: Ints, starts: Ints, ends: Ints, values: NDArray[np.float32]
    ) -> bool:  # fmt: skip
        """Write several contigs, unless something is wrong with one; return whether they were written."""
        ranks = np.array([self._order.get(name, -1) for name in contigs], dtype=np.int64)
        numbers = np.repeat(ranks.astype(np.int32), sizes)
        single = np.ascontiguousarray(values, dtype=np.float32) + np.float32(0)  # -0 is stored as 0
        missing = np.isnan(single)
        if len(contigs) < 2 or not self._may_be_written(ranks, numbers, starts, ends, single, missing):
            return False
        if missing.any():
            there = ~missing
            sizes = sizes_of_kept(sizes, there)
            numbers, starts, ends, single = numbers[there], starts[there], ends[there], single[there]
        if len(single):
            self.checksums.add_contigs(contigs, sizes, starts, ends, value_bits(single))
            with errors_named(self._path):
                self._file.add_contigs(numbers, starts, ends, single)
        self._last = (int(ranks[-1]), self._lengths[contigs[-1]])
        self._gaps += len(missing) - len(single)
        self._covered += len(single)
        return True

    def _may_be_written(
        self, ranks: Ints, numbers: NDArray[np.int32], starts: Ints, ends: Ints, values: NDArray[np.float32],
        missing: NDArray[np.bool_],
    ) -> bool:  # fmt: skip
        """Return whether nothing is wrong with several contigs."""
        if ranks[0] <= self._last[0] or np.any(ranks[1:] <= ranks[:-1]):
            return False
        in_order = (ends[:-1] <= starts[1:]) | (numbers[:-1] != numbers[1:])
        inside = (starts >= 0) & (ends <= self._sizes[numbers])
        wrong = np.isinf(values) if self._gaps_allowed else np.isinf(values) | missing
        return bool(in_order.all() and inside.all() and np.all(starts < ends) and not wrong.any())

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
        self, contig: str, starts: Ints, values: Values
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
            with errors_named(self._path):
                self._file.add(self._order[contig], starts, ends, values)
        self._gaps += gaps
        self._covered += len(values)
