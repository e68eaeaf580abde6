"""``seqnet kmer-featurize``: sequences to a k-mer table."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import click

from seqnet.commands._command import Command
from seqnet.commands._console import note, progress_bar
from seqnet.commands._kmer_options import kmer_options
from seqnet.commands._options import (
    center_option,
    chroms_option,
    common_options,
    genome_option,
    header_option,
    on_bad_option,
    output_option,
    regions_option,
    soft_mask_option,
    threads_option,
    width_option,
)
from seqnet.errors import SeqnetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seqnet.aliases import Progress
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.regions import Center, OnBad
    from seqnet.genome.sequence import SequenceRun
    from seqnet.kmers.settings import KmerSettings


_BINARY = (".npz", ".parquet")
_OTHERS = (
    ".npy", ".csv", ".json", ".h5", ".hdf5", ".h5ad", ".feather", ".arrow", ".pkl", ".pickle", ".mat",
    ".xlsx", ".mtx", ".safetensors",
)  # fmt: skip
"""Suffixes of what is not written, of which a table of text is none."""


class Source(NamedTuple):
    """The sequences, as the options name them."""

    sequences: str | None
    genome: str | None
    chroms: tuple[str, ...]
    regions: str | None
    width: int | None
    center: Center
    on_bad: OnBad
    soft_mask: SoftMask

    @property
    def path(self) -> str:
        """The file that names the rows."""
        return self.regions or self.sequences or "-"


@click.command(
    "kmer-featurize",
    cls=Command,
    short_help="Count the k-mers of sequences.",
    example="seqnet kmer-featurize peaks.fa -k 6 -o kmers.npz\n"
    "seqnet kmer-featurize --regions regions.bed --genome genome.fa -k 4 | head\n"
    "seqnet kmer-featurize peaks.fa --gapped -o gapped.npz\n"
    "seqnet kmer-featurize more.fa --like gapped.npz -o more.npz",
)
@click.argument("sequences", required=False)
@genome_option
@chroms_option
@regions_option
@width_option
@center_option
@on_bad_option
@soft_mask_option
@kmer_options("counts", ("counts", "frequency", "log", "sqrt", "z"))
@click.option(
    "--like",
    metavar="TABLE",
    help="Count and normalise as this k-mer table was, by its own constants of z; the options above "
    "that say how are left aside.",
)
@output_option("Output: .npz (CSR, for train), .parquet or TSV; TSV is compressed by suffix.")
@header_option
@threads_option(1)
@common_options
def command(
    kmers: KmerSettings,
    like: str | None,
    output: str,
    with_header: bool,
    threads: int,
    **source: Any,
) -> None:
    """Count the k-mers of sequences.

    SEQUENCES is FASTA (stdin when left out), or give --regions with --genome. A k-mer and its
    reverse complement count as one unless --strands says otherwise. K-mers with an ambiguous base
    are not counted; the gaps of gapped k-mers may hold one. The table stores how it was made.
    """
    from seqnet.formats._open import open_output
    from seqnet.formats.header import base_name, provenance

    _check_suffix(output)
    given = Source(**source)
    settings = kmers if like is None else _like(like)
    _check(given, settings)
    header = provenance("kmer-featurize", {"input": base_name(given.path)}) if with_header else None
    with open_output(output) as stream, progress_bar("sequences") as progress:
        _write(output, stream, given, settings, header, threads, progress)


def _check_suffix(output: str) -> None:
    """Refuse names that promise another format than would be written, which is TSV by default."""
    kinds = PurePath(output).suffixes[-1:]
    if output.endswith((".gz", ".bgz")):
        kinds = PurePath(output).suffixes[-2:-1]
    suffix = "".join(kinds)
    packed = suffix in _BINARY and not output.endswith(suffix)
    if packed or (suffix.lower() in (*_BINARY, *_OTHERS) and suffix not in _BINARY):
        found = f"{suffix}, compressed" if packed else suffix
        raise UsageError(f"-o {output}: expected .npz, .parquet or .tsv (.tsv.gz); found {found}")


def _like(path: str) -> KmerSettings:
    """Return the settings of a table; other options must not say them too."""
    from seqnet.formats.kmer_table import read_kmer_table

    ctx = click.get_current_context()
    said = ("k", "patterns", "gapped", "gapped_all", "hash_bits", "strands", "normalize")
    for name in said:
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            flag = {"k": "-k", "patterns": "--pattern", "hash_bits": "--hash"}.get(name)
            raise UsageError(f"--like says how to count: leave out {flag or '--' + name.replace('_', '-')}")
    return read_kmer_table(path).settings


def _check(source: Source, settings: KmerSettings) -> None:
    """Refuse options that do not go together."""
    from seqnet.kmers.counting import columns_for

    if (source.regions is None) != (source.genome is None):
        raise UsageError("--regions and --genome go together")
    if source.regions is not None and source.sequences is not None:
        raise UsageError("give SEQUENCES or --regions, not both")
    if source.regions is None and (source.chroms or source.width):
        raise UsageError("--chroms and --width are for --regions, with --genome")
    if settings.strands == "column" and source.regions is None:
        raise UsageError("--strands column needs --regions, whose strands it goes by")
    try:
        columns_for(settings)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _runs(source: Source, settings: KmerSettings) -> Iterator[SequenceRun]:
    """Stream the sequences, regions on the strand that counts."""
    from seqnet.commands._load import cut_regions, load_genome
    from seqnet.formats.bed import read_bed
    from seqnet.formats.fasta import read_runs
    from seqnet.genome.extract import extract_sequences
    from seqnet.kmers.counting import as_runs

    if source.regions is None:
        return read_runs(source.path, soft_mask=source.soft_mask)
    genome = load_genome(source.genome, source.chroms, source.soft_mask)
    regions = cut_regions(
        read_bed(source.regions), genome, source.on_bad,
        restricted=bool(source.chroms), width=source.width, center=source.center,
    )  # fmt: skip
    stranded = settings.strands == "column"
    unknown = int((regions.intervals.strand == 0).sum())
    if stranded and unknown:
        note(f"{source.regions}: {unknown} regions without a strand are read forward")
    return as_runs(extract_sequences(genome, regions.intervals, regions.names.tolist(), stranded=stranded))


def _write(
    output: str,
    stream: BinaryIO,
    source: Source,
    settings: KmerSettings,
    header: dict[str, str] | None,
    threads: int,
    progress: Progress,
) -> None:
    """Count, and write as the output's suffix says; rows of text go out as they come."""
    from itertools import chain

    from seqnet.formats.kmer_parquet import require_parquet, write_kmer_parquet
    from seqnet.formats.kmer_table import write_kmer_header, write_kmer_npz_rows, write_kmer_rows
    from seqnet.kmers.columns import feature_names
    from seqnet.kmers.counting import KmerRows, collect, count_runs
    from seqnet.kmers.normalize import is_known
    from seqnet.kmers.rows import sparse_rows

    parquet = output.endswith(".parquet")
    if parquet:
        require_parquet()
    rows = count_runs(_runs(source, settings), settings, progress, threads)
    first = next(rows, None)
    if first is None:
        raise SeqnetError(f"{source.path}: holds no sequences")
    rows = chain([first], rows)
    if not is_known(settings):
        table = collect(rows, settings)
        settings, rows = table.settings, iter([KmerRows(table.names, sparse_rows(table.matrix))])
    if output.endswith(".npz"):
        write_kmer_npz_rows(stream, rows, feature_names(settings), settings)
        return
    if parquet:
        write_kmer_parquet(stream, rows, feature_names(settings), settings)
        return
    if header is not None:
        write_kmer_header(stream, feature_names(settings), settings, header)
    write_kmer_rows(stream, rows)
