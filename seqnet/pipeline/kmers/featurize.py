"""The step ``kmer-featurize``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from seqnet.errors import UsageError
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.files.opening import open_output
from seqnet.formats.kmers.kmer_parquet import require_parquet, write_kmer_parquet
from seqnet.formats.kmers.kmer_table import (
    read_kmer_table,
    write_kmer_header,
    write_kmer_npz_rows,
    write_kmer_rows,
)
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import read_runs
from seqnet.genome.extract import extract_sequences
from seqnet.genome.sequence import no_sequences
from seqnet.kmers.columns import feature_names
from seqnet.kmers.counting import as_runs, collect_rows, columns_for, count_runs
from seqnet.kmers.normalize import is_known
from seqnet.kmers.rows import KmerRows, sparse_rows
from seqnet.kmers.table import KmerTable
from seqnet.pipeline.calls import takes
from seqnet.pipeline.inputs.genome import cut_regions, load_genome, say_unstranded
from seqnet.pipeline.kmers.request import KmerRequest
from seqnet.reporting import progress_bar

if TYPE_CHECKING:
    from seqnet.genome.sequence import SequenceRun
    from seqnet.kmers.settings import KmerSettings


@dataclass(frozen=True, eq=False)
class KmerResult:
    """What `kmer_featurize` made.

    Parameters
    ----------
    table
        Names, words (`features`) and counts (`matrix`, CSR); None where they were written to a file.
    settings
        How k-mers were counted, with the constants of z.
    sequences
        Rows of the table.
    """

    table: KmerTable | None
    settings: KmerSettings
    sequences: int


@takes(KmerRequest)
def kmer_featurize(request: KmerRequest) -> KmerResult:
    """Count the k-mers of sequences.

    Parameters
    ----------
    request
        The fields of `KmerRequest`, which are the arguments of this function.

    Returns
    -------
    The k-mer table, where it is not written to a file; its settings and number of rows in any case.

    Raises
    ------
    SeqnetError
        If a file cannot be read or holds no sequences, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> table = seqnet.kmer_featurize("peaks.fa", k=(6,)).table  # doctest: +SKIP
    >>> table.matrix.shape, table.features[:3]  # doctest: +SKIP
    >>> seqnet.kmer_featurize("peaks.fa", gapped=True, output="gapped.npz").sequences  # doctest: +SKIP
    """
    settings = request.settings if request.like is None else read_kmer_table(request.like).settings
    _check_settings(request, settings)
    if request.output is None:
        with progress_bar("sequences") as progress:
            rows = _some(count_runs(_runs(request, settings), settings, progress, request.threads), request)
            table = collect_rows(rows, settings)
        return KmerResult(table, table.settings, len(table.names))
    with open_output(request.output) as stream, progress_bar("sequences") as progress:
        if request.output.endswith(".parquet"):
            require_parquet()
        rows = _some(count_runs(_runs(request, settings), settings, progress, request.threads), request)
        return _write(request.output, stream, rows, settings, _header(request))


def _header(request: KmerRequest) -> dict[str, str] | None:
    """Return the provenance of a table of text."""
    return header_for(request.header, provenance("kmer-featurize", {"input": base_name(request.path)}))


def _check_settings(request: KmerRequest, settings: KmerSettings) -> None:
    """Refuse settings that the sequences do not allow, or that cannot be counted with."""
    if settings.strands == "column" and request.regions is None:
        raise UsageError("--strands column needs --regions, whose strands it goes by")
    try:
        columns_for(settings)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _runs(request: KmerRequest, settings: KmerSettings) -> Iterator[SequenceRun]:
    """Stream the sequences, regions on the strand that counts."""
    if request.regions is None:
        return read_runs(request.path, soft_mask=request.soft_mask)
    genome = load_genome(request.genome, request.chroms, request.soft_mask)
    regions = cut_regions(
        read_bed(request.regions, center=None if request.width is None else request.center),
        genome, request.on_bad,
        restricted=bool(request.chroms), width=request.width, center=request.center,
    )  # fmt: skip
    stranded = settings.strands == "column"
    if stranded:
        say_unstranded(regions)
    return as_runs(extract_sequences(genome, regions.intervals, regions.names.tolist(), stranded=stranded))


def _some(rows: Iterator[KmerRows], request: KmerRequest) -> Iterator[KmerRows]:
    """Return rows as they are; an error if there are none."""
    first = next(rows, None)
    if first is None:
        raise no_sequences(request.path)
    return chain([first], rows)


def _write(
    output: str,
    stream: BinaryIO,
    rows: Iterator[KmerRows],
    settings: KmerSettings,
    header: dict[str, str] | None,
) -> KmerResult:
    """Write rows as the output's suffix says; those of text go out as they come."""
    written = 0

    def counted(parts: Iterator[KmerRows]) -> Iterator[KmerRows]:
        nonlocal written
        for part in parts:
            written += len(part.names)
            yield part

    if not is_known(settings):
        table = collect_rows(rows, settings)
        settings, rows = table.settings, iter([KmerRows(table.names, sparse_rows(table.matrix))])
    if output.endswith(".npz"):
        write_kmer_npz_rows(stream, counted(rows), feature_names(settings), settings)
    elif output.endswith(".parquet"):
        write_kmer_parquet(stream, counted(rows), feature_names(settings), settings)
    else:
        if header is not None:
            write_kmer_header(stream, feature_names(settings), settings, header)
        write_kmer_rows(stream, counted(rows))
    return KmerResult(None, settings, written)
