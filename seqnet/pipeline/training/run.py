"""Training of networks on labelled rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.errors import UsageError
from seqnet.formats.files.header import base_name
from seqnet.inference.terms.motif_term import MotifTerm
from seqnet.metrics.monitor import evaluate_outputs
from seqnet.networks.model import MOTIFS, Model, member_prefix, part_line, stacked_parts
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
from seqnet.pipeline.training.defaults import default_mutation
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
    with_right_precision,
    write_network,
)
from seqnet.pipeline.training.outputs import TrainingResult, model_header
from seqnet.pipeline.training.request import TrainCnnRequest, TrainDenseRequest
from seqnet.pipeline.training.terms.kmer_term import decided_strands
from seqnet.pipeline.training.terms.parts import NO_TERMS, StackedParts, TermOptions, TermPlan, stacked_terms
from seqnet.pipeline.training.validation import evaluate_valid, part_metrics, valid_thresholds
from seqnet.reporting import note
from seqnet.training.fit import set_seed

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import nn

    from seqnet.aliases import Json, Reals
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
        request, architecture, None, strands,
        jitter=request.jitter, mutate=request.mutate, towers=request.towers,
        terms=TermOptions(request.kmer_term, request.motifs, request.denovo_motifs, request.motif_rules),
    )  # fmt: skip


def _train_network(
    request: TrainDenseRequest | TrainCnnRequest,
    architecture: Architecture,
    kmers: KmerSettings | None,
    strands: str,
    *,
    jitter: int = 0,
    mutate: float | None = 0.0,
    towers: bool = False,
    terms: TermOptions = NO_TERMS,
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
    mutate
        Share of the bases that are replaced at random; None chooses it by the data.
    towers
        Whether sequence and tracks are read by layers of their own.
    terms
        Which linear terms are added.
    """
    with (
        processes(request.device, request.thread_count) as (device, ranks),
        Checkpoints(CheckpointOptions.of(request), first=ranks.first).held() as checkpoints,
    ):
        data = load_training_data(request, kmers=kmers, strands=strands, jitter=jitter)
        strands = decided_strands(data, request.seed) if strands == "auto" else strands
        architecture = fitted_architecture(architecture, data, towers=towers)
        request.check_task_type(data.task_type)
        plan = TermPlan.of(terms, architecture, data)
        if plan.has_motifs:
            data, architecture = _with_motifs(data, architecture, plan)
        config = labelled_config(
            request, data, jitter=jitter, strands=strands, device=device,
            average=plan.has_motifs and architecture.takes_start,
            mutate=_mutation(mutate, architecture, data),
        )  # fmt: skip
        built = architecture.layers, input_shape(data), len(data.regions.tasks)
        if request.dry_run:
            return described_network(*built)
        config = with_right_precision(config, *built, device)
        inputs, constants = network_inputs(data, stranded=strands == "column", reach=config.jitter)
        rule = chosen_target_scale(request.target_scale, data.task_type)
        scale = scale_of(data, rule)
        fitted = plan.fit(data, scale, strands, request.seed, request.thread_count) if ranks.first else {}
        architecture = _described(_started(architecture, fitted), plan, rule, data.task_type)
        beside: dict[str, list[Json]] = {}
        if request.baselines and ranks.first:
            beside = evaluate_baselines(request.baseline_motifs, data, strands, request.motif_rules)
        learning = _learning(data, inputs, scale)
        identity = _identity(request, architecture, data, config, ranks)
        members = _fit_members(request, (architecture, data, scale), learning, config, checkpoints,
                               (device, ranks), identity)  # fmt: skip
        if not ranks.first:
            return TrainingResult()
        outputs = _mean_outputs(members)
        parts = stacked_terms(fitted, data, scale, outputs, request.seed)
        trained = FittedModel(members, outputs, constants, parts, scale)
        return _finished(request, data, identity, strands, trained, beside)


def _mutation(share: float | None, architecture: Architecture, data: TrainingData) -> float:
    """Return the share of bases to replace at random, chosen by the data where the request has none."""
    if data.sequences is None:
        if share:
            raise UsageError("--mutate is for sequences; the model reads tracks alone")
        return 0.0
    if share is not None:
        return share
    return default_mutation(data.task_type, len(data.rows("train"))) if architecture.takes_start else 0.0


def _started(architecture: Architecture, fitted: Mapping[str, object]) -> Architecture:
    """Return an architecture whose first filters start as motifs of its motif term, if there is one."""
    term = fitted.get(MOTIFS)
    if not isinstance(term, MotifTerm) or not architecture.takes_start:
        return architecture
    return architecture._replace(start=term.ranked())


class FittedMember(NamedTuple):
    """A network after its fit.

    Parameters
    ----------
    outputs
        float32 (n, T): for the validation rows.
    """

    seed: int
    network: nn.Module
    result: FitResult
    outputs: NDArray[np.float32]


def _fit_members(
    request: TrainDenseRequest | TrainCnnRequest,
    built: tuple[Architecture, TrainingData, TargetScale | None],
    learning: FitData,
    config: FitConfig,
    checkpoints: Checkpoints,
    where: tuple[torch.device, Ranks],
    identity: RunIdentity,
) -> tuple[FittedMember, ...]:
    """Build and fit the networks one after the other, each with its own seed and checkpoints.

    Parameters
    ----------
    built
        What networks are built of.
    where
        The device, and this process' rank.
    """
    members = []
    for number in range(request.ensemble):
        seed = request.seed + number
        if request.ensemble > 1:
            note(f"network {number + 1} of {request.ensemble}, seed {seed}")
        network = _network(*built, seed)
        with checkpoints.member(number) as own:
            result, outputs = run_fit(
                network, learning, replace(config, seed=seed), *where, own, identity._replace(seed=seed)
            )
        members.append(FittedMember(seed, network, result, outputs))
    return tuple(members)


