"""Fitting a network, whatever it learns: its configuration, processes, checkpoints, log and outputs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, NamedTuple

import torch

from seqnet.formats.files.checksummed import file_digest
from seqnet.formats.files.header import base_name
from seqnet.formats.files.opening import open_output
from seqnet.formats.results.metrics import write_table
from seqnet.inference.batched import BATCH, predict_logits
from seqnet.inference.device import torch_device
from seqnet.inference.precision import choose_precision, wrong_in_bf16
from seqnet.lookup import library_version
from seqnet.metrics.monitor import Figures
from seqnet.networks.describe import describe_network
from seqnet.networks.layers import build_network
from seqnet.networks.optimisers import OPTIMISERS
from seqnet.networks.task_types import DEFAULT_TARGET_SCALE
from seqnet.pipeline.motifs.pictures import image_format
from seqnet.pipeline.training.defaults import (
    SMALL_SET,
    default_batch,
    default_ema,
    default_epochs,
    default_monitor,
)
from seqnet.pipeline.training.outputs import TrainingResult, write_outputs
from seqnet.reporting import detail, meter, mute, note
from seqnet.reports.curves import learning_curve, mean_by_epoch
from seqnet.reports.logos import ImageFormat
from seqnet.training.config import EpochRow, Examples, FitConfig, FitResult, Hooks
from seqnet.training.distributed import Ranks, join, leave, placement
from seqnet.training.fit import StoppedError, fit
from seqnet.version import __version__

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from seqnet.aliases import Json
    from seqnet.networks.layers import Shape
    from seqnet.networks.model import Model
    from seqnet.networks.presets import Layers
    from seqnet.pipeline.training.checkpoints import Checkpoints
    from seqnet.pipeline.training.data import TrainingData
    from seqnet.pipeline.training.request import FitRequest, NetworkRequest, TrainRequest

LOG = "metrics.tsv"
"""The log of a run that is not finished, in its folder of checkpoints."""


def fit_config(request: FitRequest, *, epochs: int, batch_size: int, device: torch.device) -> FitConfig:
    """Return how to train, but for what depends on the targets.

    Parameters
    ----------
    epochs, batch_size
        Epochs and rows per step, unless the request has them.
    """
    rate = request.learning_rate
    return FitConfig(
        epochs=epochs if request.epochs is None else request.epochs,
        batch_size=batch_size if request.batch_size is None else request.batch_size,
        optimiser=request.optimiser,
        optimiser_options=dict(request.optimiser_options or {}),
        learning_rate=OPTIMISERS[request.optimiser].rate if rate is None else rate,
        weight_decay=request.weight_decay,
        schedule=request.schedule,
        decay_epochs=request.decay_epochs,
        decay_factor=request.decay_factor,
        warmup=request.warmup,
        clip=request.clip,
        max_norm=request.max_norm,
        ema=request.ema or 0.0,
        monitor=request.monitor or "loss",
        patience=request.patience,
        precision=choose_precision(request.precision, device),
        compile=request.compile,
        seed=request.seed,
    )


def with_right_precision(
    config: FitConfig, layers: Layers, shape: Shape, outputs: int, device: torch.device
) -> FitConfig:
    """Return how to train a network, in float32 where the processor gets it wrong in bfloat16."""
    if config.precision != "bf16" or device.type != "cpu":
        return config
    with torch.device("meta"):
        network = build_network(layers, shape, outputs)
    wrong = wrong_in_bf16(network)
    if not wrong:
        return config
    note(f"float32 is used: torch computes {wrong} wrong in bfloat16 on this processor")
    return replace(config, precision="float32")


def labelled_config(
    request: NetworkRequest,
    data: TrainingData,
    *,
    jitter: int,
    strands: str,
    device: torch.device,
    average: bool = False,
    mutate: float = 0.0,
) -> FitConfig:
    """Return how to train on labelled rows; what the request leaves open is decided by them.

    Parameters
    ----------
    jitter, strands
        How windows are moved and sequences read.
    average
        Whether weights are averaged by default; those of regressions and of small sets always are.
    mutate
        Share of the bases that are replaced at random.
    """
    train, task_type = data.rows("train"), data.task_type
    batch = default_batch(len(train)) if request.batch_size is None else request.batch_size
    epochs = default_epochs(len(train), batch)
    config = fit_config(request, epochs=epochs, batch_size=batch, device=device)
    if request.ema is None and (average or task_type == "regression" or len(train) < SMALL_SET):
        steps = config.epochs * (-(-len(train) // batch) if batch else 1)
        config = replace(config, ema=default_ema(steps))
    if request.monitor is None:
        monitor = default_monitor(task_type, data.targets[train], data.targets[data.rows("valid")])
        config = replace(config, monitor=monitor)
    return replace(
        config,
        class_weights=request.class_weights,
        balance=request.balance,
        task_type=task_type,
        loss=request.loss_for(task_type),
        strands="both" if strands == "both" else "forward",
        jitter=jitter,
        mutate=mutate,
    )


def chosen_target_scale(scale: str | None, task_type: str) -> str:
    """Return the rule for targets of a type, row of ``networks.heads.TARGET_SCALES``."""
    return (scale or DEFAULT_TARGET_SCALE) if task_type == "regression" else "none"


@contextmanager
def processes(device: str, threads: int) -> Iterator[tuple[torch.device, Ranks]]:
    """Initialise the process group; yield this process's device and its rank."""
    place, threads_before = placement(os.environ), torch.get_num_threads()
    if place.size > 1 and place.rank:
        mute()  # the first speaks for all
    own = (
        f"cuda:{place.local_rank}"
        if place.size > 1 and device in ("auto", "cuda") and _has_cuda()
        else device
    )
    try:
        chosen = torch_device(own, threads)
        ranks = join(place, chosen)
        yield chosen, ranks
        leave(ranks)
    finally:
        torch.set_num_threads(threads_before)


