"""Muon (Jordan et al. 2024) for matrices and filters, AdamW for all other parameters, as one optimiser."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

_ROUNDS = 5
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic Newton-Schulz iteration (Jordan et al.): steep at 0, so that five rounds are enough."""
_LIKE_ADAMW = 0.2
"""Root mean square of AdamW's updates, to which those of matrices are scaled (Liu et al. 2025)."""


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal, for parameters of two and more dimensions; AdamW for the others.

    A filter bank (C, ...) is a matrix of C rows. Updates of an (m, n) matrix are scaled by
    ``.2 sqrt(max(m, n))``, so that learning rates of AdamW fit.

    Parameters
    ----------
    momentum
        Decay of the running sum of gradients of matrices, with Nesterov's step.
    betas, eps
        As of AdamW.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        settings = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "betas": betas, "eps": eps}
        super().__init__(params, settings)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002  torch's interface
        """Change every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                if parameter.ndim > 1:
                    self._step_matrix(parameter, group["lr"], group["momentum"])
                else:
                    self._step_other(parameter, group["lr"], group["betas"], group["eps"])

    def _step_matrix(self, parameter: Tensor, rate: float, momentum: float) -> None:
        """Move a matrix along its orthogonal momentum."""
        gradient, state = _gradient(parameter), self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        running = state["momentum"].mul_(momentum).add_(gradient)
        ahead = gradient.add(running, alpha=momentum).flatten(1)
        update = orthogonal(ahead).reshape(parameter.shape)
        parameter.add_(update, alpha=-rate * _LIKE_ADAMW * max(ahead.shape) ** 0.5)

    def _step_other(self, parameter: Tensor, rate: float, betas: tuple[float, float], eps: float) -> None:
        """Move another parameter as AdamW does."""
        gradient, state = _gradient(parameter), self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float64)
            state["mean"], state["square"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        state["step"] += 1
        state["mean"].lerp_(gradient, 1 - betas[0])
        state["square"].mul_(betas[1]).addcmul_(gradient, gradient, value=1 - betas[1])
        steps = float(state["step"])
        spread = (state["square"] / (1 - betas[1] ** steps)).sqrt_().add_(eps)
        parameter.addcdiv_(state["mean"], spread, value=-rate / (1 - betas[0] ** steps))


def _gradient(parameter: Tensor) -> Tensor:
    """Return the gradient of a parameter that has one."""
    assert parameter.grad is not None
    return parameter.grad


def orthogonal(matrix: Tensor) -> Tensor:
    """Return about the orthogonal factor U V' of a matrix U S V', of the same shape.

    Newton-Schulz rounds bring every singular value near 1 (.7 to 1.2).

    Parameters
    ----------
    matrix
        (m, n).
    """
    a, b, c = _COEFFICIENTS
    turned = matrix.shape[0] > matrix.shape[1]
    wide: Tensor = matrix.T if turned else matrix
    wide = wide / wide.norm().clamp(min=1e-7)
    for _ in range(_ROUNDS):
        gram = wide @ wide.T
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    return wide.T if turned else wide
