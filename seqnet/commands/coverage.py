"""``seqnet coverage``: cuts, fragments or reads of a BAM, CRAM, SAM or BED file as a signal track."""

from __future__ import annotations

from typing import Any, get_args

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    chroms_option,
    common_options,
    header_option,
    on_bad_option,
    output_option,
    seed_option,
    threads_option,
)
from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.types import Parsed, number
from seqnet.errors import shorten
from seqnet.pipeline.coverage.request import STRAND, Count, Normalize, Strand


def _shift(text: str) -> tuple[int, int]:
    """Read two whole numbers."""
    words = text.split(",")
    if len(words) != 2:
        raise ValueError(f"{shorten(text)} is not two whole numbers such as 4,-5")
    forward, reverse = (number("shift").read(word) for word in words)
    return forward, reverse


_counting_options = titled("Reads",
    click.option(
        "--count", type=click.Choice(get_args(Count)), required=True,
        help="The base at each read's 5' end; each proper pair from end to end; or each read's matched "
        "bases (CIGAR M, = and X; deletions and introns are not covered).",
    ),
    click.option(
        "--shift", metavar="FWD,REV", type=Parsed(_shift, "4,-5"),
        help="Move cuts of the forward and of the reverse strand so many bases to the right: 4,-5 or 4,-4 "
        "for ATAC-seq. Must be given for cuts of BAM; 0,0 by default for BED.",
    ),
    click.option(
        "--extend", type=number("extend"), metavar="N",
        help="Count N bases from each read's 5' end on; for fragments, of unpaired reads.",
    ),
    click.option(
        "--min-mapq", type=number("min_mapq"), default=30, show_default=True,
        help="Leave out alignments of lower mapping quality.",
    ),
    click.option(
        "--exclude-flags", type=number("exclude_flags"), default=1804, show_default=True,
        help="Leave out alignments with any of these SAM flags: by default reads that are unmapped or whose "
        "mate is, secondary, failed, or duplicates.",
    ),
    click.option(
        "--include-flags", type=number("include_flags"), default=0, show_default=True,
        help="Leave out alignments without all of these SAM flags.",
    ),
    click.option(
        "--subsample", type=number("subsample"), metavar="FRACTION",
        help="Count this share of the reads, mates together; of BED, of the rows.",
    ),
)  # fmt: skip
_shape_options = titled("Track",
    click.option(
        "--normalize", type=click.Choice(get_args(Normalize)), default="none", show_default=True,
        help="Counts as they are, per million counted, or so that the mean over the genome is 1.",
    ),
    click.option(
        "--effective-size", type=number("effective_size"), metavar="BASES",
        help="Size of the genome for 1x; the sum of the contigs' lengths by default.",
    ),
    click.option(
        "--strand", type=click.Choice(get_args(Strand)), default="both", show_default=True,
        help=f"Count one strand. With '{STRAND}' in the output's name, each goes to its own file.",
    ),
    click.option(
        "--bin", "width", type=number("width"), default=1, show_default=True, metavar="BASES",
        help="Bases of a value: the number of cuts, or the mean depth, of so many bases.",
    ),
    click.option("--skip-zeros", is_flag=True, help="Leave out what nothing covers."),
    option_in("Run", "--tmpdir", metavar="DIR", help="Where depths wait until the factor is known."),
)  # fmt: skip


@click.command(
    "coverage",
    cls=Command,
    short_help="Make a signal track from aligned reads.",
    example="seqnet coverage atac.bam --count cuts --shift 4,-4 --normalize cpm -o atac.bw\n"
    "seqnet coverage fragments.bed.gz --genome genome.fa --count fragments | head",
)
@click.argument("reads", default="-")
@option_in(
    "Regions and genome",
    "--genome", metavar="FILE",
    help="FASTA, which CRAM needs; BED takes the contigs' lengths from it, or from a .fai or chrom.sizes.",
)  # fmt: skip
@_counting_options
@_shape_options
@chroms_option
@on_bad_option
@seed_option
@threads_option(1)
@output_option("Output: bigWig by its suffix, bedGraph otherwise; the suffix picks compression.")
@header_option
@common_options
def command(**values: Any) -> None:
    """Make a signal track from aligned reads.

    READS are BAM, CRAM or SAM, or BED or BEDPE of reads or fragments; '-' or nothing is stdin. BAM sorted by
    place is counted contig by contig; anything else needs four bytes of memory for each base of the
    genome. No index is used. A row of BED without a strand has cuts at both ends.
    """
    from seqnet.pipeline.coverage.run import coverage

    coverage(**values)
