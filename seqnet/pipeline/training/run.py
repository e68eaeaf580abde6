"""Training of networks on labelled rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from seqnet.formats.files.header import base_name
from seqnet.metrics.monitor import evaluate_outputs
from seqnet.networks.model import Model
from seqnet.networks.task_types import TASK_TYPES
from seqnet.pipeline.training.architecture import (
    Architecture,
    cnn_architecture,
    dense_architecture,
    make_network,
    with_hidden,
)
from seqnet.pipeline.training.baselines import evaluate_baselines
from seqnet.pipeline.training.checkpoints import CheckpointOptions, Checkpoints
from seqnet.pipeline.training.data import TrainingData, load_training_data
from seqnet.pipeline.training.fit_inputs import (
    content_digest,
    examples,
    fitted_architecture,
    input_shape,
    network_inputs,
    resample,
    scale_of,
    scaled_targets,
)
from seqnet.pipeline.training.fitting import (
    FitData,
    RunIdentity,
    chosen_target_scale,
    described_network,
    described_options,
    labelled_config,
    processes,
    run_fit,
    weights_of,
    write_network,
)
from seqnet.pipeline.training.outputs import TrainingResult, model_header
from seqnet.pipeline.training.request import TrainCnnRequest, TrainDenseRequest
from seqnet.pipeline.training.terms.kmer_term import decided_strands
from seqnet.pipeline.training.terms.parts import StackedParts, TermPlan
from seqnet.pipeline.training.validation import evaluate_binary, evaluate_valid, valid_thresholds
from seqnet.training.fit import set_seed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from seqnet.aliases import Json
    from seqnet.inference.target_scale import TargetScale
    from seqnet.kmers.settings import KmerSettings
    from seqnet.model_inputs.inputs import Inputs
    from seqnet.training.config import FitConfig, FitResult
    from seqnet.training.distributed import Ranks


def dense_network(request: TrainDenseRequest) -> TrainingResult:
    """Do what `seqnet.pipeline.networks.train_dense` does."""
    return _train_network(request, dense_architecture(request), request.kmers, "forward")


def cnn_network(request: TrainCnnRequest) -> TrainingResult:
    """Do what `seqnet.pipeline.networks.train_cnn` does."""
    architecture = cnn_architecture(request)
    strands = request.strands or ("both" if request.table is None else "auto")
    return _train_network(
        request, architecture, None, strands, jitter=request.jitter, towers=request.towers,
        kmer_term=request.kmer_term, motifs=request.motifs,
    )  # fmt: skip


def _train_network(
    request: TrainDenseRequest | TrainCnnRequest,
    architecture: Architecture,
    kmers: KmerSettings | None,
    strands: str,
    *,
    jitter: int = 0,
    towers: bool = False,
    kmer_term: bool | None = None,
    motifs: str | None = None,
) -> TrainingResult:
    """Train a network of labelled rows, and write it with its side files where the request names an output.

    Parameters
    ----------
    kmers
        What a dense network reads; None for sequences and tracks.
    strands
        ``both``, ``forward``, ``column`` for that of the regions, or ``auto`` to let k-mers decide.
    jitter
        Bases by which training windows are moved at most.
    towers
        Whether sequence and tracks are read by layers of their own.
    kmer_term
        Whether the k-mer term is added; None with the default preset.
    motifs
        The collection of the motif term; None for none.
    """
    with (
        processes(request.device, request.thread_count) as (device, ranks),
        Checkpoints(CheckpointOptions.of(request), first=ranks.first).held() as checkpoints,
    ):
        data = load_training_data(request, kmers=kmers, strands=strands, jitter=jitter)
        strands = decided_strands(data, request.seed) if strands == "auto" else strands
        architecture = fitted_architecture(architecture, data, towers=towers)
        request.check_task_type(data.task_type)
        plan = TermPlan.of(kmer_term, motifs, request.motif_rules, architecture, data)
        if motifs is not None:
            data, architecture = _with_motifs(data, architecture, motifs)
        config = labelled_config(
            request, data, jitter=jitter, strands=strands, device=device,
            average=motifs is not None and architecture.takes_start,
        )  # fmt: skip
        if request.dry_run:
            return described_network(architecture.layers, input_shape(data), len(data.regions.tasks))
        inputs, constants = network_inputs(data, stranded=strands == "column", reach=config.jitter)
        rule = chosen_target_scale(request.target_scale, data.task_type)
        scale = scale_of(data, rule)
        motif_term = plan.motif_term(data, scale, strands, request.seed, request.thread_count)
        start = motif_term.ranked() if motif_term is not None and architecture.takes_start else ()
        architecture = architecture._replace(start=start)
        network = _network(architecture, data, scale, request.seed)
        architecture = _described(architecture, plan, rule, data.task_type)
        beside: dict[str, list[Json]] = {}
        if request.baselines and ranks.first:
            beside = evaluate_baselines(request.baseline_motifs, data, strands, request.motif_rules)
        learning = _learning(data, inputs, scale)
        identity = _identity(request, architecture, data, config, ranks)
        result, outputs = run_fit(network, learning, config, device, ranks, checkpoints, identity)
        if not ranks.first:
            return TrainingResult()
        parts = plan.parts(data, scale, outputs, motif_term, strands, request.seed)
        if parts is not None and data.task_type == "binary":
            beside |= _parts_alone(data, parts)
        trained = FittedNetwork(network, result, outputs, constants, parts, scale)
        return _finished(request, data, identity, strands, trained, beside)


def _described(architecture: Architecture, plan: TermPlan, rule: str, task_type: str) -> Architecture:
    """Return an architecture whose options, for the model's header, name its k-mer term and target scale."""
    more: Json = {"kmer-term": plan.kmers} | ({"target-scale": rule} if task_type == "regression" else {})
    return architecture._replace(described=architecture.described | more)


