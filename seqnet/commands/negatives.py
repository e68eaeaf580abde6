"""``seqnet negatives``: positives to positives and negatives."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    center_option,
    chroms_option,
    common_options,
    exclude_option,
    genome_option,
    header_option,
    margin_option,
    on_bad_option,
    output_option,
    seed_option,
    tasks_option,
    width_option,
)
from seqnet.commands.options.groups import option_in
from seqnet.commands.options.outputs import OUTPUT
from seqnet.commands.options.types import Parsed, number
from seqnet.errors import shorten
from seqnet.pipeline.ranges import RANGES

_SHUFFLES = {"mononucleotide": 1, "dinucleotide": 2}
_KLET = "klet:"


def _klets(text: str) -> int:
    """Return the k of the k-lets that a shuffle keeps."""
    if text in _SHUFFLES:
        return _SHUFFLES[text]
    try:
        if text.startswith(_KLET):
            return int(number("negatives.k").read(text.removeprefix(_KLET)))
    except ValueError:
        pass  # the message below names all that there is
    known = f"{', '.join(_SHUFFLES)}, {_KLET}1 to {_KLET}{RANGES['negatives.k'].high}"
    raise ValueError(f"{shorten(text)} is none of {known}")


@click.command(
    "negatives",
    cls=Command,
    in_place=True,
    short_help="Add negatives to positives.",
    example="seqnet negatives regions.bed --genome genome.fa -o with_negatives.bed\n"
    "seqnet negatives bound.fa --shuffle dinucleotide --only > shuffled.fa",
)
@click.argument("positives", default="-")
@genome_option
@chroms_option
@on_bad_option
@option_in(
    "Negatives",
    "--shuffle",
    "k",
    type=Parsed(_klets, "dinucleotide", "klet:3"),
    metavar="KIND",
    help="Shuffle the positives' own sequences: mononucleotide, dinucleotide or klet:K, K up to 8.",
)
@option_in(
    "Negatives",
    "--ratio",
    type=number("ratio"),
    default=1.0,
    show_default=True,
    help="Negatives per positive.",
)
@option_in("Negatives", "--only", is_flag=True, help="Write the negatives alone.")
@exclude_option
@margin_option
@width_option
@center_option
@tasks_option
@option_in(
    "Output",
    "--labels-out",
    type=OUTPUT,
    metavar="FILE",
    help="With --shuffle: a labelled-regions table of the FASTA.",
)
@seed_option
@output_option()
@header_option
@common_options
def command(**values: Any) -> None:
    """Add negatives to positives.

    With --genome, POSITIVES are regions (a labelled table or BED), and windows of the genome follow
    them that have their GC content (and share of soft-masked bases), lie away from every row and are 0
    for every task. With --shuffle the result is FASTA: the sequences of POSITIVES (FASTA, or regions of
    --genome as read on their strand), then their shuffles.
    """
    from seqnet.pipeline.labels.negatives import negatives

    negatives(**values)
