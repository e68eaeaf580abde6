"""Layers of edited sequences: each computed where an edit reaches, or whole where it has no rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.inference.sharing.edited import Edited, Unedited, after_window
from seqnet.inference.sharing.edited_weights import EditedWeights
from seqnet.kernels.maxima import maxima
from seqnet.networks.fast.sliding_window import sliding_window
from seqnet.networks.modules import ACTIVATIONS, Exponential, GlobalPool, Maxout, Parallel, Residual

State: TypeAlias = Edited | Tensor
"""Edited sequences in their windows, or whole: (b K R, C, 1, L), or (b K R, F) features."""
_SAME = (nn.Dropout, nn.Identity)
_ACTIVATIONS = tuple(kind for kind in ACTIVATIONS.values() if isinstance(kind, type))


def total_stride(layers: Iterable[nn.Module]) -> int:
    """Return the product of the strides along layers: edits so far apart share their windows' places."""
    stride = 1
    for layer in layers:
        if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d | nn.Conv2d):
            stride *= sliding_window(layer).stride
        elif isinstance(layer, Residual):
            stride *= total_stride(cast("nn.Sequential", layer.block))
        elif isinstance(layer, Parallel):
            stride *= total_stride(layer.layers)
        elif isinstance(layer, nn.Sequential):
            stride *= total_stride(layer)
    return stride


