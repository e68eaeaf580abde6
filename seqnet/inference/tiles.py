"""Predictions along a contig, tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.aliases import Bools, Codes, Progress, no_progress
from seqnet.genome.alphabet import AMBIGUOUS, reverse_complement
from seqnet.genome.extract import padded_stretch
from seqnet.inference.linear_predictor import LinearPredictor
from seqnet.inference.tiling import Tiling
from seqnet.kernels.gather import Places
from seqnet.model_inputs.track_means import means_of
from seqnet.parallel import ordered_map

if TYPE_CHECKING:
    from seqnet.inference.predictor import Predictor
    from seqnet.inference.sharing.plan import Plan

CHUNK = 1 << 13
"""Tiles predicted at a time where windows share nothing."""
MAX_AMBIGUOUS = 0.5
_BASES, _WIDTHS = 1 << 14, 8
"""A chunk that shares work covers so many bases, or windows' widths: what overlaps the next is little."""
_UNIT, _MOST_TILES = 64, 4096
_MOST_BASES = 1 << 22
"""Bases looked at at a time where windows share nothing and lie far apart."""
_BASES_TOGETHER = 1 << 26
"""Bases, padding included, of short contigs that are laid out together."""


Singles = NDArray[np.float32]


class Contig(NamedTuple):
    """What is predicted along."""

    codes: Codes
    """uint8 (length,)."""
    tracks: Sequence[Singles] = ()
    """float32 (length,) each: the signal tracks that the model reads, normalised."""

    def signal(self, start: int, end: int) -> Singles:
        """Return the tracks of a stretch, float32 (end - start, S), zeros outside the contig."""
        values = np.zeros((end - start, len(self.tracks)), dtype=np.float32)
        low, high = max(start, 0), min(end, len(self.codes))
        for number, track in enumerate(self.tracks):
            values[low - start : max(low, high) - start, number] = track[low:high]
        return values


class TileChunk(NamedTuple):
    """Predictions of consecutive tiles."""

    start: int
    """0-based first base of the first tile."""
    values: NDArray[np.float32]
    """float32 (m, T): NaN for tiles whose window is mostly ambiguous."""
    clear: Bools
    """bool (m,): tiles that were predicted."""


