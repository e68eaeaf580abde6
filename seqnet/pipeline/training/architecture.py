"""A network's layers and its first weights, as a request asks for them."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, NamedTuple

from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats.files.header import base_name
from seqnet.formats.files.lines import unix_text
from seqnet.formats.files.opening import open_input
from seqnet.networks.grammar import parse_layers
from seqnet.networks.initialise import (
    first_convolution,
    initialise,
    motif_filters,
    prior_outputs,
    set_first_filters,
    set_output_bias,
)
from seqnet.networks.layers import Shape, build_network, check_layers
from seqnet.networks.presets import DEFAULT_PRESET, PRESETS, Layers, dense_layers, without_bias
from seqnet.pipeline.motifs.request import STRICT, MotifRules, Scoring
from seqnet.pipeline.motifs.sources import load_motifs, make_pssms
from seqnet.reporting import note

if TYPE_CHECKING:
    from torch import nn

    from seqnet.aliases import Floats, Json
    from seqnet.pipeline.training.request import FitRequest, TrainCnnRequest, TrainDenseRequest

_DEEPEST_KEY = 100
DEFAULT_HIDDEN = 64
"""Units of a dense network's hidden layer."""


START_SCALE = 0.3
"""Factor of PSSMs in bits as first filters, whose outputs batch normalisation scales anyway."""
_MOST_HIDDEN, _HIDDEN_A_TASK = 256, 4


def with_hidden(layers: Layers, tasks: int) -> Layers:
    """Return layers whose dense layers grow with the number of tasks: 4 units a task, 256 at most."""
    units = min(_MOST_HIDDEN, _HIDDEN_A_TASK * tasks)
    return [
        {**row, "units": max(int(row["units"]), units)} if row["layer"] == "dense" else row for row in layers
    ]


class Architecture(NamedTuple):
    """Layers, and how training starts in them."""

    layers: Layers
    described: Json
    """The options that chose them, for the model's header."""
    init: str | None
    init_motifs: str | None
    motif_rules: MotifRules
    prior_bias: bool
    force: bool
    start: tuple[Floats, ...] = ()
    """PSSMs (w, 4) that the first filters start as, the most important first, as many as fit."""

    @property
    def takes_start(self) -> bool:
        """Whether motifs may be chosen for the first filters: no other start was chosen."""
        preset = self.described.get("preset") == DEFAULT_PRESET
        return preset and self.init is None and self.init_motifs is None


def dense_architecture(request: TrainDenseRequest) -> Architecture:
    """Return the architecture of a dense network."""
    chosen = given_layers(request)
    if chosen is None:
        sizes = [DEFAULT_HIDDEN] if request.hidden is None else list(request.hidden)
        chosen = dense_layers(sizes, request.dropout), {"hidden": sizes, "dropout": request.dropout}
    return started_architecture(request, *chosen)


def cnn_architecture(request: TrainCnnRequest) -> Architecture:
    """Return the architecture of a convolutional network."""
    layers, described = given_layers(request) or preset_layers(request.preset)
    return started_architecture(request, layers, described, request.init_motifs, request.motif_rules)


def given_layers(request: FitRequest) -> tuple[Layers, Json] | None:
    """Return the layers that a text or a file gives, and what chose them; None where neither does."""
    text, path = request.layers, request.architecture_path
    if text is not None:
        try:
            return parse_layers(text), {"layers": text}
        except ValueError as error:
            raise UsageError(f"--layers: {error}") from error
    return None if path is None else (read_architecture(path), {"architecture": base_name(path)})


def preset_layers(name: str | None) -> tuple[Layers, Json]:
    """Return the layers of a preset, the default one for None, and what chose them."""
    name = name or DEFAULT_PRESET
    return PRESETS[name].layers, {"preset": name}


def started_architecture(
    request: FitRequest,
    layers: Layers,
    described: Json,
    init_motifs: str | None = None,
    motif_rules: MotifRules = STRICT,
) -> Architecture:
    """Return layers with how training starts in them.

    Parameters
    ----------
    described
        What chose the layers.
    """
    start = {"no-bias": request.no_bias, "init": request.init, "init-motifs": init_motifs,
             "prior-bias": request.prior_bias}  # fmt: skip
    described = described | {name: value for name, value in start.items() if value}
    if request.no_bias:
        layers = without_bias(layers)
    return Architecture(
        layers, described, request.init, init_motifs, motif_rules, request.prior_bias, request.force
    )


def read_architecture(path: str) -> Layers:
    """Read a TOML file of layers.

    Raises
    ------
    FormatError
        Naming the file and the key that is not understood.
    """
    with open_input(path) as stream:
        data = stream.read()
    try:
        content = tomllib.loads(_with_short_keys(unix_text(data)))
        for key in content:
            if key != "layers":
                raise ValueError(f"unknown key {key!r}; expected layers")
        layers = content.get("layers")
        if isinstance(layers, str):
            return parse_layers(layers)
        if not isinstance(layers, list) or not all(isinstance(row, dict) for row in layers):
            raise ValueError("layers: expected text, or a table [[layers]] for each layer")
        check_layers(layers)
    except RecursionError as error:
        raise FormatError(path, "is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise FormatError(path, "is not text in UTF-8") from error
    except ValueError as error:
        raise FormatError(path, str(error)) from error
    return layers


def _with_short_keys(text: str) -> str:
    """Return a text of TOML unless a key joins so many names that `tomllib` takes minutes for it."""
    for key in re.split("[=,{\n]", text):
        if sum(1 for name in key.split(".") if name.strip()) > _DEEPEST_KEY:
            raise RecursionError
    return text


def make_network(
    architecture: Architecture, shape: Shape, targets: Floats, output: str = "sigmoid"
) -> nn.Sequential:
    """Build a network and give it its first weights, from torch's random state.

    Parameters
    ----------
    shape
        The input's.
    targets
        Of the training rows, float64 (n, T), or (n, T, L) at each position; NaN where unknown.
    output
        Row of ``networks.losses.OUTPUTS``.
    """
    if targets.ndim == 2 and architecture.layers and architecture.layers[-1].get("per_position"):
        raise UsageError("the architecture has an output at every position; regions have one target each")
    network = build_network(architecture.layers, shape, targets.shape[1])
    if architecture.init is not None:
        initialise(network, architecture.init, force=architecture.force)
    if architecture.init_motifs is not None:
        _start_with_motifs(network, architecture.init_motifs, architecture.motif_rules)
    elif architecture.start:
        convolution = first_convolution(network)
        chosen = architecture.start[: convolution.out_channels // 2]
        set_first_filters(convolution, START_SCALE * motif_filters(chosen, convolution.kernel_size[1]))
    if architecture.prior_bias or architecture.start:
        set_output_bias(network, prior_outputs(targets, output))
    return network


def _start_with_motifs(network: nn.Module, path: str, rules: MotifRules) -> None:
    """Put a file's motifs into the first convolution."""
    convolution = first_convolution(network)
    scored = make_pssms(load_motifs(path, rules=rules), Scoring(), keep=True)
    try:
        bank = motif_filters([pssm.scores for pssm in scored.pssms], convolution.kernel_size[1])
        set_first_filters(convolution, bank)
    except (ValueError, SeqnetError) as error:
        raise FormatError(path, str(error)) from error
    note(f"{path}: {len(bank)} of {convolution.out_channels} first filters start as motifs, on both strands")
