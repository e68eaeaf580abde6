"""Optimisers made from their table, the limits that weights obey, and both as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqnet.errors import UsageError
from seqnet.lookup import resolve
from seqnet.networks.optimisers import OPTIMISERS
from seqnet.training.schedule import Rate

Arrays = dict[str, NDArray[np.generic]]


def make_optimiser(
    name: str,
    network: nn.Module,
    rate: float | None = None,
    weight_decay: float = 0.0,
    options: Mapping[str, float] | None = None,
) -> torch.optim.Optimizer:
    """Return a row of `OPTIMISERS` for the parameters of a network.

    Parameters
    ----------
    rate
        Learning rate; None takes the row's own.
    weight_decay
        Added to the gradient as ``weight_decay * w``; `adamw` shrinks the weights apart from it.
    options
        Values of the row's options that differ from its own.

    Raises
    ------
    UsageError
        If the optimiser has no such option.
    """
    row = OPTIMISERS[name]
    unknown = sorted(set(options or {}) - set(row.options))
    if unknown:
        known = ", ".join(row.options) or "none"
        raise UsageError(f"optimiser {name} has no option {unknown[0]!r}; it has {known}")
    values: dict[str, Any] = {**row.options, **(options or {})}
    if "beta1" in values:
        values["betas"] = (values.pop("beta1"), values.pop("beta2"))
    kind = resolve(row.target)
    optimiser: torch.optim.Optimizer = kind(
        network.parameters(),
        lr=row.rate if rate is None else rate,
        weight_decay=weight_decay,
        **values,
        **row.fixed,
    )
    return optimiser


def set_rate(optimiser: torch.optim.Optimizer, learning_rate: float, rate: Rate) -> float:
    """Give an optimiser what its next step uses; return the learning rate."""
    value = learning_rate * rate.factor
    for group in optimiser.param_groups:
        group["lr"] = value
        if rate.momentum is None:
            continue
        if "betas" in group:
            group["betas"] = (rate.momentum, *group["betas"][1:])
        elif group.get("momentum"):
            group["momentum"] = rate.momentum
    return value


def limit_norms(network: nn.Module, limit: float) -> None:
    """Shrink the weights of each unit or filter to a Euclidean norm of at most `limit`, in place.

    That is Basset's max-norm (Kelley et al. 2016; Srivastava et al. 2014). Biases and the
    parameters of normalisation have one dimension and are left alone.
    """
    with torch.no_grad():
        for weights in network.parameters():
            if weights.ndim > 1:
                norms = weights.flatten(1).norm(dim=1).clamp(min=limit)
                weights.mul_((limit / norms).reshape(-1, *(1,) * (weights.ndim - 1)))


def optimiser_arrays(optimiser: torch.optim.Optimizer) -> Arrays:
    """Return an optimiser's state as arrays, ``number of the parameter.name``."""
    return {
        f"{number}.{name}": as_array(value)
        for number, parameter in enumerate(_parameters(optimiser))
        for name, value in optimiser.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Undo `optimiser_arrays`; what has a parameter's shape gets its memory layout and device too."""
    parameters = list(_parameters(optimiser))
    optimiser.state.clear()
    for key, array in arrays.items():
        number, name = key.split(".", 1)
        parameter = parameters[int(number)]
        value = as_tensor(array)
        if value.shape == parameter.shape and value.ndim:
            value = torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)
        optimiser.state[parameter][name] = value


def _parameters(optimiser: torch.optim.Optimizer) -> Iterator[Tensor]:
    """Yield the parameters in order."""
    for group in optimiser.param_groups:
        yield from group["params"]


def as_array(tensor: Tensor) -> NDArray[np.generic]:
    """Copy a tensor from wherever it is."""
    return tensor.detach().cpu().contiguous().numpy().copy()


def as_tensor(array: NDArray[np.generic]) -> Tensor:
    """Copy an array into a tensor."""
    return torch.from_numpy(np.array(array))


def network_arrays(network: nn.Module) -> Arrays:
    """Copy a network's parameters and buffers."""
    return {name: as_array(tensor) for name, tensor in network.state_dict().items()}


def restore_network(network: nn.Module, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Undo `network_arrays`; memory layout and device stay the network's."""
    network.load_state_dict({name: as_tensor(array) for name, array in arrays.items()})
