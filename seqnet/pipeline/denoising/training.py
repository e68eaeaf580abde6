"""Training of networks that denoise: noisy tracks in, a deep track out."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.checksummed import file_digest
from seqnet.formats.files.header import base_name
from seqnet.genome.signals.tracks import (
    DenseTrack,
    Normalisation,
    covered,
    fit_signal,
    normalised,
    pooled,
)
from seqnet.inference.denoise import Reach, reach_of, window_targets
from seqnet.inference.track_units import Range, stored_output
from seqnet.lookup import library_version
from seqnet.metrics.registry import ASINH
from seqnet.model_inputs.signals import signal_inputs
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model
from seqnet.networks.presets import DENOISING_PRESET, LayerSpec
from seqnet.pipeline.denoising.request import TrainDenoiseRequest
from seqnet.pipeline.denoising.targets import chosen_lengths, peak_bins, read_binned
from seqnet.pipeline.denoising.validation import (
    Material,
    evaluate_windows,
    middle_outputs,
    reference_bins,
    validation_bins,
)
from seqnet.pipeline.denoising.windows import Windows, make_windows
from seqnet.pipeline.training.architecture import (
    Architecture,
    given_layers,
    make_network,
    preset_layers,
    started_architecture,
)
from seqnet.pipeline.training.checkpoints import CheckpointOptions, Checkpoints
from seqnet.pipeline.training.defaults import default_epochs, epochs_by_rows
from seqnet.pipeline.training.fitting import (
    FitData,
    RunIdentity,
    described_network,
    described_options,
    fit_config,
    processes,
    run_fit,
    weights_of,
    with_right_precision,
    write_network,
)
from seqnet.pipeline.training.outputs import TrainingResult
from seqnet.reporting import warn
from seqnet.training.config import Examples, FitConfig, FitResult
from seqnet.training.fit import set_seed
from seqnet.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from seqnet.aliases import Json
    from seqnet.genome.intervals import Intervals

_BINS_A_STEP = 8192
"""Bins per step, by default."""
_LEAST_EPOCH_STEPS = 16
"""Steps per epoch of the default network, whose batches are smaller where tracks are short."""


def denoising_network(request: TrainDenoiseRequest) -> TrainingResult:
    """Do what `seqnet.pipeline.networks.train_denoise` does."""
    architecture = _architecture(request)
    source = request.track_source
    with (
        processes(request.device, request.thread_count) as (device, ranks),
        Checkpoints(CheckpointOptions.of(request), first=ranks.first).held() as checkpoints,
    ):
        lengths = chosen_lengths(source.signals[0].path, request.chroms)
        windows = make_windows(request, lengths, _reach(request, architecture))
        if request.dry_run:
            shape = Shape(len(source.signals), windows.width)
            return described_network(architecture.layers, shape, len(request.tasks))
        material = _material(request, lengths, windows, mixes=_mixes(architecture))
        if _mixes(architecture):
            layers = architecture.layers
            last: LayerSpec = {**layers[-1], "ceiling": material.ceiling}
            architecture = architecture._replace(layers=[*layers[:-1], last])
        learning = _learning(material, windows, request.tasks)
        config = _config(request, learning, device, mixes=_mixes(architecture))
        shape = Shape(len(source.signals), windows.width)
        config = with_right_precision(config, architecture.layers, shape, len(request.tasks), device)
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


def _architecture(request: TrainDenoiseRequest) -> Architecture:
    """Return the layers; an output of smoothers has a logit for peaks."""
    layers, described = given_layers(request) or preset_layers(request.preset or DENOISING_PRESET)
    last = layers[-1]
    if "smoothers" in last:
        if request.signal_transform is not None or request.signal_scale is not None:
            raise UsageError(
                "--signal-transform and --signal-scale are not for an output of smoothers, which reads "
                "tracks divided by their means (see --preset coda)"
            )
        if request.prior_bias:
            raise UsageError("--prior-bias is not for an output of smoothers, which starts at their mean")
        layers = [*layers[:-1], _output_row(request, last)]
    elif request.strand_pairs:
        raise UsageError("--strand-pair is for an output of smoothers, as the default network has")
    return started_architecture(request, layers, described)


def _output_row(request: TrainDenoiseRequest, row: LayerSpec) -> LayerSpec:
    """Return an output of smoothers with a logit for peaks and the strand pairs."""
    row = row.copy()
    if request.target_peaks is not None:
        row["logit"] = True
    if request.strand_pairs:
        row["partners"] = "-".join(map(str, request.partners(request.names_of_signals)))
        row["target_partners"] = "-".join(map(str, request.partners(request.names_of_targets)))
    return row


def _mixes(architecture: Architecture) -> bool:
    """Return whether the outputs are means of smoothed tracks: in units, 0 or more."""
    return "smoothers" in architecture.layers[-1]


def _require_positive(track: DenseTrack) -> None:
    """Refuse a track that an output of smoothers cannot read or make."""
    least = float(track.values.min(initial=0))
    if least < 0:
        raise SeqnetError(
            f"{track.name}: has values below 0, down to {least:g}; the default network is for tracks of 0 or "
            "more (see --preset coda)"
        )


def _reach(request: TrainDenoiseRequest, architecture: Architecture) -> Reach:
    """Return how far an output of the network sees, in bins."""
    shape = Shape(len(request.track_source.signals), 1 << 16)
    with torch.device("meta"):
        network = build_network(architecture.layers, shape, len(request.tasks))
    try:
        return reach_of(network)
    except ValueError as error:
        raise UsageError(f"--target-track: {error} (see --preset coda)") from error


def _material(
    request: TrainDenoiseRequest, lengths: dict[str, int], windows: Windows, *, mixes: bool
) -> Material:
    """Read and normalise all tracks by the values of the training windows."""
    scaling = Normalisation(1.0, "none", "library") if mixes else Normalisation(1.0, "asinh", "center-max")
    source, fit, step = request.track_source, request.track_fit, request.step
    trained = windows.intervals.take(windows.rows("train"))
    partners = request.partners(request.names_of_signals)
    target_partners = request.partners(request.names_of_targets)
    peaks = None if request.target_peaks is None else peak_bins(request.target_peaks, lengths, step)
    specs, noisy = [], read_binned(source, lengths, step)
    for number, track in enumerate(noisy):
        how = fit.normalisation(track.name, "center-max")
        if mixes:
            _require_positive(track)
            how = scaling._replace(clip=how.clip)
        spec = fit_signal(track, trained, how, partners[number])
        specs.append(spec)
    specs = pooled(specs)
    inputs = [normalised(track, spec.constants) for track, spec in zip(noisy, specs, strict=True)]
    deep = source._replace(signals=request.targets)
    outputs, ranges, plain, references = [], [], [], []
    truth = read_binned(deep, lengths, step)
    for number, track in enumerate(truth):
        plain.append(validation_bins(track, windows))
        references.append(reference_bins(noisy, track, windows, step))
        ranges.append(Range.of(covered(track, trained)))
        if mixes:
            _require_positive(track)
        outputs.append(fit_signal(track, trained, scaling, target_partners[number]))
    outputs = pooled(outputs)
    values = [normalised(track, spec.constants).values for track, spec in zip(truth, outputs, strict=True)]
    if peaks is not None:
        values.append(peaks)
    return Material(
        tuple(inputs), tuple(specs), tuple(outputs), tuple(values), tuple(ranges), tuple(references),
        max(_ceiling(track, trained) for track in inputs), np.stack(plain, axis=1),
    )  # fmt: skip


def _ceiling(track: DenseTrack, trained: Intervals) -> float:
    """Return the 0.9999 quantile of the normalised training values, at least their mean, which is 1."""
    return max(1.0, float(np.quantile(covered(track, trained), 0.9999)))


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


def _config(
    request: TrainDenoiseRequest, learning: FitData, device: torch.device, *, mixes: bool
) -> FitConfig:
    """Return how to train: each task's loss is divided by its variance, so that 1 is the mean's.

    The loss of outputs in units is that of Poisson rates, of tracks divided by their means.
    """
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
    if mixes:
        rows = len(learning.train.inputs)
        batch = request.batch_size
        if batch is None:
            batch = max(1, min(config.batch_size, rows // _LEAST_EPOCH_STEPS))
        epochs = default_epochs(rows, batch) if request.epochs is None else request.epochs
        return replace(
            config, batch_size=batch, epochs=epochs, strands="forward",
            task_type="rates_peaks" if peaks else "rates",
            loss="poisson_rate_bce" if peaks else "poisson_rate", task_weights=(1.0,) * len(weights),
        )  # fmt: skip
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
        "seed": request.seed, "splits": windows.summary(),
        "stretches": None if held is None else held.stored(),
        "metrics": evaluate_windows(material, middle_outputs(outputs, windows)),
        "strands": "forward", "task_type": "denoising", "base_rates": {}, "threads": identity.threads,
        "command": f"train {identity.kind}", "options": {**identity.options, "best-epoch": result.best_epoch},
        "inputs": {base_name(path): file_digest(path) for path in identity.files},
        "versions": {"seqnet": __version__, "torch": library_version("torch")}, "genome": {},
    }  # fmt: skip
