"""Motif files of any known format, recognised by their content."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from seqnet.errors import FormatError, SeqnetError, UsageError, shorten
from seqnet.formats import FORMATS, MOTIF_READERS, MOTIF_WRITERS, Reader, Writer
from seqnet.formats.files.number_tables import is_regions
from seqnet.formats.files.opening import numbered_lines, open_input
from seqnet.formats.files.sniff import KindError, expecting, text_format
from seqnet.formats.motifs.entries import Entries, OnBadMotif, OnDuplicate
from seqnet.formats.motifs.matrix_lines import SNIFFED_LINES, layout, numbers
from seqnet.formats.motifs.matrix_rows import one_line, one_word
from seqnet.lookup import resolve
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.matrix import RNA, Motif, MotifSet, Pfm, Pssm

_OTHERS = ("background", "regions", "contig sizes", "k-mer table")
"""Kinds of tables of numbers that could be taken for a matrix."""
_LONGEST_SITE = 1000
"""Letters of a site in aligned sites that are read as a motif."""
_AS_COUNTED = 1e-9
"""Relative distance between a number of sites and what the counts add up to that is rounding."""


def read_motifs(
    path: str,
    motif_format: str | None = None,
    names: Sequence[str] = (),
    on_bad: OnBadMotif = "error",
    on_duplicate: OnDuplicate = "error",
) -> MotifSet:
    """Read the motifs of a file whose name or alternate name matches a pattern; all without patterns.

    Parameters
    ----------
    path
        File, or ``-``.
    motif_format
        A name of `MOTIF_READERS`; recognised by content when None.
    names, on_bad, on_duplicate
        As of `Entries.chosen`.

    Raises
    ------
    FormatError
        If the format is not recognised, a chosen motif breaks it, or there is none.
    """
    with expecting(path, "motifs"):
        return read_motif_entries(path, motif_format).chosen(names, on_bad, on_duplicate)


def read_motif_entries(path: str, motif_format: str | None = None) -> Entries:
    """Read the motifs of a file one by one, with what is wrong with each.

    Raises
    ------
    FormatError
        If the format is not recognised, or what holds for the whole file breaks it.
    """
    reader = None if motif_format is None else _motif_reader(motif_format)
    with expecting(path, "motifs"), open_input(path) as stream:
        rest = (line for _, line in numbered_lines(stream, path))
        start = list(_beginning(rest))
        if not any(line.strip() for line in start):
            raise FormatError(path, "is empty; expected motifs")
        reader = reader or _sniff(start, path)  # before a genome is read as a whole
        lines = [*start, *rest]
    entries: Entries = resolve(reader.function)(lines, path)
    return entries


def _beginning(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines that a format is recognised by."""
    count = 0
    for line in lines:
        yield line
        count += bool(line.strip())
        if count == SNIFFED_LINES:
            return


def _motif_reader(name: str) -> Reader:
    """Return a row of `MOTIF_READERS`, refusing other names."""
    if name not in MOTIF_READERS:
        raise UsageError(f"{name!r} is no motif format; expected one of {', '.join(MOTIF_READERS)}")
    return MOTIF_READERS[name]


def _sniff(lines: list[str], path: str) -> Reader:
    """Return the first format whose sniffer accepts the file's first lines."""
    start = [line for line in lines if line.strip()][:SNIFFED_LINES]
    for name, reader in MOTIF_READERS.items():
        if reader.sniffer and resolve(reader.sniffer)(start):
            if name == "sites":
                _check_site(start, path)
            return reader
    format_name = text_format(start) if start else None
    kind = None if format_name is None else FORMATS[format_name].kind
    if kind is not None and kind in _OTHERS and (kind != "regions" or is_regions(start)):
        matrix = numbers(start[-1].lstrip("ACGTUacgtu")) is not None
        hint = "; a matrix needs --motif-format pfm-rows or pfm-columns" if matrix else ""
        raise KindError(FormatError(path, f"holds no motif{hint}"), "motifs", kind)
    if layout(start) == "either":
        message = "four rows of four: say --motif-format jaspar (a row per base) or cluster-buster"
        raise FormatError(path, message)
    known = ", ".join(name for name, reader in MOTIF_READERS.items() if reader.sniffer)
    raise FormatError(path, f"is no motif file of a known format ({known})")


