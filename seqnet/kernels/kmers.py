"""Words of bases counted row by row, contiguous and gapped."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Ints
from seqnet.kernels import _dispatch

LONGEST_WORD = 12
"""Informative bases of a word, at most."""
WIDEST_WINDOW = 32
"""Bases of a window, at most."""
LARGEST_HASH = 30
"""Bits of a hashed column, at most."""


class WordRules(NamedTuple):
    """Which words are counted, and where: r rules."""

    masks: NDArray[np.uint32]
    """uint32 (r,): the informative bases of a window, bit 0 its last base; 1 to 12 of them."""
    bases: Ints
    """int64 (r,): the column of each rule's first word."""
    tables: NDArray[np.int32]
    """int32 (s,): tables from words to columns, one behind the other. A word of k bases is a number to
    the base 4, A C G T = 0 1 2 3, the first base most significant; its table has 4**k entries."""
    starts: Ints
    """int64 (r,): where each rule's table begins, -1 where words are their columns. A column is that
    of the table and the rule's base together."""


class CodeRows(NamedTuple):
    """n rows of codes, one behind the other."""

    codes: Codes
    """uint8 (m,): above 3 is ambiguous."""
    offsets: Ints
    """int64 (n + 1,): row i is ``codes[offsets[i]:offsets[i + 1]]``."""
    fresh: Ints
    """int64 (n,): windows that end before this code were counted before; ``offsets[:-1]`` for none."""


class Counts(NamedTuple):
    """Counts as CSR; columns ascend within a row."""

    columns: NDArray[np.int32]
    """int32 (c,)."""
    counts: NDArray[np.uint32]
    """uint32 (c,)."""
    ends: Ints
    """int64 (n,): how many counts there are up to each row's end."""


def count_words(rows: CodeRows, rules: WordRules, features: int, hash_bits: int = 0) -> Counts:
    """Count the words of every row that hold no ambiguous base where they are informative.

    Parameters
    ----------
    features
        Number of columns.
    hash_bits
        Where it is not 0, columns are hashed into ``2**hash_bits``, which `features` then is.

    Raises
    ------
    ValueError
        If sizes do not fit together or a word has no column.
    """
    return count_words_with(_dispatch.description(), rows, rules, features, hash_bits)


def count_words_with(
    kind: str, rows: CodeRows, rules: WordRules, features: int, hash_bits: int = 0
) -> Counts:
    """Do what `count_words` does, with a kind of kernels out of `_dispatch.available`."""
    held = CodeRows(*(np.ascontiguousarray(part, t) for part, t in zip(rows, _ROW_TYPES, strict=True)))
    compiled = None if kind == "numpy" else _dispatch.compiled()
    if compiled is None:
        return count_words_numpy(held, rules, features, hash_bits)
    ends = np.empty(len(held.fresh), np.int64)
    most = np.minimum(np.diff(held.offsets) * len(rules.masks), features)
    room = max(0, int(most.sum())) + _BEYOND  # memory that is not written to costs nothing
    columns, counts = np.empty(room, np.int32), np.empty(room, np.uint32)
    used = compiled.count_words(
        kind, *held, rules.masks, rules.bases, rules.tables, rules.starts, features, hash_bits, ends, columns,
        counts,
    )  # fmt: skip
    for array in (columns, counts):
        array.resize(used, refcheck=False)
    return Counts(columns, counts, ends)


_BEYOND = 8
"""Room that the kernel needs behind the last count; KMER_BEYOND in kmers.h."""
_ROW_TYPES: tuple[Any, ...] = (np.uint8, np.int64, np.int64)


def count_words_numpy(rows: CodeRows, rules: WordRules, features: int, hash_bits: int = 0) -> Counts:
    """Do what `count_words` does without the compiled kernel."""
    row = np.repeat(np.arange(len(rows.fresh)), np.diff(rows.offsets))
    keys = [np.empty(0, np.int64)]
    for mask, base, start in zip(
        rules.masks.tolist(), rules.bases.tolist(), rules.starts.tolist(), strict=True
    ):
        last, words = _words(rows, row, mask)
        columns = base + (words if start < 0 else rules.tables[start:][words].astype(np.int64))
        if hash_bits:
            columns = hashed(columns, hash_bits)
        if ((columns < 0) | (columns >= features)).any():
            raise ValueError("tables must lead to columns below features")
        keys.append(row[last - rows.offsets[0]] * features + columns)
    found, counts = np.unique(np.concatenate(keys), return_counts=True)
    of_row, columns = np.divmod(found, features)
    ends = np.searchsorted(of_row, np.arange(len(rows.fresh)), side="right")
    return Counts(columns.astype(np.int32), counts.astype(np.uint32), ends.astype(np.int64))


def _words(rows: CodeRows, row: Ints, mask: int) -> tuple[Ints, Ints]:
    """Return the last base of each window that counts, and its word, int64 both."""
    places = [place for place in reversed(range(WIDEST_WINDOW)) if mask >> place & 1]
    first, end = int(rows.offsets[0]), int(rows.offsets[-1])
    last = np.arange(min(end, first + places[0]), end)
    words = np.zeros(len(last), np.int64)
    good = (row[last - first - places[0]] == row[last - first]) & (last >= rows.fresh[row[last - first]])
    for place in places:
        letters = rows.codes[last - place]
        words = 4 * words + letters
        good &= letters < 4
    return last[good], words[good]


def hashed(columns: Ints, bits: int) -> Ints:
    """Fold columns into ``2**bits`` (Steele, Lea and Flood 2014, splitmix64), int64 like the columns."""
    keys = columns.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ keys >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ keys >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return ((keys ^ keys >> np.uint64(31)) >> np.uint64(64 - bits)).astype(np.int64)
