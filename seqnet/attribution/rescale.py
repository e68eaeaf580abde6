"""Layers' rules for DeepLIFT: what a layer makes of sequences and of their references, with multipliers.

Outputs for references carry as gradients the multipliers of the pair; a layer whose multipliers are not its
gradients adds ``m (r - r)`` to its output, of which the second r is a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx
from torch.nn import functional

from seqnet.networks.fast.conv_base import is_plain
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
    Taper,
    Towers,
)

_LINEAR = (
    nn.Linear, nn.AvgPool2d, nn.Flatten, nn.ZeroPad2d, Dropout,
    nn.Identity, Taper,
)  # fmt: skip
_SEGMENTS = (nn.ReLU, nn.LeakyReLU, nn.PReLU)
"""Activations of straight segments: their secants are exact over any distance."""
_FEW = 16
"""Channels up to which the gradients of a convolution's inputs are computed by `_FewChannels`."""
_CUT = 8.0
"""Where `Exponential` is cut."""


class Compared:
    """Values of b sequences and of their references, N behind each other for each sequence.

    They are one tensor, so that each layer is applied once. Gradients of references are multipliers, those of
    sequences zeros.

    Parameters
    ----------
    values
        (b + b N, ...), the sequences first.
    count
        b.
    """

    def __init__(self, values: Tensor, count: int) -> None:
        self.values, self.count = values, count

    @classmethod
    def of(cls, sequences: Tensor, references: Tensor) -> Compared:
        """Return (b, ...) and (b N, ...) together."""
        return cls(torch.cat([sequences, references]), len(sequences))

    @property
    def sequences(self) -> Tensor:
        """(b, ...)."""
        return self.values[: self.count]

    @property
    def references(self) -> Tensor:
        """(b N, ...)."""
        return self.values[self.count :]

    def beside(self, values: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the sequences (b, 1, ...) and the references (b, N, ...), of these or other values."""
        values = self.values.detach() if values is None else values
        one, many = values[: self.count], values[self.count :]
        return one.unsqueeze(1), many.view(self.count, -1, *many.shape[1:])

    def mapped(self, function: Callable[[Tensor], Tensor]) -> Compared:
        """Apply a function whose gradients are its multipliers."""
        return Compared(function(self.values), self.count)


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


class _Context(FunctionCtx):
    """What a function keeps for its gradients."""

    saved_tensors: tuple[Tensor, ...]
    layer: nn.Conv2d
    shape: torch.Size
    strides: tuple[int, ...]


# ---- linear layers ----------------------------------------------------------------------------


class _FewChannels(Function):
    """A convolution of few channels, whose gradients for its inputs torch computes slowly."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, module: nn.Conv2d) -> Tensor:
        """Return what the layer makes of (n, C, 1, L)."""
        ctx.layer = module
        outputs: Tensor = module(x)
        return outputs

    @staticmethod
    def backward(ctx: _Context, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the gradients of the inputs: one product for all taps, and sums of them."""
        weight, side = ctx.layer.weight[:, :, 0], int(ctx.layer.padding[1])
        (n, filters, _, length), (_, channels, span) = gradient.shape, weight.shape
        rows = gradient.permute(0, 2, 3, 1).reshape(-1, filters)
        taps = weight.permute(2, 1, 0).reshape(-1, filters)
        products = (taps @ rows.T).view(span, channels, n, length)
        sums = gradient.new_zeros(channels, n, length + span - 1)
        for place, product in enumerate(products):
            sums[:, :, place : place + length] += product
        return sums[:, :, side : sums.shape[2] - side].transpose(0, 1).unsqueeze(2), None


def _batch_norm(module: nn.Module, pair: Compared) -> Compared:
    assert isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
    assert module.running_var is not None
    ratio = module.weight / torch.sqrt(module.running_var + module.eps)
    ratio = ratio.view(-1, *[1] * (pair.values.ndim - 2)).detach()
    return pair.mapped(lambda values: _Sloped.apply(values, module(values.detach()), ratio))  # type: ignore[no-untyped-call]


def _convolution(module: nn.Module, pair: Compared) -> Compared:
    assert isinstance(module, nn.Conv2d)
    if is_plain(module) and module.in_channels <= _FEW and pair.values.device.type == "cpu":
        return pair.mapped(lambda values: _FewChannels.apply(values, module))  # type: ignore[no-untyped-call]
    return pair.mapped(module)


# ---- layers that are not linear --------------------------------------------------------------


class _Sloped(Function):
    """Values computed before, each with its slope along what the layer reads at the same place."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, values: Tensor, slope: Tensor) -> Tensor:  # noqa: ARG004  differentiated
        """Return the values."""
        ctx.save_for_backward(slope)
        return values

    @staticmethod
    def backward(ctx: _Context, gradient: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradients of what the layer reads."""
        (slope,) = ctx.saved_tensors
        return gradient * slope, None, None


def _secant(module: nn.Module, pair: Compared) -> Compared:
    """Return an elementwise layer's outputs, with the slope of the secant."""
    with torch.no_grad():
        outputs = module(pair.values)
        slope = torch.empty_like(outputs)
        slope[: pair.count] = 0
        _, of_references = pair.beside(slope)
        put = _put_exponential_slope if isinstance(module, Exponential) else _put_slope
        put(module, *pair.beside(), *pair.beside(outputs), of_references)
    return pair.mapped(lambda x: _Sloped.apply(x, outputs, slope))  # type: ignore[no-untyped-call]


def _put_slope(module: nn.Module, x: Tensor, r: Tensor, fx: Tensor, fr: Tensor, out: Tensor) -> None:
    """Fill in (f(x) - f(r)) / (x - r), (b, N, ...); the derivative half way where x and r are near."""
    difference = x - r
    torch.sub(fx, fr, out=out).div_(difference)
    if isinstance(module, _SEGMENTS):
        if not _has_nan(out):
            return
        near = difference == 0
    else:
        near = difference.abs() <= torch.finfo(r.dtype).eps ** (1 / 3)
    out[near] = _derivative(module, ((x + r) / 2)[near])


def _has_nan(values: Tensor) -> bool:
    """Return whether there may be a NaN; a sum is quicker than a look at each value."""
    return bool(values.sum().isnan())


def _derivative(module: nn.Module, at: Tensor) -> Tensor:
    """Return an elementwise layer's derivative at some values, (m,)."""
    leaf = at.detach().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(module(leaf).sum(), leaf)
    return slope


def _put_exponential_slope(_: nn.Module, x: Tensor, r: Tensor, fx: Tensor, fr: Tensor, out: Tensor) -> None:
    """Fill in the same for the cut exponential, without loss of digits where x and r are near."""
    difference = x - r
    torch.expm1(difference, out=out).div_(difference).mul_(fr)
    if max(x.max(), r.max()) > _CUT:
        out.copy_(torch.where(torch.maximum(x, r) > _CUT, (fx - fr) / difference, out))
    if _has_nan(out):
        out.copy_(torch.where(difference == 0, fr * (r < _CUT), out))


_Chooser: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From values to maxima and the indices, along the last axis, of where they are."""


class _Chosen(Function):
    """Values computed before, each with its slope along one of the layer's inputs on the last axis."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, values: Tensor, index: Tensor, slope: Tensor) -> Tensor:
        """Return the values."""
        ctx.save_for_backward(index, slope)
        ctx.shape, ctx.strides = x.shape, x.stride()
        return values

    @staticmethod
    def backward(ctx: _Context, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        """Return the gradients of what the layer reads."""
        index, slope = ctx.saved_tensors
        spread = gradient.new_empty_strided(ctx.shape, ctx.strides).zero_()
        return spread.scatter_add_(-1, index, gradient * slope), None, None, None


def _maxima(pair: Compared, choose: _Chooser, *, rectified: bool = False) -> Compared:
    """Return maxima, each of whose differences is due to the place of the higher one.

    Parameters
    ----------
    rectified
        Of values behind a ReLU; the pair is what it reads. The slopes of the two layers at one place are
        (M(x) - M(r)) / (f(x) - f(r)) and (f(x) - f(r)) / (x - r), and only their product is needed there.
    """
    with torch.no_grad():
        values, index = choose(pair.values)
        if rectified:
            values = values.relu_()
        slope = torch.empty_like(values)
        slope[: pair.count] = 0
        (x, r), (of_x, of_r), (at_x, at_r) = pair.beside(), pair.beside(values), pair.beside(index)
        torch.where(of_x >= of_r, at_x, at_r, out=at_r)
        chosen = torch.gather(r, -1, at_r)
        difference = torch.gather(x.expand_as(r), -1, at_r) - chosen
        _, of_references = pair.beside(slope)
        torch.sub(of_x, of_r, out=of_references).div_(difference)
        if _has_nan(of_references):
            equal = chosen > 0 if rectified else torch.ones_like(chosen)
            of_references.copy_(torch.where(difference == 0, equal, of_references))
    return pair.mapped(lambda x: _Chosen.apply(x, values, index, slope))  # type: ignore[no-untyped-call]


def _max_pool(module: nn.Module, pair: Compared, *, rectified: bool = False) -> Compared:
    assert isinstance(module, nn.MaxPool2d)
    size, stride, partial = module.kernel_size, module.stride, module.ceil_mode

    def choose(values: Tensor) -> tuple[Tensor, Tensor]:
        maxima: tuple[Tensor, Tensor] = functional.max_pool2d(
            values, size, stride, ceil_mode=partial, return_indices=True
        )
        return maxima

    return _maxima(pair, choose, rectified=rectified)


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
            count = _repeated(inside, pair).sum((2, 3))
            summed = _filled(pair, ~inside, 0.0)
            parts.append(summed.mapped(lambda values: values.sum((2, 3)) / count))
    return _joined(*parts)


# ---- layers of layers ------------------------------------------------------------------------


def _chain(module: nn.Module, pair: Compared) -> Compared:
    layers = [layer for layer in module.children() if not isinstance(layer, nn.Identity)]
    while layers:
        match layers:
            case [nn.ReLU(), nn.MaxPool2d() as pool, *layers]:  # the slopes of every place are not needed
                pair = _max_pool(pool, pair, rectified=True)
            case [layer, *layers]:
                pair = rescaled(layer, pair)
    return pair


def _residual(module: nn.Module, pair: Compared) -> Compared:
    assert isinstance(module, Residual)
    block = rescaled(module.block, pair)
    shortcut = pair if module.shortcut is None else rescaled(module.shortcut, pair)
    return pair.mapped(lambda _: shortcut.values + block.values)


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
    return pair.mapped(lambda _: (one.values + other.values) / 2)


def _joined(*pairs: Compared) -> Compared:
    """Return the channels of pairs side by side."""
    if len(pairs) == 1:
        return pairs[0]
    return pairs[0].mapped(lambda _: torch.cat([pair.values for pair in pairs], dim=1))


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
    """Return a mask of the sequences for them and each of their references."""
    count = len(pair.references) // len(pair.sequences)
    return torch.cat([mask, mask.repeat_interleave(count, dim=0)])


def _filled(pair: Compared, mask: Tensor, value: float) -> Compared:
    """Put a value where a mask of the sequences is true."""
    return pair.mapped(lambda values: values.masked_fill(_repeated(mask, pair), value))


_RULES: tuple[tuple[type | tuple[type, ...], Callable[[nn.Module, Compared], Compared]], ...] = (
    (nn.Conv2d, _convolution),
    ((nn.BatchNorm1d, nn.BatchNorm2d), _batch_norm),
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
