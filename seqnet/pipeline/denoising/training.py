"""Training of networks that denoise: noisy tracks in, a deep track out."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.checksummed import file_digest
from seqnet.formats.files.header import base_name
from seqnet.genome.signals.bins import bin_counts, windows_along
from seqnet.genome.signals.tracks import DenseTrack, Normalisation, Signal, covered, fit_signal, normalised
from seqnet.genome.splitting.splits import SPLITS, by_chromosome
from seqnet.inference.denoise import Reach, reach_of, window_targets
from seqnet.inference.track_units import Range, TrackUnits, stored_output
from seqnet.lookup import library_version
from seqnet.metrics.registry import ASINH
from seqnet.metrics.regression import RegressionSample
from seqnet.model_inputs.signals import signal_inputs
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model
from seqnet.pipeline.denoising.request import TrainDenoiseRequest
from seqnet.pipeline.denoising.splits import draw_windows, window_stretches
from seqnet.pipeline.denoising.targets import (
    DENOISING_METRICS,
    chosen_lengths,
    metrics_line,
    peak_bins,
    read_binned,
    say_bounded,
)
from seqnet.pipeline.inputs.genome import expand_names
from seqnet.pipeline.inputs.splits import check_split_blocks
from seqnet.pipeline.training.architecture import (
    Architecture,
    given_layers,
    make_network,
    preset_layers,
    started_architecture,
)
from seqnet.pipeline.training.checkpoints import CheckpointOptions, Checkpoints
from seqnet.pipeline.training.defaults import epochs_by_rows
from seqnet.pipeline.training.fitting import (
    FitData,
    RunIdentity,
    described_network,
    described_options,
    fit_config,
    processes,
    run_fit,
    weights_of,
    write_network,
)
from seqnet.pipeline.training.outputs import TrainingResult
from seqnet.pipeline.training.splits import DEFAULT_VALID_FRACTION
from seqnet.reporting import note, warn
from seqnet.training.config import Examples, FitConfig, FitResult
from seqnet.training.fit import set_seed
from seqnet.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from seqnet.aliases import Json
    from seqnet.genome.intervals import Intervals
    from seqnet.genome.splitting.stretches import Stretches

_BINS_A_STEP = 8192
"""Bins per step, by default."""
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


class Material(NamedTuple):
    """Binned tracks, normalised, and how."""

    inputs: tuple[DenseTrack, ...]
    specs: tuple[Signal, ...]
    outputs: tuple[Signal, ...]
    targets: tuple[np.ndarray, ...]
    """float32 (bins,) each: the deep tracks, then the peaks where they are learnt."""
    ranges: tuple[Range, ...]
    """Of each deep track in the training windows, in its units."""
    noisy: np.ndarray
    deep: np.ndarray
    """float32 (validation windows, tracks, bins): the tracks there in their units, NaN off a contig."""


def denoising_network(request: TrainDenoiseRequest) -> TrainingResult:
    """Do what `seqnet.pipeline.networks.train_denoise` does."""
    chosen = given_layers(request) or preset_layers(request.preset)
    architecture = started_architecture(request, *chosen)
    source = request.track_source
    with (
        processes(request.device, request.thread_count) as (device, ranks),
        Checkpoints(CheckpointOptions.of(request), first=ranks.first).held() as checkpoints,
    ):
        lengths = chosen_lengths(source.signals[0].path, request.chroms)
        windows = _windows(request, lengths, _reach(request, architecture))
        if request.dry_run:
            shape = Shape(len(source.signals), windows.width)
            return described_network(architecture.layers, shape, len(request.tasks))
        material = _material(request, lengths, windows)
        learning = _learning(material, windows, request.tasks)
        config = _config(request, learning, device)
        network = _network(architecture, learning, request.seed)
        settings = {**described_options(config, architecture.described, ranks), "bin": request.step}
        identity = RunIdentity(
            request.kind, architecture.layers, settings, request.tasks, request.files,
            _digest(material, windows), request.thread_count, request.seed,
        )  # fmt: skip
        result, outputs = run_fit(network, learning, config, device, ranks, checkpoints, identity)
        if not ranks.first:
            return TrainingResult()
        header = _header(request, identity, result, windows, material, outputs)
        return write_network(request, Model(header, weights_of(network)), [result])


def _reach(request: TrainDenoiseRequest, architecture: Architecture) -> Reach:
    """Return how far an output of the network sees, in bins."""
    shape = Shape(len(request.track_source.signals), 1 << 16)
    with torch.device("meta"):
        network = build_network(architecture.layers, shape, len(request.tasks))
    try:
        return reach_of(network)
    except ValueError as error:
        raise UsageError(f"--target-track: {error} (see --preset coda)") from error


def _windows(request: TrainDenoiseRequest, lengths: dict[str, int], reach: Reach) -> Windows:
    """Part the contigs into windows, and split those as the request says."""
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


def _material(request: TrainDenoiseRequest, lengths: dict[str, int], windows: Windows) -> Material:
    """Read and normalise all tracks by the values of the training windows."""
    source, fit, step = request.track_source, request.track_fit, request.step
    trained = windows.intervals.take(windows.rows("train"))
    inputs, specs, noisy = [], [], []
    for number, track in enumerate(read_binned(source, lengths, step)):
        noisy.append(_validation_bins(track, windows))
        spec = fit_signal(track, trained, fit.normalisation(track.name, "center-max"), number)
        inputs.append(normalised(track, spec.constants))
        specs.append(spec)
    deep = source._replace(signals=request.targets)
    outputs, values, ranges, plain = [], [], [], []
    for number, track in enumerate(read_binned(deep, lengths, step)):
        plain.append(_validation_bins(track, windows))
        ranges.append(Range.of(covered(track, trained)))
        spec = fit_signal(track, trained, Normalisation(1.0, "asinh", "center-max"), number)
        values.append(normalised(track, spec.constants).values)
        outputs.append(spec)
    if request.target_peaks is not None:
        values.append(peak_bins(request.target_peaks, lengths, step))
    return Material(
        tuple(inputs), tuple(specs), tuple(outputs), tuple(values), tuple(ranges), np.stack(noisy, axis=1),
        np.stack(plain, axis=1),
    )  # fmt: skip


def _learning(material: Material, windows: Windows, tasks: tuple[str, ...]) -> FitData:
    """Return the training and validation windows."""
    reach, middles = windows.reach, windows.intervals
    wide = replace(middles, start=middles.start - reach.before, end=middles.end + reach.after)
    inputs = signal_inputs(material.inputs, wide)
    places = material.inputs[0].layout.places(middles)
    width = int(middles.end[0] - middles.start[0])

    def of(split: str) -> Examples:
        rows = windows.rows(split)
        part = places.take(rows)
        targets = window_targets(material.targets, part.start, part.low, part.high, width, reach)
        return Examples(inputs.subset(rows), targets)

    learning = FitData(of("train"), of("valid"), tasks)
    for number, task in enumerate(tasks):
        column = learning.train.targets[:, number]
        if np.nanmin(column) == np.nanmax(column):
            warn(f"{task}: has one value only in the training windows")
    return learning


def _config(request: TrainDenoiseRequest, learning: FitData, device: torch.device) -> FitConfig:
    """Return how to train: each task's loss is divided by its variance, so that 1 is the mean's."""
    bins = int((~np.isnan(learning.train.targets[0, 0])).sum())
    columns = np.moveaxis(learning.train.targets, 1, 0).astype("f8")
    variances = [float(np.nanvar(column)) for column in columns]
    weights = [1 / variance if variance > 0 else 1.0 for variance in variances]
    peaks = request.target_peaks is not None
    if peaks:
        weights[-1] = 1.0
    config = fit_config(
        request,
        epochs=epochs_by_rows(len(learning.train.inputs)),
        batch_size=max(1, _BINS_A_STEP // max(1, bins)),
        device=device,
    )
    return replace(
        config, task_type="denoising_peaks" if peaks else "denoising", loss="mse_bce" if peaks else "mse",
        strands="forward", task_weights=tuple(weights),
        monitor="loss" if request.monitor in (None, "loss") else f"{ASINH}{request.monitor}",
    )  # fmt: skip


def _network(architecture: Architecture, learning: FitData, seed: int) -> nn.Sequential:
    """Build the network and give it its first weights."""
    set_seed(seed)
    examples = learning.train
    channels = examples.inputs.batch(np.arange(1), torch.device("cpu")).shape[1]
    shape = Shape(channels, examples.targets.shape[2])
    return make_network(architecture, shape, examples.targets.astype(np.float64), "identity")


def _digest(material: Material, windows: Windows) -> str:
    """Return the SHA-256 of what is learnt from."""
    digest = hashlib.sha256()
    for values in (*(track.values for track in material.inputs), *material.targets):
        digest.update(np.ascontiguousarray(values).tobytes())
    digest.update(np.char.encode(windows.splits.astype(str)).tobytes())
    return digest.hexdigest()


def _summary(windows: Windows) -> Json:
    """Return how many windows each split has, and on which contigs."""
    return {
        split: {
            "rows": len(windows.rows(split)),
            "contigs": sorted(set(windows.intervals.take(windows.rows(split)).contig_names())),
        }
        for split in SPLITS
    }


def _header(
    request: TrainDenoiseRequest,
    identity: RunIdentity,
    result: FitResult,
    windows: Windows,
    material: Material,
    outputs: NDArray[np.float32],
) -> Json:
    """Return the header of a trained network, with the metrics of its validation windows."""
    held = windows.stretches
    return {
        "kind": identity.kind, "architecture": identity.layers, "tasks": list(identity.tasks),
        "input": {
            "type": "signals", "width": windows.width, "features": None, "settings": None,
            "bin": request.step,
            "signals": [signal.stored() for signal in material.specs], "missing": request.signal_missing,
        },
        "outputs": list(map(stored_output, material.outputs, material.ranges)),
        "seed": request.seed, "splits": _summary(windows),
        "stretches": None if held is None else held.stored(),
        "metrics": _evaluate_windows(material, _middle_outputs(outputs, windows)),
        "strands": "forward", "task_type": "denoising", "base_rates": {}, "threads": identity.threads,
        "command": f"train {identity.kind}", "options": {**identity.options, "best-epoch": result.best_epoch},
        "inputs": {base_name(path): file_digest(path) for path in identity.files},
        "versions": {"seqnet": __version__, "torch": library_version("torch")}, "genome": {},
    }  # fmt: skip


def _validation_bins(track: DenseTrack, windows: Windows) -> np.ndarray:
    """Return a track's bins in the middles of the validation windows, float32 (n, width)."""
    own = windows.intervals.take(windows.rows("valid"))
    places = track.layout.places(own)
    width = int(own.end[0] - own.start[0])
    values = (track.values,)
    return window_targets(values, places.start, places.low, places.high, width, Reach(0, 0))[:, 0]


def _middle_outputs(outputs: np.ndarray, windows: Windows) -> np.ndarray:
    """Return the outputs (n, T, length) of windows' middles, which are evaluated."""
    width = int(windows.intervals.end[0] - windows.intervals.start[0])
    return np.asarray(outputs)[:, :, windows.reach.before : windows.reach.before + width]


def _evaluate_windows(material: Material, outputs: np.ndarray) -> list[Json]:
    """Evaluate the validation windows, each denoised track next to the inputs as they are; note the metrics.

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
            f"{spec.name}: {one.name} as it is": material.noisy[:, i][known]
            for i, one in enumerate(material.specs)
        }
        for name, values in shown.items():
            figures = RegressionSample(name, truth, values.astype("f8"), None, asinh=True).values()
            rows.append({"task": name, **{key: figures[key] for key in ("n", *DENOISING_METRICS)}})
            note(f"valid: {metrics_line(name, figures)}")
    return rows
