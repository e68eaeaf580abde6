"""The command table, in pipeline order, and the group that loads a command only when it is used."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import click

from seqnet.commands._boundary import MainGroup


class CommandRow(NamedTuple):
    """One command."""

    module: str
    """Module of ``seqnet.commands`` whose attribute ``command`` it is."""
    help: str
    """One line, equal to the command's own short help."""
    section: str


COMMANDS: dict[str, CommandRow] = {
    "build-pwm": CommandRow("build_pwm", "Make a motif from binding sites.", "Pipeline"),
    "pssm": CommandRow("pssm", "Score a motif against a background.", "Pipeline"),
    "scan": CommandRow("scan", "Find motif hits in sequences.", "Pipeline"),
    "kmer-featurize": CommandRow("kmer_featurize", "Count the k-mers of sequences.", "Pipeline"),
    "train": CommandRow("train", "Train a model on labelled sequences.", "Pipeline"),
    "predict": CommandRow("predict", "Predict with a trained model.", "Pipeline"),
    "evaluate": CommandRow("evaluate", "Evaluate predictions against labels.", "Pipeline"),
    "explain": CommandRow("explain", "Attribute predictions to bases.", "Interpreting"),
    "discover": CommandRow("discover", "Find the motifs that a model has learnt.", "Interpreting"),
    "perturb": CommandRow("perturb", "Insert and remove motifs in silico.", "Interpreting"),
    "variants": CommandRow("variants", "Predict the effects of variants.", "Interpreting"),
    "background": CommandRow("background", "Count the bases or words of sequences.", "Preparing"),
    "convert": CommandRow("convert", "Convert motif files.", "Preparing"),
    "merge-hits": CommandRow("merge_hits", "Merge the hits of scattered scans.", "Preparing"),
    "coverage": CommandRow("coverage", "Make a signal track from aligned reads.", "Preparing"),
    "label": CommandRow("label", "Make labelled regions from peak files.", "Preparing"),
    "negatives": CommandRow("negatives", "Add negatives to positives.", "Preparing"),
    "check": CommandRow("check", "Find what is wrong with the inputs of a training run.", "Preparing"),
    "simulate": CommandRow("simulate", "Simulate sequences and genomes.", "Preparing"),
    "logo": CommandRow("logo", "Draw sequence logos.", "Looking"),
    "compare": CommandRow("compare", "Find similar motifs in a collection.", "Looking"),
    "enrich": CommandRow("enrich", "Find motifs enriched in sequences.", "Looking"),
    "show": CommandRow("show", "Describe a file.", "Looking"),
}


class LazyGroup(MainGroup):
    """A group whose help comes from `COMMANDS`, without importing any command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in pipeline order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        row = COMMANDS.get(cmd_name)
        if row is None:
            return None
        module = importlib.import_module(f"seqnet.commands.{row.module}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands section by section."""
        del ctx
        for section in dict.fromkeys(row.section for row in COMMANDS.values()):
            with formatter.section(section):
                formatter.write_dl(
                    [(name, row.help) for name, row in COMMANDS.items() if row.section == section]
                )


seqnet = LazyGroup(
    "seqnet",
    help="Regulatory genomics from the shell: from aligned binding sites to a genome-wide "
    "prediction track. Commands read and write standard formats, so they pipe together; '-' is "
    "stdin or stdout.",
    epilog="Example: seqnet build-pwm sites.fa | seqnet pssm - | seqnet scan - genome.fa | head",
)
