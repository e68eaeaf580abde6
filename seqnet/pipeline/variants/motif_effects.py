"""Effects of alleles on motifs: the best match among the windows that overlap a variant, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Codes, Floats, Ints, Progress
from seqnet.errors import SeqnetError
from seqnet.genome.extract import padded_stretch
from seqnet.genome.sequence import Genome
from seqnet.kernels.ties import round_scores
from seqnet.motifs.matrix import Pssm, reverse_complement_matrix
from seqnet.motifs.scan import reverse_window_scores, window_scores
from seqnet.motifs.significance.pvalue import Tail, tail_distribution
from seqnet.motifs.strands import strand_count, strands_of
from seqnet.pipeline.motifs.sources import ScoredMotifs
from seqnet.pipeline.variants.rows import N_WINDOW, Allele, Effects
from seqnet.reporting import progress_bar

MOST_MOTIFS = 3
"""Motifs named for an allele."""
_STEP = 0.01
"""Bits between the scores whose p-values are kept where there are many motifs."""
_LOOSE = 1e-2
_FLAT = str.maketrans(dict.fromkeys(",;=&| \t:", "_"))


class _Stretches(NamedTuple):
    """Alleles whose stretches have the same lengths."""

    rows: Ints
    """int64 (m,): which alleles."""
    ref: Codes
    """uint8 (m, L)."""
    alt: Codes
    """uint8 (m, L + change)."""


def _stretches(alleles: Sequence[Allele], genome: Genome, reach: int) -> Iterator[_Stretches]:
    """Yield alleles with `reach` bases on either side of all their places, those of one length together."""
    groups: dict[tuple[int, int], list[tuple[int, Codes, Codes]]] = {}
    for number, allele in enumerate(alleles):
        assert allele.placed is not None
        codes = genome.codes[allele.contig]
        left, right = allele.placed
        before = padded_stretch(codes, left.start - reach, left.start)
        after = padded_stretch(codes, left.end, right.end + reach)
        ref, alt = (
            np.concatenate([before, np.frombuffer(text, np.uint8), after]) for text in (left.ref, left.alt)
        )
        groups.setdefault((len(ref), len(alt)), []).append((number, ref, alt))
    for some in groups.values():
        numbers, refs, alts = zip(*some, strict=True)
        yield _Stretches(np.array(numbers, dtype=np.int64), np.stack(refs), np.stack(alts))


def _best(codes: Codes, pssm: Pssm, reach: int) -> Floats:
    """Return the best score of the windows that overlap a variant, float64 (n,); NaN where none has one."""
    spare = reach - (pssm.width - 1)
    inner = codes[:, spare : codes.shape[1] - spare]
    scores = [window_scores(inner, pssm.scores)] if strands_of(pssm.info) != "reverse" else []
    if strand_count(strands_of(pssm.info)) == 2:
        scores.append(reverse_window_scores(inner, pssm.scores))
    every = np.concatenate(scores, axis=1)
    if not every.shape[1]:
        return np.full(len(codes), np.nan)
    return round_scores(np.fmax.reduce(every, axis=1))


class MotifScorer:
    """Computes effects on motifs: each is a task, whose output is its best score in bits.

    Parameters
    ----------
    scored
        PSSMs, and the background of their p-values.
    """

    def __init__(self, scored: ScoredMotifs, genome: Genome) -> None:
        self.tasks = tuple(pssm.info.name for pssm in scored.pssms)
        self._pssms, self._genome = scored.pssms, genome
        self._reach = max(pssm.width for pssm in scored.pssms) - 1
        self._tails = [_Tails.of(pssm, scored) for pssm in scored.pssms]

    def effects(self, alleles: Sequence[Allele], progress: Progress) -> Effects:
        """Compute effects of alleles that have places; ``p_ref`` and ``p_alt`` are p-values of the scores."""
        shape = (len(alleles), len(self.tasks))
        ref, alt, p_ref, p_alt = (np.full(shape, np.nan) for _ in range(4))
        for group in _stretches(alleles, self._genome, self._reach):
            for task, (pssm, tails) in enumerate(zip(self._pssms, self._tails, strict=True)):
                for codes, scores, chances in ((group.ref, ref, p_ref), (group.alt, alt, p_alt)):
                    best = _best(codes, pssm, self._reach)
                    scores[group.rows, task] = best
                    chances[group.rows, task] = tails.p_value(best)
            progress(len(group.rows))
        unknown = np.isnan(ref) | np.isnan(alt)
        flags = [N_WINDOW if row else "" for row in unknown.all(axis=1).tolist()]
        return Effects(ref, alt, flags, {"p_ref": p_ref, "p_alt": p_alt})


class _Tails(NamedTuple):
    """The tails of a motif's score on either strand."""

    plus: Tail
    minus: Tail | None

    @staticmethod
    def of(pssm: Pssm, scored: ScoredMotifs, bound: float | None = None) -> _Tails:
        """Tabulate them down to the lowest score."""
        background = scored.null or pssm.background
        options = {} if bound is None else {"relative_bound": bound}
        try:
            plus = tail_distribution(pssm.scores, background, **options)
            if background.symmetric or strand_count(strands_of(pssm.info)) == 1:
                return _Tails(plus, None)
            reverse = reverse_complement_matrix(pssm.scores)
            return _Tails(plus, tail_distribution(reverse, background, **options))
        except ValueError as error:
            raise SeqnetError(f"{pssm.info.name}: {error}") from error

    def p_value(self, scores: Floats) -> Floats:
        """Return the p-value of scores, the larger of the two strands'; NaN where there is no score."""
        known = ~np.isnan(scores)
        p_values = np.full(scores.shape, np.nan)
        p_values[known] = self.plus.p_value(scores[known])
        if self.minus is not None:
            p_values[known] = np.maximum(p_values[known], self.minus.p_value(scores[known]))
        return p_values


