"""The options that decide a network's layers and its first weights, and what they make."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from seqnet.commands._options import combine, output_option
from seqnet.commands._paths import expect_writable
from seqnet.errors import FormatError, UsageError
from seqnet.networks.initialisers import INITIALISERS
from seqnet.networks.presets import DEFAULT_PRESET, PRESETS, Layers, dense_layers, without_bias

if TYPE_CHECKING:
    from torch import nn

    from seqnet.aliases import Floats
    from seqnet.networks.describe import LayerRow
    from seqnet.networks.layers import Shape

model_output_option = output_option("Model file; needed unless --dry-run.", default=None)


class Architecture(NamedTuple):
    """Layers, and how training starts in them."""

    layers: Layers
    described: dict[str, Any]
    """The options that chose them, for the model's header."""
    init: str | None
    init_motifs: str | None
    prior_bias: bool
    force: bool
    dry_run: bool


_layer_options = combine(
    click.option(
        "--layers", metavar="TEXT",
        help="Layers, such as 'conv 128x15, batch_norm, relu, max_pool 4, global_pool max, dense 64, relu'.",
    ),
    click.option(
        "--architecture", "architecture_path", metavar="TOML",
        help="Layers from a file: 'layers' as text, or a table [[layers]] of each.",
    ),
)  # fmt: skip
_start_options = combine(
    click.option("--no-bias", is_flag=True, help="Leave out the biases of all layers with weights."),
    click.option(
        "--init", type=click.Choice(list(INITIALISERS)),
        help="Initial weights, normal around 0: "
        + "; ".join(f"{name}: {row.help}" for name, row in INITIALISERS.items())
        + ". Default: uniform within 1/sqrt(n).",
    ),
    click.option(
        "--prior-bias", is_flag=True, help="Start the output at the mean of the training targets."
    ),
    click.option("--force", is_flag=True, help="Allow hidden layers that start at zero."),
    click.option(
        "--dry-run", is_flag=True,
        help="Print layers, output shapes, parameters and receptive field, and train nothing.",
    ),
)  # fmt: skip
cnn_architecture_options = combine(
    click.option(
        "--preset", type=click.Choice(list(PRESETS)),
        help="; ".join(f"{name}: {preset.help}" for name, preset in PRESETS.items())
        + f". Default: {DEFAULT_PRESET}.",
    ),
    _layer_options,
    click.option(
        "--init-motifs", metavar="MOTIFS", help="Start the first filters as these motifs, on both strands."
    ),
    _start_options,
)  # fmt: skip
dense_architecture_options = combine(
    click.option("--hidden", metavar="SIZES", help="Hidden layers, comma list. Default: 64."),
    click.option(
        "--dropout", type=click.FloatRange(0, 1, max_open=True), default=0.3, show_default=True,
        help="Dropout after each hidden layer (with --hidden).",
    ),
    _layer_options,
    _start_options,
)  # fmt: skip


def split_architecture(options: dict[str, Any]) -> tuple[Architecture, dict[str, Any]]:
    """Take the architecture's options out of a command's; return what they ask for, and the rest."""
    names = inspect.signature(chosen_architecture).parameters
    chosen = {name: value for name, value in options.items() if name in names}
    rest = {name: value for name, value in options.items() if name not in names}
    if rest["output"] is None and not chosen["dry_run"]:
        raise UsageError("missing option '-o' / '--output' (or --dry-run)")
    expect_writable(*(rest[name] for name in ("output", "metrics", "json_path", "plot")))
    return chosen_architecture(**chosen), rest


def chosen_architecture(
    *,
    layers: str | None,
    architecture_path: str | None,
    no_bias: bool,
    init: str | None,
    prior_bias: bool,
    force: bool,
    dry_run: bool,
    preset: str | None = None,
    init_motifs: str | None = None,
    hidden: str | None = None,
    dropout: float | None = None,
) -> Architecture:
    """Return what the options ask for.

    Parameters
    ----------
    dropout
        Given for dense networks alone, whose layers are ``hidden`` unless told otherwise.
    """
    given = {"--preset": preset, "--hidden": hidden, "--layers": layers, "--architecture": architecture_path}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} exclude each other")
    rows, described = _chosen_layers(given, dropout)
    start = {"no-bias": no_bias, "init": init, "init-motifs": init_motifs, "prior-bias": prior_bias}
    described |= {name: value for name, value in start.items() if value}
    if no_bias:
        rows = without_bias(rows)
    return Architecture(rows, described, init, init_motifs, prior_bias, force, dry_run)


