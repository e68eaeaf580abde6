"""What a simulation writes in addition to its sequences: the true sites, and peaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from seqnet.aliases import Codes
from seqnet.datasets.simulation.genomes import Peak
from seqnet.formats.files.header import header_lines
from seqnet.formats.files.opening import to_bytes
from seqnet.genome.alphabet import decode
from seqnet.genome.intervals import STRAND_SIGNS

TRUTH_COLUMNS = ("chrom", "start", "end", "name", "score", "strand", "log_odds", "matched")
"""The columns of every truth table; others may follow."""
_HIGHEST_SCORE = 1000  # of BED and narrowPeak


class TrueSite(NamedTuple):
    """A site that was put into a sequence."""

    contig: str
    start: int
    """0-based, leftmost base on the forward strand."""
    strand: int
    """1 or -1."""
    motif: str
    log_odds: float
    """Score of its letters in bits."""
    letters: Codes
    """uint8 (w,), 5' to 3' on its own strand."""
    more: tuple[str, ...] = ()
    """Text of further columns."""

    @property
    def end(self) -> int:
        """The base behind the last one, 0-based."""
        return self.start + len(self.letters)

    @property
    def score(self) -> int:
        """The BED score: ten times the log-odds score, rounded, within 0 to 1000."""
        return max(0, min(_HIGHEST_SCORE, round(10 * self.log_odds)))


def write_truth(
    stream: BinaryIO,
    sites: Iterable[TrueSite],
    header: Mapping[str, str] | None,
    more_columns: Sequence[str] = (),
) -> None:
    """Write true sites as BED6 with ``log_odds matched`` and further columns.

    Parameters
    ----------
    header
        Provenance entries; None leaves out them and the column line.
    """
    if header is not None:
        columns = "\t".join([*TRUTH_COLUMNS, *more_columns])
        stream.write(to_bytes(f"{header_lines(header)}#{columns}\n"))
    for site in sites:
        fields = [
            site.contig,
            str(site.start),
            str(site.end),
            site.motif,
            str(site.score),
            STRAND_SIGNS[site.strand],
            f"{site.log_odds:.4f}",
            decode(site.letters),
            *site.more,
        ]
        stream.write(to_bytes("\t".join(fields) + "\n"))


def write_peaks(stream: BinaryIO, peaks: Iterable[Peak], name: str) -> None:
    """Write peaks as narrowPeak, named ``name_1`` and on; the score is 20 times the signal, up to 1000."""
    for number, peak in enumerate(peaks, 1):
        score = min(_HIGHEST_SCORE, round(20 * peak.signal))
        stream.write(
            to_bytes(
                f"{peak.contig}\t{peak.start}\t{peak.end}\t{name}_{number}\t{score}\t.\t"
                f"{peak.signal:.2f}\t-1\t-1\t{peak.summit}\n"
            )
        )
