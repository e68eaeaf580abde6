"""Genomes that are open in pyfaidx: the files that they are read from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seqnet.errors import UsageError

if TYPE_CHECKING:
    import pyfaidx


def file_of(genome: pyfaidx.Fasta) -> str:
    """Return the path of a genome that is open in pyfaidx.

    Raises
    ------
    UsageError
        If sequences are renamed or left out, so that the file holds others.
    """
    names = [line.partition("\t")[0] for line in Path(genome.faidx.indexname).read_text().splitlines()]
    if list(genome.keys()) != names:
        raise UsageError(
            f"{genome.filename}: the pyfaidx.Fasta renames or leaves out sequences; open it with "
            "pyfaidx's defaults, or give the path of a file that holds these sequences"
        )
    return str(genome.filename)
