"""All that a training run needs to go on: values for JSON, and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.aliases import Json
from seqnet.networks.header.types import (
    NUMBER,
    SWITCH,
    FieldError,
    ListOf,
    MapOf,
    Maybe,
    Record,
    check_value,
    whole,
)
from seqnet.training.distributed import Ranks
from seqnet.training.optimise import Arrays, as_array, as_tensor

_EPOCH = Record({
    "epoch": whole(1), "train_loss": NUMBER, "valid_loss": NUMBER, "metrics": MapOf(Maybe(NUMBER)),
    "learning_rate": NUMBER,
})  # fmt: skip
_VALUES = Record({
    "epoch": whole(1), "batch": whole(), "step": whole(), "rate": NUMBER, "finished": SWITCH,
    "loss_sum": NUMBER, "loss_rows": whole(), "best_epoch": whole(), "best_score": Maybe(NUMBER),
    "history": ListOf(_EPOCH),
})  # fmt: skip


class Snapshot(NamedTuple):
    """The state of a run between two steps."""

    values: Json
    """Place, history, best score: what JSON keeps exactly."""
    arrays: Mapping[str, NDArray[np.generic]]
    """Weights, optimiser, averages, best weights, random states; ``part/name``."""

    def check(self) -> None:
        """Make sure that the values are of their types.

        Raises
        ------
        FieldError
            Naming the value.
        """
        check_value(_VALUES, self.values, "values")
        if self.values["best_epoch"] and self.values["best_score"] is None:
            raise FieldError("values.best_score is null, with a best epoch")

    def part(self, name: str) -> Arrays:
        """Return the arrays of one part by their own names."""
        start = name + "/"
        return {key.removeprefix(start): a for key, a in self.arrays.items() if key.startswith(start)}


def parts_to_arrays(parts: Mapping[str, Arrays]) -> Arrays:
    """Return the arrays of all parts under ``part/name``."""
    return {f"{part}/{name}": array for part, arrays in parts.items() for name, array in arrays.items()}


def random_arrays(ranks: Ranks, device: torch.device) -> Arrays:
    """Return the states of the random generators of all processes."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return {
        f"{name}.{rank}": as_array(state)
        for name, own in states.items()
        for rank, state in enumerate(ranks.gather(own))
    }


def restore_random(arrays: Mapping[str, NDArray[np.generic]], ranks: Ranks, device: torch.device) -> None:
    """Undo `random_arrays` for this process."""
    torch.set_rng_state(as_tensor(arrays[f"cpu.{ranks.rank}"]))
    if device.type == "cuda":
        torch.cuda.set_rng_state(as_tensor(arrays[f"cuda.{ranks.rank}"]), device)
    if device.type == "mps":
        torch.mps.set_rng_state(as_tensor(arrays[f"mps.{ranks.rank}"]))
