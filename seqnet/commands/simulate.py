"""``seqnet simulate``: sequences after a grammar of binding sites, and small genomes."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command, Group
from seqnet.commands.options.common import output_option
from seqnet.commands.options.groups import option_in
from seqnet.commands.options.outputs import BIGWIG_OUTPUT, OUTPUT
from seqnet.commands.options.simulation import (
    range_option,
    simulated_sequence_options,
    simulation_options,
)
from seqnet.commands.options.types import Parsed, number
from seqnet.errors import shorten
from seqnet.numerals import LARGEST, parse_whole


def _contig(text: str) -> tuple[str, int]:
    """Read a contig's name and length."""
    name, equals, length = text.partition("=")
    if not equals or name.split() != [name]:
        raise ValueError(f"{shorten(text)}: expected NAME=BASES")
    return name, parse_whole(length, 1, LARGEST)


command = Group("simulate", short_help="Simulate sequences and genomes.", help=(
    "Simulate sequences and genomes.\n\n"
    "Background letters of any order, and sites drawn from motifs, on either strand, never "
    "overlapping. All but 'genome' write FASTA of two classes, pos_0001 ... and neg_0001 ..., with "
    "--labels-out to train and evaluate with. The same seed gives the same sequences everywhere."
))  # fmt: skip


@command.command(
    "single",
    cls=Command,
    short_help="One site against none.",
    example="seqnet simulate single encode.pfm --motif TAL1_known4 --labels-out tal1.bed -o tal1.fa \\\n"
    "    --valid-fraction 0.1 --test-fraction 0.1",
)
@simulated_sequence_options
def single(**values: Any) -> None:
    """Positives hold one site, negatives none.

    With several of MOTIFS, each positive has one of them.
    """
    from seqnet.pipeline.simulation.sequences import simulate_single

    simulate_single(**values)


@command.command(
    "density",
    cls=Command,
    short_help="Many sites against few or none.",
    example="seqnet simulate density encode.pfm --motif TAL1_known4 --copies 2-4 \\\n"
    "    --negative-copies 1 --labels-out counting.bed -o counting.fa",
)
@simulated_sequence_options
@range_option("--copies", "2-4", "Sites of a positive.")
@range_option("--negative-copies", "0", "Sites of a negative; 1 makes it a counting task.")
def density(**values: Any) -> None:
    """Positives hold more sites of one motif than negatives.

    With several of MOTIFS, each sequence has sites of one of them.
    """
    from seqnet.pipeline.simulation.sequences import simulate_density

    simulate_density(**values)


@command.command(
    "heterotypic",
    cls=Command,
    short_help="All of several motifs against some.",
    example="seqnet simulate heterotypic motifs.jaspar --motif CTCF --motif REB1 --motif GATA1 \\\n"
    "    --labels-out het.bed -o het.fa",
)
@simulated_sequence_options
@range_option("--negative-motifs", "0-1", "Different motifs of a negative; fewer than all.")
def heterotypic(**values: Any) -> None:
    """Positives hold a site of each of MOTIFS, negatives of some of them."""
    from seqnet.pipeline.simulation.sequences import simulate_heterotypic

    simulate_heterotypic(**values)


@command.command(
    "spacing",
    cls=Command,
    short_help="Two motifs at a distance against anywhere.",
    example="seqnet simulate spacing encode.pfm --motif SIX5_known5 --motif ZNF143_known2 \\\n"
    "    --spacing 2-5 --labels-out pair.bed -o pair.fa",
)
@simulated_sequence_options
@range_option("--spacing", "2-10", "Bases between the two sites of a positive.")
@option_in(
    "Sequences",
    "--fixed-order",
    is_flag=True,
    help="The first motif comes before the second, on the strand that both lie on; else either way.",
)
def spacing(**values: Any) -> None:
    """Positives hold two motifs at a distance, negatives the same two in any other way.

    MOTIFS are two, in the file's order. The element lies on either strand of a sequence.
    """
    from seqnet.pipeline.simulation.sequences import simulate_spacing

    simulate_spacing(**values)


@command.command(
    "localization",
    cls=Command,
    short_help="Sites in the centre against anywhere.",
    example="seqnet simulate localization encode.pfm --motif TAL1_known4 --copies 2-4 --center 150 \\\n"
    "    --labels-out local.bed -o local.fa",
)
@simulated_sequence_options
@range_option("--copies", "2-4", "Sites of every sequence.", "simulate_localization.copies")
@option_in(
    "Sequences",
    "--center",
    type=number("center"),
    default=150,
    show_default=True,
    metavar="BASES",
    help="Width of the centre that holds a positive's sites.",
)
@option_in(
    "Sequences",
    "--negative-place",
    type=click.Choice(["anywhere", "flanks"]),
    default="anywhere",
    show_default=True,
    help="Where a negative's sites lie; flanks is outside the centre.",
)
def localization(**values: Any) -> None:
    """Positives hold sites of one motif in their centre, negatives as many elsewhere.

    With several of MOTIFS, each sequence has sites of one of them.
    """
    from seqnet.pipeline.simulation.sequences import simulate_localization

    simulate_localization(**values)


@command.command(
    "genome",
    cls=Command,
    short_help="A small genome with peaks and a signal.",
    example="seqnet simulate genome motifs.jaspar --contig chr1=300000 --contig chr2=200000 \\\n"
    "    --truth sites.bed --peaks-out '{motif}.narrowPeak' --signal-out dnase.bw -o genome.fa",
)
@simulation_options
@option_in(
    "Sequences",
    "--contig",
    "contigs",
    type=Parsed(_contig, "chr1=300000"),
    multiple=True,
    metavar="NAME=BASES",
    default=("chr1=300000", "chr2=200000"),
    show_default=True,
    help="A contig and its length. May be repeated.",
)
@option_in(
    "Sequences",
    "--bound",
    type=number("bound"),
    default=100,
    show_default=True,
    help="Bound sites of each motif.",
)
@option_in(
    "Sequences",
    "--unbound", type=number("unbound"), default=50, show_default=True,
    help="Sites of each motif in closed chromatin, which nothing binds.",
)  # fmt: skip
@option_in(
    "Output",
    "--peaks-out", type=OUTPUT, metavar="NARROWPEAK",
    help="Write peaks; {motif} is replaced by a motif's name.",
)  # fmt: skip
@option_in("Output", "--signal-out", type=BIGWIG_OUTPUT, metavar="BIGWIG",
              help="Write accessibility, counts per step.")  # fmt: skip
@option_in(
    "Output",
    "--step",
    type=number("step"),
    default=20,
    show_default=True,
    help="Bases per step of the signal.",
)
@option_in(
    "Output",
    "--sites-out", type=OUTPUT, metavar="FASTA",
    help="Write aligned bound sites; {motif} as in --peaks-out.",
)  # fmt: skip
@output_option("FASTA file of the genome; the suffix picks compression.")
def genome(**values: Any) -> None:
    """Make a small genome: sites in open chromatin make peaks and signal, others do not.

    Each of MOTIFS has its own sites, at most one in 500 bases. How strongly a site is bound decides
    the height of its peak and of the signal.
    """
    from seqnet.pipeline.simulation.genomes import simulate_genome

    simulate_genome(**values)
