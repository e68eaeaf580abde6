"""Negatives that are shuffles of the positives' own sequences, and how far repeats make them no match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Codes, Floats
from seqnet.datasets.negatives import check_count
from seqnet.errors import UsageError
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.sequence import EncodedSequence
from seqnet.kernels.shuffle import shuffle_sequences

PREFIX = "neg_shuf:"
MOST_COPIES = 1 << 20
MOST_BASES = 1 << 32
_COPY = 40
"""Bits of a stream's number that count sequences; those above count copies."""
WINDOW = 64
LOW = 2.0
"""Score from which a window is simple: the 20 of the program dust, which reports tenfold scores."""
_WORD = 3
_AT_ONCE = 1 << 14


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
    check_count(ratio * n)
    bases = ratio * sum(len(sequence.codes) for sequence in sequences)
    if bases > MOST_BASES or ratio >= MOST_COPIES:
        message = f"{ratio:g} shuffles of each sequence, {bases:.4g} bases, are requested"
        raise UsageError(f"{message}; expected up to {MOST_COPIES} and {MOST_BASES} (see the ratio)")
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


def low_complexity(sequences: Sequence[Codes]) -> float:
    """Return the share of windows of 64 bases that are simple repeats; 0 where there are no windows.

    The score of a window with l trinucleotides is the sum of c (c - 1) / 2 over how often each of the 64
    occurs, divided by l - 1 (Morgulis et al. 2006). Windows are laid end to end; trinucleotides with an
    ambiguous base do not count.

    Parameters
    ----------
    sequences
        uint8 (length,) each.

    Examples
    --------
    >>> low_complexity([np.zeros(128, np.uint8)])
    1.0
    """
    windows = [
        codes[start : start + WINDOW]
        for codes in sequences
        for start in range(0, len(codes) - WINDOW + 1, WINDOW)
    ]
    simple = 0
    for begin in range(0, len(windows), _AT_ONCE):
        simple += int((_scores(np.stack(windows[begin : begin + _AT_ONCE])) > LOW).sum())
    return simple / len(windows) if windows else 0.0


def _scores(windows: Codes) -> Floats:
    """Return the score of each window (n, 64), float64 (n,)."""
    wide = windows.astype(np.int64)
    words = 16 * wide[:, :-2] + 4 * wide[:, 1:-1] + wide[:, 2:]
    ambiguous = windows == AMBIGUOUS
    unknown = ambiguous[:, :-2] | ambiguous[:, 1:-1] | ambiguous[:, 2:]
    words = np.where(unknown, 4**_WORD, words)
    rows = np.arange(len(windows))[:, None] * (4**_WORD + 1)
    counts = np.bincount((rows + words).ravel(), minlength=len(windows) * (4**_WORD + 1))
    known = counts.reshape(len(windows), -1)[:, : 4**_WORD]
    pairs: Floats = (known * (known - 1) / 2).sum(axis=1)
    return np.asarray(pairs / np.maximum(known.sum(axis=1) - 1, 1))
