"""References that sequences are compared with: shuffles of their own dinucleotides, or others."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from seqnet.aliases import Codes, Ints
from seqnet.attribution.contributions import inside_rows
from seqnet.kernels.shuffle import shuffle_sequences

DEFAULT_SHUFFLES = 20


@dataclass(frozen=True, eq=False)
class References:
    """How references are made.

    Parameters
    ----------
    shuffles
        Dinucleotide shuffles of each sequence.
    seed
        Equal seeds and sequences give equal shuffles, whatever other sequences there are.
    within
        First position that is shuffled and the one after the last; None for all.
    given
        uint8 (N, L): references of every sequence, in place of shuffles.
    signal_mean
        Whether signal tracks of references are at their mean over each window; otherwise they are held fixed.
    """

    shuffles: int = DEFAULT_SHUFFLES
    seed: int = 0
    within: tuple[int, int] | None = None
    given: Codes | None = None
    signal_mean: bool = False

    @property
    def count(self) -> int:
        """References of each sequence."""
        return self.shuffles if self.given is None else len(self.given)

    def of(self, codes: Codes) -> Codes:
        """Return references of sequences (b, L): uint8 (b, N, L).

        Padding, before the first and after the last base of a sequence, stays where it is.
        """
        if self.given is not None:
            return np.repeat(self.given[None], len(codes), axis=0)
        count, (n, length) = self.count, codes.shape
        shuffled = inside_rows(codes)
        if self.within is not None:
            place = np.arange(length)
            shuffled &= (place >= self.within[0]) & (place < self.within[1])
        copies = np.repeat(codes[:, None], count, axis=1)
        mask = np.repeat(shuffled[:, None], count, axis=1)
        offsets = np.append(0, np.cumsum(mask.sum(axis=2))).astype(np.int64)
        streams = np.tile(np.arange(count, dtype=np.int64), n)
        copies[mask] = shuffle_sequences(copies[mask], offsets, self.seed, streams=streams)
        return copies


@dataclass(frozen=True, eq=False)
class AttributionPlan:
    """What attributions are computed of.

    Parameters
    ----------
    references
        For methods that compare.
    span
        First position to substitute and the one after the last; None for all.
    """

    references: References = field(default_factory=References)
    span: tuple[int, int] | None = None

    def positions(self, length: int) -> Ints:
        """Return the positions to substitute in sequences of a length, int64."""
        start, end = self.span or (0, length)
        return np.arange(start, end, dtype=np.int64)
