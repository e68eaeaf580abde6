"""Exact differences and shares of functions of k-mer counts, word by word."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqnet.aliases import Bools, Codes, Floats, Ints
from seqnet.kernels.kmers import WIDEST_WINDOW, hashed
from seqnet.kmers.columns import WordColumns, make_columns
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import KmerSettings


@dataclass(frozen=True, eq=False)
class WordSum:
    """A linear function of k-mer features: ``weights @ features``, one for each of T tasks.

    Parameters
    ----------
    settings
        How sequences become d features: under ``sqrt`` and ``log`` they are not linear in counts.
    weights
        float64 (T, d): of features as the settings give them.
    """

    settings: KmerSettings
    weights: Floats

    @cached_property
    def _columns(self) -> WordColumns:
        return make_columns(self.settings)

    @cached_property
    def _informative(self) -> list[list[int]]:
        """Of each rule the places of its informative bases, counted back from a word's last base."""
        return [
            [bit for bit in range(WIDEST_WINDOW) if mask >> bit & 1]
            for mask in self._columns.rules.masks.tolist()
        ]

    def _slopes(self, weights: Floats, counts: Ints) -> Floats:
        """Return the weights (..., d) of counts, or of their roots or logarithms, in one sequence."""
        if self.settings.normalize == "z":
            return weights / np.array(self.settings.deviation, dtype=np.float64)
        if self.settings.normalize == "frequency":
            starts = self._columns.starts
            totals = np.add.reduceat(counts.astype(np.float64), starts[:-1])
            slopes: Floats = weights / np.repeat(np.maximum(totals, 1), np.diff(starts))
            return slopes
        return weights

    def _column(self, rule: int, words: Ints) -> Ints:
        """Return the columns of words of one rule."""
        rules = self._columns.rules
        start, base = int(rules.starts[rule]), int(rules.bases[rule])
        columns = base + (words if start < 0 else rules.tables[start:][words].astype(np.int64))
        return hashed(columns, self.settings.hash_bits) if self.settings.hash_bits else columns

    def _words(self, codes: Codes) -> tuple[Ints, Bools]:
        """Return the word that ends at each base of a sequence, and whether it is there: (rules, L) both."""
        length = len(codes)
        words = np.zeros((len(self._informative), length), np.int64)
        there = np.zeros(words.shape, dtype=bool)
        for rule, places in enumerate(self._informative):
            span = places[-1]
            if span >= length:
                continue
            good = np.ones(length - span, dtype=bool)
            for place in reversed(places):
                letters = codes[span - place : length - place]
                words[rule, span:] = 4 * words[rule, span:] + np.minimum(letters, 3)
                good &= letters < 4
            there[rule, span:] = good
        return words, there

    def columns_at(self, codes: Codes) -> Ints:
        """Return the column of the word that ends at each base, -1 where there is none: int64 (rules, L)."""
        words, there = self._words(codes)
        found = np.stack([self._column(rule, row) for rule, row in enumerate(words)])
        return np.where(there, found, -1)

    def _counts(self, columns: Ints) -> Ints:
        """Return how often each column occurs, int64 (d,)."""
        return np.bincount(columns[columns >= 0], minlength=self._columns.features)

    # ---- substitutions -----------------------------------------------------------------------

    def effects(self, codes: Codes, positions: Ints) -> Floats:
        """Return what each substitution changes.

        Parameters
        ----------
        codes
            uint8 (L,).
        positions
            int64 (P,): where bases are substituted.

        Returns
        -------
        float64 (P, 4, T): the function with each base in place, less the function.
        """
        found = np.zeros((len(positions), 4, len(self.weights)))
        known = codes[positions] < 4
        found[known] = self._exchanges(codes, positions[known])
        for row in np.flatnonzero(~known).tolist():  # words come into being, of which there were none
            found[row] = self._insertions(codes, int(positions[row]))
        return found

    def _insertions(self, codes: Codes, position: int) -> Floats:
        """Return the effects (4, T) of bases in place of an ambiguous one, by counting again."""
        edited = np.repeat(codes[None], 5, axis=0)
        edited[1:, position] = np.arange(4)
        values = count_codes(edited, self.settings).astype(np.float64) @ self.weights.T
        effects: Floats = values[1:] - values[0]
        return effects

    def _exchanges(self, codes: Codes, positions: Ints) -> Floats:
        """Return the effects (P, 4, T) of bases in place of known ones."""
        words, there = self._words(codes)
        others = (codes[positions].astype(np.int64)[:, None] + np.arange(1, 4)) % 4
        step = others - codes[positions].astype(np.int64)[:, None]
        keys = []
        for rule, places in enumerate(self._informative):
            for rank, place in enumerate(places):
                end = positions + place
                valid = end < len(codes)
                end = np.where(valid, end, 0)
                valid &= there[rule, end]
                old = np.where(valid, words[rule, end], 0)[:, None]
                new = np.where(valid[:, None], old + (step << 2 * rank), 0)
                both = self._column(rule, np.concatenate([old, new], axis=1))
                keys.append(np.where(valid[:, None], both, -1))
        columns = np.stack(keys, axis=-1)
        old, new = np.broadcast_to(columns[:, :1], (len(positions), 3, columns.shape[2])), columns[:, 1:]
        found = np.zeros((len(positions), 4, len(self.weights)))
        changes = self._changes(codes, old.reshape(-1, old.shape[2]), new.reshape(-1, new.shape[2]))
        np.put_along_axis(found, others[..., None], changes.reshape(len(positions), 3, -1), axis=1)
        return found

    def _changes(self, codes: Codes, old: Ints, new: Ints) -> Floats:
        """Return the effect of replacing each row's old words by the new: float64 (m, T)."""
        rows, items = old.shape
        keys = np.sort(np.concatenate([2 * old, 2 * new + 1], axis=1), axis=1)
        columns = keys >> 1
        ends = np.ones(columns.shape, dtype=bool)
        ends[:, :-1] = columns[:, 1:] != columns[:, :-1]
        # as many words go as come, so that the running sum is 0 at the end of each row
        summed = np.cumsum(2 * (keys & 1) - 1)[np.flatnonzero(ends)]
        change = np.diff(summed, prepend=0)
        changed = np.flatnonzero(change)
        place = np.flatnonzero(ends)[changed]
        row, column, change = place // (2 * items), columns.reshape(-1)[place], change[changed]
        counts = self._counts(self.columns_at(codes))
        slopes = self._slopes(self.weights, counts)
        value = self._value(counts[column] + change) - self._value(counts[column])
        effects = [np.bincount(row, weights=task[column] * value, minlength=rows) for task in slopes]
        return np.stack(effects, axis=1)

    def _value(self, counts: Ints) -> Floats:
        """Return the features of counts, but for a factor and a constant of each column."""
        if self.settings.normalize == "sqrt":
            return np.sqrt(counts)
        return np.log1p(counts) if self.settings.normalize == "log" else counts.astype(np.float64)

    # ---- shares ------------------------------------------------------------------------------

    def shares(self, codes: Codes, references: Codes, task: int, multipliers: Floats | None = None) -> Floats:
        """Return how much of the difference from references each base accounts for.

        A feature's difference is shared out equally among the words that it counts in the sequence, and,
        less, among those of the reference; a word's share equally among its informative bases. Shares add
        up to the difference.

        Parameters
        ----------
        codes, references
            uint8 (L,) and (N, L).
        multipliers
            float64 (N, d): weights of the features for each reference; the task's own when None.

        Returns
        -------
        float64 (L,): the mean over the references.
        """
        own = self.columns_at(codes)
        counts = self._counts(own)
        total = np.zeros(len(codes))
        for number, reference in enumerate(references):
            weights = self.weights[task] if multipliers is None else multipliers[number]
            others = self.columns_at(reference)
            gained, lost = self._multipliers(counts, self._counts(others), weights)
            total += self._spread(own, gained) + self._spread(others, lost)
        return total / len(references)

    def _multipliers(self, own: Ints, other: Ints, weights: Floats) -> tuple[Floats, Floats]:
        """Return what a word of each column adds in the sequence and, negative, in the reference."""
        if self.settings.normalize not in ("sqrt", "log"):
            return self._slopes(weights, own), -self._slopes(weights, other)
        difference = own - other
        with np.errstate(divide="ignore", invalid="ignore"):
            secant = (self._value(own) - self._value(other)) / difference
            shift = np.maximum(own, 1) if self.settings.normalize == "sqrt" else own + 1.0
            slope = 0.5 / np.sqrt(shift) if self.settings.normalize == "sqrt" else 1 / shift
        multiplier = weights * np.where(difference == 0, slope, secant)
        return multiplier, -multiplier

    def _spread(self, columns: Ints, share: Floats) -> Floats:
        """Return the sum of words' shares at each base: float64 (L,)."""
        length = columns.shape[1]
        found = np.zeros(length)
        of_word = np.where(columns >= 0, share[np.maximum(columns, 0)], 0.0)
        for places, values in zip(self._informative, of_word, strict=True):
            for place in places:
                found[: length - place] += values[place:] / len(places)
        return found
