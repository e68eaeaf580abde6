"""Training a network from signal to signal: noisy tracks in, a deep track out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from seqnet.commands._checkpoints import CheckpointOptions, Checkpoints
from seqnet.commands._console import note, warn
from seqnet.commands._denoising import BIN, Targets, chosen_lengths, peak_bins, read_binned
from seqnet.commands._fit import Asked, Learning, curve_of, described_options, log_table, processes, run_fit
from seqnet.commands._fit_options import RunOptions, default_epochs, take_config
from seqnet.commands._training_sources import Source
from seqnet.errors import SeqnetError, UsageError

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.commands._architecture import Architecture
    from seqnet.genome.intervals import Intervals
    from seqnet.genome.tracks import DenseTrack, Signal
    from seqnet.training.config import Examples, FitConfig, FitResult
    from seqnet.training.denoise import Reach

_BINS_A_STEP = 8192
"""Unless told otherwise, so many bins make a step."""
_LEAST_WINDOW = 64
_OTHERS = (
    "baselines", "baseline_motifs", "class_weights", "balance", "jitter", "towers", "task_type", "loss",
    "on_leak", "strands", "kmer_term",
)  # fmt: skip
"""Options of ``train cnn`` that have no sense here."""


class Windows(NamedTuple):
    """Training windows side by side along contigs, in bins."""

    intervals: Intervals
    """Their middles, whose outputs are learnt."""
    splits: np.ndarray
    """object (n,)."""
    reach: Reach

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


def train_denoiser(architecture: Architecture, targets: Targets, **options: Any) -> None:
    """Train a network that makes deep tracks of noisy ones, and write it with its side files."""
    run, kept = RunOptions.take(options), CheckpointOptions.take(options)
    source = _source(options)
    if architecture.init_motifs is not None:
        raise UsageError("--init-motifs does not go with --target-track: there are no bases")
    from seqnet.commands._architecture import print_network
    from seqnet.networks.layers import Shape

    step = targets.step or BIN
    with (
        processes(run.device, run.threads) as (chosen, ranks),
        Checkpoints(kept, first=ranks.first).held() as checkpoints,
    ):
        lengths = chosen_lengths(source.tracks.signals[0].path, targets.chroms)
        reach = _reach(architecture, len(source.tracks.signals), len(targets.tasks))
        windows = _windows(lengths, step, targets.window, reach, options, run.seed)
        width = reach.before + int(windows.intervals.end[0] - windows.intervals.start[0]) + reach.after
        if architecture.dry_run:
            shape = Shape(len(source.tracks.signals), width)
            print_network(architecture, shape, len(targets.tasks))
            return
        material = _material(source, targets, lengths, step, windows)
        learning = _learning(material, windows, targets.tasks)
        config = _config(options, learning, targets, run, chosen)
        network = _network(architecture, learning, run.seed)
        told = {**described_options(config, architecture.described, ranks), "bin": step}
        files = (*_paths(source, targets), *([targets.target_peaks] if targets.target_peaks else []))
        asked = Asked(
            "cnn", architecture.layers, told, targets.tasks, files, _digest(material, windows), run.threads
        )
        result, outputs = run_fit(network, learning, config, chosen, ranks, checkpoints, run.side, asked)
        if ranks.first:
            spec: Json = {
                "type": "signals", "width": width, "features": None, "settings": None, "bin": step,
                "signals": [signal.stored() for signal in material.specs],
                "missing": source.tracks.signal_missing,
            }  # fmt: skip
            about = {
                "input": spec, "outputs": [signal.stored() for signal in material.outputs], "seed": run.seed,
                "splits": _summary(windows), "metrics": _metrics(learning, material, outputs),
            }  # fmt: skip
            _write(network, result, asked, about, run)


def _source(options: dict[str, Any]) -> Source:
    """Take the tracks out of a command's options, and refuse what denoising does not read."""
    source = Source.take(options)
    names = [file.name for file in source.tracks.signals]
    if not names:
        raise UsageError("--target-track needs --signal: the tracks to denoise")
    source.tracks.check()
    source.fit.check(names)
    if source.fit.strand_pairs:
        raise UsageError("--strand-pair does not go with --target-track: tracks are read forward")
    plain = Source()
    for field in source._fields:
        if field not in ("tracks", "fit") and getattr(source, field) != getattr(plain, field):
            option = field.replace("_columns", "").replace("_", "-")
            raise UsageError(f"--{option} does not go with --target-track, which learns from whole tracks")
    for option in _OTHERS:
        if options.pop(option, None):
            raise UsageError(f"--{option.replace('_', '-')} does not go with --target-track")
    return source


def _paths(source: Source, targets: Targets) -> tuple[str, ...]:
    """Return the files of all tracks."""
    return tuple(file.path for file in (*source.tracks.signals, *targets.target_tracks))


