"""What ``scan`` and ``merge-hits`` share: formats, the best hits of all, q-values, the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from seqnet.errors import UsageError
from seqnet.formats.files.kept import temporary_rows
from seqnet.formats.files.opening import STANDARD, open_output
from seqnet.formats.files.tabix import index_table, require_indexable
from seqnet.formats.hits.hit_formats import HIT_FORMATS, hit_format_of
from seqnet.formats.hits.hit_rows import HitLines, HitWriter, rows_with_q, top_rows
from seqnet.pipeline.scan.request import Finishing
from seqnet.reporting import note_none_left


def finish(
    finishing: Finishing, batches: Iterable[list[str]], windows: Mapping[str, int]
) -> Iterator[list[str]]:
    """Choose among BED6+5 lines, and fill in q-values.

    Parameters
    ----------
    windows
        Motif name to windows scored; complete once the last batch has come.
    """
    limit = finishing.q_value

    def note_none(hits: int, smallest: float | None) -> None:
        note_none_left(f"{hits:,} hits", float(limit or 0.0), smallest)

    if finishing.top is not None:
        yield from top_rows(batches, finishing.top)
    elif finishing.wants_q:
        spool = partial(temporary_rows, finishing.tmpdir)
        pooled = finishing.q_scope == "all"
        yield from rows_with_q(batches, windows, spool, pooled=pooled, limit=limit, none_left=note_none)
    else:
        yield from batches


@contextmanager
def open_hits(
    output: str | None, to_format: str | None, index: bool
) -> Iterator[tuple[HitWriter | HitLines, str]]:
    """Open the output of hits; yields what writes them, or keeps them for None, and the format's name."""
    if output is None:
        if index or to_format is not None:
            raise UsageError("a format or an index needs an output")
        yield HitLines(), "bed"
        return
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
