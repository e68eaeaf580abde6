"""Layers' rules for DeepLIFT: what a layer makes of sequences and of their references, with multipliers.

Outputs for references carry as gradients the multipliers of the pair; a layer whose multipliers are not its
gradients adds ``m (r - r)`` to its output, of which the second r is a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.networks.masking import Masking, carried, has_masked_pool, inside_sequence, or_whole
from seqnet.networks.modules import (
    ACTIVATIONS,
    Dropout,
    Exponential,
    GlobalPool,
    Maxout,
    Parallel,
    Residual,
    Siamese,
    Towers,
)

_LINEAR = (
    nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d, nn.AvgPool2d, nn.Flatten, nn.ZeroPad2d, Dropout,
    nn.Identity,
)  # fmt: skip
_SEGMENTS = (nn.ReLU, nn.LeakyReLU, nn.PReLU)
"""Activations of straight segments: their secants are exact over any distance."""
_CUT = 8.0
"""Where `Exponential` is cut."""


class Compared(NamedTuple):
    """Values of b sequences and of their references, N behind each other for each sequence."""

    sequences: Tensor
    """(b, ...)."""
    references: Tensor
    """(b N, ...), with gradients."""

    def beside(self) -> tuple[Tensor, Tensor]:
        """Return the sequences (b, 1, ...) and the references (b, N, ...)."""
        one, many = self
        return one.unsqueeze(1), many.detach().reshape(len(one), -1, *many.shape[1:])

    def mapped(self, function: Callable[[Tensor], Tensor]) -> Compared:
        """Apply a function whose gradients are its multipliers."""
        return Compared(function(self.sequences), function(self.references))


def rescaled(module: nn.Module, pair: Compared) -> Compared:
    """Return what a layer makes of a pair.

    Raises
    ------
    ValueError
        If the layer has no rule.
    """
    if isinstance(module, Masking):
        return _masked(module, pair, inside_sequence(pair.sequences))
    for kinds, rule in _RULES:
        if isinstance(module, kinds):
            return rule(module, pair)
    raise ValueError(f"{type(module).__name__} has no rule for DeepLIFT")


# ---- layers that are not linear --------------------------------------------------------------


def _secant(module: nn.Module, pair: Compared) -> Compared:
    """Return an elementwise layer's outputs, with the slope of the secant."""
    with torch.no_grad():
        outputs, others = module(pair.sequences), module(pair.references)
        slope = _slope(module, pair, Compared(outputs, others)).reshape(others.shape)
    fixed = pair.references.detach()
    return Compared(outputs, others + slope * (pair.references - fixed))


def _slope(module: nn.Module, pair: Compared, outputs: Compared) -> Tensor:
    """Return (f(x) - f(r)) / (x - r), (b, N, ...); the derivative half way where x and r are near."""
    (x, r), (fx, fr) = pair.beside(), outputs.beside()
    difference = x - r
    if isinstance(module, Exponential):
        return _exponential_slope(x, r, fx, fr)
    if isinstance(module, nn.ReLU):
        return torch.where(difference == 0, (r > 0).to(r.dtype), (fx - fr) / difference)
    slope = (fx - fr) / difference
    limit = 0.0 if isinstance(module, _SEGMENTS) else torch.finfo(r.dtype).eps ** (1 / 3)
    near = difference.abs() <= limit
    if near.any():
        slope[near] = _derivative(module, ((x + r) / 2)[near])
    return slope


def _derivative(module: nn.Module, at: Tensor) -> Tensor:
    """Return an elementwise layer's derivative at some values, (m,)."""
    leaf = at.detach().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(module(leaf).sum(), leaf)
    return slope


def _exponential_slope(x: Tensor, r: Tensor, fx: Tensor, fr: Tensor) -> Tensor:
    """Return the slope of the cut exponential, without loss of digits where x and r are near."""
    difference = x - r
    slope = torch.expm1(difference) / difference * torch.exp(r)
    slope = torch.where(torch.maximum(x, r) > _CUT, (fx - fr) / difference, slope)
    return torch.where(difference == 0, torch.exp(r) * (r < _CUT), slope)


_Chooser: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From values to maxima and the indices, along the last axis, of where they are."""


def _maxima(pair: Compared, choose: _Chooser) -> Compared:
    """Return maxima, each of whose differences is due to the place of the higher one."""
    with torch.no_grad():
        (fx, at_x), (fr, at_r) = choose(pair.sequences), choose(pair.references)
        values, places = Compared(fx, fr), Compared(at_x, at_r)
        (of_x, of_r), (place_x, place_r) = values.beside(), places.beside()
        x, r = pair.beside()
        index = torch.where(of_x >= of_r, place_x, place_r)
        difference = torch.gather(x.expand_as(r), -1, index) - torch.gather(r, -1, index)
        share = torch.where(difference == 0, 1.0, (of_x - of_r) / difference)
        index, share = index.reshape(fr.shape), share.reshape(fr.shape)
    chosen = torch.gather(pair.references, -1, index)
    return Compared(fx, fr + share * (chosen - chosen.detach()))


def _max_pool(module: nn.Module, pair: Compared) -> Compared:
    assert isinstance(module, nn.MaxPool2d)
    size, stride, partial = module.kernel_size, module.stride, module.ceil_mode

    def choose(values: Tensor) -> tuple[Tensor, Tensor]:
        maxima: tuple[Tensor, Tensor] = functional.max_pool2d(
            values, size, stride, ceil_mode=partial, return_indices=True
        )
        return maxima

    return _maxima(pair, choose)


def _highest(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return the maximum along the last axis, and where it is."""
    highest, place = values.max(-1, keepdim=True)
    return highest, place


