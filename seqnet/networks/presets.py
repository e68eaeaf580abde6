"""Named architectures as data: lists of layers, as ``networks.layers`` builds them.

The output layer, one unit per task, is added when a network is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Required, TypeAlias, TypedDict, Unpack


class LayerOptions(TypedDict, total=False):
    """Options that layers may have, besides the filters and the width of a convolution."""

    stride: int
    padding: int | str
    dilation: int
    groups: int | str
    bias: bool
    name: str
    partial: bool
    pieces: int
    rate: float
    units: int
    kind: str
    masked: bool
    per_position: bool
    partners: str
    target_partners: str
    smoothers: str
    ceiling: float
    logit: bool
    layers: list[LayerSpec]
    shortcut: list[LayerSpec]
    signal: list[LayerSpec]
    beside: list[LayerSpec]


class LayerSpec(LayerOptions, total=False):
    """A layer by name, with its options, as `networks.layers.check_layers` allows them."""

    layer: Required[str]
    filters: int
    width: int


Chain: TypeAlias = Literal["layers", "shortcut", "signal", "beside"]
"""Key of layers in a row."""
Layers: TypeAlias = list[LayerSpec]
SECOND_CHAINS: tuple[Chain, ...] = ("shortcut", "signal", "beside")
"""Keys of a second chain of layers in a row."""
DEEPEST = 16
"""Layers may be nested so deep."""


class Preset(NamedTuple):
    """A named architecture."""

    layers: Layers
    help: str


def _conv(filters: int, width: int, **options: Unpack[LayerOptions]) -> LayerSpec:
    """Return a convolution, which keeps the length by default."""
    return {"layer": "conv", "filters": filters, "width": width, **options}


def _valid(filters: int, width: int) -> LayerSpec:
    """Return a convolution without padding."""
    return _conv(filters, width, padding=0)


def _act(name: str) -> LayerSpec:
    """Return an activation."""
    return {"layer": "activation", "name": name}


def _pool(width: int) -> LayerSpec:
    """Return a maximum over windows side by side."""
    return {"layer": "max_pool", "width": width}


def _drop(rate: float) -> LayerSpec:
    """Return dropout."""
    return {"layer": "dropout", "rate": rate}


_RELU = _act("relu")
_SILU = _act("silu")
_NORM: LayerSpec = {"layer": "batch_norm"}
_FLATTEN: LayerSpec = {"layer": "flatten"}


def _dense(units: int, rate: float = 0.0) -> Layers:
    """Return a fully connected layer with relu and dropout."""
    rows: Layers = [{"layer": "dense", "units": units}, _RELU]
    return [*rows, _drop(rate)] if rate else rows


def _residual(dilation: int) -> LayerSpec:
    """Return one residual block: norm, relu, dilated convolution, dropout, plus its input."""
    return {"layer": "residual", "layers": [_NORM, _RELU, _conv(128, 3, dilation=dilation), _drop(0.1)]}


def _basset_block(filters: int, width: int, pool: int) -> Layers:
    """Return one of Basset's convolutional blocks."""
    return [_valid(filters, width), _NORM, _RELU, _pool(pool)]


def _basset_dense() -> Layers:
    """Return one of Basset's fully connected blocks."""
    return [{"layer": "dense", "units": 1000}, _NORM, _RELU, _drop(0.3)]


def _atacworks_block(first: bool) -> Layers:
    """Return one of AtacWorks' residual blocks; the first widens its input to 15 channels."""
    wide = _conv(15, 50, dilation=8, bias=False)
    row: LayerSpec = {"layer": "residual", "layers": [wide, _RELU, wide, _RELU, wide]}
    if first:
        row["shortcut"] = [_conv(15, 1, bias=False), _RELU]
    return [row, _RELU]


def _depthwise_block(dilation: int) -> LayerSpec:
    """Return one of ConvNeXt's residual blocks: each channel convolved by itself, then all mixed."""
    mixed = [_conv(192, 1), _act("gelu"), _conv(96, 1), _drop(0.1)]
    alone = _conv(96, 7, groups="depthwise", dilation=dilation)
    return {"layer": "residual", "layers": [alone, _NORM, *mixed]}


def _legnet_block(channels: int, filters: int) -> Layers:
    """Return one of LegNet's blocks, without squeeze and excitation, which would need the whole sequence."""
    wide = 4 * channels
    alone: Layers = [
        *[_conv(wide, 1, bias=False), _NORM, _SILU],
        *[_conv(wide, 9, groups="depthwise", bias=False), _NORM, _SILU],
        *[_conv(channels, 1, bias=False), _NORM, _SILU],
    ]
    unchanged: Layers = [_drop(0.0)]
    halved: LayerSpec = {"layer": "max_pool", "width": 2, "partial": True}
    joined: LayerSpec = {"layer": "parallel", "layers": alone, "beside": unchanged}
    return [joined, _conv(filters, 9, bias=False), _NORM, _SILU, halved]


