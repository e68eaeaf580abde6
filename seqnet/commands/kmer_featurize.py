"""``seqnet kmer-featurize``: sequences to a k-mer table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._console import detail, progress_bar
from seqnet.commands._options import (
    common_options,
    genome_option,
    header_option,
    on_bad_option,
    output_option,
    regions_option,
    soft_mask_option,
    strands_option,
)

if TYPE_CHECKING:
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.regions import OnBad

MAX_K = 12


@click.command(
    "kmer-featurize",
    cls=Command,
    short_help="Count the k-mers of sequences.",
    example="seqnet kmer-featurize peaks.fa -k 6 -o kmers.npz\n"
    "seqnet kmer-featurize --regions regions.bed --genome genome.fa -k 4 | head",
)
@click.argument("sequences", required=False)
@genome_option
@regions_option
@on_bad_option
@soft_mask_option
@click.option(
    "-k",
    "--k",
    "k",
    type=click.IntRange(1, MAX_K),
    default=6,
    show_default=True,
    help="Length of the k-mers.",
)
@strands_option
@click.option(
    "--normalize",
    type=click.Choice(["counts", "frequency", "sqrt"]),
    default="counts",
    show_default=True,
    help="Write counts, shares of the sequence's k-mers, or square roots of counts.",
)
@output_option("Output: .npz (CSR, for train) or TSV; compressed by suffix.")
@header_option
@common_options
def command(
    sequences: str | None,
    genome: str | None,
    regions: str | None,
    on_bad: OnBad,
    soft_mask: SoftMask,
    k: int,
    strands: str,
    normalize: str,
    output: str,
    with_header: bool,
) -> None:
    """Count the k-mers of sequences.

    SEQUENCES is FASTA (stdin when left out), or give --regions with --genome. A k-mer and its
    reverse complement count as one unless --strands forward. K-mers with an ambiguous base are
    not counted.
    """
    from seqnet.commands._load import load_genome, load_regions
    from seqnet.errors import SeqnetError, UsageError
    from seqnet.formats._open import open_output
    from seqnet.formats.fasta import read_sequences
    from seqnet.formats.header import base_name, provenance
    from seqnet.formats.kmer_table import write_kmer_npz, write_kmer_tsv
    from seqnet.genome.extract import extract_sequences
    from seqnet.kmers.counting import count_kmers
    from seqnet.kmers.table import KmerSettings

    if (regions is None) != (genome is None):
        raise UsageError("--regions and --genome go together")
    if regions is not None and sequences is not None:
        raise UsageError("give SEQUENCES or --regions, not both")
    with open_output(output) as stream:
        if regions is not None:
            loaded = load_genome(genome, soft_mask=soft_mask)
            table = load_regions(regions, loaded, on_bad=on_bad)
            records = iter(extract_sequences(loaded, table.intervals, table.names.tolist()))
        else:
            records = read_sequences(sequences or "-", soft_mask=soft_mask)
        with progress_bar("sequences") as progress:
            counted = count_kmers(records, KmerSettings(k, strands, normalize), progress)
        if not counted.names:
            raise SeqnetError(f"{sequences or '-'}: holds no sequences")
        detail(f"{len(counted.names)} sequences by {len(counted.features)} k-mers")
        if output.endswith(".npz"):
            write_kmer_npz(stream, counted)
        else:
            options = {"input": base_name(regions or sequences or "-")}
            header = provenance("kmer-featurize", options) if with_header else None
            write_kmer_tsv(stream, counted, header)
