"""Optimisers as data: what makes each, its own learning rate, what it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

OptimiserName: TypeAlias = Literal[
    "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "muon"
]
"""The rows of `OPTIMISERS`."""


class Optimiser(NamedTuple):
    """A row of `OPTIMISERS`."""

    target: str
    """``module:attribute`` of a ``torch.optim.Optimizer``."""
    rate: float
    """Default learning rate."""
    options: Mapping[str, float]
    """Other settings (``--optimiser-option``), with their defaults."""
    fixed: Mapping[str, object]
    """What else makes it."""
    help: str


_BETAS = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}

OPTIMISERS: dict[str, Optimiser] = {
    "sgd": Optimiser("torch.optim:SGD", 0.01, {}, {}, "w -= r g"),
    "momentum": Optimiser("torch.optim:SGD", 0.01, {"momentum": 0.9}, {}, "v = m v + g; w -= r v"),
    "nesterov": Optimiser(
        "torch.optim:SGD", 0.01, {"momentum": 0.9}, {"nesterov": True}, "v = m v + g; w -= r (g + m v)"
    ),
    "adagrad": Optimiser("torch.optim:Adagrad", 0.01, {"eps": 1e-10}, {}, "s += g^2; w -= r g / sqrt s"),
    "adadelta": Optimiser(
        "torch.optim:Adadelta", 1.0, {"rho": 0.9, "eps": 1e-6}, {}, "steps scaled by the sizes of past steps"
    ),
    "rmsprop": Optimiser(
        "torch.optim:RMSprop", 1e-3, {"alpha": 0.99, "eps": 1e-8}, {},
        "s = a s + (1 - a) g^2; w -= r g / sqrt s",
    ),
    "adam": Optimiser("torch.optim:Adam", 1e-3, _BETAS, {}, "momentum and RMSprop, bias-corrected"),
    "adamw": Optimiser("torch.optim:AdamW", 2e-3, _BETAS, {}, "Adam with decoupled weight decay"),
    "muon": Optimiser(
        "seqnet.training.muon:Muon", 2e-3, {"momentum": 0.95, **_BETAS}, {},
        "orthogonalised momentum for weight matrices, adamw for the rest",
    ),
}  # fmt: skip
DEFAULT_OPTIMISER: OptimiserName = "adamw"
