"""A network rewritten into one of the same outputs that takes less work, for prediction on a processor."""

from __future__ import annotations

from typing import TypeAlias, cast

import torch
from torch import nn

from seqnet.kernels.word_maxima import WORD, runs_here
from seqnet.networks.base_words import BaseWords, words_pay
from seqnet.networks.convolutions import is_plain
from seqnet.networks.masking import Masking
from seqnet.networks.modules import Exponential
from seqnet.networks.overlap_save import OverlapSave, best_blocks
from seqnet.networks.pooled_words import PooledWords
from seqnet.networks.window_dense import window_dense

Shapes: TypeAlias = dict[nn.Module, torch.Size]
"""(1, C, 1, L) by module."""


def speed_up(network: nn.Sequential, width: int) -> None:
    """Choose by cost how the convolutions of a network of sequences are computed.

    - Maxima come before a rising activation, which then has fewer values to map.
    - A first convolution of one-hot bases adds up words of bases where that is cheaper; maxima behind it,
      and a relu behind these, are taken in the same pass, which always is.
    - Wide convolutions of many channels are computed in blocks, and so is a dense layer over all positions
      where windows share it. Those behind an exponential stay: a block's error is relative to its largest
      value, and neighbours of one that is thousands of times larger would lose digits.

    Parameters
    ----------
    network
        In evaluation mode, with the weights that it predicts with; changed in place.
    width
        Of its input, one-hot bases: signals beside them have no bounds.
    """
    _pool_first(network)
    _add_words(network, width)
    shapes = _shapes(network, width)
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d) and child in shapes and is_plain(child):
                of = child
                blocks = best_blocks(of.kernel_size[1], of.in_channels, of.out_channels, shapes[of][3])
                if blocks is not None:
                    setattr(module, name, OverlapSave(of, blocks))
    _share_dense(network, shapes)


def told_ways(network: nn.Sequential) -> str:
    """Return in words which convolutions are computed by words and in blocks; empty for none."""
    told = [
        f"of {module.span} by words of {WORD} bases"
        if isinstance(module, BaseWords)
        else f"of {module.blocks.span} in blocks of {module.blocks.size}"
        for module in network.modules()
        if isinstance(module, BaseWords | OverlapSave)
    ]
    return ", ".join(told)


def _pool_first(network: nn.Sequential) -> None:
    """Let rising activations follow the maxima that follow them."""
    for place in range(len(network) - 1):
        activation, pool = network[place], network[place + 1]
        if isinstance(activation, nn.ReLU | Exponential) and isinstance(pool, nn.MaxPool2d):
            network[place], network[place + 1] = pool, activation


def _add_words(network: nn.Sequential, width: int) -> None:
    """Compute a first convolution of bases by words; padding may stand before it."""
    first: nn.Module = network[0]
    chain, place = (first, len(first) - 1) if isinstance(first, nn.Sequential) else (network, 0)
    convolution: nn.Module = chain[place]
    if not isinstance(convolution, nn.Conv2d) or convolution.in_channels != 4 or not is_plain(convolution):
        return
    pooled = _with_pool(network, convolution, width) if runs_here() else None
    if pooled is not None:
        chain[place] = pooled
    elif words_pay(convolution):
        chain[place] = BaseWords(convolution)


def _with_pool(network: nn.Sequential, convolution: nn.Conv2d, width: int) -> PooledWords | None:
    """Return a first convolution with the pool and the relu behind it, which are taken out; None without."""
    if isinstance(network, Masking):  # which tells each layer what is padding
        return None
    if not all(bool(values.isfinite().all()) for values in convolution.parameters()):
        return None
    place = next((at for at in range(1, len(network)) if not isinstance(network[at], nn.Identity)), 0)
    pool: nn.Module = network[place]
    with torch.inference_mode():
        length = network[0](torch.zeros(1, 4, 1, width)).shape[3]
    if not isinstance(pool, nn.MaxPool2d) or not _is_whole(pool, length):
        return None
    relu = place + 1 < len(network) and isinstance(network[place + 1], nn.ReLU)
    del network[1 : place + 1 + relu]
    return PooledWords(convolution, pool, relu)


def _is_whole(pool: nn.MaxPool2d, length: int) -> bool:
    """Tell a pool whose last window of so many positions is full, if it counts."""
    (_, span), (_, stride) = cast("tuple[tuple[int, int], ...]", (pool.kernel_size, pool.stride))
    return not pool.ceil_mode or (length - span) % stride == 0


def _share_dense(network: nn.Sequential, shapes: Shapes) -> None:
    """Let overlapping windows share the first dense layer over positions."""
    for place, layer in enumerate(network):
        chain, at = (layer, 0) if isinstance(layer, nn.Sequential) else (network, place)
        if len(chain) > at + 1 and chain[at] in shapes and isinstance(chain[at], nn.Flatten):
            dense: nn.Module = chain[at + 1]
            _, channels, _, span = shapes[chain[at]]
            shared = window_dense(dense, channels, span) if isinstance(dense, nn.Linear) else None
            if shared is not None:
                chain[at + 1] = shared
            return


def _shapes(network: nn.Sequential, width: int) -> Shapes:
    """Return what comes out of convolutions and goes into flattening before the first exponential."""
    found: Shapes = {}
    behind = False

    def look(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal behind
        behind |= isinstance(module, Exponential)
        if behind:
            return
        if isinstance(module, nn.Conv2d) and not isinstance(module, BaseWords):
            found[module] = output.shape
        if isinstance(module, nn.Flatten) and module.start_dim == 1:
            found[module] = inputs[0].shape

    hooks = [module.register_forward_hook(look) for module in network.modules()]
    with torch.inference_mode():
        network(torch.zeros(1, 4, 1, width))
    for hook in hooks:
        hook.remove()
    return found
