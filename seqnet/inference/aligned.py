"""Dense layers whose outputs do not depend on a row's place in its batch.

Matrix products treat rows that begin at other addresses modulo a vector's size in another order, so that
the last bits of a row's outputs depend on its place. With the columns filled up to a multiple of a vector,
all rows begin alike.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_VECTOR = 16
"""Numbers in the longest vector of a processor, 64 bytes."""


class AlignedLinear(nn.Module):
    """A dense layer that fills its inputs up with zeros.

    Parameters
    ----------
    layer
        What it computes.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self._spare = -layer.in_features % _VECTOR
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.weight = nn.Parameter(
            functional.pad(layer.weight.detach(), (0, self._spare)), requires_grad=False
        )
        self.bias = None if layer.bias is None else nn.Parameter(layer.bias.detach(), requires_grad=False)

    def forward(self, rows: Tensor) -> Tensor:
        """Return outputs (n, units) of rows (n, d)."""
        return functional.linear(functional.pad(rows, (0, self._spare)), self.weight, self.bias)


def align_rows(network: nn.Module) -> None:
    """Replace the dense layers of a network, in place, whose rows do not fill whole vectors."""
    for name, child in network.named_children():
        if type(child) is nn.Linear and child.in_features % _VECTOR:
            with torch.no_grad():
                setattr(network, name, AlignedLinear(child))
        else:
            align_rows(child)
