"""What edits of single bases change in sums over counted words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints
from seqnet.kernels import _dispatch
from seqnet.kernels.kmers import WIDEST_WINDOW, WordRules, hashed


class Edits(NamedTuple):
    """The m edits of n windows, those of a window one behind the other."""

    ends: Ints
    """int64 (n + 1,): the edits of window i are ``ends[i]`` to before ``ends[i + 1]``."""
    places: Ints
    """int64 (m,): the index of the edited base in its window."""
    letters: Codes
    """uint8 (m,): the code that is put there; above 3 is ambiguous."""


class WordCovers(NamedTuple):
    """Sums of weights that are looked up once for several rules."""

    masks: NDArray[np.uint32]
    """uint32 (c,): as those of rules. A rule is covered by the first cover that has its informative bases."""
    sums: Floats
    """float64 (s,): for each word of each cover, the weights of the words of the rules that it covers."""


_NO_COVERS = WordCovers(np.empty(0, np.uint32), np.empty(0))


class WordFunction(NamedTuple):
    """Sums of weights times values of counts, one for each of T tasks."""

    rules: WordRules
    """Those of one base follow each other and are a group; columns of different groups are apart."""
    features: int
    """Number d of columns."""
    hash_bits: int
    """Where it is not 0, columns are hashed into ``2**hash_bits``, all of one group."""
    weights: Floats
    """float64 (d, T)."""
    values: Floats
    """float64 (c,): the value of each count, that of 0 is 0; empty where values are the counts."""
    shares: bool
    """Whether the sum over a group is divided by the number of its words."""
    covers: WordCovers = _NO_COVERS
    """Make the sums of whole windows fast; used where there is one task, and values are the counts."""


class EditedSums(NamedTuple):
    """A function of windows, and what edits add to it."""

    wholes: Floats
    """float64 (n, T): the function of each window."""
    changes: Floats
    """float64 (m, T): what each edit alone adds."""


def edit_words(windows: Codes, edits: Edits, function: WordFunction) -> EditedSums:
    """Compute a function of windows, and by the words that overlap an edit what the edit changes.

    Sums are float64; their order depends on a window and on one edit alone.

    Parameters
    ----------
    windows
        uint8 (n, W): codes above 3 are ambiguous, and words with one at an informative base do not count.

    Raises
    ------
    ValueError
        If sizes do not fit together, values do not reach the largest count, or a word has no column.
    """
    compiled = _dispatch.compiled()
    if compiled is None:
        return edit_words_numpy(windows, edits, function)
    tasks = function.weights.shape[1]
    sums = EditedSums(np.empty((len(windows), tasks)), np.empty((len(edits.letters), tasks)))
    rules = function.rules
    compiled.edit_words(
        np.ascontiguousarray(windows), windows.shape[1], *edits, rules.masks, rules.bases, rules.tables,
        rules.starts, function.features, function.hash_bits, function.weights, function.values,
        function.shares, *function.covers, sums.changes, sums.wholes,
    )  # fmt: skip
    return sums


def informative_places(rules: WordRules) -> list[list[int]]:
    """Return the places of each rule's informative bases, counted back from a word's last base."""
    return [[bit for bit in range(WIDEST_WINDOW) if mask >> bit & 1] for mask in rules.masks.tolist()]


def columns_at(codes: Codes, rules: WordRules, features: int, hash_bits: int) -> Ints:
    """Return the column of the word that ends at each base of sequences, int64 (..., rules, L).

    Parameters
    ----------
    codes
        uint8 (..., L).

    Returns
    -------
    -1 where there is no word: it would begin before the sequence, or hold an ambiguous base.

    Raises
    ------
    ValueError
        If a word has no column below `features`.
    """
    length = codes.shape[-1]
    columns = np.full((*codes.shape[:-1], len(rules.masks), length), -1, dtype=np.int64)
    for rule, places in enumerate(informative_places(rules)):
        ends = np.arange(places[-1], length)
        letters = codes[..., ends[:, None] - places]
        columns[..., rule, places[-1] :] = _columns(letters, rule, rules, features, hash_bits)
    return columns


def _columns(
    letters: NDArray[np.integer], rule: int, rules: WordRules, features: int, hash_bits: int
) -> Ints:
    """Return the columns of words by their letters (..., k), the last first; -1 where one is ambiguous."""
    digits = 4 ** np.arange(letters.shape[-1])
    words = np.minimum(letters, 3).astype(np.int64) @ digits
    start, base = int(rules.starts[rule]), int(rules.bases[rule])
    columns = base + (words if start < 0 else rules.tables[start:][words].astype(np.int64))
    columns = hashed(columns, hash_bits) if hash_bits else columns
    known = (letters < 4).all(axis=-1)
    if (known & ((columns < 0) | (columns >= features))).any():
        raise ValueError("tables must lead to columns below features")
    return np.where(known, columns, -1)


_LARGEST_COVER, _MOST_SUMS = 8, 1 << 20
"""Informative bases of a cover, whose sums stay in a processor's second cache, and sums of all covers."""


