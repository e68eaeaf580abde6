"""Where the reads and fragments that ``coverage`` counts come from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from seqnet.errors import FormatError, UsageError
from seqnet.formats.files.opening import decompressed, open_raw
from seqnet.formats.reads.bam import BamFile, alignment_kind, open_bam
from seqnet.formats.reads.fragments import read_fragments
from seqnet.formats.regions.contig_sizes import read_contig_sizes
from seqnet.genome.contig_names import unknown_contig
from seqnet.genome.intervals import Intervals, inside, with_contigs
from seqnet.genome.signals.alignments import (
    Alignments,
    ReadFilter,
    Spans,
    cut_spans,
    extended,
    five_prime_ends,
    fragment_spans,
    inside_contigs,
    read_spans,
)
from seqnet.genome.splitting.splits import match_names
from seqnet.pipeline.inputs.genome import expand_names

if TYPE_CHECKING:
    import io

    from seqnet.aliases import Bools
    from seqnet.pipeline.coverage.request import CoverageRequest

_SNIFFED = 1 << 16
_HEADLESS_SAM = re.compile(rb"[^\t\n]+\t\d+\t[^\t\n]+\t\d+\t\d+\t(?:\*|(?:\d+[MIDNSHP=X])+)\t")
NO_SHIFT = (0, 0)
_SHIFTS = "4,-5 or 4,-4 for ATAC-seq, 0,0 for DNase-seq or reads that were shifted before"


@dataclass
class Tally:
    """How many there were of what."""

    rows: int = 0
    """Reads of a BAM file, or rows of BED."""
    passed: int = 0
    """Those that the filters and the sampling let through."""
    counted: int = 0
    """Cuts, fragments or reads."""
    bad: int = 0
    """Rows that are outside the genome or cover none of it, skipped or clipped as ``--on-bad`` says."""


class Source(NamedTuple):
    """An open input."""

    kind: Literal["alignments", "rows"]
    lengths: dict[str, int]
    wanted: list[str]
    """The contigs to count on."""
    is_sorted: bool
    spans: Iterator[Spans]
    """What to count, batch by batch; contigs are numbered as in `lengths`."""
    tally: Tally


@contextmanager
def open_source(request: CoverageRequest) -> Iterator[Source]:
    """Open the input, of the kind that its first bytes say."""
    with open_raw(request.reads) as stream:
        start = stream.peek(_SNIFFED)
        if not start:
            raise FormatError(request.reads, "is empty")
        if alignment_kind(start):
            if request.count == "cuts" and request.shift is None:
                raise UsageError(f"cuts of alignments need --shift: {_SHIFTS}")
            sampled = request.subsample is not None
            with open_bam(
                stream, request.reads, reference=request.genome, with_names=sampled, threads=request.threads
            ) as bam:
                tally, wanted = Tally(), _chosen(bam.lengths, request.chroms, request.reads)
                spans = _of_bam(bam, request, wanted, tally)
                yield Source("alignments", bam.lengths, wanted, bam.is_sorted, spans, tally)
        else:
            yield _rows_source(stream, request)


def _chosen(lengths: Mapping[str, int], chroms: Sequence[str], path: str) -> list[str]:
    """Return the contigs to count on."""
    return match_names(expand_names(chroms), list(lengths), path) if chroms else list(lengths)


def _mask(lengths: Mapping[str, int], wanted: Sequence[str]) -> Bools:
    """Tell which contigs are wanted, none at the end: bool (n + 1,)."""
    names = set(wanted)
    return np.array([*(name in names for name in lengths), False])


def _of_bam(bam: BamFile, request: CoverageRequest, wanted: Sequence[str], tally: Tally) -> Iterator[Spans]:
    """Yield what is counted of alignments."""
    mask = _mask(bam.lengths, wanted)
    chosen = ReadFilter(request.min_mapq, request.exclude_flags, request.include_flags)
    for reads in bam.batches:
        kept = chosen.keep(reads) & mask[reads.contig]
        if request.subsample is not None:
            kept &= _sampled(reads.names or (), request.subsample, request.seed)
        tally.rows += len(reads)
        tally.passed += int(kept.sum())
        yield _spans(reads, kept, request)


def _spans(reads: Alignments, kept: Bools, request: CoverageRequest) -> Spans:
    """Return what is counted of some alignments."""
    if request.count == "cuts":
        return cut_spans(reads, kept, request.shift or NO_SHIFT)
    if request.count == "fragments":
        return fragment_spans(reads, kept, request.extend)
    return read_spans(reads, kept, request.extend)


def _sampled(names: Sequence[bytes], fraction: float, seed: int) -> Bools:
    """Choose reads by a hash of their names, so that both mates of a pair go together: bool (n,)."""
    key, limit = seed.to_bytes(8, "little"), int(fraction * 2**64)
    hashes = (hashlib.blake2b(name, digest_size=8, key=key).digest() for name in names)
    return np.fromiter((int.from_bytes(h, "little") < limit for h in hashes), dtype=bool, count=len(names))


def _rows_source(stream: io.BufferedReader, request: CoverageRequest) -> Source:
    """Return the source that BED rows are."""
    if _HEADLESS_SAM.match(stream.peek(_SNIFFED)):
        raise FormatError(request.reads, "is SAM without its header; 'samtools view -h' writes it")
    if request.genome is None:
        raise UsageError("BED needs the contigs' lengths: --genome FASTA, .fai or chrom.sizes")
    lengths = read_contig_sizes(request.genome)
    tally, wanted = Tally(), _chosen(lengths, request.chroms, request.genome)
    spans = _of_rows(decompressed(stream, request.reads), request, lengths, wanted, tally)
    return Source("rows", lengths, wanted, False, spans, tally)


def _of_rows(
    stream: io.BufferedReader,
    request: CoverageRequest,
    lengths: dict[str, int],
    wanted: list[str],
    tally: Tally,
) -> Iterator[Spans]:
    """Yield what is counted of BED rows."""
    mask = _mask(lengths, wanted)
    generator = np.random.default_rng(request.seed)
    for rows, lines, unplaced in read_fragments(
        stream, request.reads, skip_unplaced=request.on_bad != "error"
    ):
        tally.rows += len(rows) + unplaced
        tally.bad += unplaced
        kept = _fitting(rows, lines, request, lengths, tally)
        if request.subsample is not None:
            kept = kept.take(generator.random(len(kept)) < request.subsample)
        numbered = with_contigs(kept, tuple(lengths))
        numbered = numbered.take(mask[numbered.contig])
        tally.passed += len(numbered)
        if request.count == "cuts":
            yield five_prime_ends(numbered, request.shift or NO_SHIFT)
        else:
            spans = numbered if request.extend is None else extended(numbered, request.extend)
            yield Spans(spans, len(spans))


def _fitting(
    rows: Intervals, lines: list[int], request: CoverageRequest, lengths: dict[str, int], tally: Tally
) -> Intervals:
    """Return the rows that lie on the contigs, others treated as ``--on-bad`` says."""
    bad = np.flatnonzero(~inside(rows, lengths))
    if not len(bad):
        return rows
    if request.on_bad == "error":
        row = int(bad[0])
        name = rows.contigs[rows.contig[row]]
        raise FormatError(
            request.reads, _misfit(rows.locus(row), lengths.get(name), request, lengths), lines[row]
        )
    tally.bad += len(bad)
    if request.on_bad == "skip":
        return rows.take(inside(rows, lengths))
    return inside_contigs(rows, [lengths.get(name, -1) for name in rows.contigs])[0]


def _misfit(locus: str, length: int | None, request: CoverageRequest, lengths: dict[str, int]) -> str:
    """Return the message about a row that does not fit the contigs."""
    if length is not None:
        return f"{locus} ends past its contig, which has {length} bases in {request.genome}"
    return unknown_contig("rows", locus.rpartition(":")[0], str(request.genome), lengths)
