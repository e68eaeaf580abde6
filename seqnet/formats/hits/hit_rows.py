"""What is decided on hits as they are written: the best of all, and q-values.

Rows are BED6+5 lines in their final order, in batches. Ranks go by the p-values and scores as the
lines show them, so that the parts of a scattered scan, put together, give what one scan gives.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from heapq import heappush, heappushpop
from itertools import count
from typing import BinaryIO

import numpy as np

from seqnet.formats.files.opening import BUFFER, to_bytes
from seqnet.motifs.significance.pvalue import SAME, q_values

Batches = Iterable[list[str]]
_NAME, _LOG_ODDS, _P, _Q = 3, 6, 7, 8


def top_rows(batches: Batches, most: int) -> Iterator[list[str]]:
    """Keep each motif's `most` best rows: smallest p, then highest score, then the first."""
    best: dict[str, list[tuple[float, float, int, str]]] = defaultdict(list)
    numbers = count()
    for batch in batches:
        for line in batch:
            fields = line.split("\t", _Q)
            entry = (-float(fields[_P]), float(fields[_LOG_ODDS]), -next(numbers), line)
            heap = best[fields[_NAME]]
            (heappush if len(heap) < most else heappushpop)(heap, entry)
    best_lines = sorted((-number, line) for heap in best.values() for _, _, number, line in heap)
    yield [line for _, line in best_lines]


def rows_with_q(
    batches: Batches,
    windows: Mapping[str, int],
    spool: Callable[[], AbstractContextManager[BinaryIO]],
    *,
    pooled: bool = False,
    limit: float | None = None,
    none_left: Callable[[int, float | None], None] | None = None,
) -> Iterator[list[str]]:
    """Fill in the q-value of every row; rows are held on disk until the last has come.

    Parameters
    ----------
    windows
        Motif name to windows scored, on the strands scanned; read after the last row.
    spool
        Yields the file that holds the rows.
    pooled
        Whether the hits of all motifs are ranked together.
    limit
        Largest q-value that is kept; all are when None.
    none_left
        Called with the number of rows and their smallest q-value where `limit` leaves none of them.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    with spool() as held:
        for batch in batches:
            for line in batch:
                fields = line.split("\t", _Q)
                counts["" if pooled else fields[_NAME]][fields[_P]] += 1
            held.write(to_bytes("".join(f"{line}\n" for line in batch)))
        tests = {"": sum(windows.values())} if pooled else windows
        tables = {name: _q_of_p(of_motif, tests[name]) for name, of_motif in counts.items()}
        smallest = min((q for table in tables.values() for q in table.values()), default=None)
        if limit is not None and none_left is not None and (smallest is None or not _within(smallest, limit)):
            none_left(sum(of_motif.total() for of_motif in counts.values()), smallest)
        held.seek(0)
        for part in iter(lambda: held.readlines(BUFFER), []):
            lines = (raw.rstrip(b"\n").decode("utf-8", "surrogateescape") for raw in part)
            yield list(_filled(lines, tables, pooled, limit))


def _q_of_p(p_values: Counter[str], tests: int) -> dict[str, float]:
    """Return the q-value of each p-value as written."""
    texts = sorted(p_values, key=float)
    counts = np.array([p_values[text] for text in texts], dtype=np.int64)
    values = q_values(np.array([float(text) for text in texts]), counts, tests)
    return dict(zip(texts, values.tolist(), strict=True))


def _within(q: float, limit: float) -> bool:
    """Return whether a q-value is at most the limit, but for rounding."""
    return q <= limit * (1 + SAME)


def _filled(
    lines: Iterable[str], tables: Mapping[str, Mapping[str, float]], pooled: bool, limit: float | None
) -> Iterator[str]:
    """Yield the lines that are kept, with their q-values."""
    for line in lines:
        fields = line.split("\t", _Q + 1)
        q = tables["" if pooled else fields[_NAME]][fields[_P]]
        if limit is None or _within(q, limit):
            fields[_Q] = f"{q:.6g}"
            yield "\t".join(fields)


class HitWriter:
    """Writes hits in one format and counts them.

    Parameters
    ----------
    stream
        Where they go.
    row
        From the fields of a BED6+5 line to the line of the format; None for the line itself.
    live
        Whether each batch is handed on at once.
    """

    def __init__(self, stream: BinaryIO, row: Callable[[list[str]], str] | None, live: bool) -> None:
        self._stream, self._row, self.live = stream, row, live
        self.counts: Counter[str] = Counter()
        """Motif name to rows written."""

    def head(self, text: str) -> None:
        """Write the text above the rows."""
        self._stream.write(to_bytes(text))

    def write(self, lines: list[str]) -> None:
        """Write a batch of BED6+5 lines."""
        self.counts.update(line.split("\t", _NAME + 1)[_NAME] for line in lines)
        rows = lines if self._row is None else [self._row(line.split("\t")) for line in lines]
        self._stream.write(to_bytes("".join(f"{row}\n" for row in rows)))
        self._hand_on(bool(lines))

    @property
    def plain(self) -> bool:
        """Whether BED6+5 lines are written as they are."""
        return self._row is None

    def write_plain(self, pieces: Iterable[bytes], counts: Counter[str]) -> None:
        """Write a batch of BED6+5 lines as they are.

        Parameters
        ----------
        pieces
            The lines with their ends.
        counts
            How many there are of each motif.
        """
        for piece in pieces:
            self._stream.write(piece)
        self.counts.update(counts)
        self._hand_on(bool(counts))

    def _hand_on(self, written: bool) -> None:
        """Hand a batch on, if it is to be seen at once."""
        if self.live and written:
            self._stream.flush()


class HitLines:
    """Keeps hits as BED6+5 lines and counts them, where `HitWriter` writes them."""

    live = plain = False

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.counts: Counter[str] = Counter()
        """Motif name to rows kept."""

    def head(self, text: str) -> None:
        """Ignore the lines above the rows."""

    def write(self, lines: list[str]) -> None:
        """Keep a batch of BED6+5 lines."""
        self.counts.update(line.split("\t", _NAME + 1)[_NAME] for line in lines)
        self.lines += lines

    def write_plain(self, pieces: Iterable[bytes], counts: Counter[str]) -> None:
        """Keep a batch of BED6+5 lines that are bytes already."""
        for piece in pieces:
            self.lines += piece.decode("utf-8", "surrogateescape").splitlines()
        self.counts.update(counts)
