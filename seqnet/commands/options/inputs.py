"""Options of rows, k-mers and tracks that models are trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from seqnet.commands.options.common import (
    CHROMS_HELP,
    genome_option,
    kmer_strands_option,
    soft_mask_option,
    tasks_option,
)
from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.types import Parsed, number
from seqnet.errors import UsageError, shorten
from seqnet.kmers.settings import DEFAULT_K, NORMALIZATIONS
from seqnet.pipeline.inputs.request import BIN, SignalFile
from seqnet.pipeline.training.sources import signal_files

Function = TypeVar("Function", bound=Callable[..., Any])


def named_files(
    _ctx: click.Context, _param: click.Parameter, values: Sequence[str]
) -> tuple[SignalFile, ...]:
    """Read ``NAME=FILE``, or a file whose base name is the name."""
    try:
        return signal_files(values)
    except UsageError as error:
        raise click.BadParameter(str(error)) from error


target_option = option_in("Signal tracks",
    "--target-track", "target_tracks", multiple=True, metavar="[NAME=]BIGWIG", callback=named_files,
    help="Deep track to predict from the tracks of --signal (denoising). May be repeated.",
)  # fmt: skip


def _denoising_options(step: int | None, *, hidden: bool) -> Callable[[Function], Function]:
    """Declare what only denoising has.

    Parameters
    ----------
    step
        The default of ``--bin``.
    hidden
        Whether the options are an older spelling, which help does not list.
    """
    return titled("Signal tracks",
        click.option("--target-track", "target_tracks", multiple=True, metavar="[NAME=]BIGWIG",
                     callback=named_files, hidden=hidden,
                     help="Deep track to predict from the tracks of --signal. May be repeated."),
        click.option("--target-peaks", metavar="BED", hidden=hidden,
                     help="Also learn to predict these peaks."),
        click.option("--bin", "step", type=number("step"), metavar="BASES", default=step, show_default=True,
                     hidden=hidden, help="Bases per bin; tracks are read as means of bins."),
        click.option("--window", type=number("window"), metavar="BINS", hidden=hidden,
                     help="Bins per training row. Default: the receptive field, at least 64."),
        option_in("Regions and genome", "--chroms", multiple=True, metavar="NAMES", hidden=hidden,
                  help=CHROMS_HELP),
    )  # fmt: skip


denoising_options = _denoising_options(BIN, hidden=False)
older_denoising_options = _denoising_options(None, hidden=True)
"""Those of ``train cnn``, which denoised before there was ``train denoise``."""


def counting_options(normalize: str, choices: Sequence[str]) -> Callable[[Function], Function]:
    """Declare what k-mers are counted, and how.

    Parameters
    ----------
    normalize
        The default normalisation; that of gapped k-mers is sqrt.
    choices
        The normalisations to choose from.
    """
    meanings = ", ".join(f"{name} ({NORMALIZATIONS[name]})" for name in choices)
    default = normalize if normalize == "sqrt" else f"{normalize}, sqrt with --gapped"
    return titled("K-mers",
        click.option("-k", "--k", "k", type=number("k"), multiple=True,
                     help=f"Length of k-mers. May be repeated. Default: {DEFAULT_K}, or none with patterns."),
        click.option("--pattern", "patterns", multiple=True, metavar="1101",
                     help="Gapped k-mers: 1 is a base of the k-mer, 0 any base. May be repeated."),
        click.option("--gapped", is_flag=True,
                     help="Use eleven symmetric patterns; --normalize is then sqrt by default."),
        click.option("--gapped-all", type=(number("gapped_all"), number("gapped_all")), metavar="L K",
                     help="Use every pattern of L bases with K ones, including the first and the last base."),
        click.option("--hash", "hash_bits", type=number("hash_bits"), metavar="BITS",
                     help="Hash the features into 2**BITS columns."),
        kmer_strands_option,
        click.option("--normalize", type=click.Choice(choices),
                     help=f"Values: {meanings}. Default: {default}."),
    )  # fmt: skip


signal_options = titled("Signal tracks",
    click.option("--signal", "signals", multiple=True, metavar="[NAME=]BIGWIG", callback=named_files,
                 help="Signal track as input, with the sequence or alone. NAME defaults to the file's; a "
                 "model needs tracks of the same names. May be repeated."),
    click.option("--signal-missing", type=click.Choice(["zero", "error"]),
                 help="How to read bases without a value: as zero, or as an error. Default: zero in gaps, an "
                 "error for contigs that the track lacks."),
    click.option("--cache-dir", metavar="DIR",
                 help="Folder for cached tracks (default: $SEQNET_CACHE, else the user's cache folder)."),
)  # fmt: skip


_TRANSFORMS = {"none": "none", "asinh": "asinh(x)", "log1p": "ln(1 + x)"}


_SCALES = {"none": "none", "z": "mean 0, standard deviation 1", "max": "largest 1", "library": "mean 1",
           "center-max": "divided by the largest, then mean 0"}  # fmt: skip


def _quantile(text: str) -> float:
    """Read the quantile that values are clipped at."""
    return float(number("signal_clip").read(text))


def _one_of(table: Mapping[str, str]) -> Callable[[str], str]:
    """Return what reads one of the rows of a table."""

    def read(text: str) -> str:
        if text not in table:
            raise ValueError(f"{shorten(text)} is none of {', '.join(table)}")
        return text

    return read


def _per_track(read: Callable[[str], Any], *examples: str) -> dict[str, Any]:
    """Return type and callback of an option that takes ``VALUE``, for all tracks, and ``NAME=VALUE``.

    The command gets the values by name, "" for all; None without any.
    """

    def parse(text: str) -> tuple[str, Any]:
        name, _, value = text.rpartition("=")
        return name, read(value)

    def by_name(_ctx: click.Context, _param: click.Parameter, values: Sequence[Any]) -> Any:
        return dict(values) or None

    return {"type": Parsed(parse, *examples), "multiple": True, "callback": by_name}


def _pairs(
    _ctx: click.Context, _param: click.Parameter, values: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Read pairs of names."""
    pairs = []
    for value in values:
        names = value.split(",")
        if len(names) != 2 or "" in names or names[0] == names[1]:
            raise click.BadParameter(f"{shorten(value)}: expected two tracks, such as plus,minus")
        pairs.append((names[0], names[1]))
    return tuple(pairs)


