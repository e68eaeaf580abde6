"""Exact differences and attributions of functions of motif occupancies, window by window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Codes, Floats, Ints
from seqnet.attribution.contributions import Shares
from seqnet.inference.terms.motif_term import MotifFeatures, occupancies_of
from seqnet.motifs.matrix import reverse_complement_matrix

_NEVER = -1e6
"""Bits of a base that a motif never has, and of an ambiguous one: 2 to its power is 0."""
_NUMBERS = 1 << 18
"""Numbers that an array holds at most, more or less: a few of them stay in a processor's cache."""


class _Strand(NamedTuple):
    """Motifs of one width on one strand."""

    motifs: Ints
    """int64 (k,): which they are."""
    scores: Floats
    """float64 (w, 5, k): bits of each base and, last, of an ambiguous one."""

    def parts(self, numbers: int) -> Iterator[_Strand]:
        """Yield some motifs at a time, for arrays of so many numbers for each."""
        step = max(1, _NUMBERS // max(1, numbers))
        for start in range(0, len(self.motifs), step):
            part = slice(start, start + step)
            yield _Strand(self.motifs[part], np.ascontiguousarray(self.scores[:, :, part]))


@dataclass(frozen=True, eq=False)
class MotifSum:
    """A linear function of motif features: ``weights @ features``, one for each of T tasks.

    Parameters
    ----------
    features
        How sequences become the occupancies and hinges of m motifs.
    weights
        float64 (T, 2m).
    """

    features: MotifFeatures
    weights: Floats

    @cached_property
    def _strands(self) -> list[_Strand]:
        """All motifs, grouped by width and strand."""
        motifs = self.features.motifs
        groups: dict[tuple[int, bool], list[int]] = {}
        for number, (scores, both) in enumerate(zip(motifs.scores, motifs.both, strict=True)):
            for turned in (False, True)[: 1 + both]:
                groups.setdefault((len(scores), turned), []).append(number)
        strands = []
        for (width, turned), members in groups.items():
            table = np.full((width, 5, len(members)), _NEVER)
            for column, number in enumerate(members):
                scores = motifs.scores[number]
                table[:, :4, column] = reverse_complement_matrix(scores) if turned else scores
            strands.append(_Strand(np.array(members), np.maximum(table, _NEVER)))
        return strands

    def outputs(self, codes: Codes) -> Floats:
        """Return the function of sequences (n, L), float64 (n, T)."""
        values: Floats = self.features.of_codes(codes).astype(np.float64) @ self.weights.T
        return values

    # ---- substitutions -----------------------------------------------------------------------

    def effects(self, codes: Codes, positions: Ints) -> Floats:
        """Return what each substitution changes, float64 (n, P, 4, T); see `ExplainedTerm.effects`.

        Only windows that overlap it are computed again; sums over the others are kept. No sum is
        subtracted from another, so that a weak window left behind by a strong one keeps its digits.
        """
        effects = np.zeros((len(codes), len(positions), 4, len(self.weights)))
        plain = self.outputs(codes)
        for row, sequence in enumerate(codes):
            sums = self._edited_sums(sequence, positions).reshape(4 * len(positions), -1)
            features = self.features.standardised(occupancies_of(sums)).astype(np.float64)
            effects[row] = (features @ self.weights.T - plain[row]).reshape(len(positions), 4, -1)
            known = np.flatnonzero(sequence[positions] < 4)
            effects[row, known, sequence[positions[known]]] = 0  # the base itself, free of rounding too
        return effects

    def _edited_sums(self, codes: Codes, positions: Ints) -> Floats:
        """Return the sums of 2**score with every base at every position, float64 (P, 4, m).

        The product of a window with a base at one of its columns is that over its other columns, times the
        factor of the base. With windows of three columns and position p::

            begins at   p-4 p-3 | p-2 p-1  p  | p+1 p+2
                        `before'   overlap p    `behind'
        """
        length, letters = len(codes), np.minimum(codes, 4)
        edited = np.zeros((len(positions), 4, len(self.features.motifs.names)))
        for strand in self._strands:
            width = len(strand.scores)
            windows = length - width + 1
            if windows < 1:
                continue
            for part in strand.parts(length * width):
                factors = np.exp2(part.scores)
                columns = [factors[place, letters[place : place + windows]] for place in range(width)]
                before, after = _others(columns)
                products = before[-1] * columns[-1]
                sums = np.zeros((length, 4, len(part.motifs)))
                for place, others in enumerate(before):
                    product = others * after[place]
                    sums[place : place + windows] += product[:, None] * factors[place, :4]
                sums += _outside(products, width, length)[:, None]
                edited[:, :, part.motifs] += sums[positions]
        return edited

    # ---- DeepLIFT ----------------------------------------------------------------------------

    def shares(self, codes: Codes, references: Codes, task: int) -> Shares:
        """Return DeepLIFT's attributions with the rescale rule, means over references.

        The function is read as a network: scores of windows, 2 to their power, the sum, its logarithm and
        hinge. Each step has the slope of the secant between sequence and reference. Where a window has a
        score in one of the two alone, its difference is shared equally among its bases.

        Parameters
        ----------
        codes, references
            uint8 (L,) and (N, L).
        """
        length, count = len(codes), len(references)
        both = np.minimum(np.concatenate([codes[None], references]), 4)
        slopes = self._slopes(both, task)
        total, alone = np.zeros((count, length, 4)), np.zeros(length)
        for strand in self._strands:
            width = len(strand.scores)
            windows = length - width + 1
            if windows < 1:
                continue
            for part in strand.parts((1 + count) * windows):
                scores = np.zeros((1 + count, windows, len(part.motifs)))
                for place in range(width):
                    scores += part.scores[place][both[:, place : place + windows]]
                multipliers, single = _window_slopes(scores)
                multipliers *= slopes[:, None, part.motifs]
                single = (single * slopes[:, None, part.motifs]).sum(axis=(0, 2)) / width
                finite = _finite(part.scores)
                for place in range(width):
                    total[:, place : place + windows] += multipliers @ finite[place].T
                    alone[place : place + windows] += single
        return _shares(codes, references, total, alone / count)

    def _slopes(self, both: Codes, task: int) -> Floats:
        """Return the slopes from a motif's sum in each reference to that in the sequence, float64 (N, m).

        Parameters
        ----------
        both
            uint8 (1 + N, L): the sequence, then its references.
        """
        sums = self.features.motifs.sums(both)
        (own, other), change = (sums[:1], sums[1:]), sums[:1] - sums[1:]
        occupancy, hinge = np.split(self.weights[task] / self.features.deviation, 2)
        bits = occupancies_of(sums)
        over = np.maximum(bits - self.features.knee, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = change / other
            slope = np.where(ratio == 0, 1, np.log1p(ratio) / ratio) / (other * np.log(2))
            moved = bits[:1] - bits[1:]
            hinged = np.where(moved == 0, over[1:] > 0, (over[:1] - over[1:]) / moved)
            smooth = (occupancy + hinge * np.clip(hinged, 0, 1)) * slope
            features = self.features.standardised(bits).astype(np.float64) * self.weights[task]
            steps = np.add(*np.split(features[:1] - features[1:], 2, axis=1))
            jump = np.where(change == 0, 0, steps / change)  # no window in one of the two: its features are 0
        return np.where((own > 0) & (other > 0), smooth, jump)


def _others(columns: list[Floats]) -> tuple[list[Floats], list[Floats]]:
    """Return the products of the columns before each one, and of those behind it."""
    one = np.ones_like(columns[0])
    before, after = [one], [one]
    for column in columns[:-1]:
        before.append(before[-1] * column)
    for column in columns[:0:-1]:
        after.append(after[-1] * column)
    return before, after[::-1]


def _outside(products: Floats, width: int, length: int) -> Floats:
    """Return the sums over windows that do not overlap each position, float64 (L, k).

    Parameters
    ----------
    products
        float64 (windows, k).
    """
    windows = len(products)
    none = np.zeros((1, products.shape[1]))
    upto = np.concatenate([none, np.cumsum(products, axis=0)])
    since = np.concatenate([np.cumsum(products[::-1], axis=0)[::-1], none])
    place = np.arange(length)
    outside: Floats = upto[np.clip(place - width + 1, 0, windows)] + since[np.minimum(place + 1, windows)]
    return outside


def _window_slopes(scores: Floats) -> tuple[Floats, Floats]:
    """Return the slopes of 2**score between sequence and references, and differences that have none.

    Parameters
    ----------
    scores
        float64 (1 + N, windows, k): of the sequence, then of its references.

    Returns
    -------
    float64 (N, windows, k) both; where both have scores the second is 0, elsewhere the first.
    """
    own, other = scores[:1], scores[1:]
    values = np.exp2(scores)
    step = own - other
    with np.errstate(invalid="ignore", over="ignore"):
        secant = np.where(step == 0, np.log(2), np.expm1(step * np.log(2)) / step) * values[1:]
    scored = (own > _NEVER / 2) & (other > _NEVER / 2)
    return np.where(scored, secant, 0), np.where(scored, 0, values[:1] - values[1:])


def _finite(scores: Floats) -> Floats:
    """Return the scores of the four bases (w, 4, k); those that a motif never has are its lowest."""
    bases = scores[:, :4]
    never = bases <= _NEVER / 2
    lowest = np.where(never, np.inf, bases).min(axis=(0, 1))
    return np.where(never, np.minimum(lowest, 0), bases)


def _shares(codes: Codes, references: Codes, total: Floats, alone: Floats) -> Shares:
    """Return attributions by multipliers of bases (N, L, 4), plus what was shared equally (L,)."""
    index = np.minimum(references, 3).astype(np.int64)[:, :, None]
    of_reference = np.take_along_axis(total, index, 2)  # 0 where it is ambiguous: no window has a score there
    hypothetical: Floats = (total - of_reference).mean(axis=0).T
    known = np.flatnonzero(codes < 4)
    hypothetical[codes[known], known] += alone[known]
    observed = alone.copy()
    observed[known] = hypothetical[codes[known], known]
    return Shares(hypothetical, observed)
