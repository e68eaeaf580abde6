"""Train, valid and test: by chromosome, by seeded fractions of groups, from a table."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Ints
from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import canonical_rows
from seqnet.genome.intervals import Intervals, cluster_overlaps
from seqnet.genome.regions import UNKNOWN, Regions

SPLITS = ("train", "valid", "test")


def match_names(patterns: Sequence[str], names: Sequence[str], what: str) -> list[str]:
    """Return the names that any pattern (shell wildcards) matches, in their own order.

    Raises
    ------
    SeqnetError
        If a pattern matches none; `what` says in which collection.
    """
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            raise SeqnetError(f"{pattern!r} matches nothing in {what}, which has {shown}")
    return [name for name in names if any(fnmatchcase(name, p) for p in patterns)]


def by_chromosome(intervals: Intervals, valid: Sequence[str], test: Sequence[str]) -> NDArray[np.object_]:
    """Assign every row by its contig: object (n,) of train, valid, test.

    Raises
    ------
    SeqnetError
        If a contig is in both lists, or a pattern matches none.
    """
    contigs = list(intervals.contigs)
    chosen = {"valid": match_names(valid, contigs, "the regions' contigs"),
              "test": match_names(test, contigs, "the regions' contigs")}  # fmt: skip
    both = set(chosen["valid"]) & set(chosen["test"])
    if both:
        raise SeqnetError(f"{', '.join(sorted(both))}: asked for as valid and as test")
    split_of = np.full(len(contigs), "train", dtype=object)
    for split, members in chosen.items():
        split_of[[contigs.index(name) for name in members]] = split
    return np.asarray(split_of[intervals.contig]) if contigs else np.empty(0, object)


def leakage_groups(intervals: Intervals | None, codes: Codes | None, linked: Ints | None = None) -> Ints:
    """Enumerate the groups of rows that must stay in one split.

    Rows belong together when they overlap, or when their sequences are equal or each other's
    reverse complement.

    Parameters
    ----------
    intervals
        Where the rows lie, or None for sequences without coordinates.
    codes
        uint8 (n, length), or None where sequences are not at hand; one of the two must be.
    linked
        int64 (n,): rows of equal number belong together for other reasons.

    Returns
    -------
    int64 (n,): 0-based group ids.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    parts = [part for part in (intervals, codes) if part is not None]
    n = len(parts[0])
    same = np.arange(n) if codes is None else _equal_sequences(codes)
    overlap = np.arange(n) if intervals is None else cluster_overlaps(intervals)
    other = np.arange(n) if linked is None else np.unique(linked, return_inverse=True)[1]
    # rows and groups are the nodes of one graph; its components are the answer
    rows = np.tile(np.arange(n), 3)
    nodes = np.concatenate([n + same, 2 * n + overlap, 3 * n + other])
    edges = coo_matrix((np.ones(3 * n, np.int8), (rows, nodes)), shape=(4 * n, 4 * n))
    labels = connected_components(edges, directed=False)[1][:n]
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _equal_sequences(codes: Codes) -> Ints:
    """Enumerate rows (n, length) so that equal and reverse-complement rows share a number."""
    if not codes.size:
        return np.zeros(len(codes), dtype=np.int64)
    rows = np.ascontiguousarray(canonical_rows(codes))
    keys = rows.view(np.dtype((np.void, rows.shape[1]))).reshape(-1)
    return np.unique(keys, return_inverse=True)[1].reshape(-1).astype(np.int64)


def by_fraction(groups: Ints, valid_fraction: float, test_fraction: float, seed: int) -> NDArray[np.object_]:
    """Assign whole groups at random until each split holds its share of the rows.

    Returns
    -------
    object (n,) of train, valid, test.
    """
    generator = np.random.default_rng(seed)
    count = int(groups.max()) + 1 if len(groups) else 0
    sizes = np.bincount(groups, minlength=count)
    order = generator.permutation(count)
    share = np.cumsum(sizes[order]) / max(1, len(groups))
    split_of = np.full(count, "train", dtype=object)
    split_of[order[share <= valid_fraction + test_fraction + 1e-12]] = "test"
    split_of[order[share <= valid_fraction + 1e-12]] = "valid"
    return np.asarray(split_of[groups])


def fill_splits(regions: Regions, assigned: NDArray[np.object_]) -> Regions:
    """Write assigned splits where the table has none.

    Raises
    ------
    SeqnetError
        If the table says otherwise somewhere, naming the row.
    """
    known = regions.splits != UNKNOWN
    conflict = np.flatnonzero(known & (regions.splits != assigned))
    if len(conflict):
        row = int(conflict[0])
        raise SeqnetError(
            f"{regions.source}: {regions.names[row]} is {regions.splits[row]!r} in its split column "
            f"but {assigned[row]!r} by the options; give one or the other"
        )
    return regions.with_splits(np.where(known, regions.splits, assigned))
