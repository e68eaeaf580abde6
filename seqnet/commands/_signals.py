"""Signal tracks as inputs of models: their options, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from seqnet.commands._console import detail, note, warn
from seqnet.commands._options import combine
from seqnet.errors import SeqnetError, UsageError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from seqnet.genome.intervals import Intervals
    from seqnet.genome.layout import Layout
    from seqnet.genome.sequence import Genome
    from seqnet.genome.tracks import DenseTrack, Finding, Normalisation, Signal
    from seqnet.networks.model import Model

SignalMissing = Literal["zero", "error"]
_SUFFIXES = (".bw", ".bigwig")


class SignalFile(NamedTuple):
    """A track and what the model calls it."""

    name: str
    path: str


def named_files(
    _ctx: click.Context, _param: click.Parameter, values: Sequence[str]
) -> tuple[SignalFile, ...]:
    """Read ``NAME=FILE``, or a file whose base name is the name."""
    found = []
    for value in values:
        name, equals, path = value.partition("=")
        if not equals:
            path, bare = value, PurePath(value)
            name = bare.stem if bare.suffix.lower() in _SUFFIXES else bare.name
        if not name or not path:
            raise click.BadParameter(f"{value!r}: expected NAME=BIGWIG, or a file")
        found.append(SignalFile(name, path))
    names = [file.name for file in found]
    for name in names:
        if names.count(name) > 1:
            raise click.BadParameter(f"two tracks are named {name!r}; give them names: NAME=BIGWIG")
    return tuple(found)


signal_options = combine(
    click.option("--signal", "signals", multiple=True, metavar="[NAME=]BIGWIG", callback=named_files,
                 help="Signal track as input, beside the sequence or alone. Repeats. Named after its file "
                 "unless told otherwise; a model is given tracks of the same names."),
    click.option("--signal-missing", type=click.Choice(["zero", "error"]),
                 help="What bases of a track without a value are. Default: gaps are zero, contigs that the "
                 "track does not have an error."),
    click.option("--cache-dir", metavar="DIR",
                 help="Where tracks are kept as plain arrays between runs (default: SEQNET_CACHE, else the "
                 "user's cache folder)."),
)  # fmt: skip


class SignalSource(NamedTuple):
    """The options of `signal_options` as values."""

    signals: tuple[SignalFile, ...] = ()
    signal_missing: SignalMissing | None = None
    cache_dir: str | None = None

    @staticmethod
    def take(options: dict[str, Any]) -> SignalSource:
        """Take them out of a command's."""
        return SignalSource(**{name: options.pop(name) for name in SignalSource._fields})

    def check(self) -> None:
        """Refuse what goes with tracks where there are none."""
        if not self.signals and (self.signal_missing or self.cache_dir):
            raise UsageError("--signal-missing and --cache-dir go with --signal")


# ---- how training makes tracks comparable ----------------------------------------------------

_TRANSFORMS = {"none": "none", "asinh": "asinh(x)", "log1p": "ln(1 + x)"}
_SCALES = {"none": "none", "z": "mean 0, standard deviation 1", "max": "largest 1", "library": "mean 1",
           "center-max": "divided by the largest, then mean 0"}  # fmt: skip


def _quantile(text: str) -> float:
    """Read the quantile that values are clipped at."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise click.BadParameter(f"{text!r} is no quantile; expected a number above 0, up to 1")
    return value


def _one_of(table: Mapping[str, str]) -> Any:
    """Return what reads one of the rows of a table."""

    def read(text: str) -> str:
        if text not in table:
            raise click.BadParameter(f"{text!r} is none of {', '.join(table)}")
        return text

    return read


def _per_track(read: Any) -> Any:
    """Return a callback that reads ``VALUE``, for all tracks, and ``NAME=VALUE``: by name, "" for all."""

    def callback(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> dict[str, Any]:
        parts = [value.rpartition("=") for value in values]
        return {name: read(value) for name, _, value in parts}

    return callback


def _pairs(
    _ctx: click.Context, _param: click.Parameter, values: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Read pairs of names."""
    pairs = []
    for value in values:
        names = value.split(",")
        if len(names) != 2 or "" in names or names[0] == names[1]:
            raise click.BadParameter(f"{value!r}: expected two tracks, such as plus,minus")
        pairs.append((names[0], names[1]))
    return tuple(pairs)


signal_fit_options = combine(
    click.option("--signal-clip", multiple=True, metavar="[NAME=]Q", callback=_per_track(_quantile),
                 help="Values of tracks above this quantile of the training regions become it. Default: 1."),
    click.option("--signal-transform", multiple=True, metavar="[NAME=]RULE",
                 callback=_per_track(_one_of(_TRANSFORMS)),
                 help=f"Then transform them: {', '.join(_TRANSFORMS)}. Default: asinh."),
    click.option("--signal-scale", multiple=True, metavar="[NAME=]RULE",
                 callback=_per_track(_one_of(_SCALES)),
                 help="Then scale them, by the training regions: "
                 + "; ".join(f"{name}: {text}" for name, text in _SCALES.items() if name != text)
                 + "; none. Default: z; center-max with --target-track."),
    click.option("--strand-pair", "strand_pairs", multiple=True, metavar="PLUS,MINUS", callback=_pairs,
                 help="Tracks of the two strands: they change places in reverse complements. Repeats."),
)  # fmt: skip
towers_option = combine(
    click.option("--towers", is_flag=True,
                 help="Read sequence and tracks by layers of their own, joined after pooling, instead of as "
                 "channels of one input."),
)  # fmt: skip


