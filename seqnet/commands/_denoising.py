"""Denoising: the options that ask for it, and binned tracks as it reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from seqnet.commands._console import detail
from seqnet.commands._options import chroms_option, combine
from seqnet.commands._signals import SignalFile, SignalSource, named_files
from seqnet.errors import SeqnetError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from seqnet.genome.tracks import DenseTrack, Signal
    from seqnet.networks.model import Model

BIN = 25
PEAKS = "peaks"
"""The task of ``--target-peaks``."""
target_option = click.option(
    "--target-track", "target_tracks", multiple=True, metavar="[NAME=]BIGWIG", callback=named_files,
    help="Deep track that the tracks of --signal are to become (denoising). Repeats.",
)  # fmt: skip
denoising_options = combine(
    target_option,
    click.option("--target-peaks", metavar="BED",
                 help="With --target-track: learn these peaks from the tracks too."),
    click.option("--bin", "step", type=click.IntRange(1), metavar="BASES",
                 help=f"With --target-track: bases per bin, whose means are read (default {BIN})."),
    click.option("--window", type=click.IntRange(1), metavar="BINS",
                 help="With --target-track: bins per training row. Default: as many as an output sees."),
    chroms_option,
)  # fmt: skip


class Targets(NamedTuple):
    """The options of `denoising_options` as values."""

    target_tracks: tuple[SignalFile, ...] = ()
    target_peaks: str | None = None
    step: int | None = None
    window: int | None = None
    chroms: tuple[str, ...] = ()

    @staticmethod
    def take(options: dict[str, Any]) -> Targets:
        """Take them out of a command's; refuse them where there is nothing to denoise."""
        taken = Targets(**{name: options.pop(name) for name in Targets._fields})
        others = {"--target-peaks": taken.target_peaks, "--bin": taken.step, "--window": taken.window,
                  "--chroms": taken.chroms}  # fmt: skip
        for name, value in others.items():
            if value and not taken.target_tracks:
                raise UsageError(f"{name} goes with --target-track")
        if taken.target_peaks and PEAKS in taken.tasks[:-1]:
            raise UsageError(
                f"--target-track: {PEAKS!r} is what --target-peaks are called; give it another name"
            )
        return taken

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the outputs."""
        names = tuple(file.name for file in self.target_tracks)
        return names if self.target_peaks is None else (*names, PEAKS)


def chosen_lengths(path: str, chroms: Sequence[str]) -> dict[str, int]:
    """Return the contigs of a track, those that were asked for: name to length in bases."""
    from seqnet.commands._load import expand_names
    from seqnet.commands._signals import track_contigs
    from seqnet.genome.splits import match_names

    lengths = track_contigs(path).lengths
    if not chroms:
        return lengths
    names = set(match_names(expand_names(chroms), list(lengths), path))
    return {name: length for name, length in lengths.items() if name in names}


def read_binned(source: SignalSource, lengths: Mapping[str, int], step: int) -> list[DenseTrack]:
    """Read the bins of whole contigs of every track; say what had no value."""
    from dataclasses import replace

    from seqnet.commands._signals import say_missing
    from seqnet.formats.cache import cache_folder, open_track
    from seqnet.genome.bins import load_binned

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
    import numpy as np

    from seqnet.formats.bed import read_bed
    from seqnet.genome.bins import bin_counts
    from seqnet.genome.intervals import Intervals, count_overlaps

    peaks = read_bed(path).intervals
    if not (peaks.contig_index_in(list(lengths)) >= 0).any():
        names = ", ".join(list(lengths)[:4])
        raise SeqnetError(f"{path}: no peak lies on the tracks' contigs; they are {names}")
    found = []
    for name, count in bin_counts(lengths, step).items():
        start = np.minimum(np.arange(count, dtype=np.int64) * step + step // 2, lengths[name] - 1)
        zeros = np.zeros(count, dtype=np.int32)
        middles = Intervals((name,), zeros, start, start + 1, zeros.astype(np.int8))
        found.append(count_overlaps(middles, peaks) > 0)
    return np.concatenate(found).astype(np.float32)


def denoises(model: Model) -> bool:
    """Tell a model from signal to signal."""
    return "bin" in model.input


def target_specs(model: Model) -> tuple[Signal, ...]:
    """Return how the denoised tracks of a model are normalised, in its order."""
    from seqnet.genome.tracks import Signal

    return tuple(Signal.restored(entry) for entry in model.header["outputs"])