def _reach(architecture: Architecture, channels: int, tasks: int) -> Reach:
    """Return how far an output of the network sees, in bins."""
    import torch

    from seqnet.networks.layers import Shape, build_network
    from seqnet.training.denoise import reach_of

    with torch.device("meta"):
        network = build_network(architecture.layers, Shape(channels, 1 << 16), tasks)
    try:
        return reach_of(network)
    except ValueError as error:
        raise UsageError(f"--target-track: {error} (see --preset coda)") from error


def _windows(
    lengths: dict[str, int], step: int, window: int | None, reach: Reach, options: dict[str, Any], seed: int
) -> Windows:
    """Part the contigs into windows, and split those as the options say."""
    from seqnet.commands._load import expand_names
    from seqnet.commands._training_data import DEFAULT_VALID_FRACTION
    from seqnet.commands._training_sources import take_splits
    from seqnet.genome.bins import bin_counts, windows_along
    from seqnet.genome.splits import by_chromosome, by_fraction

    width = window or max(_LEAST_WINDOW, reach.before + reach.after)
    intervals = windows_along(bin_counts(lengths, step), width)
    chosen = take_splits(options)
    every = np.arange(len(intervals))
    valid, test = chosen["valid_fraction"], chosen["test_fraction"]
    if chosen["valid_chroms"] or chosen["test_chroms"]:
        if valid is not None or test is not None:
            raise UsageError("windows are split by contigs (--valid-chroms) or by fractions, not by both")
        names = [expand_names(chosen[key]) for key in ("valid_chroms", "test_chroms")]
        splits = by_chromosome(intervals, *names)
    else:
        splits = by_fraction(every, DEFAULT_VALID_FRACTION if valid is None else valid, test or 0.0, seed)
        if valid is None:
            note(f"no split given: {DEFAULT_VALID_FRACTION:.0%} of the windows, at random, validate")
    found = Windows(intervals, splits, reach)
    if not len(found.rows("valid")) and len(found.rows("train")) > 1:
        train = found.rows("train")
        splits[train] = by_fraction(train, DEFAULT_VALID_FRACTION, 0.0, seed)
        note(f"no rows to validate on: {DEFAULT_VALID_FRACTION:.0%} of the training windows, at random, do")
    for split in ("train", "valid"):
        if not len(found.rows(split)):
            raise SeqnetError(f"no {split} windows among {len(every)} of {width} bins (see --window)")
    return found


def _material(
    source: Source, targets: Targets, lengths: dict[str, int], step: int, windows: Windows
) -> Material:
    """Read and normalise all tracks by what the training windows hold."""
    from seqnet.genome.tracks import Normalisation, fit_signal, normalised

    trained = windows.intervals.take(windows.rows("train"))
    inputs, specs = [], []
    for number, track in enumerate(read_binned(source.tracks, lengths, step)):
        spec = fit_signal(track, trained, source.fit.normalisation(track.name, "center-max"), number)
        inputs.append(normalised(track, spec.constants))
        specs.append(spec)
    deep = source.tracks._replace(signals=targets.target_tracks)
    outputs, values = [], []
    for number, track in enumerate(read_binned(deep, lengths, step)):
        spec = fit_signal(track, trained, Normalisation(1.0, "asinh", "center-max"), number)
        values.append(normalised(track, spec.constants).values)
        outputs.append(spec)
    if targets.target_peaks is not None:
        values.append(peak_bins(targets.target_peaks, lengths, step))
    return Material(tuple(inputs), tuple(specs), tuple(outputs), tuple(values))


def _learning(material: Material, windows: Windows, tasks: tuple[str, ...]) -> Learning:
    """Return the training and validation windows."""
    from dataclasses import replace

    from seqnet.training.config import Examples
    from seqnet.training.denoise import window_targets
    from seqnet.training.signals import signal_inputs

    reach, middles = windows.reach, windows.intervals
    wide = replace(middles, start=middles.start - reach.before, end=middles.end + reach.after)
    inputs = signal_inputs(material.inputs, wide)
    places = material.inputs[0].layout.places(middles)
    width = int(middles.end[0] - middles.start[0])

    def of(split: str) -> Examples:
        rows = windows.rows(split)
        part = places.take(rows)
        found = window_targets(material.targets, part.start, part.low, part.high, width, reach)
        return Examples(inputs.subset(rows), found)

    learning = Learning(of("train"), of("valid"), tasks)
    for number, task in enumerate(tasks):
        column = learning.train.targets[:, number]
        if np.nanmin(column) == np.nanmax(column):
            warn(f"{task}: has one value only in the training windows")
    return learning


