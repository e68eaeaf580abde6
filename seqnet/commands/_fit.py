"""Training a network from the command line: inputs, the fit, its outputs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from seqnet.commands._baselines import Baselines
from seqnet.commands._checkpoints import CheckpointOptions, Checkpoints
from seqnet.commands._console import detail, note, training_bar, verbosity
from seqnet.commands._fit_inputs import (
    content_digest,
    examples,
    fitted_architecture,
    input_shape,
    network_inputs,
    resample,
)
from seqnet.commands._fit_options import RunOptions, check_options, default_epochs, take_config
from seqnet.commands._kmer_term import term_for, valid_rows, wants_term
from seqnet.commands._training_sources import Source, take_splits
from seqnet.errors import UsageError

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.commands._architecture import Architecture
    from seqnet.commands._training import SideFiles
    from seqnet.commands._training_data import TrainingData
    from seqnet.datasets.leakage import OnLeak
    from seqnet.networks.presets import Layers
    from seqnet.training.config import EpochRow, Examples, FitConfig, FitResult
    from seqnet.training.kmer_term import KmerTerm
    from seqnet.training.ranks import Ranks


def train_network(
    kind: str,
    architecture: Architecture,
    kmers: Any,
    strands: Any,
    *,
    task_type: str | None,
    loss: str | None,
    on_leak: OnLeak | None,
    towers: bool = False,
    kmer_term: bool | None = None,
    **options: Any,
) -> None:
    """Train a network and write it with its side files.

    Parameters
    ----------
    options
        Those of `fit_options`, of `RunOptions`, of `split_options` and of `Source`.
    """
    if task_type is not None:
        check_options(options, task_type)
    run, kept = RunOptions.take(options), CheckpointOptions.take(options)
    baselines, source, splits = Baselines.take(options), Source.take(options), take_splits(options)
    from seqnet.commands._architecture import print_network
    from seqnet.commands._training_data import load_training_data

    with (
        processes(run.device, run.threads) as (chosen, ranks),
        Checkpoints(kept, first=ranks.first).held() as checkpoints,
    ):
        data = load_training_data(
            source, splits, task_type=task_type, kmers=kmers, strands=strands, seed=run.seed, on_leak=on_leak,
            jitter=options.get("jitter", 0),
        )  # fmt: skip
        architecture = fitted_architecture(architecture, data, towers=towers)
        check_options(options, data.task_type)
        baselines.check(data.task_type)
        termed = wants_term(kmer_term, architecture, data)
        config = _config(options, data, loss, strands, run, chosen)
        if architecture.dry_run:
            print_network(architecture, input_shape(data), len(data.regions.tasks))
            return
        inputs, constants = network_inputs(data, stranded=strands == "column", reach=config.jitter)
        network = _network(architecture, data, run.seed)
        settings = described_options(config, architecture.described | {"kmer-term": termed}, ranks)
        beside = baselines.judge(data, strands) if ranks.first else {}
        learning = _learning(data, inputs)
        content = content_digest(data)
        asked = Asked(kind, architecture.layers, settings, learning.tasks, data.files, content, run.threads)
        result, outputs = run_fit(network, learning, config, chosen, ranks, checkpoints, run.side, asked)
        if ranks.first:
            about = {
                "kind": kind, "architecture": architecture.layers, "strands": strands, "seed": run.seed,
                "threads": run.threads, "options": settings | {"best-epoch": result.best_epoch},
            }  # fmt: skip
            term = _term(data, outputs, strands, run.seed, beside) if termed else None
            _write(network, data, result, outputs, constants, about, beside, run, term)


def _config(
    options: dict[str, Any], data: TrainingData, loss: str | None, strands: str, run: RunOptions,
    device: Any,
) -> FitConfig:  # fmt: skip
    """Return how to train."""
    from seqnet.networks.heads import loss_name
    from seqnet.training.precision import choose_precision

    try:
        name = loss_name(data.task_type, loss)
    except ValueError as error:
        raise UsageError(f"--{error}") from error
    if options["epochs"] is None:
        options["epochs"] = default_epochs(len(data.rows("train")))
    return take_config(
        options, task_type=data.task_type, loss=name, strands="both" if strands == "both" else "forward",
        seed=run.seed, precision=choose_precision(run.precision, device),
    )  # fmt: skip


def _network(architecture: Architecture, data: TrainingData, seed: int) -> Any:
    """Build the network and give it its first weights."""
    from seqnet.commands._architecture import make_network
    from seqnet.networks.heads import TASK_TYPES
    from seqnet.training.fit import set_seed

    set_seed(seed)
    targets = data.targets[data.rows("train")]
    return make_network(architecture, input_shape(data), targets, TASK_TYPES[data.task_type].output)


def _write(
    network: Any,
    data: TrainingData,
    result: FitResult,
    outputs: Any,
    constants: dict[str, Any],
    about: Json,
    beside: Json,
    run: RunOptions,
    term: KmerTerm | None,
) -> None:
    """Write a trained network and its side files, the metrics of baselines among them."""
    from seqnet.commands._judging import judge_valid, valid_thresholds
    from seqnet.commands._training import model_header, write_outputs
    from seqnet.networks.model import Model

    if term is not None:
        outputs = term.added(outputs, valid_rows(data)[0])
    header = model_header(data, metrics=judge_valid(data, outputs), **about)
    header["thresholds"] = valid_thresholds(data, outputs)
    if beside:
        header["baselines"] = beside
    tensors = {name: tensor.cpu().contiguous().numpy() for name, tensor in network.state_dict().items()}
    if term is not None:
        held, weights = term.stored()
        header |= held
        tensors |= weights
    columns, rows = log_table(result.history)
    summary = {"history": [row.columns() for row in result.history]}
    model = Model(header, {**tensors, **constants})
    write_outputs(run.output, run.side, model, columns, rows, curve_of(result), summary)


def _term(data: TrainingData, outputs: Any, strands: str, seed: int, beside: Json) -> KmerTerm:
    """Fit the k-mer term, and put the network's own figures beside those of the sum."""
    from seqnet.commands._judging import judge_binary

    alone = "network without its k-mer term"
    beside[alone] = judge_binary(data, data.targets[data.rows("valid")], outputs, alone)
    return term_for(data, outputs, strands, seed)


