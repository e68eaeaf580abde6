"""Signal tracks as dense arrays: a value per base, gaps counted, normalised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints, Json, Reals
from seqnet.errors import SeqnetError
from seqnet.genome.contig_names import shown_names, style_hint
from seqnet.genome.intervals import Intervals, union
from seqnet.genome.signals.layout import Layout
from seqnet.genome.signals.track_summary import TrackSummary, summarise_track

Missing: TypeAlias = Literal["zero", "nan", "error"]
"""What bases without a value become."""
Transform: TypeAlias = Literal["none", "asinh", "log1p"]
Scale: TypeAlias = Literal["none", "z", "max", "library", "center-max"]
STEP = 1 << 22
"""Bases read at a time."""


class TrackSource(Protocol):
    """What the values of a track are read from, such as an open bigWig file."""

    @property
    def lengths(self) -> Mapping[str, int]:
        """Contig name to length in bases."""
        ...

    def values(self, contig: str, start: int, end: int) -> NDArray[np.float32]:
        """Return the value of each base, float32 (end - start,), NaN at gaps."""
        ...

    def values_of(self, contigs: Sequence[str], starts: Ints, ends: Ints) -> NDArray[np.float32]:
        """Return what `values` does for each of n intervals, one behind the other: float32 (bases,)."""
        ...


class TrackContigs(NamedTuple):
    """The contigs of a track, where no genome is given."""

    lengths: dict[str, int]
    source: str


class TrackGaps(NamedTuple):
    """What was not as it should be while a track was read."""

    gaps: int
    """Bases without a value on contigs that the track has."""
    absent: tuple[str, ...]
    """Contigs that the track does not have."""


@dataclass(frozen=True)
class DenseTrack:
    """A track in memory.

    Parameters
    ----------
    name
        How it is called.
    values
        float32 or float16 (length of the layout,).
    layout
        Which bases they belong to.
    found
        What was missing.
    """

    name: str
    values: NDArray[Any]
    layout: Layout
    found: TrackGaps


def load_track(
    name: str, source: TrackSource, layout: Layout, *, missing: Missing | None = None, half: bool = False
) -> DenseTrack:
    """Read the values of a layout's bases.

    Parameters
    ----------
    name
        How the track is called in messages.
    source
        The file.
    layout
        The bases that are wanted.
    missing
        What bases without a value become: zero, NaN, or an error. Under None gaps are zero and a contig
        that the track does not have is an error.
    half
        Whether to hold float16 (three digits, up to 65504) in place of float32.

    Raises
    ------
    SeqnetError
        At a contig of another length than the genome's, at an infinite value, at a value too large for
        float16, and as `missing` says; the message names track and place.
    """
    values = np.empty(len(layout), dtype=np.float16 if half else np.float32)
    pieces = layout.pieces
    absent = tuple(n for n in dict.fromkeys(pieces.contig_names()) if n not in source.lengths)
    if absent and missing in (None, "error"):
        raise SeqnetError(_absent_message(name, absent, source))
    gaps = 0
    rows = zip(
        pieces.contig_names(), pieces.start.tolist(), pieces.end.tolist(), layout.offsets, strict=False
    )
    for contig, begin, end, offset in rows:
        part = values[offset : offset + end - begin]
        if contig in absent:
            part[:] = np.nan if missing == "nan" else 0
            continue
        _require_length(name, source, contig, layout)
        for start in range(begin, end, STEP):
            stop = min(end, start + STEP)
            read = _checked(name, source.values(contig, start, stop), contig, start, missing)
            gaps += read.gaps
            part[start - begin : stop - begin] = _narrowed(name, read.values, contig, half)
    return DenseTrack(name, values, layout, TrackGaps(gaps, absent))


class _Read(NamedTuple):
    values: NDArray[np.float32]
    gaps: int


def _checked(
    name: str, values: NDArray[np.float32], contig: str, start: int, missing: Missing | None
) -> _Read:
    """Return values with gaps as they are to be, and how many those are."""
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise SeqnetError(f"{name}: the value at {contig}:{start + int(infinite[0])} is infinite")
    gap = np.isnan(values)
    gaps = int(gap.sum())
    if gaps and missing == "error":
        place = start + int(np.flatnonzero(gap)[0])
        raise SeqnetError(f"{name}: no value at {contig}:{place} (see --signal-missing)")
    if gaps and missing != "nan":
        values = np.where(gap, np.float32(0), values)
    return _Read(values, gaps)


def _narrowed(name: str, values: NDArray[np.float32], contig: str, half: bool) -> Reals:
    """Return values as they are held."""
    if not half:
        return values
    with np.errstate(over="ignore"):  # said below
        narrow = values.astype(np.float16)
    if np.isinf(narrow).any():
        raise SeqnetError(f"{name}: a value on {contig} is too large for 16 bits")
    return narrow


def _absent_message(name: str, absent: tuple[str, ...], source: TrackSource) -> str:
    """Say which contig a track lacks, and what it has."""
    more = f" and {len(absent) - 1} more contigs" if len(absent) > 1 else ""
    has = f"it has {shown_names(source.lengths)}{style_hint(absent, source.lengths)}"
    return f"{name}: has no {absent[0]}{more}; {has} (see --signal-missing)"


def _require_length(name: str, source: TrackSource, contig: str, layout: Layout) -> None:
    """Raise unless track and genome agree on a contig's length."""
    if source.lengths[contig] != layout.lengths[contig]:
        raise SeqnetError(
            f"{name}: {contig} has {source.lengths[contig]} bases, {layout.lengths[contig]} in the genome"
        )


