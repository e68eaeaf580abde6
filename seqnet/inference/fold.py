"""Batch normalisation folded into the layer before it: the same function, fewer passes over the data."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seqnet.networks.modules import Residual, Siamese


def fold_batch_norms(network: nn.Sequential) -> None:
    """Fold each batch normalisation that follows a convolution or dense layer into its weights.

    With running mean m, variance v, weight g and bias b, and r = g / sqrt(v + eps), a layer ``W x + c``
    becomes ``r W x + r (c - m) + b``, computed in float64. Normalisations that come before their
    convolution stay: padding is zero after them, not before.

    Parameters
    ----------
    network
        Changed in place, and put into evaluation mode.
    """
    network.eval()
    before: nn.Module | None = None
    for name, module in list(network.named_children()):
        for inner in _inside(module):
            fold_batch_norms(inner)
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and before is not None:
            _fold(before, module)
            setattr(network, name, nn.Identity())
        before = _linear_map(module)


def _inside(module: nn.Module) -> list[nn.Sequential]:
    """Return the chains of layers inside a layer."""
    parts = [module]
    if isinstance(module, Residual):
        parts = [module.block] if module.shortcut is None else [module.block, module.shortcut]
    elif isinstance(module, Siamese):
        parts = [module.block]
    return [part for part in parts if isinstance(part, nn.Sequential)]


def _linear_map(module: nn.Module) -> nn.Conv2d | nn.Linear | None:
    """Return the convolution or dense layer that a layer ends with; it may pad or flatten first."""
    if isinstance(module, nn.Sequential) and len(module):
        module = module[-1]
    return module if isinstance(module, nn.Conv2d | nn.Linear) else None


def _fold(layer: nn.Module, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
    """Put one normalisation into the layer before it."""
    assert isinstance(layer, nn.Conv2d | nn.Linear)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    with torch.no_grad():
        ratio = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        bias: Tensor | float = 0.0 if layer.bias is None else layer.bias.double()
        shifted = (bias - norm.running_mean.double()) * ratio + norm.bias.double()
        for weights, own in zip(layer.weight, ratio, strict=True):  # one by one: float64 takes twice the room
            weights.copy_(weights.double() * own)
        layer.bias = nn.Parameter(shifted.to(layer.weight.dtype))
