"""bigBed files as lines of BED, through the process that guards the library (`_bigwig_worker`)."""

from __future__ import annotations

from collections.abc import Iterator

from seqnet.formats import FORMATS
from seqnet.formats.files.sandbox import lent_child, path_in_child

MAGIC = FORMATS["bigbed"].magic
"""How such files begin, in either byte order."""


def bigbed_lines(path: str) -> Iterator[tuple[int, str]]:
    """Yield (1-based number, text) of each entry of a bigBed file, as BED has it, contig by contig.

    Raises
    ------
    FormatError
        If the file is damaged.
    """
    number = 0
    with lent_child("seqnet.formats.tracks.bigwig_worker", path, "the bigBed library") as child:
        for contig, _length in child.ask("open_bed", path=path_in_child(path))["contigs"]:
            for start, end, rest in child.ask("entries", contig=contig)["entries"]:
                number += 1
                yield number, f"{contig}\t{start}\t{end}" + (f"\t{rest}" if rest else "")
