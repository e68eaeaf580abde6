"""Negatives that are shuffles of the positives' own sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.genome.sequence import EncodedSequence
from seqnet.kernels.shuffle import shuffle_sequences

PREFIX = "neg_shuf:"
_COPY = 40
"""Bits of a stream's number that count sequences; those above count copies."""


@dataclass(frozen=True)
class Shuffles:
    """Shuffled sequences.

    Parameters
    ----------
    records
        The shuffles, copy by copy in the order of their sequences, named ``neg_shuf:NAME``, or
        ``neg_shuf:COPY:NAME`` where there may be several of one sequence.
    origins
        The position of each one's sequence.
    unchanged
        How many are equal to their sequence.
    """

    records: list[EncodedSequence]
    origins: list[int]
    unchanged: int


def shuffled_records(sequences: Sequence[EncodedSequence], *, ratio: float, k: int, seed: int) -> Shuffles:
    """Shuffle sequences, keeping the number of each k-let in each one.

    Parameters
    ----------
    ratio
        Shuffles per sequence; a remainder is spread over sequences drawn at random.
    k
        2 keeps the dinucleotides; see `seqnet.kernels.shuffle.shuffle_sequences`.
    seed
        Equal seeds give equal shuffles.
    """
    n = len(sequences)
    times, rest = divmod(round(ratio * n), n) if n else (0, 0)
    few = np.sort(np.random.default_rng(seed).permutation(n)[:rest]).tolist()
    records, origins, unchanged = list[EncodedSequence](), list[int](), 0
    for copy in range(times + 1):
        rows = few if copy == times else list(range(n))
        own = [sequences[row].codes for row in rows]
        offsets = np.cumsum([0, *map(len, own)]).astype(np.int64)
        streams = np.array(rows, dtype=np.int64) + (copy << _COPY)
        codes = shuffle_sequences(np.concatenate([np.empty(0, np.uint8), *own]), offsets, seed, k, streams)
        prefix = f"{PREFIX}{copy + 1}:" if ratio > 1 else PREFIX
        for row, before, begin, end in zip(rows, own, offsets[:-1], offsets[1:], strict=True):
            records.append(EncodedSequence(prefix + sequences[row].name, codes[begin:end]))
            unchanged += int(np.array_equal(codes[begin:end], before))
        origins += rows
    return Shuffles(records, origins, unchanged)
