"""Losses, each a mean over the known targets, and what the outputs they train mean.

Outputs and targets have shape (n, T), or (n, T, L) for signals; NaN is an unknown target.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, softplus


class Loss(Protocol):
    """From outputs and targets to one number."""

    def __call__(
        self,
        outputs: Tensor,
        targets: Tensor,
        weights: Tensor | None = None,
        row_weights: Tensor | None = None,
    ) -> Tensor:
        """Return the sum of the weighted losses of known targets over their number.

        Parameters
        ----------
        outputs
            The network's: floating (n, T) or (n, T, L); half precision is computed in float32.
        targets
            Of the same shape, NaN where unknown.
        weights
            (T,): of the positives of each task (`bce`, `hinge`), of each class (`cross_entropy`)
            or of each task (`mse`, `poisson`, `mse_bce`, `poisson_rate`). The sum is divided by the
            number of known targets whatever the weights, so that the mean over batches does not depend
            on what fell into which.
        row_weights
            (n,): of each example.
        """
        ...


def bce(
    outputs: Tensor, targets: Tensor, weights: Tensor | None = None, row_weights: Tensor | None = None
) -> Tensor:
    """Binary cross-entropy of logits: w y log(1 + exp(-x)) + (1 - y) log(1 + exp(x))."""
    x, y, known = _prepared(outputs, targets)
    loss = _per_task(weights, x) * y * softplus(-x) + (1 - y) * softplus(x)
    return _mean(loss, known, row_weights)


def hinge(
    outputs: Tensor, targets: Tensor, weights: Tensor | None = None, row_weights: Tensor | None = None
) -> Tensor:
    """Hinge loss: max(0, 1 - s x), s = +-1 for targets 1 and 0; times w for positives."""
    x, y, known = _prepared(outputs, targets)
    loss = torch.clamp(1 - (2 * y - 1) * x, min=0) * (1 + (_per_task(weights, x) - 1) * y)
    return _mean(loss, known, row_weights)


def cross_entropy(
    outputs: Tensor, targets: Tensor, weights: Tensor | None = None, row_weights: Tensor | None = None
) -> Tensor:
    """Cross-entropy of the softmax over T classes: -sum_c w_c y_c log p_c.

    Targets are one-hot, or probabilities; an example with an unknown class is unknown whole.
    """
    x, y, known = _prepared(outputs, targets)
    loss = -(_per_task(weights, x) * y * log_softmax(x, dim=1)).sum(dim=1, keepdim=True)
    return _mean(loss, known.all(dim=1, keepdim=True), row_weights)


def mse(
    outputs: Tensor, targets: Tensor, weights: Tensor | None = None, row_weights: Tensor | None = None
) -> Tensor:
    """Squared error."""
    x, y, known = _prepared(outputs, targets)
    return _mean(_per_task(weights, x) * (x - y) ** 2, known, row_weights)


def poisson(
    outputs: Tensor, targets: Tensor, weights: Tensor | None = None, row_weights: Tensor | None = None
) -> Tensor:
    """Negative log likelihood of counts y at log rate x, without its constant: exp(x) - y x."""
    x, y, known = _prepared(outputs, targets)
    return _mean(_per_task(weights, x) * (torch.exp(x) - y * x), known, row_weights)


def poisson_rate(
    outputs: Tensor, targets: Tensor, weights: Tensor | None = None, row_weights: Tensor | None = None
) -> Tensor:
    """Negative log likelihood of y, 0 or more, at rate x above 0, without its constant: x - y log x.

    The rate with the least loss is the mean of y, as of the squared error, but a deviation counts less where
    the rate is high, as the noise of counts does (quasi-likelihood, Wedderburn 1974).
    """
    x, y, known = _prepared(outputs, targets)
    return _mean(_per_task(weights, x) * (x - y * torch.log(x)), known, row_weights)


def poisson_rate_bce(
    outputs: Tensor, targets: Tensor, weights: Tensor | None = None, row_weights: Tensor | None = None
) -> Tensor:
    """`poisson_rate` of all tasks but the last, binary cross-entropy of the last one's logits.

    Denoised signals and their peaks; all are multiplied by the weights of the tasks.
    """
    x, y, known = _prepared(outputs, targets)
    rates, logits = x[:, :-1], x[:, -1:]  # apart: rates have a logarithm, logits may be below 0
    peaks = y[:, -1:] * softplus(-logits) + (1 - y[:, -1:]) * softplus(logits)
    loss = torch.cat([rates - y[:, :-1] * torch.log(rates), peaks], dim=1)
    return _mean(_per_task(weights, x) * loss, known, row_weights)


def mse_bce(
    outputs: Tensor, targets: Tensor, weights: Tensor | None = None, row_weights: Tensor | None = None
) -> Tensor:
    """Squared error of all tasks but the last, binary cross-entropy of the last one's logits.

    A denoised signal and its peaks; all are multiplied by the weights of the tasks.
    """
    x, y, known = _prepared(outputs, targets)
    last = torch.zeros(x.shape[1], dtype=torch.bool, device=x.device)
    last[-1] = True
    cross = y * softplus(-x) + (1 - y) * softplus(x)
    loss = torch.where(last.reshape(-1, *(1,) * (x.ndim - 2)), cross, (x - y) ** 2)
    return _mean(_per_task(weights, x) * loss, known, row_weights)


LOSSES: dict[str, Loss] = {
    "bce": bce,
    "hinge": hinge,
    "cross_entropy": cross_entropy,
    "mse": mse,
    "poisson": poisson,
    "mse_bce": mse_bce,
    "poisson_rate": poisson_rate,
    "poisson_rate_bce": poisson_rate_bce,
}


def _softmax(outputs: Tensor) -> Tensor:
    """Return probabilities that sum to 1 over the tasks."""
    return torch.softmax(outputs, dim=1)


def _identity(outputs: Tensor) -> Tensor:
    """Return the outputs themselves."""
    return outputs


OUTPUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "softmax": _softmax,
    "identity": _identity,
    "exp": torch.exp,
}


def _prepared(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return outputs in at least float32, targets with 0 for unknown ones, and which are known."""
    x = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
    known = ~torch.isnan(targets)
    # not multiplied by the mask afterwards: 0 times NaN is NaN, in the gradient too
    return x, torch.where(known, targets, 0.0).to(x.dtype), known


def _per_task(weights: Tensor | None, like: Tensor) -> Tensor:
    """Return weights (T,) so that they multiply (n, T, ...) task by task; ones for None."""
    if weights is None:
        return like.new_ones(())
    return weights.to(like).reshape(-1, *(1,) * (like.ndim - 2))


def _mean(loss: Tensor, known: Tensor, row_weights: Tensor | None) -> Tensor:
    """Return the sum over known targets divided by their number; 0 where none is known."""
    if row_weights is not None:
        loss = loss * row_weights.to(loss).reshape(-1, *(1,) * (loss.ndim - 1))
    return torch.where(known, loss, 0.0).sum() / known.sum().clamp(min=1)
