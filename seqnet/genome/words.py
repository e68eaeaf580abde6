"""Words of bases as numbers: base 4, A C G T = 0 1 2 3, the first letter most significant."""

from __future__ import annotations

import numpy as np

from seqnet.aliases import Codes, Ints
from seqnet.genome.alphabet import AMBIGUOUS, BASES


def word_numbers(codes: Codes, length: int) -> Ints:
    """Return the word that starts at each position, -1 where it holds an ambiguous base.

    Parameters
    ----------
    codes
        uint8 (n,).

    Returns
    -------
    int64 (n - length + 1,), empty if the sequence is shorter.
    """
    places = max(0, len(codes) - length + 1)
    numbers = np.zeros(places, dtype=np.int64)
    clear = np.ones(places, dtype=bool)
    for offset in range(length):
        letters = codes[offset : offset + places]
        numbers = 4 * numbers + letters
        clear &= letters < AMBIGUOUS
    return np.where(clear, numbers, -1)


def reverse_complement_words(length: int) -> Ints:
    """Return the number of each word's reverse complement, int64 (4**length,)."""
    rest = np.arange(4**length, dtype=np.int64)
    reverse = np.zeros_like(rest)
    for _ in range(length):
        reverse = 4 * reverse + 3 - rest % 4
        rest //= 4
    return reverse


def word_name(number: int, length: int) -> str:
    """Return the letters of a word.

    Examples
    --------
    >>> word_name(6, 3)
    'ACG'
    """
    return "".join(BASES[number // 4**place % 4] for place in range(length - 1, -1, -1))
