"""The training loop: seeded, validated every epoch, stopped early, best weights kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from seqnet.aliases import Ints, Progress, no_progress
from seqnet.errors import SeqnetError
from seqnet.training.inputs import Inputs
from seqnet.training.metrics import task_metrics
from seqnet.training.predict import Strands, predict_logits


@dataclass(frozen=True)
class FitConfig:
    """How to train; AdamW on a one-cycle schedule."""

    epochs: int = 25
    batch_size: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    patience: int = 10
    """Epochs without a better validation loss before stopping."""
    strands: Strands = "both"
    """``both`` reads each training sequence from a random strand and averages at validation."""
    seed: int = 0


class Examples(NamedTuple):
    """Inputs and their targets, float32 (n, T), NaN where unknown."""

    inputs: Inputs
    targets: NDArray[np.float32]


class EpochRow(NamedTuple):
    """One line of the training log."""

    epoch: int
    train_loss: float
    valid_loss: float
    valid_auroc: float | None
    valid_auprc: float | None


class FitResult(NamedTuple):
    """What training leaves."""

    best_epoch: int
    history: list[EpochRow]


def masked_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean binary cross-entropy over known targets; (n, T), NaN is unknown."""
    known = ~torch.isnan(targets)
    loss = binary_cross_entropy_with_logits(logits, torch.where(known, targets, 0.0), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)


def set_seed(seed: int) -> None:
    """Seed torch, for initial weights and dropout."""
    torch.manual_seed(seed)


def fit(
    network: nn.Module,
    train: Examples,
    valid: Examples,
    config: FitConfig,
    *,
    device: torch.device,
    tasks: tuple[str, ...],
    log: Callable[[EpochRow], object] = lambda _row: None,
    progress: Progress = no_progress,
) -> FitResult:
    """Train a network in place and leave it with the weights of its best epoch.

    Best is the lowest loss on the validation examples. Each epoch's order and strands come from
    the seed and the epoch's number alone.

    Raises
    ------
    SeqnetError
        If the loss is no longer a number, naming epoch and batch.
    """
    network.to(device)
    batches = -(-len(train.inputs) // config.batch_size)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.epochs * batches
    )
    history: list[EpochRow] = []
    best_epoch, best_loss = 0, float("inf")
    best = _weights(network)
    for epoch in range(1, config.epochs + 1):
        loss = _train_epoch(network, train, config, epoch, optimiser, schedule, device, progress)
        row = _validate(network, valid, config, epoch, loss, device, tasks)
        history.append(row)
        log(row)
        if row.valid_loss < best_loss:
            best_epoch, best_loss, best = epoch, row.valid_loss, _weights(network)
        elif epoch - best_epoch >= config.patience:
            break
    network.load_state_dict(best)
    return FitResult(best_epoch, history)


def _weights(network: nn.Module) -> dict[str, Tensor]:
    """Copy a network's state."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def _epoch_batches(n: int, config: FitConfig, epoch: int) -> Iterator[tuple[Ints, NDArray[np.bool_]]]:
    """Yield the rows of each batch of an epoch and which of them to flip."""
    generator = np.random.default_rng([config.seed, epoch])
    order = generator.permutation(n)
    flip = generator.random(n) < 0.5
    if config.strands == "forward":
        flip[:] = False
    for start in range(0, n, config.batch_size):
        rows = order[start : start + config.batch_size]
        yield rows, flip[rows]


def _train_epoch(
    network: nn.Module,
    train: Examples,
    config: FitConfig,
    epoch: int,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    device: torch.device,
    progress: Progress,
) -> float:
    """Run one epoch; return the mean loss per row."""
    network.train()
    total = 0.0
    batches = _epoch_batches(len(train.inputs), config, epoch)
    for number, (rows, flip) in enumerate(batches, 1):
        targets = torch.from_numpy(train.targets[rows]).to(device)
        loss = masked_loss(network(train.inputs.batch(rows, device, flip)), targets)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise SeqnetError(
                f"training loss is {value} at epoch {epoch}, batch {number}; try a lower --learning-rate"
            )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        total += value * len(rows)
        progress(len(rows))
    return total / len(train.inputs)


def _validate(
    network: nn.Module,
    valid: Examples,
    config: FitConfig,
    epoch: int,
    train_loss: float,
    device: torch.device,
    tasks: tuple[str, ...],
) -> EpochRow:
    """Judge a network on the validation examples."""
    logits = predict_logits(network, valid.inputs, device=device, strands=config.strands)
    loss = masked_loss(torch.from_numpy(logits), torch.from_numpy(valid.targets))
    summary = task_metrics(tasks, valid.targets.astype(np.float64), logits.astype(np.float64))[-1]
    return EpochRow(epoch, train_loss, float(loss), summary.auroc, summary.auprc)
