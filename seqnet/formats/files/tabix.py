"""Tabix indexes of compressed tables."""

from __future__ import annotations

from typing import Literal, TypeAlias

from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.opening import output_path, written_through

Preset: TypeAlias = Literal["bed", "gff", "vcf"]
"""What tabix calls a format's coordinates."""
SUFFIX = ".tbi"
LONGEST_CONTIG = 1 << 29
"""What a .tbi index can address, bases."""


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
        If a position is beyond what the index can address.
    """
    import pysam

    pysam.set_verbosity(0)
    with output_path(target + SUFFIX) as index:
        try:
            pysam.tabix_index(complete, preset=preset, index=index, force=True, keep_original=True)
        except (OSError, ValueError) as error:
            reason = f"beyond {LONGEST_CONTIG} bases" if isinstance(error, OSError) else error
            raise SeqnetError(f"{target}: could not be indexed ({reason})") from error