class EditedLayers:
    """The layers of a chain, applied to edited sequences.

    Parameters
    ----------
    chain
        In evaluation mode.
    weights
        Of a network that holds the chain.
    x
        (b, C, 1, L): the unedited sequences.
    """

    def __init__(self, chain: nn.Sequential, weights: EditedWeights, x: Tensor) -> None:
        self._weights = weights
        self._outputs: dict[nn.Module, Tensor] = {}
        self._unedited: dict[nn.Module, Unedited] = {}
        self._extremes: dict[nn.Module, tuple[Tensor, Tensor]] = {}
        hooks = [module.register_forward_hook(self._keep) for module in chain.modules()]
        try:
            self.plain: Tensor = chain(x)
        finally:
            for hook in hooks:
                hook.remove()
        self._chain = chain

    def _keep(self, module: nn.Module, _inputs: object, output: Tensor) -> None:
        self._outputs[module] = output

    def outputs(self, edited: Edited) -> Tensor:
        """Return what the chain makes of edited inputs: (b K R, F) features."""
        found = self._through(edited, list(self._chain))
        return found.whole().flatten(1) if isinstance(found, Edited) else found

    def _through(self, state: State, layers: list[nn.Module]) -> State:
        """Apply layers one after another; flattening and the dense layer behind it at once."""
        place = 0
        while place < len(layers):
            layer = layers[place]
            after = layers[place + 1] if place + 1 < len(layers) else None
            if isinstance(state, Edited) and isinstance(layer, nn.Flatten) and isinstance(after, nn.Linear):
                state = self._dense(state, after)
                place += 1
            else:
                state = self._apply(state, layer)
            place += 1
        return state

    def _apply(self, state: State, layer: nn.Module) -> State:
        """Apply one layer; whole where it has no rule, or windows come to lie at different places."""
        if isinstance(layer, nn.Sequential) and not _is_padded(layer):
            return self._through(state, list(layer))
        if isinstance(state, Tensor):
            whole: Tensor = layer(state)
            return whole
        for kinds, rule in _RULES:
            if isinstance(layer, kinds):
                return rule(self, state, layer)
        found: Tensor = layer(state.whole())
        return found

    def _of(self, module: nn.Module) -> Unedited:
        """Return what a module makes of the unedited sequences."""
        if module not in self._unedited:
            self._unedited[module] = Unedited(self._outputs[module])
        return self._unedited[module]

    # ---- layers that map each position by itself ---------------------------------------------

    def _same(self, state: Edited, module: nn.Module) -> State:
        del module
        return state

    def _pointwise(self, state: Edited, module: nn.Module) -> State:
        values = state.values()
        if isinstance(module, nn.ReLU):
            values = values.relu_()
        elif isinstance(module, Exponential):
            values = module(values)
        elif isinstance(module, Maxout):
            values = values.view(*values.shape[:-1], -1, module.pieces).amax(-1)
        else:
            values = module(values)
        return Edited(values, False, state.start, state.step, self._of(module))

    def _batch_norm(self, state: Edited, module: nn.Module) -> State:
        norm = cast("nn.BatchNorm2d", module)
        assert norm.running_var is not None
        ratio = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        return Edited(state.differences().mul_(ratio), True, state.start, state.step, self._of(norm))

    # ---- layers that slide along positions ---------------------------------------------------

    def _convolution(self, state: Edited, module: nn.Module) -> State:
        before, convolution = _padding(module)
        span, stride, _ = sliding_window(convolution)
        if state.step % stride:
            whole: Tensor = module(state.whole())
            return whole
        start, width = after_window(state.start + before, state.width, span, stride)
        difference = state.differences()
        offset = start * stride - before - state.start
        if convolution.groups > 1:
            values = _grouped(convolution, difference, offset, width)
        elif (spectra := self._weights.spectra(convolution, state.width)) is not None:
            values = _by_spectra(spectra, difference)
        else:
            values = _by_taps(convolution, self._weights.taps(convolution), difference, offset, width)
        found = Edited(values, True, start, state.step // stride, self._of(module))
        found.fill_outside(values, 0.0)
        return found

    def _pool(self, state: Edited, module: nn.Module) -> State:
        pool = cast("nn.MaxPool2d | nn.AvgPool2d", module)
        span, stride, _ = sliding_window(pool)
        if state.step % stride:
            whole: Tensor = pool(state.whole())
            return whole
        start, width = after_window(state.start, state.width, span, stride)
        kept, step = self._of(pool), state.step // stride
        if isinstance(pool, nn.AvgPool2d):
            difference = state.differences()
            values = _sums(difference, start * stride - state.start, width, span, stride).div_(span)
            found = Edited(values, True, start, step, kept)
            _widen_last(found, state.unedited.length, span, stride)
            found.fill_outside(values, 0.0)
            return found
        first = min(start * stride, state.start)
        end = max((start + width - 1) * stride + span, state.start + state.width)
        covered = _covered(state, first, end)
        values = _maxima(covered[start * stride - first :], width, span, stride)
        return Edited(values, False, start, step, kept)

    # ---- layers of layers --------------------------------------------------------------------

    def _residual(self, state: Edited, module: nn.Module) -> State:
        block = cast("Residual", module)
        one = self._apply(state.copy(), block.block)
        other = state if block.shortcut is None else self._apply(state, block.shortcut)
        if isinstance(one, Edited) and isinstance(other, Edited) and one.step == other.step:
            return _added(one, other, self._of(module))
        return _whole(one) + _whole(other)

    def _parallel(self, state: Edited, module: nn.Module) -> State:
        both = cast("Parallel", module)
        parts = [self._apply(state.copy(), both.layers), self._apply(state, both.beside)]
        return torch.cat([_whole(part) for part in parts], dim=1)

    # ---- layers that see all positions -------------------------------------------------------

    def _global_pool(self, state: Edited, module: nn.Module) -> State:
        pool = cast("GlobalPool", module)
        kept, parts = state.unedited, []
        if pool.kind != "average":
            parts.append(self._highest(state, pool))
        if pool.kind != "max":
            mean = kept.values.mean(1)[:, None, None]
            parts.append(mean + state.differences().sum(0) / kept.length)
        return torch.cat(parts, dim=-1).flatten(0, 2)

    def _highest(self, state: Edited, pool: GlobalPool) -> Tensor:
        """Return maxima (b, K, R, C): of a window, and of the unedited values on its sides."""
        kept = state.unedited
        if pool not in self._extremes:
            low = kept.values.new_full((kept.rows, 1, kept.channels), -torch.inf)
            before = torch.cat([low, kept.values.cummax(1).values], dim=1)
            behind = torch.cat([kept.values.flip(1).cummax(1).values.flip(1), low], dim=1)
            self._extremes[pool] = before, behind
        before, behind = self._extremes[pool]
        starts = state.start + state.step * torch.arange(state.count, device=kept.values.device)
        sides = torch.maximum(
            before[:, starts.clamp(0, kept.length)],
            behind[:, (starts + state.width).clamp(0, kept.length)],
        )
        inner = state.fill_outside(state.values().clone(), -torch.inf).amax(0)
        return torch.maximum(inner, sides[:, :, None])

    def _dense(self, state: Edited, layer: nn.Linear) -> Tensor:
        """Return a dense layer of all channels and positions: (b K R, units)."""
        difference, (length, units) = state.differences(), (state.unedited.length, layer.out_features)
        w, b, count, bases, channels = difference.shape
        margin = max(0, -state.start, state.start + state.step * (count - 1) + w - length)
        weight = self._weights.dense(layer, channels, margin)
        row = channels * units
        windows = weight.as_strided(
            (count, w * channels, units), (state.step * row, units, 1), (margin + state.start) * row
        )
        rows = difference.permute(2, 1, 3, 0, 4).reshape(count, b * bases, w * channels)
        change = torch.bmm(rows, windows).view(count, b, bases, units).transpose(0, 1)
        return (change + self._outputs[layer][:, None, None]).reshape(-1, units)


def _whole(state: State) -> Tensor:
    return state.whole() if isinstance(state, Edited) else state


def _is_padded(layer: nn.Sequential) -> bool:
    """Return whether a chain is a convolution behind a layer of padding."""
    return len(layer) == 2 and isinstance(layer[0], nn.ZeroPad2d) and isinstance(layer[1], nn.Conv2d)


def _padding(module: nn.Module) -> tuple[int, nn.Conv2d]:
    """Return how many zeros come before a convolution's input, and the convolution."""
    before = 0
    if isinstance(module, nn.Sequential):
        pad, module = module[0], module[1]
        before = int(cast("nn.ZeroPad2d", pad).padding[0])
    convolution = cast("nn.Conv2d", module)
    return before + int(convolution.padding[1]), convolution


def _by_taps(convolution: nn.Conv2d, weight: Tensor, x: Tensor, offset: int, width: int) -> Tensor:
    """Convolve differences, zeros around them, by one product for each of the filters' positions.

    Parameters
    ----------
    weight
        (F, C, K).
    x
        (w, b, K, R, C).
    offset
        Where the first output's filter begins in x, negative before it.
    width
        Outputs.
    """
    w, *batch, channels = x.shape
    n, filters = math.prod(batch), convolution.out_channels
    stride, dilation = convolution.stride[1], convolution.dilation[1]
    rows, out = x.reshape(w, n, channels), x.new_zeros(width, n, filters)
    for tap, matrix in enumerate(weight):
        begin = offset + tap * dilation  # of the first output's input; then every stride-th
        first = max(0, -(begin // stride))
        end = min(width, (w - 1 - begin) // stride + 1)
        if first >= end:
            continue
        place = begin + first * stride
        part = rows[place : place + (end - first - 1) * stride + 1 : stride]
        out[first:end].view(-1, filters).addmm_(part.reshape(-1, channels), matrix)
    return out.view(width, *batch, filters)


def _by_spectra(spectra: tuple[Tensor, ...], x: Tensor) -> Tensor:
    """Convolve differences (w, b, K, R, C), zeros around them, by the products of their spectra."""
    forward, inverse, factors = spectra
    w, *batch, channels = x.shape
    n, filters = math.prod(batch), factors.shape[2]
    products = torch.bmm((forward @ x.reshape(w, -1)).view(-1, n, channels), factors)
    return (inverse @ products.view(len(products), -1)).view(-1, *batch, filters)


def _grouped(convolution: nn.Conv2d, x: Tensor, offset: int, width: int) -> Tensor:
    """Do what `_by_taps` does where channels are in groups."""
    w, *batch, channels = x.shape
    window = sliding_window(convolution)
    need = (width - 1) * window.stride + window.span
    rows = x.reshape(w, -1, channels)
    covered = rows.new_zeros(need, *rows.shape[1:])
    first, end = max(0, offset), min(w, offset + need)
    if first < end:  # a stride may pass over the edit
        covered[first - offset : end - offset] = rows[first:end]
    rows, stride, dilation = covered.permute(1, 2, 0).unsqueeze(2), convolution.stride, convolution.dilation
    found = functional.conv2d(rows, convolution.weight, None, stride, 0, dilation, convolution.groups)
    return found.squeeze(2).permute(2, 0, 1).reshape(width, *batch, -1)


def _sums(x: Tensor, offset: int, width: int, span: int, stride: int) -> Tensor:
    """Return sums of `span` positions, zeros around them; otherwise as `_by_taps`."""
    reach = (width - 1) * stride + span
    before, behind = max(0, -offset), max(0, offset + reach - x.shape[0])
    padded = functional.pad(x, (0, 0, 0, 0, 0, 0, 0, 0, before, behind))
    first, last = offset + before, (width - 1) * stride + 1
    found = padded[first : first + last : stride].clone()
    for shift in range(1, span):
        found += padded[first + shift : first + shift + last : stride]
    return found


def _widen_last(found: Edited, length: int, span: int, stride: int) -> None:
    """Divide means of a last window that is not full by the positions that it has, of `length`."""
    last = found.unedited.length - 1
    seen = length - last * stride
    if seen >= span:
        return
    for place in range(found.width):
        edit, rest = divmod(last - found.start - place, found.step)
        if not rest and 0 <= edit < found.count:
            found.x[place, :, edit] *= span / seen


def _covered(state: Edited, first: int, end: int) -> Tensor:
    """Return values from one position of the windows to another, -inf outside the sequence."""
    w, b, count, bases, channels = state.x.shape
    covered = state.x.new_empty(end - first, b, count, bases, channels)
    place, values = state.start - first, state.values()
    covered[place : place + w] = values
    if place:
        covered[:place] = state.unedited.windows(first, place, state.step, count)
    if (behind := end - state.start - w) > 0:
        covered[place + w :] = state.unedited.windows(state.start + w, behind, state.step, count)
    return state.fill_outside(covered, -torch.inf, first)


def _maxima(rows: Tensor, width: int, span: int, stride: int) -> Tensor:
    """Return maxima of `span` positions of (w, ...), every `stride`."""
    out = rows.new_empty(width, *rows.shape[1:])
    if rows.dtype == torch.float32 and rows.device.type == "cpu":
        maxima(rows.flatten(1).numpy(), span, stride, out.flatten(1).numpy())
        return out
    reach = (width - 1) * stride + 1
    out.copy_(rows[:reach:stride])
    for shift in range(1, span):
        torch.maximum(out, rows[shift : shift + reach : stride], out=out)
    return out


def _added(one: Edited, other: Edited, kept: Unedited) -> Edited:
    """Return the sum of two, in windows that hold both."""
    first, second = one.differences(), other.differences()
    low = min(one.start, other.start)
    high = max(one.start + one.width, other.start + other.width)
    before, behind = one.start - low, high - one.start - one.width
    if before or behind:
        first = functional.pad(first, (0, 0, 0, 0, 0, 0, 0, 0, before, behind))
    first[other.start - low : other.start - low + other.width] += second
    return Edited(first, True, low, one.step, kept)


_Rule: TypeAlias = Callable[[EditedLayers, Edited, nn.Module], State]
_RULES: tuple[tuple[type | tuple[type, ...], _Rule], ...] = (
    (_SAME, EditedLayers._same),
    ((*_ACTIVATIONS, Maxout), EditedLayers._pointwise),
    (nn.BatchNorm2d, EditedLayers._batch_norm),
    ((nn.Conv2d, nn.Sequential), EditedLayers._convolution),
    ((nn.MaxPool2d, nn.AvgPool2d), EditedLayers._pool),
    (Residual, EditedLayers._residual),
    (Parallel, EditedLayers._parallel),
    (GlobalPool, EditedLayers._global_pool),
)
"""Kinds of modules to their rules; others are computed whole from there on."""
