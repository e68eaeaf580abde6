"""Learning rates: pure functions of the step, so that there is no state to lose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from seqnet.lookup import resolve
from seqnet.networks.schedules import SCHEDULES


class Moment(NamedTuple):
    """The progress of training."""

    step: int
    """Steps done."""
    steps: int
    """Steps in all."""
    epoch_steps: int
    """Steps of an epoch."""
    valid_losses: Sequence[float] = ()
    """Of the epochs done."""
    decay_epochs: int = 5
    decay_factor: float = 0.1
    warmup: int = 0
    """Steps over which the rate rises from 0."""


class Rate(NamedTuple):
    """What the next step uses."""

    factor: float
    """Of the learning rate."""
    momentum: float | None = None
    """Momentum, or Adam's beta1; None leaves it alone."""


def rate_at(name: str, moment: Moment) -> Rate:
    """Return what the next step uses under a row of `SCHEDULES`, warm-up included."""
    rate: Rate = resolve(SCHEDULES[name].target)(moment)
    if moment.step < moment.warmup:
        return rate._replace(factor=rate.factor * (moment.step + 1) / moment.warmup)
    return rate


def constant(_moment: Moment) -> Rate:
    """Return 1."""
    return Rate(1.0)


def step(moment: Moment) -> Rate:
    """Multiply by the factor every `decay_epochs`."""
    epoch = moment.step // moment.epoch_steps
    return Rate(moment.decay_factor ** (epoch // moment.decay_epochs))


def plateau(moment: Moment) -> Rate:
    """Multiply by the factor after `decay_epochs` epochs without a lower validation loss."""
    best, waited, factor = math.inf, 0, 1.0
    for loss in moment.valid_losses:
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == moment.decay_epochs:
            waited, factor = 0, factor * moment.decay_factor
    return Rate(factor)


def cosine(moment: Moment) -> Rate:
    """Fall from 1 to 0 along half a cosine, after the warm-up (Loshchilov and Hutter 2017)."""
    left = max(1, moment.steps - moment.warmup)
    return Rate(_between(1.0, 0.0, max(0, moment.step - moment.warmup) / left))


_RISE, _FIRST, _LAST = 0.3, 1 / 25, 1 / 25e4
_HIGH, _LOW = 0.95, 0.85


def one_cycle(moment: Moment) -> Rate:
    """Rise to 1, then fall to almost 0, the momentum the other way (Smith and Topin 2018).

    The figures are those of torch's ``OneCycleLR``.
    """
    peak = _RISE * moment.steps - 1
    if moment.step <= peak:
        part = moment.step / peak
        return Rate(_between(_FIRST, 1.0, part), _between(_HIGH, _LOW, part))
    part = (moment.step - peak) / (moment.steps - 1 - peak)
    return Rate(_between(1.0, _LAST, part), _between(_LOW, _HIGH, part))


def _between(start: float, end: float, part: float) -> float:
    """Go from start to end along half a cosine."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * part))