# ---- normalisation ---------------------------------------------------------------------------


class Normalisation(NamedTuple):
    """How the values of a track are made comparable: clip, then transform, then scale."""

    clip: float = 1.0
    """Values above this quantile of the training values become that quantile; 1 clips nothing."""
    transform: Transform = "none"
    scale: Scale = "none"
    """``z``: mean 0 and standard deviation 1; ``max``: largest 1; ``library``: mean 1, so that tracks of
    different depth agree; ``center-max``: divided by the largest, then mean 0."""


class Constants(NamedTuple):
    """A normalisation with what was learnt from the training regions: a model keeps it."""

    ceiling: float | None
    """Value above which is clipped; None for nowhere."""
    transform: Transform
    center: float
    """Subtracted after the transform."""
    factor: float
    """Multiplied then."""

    def apply(self, values: Reals) -> NDArray[np.float32]:
        """Return normalised values, float32 of the same shape; NaN stays NaN."""
        ceiling = np.inf if self.ceiling is None else self.ceiling
        clipped = np.minimum(values.astype(np.float32), np.float32(ceiling))
        moved = _transformed(clipped, self.transform) - np.float32(self.center)
        return np.asarray(moved * np.float32(self.factor), dtype=np.float32)

    def undo(self, values: Reals) -> NDArray[np.float32]:
        """Return values that `apply` would normalise to these, but for what it clips: float32."""
        moved = values.astype(np.float64) / self.factor + self.center
        if self.transform != "none":
            moved = np.sinh(moved) if self.transform == "asinh" else np.expm1(moved)
        return np.asarray(moved, dtype=np.float32)


def _transformed(values: Reals, transform: Transform) -> Reals:
    """Return asinh(x), ln(1 + x) or x."""
    if transform == "none":
        return values
    return np.asarray(np.arcsinh(values) if transform == "asinh" else np.log1p(values))


