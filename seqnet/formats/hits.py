"""Motif hits as BED, and the best site of each sequence as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from seqnet.formats._open import to_bytes
from seqnet.formats.hit_formats import HIT_COLUMNS, NONE
from seqnet.genome.alphabet import decode, reverse_complement
from seqnet.genome.intervals import STRAND_SIGNS
from seqnet.motifs.scan import BestSites, BlockHits, Scanner

__all__ = ["BEST_COLUMNS", "HIT_COLUMNS", "column_line", "hit_lines", "write_best_sites", "write_hits"]

BEST_COLUMNS = ("name", "motif", "best_score", "best_start", "best_strand", "hits")


def column_line(columns: Sequence[str]) -> str:
    """Return the ``#`` line that names a table's columns."""
    return "#" + "\t".join(columns) + "\n"


def write_hits(stream: BinaryIO, found: BlockHits, scanners: Sequence[Scanner], shift: int = 0) -> int:
    """Write the hits of a block as BED6+5 lines; parameters as in `hit_lines`. Returns how many."""
    lines = hit_lines(found, scanners, shift)
    stream.write(to_bytes("".join(f"{line}\n" for line in lines)))
    return len(lines)


def hit_lines(found: BlockHits, scanners: Sequence[Scanner], shift: int = 0) -> list[str]:
    """Return the hits of a block as BED6+5 lines, without line ends.

    The score column is min(1000, round(-100 log10 p)).

    Parameters
    ----------
    shift
        Added to coordinates, where the block's record is a part of a contig.
    """
    block, hits = found
    if not len(hits.start):
        return []
    matched = _matched(found, scanners)
    names = [(s.pssm.info.name, s.pssm.info.alt_name or NONE, s.pssm.width) for s in scanners]
    with np.errstate(divide="ignore"):
        scores = np.minimum(1000, np.rint(-100 * np.log10(hits.p_value))).astype(int)
    columns = zip(
        (hits.start + shift).tolist(),
        hits.motif.tolist(),
        scores.tolist(),
        hits.strand.tolist(),
        hits.score.tolist(),
        hits.p_value.tolist(),
        matched,
        strict=True,
    )
    lines = []
    for start, motif, score, strand, log_odds, p_value, word in columns:
        name, alternate, width = names[motif]
        lines.append(
            f"{block.name}\t{start}\t{start + width}\t{name}\t{score}\t{STRAND_SIGNS[strand]}\t"
            f"{log_odds:.6f}\t{p_value:.6g}\t.\t{word}\t{alternate}"
        )
    return lines


def _matched(found: BlockHits, scanners: Sequence[Scanner]) -> list[str]:
    """Return the word under each hit, as its strand reads."""
    block, hits = found
    words = [""] * len(hits.start)
    for number, scanner in enumerate(scanners):
        rows = np.flatnonzero(hits.motif == number)
        if len(rows):
            windows = sliding_window_view(block.codes, scanner.pssm.width)
            codes = windows[hits.start[rows] - block.offset]
            minus = hits.strand[rows] < 0
            codes = np.where(minus[:, None], reverse_complement(codes), codes)
            for row, word in zip(rows, codes, strict=True):
                words[row] = decode(word)
    return words


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
