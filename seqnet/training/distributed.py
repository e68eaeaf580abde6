"""One training run in several processes, started by torchrun or srun."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn

from seqnet.errors import SeqnetError

_TIMEOUT = timedelta(minutes=30)
"""A process that waits longer than this for the others gives up."""


class Placement(NamedTuple):
    """Which process of a run this is."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    """Its number on this machine: which GPU it takes."""
    address: str = ""
    port: int = 0


def placement(environment: Mapping[str, str]) -> Placement:
    """Read what torchrun or srun put into the environment; alone without them."""
    if "RANK" in environment and "WORLD_SIZE" in environment:
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
        rank, size, local = (int(environment.get(name, "0")) for name in names)
        port = int(environment.get("MASTER_PORT", "29500"))
        return Placement(rank, size, local, environment.get("MASTER_ADDR", "127.0.0.1"), port)
    # SLURM_STEP_NUM_TASKS is srun's; in a batch script outside srun there is one process
    if int(environment.get("SLURM_STEP_NUM_TASKS", "1")) > 1:
        names = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID")
        rank, size, local = (int(environment[name]) for name in names)
        address = environment.get("MASTER_ADDR") or environment.get("SLURM_LAUNCH_NODE_IPADDR", "127.0.0.1")
        job = int(environment.get("SLURM_JOB_ID", "0")) + int(environment.get("SLURM_STEP_ID", "0"))
        return Placement(rank, size, local, address, int(environment.get("MASTER_PORT", 20000 + job % 20000)))
    return Placement()


@dataclass(frozen=True)
class Ranks:
    """The processes of a run; the default is this one alone."""

    rank: int = 0
    size: int = 1
    control: Any = None
    """Process group on CPUs, for what is agreed upon."""

    @property
    def first(self) -> bool:
        """Whether this process writes."""
        return self.rank == 0

    def wrap(self, network: nn.Module, device: torch.device) -> nn.Module:
        """Return the network whose gradients are averaged over the processes."""
        if self.size == 1:
            return network
        ids = [device] if device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(network, device_ids=ids)

    def largest(self, *values: float) -> list[float]:
        """Return the largest of each value over the processes."""
        if self.size == 1:
            return list(values)
        shared = torch.tensor(values, dtype=torch.float64)
        distributed.all_reduce(shared, distributed.ReduceOp.MAX, group=self.control)
        return [float(value) for value in shared]

    def total(self, value: float) -> float:
        """Return the sum of a number over the processes."""
        if self.size == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64)
        distributed.all_reduce(shared, group=self.control)
        return float(shared)

    def align(self, network: nn.Module) -> None:
        """Give all processes the first's buffers: on CPUs each takes batch statistics of its rows alone."""
        if self.size > 1:
            for buffer in network.buffers():
                distributed.broadcast(buffer, 0)

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """Return the tensors of all processes, in their order; all have one shape."""
        if self.size == 1:
            return [tensor]
        parts = [torch.empty_like(tensor) for _ in range(self.size)]
        distributed.all_gather(parts, tensor, group=self.control)
        return parts

    def gather_rows(self, own: NDArray[np.float32], n: int) -> NDArray[np.float32]:
        """Put together n rows of which each process has every size-th."""
        if self.size == 1:
            return own
        most = -(-n // self.size)
        shape = (most, *own.shape[1:])
        padded = np.zeros(shape, dtype=np.float32)
        padded[: len(own)] = own
        parts = self.gather(torch.from_numpy(padded))
        return torch.stack(parts, dim=1).reshape(-1, *own.shape[1:])[:n].numpy()


ALONE = Ranks()


def join(place: Placement, device: torch.device) -> Ranks:
    """Initialise the process group: NCCL between GPUs, gloo between CPUs.

    Raises
    ------
    SeqnetError
        If they cannot be reached.
    """
    if place.size == 1:
        return ALONE
    backend = "nccl" if device.type == "cuda" else "gloo"
    try:
        distributed.init_process_group(
            backend,
            init_method=f"tcp://{place.address}:{place.port}" if not _torchrun() else "env://",
            rank=place.rank,
            world_size=place.size,
            timeout=_TIMEOUT,
        )
        control = distributed.new_group(backend="gloo", timeout=_TIMEOUT)
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise SeqnetError(f"could not connect the {place.size} processes of this run: {reason}") from error
    return Ranks(place.rank, place.size, control)


def _torchrun() -> bool:
    """Return whether torchrun provides the rendezvous store."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def leave(ranks: Ranks) -> None:
    """Part from the other processes."""
    if ranks.size > 1:
        distributed.destroy_process_group()
