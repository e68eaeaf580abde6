"""How many windows of a sequence have a score: the number of tests behind q-values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqnet.aliases import Codes, Ints
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.sequence import SequenceBlock, SequenceRun
from seqnet.motifs.scan import Scanner, overlap_of, own_starts
from seqnet.motifs.strands import strand_count


def count_windows(codes: Codes, widths: Sequence[int], starts: int) -> Ints:
    """Count the windows without an ambiguous base that start on the first `starts` bases.

    Parameters
    ----------
    codes
        uint8 (length,).
    widths
        k window widths, bases.

    Returns
    -------
    int64 (k,), one strand.

    Examples
    --------
    >>> count_windows(np.array([0, 1, 4, 2, 3, 3], dtype=np.uint8), [1, 2, 3], 6).tolist()
    [5, 3, 1]
    """
    ambiguous = np.flatnonzero(codes >= AMBIGUOUS)
    begins = np.concatenate([[0], ambiguous + 1])
    ends = np.concatenate([ambiguous, [len(codes)]])
    return _windows_of(begins, ends, widths, starts)


def count_windows_of_run(run: SequenceRun, widths: Sequence[int]) -> Ints:
    """Count the windows without an ambiguous base that lie within one of a run's records.

    Parameters
    ----------
    run
        Whole records.
    widths
        k window widths, bases.

    Returns
    -------
    int64 (k,), one strand.
    """
    ambiguous = np.flatnonzero(run.codes >= AMBIGUOUS)
    begins = np.sort(np.concatenate([[0], ambiguous + 1, run.ends[:-1]]))
    ends = np.sort(np.concatenate([ambiguous, run.ends]))
    return _windows_of(begins, ends, widths, len(run.codes))


def _windows_of(begins: Ints, ends: Ints, widths: Sequence[int], starts: int) -> Ints:
    """Count the windows within stretches, (n,) each, that start on the first `starts` bases."""
    return np.array(
        [np.maximum(np.minimum(ends - width + 1, starts) - begins, 0).sum() for width in widths],
        dtype=np.int64,
    )


class WindowCounter:
    """Adds up the windows that each scanner scores along a stream of blocks, on its strands.

    Parameters
    ----------
    scanners
        Those that scan the stream together.
    """

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        self._names = [scanner.pssm.info.name for scanner in scanners]
        self._widths, self._which = np.unique([s.pssm.width for s in scanners], return_inverse=True)
        self._strands = [strand_count(scanner.strands) for scanner in scanners]
        self._overlap = overlap_of(scanners) if scanners else 0
        self.windows: dict[str, int] = dict.fromkeys(self._names, 0)
        """Motif name to windows on the strands scanned; motifs of one name together."""

    def add(self, block: SequenceBlock) -> None:
        """Count the windows that start on a block's own bases."""
        self._add(count_windows(block.codes, self._widths.tolist(), own_starts(block, self._overlap)))

    def add_run(self, run: SequenceRun) -> None:
        """Count the windows of a run of whole records."""
        self._add(count_windows_of_run(run, self._widths.tolist()))

    def _add(self, counts: Ints) -> None:
        """Add windows of each width, (widths,) on one strand."""
        for name, strands, which in zip(self._names, self._strands, self._which.tolist(), strict=True):
            self.windows[name] += strands * int(counts[which])
