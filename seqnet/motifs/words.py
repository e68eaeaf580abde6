"""Motifs grown from words: the sites around the strongest words of a k-mer model, as matrices.

A word, with any base at its gaps, is a first matrix. The best site of each sequence with at most one other
letter gives a second one, and the sites that this one scores highest the next. Words of a motif that is
already grown are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import numpy as np

from seqnet.aliases import Codes, Floats
from seqnet.genome.alphabet import AMBIGUOUS, BASES
from seqnet.kernels.windows import Strand, summarise

WIDTH = 15
"""Positions of a motif; the filters of the default network are as wide."""
MOST_WORDS = 400
"""Words tried."""
MOST_MOTIFS = 8
"""Motifs grown."""
MOST_ROWS = 1_000
"""Sequences in which sites are searched."""
_FEWEST = 8
"""Sites that a motif is made of at least."""
_ROUNDS = 2
"""Searches with the matrix of the sites before."""
_SIMILAR = 0.8
"""Correlation of two matrices above which they are one motif."""
_SHIFTS = range(-4, 5)
"""Bases by which they are moved against each other."""
_MATCH, _MISMATCH = 1.6, -2.0
"""Scores of the letters of a word, bits."""
_SHARE, _LEAST_BITS = 0.5, 6.0
"""A site has this share of the highest score at least, and this score."""


def grow_motifs(codes: Codes, words: Iterable[str], frequencies: Floats, *, both: bool) -> list[Floats]:
    """Grow motifs from words that are frequent in sequences.

    Parameters
    ----------
    codes
        uint8 (n, L): the sequences; of many, `MOST_ROWS` evenly spaced ones are searched.
    words
        The words to begin with, the most important first: letters A C G T, and N where any base may be. The
        first `MOST_WORDS` are tried.
    frequencies
        float64 (4,): those of the bases in general, none 0.
    both
        Whether sites may lie on either strand.

    Returns
    -------
    motifs
        PSSMs, float64 (w, 4), bits, in the order of their words, at most `MOST_MOTIFS`; w is `WIDTH`, or L
        where sequences are shorter.
    """
    if len(codes) > MOST_ROWS:
        codes = codes[np.linspace(0, len(codes) - 1, MOST_ROWS).astype(np.intp)]
    sites = _Sites(codes, min(WIDTH, codes.shape[1]), "max" if both else "+")
    motifs: list[Floats] = []
    copies: list[Floats] = []
    for word in islice(words, MOST_WORDS):
        matrix = _grown(word, sites, frequencies, copies)
        if matrix is not None:
            motifs.append(matrix)
            copies.append(_copies(matrix, both=both))
            if len(motifs) == MOST_MOTIFS:
                break
    return motifs


def _grown(word: str, sites: _Sites, frequencies: Floats, copies: list[Floats]) -> Floats | None:
    """Return the motif of a word; None where sites are few, or the motif is one of those before.

    Parameters
    ----------
    copies
        Of the motifs before, see `_copies`.
    """
    letters = sum(letter in BASES for letter in word)
    matrix, threshold = word_matrix(word, sites.width), (letters - 1) * _MATCH + _MISMATCH
    if len(word) > sites.width:
        return None
    for _ in range(1 + _ROUNDS):
        if _is_known(matrix, copies):
            return None
        windows = sites.above(matrix, threshold)
        if len(windows) < _FEWEST:
            return None
        matrix = site_scores(windows, frequencies)
        threshold = max(_LEAST_BITS, _SHARE * float(matrix.max(axis=1).sum()))
    return None if _is_known(matrix, copies) else matrix


def word_matrix(word: str, width: int) -> Floats:
    """Return the matrix of a word in the middle of `width` positions, float64 (width, 4); 0 for any base.

    Examples
    --------
    >>> word_matrix("CNG", 4)[:, 1:3].tolist()
    [[1.6, -2.0], [0.0, 0.0], [-2.0, 1.6], [0.0, 0.0]]
    """
    matrix = np.zeros((width, len(BASES)))
    for place, letter in enumerate(word, (width - len(word)) // 2):
        if letter in BASES:
            matrix[place] = _MISMATCH
            matrix[place, BASES.index(letter)] = _MATCH
    return matrix


def site_scores(sites: Codes, frequencies: Floats) -> Floats:
    """Return the PSSM of sites, with the square root of their number as pseudocount.

    Parameters
    ----------
    sites
        uint8 (m, w); ambiguous bases do not count.
    frequencies
        float64 (4,), none 0.

    Returns
    -------
    scores
        float64 (w, 4), bits: ``log2(p / q)``, p as in Wasserman & Sandelin 2004.
    """
    counts = np.stack([(sites == base).sum(axis=0) for base in range(len(BASES))], axis=1).astype(np.float64)
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    scores: Floats = np.log2(
        (counts + np.sqrt(total) * frequencies) / ((total + np.sqrt(total)) * frequencies)
    )
    return scores


class _Sites:
    """The best sites of matrices in sequences.

    Parameters
    ----------
    codes
        uint8 (n, L).
    width
        Rows of the matrices.
    strand
        Which strands are read.
    """

    def __init__(self, codes: Codes, width: int, strand: Strand) -> None:
        self.width = width
        self._codes, self._strand = codes, strand
        self._flat = np.ascontiguousarray(codes).reshape(-1)
        self._offsets = np.arange(len(codes) + 1, dtype=np.int64) * codes.shape[1]

    def above(self, matrix: Floats, threshold: float) -> Codes:
        """Return the best site of each sequence that has one of this score, uint8 (m, w), in its direction.

        Positions beyond the ends of a sequence are ambiguous: of a matrix whose outer rows are 0, the rows
        between have to fit into the sequence.
        """
        used = np.flatnonzero(matrix.any(axis=1))
        first, last = int(used[0]), int(used[-1]) + 1
        best = summarise(
            self._flat,
            self._offsets,
            np.ascontiguousarray(matrix[first:last]),
            np.full(2, np.inf),
            self._strand,
        )
        rows = np.flatnonzero((best.start >= 0) & (best.score >= threshold - 1e-9))
        plus = best.strand[rows] > 0
        begins = best.start[rows] - np.where(plus, first, self.width - last)
        places = begins[:, None] + np.arange(self.width)
        length = self._codes.shape[1]
        inside = (places >= 0) & (places < length)
        sites = np.where(
            inside, self._codes[rows[:, None], np.clip(places, 0, length - 1)], np.uint8(AMBIGUOUS)
        )
        reverse = np.where(sites < AMBIGUOUS, AMBIGUOUS - 1 - sites, AMBIGUOUS).astype(np.uint8)[:, ::-1]
        return np.where(plus[:, None], sites, reverse)


def _copies(matrix: Floats, *, both: bool) -> Floats:
    """Return a matrix moved by each of `_SHIFTS`, of either strand, each row of mean 0 and length 1."""
    rows = []
    for strand in (matrix, matrix[::-1, ::-1])[: 2 if both else 1]:
        for shift in _SHIFTS:
            moved = np.zeros_like(strand)
            size = max(0, len(strand) - abs(shift))
            moved[max(0, shift) : max(0, shift) + size] = strand[max(0, -shift) : max(0, -shift) + size]
            rows.append(_direction(moved))
    return np.array(rows)


def _direction(matrix: Floats) -> Floats:
    """Return a matrix as a vector of mean 0 and length 1."""
    centred = matrix.reshape(-1) - matrix.mean()
    direction: Floats = centred / max(float(np.linalg.norm(centred)), 1e-12)
    return direction


def _is_known(matrix: Floats, copies: list[Floats]) -> bool:
    """Return whether a matrix is like one of the motifs of these copies."""
    direction = _direction(matrix)
    return any(bool((known @ direction).max() > _SIMILAR) for known in copies)