def fit_normalisation(track: DenseTrack, intervals: Intervals, how: Normalisation) -> Constants:
    """Learn the constants from the values that training regions cover, each base once, NaN left out.

    Raises
    ------
    SeqnetError
        If there is no value, or ``log1p`` meets one of -1 or less.
    """
    values = covered(track, intervals).astype(np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        raise SeqnetError(f"{track.name}: has no value in the training regions")
    if how.transform == "log1p" and values.min() <= -1:
        raise SeqnetError(f"{track.name}: log1p needs values above -1; the lowest is {values.min():g}")
    ceiling = float(np.quantile(values, how.clip)) if how.clip < 1 else None
    clipped = values if ceiling is None else np.minimum(values, ceiling)
    center, factor = _center_and_factor(_transformed(clipped, how.transform), how.scale)
    return Constants(ceiling, how.transform, center, factor)


def covered(track: DenseTrack, intervals: Intervals) -> Reals:
    """Return the values of all bases that intervals cover, each once."""
    limits = np.array([track.layout.lengths.get(name, 0) for name in intervals.contigs], dtype=np.int64)
    limit = limits[intervals.contig] if len(limits) else np.empty(0, np.int64)
    start, end = np.clip(intervals.start, 0, limit), np.clip(intervals.end, 0, limit)
    once = union(replace(intervals, start=start, end=end).take(start < end))
    begins = track.layout.places(once).start.tolist()
    sizes = (once.end - once.start).tolist()
    parts = [track.values[b : b + size] for b, size in zip(begins, sizes, strict=True)]
    return np.concatenate([*parts, np.empty(0, track.values.dtype)])


class Signal(NamedTuple):
    """A track as a model reads it: an entry of its input's ``signals``."""

    name: str
    constants: Constants
    partner: int
    """Which track of the model takes its place on the other strand: its own number, or that of its pair."""
    mean: float
    """Of the normalised values in the training regions."""
    raw: TrackSummary | None = None
    """What the values were there before they were normalised; None where a model does not say."""

    def stored(self) -> Json:
        """Return it as JSON holds it."""
        raw = {} if self.raw is None else {"raw": self.raw.stored()}
        shape = {"partner": self.partner, "mean": self.mean}
        return {"name": self.name, **self.constants._asdict(), **shape, **raw}

    @staticmethod
    def restored(entry: Json) -> Signal:
        """Return what `stored` gave."""
        constants = Constants(**{name: entry[name] for name in Constants._fields})
        raw = TrackSummary.restored(entry.get("raw"))
        return Signal(entry["name"], constants, int(entry["partner"]), float(entry["mean"]), raw)


def fit_signal(track: DenseTrack, intervals: Intervals, how: Normalisation, partner: int) -> Signal:
    """Learn how a model reads a track from the values that training regions cover.

    Raises
    ------
    SeqnetError
        As `fit_normalisation` does.
    """
    constants = fit_normalisation(track, intervals, how)
    values = covered(track, intervals)
    mean = float(constants.apply(values).mean(dtype=np.float64))
    return Signal(track.name, constants, partner, mean, summarise_track(values))


def pooled(signals: Sequence[Signal]) -> list[Signal]:
    """Give the two tracks of each strand pair one scale where both are divided by their means.

    The scale is the mean of the two means, so that reversed tracks are read as the others are forward.
    Tracks that are scaled otherwise, or have no partner, stay as they are.
    """
    shared = []
    for number, signal in enumerate(signals):
        own, other = signal.constants, signals[signal.partner].constants
        if signal.partner != number and own.transform == "none" and not own.center and not other.center:
            factor = 2 / (1 / own.factor + 1 / other.factor)
            mean = signal.mean * factor / own.factor
            signal = signal._replace(constants=own._replace(factor=factor), mean=mean)
        shared.append(signal)
    return shared


def _center_and_factor(values: Reals, scale: Scale) -> tuple[float, float]:
    """Return what to subtract and to multiply by; a track without variation is left as it is.

    So is one that varies by less than float32 can tell: its factor would be rounding or infinite.
    """
    largest = np.abs(values).max()
    spreads = {"none": 1.0, "z": values.std(), "library": values.mean()}
    spread = spreads.get(scale, largest)
    center = float(values.mean()) if scale in ("z", "center-max") else 0.0
    limits = np.finfo(np.float32)
    least = max(float(limits.tiny), float(limits.eps * largest) if scale == "z" else 0.0)
    return center, 1.0 / float(spread) if spread > least else 1.0


def normalised(track: DenseTrack, constants: Constants) -> DenseTrack:
    """Return a track with all its values normalised, of the type it is held in."""
    values = np.empty_like(track.values)
    for start in range(0, len(values), STEP):
        part = slice(start, start + STEP)
        values[part] = constants.apply(track.values[part])
    return replace(track, values=values)
