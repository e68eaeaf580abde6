"""Signal tracks compared with those that a model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqnet.genome.signals.track_summary import describe_change, summarise_track
from seqnet.reporting import warn

if TYPE_CHECKING:
    from seqnet.genome.signals.tracks import DenseTrack, Signal


def say_unlike(
    paths: Sequence[str],
    tracks: Sequence[DenseTrack],
    specs: Sequence[Signal],
    said: set[str] | None = None,
) -> None:
    """Warn about tracks whose values are not in the units of those in training.

    Parameters
    ----------
    tracks
        As read, before they are normalised, in the order of `paths` and `specs`.
    said
        Names of tracks that were warned about; more are added.
    """
    known = set() if said is None else said
    for path, track, spec in zip(paths, tracks, specs, strict=True):
        if spec.raw is None or spec.name in known:
            continue
        now = summarise_track(track.values)
        change = "" if now is None else describe_change(spec.raw, now)
        if change:
            known.add(spec.name)
            warn(f"{path}: {change}; is it normalised as the track {spec.name} was in training?")
