"""Denoised tracks compared with deep ones, next to the inputs as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.header import base_name
from seqnet.genome.signals.tracks import DenseTrack
from seqnet.genome.splitting.stretches import Stretches
from seqnet.inference.device import torch_device
from seqnet.metrics.evaluate import Question, TaskMetrics, Values, difference, evaluate_tasks
from seqnet.metrics.registry import ASINH_PEARSON, HEADLINES
from seqnet.metrics.warnings import first_names
from seqnet.networks.model import Model
from seqnet.parallel import usable_threads
from seqnet.pipeline.denoising.splits import held_bins
from seqnet.pipeline.denoising.targets import (
    UNITS,
    chosen_lengths,
    denoises,
    metrics_line,
    peak_bins,
    read_binned,
    say_bounded,
    target_specs,
)
from seqnet.pipeline.evaluation.request import EvaluateRequest
from seqnet.pipeline.evaluation.results import Baseline, Evaluation
from seqnet.pipeline.inputs.genome import expand_names
from seqnet.pipeline.inputs.models import load_model, model_label, model_source
from seqnet.pipeline.inputs.request import SignalSource, track_files
from seqnet.pipeline.inputs.signals import ordered_source
from seqnet.pipeline.prediction.denoised import Denoiser
from seqnet.pipeline.prediction.model import Singles
from seqnet.reporting import meter, note


def denoised_evaluation(request: EvaluateRequest) -> Evaluation:
    """Evaluate a model along whole contigs: denoised tracks, next to the inputs as they are.

    All are compared in the units of the tracks, the means of bins, and on the asinh scale of those.
    """
    source_model = request.models[0]
    path, model = model_source(source_model), load_model(source_model)
    if not denoises(model):
        raise UsageError(f"--target-track: {path} does not denoise; give labelled --regions")
    source = ordered_source(request.tracks, model, path)
    targets = request.tracks._replace(signals=track_files(request.target_tracks))
    names = tuple(spec.name for spec in target_specs(model))
    lengths, split = _evaluated_contigs(source, model, request.evaluated_split, request.chroms)
    denoiser = Denoiser(model, torch_device(request.device, 1), usable_threads(request.threads))
    noisy = read_binned(source, lengths, denoiser.step)
    mask = held_bins(model, split, lengths, denoiser.step)
    values = _whole(denoiser, source, noisy, len(lengths))[mask, : len(names)]
    say_bounded(denoiser.units)
    truth = _truth(targets, names, lengths, denoiser.step)[mask]
    peaks = None
    if request.peaks is not None:
        inside = peak_bins(request.peaks, lengths, denoiser.step)[mask] > 0
        peaks = np.repeat(inside[:, None], len(names), axis=1)
    question = Question("regression", {}, peaks, asinh=True)
    metrics = evaluate_tasks(names, truth, values, question)
    beside = [_as_it_is(track.name, track.values[mask], truth, question, metrics) for track in noisy]
    for name, row in _lines(metrics, beside):
        note(metrics_line(name, row))
    labels = ", ".join(base_name(file.path) for file in targets.signals)
    warnings = _trained_on(model, split, lengths, stretches=not mask.all()) + _worse(metrics, beside)
    return Evaluation(
        model_label(source_model), labels, split, truth, values, metrics, "", {}, None, {}, beside,
        model=model.header, undenoised=beside, units=UNITS, warnings=warnings,
    )  # fmt: skip


def _trained_on(model: Model, split: str, lengths: Mapping[str, int], *, stretches: bool) -> list[str]:
    """Warn of bins that the model was trained on among those evaluated."""
    shared = sorted(set(model.header["splits"]["train"]["contigs"]) & set(lengths))
    if not shared or (stretches and split != "train"):
        return []
    return [
        f"bins of {first_names(shared)} are evaluated, where the model was trained: the figures are too good"
    ]


def _whole(
    denoiser: Denoiser, source: SignalSource, noisy: Sequence[DenseTrack], contigs: int
) -> NDArray[np.float64]:
    """Return the denoised tracks of all contigs, in their units, float64 (bins, T)."""
    tracks = denoiser.normalised(source, noisy)
    with meter("bins", len(tracks[0].values)) as bar:
        parts = [
            denoiser.in_units(part)
            for number in range(contigs)
            for part in denoiser.along(tracks, number, bar.advance)
        ]
    return np.concatenate(parts).astype(np.float64)


def _as_it_is(
    name: str, values: Singles, truth: NDArray[np.float64], question: Question, reference: TaskMetrics
) -> Baseline:
    """Evaluate an input, (bins,), as if it were each of the deep tracks."""
    same = np.repeat(values.astype(np.float64)[:, None], truth.shape[1], axis=1)
    evaluated = evaluate_tasks(reference.tasks, truth, same, question)
    metrics = (*HEADLINES["regression"], ASINH_PEARSON)
    return Baseline(
        f"{name} as it is",
        evaluated,
        {metric: difference(reference, evaluated, metric) for metric in metrics},
    )


def _lines(metrics: TaskMetrics, beside: Sequence[Baseline]) -> list[tuple[str, Values]]:
    """Return the name and the figures of each denoised track and, after it, of each input as it is."""
    listed = []
    for number, task in enumerate(metrics.tasks):
        listed.append((task, metrics.rows[number]))
        listed += [(f"{task}: {other.name}", other.task_metrics.rows[number]) for other in beside]
    return listed


def _worse(metrics: TaskMetrics, beside: Sequence[Baseline]) -> list[str]:
    """Return a warning for each denoised track that is no closer to the deep one than an input is."""
    said = []
    for number, task in enumerate(metrics.tasks):
        ours = metrics.rows[number]["pearson"]
        for other in beside:
            theirs = other.task_metrics.rows[number]["pearson"]
            if theirs is not None and (ours is None or theirs >= ours):
                own = "no" if ours is None else f"{ours:.3f}"
                said.append(f"{task}: {other.name} has a Pearson of {theirs:.3f}, the denoised track {own}")
    return said


def _evaluated_contigs(
    source: SignalSource, model: Model, split: str, chroms: Sequence[str]
) -> tuple[dict[str, int], str]:
    """Return the contigs to evaluate, name to length, and the name of their split."""
    wanted: Sequence[str] = expand_names(chroms)
    stored = Stretches.restored(model.header.get("stretches"))
    whole = stored is None or split not in stored.held
    split = "all" if wanted and whole else split
    parts = model.header["splits"]
    held = tuple(parts.get(split, {}).get("contigs", ()))
    if not wanted and split != "all" and not whole:
        wanted = held
    elif not wanted and split != "all":
        wanted = held
        others = {name for key, part in parts.items() if key != split for name in part["contigs"]}
        if not wanted or set(wanted) & others:
            raise SeqnetError(
                f"the model held out no whole contigs as {split}; give --chroms, or --split all"
            )
    return chosen_lengths(source.signals[0].path, wanted), split


def _truth(
    targets: SignalSource, names: Sequence[str], lengths: Mapping[str, int], step: int
) -> NDArray[np.float64]:
    """Return the bins of the deep tracks, float64 (bins, T)."""
    files = {file.name: file for file in targets.signals}
    if set(files) != set(names):
        raise SeqnetError(
            f"the model makes the tracks {', '.join(names)} (--target-track NAME=BIGWIG); "
            f"found {', '.join(files) or 'none'}"
        )
    read = read_binned(targets._replace(signals=tuple(files[name] for name in names)), lengths, step)
    return np.stack([track.values for track in read], axis=1).astype(np.float64)
