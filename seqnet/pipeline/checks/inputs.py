"""What ``seqnet check`` reads and in which order; every problem becomes a finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from seqnet.aliases import Codes, Floats, Ints
from seqnet.datasets.checks import (
    GENOME,
    REGIONS,
    Finding,
    check_leakage,
    check_regions,
    check_sequences,
)
from seqnet.datasets.side_checks import check_motifs, check_predictions, check_track
from seqnet.errors import SeqnetError, UsageError, describe
from seqnet.formats.motifs.any_format import read_motif_entries
from seqnet.formats.motifs.entries import Entries
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import read_genome
from seqnet.formats.tracks.bigwig import open_bigwig
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.extract import extract_windows
from seqnet.genome.intervals import inside
from seqnet.genome.regions import Regions
from seqnet.genome.sequence import Genome
from seqnet.genome.splitting.draws import row_extent
from seqnet.pipeline.inputs.genome import load_genome
from seqnet.pipeline.inputs.request import SplitOptions
from seqnet.pipeline.inputs.splits import apply_splits

Value = TypeVar("Value")


class Checker:
    """Collects the findings about one set of inputs.

    Parameters
    ----------
    table
        The regions, or None.
    """

    def __init__(self, table: Regions | None) -> None:
        if table is not None and not len(table):
            raise SeqnetError(f"{table.source}: holds no regions")
        self.findings: list[Finding] = []
        self._table = table
        self._genome: Genome | None = None
        self._masked: Genome | None = None

    def genome(self, path: str | None, chroms: Sequence[str]) -> None:
        """Read the genome, as it is and with lower case masked."""
        if path is not None:
            self._genome = self._attempt(GENOME, lambda: load_genome(path, chroms))
        if path is not None and self._genome is not None and path != "-":
            self._masked = read_genome(path, soft_mask="mask")

    def regions(self, splits: SplitOptions, seed: int) -> None:
        """Check the regions, and their sequences where there is a genome."""
        given, genome = self._table, self._genome
        if given is None:
            return
        rows = np.empty(0, np.int64) if genome is None else _usual_rows(given, genome)
        codes = None if genome is None else extract_windows(genome, given.intervals.take(rows))
        every = codes if len(rows) == len(given) else None
        # rows that lie outside of the genome have a finding of their own
        lengths = row_extent(given.intervals) | ({} if genome is None else genome.lengths)
        split = self._attempt(
            REGIONS, lambda: apply_splits(given, every, splits, seed=seed, lengths=lengths), "split-conflict"
        )
        table = given if split is None else split.regions
        self.findings += check_regions(table, None if genome is None else genome.lengths)
        if codes is not None and len(rows):
            usual = table.take(rows)
            self.findings += check_sequences(usual, codes, self._masked_share(usual, codes))
            self.findings += check_leakage(usual, codes)

    def signal(self, option: str) -> None:
        """Check one track, given as NAME=FILE."""
        name, _, path = option.partition("=")
        if not name or not path:
            raise UsageError(f"--signal {option}: expected NAME=BIGWIG")

        def check() -> list[Finding]:
            with open_bigwig(path) as reader:
                lengths = reader.lengths if self._genome is None else self._genome.lengths
                return check_track(name, reader, lengths, self._table)

        self.findings += self._attempt(f"track:{name}", check) or []

    def motifs(self, path: str | None) -> None:
        """Check a motif file."""
        if path is not None:
            self.findings += self._attempt("motifs", lambda: _check_entries(read_motif_entries(path))) or []

    def predictions(self, path: str | None) -> None:
        """Check a table of predictions."""
        if path is not None:
            self.findings += (
                self._attempt("predictions", lambda: check_predictions(read_bed(path), self._table)) or []
            )

    def _attempt(self, where: str, read: Callable[[], Value], what: str = "unreadable") -> Value | None:
        """Read an input; what prevents that becomes a finding, and the other inputs are checked."""
        try:
            return read()
        except UsageError:
            raise
        except (SeqnetError, OSError) as error:
            self.findings.append(Finding("error", what, where, describe(error)))
            return None

    def _masked_share(self, rows: Regions, codes: Codes) -> Floats | None:
        """Return the share of soft-masked bases of each row; None where nothing is masked."""
        if self._masked is None:
            return None
        lower = (extract_windows(self._masked, rows.intervals) == AMBIGUOUS) & (codes != AMBIGUOUS)
        return lower.mean(axis=1) if lower.any() else None


def _check_entries(entries: Entries) -> list[Finding]:
    """Check the motifs of a file, each that cannot be read being a separate finding."""
    findings = [Finding("error", "bad-motif", "motifs", str(fault)) for fault in entries.faults()]
    usable = entries.usable()
    if not usable.motifs:
        text = f"{entries.path}: holds no usable motif"
        return [*findings, Finding("error", "unreadable", "motifs", text)]
    return findings + check_motifs(usable)


def _usual_rows(table: Regions, genome: Genome) -> Ints:
    """Return the rows inside the genome that have the most common width."""
    intervals = table.intervals
    width = intervals.end - intervals.start
    good = inside(intervals, genome.lengths) & (width > 0)
    values, counts = np.unique(width[good], return_counts=True)
    return np.flatnonzero(good & (width == values[counts.argmax()])) if len(values) else np.empty(0, np.int64)
