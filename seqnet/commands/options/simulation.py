"""Options that the simulate commands share."""

from __future__ import annotations

from collections.abc import Callable

import click

from seqnet.commands.options.common import (
    BACKGROUND,
    common_options,
    fraction_options,
    header_option,
    motif_options,
    on_bad_motif_option,
    output_option,
    seed_option,
)
from seqnet.commands.options.groups import Function, combine, option_in, titled
from seqnet.commands.options.outputs import OUTPUT
from seqnet.commands.options.types import number, span
from seqnet.pipeline.simulation.request import DEFAULT_GC


def range_option(name: str, default: str, help: str, argument: str = "") -> Callable[[Function], Function]:
    """Return an option that takes whole numbers ``A-B``, or a single ``A``, as (low, high).

    Parameters
    ----------
    argument
        Row of `RANGES`, where it is not the option's own.
    """
    return option_in(
        "Sequences",
        name,
        type=span(argument or name.removeprefix("--").replace("-", "_")),
        default=default,
        show_default=True,
        metavar="A-B",
        help=help,
    )


simulation_options = combine(
    click.argument("motifs", default="-"),
    motif_options,
    on_bad_motif_option,
    titled("Background",
        click.option(
            "--gc", type=number("gc"), metavar="X",
            help=f"Share of G and C in a background of independent letters (default {DEFAULT_GC}).",
        ),
        click.option(
            "--background", type=BACKGROUND, metavar="SPEC",
            help="Instead of --gc: uniform, a MEME background file of any order, from:FASTA (counted on "
            "both strands), or four numbers A,C,G,T.",
        ),
        click.option(
            "--order", type=number("order"), metavar="K",
            help="Order of the Markov model that --background from:FASTA is learnt with (default 0).",
        ),
    ),
    option_in("Output", "--truth", type=OUTPUT, metavar="BED",
                 help="Write every site: motif, strand, score, letters."),
    seed_option,
    header_option,
    common_options,
)  # fmt: skip


simulated_sequence_options = combine(
    simulation_options,
    titled("Sequences",
        click.option("--positives", type=number("positives"), default=1000, show_default=True,
                     help="Sequences of the positive class."),
        click.option("--negatives", type=number("negatives"), default=1000, show_default=True,
                     help="Sequences of the negative class."),
        click.option("--length", type=number("length"), default=500, show_default=True,
                     help="Bases per sequence."),
        option_in("Output", "--labels-out", type=OUTPUT, metavar="BED",
                     help="Write labelled regions, each a whole sequence."),
        click.option("--task", metavar="NAME", help="Name of the task (default: the motif, or the grammar)."),
    ),
    fraction_options,
    output_option("FASTA file; the suffix picks compression."),
)  # fmt: skip