def word_covers(function: WordFunction) -> WordCovers:
    """Return covers of a function of one task.

    Rules of which no other has all informative bases become covers, where their words are short enough and
    not too many: others are read by themselves.
    """
    masks: list[int] = []
    room = _MOST_SUMS
    for mask in sorted(function.rules.masks.tolist(), key=int.bit_count, reverse=True):
        size = 4 ** mask.bit_count()
        if mask.bit_count() <= _LARGEST_COVER and size <= room and all(mask & ~other for other in masks):
            masks.append(mask)
            room -= size
    sums = [np.zeros(4 ** mask.bit_count()) for mask in masks]
    for rule, mask in enumerate(function.rules.masks.tolist()):
        cover = next((at for at, other in enumerate(masks) if not mask & ~other), None)
        if cover is not None:
            sums[cover] += _weights_in(masks[cover], rule, function)
    return WordCovers(np.array(masks, np.uint32), np.concatenate([np.empty(0), *sums]))


def _weights_in(mask: int, rule: int, function: WordFunction) -> Floats:
    """Return the weight of a rule's word in each word of a cover, float64 (4**k,)."""
    places = [bit for bit in range(WIDEST_WINDOW) if mask >> bit & 1]
    own = [digit for digit, bit in enumerate(places) if int(function.rules.masks[rule]) >> bit & 1]
    letters = np.arange(4 ** len(places))[:, None] >> 2 * np.array(own) & 3
    columns = _columns(letters, rule, function.rules, function.features, function.hash_bits)
    weights: Floats = function.weights[columns, 0]
    return weights


_BASES_AT_ONCE = 1 << 18
"""Bases of the windows that numpy computes at a time."""


