"""``seqnet merge-hits``: the scans of parts of a genome into the scan of all of it."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import common_options, header_option, output_option
from seqnet.commands.options.hits import finishing_options, hit_file_options

_TESTS = "--tests"


class _MergeCommand(Command):
    """A command whose ``--tests`` takes every name up to the next option, as shells fill them in."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its names."""
        spread: list[str] = []
        inside = False
        for word in args:
            if word.startswith("-") and word != "-":
                inside = word == _TESTS
                if not inside:
                    spread.append(word)
            else:
                spread += [_TESTS, word] if inside else [word]
        if inside and args[-1] == _TESTS:
            spread.append(_TESTS)  # without a name: let the parser say so
        return super().parse_args(ctx, spread)


@click.command(
    "merge-hits",
    cls=_MergeCommand,
    short_help="Merge the hits of scattered scans.",
    example="for c in chrI chrII; do\n"
    "  seqnet scan all.meme genome.fa --chroms $c --tests $c.tests.tsv -o $c.bed.gz\n"
    "done\n"
    "seqnet merge-hits chrI.bed.gz chrII.bed.gz --tests chr*.tests.tsv --q-value 0.05 -o all.bed.gz",
)
@click.argument("hits", nargs=-1)
@click.option(
    _TESTS,
    multiple=True,
    metavar="FILE...",
    help="What the scans' --tests wrote; q-values need it. Takes every name up to the next option.",
)
@finishing_options
@hit_file_options
@output_option("Output file; the suffix picks format and compression.")
@header_option
@common_options
def command(**values: Any) -> None:
    """Merge the hits of scattered scans.

    HITS are what scan wrote as BED with its header, each for whole sequences of one genome, in the
    genome's order; '-' or nothing is stdin. The result equals, byte for byte, that of one scan of
    all of them with the same options.
    """
    from seqnet.pipeline.scan.merging import merge_hits

    merge_hits(**values)
