"""Layers of edited sequences: each computed where an edit reaches, or whole where it has no rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.inference.aligned import AlignedLinear
from seqnet.inference.sharing.edited import Edited, Unedited, WholeEdits, after_window
from seqnet.inference.sharing.edited_pools import (
    covered_values,
    maxima_between,
    pooled_maxima,
    pooled_sums,
    widen_last,
)
from seqnet.inference.sharing.edited_weights import (
    Dense,
    EditedWeights,
    add_dense,
    convolved_by_spectra,
    convolved_by_stacked_taps,
    convolved_by_taps,
    convolved_grouped,
    convolved_upright,
    fused_residual,
    rectified,
    upright_pays,
)
from seqnet.networks.fast.fused_residual import is_fusible, takes_edits
from seqnet.networks.fast.pooled_words import PooledWords
from seqnet.networks.fast.sliding_window import sliding_window
from seqnet.networks.fast.window_dense import WindowDense
from seqnet.networks.modules import ACTIVATIONS, Exponential, GlobalPool, Maxout, Parallel, Residual, Taper

State: TypeAlias = Edited | WholeEdits
"""Edited sequences in their windows, or whole."""
_SAME = (nn.Dropout, nn.Identity)
_SHORT = 2
"""Sequences of up to so many windows are pooled whole where windows begin at different places of maxima."""
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


_Join: TypeAlias = Callable[[Sequence[Tensor]], Tensor]


class EditedLayers(ABC):
    """Rules by which layers are applied to edited sequences.

    Parameters
    ----------
    weights
        Of a network that holds the layers.
    """

    def __init__(self, weights: EditedWeights) -> None:
        self._weights = weights

    @abstractmethod
    def _of(self, module: nn.Module, state: State) -> Unedited:
        """Return what a module makes of the unedited sequences of a state."""

    @abstractmethod
    def _of_joined(self, module: nn.Module, state: State, parts: Sequence[State], join: _Join) -> Unedited:
        """Return the same of a module that joins what its chains make of a state."""

    @abstractmethod
    def _sides(self, state: Edited, pool: GlobalPool) -> Tensor:
        """Return the maxima of the unedited values outside the windows, (b, K, C)."""

    def _through(self, state: State, layers: Iterable[nn.Module]) -> State:
        """Apply layers one after another."""
        for layer, dense in with_dense(layers):
            state = self._step(state, layer, dense)
        return state

    def _step(self, state: State, layer: nn.Module, dense: Dense | None) -> State:
        """Apply a layer, or flattening and the dense layer behind it."""
        if isinstance(state, Edited) and dense is not None:
            return self._dense(state, dense)
        state = self._apply(state, layer)
        return state if dense is None else self._apply(state, dense)

    def _apply(self, state: State, layer: nn.Module) -> State:
        """Apply one layer; whole where it has no rule, or windows come to lie at different places."""
        if isinstance(layer, nn.Sequential) and not _is_padded(layer):
            return self._through(state, layer)
        rule = _rule_of(type(layer))  # type: ignore[arg-type]  # classes are hashable
        if isinstance(state, Edited) and rule is not None:
            return rule(self, state, layer)
        return self._applied_whole(state, layer)

    def _applied_whole(self, state: State, layer: nn.Module) -> WholeEdits:
        """Apply a layer to whole sequences."""
        return WholeEdits(layer(as_whole(state).x), self._of(layer, state))

    # ---- layers that map each position by itself ---------------------------------------------

    def _same(self, state: Edited, module: nn.Module) -> State:
        del module
        return state

    def _pointwise(self, state: Edited, module: nn.Module) -> State:
        if isinstance(module, nn.ReLU) and state.scale is not None and takes_edits(state.x):
            return rectified(state, self._of(module, state))
        values = state.values()
        if isinstance(module, nn.ReLU):
            values = values.relu() if state.shared else values.relu_()
        elif isinstance(module, Exponential):
            values = module(values)
        elif isinstance(module, Maxout):
            values = values.view(*values.shape[:-1], -1, module.pieces).amax(-1)
        else:
            values = module(values)
        return state.then(values, self._of(module, state), differs=False)

    def _batch_norm(self, state: Edited, module: nn.Module) -> State:
        norm = cast("nn.BatchNorm2d", module)
        result = state.then(state.differences(), self._of(norm, state), differs=True)
        result.shared, result.scale = state.shared, self._weights.ratio(norm)
        return result

    def _taper(self, state: Edited, module: nn.Module) -> State:
        values = state.differences() if state.differs else state.values()
        factors = Unedited(cast("Taper", module).factors().T[None, :, None])
        windows = factors.windows(state.start, state.width, state.step, state.count)
        return state.then(values * windows, self._of(module, state), differs=state.differs)

    # ---- layers that slide along positions ---------------------------------------------------

    def _convolution(self, state: Edited, module: nn.Module) -> State:
        before, convolution = _padding(module)
        if isinstance(convolution, PooledWords):
            return self._pooled_words(state, module, before)
        span, stride, _ = sliding_window(convolution)
        if state.step % stride:
            return self._applied_whole(state, module)
        start, width = after_window(state.start + before, state.width, span, stride)
        difference = state.differences()
        offset = start * stride - before - state.start
        if convolution.groups > 1:
            values = convolved_grouped(convolution, difference, offset, width)
        elif (spectra := self._weights.spectra(convolution, state.width)) is not None:
            values = convolved_by_spectra(spectra, difference)
        elif upright_pays(convolution, difference):
            values = convolved_upright(convolution, self._weights.upright(convolution), difference)
        elif stride == 1:
            values = convolved_by_stacked_taps(convolution, self._weights.stacked(convolution), difference)
        else:
            values = convolved_by_taps(
                convolution, self._weights.taps(convolution), difference, offset, width
            )
        result = state.then(values, self._of(module, state), differs=True, start=start, stride=stride)
        result.fill_outside(values, 0.0)
        return result

    def _pooled_words(self, state: Edited, module: nn.Module, before: int) -> State:
        """Apply a convolution of bases and the pool behind it, from the bases on: nothing between is held."""
        words = cast("PooledWords", module[-1] if isinstance(module, nn.Sequential) else module)
        span, stride, _ = words.window
        if state.step % stride:
            return self._applied_whole(state, module)
        start, width = after_window(state.start + before, state.width, span, stride)
        covered = covered_values(state, start * stride - before, width, span, stride, outside=0.0)
        size, *batch, channels = covered.shape
        rows = covered.reshape(size, -1, channels).transpose(0, 1)
        values = words.along(rows, [(number, 0) for number in range(len(rows))], width)
        values = values.transpose(0, 1).reshape(width, *batch, -1)
        return state.then(values, self._of(module, state), differs=False, start=start, stride=stride)

    def _pool(self, state: Edited, module: nn.Module) -> State:
        pool = cast("nn.MaxPool2d | nn.AvgPool2d", module)
        span, stride, _ = sliding_window(pool)
        if state.step % stride:
            long = state.unedited.length > _SHORT * (state.width + 2 * stride)
            if isinstance(pool, nn.MaxPool2d) and span == stride and long:
                unedited = self._of(pool, state)
                return WholeEdits(maxima_between(state, unedited, stride), unedited)
            return self._applied_whole(state, pool)
        start, width = after_window(state.start, state.width, span, stride)
        unedited = self._of(pool, state)
        if isinstance(pool, nn.AvgPool2d):
            difference = state.differences()
            values = pooled_sums(difference, start * stride - state.start, width, span, stride).div_(span)
            result = state.then(values, unedited, differs=True, start=start, stride=stride)
            widen_last(result, state.unedited.length, span, stride)
            result.fill_outside(values, 0.0)
            return result
        covered = covered_values(state, start * stride, width, span, stride, outside=-torch.inf)
        values = pooled_maxima(covered, width, span, stride)
        return state.then(values, unedited, differs=False, start=start, stride=stride)

    # ---- layers of layers --------------------------------------------------------------------

    def _residual(self, state: Edited, module: nn.Module) -> State:
        block = cast("Residual", module)
        fused = self._weights.fused(block)
        if fused is not None and is_fusible(state.x):
            values, start = fused_residual(fused, state), state.start - fused.dilation
            return state.then(values, self._of(block, state), differs=True, start=start)
        one = _writable(self._apply(state.share(), block.block))
        other = state if block.shortcut is None else self._apply(state, block.shortcut)
        unedited = self._of_joined(block, state, [other, one], _sum)
        if isinstance(one, Edited) and isinstance(other, Edited) and one.step == other.step:
            return _added(one, other, unedited)
        return WholeEdits(as_whole(one).x + as_whole(other).x, unedited)

    def _parallel(self, state: Edited, module: nn.Module) -> State:
        both = cast("Parallel", module)
        own = state if _reads_only(both.layers) else state.share()
        parts = [_writable(self._apply(own, both.layers)), self._apply(state, both.beside)]
        unedited = self._of_joined(both, state, parts, _side_by_side)
        return WholeEdits(_side_by_side([as_whole(part).x for part in parts]), unedited)

    # ---- layers that see all positions -------------------------------------------------------

    def _global_pool(self, state: Edited, module: nn.Module) -> State:
        pool = cast("GlobalPool", module)
        original, parts = state.unedited, []
        if pool.kind != "average":
            parts.append(self._highest(state, pool))
        unedited = self._of(pool, state)
        if pool.kind != "max":
            mean = state.taken(unedited.output[:, -state.x.shape[-1] :])[:, None, None]
            total = state.differences().sum(0) if state.pooled is None else state.pooled[1]
            parts.append(mean + total / original.length)
        return WholeEdits(torch.cat(parts, dim=-1).flatten(0, 2), unedited)

    def _highest(self, state: Edited, pool: GlobalPool) -> Tensor:
        """Return maxima (b, K, R, C): of a window, and of the unedited values on its sides."""
        sides = state.taken(self._sides(state, pool))
        if state.pooled is not None:
            return torch.maximum(state.pooled[0], sides[:, :, None])
        values = state.fill_outside(state.values(), -torch.inf)  # values outside are never read
        return torch.maximum(values.amax(0), sides[:, :, None])

    def _dense(self, state: Edited, layer: Dense) -> WholeEdits:
        """Apply a dense layer of all channels and positions."""
        unedited, difference = self._of(layer, state), state.differences()
        units, (b, count, bases, channels) = unedited.output.shape[1], difference.shape[1:]
        change = difference.new_empty(count, b, bases, units)
        change.copy_(state.taken(unedited.output)[:, None])
        weight = self._weights.dense(layer, channels)
        add_dense(weight, difference, state.start, state.step, change.view(count, -1, units))
        change = change.transpose(0, 1)
        return WholeEdits(change.reshape(-1, units), unedited)


def with_dense(layers: Iterable[nn.Module]) -> Iterator[tuple[nn.Module, Dense | None]]:
    """Yield layers one after another, flattening with the dense layer behind it if there is one."""
    rest = list(layers)
    while rest:
        match rest:
            case [nn.Flatten() as layer, nn.Linear() | AlignedLinear() | WindowDense() as dense, *behind]:
                yield layer, dense
                rest = behind
            case [layer, *behind]:
                yield layer, None
                rest = behind


def as_whole(state: State) -> WholeEdits:
    """Return edited sequences whole."""
    return WholeEdits(state.whole(), state.unedited) if isinstance(state, Edited) else state


def _reads_only(chain: nn.Sequential) -> bool:
    """Return whether the first layer of a chain does not change the values that it reads in place."""
    return len(chain) > 0 and isinstance(chain[0], nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d | GlobalPool)


def _writable(state: State) -> State:
    """Return a state whose values may be changed in place."""
    return state.writable() if isinstance(state, Edited) else state


def _sum(parts: Sequence[Tensor]) -> Tensor:
    one, other = parts
    return one + other


def _side_by_side(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(parts), dim=1)


def _is_padded(layer: nn.Sequential) -> bool:
    """Return whether a chain is a convolution behind a layer of padding."""
    return (
        len(layer) == 2
        and isinstance(layer[0], nn.ZeroPad2d)
        and isinstance(layer[1], nn.Conv2d | PooledWords)
    )


def _padding(module: nn.Module) -> tuple[int, nn.Conv2d | PooledWords]:
    """Return how many zeros come before a convolution's input, and the convolution."""
    before = 0
    if isinstance(module, nn.Sequential):
        pad, module = module[0], module[1]
        before = int(cast("nn.ZeroPad2d", pad).padding[0])
    if isinstance(module, PooledWords):
        return before + module.window.padding, module
    convolution = cast("nn.Conv2d", module)
    return before + int(convolution.padding[1]), convolution


