"""Counting the k-mers of sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.aliases import Codes, Progress, no_progress
from seqnet.genome.sequence import EncodedSequence, SequenceRun
from seqnet.kernels.kmers import CodeRows, count_words
from seqnet.kmers.columns import WordColumns, feature_names, make_columns
from seqnet.kmers.normalize import is_known, normalized, require_few_columns, with_constants
from seqnet.kmers.rows import KmerRows, SparseRows, added, concatenate_rows
from seqnet.kmers.settings import KmerSettings
from seqnet.kmers.table import KmerTable
from seqnet.parallel import ordered_map

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

WORDS_AT_ONCE = 1 << 20
"""Words of records counted at a time, more or less: their counts stay near the processor."""
WORDS_OF_A_RECORD = 1 << 22
"""Words of a long record counted at a time, more or less: each time counts are added up."""
RECORDS_AT_ONCE = 1 << 14


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
        counts = _count_rows(CodeRows(part.reshape(-1), offsets, offsets[:-1]), settings, columns)
        return normalized(counts, settings, columns)

    return concatenate_rows(list(ordered_map(count, range(0, max(1, n), step), threads))).matrix()


def count_kmers(
    sequences: Iterable[EncodedSequence],
    settings: KmerSettings,
    progress: Progress = no_progress,
    threads: int = 1,
) -> KmerTable:
    """Count the words of whole sequences; parameters as `count_runs` has them."""
    return collect_rows(count_runs(as_runs(sequences), settings, progress, threads), settings)


def collect_rows(parts: Iterable[KmerRows], settings: KmerSettings) -> KmerTable:
    """Put rows together into a table; z without constants takes them from these rows' counts."""
    columns = make_columns(settings)
    names: list[str] = []
    held: list[SparseRows] = []
    for part in parts:
        names += part.names
        held.append(part.matrix)
    if not held:
        held = [_no_rows(columns.features)]
    whole = concatenate_rows(held)
    if not is_known(settings):
        settings = with_constants(whole, settings)
        whole = normalized(whole, settings, columns)
    return KmerTable(names, feature_names(settings), whole.matrix(), settings)


def _no_rows(features: int) -> SparseRows:
    """Return a table without rows."""
    return SparseRows(np.empty(0, np.float32), np.empty(0, np.int32), np.zeros(1, np.int64), features)


def count_runs(
    runs: Iterable[SequenceRun],
    settings: KmerSettings,
    progress: Progress = no_progress,
    threads: int = 1,
) -> Iterator[KmerRows]:
    """Count the words of records that come in runs; yield rows in order as they are complete.

    Words that hold an ambiguous base where they are informative are left out. Memory does not depend
    on how long records are.

    Parameters
    ----------
    settings
        Under z without constants the rows are counts, for `collect_rows` to make values of.
    progress
        Called with the number of sequences done.

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
    for batch, counts in ordered_map(count, _batches(runs, columns), threads):
        names = batch.names
        if begun is not None:
            counts = concatenate_rows([added(begun, counts.take(0, 1)), counts.take(1, len(names))])
        begun = None
        if not batch.complete:
            last = len(names) - 1
            begun, names, counts = counts.take(last, last + 1), names[:-1], counts.take(0, last)
        if names:
            yield KmerRows(names, normalized(counts, settings, columns) if known else counts)
            progress(len(names))


def columns_for(settings: KmerSettings) -> WordColumns:
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
    rows: CodeRows
    complete: bool
    """Whether the last record ends here."""


def as_runs(sequences: Iterable[EncodedSequence]) -> Iterator[SequenceRun]:
    """Make a run of each record."""
    for name, codes in sequences:
        yield SequenceRun([name], 0, codes, np.array([len(codes)], np.int64), last=True)


def _batches(runs: Iterable[SequenceRun], columns: WordColumns) -> Iterator[_Batch]:
    """Gather runs; a batch that goes on with a record begins with the last bases of the one before."""
    held: list[SequenceRun] = []
    patterns = len(columns.rules.masks)
    bases, records, overlap = 0, 0, np.empty(0, np.uint8)
    for run in _cut(runs, max(1, WORDS_AT_ONCE // patterns), max(1, WORDS_OF_A_RECORD // patterns)):
        held.append(run)
        bases += len(run.codes)
        records += len(run.names)
        enough = (WORDS_AT_ONCE if run.last else WORDS_OF_A_RECORD) // patterns
        if bases >= enough or records >= RECORDS_AT_ONCE:
            batch = _batch(held, overlap)
            yield batch
            overlap = batch.rows.codes[:0] if batch.complete else _tail(batch.rows, columns.span - 1)
            held, bases, records = [], 0, 0
    if held:
        yield _batch(held, overlap)


def _cut(runs: Iterable[SequenceRun], most: int, longest: int) -> Iterator[SequenceRun]:
    """Cut runs behind records, to have at most so many bases, and records into at most `longest`."""
    for names, offset, codes, ends, last in runs:
        begin = first = 0
        while first < len(names):
            stop = int(np.searchsorted(ends, begin + most, side="right"))
            stop = max(stop, first + 1)
            end = min(int(ends[stop - 1]), begin + longest)
            whole = end == ends[stop - 1]
            pieces = np.minimum(ends[first:stop], end) - begin
            complete = whole and (last or stop < len(names))
            yield SequenceRun(names[first:stop], offset, codes[begin:end], pieces, complete)
            offset = 0 if whole else offset + end - begin
            begin, first = end, stop if whole else first


def _tail(rows: CodeRows, bases: int) -> Codes:
    """Return up to so many last bases of the last row."""
    return rows.codes[max(int(rows.offsets[-2]), len(rows.codes) - bases) :]


def _batch(held: list[SequenceRun], overlap: Codes) -> _Batch:
    """Join runs behind bases that were counted before."""
    offsets, names = [np.zeros(1, np.int64)], []
    begin = len(overlap)
    for number, run in enumerate(held, 1):
        ended = len(run.names) if run.last or number == len(held) else len(run.names) - 1
        names += run.names[:ended]
        offsets.append(run.ends[:ended] + begin)
        begin += len(run.codes)
    together = np.concatenate(offsets)
    fresh = together[:-1].copy()
    fresh[0] = len(overlap)
    codes = np.concatenate([overlap, *(run.codes for run in held)])
    return _Batch(names, CodeRows(codes, together, fresh), held[-1].last)


def _count_rows(rows: CodeRows, settings: KmerSettings, columns: WordColumns) -> SparseRows:
    """Count the words of rows, uint32."""
    counts = count_words(rows, columns.rules, columns.features, settings.hash_bits)
    indptr = np.concatenate([np.zeros(1, np.int64), counts.ends])
    return SparseRows(counts.counts, counts.columns, indptr, columns.features)