def _has_cuda() -> bool:
    """Return whether there is a GPU for each process to take its own."""
    return torch.cuda.is_available()


def described_options(config: FitConfig, described: Json, ranks: Ranks) -> Json:
    """Return the options that change results, by the names users know."""
    values = asdict(config)
    for name in ("seed", "strands", "task_weights"):  # have entries of their own
        del values[name]
    fitted = {name.replace("_", "-"): value for name, value in values.items()}
    return {**described, **fitted, "processes": ranks.size}


class RunIdentity(NamedTuple):
    """What must be the same for a run to go on with the same result."""

    kind: str
    layers: Layers
    options: Json
    tasks: tuple[str, ...]
    files: tuple[str, ...]
    content: str
    """Digest of what is learnt from."""
    threads: int
    seed: int

    def settings(self, device: torch.device) -> Json:
        """Return it as a checkpoint keeps it."""
        settings: Json = {
            "command": f"train {self.kind}",
            "architecture": self.layers,
            "options": self.options,
            "threads": self.threads,
            "seed": self.seed,
            "device": device.type,
            "tasks": list(self.tasks),
            "inputs": {base_name(path): file_digest(path) for path in self.files},
            "rows": self.content,
            "versions": {"seqnet": __version__, "torch": library_version("torch")},
        }
        as_stored: Json = json.loads(json.dumps(settings))
        return as_stored


class FitData(NamedTuple):
    """What a network learns from and is validated on."""

    train: Examples
    valid: Examples
    tasks: tuple[str, ...]
    resample: Callable[[int], Examples] | None = None
    """Gives the training rows of an epoch, where some are drawn again."""
    evaluate: Callable[[NDArray[np.float32]], Figures] | None = None
    """Metrics of outputs for the validation rows in the units of the targets, where these are scaled."""


def run_fit(
    network: nn.Module,
    learning: FitData,
    config: FitConfig,
    device: torch.device,
    ranks: Ranks,
    checkpoints: Checkpoints,
    identity: RunIdentity,
) -> tuple[FitResult, NDArray[np.float32]]:
    """Train on the training rows; return the result and the validation rows' outputs."""
    train, valid = learning.train, learning.valid
    snapshot = checkpoints.found(identity.settings(device))
    done = [] if snapshot is None else _history(snapshot.values["history"])
    log = _EpochLog(checkpoints.options.folder, done) if ranks.first else None
    with meter("rows", config.epochs * len(train.inputs)) as bar:
        if snapshot is not None:
            note(f"going on after step {snapshot.values['step']} of {checkpoints.options.folder}")
            bar.skip(_rows_done(snapshot.values, config, len(train.inputs)))

        def finished_epoch(row: EpochRow) -> None:
            if log is not None:
                log.add(row)
            bar.say(_status(row))

        hooks = Hooks(
            resample=learning.resample, evaluate=learning.evaluate,
            log=finished_epoch, progress=bar.advance,
            stop_request=checkpoints.stop_request, save=checkpoints.save,
            loss=lambda epoch, loss: bar.say(f"epoch {epoch} loss {loss:.4f}"),
        )  # fmt: skip
        try:
            result = fit(
                network, train, valid, config, device=device, tasks=learning.tasks, hooks=hooks,
                resume=snapshot, ranks=ranks,
            )  # fmt: skip
        except StoppedError as error:
            message = f"{error}; go on with --checkpoint-dir {checkpoints.whole} --resume"
            raise StoppedError(message, error.exit_code) from error
    checkpoints.signals.patient = False
    batch = BATCH if valid.targets.ndim == 2 else 1  # signals are long
    outputs = predict_logits(network, valid.inputs, device=device, strands=config.strands, batch=batch)
    return result, outputs