def _added(one: Edited, other: Edited, unedited: Unedited) -> Edited:
    """Return the sum of two, in windows that hold both."""
    first, second = one.differences(), other.differences()
    low = min(one.start, other.start)
    high = max(one.start + one.width, other.start + other.width)
    before, behind = one.start - low, high - one.start - one.width
    if before or behind:
        first = functional.pad(first, (0, 0, 0, 0, 0, 0, 0, 0, before, behind))
    first[other.start - low : other.start - low + other.width] += second
    return one.then(first, unedited, differs=True, start=low)


_Rule: TypeAlias = Callable[[EditedLayers, Edited, nn.Module], State]
_RULES: tuple[tuple[type | tuple[type, ...], _Rule], ...] = (
    (_SAME, EditedLayers._same),
    ((*_ACTIVATIONS, Maxout), EditedLayers._pointwise),
    (nn.BatchNorm2d, EditedLayers._batch_norm),
    (Taper, EditedLayers._taper),
    ((nn.Conv2d, nn.Sequential, PooledWords), EditedLayers._convolution),
    ((nn.MaxPool2d, nn.AvgPool2d), EditedLayers._pool),
    (Residual, EditedLayers._residual),
    (Parallel, EditedLayers._parallel),
    (GlobalPool, EditedLayers._global_pool),
)
"""Kinds of modules to their rules; others are computed whole from there on."""


@cache
def _rule_of(kind: type) -> _Rule | None:
    """Return the rule for a kind of modules."""
    return next((rule for kinds, rule in _RULES if issubclass(kind, kinds)), None)
