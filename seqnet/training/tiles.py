"""Predictions along a contig, tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.aliases import Codes, Progress, no_progress
from seqnet.genome.alphabet import AMBIGUOUS

CHUNK = 1 << 13
"""Tiles predicted at a time."""
MAX_AMBIGUOUS = 0.5


class TileChunk(NamedTuple):
    """Predictions of consecutive tiles."""

    start: int
    """0-based first base of the first tile."""
    values: NDArray[np.float32]
    """float32 (m, T): NaN for tiles whose window is mostly ambiguous."""


def predict_tiles(
    predict: Callable[[Codes], NDArray[np.float32]],
    codes: Codes,
    *,
    width: int,
    step: int,
    tasks: int,
    progress: Progress = no_progress,
) -> Iterator[TileChunk]:
    """Predict tiles ``[i step, (i + 1) step)`` of a contig, each from the window centred on it.

    Windows are padded with ambiguous bases at the contig's ends; one that is more than half
    ambiguous has no prediction.

    Parameters
    ----------
    predict
        From codes uint8 (m, width) to float32 (m, T).
    codes
        uint8 (length,).
    width
        The model's input width in bases.
    step
        Tile width in bases.
    """
    count = -(-len(codes) // step)
    lead = width // 2 - step // 2  # the first window starts this far before the contig
    before, after = max(0, lead), width + step
    padded = np.concatenate(
        [np.full(before, AMBIGUOUS, np.uint8), codes, np.full(after, AMBIGUOUS, np.uint8)]
    )
    windows = sliding_window_view(padded, width)[before - lead :: step][:count]
    ambiguous = np.concatenate([[0], np.cumsum(padded == AMBIGUOUS)])
    starts = before - lead + step * np.arange(count)
    clear = ambiguous[starts + width] - ambiguous[starts] <= MAX_AMBIGUOUS * width
    for first in range(0, count, CHUNK):
        past = min(first + CHUNK, count)
        values = np.full((past - first, tasks), np.nan, dtype=np.float32)
        keep = np.flatnonzero(clear[first:past])
        if len(keep):
            values[keep] = predict(windows[first + keep])
        progress(past - first)
        yield TileChunk(first * step, values)
