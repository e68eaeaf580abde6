"""Predictions that evaluate makes itself, with a model; and those without one of the model's inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Floats, Ints, Progress
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.sequences.fasta import read_sequences
from seqnet.genome.joins import join_rows, unwanted
from seqnet.genome.regions import Regions
from seqnet.inference.linear_predictor import LinearPredictor
from seqnet.lookup import resolve
from seqnet.networks.model import FEATURE_TYPES, Model
from seqnet.pipeline.denoising.targets import denoises
from seqnet.pipeline.evaluation.data import LabelTable, Predictions, say_unlabelled
from seqnet.pipeline.evaluation.request import EvaluateRequest
from seqnet.pipeline.inputs.genome import fit_to_genome
from seqnet.pipeline.inputs.model_inputs import (
    AnyLengths,
    Fitting,
    TrackWindows,
    WindowCodes,
    load_model_genome,
    region_inputs,
    table_inputs,
    warn_other_bases,
)
from seqnet.pipeline.inputs.models import distinct_names, load_model, model_label, model_source
from seqnet.pipeline.inputs.request import SignalSource
from seqnet.pipeline.inputs.signals import model_specs, ordered_source
from seqnet.pipeline.prediction.model import ModelPredictor, load_predictor, network_predictor, predicted
from seqnet.reporting import note, progress_bar

SEQUENCE = "sequence"


class NamedModel(NamedTuple):
    """One of the models to predict with."""

    model: Model
    name: str
    """What reports call it."""
    source: str
    """What messages call it."""


def named_models(request: EvaluateRequest) -> list[NamedModel]:
    """Read the models; those whose files share a name are named with their folders.

    Raises
    ------
    SeqnetError
        If a file cannot be read, or a track is of no use to any of several models.
    """
    names = distinct_names([model if isinstance(model, str) else "" for model in request.models],
                           [model_label(model) for model in request.models])  # fmt: skip
    models = [
        NamedModel(load_model(model), name, model_source(model))
        for model, name in zip(request.models, names, strict=True)
    ]
    if len(models) > 1:
        read = {spec.name for each in models for spec in model_specs(each.model)}
        unread = [file.name for file in request.tracks.signals if file.name not in read]
        if unread:
            raise SeqnetError(f"--signal {unread[0]}: none of the models reads this track")
    return models


def _tracks_of(model: Model, request: EvaluateRequest) -> SignalSource:
    """Return the tracks for a model: of several models, each is given those that it reads."""
    tracks = request.tracks
    if len(request.models) < 2:
        return tracks
    names = {spec.name for spec in model_specs(model)}
    return tracks._replace(signals=tuple(file for file in tracks.signals if file.name in names))


def model_predictions(
    named: NamedModel, request: EvaluateRequest, labels: LabelTable, rows: Ints, *, ablate: bool = False
) -> tuple[Predictions, list[Predictions]]:
    """Predict label rows in this process.

    Returns
    -------
    The predictions, and those without each of the inputs, with `ablate`.
    """
    model, label, source = named
    if denoises(model):
        raise UsageError(f"{source} denoises whole tracks: evaluate it by --target-track, with --signal")
    tracks = ordered_source(_tracks_of(model, request), model, source)
    predictor = load_predictor(model, device=request.device, threads=request.threads)
    parts = model_parts(model) if ablate else []
    without: list[Predictions] = []
    if request.features is not None:
        if model.input["type"] not in FEATURE_TYPES:
            raise SeqnetError(f"{source}: reads sequences; give regions or FASTA, not --features")
        values = _table_values(request, labels, rows, predictor)
    elif request.sequences is not None or request.table is not None:
        values = _sequence_values(request, labels, rows, predictor, model)
    else:
        inputs = _row_inputs(request, labels, rows, model, tracks, stranded=predictor.stranded)
        with progress_bar("rows", len(rows) * (1 + len(parts))) as progress:
            values = predicted(predictor, inputs, progress).astype(np.float64)
            if isinstance(inputs, TrackWindows) and ablate:
                ablations = _ablated(parts, predictor, inputs, request.ablate_with, progress)
                without = [_of_model(name, model, rows, other) for name, other in ablations]
    return replace(_of_model(label, model, rows, values), parts=_parts(predictor, len(rows))), without


def _parts(predictor: ModelPredictor, rows: int) -> dict[str, Floats]:
    """Return the outputs of each part of a model for the rows predicted last, float64 (n, T)."""
    if isinstance(predictor, LinearPredictor):
        return {}
    return {name: own.astype(np.float64) for name, own in predictor.parts.items() if len(own) == rows}


def _of_model(name: str, model: Model, rows: Ints, values: Floats) -> Predictions:
    """Return predictions with what a model's header says."""
    header = model.header
    return Predictions(
        name, model.tasks, rows, values, dict(header.get("thresholds") or {}),
        dict(header.get("base_rates") or {}), header, header.get("task_type"),
    )  # fmt: skip


