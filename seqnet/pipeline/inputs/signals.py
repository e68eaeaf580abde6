"""Signal tracks as inputs of models: their options, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.errors import SeqnetError
from seqnet.formats.tracks.bigwig import open_bigwig
from seqnet.formats.tracks.cache import CachedTrack, cache_folder, open_track
from seqnet.genome.contig_names import shown_names
from seqnet.genome.sequence import Genome
from seqnet.genome.signals.layout import Layout, needed_stretches
from seqnet.genome.signals.tracks import (
    DenseTrack,
    Signal,
    TrackContigs,
    TrackGaps,
    covered,
    fit_signal,
    load_track,
    normalised,
)
from seqnet.kmers.rows import widened
from seqnet.model_inputs.track_means import track_means
from seqnet.pipeline.inputs.request import SignalFit, SignalMissing, SignalSource
from seqnet.pipeline.inputs.track_checks import say_unlike
from seqnet.reporting import detail, note, warn

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from seqnet.aliases import Ints
    from seqnet.genome.intervals import Intervals
    from seqnet.networks.model import Model

# ---- reading ---------------------------------------------------------------------------------


def track_contigs(path: str) -> TrackContigs:
    """Read the contigs of a track."""
    with open_bigwig(path) as reader:
        return TrackContigs(dict(reader.lengths), path)


def read_tracks(source: SignalSource, layout: Layout, said: set[str] | None = None) -> list[DenseTrack]:
    """Read the values of a layout's bases of every track; report those without a value.

    Parameters
    ----------
    said
        Paths of tracks whose missing values were reported; more are added.
    """
    tracks = []
    folder = cache_folder(source.cache_dir)
    for name, path in source.signals:
        with open_track(path, len(layout), folder) as opened:
            if isinstance(opened, CachedTrack):
                detail(f"{path}: kept in {opened.path} ({opened.size >> 20} MB)")
            track = load_track(path, opened, layout, missing=source.signal_missing)
        if said is None or path not in said:
            say_missing(path, track.found, len(layout))
        if said is not None and (track.found.absent or track.found.gaps):
            said.add(path)
        tracks.append(replace(track, name=name))
    return tracks


def say_missing(path: str, gaps: TrackGaps, bases: int) -> None:
    """Note how many of the bases read have no value."""
    if gaps.absent:
        warn(f"{path}: has no {shown_names(gaps.absent)}; taken as zero")
    if gaps.gaps:
        note(f"{path}: {gaps.gaps} of {bases} bases have no value; taken as zero")


class Signals(NamedTuple):
    """Tracks as a network reads them."""

    tracks: tuple[DenseTrack, ...]
    """Normalised, all of one layout."""
    specs: tuple[Signal, ...]
    """What a model keeps of each."""
    missing: SignalMissing | None
    """The rule for bases without a value."""

    @property
    def partners(self) -> tuple[int, ...]:
        """For each track the one that takes its place on the other strand."""
        return tuple(spec.partner for spec in self.specs)


def training_signals(
    source: SignalSource,
    fit: SignalFit,
    intervals: Intervals,
    train: Ints,
    lengths: Mapping[str, int],
    reach: int,
) -> Signals:
    """Read what windows need of the tracks, and normalise it by the values of the training windows.

    Parameters
    ----------
    train
        int64: rows of `intervals` that are trained on.
    reach
        Bases by which windows will be moved.
    """
    layout = needed_stretches(intervals, lengths, reach)
    trained = intervals.take(train)
    names = [file.name for file in source.signals]
    partners = fit.partners(names)
    tracks, specs = [], []
    for number, track in enumerate(read_tracks(source, layout)):
        values = covered(track, trained)
        if not len(values) or np.ptp(values) == 0:
            warn(f"{source.signals[number].path}: every base of the training regions has the same value")
        spec = fit_signal(track, trained, fit.normalisation(track.name), partners[number])
        tracks.append(normalised(track, spec.constants))
        specs.append(spec)
    return Signals(tuple(tracks), tuple(specs), source.signal_missing)


def with_means(
    features: csr_matrix, signals: Signals, intervals: Intervals, *, stranded: bool = False
) -> csr_matrix:
    """Return features of windows with the mean of each track behind them, CSR float32 (n, d + S).

    Parameters
    ----------
    stranded
        Whether windows on the minus strand have the tracks of a pair in the other order.
    """
    means = track_means(signals.tracks, intervals, signals.partners, stranded=stranded)
    return widened(features, means)


def blank_genome(path: str) -> Genome:
    """Return the contigs of a track as a genome whose bases say nothing, for models that read none."""
    lengths = track_contigs(path).lengths
    return Genome({name: np.zeros(length, dtype=np.uint8) for name, length in lengths.items()}, path)


def model_specs(model: Model) -> tuple[Signal, ...]:
    """Return the tracks that a model reads, in its order."""
    return tuple(Signal.restored(entry) for entry in model.input.get("signals", ()))


def ordered_source(source: SignalSource, model: Model, path: str) -> SignalSource:
    """Return the files in the model's order, after making sure that they are those it reads.

    Parameters
    ----------
    path
        The model's, for messages.

    Raises
    ------
    SeqnetError
        Naming what the model expects.
    """
    wanted = [spec.name for spec in model_specs(model)]
    files = {file.name: file for file in source.signals}
    if set(files) != set(wanted):
        expects = "no signal tracks"
        if wanted:
            expects = f"the signal tracks {', '.join(wanted)} (--signal NAME=BIGWIG)"
        raise SeqnetError(f"{path}: the model expects {expects}; found {', '.join(files) or 'none'}")
    rule = source.signal_missing or model.input.get("missing")
    return source._replace(signals=tuple(files[name] for name in wanted), signal_missing=rule)


def signals_for(
    source: SignalSource,
    specs: Sequence[Signal],
    layout: Layout,
    said: set[str] | None = None,
    *,
    gaps_once: bool = False,
) -> Signals:
    """Read tracks of a layout as a model's specs say; warn about those unlike the ones in training.

    Parameters
    ----------
    said
        Names of tracks that were warned about; more are added.
    gaps_once
        Whether bases without a value are noted for the first layout that has some alone.
    """
    read = read_tracks(source, layout, said if gaps_once else None)
    say_unlike([file.path for file in source.signals], read, specs, said)
    pairs = zip(read, specs, strict=True)
    tracks = tuple(normalised(track, spec.constants) for track, spec in pairs)
    return Signals(tracks, tuple(specs), source.signal_missing)
