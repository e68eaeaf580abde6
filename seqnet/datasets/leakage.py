"""Training rows that the held-out rows give away: equal sequences, and long words in common."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Codes, Ints
from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import AMBIGUOUS, canonical_rows, reverse_complement
from seqnet.genome.regions import UNKNOWN, Regions

OnLeak: TypeAlias = Literal["drop", "warn", "error"]
"""How to handle a training row that equals a held-out one."""
WORD = 100
"""Bases in common that are worth a warning."""
MOST_WORDS = 1 << 24
"""Words of held-out rows that are looked up at most; with more, one in so many is."""
_ROWS = 4096  # hashed at a time
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse among 64-bit numbers
_HELD = ("valid", "test")

Hashes: TypeAlias = NDArray[np.uint64]


class Pairs(NamedTuple):
    """Training rows, and for each one held-out row that it has something in common with."""

    train: Ints
    """int64 (m,), ascending."""
    held: Ints
    """int64 (m,)."""


class Leakage(NamedTuple):
    """What training and held-out rows have in common."""

    equal: Pairs
    """Equal, or each other's reverse complement."""
    shared: Pairs
    """Those with a word of `WORD` bases in common on either strand, equal ones too."""
    sampled: int
    """One in so many words was looked up; 1 is all of them."""


def find_leakage(splits: NDArray[np.object_], codes: Codes) -> Leakage:
    """Compare the rows of split ``train`` (and those without one) with those of ``valid`` and ``test``.

    Parameters
    ----------
    splits
        object (n,).
    codes
        uint8 (n, width).
    """
    held = np.flatnonzero(np.isin(splits, _HELD))
    train = np.flatnonzero((splits == "train") | (splits == UNKNOWN))
    shared, sampled = shared_words(codes, train, held)
    return Leakage(equal_rows(codes, train, held), shared, sampled)


def equal_rows(codes: Codes, train: Ints, held: Ints) -> Pairs:
    """Find the training rows that equal a held-out row or its reverse complement, padding aside.

    Rows of ambiguous bases alone give nothing away and do not count.
    Rows are compared by a hash of the lower of both strands, and those with equal hashes base by base.

    Parameters
    ----------
    codes
        uint8 (n, width).
    train, held
        int64: row numbers.
    """
    train, held = (rows[(codes[rows] != AMBIGUOUS).any(axis=1)] for rows in (train, held))
    ours, theirs = canonical_rows(codes[train]), canonical_rows(codes[held])
    keys, wanted = _row_hashes(theirs), _row_hashes(ours)
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys[order], wanted)
    matches = np.flatnonzero(place < len(keys))
    partner = order[place[matches]]
    same = (theirs[partner] == ours[matches]).all(axis=1) if codes.shape[1] else np.ones(len(matches), bool)
    return Pairs(train[matches[same]], held[partner[same]])


def _row_hashes(codes: Codes) -> Hashes:
    """Return a hash of each row, uint64 (n,)."""
    weights = _powers(codes.shape[1], _BASE)
    parts = [(codes[i : i + _ROWS] + np.uint64(1)) @ weights for i in range(0, len(codes), _ROWS)]
    return _mixed(np.concatenate([*parts, np.empty(0, np.uint64)]))


def shared_words(codes: Codes, train: Ints, held: Ints, word: int = WORD) -> tuple[Pairs, int]:
    """Find the training rows that have a word in common with a held-out row, on either strand.

    Words with an ambiguous base do not count. What a hash finds is compared base by base, so no row is
    named that has none; where there are more than `MOST_WORDS` one in so many is looked up.

    Parameters
    ----------
    codes
        uint8 (n, width); shorter sequences are padded with ambiguous bases.
    train, held
        int64: row numbers.
    word
        Bases of a word.

    Returns
    -------
    pairs, sampled
        The rows, and the share of words that was looked up as one in so many.
    """
    places = codes.shape[1] - word + 1
    if places < 1 or not len(held) or not len(train):
        return Pairs(np.empty(0, np.int64), np.empty(0, np.int64)), 1
    sampled = 1 + len(held) * places // MOST_WORDS
    keys, rows, begins = _sampled_words(codes, held, word, sampled)
    seen = _seen(keys)
    order = np.argsort(keys, kind="stable")
    keys, rows, begins = keys[order], rows[order], begins[order]
    pairs: list[Pairs] = []
    for first in range(0, len(train), _ROWS):
        part = train[first : first + _ROWS]
        wanted, own, at = _sampled_words(codes, part, word, sampled, seen)
        place = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
        hit = np.flatnonzero(keys[place] == wanted) if len(keys) else np.empty(0, np.int64)
        hit = hit[np.unique(own[hit], return_index=True)[1]]  # one word of a row is enough
        ours, theirs = (own[hit], at[hit]), (rows[place[hit]], begins[place[hit]])
        same = _words_equal(_words(codes, *ours, word), _words(codes, *theirs, word))
        pairs.append(Pairs(ours[0][same], theirs[0][same]))
    return Pairs(*(np.concatenate(column) for column in zip(*pairs, strict=True))), sampled


