"""The hits that ``scan`` writes, and the best site of each sequence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import UsageError
from seqnet.formats.files.header import base_name, header_for, header_lines, provenance
from seqnet.formats.files.opening import open_output, to_bytes
from seqnet.formats.hits.bed_hits import BEST_COLUMNS, HitText, column_line, write_best_sites
from seqnet.formats.hits.hit_formats import HIT_FORMATS
from seqnet.formats.hits.hit_rows import HitLines, HitWriter
from seqnet.formats.hits.hit_table import write_tests
from seqnet.formats.kmers.kmer_table import NAME_COLUMN, NO_SCORE, SCORING
from seqnet.genome.sequence import no_sequences
from seqnet.kmers.settings import FEATURES, MOTIF_SCORES
from seqnet.motifs.overlaps import best_of_sequences, better_strands, nonoverlapping
from seqnet.motifs.runs import scan_stream
from seqnet.motifs.scan import BlockHits, Scanner, best_sites, sequence_scores
from seqnet.motifs.strands import strands_of
from seqnet.motifs.windows import WindowCounter
from seqnet.pipeline.motifs.sources import (
    ScoredMotifs,
    motif_source,
    reachable_scanners,
    scoring_entries,
    shared_strands,
    worst_bound,
)
from seqnet.pipeline.outputs import memory_rows, open_result
from seqnet.pipeline.scan.finishing import finish, open_hits
from seqnet.pipeline.scan.longest import LongestSequence
from seqnet.pipeline.scan.request import FINISHING_KEYS, Finishing, ScanRequest
from seqnet.pipeline.scan.results import BestSiteTable, MotifScoreTable, ScanHits, ScanResult
from seqnet.pipeline.scan.sequences import open_stream, whole_sequences
from seqnet.reporting import detail, progress_bar

if TYPE_CHECKING:
    from seqnet.aliases import Codes


def _header(scored: ScoredMotifs, scanners: Sequence[Scanner], options: ScanRequest) -> dict[str, str]:
    """Return the provenance of a scan: what makes its hits what they are."""
    return provenance(
        "scan",
        {
            "motifs": base_name(motif_source(options.motifs)),
            **scoring_entries(scored),
            "strands": shared_strands(scored, options.strands),
            **options.entries(),
            "p-value-bound": worst_bound(scanners),
            **options.finishing.entries(),
        },
    )


def scan_to_hits(scored: ScoredMotifs, options: ScanRequest) -> ScanResult:
    """Scan and write or return hits: block by block, unless all must be known first."""
    tests = nullcontext() if options.tests is None else open_output(options.tests)
    with (
        open_hits(options.output, options.to_format, options.index) as (writer, hit_format),
        tests as tests_stream,
    ):
        scanners = reachable_scanners(scored, options.threshold, exact=options.exact, strands=options.strands)
        source = open_stream(options.source)
        counter = WindowCounter(scanners)
        header = _header(scored, scanners, options)
        with progress_bar("bases", source.total) as progress:
            longest = LongestSequence(scored.pssms)
            stream = longest.watched(source.watched(progress))
            first = next(stream, None)  # before the header, so that bad input leaves stdout empty
            if first is None:
                raise no_sequences(options.source.path)
            shown = header_for(options.header, header)
            if shown is not None:
                writer.head(HIT_FORMATS[hit_format].head(shown))
            counted = counter if tests_stream is not None or options.finishing.wants_q else None
            found = scan_stream(
                chain([first], stream), scanners, options.threads, at_once=writer.live, counter=counted
            )
            _write(writer, _chosen(found, scanners, options), scanners, options.finishing, counter)
        longest.warn()
        detail(f"{writer.counts.total()} hits")
        if tests_stream is not None:
            shared = {key: value for key, value in header.items() if key not in FINISHING_KEYS}
            write_tests(tests_stream, counter.windows, writer.counts, shared)
    hits = ScanHits.of_lines(writer.lines) if isinstance(writer, HitLines) else None
    return ScanResult(hits=hits, counts=writer.counts)


def _chosen(
    hits: Iterator[BlockHits], scanners: Sequence[Scanner], options: ScanRequest
) -> Iterator[BlockHits]:
    """Keep the hits of each sequence that the options ask for."""
    if not scanners:
        return hits
    if options.best:
        return best_of_sequences(hits, scanners)
    if options.overlaps == "best-strand":
        return better_strands(hits)
    return nonoverlapping(hits, scanners) if options.overlaps == "nonoverlapping" else hits


def _write(
    writer: HitWriter | HitLines,
    hits: Iterable[BlockHits],
    scanners: Sequence[Scanner],
    finishing: Finishing,
    counter: WindowCounter,
) -> None:
    """Write hits, a batch for each block: straight as bytes where nothing is decided on lines."""
    text = HitText(scanners)
    if writer.plain and finishing.streams:
        for each in hits:
            if len(each.hits.start):  # most of many short records have none
                writer.write_plain(text.pieces(each), text.counts(each))
        return
    lines = (text.lines(each) for each in hits)
    for batch in finish(finishing, lines, counter.windows):
        writer.write(batch)


def _warn_of_widths(scored: ScoredMotifs, codes: Sequence[Codes]) -> None:
    """Warn about motifs that are wider than every one of some sequences."""
    longest = LongestSequence(scored.pssms)
    longest.add(map(len, codes))
    longest.warn()


def scan_to_matrix(scored: ScoredMotifs, options: ScanRequest) -> ScanResult:
    """Write or return the best score of each motif in each sequence or region, a row for each."""
    motifs = tuple(pssm.info.name for pssm in scored.pssms)
    if twice := [name for name, count in Counter((NAME_COLUMN, *motifs)).items() if count > 1]:
        raise UsageError(
            f"--matrix: two columns would be named {twice[0]!r}; rename the motif, or choose others"
        )
    with open_result(options.output) as stream:
        sequences = whole_sequences(options.source)
        codes = [record.codes for record in sequences]
        _warn_of_widths(scored, codes)
        values = np.empty((len(sequences), len(motifs)))
        with progress_bar("motifs", len(motifs)) as progress:
            for column, pssm in enumerate(scored.pssms):
                values[:, column] = sequence_scores(codes, pssm, strands_of(pssm.info, options.strands))
                progress(1)
        entries = {
            "motifs": base_name(motif_source(options.motifs)),
            **{key: value for key, value in scoring_entries(scored).items() if key in SCORING},
            "strands": shared_strands(scored, options.strands), FEATURES: MOTIF_SCORES,
        }  # fmt: skip
        header = header_for(options.header, provenance("scan", entries))
        if header is not None:
            stream.write(to_bytes(header_lines(header) + "\t".join([f"#{NAME_COLUMN}", *motifs]) + "\n"))
        for record, row in zip(sequences, values.tolist(), strict=True):
            cells = [NO_SCORE if np.isnan(value) else f"{value:.6f}" for value in row]
            stream.write(to_bytes("\t".join([record.name, *cells]) + "\n"))
    if options.output is not None:
        return ScanResult()
    names = np.array([record.name for record in sequences], dtype=object)
    return ScanResult(scores=MotifScoreTable(names, motifs, values))


def scan_to_best(scored: ScoredMotifs, options: ScanRequest) -> ScanResult:
    """Write or return the best site of each sequence or region, for each motif."""
    counts: Counter[str] = Counter()
    with open_result(options.output) as stream:
        scanners = reachable_scanners(scored, options.threshold, exact=options.exact, strands=options.strands)
        sequences = whole_sequences(options.source)
        header = header_for(options.header, _header(scored, scanners, options))
        if header is not None:
            stream.write(to_bytes(header_lines(header) + column_line(BEST_COLUMNS)))
        names = [name for name, _ in sequences]
        codes = [codes for _, codes in sequences]
        _warn_of_widths(scored, codes)
        with progress_bar("motifs", len(scanners)) as progress:
            for scanner in scanners:
                sites = best_sites(codes, scanner)
                write_best_sites(stream, names, scanner, sites)
                counts[scanner.pssm.info.name] = int(sites.hits.sum())
                progress(1)
    best = None if options.output is not None else BestSiteTable.of_lines(memory_rows(stream))
    return ScanResult(best=best, counts=counts)
