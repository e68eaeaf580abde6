"""Linear functions of k-mer features, and what edits of single bases change in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from seqnet.aliases import Codes, Floats
from seqnet.kernels.kmers import WordRules
from seqnet.kernels.word_edits import EditedSums, Edits, WordFunction, edit_words, word_covers
from seqnet.kmers.columns import WordColumns, make_columns
from seqnet.kmers.settings import KmerSettings
from seqnet.parallel import ordered_map


@dataclass(frozen=True, eq=False)
class KmerFunction:
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

    def edited(self, windows: Codes, edits: Edits, threads: int = 1) -> EditedSums:
        """Return the function of windows, and what edits of single bases add, as counting again would give.

        Square roots and logarithms are rounded as those of `count_codes`; other features are not, as float32
        is there.

        Parameters
        ----------
        windows
            uint8 (n, L).
        threads
            Parts computed at a time; results do not depend on it.
        """
        step = max(1, -(-len(windows) // threads)) if threads > 1 else max(1, len(windows))
        function = self._function(windows.shape[1])

        def compute(begin: int) -> EditedSums:
            end = min(begin + step, len(windows))
            ends = edits.ends[begin : end + 1]
            rows = slice(int(ends[0]), int(ends[-1]))
            part = Edits(ends - ends[0], edits.places[rows], edits.letters[rows])
            return edit_words(windows[begin:end], part, function)

        parts = list(ordered_map(compute, range(0, len(windows), step), threads))
        none = np.zeros((0, len(self.weights)))
        wholes = np.concatenate([none, *(part.wholes for part in parts)])
        changes = np.concatenate([none, *(part.changes for part in parts)])
        return EditedSums(wholes + self._constant, changes)

    @cached_property
    def _columns(self) -> WordColumns:
        return make_columns(self.settings)

    @cached_property
    def _by_column(self) -> Floats:
        """The weights of values of counts, float64 (d, T)."""
        weights = self.weights
        if self.settings.normalize == "z":
            weights = weights / np.array(self.settings.deviation, dtype=np.float64)
        return np.ascontiguousarray(weights.T, dtype=np.float64)

    @cached_property
    def _constant(self) -> Floats:
        """What does not depend on the counts, float64 (T,)."""
        if self.settings.normalize != "z":
            return np.zeros(len(self.weights))
        constant: Floats = -np.array(self.settings.mean, dtype=np.float64) @ self._by_column
        return constant

    @cached_property
    def _plain(self) -> WordFunction:
        """What the kernel computes where values are the counts."""
        rules, features = self._columns.rules, self._columns.features
        normalize, hash_bits = self.settings.normalize, self.settings.hash_bits
        shares, counts = normalize == "frequency", np.empty(0)
        plain = WordFunction(rules, features, hash_bits, self._by_column, counts, shares)
        is_sum = len(self.weights) == 1 and not shares and not len(_values(normalize, 0))
        return plain._replace(covers=word_covers(plain)) if is_sum else plain

    def _function(self, length: int) -> WordFunction:
        """Return what the kernel computes for windows of so many bases."""
        most = _largest_group(self._columns.rules, self.settings.hash_bits) * length
        return self._plain._replace(values=_values(self.settings.normalize, most))


def _largest_group(rules: WordRules, hash_bits: int) -> int:
    """Return how many rules share columns, at most."""
    return len(rules.bases) if hash_bits else int(np.unique(rules.bases, return_counts=True)[1].max())


@lru_cache(maxsize=8)
def _values(normalize: str, most: int) -> Floats:
    """Return the features of counts up to `most`, rounded as those of `count_codes`; empty for counts."""
    counts = np.arange(most + 1, dtype=np.float32)
    if normalize == "sqrt":
        return np.sqrt(counts).astype(np.float64)
    return np.log1p(counts).astype(np.float64) if normalize == "log" else np.empty(0)
