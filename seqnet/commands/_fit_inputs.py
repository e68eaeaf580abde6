"""What a network in training is fed: the rows of the training data as inputs, and their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from seqnet.errors import UsageError

if TYPE_CHECKING:
    from seqnet.commands._architecture import Architecture
    from seqnet.commands._training_data import TrainingData
    from seqnet.networks.layers import Shape
    from seqnet.training.config import Examples


def fitted_architecture(architecture: Architecture, data: TrainingData, *, towers: bool) -> Architecture:
    """Return an architecture as the data need it: pools that leave out padding, towers, pairs of strands."""
    from seqnet.networks.presets import with_masked_pools, with_partners, with_towers

    layers, described = architecture.layers, architecture.described
    if data.padded:
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
    from seqnet.networks.layers import Shape

    if data.features is not None:
        return Shape(data.features.shape[1], None)
    bases = 0 if data.codes is None else 4
    return Shape(bases + (0 if data.signals is None else len(data.signals.tracks)), data.width)


def network_inputs(data: TrainingData, *, stranded: bool, reach: int = 0) -> tuple[Any, dict[str, Any]]:
    """Return the inputs of all rows, and the constants that go with features.

    Parameters
    ----------
    stranded
        Whether regions on the minus strand are read backwards.
    reach
        Bases by which windows will be moved.
    """
    from seqnet.training.columns import column_statistics
    from seqnet.training.inputs import FeatureInputs, GenomeInputs, SequenceInputs

    if data.features is not None:
        mean, scale = column_statistics(data.features[data.rows("train")])
        return FeatureInputs(data.features, mean, scale), {"input.mean": mean, "input.scale": scale}
    sequence: Any = None
    if data.genome is not None:
        from seqnet.genome.layout import pack_genome

        sequence = GenomeInputs(pack_genome(data.genome), data.regions.intervals, stranded=stranded)
    elif data.codes is not None:
        sequence = SequenceInputs(data.codes)
    if data.signals is None:
        return sequence, {}
    from seqnet.training.signals import signal_inputs

    return signal_inputs(
        data.signals.tracks, data.regions.intervals, reach=reach, stranded=stranded,
        partners=data.signals.partners, sequence=sequence,
    ), {}  # fmt: skip


def examples(data: TrainingData, inputs: Any, split: str) -> Examples:
    """Return the rows of a split."""
    import numpy as np

    from seqnet.training.config import Examples

    rows = data.rows(split)
    weights = data.weights_of(rows)
    return Examples(
        inputs.subset(rows),
        data.targets[rows].astype(np.float32),
        None if weights is None else weights.astype(np.float32),
    )


def resample(data: TrainingData, train: Examples) -> Callable[[int], Examples] | None:
    """Return what draws the training rows of an epoch, where some of them are drawn anew."""
    from seqnet.training.config import Examples
    from seqnet.training.inputs import SequenceInputs

    fresh = data.fresh
    if fresh is None:
        return None
    return lambda epoch: Examples(SequenceInputs(fresh.epoch(epoch)), train.targets)


def content_digest(data: TrainingData) -> str:
    """Return the SHA-256 of what is learnt from: targets, splits, sequences or features, tracks."""
    import numpy as np

    parts: list[Any] = [data.targets, np.char.encode(data.regions.splits.astype(str))]
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
