"""Train, valid and test: by chromosome, by seeded fractions of groups, from a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Codes, Floats, Ints
from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import AMBIGUOUS, canonical_rows
from seqnet.genome.contig_names import style_hint
from seqnet.genome.intervals import Intervals, cluster_overlaps
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.numerals import is_unknown

_WILD = re.compile(r"[*?[]")
SPLITS = ("train", "valid", "test")
_SPLIT_WORDS = {
    "train": "train", "training": "train", "valid": "valid", "val": "valid", "validation": "valid",
    "test": "test", "testing": "test",
}  # fmt: skip
"""Words that tables in the wild use for splits, in lower case."""


def known_split(text: str) -> str | None:
    """Return the split that a cell of a table means, ``.`` for an unknown one; None for any other word.

    Examples
    --------
    >>> known_split("Validation"), known_split("NA"), known_split("third")
    ('valid', '.', None)
    """
    return UNKNOWN if is_unknown(text) else _SPLIT_WORDS.get(text.strip().lower())


def match_names(patterns: Sequence[str], names: Sequence[str], what: str) -> list[str]:
    """Return the names that any pattern (shell wildcards) matches, in their own order.

    Raises
    ------
    SeqnetError
        If a pattern matches none; `what` says in which collection.
    """
    exact = set(names)
    wild = [pattern for pattern in patterns if pattern not in exact or _WILD.search(pattern)]
    for pattern in wild:
        if not any(fnmatchcase(name, pattern) for name in names):
            shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            hint = style_hint([pattern], names)
            raise SeqnetError(f"{pattern!r} matches nothing in {what}, which has {shown}{hint}")
    listed = set(patterns) & exact  # a file of names may list every contig: look those up, match the others
    return [name for name in names if name in listed or any(fnmatchcase(name, p) for p in wild)]


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
        raise SeqnetError(f"{', '.join(sorted(both))}: requested as valid and as test")
    split_of = np.full(len(contigs), "train", dtype=object)
    for split, members in chosen.items():
        chosen_names = set(members)
        split_of[[name in chosen_names for name in contigs]] = split
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
    parts = [part for part in (intervals, codes) if part is not None]
    n = len(parts[0])
    same = np.arange(n) if codes is None else _equal_sequences(codes)
    overlap = np.arange(n) if intervals is None else cluster_overlaps(intervals)
    other = np.arange(n) if linked is None else np.unique(linked, return_inverse=True)[1]
    # rows and groups are the nodes of one graph; its components are the answer
    rows = np.tile(np.arange(n), 3)
    nodes = np.concatenate([n + same, 2 * n + overlap, 3 * n + other])
    return connected_rows(n, rows, nodes - n)


def connected_rows(n: int, rows: Ints, keys: Ints) -> Ints:
    """Enumerate rows so that those that share a key, directly or through others, share a number.

    Parameters
    ----------
    n
        Number of rows.
    rows, keys
        int64 (m,): a row and a key that it has, 0 or more each.

    Returns
    -------
    int64 (n,): 0-based numbers.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = n + int(keys.max(initial=-1)) + 1
    edges = coo_matrix((np.ones(len(rows), np.int8), (rows, n + keys)), shape=(size, size))
    labels = connected_components(edges, directed=False)[1][:n]
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def sequence_groups(codes: Codes) -> Ints:
    """Enumerate rows (n, length) as `leakage_groups` does; rows without a known base equal none."""
    groups = _equal_sequences(codes)
    unknown = (codes == AMBIGUOUS).all(axis=1)
    return np.where(unknown, len(groups) + np.arange(len(groups)), groups)


def _equal_sequences(codes: Codes) -> Ints:
    """Enumerate rows (n, length) so that equal and reverse-complement rows share a number."""
    if not codes.size:
        return np.zeros(len(codes), dtype=np.int64)
    rows = np.ascontiguousarray(canonical_rows(codes))
    keys = rows.view(np.dtype((np.void, rows.shape[1]))).reshape(-1)
    return np.unique(keys, return_inverse=True)[1].reshape(-1).astype(np.int64)


def by_fraction(
    groups: Ints, valid_fraction: float, test_fraction: float, seed: int, positives: Bools | None = None
) -> NDArray[np.object_]:
    """Assign whole groups at random until each split holds its share of the rows.

    Parameters
    ----------
    positives
        bool (n, T): a task with positives in as many groups as there are splits gets some in each; groups
        change their split for it, the smallest first.

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
    wanted = ["train", *(["valid"] if valid_fraction else []), *(["test"] if test_fraction else [])]
    if positives is not None and count:
        held = np.zeros((count, positives.shape[1]), dtype=bool)
        np.logical_or.at(held, groups, positives)
        _share_positives(split_of, held, sizes, wanted)
    return np.asarray(split_of[groups])


def _share_positives(split_of: NDArray[np.object_], held: Bools, sizes: Ints, wanted: Sequence[str]) -> None:
    """Move groups so that every task that can have positives in each split does.

    Parameters
    ----------
    split_of
        object (G,): the split of each group, changed in place.
    held
        bool (G, T): whether a group holds a positive.
    sizes
        int64 (G,): its rows.
    """
    order = np.argsort(held.sum(axis=0), kind="stable")  # the rarest first; later ones leave them alone
    for place, task in enumerate(order):
        settled = np.zeros(held.shape[1], dtype=bool)
        settled[order[: place + 1]] = True
        members = np.flatnonzero(held[:, task])
        if len(members) < len(wanted):
            continue
        for split in wanted:
            if (split_of[members] == split).any():
                continue
            spare = [
                group for group in members
                if (held[split_of == split_of[group]].sum(axis=0)[held[group] & settled] > 1).all()
            ]  # fmt: skip
            if spare:
                split_of[min(spare, key=lambda group: (sizes[group], group))] = split


def held_tasks(targets: Floats) -> Bools:
    """Return which tasks a row is a positive of, bool (n, T): 1 where targets are 0 and 1, else any value."""
    known = ~np.isnan(targets)
    classes = (~known | (targets == 0) | (targets == 1)).all(axis=0)
    return np.asarray(np.where(classes, targets == 1, known))


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
