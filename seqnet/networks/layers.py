"""Layers as rows of a table: each makes a module and gives its output shape.

Signals have shape (n, channels, 1, length), so that the channels-last memory layout applies to
them; after flattening or global pooling features have shape (n, channels).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import nn

from seqnet.errors import SeqnetError
from seqnet.networks.fast.conv_base import WIDE, WideConv
from seqnet.networks.layer_options import A_LIST, OPTIONS
from seqnet.networks.masking import Masking, has_masked_pool
from seqnet.networks.modules import (
    ACTIVATIONS,
    BiLstm,
    Dropout,
    GlobalPool,
    Maxout,
    Parallel,
    Residual,
    Siamese,
    SmootherMix,
    Taper,
    Towers,
    strand_partners,
)
from seqnet.networks.presets import DEEPEST, Layers, LayerSpec


class Shape(NamedTuple):
    """The shape of one example between two layers."""

    channels: int
    length: int | None
    """Positions; None once there are none any more."""


Made = tuple[nn.Module, Shape]
Rescale: TypeAlias = Literal["linear", "secant", "maximum", "chains", "none"]
"""How DeepLIFT passes a layer: as it is; by the secant between a sequence and its reference; all to the place
of the higher maximum; by the layers inside it; or not at all."""
Edits: TypeAlias = Literal["window", "chains", "whole"]
"""What is computed again where one base changes: the positions that it reaches, those of the layers inside,
or everything from this layer on."""
_AS_MANY = "expected as many positions"


class Layer(NamedTuple):
    """How a row of an architecture becomes a module."""

    make: Callable[..., Made]
    """From the shape that comes in and the row's options."""
    rescale: Rescale = "none"
    """Its rule for DeepLIFT; a layer without one is refused there by name."""
    edits: Edits = "whole"
    """Its rule for in-silico mutagenesis."""


def output_length(length: int, width: int, stride: int, padded: int, dilation: int = 1) -> int:
    """Return (L - F + 2P) / S + 1 rounded down, F the dilated width, `padded` = 2P of both sides."""
    return (length - ((width - 1) * dilation + 1) + padded) // stride + 1


def _positions(shape: Shape, layer: str) -> int:
    """Return the number of positions, refusing a layer that needs some where there are none."""
    if shape.length is None:
        raise ValueError(f"{layer} needs positions, but comes after flattening or pooling")
    return shape.length


def _checked(length: int, layer: str, before: int) -> int:
    """Refuse a layer that leaves no position."""
    if length < 1:
        raise ValueError(f"{layer} leaves nothing of {before} positions; use longer input")
    return length


def _conv(
    shape: Shape,
    filters: int,
    width: int,
    stride: int = 1,
    padding: int | str = "same",
    dilation: int = 1,
    groups: int | str = 1,
    bias: bool = True,
    *,
    kind: type[nn.Conv2d] = nn.Conv2d,
) -> Made:
    """Convolve with `filters` filters of `width` positions.

    Padding is a number of positions, ``valid`` for none, or ``same``: as many as keep the length
    at stride 1, the odd one on the right. Groups of channels are convolved apart; ``depthwise``
    is as many groups as there are channels.
    """
    length = _positions(shape, "conv")
    parts = shape.channels if groups == "depthwise" else int(groups)
    if shape.channels % parts or filters % parts:
        raise ValueError(f"{parts} groups do not divide {shape.channels} channels into {filters} filters")
    total = {"same": dilation * (width - 1), "valid": 0}.get(str(padding))
    total = 2 * int(padding) if total is None else total
    left, odd = divmod(total, 2)
    out = _checked(output_length(length, width, stride, total, dilation), "conv", length)
    starts, taps = range(-left, out * stride - left, stride), range(0, width * dilation, dilation)
    if not any(0 <= start + tap < length for start in starts for tap in taps):  # torch can crash of it, too
        raise ValueError(f"conv reads padding alone, none of {length} positions; expected less padding")
    module: nn.Module = kind(
        shape.channels, filters, (1, width), (1, stride), (0, 0 if odd else left),
        (1, dilation if width > 1 else 1), groups=parts, bias=bias,  # torch can crash of it at width 1
    )  # fmt: skip
    padded = nn.Sequential(nn.ZeroPad2d((left, left + odd, 0, 0)), module) if odd else module
    return padded, Shape(filters, out)


