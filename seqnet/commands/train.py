"""``seqnet train``: linear, dense and convolutional models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqnet.commands._command import Command, Group
from seqnet.commands._console import detail, note, progress_bar
from seqnet.commands._options import (
    combine,
    common_options,
    device_option,
    genome_option,
    output_option,
    seed_option,
    split_options,
    strands_option,
    threads_option,
)
from seqnet.networks.presets import DEFAULT_PRESET, PRESETS

if TYPE_CHECKING:
    from seqnet.commands._training import TrainingData
    from seqnet.networks.presets import Layers
    from seqnet.training.fit import FitResult
    from seqnet.training.metrics import BinaryMetrics

command = Group("train", short_help="Train a model on labelled sequences.", help=(
    "Train a model on labelled sequences.\n\n"
    "Inputs are a k-mer table with labels, or labelled regions with a genome. Rows whose split is "
    "test are never looked at."
))  # fmt: skip

_feature_options = combine(
    click.option("--features", metavar="TABLE", help="k-mer table, joined to --labels by name."),
    click.option("--labels", metavar="BED", help="Labelled regions (with --features)."),
)
_kmer_options = combine(
    click.option("-k", "--k", "k", type=click.IntRange(1, 12), default=6, show_default=True,
                 help="k-mer length (with --regions)."),
    strands_option,
    click.option("--normalize", type=click.Choice(["counts", "frequency", "sqrt"]), default="sqrt",
                 show_default=True, help="k-mer features (with --regions)."),
)  # fmt: skip
_region_options = combine(
    click.option("--regions", metavar="BED", help="Labelled regions (with --genome)."), genome_option
)
_output_options = combine(
    output_option("Model file.", required=True, default=None),
    click.option("--metrics", metavar="TSV", help="Training log (default: beside the model)."),
    click.option("--json", "json_path", metavar="JSON", help="Summary (default: beside the model)."),
    threads_option(0),
    common_options,
)
_fit_options = combine(
    click.option("--epochs", type=click.IntRange(1), default=25, show_default=True, help="Epochs at most."),
    click.option("--batch-size", type=click.IntRange(1), default=128, show_default=True,
                 help="Rows per step."),
    click.option("--learning-rate", type=click.FloatRange(0, min_open=True), default=2e-3,
                 show_default=True, help="Peak learning rate of the one-cycle schedule."),
    click.option("--weight-decay", type=click.FloatRange(0), default=0.01, show_default=True,
                 help="Weight decay of AdamW."),
    click.option("--patience", type=click.IntRange(1), default=10, show_default=True,
                 help="Epochs without a better validation loss before stopping."),
    click.option("--plot", metavar="SVG", help="Learning curve (default: beside the model)."),
    device_option,
)  # fmt: skip


@command.command(
    "linear",
    cls=Command,
    short_help="Train logistic regressions on k-mers.",
    example="seqnet train linear --features kmers.npz --labels regions.bed -o linear.safetensors",
)
@_feature_options
@_region_options
@_kmer_options
@split_options
@seed_option
@_output_options
def linear(
    k: int,
    strands: str,
    normalize: str,
    seed: int,
    threads: int,
    output: str,
    metrics: str | None,
    json_path: str | None,
    **source: Any,
) -> None:
    """Train logistic regressions on k-mers, their L2 penalty chosen on the validation rows."""
    import numpy as np

    from seqnet.commands._training import SideFiles, load_training_data, model_header, write_outputs
    from seqnet.kmers.table import KmerSettings
    from seqnet.networks.model import Model
    from seqnet.training.linear import STRENGTHS, fit_linear

    kmers = KmerSettings(k, strands, normalize)
    data = load_training_data(kmers=kmers, seed=seed, **source)
    assert data.features is not None
    train, valid = data.rows("train"), data.rows("valid")
    with progress_bar("solutions", len(STRENGTHS) * len(data.regions.tasks)) as progress:
        tasks = fit_linear(
            (data.features[train], data.targets[train]),
            (data.features[valid], data.targets[valid]),
            progress=progress,
        )
    weights = np.stack([task.weights for task in tasks])
    bias = np.array([task.bias for task in tasks])
    judged = _judge(data, data.features[valid] @ weights.T + bias)
    header = model_header(
        data, kind="linear", architecture=[], strands="forward", seed=seed, threads=threads,
        options={"strengths": [task.strength for task in tasks]}, metrics=judged,
    )  # fmt: skip
    tensors = {
        "0.weight": weights.astype(np.float32),
        "0.bias": bias.astype(np.float32),
        "input.mean": np.zeros(weights.shape[1], np.float32),
        "input.scale": np.ones(weights.shape[1], np.float32),
    }
    rows = zip(data.regions.tasks, tasks, judged, strict=False)
    log = [(name, task.strength, task.valid_loss, m.auroc, m.auprc) for name, task, m in rows]
    columns = ("task", "strength", "valid_loss", "valid_auroc", "valid_auprc")
    side = SideFiles.beside(output, metrics, json_path, None)
    write_outputs(output, side, Model(header, tensors), columns, log, None)


@command.command(
    "dense",
    cls=Command,
    short_help="Train a fully connected network on k-mers.",
    example="seqnet train dense --features kmers.npz --labels regions.bed --hidden 64,16 "
    "-o dense.safetensors",
)
@_feature_options
@_region_options
@_kmer_options
@click.option("--hidden", default="64", show_default=True, metavar="SIZES", help="Hidden layers, comma list.")
@click.option(
    "--dropout",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.3,
    show_default=True,
    help="Dropout after each hidden layer.",
)
@_fit_options
@split_options
@seed_option
@_output_options
def dense(k: int, strands: str, normalize: str, hidden: str, dropout: float, **options: Any) -> None:
    """Train a fully connected network on k-mers, standardised on the training rows."""
    from seqnet.errors import UsageError
    from seqnet.kmers.table import KmerSettings
    from seqnet.networks.presets import dense_layers

    try:
        sizes = [int(word) for word in hidden.split(",") if word]
    except ValueError:
        sizes = [0]
    if any(size < 1 for size in sizes):
        raise UsageError(f"--hidden {hidden!r}: expected sizes such as 64,16")
    _train_network(
        "dense", dense_layers(sizes, dropout), KmerSettings(k, strands, normalize), "forward",
        {"hidden": sizes, "dropout": dropout}, **options,
    )  # fmt: skip


@command.command(
    "cnn",
    cls=Command,
    short_help="Train a convolutional network on sequences.",
    example="seqnet train cnn --regions regions.bed --genome genome.fa -o cnn.safetensors",
)
@_region_options
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default=DEFAULT_PRESET,
    show_default=True,
    help="; ".join(f"{name}: {preset.help}" for name, preset in PRESETS.items()) + ".",
)
@strands_option
@_fit_options
@split_options
@seed_option
@_output_options
def cnn(preset: str, strands: str, **options: Any) -> None:
    """Train a convolutional network on sequences, validated every epoch, best weights kept."""
    _train_network(
        "cnn", PRESETS[preset].layers, None, strands, {"preset": preset},
        features=None, labels=None, **options,
    )  # fmt: skip


def _train_network(
    kind: str,
    layers: Layers,
    kmers: Any,
    strands: Any,
    described: dict[str, Any],
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    patience: int,
    seed: int,
    threads: int,
    device: str,
    output: str,
    metrics: str | None,
    json_path: str | None,
    plot: str | None,
    **source: Any,
) -> None:
    """Train a network and write it with its side files."""
    from seqnet.commands._training import SideFiles, load_training_data, model_header, torch_device
    from seqnet.commands._training import write_outputs as write
    from seqnet.networks.layers import Shape, build_network
    from seqnet.networks.model import Model
    from seqnet.reports.curves import learning_curve
    from seqnet.training.fit import EpochRow, FitConfig, set_seed

    chosen = torch_device(device, threads)
    data = load_training_data(kmers=kmers, seed=seed, **source)
    config = FitConfig(epochs, batch_size, learning_rate, weight_decay, patience, strands, seed)
    inputs, constants = _network_inputs(data)
    set_seed(seed)
    features = None if data.features is None else data.features.shape[1]
    shape = Shape(4, data.regions.width()) if features is None else Shape(features, None)
    network = build_network(layers, shape, len(data.regions.tasks))
    result, logits = _fit(network, data, inputs, config, chosen)
    judged = _judge(data, logits)
    fitted = {
        "epochs": epochs, "batch-size": batch_size, "learning-rate": learning_rate,
        "weight-decay": weight_decay, "patience": patience, "best-epoch": result.best_epoch,
    }  # fmt: skip
    header = model_header(
        data, kind=kind, architecture=layers, strands=strands, seed=seed, threads=threads,
        options={**described, **fitted}, metrics=judged,
    )  # fmt: skip
    tensors = {name: tensor.cpu().contiguous().numpy() for name, tensor in network.state_dict().items()}
    history = result.history
    curve = learning_curve(
        [row.epoch for row in history],
        [row.train_loss for row in history],
        [row.valid_loss for row in history],
        result.best_epoch,
    )
    side = SideFiles.beside(output, metrics, json_path, plot)
    write(output, side, Model(header, {**tensors, **constants}), EpochRow._fields, history, curve)


def _network_inputs(data: TrainingData) -> tuple[Any, dict[str, Any]]:
    """Return the inputs of all rows, and the constants that go with features."""
    from seqnet.training.inputs import FeatureInputs, SequenceInputs, column_statistics

    if data.features is None:
        assert data.codes is not None
        return SequenceInputs(data.codes), {}
    mean, scale = column_statistics(data.features[data.rows("train")])
    return FeatureInputs(data.features, mean, scale), {"input.mean": mean, "input.scale": scale}


def _fit(network: Any, data: TrainingData, inputs: Any, config: Any, device: Any) -> tuple[FitResult, Any]:
    """Train on the training rows; return the result and the validation rows' logits."""
    import numpy as np

    from seqnet.training.fit import Examples, fit
    from seqnet.training.predict import predict_logits

    targets = data.targets.astype(np.float32)
    parts = {
        split: Examples(inputs.subset(data.rows(split)), targets[data.rows(split)])
        for split in ("train", "valid")
    }

    def log(row: Any) -> None:
        detail(" ".join(f"{name}={value:.4g}" for name, value in row._asdict().items() if value is not None))

    with progress_bar("rows", config.epochs * len(parts["train"].inputs)) as progress:
        result = fit(
            network, parts["train"], parts["valid"], config,
            device=device, tasks=data.regions.tasks, log=log, progress=progress,
        )  # fmt: skip
    logits = predict_logits(network, parts["valid"].inputs, device=device, strands=config.strands)
    return result, logits


def _judge(data: TrainingData, scores: Any) -> list[BinaryMetrics]:
    """Judge scores (rows, T) of the validation rows, and say how good they are."""
    import numpy as np

    from seqnet.training.metrics import task_metrics

    rows = data.rows("valid")
    judged = task_metrics(data.regions.tasks, data.targets[rows], np.asarray(scores, dtype=np.float64))
    last = judged[-1]
    if last.auroc is not None and last.auprc is not None and last.base_rate is not None:
        what = "mean " if len(judged) > 1 else ""
        note(
            f"valid ({len(rows)} rows): {what}auROC {last.auroc:.4f}, {what}auPRC {last.auprc:.4f} "
            f"at a base rate of {last.base_rate:.4f}"
        )
    return judged
