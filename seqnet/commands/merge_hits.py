"""``seqnet merge-hits``: the scans of parts of a genome into the scan of all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._console import detail
from seqnet.commands._hit_output import (
    FINISHING_KEYS,
    Q_COLUMN,
    Q_SCOPE,
    Q_VALUE,
    TOP,
    Finishing,
    finishing_options,
    hit_file_options,
    open_hits,
)
from seqnet.commands._options import common_options, header_option, output_option

if TYPE_CHECKING:
    from seqnet.formats.hit_table import HitTable, WindowTable

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
def command(
    hits: tuple[str, ...],
    tests: tuple[str, ...],
    top: int | None,
    q_value: float | None,
    q_column: bool,
    q_scope: str | None,
    tmpdir: str | None,
    to_format: str | None,
    index: bool,
    output: str,
    with_header: bool,
) -> None:
    """Merge the hits of scattered scans.

    HITS are what scan wrote as BED with its header, each for whole sequences of one genome, in the
    genome's order; '-' or nothing is stdin. The result equals, byte for byte, that of one scan of
    all of them with the same options.
    """
    from seqnet.formats.hit_formats import HIT_FORMATS
    from seqnet.formats.hit_table import common_header, merged_rows, open_hit_tables, read_tests

    asked = Finishing(top, q_value, q_column, q_scope, tmpdir)
    asked.check()
    paths = list(hits) or ["-"]
    with open_hits(output, to_format, index) as (writer, name), open_hit_tables(paths) as tables:
        finishing = _finishing(tables, asked, bool(tests))
        found = {path: read_tests(path) for path in tests}
        headers = [(t.path, t.header) for t in tables] + [(p, t.header) for p, t in found.items()]
        header = {**common_header(headers, FINISHING_KEYS), **finishing.entries()}
        if with_header:
            writer.head(HIT_FORMATS[name].head(header))
        rows = merged_rows(tables)
        windows: Mapping[str, int] = {}
        if found:
            windows = _total(table.windows for table in found.values())
            rows = _checked(rows, found)
        for batch in finishing.apply(rows, windows):
            writer.write(batch)
        detail(f"{writer.counts.total()} hits of {len(tables)} scans")


def _finishing(tables: list[HitTable], asked: Finishing, with_tests: bool) -> Finishing:
    """Return what is done with all hits together: as asked, else as was done in every part.

    Raises
    ------
    SeqnetError
        If the parts lack hits that the whole would have.
    """
    from seqnet.errors import SeqnetError, UsageError

    done = {key: _shared(tables, key) for key in FINISHING_KEYS}
    if done[Q_VALUE] is not None:
        raise SeqnetError(
            f"{tables[0].path} was cut at its own q-values; scan the parts with --tests, without --q-value"
        )
    top, cut = asked.top, done[TOP]
    if cut is not None:
        if asked.wants_q or (top is not None and top > int(cut)):
            raise SeqnetError(
                f"{tables[0].path} holds the {cut} best hits of its part alone; scan without --top"
            )
        top = top or int(cut)
    column = asked.q_column or (done[Q_COLUMN] is not None and top is None and asked.q_value is None)
    scope = asked.q_scope or (done[Q_SCOPE] if column or asked.q_value is not None else None)
    finishing = asked._replace(top=top, q_column=column, q_scope=scope)
    if finishing.wants_q and not with_tests:
        raise UsageError("q-values need the number of windows scored; give --tests FILE...")
    return finishing


def _shared(tables: list[HitTable], key: str) -> str | None:
    """Return an entry that all headers must agree on."""
    from seqnet.formats.hit_table import common_header

    others = tuple(k for table in tables for k in table.header if k != key)
    return common_header([(table.path, table.header) for table in tables], others).get(key)


def _total(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """Add up counts, motifs in order of first appearance."""
    total: Counter[str] = Counter()
    for each in counts:
        for name, number in each.items():
            total[name] += number
    return total


def _checked(rows: Iterable[list[str]], tests: Mapping[str, WindowTable]) -> Iterator[list[str]]:
    """Pass rows on and compare their number with what the files of tests say.

    Raises
    ------
    SeqnetError
        If a file of hits or of tests is missing, or one is cut short.
    """
    from seqnet.errors import SeqnetError

    expected = _total(table.hits for table in tests.values())
    seen: Counter[str] = Counter()
    for batch in rows:
        seen.update(line.split("\t", 4)[3] for line in batch)
        yield batch
    for name in {**expected, **seen}:
        if seen[name] != expected[name]:
            raise SeqnetError(
                f"{', '.join(tests)}: {expected[name]} hits of {name} are said, {seen[name]} were found; "
                "give the hits and the tests of the same scans"
            )