def _chosen_layers(given: dict[str, str | None], dropout: float | None) -> tuple[Layers, dict[str, Any]]:
    """Return the layers, and what chose them."""
    from seqnet.formats.header import base_name
    from seqnet.networks.grammar import parse_layers

    text, path = given["--layers"], given["--architecture"]
    if text is not None:
        try:
            return parse_layers(text), {"layers": text}
        except ValueError as error:
            raise UsageError(f"--layers: {error}") from error
    if path is not None:
        return read_architecture(path), {"architecture": base_name(path)}
    if dropout is not None:
        sizes = _sizes(given["--hidden"])
        return dense_layers(sizes, dropout), {"hidden": sizes, "dropout": dropout}
    name = given["--preset"] or DEFAULT_PRESET
    return PRESETS[name].layers, {"preset": name}


def _sizes(hidden: str | None) -> list[int]:
    """Read the sizes of hidden layers."""
    words = (hidden if hidden is not None else "64").split(",")
    sizes = [int(word) if word.isdecimal() else 0 for word in words if word]
    if any(size < 1 for size in sizes):
        raise UsageError(f"--hidden {hidden!r}: expected sizes such as 64,16")
    return sizes


def read_architecture(path: str) -> Layers:
    """Read a TOML file of layers.

    Raises
    ------
    FormatError
        Naming the file and the key that is not understood.
    """
    import tomllib

    from seqnet.formats._open import open_input
    from seqnet.networks.grammar import parse_layers
    from seqnet.networks.layers import check_layers

    with open_input(path) as stream:
        data = stream.read()
    try:
        content = tomllib.loads(data.decode())
        for key in content:
            if key != "layers":
                raise ValueError(f"unknown key {key!r}; expected layers")
        layers = content.get("layers")
        if isinstance(layers, str):
            return parse_layers(layers)
        if not isinstance(layers, list) or not all(isinstance(row, dict) for row in layers):
            raise ValueError("layers: expected text, or a table [[layers]] for each layer")
        check_layers(layers)
    except ValueError as error:  # of TOML and of text encoding too
        raise FormatError(path, str(error)) from error
    return layers


def make_network(
    architecture: Architecture, shape: Shape, targets: Floats, output: str = "sigmoid"
) -> nn.Sequential:
    """Build a network and give it its first weights, from torch's random state.

    Parameters
    ----------
    shape
        The input's.
    targets
        Of the training rows, float64 (n, T), NaN where unknown.
    output
        Row of ``networks.losses.OUTPUTS``.
    """
    from seqnet.networks.initialise import initialise, prior_outputs, set_output_bias
    from seqnet.networks.layers import build_network

    if targets.ndim == 2 and architecture.layers and architecture.layers[-1].get("per_position"):
        raise UsageError("the architecture has an output at every position; regions have one target each")
    network = build_network(architecture.layers, shape, targets.shape[1])
    if architecture.init is not None:
        initialise(network, architecture.init, force=architecture.force)
    if architecture.init_motifs is not None:
        _start_with_motifs(network, architecture.init_motifs)
    if architecture.prior_bias:
        set_output_bias(network, prior_outputs(targets, output))
    return network


def _start_with_motifs(network: nn.Module, path: str) -> None:
    """Put a file's motifs into the first convolution."""
    from seqnet.commands._console import note
    from seqnet.commands._motifs import Scoring, load_motifs, make_pssms
    from seqnet.errors import SeqnetError
    from seqnet.networks.initialise import first_convolution, motif_filters, set_first_filters

    convolution = first_convolution(network)
    scored = make_pssms(load_motifs(path), Scoring(), keep=True, source=path)
    try:
        bank = motif_filters([pssm.scores for pssm in scored.pssms], convolution.kernel_size[1])
        set_first_filters(convolution, bank)
    except (ValueError, SeqnetError) as error:
        raise FormatError(path, str(error)) from error
    note(f"{path}: {len(bank)} of {convolution.out_channels} first filters start as motifs, on both strands")


def print_network(architecture: Architecture, shape: Shape, tasks: int) -> None:
    """Print a network's description on stdout."""
    from seqnet.formats._open import STANDARD, open_output, to_bytes
    from seqnet.networks.describe import LayerRow, describe_network

    rows = describe_network(architecture.layers, shape, tasks)
    with open_output(STANDARD) as stream:
        for row in (LayerRow._fields, *map(network_cells, rows)):
            stream.write(to_bytes("\t".join(row) + "\n"))


def network_cells(row: LayerRow) -> list[str]:
    """Return one line of a network's description as text."""
    return ["." if value is None else str(value) for value in row]
