"""Windows in which alleles are compared: their signal tracks, and substitutions like another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Codes, Ints
from seqnet.genome.alphabet import AMBIGUOUS
from seqnet.genome.intervals import make_intervals
from seqnet.genome.sequence import Genome
from seqnet.genome.signals.layout import needed_stretches
from seqnet.kernels.gather import gather_values
from seqnet.pipeline.inputs.request import SignalSource
from seqnet.pipeline.inputs.signals import model_specs, signals_for

if TYPE_CHECKING:
    from seqnet.networks.model import Model

MOST_AMBIGUOUS = 0.5
"""Share of a window that may be ambiguous."""
BASES_AT_ONCE = 1 << 24
_COMPLEMENT = np.array([3, 2, 1, 0, AMBIGUOUS], np.uint8)


class Sites(NamedTuple):
    """Distinct positions with their windows."""

    contigs: list[str]
    firsts: Ints
    """int64 (u,): where windows begin; it may be negative."""
    windows: Codes
    """uint8 (u, width)."""
    row: Ints
    """int64 (n,): the site of each substitution."""

    @property
    def unknown(self) -> Bools:
        """Which windows are mostly ambiguous, bool (u,)."""
        found: Bools = (self.windows == AMBIGUOUS).sum(axis=1) > MOST_AMBIGUOUS * self.windows.shape[1]
        return found


class WindowTracks:
    """The signal tracks of a model along windows of a genome."""

    def __init__(self, model: Model, source: SignalSource, genome: Genome) -> None:
        self._specs, self._source, self._lengths = model_specs(model), source, genome.lengths
        self._said: set[str] = set()

    def of(self, contigs: Sequence[str], starts: Sequence[int], width: int) -> list[NDArray[np.float32]]:
        """Return the tracks along windows, float32 (n, width) each; 0 outside the contigs."""
        if not self._specs:
            return []
        begin = np.array(starts, dtype=np.int64)
        intervals = make_intervals(contigs, begin, begin + width)
        layout = needed_stretches(intervals, self._lengths)
        signals = signals_for(self._source, self._specs, layout, self._said, gaps_once=True)
        places, forward = layout.places(intervals), np.zeros(len(begin), dtype=bool)
        parts = []
        for track in signals.tracks:
            values = np.empty((len(begin), width, 1), dtype=np.float32)
            gather_values(track.values, places, forward, 0, values)
            parts.append(values[:, :, 0])
        return parts


def like_substitutions(window: Codes, place: int, base: int) -> tuple[Ints, Codes]:
    """Return where a window has the substituted base with its two neighbours, on either strand.

    Parameters
    ----------
    window
        uint8 (L,).
    place
        Index of the substituted base, which is left out.
    base
        Code of what takes its place.

    Returns
    -------
    places, bases
        int64 (m,) and uint8 (m,): where, and the code of what takes the base's place there.
    """
    middle = np.arange(1, len(window) - 1)
    if not 0 < place < len(window) - 1:
        return middle[:0], window[:0]
    triples = np.stack([window[:-2], window[1:-1], window[2:]])
    wanted = window[place - 1 : place + 2, np.newaxis]
    forward = (triples == wanted).all(axis=0)
    reverse = (triples == _COMPLEMENT[wanted[::-1]]).all(axis=0)
    either = (forward | reverse) & (triples < AMBIGUOUS).all(axis=0) & (middle != place)
    bases = np.where(forward, np.uint8(base), _COMPLEMENT[base])[either]
    return middle[either], bases
