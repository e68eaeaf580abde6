"""Effects of alleles under models: windows with either allele, predicted in full batches."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from seqnet.aliases import Bools, Codes, Floats, Ints, Progress
from seqnet.errors import SeqnetError
from seqnet.formats.tracks.finished_contigs import Parts
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.sequence import Genome
from seqnet.genome.variants import fits_window, window_pairs
from seqnet.inference.linear_predictor import LinearPredictor
from seqnet.kernels.ties import share_below
from seqnet.pipeline.variants.allele_windows import AlleleWindows, WindowBatch
from seqnet.pipeline.variants.rows import LONG, N_WINDOW, Allele, Effects
from seqnet.pipeline.variants.substitutions import (
    BaseChanges,
    SubstitutionScorer,
    bases_before,
    gather_substitutions,
    leaves_flanks,
    substituted_sites,
    substitution_rows,
)
from seqnet.pipeline.variants.windows import BASES_AT_ONCE, MOST_AMBIGUOUS, WindowTracks, like_substitutions

if TYPE_CHECKING:
    from seqnet.networks.model import Model
    from seqnet.pipeline.prediction.model import ModelPredictor, Singles


class ReadyModel(NamedTuple):
    """A model that is ready to predict."""

    model: Model
    """Its header, without tensors: the predictor has its own copy, and two would take twice the memory."""
    predictor: ModelPredictor
    width: int


class Scorer(Protocol):
    """Computes effects: a model, or motifs."""

    tasks: tuple[str, ...]

    def effects(self, alleles: Sequence[Allele], progress: Progress) -> Effects:
        """Compute the effects of alleles that have places."""
        ...


class WindowPredictions:
    """Outputs of windows, computed or taken from the parts of an earlier run.

    Parameters
    ----------
    parts
        Where they are kept; None keeps none.
    """

    def __init__(self, parts: Parts | None) -> None:
        self._parts = parts
        self._number = -1
        self.known = 0
        """How many windows an earlier run had predicted."""

    def logits(
        self, predictor: ModelPredictor, batch: WindowBatch, tracks: Sequence[Singles], progress: Progress
    ) -> Singles:
        """Return a predictor's logits for windows and edits of them, float32 (n + e, T)."""
        self._number += 1
        rows, tasks = len(batch.slots), len(predictor.tasks)
        if self._parts is None:
            return _logits(predictor, batch, tracks, progress)
        if not self._parts.has(self._number, rows, tasks):
            values = _logits(predictor, batch, tracks, progress)
            self._parts.write(self._number, [values])
            return values
        self.known += rows
        return np.concatenate(list(self._parts.read(self._number, tasks, rows)))


def _logits(
    predictor: ModelPredictor, batch: WindowBatch, tracks: Sequence[Singles], progress: Progress
) -> Singles:
    """Compute what `WindowPredictions.logits` returns."""
    if batch.edits is None:
        return predictor.logits(batch.codes, tracks, progress)
    assert not isinstance(predictor, LinearPredictor)
    return predictor.edited_logits(batch.codes, batch.edits, tracks, progress)


