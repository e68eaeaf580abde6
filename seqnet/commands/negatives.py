"""``seqnet negatives``: positives to positives and negatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import click

from seqnet.commands._command import Command
from seqnet.commands._options import (
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

if TYPE_CHECKING:
    from seqnet.genome.regions import Center, OnBad

_Cut: TypeAlias = "tuple[OnBad, list[str] | None, int | None, Center]"
_SHUFFLES = {"mononucleotide": 1, "dinucleotide": 2}
_LARGEST_K = 8


def _klets(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Return the k of the k-lets that a shuffle keeps."""
    if value is None or value in _SHUFFLES:
        return None if value is None else _SHUFFLES[value]
    number = value.removeprefix("klet:")
    if number == value or not (number.isdecimal() and 1 <= int(number) <= _LARGEST_K):
        message = f"{value!r} is none of {', '.join(_SHUFFLES)}, klet:1 to klet:{_LARGEST_K}"
        raise click.BadParameter(message, ctx, param)
    return int(number)


@click.command(
    "negatives",
    cls=Command,
    short_help="Add negatives to positives.",
    example="seqnet negatives regions.bed --genome genome.fa -o with_negatives.bed\n"
    "seqnet negatives bound.fa --shuffle dinucleotide --only > shuffled.fa",
)
@click.argument("positives", default="-")
@genome_option
@chroms_option
@on_bad_option
@click.option(
    "--shuffle",
    "k",
    callback=_klets,
    metavar="KIND",
    help="Shuffle the positives' own sequences: mononucleotide, dinucleotide or klet:K, K up to 8.",
)
@click.option(
    "--ratio",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Negatives per positive.",
)
@click.option("--only", is_flag=True, help="Write the negatives alone.")
@exclude_option
@margin_option
@width_option
@center_option
@tasks_option
@click.option("--labels-out", metavar="FILE", help="With --shuffle: a labelled-regions table of the FASTA.")
@seed_option
@output_option()
@header_option
@common_options
def command(
    positives: str,
    genome: str | None,
    chroms: tuple[str, ...],
    on_bad: OnBad,
    k: int | None,
    ratio: float,
    only: bool,
    exclude: tuple[str, ...],
    margin: int | None,
    width: int | None,
    center: Center,
    tasks: list[str] | None,
    labels_out: str | None,
    seed: int,
    output: str,
    with_header: bool,
) -> None:
    """Add negatives to positives.

    With --genome, POSITIVES are regions (a labelled table or BED), and windows of the genome follow
    them that have their GC content (and share of soft-masked bases), lie away from every row and are 0
    for every task. With --shuffle the result is FASTA: the sequences of POSITIVES (FASTA, or regions of
    --genome as read on their strand), then their shuffles.
    """
    from seqnet.formats.header import base_name, provenance

    _check_options(
        genome=genome is not None,
        shuffle=k is not None,
        labels=labels_out is not None,
        of_genome=bool(exclude) or margin is not None,
        of_regions=bool(chroms or width or tasks),
    )
    options = {
        "positives": base_name(positives),
        "genome": genome and base_name(genome),
        "shuffle": k and f"klet:{k}",
        "width": width,
        "center": center if width else None,
        "ratio": f"{ratio:g}",
        "margin": margin,
        "exclude": ",".join(map(base_name, exclude)) or None,
        "seed": seed,
    }
    header = provenance("negatives", options) if with_header else None
    drawing = _Drawing(ratio, seed, only)
    cut = on_bad, tasks, width, center
    if k is None:
        _add_genomic(drawing, positives, genome, chroms, cut, exclude, margin, output, header)
    else:
        _add_shuffles(drawing, positives, genome, chroms, cut, k, labels_out, output, header)


class _Drawing(NamedTuple):
    """What both kinds of negatives are drawn by."""

    ratio: float
    seed: int
    only: bool


def _add_genomic(
    drawing: _Drawing,
    positives: str,
    genome: str | None,
    chroms: tuple[str, ...],
    cut: _Cut,
    exclude: tuple[str, ...],
    margin: int | None,
    output: str,
    header: dict[str, str] | None,
) -> None:
    """Write regions and windows of the genome that match them."""
    from seqnet.commands._load import load_masked_genome
    from seqnet.commands._negatives import Cut, add_genomic, read_positives
    from seqnet.formats._open import open_output
    from seqnet.formats.bed import write_regions

    with open_output(output) as stream:
        loaded, lower = load_masked_genome(genome, chroms)
        regions = read_positives(positives, loaded, Cut(*cut, restricted=bool(chroms)))
        table = add_genomic(regions, loaded, lower, exclude, margin=margin, **drawing._asdict())
        write_regions(stream, table, header)


def _add_shuffles(
    drawing: _Drawing,
    positives: str,
    genome: str | None,
    chroms: tuple[str, ...],
    cut: _Cut,
    k: int,
    labels_out: str | None,
    output: str,
    header: dict[str, str] | None,
) -> None:
    """Write sequences and their shuffles, and the labels of both where they are wanted."""
    from seqnet.commands._load import load_masked_genome
    from seqnet.commands._negatives import (
        Cut,
        add_shuffles,
        read_positives,
        read_sequence_positives,
        region_sequences,
    )
    from seqnet.formats._open import open_output
    from seqnet.formats.bed import write_regions
    from seqnet.formats.fasta import write_fasta

    with open_output(output) as stream:
        if genome is None:
            records, regions = read_sequence_positives(positives)
        else:
            loaded, _lower = load_masked_genome(genome, chroms)
            regions = read_positives(positives, loaded, Cut(*cut, restricted=bool(chroms)))
            records = region_sequences(loaded, regions)
        sequences, table = add_shuffles(records, regions, k=k, **drawing._asdict())
        write_fasta(stream, sequences)
        if labels_out:
            with open_output(labels_out) as side:
                write_regions(side, table, header)


def _check_options(*, genome: bool, shuffle: bool, labels: bool, of_genome: bool, of_regions: bool) -> None:
    """Refuse options that do not go together."""
    from seqnet.errors import UsageError

    if not genome and not shuffle:
        raise UsageError("give --genome for negatives from the genome, or --shuffle for shuffles")
    if shuffle and of_genome:
        raise UsageError("--exclude and --margin are for negatives from the genome, without --shuffle")
    if labels and not shuffle:
        raise UsageError("--labels-out goes with --shuffle; otherwise the output is the labels")
    if of_regions and not genome:
        raise UsageError("--chroms, --width and --tasks are for regions, with --genome")
