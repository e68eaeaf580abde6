"""Every option that more than one command has, declared once."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from seqnet.commands._console import renamed, set_verbosity
from seqnet.commands.options.groups import Function, option_in, titled
from seqnet.commands.options.outputs import OUTPUT
from seqnet.commands.options.types import SEED, Number, Parsed, number
from seqnet.errors import shorten
from seqnet.formats.files.header import HEADER_MODES, HeaderMode
from seqnet.motifs.pseudocounts import DEFAULT, PSEUDOCOUNTS
from seqnet.pipeline.ranges import Bounds

_MOST_PSEUDOCOUNT = 1e9
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


common_options = titled("Run",
    click.option(
        "-q", "--quiet", is_flag=True, expose_value=False, callback=set_verbosity,
        help="Print only errors on stderr.",
    ),
    click.option(
        "-v", "--verbose", is_flag=True, expose_value=False, callback=set_verbosity,
        help="Print more on stderr.",
    ),
    click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    ),
)  # fmt: skip


def _resolve_threads(_ctx: click.Context, _param: click.Parameter, value: int) -> int:
    """Count the CPUs for 0, and cap the libraries' own threads before they are loaded."""
    from seqnet.parallel import usable_threads  # executors, which --help does not need

    count = usable_threads(value)
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(count)
    return count


def threads_option(default: int) -> Callable[[Function], Function]:
    """``-t/--threads`` with the command's own default."""
    return option_in("Run",
        "-t", "--threads", type=number("threads"), default=default, show_default=True,
        callback=_resolve_threads, help="Threads; 0 means all CPUs this process may use.",
    )  # fmt: skip


