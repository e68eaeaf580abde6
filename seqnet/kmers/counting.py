"""Counting the k-mers of sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice, product

import numpy as np

from seqnet.aliases import Codes, Ints, Progress, no_progress
from seqnet.genome.alphabet import AMBIGUOUS, BASES
from seqnet.genome.sequence import EncodedSequence
from seqnet.genome.words import reverse_complement_words, word_numbers
from seqnet.kmers.table import KmerSettings, KmerTable, make_table

LARGEST_K = 12
BATCH = 512
"""Sequences counted at a time."""
_DENSE_FEATURES = 1 << 13
"""Up to this many features a batch is counted in a dense array."""


@cache
def canonical_map(k: int) -> tuple[Ints, Ints]:
    """Enumerate k-mers so that one and its reverse complement share a number.

    Returns
    -------
    feature, first
        int64 (4**k,): the feature of each k-mer, read as a base-4 number with A C G T = 0 1 2 3;
        int64 (d,): the k-mer that names each feature, the smaller of the two.
    """
    kmers = np.arange(4**k, dtype=np.int64)
    smaller = np.minimum(kmers, reverse_complement_words(k))
    first, feature = np.unique(smaller, return_inverse=True)
    return feature.astype(np.int64), first


def feature_names(settings: KmerSettings) -> list[str]:
    """Return the k-mer of each column, in order."""
    names = ["".join(letters) for letters in product(BASES, repeat=settings.k)]
    if settings.strands == "both":
        return [names[i] for i in canonical_map(settings.k)[1]]
    return names


def count_kmers(
    sequences: Iterable[EncodedSequence],
    settings: KmerSettings,
    progress: Progress = no_progress,
) -> KmerTable:
    """Count k-mers; those that hold an ambiguous base are left out.

    Parameters
    ----------
    sequences
        Read once, a batch at a time.
    progress
        Told the number of sequences done.

    Raises
    ------
    ValueError
        If k is not in 1..`LARGEST_K`.
    """
    if not 1 <= settings.k <= LARGEST_K:
        raise ValueError(f"k is {settings.k}; expected 1 to {LARGEST_K}")
    names: list[str] = []
    features = feature_names(settings)
    data, indices = [np.empty(0, np.float32)], [np.empty(0, np.int32)]
    lengths = [np.zeros(1, np.int64)]
    for batch in _batches(sequences, BATCH):
        rows, columns, counts = _count_batch([codes for _, codes in batch], settings, len(features))
        names += [name for name, _ in batch]
        data.append(_normalized(rows, counts, settings.normalize))
        indices.append(columns.astype(np.int32))
        lengths.append(np.bincount(rows, minlength=len(batch)))
        progress(len(batch))
    indptr = np.cumsum(np.concatenate(lengths))
    parts = (np.concatenate(data), np.concatenate(indices), indptr)
    return make_table(names, features, parts, settings)


def _batches(sequences: Iterable[EncodedSequence], size: int) -> Iterator[list[EncodedSequence]]:
    """Cut a stream into lists of at most `size`."""
    stream = iter(sequences)
    while batch := list(islice(stream, size)):
        yield batch


def _count_batch(
    sequences: Sequence[Codes], settings: KmerSettings, features: int
) -> tuple[Ints, Ints, Ints]:
    """Return row, feature and count of every k-mer that occurs, by row and feature."""
    separator = np.array([AMBIGUOUS], dtype=np.uint8)
    joined = np.concatenate([part for codes in sequences for part in (codes, separator)])
    rows = np.repeat(np.arange(len(sequences)), [len(codes) + 1 for codes in sequences])
    numbers = word_numbers(joined, settings.k)
    keep = numbers >= 0
    columns = numbers[keep]
    if settings.strands == "both":
        columns = canonical_map(settings.k)[0][columns]
    keys = rows[: len(numbers)][keep] * features + columns
    if features <= _DENSE_FEATURES:
        dense = np.bincount(keys, minlength=len(sequences) * features)
        found = np.flatnonzero(dense)
        counts = dense[found]
    else:
        found, counts = np.unique(keys, return_counts=True)
    row, column = np.divmod(found, features)
    return row, column, counts


def _normalized(rows: Ints, counts: Ints, how: str) -> np.ndarray:
    """Return counts as the settings want them, float32."""
    if how == "sqrt":
        return np.sqrt(counts, dtype=np.float32)
    if how == "frequency":
        totals = np.bincount(rows, weights=counts)
        return (counts / totals[rows]).astype(np.float32)
    if how == "counts":
        return counts.astype(np.float32)
    raise ValueError(f"{how!r} is no normalisation; expected counts, frequency or sqrt")
