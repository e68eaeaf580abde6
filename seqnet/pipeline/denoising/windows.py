"""Training windows of a denoising run: side by side along contigs, split."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.errors import SeqnetError, UsageError
from seqnet.genome.signals.bins import bin_counts, windows_along
from seqnet.genome.splitting.splits import SPLITS, by_chromosome
from seqnet.inference.denoise import Reach
from seqnet.pipeline.denoising.request import TrainDenoiseRequest
from seqnet.pipeline.denoising.splits import draw_windows, window_stretches
from seqnet.pipeline.inputs.genome import expand_names
from seqnet.pipeline.inputs.splits import check_split_blocks
from seqnet.pipeline.training.splits import DEFAULT_VALID_FRACTION
from seqnet.reporting import note

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.genome.intervals import Intervals
    from seqnet.genome.splitting.stretches import Stretches

_LEAST_WINDOW = 64


class Windows(NamedTuple):
    """Training windows side by side along contigs, in bins."""

    intervals: Intervals
    """Their middles, whose outputs are learnt."""
    splits: np.ndarray
    """object (n,)."""
    reach: Reach
    stretches: Stretches | None = None
    """The held-out windows in bases, where fractions were drawn."""

    @property
    def width(self) -> int:
        """Bins of a row: a window's middle and what its outputs see."""
        return self.reach.before + int(self.intervals.end[0] - self.intervals.start[0]) + self.reach.after

    def rows(self, split: str) -> np.ndarray:
        """Return the windows of a split, int64."""
        return np.flatnonzero(self.splits == split)

    def summary(self) -> Json:
        """Return how many windows each split has, and on which contigs."""
        return {
            split: {
                "rows": len(self.rows(split)),
                "contigs": sorted(set(self.intervals.take(self.rows(split)).contig_names())),
            }
            for split in SPLITS
        }


def make_windows(request: TrainDenoiseRequest, lengths: dict[str, int], reach: Reach) -> Windows:
    """Part the contigs into windows, and split those as the request says.

    Parameters
    ----------
    lengths
        Contig name to length in bases.
    reach
        Of the network.

    Raises
    ------
    SeqnetError
        If a split that is needed has no window.
    """
    step, seed, chosen = request.step, request.seed, request.splits
    width = request.window or max(_LEAST_WINDOW, reach.before + reach.after)
    intervals = windows_along(bin_counts(lengths, step), width)
    size, valid, test = chosen.split_blocks, chosen.valid_fraction, chosen.test_fraction
    stretches = None
    check_split_blocks(size, chroms=chosen.by_chroms, located=True)
    if chosen.by_chroms:
        if valid is not None or test is not None:
            raise UsageError("windows are split by contigs (--valid-chroms) or by fractions, not by both")
        names = [expand_names(chroms) for chroms in (chosen.valid_chroms, chosen.test_chroms)]
        splits = by_chromosome(intervals, *names)
    else:
        if valid is None:
            note(f"no split given: {DEFAULT_VALID_FRACTION:.0%} of the windows are used for validation")
        fractions = {"valid": DEFAULT_VALID_FRACTION if valid is None else valid, "test": test or 0.0}
        splits = draw_windows(intervals, lengths, step, fractions, size, seed)
        stretches = window_stretches(intervals, splits, lengths, step)
    windows = Windows(intervals, splits, reach, stretches)
    if not len(windows.rows("valid")) and len(windows.rows("train")) > 1:
        train = windows.rows("train")
        part = intervals.take(train)
        used = {name: lengths[name] for name in set(part.contig_names())}
        splits[train] = draw_windows(part, used, step, {"valid": DEFAULT_VALID_FRACTION}, size, seed)
        note(f"no rows to validate on: {DEFAULT_VALID_FRACTION:.0%} of the training windows, at random, do")
    for split in ("train", "valid"):
        if not len(windows.rows(split)):
            raise SeqnetError(f"no {split} windows among {len(intervals)} of {width} bins (see --window)")
    return windows