def _seen(keys: Hashes) -> Bools:
    """Return a table that is true at the last bits of each key, false at most others: few words pass it."""
    table = np.zeros(1 << min(27, 3 + len(keys).bit_length()), dtype=bool)
    table[keys & np.uint64(len(table) - 1)] = True
    return table


def _sampled_words(
    codes: Codes, rows: Ints, word: int, sampled: int, seen: Bools | None = None
) -> tuple[Hashes, Ints, Ints]:
    """Return hash, row and place of the words of rows that the sample takes and that may have been seen."""
    parts = []
    for first in range(0, len(rows), _ROWS):
        part = rows[first : first + _ROWS]
        hashes, clear = word_hashes(codes[part], word)
        taken = clear if sampled == 1 else clear & (hashes % np.uint64(sampled) == 0)
        if seen is not None:
            taken &= seen[hashes & np.uint64(len(seen) - 1)]
        which, place = np.nonzero(taken)
        parts.append((hashes[taken], part[which], place))
    hashes, owners, places = (np.concatenate(column) for column in zip(*parts, strict=True))
    return hashes, owners, places


def word_hashes(codes: Codes, word: int) -> tuple[Hashes, Bools]:
    """Hash every word of every row, the same for a word and its reverse complement.

    A word's hash is the lower of two polynomials modulo 2**64, of its codes forward and of its complements
    backward; each is a difference of running sums, scaled to the word's place by powers of an odd number.

    Returns
    -------
    hashes, clear
        uint64 and bool (n, width - word + 1): and which words are without an ambiguous base.
    """
    width = codes.shape[1]
    powers, inverses = _powers(width, _BASE), _powers(width, pow(_BASE, -1, 1 << 64))
    forward = _running((codes + np.uint64(1)) * inverses)
    complements = np.uint64(4) - np.minimum(codes, 3)
    backward = _running(complements * powers)
    ambiguous = _running((codes >= AMBIGUOUS).astype(np.uint64))
    plus = (forward[:, word:] - forward[:, :-word]) * powers[word - 1 :]
    minus = (backward[:, word:] - backward[:, :-word]) * inverses[: width - word + 1]
    clear = ambiguous[:, word:] == ambiguous[:, :-word]
    return _mixed(np.minimum(plus, minus)), clear


def _running(values: Hashes) -> Hashes:
    """Return the sums of the first 0, 1, ... values of each row, modulo 2**64."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1), dtype=np.uint64)
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _powers(count: int, base: int) -> Hashes:
    """Return base**0, base**1, ... modulo 2**64."""
    powers = np.full(max(count, 1), base, dtype=np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)[:count]


def _mixed(values: Hashes) -> Hashes:
    """Spread differences over all bits (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


def _words(codes: Codes, rows: Ints, places: Ints, word: int) -> Codes:
    """Return words, uint8 (m, word)."""
    return np.asarray(codes[rows[:, np.newaxis], places[:, np.newaxis] + np.arange(word)])


def _words_equal(first: Codes, second: Codes) -> Bools:
    """Tell which words equal, or equal each other's reverse complement."""
    other = reverse_complement(second) if len(second) else second
    return np.asarray((first == second).all(axis=1) | (first == other).all(axis=1))


def without_leaks(regions: Regions, equal: Pairs, policy: OnLeak) -> Bools:
    """Return which rows stay under a policy: bool (n,).

    Raises
    ------
    SeqnetError
        Under ``error``, if a training row equals a held-out one; it names both.
    """
    keep = np.ones(len(regions), dtype=bool)
    if policy == "error" and len(equal.train):
        row, other = int(equal.train[0]), int(equal.held[0])
        more = f" ({len(equal.train)} such rows)" if len(equal.train) > 1 else ""
        raise SeqnetError(
            f"{regions.source}: {regions.names[row]} of {_split(regions, row)} has the sequence of "
            f"{regions.names[other]} of {_split(regions, other)}{more}; see --on-leak"
        )
    if policy == "drop":
        keep[equal.train] = False
    return keep


def _split(regions: Regions, row: int) -> str:
    """Return the split of a row; one that has none is trained on."""
    split = str(regions.splits[row])
    return "train" if split == UNKNOWN else split


def default_policy(by_chromosome: bool) -> OnLeak:
    """Return what ``--on-leak`` is where it is not given: a split of the user's own is not mended."""
    return "drop" if by_chromosome else "error"
