"""The columns of a k-mer table: the word of each, and the rules that count them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.errors import SeqnetError
from seqnet.genome.words import reverse_complement_words
from seqnet.kernels.kmers import WordRules
from seqnet.kmers.settings import KmerSettings, checked_settings

_LETTERS = np.array([ord(letter) for letter in "ACGT"], dtype=np.uint32)
_ANY = ord("N")
MOST_FEATURES = 2**31 - 1


@cache
def canonical_map(k: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Enumerate k-mers so that one and its reverse complement share a number.

    Returns
    -------
    feature, first
        int32 (4**k,): the feature of each k-mer, read as a base-4 number with A C G T = 0 1 2 3;
        int32 (d,): the k-mer that names each feature, the smaller of the two.
    """
    kmers = np.arange(4**k, dtype=np.int32)
    smaller = np.minimum(kmers, reverse_complement_words(k).astype(np.int32))
    own = smaller == kmers
    rank = np.cumsum(own, dtype=np.int32) - np.int32(1)
    return rank[smaller], kmers[own]


class WordColumns(NamedTuple):
    """What is counted, and in which columns."""

    rules: WordRules
    starts: Ints
    """int64 (p + 1,): where each pattern's columns begin, and where the last one's end; hashed columns
    are all one pattern's."""
    span: int
    """Bases of the widest pattern."""

    @property
    def features(self) -> int:
        """Number of columns."""
        return int(self.starts[-1])


def _is_canonical(pattern: str, strands: str) -> bool:
    """Return whether a pattern's words share columns with their reverse complements."""
    return strands == "both" and pattern == pattern[::-1]


def column_count(settings: KmerSettings) -> int:
    """Return the number of columns of a featuriser, without laying them out."""
    if settings.names:
        return len(settings.names)
    if settings.hash_bits:
        return 1 << settings.hash_bits
    total = 0
    for pattern in settings.patterns:
        k = pattern.count("1")
        palindromes = 0 if k % 2 else 4 ** (k // 2)
        total += (4**k + palindromes) // 2 if _is_canonical(pattern, settings.strands) else 4**k
    return total


@lru_cache(maxsize=4)
def make_columns(settings: KmerSettings) -> WordColumns:
    """Lay out the columns of a featuriser: pattern by pattern, words in alphabetical order.

    A symmetric pattern on both strands has a column for each word and its reverse complement. Any
    other pattern on both strands has a column for each word: its occurrences on either strand.

    Raises
    ------
    SeqnetError
        If the settings are those of a table of motif scores, which is not counted.
    ValueError
        If the settings are wrong or give too many features.
    """
    if settings.names:
        raise SeqnetError(
            "the model reads a table of motif scores, not sequences; make one with scan --per-sequence "
            "--matrix and give it by --features"
        )
    checked_settings(settings)
    tables: dict[tuple[int, bool], tuple[int, NDArray[np.int32]]] = {}
    rules: list[tuple[int, int, int]] = []
    starts = [0]

    def table_start(k: int, canonical: bool) -> int:
        if (k, canonical) not in tables:
            words = canonical_map(k)[0] if canonical else reverse_complement_words(k).astype(np.int32)
            tables[k, canonical] = sum(len(table) for _, table in tables.values()), words
        return tables[k, canonical][0]

    for pattern in settings.patterns:
        k, canonical = pattern.count("1"), _is_canonical(pattern, settings.strands)
        rules.append((int(pattern, 2), starts[-1], table_start(k, True) if canonical else -1))
        if settings.strands == "both" and not canonical:
            rules.append((int(pattern[::-1], 2), starts[-1], table_start(k, False)))
        starts.append(starts[-1] + (len(canonical_map(k)[1]) if canonical else 4**k))
    if settings.hash_bits:
        starts = [0, 1 << settings.hash_bits]
    if starts[-1] > MOST_FEATURES:
        raise ValueError(f"{starts[-1]} features are too many; at most {MOST_FEATURES} (hash them)")
    masks, bases, begins = zip(*rules, strict=True)
    joined = [np.empty(0, np.int32), *(table for _, table in tables.values())]
    return WordColumns(
        WordRules(
            np.array(masks, np.uint32),
            np.array(bases, np.int64),
            np.concatenate(joined),
            np.array(begins, np.int64),
        ),
        np.array(starts, np.int64),
        max(map(len, settings.patterns)),
    )


def feature_names(settings: KmerSettings) -> NDArray[np.str_]:
    """Return the word of each column, in order: fixed-width unicode (d,), N where any base may be.

    Hashed columns are numbered.

    Examples
    --------
    >>> feature_names(KmerSettings(("11",)))[:4].tolist()
    ['AA', 'AC', 'AG', 'AT']
    >>> str(feature_names(KmerSettings(("1101",), "forward"))[1])
    'AANC'
    """
    if settings.names:
        return np.array(settings.names, dtype=np.str_)
    if settings.hash_bits:
        digits = len(str((1 << settings.hash_bits) - 1))
        return np.array([f"hash{i:0{digits}d}" for i in range(1 << settings.hash_bits)])
    columns = make_columns(settings)
    letters = np.zeros((columns.features, columns.span), dtype=np.uint32)
    for pattern, start in zip(settings.patterns, columns.starts.tolist(), strict=False):
        k = pattern.count("1")
        words = canonical_map(k)[1] if _is_canonical(pattern, settings.strands) else np.arange(4**k)
        part = letters[start : start + len(words)]
        for place, kind in enumerate(pattern):
            if kind == "0":
                part[:, place] = _ANY
                continue
            k -= 1
            part[:, place] = _LETTERS[words >> 2 * k & 3]
    return letters.view(f"<U{columns.span}").reshape(-1)


def are_words(names: Iterable[str]) -> bool:
    """Return whether names of features are words of bases, N between them.

    Examples
    --------
    >>> are_words(["AANC", "CTC"]), are_words(["CTCF"]), are_words(["NC"])
    (True, False, False)
    """
    return all(name and not set(name) - set("ACGTN") and "N" not in (name[0], name[-1]) for name in names)


def patterns_of(names: NDArray[np.str_]) -> list[str]:
    """Return the patterns of feature names, in order of appearance."""
    patterns = dict.fromkeys(
        "".join("0" if letter == "N" else "1" for letter in name) for name in names.tolist()
    )
    return list(patterns)
