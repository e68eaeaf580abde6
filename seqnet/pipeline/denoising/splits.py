"""Split the windows of a denoising run by whole stretches, and find the bins that a model held out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import SeqnetError, UsageError
from seqnet.genome.intervals import Intervals, concatenate, make_intervals
from seqnet.genome.regions import make_regions
from seqnet.genome.splitting.draws import draw_stretches
from seqnet.genome.splitting.stretches import HELD, Stretches, default_size
from seqnet.reporting import note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqnet.aliases import Bools
    from seqnet.networks.model import Model


def draw_windows(
    windows: Intervals,
    lengths: Mapping[str, int],
    step: int,
    fractions: Mapping[str, float],
    split_blocks: int | None,
    seed: int,
) -> NDArray[np.object_]:
    """Split windows side by side along contigs by whole stretches of them: object (n,).

    Parameters
    ----------
    windows
        In bins, all of one width.
    lengths
        Contig name to length in bases.
    step
        Bases per bin.
    split_blocks
        Bases of a stretch, rounded down to whole windows; None for 1/50 of the contigs, at most 1 Mb.
    """
    if sum(fractions.values()) >= 1:
        raise UsageError("--valid-fraction and --test-fraction leave nothing to train on")
    width = int(windows.end[0] - windows.start[0])
    if split_blocks is not None and split_blocks < width * step:
        raise UsageError(f"--split-blocks {split_blocks} is less than a window, {width * step} bases")
    size = (split_blocks or default_size(lengths, width * step)) // (width * step) * width
    wanted = {name: share for name, share in fractions.items() if share > 0}
    if len(windows) < 1 + len(wanted):
        lacking = ["train", *wanted][len(windows)]
        raise SeqnetError(f"no {lacking} windows among {len(windows)} of {width} bins (see --window)")
    bins = {name: -(-length // step) for name, length in lengths.items()}
    note(f"split by stretches of {size * step:,} bases, {size // width} windows (--split-blocks)")
    return draw_stretches(make_regions(windows), bins, size, wanted, seed=seed).splits


def window_stretches(
    windows: Intervals, splits: NDArray[np.object_], lengths: Mapping[str, int], step: int
) -> Stretches:
    """Return the held-out windows as stretches in bases."""
    width = int(windows.end[0] - windows.start[0])
    limit = np.array([lengths[name] for name in windows.contigs], dtype=np.int64)[windows.contig]
    places = Intervals(
        windows.contigs, windows.contig, windows.start * step, np.minimum(windows.end * step, limit),
        windows.strand,
    )  # fmt: skip
    return Stretches.of_places(width * step, {name: places.take(splits == name) for name in HELD})


def held_bins(model: Model, split: str, lengths: Mapping[str, int], step: int) -> Bools:
    """Return which bins of contigs to evaluate, bool (bins,): those of a split's stretches.

    All bins of contigs that the model has not seen are evaluated, and all bins where a model does not store
    stretches, or all splits are evaluated.
    """
    stored = Stretches.restored(model.header.get("stretches"))
    counts = {name: -(-length // step) for name, length in lengths.items()}
    mask = np.ones(sum(counts.values()), dtype=bool)
    if stored is None or split == "all":
        return mask
    contigs = {name for part in model.header["splits"].values() for name in part["contigs"]}
    parts, known = [make_intervals([], [], [])], []
    for name, count in counts.items():
        start = np.arange(count, dtype=np.int64) * step
        zeros = np.zeros(count, dtype=np.int32)
        end = np.minimum(start + step, lengths[name])
        parts.append(Intervals((name,), zeros, start, end, zeros.astype(np.int8)))
        known += [name in contigs] * count
    mask = (stored.splits_of(concatenate(parts)) == split) | ~np.array(known, dtype=bool)
    if not mask.any():
        raise SeqnetError(
            f"no bin of {', '.join([*lengths][:4])} lies where the model held out {split} windows"
        )
    return np.asarray(mask)
