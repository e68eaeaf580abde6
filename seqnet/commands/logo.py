"""``seqnet logo``: sequence logos of motifs."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    background_option,
    common_options,
    motif_options,
    on_bad_motif_option,
    output_option,
    scoring_options,
    small_sample_option,
)
from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.types import number
from seqnet.pipeline.motifs.request_uses import LogoRequest


@click.command(
    "logo",
    cls=Command,
    short_help="Draw sequence logos.",
    example="seqnet logo reb1.meme -o reb1.svg\n"
    "seqnet logo jaspar.meme --motif 'CTCF*' --orientation both --height log-odds -o ctcf.png",
)
@click.argument("motifs", default="-")
@motif_options
@on_bad_motif_option
@option_in(
    "Picture",
    "--height",
    type=click.Choice(["information", "probability", "log-odds"]),
    default=LogoRequest.height,
    show_default=True,
    help="What the letters' heights are.",
)
@option_in(
    "Picture",
    "--orientation",
    type=click.Choice(["forward", "reverse", "both"]),
    default=LogoRequest.orientation,
    show_default=True,
    help="The motif as it is, its reverse complement, or one below the other.",
)
@titled("Picture", small_sample_option)
@background_option
@scoring_options
@option_in(
    "Picture",
    "--scale",
    type=number("scale"),
    default=LogoRequest.scale,
    show_default=True,
    help="Size of the picture.",
)
@option_in(
    "Picture",
    "--columns",
    type=number("columns"),
    default=LogoRequest.columns,
    show_default=True,
    help="Number of logos in a row.",
)
@output_option("Picture: .svg, .png or .pdf by its suffix; SVG on stdout.")
@common_options
def command(**values: Any) -> None:
    """Draw sequence logos.

    MOTIFS is a motif or PSSM file of any known format; all its motifs are drawn, with the letter
    heights p times information (small samples corrected, clipped at zero), the probabilities, or
    log-odds scores (a PSSM's own, else against --background).
    """
    from seqnet.pipeline.motifs.logos import logo

    logo(**values)