def _pooled(kind: Callable[..., nn.Module], layer: str) -> Callable[..., Made]:
    """Return the layer of a pooling module."""

    def pool(shape: Shape, width: int, stride: int | None = None, partial: bool = False) -> Made:
        """Pool `width` positions at a time; `partial` keeps an incomplete last window."""
        length, step = _positions(shape, layer), stride or width
        out = output_length(length, width, step, 0)
        if partial:  # one more, unless it would begin past the end
            out = -(-(length - width) // step) + 1
            out -= (out - 1) * step >= length
        module = kind((1, width), (1, step), ceil_mode=partial)
        return module, Shape(shape.channels, _checked(out, layer, length))

    return pool


def _batch_norm(shape: Shape) -> Made:
    """Normalise each channel over the batch."""
    kind = nn.BatchNorm1d if shape.length is None else nn.BatchNorm2d
    return kind(shape.channels), shape


def _activation(shape: Shape, name: str) -> Made:
    """Apply a row of `ACTIVATIONS`."""
    return ACTIVATIONS[name](), shape


def _maxout(shape: Shape, pieces: int) -> Made:
    """Take the maximum over groups of `pieces` channels."""
    if shape.channels % pieces:
        raise ValueError(f"maxout of {pieces} pieces does not divide {shape.channels} channels")
    return Maxout(pieces), Shape(shape.channels // pieces, shape.length)


def _dropout(shape: Shape, rate: float) -> Made:
    """Drop values at `rate` in training."""
    return Dropout(rate), shape


def _residual(shape: Shape, layers: Layers, shortcut: Layers | None = None) -> Made:
    """Add a block to its own input, or to a shortcut's output, of the same shape."""
    block, out = _chain(layers, shape)
    skip, kept = (None, shape) if shortcut is None else _chain(shortcut, shape)
    if out != kept:
        raise ValueError(
            f"a residual block turns {_sized(shape)} into {_sized(out)}; expected {_sized(kept)}"
        )
    return Residual(block, skip), out


def _sized(shape: Shape) -> str:
    """Return a shape in words."""
    return f"{shape.channels} channels" + ("" if shape.length is None else f" of {shape.length} positions")


def _siamese(shape: Shape, layers: Layers, partners: str | None = None) -> Made:
    """Average what layers make of the two strands; `partners` are the tracks that change places."""
    _positions(shape, "siamese")
    if shape.channels < 4:
        raise ValueError(f"siamese needs the four bases first, not {shape.channels} channels")
    order = None if partners is None else strand_partners(partners, shape.channels - 4)
    block, out = _chain(layers, shape)
    return Siamese(block, order), out


def _towers(shape: Shape, layers: Layers, signal: Layers) -> Made:
    """Concatenate what layers make of the sequence, and others of the tracks."""
    length = _positions(shape, "towers")
    if shape.channels <= 4:
        raise ValueError(f"towers need tracks behind the four bases, not {shape.channels} channels")
    sequence, one = _chain(layers, Shape(4, length))
    tracks, other = _chain(signal, Shape(shape.channels - 4, length))
    if one.length != other.length:
        raise ValueError(f"towers end in {_sized(one)} and in {_sized(other)}; {_AS_MANY}")
    return Towers(sequence, tracks), Shape(one.channels + other.channels, one.length)


def _parallel(shape: Shape, layers: Layers, beside: Layers) -> Made:
    """Concatenate what two chains of layers make of the same input."""
    one, out = _chain(layers, shape, masked=True)
    other, second = _chain(beside, shape, masked=True)
    if out.length != second.length:
        raise ValueError(f"parallel layers end in {_sized(out)} and in {_sized(second)}; {_AS_MANY}")
    return Parallel(one, other), Shape(out.channels + second.channels, out.length)


def _bilstm(shape: Shape, units: int) -> Made:
    """Read along the positions in both directions."""
    length = _positions(shape, "bilstm")
    return BiLstm(shape.channels, units), Shape(2 * units, length)


def _global_pool(shape: Shape, kind: str = "max", masked: bool = False) -> Made:
    """Pool over all positions, or those alone that are not padding.

    Kinds are ``max``, ``average`` and ``max_average``.
    """
    _positions(shape, "global_pool")
    return GlobalPool(kind, masked), Shape(shape.channels * (2 if kind == "max_average" else 1), None)


def _taper(shape: Shape, narrowest: float = 6, widest: float = 150) -> Made:
    """Multiply each channel by a Gaussian around the middle, of a standard deviation that is learnt."""
    return Taper(shape.channels, _positions(shape, "taper"), narrowest, widest), shape


def _flatten(shape: Shape) -> Made:
    """Put all channels and positions side by side."""
    return nn.Flatten(), Shape(shape.channels * _positions(shape, "flatten"), None)


def _dense(shape: Shape, units: int, bias: bool = True) -> Made:
    """Connect all features with all units; flattens what has positions."""
    features = shape.channels * (shape.length or 1)
    linear = nn.Linear(features, units, bias=bias)
    module = linear if shape.length is None else nn.Sequential(nn.Flatten(), linear)
    return module, Shape(units, None)


def _output(
    shape: Shape,
    units: int,
    per_position: bool = False,
    bias: bool = True,
    width: int = 1,
    smoothers: str | None = None,
    logit: bool = False,
    partners: str | None = None,
    target_partners: str | None = None,
    ceiling: float | None = None,
    layers: Layers | None = None,
) -> Made:
    """Make one output per task: of all features, or at every position of the `width` around it (n, T, L).

    With `smoothers`, standard deviations of Gaussians, outputs are means of the smoothed input, weighted by
    `layers` (see `SmootherMix`); `logit` makes the last of them a logit. `partners` are the tracks, and
    `target_partners` the outputs, that change places on the other strand; weights do not change with values
    above `ceiling`.
    """
    if smoothers is not None:
        if not per_position:
            raise ValueError("smoothers need per_position=true")
        if width > 1:
            raise ValueError("an output of smoothers has no width")
        orders = None if partners is None and target_partners is None else (partners, target_partners)
        return _smoother_mix(shape, units, smoothers, layers, orders, logit=logit, bias=bias, ceiling=ceiling)
    if logit or any(option is not None for option in (layers, partners, target_partners, ceiling)):
        raise ValueError("logit, partners, ceiling and layers of an output go with smoothers")
    if not per_position:
        if width > 1:
            raise ValueError("an output has a width where it is per_position alone")
        return _dense(shape, units, bias)
    _positions(shape, "output")
    kind = nn.Conv2d if width < WIDE else WideConv
    head, out = _conv(shape, units, width, bias=bias, kind=kind)
    return nn.Sequential(head, nn.Flatten(2)), out


def _smoother_mix(
    shape: Shape,
    units: int,
    smoothers: str,
    layers: Layers | None,
    partners: tuple[str | None, str | None] | None,
    *,
    logit: bool,
    bias: bool,
    ceiling: float | None,
) -> Made:
    """Make outputs that are weighted means of the smoothed input."""
    length, widths = _positions(shape, "output"), list(map(int, smoothers.split("-")))
    if layers is None:
        raise ValueError("an output of smoothers needs layers that weight them")
    chain, out = _chain(layers, Shape(shape.channels * len(widths), length))
    if out.length != length:
        raise ValueError(f"the layers of an output end in {_sized(out)}; {_AS_MANY} as before, {length}")
    if logit and units < 2:
        raise ValueError("an output of smoothers has a logit with other tasks only")
    orders = None
    if partners is not None:
        orders = strand_partners(partners[0], shape.channels), strand_partners(partners[1], units - logit)
    mix = SmootherMix(
        chain, shape.channels, out.channels, units, widths,
        logit=logit, ceiling=ceiling, bias=bias, partners=orders,
    )  # fmt: skip
    return mix, Shape(units, length)


LAYERS: dict[str, Layer] = {
    "conv": Layer(_conv, "linear", "window"),
    "max_pool": Layer(_pooled(nn.MaxPool2d, "max_pool"), "maximum", "window"),
    "average_pool": Layer(_pooled(nn.AvgPool2d, "average_pool"), "linear", "window"),
    "batch_norm": Layer(_batch_norm, "linear", "window"),
    "activation": Layer(_activation, "secant", "window"),
    "maxout": Layer(_maxout, "maximum", "window"),
    "dropout": Layer(_dropout, "linear", "window"),
    "residual": Layer(_residual, "chains", "chains"),
    "siamese": Layer(_siamese, "chains", "chains"),
    "towers": Layer(_towers, "chains", "chains"),
    "parallel": Layer(_parallel, "chains", "chains"),
    "bilstm": Layer(_bilstm),
    "global_pool": Layer(_global_pool, "maximum", "window"),
    "taper": Layer(_taper, "linear", "window"),
    "flatten": Layer(_flatten, "linear", "window"),
    "dense": Layer(_dense, "linear", "window"),
}
_OUTPUT = "output"
"""The row that describes the output layer; it may come last, and is implied."""


def check_layers(layers: Sequence[object], place: str = "layer", depth: int = 0) -> None:
    """Make sure that every row names a layer and has options that fit it.

    Raises
    ------
    ValueError
        Naming the row, its option, what was found and what was expected.
    """
    if depth > DEEPEST:
        raise ValueError(f"layers are nested more than {DEEPEST} deep")
    for number, row in enumerate(layers, 1):
        last = place == "layer" and number == len(layers)
        _check_row(row, f"{place} {number}", last, depth)


def _check_row(row: object, place: str, last: bool, depth: int) -> None:
    """Check one row; only the last may be the output."""
    if not isinstance(row, Mapping):
        raise ValueError(f"{place} is {row!r}; expected a table with the layer's name under 'layer'")
    name = row.get("layer")
    known_name = isinstance(name, str) and (name in LAYERS or (last and name == _OUTPUT))
    if not known_name:
        at_end = " (output comes last)" if name == _OUTPUT else ""
        known = f"{', '.join(LAYERS)}, or in a text an activation ({', '.join(ACTIVATIONS)})"
        raise ValueError(f"{place} is {name!r}{at_end}; expected one of {known}")
    place = f"{place} ({name})"
    parameters = _parameters(str(name))
    for option in sorted(row.keys() - parameters - {"layer"}):
        raise ValueError(f"{place}: unknown option {option!r}; expected {', '.join(parameters) or 'none'}")
    for option, parameter in parameters.items():
        if option in row:
            _check_option(option, row[option], place, depth)
        elif parameter.default is inspect.Parameter.empty:
            raise ValueError(f"{place} needs {option}: {OPTIONS[option].expected}")


def _check_option(option: str, value: object, place: str, depth: int) -> None:
    """Check the value of an option, and the layers in it."""
    if not OPTIONS[option].allows(value):
        raise ValueError(f"{place}: {option} is {value!r}; expected {OPTIONS[option].expected}")
    if OPTIONS[option] is A_LIST and isinstance(value, list):
        check_layers(value, f"{place}: {option}", depth + 1)


def _parameters(name: str) -> dict[str, inspect.Parameter]:
    """Return the options of a layer, without the shape that comes in (and the number of tasks)."""
    make, given = (_output, 2) if name == _OUTPUT else (LAYERS[name].make, 1)
    options = list(inspect.signature(make).parameters.items())[given:]
    return {name: option for name, option in options if option.kind is not option.KEYWORD_ONLY}


class Built(NamedTuple):
    """One layer of a network."""

    row: LayerSpec
    module: nn.Module
    shape: Shape
    """What comes out of it."""


def _build(layers: Layers, shape: Shape) -> list[Built]:
    """Build checked layers one after another."""
    built: list[Built] = []
    for number, row in enumerate(layers, 1):
        options = {option: value for option, value in row.items() if option != "layer"}
        try:
            module, shape = LAYERS[row["layer"]].make(shape, **options)
        except ValueError as error:
            raise ValueError(f"layer {number}: {error}") from error
        built.append(Built(row, module, shape))
    return built


def _chain(layers: Layers, shape: Shape, *, masked: bool = False) -> tuple[nn.Sequential, Shape]:
    """Build layers inside another; all but those of `parallel` know of no padding."""
    if not masked and any(map(_is_masked, layers)):
        raise ValueError("a masked pool cannot be inside another layer")
    built = _build(layers, shape)
    return nn.Sequential(*(layer.module for layer in built)), built[-1].shape


def _is_masked(row: LayerSpec) -> bool:
    """Return whether a layer is a masked pool, also inside parallel layers."""
    inside = [*row["layers"], *row["beside"]] if row["layer"] == "parallel" else []
    return bool(row.get("masked")) or any(map(_is_masked, inside))


def build_layers(layers: Layers, shape: Shape, tasks: int) -> list[Built]:
    """Build every layer of a network, the output layer last.

    Parameters
    ----------
    layers
        Rows of `LAYERS`: the name under ``layer``, and its options. The last may be ``output``
        with ``bias`` and ``per_position``.
    shape
        The input's: 4 channels (and those of signals) and a length for sequences, d channels and
        None for features.
    tasks
        Number of outputs.

    Raises
    ------
    SeqnetError
        Naming the layer that is unknown, misspelt, or leaves no positions.
    """
    end: LayerSpec = {"layer": _OUTPUT}
    try:
        check_layers(layers)
        if layers and layers[-1]["layer"] == _OUTPUT:
            layers, end = layers[:-1], layers[-1]
        built = _build(layers, shape)
        options = {option: value for option, value in end.items() if option != "layer"}
        output: Callable[..., Made] = _output
        module, out = output(built[-1].shape if built else shape, tasks, **options)
    except ValueError as error:
        raise SeqnetError(f"architecture: {error}") from error
    return [*built, Built(end, module, out)]


def build_network(layers: Layers, shape: Shape, tasks: int) -> nn.Sequential:
    """Build a network with one output unit (a logit) per task, its layers in plain order.

    Parameters and errors are those of `build_layers`. Outputs have shape (n, T), or (n, T, L) with
    an ``output`` row ``per_position``.
    """
    modules = [layer.module for layer in build_layers(layers, shape, tasks)]
    network = (Masking if any(map(has_masked_pool, modules)) else nn.Sequential)(*modules)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in the stubs
    return network