def _rows_done(values: Json, config: FitConfig, rows: int) -> int:
    """Return how many rows a run had read when its state was saved."""
    return int((values["epoch"] - 1) * rows + values["batch"] * (config.batch_size or rows))


def _history(rows: list[Json]) -> list[EpochRow]:
    """Return the lines of a log that a checkpoint keeps."""
    return [EpochRow(*(row[name] for name in EpochRow._fields)) for row in rows]


class _EpochLog:
    """The table of epochs next to the checkpoints, rewritten after each, so that it is always complete.

    Parameters
    ----------
    folder
        That of the checkpoints; None keeps no such table.
    history
        Epochs of before.
    """

    def __init__(self, folder: str | None, history: list[EpochRow]) -> None:
        self._folder, self._history = folder, history

    def add(self, row: EpochRow) -> None:
        """Add an epoch."""
        self._history.append(row)
        detail(" ".join(f"{name}={value:.4g}" for name, value in row.columns().items() if value is not None))
        if self._folder is not None:
            with open_output(os.path.join(self._folder, LOG), at_once=True) as stream:
                write_table(stream, *log_table(self._history), {})


def log_table(history: list[EpochRow]) -> tuple[list[str], list[list[float | int | None]]]:
    """Return the columns and rows of the training log."""
    rows = [row.columns() for row in history]
    return list(rows[0]), [list(row.values()) for row in rows]


def _status(row: EpochRow) -> str:
    """Return an epoch's figures for the progress bar."""
    metrics = " ".join(f"{name} {value:.4f}" for name, value in row.metrics.items() if value is not None)
    return f"epoch {row.epoch} loss {row.train_loss:.4f} valid {row.valid_loss:.4f} {metrics}"


def curve_of(results: Sequence[FitResult], label: str = "loss", image: ImageFormat = "svg") -> bytes:
    """Draw the learning curve, of several networks the mean of those that have an epoch."""
    history = [row for result in results for row in result.history]
    epochs = [row.epoch for row in history]
    (steps, train), (_, valid) = (
        mean_by_epoch(epochs, losses)
        for losses in ([row.train_loss for row in history], [row.valid_loss for row in history])
    )
    best = results[0].best_epoch if len(results) == 1 else None
    return learning_curve(steps, train, valid, best, label, image)


def described_network(layers: Layers, shape: Shape, tasks: int) -> TrainingResult:
    """Return what a dry run does: the network's layers."""
    return TrainingResult(layers=tuple(describe_network(layers, shape, tasks)))


def weights_of(network: nn.Module) -> dict[str, NDArray[np.generic]]:
    """Return a network's parameters and buffers by name."""
    return {name: tensor.cpu().contiguous().numpy() for name, tensor in network.state_dict().items()}


def write_network(
    request: TrainRequest, model: Model, results: Sequence[FitResult], label: str = "loss"
) -> TrainingResult:
    """Return trained networks with their history; otherwise as `write_outputs`.

    Parameters
    ----------
    results
        Of each network; the rows of several begin with its number, from 1.
    label
        Of the losses in the learning curve.
    """
    history = [
        ({"member": number} if len(results) > 1 else {}) | row.columns()
        for number, result in enumerate(results, 1)
        for row in result.history
    ]
    plot = request.side_paths().get("plot")
    image = "svg" if plot is None else image_format(plot)
    curve = None if request.output is None else curve_of(results, label, image)
    return write_outputs(request, model, history, curve, {"history": history})
