"""Motif hits as BED, and the best site of each sequence as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np

from seqnet.aliases import Floats, Ints
from seqnet.formats.files.opening import to_bytes
from seqnet.formats.hits.hit_formats import HIT_COLUMNS, NONE
from seqnet.genome.intervals import STRAND_SIGNS
from seqnet.kernels.text import HitColumns, make_labels
from seqnet.kernels.text import hit_lines as write_lines
from seqnet.motifs.scan import BestSites, BlockHits, Scanner

__all__ = [
    "BEST_COLUMNS", "HIT_COLUMNS", "HitText", "block_lines", "column_line", "write_best_sites", "write_hits",
]  # fmt: skip

BEST_COLUMNS = ("name", "motif", "best_score", "best_start", "best_strand", "hits")
PIECE = 1 << 14
"""Lines made at a time: their bytes stay in the processor's caches."""


def column_line(columns: Sequence[str]) -> str:
    """Return the ``#`` line that names a table's columns."""
    return "#" + "\t".join(columns) + "\n"


class HitText:
    """Turns the hits of blocks into BED6+5 lines.

    The score column is min(1000, round(-100 log10 p)).

    Parameters
    ----------
    scanners
        Those that made the hits.
    """

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        infos = [scanner.pssm.info for scanner in scanners]
        self._names = [info.name for info in infos]
        self._labels = make_labels(
            [to_bytes(name) for name in self._names],
            [to_bytes(info.alt_name or NONE) for info in infos],
            [scanner.pssm.width for scanner in scanners],
        )

    def pieces(self, block_hits: BlockHits, shift: int = 0) -> Iterator[bytes]:
        """Yield the lines of a block, at most `PIECE` at a time.

        Parameters
        ----------
        shift
            Added to coordinates, where the block's record is a part of a contig.
        """
        block, hits = block_hits
        name, offset = to_bytes(block.name), block.offset + shift
        levels = hit_levels(hits.p_value)
        columns = HitColumns(
            hits.start - block.offset, hits.motif, hits.strand, levels, hits.score, hits.p_value
        )
        for first in range(0, len(hits.start), PIECE):
            rows = HitColumns._make(column[first : first + PIECE] for column in columns)
            yield write_lines(name, offset, block.codes, rows, self._labels)

    def lines(self, hits: BlockHits, shift: int = 0) -> list[str]:
        """Return the lines of a block, without line ends; parameters as in `pieces`."""
        text = b"".join(self.pieces(hits, shift)).decode("utf-8", "surrogateescape")
        return text.split("\n")[:-1]

    def counts(self, hits: BlockHits) -> Counter[str]:
        """Return how many hits of a block each motif has."""
        numbers = np.bincount(hits.hits.motif, minlength=len(self._names))
        counts: Counter[str] = Counter()
        for motif in np.flatnonzero(numbers).tolist():
            counts[self._names[motif]] += int(numbers[motif])
        return counts


def hit_levels(p_values: Floats) -> Ints:
    """Return the score column of p-values (n,): min(1000, round(-100 log10 p))."""
    with np.errstate(divide="ignore"):
        levels = np.minimum(1000, np.rint(-100 * np.log10(p_values)))
    rounded: Ints = levels.astype(np.int64)
    return rounded


def write_hits(stream: BinaryIO, hits: BlockHits, scanners: Sequence[Scanner], shift: int = 0) -> int:
    """Write the hits of a block as BED6+5 lines; parameters as in `HitText`. Returns how many."""
    for piece in HitText(scanners).pieces(hits, shift):
        stream.write(piece)
    return len(hits.hits.start)


def block_lines(hits: BlockHits, scanners: Sequence[Scanner], shift: int = 0) -> list[str]:
    """Return the hits of a block as BED6+5 lines, without line ends; parameters as in `HitText`."""
    return HitText(scanners).lines(hits, shift)


def write_best_sites(stream: BinaryIO, names: Sequence[str], scanner: Scanner, best: BestSites) -> None:
    """Write the best site of each sequence: ``.`` where no window has a score."""
    info = scanner.pssm.info
    rows = zip(
        names,
        best.start.tolist(),
        best.strand.tolist(),
        best.score.tolist(),
        best.hits.tolist(),
        strict=True,
    )
    for name, start, strand, score, hits in rows:
        place = (NONE, NONE, NONE) if start < 0 else (f"{score:.6f}", start, STRAND_SIGNS[strand])
        stream.write(to_bytes("\t".join(map(str, [name, info.name, *place, hits])) + "\n"))
