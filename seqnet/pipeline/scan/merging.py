"""The step ``merge-hits``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats.files.header import header_for
from seqnet.formats.hits.hit_formats import HIT_FORMATS
from seqnet.formats.hits.hit_rows import HitLines
from seqnet.formats.hits.hit_table import (
    HitTable,
    WindowTable,
    common_header,
    merged_rows,
    open_hit_tables,
    read_tests,
)
from seqnet.numerals import LARGEST, parse_whole
from seqnet.pipeline.calls import takes
from seqnet.pipeline.scan.finishing import finish, open_hits
from seqnet.pipeline.scan.request import (
    FINISHING_KEYS,
    Q_COLUMN,
    Q_SCOPE,
    Q_VALUE,
    TOP,
    Finishing,
    MergeRequest,
)
from seqnet.pipeline.scan.results import ScanHits, ScanResult
from seqnet.reporting import detail


@takes(MergeRequest)
def merge_hits(request: MergeRequest) -> ScanResult:
    """Merge the hits of scattered scans into those of one scan.

    Parameters
    ----------
    request
        The fields of `MergeRequest`, which are the arguments of this function.

    Returns
    -------
    The hits, where they are not written to a file; counts in any case.

    Raises
    ------
    SeqnetError
        If a file cannot be read, or the parts lack hits that the whole would have.

    Examples
    --------
    >>> import seqnet
    >>> merged = seqnet.merge_hits(("chrI.bed", "chrII.bed"), top=100)  # doctest: +SKIP
    >>> merged.hits.to_pandas()  # doctest: +SKIP
    """
    paths = list(request.hits) or ["-"]
    with (
        open_hits(request.output, request.to_format, request.index) as (writer, name),
        open_hit_tables(paths) as tables,
    ):
        finishing = _finishing(tables, request.finishing, bool(request.tests))
        tests = {path: read_tests(path) for path in request.tests}
        headers = [(t.path, t.header) for t in tables] + [(p, t.header) for p, t in tests.items()]
        header = {**common_header(headers, FINISHING_KEYS), **finishing.entries()}
        shown = header_for(request.header, header)
        if shown is not None:
            writer.head(HIT_FORMATS[name].head(shown))
        rows = merged_rows(tables)
        windows: Mapping[str, int] = {}
        if tests:
            windows = _total(table.windows for table in tests.values())
            rows = _checked(rows, tests)
        for batch in finish(finishing, rows, windows):
            writer.write(batch)
        detail(f"{writer.counts.total()} hits of {len(tables)} scans")
    hits = ScanHits.of_lines(writer.lines) if isinstance(writer, HitLines) else None
    return ScanResult(hits=hits, counts=writer.counts)


def _finishing(tables: list[HitTable], options: Finishing, with_tests: bool) -> Finishing:
    """Return what is done with all hits together: as requested, else as was done in every part.

    Raises
    ------
    SeqnetError
        If the parts lack hits that the whole would have.
    """
    done = {key: _shared(tables, key) for key in FINISHING_KEYS}
    if done[Q_VALUE] is not None:
        raise SeqnetError(
            f"{tables[0].path} was cut at its own q-values; scan the parts with --tests, without --q-value"
        )
    top, cut = options.top, _kept(tables, done[TOP])
    if cut is not None:
        if options.wants_q or (top is not None and top > cut):
            raise SeqnetError(
                f"{tables[0].path} holds the {cut} best hits of its part alone; scan without --top"
            )
        top = top or cut
    column = options.q_column or (done[Q_COLUMN] is not None and top is None and options.q_value is None)
    scope = options.q_scope or (done[Q_SCOPE] if column or options.q_value is not None else None)
    finishing = options._replace(top=top, q_column=column, q_scope=scope)
    if finishing.wants_q and not with_tests:
        raise UsageError("q-values need the number of windows scored; give --tests FILE...")
    return finishing


def _kept(tables: list[HitTable], text: str | None) -> int | None:
    """Return how many hits of each motif the parts keep, from their headers."""
    try:
        return None if text is None else parse_whole(text, 1, LARGEST)
    except ValueError as error:
        raise FormatError(tables[0].path, f"##{TOP} of its header: {error}") from None


def _shared(tables: list[HitTable], key: str) -> str | None:
    """Return an entry that all headers must agree on."""
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
    expected = _total(table.hits for table in tests.values())
    counts: Counter[str] = Counter()
    for batch in rows:
        counts.update(line.split("\t", 4)[3] for line in batch)
        yield batch
    for name in {**expected, **counts}:
        if counts[name] != expected[name]:
            raise SeqnetError(
                f"{', '.join(tests)}: {expected[name]} hits of {name} are said, {counts[name]} were found; "
                "give the hits and the tests of the same scans"
            )
