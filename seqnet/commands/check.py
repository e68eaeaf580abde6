"""``seqnet check``: everything wrong or odd about the inputs of a training run, in one table."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import click

from seqnet.commands._command import Command
from seqnet.commands._console import note
from seqnet.commands._options import (
    chroms_option,
    common_options,
    genome_option,
    header_option,
    output_option,
    seed_option,
    split_options,
    tasks_option,
)

COLUMNS = ("level", "what", "where", "message")


@click.command(
    "check",
    cls=Command,
    short_help="Find what is wrong with the inputs of a training run.",
    example="seqnet check regions.bed --genome genome.fa --signal dnase=dnase.bw --motifs motifs.meme",
)
@click.argument("regions", required=False)
@genome_option
@chroms_option
@click.option(
    "--signal", "signals", multiple=True, metavar="NAME=BIGWIG", help="Signal track to check. Repeats."
)
@click.option("--motifs", metavar="FILE", help="Motifs to check.")
@click.option("--predictions", metavar="BED", help="Predictions to check against the regions.")
@tasks_option
@split_options
@seed_option
@click.option("--json", "json_path", metavar="FILE", help="The findings as JSON too.")
@output_option()
@header_option
@common_options
def command(
    regions: str | None,
    genome: str | None,
    chroms: tuple[str, ...],
    signals: tuple[str, ...],
    motifs: str | None,
    predictions: str | None,
    tasks: list[str] | None,
    valid_chroms: tuple[str, ...],
    test_chroms: tuple[str, ...],
    valid_fraction: float | None,
    test_fraction: float | None,
    seed: int,
    json_path: str | None,
    output: str,
    with_header: bool,
) -> None:
    """Find what is wrong or odd about regions, genome, tracks, motifs and predictions together.

    REGIONS is a labelled-regions table or any BED file; '-' is stdin, and so is nothing where no other
    input is given. Each line of the output is a finding: an error stops training, a warning may spoil
    it, a note is neither. Exits with 1 if there is an error.
    """
    from seqnet.commands._checking import Checker
    from seqnet.datasets.checks import Level
    from seqnet.formats._open import open_output
    from seqnet.formats.bed import read_bed
    from seqnet.formats.header import base_name, provenance
    from seqnet.formats.metrics import write_json
    from seqnet.formats.tables import write_rows

    others = (genome, motifs, predictions, *signals)
    path = regions if regions is not None or any(others) else "-"
    table = None if path is None else read_bed(path, tasks=tasks, labelled=True)
    splitting = {
        "valid_chroms": valid_chroms, "test_chroms": test_chroms, "valid_fraction": valid_fraction,
        "test_fraction": test_fraction, "seed": seed,
    }  # fmt: skip
    checker = Checker(table)
    checker.genome(genome, chroms)
    checker.regions(splitting)
    for signal in signals:
        checker.signal(signal)
    checker.motifs(motifs)
    checker.predictions(predictions)
    findings = checker.findings
    header = provenance("check", {"input": None if path is None else base_name(path)})
    with open_output(output) as stream:
        write_rows(stream, COLUMNS, findings, header if with_header else None)
    counts = Counter(finding.level for finding in findings)
    if json_path is not None:
        with open_output(json_path) as stream:
            write_json(
                stream, {"counts": dict(counts), "findings": [finding._asdict() for finding in findings]}
            )
    found = {level: counts[level] for level in get_args(Level)}
    note(", ".join(f"{count} {level}{'s' * (count != 1)}" for level, count in found.items()))
    if counts["error"]:
        click.get_current_context().exit(1)
