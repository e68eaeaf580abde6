"""Networks whose global pools leave out the padding of sequences of unequal length."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad

from seqnet.networks.modules import GlobalPool, Parallel


class Masking(nn.Sequential):
    """Layers in plain order; masked global pools see no position that represents padding alone.

    Padding is what lies before the first base of a sequence and after its last; ambiguous bases
    between them count. Through a convolution a position represents the one in the middle of its
    filter, through a pool for all it pools. A sequence without any base is pooled whole. Layers
    parallel to a masked pool see zeros in place of padding.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers to (n, C, 1, L), the bases first among the channels."""
        return _masked(self, x, inside_sequence(x))


def _masked(layers: nn.Sequential, x: Tensor, inside: Tensor) -> Tensor:
    """Apply layers to what is `inside` of (n, C, 1, L), bool (n, 1, 1, L), up to the pool that leaves it."""
    for layer in layers:
        if isinstance(layer, GlobalPool) and layer.masked:
            x = layer(x, or_whole(inside))
        elif isinstance(layer, Parallel) and has_masked_pool(layer):
            clear = x.masked_fill(~or_whole(inside), 0.0)
            x = torch.cat([_masked(chain, clear, inside) for chain in (layer.layers, layer.beside)], dim=1)
        else:
            inside = carried(inside, layer)
            x = layer(x)
    return x


def or_whole(inside: Tensor) -> Tensor:
    """Return what to look at: all positions of a row that has none inside."""
    return inside | ~inside.any(3, keepdim=True)


def has_masked_pool(module: nn.Module) -> bool:
    """Return whether a module pools over what is inside the sequence alone."""
    return any(isinstance(part, GlobalPool) and part.masked for part in module.modules())


def inside_sequence(x: Tensor) -> Tensor:
    """Return which positions of one-hot (n, C, 1, L) lie between the first and last base: (n, 1, 1, L)."""
    known = (x[:, :4] != 0).any(1, keepdim=True).to(torch.uint8)
    begun = known.cummax(3).values
    not_ended = known.flip(3).cummax(3).values.flip(3)
    return (begun & not_ended).bool()


def carried(inside: Tensor, layer: nn.Module) -> Tensor:
    """Return which positions lie inside after a layer."""
    if isinstance(layer, nn.Sequential):
        for part in layer:
            inside = carried(inside, part)
    elif isinstance(layer, Parallel):
        inside = carried(inside, layer.layers)
    elif isinstance(layer, nn.ZeroPad2d):
        inside = pad(inside, layer.padding)
    elif isinstance(layer, nn.Conv2d):
        inside = _centres(inside, layer)
    elif isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        pooled = max_pool2d(inside.float(), layer.kernel_size, layer.stride, ceil_mode=layer.ceil_mode)
        inside = pooled.bool()
    return inside


def _centres(inside: Tensor, layer: nn.Conv2d) -> Tensor:
    """Return what is true of the position in the middle of each filter."""
    length, span = inside.shape[3], layer.dilation[1] * (layer.kernel_size[1] - 1)
    side = int(layer.padding[1])
    count = (length + 2 * side - span - 1) // layer.stride[1] + 1
    middle = layer.stride[1] * torch.arange(count, device=inside.device) - side + span // 2
    within = (middle >= 0) & (middle < length)
    return inside[..., middle.clamp(0, length - 1)] & within