class ModelScorer:
    """Computes effects under a model.

    Parameters
    ----------
    width
        Bases per window.
    shifts
        Bases by which windows are moved; effects are means over them.
    null
        Substitutions of the same kind in the same window to compare with; 0 for none.
    """

    def __init__(
        self,
        predictor: ModelPredictor,
        genome: Genome,
        width: int,
        tracks: WindowTracks,
        predictions: WindowPredictions,
        *,
        shifts: Sequence[int] = (0,),
        null: int = 0,
        seed: int = 0,
    ) -> None:
        self.tasks = predictor.tasks
        self._predictor, self._genome, self._width = predictor, genome, width
        self._tracks, self._predictions = tracks, predictions
        self._shifts, self._null, self._seed = shifts, null, seed
        self._single = None
        if isinstance(predictor, LinearPredictor) and predictor.takes_kmers:
            self._single = SubstitutionScorer(
                predictor, genome, width, tracks, shifts=shifts, null=null, seed=seed
            )

    def effects(self, alleles: Sequence[Allele], progress: Progress) -> Effects:
        """Compute the effects of alleles that have places."""
        if self._single is None:
            return self._whole_effects(alleles, progress)
        single = substitution_rows(alleles)
        if single.all():
            return self._single.effects(gather_substitutions(alleles), progress)
        others = self._whole_effects([alleles[row] for row in np.flatnonzero(~single).tolist()], progress)
        if not single.any():
            return others
        some = gather_substitutions([alleles[row] for row in np.flatnonzero(single).tolist()])
        return _interleaved(single, self._single.effects(some, progress), others)

    def _whole_effects(self, alleles: Sequence[Allele], progress: Progress) -> Effects:
        """Compute effects from the outputs of windows, whole or edited."""
        windows = AlleleWindows(lockstep=self._predictor.lockstep is not None)
        flags = self._gather_all(windows, alleles)
        shape = (len(alleles), len(self.tasks))
        ref, alt = np.full(shape, np.nan), np.full(shape, np.nan)
        if not windows.pairs:
            return Effects(ref, alt, flags, {"null": ref} if self._null else {})
        values = self._predicted(windows, progress)
        number, first, second = np.array(windows.pairs, dtype=np.int64).T
        ref, alt = (_means(values[rows], number, len(alleles)) for rows in (first, second))
        more = {}
        if self._null:
            more["null"] = self._quantiles(alleles, flags, alt - ref, progress)
        return Effects(ref, alt, flags, more)

    def _gather_all(self, windows: AlleleWindows, alleles: Sequence[Allele]) -> list[str]:
        """Add the windows of alleles, and return why there are none, one text per allele."""
        flags = np.full(len(alleles), "", dtype=object)
        single = np.zeros(len(alleles), dtype=bool)
        if self._predictor.lockstep is not None:
            single = substitution_rows(alleles)
        rows = np.flatnonzero(single)
        if len(rows):
            changes = gather_substitutions([alleles[row] for row in rows.tolist()])
            flags[rows] = self._gather_bases(windows, rows, changes)
        for number in np.flatnonzero(~single).tolist():
            flags[number] = self._gather(windows, number, alleles[number])
        texts: list[str] = flags.tolist()
        return texts

    def _gather_bases(self, windows: AlleleWindows, numbers: Ints, changes: BaseChanges) -> list[str]:
        """Add the windows of substitutions, or return why there are none."""
        width = self._width
        befores = [bases_before(width, shift) for shift in self._shifts]
        if not all(leaves_flanks(before, width) for before in befores):
            return [LONG] * len(numbers)
        placed = [(before, substituted_sites(self._genome, changes, before, width)) for before in befores]
        hidden = np.any([sites.unknown[sites.row] for _, sites in placed], axis=0)
        for before, sites in placed:
            seen = sites._replace(row=sites.row[~hidden])
            windows.add_bases(numbers[~hidden], seen, before, changes.bases[~hidden])
        return [N_WINDOW if flag else "" for flag in hidden.tolist()]

    def _gather(self, windows: AlleleWindows, number: int, allele: Allele) -> str:
        """Add the windows of an allele, or return why there are none."""
        assert allele.placed is not None
        codes = self._genome.codes[allele.contig]
        pairs = []
        for shift in self._shifts:
            if not fits_window(allele.placed, self._width, shift):
                return LONG
            pairs += window_pairs(codes, allele.placed, self._width, shift)
        for pair in pairs:
            if max(_ambiguous(pair.ref), _ambiguous(pair.alt)) > MOST_AMBIGUOUS:
                return N_WINDOW
        for pair in pairs:
            windows.add_pair(number, allele.contig, pair, allele.placed.left)
        return ""

    def _predicted(self, windows: AlleleWindows, progress: Progress) -> Floats:
        """Return the model's outputs for windows, float64 (slots, T)."""
        values = np.full((windows.slots, len(self.tasks)), np.nan)
        for batch in windows.batches(max(1, BASES_AT_ONCE // self._width)):
            tracks = self._tracks.of(batch.contigs, batch.starts, self._width)
            logits = self._predictions.logits(self._predictor, batch, tracks, progress)
            wanted = batch.slots >= 0
            values[batch.slots[wanted]] = self._predictor.in_units(logits[wanted])
        return values

    def _quantiles(
        self, alleles: Sequence[Allele], flags: Sequence[str], deltas: Floats, progress: Progress
    ) -> Floats:
        """Return the share of like substitutions whose effect is smaller, float64 (n, T); ties count half."""
        quantiles = np.full(deltas.shape, np.nan)
        step = max(1, BASES_AT_ONCE // (self._width * (self._null + 1)))
        rows = [row for row, flag in enumerate(flags) if not flag]
        for begin in range(0, len(rows), step):
            windows, some = AlleleWindows(lockstep=False), rows[begin : begin + step]
            for row in some:
                self._add_null(windows, row, alleles[row])
            if not windows.pairs:
                continue
            values = self._predicted(windows, progress)
            number, first, second = np.array(windows.pairs, dtype=np.int64).T
            sizes = np.abs(values[second] - values[first])
            own = np.abs(deltas[number])
            below = share_below(sizes, own)
            means = _means(below, number, len(alleles))
            quantiles = np.where(np.isnan(means), quantiles, means)
        return quantiles

    def _add_null(self, windows: AlleleWindows, number: int, allele: Allele) -> None:
        """Add windows in which a base in the same context is substituted the same way."""
        assert allele.placed is not None
        variant = allele.placed.left
        if len(variant.ref) != 1 or len(variant.alt) != 1:
            return
        pair = window_pairs(self._genome.codes[allele.contig], allele.placed, self._width)[0]
        own = variant.start - pair.start
        places, bases = like_substitutions(pair.ref, own, variant.alt[0])
        key = [self._seed, zlib.crc32(allele.contig.encode()), variant.start, variant.alt[0]]
        draws = np.random.default_rng(key)
        chosen = np.sort(draws.permutation(len(places))[: self._null])
        for place, base in zip(places[chosen].tolist(), bases[chosen].tolist(), strict=True):
            changed = pair.ref.copy()
            changed[place] = base
            windows.add_pair(number, allele.contig, pair._replace(alt=changed))


def _ambiguous(codes: Codes) -> float:
    """Return the share of a window that is ambiguous."""
    unknown: Bools = codes == AMBIGUOUS
    return float(np.count_nonzero(unknown)) / len(codes)


def _means(values: Floats, number: Ints, count: int) -> Floats:
    """Return the mean of the rows of each number, float64 (count, T); NaN where there are none."""
    total = np.zeros((count, values.shape[1]))
    np.add.at(total, number, values)
    times = np.bincount(number, minlength=count)[:, np.newaxis]
    return np.where(times > 0, total / np.maximum(times, 1), np.nan)


def _interleaved(chosen: Bools, one: Effects, other: Effects) -> Effects:
    """Return the rows of `one` where chosen, bool (n,), and those of `other` elsewhere."""

    def joined(first: Floats, second: Floats) -> Floats:
        effects = np.empty((len(chosen), first.shape[1]))
        effects[chosen], effects[~chosen] = first, second
        return effects

    flags = np.empty(len(chosen), dtype=object)
    flags[chosen], flags[~chosen] = one.flags, other.flags
    more = {name: joined(values, other.more[name]) for name, values in one.more.items()}
    return Effects(joined(one.ref, other.ref), joined(one.alt, other.alt), flags.tolist(), more)


def combined(effects: Sequence[Effects]) -> Effects:
    """Return the means over several models, and the standard deviation of their effects as ``sd``.

    Raises
    ------
    SeqnetError
        If there is nothing to combine.
    """
    if not effects:
        raise SeqnetError("there is no model")
    if len(effects) == 1:
        return effects[0]
    flags = [
        next((flag for flag in own if flag), "") for own in zip(*(e.flags for e in effects), strict=True)
    ]
    ref, alt = (np.mean([getattr(e, name) for e in effects], axis=0) for name in ("ref", "alt"))
    spread = np.std([e.alt - e.ref for e in effects], axis=0, ddof=1)
    more = {name: np.mean([e.more[name] for e in effects], axis=0) for name in effects[0].more}
    return Effects(ref, alt, flags, more | {"sd": spread})
