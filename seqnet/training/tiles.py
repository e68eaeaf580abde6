"""Predictions along a contig, tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.aliases import Bools, Codes, Ints, Progress, no_progress
from seqnet.genome.alphabet import AMBIGUOUS, reverse_complement
from seqnet.genome.extract import padded_stretch
from seqnet.kernels.gather import Places
from seqnet.parallel import ordered_map
from seqnet.training.inputs import WindowInputs, one_hot
from seqnet.training.places import Tiling
from seqnet.training.precision import autocast
from seqnet.training.predictor import Predictor
from seqnet.training.signals import SignalInputs, window_means
from seqnet.training.trunk import Plan, tile_outputs

CHUNK = 1 << 13
"""Tiles predicted at a time where windows share nothing."""
MAX_AMBIGUOUS = 0.5
_BASES, _WIDTHS = 1 << 14, 8
"""A chunk that shares work covers so many bases, or windows' widths: what overlaps the next is little."""
_UNIT, _MOST_TILES = 64, 4096
_MOST_BASES = 1 << 22
"""Bases looked at at a time where windows share nothing and lie far apart."""


Singles = NDArray[np.float32]


class Contig(NamedTuple):
    """What is predicted along."""

    codes: Codes
    """uint8 (length,)."""
    tracks: Sequence[Singles] = ()
    """float32 (length,) each: the signal tracks that the model reads, normalised."""

    def signal(self, start: int, end: int) -> Singles:
        """Return the tracks of a stretch, float32 (end - start, S), zeros outside the contig."""
        found = np.zeros((end - start, len(self.tracks)), dtype=np.float32)
        low, high = max(start, 0), min(end, len(self.codes))
        for number, track in enumerate(self.tracks):
            found[low - start : max(low, high) - start, number] = track[low:high]
        return found


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

    def __init__(self, predictor: Predictor, step: int, max_ambiguous: float = MAX_AMBIGUOUS) -> None:
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

    def predict(
        self, codes: Codes, progress: Progress = no_progress, tracks: Sequence[Singles] = ()
    ) -> Iterator[TileChunk]:
        """Predict the tiles of a contig, as `Contig` holds it."""
        count, contig = self.count(len(codes)), Contig(codes, tracks)
        chunk, shared = self.chunk, self.plan is not None
        # batches of one chunk are themselves computed at the same time where nothing is shared
        threads = self._predictor.threads if shared else 1

        def work(first: int) -> TileChunk:
            tiles = min(chunk, count - first)
            return (self._shared if shared else self._alone)(contig, first, tiles)

        for part in ordered_map(work, range(0, count, chunk), threads):
            progress(len(part.values))
            yield part

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
        values = np.full((len(clear), len(self._predictor.tasks)), np.nan, dtype=np.float32)
        if clear.any():
            values[clear] = predict()
        return TileChunk(first * self._step, values, clear)

    def _alone(self, contig: Contig, first: int, tiles: int) -> TileChunk:
        """Predict each window by itself."""
        stretch, clear = self._stretch(contig.codes, first, tiles)
        if contig.tracks:
            inputs = self._windows(contig, self._start(first) + self._step * np.flatnonzero(clear))
            if self._predictor.takes_kmers:
                codes = sliding_window_view(stretch, self._width)[:: self._step][clear]
                return self._chunk(
                    first, clear, lambda: self._predictor.from_codes(codes, means=window_means(inputs))
                )
            return self._chunk(first, clear, lambda: self._predictor.from_inputs(inputs))
        windows = sliding_window_view(stretch, self._width)[:: self._step]
        return self._chunk(first, clear, lambda: self._predictor.from_codes(windows[clear]))

    def _windows(self, contig: Contig, starts: Ints) -> SignalInputs:
        """Return windows of a contig as inputs."""
        places = Places(starts, np.zeros_like(starts), np.full_like(starts, len(contig.codes)))
        alone = self._predictor.takes_kmers or not self._predictor.bases
        bases = None if alone else WindowInputs(contig.codes, places, self._width)
        partners = self._predictor.partners
        return SignalInputs(tuple(contig.tracks), places, self._width, 0, partners, sequence=bases)

    def _shared(self, contig: Contig, first: int, tiles: int) -> TileChunk:
        """Predict windows that share their trunk, of both strands where the model does."""
        full = min(_rounded(tiles), self.chunk)
        plan = self._planned(full)
        if plan is None:
            return self._alone(contig, first, tiles)
        stretch, clear = self._stretch(contig.codes, first, full)
        start = self._start(first)
        signal = contig.signal(start, start + len(stretch))

        def predict() -> NDArray[np.float32]:
            logits = self._logits(stretch, signal, plan)
            if self._predictor.strands == "both":
                other = signal[::-1][:, list(self._predictor.partners)]
                logits += self._logits(reverse_complement(stretch), other, plan)[::-1]
                logits /= 2
            chosen = clear[:tiles]
            windows = sliding_window_view(stretch, self._width)[:: self._step][:tiles]
            return self._predictor.finished(logits[:tiles][chosen], windows[chosen])

        return self._chunk(first, clear[:tiles], predict)

    def _logits(self, stretch: Codes, signal: Singles, plan: Plan) -> NDArray[np.float32]:
        """Return the network's outputs of a stretch's windows, (tiles, T)."""
        spare = np.full(plan.spare, AMBIGUOUS, dtype=np.uint8)
        device, precision = self._predictor.device, self._predictor.precision
        with torch.inference_mode(), autocast(precision, device):
            bases = torch.from_numpy(np.concatenate([stretch, spare])).to(device)
            letters = one_hot(bases.unsqueeze(0))[0, :, 0].T
            if signal.shape[1]:
                padded = np.concatenate([signal, np.zeros((plan.spare, signal.shape[1]), np.float32)])
                values = torch.from_numpy(padded).to(device)
                letters = torch.cat([letters, values], dim=1) if self._predictor.bases else values
            outputs = tile_outputs(self._predictor.network, plan, letters)
        logits: NDArray[np.float32] = outputs.float().cpu().numpy()
        return logits


def _rounded(tiles: int) -> int:
    """Return the next multiple of the unit: few shapes, and short contigs do not cost a whole chunk."""
    return -(-tiles // _UNIT) * _UNIT
