"""Schedules of the learning rate as data."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

ScheduleName: TypeAlias = Literal["constant", "step", "plateau", "cosine", "one-cycle"]
"""The rows of `SCHEDULES`."""


class Schedule(NamedTuple):
    """A row of `SCHEDULES`."""

    target: str
    """``module:attribute`` of a function from `training.schedule.Moment` to `training.schedule.Rate`."""
    help: str


SCHEDULES: dict[str, Schedule] = {
    "constant": Schedule("seqnet.training.schedule:constant", "no change"),
    "step": Schedule("seqnet.training.schedule:step", "multiplied by --decay-factor every --decay-epochs"),
    "plateau": Schedule(
        "seqnet.training.schedule:plateau",
        "multiplied by --decay-factor after --decay-epochs without a better validation loss",
    ),
    "cosine": Schedule("seqnet.training.schedule:cosine", "down to 0 along half a cosine"),
    "one-cycle": Schedule(
        "seqnet.training.schedule:one_cycle", "up from 1/25 in the first 30 % of steps, then down to 0"
    ),
}
DEFAULT_SCHEDULE: ScheduleName = "one-cycle"
