"""Tabix indexes of compressed tables."""

from __future__ import annotations

import gzip
from typing import Literal, TypeAlias

from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.opening import output_path, written_through

Preset: TypeAlias = Literal["bed", "gff", "vcf"]
"""What tabix calls a format's coordinates."""
SUFFIX = ".tbi"
LONGEST_CONTIG = 1 << 29
"""What a .tbi index can address, bases."""
_START_COLUMN: dict[Preset, int] = {"bed": 1, "gff": 3, "vcf": 1}


def require_indexable(path: str) -> None:
    """Refuse an output that cannot be indexed."""
    if not path.endswith((".gz", ".bgz")) or written_through(path):
        raise UsageError("--index needs -o FILE.gz, a regular file")


def index_table(complete: str, target: str, preset: Preset) -> None:
    """Index a complete BGZF table; the index appears as ``TARGET.tbi``.

    Parameters
    ----------
    complete
        Where the table lies now, maybe under a temporary name.
    target
        The name it will have.

    Raises
    ------
    SeqnetError
        If rows are not sorted, or a position is beyond what the index can address.
    """
    import pysam

    pysam.set_verbosity(0)
    with output_path(target + SUFFIX) as index:
        try:
            pysam.tabix_index(complete, preset=preset, index=index, force=True, keep_original=True)
        except (OSError, ValueError) as error:
            # the library does not give its reason
            reason = _disorder(complete, preset) or f"beyond {LONGEST_CONTIG} bases"
            if not isinstance(error, OSError):
                reason = str(error)
            raise SeqnetError(f"{target}: could not be indexed ({reason})") from error


def _disorder(path: str, preset: Preset) -> str | None:
    """Return which row of a compressed table is out of order; None where none is."""
    seen: set[str] = set()
    contig, reached = "", 0
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as table:
        for line in table:
            if line.startswith("#"):
                continue
            cells = line.split("\t", 4)
            name, start = cells[0], int(cells[_START_COLUMN[preset]])
            if (start < reached) if name == contig else (name in seen):
                return f"rows are not sorted: {name}:{start} comes after {contig}:{reached}"
            seen.add(name)
            contig, reached = name, start
    return None
