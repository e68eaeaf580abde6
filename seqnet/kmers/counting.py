"""Counting the k-mers of sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.aliases import Codes, Ints, Progress, no_progress
from seqnet.genome.sequence import EncodedSequence, SequenceBlock
from seqnet.kernels.kmers import Rows, count_words
from seqnet.kmers.columns import Columns, feature_names, make_columns
from seqnet.kmers.normalize import is_known, normalized, require_few_columns, with_constants
from seqnet.kmers.settings import KmerSettings
from seqnet.kmers.table import KmerTable
from seqnet.parallel import ordered_map

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BASES_AT_ONCE = 1 << 18
"""Bases counted at a time, more or less."""
PIECES_AT_ONCE = 1 << 14


class KmerRows(NamedTuple):
    """Some rows of a table."""

    names: list[str]
    matrix: csr_matrix
    """CSR (n, d)."""


def count_codes(codes: Codes, settings: KmerSettings, threads: int = 1) -> csr_matrix:
    """Count the words of sequences of one length: values as the settings say, CSR (n, d).

    Parameters
    ----------
    codes
        uint8 (n, L). Under ``column`` strands they have been read from their strand already.
    settings
        Under z they hold its constants.

    Raises
    ------
    ValueError
        If the settings cannot be counted with.
    """
    columns = columns_for(settings)
    n, length = codes.shape
    step = max(1, BASES_AT_ONCE // max(1, length))

    def count(begin: int) -> csr_matrix:
        part = codes[begin : begin + step]
        offsets = np.arange(len(part) + 1, dtype=np.int64) * length
        counts = _count_rows(Rows(part.reshape(-1), offsets, offsets[:-1]), settings, columns)
        return normalized(counts, settings, columns)

    parts = list(ordered_map(count, range(0, n, step), threads))
    return _stacked(parts, columns.features)


def count_kmers(
    sequences: Iterable[EncodedSequence],
    settings: KmerSettings,
    progress: Progress = no_progress,
    threads: int = 1,
) -> KmerTable:
    """Count the words of whole sequences; parameters as `count_blocks` has them."""
    return collect(count_blocks(as_blocks(sequences), settings, progress, threads), settings)


def collect(parts: Iterable[KmerRows], settings: KmerSettings) -> KmerTable:
    """Put rows together into a table; z without constants takes them from these rows' counts."""
    columns = make_columns(settings)
    names: list[str] = []
    held: list[csr_matrix] = []
    for part in parts:
        names += part.names
        held.append(part.matrix)
    matrix = _stacked(held, columns.features)
    if not is_known(settings):
        settings = with_constants(matrix, settings)
        matrix = normalized(matrix, settings, columns)
    return KmerTable(names, feature_names(settings), matrix, settings)


def count_blocks(
    blocks: Iterable[SequenceBlock],
    settings: KmerSettings,
    progress: Progress = no_progress,
    threads: int = 1,
) -> Iterator[KmerRows]:
    """Count the words of records that come as blocks; yield rows in order as they are complete.

    Words that hold an ambiguous base where they are informative are left out. Memory does not depend
    on how long records are.

    Parameters
    ----------
    settings
        Under z without constants the rows are counts, for `collect` to make values of.
    progress
        Told the number of sequences done.

    Raises
    ------
    ValueError
        If the settings cannot be counted with.
    """
    known = is_known(settings)
    columns = columns_for(settings)

    def count(batch: _Batch) -> tuple[_Batch, csr_matrix]:
        return batch, _summed(_count_rows(batch.rows, settings, columns), batch.row)

    begun: csr_matrix | None = None  # the row of a record that the next batch goes on with
    for batch, counts in ordered_map(count, _batches(blocks, columns.span), threads):
        names = batch.names
        if begun is not None:
            counts = _stacked([begun + counts[0], counts[1:]], columns.features)
        begun = None
        if not batch.complete:
            begun, names, counts = counts[-1], names[:-1], counts[:-1]
        if names:
            yield KmerRows(names, normalized(counts, settings, columns) if known else counts)
            progress(len(names))


