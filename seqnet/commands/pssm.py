"""``seqnet pssm``: a motif scored against a background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._options import (
    background_option,
    common_options,
    header_option,
    motif_options,
    output_option,
    pseudocount_options,
)

if TYPE_CHECKING:
    from seqnet.motifs.matrix import Spread


@click.command(
    "pssm",
    cls=Command,
    short_help="Score a motif against a background.",
    example="seqnet pssm reb1.meme --background from:genome.fa -o reb1.pssm\n"
    "seqnet build-pwm sites.fa | seqnet pssm - --background uniform",
)
@click.argument("motifs", default="-")
@background_option
@pseudocount_options
@motif_options
@output_option()
@header_option
@common_options
def command(
    motifs: str,
    background: str | None,
    pseudocount: str,
    pseudocount_spread: Spread,
    motif_names: tuple[str, ...],
    motif_format: str | None,
    output: str,
    with_header: bool,
) -> None:
    """Score a motif against a background.

    Writes log-odds scores in bits, log2(p / background), as a PSSM file: MEME text that carries
    the scores exactly. MOTIFS is a motif file of any known format.
    """
    from seqnet.commands._load import load_motifs, make_pssms
    from seqnet.formats._open import open_output
    from seqnet.formats.header import base_name, provenance
    from seqnet.formats.motifs import write_motifs
    from seqnet.motifs.matrix import MotifSet

    with open_output(output) as stream:
        found = load_motifs(motifs, motif_names, motif_format)
        pssms = make_pssms(found, background, pseudocount, pseudocount_spread, keep=False, source=motifs)
        chosen = pssms[0].background
        options = {
            "motifs": base_name(motifs),
            "background": chosen.source,
            "pseudocount": pseudocount,
            "pseudocount-spread": pseudocount_spread,
        }
        header = provenance("pssm", options) if with_header else None
        write_motifs(stream, MotifSet(tuple(pssms), chosen), "meme", header)
