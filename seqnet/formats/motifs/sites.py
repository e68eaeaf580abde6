"""Aligned binding sites: FASTA, one per line, JASPAR ``.sites``, Clustal, Stockholm.

In JASPAR's ``.sites`` the site is the upper-case part of each sequence, the rest its flanks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats
from seqnet.errors import FormatError, shorten
from seqnet.formats.files.opening import numbered_lines, open_input, to_bytes
from seqnet.formats.files.sniff import expecting
from seqnet.formats.motifs.entries import Entries
from seqnet.motifs.matrix import MotifInfo
from seqnet.motifs.sites import count_sites, letter_shares
from seqnet.reporting import note

_SITE = re.compile(r"[ACGTURYSWKMBDHVN.-]+")
_COMMENTS = ("#", ";")


class _Site(NamedTuple):
    """One site as it is written in a file."""

    line: int
    name: str
    letters: str


@dataclass(frozen=True, eq=False)
class AlignedSites:
    """n sites of one width.

    Parameters
    ----------
    names
        Of FASTA and alignment records; the site itself where they have none.
    letters
        uint8 (n, w): ASCII, gaps and IUPAC letters included.
    source
        The file, for messages.
    """

    names: list[str]
    letters: NDArray[np.uint8]
    source: str


def read_sites(path: str, sites_format: str | None = None) -> AlignedSites:
    """Read aligned sites.

    Parameters
    ----------
    path
        File, or ``-``.
    sites_format
        A name of `SITE_FORMATS`; recognised by content when None.

    Raises
    ------
    FormatError
        With the line, at a letter that is none or a site of another length.
    """
    with expecting(path, "sites", "sequences"):
        with open_input(path) as stream:
            lines = [line for _, line in numbered_lines(stream, path)]
        if not any(line.strip() for line in lines):
            raise FormatError(path, "holds no sites")
        return _aligned(SITE_FORMATS[sites_format or _sniff(lines, path)](lines, path), path)


def _sniff(lines: Sequence[str], path: str) -> str:
    """Recognise the format of sites by their first line, and JASPAR's by its case."""
    first = next(line for line in lines if line.strip())
    if first.startswith(("CLUSTAL", "MUSCLE")):
        return "clustal"
    if first.startswith("# STOCKHOLM"):
        return "stockholm"
    first = next((line for line in lines if line.strip() and not line.startswith(_COMMENTS)), "")
    if not first.startswith(">"):
        return "lines"
    return "jaspar-sites" if _looks_like_jaspar([s.letters for s in _fasta(lines, path)]) else "fasta"


def _looks_like_jaspar(sites: Sequence[str]) -> bool:
    """Return whether every sequence has one stretch of upper case, all as long, and some have flanks."""
    stretches = [re.findall(r"[A-Z]+", site) for site in sites]
    if not stretches or any(len(found) != 1 for found in stretches):
        return False
    widths = {len(found[0]) for found in stretches}
    return len(widths) == 1 and any(len(site) > min(widths) for site in sites)


def _plain_lines(lines: Sequence[str], path: str) -> list[_Site]:
    """Read one site per line; ``#`` begins a comment."""
    del path
    rows = ((number, line.strip()) for number, line in enumerate(lines, 1))
    return [_Site(n, line, line) for n, line in rows if line and not line.startswith(_COMMENTS)]


def _fasta(lines: Sequence[str], path: str) -> list[_Site]:
    """Read FASTA records, each with a site."""
    sites: list[_Site] = []
    header, first, name, parts = 0, 0, "", list[str]()
    for number, line in enumerate([*lines, ">"], 1):
        if line.startswith(">"):
            if header and not parts:
                raise FormatError(path, f"record {shorten(name)} holds no site", header)
            if parts:
                sites.append(_Site(first, name or "".join(parts), "".join(parts)))
            header, name, parts = number, (line[1:].split() or [""])[0], []
        elif line.strip() and not line.startswith(_COMMENTS):
            if not header:
                raise FormatError(path, f"expected a header '>name', found {line[:40]!r}", number)
            first = first if parts else number
            parts.append("".join(line.split()))
    return sites


def _jaspar(lines: Sequence[str], path: str) -> list[_Site]:
    """Read FASTA records of which only the upper-case stretch is the site."""
    sites = []
    for line, name, letters in _fasta(lines, path):
        stretches = re.findall(r"[A-Z-]*[A-Z]", letters)
        if len(stretches) != 1:
            message = f"{len(stretches)} upper-case stretches; expected the site alone in upper case"
            raise FormatError(path, message, line)
        sites.append(_Site(line, stretches[0] if name == letters else name, stretches[0]))
    note(f"{path}: the upper-case part of each sequence is taken as its site")
    return sites


def _clustal(lines: Sequence[str], path: str) -> list[_Site]:
    """Read a Clustal alignment: blocks of ``name letters [count]``; conservation begins with a blank."""
    begin = _after_heading(lines, ("CLUSTAL", "MUSCLE"), path)
    return _blocks(enumerate(lines[begin:], begin + 1), path)


