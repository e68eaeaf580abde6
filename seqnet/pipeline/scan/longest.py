"""Motifs that no sequence has room for, which have no window and so no hit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqnet.genome.sequence import SequenceRun
from seqnet.reporting import warn

if TYPE_CHECKING:
    from seqnet.motifs.matrix import Pssm
    from seqnet.pipeline.inputs.genome import Stretch


class LongestSequence:
    """Finds the longest sequence of a stream, or one that has room for every motif.

    Parameters
    ----------
    pssms
        The motifs; at least one.
    """

    def __init__(self, pssms: Sequence[Pssm]) -> None:
        self._pssms = pssms
        self._widest = max(pssm.width for pssm in pssms)
        self._longest = 0

    def watched(self, stream: Iterable[Stretch]) -> Iterator[Stretch]:
        """Pass blocks, or runs of records, on and look at their lengths."""
        for item in stream:
            if self._longest < self._widest:
                self.add(_lengths(item))
            yield item

    def add(self, lengths: Iterable[int]) -> None:
        """Look at lengths of sequences, in bases."""
        self._longest = max(self._longest, *lengths)

    def warn(self) -> None:
        """Warn about the motifs that are wider than every sequence."""
        wide = [pssm for pssm in self._pssms if pssm.width > self._longest]
        if not wide:
            return
        verb = f"and {len(wide) - 1} more are" if len(wide) > 1 else "is"
        warn(
            f"{wide[0].info.name} ({wide[0].width} columns) {verb} wider than every sequence "
            f"({self._longest} bases at most): there is no window to score"
        )


def _lengths(item: Stretch) -> Iterable[int]:
    """Return the lengths of the records, or stretches of records, of a part of a stream."""
    if isinstance(item, SequenceRun):
        lengths = np.diff(item.ends, prepend=0)
        lengths[0] += item.offset
        return [int(length) for length in lengths]
    return (len(item.codes),)
