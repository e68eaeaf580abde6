"""``seqnet logo``: sequence logos of motifs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._options import (
    background_option,
    common_options,
    motif_options,
    output_option,
    scoring_options,
    small_sample_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seqnet.commands._pictures import Orientation
    from seqnet.motifs.heights import Height
    from seqnet.motifs.information import SmallSample
    from seqnet.motifs.matrix import Motif, Spread

MOST = 100
"""Motifs in one picture; more are hard to look at and slow to open."""


@click.command(
    "logo",
    cls=Command,
    short_help="Draw sequence logos.",
    example="seqnet logo reb1.meme -o reb1.svg\n"
    "seqnet logo jaspar.meme --motif 'CTCF*' --orientation both --height log-odds -o ctcf.png",
)
@click.argument("motifs", default="-")
@motif_options
@click.option(
    "--height",
    type=click.Choice(["information", "probability", "log-odds"]),
    default="information",
    show_default=True,
    help="What the letters' heights are.",
)
@click.option(
    "--orientation",
    type=click.Choice(["forward", "reverse", "both"]),
    default="forward",
    show_default=True,
    help="The motif as it is, its reverse complement, or one below the other.",
)
@small_sample_option
@background_option
@scoring_options
@click.option(
    "--scale", type=click.FloatRange(0.1, 20), default=1.0, show_default=True, help="Size of the picture."
)
@click.option(
    "--columns", type=click.IntRange(1, 20), default=1, show_default=True, help="Logos beside each other."
)
@output_option("Picture: .svg, .png or .pdf by its suffix; SVG on stdout.")
@common_options
def command(
    motifs: str,
    motif_names: tuple[str, ...],
    motif_format: str | None,
    height: Height,
    orientation: Orientation,
    small_sample: SmallSample,
    background: str | None,
    pseudocount: str | None,
    pseudocount_spread: Spread,
    preset: str | None,
    scale: float,
    columns: int,
    output: str,
) -> None:
    """Draw sequence logos.

    MOTIFS is a motif or PSSM file of any known format; all its motifs are drawn, with the letter
    heights p times information (small samples corrected, clipped at zero), the probabilities, or
    log-odds scores (a PSSM's own, else against --background).
    """
    from seqnet.commands._motifs import Scoring, load_motifs, make_pssms
    from seqnet.commands._pictures import image_format, write_logos
    from seqnet.errors import SeqnetError

    image_format(output)
    found = load_motifs(motifs, motif_names, motif_format)
    if len(found.motifs) > MOST:
        message = f"{motifs}: {len(found.motifs)} motifs; a picture holds up to {MOST} (choose with --motif)"
        raise SeqnetError(message)
    drawn: Sequence[Motif] = found.motifs
    if height == "log-odds":
        scoring = Scoring(background, pseudocount, pseudocount_spread, preset)
        drawn = make_pssms(found, scoring, keep=True, source=motifs).pssms
    write_logos(output, drawn, height, small_sample, orientation, scale, columns)