_DEFAULT: Layers = [
    _conv(128, 15),
    _NORM,
    {"layer": "max_pool", "width": 4, "partial": True},
    _act("exponential"),  # of a quarter of the values: it does not change which is the highest
    *map(_residual, (1, 2, 4)),
    _NORM,
    _RELU,
    {
        "layer": "parallel",
        "layers": [{"layer": "global_pool", "kind": "max_average"}],
        "beside": [
            {
                "layer": "parallel",
                "layers": [{"layer": "taper"}, {"layer": "global_pool", "kind": "max"}],
                "beside": [  # where along the sequence: of few channels, or small sets suffer
                    _conv(8, 1),
                    {"layer": "max_pool", "width": 8, "partial": True},
                    _FLATTEN,
                    _drop(0.5),
                ],
            }
        ],
    },
    _drop(0.3),
    *_dense(64, 0.3),
]
_LECTURE: Layers = [_valid(3, 4), _RELU, _pool(2), _valid(2, 3), _RELU, _FLATTEN]
_DRAGONN: Layers = [_valid(10, 15), _RELU, _pool(35), _FLATTEN]
_DEEPBIND: Layers = [
    _conv(16, 24, padding=23),
    _RELU,
    {"layer": "global_pool", "kind": "max"},
    *_dense(32, 0.5),
]
_BASSET: Layers = [
    *_basset_block(300, 19, 3),
    *_basset_block(200, 11, 4),
    *_basset_block(200, 7, 4),
    _FLATTEN,
    *_basset_dense(),
    *_basset_dense(),
]
_DEEPSEA: Layers = [
    *[_valid(320, 8), _RELU, _pool(4), _drop(0.2)],
    *[_valid(480, 8), _RELU, _pool(4), _drop(0.2)],
    *[_valid(960, 8), _RELU, _drop(0.5)],
    _FLATTEN,
    *_dense(925),
]
_DANQ: Layers = [
    *[_valid(320, 26), _RELU, _pool(13), _drop(0.2)],
    {"layer": "bilstm", "units": 320},
    _drop(0.5),
    _FLATTEN,
    *_dense(925),
]
_FACTORNET: Layers = [
    {
        "layer": "siamese",
        "layers": [
            *[_valid(32, 26), _RELU, _drop(0.1), _conv(32, 1), _RELU, _pool(13)],
            {"layer": "bilstm", "units": 32},
            _drop(0.5),
            _FLATTEN,
            *_dense(128, 0.5),
        ],
    }
]
_CONVNEXT: Layers = [
    _conv(96, 15),
    _NORM,
    {"layer": "max_pool", "width": 4, "partial": True},
    _act("exponential"),
    *map(_depthwise_block, (1, 2, 4, 8)),
    _NORM,
    _RELU,
    {"layer": "global_pool", "kind": "max_average"},
    _drop(0.3),
    *_dense(64, 0.3),
]
_LEGNET: Layers = [
    *[_conv(64, 11), _NORM, _SILU],
    *_legnet_block(64, 80),
    *_legnet_block(80, 96),
    *_legnet_block(96, 112),
    *_legnet_block(112, 128),
    _conv(256, 1),
    {"layer": "global_pool", "kind": "average"},
    {"layer": "dense", "units": 256},
    *[_NORM, _SILU, _drop(0.1)],
]
_CODA: Layers = [_conv(6, 51), _RELU, {"layer": "output", "per_position": True, "width": 1001}]
_ATACWORKS: Layers = [
    *_atacworks_block(first=True),
    *[row for _ in range(4) for row in _atacworks_block(first=False)],
    {"layer": "output", "per_position": True, "bias": False},
]
_DENOISE: Layers = [
    {
        "layer": "output",
        "per_position": True,
        "smoothers": "0-1-2-4-8",
        "layers": [
            _conv(32, 5),
            _RELU,
            *[
                LayerSpec(layer="residual", layers=[_conv(32, 5, dilation=d), _RELU, _conv(32, 1)])
                for d in (1, 2, 4, 8)
            ],
        ],
    }
]

