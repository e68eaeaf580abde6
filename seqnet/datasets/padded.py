"""Sequences of unequal lengths as rows of one length, and shuffles of them drawn again each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Bools, Codes, Ints
from seqnet.genome.extract import padded_stretch
from seqnet.genome.sequence import centred_start
from seqnet.kernels.shuffle import shuffle_sequences

DINUCLEOTIDES = 2


@dataclass(frozen=True, eq=False)
class PaddedSequences:
    """n sequences in the middle of rows of one length.

    Parameters
    ----------
    codes
        uint8 (n, L): ambiguous outside the sequence.
    inside
        bool (n, L): where the sequence lies.
    cropped
        How many were longer than L and lost their ends.
    """

    codes: Codes
    inside: Bools
    cropped: int

    def __len__(self) -> int:
        """Return the number of sequences."""
        return len(self.codes)

    def take(self, rows: Ints | Bools) -> PaddedSequences:
        """Return some of them."""
        return PaddedSequences(self.codes[rows], self.inside[rows], self.cropped)


def pad_sequences(sequences: Sequence[Codes], length: int | None = None) -> PaddedSequences:
    """Centre sequences in rows of `length` bases: longer ones are cropped, shorter ones padded.

    The rule is that of `seqnet.genome.sequence.centred_start`.

    Parameters
    ----------
    sequences
        uint8 (its length,) each.
    length
        L; that of the longest sequence when None.
    """
    sizes = np.array([len(codes) for codes in sequences], dtype=np.int64)
    width = int(sizes.max(initial=0)) if length is None else length
    starts = centred_start(sizes, width)
    codes = np.empty((len(sequences), width), dtype=np.uint8)
    inside = np.zeros(codes.shape, dtype=bool)
    for row, (sequence, start) in enumerate(zip(sequences, starts.tolist(), strict=True)):
        codes[row] = padded_stretch(sequence, start, start + width)
        inside[row, max(0, -start) : len(sequence) - start] = True
    return PaddedSequences(codes, inside, int((sizes > width).sum()))


def shuffle_padded(padded: PaddedSequences, seed: int, epoch: int) -> PaddedSequences:
    """Shuffle each sequence within its place, its dinucleotides kept; the padding stays.

    Parameters
    ----------
    seed, epoch
        Equal pairs give equal shuffles, whatever the other rows are.
    """
    draw = int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0])
    offsets = np.concatenate([[0], np.cumsum(padded.inside.sum(axis=1))]).astype(np.int64)
    streams = np.arange(len(padded), dtype=np.int64)
    codes = padded.codes.copy()
    codes[padded.inside] = shuffle_sequences(codes[padded.inside], offsets, draw, DINUCLEOTIDES, streams)
    return PaddedSequences(codes, padded.inside, padded.cropped)