def _maxout(module: nn.Module, pair: Compared) -> Compared:
    assert isinstance(module, Maxout)
    pieces = module.pieces

    def grouped(values: Tensor) -> Tensor:
        n, channels, *positions = values.shape
        return values.reshape(n, channels // pieces, pieces, *positions).movedim(2, -1)

    return _maxima(pair.mapped(grouped), _highest).mapped(lambda values: values.squeeze(-1))


def _global_pool(module: nn.Module, pair: Compared, inside: Tensor | None = None) -> Compared:
    """Pool over all positions, or those inside, bool (b, 1, 1, L)."""
    assert isinstance(module, GlobalPool)
    parts = []
    if module.kind != "average":
        part = pair if inside is None else _filled(pair, ~inside, -torch.inf)
        parts.append(_maxima(part, _highest).mapped(lambda values: values.flatten(1)))
    if module.kind != "max":
        if inside is None:
            parts.append(pair.mapped(lambda values: values.mean((2, 3))))
        else:
            count = Compared(inside, _repeated(inside, pair)).mapped(lambda there: there.sum((2, 3)))
            summed = _filled(pair, ~inside, 0.0).mapped(lambda values: values.sum((2, 3)))
            parts.append(Compared(summed.sequences / count.sequences, summed.references / count.references))
    return _joined(*parts)


# ---- layers of layers ------------------------------------------------------------------------


def _chain(module: nn.Module, pair: Compared) -> Compared:
    for layer in module.children():
        pair = rescaled(layer, pair)
    return pair


def _residual(module: nn.Module, pair: Compared) -> Compared:
    assert isinstance(module, Residual)
    block = rescaled(module.block, pair)
    shortcut = pair if module.shortcut is None else rescaled(module.shortcut, pair)
    return Compared(*(one + other for one, other in zip(shortcut, block, strict=True)))


def _parallel(module: nn.Module, pair: Compared) -> Compared:
    assert isinstance(module, Parallel)
    return _joined(rescaled(module.layers, pair), rescaled(module.beside, pair))


def _towers(module: nn.Module, pair: Compared) -> Compared:
    assert isinstance(module, Towers)
    sequence = rescaled(module.sequence, pair.mapped(lambda values: values[:, :4]))
    return _joined(sequence, rescaled(module.signal, pair.mapped(lambda values: values[:, 4:])))


def _siamese(module: nn.Module, pair: Compared) -> Compared:
    assert isinstance(module, Siamese)
    one, other = rescaled(module.block, pair), rescaled(module.block, pair.mapped(module.turned))
    return Compared(*((first + second) / 2 for first, second in zip(one, other, strict=True)))


def _joined(*pairs: Compared) -> Compared:
    """Return the channels of pairs side by side."""
    if len(pairs) == 1:
        return pairs[0]
    return Compared(*(torch.cat(parts, dim=1) for parts in zip(*pairs, strict=True)))


# ---- padding ---------------------------------------------------------------------------------


def _masked(layers: nn.Module, pair: Compared, inside: Tensor) -> Compared:
    """Do what `Masking` does with a pair whose padding is that of the sequences, bool (b, 1, 1, L)."""
    for layer in layers.children():
        if isinstance(layer, GlobalPool) and layer.masked:
            pair = _global_pool(layer, pair, or_whole(inside))
        elif isinstance(layer, Parallel) and has_masked_pool(layer):
            clear = _filled(pair, ~or_whole(inside), 0.0)
            pair = _joined(*(_masked(chain, clear, inside) for chain in (layer.layers, layer.beside)))
        else:
            inside = carried(inside, layer)
            pair = rescaled(layer, pair)
    return pair


def _repeated(mask: Tensor, pair: Compared) -> Tensor:
    """Return a mask of the sequences for each of their references."""
    return mask.repeat_interleave(len(pair.references) // len(pair.sequences), dim=0)


def _filled(pair: Compared, mask: Tensor, value: float) -> Compared:
    """Put a value where a mask of the sequences is true."""
    return Compared(
        pair.sequences.masked_fill(mask, value), pair.references.masked_fill(_repeated(mask, pair), value)
    )


_RULES: tuple[tuple[type | tuple[type, ...], Callable[[nn.Module, Compared], Compared]], ...] = (
    (_LINEAR, lambda module, pair: pair.mapped(module)),
    (tuple(kind for kind in ACTIVATIONS.values() if isinstance(kind, type)), _secant),
    (nn.MaxPool2d, _max_pool),
    (Maxout, _maxout),
    (GlobalPool, _global_pool),
    (Residual, _residual),
    (Parallel, _parallel),
    (Towers, _towers),
    (Siamese, _siamese),
    (nn.Sequential, _chain),
)
"""Kinds of modules to their rules; `nn.Sequential` last, as padded convolutions are one."""