PresetName: TypeAlias = Literal[
    "default", "lecture", "dragonn", "deepbind", "basset", "deepsea", "danq", "factornet", "convnext",
    "legnet", "denoise", "coda", "atacworks",
]  # fmt: skip
"""The rows of `PRESETS`."""
PRESETS: dict[str, Preset] = {
    "default": Preset(_DEFAULT, "exponential first layer, dilated residual blocks, global and local pooling"),
    "lecture": Preset(_LECTURE, "for teaching, 3 filters of 4, pool 2, 2 filters of 3"),
    "dragonn": Preset(_DRAGONN, "DragoNN, 10 filters of 15, pool 35"),
    "deepbind": Preset(_DEEPBIND, "like DeepBind (Alipanahi et al. 2015)"),
    "basset": Preset(_BASSET, "Basset (Kelley et al. 2016), for inputs of 600 bases"),
    "deepsea": Preset(_DEEPSEA, "DeepSEA (Zhou and Troyanskaya 2015), 1000 bases"),
    "danq": Preset(_DANQ, "DanQ (Quang and Xie 2016), 1000 bases"),
    "factornet": Preset(_FACTORNET, "FactorNet (Quang and Xie 2019), 1000 bases with signal tracks"),
    "convnext": Preset(_CONVNEXT, "dilated depthwise residual blocks (Liu et al. 2022), which see 378 bases"),
    "legnet": Preset(_LEGNET, "like LegNet (Penzar et al. 2023), for reporter assays"),
    "denoise": Preset(_DENOISE, "weighted means of smoothed tracks, for train denoise"),
    "coda": Preset(_CODA, "Coda (Koh et al. 2017), for train denoise"),
    "atacworks": Preset(_ATACWORKS, "AtacWorks' regression (Lal et al. 2021), for train denoise"),
}
DEFAULT_PRESET, DENOISING_PRESET = "default", "denoise"
"""The presets of train cnn and of train denoise."""


def dense_layers(hidden: list[int], dropout: float) -> Layers:
    """Return the fully connected network with hidden layers of these sizes, relu and dropout."""
    return [row for units in hidden for row in _dense(units, dropout)]


def with_masked_pools(layers: Layers) -> Layers:
    """Return an architecture whose global pools leave out padding, for sequences of unequal length."""
    return list(map(_with_masked_pools, layers))


def _with_masked_pools(row: LayerSpec) -> LayerSpec:
    """Return one layer whose global pools leave out padding."""
    if row["layer"] == "parallel":
        layers, beside = with_masked_pools(row["layers"]), with_masked_pools(row["beside"])
        return {**row, "layers": layers, "beside": beside}
    return {**row, "masked": True} if row["layer"] == "global_pool" else row


def without_tapers(layers: Layers) -> Layers:
    """Return an architecture without the parallel chains that begin with a taper."""
    kept: Layers = []
    for row in layers:
        if row["layer"] != "parallel":
            kept.append(row)
        elif row["layers"][0]["layer"] == "taper":
            kept += without_tapers(row["beside"])
        else:
            layers, beside = without_tapers(row["layers"]), without_tapers(row["beside"])
            kept.append({**row, "layers": layers, "beside": beside})
    return kept


def with_towers(layers: Layers) -> Layers:
    """Return an architecture that reads sequence and tracks apart up to its first global pool or flatten.

    Both towers have the same layers; what follows the pool reads both.

    Raises
    ------
    ValueError
        Where a layer reads both strands or both inputs itself, or nothing is read by positions.
    """
    names = [str(row["layer"]) for row in layers]
    for name in ("siamese", "towers"):
        if name in names:
            raise ValueError(f"layer {name} says itself how sequence and tracks are read")
    end = next((number for number, row in enumerate(layers) if _leaves_positions(row)), len(layers))
    pooled = names[end : end + 1] in (["global_pool"], ["flatten"], ["parallel"])
    tower = [*layers[:end], layers[end] if pooled else _FLATTEN]
    if end == 0:
        raise ValueError("there are no layers before the pool to make towers of")
    return [{"layer": "towers", "layers": tower, "signal": tower}, *layers[end + pooled :]]


def _leaves_positions(row: LayerSpec) -> bool:
    """Tell a layer behind which there are no positions any more."""
    if row["layer"] == "parallel":
        return any(map(_leaves_positions, row["layers"]))
    return row["layer"] in ("global_pool", "flatten", "dense", "output")


def with_partners(layers: Layers, partners: Sequence[int]) -> Layers:
    """Return an architecture whose two-strand layers swap the tracks of a pair of strands.

    Parameters
    ----------
    partners
        For each track the one whose place it takes on the other strand: itself, or the pair's other.
    """
    if list(partners) == sorted(partners):
        return layers
    order = "-".join(map(str, partners))
    return [{**row, "partners": order} if row["layer"] == "siamese" else row for row in layers]


def without_bias(layers: Layers) -> Layers:
    """Return an architecture whose convolutions, dense layers and output have no bias."""
    bare = [_without_bias(row) for row in layers]
    if not bare or bare[-1]["layer"] != "output":
        bare.append({"layer": "output", "bias": False})
    return bare


def _without_bias(row: LayerSpec) -> LayerSpec:
    """Return one layer, and those in it, without bias."""
    bare = row.copy()
    if row["layer"] in ("conv", "dense", "output"):
        bare["bias"] = False
    chains: tuple[Chain, ...] = ("layers", *SECOND_CHAINS)
    for key in chains:
        if key in row:
            bare[key] = list(map(_without_bias, row[key]))
    return bare
