"""Counting the k-mers of sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.aliases import Codes, Progress, no_progress
from seqnet.genome.sequence import EncodedSequence, SequenceBlock
from seqnet.kernels.kmers import Rows, count_words
from seqnet.kmers.columns import Columns, feature_names, make_columns
from seqnet.kmers.normalize import is_known, normalized, require_few_columns, with_constants
from seqnet.kmers.rows import SparseRows, added, stacked
from seqnet.kmers.settings import KmerSettings
from seqnet.kmers.table import KmerTable
from seqnet.parallel import ordered_map

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BASES_AT_ONCE = 1 << 20
"""Bases of a block that is cut from a record."""
WORDS_AT_ONCE = 1 << 22
"""Words of a stream counted at a time, more or less; fewer, and the system hands memory out slowly."""
RECORDS_AT_ONCE = 1 << 14


class KmerRows(NamedTuple):
    """Some rows of a table."""

    names: list[str]
    matrix: SparseRows
    """(n, d)."""


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
    step = max(1, -(-n // threads)) if threads > 1 else max(1, n)  # as few parts to join as can be

    def count(begin: int) -> SparseRows:
        part = codes[begin : begin + step]
        offsets = np.arange(len(part) + 1, dtype=np.int64) * length
        counts = _count_rows(Rows(part.reshape(-1), offsets, offsets[:-1]), settings, columns)
        return normalized(counts, settings, columns)

    return stacked(list(ordered_map(count, range(0, max(1, n), step), threads))).matrix()


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
    held: list[SparseRows] = []
    for part in parts:
        names += part.names
        held.append(part.matrix)
    if not held:
        held = [_no_rows(columns.features)]
    whole = stacked(held)
    if not is_known(settings):
        settings = with_constants(whole, settings)
        whole = normalized(whole, settings, columns)
    return KmerTable(names, feature_names(settings), whole.matrix(), settings)


def _no_rows(features: int) -> SparseRows:
    """Return a table without rows."""
    return SparseRows(np.empty(0, np.float32), np.empty(0, np.int32), np.zeros(1, np.int64), features)


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

    def count(batch: _Batch) -> tuple[_Batch, SparseRows]:
        return batch, _count_rows(batch.rows, settings, columns)

    begun: SparseRows | None = None  # the row of a record that the next batch goes on with
    for batch, counts in ordered_map(count, _batches(blocks, columns), threads):
        names = batch.names
        if begun is not None:
            counts = stacked([added(begun, counts.take(0, 1)), counts.take(1, len(names))])
        begun = None
        if not batch.complete:
            last = len(names) - 1
            begun, names, counts = counts.take(last, last + 1), names[:-1], counts.take(0, last)
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
    """Records counted at a time."""

    names: list[str]
    """The record of each row; the first may go on from the batch before."""
    rows: Rows
    complete: bool
    """Whether the last record ends here."""


def as_blocks(sequences: Iterable[EncodedSequence]) -> Iterator[SequenceBlock]:
    """Cut whole records into blocks."""
    for name, codes in sequences:
        for start in range(0, max(1, len(codes)), BASES_AT_ONCE):
            end = start + BASES_AT_ONCE
            yield SequenceBlock(name, start, codes[start:end], end >= len(codes))


def _batches(blocks: Iterable[SequenceBlock], columns: Columns) -> Iterator[_Batch]:
    """Gather blocks; a batch that goes on with a record begins with the last bases of the one before."""
    held: list[SequenceBlock] = []
    most = WORDS_AT_ONCE // len(columns.rules.masks)
    bases, overlap = 0, np.empty(0, np.uint8)
    for block in blocks:
        held.append(block)
        bases += len(block.codes)
        if bases >= most or len(held) >= RECORDS_AT_ONCE:
            batch = _batch(held, overlap)
            yield batch
            overlap = batch.rows.codes[:0] if batch.complete else _tail(batch.rows, columns.span - 1)
            held, bases = [], 0
    if held:
        yield _batch(held, overlap)


def _tail(rows: Rows, bases: int) -> Codes:
    """Return up to so many last bases of the last row."""
    return rows.codes[max(int(rows.offsets[-2]), len(rows.codes) - bases) :]


def _batch(held: list[SequenceBlock], overlap: Codes) -> _Batch:
    """Join blocks behind bases that were counted before."""
    lengths = np.array([len(block.codes) for block in held], np.int64)
    ends = np.cumsum(lengths) + len(overlap)
    last = np.array([block.last for block in held])
    last[-1] = True  # here, at least
    offsets = np.concatenate([np.zeros(1, np.int64), ends[last]])
    names = [block.name for block, ended in zip(held, last.tolist(), strict=True) if ended]
    fresh = offsets[:-1].copy()
    fresh[0] = len(overlap)
    codes = np.concatenate([overlap, *(block.codes for block in held)])
    return _Batch(names, Rows(codes, offsets, fresh), held[-1].last)


def _count_rows(rows: Rows, settings: KmerSettings, columns: Columns) -> SparseRows:
    """Count the words of rows, uint32."""
    found = count_words(rows, columns.rules, columns.features, settings.hash_bits)
    indptr = np.concatenate([np.zeros(1, np.int64), found.ends])
    return SparseRows(found.counts, found.columns, indptr, columns.features)