def columns_for(settings: KmerSettings) -> Columns:
    """Lay out the columns of settings.

    Raises
    ------
    ValueError
        If they cannot be counted with.
    """
    columns = make_columns(settings)
    if settings.normalize == "z":
        require_few_columns(columns)
    if settings.mean and len(settings.mean) != columns.features:
        raise ValueError(f"{len(settings.mean)} means for {columns.features} features")
    return columns


class _Batch(NamedTuple):
    """Pieces of records, counted at a time."""

    names: list[str]
    """The record of each row; the first may go on from the batch before."""
    rows: Rows
    """A row for each piece."""
    row: Ints
    """int64: the record of each piece."""
    complete: bool
    """Whether the last record ends here."""


def as_blocks(sequences: Iterable[EncodedSequence]) -> Iterator[SequenceBlock]:
    """Cut whole records into blocks."""
    for name, codes in sequences:
        for start in range(0, max(1, len(codes)), BASES_AT_ONCE):
            end = start + BASES_AT_ONCE
            yield SequenceBlock(name, start, codes[start:end], end >= len(codes))


def _batches(blocks: Iterable[SequenceBlock], span: int) -> Iterator[_Batch]:
    """Gather blocks; one that goes on with a record begins with the last bases of the one before."""
    held: list[tuple[SequenceBlock, int]] = []
    bases, overlap = 0, np.empty(0, np.uint8)
    for block in blocks:
        codes = np.concatenate([overlap, block.codes]) if len(overlap) else block.codes
        held.append((block._replace(codes=codes), len(overlap)))
        overlap = codes[:0] if block.last else codes[max(0, len(codes) - span + 1) :]
        bases += len(codes)
        if bases >= BASES_AT_ONCE or len(held) >= PIECES_AT_ONCE:
            yield _batch(held)
            held, bases = [], 0
    if held:
        yield _batch(held)


def _batch(held: list[tuple[SequenceBlock, int]]) -> _Batch:
    """Join blocks, each with the number of bases that were counted before."""
    offsets = np.zeros(len(held) + 1, np.int64)
    np.cumsum([len(block.codes) for block, _ in held], out=offsets[1:])
    begins = np.array([True] + [block.last for block, _ in held[:-1]])
    names = [block.name for (block, _), begun in zip(held, begins.tolist(), strict=True) if begun]
    fresh = offsets[:-1] + np.array([known for _, known in held])
    rows = Rows(np.concatenate([block.codes for block, _ in held]), offsets, fresh)
    return _Batch(names, rows, np.cumsum(begins) - 1, held[-1][0].last)


def _count_rows(rows: Rows, settings: KmerSettings, columns: Columns) -> csr_matrix:
    """Count the words of rows, CSR uint32."""
    from scipy.sparse import csr_matrix

    found = count_words(rows, columns.rules, columns.features, settings.hash_bits)
    indptr = np.concatenate([np.zeros(1, np.int64), found.ends])
    return csr_matrix((found.counts, found.columns, indptr), shape=(len(found.ends), columns.features))


def _summed(counts: csr_matrix, row: Ints) -> csr_matrix:
    """Add the rows of one record up."""
    from scipy.sparse import csr_matrix

    rows = int(row[-1]) + 1
    if rows == len(row):
        return counts
    pieces = np.arange(len(row))
    total = csr_matrix((np.ones(len(row), np.int64), (row, pieces)), shape=(rows, len(row))) @ counts
    total.sort_indices()
    return total


def _stacked(parts: list[csr_matrix], features: int) -> csr_matrix:
    """Put rows one below the other; none are an empty table of float32."""
    from scipy.sparse import csr_matrix, vstack

    if len(parts) == 1:
        return parts[0]
    return vstack(parts, format="csr") if parts else csr_matrix((0, features), dtype=np.float32)
