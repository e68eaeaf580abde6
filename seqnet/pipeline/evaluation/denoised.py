"""Denoised tracks compared with deep ones, next to the inputs as they are, scaled and smoothed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.header import base_name
from seqnet.genome.intervals import in_stretches
from seqnet.genome.signals.tracks import DenseTrack
from seqnet.genome.splitting.stretches import Stretches
from seqnet.inference.device import torch_device
from seqnet.metrics.bootstrap import genome_blocks
from seqnet.metrics.evaluate import Question, Resampling, TaskMetrics, Values, difference, evaluate_tasks
from seqnet.metrics.registry import ASINH_PEARSON, HEADLINES, METRICS
from seqnet.metrics.warnings import first_names
from seqnet.networks.model import Model
from seqnet.parallel import usable_threads
from seqnet.pipeline.denoising.references import (
    COMPARED,
    Reference,
    fitted,
    note_references,
    unchanged,
    validation_part,
)
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
from seqnet.pipeline.evaluation.held_out import block_size_of
from seqnet.pipeline.evaluation.request import EvaluateRequest
from seqnet.pipeline.evaluation.results import Baseline, Evaluation, figure_text
from seqnet.pipeline.inputs.genome import expand_names
from seqnet.pipeline.inputs.models import load_model, model_label, model_source
from seqnet.pipeline.inputs.request import SignalSource, track_files
from seqnet.pipeline.inputs.signals import ordered_source
from seqnet.pipeline.prediction.denoised import Denoiser
from seqnet.reporting import meter, note

_MOST_BINS = 1_000_000
"""Bins of which intervals are computed unless they are requested for each task."""
_BETTER = {"pearson": 1, "mse": -1}
"""Sign of a difference that is an improvement."""


def denoised_evaluation(request: EvaluateRequest) -> Evaluation:
    """Evaluate a model along whole contigs: denoised tracks, next to the inputs as they are and smoothed.

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
    deep = _truth(targets, names, lengths, denoiser.step)
    truth = np.stack([track.values for track in deep], axis=1).astype(np.float64)[mask]
    peaks = None
    if request.peaks is not None:
        inside = peak_bins(request.peaks, lengths, denoiser.step)[mask] > 0
        peaks = np.repeat(inside[:, None], len(names), axis=1)
    question = Question("regression", {}, peaks, asinh=True)
    resampling, size = _resampling(request, lengths, mask, denoiser.step)
    metrics = evaluate_tasks(names, truth, values, question, resampling)
    references = _references(source, targets, model, denoiser.step)
    beside = [
        _compared(name, [one.apply(noisy)[mask] for one in each], truth, question, metrics, resampling)
        for name, each in references.items()
    ]
    for name, row in _lines(metrics, beside):
        note(metrics_line(name, row))
    labels = ", ".join(base_name(file.path) for file in targets.signals)
    warnings = _trained_on(model, split, lengths, stretches=not mask.all()) + _worse(metrics, beside)
    return Evaluation(
        model_label(source_model), labels, split, truth, values, metrics, "", {}, size, {}, beside,
        model=model.header, undenoised=beside, units=UNITS, warnings=warnings,
    )  # fmt: skip


def _resampling(
    request: EvaluateRequest, lengths: Mapping[str, int], mask: Bools, step: int
) -> tuple[Resampling | None, int | None]:
    """Return how intervals are made, and the bases that are resampled together; None without intervals."""
    if request.intervals == "none":
        return None, None
    if request.intervals == "mean" and mask.sum() > _MOST_BINS:
        note(f"no intervals of more than {_MOST_BINS:,} bins, which takes minutes (--intervals tasks)")
        return None, None
    bins = in_stretches(lengths, step).take(mask)
    size = request.block_size or block_size_of(int((bins.end - bins.start).sum()))
    blocks = genome_blocks(bins.contig, bins.start, bins.end, size)
    return Resampling(blocks, request.intervals == "tasks", request.seed), size


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


def _references(
    source: SignalSource, targets: SignalSource, model: Model, step: int
) -> dict[str, list[Reference]]:
    """Return simple estimates of each deep track, by name, fitted where the model was validated."""
    names = [file.name for file in source.signals]
    tasks = tuple(spec.name for spec in target_specs(model))
    references = {one.name: [one] * len(tasks) for one in unchanged(names)}
    try:
        lengths, rows = validation_part(model, chosen_lengths(source.signals[0].path, ()), step)
    except SeqnetError as error:
        note(f"{error}: no scaled or smoothed input is fitted to compare")
        return references
    noisy = read_binned(source, lengths, step)
    for task, target in zip(tasks, _truth(targets, tasks, lengths, step), strict=True):
        fits = fitted(noisy, target, rows)
        note_references(task, fits, step)
        for one in fits:
            references.setdefault(one.name, []).append(one)
    return references


def _compared(
    name: str,
    estimates: Sequence[NDArray[np.float64]],
    truth: NDArray[np.float64],
    question: Question,
    ours: TaskMetrics,
    resampling: Resampling | None,
) -> Baseline:
    """Evaluate simple estimates of the deep tracks, (bins,) each."""
    evaluated = evaluate_tasks(ours.tasks, truth, np.stack(estimates, axis=1), question, resampling)
    metrics = (*HEADLINES["regression"], "mse", ASINH_PEARSON)
    return Baseline(name, evaluated, {metric: difference(ours, evaluated, metric) for metric in metrics})


def _lines(metrics: TaskMetrics, beside: Sequence[Baseline]) -> list[tuple[str, Values]]:
    """Return the name and the figures of each denoised track and, after it, of each input as it is."""
    listed = []
    for number, task in enumerate(metrics.tasks):
        listed.append((task, metrics.rows[number]))
        listed += [(f"{task}: {other.name}", other.task_metrics.rows[number]) for other in beside]
    return listed


def _worse(metrics: TaskMetrics, beside: Sequence[Baseline]) -> list[str]:
    """Return a warning for each denoised track that is no closer to the deep one than a simple estimate."""
    said = []
    for number, task in enumerate(metrics.tasks):
        ours = metrics.rows[number]
        for other in beside:
            theirs = other.task_metrics.rows[number]
            for figure in next(each for end, each in COMPARED.items() if other.name.endswith(end)):
                mine, its = ours[figure], theirs[figure]
                if its is not None and (mine is None or (mine - its) * _BETTER[figure] <= 0):
                    said.append(
                        f"{task}: {other.name} has {METRICS['regression'][figure].label} "
                        f"{figure_text(figure, its)}, the denoised track {figure_text(figure, mine)}"
                    )
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
) -> list[DenseTrack]:
    """Read the bins of the deep tracks, in the model's order."""
    files = {file.name: file for file in targets.signals}
    if set(files) != set(names):
        raise SeqnetError(
            f"the model makes the tracks {', '.join(names)} (--target-track NAME=BIGWIG); "
            f"found {', '.join(files) or 'none'}"
        )
    return read_binned(targets._replace(signals=tuple(files[name] for name in names)), lengths, step)