def _split_names(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[str] | None:
    """Return the names of a comma list."""
    names = None if value is None else value.split(",")
    if value is not None and names is not None and ("" in names or len(set(names)) < len(names)):
        raise click.BadParameter(f"{shorten(value)} is no list of distinct names such as A,B,C")
    return names


def _background(text: str) -> str:
    """Check the numbers of a background, where it is given as such."""
    if "," not in text or text.startswith("from:"):
        return text
    try:
        shares = [Number(Bounds(0)).read(word) for word in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{error} (four numbers A,C,G,T)") from None
    if len(shares) != 4 or not sum(shares):
        raise ValueError(f"{shorten(text)} is not four numbers A,C,G,T, one of them above 0")
    return text


BACKGROUND = Parsed(_background, "uniform", "0.3,0.2,0.2,0.3")
"""The type of ``--background``."""


def output_option(
    help: str = "Output file; the suffix picks compression.", **options: Any
) -> Callable[[Function], Function]:
    """``-o/--output``; stdout by default."""
    options = {"default": "-", "type": OUTPUT, **options}
    return option_in("Output", "-o", "--output", metavar="FILE", help=help, **options)


_OLD_HEADER = "seqnet.no-header"


def _no_header(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    """Keep that the older spelling is used, for when --header is read."""
    if value:
        ctx.meta[_OLD_HEADER] = True


def _header(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Return the header mode from either spelling."""
    if not ctx.meta.get(_OLD_HEADER):
        return value
    if value != "none" and ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE:
        raise click.UsageError(f"--no-header and --header {value} exclude each other", ctx)
    renamed(ctx, "--no-header is called --header none now")
    return "none"


def header_option_of(default: HeaderMode) -> Callable[[Function], Function]:
    """Declare ``--header``, and its older spelling, with the command's own default."""
    return titled("Output",
        click.option(
            "--header", type=click.Choice(HEADER_MODES), default=default, show_default=True, callback=_header,
            help="Lines above a table's rows: provenance (##) and column names, column names only, or none.",
        ),
        click.option(
            "--no-header", is_flag=True, is_eager=True, hidden=True, expose_value=False, callback=_no_header,
            help="Older spelling of --header none.",
        ),
    )  # fmt: skip


header_option = header_option_of("full")
seed_option = option_in("Run", "--seed", type=SEED, default=0, show_default=True, help="Random seed.")
genome_option = option_in(
    "Regions and genome", "--genome", metavar="FASTA",
    help="Genome: FASTA, plain or compressed, 2bit, GenBank or EMBL.",
)  # fmt: skip
regions_option = option_in("Regions and genome", "--regions", metavar="BED", help="Regions of the genome.")
CHROMS_HELP = "Use these contigs: comma-separated names or wildcards, or a file of names. May be repeated."
chroms_option = option_in("Regions and genome", "--chroms", multiple=True, metavar="NAMES", help=CHROMS_HELP)
soft_mask_option = option_in("Regions and genome",
    "--soft-mask", type=click.Choice(["ignore", "mask", "error"]), default="ignore",
    show_default=True, help="Read lower-case bases as upper case (ignore), as N (mask), or stop (error).",
)  # fmt: skip
center_option = option_in("Regions and genome",
    "--center", type=click.Choice(["auto", "summit", "midpoint"]), default="auto",
    show_default=True, help="Centre of a window: auto is the summit where there is one.",
)  # fmt: skip
tasks_option = option_in("Input",
    "--tasks", metavar="A,B,C", callback=_split_names,
    help="Task names, for a table that has lost its column names.",
)  # fmt: skip
exclude_option = option_in(
    "Negatives",
    "--exclude",
    multiple=True,
    metavar="BED",
    help="Keep negatives away from these regions too. May be repeated.",
)
margin_option = option_in("Negatives",
    "--margin", type=number("margin"), metavar="BASES",
    help="Least distance of negatives from any peak (default: the width).",
)  # fmt: skip
width_option = option_in("Regions and genome",
    "--width", type=number("width"), metavar="BASES",
    help="Cut windows of this many bases around each region's centre (default: regions as they are).",
)  # fmt: skip
on_bad_option = option_in("Regions and genome",
    "--on-bad", type=click.Choice(["error", "skip", "clip"]), default="error", show_default=True,
    help="How to handle a region outside the genome.",
)  # fmt: skip
background_option = option_in("Scores",
    "--background", type=BACKGROUND, metavar="SPEC",
    help="uniform, a MEME background file, from:FASTA (counted on both strands), or four numbers "
    "A,C,G,T. With a file of order k, scores use its base frequencies, p-values the whole Markov model. "
    "Default: the motif file's own, else uniform.",
)  # fmt: skip
small_sample_option = click.option(
    "--small-sample", type=click.Choice(["exact", "approx", "none"]), default="exact",
    show_default=True, help="Correction of the information for few sites.",
)  # fmt: skip
device_option = option_in(
    "Run", "--device", default="auto", show_default=True, help="auto, cpu, cuda[:N] or mps."
)
kmer_strands_option = option_in("K-mers",
    "--strands", type=click.Choice(["both", "forward", "column"]), default="both", show_default=True,
    help="Whether a word and its reverse complement count as one, or which strand's words count: the "
    "forward one's, or that of the regions' strand column.",
)  # fmt: skip


motif_strands_option = option_in("Scores",
    "--strands", type=click.Choice(["both", "forward", "reverse"]),
    help="Strands to scan (default: forward for motifs with an RNA alphabet, both for others).",
)  # fmt: skip


def _pseudocount(text: str) -> str:
    """Check the number of a pseudocount, where it is given as such."""
    try:
        if text not in PSEUDOCOUNTS:
            Number(Bounds(0, limit=_MOST_PSEUDOCOUNT)).read(text)
    except ValueError as error:
        raise ValueError(f"{error}, or one of {', '.join(PSEUDOCOUNTS)}") from None
    return text


def _pseudocount_help() -> str:
    """List the presets from their table."""
    names = ", ".join(PSEUDOCOUNTS)
    return f"Total pseudocount per column: a number, or one of {names}. Default: {DEFAULT}."


scoring_options = titled("Scores",
    click.option(
        "--pseudocount", type=Parsed(_pseudocount, "sqrt", "0.5"), metavar="RULE", help=_pseudocount_help()
    ),
    click.option(
        "--pseudocount-spread", type=click.Choice(["background", "uniform"]), default="background",
        show_default=True, help="How the pseudocount is shared among the bases.",
    ),
    click.option(
        "--preset", type=click.Choice(["fimo"]),
        help="Compute scores as this program does, including its pseudocount.",
    ),
)  # fmt: skip
exact_option = option_in("Scores",
    "--exact", is_flag=True,
    help="Compute exact p-values (slow; widths up to 20). Default: upper bounds, at most 0.1 % too high.",
)  # fmt: skip


on_duplicate_option = option_in("Motifs",
    "--on-duplicate", type=click.Choice(["error", "rename"]), default="error", show_default=True,
    help="How to handle motifs with the same name: rename adds a number (NAME_2) to the later ones.",
)  # fmt: skip
on_bad_motif_option = option_in("Motifs",
    "--on-bad", type=click.Choice(["error", "skip"]), default="error", show_default=True,
    help="How to handle motifs that cannot be read: skip leaves each out with a warning.",
)  # fmt: skip
on_bad_region_or_motif_option = option_in("Regions and genome",
    "--on-bad", type=click.Choice(["error", "skip", "clip"]), default="error", show_default=True,
    help="How to handle regions outside the genome, and motifs that cannot be read (skip leaves each "
    "out with a warning; clip is for regions alone).",
)  # fmt: skip
motif_options = titled("Motifs",
    click.option(
        "--motif", "motif_names", multiple=True, metavar="GLOB",
        help="Read only motifs whose name matches this wildcard. May be repeated.",
    ),
    click.option(
        "--motif-format", metavar="FORMAT", help="Format of the motif file (default: by its content)."
    ),
    on_duplicate_option,
)  # fmt: skip

fraction_options = titled("Split",
    click.option(
        "--valid-fraction", type=number("valid_fraction"), metavar="X",
        help="Share of rows to validate on, overlapping and identical rows kept together.",
    ),
    click.option(
        "--test-fraction", type=number("test_fraction"), metavar="X", help="Share of rows to test on."
    ),
)  # fmt: skip
split_options = titled(
    "Split",
    click.option("--valid-chroms", multiple=True, metavar="NAMES", help="Contigs to validate on."),
    click.option("--test-chroms", multiple=True, metavar="NAMES", help="Contigs to test on."),
    fraction_options,
    click.option(
        "--split-blocks",
        type=number("split_blocks"),
        metavar="SIZE",
        help="With fractions, hold out whole stretches of the genome of this many bases. Default: 1/50 "
        "of the genome, at most 1000000.",
    ),
)
