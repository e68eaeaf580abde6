"""What a scan returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.formats.hits.hit_formats import NONE
from seqnet.pipeline.tables import ColumnTable


@dataclass(frozen=True, eq=False)
class ScanHits(ColumnTable):
    """Motif hits, a row each, with the columns of the BED file that ``scan`` writes.

    Starts and ends are 0-based and half open; scores are in bits. Numbers have the digits of the file.

    Parameters
    ----------
    p_value, q_value
        float64, NaN where not computed.
    matched
        The letters of the window, on the strand of the hit.
    """

    chrom: NDArray[np.object_]
    start: Ints
    end: Ints
    name: NDArray[np.object_]
    score: Ints
    strand: NDArray[np.object_]
    log_odds: Floats
    p_value: Floats
    q_value: Floats
    matched: NDArray[np.object_]
    alt_name: NDArray[np.object_]

    @staticmethod
    def of_lines(lines: Sequence[str]) -> ScanHits:
        """Return BED6+5 lines as columns."""
        chrom, start, end, name, score, strand, *rest = _split(lines, 11)
        log_odds, p_value, q_value, matched, alt_name = rest
        return ScanHits(
            _texts(chrom), _wholes(start), _wholes(end), _texts(name), _wholes(score), _texts(strand),
            _reals(log_odds), _reals(p_value), _reals(q_value), _texts(matched), _texts(alt_name),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class BestSiteTable(ColumnTable):
    """The best site of each sequence for each motif, and how many windows are hits.

    Parameters
    ----------
    best_score
        float64, bits; NaN where no window has a score.
    best_start
        int64, 0-based; -1 where no window has a score.
    """

    name: NDArray[np.object_]
    motif: NDArray[np.object_]
    best_score: Floats
    best_start: Ints
    best_strand: NDArray[np.object_]
    hits: Ints

    @staticmethod
    def of_lines(lines: Sequence[str]) -> BestSiteTable:
        """Return lines of the table as columns."""
        name, motif, score, start, strand, hits = _split(lines, 6)
        starts = ["-1" if text == NONE else text for text in start]
        return BestSiteTable(
            _texts(name), _texts(motif), _reals(score), _wholes(starts), _texts(strand), _wholes(hits)
        )


@dataclass(frozen=True, eq=False)
class MotifScoreTable(ColumnTable):
    """The best score of each of m motifs in each of n sequences.

    Parameters
    ----------
    names
        object (n,): of the sequences.
    motifs
        m names.
    values
        float64 (n, m), bits; NaN where no window has a score.
    """

    names: NDArray[np.object_]
    motifs: tuple[str, ...]
    values: Floats

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns by name: name, then the motifs."""
        return {"name": self.names} | {
            motif: self.values[:, number] for number, motif in enumerate(self.motifs)
        }


@dataclass(frozen=True, eq=False)
class ScanResult:
    """What a scan found.

    Parameters
    ----------
    hits
        The hits; None where they were written to a file, and with ``per_sequence`` or ``track``.
    best
        The best sites, with ``per_sequence``; None otherwise, and where they were written to a file.
    scores
        The best scores, with ``matrix``; None otherwise, and where they were written to a file.
    counts
        Motif to number of hits; empty with ``matrix``.
    tracks
        The bigWigs written, with ``track``.
    """

    hits: ScanHits | None = None
    best: BestSiteTable | None = None
    scores: MotifScoreTable | None = None
    counts: Mapping[str, int] = field(default_factory=Counter)
    tracks: tuple[str, ...] = ()


def _split(lines: Sequence[str], width: int) -> list[tuple[str, ...]]:
    """Return the columns of lines."""
    rows = [line.split("\t") for line in lines]
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _texts(column: Sequence[str]) -> NDArray[np.object_]:
    """Return texts as an array of Python strings, as pandas keeps them."""
    return np.array(column, dtype=object)


def _wholes(column: Sequence[str]) -> Ints:
    """Return whole numbers, int64."""
    return np.array([int(text) for text in column], dtype=np.int64)


def _reals(column: Sequence[str]) -> Floats:
    """Return numbers, float64; NaN for a point alone."""
    return np.array([np.nan if text == NONE else float(text) for text in column], dtype=np.float64)
