"""Denoising: the options that ask for it, and binned tracks as it reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import SeqnetError
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.tracks.cache import cache_folder, open_track
from seqnet.genome.contig_names import unknown_contig
from seqnet.genome.intervals import Intervals, count_overlaps, make_intervals, on_each_contig
from seqnet.genome.signals.bins import bin_counts, load_binned
from seqnet.genome.signals.tracks import DenseTrack, Signal
from seqnet.genome.splitting.splits import match_names
from seqnet.inference.track_units import TrackUnits, restored_range
from seqnet.pipeline.inputs.genome import expand_names
from seqnet.pipeline.inputs.request import SignalSource
from seqnet.pipeline.inputs.signals import say_missing, track_contigs
from seqnet.reporting import detail, note, warn

if TYPE_CHECKING:
    import numpy as np

    from seqnet.networks.model import Model

UNITS = "means of bins"
"""Units in which denoised tracks are evaluated, as in reports and JSON."""
DENOISING_METRICS = ("pearson", "r2", "mse", "asinh_pearson", "asinh_r2", "asinh_mse")
"""Figures of a denoised track, in the track's units and of the asinh of them."""


def chosen_lengths(path: str, chroms: Sequence[str]) -> dict[str, int]:
    """Return the contigs of a track, those that were requested: name to length in bases."""
    lengths = track_contigs(path).lengths
    if not chroms:
        return lengths
    names = set(match_names(expand_names(chroms), list(lengths), path))
    return {name: length for name, length in lengths.items() if name in names}


def read_binned(source: SignalSource, lengths: Mapping[str, int], step: int) -> list[DenseTrack]:
    """Read the bins of whole contigs of every track; report those without a value."""
    tracks = []
    bases = sum(lengths.values())
    for name, path in source.signals:
        # one pass over the file: a cache of its bases would be read once
        with open_track(path, 0, cache_folder(source.cache_dir)) as opened:
            track = load_binned(path, opened, lengths, step, source.signal_missing)
        say_missing(path, track.found, bases)
        tracks.append(replace(track, name=name))
        detail(f"{path}: {len(track.values)} bins of {step} bases")
    return tracks


def peak_bins(path: str, lengths: Mapping[str, int], step: int) -> np.ndarray:
    """Return which bins have their middle in a peak, float32, contig after contig.

    Raises
    ------
    SeqnetError
        If no peak lies on the contigs.
    """
    peaks = read_bed(path).intervals
    if not len(peaks):
        raise SeqnetError(f"{path}: holds no peaks")
    if not (peaks.contig_index_in(list(lengths)) >= 0).any():
        raise SeqnetError(f"{path}: {unknown_contig('its rows', peaks.contigs[0], 'the track', lengths)}")
    own, none = on_each_contig(peaks), make_intervals([], [], [])
    bins = []
    for name, count in bin_counts(lengths, step).items():
        start = np.minimum(np.arange(count, dtype=np.int64) * step + step // 2, lengths[name] - 1)
        zeros = np.zeros(count, dtype=np.int32)
        middles = Intervals((name,), zeros, start, start + 1, zeros.astype(np.int8))
        bins.append(count_overlaps(middles, own.get(name, none)) > 0)
    return np.concatenate(bins).astype(np.float32)


def denoises(model: Model) -> bool:
    """Tell a model from signal to signal."""
    return "bin" in model.input


def track_units(model: Model) -> TrackUnits:
    """Return what turns a model's outputs into values of the deep tracks.

    Raises
    ------
    SeqnetError
        If the model's header holds a range that is none.
    """
    entries = model.header["outputs"]
    try:
        return TrackUnits(target_specs(model), [restored_range(entry) for entry in entries])
    except ValueError as error:
        raise SeqnetError(str(error)) from error


def say_bounded(units: TrackUnits) -> None:
    """Report how many bins were bounded, with a warning where they are far above the training data."""
    for doubtful, text in units.said():
        (warn if doubtful else note)(text)


def metrics_line(name: str, row: Mapping[str, float | None]) -> str:
    """Return how good a track is, in its units first."""
    figures = {key: "NA" if row[key] is None else f"{row[key]:.4g}" for key in DENOISING_METRICS}
    scaled = f"Pearson {figures['asinh_pearson']}, MSE {figures['asinh_mse']}"
    return f"{name}: Pearson {figures['pearson']}, MSE {figures['mse']} (asinh scale: {scaled})"


def target_specs(model: Model) -> tuple[Signal, ...]:
    """Return how the denoised tracks of a model are normalised, in its order."""
    return tuple(Signal.restored(entry) for entry in model.header["outputs"])
