"""Settings and results of a training run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Progress, no_progress
from seqnet.inference.batched import Strands
from seqnet.inference.precision import Precision
from seqnet.metrics.monitor import Figures
from seqnet.model_inputs.inputs import Inputs
from seqnet.networks.optimisers import DEFAULT_OPTIMISER
from seqnet.networks.schedules import DEFAULT_SCHEDULE
from seqnet.training.snapshot import Snapshot


@dataclass(frozen=True)
class FitConfig:
    """How to train; by default AdamW on a one-cycle schedule."""

    epochs: int = 25
    batch_size: int = 128
    """Rows of a step, over all processes; 0 takes all rows."""
    optimiser: str = DEFAULT_OPTIMISER
    """Row of ``networks.optimisers.OPTIMISERS``."""
    optimiser_options: Mapping[str, float] = field(default_factory=dict)
    learning_rate: float = 2e-3
    """The highest of the schedule."""
    weight_decay: float = 0.01
    schedule: str = DEFAULT_SCHEDULE
    """Row of ``networks.schedules.SCHEDULES``."""
    decay_epochs: int = 5
    decay_factor: float = 0.1
    warmup: int = 0
    """Steps."""
    clip: float | None = None
    """The largest norm of all gradients together."""
    max_norm: float | None = None
    """The largest norm of the weights of a unit or filter."""
    task_weights: tuple[float, ...] = ()
    """What the loss of each task is multiplied by, in validation too; nothing where there are none."""
    class_weights: bool = False
    """Positives weigh so that both classes of a task weigh the same."""
    balance: bool = False
    """Rows are drawn so that both classes come as often."""
    ema: float = 0.0
    """Decay of the running average of weights that is validated and kept; 0 for none."""
    task_type: str = "binary"
    """Row of ``networks.heads.TASK_TYPES``."""
    loss: str = "bce"
    """Row of ``networks.losses.LOSSES``."""
    monitor: str = "loss"
    """What makes an epoch the best: ``loss``, or a metric of ``metrics.monitor``."""
    patience: int = 10
    """Epochs without a better one before stopping."""
    precision: Precision = "float32"
    compile: bool = False
    strands: Strands = "both"
    """``both`` reads each training sequence from a random strand and averages at validation."""
    jitter: int = 0
    """Training windows are moved by up to so many bases to either side."""
    mutate: float = 0.0
    """Share of the bases of training sequences that are replaced by random ones."""
    seed: int = 0


class Examples(NamedTuple):
    """Inputs and their targets, float32 (n, T), NaN where unknown."""

    inputs: Inputs
    targets: NDArray[np.float32]
    weights: NDArray[np.float32] | None = None
    """float32 (n,): of each row in the loss; None for ones."""


class EpochRow(NamedTuple):
    """One line of the training log."""

    epoch: int
    train_loss: float
    valid_loss: float
    metrics: Figures
    learning_rate: float
    """At the epoch's end."""

    def columns(self) -> dict[str, float | int | None]:
        """Return the line as columns by name."""
        metrics = {f"valid_{name}": value for name, value in self.metrics.items()}
        start = {"epoch": self.epoch, "train_loss": self.train_loss, "valid_loss": self.valid_loss}
        return {**start, **metrics, "learning_rate": self.learning_rate}


class FitResult(NamedTuple):
    """What training leaves."""

    best_epoch: int
    history: list[EpochRow]


class StopRequest(NamedTuple):
    """What is wanted after a step."""

    save: bool = False
    stop: int = 0
    """Save and stop; the exit code to end with."""


def no_stop_request(_step: int) -> StopRequest:
    """Want nothing."""
    return StopRequest()


@dataclass(frozen=True)
class Hooks:
    """What a run calls as it goes; in a run of several processes, `log` and `save` on the first only."""

    log: Callable[[EpochRow], object] = lambda _row: None
    """After every epoch."""
    progress: Progress = no_progress
    """Called with the number of rows done."""
    loss: Callable[[int, float], object] = lambda _epoch, _loss: None
    """After a step: epoch and loss, as often as they are known without waiting for the device."""
    stop_request: Callable[[int], StopRequest] = no_stop_request
    """Called after every step, with the number of steps since the beginning of training."""
    save: Callable[[Snapshot], object] = lambda _snapshot: None
    resample: Callable[[int], Examples] | None = None
    """Gives the training examples of an epoch, the same for the same number, always as many."""
    evaluate: Callable[[NDArray[np.float32]], Figures] | None = None
    """Metrics of the outputs for the validation examples, where these are not in the units of the loss."""
