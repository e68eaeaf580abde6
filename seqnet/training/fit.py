"""The training loop: seeded, validated every epoch, stopped early, best weights kept, resumable."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from seqnet.errors import SeqnetError, UsageError, lacks_memory
from seqnet.inference.batched import BATCH, predict_logits
from seqnet.inference.precision import autocast
from seqnet.metrics.monitor import evaluate_outputs
from seqnet.networks.fast.blocked_conv import learn_in_blocks
from seqnet.networks.losses import LOSSES
from seqnet.training.batches import Batch, EpochOrder, class_odds, feed, mutate, positive_weights
from seqnet.training.config import EpochRow, Examples, FitConfig, FitResult, Hooks
from seqnet.training.distributed import ALONE, Ranks
from seqnet.training.optimise import (
    Arrays,
    limit_norms,
    make_optimiser,
    network_arrays,
    optimiser_arrays,
    restore_network,
    restore_optimiser,
    set_rate,
)
from seqnet.training.schedule import Moment, Rate, rate_at
from seqnet.training.snapshot import Snapshot, parts_to_arrays, random_arrays, restore_random

_GPU_STEPS = 50
"""Steps between two readings of the losses of a GPU, each of which waits for it."""


Result = TypeVar("Result")


class StoppedError(SeqnetError):
    """Training was stopped on request, and a snapshot saved; exits with the requested code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code


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
    hooks: Hooks = Hooks(),  # noqa: B008  immutable
    resume: Snapshot | None = None,
    ranks: Ranks = ALONE,
) -> FitResult:
    """Train a network in place and leave it with the weights of its best epoch.

    Best is the lowest loss, or the highest metric, on the validation examples. Each epoch's order
    and strands come from the seed and the epoch's number alone; with what a snapshot holds, a run
    goes on as if it had never stopped. Several processes share every batch, so that their number
    changes nothing but the rounding (and batch statistics on CPUs, which each process computes on
    its share).

    Raises
    ------
    SeqnetError
        If the loss is no longer a number, naming epoch and batch; if memory runs out; if the
        metric that decides is undefined.
    StoppedError
        If the hooks ask for it.
    """
    run = _Run(network, train, valid, config, device, tasks, hooks, ranks)
    if resume is not None:
        run.restore(resume)
    if not run.finished:
        run.train()
    restore_network(network, run.best)
    return FitResult(run.best_epoch, run.history)