@contextmanager
def processes(device: str, threads: int) -> Iterator[tuple[Any, Ranks]]:
    """Meet the other processes of the run; lend this one's device and its place among them."""
    from seqnet.commands._training import torch_device
    from seqnet.training.ranks import join, leave, placement

    place = placement(os.environ)
    if place.size > 1 and place.rank:
        verbosity().quiet = True  # the first speaks for all
    own = (
        f"cuda:{place.local_rank}"
        if place.size > 1 and device in ("auto", "cuda") and _has_cuda()
        else device
    )
    chosen = torch_device(own, threads)
    ranks = join(place, chosen)
    yield chosen, ranks
    leave(ranks)


def _has_cuda() -> bool:
    """Tell whether there is a GPU for each process to take its own."""
    import torch

    return torch.cuda.is_available()


def described_options(config: FitConfig, described: dict[str, Any], ranks: Ranks) -> Json:
    """Return the options that change results, by the names users know."""
    values = asdict(config)
    for name in ("seed", "strands", "task_weights"):  # have entries of their own
        del values[name]
    fitted = {name.replace("_", "-"): value for name, value in values.items()}
    return {**described, **fitted, "processes": ranks.size}


class Asked(NamedTuple):
    """What must be the same for a run to go on with the same result."""

    kind: str
    layers: Layers
    options: Json
    tasks: tuple[str, ...]
    files: tuple[str, ...]
    content: str
    """Digest of what is learnt from."""
    threads: int

    def settings(self, device: Any) -> Json:
        """Return it as a checkpoint keeps it."""
        import seqnet
        from seqnet.commands._training import file_digest
        from seqnet.commands._version import library_version
        from seqnet.formats.header import base_name

        settings: Json = {
            "command": f"train {self.kind}",
            "architecture": self.layers,
            "options": self.options,
            "threads": self.threads,
            "device": device.type,
            "tasks": list(self.tasks),
            "inputs": {base_name(path): file_digest(path) for path in self.files},
            "rows": self.content,
            "versions": {"seqnet": seqnet.__version__, "torch": library_version("torch")},
        }
        as_stored: Json = json.loads(json.dumps(settings))
        return as_stored