class _Table(NamedTuple):
    """P-values of scores at regular distances, so that thousands of motifs fit into memory."""

    lowest: float
    values: Floats

    @staticmethod
    def of(pssm: Pssm, scored: ScoredMotifs) -> _Table:
        """Tabulate a motif's."""
        tails = _Tails.of(pssm, scored, _LOOSE)
        finite = np.where(np.isfinite(pssm.scores), pssm.scores, np.inf)
        lowest = float(finite.min(axis=1).sum())
        grid = np.arange(lowest, float(pssm.scores.max(axis=1).sum()) + 2 * _STEP, _STEP)
        return _Table(lowest, tails.p_value(grid))

    def p_value(self, scores: Floats) -> Floats:
        """Return upper bounds of the p-values of scores; 1 below all of the table."""
        place = np.floor((np.maximum(scores, self.lowest - 1) - self.lowest) / _STEP).astype(np.int64)
        chances = self.values[np.clip(place, 0, len(self.values) - 1)]
        return np.where(place < 0, 1.0, chances)


class MotifChanges:
    """Names the motifs whose best match changes most.

    Parameters
    ----------
    limit
        P-value that a match with one of the alleles must have.
    """

    def __init__(self, scored: ScoredMotifs, genome: Genome, limit: float) -> None:
        self._pssms, self._genome, self._limit = scored.pssms, genome, limit
        self._reach = max(pssm.width for pssm in scored.pssms) - 1
        with progress_bar("p-values", len(scored.pssms)) as progress:
            self._tables = []
            for pssm in scored.pssms:
                self._tables.append(_Table.of(pssm, scored))
                progress(1)

    def texts(self, alleles: Sequence[Allele]) -> list[str]:
        """Return for each allele ``NAME|gain or loss|p of REF|p of ALT``, the largest change first.

        Up to `MOST_MOTIFS` are joined by ``&``; a point where there is none.
        """
        changes: list[list[tuple[float, int, float, float]]] = [[] for _ in alleles]
        for group in _stretches(alleles, self._genome, self._reach):
            for number, (pssm, table) in enumerate(zip(self._pssms, self._tables, strict=True)):
                first, second = (_best(codes, pssm, self._reach) for codes in (group.ref, group.alt))
                p_ref, p_alt = (
                    table.p_value(np.nan_to_num(first, nan=-np.inf)),
                    table.p_value(np.nan_to_num(second, nan=-np.inf)),
                )
                known = ~(np.isnan(first) | np.isnan(second)) & (first != second)
                for row in np.flatnonzero(known & (np.minimum(p_ref, p_alt) <= self._limit)).tolist():
                    one, two = float(p_ref[row]), float(p_alt[row])
                    size = abs(float(np.log10(one / two)))
                    changes[int(group.rows[row])].append((-size, number, one, two))
        return [self._text(sorted(own)[:MOST_MOTIFS]) for own in changes]

    def _text(self, changes: Sequence[tuple[float, int, float, float]]) -> str:
        """Return the changes of one allele."""
        parts = []
        for _, number, p_ref, p_alt in changes:
            name = self._pssms[number].info.name.translate(_FLAT)
            parts.append(f"{name}|{'loss' if p_ref < p_alt else 'gain'}|{p_ref:.3g}|{p_alt:.3g}")
        return "&".join(parts) or "."
