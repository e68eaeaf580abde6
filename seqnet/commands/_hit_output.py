"""What ``scan`` and ``merge-hits`` share: formats, the best hits of all, q-values, the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from seqnet.commands._options import combine
from seqnet.formats.hit_formats import HIT_FORMATS, hit_format_of

if TYPE_CHECKING:
    from seqnet.formats.hit_rows import HitWriter

TOP, Q_VALUE, Q_COLUMN, Q_SCOPE = "top", "q-value", "q-column", "q-scope"
FINISHING_KEYS = (TOP, Q_VALUE, Q_COLUMN, Q_SCOPE)
"""Entries of the header that say what was done with the hits of all sequences together."""

_FORMATS_HELP = "; ".join(f"{name}: {row.help}" for name, row in HIT_FORMATS.items())

finishing_options = combine(
    click.option(
        "--top", type=click.IntRange(1), metavar="N",
        help="Only each motif's N best hits: by p-value, then score, then place.",
    ),
    click.option(
        "--q-value", type=click.FloatRange(0, 1, min_open=True), metavar="X",
        help="Only hits with a q-value up to X (Benjamini-Hochberg over all windows scored, from the "
        "hits that reach the threshold).",
    ),
    click.option("--q-column", is_flag=True, help="Fill in the q-values and keep every hit."),
    click.option(
        "--q-scope", type=click.Choice(["motif", "all"]),
        help="What q-values are corrected over: each motif alone (the default), or all together.",
    ),
    click.option(
        "--tmpdir", metavar="FOLDER", help="Where hits wait for their q-values; default $TMPDIR or /tmp."
    ),
)  # fmt: skip

hit_file_options = combine(
    click.option(
        "--to", "to_format", type=click.Choice(list(HIT_FORMATS)),
        help=f"Format of the hits; by default the suffix of -o tells, else bed. {_FORMATS_HELP}.",
    ),
    click.option("--index", is_flag=True, help="Write a tabix index beside -o FILE.gz."),
)  # fmt: skip


class Finishing(NamedTuple):
    """What is done with the hits of all sequences together, as the options say."""

    top: int | None = None
    q_value: float | None = None
    q_column: bool = False
    q_scope: str | None = None
    tmpdir: str | None = None

    @property
    def wants_q(self) -> bool:
        """Whether q-values are computed."""
        return self.q_column or self.q_value is not None

    @property
    def streams(self) -> bool:
        """Whether hits are written as they come."""
        return self.top is None and not self.wants_q

    def check(self) -> None:
        """Refuse options that contradict each other."""
        from seqnet.errors import UsageError

        chosen = {
            "--top": self.top is not None,
            "--q-value": self.q_value is not None,
            "--q-column": self.q_column,
        }
        names = [name for name, given in chosen.items() if given]
        if len(names) > 1:
            raise UsageError(f"{names[0]} and {names[1]} exclude each other")
        if self.q_scope is not None and not self.wants_q:
            raise UsageError("--q-scope needs --q-value or --q-column")

    def entries(self) -> dict[str, str]:
        """Return the entries of the header."""
        scope = self.q_scope or "motif"
        values = {
            TOP: self.top,
            Q_VALUE: self.q_value,
            Q_COLUMN: "yes" if self.q_column else None,
            Q_SCOPE: scope if self.wants_q else None,
        }
        return {key: str(value) for key, value in values.items() if value is not None}

    def apply(self, batches: Iterable[list[str]], windows: Mapping[str, int]) -> Iterator[list[str]]:
        """Choose among BED6+5 lines, and fill in q-values.

        Parameters
        ----------
        windows
            Motif name to windows scored; complete once the last batch has come.
        """
        from seqnet.formats._open import temporary_rows
        from seqnet.formats.hit_rows import rows_with_q, top_rows

        if self.top is not None:
            yield from top_rows(batches, self.top)
        elif self.wants_q:
            spool = partial(temporary_rows, self.tmpdir)
            pooled = self.q_scope == "all"
            yield from rows_with_q(batches, windows, spool, pooled=pooled, limit=self.q_value)
        else:
            yield from batches


@contextmanager
def open_hits(output: str, to_format: str | None, index: bool) -> Iterator[tuple[HitWriter, str]]:
    """Open the output of hits; yields what writes them, and the format's name."""
    from seqnet.errors import UsageError
    from seqnet.formats._open import STANDARD, open_output
    from seqnet.formats.hit_rows import HitWriter
    from seqnet.formats.tabix import index_table, require_indexable

    name = hit_format_of(output, to_format)
    row, preset = HIT_FORMATS[name].row, HIT_FORMATS[name].preset
    finish = None
    if index:
        if preset is None:
            raise UsageError(f"--index is for BED, narrowPeak and GFF3, not for {name}")
        require_indexable(output)
        finish = partial(index_table, target=output, preset=preset)
    with open_output(output, finish) as stream:
        yield HitWriter(stream, row, live=output == STANDARD), name