def _table_values(
    request: EvaluateRequest, labels: LabelTable, rows: Ints, predictor: ModelPredictor
) -> Floats:
    """Predict label rows from a k-mer table, joined by name, float64 (n, T)."""
    assert request.features is not None
    source = request.features if isinstance(request.features, str) else "the k-mer table"
    with progress_bar("rows", len(rows)) as progress:
        table, names = table_inputs(request.features), labels.names
        offered = table.table.names
        place = join_rows([names[row] for row in rows], offered, labels.source, source)
        say_unlabelled(source, unwanted(names, offered), len(offered))
        return predicted(predictor, table.take(place), progress).astype(np.float64)


def _sequence_values(
    request: EvaluateRequest, labels: LabelTable, rows: Ints, predictor: ModelPredictor, model: Model
) -> Floats:
    """Predict label rows from sequences: a FASTA file's, joined by name, or those of the labels' table."""
    if request.sequences is None:
        source, records = labels.source, [labels.sequences[row] for row in rows]
    else:
        source, offered = request.sequences, list(read_sequences(request.sequences))
        names, known = labels.names, [name for name, _ in offered]
        place = join_rows([names[row] for row in rows], known, labels.source, source)
        say_unlabelled(source, unwanted(names, known), len(offered))
        records = [offered[at] for at in place]
    if predictor.stranded:
        note(f"{source}: sequences are read forward; the model goes by the strand of regions")
    fitting = Fitting(model, source)
    with progress_bar("rows", len(rows)) as progress:
        values = predicted(predictor, fitting.fitted(records), progress).astype(np.float64)
    fitting.say()
    return values


def _row_inputs(
    request: EvaluateRequest,
    labels: LabelTable,
    rows: Ints,
    model: Model,
    tracks: SignalSource,
    *,
    stranded: bool,
) -> WindowCodes | AnyLengths | TrackWindows:
    """Return label rows as the model reads them."""
    if not isinstance(labels.table, Regions):
        option = "--signal" if tracks.signals else "--genome"
        raise SeqnetError(f"{labels.source}: {option} needs regions, with coordinates")
    regions = labels.table.take(rows)
    genome = load_model_genome(request.genome, (), model, tracks)
    fit_to_genome(regions, genome)
    if request.genome is not None:
        warn_other_bases(genome.restrict(labels.contigs(rows)), model)
    return region_inputs(regions, genome, model, tracks, stranded=stranded)


class InputPart(NamedTuple):
    """An input of a model."""

    name: str
    channels: tuple[int, ...]
    means: tuple[float, ...]
    """Of each channel in the training regions."""


def model_parts(model: Model) -> list[InputPart]:
    """Return the inputs of a model that has several: the sequence, each track, strand pairs as one.

    Raises
    ------
    SeqnetError
        If there is one input alone.
    """
    specs = model_specs(model)
    bases = model.input.get("base_means")
    first = 0 if bases is None else 4
    parts = [] if bases is None else [InputPart(SEQUENCE, (0, 1, 2, 3), tuple(bases))]
    for number, spec in enumerate(specs):
        if spec.partner < number:
            continue
        numbers = sorted({number, spec.partner})
        name = "+".join(specs[i].name for i in numbers)
        means = tuple(specs[i].mean for i in numbers)
        parts.append(InputPart(name, tuple(first + i for i in numbers), means))
    if model.input["type"] in FEATURE_TYPES:
        raise SeqnetError("--ablate replaces channels; a network of k-mers has none")
    if len(parts) < 2:
        raise SeqnetError("--ablate compares inputs; the model has one alone")
    return parts


def _ablated(
    parts: list[InputPart], predictor: ModelPredictor, inputs: TrackWindows, rule: str, progress: Progress
) -> Iterator[tuple[str, Floats]]:
    """Yield the name of each input, and the predictions without it, float64 (n, T).

    Parameters
    ----------
    rule
        What replaces it: ``zero``, or its ``mean`` in the training regions.
    """
    windows, network = inputs.for_network, network_predictor(predictor)
    replaced = resolve("seqnet.model_inputs.signals:Replaced")
    for part in parts:
        values = part.means if rule == "mean" else (0.0,) * len(part.channels)
        yield part.name, network.from_inputs(replaced(windows, part.channels, values), progress).astype("f8")
