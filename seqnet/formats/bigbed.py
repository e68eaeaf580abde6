"""bigBed files as lines of BED, through the process that guards the library (`_bigwig_worker`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seqnet.formats._child import lent_child

MAGIC = (b"\xeb\xf2\x89\x87", b"\x87\x89\xf2\xeb")
"""How such files begin, in either byte order."""


def bigbed_lines(path: str) -> Iterator[tuple[int, str]]:
    """Yield (1-based number, text) of each entry of a bigBed file, as BED has it, contig by contig.

    Raises
    ------
    FormatError
        If the file is damaged.
    """
    number = 0
    with lent_child("seqnet.formats._bigwig_worker", path, "the bigBed library") as child:
        for contig, _length in child.ask("open_bed", path=str(Path(path).absolute()))["contigs"]:
            for start, end, rest in child.ask("entries", contig=contig)["entries"]:
                number += 1
                yield number, f"{contig}\t{start}\t{end}" + (f"\t{rest}" if rest else "")
