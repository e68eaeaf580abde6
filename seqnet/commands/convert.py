"""``seqnet convert``: motif files from any known format to any other."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    common_options,
    header_option,
    motif_options,
    on_bad_motif_option,
    output_option,
)
from seqnet.commands.options.types import number


@click.command(
    "convert",
    cls=Command,
    in_place=True,
    short_help="Convert motif files.",
    example="seqnet convert jaspar.transfac --to meme | head\n"
    "seqnet convert a.meme b.motif --motif 'CTCF*' --trim 0.5 --to homer --to json -o 'ctcf.{format}'",
)
@click.argument("motifs", nargs=-1)
@motif_options
@on_bad_motif_option
@click.option(
    "--to", "to_formats", multiple=True, metavar="FORMAT",
    help="Format to write; default by suffix, else meme. Repeats, with {format} in -o.",
)  # fmt: skip
@click.option(
    "--trim", type=number("trim"), metavar="BITS", help="Cut flanking positions that hold less information."
)  # fmt: skip
@click.option("--reverse-complement", is_flag=True, help="Turn every motif to the other strand.")
@output_option()
@header_option
@common_options
def command(**values: Any) -> None:
    """Convert motif files.

    MOTIFS are files of any known format (stdin when left out), put one after another. What a
    format has no room for is named on stderr.
    """
    from seqnet.pipeline.motifs.conversion import convert

    convert(**values)
