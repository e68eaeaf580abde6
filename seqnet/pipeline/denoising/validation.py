"""Denoising: metrics of the validation windows of a training, in the units of the tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.inference.denoise import Reach, window_targets
from seqnet.inference.track_units import Range, TrackUnits
from seqnet.metrics.regression import RegressionSample
from seqnet.pipeline.denoising.references import fitted, note_references, unchanged
from seqnet.pipeline.denoising.targets import DENOISING_METRICS, metrics_line, say_bounded
from seqnet.reporting import note

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.genome.signals.tracks import DenseTrack, Signal
    from seqnet.pipeline.denoising.windows import Windows


class Material(NamedTuple):
    """Binned tracks, normalised, and how."""

    inputs: tuple[DenseTrack, ...]
    specs: tuple[Signal, ...]
    outputs: tuple[Signal, ...]
    targets: tuple[np.ndarray, ...]
    """float32 (bins,) each: the deep tracks, then the peaks where they are learnt."""
    ranges: tuple[Range, ...]
    """Of each deep track in the training windows, in its units."""
    references: tuple[dict[str, np.ndarray], ...]
    """Of each deep track, by name: what it is compared with in the validation windows."""
    ceiling: float
    """What almost all training values of the normalised inputs are below."""
    deep: np.ndarray
    """float32 (validation windows, tracks, bins): the deep tracks there, in their units, NaN off a contig."""


def validation_bins(track: DenseTrack, windows: Windows) -> np.ndarray:
    """Return a track's bins in the middles of the validation windows, float32 (n, width)."""
    own = windows.intervals.take(windows.rows("valid"))
    places = track.layout.places(own)
    width = int(own.end[0] - own.start[0])
    values = (track.values,)
    return window_targets(values, places.start, places.low, places.high, width, Reach(0, 0))[:, 0]


def reference_bins(
    inputs: Sequence[DenseTrack], target: DenseTrack, windows: Windows, step: int
) -> dict[str, np.ndarray]:
    """Return simple estimates of a deep track in the validation windows, fitted there.

    Parameters
    ----------
    inputs, target
        In their units.
    step
        Bases per bin.

    Returns
    -------
    estimates
        Name to float32 (n, width), NaN off a contig.
    """
    layout, names = target.layout, [track.name for track in inputs]
    places = layout.places(windows.intervals.take(windows.rows("valid")))
    change = np.zeros(len(layout) + 1, dtype=np.int64)
    width = int(windows.intervals.end[0] - windows.intervals.start[0])
    np.add.at(change, places.start, 1)
    np.add.at(change, np.minimum(places.start + width, places.high), -1)
    references = [*unchanged(names), *fitted(inputs, target, np.cumsum(change[:-1]) > 0)]
    note_references(target.name, references, step)
    return {
        one.name: validation_bins(replace(target, values=one.apply(inputs).astype(np.float32)), windows)
        for one in references
    }


def middle_outputs(outputs: np.ndarray, windows: Windows) -> np.ndarray:
    """Return the outputs (n, T, length) of windows' middles, which are evaluated."""
    width = int(windows.intervals.end[0] - windows.intervals.start[0])
    return np.asarray(outputs)[:, :, windows.reach.before : windows.reach.before + width]


def evaluate_windows(material: Material, outputs: np.ndarray) -> list[Json]:
    """Evaluate the validation windows, each denoised track next to its references; note the metrics.

    Parameters
    ----------
    outputs
        float32 (n, T, width): of the network, in the windows' middles.
    """
    units = TrackUnits(material.outputs, material.ranges)
    count = len(material.outputs)
    known = ~np.isnan(material.deep[:, 0])
    tracks = units.values(np.moveaxis(outputs[:, :count], 1, -1)[known])
    say_bounded(units)
    rows: list[Json] = []
    for number, spec in enumerate(material.outputs):
        truth = material.deep[:, number][known].astype("f8")
        shown = {spec.name: tracks[:, number]}
        shown |= {
            f"{spec.name}: {name}": values[known] for name, values in material.references[number].items()
        }
        for name, values in shown.items():
            figures = RegressionSample(name, truth, values.astype("f8"), None, asinh=True).values()
            rows.append({"task": name, **{key: figures[key] for key in ("n", *DENOISING_METRICS)}})
            note(f"valid: {metrics_line(name, figures)}")
    return rows