class Tiles:
    """Tiles ``[i step, (i + 1) step)`` of contigs, each predicted from the window centred on it.

    Windows are padded with ambiguous bases at the contig's ends; one that is more ambiguous than
    allowed has no prediction. Where that is exact and pays, windows share their convolutions.

    Parameters
    ----------
    predictor
        Its model states a width.
    step
        Tile width in bases.
    max_ambiguous
        Largest share of a window's bases that may be ambiguous.
    """

    def __init__(
        self, predictor: Predictor | LinearPredictor, step: int, max_ambiguous: float = MAX_AMBIGUOUS
    ) -> None:
        if predictor.width is None:
            raise ValueError("tiles need a model that states its width")
        self._predictor = predictor
        self._width: int = predictor.width
        self._step = step
        self._limit = max_ambiguous * predictor.width
        self._plans: dict[int, Plan | None] = {}

    @cached_property
    def plan(self) -> Plan | None:
        """How full chunks are computed; None where each window is predicted alone."""
        tiles = max(_BASES, _WIDTHS * self._width) // self._step + 1
        return self._planned(min(_rounded(tiles), _MOST_TILES))

    @property
    def chunk(self) -> int:
        """Tiles predicted at a time."""
        if self.plan is not None:
            return self.plan.places[0].tiling.tiles
        return min(CHUNK, max(_UNIT, _MOST_BASES // self._step))

    def _planned(self, tiles: int) -> Plan | None:
        """Return how so many tiles are computed."""
        if tiles not in self._plans:
            self._plans[tiles] = self._predictor.plan(Tiling(self._width, self._step, tiles))
        return self._plans[tiles]

    def count(self, length: int) -> int:
        """Return the number of tiles of a contig."""
        return -(-length // self._step)

    def any_clear(self, codes: Codes) -> bool:
        """Return whether a contig has a tile that is predicted: whose window is clear enough."""
        count = self.count(len(codes))
        firsts = range(0, count, self.chunk)
        return any(self._stretch(codes, first, min(self.chunk, count - first))[1].any() for first in firsts)

    def predict(
        self, codes: Codes, progress: Progress = no_progress, tracks: Sequence[Singles] = ()
    ) -> Iterator[TileChunk]:
        """Predict the tiles of a contig, as `Contig` holds it."""
        count, contig = self.count(len(codes)), Contig(codes, tracks)
        chunk, shared = self.chunk, self.plan is not None
        # batches of one chunk are themselves computed at the same time where nothing is shared
        threads = self._predictor.threads if shared and count > chunk else 1

        def work(first: int) -> TileChunk:
            tiles = min(chunk, count - first)
            return (self._shared if shared else self._alone)(contig, first, tiles)

        for part in ordered_map(work, range(0, count, chunk), threads):
            progress(len(part.values))
            yield part

    def groups(self, lengths: Iterable[int]) -> Iterator[slice]:
        """Yield which contigs to predict together: neighbours that fit one chunk, or one by itself.

        Long steps are mostly padding between contigs; they are bounded in bases, too.
        """
        most = min(self.chunk, _BASES_TOGETHER // self._step)
        first, end, bases = 0, 0, 0
        for end, length in enumerate(lengths, 1):
            span = self._span(length)
            if end - 1 > first and bases + span > most:
                yield slice(first, end - 1)
                first, bases = end - 1, 0
            bases += span
        if end > first:
            yield slice(first, end)

    def predict_together(
        self, contigs: Sequence[Contig], progress: Progress = no_progress
    ) -> list[TileChunk]:
        """Predict all tiles of contigs that `groups` put together, a chunk for each contig.

        A separate chunk for every short contig would mostly be padding. They are laid out one behind
        another instead, so far apart that no window reaches from one into the next.
        """
        spans = [self._span(len(contig.codes)) for contig in contigs]
        firsts = np.cumsum([0, *spans[:-1]]).tolist()
        length = firsts[-1] * self._step + len(contigs[-1].codes)
        codes = np.full(length, AMBIGUOUS, dtype=np.uint8)
        tracks = np.zeros((len(contigs[0].tracks), length), dtype=np.float32)
        for first, contig in zip(firsts, contigs, strict=True):
            begin = first * self._step
            codes[begin : begin + len(contig.codes)] = contig.codes
            for row, track in zip(tracks, contig.tracks, strict=True):
                row[begin : begin + len(track)] = track
        parts = list(self.predict(codes, tracks=list(tracks)))
        values = np.concatenate([part.values for part in parts])
        clear = np.concatenate([part.clear for part in parts])
        chunks = []
        for first, contig in zip(firsts, contigs, strict=True):
            own = slice(first, first + self.count(len(contig.codes)))
            chunks.append(TileChunk(0, values[own], clear[own]))
        progress(sum(len(chunk.values) for chunk in chunks))
        return chunks

    def _span(self, length: int) -> int:
        """Return the tiles from the first of a contig to the first of the next where both are in a group."""
        count = self.count(length)
        beyond = self._start(count - 1) + self._width - length  # what the last window lacks
        return -(-(length + max(0, beyond, -self._start(0))) // self._step)

    def _start(self, tile: int) -> int:
        """Return where a tile's window starts."""
        return tile * self._step + self._step // 2 - self._width // 2

    def _stretch(self, codes: Codes, first: int, tiles: int) -> tuple[Codes, Bools]:
        """Return the bases of consecutive windows, and which windows are clear enough."""
        tiling = Tiling(self._width, self._step, tiles)
        start = self._start(first)
        stretch = padded_stretch(codes, start, start + tiling.bases)
        ambiguous = np.concatenate([[0], np.cumsum(stretch == AMBIGUOUS)])
        starts = self._step * np.arange(tiles)
        return stretch, ambiguous[starts + self._width] - ambiguous[starts] <= self._limit

    def _chunk(self, first: int, clear: Bools, predict: Callable[[], NDArray[np.float32]]) -> TileChunk:
        """Return a chunk with predictions of its clear tiles, which are made if there are any."""
        values = np.full((len(clear), len(self._predictor.columns)), np.nan, dtype=np.float32)
        if clear.any():
            values[clear] = predict()
        return TileChunk(first * self._step, values, clear)

    def _alone(self, contig: Contig, first: int, tiles: int) -> TileChunk:
        """Predict each window by itself."""
        stretch, clear = self._stretch(contig.codes, first, tiles)
        windows = sliding_window_view(stretch, self._width)[:: self._step]
        if not contig.tracks:
            return self._chunk(first, clear, lambda: self._predictor.from_codes(windows[clear]))
        starts = self._start(first) + self._step * np.flatnonzero(clear)
        places = Places(starts, np.zeros_like(starts), np.full_like(starts, len(contig.codes)))
        predictor = self._predictor
        if isinstance(predictor, LinearPredictor) or predictor.takes_kmers:
            means = means_of(contig.tracks, places, self._width, predictor.partners)
            return self._chunk(first, clear, lambda: predictor.from_codes(windows[clear], no_progress, means))
        return self._chunk(first, clear, lambda: predictor.from_tracks(contig.codes, contig.tracks, places))

    def _shared(self, contig: Contig, first: int, tiles: int) -> TileChunk:
        """Predict windows that share their trunk, of both strands where the model does."""
        full = min(_rounded(tiles), self.chunk)
        plan = self._planned(full)
        if plan is None:
            return self._alone(contig, first, tiles)
        predictor = self._predictor
        assert not isinstance(predictor, LinearPredictor)  # which has no plan
        stretch, clear = self._stretch(contig.codes, first, full)
        start = self._start(first)
        signal = contig.signal(start, start + len(stretch))

        def predict() -> NDArray[np.float32]:
            logits = predictor.stretch_logits(stretch, signal, plan)
            if predictor.strands == "both":
                other = signal[::-1][:, list(predictor.partners)]
                logits += predictor.stretch_logits(reverse_complement(stretch), other, plan)[:, ::-1]
                logits /= 2
            chosen = clear[:tiles]
            windows = sliding_window_view(stretch, self._width)[:: self._step][:tiles]
            return predictor.finished(logits[:, :tiles][:, chosen], windows[chosen])

        return self._chunk(first, clear[:tiles], predict)


def _rounded(tiles: int) -> int:
    """Return the next multiple of the unit: few shapes, and short contigs do not cost a whole chunk."""
    return -(-tiles // _UNIT) * _UNIT
