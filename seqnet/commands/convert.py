"""``seqnet convert``: motif files from any known format to any other."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._console import note, warn
from seqnet.commands._options import common_options, header_option, motif_options, output_option

if TYPE_CHECKING:
    from seqnet.motifs.background import Background
    from seqnet.motifs.matrix import Motif, MotifSet

PLACE = "{format}"
"""Stands in the output's name for the format, where there are several."""


@click.command(
    "convert",
    cls=Command,
    short_help="Convert motif files.",
    example="seqnet convert jaspar.transfac --to meme | head\n"
    "seqnet convert a.meme b.motif --motif 'CTCF*' --trim 0.5 --to homer --to json -o 'ctcf.{format}'",
)
@click.argument("motifs", nargs=-1)
@motif_options
@click.option(
    "--to", "to_formats", multiple=True, metavar="FORMAT",
    help="Format to write; default by suffix, else meme. Repeats, with {format} in -o.",
)  # fmt: skip
@click.option(
    "--trim", type=float, metavar="BITS", help="Cut flanking positions that hold less information."
)  # fmt: skip
@click.option("--reverse-complement", is_flag=True, help="Turn every motif to the other strand.")
@output_option()
@header_option
@common_options
def command(
    motifs: tuple[str, ...],
    motif_names: tuple[str, ...],
    motif_format: str | None,
    to_formats: tuple[str, ...],
    trim: float | None,
    reverse_complement: bool,
    output: str,
    with_header: bool,
) -> None:
    """Convert motif files.

    MOTIFS are files of any known format (stdin when left out), put one after another. What a
    format has no room for is named on stderr.
    """
    from seqnet.formats._open import open_output
    from seqnet.formats.header import base_name, provenance

    outputs = _outputs(to_formats, output)
    sources = motifs or ("-",)
    found = _changed(_together(sources, motif_names, motif_format), sources, trim, reverse_complement)
    options = {
        "motifs": " ".join(map(base_name, sources)),
        "trim": trim,
        "reverse-complement": reverse_complement or None,
    }
    header = provenance("convert", options) if with_header else None
    written = [(path, _text(found, name, header)) for name, path in outputs]  # all, before any is kept
    for path, content in written:
        with open_output(path) as stream:
            stream.write(content)


def _outputs(to_formats: Sequence[str], output: str) -> list[tuple[str, str]]:
    """Return format and path of each output."""
    from seqnet.errors import UsageError
    from seqnet.formats import MOTIF_WRITERS, suffix_format
    from seqnet.formats.motifs import motif_writer

    formats = list(dict.fromkeys(to_formats)) or [suffix_format(output, MOTIF_WRITERS, "meme")]
    for name in formats:
        motif_writer(name)
    if len(formats) > 1 and PLACE not in output:
        raise UsageError(f"several formats need {PLACE} in -o, as in -o 'motifs.{PLACE}'")
    return [(name, output.replace(PLACE, name)) for name in formats]


def _together(sources: Sequence[str], names: Sequence[str], motif_format: str | None) -> MotifSet:
    """Read all files and put their motifs together."""
    from seqnet.commands._motifs import load_motifs, select_motifs
    from seqnet.motifs.matrix import MotifSet

    sets = [load_motifs(path, motif_format=motif_format) for path in sources]
    _check_unique(sources, sets)
    motifs = tuple(motif for found in sets for motif in found.motifs)
    return select_motifs(MotifSet(motifs, _common_background(sets)), names, " ".join(sources))


def _check_unique(sources: Sequence[str], sets: Sequence[MotifSet]) -> None:
    """Refuse files that have a motif name in common."""
    from seqnet.errors import SeqnetError

    seen: dict[str, str] = {}
    for path, found in zip(sources, sets, strict=True):
        for motif in found.motifs:
            name = motif.info.name
            if name in seen:
                message = f"{path}: {name!r} is a motif of {seen[name]} too; names must be unique"
                raise SeqnetError(message)
            seen[name] = path


def _common_background(sets: Sequence[MotifSet]) -> Background | None:
    """Return the background that all files state, None where they differ."""
    import numpy as np

    stated = [found.background for found in sets]
    first = stated[0]
    if first is not None and all(
        other is not None and np.array_equal(other.frequencies, first.frequencies) for other in stated
    ):
        return first
    if any(background is not None for background in stated):
        warn("the files state different backgrounds; none is kept")
    return None


def _changed(
    found: MotifSet, sources: Sequence[str], trim: float | None, reverse_complement: bool
) -> MotifSet:
    """Cut and turn motifs; those without any position left are skipped, and named."""
    from seqnet.errors import SeqnetError
    from seqnet.motifs.matrix import MotifSet
    from seqnet.motifs.transform import reverse_complemented

    kept = list(found.motifs) if trim is None else list(_trimmed(found.motifs, trim))
    if not kept:
        raise SeqnetError(f"{' '.join(sources)}: no motif has a position of {trim:g} bits")
    try:
        turned = [reverse_complemented(motif) for motif in kept] if reverse_complement else kept
    except ValueError as error:
        raise SeqnetError(f"{' '.join(sources)}: {error}") from error
    return MotifSet(tuple(turned), found.background)


def _trimmed(motifs: Sequence[Motif], bits: float) -> Iterator[Motif]:
    """Yield motifs without their uninformative flanks."""
    from seqnet.motifs.transform import trimmed

    for motif in motifs:
        try:
            yield trimmed(motif, bits)
        except ValueError as error:
            warn(f"{error}; skipped")


def _text(found: MotifSet, motif_format: str, header: dict[str, str] | None) -> bytes:
    """Write motifs in memory, and say what the format loses."""
    from seqnet.formats.motifs import lost_in, write_motifs

    buffer = io.BytesIO()
    write_motifs(buffer, found, motif_format, header)
    lost = lost_in(found, motif_format)
    if lost:
        note(f"{motif_format} has no room for {', '.join(lost)}; left out")
    return buffer.getvalue()
