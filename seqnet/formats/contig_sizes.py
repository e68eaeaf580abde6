"""Lengths of contigs: from a FASTA file, its index, or a table of sizes."""

from __future__ import annotations

from seqnet.errors import FormatError
from seqnet.formats._open import numbered_lines, open_input
from seqnet.formats.fasta import read_genome


def read_contig_sizes(path: str) -> dict[str, int]:
    """Read the length of each contig, in the order of the file.

    Parameters
    ----------
    path
        FASTA; or lines of name and length, tab-separated, what follows ignored (``.fai``,
        ``chrom.sizes``).

    Raises
    ------
    FormatError
        If it is neither.
    """
    with open_input(path) as stream:
        if stream.peek(1)[:1] in (b">", b";"):
            return read_genome(path).lengths
        lengths: dict[str, int] = {}
        for number, line in numbered_lines(stream, path):
            if not line.strip() or line.startswith("#"):
                continue
            fields = line.split("\t")
            if len(fields) < 2 or not (fields[1].isascii() and fields[1].isdigit()):
                raise FormatError(path, "expected FASTA, or a contig's name and length", number)
            if fields[0] in lengths:
                raise FormatError(path, f"{fields[0]} stands there twice", number)
            lengths[fields[0]] = int(fields[1])
    if not lengths:
        raise FormatError(path, "holds no contigs")
    return lengths
