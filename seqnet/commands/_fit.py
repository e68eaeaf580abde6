"""Training a network from the command line: inputs, the fit, its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqnet.commands._console import detail, note, progress_bar

if TYPE_CHECKING:
    from seqnet.commands._architecture import Architecture
    from seqnet.commands._training import TrainingData
    from seqnet.training.fit import FitResult
    from seqnet.training.metrics import BinaryMetrics


def train_network(
    kind: str,
    architecture: Architecture,
    kmers: Any,
    strands: Any,
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
    from seqnet.commands._architecture import make_network, print_network
    from seqnet.commands._training import SideFiles, load_training_data, model_header, torch_device
    from seqnet.commands._training import write_outputs as write
    from seqnet.networks.layers import Shape
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
    if architecture.dry_run:
        print_network(architecture, shape, len(data.regions.tasks))
        return
    network = make_network(architecture, shape, data.targets[data.rows("train")])
    result, logits = _fit(network, data, inputs, config, chosen)
    judged = judge(data, logits)
    fitted = {
        "epochs": epochs, "batch-size": batch_size, "learning-rate": learning_rate,
        "weight-decay": weight_decay, "patience": patience, "best-epoch": result.best_epoch,
    }  # fmt: skip
    header = model_header(
        data, kind=kind, architecture=architecture.layers, strands=strands, seed=seed, threads=threads,
        options={**architecture.described, **fitted}, metrics=judged,
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


def judge(data: TrainingData, scores: Any) -> list[BinaryMetrics]:
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
