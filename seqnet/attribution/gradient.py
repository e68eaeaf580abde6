"""Input times gradient, the gradient corrected for what moves off the simplex (Majdandzic et al. 2023)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from seqnet.aliases import Bools
from seqnet.attribution.contributions import Contributions, observed_of, rows_wanted
from seqnet.attribution.networks import ExplainedNetwork, StrandBatch
from seqnet.attribution.references import AttributionPlan


def gradients(network: nn.Module, x: Tensor, task: int) -> Tensor:
    """Return the gradients of one output in evaluation mode, (b, C, L) of (b, C, 1, L)."""
    leaf = x.detach().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(network(leaf)[:, task].sum(), leaf)
    return gradient.squeeze(2)


def _mean_gradients(explained: ExplainedNetwork, x: Tensor, task: int) -> Tensor:
    """Return the gradients of the mean of the networks' outputs."""
    each = [gradients(network, x, task) for network in explained.networks]
    return each[0] if len(each) == 1 else torch.stack(each).double().mean(0).to(x.dtype)


def gradient(
    explained: ExplainedNetwork,
    batch: StrandBatch,
    wanted: Bools,
    plan: AttributionPlan,  # noqa: ARG001  a method's parameters
) -> dict[int, Contributions]:
    """Return input times gradient; parameters are those of every method, see `networks`.

    The hypothetical attribution of a base is its gradient less the mean of the four bases' gradients.
    Signal tracks have their values times their gradients.
    """
    bases, contributions = 4 * explained.bases, {}
    for task, rows in rows_wanted(wanted):
        x = batch.forward[rows]
        slopes = _mean_gradients(explained, x, task)
        hypothetical, signals = slopes[:, :bases], slopes[:, bases:] * x[:, bases:].squeeze(2)
        if batch.reverse is not None:
            x = batch.reverse[rows]
            slopes = _mean_gradients(explained, x, task)
            hypothetical = (hypothetical + slopes[:, :bases].flip(1).flip(2)) / 2
            signals = (signals + (slopes[:, bases:] * x[:, bases:].squeeze(2)).flip(2)) / 2
        if bases:
            hypothetical = hypothetical - hypothetical.mean(1, keepdim=True)
        values = hypothetical.cpu().numpy()
        observed = np.zeros((len(rows), x.shape[3]), np.float32)
        if batch.codes is not None:
            observed = observed_of(values, batch.codes[rows])
        contributions[task] = Contributions(
            values, observed, signals.cpu().numpy() if explained.signals else None
        )
    return contributions
