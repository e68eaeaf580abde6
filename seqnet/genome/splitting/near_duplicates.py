"""Sequences that are nearly the same: alleles of one oligo, and tiles that overlap.

Two of them share a long run of bases, which unrelated sequences do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Ints
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.splitting.splits import connected_rows

SHORTEST_RUN, LONGEST_RUN = 16, 64
"""Bases of a shared run: a third of the sequences' length within these bounds."""
COMMON = 0.2
"""Share of the sequences above which a run is a constant part, such as an adapter, and says nothing."""
_WORDS_AT_ONCE = 1 << 23
_LONG = 120
_MULTIPLIER = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def near_duplicates(codes: Codes) -> Ints:
    """Enumerate sequences so that those that share a run of bases, on either strand, share a number.

    The run is a third of the sequences' length: the middle base of an oligo may differ, and tiles may
    overlap by that much. Runs that more than a fifth of the sequences hold do not count.

    Parameters
    ----------
    codes
        uint8 (n, L): ambiguous outside a sequence; a run with an ambiguous base does not count.

    Returns
    -------
    int64 (n,): 0-based numbers.
    """
    n, length = codes.shape
    run = min(max(SHORTEST_RUN, length // 3), LONGEST_RUN)
    words, rows = _words(codes, run)
    if not len(words):
        return np.arange(n, dtype=np.int64)
    _, place, counts = np.unique(words, return_inverse=True, return_counts=True)
    telling = ((counts > 1) & (counts <= max(2, COMMON * n)))[place]
    return connected_rows(n, rows[telling], place[telling])


def _words(codes: Codes, run: int) -> tuple[NDArray[np.uint64], Ints]:
    """Return the hash of the words of each row, and the row of each: uint64 and int64 (m,).

    Of long or many sequences one word in so many is taken by its hash, alike in every row: two that share
    half of their bases still have dozens of words in common.
    """
    n, length = codes.shape
    if length < run:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    step = max(1 if length < _LONG else 4, n * (length - run + 1) // _WORDS_AT_ONCE)
    words, rows = [], []
    block = max(1, (1 << 22) // length)
    for begin in range(0, n, block):
        part = codes[begin : begin + block]
        hashes, known = _hashes(part, run)
        known &= hashes % np.uint64(step) == 0
        row, _ = np.nonzero(known)
        rows.append(row + begin)
        words.append(hashes[known])
    return np.concatenate(words), np.concatenate(rows)


def _hashes(codes: Codes, run: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return the hash of each word, the same on either strand, and whether its bases are known.

    Both are (n, L - run + 1). The hash is a polynomial modulo 2**64 (Rabin and Karp 1987), mixed.
    """
    unknown = np.cumsum(np.pad(codes == AMBIGUOUS, ((0, 0), (1, 0))), axis=1)
    known = unknown[:, run:] == unknown[:, :-run]
    forward = _rolling(codes, run)
    reverse = _rolling(3 - np.minimum(codes, 3)[:, ::-1], run)[:, ::-1]
    return _mixed(np.minimum(_mixed(forward), _mixed(reverse))), known


def _rolling(codes: Codes, run: int) -> NDArray[np.uint64]:
    """Return the sum of code * multiplier**(run - 1 - i) over each word, uint64 (n, L - run + 1)."""
    values = codes.astype(np.uint64) + np.uint64(1)
    powers = np.array([pow(_MULTIPLIER, i, _MASK + 1) for i in range(run)], dtype=np.uint64)
    total = np.zeros((len(codes), codes.shape[1] - run + 1), dtype=np.uint64)
    for i in range(run):
        total += powers[run - 1 - i] * values[:, i : i + total.shape[1]]
    return total


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return values whose bits all depend on all bits (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
