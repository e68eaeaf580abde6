"""``seqnet pssm``: a motif scored against a background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._options import (
    background_option,
    common_options,
    exact_option,
    header_option,
    motif_options,
    output_option,
    scoring_options,
)

if TYPE_CHECKING:
    from seqnet.commands._motifs import ScoredMotifs
    from seqnet.motifs.matrix import Spread

FORMATS = ("meme", "tsv", "json")
"""The motif formats that hold scores."""


@click.command(
    "pssm",
    cls=Command,
    short_help="Score a motif against a background.",
    example="seqnet pssm reb1.meme --background from:genome.fa -o reb1.pssm --thresholds reb1.tsv\n"
    "seqnet build-pwm sites.fa | seqnet pssm - --background uniform",
)
@click.argument("motifs", default="-")
@background_option
@scoring_options
@motif_options
@click.option("--to", "to_format", type=click.Choice(FORMATS), help="Format; default by suffix, else meme.")
@click.option(
    "--thresholds",
    metavar="TSV",
    help="Write score, p-value, relative score and expected hits per Mb at each of --p-values.",
)
@click.option(
    "--p-values",
    default="1e-2,1e-3,1e-4,1e-5,1e-6",
    show_default=True,
    metavar="LIST",
    help="P-values of the table of thresholds.",
)
@exact_option
@output_option()
@header_option
@common_options
def command(
    motifs: str,
    background: str | None,
    pseudocount: str | None,
    pseudocount_spread: Spread,
    preset: str | None,
    motif_names: tuple[str, ...],
    motif_format: str | None,
    to_format: str | None,
    thresholds: str | None,
    p_values: str,
    exact: bool,
    output: str,
    with_header: bool,
) -> None:
    """Score a motif against a background.

    Writes log-odds scores in bits, log2(p / background), as a PSSM file: MEME text that carries
    the scores exactly (or TSV, JSON). MOTIFS is a motif file of any known format.
    """
    from seqnet.commands._motifs import Scoring, load_motifs, make_pssms
    from seqnet.errors import UsageError
    from seqnet.formats import MOTIF_WRITERS, suffix_format
    from seqnet.formats._open import open_output
    from seqnet.formats.header import base_name, provenance
    from seqnet.formats.motifs import write_motifs
    from seqnet.motifs.matrix import MotifSet

    if thresholds is not None and thresholds == output:
        raise UsageError("--thresholds and -o name the same output")
    if exact and thresholds is None:
        raise UsageError("--exact needs --thresholds")
    levels = _p_values(p_values)
    by_suffix = suffix_format(output, {name: MOTIF_WRITERS[name] for name in FORMATS}, "meme")
    with open_output(output) as stream:
        scoring = Scoring(background, pseudocount, pseudocount_spread, preset)
        found = load_motifs(motifs, motif_names, motif_format)
        scored = make_pssms(found, scoring, keep=False, source=motifs)
        first = scored.pssms[0]
        options = {
            "motifs": base_name(motifs),
            "background": first.background.source,
            "pseudocount": first.pseudocount,
            "pseudocount-spread": None if preset else pseudocount_spread,
        }
        header = provenance("pssm", options) if with_header else None
        write_motifs(stream, MotifSet(tuple(scored.pssms), first.background), to_format or by_suffix, header)
        if thresholds is not None:
            _write_thresholds(thresholds, scored, levels, exact, header)


def _p_values(text: str) -> list[float]:
    """Read the list of p-values."""
    from seqnet.errors import UsageError

    try:
        levels = [float(word) for word in text.split(",")]
    except ValueError:
        levels = []
    if not levels or not all(0 < level <= 1 for level in levels):
        raise UsageError(f"--p-values {text!r}: expected numbers above 0, at most 1, with commas between")
    return levels


def _write_thresholds(
    path: str, scored: ScoredMotifs, levels: list[float], exact: bool, header: dict[str, str] | None
) -> None:
    """Write the thresholds of each motif at each p-value."""
    from seqnet.commands._motifs import Threshold, make_scanners
    from seqnet.formats._open import open_output
    from seqnet.formats.tables import write_rows
    from seqnet.motifs.thresholds import ThresholdRow, threshold_rows

    with open_output(path) as stream:
        scanners = make_scanners(scored, Threshold(p_value=max(levels)), exact=exact)
        bound = f"{max(scanner.bound for scanner in scanners):.2g}"
        header = None if header is None else {**header, "p-value-bound": bound}
        rows = [row for scanner in scanners for row in threshold_rows(scanner, levels)]
        # a score with all its digits, given to scan --score, selects the same windows
        cells = [(*r[:3], None if r.score is None else repr(r.score), *r[4:]) for r in rows]
        write_rows(stream, ThresholdRow._fields, cells, header)
