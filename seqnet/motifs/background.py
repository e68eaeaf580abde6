"""Background distributions of bases: single frequencies, or a Markov model of any order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Floats
from seqnet.genome.sequence import SequenceBlock
from seqnet.genome.words import reverse_complement_words, word_name, word_numbers

NORMALISED = 1e-9
"""Sums this close to 1 are left alone, so that reading what was written changes no digit."""
LARGEST_ORDER = 8


def _normalised(values: Floats) -> Floats:
    """Return a read-only copy that sums to 1."""
    copy = np.array(values, dtype=np.float64)
    if not np.isfinite(copy).all() or (copy < 0).any():
        raise ValueError("a background holds frequencies >= 0")
    if not copy.sum() > 0:
        raise ValueError("the background frequencies sum to zero")
    if abs(copy.sum() - 1) > NORMALISED:
        copy /= copy.sum()
    copy.flags.writeable = False
    return copy


@dataclass(frozen=True, eq=False)
class Background:
    """The distribution of windows that p-values are computed under.

    Parameters
    ----------
    frequencies
        float64 (4,), A C G T, normalised to sum to 1; the order-0 distribution.
    source
        Where it comes from, for the record.
    longer
        For a model of order k the frequencies of all words of 2 .. k + 1 letters, float64
        (4**length,) each, words as base-4 numbers with the first letter most significant.
    """

    frequencies: Floats
    source: str = "uniform"
    longer: tuple[Floats, ...] = ()

    def __post_init__(self) -> None:
        """Check, normalise and freeze."""
        if np.shape(self.frequencies) != (4,):
            raise ValueError("a background is four frequencies >= 0, A C G T")
        object.__setattr__(self, "frequencies", _normalised(self.frequencies))
        for length, table in enumerate(self.longer, 2):
            if np.shape(table) != (4**length,):
                raise ValueError(f"frequencies of words of {length} letters are {4**length}")
        object.__setattr__(self, "longer", tuple(map(_normalised, self.longer)))

    @property
    def order(self) -> int:
        """Order k of the Markov model; 0 for single frequencies."""
        return len(self.longer)

    @property
    def tables(self) -> tuple[Floats, ...]:
        """Frequencies of words of 1 .. k + 1 letters."""
        return (self.frequencies, *self.longer)

    @property
    def complement(self) -> Floats:
        """Single frequencies as the other strand has them, float64 (4,)."""
        return self.frequencies[::-1]

    @property
    def symmetric(self) -> bool:
        """Whether both strands have the same distribution."""
        return all(
            bool(np.array_equal(table, table[reverse_complement_words(length)]))
            for length, table in enumerate(self.tables, 1)
        )

    def conditional(self, letters: int) -> Floats:
        """Return the next letter's probabilities after the last `letters` letters of a window.

        Parameters
        ----------
        letters
            How many letters of the window lie before; beyond the order only the last k count.

        Returns
        -------
        float64 (4**min(letters, k), 4): a row per context, rows sum to 1; a context that never
        occurs falls back to the single frequencies.
        """
        table = self.tables[min(letters, self.order)].reshape(-1, 4)
        totals = table.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            return np.where(totals > 0, table / totals, self.frequencies)


UNIFORM = Background(np.full(4, 0.25))


def count_contexts(blocks: Iterable[SequenceBlock], order: int) -> list[Floats]:
    """Count the words of 1 .. order + 1 letters of a stream, float64 (4**length,) each.

    Words with an ambiguous base do not count, nor words across two records.
    """
    counts = [np.zeros(4**length) for length in range(1, order + 2)]
    tail = np.empty(0, dtype=np.uint8)
    for block in blocks:
        joined = np.concatenate([tail, block.codes])
        for length, table in enumerate(counts, 1):
            words = word_numbers(joined[max(0, len(tail) - length + 1) :], length)  # that end in fresh bases
            table += np.bincount(words[words >= 0], minlength=4**length)
        tail = joined[:0] if block.last else joined[max(0, len(joined) - order) :]
    return counts


def counted_background(
    counts: Sequence[Floats], source: str, *, symmetric: bool, pseudocount: float = 0.0
) -> Background:
    """Turn word counts into a background.

    Parameters
    ----------
    counts
        Counts of words of 1 .. k + 1 letters, as `count_contexts` returns them.
    symmetric
        Whether to count both strands.
    pseudocount
        Added to every word.

    Raises
    ------
    ValueError
        If a word never occurs.
    """
    tables = []
    for length, table in enumerate(counts, 1):
        both = table + table[reverse_complement_words(length)] if symmetric else table
        missing = np.flatnonzero(both + pseudocount <= 0)
        if len(missing):
            word = word_name(int(missing[0]), length)
            raise ValueError(
                f"{word} never occurs, so it has no background frequency; "
                "lower the order or add a pseudocount"
            )
        tables.append(both + pseudocount)
    return Background(tables[0], source, tuple(tables[1:]))
