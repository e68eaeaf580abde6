"""Aligned binding sites: FASTA, or one site per line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from seqnet.errors import FormatError
from seqnet.formats._open import numbered_lines, open_input, to_bytes
from seqnet.motifs.sites import letter_shares


def read_sites(path: str) -> NDArray[np.uint8]:
    """Read aligned sites as ASCII letters, uint8 (n, w).

    A file whose first letter is ``>`` is FASTA, else every line is a site; ``#`` lines are
    comments. IUPAC letters and gaps are kept for the counting to decide about.

    Raises
    ------
    FormatError
        With the line, at a letter that is none or a site of another length.
    """
    with open_input(path) as stream:
        lines = list(numbered_lines(stream, path))
    rows = [(number, line.strip()) for number, line in lines if line.strip()]
    rows = [(number, line) for number, line in rows if not line.startswith(("#", ";"))]
    if not rows:
        raise FormatError(path, "holds no sites")
    sites = list(_fasta_sites(rows)) if rows[0][1].startswith(">") else rows
    return _aligned(sites, path)


def _fasta_sites(rows: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Join the sequence lines of each record; yields (line of the first, site)."""
    first, parts = 0, list[str]()
    for number, line in rows:
        if line.startswith(">"):
            if parts:
                yield first, "".join(parts)
            first, parts = 0, []
        else:
            first = first or number
            parts.append("".join(line.split()))
    if parts:
        yield first, "".join(parts)


def _aligned(sites: Sequence[tuple[int, str]], path: str) -> NDArray[np.uint8]:
    """Check letters and lengths, and stack the sites."""
    if not sites:
        raise FormatError(path, "holds headers but no sites")
    known = letter_shares().max(axis=1) > 0
    width = len(sites[0][1])
    for number, site in sites:
        letters = np.frombuffer(to_bytes(site), dtype=np.uint8)
        if not known[letters].all():
            letter = site[int(np.flatnonzero(~known[letters])[0])]
            message = f"{letter!r} is not a nucleotide letter; expected one aligned site per line or FASTA"
            raise FormatError(path, message, number)
        if len(letters) != width:
            message = f"site has {len(letters)} letters where the first has {width}; sites must be aligned"
            raise FormatError(path, message, number)
    joined = b"".join(to_bytes(site) for _, site in sites)
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(sites), width)
