"""Exact differences and shares of functions of k-mer counts, word by word."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from seqnet.aliases import Codes, Floats, Ints
from seqnet.attribution.contributions import Shares, observed_shares
from seqnet.kernels.word_edits import Edits, columns_at, informative_places
from seqnet.kmers.counting import count_codes
from seqnet.kmers.edits import KmerFunction


class WordSum(KmerFunction):
    """A linear function of k-mer features whose effects and shares are computed word by word."""

    @cached_property
    def _informative(self) -> list[list[int]]:
        """Of each rule the places of its informative bases, counted back from a word's last base."""
        return informative_places(self._columns.rules)

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

    def columns_at(self, codes: Codes) -> Ints:
        """Return the column of the word that ends at each base, -1 where there is none: int64 (rules, L)."""
        return columns_at(codes, self._columns.rules, self._columns.features, self.settings.hash_bits)

    def _counts(self, columns: Ints) -> Ints:
        """Return how often each column occurs, int64 (d,)."""
        return np.bincount(columns[columns >= 0], minlength=self._columns.features)

    def effects(self, codes: Codes, positions: Ints, threads: int = 1) -> Floats:
        """Return what each substitution changes, float64 (n, P, 4, T); see `ExplainedTerm.effects`."""
        n, each = len(codes), 4 * len(positions)
        places = np.tile(np.repeat(positions, 4), n)
        letters = np.tile(np.arange(4, dtype=np.uint8), n * len(positions))
        edits = Edits(np.arange(n + 1, dtype=np.int64) * each, places, letters)
        changes = self.edited(codes, edits, threads).changes
        return changes.reshape(n, len(positions), 4, len(self.weights))

    def _value(self, counts: Ints) -> Floats:
        """Return the features of counts, but for a factor and a constant of each column."""
        if self.settings.normalize == "sqrt":
            return np.sqrt(counts)
        return np.log1p(counts) if self.settings.normalize == "log" else counts.astype(np.float64)

    # ---- shares ------------------------------------------------------------------------------

    def outputs(self, codes: Codes) -> Floats:
        """Return the function of sequences (n, L), float64 (n, T)."""
        values: Floats = count_codes(codes, self.settings).astype(np.float64) @ self.weights.T
        return values

    def shares(self, codes: Codes, references: Codes, task: int) -> Shares:
        """Return `word_shares` as attributions: of other bases than the observed ones nothing is known."""
        return observed_shares(codes, self.word_shares(codes, references, task))

    def word_shares(
        self, codes: Codes, references: Codes, task: int, multipliers: Floats | None = None
    ) -> Floats:
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
        sums = np.zeros(length)
        of_word = np.where(columns >= 0, share[np.maximum(columns, 0)], 0.0)
        for places, values in zip(self._informative, of_word, strict=True):
            for place in places:
                sums[: length - place] += values[place:] / len(places)
        return sums