class SignalFit(NamedTuple):
    """How training makes tracks comparable, as options."""

    signal_clip: Mapping[str, float] = {}
    signal_transform: Mapping[str, str] = {}
    signal_scale: Mapping[str, str] = {}
    strand_pairs: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def take(options: dict[str, Any]) -> SignalFit:
        """Take them out of a command's."""
        return SignalFit(**{name: options.pop(name) for name in SignalFit._fields if name in options})

    def check(self, names: Sequence[str]) -> None:
        """Refuse names that no track has."""
        given = {
            "--signal-clip": [*self.signal_clip], "--signal-transform": [*self.signal_transform],
            "--signal-scale": [*self.signal_scale],
            "--strand-pair": [name for pair in self.strand_pairs for name in pair],
        }  # fmt: skip
        for option, used in given.items():
            if used and not names:
                raise UsageError(f"{option} goes with --signal")
            for name in used:
                if name and name not in names:
                    raise UsageError(f"{option}: no track is named {name!r}; they are {', '.join(names)}")
        paired = given["--strand-pair"]
        if len(set(paired)) < len(paired):
            raise UsageError("--strand-pair: a track is in two pairs")

    def normalisation(self, name: str, scale: str = "z") -> Normalisation:
        """Return what was asked for one track; `scale` where nothing was."""
        from seqnet.genome.tracks import Normalisation

        def chosen(values: Mapping[str, Any], default: Any) -> Any:
            return values.get(name, values.get("", default))

        return Normalisation(
            chosen(self.signal_clip, 1.0), chosen(self.signal_transform, "asinh"),
            chosen(self.signal_scale, scale),
        )  # fmt: skip

    def partners(self, names: Sequence[str]) -> tuple[int, ...]:
        """Return for each track the number of the one that takes its place on the other strand."""
        other = {one: two for pair in self.strand_pairs for one, two in (pair, pair[::-1])}
        return tuple(names.index(other.get(name, name)) for name in names)


# ---- reading ---------------------------------------------------------------------------------


class TrackContigs(NamedTuple):
    """The contigs of a track, where there is no genome to say which there are."""

    lengths: dict[str, int]
    source: str


def track_contigs(path: str) -> TrackContigs:
    """Read the contigs of a track."""
    from seqnet.formats.bigwig import open_bigwig

    with open_bigwig(path) as reader:
        return TrackContigs(dict(reader.lengths), path)


def read_tracks(source: SignalSource, layout: Layout) -> list[DenseTrack]:
    """Read the values of a layout's bases of every track; say what had none."""
    from dataclasses import replace

    from seqnet.formats.cache import CachedTrack, cache_folder, open_track
    from seqnet.genome.tracks import load_track

    tracks = []
    folder = cache_folder(source.cache_dir)
    for name, path in source.signals:
        with open_track(path, len(layout), folder) as opened:
            if isinstance(opened, CachedTrack):
                detail(f"{path}: kept in {opened.path} ({opened.size >> 20} MB)")
            track = load_track(path, opened, layout, missing=source.signal_missing)
        say_missing(path, track.found, len(layout))
        tracks.append(replace(track, name=name))
    return tracks


def say_missing(path: str, found: Finding, bases: int) -> None:
    """Say which of the bases that were read have no value."""
    if found.absent:
        warn(f"{path}: has no {', '.join(found.absent[:4])}; taken as zero")
    if found.gaps:
        note(f"{path}: {found.gaps} of {bases} bases have no value; taken as zero")


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
    train: Any,
    lengths: Mapping[str, int],
    reach: int,
) -> Signals:
    """Read what windows need of the tracks, and normalise it by what the training windows hold.

    Parameters
    ----------
    train
        int64: rows of `intervals` that are trained on.
    reach
        Bases by which windows will be moved.
    """
    import numpy as np

    from seqnet.genome.layout import needed_stretches
    from seqnet.genome.tracks import covered, fit_signal, normalised

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
    from scipy.sparse import csr_matrix, hstack

    from seqnet.training.signals import signal_inputs, window_means

    inputs = signal_inputs(signals.tracks, intervals, stranded=stranded, partners=signals.partners)
    return csr_matrix(hstack([features, csr_matrix(window_means(inputs))], format="csr", dtype="f4"))


def blank_genome(path: str) -> Genome:
    """Return the contigs of a track as a genome whose bases say nothing, for models that read none."""
    import numpy as np

    from seqnet.genome.sequence import Genome

    lengths = track_contigs(path).lengths
    return Genome({name: np.zeros(length, dtype=np.uint8) for name, length in lengths.items()}, path)


def model_specs(model: Model) -> tuple[Signal, ...]:
    """Return the tracks that a model reads, in its order."""
    from seqnet.genome.tracks import Signal

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
    given = {file.name: file for file in source.signals}
    if set(given) != set(wanted):
        expects = "no signal tracks"
        if wanted:
            expects = f"the signal tracks {', '.join(wanted)} (--signal NAME=BIGWIG)"
        raise SeqnetError(f"{path}: the model expects {expects}; found {', '.join(given) or 'none'}")
    rule = source.signal_missing or model.input.get("missing")
    return source._replace(signals=tuple(given[name] for name in wanted), signal_missing=rule)


def signals_for(source: SignalSource, specs: Sequence[Signal], layout: Layout) -> Signals:
    """Read tracks of a layout as a model's specs say."""
    from seqnet.genome.tracks import normalised

    read = read_tracks(source, layout)
    pairs = zip(read, specs, strict=True)
    tracks = tuple(normalised(track, spec.constants) for track, spec in pairs)
    return Signals(tracks, tuple(specs), source.signal_missing)