def _with_motifs(
    data: TrainingData, architecture: Architecture, path: str
) -> tuple[TrainingData, Architecture]:
    """Return data that name a file of motifs, and an architecture that makes room for them."""
    named = architecture.described | {"motifs": base_name(path)}
    layers = architecture.layers
    if architecture.takes_start:
        layers = with_hidden(layers, len(data.regions.tasks))
    return replace(data, files=(*data.files, path)), architecture._replace(layers=layers, described=named)


def _identity(
    request: TrainDenseRequest | TrainCnnRequest,
    architecture: Architecture,
    data: TrainingData,
    config: FitConfig,
    ranks: Ranks,
) -> RunIdentity:
    """Return what must be the same for a run to go on."""
    options = described_options(config, architecture.described, ranks)
    return RunIdentity(
        request.kind, architecture.layers, options, data.regions.tasks, data.files, content_digest(data),
        request.thread_count,
    )  # fmt: skip


def _network(
    architecture: Architecture, data: TrainingData, scale: TargetScale | None, seed: int
) -> nn.Sequential:
    """Build the network and give it its first weights."""
    set_seed(seed)
    targets = scaled_targets(data, "train", scale)
    return make_network(architecture, input_shape(data), targets, TASK_TYPES[data.task_type].output)


class FittedNetwork(NamedTuple):
    """A network after its fit, and what goes with it.

    Parameters
    ----------
    outputs
        float32 (n, T): for the validation rows.
    constants
        Those of the features.
    """

    network: nn.Module
    result: FitResult
    outputs: NDArray[np.floating]
    constants: Mapping[str, NDArray[np.generic]]
    parts: StackedParts | None
    scale: TargetScale | None


def _finished(
    request: TrainDenseRequest | TrainCnnRequest,
    data: TrainingData,
    identity: RunIdentity,
    strands: str,
    trained: FittedNetwork,
    beside: dict[str, list[Json]],
) -> TrainingResult:
    """Return a trained network; write it and its side files, the metrics of baselines among them."""
    parts, scale, outputs = trained.parts, trained.scale, trained.outputs
    if parts is not None:
        outputs = parts.added(outputs, data)
    if scale is not None:
        outputs = scale.undo(outputs)
    header = model_header(
        data, kind=identity.kind, architecture=identity.layers, strands=strands, seed=request.seed,
        threads=identity.threads, options=identity.options | {"best-epoch": trained.result.best_epoch},
        metrics=evaluate_valid(data, outputs),
    )  # fmt: skip
    header["thresholds"] = valid_thresholds(data, outputs)
    if scale is not None:
        header["target_scale"] = scale.stored()
    if beside:
        header["baselines"] = beside
    tensors = {**weights_of(trained.network)}
    if parts is not None:
        header |= parts.stored()
        for term in parts.terms:
            held, weights = term.stored()
            header |= held
            tensors |= weights
    model = Model(header, {**tensors, **trained.constants})
    return write_network(request, model, trained.result, "loss" if scale is None else "loss (scaled targets)")


def _parts_alone(data: TrainingData, parts: StackedParts) -> dict[str, list[Json]]:
    """Return the metrics of each part alone, by its name among the baselines."""
    targets = data.targets[data.rows("valid")]
    names = {name: f"{name} alone" for name in parts.alone}
    return {
        names[name]: evaluate_binary(data, targets, own, names[name]) for name, own in parts.alone.items()
    }


def _learning(data: TrainingData, inputs: Inputs, scale: TargetScale | None) -> FitData:
    """Return the training and validation rows."""
    tasks, targets = data.regions.tasks, data.targets[data.rows("valid")]
    train, valid = (examples(data, inputs, split, scale) for split in ("train", "valid"))
    if scale is None:
        return FitData(train, valid, tasks, resample(data, train))
    return FitData(
        train, valid, tasks, resample(data, train),
        lambda outputs: evaluate_outputs(data.task_type, tasks, targets, scale.undo(outputs)),
    )  # fmt: skip
