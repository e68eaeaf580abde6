"""``seqnet simulate``: sequences after a grammar of binding sites, and small genomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqnet.commands._command import Command, Group
from seqnet.commands._options import output_option
from seqnet.commands._simulation import (
    SequenceOptions,
    range_option,
    sequence_options,
    simulate_sequences,
    simulation_options,
)

if TYPE_CHECKING:
    from seqnet.datasets.simulation.grammars import Place

command = Group("simulate", short_help="Simulate sequences and genomes.", help=(
    "Simulate sequences and genomes.\n\n"
    "Background letters of any order, and sites drawn from motifs, on either strand, never "
    "overlapping. All but 'genome' write FASTA of two classes, pos_0001 ... and neg_0001 ..., with "
    "--labels-out to train and judge by. The same seed gives the same sequences everywhere."
))  # fmt: skip


@command.command(
    "single",
    cls=Command,
    short_help="One site against none.",
    example="seqnet simulate single encode.pfm --motif TAL1_known4 --labels-out tal1.bed -o tal1.fa \\\n"
    "    --valid-fraction 0.1 --test-fraction 0.1",
)
@sequence_options
def single(**options: Any) -> None:
    """Positives hold one site, negatives none.

    With several of MOTIFS, each positive has one of them.
    """
    from seqnet.datasets.simulation.grammars import Copies

    simulate_sequences("single", SequenceOptions(**options), Copies(1, 1), Copies(0, 0), {})


@command.command(
    "density",
    cls=Command,
    short_help="Many sites against few or none.",
    example="seqnet simulate density encode.pfm --motif TAL1_known4 --copies 2-4 \\\n"
    "    --negative-copies 1 --labels-out counting.bed -o counting.fa",
)
@sequence_options
@range_option("--copies", "2-4", "Sites of a positive.")
@range_option("--negative-copies", "0", "Sites of a negative; 1 makes it a counting task.")
def density(copies: tuple[int, int], negative_copies: tuple[int, int], **options: Any) -> None:
    """Positives hold more sites of one motif than negatives.

    With several of MOTIFS, each sequence has sites of one of them.
    """
    from seqnet.datasets.simulation.grammars import Copies

    settings = {"copies": copies, "negative-copies": negative_copies}
    classes = Copies(*copies), Copies(*negative_copies)
    simulate_sequences("density", SequenceOptions(**options), *classes, settings)


@command.command(
    "heterotypic",
    cls=Command,
    short_help="All of several motifs against some.",
    example="seqnet simulate heterotypic motifs.jaspar --motif CTCF --motif REB1 --motif GATA1 \\\n"
    "    --labels-out het.bed -o het.fa",
)
@sequence_options
@range_option("--negative-motifs", "0-1", "Different motifs of a negative; fewer than all.")
def heterotypic(negative_motifs: tuple[int, int], **options: Any) -> None:
    """Positives hold a site of each of MOTIFS, negatives of some of them."""
    from seqnet.datasets.simulation.grammars import Combination

    classes = Combination(), Combination(negative_motifs)
    settings = {"negative-motifs": negative_motifs}
    simulate_sequences("heterotypic", SequenceOptions(**options), *classes, settings)


@command.command(
    "spacing",
    cls=Command,
    short_help="Two motifs at a distance against anywhere.",
    example="seqnet simulate spacing encode.pfm --motif SIX5_known5 --motif ZNF143_known2 \\\n"
    "    --spacing 2-5 --labels-out pair.bed -o pair.fa",
)
@sequence_options
@range_option("--spacing", "2-10", "Bases between the two sites of a positive.")
@click.option(
    "--fixed-order",
    is_flag=True,
    help="The first motif comes before the second, on the strand that both lie on; else either way.",
)
def spacing(spacing: tuple[int, int], fixed_order: bool, **options: Any) -> None:
    """Positives hold two motifs at a distance, negatives the same two in any other way.

    MOTIFS are two, in the file's order. The element lies on either strand of a sequence.
    """
    from seqnet.datasets.simulation.grammars import Pair

    classes = Pair(*spacing, fixed_order), Pair(*spacing, fixed_order, holds=False)
    settings = {"spacing": spacing, "fixed-order": fixed_order}
    simulate_sequences("spacing", SequenceOptions(**options), *classes, settings)


@command.command(
    "localization",
    cls=Command,
    short_help="Sites in the centre against anywhere.",
    example="seqnet simulate localization encode.pfm --motif TAL1_known4 --copies 2-4 --center 150 \\\n"
    "    --labels-out local.bed -o local.fa",
)
@sequence_options
@range_option("--copies", "2-4", "Sites of every sequence.", 1)
@click.option(
    "--center",
    type=click.IntRange(1),
    default=150,
    show_default=True,
    metavar="BASES",
    help="Width of the centre that holds a positive's sites.",
)
@click.option(
    "--negative-place",
    type=click.Choice(["anywhere", "flanks"]),
    default="anywhere",
    show_default=True,
    help="Where a negative's sites lie; flanks is outside the centre.",
)
def localization(copies: tuple[int, int], center: int, negative_place: Place, **options: Any) -> None:
    """Positives hold sites of one motif in their centre, negatives as many elsewhere.

    With several of MOTIFS, each sequence has sites of one of them.
    """
    from seqnet.datasets.simulation.grammars import Copies

    classes = Copies(*copies, "center", center), Copies(*copies, negative_place, center)
    settings = {"copies": copies, "center": center, "negative-place": negative_place}
    simulate_sequences("localization", SequenceOptions(**options), *classes, settings)


@command.command(
    "genome",
    cls=Command,
    short_help="A small genome with peaks and a signal.",
    example="seqnet simulate genome motifs.jaspar --contig chr1=300000 --contig chr2=200000 \\\n"
    "    --truth sites.bed --peaks-out '{motif}.narrowPeak' --signal-out dnase.bw -o genome.fa",
)
@simulation_options
@click.option(
    "--contig",
    "contigs",
    multiple=True,
    metavar="NAME=BASES",
    default=("chr1=300000", "chr2=200000"),
    show_default=True,
    help="A contig and its length. Repeats.",
)
@click.option(
    "--bound", type=click.IntRange(0), default=100, show_default=True, help="Bound sites of each motif."
)
@click.option(
    "--unbound", type=click.IntRange(0), default=50, show_default=True,
    help="Sites of each motif in closed chromatin, which nothing binds.",
)  # fmt: skip
@click.option(
    "--peaks-out", "peaks", metavar="NARROWPEAK", help="Write peaks; {motif} stands for a motif's name."
)
@click.option("--signal-out", "signal", metavar="BIGWIG", help="Write accessibility, counts per step.")
@click.option(
    "--step", type=click.IntRange(1), default=20, show_default=True, help="Bases per step of the signal."
)
@click.option(
    "--sites-out", "sites", metavar="FASTA", help="Write aligned bound sites; {motif} as in --peaks-out."
)
@output_option("FASTA file of the genome; the suffix picks compression.")
def genome(
    contigs: tuple[str, ...],
    bound: int,
    unbound: int,
    peaks: str | None,
    signal: str | None,
    step: int,
    sites: str | None,
    **options: Any,
) -> None:
    """Make a small genome: sites in open chromatin make peaks and signal, others do not.

    Each of MOTIFS has its own sites, at most one in 500 bases. How strongly a site is bound decides
    the height of its peak and of the signal.
    """
    from seqnet.commands._simulated_genome import GenomeOptions, simulate_genome

    simulate_genome(GenomeOptions(**options, contigs=contigs, bound=bound, unbound=unbound, peaks=peaks,
                                  signal=signal, step=step, sites=sites))  # fmt: skip
