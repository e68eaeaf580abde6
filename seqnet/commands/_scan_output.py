"""The hits that ``scan`` writes, and the best site of each sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import chain
from typing import TYPE_CHECKING

from seqnet.commands._console import detail, progress_bar
from seqnet.commands._hit_output import FINISHING_KEYS, open_hits
from seqnet.commands._scan_source import stream_blocks, whole_sequences

if TYPE_CHECKING:
    from seqnet.commands._hit_output import Finishing
    from seqnet.commands._motifs import ScoredMotifs
    from seqnet.commands._scan_options import ScanOptions
    from seqnet.formats.hit_rows import HitWriter
    from seqnet.genome.sequence import SequenceBlock
    from seqnet.motifs.scan import BlockHits, Scanner
    from seqnet.motifs.windows import WindowCounter


def _header(scored: ScoredMotifs, scanners: Sequence[Scanner], options: ScanOptions) -> dict[str, str]:
    """Return the provenance of a scan: what makes its hits what they are."""
    from seqnet.commands._motifs import scoring_entries, worst_bound
    from seqnet.formats.header import base_name, provenance

    return provenance(
        "scan",
        {
            "motifs": base_name(options.motifs),
            **scoring_entries(scored),
            **options.entries(),
            "p-value-bound": worst_bound(scanners),
            **options.finishing.entries(),
        },
    )


def scan_to_hits(scored: ScoredMotifs, options: ScanOptions) -> None:
    """Scan and write hits: block by block, unless all must be known first."""
    from seqnet.commands._motifs import reachable_scanners
    from seqnet.formats._open import open_output
    from seqnet.formats.hit_formats import HIT_FORMATS
    from seqnet.formats.hit_table import write_tests
    from seqnet.motifs.windows import WindowCounter

    tests = nullcontext() if options.tests is None else open_output(options.tests)
    with (
        open_hits(options.output, options.to_format, options.index) as (writer, hit_format),
        tests as tests_stream,
    ):
        scanners = reachable_scanners(scored, options.threshold, exact=options.exact)
        source = stream_blocks(options.source)
        counter = WindowCounter(scanners)
        header = _header(scored, scanners, options)
        with progress_bar("bases", source.total) as progress:
            blocks = source.watched(progress)
            first = next(blocks, None)  # before the header, so that bad input leaves stdout empty
            if first is None:
                raise options.source.no_sequences()
            if options.with_header:
                writer.head(HIT_FORMATS[hit_format].head(header))
            found = _scanned(chain([first], blocks), scanners, options)
            if tests_stream is not None or options.finishing.wants_q:
                found = _counted(found, counter)
            _write(writer, _chosen(found, scanners, options), scanners, options.finishing, counter)
        detail(f"{writer.counts.total()} hits")
        if tests_stream is not None:
            shared = {key: value for key, value in header.items() if key not in FINISHING_KEYS}
            write_tests(tests_stream, counter.windows, writer.counts, shared)


def _scanned(
    blocks: Iterable[SequenceBlock], scanners: Sequence[Scanner], options: ScanOptions
) -> Iterator[BlockHits]:
    """Scan the blocks; without scanners read them for what is wrong with them alone."""
    from seqnet.motifs.scan import scan_blocks

    if scanners:
        return scan_blocks(blocks, scanners, options.threads)
    for _ in blocks:
        pass
    return iter(())


def _counted(found: Iterable[BlockHits], counter: WindowCounter) -> Iterator[BlockHits]:
    """Pass hits on and count the windows of their blocks."""
    for each in found:
        counter.add(each.block)
        yield each


def _chosen(
    found: Iterator[BlockHits], scanners: Sequence[Scanner], options: ScanOptions
) -> Iterator[BlockHits]:
    """Keep the hits of each sequence that the options ask for."""
    from seqnet.motifs.overlaps import best_of_sequences, better_strands, nonoverlapping

    if not scanners:
        return found
    if options.best:
        return best_of_sequences(found, scanners)
    if options.overlaps == "best-strand":
        return better_strands(found)
    return nonoverlapping(found, scanners) if options.overlaps == "nonoverlapping" else found


def _write(
    writer: HitWriter,
    found: Iterable[BlockHits],
    scanners: Sequence[Scanner],
    finishing: Finishing,
    counter: WindowCounter,
) -> None:
    """Write hits, a batch for each block: straight as bytes where nothing is decided on lines."""
    from seqnet.formats.hits import HitText

    text = HitText(scanners)
    if writer.plain and finishing.streams:
        for each in found:
            writer.write_plain(text.pieces(each), text.counts(each))
        return
    lines = (text.lines(each) for each in found)
    for batch in finishing.apply(lines, counter.windows):
        writer.write(batch)


def scan_to_best(scored: ScoredMotifs, options: ScanOptions) -> None:
    """Write the best site of each sequence or region, for each motif."""
    from seqnet.commands._motifs import reachable_scanners
    from seqnet.formats._open import open_output, to_bytes
    from seqnet.formats.header import header_lines
    from seqnet.formats.hits import BEST_COLUMNS, column_line, write_best_sites
    from seqnet.motifs.scan import best_sites

    with open_output(options.output) as stream:
        scanners = reachable_scanners(scored, options.threshold, exact=options.exact)
        sequences = whole_sequences(options.source)
        if options.with_header:
            header = header_lines(_header(scored, scanners, options))
            stream.write(to_bytes(header + column_line(BEST_COLUMNS)))
        names = [name for name, _ in sequences]
        codes = [codes for _, codes in sequences]
        with progress_bar("motifs", len(scanners)) as progress:
            for scanner in scanners:
                write_best_sites(stream, names, scanner, best_sites(codes, scanner))
                progress(1)
