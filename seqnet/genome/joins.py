"""Joining tables by coordinates or by name, never by order."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from seqnet.aliases import Ints
from seqnet.errors import FormatError, SeqnetError
from seqnet.genome.contig_names import unknown_contig
from seqnet.genome.regions import Regions


def coordinates(regions: Regions) -> list[tuple[str, int, int, int]]:
    """Return (contig, start, end, strand) of each row."""
    intervals = regions.intervals
    return list(
        zip(
            intervals.contig_names(),
            intervals.start.tolist(),
            intervals.end.tolist(),
            intervals.strand.tolist(),
            strict=True,
        )
    )


def join_rows(
    wanted: Sequence[Hashable], offered: Sequence[Hashable], what: str, where: str, *, whole: bool = False
) -> Ints:
    """Return the position in `offered` of each of `wanted`, int64 (n,).

    Parameters
    ----------
    whole
        Whether every row of `offered` must be wanted.

    Raises
    ------
    SeqnetError
        If one is missing on either side or there twice; `what` and `where` name both sides.
    """
    place: dict[Hashable, int] = {}
    twice: set[Hashable] = set()
    for position, key in enumerate(offered):
        if place.setdefault(key, position) != position:
            twice.add(key)
    for key in wanted:
        if key not in place:
            _refuse_unknown_contig(key, offered, what, where)
            raise SeqnetError(f"{where} has no row for {_shown(key)} of {what}")
        if key in twice:
            raise SeqnetError(f"{where} has two rows for {_shown(key)}")
    if whole and (extra := unwanted(wanted, offered)):
        raise SeqnetError(
            f"{where}: {len(extra)} of {len(offered)} rows have no label in {what} ({_shown(extra[0])} "
            "first); leave them out, or label them . where the label is unknown"
        )
    return np.array([place[key] for key in wanted], dtype=np.int64)


def unwanted(wanted: Sequence[Hashable], offered: Sequence[Hashable]) -> list[Hashable]:
    """Return those of `offered` that are not in `wanted`, in order."""
    known = set(wanted)
    return [key for key in offered if key not in known]


def _refuse_unknown_contig(key: Hashable, offered: Sequence[Hashable], what: str, where: str) -> None:
    """Raise with the contigs of both sides where it is the contig that is missing."""
    if isinstance(key, tuple):
        known = dict.fromkeys(other[0] for other in offered if isinstance(other, tuple))
        if known and key[0] not in known:
            raise SeqnetError(f"{what}: {unknown_contig('its rows', str(key[0]), where, known)}")


def _shown(key: Hashable) -> str:
    """Return a key as a user would write it."""
    if isinstance(key, tuple):
        contig, start, end, strand = key
        return f"{contig}:{start}-{end}" + {1: "(+)", -1: "(-)"}.get(strand, "")
    return str(key)


def check_distinct(regions: Regions) -> None:
    """Raise if two rows of a table have one place.

    Raises
    ------
    FormatError
        Naming the second of them.
    """
    seen: set[tuple[str, int, int, int]] = set()
    for row, key in enumerate(coordinates(regions)):
        if key in seen:
            line = int(regions.lines[row]) or None
            raise FormatError(regions.source, f"a second row for {_shown(key)}", line)
        seen.add(key)