def _config(
    options: dict[str, Any], learning: Learning, targets: Targets, run: RunOptions, device: Any
) -> FitConfig:
    """Return how to train: each task's loss is divided by its variance, so that 1 is the mean's."""
    import click

    from seqnet.training.precision import choose_precision

    if options["epochs"] is None:
        options["epochs"] = default_epochs(len(learning.train.inputs))
    context = click.get_current_context()
    if context.get_parameter_source("batch_size") is click.core.ParameterSource.DEFAULT:
        bins = int((~np.isnan(learning.train.targets[0, 0])).sum())
        options["batch_size"] = max(1, _BINS_A_STEP // max(1, bins))
    if options["monitor"] not in ("loss", "pearson", "r2"):
        raise UsageError(f"--monitor {options['monitor']} is not for denoising; take loss or pearson or r2")
    columns = np.moveaxis(learning.train.targets, 1, 0).astype("f8")
    variances = [float(np.nanvar(column)) for column in columns]
    weights = [1 / variance if variance > 0 else 1.0 for variance in variances]
    peaks = targets.target_peaks is not None
    if peaks:
        weights[-1] = 1.0
    options |= {"class_weights": False, "balance": False}
    return take_config(
        options, task_type="denoising_peaks" if peaks else "denoising", loss="mse_bce" if peaks else "mse",
        strands="forward", seed=run.seed, precision=choose_precision(run.precision, device),
        task_weights=tuple(weights),
    )  # fmt: skip


def _network(architecture: Architecture, learning: Learning, seed: int) -> Any:
    """Build the network and give it its first weights."""
    from seqnet.commands._architecture import make_network
    from seqnet.networks.layers import Shape
    from seqnet.training.fit import set_seed

    set_seed(seed)
    examples = learning.train
    channels = examples.inputs.batch(np.arange(1), _cpu()).shape[1]
    shape = Shape(channels, examples.targets.shape[2])
    return make_network(architecture, shape, examples.targets.astype(np.float64), "identity")


def _cpu() -> Any:
    """Return the processor as torch names it."""
    import torch

    return torch.device("cpu")


def _digest(material: Material, windows: Windows) -> str:
    """Return the SHA-256 of what is learnt from."""
    digest = hashlib.sha256()
    for values in (*(track.values for track in material.inputs), *material.targets):
        digest.update(np.ascontiguousarray(values).tobytes())
    digest.update(np.char.encode(windows.splits.astype(str)).tobytes())
    return digest.hexdigest()


def _summary(windows: Windows) -> Json:
    """Return how many windows each split has, and on which contigs."""
    from seqnet.genome.splits import SPLITS

    return {
        split: {
            "rows": len(windows.rows(split)),
            "contigs": sorted(set(windows.intervals.take(windows.rows(split)).contig_names())),
        }
        for split in SPLITS
    }


def _metrics(learning: Learning, material: Material, outputs: Any) -> list[Json]:
    """Judge the validation windows, each denoised track beside the inputs as they are; say how good it is."""
    from seqnet.training.metrics.regression import RegressionSample

    targets = learning.valid.targets
    noisy = learning.valid.inputs.batch(np.arange(len(targets)), _cpu())[:, :, 0].numpy()
    rows: list[Json] = []
    for number, spec in enumerate(material.outputs):
        truth = targets[:, number].reshape(-1).astype("f8")
        known = ~np.isnan(truth)
        shown = {spec.name: outputs[:, number]}
        shown |= {f"{spec.name}: {one.name} as it is": noisy[:, i] for i, one in enumerate(material.specs)}
        for name, values in shown.items():
            found = RegressionSample(
                name, truth[known], values.reshape(-1).astype("f8")[known], None, counts=False
            ).values()
            rows.append({"task": name, **{key: found[key] for key in ("n", "pearson", "r2", "mse")}})
            note(f"valid: {name}: Pearson {_text(found['pearson'])}, MSE {_text(found['mse'])}")
    return rows


def _text(value: float | None) -> str:
    """Return a number with four digits."""
    return "NA" if value is None else f"{value:.4g}"


def _write(network: Any, result: FitResult, asked: Asked, about: Json, run: RunOptions) -> None:
    """Write a trained network and its side files."""
    import seqnet
    from seqnet.commands._training import file_digest, write_outputs
    from seqnet.commands._version import library_version
    from seqnet.formats.header import base_name
    from seqnet.networks.model import Model

    header: Json = {
        "kind": asked.kind, "architecture": asked.layers, "tasks": list(asked.tasks), **about,
        "strands": "forward", "task_type": "denoising", "base_rates": {}, "threads": asked.threads,
        "command": f"train {asked.kind}", "options": {**asked.options, "best-epoch": result.best_epoch},
        "inputs": {base_name(path): file_digest(path) for path in asked.files},
        "versions": {"seqnet": seqnet.__version__, "torch": library_version("torch")}, "genome": {},
    }  # fmt: skip
    tensors = {name: tensor.cpu().contiguous().numpy() for name, tensor in network.state_dict().items()}
    columns, rows = log_table(result.history)
    summary = {"history": [row.columns() for row in result.history]}
    write_outputs(run.output, run.side, Model(header, tensors), columns, rows, curve_of(result), summary)
