"""Denoising: metrics of the validation windows of a training, in the units of the tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.inference.denoise import Reach, window_targets
from seqnet.inference.track_units import TrackUnits
from seqnet.metrics.regression import RegressionSample
from seqnet.pipeline.denoising.targets import DENOISING_METRICS, metrics_line, say_bounded
from seqnet.reporting import note

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.genome.signals.tracks import DenseTrack
    from seqnet.pipeline.denoising.training import Material, Windows


def validation_bins(track: DenseTrack, windows: Windows) -> np.ndarray:
    """Return a track's bins in the middles of the validation windows, float32 (n, width)."""
    own = windows.intervals.take(windows.rows("valid"))
    places = track.layout.places(own)
    width = int(own.end[0] - own.start[0])
    values = (track.values,)
    return window_targets(values, places.start, places.low, places.high, width, Reach(0, 0))[:, 0]


def middle_outputs(outputs: np.ndarray, windows: Windows) -> np.ndarray:
    """Return the outputs (n, T, length) of windows' middles, which are evaluated."""
    width = int(windows.intervals.end[0] - windows.intervals.start[0])
    return np.asarray(outputs)[:, :, windows.reach.before : windows.reach.before + width]


def evaluate_windows(material: Material, outputs: np.ndarray) -> list[Json]:
    """Evaluate the validation windows, each denoised track next to the inputs as they are; note the metrics.

    Parameters
    ----------
    outputs
        float32 (n, T, width): of the network, in the windows' middles.
    """
    units = TrackUnits(material.outputs, material.ranges)
    count = len(material.outputs)
    known = ~np.isnan(material.deep[:, 0])
    made = units.values(np.moveaxis(outputs[:, :count], 1, -1)[known])
    say_bounded(units)
    rows: list[Json] = []
    for number, spec in enumerate(material.outputs):
        truth = material.deep[:, number][known].astype("f8")
        shown = {spec.name: made[:, number]}
        shown |= {
            f"{spec.name}: {one.name} as it is": material.noisy[:, i][known]
            for i, one in enumerate(material.specs)
        }
        for name, values in shown.items():
            figures = RegressionSample(name, truth, values.astype("f8"), None, asinh=True).values()
            rows.append({"task": name, **{key: figures[key] for key in ("n", *DENOISING_METRICS)}})
            note(f"valid: {metrics_line(name, figures)}")
    return rows