def _stockholm(lines: Sequence[str], path: str) -> list[_Site]:
    """Read a Stockholm alignment: ``name letters`` up to ``//``; ``#`` begins annotation."""
    begin = _after_heading(lines, ("# STOCKHOLM",), path)
    end = next((place for place, line in enumerate(lines) if line.startswith("//")), None)
    if end is None:
        raise FormatError(path, "ends without //, the end of a Stockholm alignment", len(lines))
    for number, line in enumerate(lines[end + 1 :], end + 2):
        if line.strip():
            raise FormatError(path, "a second alignment; expected one", number)
    rows = ((n, "" if line.startswith("#") else line) for n, line in enumerate(lines[begin:end], begin + 1))
    return _blocks(rows, path)


def _after_heading(lines: Sequence[str], headings: tuple[str, ...], path: str) -> int:
    """Return how many lines an alignment's heading takes."""
    place = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if not lines[place].startswith(headings):
        text = lines[place][:40]
        raise FormatError(path, f"expected {' or '.join(headings)}, found {text!r}", place + 1)
    return place + 1


def _blocks(rows: Iterable[tuple[int, str]], path: str) -> list[_Site]:
    """Join the rows of each name over the blocks of an alignment."""
    sites: dict[str, _Site] = {}
    block: set[str] = set()
    for number, line in rows:
        words = line.split()
        if not words or line[0].isspace():
            block = set() if not words else block
            continue
        if len(words) != 2 and not (len(words) == 3 and words[2].isdecimal()):
            raise FormatError(path, f"expected 'name letters', found {line[:40]!r}", number)
        name, letters = words[:2]
        if name in block:
            raise FormatError(path, f"a second row of {shorten(name)} in one block", number)
        block.add(name)
        first = sites.get(name, _Site(number, name, ""))
        sites[name] = first._replace(letters=first.letters + letters)
    return list(sites.values())


SITE_FORMATS: dict[str, Callable[[Sequence[str], str], list[_Site]]] = {
    "fasta": _fasta,
    "lines": _plain_lines,
    "jaspar-sites": _jaspar,
    "clustal": _clustal,
    "stockholm": _stockholm,
}


def _aligned(sites: Sequence[_Site], path: str) -> AlignedSites:
    """Check letters and lengths, and stack the sites."""
    if not sites:
        raise FormatError(path, "holds no sites")
    known = letter_shares().max(axis=1) > 0
    width = len(sites[0].letters)
    for line, _, site in sites:
        letters = np.frombuffer(to_bytes(site), dtype=np.uint8)
        if not known[letters].all():
            letter = site[int(np.flatnonzero(~known[letters])[0])]
            message = f"{letter!r} is not a nucleotide letter; expected one aligned site per line or FASTA"
            raise FormatError(path, message, line)
        if len(letters) != width:
            message = f"site has {len(letters)} letters where the first has {width}; sites must be aligned"
            raise FormatError(path, message, line)
    joined = b"".join(to_bytes(site.letters) for site in sites)
    letters = np.frombuffer(joined, dtype=np.uint8).reshape(len(sites), width)
    return AlignedSites([site.name for site in sites], letters, path)


def read_weights(path: str, sites: AlignedSites) -> Floats:
    """Read a weight for each site, joined by name: ``name<tab>weight`` lines.

    Returns
    -------
    float64 (n,)

    Raises
    ------
    FormatError
        With the line, at a weight below zero or no number; if a site has none or two.
    """
    weights: dict[str, float] = {}
    for number, line in _table_lines(path):
        name, _, text = line.partition("\t")
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise FormatError(path, f"expected 'name<tab>weight', found {line[:40]!r}", number)
        if name in weights:
            raise FormatError(path, f"a second weight for {shorten(name)}", number)
        weights[name] = value
    missing = [name for name in sites.names if name not in weights]
    if missing:
        raise FormatError(path, f"has no weight for {shorten(missing[0])} of {sites.source}")
    return np.array([weights[name] for name in sites.names])


def _table_lines(path: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a table that are neither blank nor comments."""
    with open_input(path) as stream:
        for number, line in numbered_lines(stream, path):
            if line.strip() and not line.startswith("#"):
                yield number, line


# ---- sites as a motif format -----------------------------------------------------------------


def is_sites(start: Sequence[str]) -> bool:
    """Return whether the beginning of a file is FASTA of sites."""
    lines = [line for line in start if not line.startswith("#")]
    return len(lines) > 1 and lines[0].startswith(">") and bool(_SITE.fullmatch(lines[1].strip().upper()))


def read_sites_motif(lines: Sequence[str], path: str) -> Entries:
    """Read aligned sites as one motif, named after the first record."""
    motifs = Entries(path)
    with motifs.entry(1) as entry:
        sites = _aligned(SITE_FORMATS[_sniff(lines, path)](lines, path), path)
        entry.info = MotifInfo(sites.names[0] or "motif")
        try:
            entry.motif = count_sites(sites.letters, entry.info).pfm
        except ValueError as error:
            raise FormatError(path, str(error)) from error
    return motifs
