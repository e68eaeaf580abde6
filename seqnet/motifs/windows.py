"""How many windows of a sequence have a score: the number of tests behind q-values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqnet.aliases import Codes, Ints
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.sequence import SequenceBlock
from seqnet.motifs.scan import Scanner, overlap_of, own_starts


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
    return np.array(
        [np.maximum(np.minimum(ends - width + 1, starts) - begins, 0).sum() for width in widths],
        dtype=np.int64,
    )


class WindowCounter:
    """Adds up the windows that each scanner scores along a stream of blocks, both strands.

    Parameters
    ----------
    scanners
        Those that scan the stream together.
    """

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        self._names = [scanner.pssm.info.name for scanner in scanners]
        self._widths, self._which = np.unique([s.pssm.width for s in scanners], return_inverse=True)
        self._overlap = overlap_of(scanners) if scanners else 0
        self.windows: dict[str, int] = dict.fromkeys(self._names, 0)
        """Motif name to windows, both strands; motifs of one name together."""

    def add(self, block: SequenceBlock) -> None:
        """Count the windows that start on a block's own bases."""
        counts = count_windows(block.codes, self._widths.tolist(), own_starts(block, self._overlap))
        for name, which in zip(self._names, self._which.tolist(), strict=True):
            self.windows[name] += 2 * int(counts[which])