class _Run:
    """A run and its progress."""

    def __init__(
        self,
        network: nn.Module,
        train: Examples,
        valid: Examples,
        config: FitConfig,
        device: torch.device,
        tasks: tuple[str, ...],
        hooks: Hooks,
        ranks: Ranks,
    ) -> None:
        self.train_examples, self.valid, self.config = train, valid, config
        self.device, self.tasks, self.hooks, self.ranks = device, tasks, hooks, ranks
        if ranks.size > 1 and device.type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        self.network = network.to(device)
        if device.type == "cpu" and config.precision == "float32" and not config.compile:
            learn_in_blocks(network)
        self.averaged = copy.deepcopy(network) if config.ema else network
        if config.compile:
            network.compile()
        self.forward = ranks.wrap(network, device)
        self.optimiser = make_optimiser(
            config.optimiser, network, config.learning_rate, config.weight_decay, config.optimiser_options
        )
        if ranks.size > 1:  # what is dropped differs between processes, initial weights do not
            torch.manual_seed(config.seed + 1_000_003 * ranks.rank)
        n = len(train.inputs)
        self.batch_size = min(config.batch_size, n) or n
        if self.batch_size < ranks.size:
            raise UsageError(
                f"batches of {self.batch_size} rows for {ranks.size} processes: each needs a row"
            )
        self.order = EpochOrder(
            n, self.batch_size, config.seed, config.strands == "both", config.jitter, ranks.rank, ranks.size,
            class_odds(train.targets.astype(np.float64)) if config.balance else None,
        )  # fmt: skip
        self.batches = self.order.steps()
        self.task_weights = torch.tensor(config.task_weights) if config.task_weights else None
        self.weights = self._class_weights() if self.task_weights is None else self.task_weights.to(device)
        self.epoch, self.batch, self.step = 1, 0, 0
        self.rate = 0.0
        self.finished = False
        self.history: list[EpochRow] = []
        self.best_epoch, self.best_score = 0, math.inf
        self.best: Arrays = network_arrays(network)
        self.losses = _Losses(ranks, every=1 if device.type == "cpu" else _GPU_STEPS)

    def _class_weights(self) -> Tensor | None:
        """Return the weights of the positives, (T,)."""
        if not self.config.class_weights:
            return None
        weights = positive_weights(self.train_examples.targets.astype(np.float64))
        return torch.from_numpy(weights).float().to(self.device)

    # ---- running ------------------------------------------------------------------------------

    def train(self) -> None:
        """Run all epochs that are left."""
        while self.epoch <= self.config.epochs:
            self._epoch()
            row = self._validate()
            self.history.append(row)
            self._keep_best(row)
            self.hooks.log(row)
            self.epoch, self.batch = self.epoch + 1, 0
            if row.epoch - self.best_epoch >= self.config.patience:
                break
        self.finished = True
        self._save()

    def _epoch(self) -> None:
        """Run what is left of an epoch."""
        if self.hooks.resample is not None:
            self.train_examples = self.hooks.resample(self.epoch)
        self.network.train()
        batches = feed(self.train_examples, self.order.batches(self.epoch, self.batch), self.device)
        while fed := self._within_memory(lambda: next(batches, None)):
            self._step(*fed)
            del fed  # before the next ones are made
            self.batch, self.step = self.batch + 1, self.step + 1
            self._heed_requests()
        self.losses.check()

    def _within_memory(self, work: Callable[[], Result]) -> Result:
        """Do some work; running out of memory is an error with a hint."""
        try:
            return work()
        except RuntimeError as error:
            if lacks_memory(error):
                smaller = max(1, self.batch_size // 2)
                raise SeqnetError(
                    f"out of memory on {self.device} with batches of {self.batch_size}; "
                    f"try --batch-size {smaller}"
                ) from error
            raise

    def _step(self, batch: Batch, inputs: Tensor, targets: Tensor) -> None:
        """Take one step."""
        self.rate = set_rate(self.optimiser, self.config.learning_rate, self._rate())
        if self.config.mutate:
            mutate(inputs, self.config.mutate)
        loss = self._within_memory(lambda: self._backward(batch, inputs, targets))
        if self.config.clip is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)
        self.losses.add(loss, batch.total, (self.epoch, self.batch + 1))
        self.optimiser.step()
        if self.config.max_norm is not None:
            limit_norms(self.network, self.config.max_norm)
        if self.config.ema:
            self._average()
        self.hooks.progress(batch.total)
        if self.losses.last is not None:
            self.hooks.loss(self.epoch, self.losses.last)

    def _backward(self, batch: Batch, inputs: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss of this process' share of a batch, and the gradients of the whole."""
        size = self.ranks.size
        with autocast(self.config.precision, self.device):
            outputs = self.forward(inputs)
        loss = LOSSES[self.config.loss](outputs, targets, self.weights, self._row_weights(batch))
        if size > 1:  # a mean over this share's known targets becomes its part of the mean over all
            all_targets = self.train_examples.targets
            known = [int((~np.isnan(all_targets[rows])).sum()) for rows in (batch.rows, batch.whole)]
            loss = loss * (known[0] / max(known[1], 1))
        self.optimiser.zero_grad(set_to_none=True)
        (loss * size).backward()  # type: ignore[no-untyped-call]  # gradients are averaged over processes
        return loss.detach()

    def _row_weights(self, batch: Batch) -> Tensor | None:
        """Return the weights of a batch's rows, None for ones."""
        weights = self.train_examples.weights
        return None if weights is None else torch.from_numpy(weights[batch.rows]).to(self.device)

    def _rate(self) -> Rate:
        """Return what the next step uses."""
        config = self.config
        moment = Moment(
            self.step, config.epochs * self.batches, self.batches, [row.valid_loss for row in self.history],
            config.decay_epochs, config.decay_factor, config.warmup,
        )  # fmt: skip
        return rate_at(config.schedule, moment)

    def _average(self) -> None:
        """Move the average of the weights; it follows faster in the beginning."""
        steps = self.step + 1
        decay = min(self.config.ema, (1 + steps) / (10 + steps))
        with torch.no_grad():
            own, mean = self.network.state_dict(), self.averaged.state_dict()
            moving = [name for name, tensor in mean.items() if tensor.is_floating_point()]
            torch._foreach_lerp_([mean[name] for name in moving], [own[name] for name in moving], 1 - decay)
            for name, tensor in mean.items():
                if not tensor.is_floating_point():
                    tensor.copy_(own[name])

    def _validate(self) -> EpochRow:
        """Evaluate the network on the validation examples, which the processes share."""
        n, ranks = len(self.valid.inputs), self.ranks
        ranks.align(self.averaged)
        inputs = self.valid.inputs
        if ranks.size > 1:
            inputs = inputs.subset(np.arange(ranks.rank, n, ranks.size))
        targets = self.valid.targets
        batch = BATCH if targets.ndim == 2 else min(BATCH, self.batch_size)  # signals are long
        own = predict_logits(
            self.averaged, inputs, device=self.device, strands=self.config.strands, batch=batch
        )
        outputs = ranks.gather_rows(own.reshape(len(inputs), -1), n).reshape(targets.shape)
        weights = None if self.valid.weights is None else torch.from_numpy(self.valid.weights)
        loss = LOSSES[self.config.loss](
            torch.from_numpy(outputs), torch.from_numpy(targets), self.task_weights, weights
        )
        if not math.isfinite(float(loss)):
            raise _not_finite("validation", float(loss), self.epoch, self.batch)
        if self.hooks.evaluate is not None:
            figures = self.hooks.evaluate(outputs)
        else:
            figures = evaluate_outputs(self.config.task_type, self.tasks, targets, outputs)
        return EpochRow(self.epoch, self.losses.mean(), float(loss), figures, self.rate)

    def _keep_best(self, row: EpochRow) -> None:
        """Keep the weights if the epoch is the best so far."""
        monitor = self.config.monitor
        value = row.valid_loss if monitor == "loss" else row.metrics.get(monitor)
        if value is None:
            raise SeqnetError(f"{monitor} is undefined on the validation rows; use --monitor loss")
        score = value if monitor == "loss" else -value
        if score < self.best_score:
            self.best_epoch, self.best_score = row.epoch, score
            self.best = network_arrays(self.averaged)

    # ---- stopping and going on ----------------------------------------------------------------

    def _heed_requests(self) -> None:
        """Save or stop if any process asks for it."""
        request = self.hooks.stop_request(self.step)
        save, stop = self.ranks.largest(request.save, request.stop)
        if not (save or stop):
            return
        self.losses.check()
        if all(bool(torch.isfinite(weights).all()) for weights in self.network.parameters()):
            self._save()
            if stop:
                place = f"epoch {self.epoch} after batch {self.batch} of {self.batches}"
                raise StoppedError(f"stopped in {place}", int(stop))

    def _save(self) -> None:
        """Hand a snapshot to the first process' hook."""
        parts = {
            "network": network_arrays(self.network),
            "optimiser": optimiser_arrays(self.optimiser),
            "best": self.best,
            "random": random_arrays(self.ranks, self.device),
        }
        if self.config.ema:
            parts["averaged"] = network_arrays(self.averaged)
        values = {
            "epoch": self.epoch, "batch": self.batch, "step": self.step, "rate": self.rate,
            "finished": self.finished,
            "loss_sum": self.losses.sum, "loss_rows": self.losses.rows,
            "best_epoch": self.best_epoch, "best_score": self.best_score if self.best_epoch else None,
            "history": [row._asdict() for row in self.history],
        }  # fmt: skip
        if self.ranks.first:
            self.hooks.save(Snapshot(values, parts_to_arrays(parts)))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to where a snapshot was taken.

        Raises
        ------
        SeqnetError
            If its arrays are not those of this network and optimiser.
        """
        values = snapshot.values
        self.epoch, self.batch, self.step = (values[name] for name in ("epoch", "batch", "step"))
        self.rate, self.finished = values["rate"], values["finished"]
        self.losses.sum, self.losses.rows = values["loss_sum"], values["loss_rows"]
        self.best_epoch = values["best_epoch"]
        self.best_score = values["best_score"] if self.best_epoch else math.inf
        self.history = [EpochRow(*(row[name] for name in EpochRow._fields)) for row in values["history"]]
        self.best = snapshot.part("best")
        try:
            restore_network(self.network, self.best)  # tried now, needed when all epochs are done
            restore_network(self.network, snapshot.part("network"))
            if self.config.ema:
                restore_network(self.averaged, snapshot.part("averaged"))
            restore_optimiser(self.optimiser, snapshot.part("optimiser"))
            restore_random(snapshot.part("random"), self.ranks, self.device)
        except (RuntimeError, KeyError, IndexError, ValueError, TypeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise SeqnetError(f"the checkpoint's arrays are not those of this run: {reason}") from error


class _Losses:
    """The losses of an epoch, looked at once in so many steps.

    Parameters
    ----------
    ranks
        The processes whose losses make the batch's.
    every
        Steps between two looks.
    """

    def __init__(self, ranks: Ranks, every: int) -> None:
        self.sum, self.rows = 0.0, 0
        self.last: float | None = None
        """The last loss looked at, None right after steps that were not."""
        self._ranks, self._every = ranks, every
        self._waiting: list[tuple[Tensor, int, tuple[int, int]]] = []

    def add(self, loss: Tensor, rows: int, place: tuple[int, int]) -> None:
        """Add the loss of a batch of so many rows; place is its epoch and number."""
        self._waiting.append((loss, rows, place))
        self.last = None
        if len(self._waiting) >= self._every:
            self.check()

    def check(self) -> None:
        """Look at the losses so far.

        Raises
        ------
        SeqnetError
            At the first that is not a number.
        """
        for loss, rows, (epoch, batch) in self._waiting:
            value = self._ranks.total(float(loss))
            if not math.isfinite(value):
                raise _not_finite("training", value, epoch, batch)
            self.sum, self.rows, self.last = self.sum + value * rows, self.rows + rows, value
        self._waiting.clear()

    def mean(self) -> float:
        """Return the mean loss per row, and start again."""
        mean = self.sum / max(self.rows, 1)
        self.sum, self.rows = 0.0, 0
        return mean


def _not_finite(part: str, loss: float, epoch: int, batch: int) -> SeqnetError:
    """Return the error of a loss that is NaN or infinite, in training or validation."""
    return SeqnetError(
        f"{part} loss is {loss} at epoch {epoch}, batch {batch}; try a lower --learning-rate or --clip 1"
    )
