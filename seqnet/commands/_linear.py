"""Training linear models from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqnet.commands._console import progress_bar
from seqnet.commands._training_sources import Source, take_splits

if TYPE_CHECKING:
    from seqnet.datasets.leakage import OnLeak
    from seqnet.kmers.settings import KmerSettings


def train_linear(
    kmers: KmerSettings,
    seed: int,
    threads: int,
    output: str,
    metrics: str | None,
    json_path: str | None,
    on_leak: OnLeak | None,
    **options: Any,
) -> None:
    """Train a linear model and write it with its side files.

    Parameters
    ----------
    options
        Those of `split_options` and of `Source`.
    """
    import numpy as np

    from seqnet.commands._judging import judge_valid, valid_thresholds
    from seqnet.commands._training import SideFiles, model_header, write_outputs
    from seqnet.commands._training_data import load_training_data
    from seqnet.networks.model import Model
    from seqnet.training.columns import column_statistics
    from seqnet.training.linear import STRENGTHS, fit_linear

    data = load_training_data(
        Source.take(options), take_splits(options), task_type="binary", kmers=kmers, strands=kmers.strands,
        seed=seed, on_leak=on_leak,
    )  # fmt: skip
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
    outputs = data.features[valid] @ weights.T + bias
    judged = judge_valid(data, outputs)
    header = model_header(
        data, kind="linear", architecture=[], strands="forward", seed=seed, threads=threads,
        options={"strengths": [task.strength for task in tasks]}, metrics=judged,
    )  # fmt: skip
    header["thresholds"] = valid_thresholds(data, outputs)
    tensors = {
        "0.weight": weights.astype(np.float32),
        "0.bias": bias.astype(np.float32),
        "input.mean": np.zeros(weights.shape[1], np.float32),
        "input.scale": np.ones(weights.shape[1], np.float32),
        "input.deviation": column_statistics(data.features[train])[1],
    }
    rows = zip(data.regions.tasks, tasks, judged, strict=False)
    log = [(name, task.strength, task.valid_loss, m["auroc"], m["auprc"]) for name, task, m in rows]
    columns = ("task", "strength", "valid_loss", "valid_auroc", "valid_auprc")
    side = SideFiles.beside(output, metrics, json_path, None)
    write_outputs(output, side, Model(header, tensors), columns, log, None)