signal_fit_options = titled("Signal tracks",
    click.option("--signal-clip", metavar="[NAME=]Q", **_per_track(_quantile, "0.9", "dnase=0.9"),
                 help="Clip values above this quantile, computed on the training regions. Default: 1."),
    click.option("--signal-transform", metavar="[NAME=]RULE", **_per_track(_one_of(_TRANSFORMS), "log1p"),
                 help=f"Transform clipped values: {', '.join(_TRANSFORMS)}. Default: asinh."),
    click.option("--signal-scale", metavar="[NAME=]RULE", **_per_track(_one_of(_SCALES), "max"),
                 help="Scale transformed values, by the training regions: "
                 + "; ".join(f"{name}: {text}" for name, text in _SCALES.items() if name != text)
                 + "; none. Default: z; center-max in train denoise (not for its default network)."),
)  # fmt: skip


strand_pair_option = option_in("Signal tracks",
    "--strand-pair", "strand_pairs", multiple=True, metavar="PLUS,MINUS", callback=_pairs,
    help="Tracks of the two strands, which reverse complements swap; also deep ones. May be repeated.",
)  # fmt: skip


towers_option = option_in("Network",
    "--towers", is_flag=True,
    help="Read sequence and tracks with separate layers, joined after pooling, instead of as "
    "channels of one input.",
)  # fmt: skip


_SEQUENCE_COLUMN = click.option(
    "--sequence-column", metavar="COLUMN",
    help="Column with the sequences: its name, or its number if there is no header.",
)  # fmt: skip
_NAME_COLUMN = click.option("--name-column", metavar="COLUMN", help="Column with the names (with --table).")
_TARGETS = click.option(
    "--target", "target_columns", multiple=True, metavar="COLUMN",
    help="Column with a target (with --table). May be repeated.",
)  # fmt: skip
_SPLIT_COLUMN = click.option(
    "--split-column", metavar="COLUMN", help="Column with train, valid or test (with --table)."
)
table_to_predict_options = titled("Table",
    click.option("--table", metavar="FILE", help="TSV or CSV with a column of sequences to predict."),
    _SEQUENCE_COLUMN,
    _NAME_COLUMN,
)  # fmt: skip
table_to_evaluate_options = titled("Table",
    option_in("Input", "--sequences", metavar="FASTA", help="Sequences (with --model and --labels)."),
    click.option("--table", metavar="FILE", help="TSV or CSV with the targets, in place of --labels."),
    _SEQUENCE_COLUMN,
    _TARGETS,
    _NAME_COLUMN,
    _SPLIT_COLUMN,
    click.option("--group-column", metavar="COLUMN",
                 help="Column with groups: rows of a group are resampled together (with --table)."),
)  # fmt: skip
feature_options = option_in(
    "Input",
    "--features",
    metavar="TABLE",
    help="Table of k-mers or motif scores, joined to --labels by name.",
)


sequence_options = titled("Input",
    option_in("Regions and genome",
        "--regions", metavar="BED", help="Labelled regions (with --genome, --signal or both)."),
    genome_option,
    click.option("--sequences", metavar="FASTA", help="Sequences, joined to --labels by name."),
    click.option("--labels", metavar="TABLE", help="Labelled regions, or a table of names and tasks."),
    click.option("--positives", metavar="FASTA", help="Positive sequences of one task."),
    click.option("--negatives", metavar="FASTA|shuffle",
                 help="Negative sequences (with --positives), or shuffle: dinucleotide shuffles of the "
                 "positives, new ones each epoch."),
    titled("Table",
        click.option("--table", metavar="FILE", help="TSV or CSV with a sequence column."),
        _SEQUENCE_COLUMN,
        _TARGETS,
        _NAME_COLUMN,
        _SPLIT_COLUMN,
        click.option("--group-column", metavar="COLUMN",
                     help="Column with groups: rows of a group stay in one split (with --table)."),
        click.option("--weight-column", metavar="COLUMN",
                     help="Column with each row's weight in the loss: 0 or more (with --table)."),
    ),
    click.option("--length", type=number("length"), metavar="BASES",
                 help="Crop or pad sequences around their centre to this length. Default: the longest."),
    tasks_option,
    soft_mask_option,
)  # fmt: skip