def _check_site(start: Sequence[str], path: str) -> None:
    """Refuse sequences far longer than any site, before a genome is read as a whole."""
    letters = 0
    for line in start[1:]:
        if line.startswith(">"):
            break
        letters += len(line.strip())
    if letters > _LONGEST_SITE:
        message = (
            f"the first sequence has more than {_LONGEST_SITE} letters; expected motifs, or aligned sites"
        )
        raise FormatError(path, message)


def write_motifs(
    stream: BinaryIO, motifs: MotifSet, motif_format: str, header: dict[str, str] | None = None
) -> None:
    """Write motifs in a format of `MOTIF_WRITERS`, with provenance where the format has room.

    Raises
    ------
    SeqnetError
        If two motifs have one name, or a motif has nothing that the format holds.
    """
    writer = motif_writer(motif_format)
    tidy = MotifSet(tuple(map(_tidy, motifs.motifs)), motifs.background)
    names = [motif.info.name for motif in tidy.motifs]
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise SeqnetError(f"two motifs are named {shorten(double)}; a motif file needs names that differ")
    try:
        resolve(writer.function)(stream, tidy, header)
    except ValueError as error:
        raise SeqnetError(f"cannot write {motif_format}: {error}") from error


def _tidy(motif: Motif) -> Motif:
    """Return a motif whose texts fit on a line: no name with blanks, or without any letter."""
    old = motif.info
    info = replace(
        old,
        name=one_word(old.name, "output") or "motif",
        alt_name=one_line(old.alt_name),
        evalue="".join(old.evalue.split()),
        url="".join(old.url.split()),
    )
    if isinstance(motif, Pssm) and motif.ppm is not None:
        ppm = replace(motif.ppm, info=replace(info, nsites=motif.ppm.info.nsites))
        return replace(motif, info=info, ppm=ppm)
    return replace(motif, info=info)


def motif_writer(name: str) -> Writer:
    """Return a row of `MOTIF_WRITERS`, refusing other names."""
    if name not in MOTIF_WRITERS:
        known = ", ".join(MOTIF_WRITERS)
        raise UsageError(f"{name!r} is no motif format; expected one of {known}")
    return MOTIF_WRITERS[name]


def lost_in(motifs: MotifSet, motif_format: str) -> list[str]:
    """Name what the motifs carry and a format has no room for.

    A file without a background means a uniform one, so nothing is lost with it.
    """
    infos = [motif.info for motif in motifs.motifs]
    holds = motif_writer(motif_format).holds
    background = motifs.background
    carried = {
        "alt_name": any(info.alt_name for info in infos),
        "nsites": any(_needs_nsites(motif, holds) for motif in motifs.motifs),
        "counts": any(_needs_counts(motif, holds) for motif in motifs.motifs),
        "evalue": any(info.evalue for info in infos),
        "url": any(info.url for info in infos),
        "threshold": any(info.threshold is not None for info in infos),
        "background": background is not None and (background.frequencies != UNIFORM.frequencies).any(),
        "background order": background is not None and background.order > 0,
        "scores": any(isinstance(motif, Pssm) for motif in motifs.motifs),
    }
    lost = [name for name, there in carried.items() if there and name not in holds]
    rna = sum(info.alphabet == RNA for info in infos)
    if rna and ("alphabet" not in holds or (rna < len(infos) and "mixed alphabets" not in holds)):
        lost.append("the RNA alphabet")
    return lost


def _needs_nsites(motif: Motif, holds: Container[str]) -> bool:
    """Return whether a motif states a number of sites that its counts, where held, do not add up to."""
    nsites = motif.info.nsites
    if nsites is None or "counts" not in holds or not isinstance(motif, Pfm):
        return nsites is not None and "counts" not in holds
    return abs(float(motif.counts.sum(axis=1).max()) - nsites) > _AS_COUNTED * nsites


def _needs_counts(motif: Motif, holds: Container[str]) -> bool:
    """Return whether probabilities times the number of sites, where held, do not give counts back."""
    if not isinstance(motif, Pfm):
        return False
    totals = motif.counts.sum(axis=1)
    return "nsites" not in holds or bool((np.abs(totals - motif.nsites) > _AS_COUNTED * motif.nsites).any())