def edit_words_numpy(windows: Codes, edits: Edits, function: WordFunction) -> EditedSums:
    """Do what `edit_words` does without the compiled kernel."""
    tasks, step = function.weights.shape[1], max(1, _BASES_AT_ONCE // max(1, windows.shape[1]))
    wholes, changes = np.zeros((len(windows), tasks)), np.zeros((len(edits.letters), tasks))
    bases = np.zeros(len(function.rules.bases), np.int64) if function.hash_bits else function.rules.bases
    groups = np.cumsum(np.diff(bases, prepend=bases[:1]) != 0)
    for begin in range(0, len(windows), step):
        part, ends = windows[begin : begin + step], edits.ends[begin : begin + step + 1]
        edited = slice(int(ends[0]), int(ends[-1]))
        row = np.repeat(np.arange(len(part)), np.diff(ends))
        columns = columns_at(part, function.rules, function.features, function.hash_bits)
        for group in range(int(groups[-1]) + 1 if len(groups) else 0):
            members = np.flatnonzero(groups == group)
            counts = _counts(columns[:, members], function.features)
            old, new = _replaced(part, row, edits.places[edited], edits.letters[edited], members, function)
            whole, change = _group_sums(counts, row, old, new, function)
            wholes[begin : begin + step] += whole
            changes[edited] += change
    return EditedSums(wholes, changes)


class _Counts(NamedTuple):
    """How often columns occur in n windows."""

    keys: Ints
    """int64 (c,), in order: the number of the window times the number of columns, and the column."""
    counts: Ints
    """int64 (c,)."""
    windows: int
    """n."""

    def of(self, keys: Ints) -> Ints:
        """Return how often columns occur, of those that do and of others."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, self.counts[place], 0)


def _counts(columns: Ints, features: int) -> _Counts:
    """Count the columns of windows, int64 (n, rules, W)."""
    keys = (np.arange(len(columns)) * features)[:, None, None] + columns
    present, counts = np.unique(keys[columns >= 0], return_counts=True)
    return _Counts(present, counts, len(columns))


def _replaced(
    windows: Codes, row: Ints, places: Ints, letters: Codes, members: Ints, function: WordFunction
) -> tuple[Ints, Ints]:
    """Return the columns of the words that edits take away and bring, -1 for none: int64 (m, items) both."""
    rules, length = function.rules, windows.shape[1]
    parts = [np.empty((len(row), 2, 0), np.int64)]
    for rule in members.tolist():
        back = np.array(informative_places(rules)[rule])
        for digit, place in enumerate(back.tolist()):
            ends = places + place
            inside = (ends < length) & (ends >= back[-1])
            at = np.where(inside, ends, back[-1])[:, None] - back
            word = np.where(inside[:, None], windows[row[:, None], np.minimum(at, length - 1)], 4)
            changed = word.copy()
            changed[:, digit] = np.where(inside, letters, 4)
            both = np.stack([word, changed], axis=1)
            parts.append(_columns(both, rule, rules, function.features, function.hash_bits)[..., None])
    columns = np.concatenate(parts, axis=2)
    return columns[:, 0], columns[:, 1]


def _group_sums(
    counts: _Counts, row: Ints, old: Ints, new: Ints, function: WordFunction
) -> tuple[Floats, Floats]:
    """Return a group's sums (n, T) and the edits' changes of them (m, T).

    Parameters
    ----------
    row
        int64 (m,): the window of each edit.
    """
    values = function.values if len(function.values) else None
    of_window, column = np.divmod(counts.keys, function.features)
    whole = _summed(of_window, _valued(counts.counts, values), function.weights[column], counts.windows)
    edits, items = old.shape
    pairs = np.sort(np.concatenate([2 * old, 2 * new + 1], axis=1), axis=1)  # -1 becomes -2 and -1
    columns = pairs >> 1
    ends = np.ones(columns.shape, dtype=bool)
    ends[:, :-1] = columns[:, 1:] != columns[:, :-1]
    # as many go as come, -1 counted: the running sum is 0 at the end of each row
    net = np.diff(np.cumsum(2 * (pairs & 1) - 1)[np.flatnonzero(ends)], prepend=0)
    changed = np.flatnonzero((net != 0) & (columns[ends] >= 0))
    edit, column, step = np.flatnonzero(ends)[changed] // (2 * items), columns[ends][changed], net[changed]
    before = counts.of(row[edit] * function.features + column)
    steps = _valued(before + step, values) - _valued(before, values)
    change = _summed(edit, steps, function.weights[column], edits)
    if function.shares:
        words = np.bincount(of_window, counts.counts, counts.windows)[:, None]
        after = words[row] + ((new >= 0).sum(axis=1) - (old >= 0).sum(axis=1))[:, None]
        change = (whole[row] + change) / np.maximum(after, 1) - whole[row] / np.maximum(words[row], 1)
        whole = whole / np.maximum(words, 1)
    return whole, change


def _summed(row: Ints, values: Floats, weights: Floats, rows: int) -> Floats:
    """Return the sums of values (c,) times weights (c, T) by row, float64 (rows, T)."""
    sums = [np.bincount(row, task * values, rows) for task in weights.T]
    whole: Floats = np.stack(sums, axis=1).astype(np.float64)  # whole numbers where there are none
    return whole


def _valued(counts: Ints, values: Floats | None) -> Floats:
    """Return the values of counts."""
    return counts.astype(np.float64) if values is None else values[counts]
