"""Contigs by file: their lengths, from a FASTA file, its index or a table of sizes, or names alone."""

from __future__ import annotations

from seqnet.errors import FormatError, shorten
from seqnet.formats.files.numbers import parse_coordinate
from seqnet.formats.files.opening import BOM, numbered_lines, open_input
from seqnet.formats.sequences.fasta import read_genome
from seqnet.formats.sequences.records import record_kind
from seqnet.numerals import is_whole


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
        start = stream.peek(len(BOM) + 1).removeprefix(BOM)
        if start[:1] in (b">", b";") or record_kind(start):
            return read_genome(path).lengths
        lengths: dict[str, int] = {}
        for number, line in numbered_lines(stream, path):
            if not line.strip() or line.startswith("#"):
                continue
            fields = line.split("\t")
            if len(fields) < 2 or not is_whole(fields[1]):
                raise FormatError(path, "expected FASTA, or a contig's name and length", number)
            if fields[0] in lengths:
                raise FormatError(path, f"{fields[0]} is listed twice", number)
            lengths[fields[0]] = parse_coordinate(fields[1], f"the length of {fields[0]}", path, number)
    if not lengths:
        raise FormatError(path, "holds no contigs")
    return lengths


def read_names(path: str) -> list[str]:
    """Read names, such as those of contigs.

    Raises
    ------
    FormatError
        With the line, if the file is not UTF-8 text.
    """
    names: list[str] = []
    with open_input(path) as stream:
        for number, line in numbered_lines(stream, path):
            for name in line.split():
                if any("\ud800" <= letter <= "\udfff" for letter in name):
                    shown = shorten(name.encode("utf-8", "surrogateescape").decode("latin-1"))
                    raise FormatError(path, f"the name {shown} is not in UTF-8", number)
                names.append(name)
    return names
