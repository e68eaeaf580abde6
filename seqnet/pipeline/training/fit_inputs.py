"""What a network in training is fed: the rows of the training data as inputs, and their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import SeqnetError, UsageError
from seqnet.genome.signals.layout import pack_genome
from seqnet.inference.target_scale import TargetScale, check_log1p, fit_target_scale
from seqnet.linear.standardise import column_statistics
from seqnet.model_inputs.inputs import FeatureInputs, GenomeInputs, Inputs, SequenceInputs
from seqnet.model_inputs.signals import signal_inputs
from seqnet.networks.layers import Shape
from seqnet.networks.presets import (
    DEFAULT_PRESET,
    with_masked_pools,
    with_partners,
    with_towers,
    without_tapers,
)
from seqnet.pipeline.training.data import Features, Sequences, TrainingData
from seqnet.reporting import note
from seqnet.training.config import Examples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqnet.aliases import Floats
    from seqnet.genome.intervals import Intervals
    from seqnet.pipeline.training.architecture import Architecture


def fitted_architecture(architecture: Architecture, data: TrainingData, *, towers: bool) -> Architecture:
    """Return an architecture as the data need it: pools that leave out padding, towers, pairs of strands.

    The default network tapers windows of a genome alone, which are centred on something; sequences of a FASTA
    file or of an assay need not be.
    """
    layers, described = architecture.layers, architecture.described
    if described.get("preset") == DEFAULT_PRESET and not data.located:
        layers = without_tapers(layers)
    if data.sequences is not None and data.sequences.padded:
        layers = with_masked_pools(layers)
    if data.codes is None and data.signals is not None and architecture.init_motifs is not None:
        raise UsageError("--init-motifs reads the sequence: give --genome")
    if towers:
        if data.signals is None or data.codes is None:
            raise UsageError("--towers joins sequence and tracks: give --genome and --signal")
        try:
            layers = with_towers(layers)
        except ValueError as error:
            raise UsageError(f"--towers: {error}") from error
        described = {**described, "towers": True}
    if data.signals is not None:
        layers = with_partners(layers, data.signals.partners)
    return architecture._replace(layers=layers, described=described)


def input_shape(data: TrainingData) -> Shape:
    """Return the shape of one row of a network's input."""
    if isinstance(data.material, Features):
        return Shape(data.material.matrix.shape[1], None)
    bases = 0 if data.codes is None else 4
    return Shape(bases + (0 if data.signals is None else len(data.signals.tracks)), data.width)


def network_inputs(
    data: TrainingData, *, stranded: bool, reach: int = 0
) -> tuple[Inputs, dict[str, NDArray[np.generic]]]:
    """Return the inputs of all rows, and the constants that go with features.

    Parameters
    ----------
    stranded
        Whether regions on the minus strand are read backwards.
    reach
        Bases by which windows will be moved.
    """
    material = data.material
    if isinstance(material, Features):
        mean, scale = column_statistics(material.matrix[data.rows("train")])
        return FeatureInputs(material.matrix, mean, scale), {"input.mean": mean, "input.scale": scale}
    if isinstance(material, Sequences):
        return _sequence_inputs(material, data.regions.intervals, stranded=stranded), {}
    signals, sequences = material.signals, material.sequences
    return signal_inputs(
        signals.tracks, data.regions.intervals, reach=reach, stranded=stranded, partners=signals.partners,
        sequence=None if sequences is None
        else _sequence_inputs(sequences, data.regions.intervals, stranded=stranded),
    ), {}  # fmt: skip


def _sequence_inputs(
    sequences: Sequences, intervals: Intervals, *, stranded: bool
) -> GenomeInputs | SequenceInputs:
    """Return sequences as inputs, read from the genome where there is one."""
    if sequences.genome is not None:
        return GenomeInputs(pack_genome(sequences.genome), intervals, stranded=stranded)
    return SequenceInputs(sequences.codes)


def scale_of(data: TrainingData, rule: str) -> TargetScale | None:
    """Return how the targets are scaled for a network, learnt from the training rows; None for not.

    Raises
    ------
    SeqnetError
        If a target cannot be scaled so, naming its task.
    """
    train = data.rows("train")
    try:
        check_log1p(rule, data.targets[np.concatenate([train, data.rows("valid")])])
        scale = fit_target_scale(rule, data.targets[train], data.weights_of(train))
    except ValueError as error:
        column, value = error.args
        task = data.regions.tasks[column]
        raise SeqnetError(
            f"{data.regions.source}: --target-scale {rule} needs targets above -1; {task} has {value:g}"
        ) from error
    if scale is not None:
        note(
            f"targets are scaled by the training rows (--target-scale {rule}): losses are in these units, "
            "metrics and predictions in the targets' own"
        )
    return scale


def examples(data: TrainingData, inputs: Inputs, split: str, scale: TargetScale | None = None) -> Examples:
    """Return the rows of a split, their targets scaled."""
    rows = data.rows(split)
    weights = data.weights_of(rows)
    return Examples(
        inputs.subset(rows),
        scaled_targets(data, split, scale).astype(np.float32),
        None if weights is None else weights.astype(np.float32),
    )


def scaled_targets(data: TrainingData, split: str, scale: TargetScale | None) -> Floats:
    """Return the targets of a split as a network learns them, float64 (n, T)."""
    targets = data.targets[data.rows(split)]
    return targets if scale is None else scale.apply(targets)


def resample(data: TrainingData, train: Examples) -> Callable[[int], Examples] | None:
    """Return what draws the training rows of an epoch, where some of them are drawn again."""
    fresh = None if data.sequences is None else data.sequences.fresh
    if fresh is None:
        return None
    return lambda epoch: Examples(SequenceInputs(fresh.epoch(epoch)), train.targets)


def content_digest(data: TrainingData) -> str:
    """Return the SHA-256 of what is learnt from: targets, splits, sequences or features, tracks."""
    parts: list[NDArray[np.generic]] = [
        data.targets, np.char.encode(data.regions.splits.astype(str))
    ]  # fmt: skip
    if data.codes is not None:
        parts.append(data.codes)
    if data.weights is not None:
        parts.append(data.weights)
    if data.features is not None:
        parts += [data.features.data, data.features.indices, data.features.indptr]
    if data.signals is not None:
        parts += [track.values for track in data.signals.tracks]
        parts.append(np.array(data.signals.partners))
    digest = hashlib.sha256()
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
