"""Messages about contigs that one file names and another does not have."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice

from seqnet.errors import SeqnetError

_SHOWN = 4


def other_style(name: str) -> str:
    """Return a contig's name in the other style: chr1 and 1, chrM and MT.

    Examples
    --------
    >>> other_style("chr1"), other_style("X"), other_style("MT")
    ('1', 'chrX', 'chrM')
    """
    if name in ("MT", "Mito"):
        return "chrM"
    return name.removeprefix("chr") if name.startswith("chr") else f"chr{name}"


def _styles(name: str) -> tuple[str, ...]:
    """Return the names that a contig may have in the other style."""
    return ("MT", "Mito", "M") if name == "chrM" else (other_style(name),)


def shown_names(names: Iterable[str]) -> str:
    """Return the first few names, and dots where there are more.

    Examples
    --------
    >>> shown_names(["a", "b"]), shown_names("abcdef")
    ('a, b', 'a, b, c, d, ...')
    """
    first = list(islice(names, _SHOWN + 1))
    return ", ".join(first[:_SHOWN]) + (", ..." if len(first) > _SHOWN else "")


def style_hint(names: Iterable[str], known: Collection[str]) -> str:
    """Return an addition to a message where only the style of names differs, else nothing."""
    for name in names:
        for other in _styles(name):
            if other in known:
                return f"; only the style of names differs ({name} here, {other} there)"
    return ""


def unknown_contig(who: str, name: str, where: str, known: Collection[str]) -> str:
    """Return the message about a contig that is not known, with the names of both sides.

    Parameters
    ----------
    who
        What says the name, as the subject of a sentence in the plural: ``regions``.
    name
        The contig.
    where
        The other side, such as a genome's file.
    known
        The other side's contigs.

    Examples
    --------
    >>> unknown_contig("regions", "chr1", "g.fa", ["a", "b"])
    "regions say 'chr1', which g.fa does not have; it has a, b"
    """
    has = f"it has {shown_names(known)}" if known else "it has no contigs"
    return f"{who} say {name!r}, which {where} does not have; {has}{style_hint([name], known)}"


def require_one_style(source: str, names: Collection[str], where: str, known: Collection[str]) -> None:
    """Refuse a file whose contigs are all unknown because they are named in the other style.

    For files that may well be about other contigs, such as a blacklist where the genome is restricted.

    Raises
    ------
    SeqnetError
        With the names of both sides.
    """
    if any(name in known for name in names):
        return
    for name in names:
        if style_hint([name], known):
            raise SeqnetError(f"{source}: {unknown_contig('its rows', name, where, known)}")