def _mean_outputs(members: Sequence[FittedMember]) -> NDArray[np.float32]:
    """Return the mean of the networks' outputs, float32 (n, T), as predictions are made of it."""
    outputs = np.stack([member.outputs for member in members])
    mean: NDArray[np.float32] = outputs.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def _described(architecture: Architecture, plan: TermPlan, rule: str, task_type: str) -> Architecture:
    """Return an architecture whose options, for the model's header, name its k-mer term and target scale."""
    more: Json = {"kmer-term": plan.kmers} | ({"target-scale": rule} if task_type == "regression" else {})
    return architecture._replace(described=architecture.described | more)


def _with_motifs(
    data: TrainingData, architecture: Architecture, plan: TermPlan
) -> tuple[TrainingData, Architecture]:
    """Return data that name the file of motifs, and an architecture that makes room for motifs."""
    named: Json = {"denovo-motifs": True} if plan.denovo else {}
    if plan.collection is not None:
        named["motifs"] = base_name(plan.collection)
        data = replace(data, files=(*data.files, plan.collection))
    layers = architecture.layers
    if architecture.takes_start:
        layers = with_hidden(layers, len(data.regions.tasks))
    return data, architecture._replace(layers=layers, described=architecture.described | named)


def _identity(
    request: TrainDenseRequest | TrainCnnRequest,
    architecture: Architecture,
    data: TrainingData,
    config: FitConfig,
    ranks: Ranks,
) -> RunIdentity:
    """Return what must be the same for a run to go on."""
    options = described_options(config, architecture.described, ranks)
    if request.ensemble > 1:
        options["ensemble"] = request.ensemble
    return RunIdentity(
        request.kind, architecture.layers, options, data.regions.tasks, data.files, content_digest(data),
        request.thread_count, request.seed,
    )  # fmt: skip


def _network(
    architecture: Architecture, data: TrainingData, scale: TargetScale | None, seed: int
) -> nn.Sequential:
    """Build the network and give it its first weights."""
    set_seed(seed)
    targets = scaled_targets(data, "train", scale)
    return make_network(architecture, input_shape(data), targets, TASK_TYPES[data.task_type].output)


class FittedModel(NamedTuple):
    """The networks after their fits, and what goes with them.

    Parameters
    ----------
    outputs
        float32 (n, T): the mean of the networks', for the validation rows.
    constants
        Those of the features.
    """

    members: tuple[FittedMember, ...]
    outputs: NDArray[np.float32]
    constants: Mapping[str, NDArray[np.generic]]
    parts: StackedParts | None
    scale: TargetScale | None

    def in_units(self, outputs: Reals) -> Reals:
        """Return outputs as predictions are made of them: of a regression in the units of its targets."""
        return outputs if self.scale is None else self.scale.undo(outputs)

    def combined(self, data: TrainingData) -> Reals:
        """Return the outputs of all parts together for the validation rows."""
        return self.in_units(self.outputs if self.parts is None else self.parts.added(self.outputs, data))

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return the weights of the networks, and the constants."""
        if len(self.members) == 1:
            return {**weights_of(self.members[0].network), **self.constants}
        weights = {
            member_prefix(number) + name: tensor
            for number, member in enumerate(self.members)
            for name, tensor in weights_of(member.network).items()
        }
        return {**weights, **self.constants}


def _finished(
    request: TrainDenseRequest | TrainCnnRequest,
    data: TrainingData,
    identity: RunIdentity,
    strands: str,
    trained: FittedModel,
    beside: dict[str, list[Json]],
) -> TrainingResult:
    """Return a trained model; write it and its side files, the metrics of baselines among them."""
    members, parts, outputs = trained.members, trained.parts, trained.combined(data)
    options = identity.options
    if len(members) == 1:
        options = options | {"best-epoch": members[0].result.best_epoch}
    described = _described_members(data, trained)
    header = model_header(
        data, kind=identity.kind, architecture=identity.layers, strands=strands, seed=request.seed,
        threads=identity.threads, options=options, metrics=evaluate_valid(data, outputs),
    ) | described  # fmt: skip
    header["thresholds"] = valid_thresholds(data, outputs)
    if trained.scale is not None:
        header["target_scale"] = trained.scale.stored()
    if parts is not None:
        alone = {name: trained.in_units(own) for name, own in parts.alone.items()}
        beside = beside | part_metrics(data, alone)
    if beside:
        header["baselines"] = beside
    tensors = trained.tensors()
    if parts is not None:
        header |= parts.stored()
        for term in parts.terms:
            held, weights = term.stored()
            header |= held
            tensors |= weights
        note(f"parts on the validation rows: {part_line(stacked_parts(header))}")
    label = "loss" if trained.scale is None else "loss (scaled targets)"
    return write_network(request, Model(header, tensors), [member.result for member in members], label)


def _described_members(data: TrainingData, trained: FittedModel) -> Json:
    """Return what a model's header holds of the networks of an ensemble, whose metrics are noted."""
    if len(trained.members) == 1:
        return {}
    rows = [
        {
            "seed": member.seed, "best_epoch": member.result.best_epoch,
            "metrics": evaluate_valid(
                data, trained.in_units(member.outputs), f"network {number}, seed {member.seed}"
            ),
        }
        for number, member in enumerate(trained.members, 1)
    ]  # fmt: skip
    return {"members": rows}


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
