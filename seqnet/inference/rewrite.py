"""A network rewritten into one of the same outputs that takes less work, for prediction on a processor.

Each rule of `_RULES` replaces some consecutive layers by cheaper ones. The rules are applied in the order of
the table, each once at every place where it may apply, from the first layer to the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Literal, TypeAlias

import torch
from torch import nn

from seqnet.kernels.layers.word_maxima import WORD, word_maxima_run_here
from seqnet.networks.fast.base_words import BaseWords, words_pay
from seqnet.networks.fast.conv_base import is_plain
from seqnet.networks.fast.fused_residual import FusedResidual, fused_block
from seqnet.networks.fast.overlap_save import OverlapSave, best_blocks
from seqnet.networks.fast.pooled_words import PooledWords
from seqnet.networks.fast.sliding_window import sliding_window
from seqnet.networks.fast.window_dense import window_dense
from seqnet.networks.masking import Masking
from seqnet.networks.modules import Exponential, Residual

_Layers: TypeAlias = Sequence[nn.Module]


@dataclass(frozen=True)
class _Traits:
    """What rules know of a network besides its layers.

    Parameters
    ----------
    shapes
        (1, C, 1, L) by module: what comes out of convolutions and goes into flattening, of those before the
        first exponential alone.
    masked
        Whether it tells each layer what is padding.
    """

    shapes: dict[nn.Module, torch.Size]
    masked: bool


@dataclass(frozen=True)
class _Rule:
    """A rewriting of the layers at a place.

    Parameters
    ----------
    replace
        Maps the layers of a chain from a place on to those that replace them; None where it does not apply.
    places
        The ``first`` layer of the network; any layer of the ``network``, also within one that is padded or
        flattened first; or any layer ``everywhere``, also in residual and other blocks.
    """

    replace: Callable[[_Layers, _Traits], _Layers | None]
    places: Literal["first", "network", "everywhere"]


def speed_up(network: nn.Sequential, width: int) -> nn.Sequential:
    """Choose by cost how the convolutions of a network of sequences are computed.

    - Maxima come before a rising activation, which then has fewer values to map.
    - A first convolution of one-hot bases adds up words of bases where that is cheaper; maxima behind it,
      and a relu behind these, are taken in the same pass, which always is.
    - Wide convolutions of many channels are computed in blocks, and so is a dense layer over all positions
      where windows share it. Those behind an exponential stay: a block's error is relative to its largest
      value, and neighbours of one that is thousands of times larger would lose digits.
    - Residual blocks of a norm, a relu and a convolution of three taps are computed in one pass.

    Parameters
    ----------
    network
        In evaluation mode, with the weights that it predicts with. The new network takes over its layers
        and may change the chains inside them: do not use it any more.
    width
        Of its input, one-hot bases: signals next to them have no bounds.

    Returns
    -------
    A new network of the same outputs, in evaluation mode.
    """
    traits = _Traits(_shapes(network, width), isinstance(network, Masking))
    for rule in _RULES:
        network = _rewritten(network, rule, traits)
    return network.eval()


def describe_rewrites(network: nn.Sequential) -> str:
    """Return in words which convolutions are computed by words and in blocks; empty for none."""
    texts = [
        f"of {module.span} by words of {WORD} bases"
        if isinstance(module, BaseWords)
        else f"of {module.blocks.span} in blocks of {module.blocks.size}"
        for module in network.modules()
        if isinstance(module, BaseWords | OverlapSave)
    ]
    return ", ".join(texts)


def _rewritten(chain: nn.Sequential, rule: _Rule, traits: _Traits) -> nn.Sequential:
    """Return a chain of layers rewritten by a rule."""
    rest: _Layers = [_rewritten_inside(layer, rule, traits) for layer in chain]
    passed: list[nn.Module] = []
    while rest:
        if not passed or rule.places != "first":
            rest = rule.replace(rest, traits) or rest
        passed.append(rest[0])
        rest = rest[1:]
    return type(chain)(*passed)


def _rewritten_inside(layer: nn.Module, rule: _Rule, traits: _Traits) -> nn.Module:
    """Return a layer, the chains inside it rewritten by a rule."""
    if rule.places != "first" and isinstance(layer, nn.Sequential):
        return _rewritten(layer, rule, traits)
    if rule.places == "everywhere":
        for name, part in list(layer.named_children()):
            setattr(layer, name, _rewritten_inside(part, rule, traits))
    return layer


def _maxima_first(layers: _Layers, traits: _Traits) -> _Layers | None:
    """Rising activation, maxima -> maxima, activation."""
    del traits
    match layers:
        case [nn.ReLU() | Exponential() as activation, nn.MaxPool2d() as pool, *rest]:
            return [pool, activation, *rest]
    return None


def _pooled_words(layers: _Layers, traits: _Traits) -> _Layers | None:
    """Convolution of bases, maxima, perhaps relu -> one pass."""
    convolution = _of_bases(layers[0])
    if convolution is None or traits.masked or not word_maxima_run_here():
        return None
    match list(dropwhile(lambda layer: isinstance(layer, nn.Identity), layers[1:])):
        case [nn.MaxPool2d() as pool, nn.ReLU(), *rest]:
            relu = True
        case [nn.MaxPool2d() as pool, *rest]:
            relu = False
        case _:
            return None
    finite = all(bool(values.isfinite().all()) for values in convolution.parameters())
    if not finite or not _is_whole(pool, traits.shapes[convolution][3]):
        return None
    return [_padded_alike(layers[0], PooledWords(convolution, pool, relu)), *rest]


def _words(layers: _Layers, traits: _Traits) -> _Layers | None:
    """Convolution of bases -> sums of words, where cheaper."""
    del traits
    convolution = _of_bases(layers[0])
    if convolution is None or not words_pay(convolution):
        return None
    return [_padded_alike(layers[0], BaseWords(convolution)), *layers[1:]]


def _blocks(layers: _Layers, traits: _Traits) -> _Layers | None:
    """Convolution -> blocks, where cheaper."""
    of, *rest = layers
    if not isinstance(of, nn.Conv2d) or not is_plain(of) or of not in traits.shapes:
        return None
    blocks = best_blocks(of.kernel_size[1], of.in_channels, of.out_channels, traits.shapes[of][3])
    return None if blocks is None else [OverlapSave(of, blocks), *rest]


def _shared_dense(layers: _Layers, traits: _Traits) -> _Layers | None:
    """Flattening, dense layer -> flattening, convolution that windows share, where cheaper."""
    match layers:
        case [nn.Flatten() as flatten, nn.Linear() as dense, *rest] if flatten in traits.shapes:
            _, channels, _, span = traits.shapes[flatten]
            shared = window_dense(dense, channels, span)
            return None if shared is None else [flatten, shared, *rest]
    return None


def _fused_residual(layers: _Layers, traits: _Traits) -> _Layers | None:
    """Residual block of norm, relu and three taps -> one pass."""
    del traits
    match layers:
        case [Residual() as block, *rest] if not isinstance(block, FusedResidual):
            fused = fused_block(block)
            return None if fused is None else [FusedResidual(block, fused), *rest]
    return None


_RULES = (
    _Rule(_maxima_first, "network"),
    _Rule(_pooled_words, "first"),
    _Rule(_words, "first"),
    _Rule(_fused_residual, "everywhere"),
    _Rule(_blocks, "everywhere"),
    _Rule(_shared_dense, "network"),
)


def _of_bases(layer: nn.Module) -> nn.Conv2d | None:
    """Return the convolution of bases that a layer is, or ends with where it pads first; None for others."""
    if isinstance(layer, nn.Sequential):
        layer = layer[-1]
    if not isinstance(layer, nn.Conv2d) or layer.in_channels != 4 or not is_plain(layer):
        return None
    return layer


def _padded_alike(layer: nn.Module, convolution: nn.Module) -> nn.Module:
    """Return a layer, padded or not, with another convolution."""
    return nn.Sequential(*list(layer)[:-1], convolution) if isinstance(layer, nn.Sequential) else convolution


def _is_whole(pool: nn.MaxPool2d, length: int) -> bool:
    """Return whether the last window of so many positions is full, if it counts."""
    window = sliding_window(pool)
    return not pool.ceil_mode or (length - window.span) % window.stride == 0


def _shapes(network: nn.Sequential, width: int) -> dict[nn.Module, torch.Size]:
    """Return the shapes of `_Traits`."""
    shapes: dict[nn.Module, torch.Size] = {}
    behind = False

    def look(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal behind
        behind |= isinstance(module, Exponential)
        if behind:
            return
        if isinstance(module, nn.Conv2d):
            shapes[module] = output.shape
        if isinstance(module, nn.Flatten) and module.start_dim == 1:
            shapes[module] = inputs[0].shape

    hooks = [module.register_forward_hook(look) for module in network.modules()]
    with torch.inference_mode():
        network(torch.zeros(1, 4, 1, width))
    for hook in hooks:
        hook.remove()
    return shapes
