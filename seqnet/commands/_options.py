"""Every option that more than one command has, declared once."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqnet.commands._console import verbosity

Function = TypeVar("Function", bound=Callable[..., Any])
Decorator = Callable[[Function], Function]

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def combine(*decorators: Callable[[Any], Any]) -> Callable[[Function], Function]:
    """Return one decorator that applies several, the first outermost."""

    def apply(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def _set_verbosity(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Store -q and -v in the root context."""
    if value:
        setattr(ctx.find_root().ensure_object(type(verbosity())), str(param.name), True)


common_options = combine(
    click.option(
        "-q", "--quiet", is_flag=True, expose_value=False, callback=_set_verbosity,
        help="Say nothing on stderr but errors.",
    ),
    click.option(
        "-v", "--verbose", is_flag=True, expose_value=False, callback=_set_verbosity,
        help="Say more on stderr.",
    ),
    click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    ),
)  # fmt: skip


def _resolve_threads(_ctx: click.Context, _param: click.Parameter, value: int) -> int:
    """Count the CPUs for 0, and cap the libraries' own threads before they are loaded."""
    count = value or _usable_cpus()
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(count)
    return count


def _usable_cpus() -> int:
    """Count the CPUs this process may use; macOS knows only how many there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_option(default: int) -> Callable[[Function], Function]:
    """``-t/--threads`` with the command's own default."""
    return click.option(
        "-t", "--threads", type=click.IntRange(0), default=default, show_default=True,
        callback=_resolve_threads, help="Threads; 0 means all CPUs this process may use.",
    )  # fmt: skip


def _split_names(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[str] | None:
    """Return the names of a comma list."""
    names = None if value is None else value.split(",")
    if names is not None and ("" in names or len(set(names)) < len(names)):
        raise click.BadParameter(f"{value!r} is no list of distinct names such as A,B,C")
    return names


def output_option(
    help: str = "Output file; the suffix picks compression.", **options: Any
) -> Callable[[Function], Function]:
    """``-o/--output``; stdout unless told otherwise."""
    options = {"default": "-", **options}
    return click.option("-o", "--output", metavar="FILE", help=help, **options)


header_option = click.option(
    "--no-header", "with_header", is_flag=True, flag_value=False, default=True,
    help="Leave out provenance and column lines.",
)  # fmt: skip
seed_option = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Random seed."
)
genome_option = click.option("--genome", metavar="FASTA", help="Genome, plain or compressed.")
regions_option = click.option("--regions", metavar="BED", help="Regions of the genome.")
chroms_option = click.option(
    "--chroms", multiple=True, metavar="NAMES",
    help="Only these contigs: a comma list of names or wildcards, or a file of names. Repeats.",
)  # fmt: skip
soft_mask_option = click.option(
    "--soft-mask", type=click.Choice(["ignore", "mask", "error"]), default="ignore",
    show_default=True, help="What lower-case bases are: nothing special, ambiguous, an error.",
)  # fmt: skip
center_option = click.option(
    "--center", type=click.Choice(["auto", "summit", "midpoint"]), default="auto",
    show_default=True, help="Centre of a window: auto is the summit where there is one.",
)  # fmt: skip
tasks_option = click.option(
    "--tasks", metavar="A,B,C", callback=_split_names,
    help="Task names of a table that lost its column line.",
)  # fmt: skip
exclude_option = click.option(
    "--exclude", multiple=True, metavar="BED", help="Keep negatives away from these too. Repeats."
)
margin_option = click.option(
    "--margin", type=click.IntRange(0), metavar="BASES",
    help="Distance of negatives from any peak (default: the width).",
)  # fmt: skip
width_option = click.option(
    "--width", type=click.IntRange(1), metavar="BASES",
    help="Cut windows of so many bases around each region's centre (default: regions as they are).",
)  # fmt: skip
on_bad_option = click.option(
    "--on-bad", type=click.Choice(["error", "skip", "clip"]), default="error", show_default=True,
    help="What becomes of a region outside the genome.",
)  # fmt: skip
background_option = click.option(
    "--background", metavar="SPEC",
    help="uniform, a MEME background file, from:FASTA (counted on both strands), or four numbers "
    "A,C,G,T. A file of order k gives scores by its single frequencies, p-values by the whole model. "
    "Default: the motif file's own, else uniform.",
)  # fmt: skip
small_sample_option = click.option(
    "--small-sample", type=click.Choice(["exact", "approx", "none"]), default="exact",
    show_default=True, help="Correction of the information for few sites.",
)  # fmt: skip
device_option = click.option(
    "--device", default="auto", show_default=True, help="auto, cpu, cuda[:N] or mps."
)
kmer_strands_option = click.option(
    "--strands", type=click.Choice(["both", "forward", "column"]), default="both", show_default=True,
    help="Whether a word and its reverse complement count as one, or which strand's words count: the "
    "forward one's, or that of the regions' strand column.",
)  # fmt: skip


def _pseudocount_help() -> str:
    """List the presets from their table."""
    from seqnet.motifs.pseudocounts import DEFAULT, PSEUDOCOUNTS

    names = ", ".join(PSEUDOCOUNTS)
    return f"Total pseudocount per column: a number, or one of {names}. Default: {DEFAULT}."


scoring_options = combine(
    click.option("--pseudocount", metavar="RULE", help=_pseudocount_help()),
    click.option(
        "--pseudocount-spread", type=click.Choice(["background", "uniform"]), default="background",
        show_default=True, help="How the pseudocount is shared among the bases.",
    ),
    click.option(
        "--preset", type=click.Choice(["fimo"]),
        help="Scores in another program's arithmetic, pseudocount included.",
    ),
)  # fmt: skip
exact_option = click.option(
    "--exact", is_flag=True,
    help="Exact p-values by enumeration, slow, for widths up to 20; by default they are upper "
    "bounds, at most 0.1 % high.",
)  # fmt: skip

motif_options = combine(
    click.option(
        "--motif", "motif_names", multiple=True, metavar="GLOB",
        help="Only motifs whose name matches. Repeats.",
    ),
    click.option(
        "--motif-format", metavar="FORMAT", help="Format of the motif file, where content does not tell."
    ),
)  # fmt: skip

fraction_options = combine(
    click.option(
        "--valid-fraction", type=click.FloatRange(0, 1), metavar="X",
        help="Share of rows to validate on, overlapping and identical rows kept together.",
    ),
    click.option(
        "--test-fraction", type=click.FloatRange(0, 1), metavar="X", help="Share of rows to test on."
    ),
)  # fmt: skip
split_options = combine(
    click.option("--valid-chroms", multiple=True, metavar="NAMES", help="Contigs to validate on."),
    click.option("--test-chroms", multiple=True, metavar="NAMES", help="Contigs to test on."),
    fraction_options,
)