class Learning(NamedTuple):
    """What a network learns from and is validated on."""

    train: Examples
    valid: Examples
    tasks: tuple[str, ...]
    resample: Callable[[int], Examples] | None = None
    """Gives the training rows of an epoch, where they are drawn anew."""


def _learning(data: TrainingData, inputs: Any) -> Learning:
    """Return the training and validation rows."""
    train, valid = (examples(data, inputs, split) for split in ("train", "valid"))
    return Learning(train, valid, data.regions.tasks, resample(data, train))


def run_fit(
    network: Any,
    learning: Learning,
    config: FitConfig,
    device: Any,
    ranks: Ranks,
    checkpoints: Checkpoints,
    side: SideFiles,
    asked: Asked,
) -> tuple[FitResult, Any]:
    """Train on the training rows; return the result and the validation rows' outputs."""
    from seqnet.training.config import Hooks
    from seqnet.training.fit import StoppedError, fit
    from seqnet.training.predict import BATCH, predict_logits

    train, valid = learning.train, learning.valid
    snapshot = checkpoints.found(asked.settings(device))
    done = [] if snapshot is None else _history(snapshot.values["history"])
    log = _EpochLog(side.metrics, done) if ranks.first else None
    with training_bar(config.epochs * len(train.inputs)) as bar:
        if snapshot is not None:
            note(f"going on after step {snapshot.values['step']} of {checkpoints.options.folder}")
            bar.skip(_rows_done(snapshot.values, config, len(train.inputs)))

        def finished_epoch(row: EpochRow) -> None:
            if log is not None:
                log.add(row)
            bar.say(_status(row))

        hooks = Hooks(
            resample=learning.resample,
            log=finished_epoch, progress=bar.advance, wish=checkpoints.wish, save=checkpoints.save,
            loss=lambda epoch, loss: bar.say(f"epoch {epoch} loss {loss:.4f}"),
        )  # fmt: skip
        try:
            result = fit(
                network, train, valid, config, device=device, tasks=learning.tasks, hooks=hooks,
                resume=snapshot, ranks=ranks,
            )  # fmt: skip
        except StoppedError as error:
            message = f"{error}; go on with --checkpoint-dir {checkpoints.options.folder} --resume"
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
    from seqnet.training.config import EpochRow

    return [EpochRow(**row) for row in rows]


class _EpochLog:
    """The table of epochs, written anew after each, so that it is whole at any time.

    Parameters
    ----------
    path
        Where; what is no regular file is written once, at the end, with the other outputs.
    history
        Epochs of before.
    """

    def __init__(self, path: str, history: list[EpochRow]) -> None:
        self._path, self._history = path, history

    def add(self, row: EpochRow) -> None:
        """Add an epoch."""
        from seqnet.formats._open import STANDARD, open_output, written_through
        from seqnet.formats.metrics import write_table

        self._history.append(row)
        detail(" ".join(f"{name}={value:.4g}" for name, value in row.columns().items() if value is not None))
        if self._path != STANDARD and not written_through(self._path):
            with open_output(self._path) as stream:
                write_table(stream, *log_table(self._history))


def log_table(history: list[EpochRow]) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and rows of the training log."""
    rows = [row.columns() for row in history]
    return list(rows[0]), [list(row.values()) for row in rows]


def _status(row: EpochRow) -> str:
    """Return an epoch's figures for the progress bar."""
    metrics = " ".join(f"{name} {value:.4f}" for name, value in row.metrics.items() if value is not None)
    return f"epoch {row.epoch} loss {row.train_loss:.4f} valid {row.valid_loss:.4f} {metrics}"


def curve_of(result: FitResult) -> bytes:
    """Draw the learning curve."""
    from seqnet.reports.curves import learning_curve

    history = result.history
    return learning_curve(
        [row.epoch for row in history],
        [row.train_loss for row in history],
        [row.valid_loss for row in history],
        result.best_epoch,
    )
